"""`matcher index …`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from matcher.cli.app import App, home_option, json_option, print_json, print_table, say
from matcher.errors import Damaged

if TYPE_CHECKING:
    from matcher.services.views import BandView, GalleryView, VerifyView


@click.group()
def index() -> None:
    """The gallery: its status, and whether its bytes are intact."""


def _outcome(found: VerifyView) -> str:
    return "all intact" if found.clean else f"{len(found.problems)} problems"


@index.command("status")
@json_option
@home_option
@click.pass_obj
def status(app: App, as_json: bool) -> None:
    """Show what searches run on now."""
    with app.open() as matcher:
        found = matcher.gallery_status()
    if as_json:
        print_json(found)
        return
    click.echo(f"Embedding space: {found.space}")
    click.echo(f"Snapshot: {found.snapshot or 'none yet; searches read the database'}")
    click.echo(f"Faces: {found.size} searchable, {found.tail} added and {found.tombstones} removed since the snapshot.")
    _print_bands(found)
    if found.advice:
        click.echo(found.advice)


def _print_bands(found: GalleryView) -> None:
    """Which similarities mean something here, by age, and how well the law of chance fits."""
    if not found.bands:
        click.echo("Chances: not measured yet; `matcher reindex` measures them.")
        return
    click.echo(f"Chances by the age on the case photo, by {found.score}:")
    rows = [
        (
            one.band,
            one.children,
            f"down to 1 in {one.measured // 3:,}" if one.measured else f"none: {_untold(one)}",
            None if one.gap is None else f"{one.gap:.3f}",
            None if one.fit is None else f"{one.fit:.2f}",
            {None: None, True: "fitted", False: "counted"}[one.lawful],
        )
        for one in found.bands
    ]
    print_table(("AGE", "CHILDREN", "CHANCES", "GAP", "FIT", "TAIL"), rows, "")
    copies = sum(one.copies for one in found.bands)
    if copies:
        click.echo(f"Left out: {copies} children of whom another case seems to hold a copy of the photo.")


def _untold(band: BandView) -> str:
    from matcher.matching.sentences import in_short

    return in_short(band.untold) if band.untold else ""


@index.command("verify")
@json_option
@home_option
@click.pass_obj
def verify(app: App, as_json: bool) -> None:
    """Check snapshot, stored photos and audit log against what was written; exit code 9 if something is wrong."""
    with app.open() as matcher:
        found = matcher.verify()
    if as_json:
        print_json(found)
    else:
        for problem in found.problems:
            say(problem, err=True)
        click.echo(
            f"Checked {found.faces} gallery faces ({found.snapshot or 'no snapshot yet'}), {found.photos} photos, "
            f"{found.audit_entries} audit entries: {_outcome(found)}."
        )
    if not found.clean:
        raise Damaged(f"{len(found.problems)} problems were found, as listed; run `matcher doctor` for what to do.")
