"""`matcher card …`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from matcher.cli.app import (
    App,
    ask,
    home_option,
    json_option,
    no_actor_option,
    print_json,
    print_table,
    say,
    shown,
    yes_option,
)
from matcher.cli.card_export import export
from matcher.cli.card_preview import preview
from matcher.cli.session import signed_in
from matcher.domain.cards import NamePolicy, whole_months
from matcher.domain.cases import Sex
from matcher.domain.codes import spoken
from matcher.domain.public_words import CARD_ENDS
from matcher.domain.publications import CardState

if TYPE_CHECKING:
    from matcher.services.cards import CardView


@click.group()
def card() -> None:
    """Cards: what the public sees of a child, as an officer approved it."""


@card.command("draft")
@click.argument("case_id", metavar="CASE")
@click.option(
    "--name",
    "policy",
    type=click.Choice([policy.value for policy in NamePolicy]),
    default="full",
    show_default=True,
    help="How much of the child's name is shown.",
)
@click.option("--photo", metavar="ID", help="A photo of the case; default: its newest with a usable face.")
@click.option("--phone", help="The number that people are to call; default: the setting public_phone.")
@no_actor_option
@json_option
@home_option
@click.pass_obj
def draft(app: App, /, case_id: str, as_json: bool, **given: str | None) -> None:
    """Draft a card of open case CASE, for an officer to approve. All other faces on its photo will be hidden."""
    from matcher.services.cards import NewCard

    new = NewCard(policy=given["policy"] or NamePolicy.FULL, photo=given["photo"], phone=given["phone"])
    with app.open() as matcher:
        view = matcher.public.cards.draft(signed_in(matcher), case_id, new)
    print_card(view, as_json)
    if not as_json:
        say(f"Next: an officer looks at it and says `matcher card approve {spoken(view.code)}`.")


@card.command("approve")
@click.argument("card_id", metavar="CARD")
@yes_option
@no_actor_option
@json_option
@home_option
@click.pass_obj
def approve(app: App, card_id: str, yes: bool, as_json: bool) -> None:
    """Show the drafted CARD to the public, in place of an earlier one of the child."""
    with app.open() as matcher:
        acting, cards = signed_in(matcher), matcher.public.cards
        if not yes:
            _print_facts(cards.card(acting, card_id), err=True)
        ask("Anybody will be able to see this. Approve it?", yes)
        view = cards.approve(acting, card_id)
        if matcher.context.settings.public_url is None:
            say("Note: 'public_url' is not set, so that nothing says where the public finds the card.", err=True)
    print_card(view, as_json)


@card.command("withdraw")
@click.argument("card_id", metavar="CARD")
@click.option("--reason", required=True, help="Why, in your own words.")
@yes_option
@no_actor_option
@json_option
@home_option
@click.pass_obj
def withdraw(app: App, card_id: str, reason: str, yes: bool, as_json: bool) -> None:
    """Take CARD back at once, and cancel the alerts that show it. It cannot be shown again."""
    with app.open() as matcher:
        acting, cards = signed_in(matcher), matcher.public.cards
        found = cards.card(acting, card_id)
        question = f"Take back the card {spoken(found.code)} of case '{found.case_id}', and cancel its alerts?"
        ask(question, yes)
        view = cards.withdraw(acting, card_id, reason=reason)
    print_card(view, as_json)


@card.command("show")
@click.argument("card_id", metavar="CARD")
@no_actor_option
@json_option
@home_option
@click.pass_obj
def show(app: App, card_id: str, as_json: bool) -> None:
    """Show CARD, by its code or its id."""
    with app.open() as matcher:
        view = matcher.public.cards.card(signed_in(matcher), card_id)
    print_card(view, as_json)


@card.command("list")
@click.option("--state", type=click.Choice([state.value for state in CardState]), help="Only those of this state.")
@click.option("--case", "case_id", help="Only those of this case.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@no_actor_option
@json_option
@home_option
@click.pass_obj
def list_cards(app: App, state: str | None, case_id: str | None, limit: int | None, as_json: bool) -> None:
    """List cards, newest first."""
    with app.open() as matcher:
        acting, cards = signed_in(matcher), matcher.public.cards
        found = cards.listed(acting, state, limit) if case_id is None else cards.of_case(acting, case_id)
    if case_id is not None:
        found = [one for one in found if state in (None, one.state.value)][:limit]
    if as_json:
        print_json(found)
        return
    rows = [
        (spoken(one.code), one.case_id, _stands(one), one.facts.name, _until(one), one.drafted_by, one.approved_by)
        for one in found
    ]
    columns = ("CARD", "CASE", "STATE", "NAME SHOWN", "UNTIL", "DRAFTED BY", "APPROVED BY")
    print_table(columns, rows, "No card of this kind here.")


def print_card(view: CardView, as_json: bool) -> None:
    """Everything about a card."""
    if as_json:
        print_json(view)
        return
    say(f"Card {spoken(view.code)} of case {view.case_id}: {_stands(view)}")
    say(f"  id: {view.id}")
    _print_facts(view)
    say(f"  drafted by {view.drafted_by} at {shown(view.drafted_at)}")
    if view.approved_at is not None:
        say(f"  approved by {view.approved_by} at {shown(view.approved_at)}, until {shown(view.expires_at)}")
    if view.ended_because is not None:
        say(f"  withdrawn by {view.ended_by} at {shown(view.ended_at)}: {CARD_ENDS[view.ended_because]}")
    if view.outdated and view.state is not CardState.WITHDRAWN:
        say("Note: the case says something else by now: draft a new card.", err=True)


def _print_facts(view: CardView, *, err: bool = False) -> None:
    facts = view.facts
    told = [
        (f"name ({view.policy.value})", facts.name),
        ("sex", None if facts.sex is Sex.UNKNOWN else facts.sex),
        ("age then", None if facts.age_then is None else _age(facts.age_then)),
        ("missing since", facts.missing_since),
        ("place", facts.place),
        ("height", None if facts.height_cm is None else f"{facts.height_cm:g} cm"),
        ("weight", None if facts.weight_kg is None else f"{facts.weight_kg:g} kg"),
        ("marks", facts.marks),
        ("clothing", facts.clothing),
        ("age on the photo", None if facts.photo_age is None else _age(facts.photo_age)),
        ("year of the photo", None if facts.photo_year is None else str(facts.photo_year)),
        ("call", view.phone),
    ]
    for name, value in told:
        if value is not None:
            say(f"  {name}: {shown(value)}", err=err)


def _age(years: float) -> str:
    return f"{whole_months(years)} months" if years < 2 else f"{years:g} years"


def _until(view: CardView) -> object:
    return view.expires_at if view.state is CardState.LIVE else None


def _stands(view: CardView) -> str:
    if view.state is CardState.LIVE and not view.shown:
        return "ran out"
    return view.state.value


card.add_command(export)
card.add_command(preview)
