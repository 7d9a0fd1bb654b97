"""`matcher partner …`."""

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
from matcher.cli.session import signed_in

if TYPE_CHECKING:
    from matcher.services.partners import PartnerView


@click.group()
def partner() -> None:
    """Partners: services that show alerts to their own users, and are told of them by signed webhooks."""


@partner.command("add")
@click.argument("name")
@click.argument("url")
@click.option("--tests", is_flag=True, help="Tell it of tests and exercises too.")
@no_actor_option
@json_option
@home_option
@click.pass_obj
def add(app: App, name: str, url: str, tests: bool, as_json: bool) -> None:
    """Tell the partner NAME of alerts at the https address URL, from now on; its secret is shown this once."""
    with app.open() as matcher:
        secret, view = matcher.public.partners.add(signed_in(matcher), name, url, tests=tests)
    if as_json:
        print_json({"partner": view, "secret": secret})
        return
    say(f"{name} is told of alerts from now on. The secret that signs what it is told is shown this once:")
    click.echo(secret)


@partner.command("list")
@no_actor_option
@json_option
@home_option
@click.pass_obj
def list_partners(app: App, as_json: bool) -> None:
    """List all partners, and how telling them goes."""
    with app.open() as matcher:
        found = matcher.public.partners.listed(signed_in(matcher))
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one.name,
            one.url,
            "yes" if one.tests else "no",
            one.created_at,
            _stands(one),
            one.failures or None,
            _next(one),
        )
        for one in found
    ]
    columns = ("NAME", "ADDRESS", "TESTS TOO", "SINCE", "STATE", "FAILURES", "NEXT ATTEMPT")
    print_table(columns, rows, "Nobody is told of alerts.")


@partner.command("renew-secret")
@click.argument("name")
@yes_option
@no_actor_option
@json_option
@home_option
@click.pass_obj
def renew_secret(app: App, name: str, yes: bool, as_json: bool) -> None:
    """Give the partner NAME another secret, shown this once: the next event is signed with it."""
    with app.open() as matcher:
        acting = signed_in(matcher)
        ask(f"What {name} knows us by holds no more from the next event on. Go on?", yes)
        secret = matcher.public.partners.renew_secret(acting, name)
    if as_json:
        print_json({"secret": secret})
        return
    say(f"The new secret of {name}, which holds from the next event on, is shown this once:")
    click.echo(secret)


@partner.command("end")
@click.argument("name")
@yes_option
@no_actor_option
@json_option
@home_option
@click.pass_obj
def end(app: App, name: str, yes: bool, as_json: bool) -> None:
    """Tell the partner NAME to take all cards away, and then nothing more."""
    with app.open() as matcher:
        acting = signed_in(matcher)
        if not yes:
            matcher.public.partners.partner(acting, name)
        ask(f"{name} is to take all cards away, and will hear of nothing more. Go on?", yes)
        view = matcher.public.partners.end(acting, name)
    _print(view, as_json, f"{name} is told to take all cards away, and then nothing more.")


@partner.command("try-now")
@click.argument("name")
@no_actor_option
@json_option
@home_option
@click.pass_obj
def try_now(app: App, name: str, as_json: bool) -> None:
    """Let the partner NAME, which failed, be told again at once instead of after its rest."""
    with app.open() as matcher:
        view = matcher.public.partners.try_now(signed_in(matcher), name)
    _print(view, as_json, f"{name} is told again: by `matcher serve` within seconds, or with `matcher notices send`.")


def _print(view: PartnerView, as_json: bool, sentence: str) -> None:
    if as_json:
        print_json(view)
    else:
        say(sentence)


def _stands(view: PartnerView) -> str:
    if view.ended_at is not None:
        return f"ended {shown(view.ended_at)}"
    return "well" if view.failing_since is None else f"fails since {shown(view.failing_since)}"


def _next(view: PartnerView) -> object:
    return view.retry_at if view.ended_at is None else None
