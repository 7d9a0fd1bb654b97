"""`matcher encryption …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from matcher.cli.app import App, home_option, json_option, key_place_options, print_json, say, who_options
from matcher.errors import Damaged

if TYPE_CHECKING:
    from matcher.services.encryption import EncryptionView


@click.group()
def encryption() -> None:
    """Encryption of photos and embeddings, and the key of it."""


@encryption.command("status")
@json_option
@home_option
@click.pass_obj
def status(app: App, as_json: bool) -> None:
    """Show where the key comes from and what lies in the clear; exit code 9 if something is wrong with the keys."""
    with app.open() as matcher:
        found = matcher.encryption.status()
    if as_json:
        print_json(found)
    else:
        _print_status(found)
    if found.problems:
        raise Damaged(f"{len(found.problems)} problems with the keys, as listed.")


def _print_status(found: EncryptionView) -> None:
    if found.encrypted:
        say(f"Encrypted with the key from {found.key_from}, key {found.key_id or 'unknown'}.")
        say(f"Keys of cases, sightings and others: {found.data_keys}, and {found.destroyed} destroyed.")
    else:
        click.echo("Not encrypted: `matcher encryption on` does that.")
    say(f"In the clear: {found.clear_photos} photo files, {found.clear_embeddings} embeddings.")
    for problem in found.problems:
        say(problem, err=True)


@encryption.command("on")
@key_place_options
@who_options
@json_option
@home_option
@click.pass_obj
def on(app: App, key_file: Path | None, key_command: str | None, actor: str, reason: str | None, as_json: bool) -> None:
    """Seal everything that lies in the clear. Safe to kill and to repeat; start other programs anew afterwards."""
    from matcher.services.masterkeys import KeyPlace

    with app.open() as matcher:
        done = matcher.encryption.turn_on(KeyPlace(key_file, key_command), actor=actor, reason=reason)
        origin = matcher.context.keys.source.origin
    if as_json:
        print_json(done)
        return
    say(f"Sealed {done.photos} photo files and {done.embeddings} embeddings, with the key from {origin}.")
    click.echo("Keep a copy of the key elsewhere: without it no photo and no embedding can be read.")
    if not done.purged:
        click.echo("Somebody was reading, so old pages of the database may hold embeddings still: run this again.")
    click.echo("Next: `matcher reindex`, and start `matcher serve` and other programs anew.")


@encryption.command("rotate")
@key_place_options
@who_options
@json_option
@home_option
@click.pass_obj
def rotate(
    app: App, key_file: Path | None, key_command: str | None, actor: str, reason: str | None, as_json: bool
) -> None:
    """Use another master key; a key file is replaced by a new one. Safe to kill and to repeat."""
    from matcher.services.masterkeys import KeyPlace

    with app.open() as matcher:
        done = matcher.encryption.rotate(KeyPlace(key_file, key_command), actor=actor, reason=reason)
    if as_json:
        print_json(done)
        return
    say(f"{done.data_keys} keys are wrapped by key {done.key_id} from {done.key_from}.")
    click.echo("Keep a copy of the new key, and back up the key store: its older backups need the old key.")
