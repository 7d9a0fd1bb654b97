"""`matcher erasure …`, `matcher case erase` and `matcher sighting erase`."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from matcher.accounts.rights import Right
from matcher.cli.app import (
    App,
    home_option,
    json_option,
    new_private,
    no_actor_option,
    print_json,
    print_table,
    say,
)
from matcher.cli.session import signed_in
from matcher.errors import Conflict, Damaged, WrongUse

if TYPE_CHECKING:
    from matcher.services.erasing import ErasureView
    from matcher.services.erasure_statement import Verification

_EXISTING = click.Path(path_type=Path, exists=True, dir_okay=False)
_NEW = click.Path(path_type=Path, dir_okay=False)
_yes_option = click.option("--yes", is_flag=True, help="Do not ask: erase.")


@click.group()
def erasure() -> None:
    """What was erased, and the proof that it is gone."""


@erasure.command("list")
@json_option
@home_option
@click.pass_obj
def list_erasures(app: App, as_json: bool) -> None:
    """List what was erased, and what of its proof is awaited."""
    with app.open() as matcher:
        found = matcher.endings.erasures()
        path = matcher.endings.erasure_list
    if as_json:
        print_json(found)
        return
    rows = [(one.id, one.kind, one.at, one.because, one.proved_at, len(one.awaited) or None) for one in found]
    print_table(("ID", "WHAT", "ERASED", "BECAUSE", "PROVED", "AWAITED"), rows, "Nothing was erased here.")
    for what, count in Counter(what for one in found for what in one.awaited).items():
        say(f"Awaited {count} times: {what}.")
    say(f"The list outside the home is '{path}': keep a copy of it elsewhere.")


@erasure.command("public-key")
@home_option
@click.pass_obj
def public_key(app: App) -> None:
    """Print the key by which others check this home's statements, for the office to publish."""
    with app.open() as matcher:
        click.echo(matcher.endings.public_key)


@erasure.command("export")
@click.argument("erased_id", metavar="ID")
@click.argument("file", type=_NEW)
@home_option
@click.pass_obj
def export(app: App, erased_id: str, file: Path) -> None:
    """Write the tombstone of ID to FILE: it tells of nobody, and another copy of this home can be searched with it."""
    with app.open() as matcher:
        content = matcher.endings.tombstone(erased_id)
    with new_private(file) as opened:
        opened.write(content)
    say(f"Written: {file}")


@erasure.command("verify")
@click.argument("erased_id", metavar="ID")
@click.option("--tombstone", type=_EXISTING, help="Search for what this file tells of; made by `erasure export`.")
@click.option("--output", type=_NEW, help="Write the signed statement to this file, to hand it out.")
@json_option
@home_option
@click.pass_obj
def verify(app: App, erased_id: str, tombstone: Path | None, output: Path | None, as_json: bool) -> None:
    """Search database, photo files and snapshots for remains of ID, and say so in a signed statement.

    Exit code 9: remains were found; 5: nothing was found, and the proof is not complete yet.
    """
    with app.open() as matcher:
        content = None if tombstone is None else tombstone.read_text(encoding="utf-8", errors="replace")
        found = matcher.endings.verify_erasure(erased_id, tombstone=content)
    if output is not None:
        with new_private(output) as opened:
            opened.write(json.dumps(found.document, indent=2, ensure_ascii=False) + "\n")
    _print(found, as_json)
    _require_proved(erased_id, found)


def _print(found: Verification, as_json: bool) -> None:
    from matcher.services.erasure_statement import in_words

    if as_json:
        print_json(found.document)
        return
    for line in in_words(found.document["statement"]):
        say(line)
    say(f"Signed with the key {found.document['public_key']}")


def _require_proved(erased_id: str, found: Verification) -> None:
    if found.found:
        raise Damaged(f"Remains of '{erased_id}' were found, as listed: run `matcher reindex`, then search again.")
    if not found.proved:
        raise Conflict(f"The erasure of '{erased_id}' is not proved yet: do what is said above, then search again.")


@erasure.command("check")
@click.argument("file", type=_EXISTING)
@click.option("--public-key", help="The key that the office published; default: the one in the file.")
@json_option
def check(file: Path, public_key: str | None, as_json: bool) -> None:
    """Say whether the statement in FILE is as it was signed; exit code 9 if not. Needs no home."""
    from matcher.services.erasure_statement import checked, in_words

    try:
        document = json.loads(file.read_text(encoding="utf-8", errors="replace"))
    except ValueError as error:
        raise WrongUse(
            f"'{file}' is no signed statement: give the file that `matcher erasure verify` wrote."
        ) from error
    statement = checked(document, public_key)
    if as_json:
        print_json(statement)
        return
    for line in in_words(statement):
        say(line)
    if public_key is None:
        say(f"Signed with the key {document['public_key']}: compare it with the one that the office published.")
    else:
        say("Signed with the key that was given.")


@click.command("erase")
@click.argument("case_id", metavar="ID")
@_yes_option
@no_actor_option
@json_option
@home_option
@click.pass_obj
def erase_case(app: App, case_id: str, yes: bool, as_json: bool) -> None:
    """Erase everything about case ID: data, photos, vectors, candidates, verdicts. It cannot be taken back."""
    with app.open() as matcher:
        acting = signed_in(matcher)
        acting.require(Right.CASE_CLOSE)
        view = matcher.case(case_id)
        named = f", {view.details.name}" if view.details.name else ""
        _ask(f"case '{case_id}'{named}, with {len(view.photos)} photos,", yes)
        done = matcher.endings.erase_case(acting, case_id)
    _print_erased(done, as_json)


@click.command("erase")
@click.argument("sighting_id", metavar="ID")
@_yes_option
@no_actor_option
@json_option
@home_option
@click.pass_obj
def erase_sighting(app: App, sighting_id: str, yes: bool, as_json: bool) -> None:
    """Erase everything about sighting ID: report, photos, vectors, candidates, verdicts. It cannot be taken back."""
    with app.open() as matcher:
        acting = signed_in(matcher)
        acting.require(Right.CASE_CLOSE)
        view = matcher.sighting(sighting_id)
        _ask(f"sighting '{sighting_id}', with {len(view.photos)} photos,", yes)
        done = matcher.endings.erase_sighting(acting, sighting_id)
    _print_erased(done, as_json)


def _ask(what: str, yes: bool) -> None:
    if not yes:
        click.confirm(f"Everything about {what} will be gone for ever. Erase it?", abort=True, err=True)


def _print_erased(done: ErasureView, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    removed = ", ".join(f"{name} {count}" for name, count in sorted(done.removed.items()))
    say(f"Erased: {done.kind.value} {done.id} ({removed}).")
    for what in done.awaited:
        say(f"Awaited: {what}.")
    say(f"Then `matcher erasure verify {done.id}` proves it.")
