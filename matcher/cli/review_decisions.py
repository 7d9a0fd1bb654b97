"""`matcher review …` for supervisors and officers: what reviewers could not settle, and what they agree on."""

from __future__ import annotations

from typing import Any

import click

from matcher.cli.app import App, home_option, json_option, print_json, print_table, say, shown
from matcher.cli.session import signed_in
from matcher.domain.cases import CaseStatus, ConfirmationKind
from matcher.domain.reviews import DecisionKind

_STATES = ("disputed", "escalated", "excluded", "confirmed", "closed")
_note = click.option("--note", required=True, help="Why, in your own words.")


@click.command("pairs")
@click.option("--state", type=click.Choice(_STATES), default="disputed", show_default=True, help="Where they stand.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="At most so many.")
@json_option
@home_option
@click.pass_obj
def pairs(app: App, state: str, limit: int, as_json: bool) -> None:
    """Pairs that wait for a supervisor or an officer, or that were decided."""
    with app.open() as matcher:
        found = matcher.desk.pairs(signed_in(matcher), state, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [(one.task, one.state, one.round, one.outcomes, one.since, one.reopened_by) for one in found]
    print_table(("TASK", "STATE", "ROUND", "VERDICTS", "SINCE", "REOPENED BY"), rows, "No such pair.")


@click.command("pair")
@click.argument("task")
@json_option
@home_option
@click.pass_obj
def pair(app: App, task: str, as_json: bool) -> None:
    """Everything about a pair that reviewers are done with."""
    from matcher.cli.review import print_facts

    with app.open() as matcher:
        found = matcher.desk.pair(signed_in(matcher), task)
    if as_json:
        print_json(found)
        return
    say(f"Task {found.item.task}: {found.item.state.value}, round {found.item.round}")
    print_facts(found.facts)
    for one in found.verdicts:
        revised = ", revised after the reveal" if one.revised else ""
        note = f": {shown(one.note)}" if one.note else ""
        say(f"  {one.by}: {one.outcome.value}{revised}{note}")
    for done in found.decisions:
        note = f": {shown(done.note)}" if done.note else ""
        proof = done.confirmation
        by = f" by {proof.kind.value} ({proof.reference})" if proof else ""
        say(f"  {done.actor}, {shown(done.at)}: {done.kind}{by}{note}")


@click.command("escalate")
@click.argument("task")
@_note
@home_option
@click.pass_obj
def escalate(app: App, task: str, note: str) -> None:
    """As a supervisor: pass a disputed pair on to an officer."""
    with app.open() as matcher:
        matcher.desk.settle(signed_in(matcher), task, "escalated", note=note)
    say("Escalated to the officers.")


@click.command("exclude")
@click.argument("task")
@_note
@home_option
@click.pass_obj
def exclude(app: App, task: str, note: str) -> None:
    """Exclude a disputed pair as a supervisor, or refute an escalated one as an officer."""
    with app.open() as matcher:
        acting = signed_in(matcher)
        made = matcher.desk.exclude(acting, task, note=note)
    if made is DecisionKind.REFUTED:
        say("Refuted: not asked again unless a supervisor reopens it.")
    else:
        say("Excluded: not asked again until the case gets a new photo or the models change.")


@click.command("confirm")
@click.argument("task")
@click.option(
    "--confirmed-by",
    required=True,
    type=click.Choice([kind.value for kind in ConfirmationKind]),
    help="The proof from outside.",
)
@click.option("--ref", required=True, help="The reference of the proof, for example a laboratory's number.")
@click.option(
    "--as",
    "status",
    required=True,
    type=click.Choice([status.value for status in CaseStatus if status.needs_confirmation]),
    help="How the case ends.",
)
@click.option("--note", help="In your own words.")
@home_option
@click.pass_obj
def confirm(app: App, /, task: str, **given: Any) -> None:
    """As an officer: confirm an escalated pair by a proof from outside; this ends the case."""
    with app.open() as matcher:
        proof = (given["confirmed_by"], given["ref"])
        matcher.desk.confirm(signed_in(matcher), task, proof, given["status"], note=given["note"])
    say(f"Confirmed; the case is now {given['status']}.")


@click.command("reopen")
@click.argument("task")
@_note
@home_option
@click.pass_obj
def reopen(app: App, task: str, note: str) -> None:
    """As a supervisor: ask reviewers about a decided pair again."""
    with app.open() as matcher:
        matcher.desk.reopen(signed_in(matcher), task, note=note)
    say("The pair waits for reviewers again.")


@click.command("quality")
@click.option("--all", "everybody", is_flag=True, help="Of everybody, for supervisors and auditors.")
@json_option
@home_option
@click.pass_obj
def quality(app: App, everybody: bool, as_json: bool) -> None:
    """How well and how long you judge."""
    with app.open() as matcher:
        acting, desk = signed_in(matcher), matcher.desk
        found = desk.quality(acting) if everybody else [desk.own_quality(acting)]
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one.name,
            one.trained,
            one.lists,
            one.pairs,
            f"{one.errors.missed.count} of {one.errors.missed.total}",
            f"{one.errors.false_alarms.count} of {one.errors.false_alarms.total}",
            one.kappa,
            one.list_seconds,
            one.pair_seconds,
            "yes" if one.break_due else None,
        )
        for one in found
    ]
    columns = ("NAME", "TRAINED", "LISTS", "PAIRS", "MISSED", "FALSE ALARMS", "KAPPA", "S PER LIST", "S PER PAIR")
    print_table((*columns, "BREAK DUE"), rows, "Nobody has judged anything yet.")


@click.command("inbox")
@json_option
@home_option
@click.pass_obj
def inbox(app: App, as_json: bool) -> None:
    """What you are to hear of, newest first; showing it marks it as read."""
    with app.open() as matcher:
        acting = signed_in(matcher)
        found = matcher.desk.notices(acting)
        matcher.desk.mark_read(acting, [one.id for one in found if one.read_at is None])
    if as_json:
        print_json(found)
        return
    rows = [(one.task, one.kind, one.created_at, None if one.read_at else "new") for one in found]
    print_table(("TASK", "WHAT", "WHEN", ""), rows, "Your inbox is empty.")


DECISIONS = (pairs, pair, escalate, exclude, confirm, reopen, quality, inbox)
