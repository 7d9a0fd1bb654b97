"""`matcher init`, `doctor` and `reindex`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from matcher.cli.app import App, home_option, json_option, key_place_options, print_json, progress_bar, say, who_options
from matcher.errors import Damaged, SomeRefused

if TYPE_CHECKING:
    from matcher.engine import Matcher
    from matcher.services.repairs import Repair
    from matcher.services.views import ReindexView

_MARKS = {True: "ok  ", False: "FAIL", None: "note"}


@click.command()
@click.option(
    "--database-url", help="A PostgreSQL database instead of SQLite: postgresql+psycopg://user:password@host/name"
)
@key_place_options
@click.option("--no-encryption", is_flag=True, help="Keep photos and embeddings in the clear.")
@home_option
@click.pass_obj
def init(
    app: App, database_url: str | None, key_file: Path | None, key_command: str | None, no_encryption: bool
) -> None:
    """Create a home and convert the face models, or bring the tables of an older home up to date."""
    from matcher.config import Home
    from matcher.engine import Matcher
    from matcher.services.masterkeys import KeyPlace

    if no_encryption and (key_file or key_command):
        raise click.UsageError("--no-encryption needs no key: leave out --key-file and --key-command.")
    key = None if no_encryption else KeyPlace(key_file, key_command)
    new = not Home(app.home or Home.default()).exists
    with (
        progress_bar() as progress,
        Matcher.create(app.home, database_url=database_url, key=key, progress=progress) as matcher,
    ):
        space = matcher.space.name
        click.echo(f"{'Created' if new else 'Upgraded the tables of'} {matcher.context.home.root}")
        if new and matcher.context.keys.active:
            say(f"Encrypted with the key from {matcher.context.keys.source.origin}.")
            click.echo("Keep a copy of the key elsewhere: without it no photo and no embedding can be read.")
    click.echo(f"Embedding space: {space}")
    click.echo("Next: `matcher doctor`, then `matcher case add` or `matcher case import`.")


@click.command()
@click.option("--repair", is_flag=True, help="List what can be mended without losing anything, ask, and do it.")
@click.option("--yes", is_flag=True, help="With --repair: do not ask.")
@who_options
@json_option
@home_option
@click.pass_obj
def doctor(app: App, /, repair: bool, yes: bool, as_json: bool, **who: Any) -> None:
    """Check machine, models, store and gallery, and say what to do next."""
    if yes and not repair:
        raise click.UsageError("--yes belongs to --repair.")
    with app.open() as matcher:
        if repair:
            _repair(matcher, yes, as_json, who)
            return
        found = matcher.doctor()
    if as_json:
        print_json(found)
    else:
        for finding in found:
            say(f"{_MARKS[finding.ok]} {finding.subject}: {finding.text}")
            if finding.next_step:
                click.echo(f"     → {finding.next_step}")
    if any(finding.ok is False for finding in found):
        raise Damaged("Something is wrong, as listed above.")


def _repair(matcher: Matcher, yes: bool, as_json: bool, who: dict[str, Any]) -> None:
    """With JSON nothing can be asked, so without --yes the list is all that is given."""
    plan = matcher.repairs.plan()
    if not as_json:
        _print_plan(plan)
    meant = bool(plan) and (yes or (not as_json and click.confirm("Do this?")))
    done = matcher.repairs.make(plan, **who) if meant else []
    if as_json:
        print_json({"plan": [one.words for one in plan], "done": done})
    for one in () if as_json else done:
        say(f"{_MARKS[one.done]} {one.words} {one.outcome}")
    if not all(one.done for one in done):
        raise SomeRefused("Some repairs could not be made, as listed; the others were.")


def _print_plan(plan: Sequence[Repair]) -> None:
    if not plan:
        click.echo("Nothing that can be mended without a person's decision: see `matcher doctor`.")
    for number, one in enumerate(plan, 1):
        say(f"{number}. {one.words}")


@click.command()
@who_options
@json_option
@home_option
@click.pass_obj
def reindex(app: App, actor: str, reason: str | None, as_json: bool) -> None:
    """Embed what is missing, then build, verify and publish a snapshot. Safe to kill and to repeat."""
    with app.open() as matcher:
        done = matcher.reindex(actor=actor, reason=reason)
    if as_json:
        print_json(done)
    else:
        _print_reindex(done)
    if done.problems:
        raise SomeRefused(f"{len(done.problems)} problems, as listed; the snapshot holds all the others.")


def _print_reindex(done: ReindexView) -> None:
    for problem in done.problems:
        say(problem, err=True)
    click.echo(f"Snapshot {done.snapshot}: {done.faces} faces, {done.embedded} newly embedded, {done.seconds:.1f} s.")
    if done.pruned:
        click.echo(f"Removed {len(done.pruned)} old snapshots.")
