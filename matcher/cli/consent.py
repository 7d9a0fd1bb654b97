"""`matcher case consent …`."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import click

from matcher.cli.app import (
    App,
    home_option,
    json_option,
    no_actor_option,
    print_json,
    print_table,
    reason_option,
    say,
)
from matcher.cli.case_view import print_case
from matcher.cli.session import onlooker, signed_in
from matcher.domain.consents import Giver, Scope


@click.group()
def consent() -> None:
    """Who allowed what for a case: record, list and withdraw consents."""


def _midnight(_ctx: click.Context, _parameter: click.Parameter, value: datetime | None) -> datetime | None:
    return None if value is None else value.replace(tzinfo=timezone.utc)


@consent.command("add")
@click.argument("case_id", metavar="ID")
@click.option("--by", "giver", required=True, type=click.Choice([one.value for one in Giver]), help="Who allows it.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([one.value for one in Scope]),
    help="What is allowed. Repeatable.",
)
@click.option("--name", help="The name of who allows it; it can be erased.")
@click.option("--relationship", help="How they are related to the child, in words.")
@click.option("--document", help="Where the paper lies, for example a file number.")
@click.option(
    "--given",
    "given_at",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=_midnight,
    metavar="YYYY-MM-DD",
    help="The day on which it was given; default: now.",
)
@reason_option
@no_actor_option
@json_option
@home_option
@click.pass_obj
def add(app: App, /, case_id: str, reason: str | None, as_json: bool, **told: Any) -> None:
    """Record that somebody allows something for case ID."""
    from matcher.services.consents import NewConsent

    with app.open() as matcher:
        view = matcher.consents.add(signed_in(matcher), case_id, NewConsent(**told), note=reason)
    print_case(view, as_json)


@consent.command("list")
@click.argument("case_id", metavar="ID")
@json_option
@home_option
@click.pass_obj
def list_consents(app: App, case_id: str, as_json: bool) -> None:
    """List the consents of case ID, withdrawn ones too. The look is recorded."""
    with app.open() as matcher:
        view = matcher.case(case_id, actor=onlooker(matcher))
    for warning in view.warnings:
        say(f"Note: {warning}", err=True)
    if as_json:
        print_json(view.consents)
        return
    columns = ("CONSENT", "BY", "NAME", "RELATIONSHIP", "TO", "GIVEN", "DOCUMENT", "RECORDED BY", "WITHDRAWN")
    rows = [
        (
            one.id,
            one.giver,
            one.name,
            one.relationship,
            one.scopes,
            one.given_at,
            one.document,
            one.recorded_by,
            one.withdrawn_at,
        )
        for one in view.consents
    ]
    print_table(columns, rows, f"No consent is recorded for case {case_id}.")


@consent.command("withdraw")
@click.argument("consent_id", metavar="CONSENT")
@click.option("--scope", type=click.Choice([one.value for one in Scope]), help="Only this; default: all of it.")
@reason_option
@no_actor_option
@json_option
@home_option
@click.pass_obj
def withdraw(app: App, consent_id: str, scope: str | None, reason: str | None, as_json: bool) -> None:
    """Record that CONSENT is taken back. A case that nothing else allows to search for is closed with it."""
    with app.open() as matcher:
        view = matcher.consents.withdraw(signed_in(matcher), consent_id, scope, note=reason)
    print_case(view, as_json)
