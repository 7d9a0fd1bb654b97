"""`matcher match` and `matcher faces`: look at one photo without keeping it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from matcher.cli.app import App, home_option, json_option, plain, print_json, print_table, private, who_options
from matcher.cli.session import account_here
from matcher.cli.tables import print_candidates, print_weaknesses

if TYPE_CHECKING:
    from matcher.domain.faces import PhotoFaces
    from matcher.domain.quality import Advice, Weakness
    from matcher.engine import Matcher
    from matcher.services.views import MatchView


@click.command()
@click.argument("photo", type=click.Path(path_type=Path))
@click.option("--top", type=click.IntRange(1, 10_000), help="Length of the candidate lists; default: the home's.")
@click.option("--thorough", is_flag=True, help="Look for small faces too; slower.")
@click.option(
    "--sheet",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the faces side by side as a PNG; further faces of the photo to NAME-face2.png and so on.",
)
@who_options
@json_option
@home_option
@click.pass_obj
def match(
    app: App,
    /,
    photo: Path,
    sheet: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Rank the open cases for every face of PHOTO; --reason is needed. Nothing is kept but the audit entry."""
    if not given["reason"]:
        raise click.UsageError("Why do you search? Give --reason: every search is recorded with one.")
    with app.open() as matcher:
        found = matcher.match(photo, **given, shown_to=account_here(matcher))
        written = [] if sheet is None else _write_sheets(matcher, photo, found, sheet)
    if as_json:
        print_json(found)
        return
    if found.advice:
        click.echo(f"No usable face: {found.advice}.")
    print_candidates("", found.faces, top=None)
    for path in written:
        click.echo(f"Written: {path}")
    if sheet is not None and not written:
        click.echo("No sheet was written: there is no face to show.")
    click.echo(f"({found.gallery_size} faces searched; {found.notice})")


def _write_sheets(matcher: Matcher, photo: Path, found: MatchView, sheet: Path) -> list[Path]:
    """One sheet for the largest face under the name given, further ones with the face's number."""
    written = []
    for face in found.faces:
        path = sheet if face.number == 1 else sheet.with_stem(f"{sheet.stem}-face{face.number}")
        picture = matcher.match_sheet(photo, face)
        with private(path, "wb") as file:
            file.write(picture)
        written.append(path)
    return written


@click.command()
@click.argument("photo", type=click.Path(path_type=Path))
@click.option("--quick", is_flag=True, help="Search as `match` does: faster, small faces may be missed.")
@json_option
@home_option
@click.pass_obj
def faces(app: App, photo: Path, quick: bool, as_json: bool) -> None:
    """Show where faces are found in PHOTO, and how good they are. Compares nothing, keeps nothing.

    Faces are counted as in case photos: the number here is that of `--photo FILE,face=N`.
    """
    from matcher.domain.quality import explain, weaknesses

    with app.open() as matcher:
        found = matcher.faces(photo, thorough=not quick)
    advice = None if found.reason is None else explain(found.reason, found.shortfall)
    lacking = [weaknesses(face.quality) for face in found.faces]
    if as_json:
        document = plain(found)
        document["advice"] = plain(advice)
        for face, weak in zip(document["faces"], lacking, strict=True):
            face["weaknesses"] = plain(weak)
        print_json(document)
        return
    _print_faces(found, advice, lacking)


def _print_faces(found: PhotoFaces, advice: Advice | None, lacking: Sequence[Sequence[Weakness]]) -> None:
    if advice is not None:
        click.echo(f"No usable face: {advice}.")
        return
    rows = []
    for number, face in enumerate(found.faces, start=1):
        box = ", ".join(f"{side:.0f}" for side in (face.box.left, face.box.top, face.box.right, face.box.bottom))
        quality = face.quality
        rows.append(
            (
                number,
                box,
                f"{quality.inter_eye_distance:.0f} px",
                f"{quality.sharpness:.0f}",
                _degrees(quality.head_pose_yaw),
                _degrees(quality.head_pose_roll),
                f"{face.turn * 90}°" if face.turn else None,
            )
        )
    columns = ("FACE", "LEFT, TOP, RIGHT, BOTTOM", "BETWEEN EYES", "SHARPNESS", "YAW", "ROLL", "TURNED")
    print_table(columns, rows, "")
    for number, weak in enumerate(lacking, start=1):
        print_weaknesses(f"Face {number} is ", weak)


def _degrees(angle: float | None) -> str | None:
    return None if angle is None else f"{round(angle)}°"
