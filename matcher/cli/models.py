"""`matcher models …`."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from matcher.cli.app import App, home_option, json_option, print_json, print_table, say, who_options
from matcher.cli.model_spaces import compare, forget, shadow, use
from matcher.errors import ModelProblem, WrongUse

if TYPE_CHECKING:
    from matcher.faces.cards import Card

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def models() -> None:
    """The face models: which there are, what they can do, and which this home uses. Nothing is ever downloaded."""


@models.command("list")
@json_option
@home_option
@click.pass_obj
def list_models(app: App, as_json: bool) -> None:
    """List built-in and installed models, those that can be installed by name, and this home's embedding spaces."""
    with app.open() as matcher:
        found, backend = matcher.face_models.all(), matcher.context.settings.backend
        spaces = matcher.face_models.spaces()
    if as_json:
        print_json({"backend": backend, "models": found, "spaces": spaces})
        return
    rows = [(one.name, one.role, one.state, "yes" if one.in_use else None, one.licence) for one in found]
    print_table(("MODEL", "ROLE", "STATE", "IN USE", "LICENCE"), rows, "")
    say(f"This home uses {backend}.")
    lines = [(one.name, one.state, one.since, one.vectors, one.forgotten_from) for one in spaces]
    print_table(("SPACE", "STATE", "SINCE", "VECTORS", "FORGOTTEN FROM"), lines, "")


@models.command("install")
@click.argument("name", required=False)
@click.option("--from", "file", type=_FILE, help="The network's file, which you got from where it is published.")
@click.option("--card", type=_FILE, help="The card of a model that is not known here; its file may lie beside it.")
@click.option("--accept-licence", is_flag=True, help="Accept the model's licence without being asked.")
@who_options
@home_option
@click.pass_obj
def install(
    app: App, /, name: str | None, file: Path | None, card: Path | None, accept_licence: bool, **who: str
) -> None:
    """Check a model and put it in place, whole or not at all.

    NAME is one that `matcher models list` shows; without --from it says which file to get.
    """
    with app.open() as matcher:
        new = matcher.face_models.offered(name, card=card, file=file)
        say(f"{new.card.name}: {new.card.role.value}, published at {new.card.source}")
        say(f"Licence: {new.card.licence}")
        if not accept_licence:
            if not _somebody_is_there():
                raise WrongUse("Nobody can be asked here whether the licence is accepted: give --accept-licence.")
            if not click.confirm("Do you accept this licence?"):
                raise WrongUse("The licence was not accepted: nothing was installed.")
        added = matcher.face_models.install(new, accept_licence=True, **who)
    name = new.card.name
    click.echo(
        f"Installed {name}. What to expect of it: `matcher models card {name}`."
        if added
        else f"{name} is installed already, with the same content."
    )


@models.command("verify")
@click.argument("name", required=False)
@home_option
@click.pass_obj
def verify(app: App, name: str | None) -> None:
    """Check the installed models again, file and numbers; exit code 7 if one is wrong."""
    with app.open() as matcher:
        found = matcher.face_models.verify(name)
    for each, problem in found:
        say(f"{each}: {problem or 'intact'}", err=problem is not None)
    if not found:
        click.echo("No model is installed beside the built-in ones.")
    wrong = sum(problem is not None for _, problem in found)
    if wrong:
        raise ModelProblem(f"{wrong} of {len(found)} models cannot be used, as listed: install them anew.")


@models.command("remove")
@click.argument("name")
@who_options
@home_option
@click.pass_obj
def remove(app: App, /, name: str, **who: str) -> None:
    """Delete an installed model that this home does not use."""
    with app.open() as matcher:
        matcher.face_models.remove(name, **who)
    click.echo(f"Removed {name}.")


@models.command("card")
@click.argument("name")
@json_option
@home_option
@click.pass_obj
def card(app: App, name: str, as_json: bool) -> None:
    """Show a model's card: what it was trained on, what was measured, what it is bad at, its licence."""
    with app.open() as matcher:
        found = matcher.face_models.card(name)
    if as_json:
        print_json(found)
        return
    for label, text in _lines(found):
        for number, line in enumerate(textwrap.wrap(text, 90, break_long_words=False, break_on_hyphens=False)):
            say(f"{label + ':' if number == 0 else '':<18}{line}")


for _command in (use, shadow, compare, forget):
    models.add_command(_command)


def _somebody_is_there() -> bool:
    return sys.stdin.isatty()


def _lines(card: Card) -> list[tuple[str, str]]:
    """What people want to know of a model, line by line."""
    lines = [
        ("Model", f"{card.name} ({card.role.value})"),
        ("Licence", card.licence),
        ("Published at", card.source),
        ("File", f"{card.file.name}, {card.file.size:,} bytes"),
        ("SHA-256", card.file.sha256),
        ("Trained on", card.about.trained_on),
        ("Measured here", card.about.measured),
        ("Known weaknesses", card.about.weaknesses),
    ]
    if card.detector is not None:
        lines.append(("Landmarks", ", ".join(card.detector.points)))
    if card.recogniser is not None and card.input is not None:
        how = card.recogniser
        lines.append(("Vectors", f"{how.dim} numbers, {how.metric}, from chips of {card.input.side} pixels"))
        lines.append(("Aligned by", ", ".join(how.template)))
    return lines
