"""`matcher case …`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from matcher.cli.app import (
    App,
    home_option,
    json_option,
    no_actor_option,
    print_json,
    print_table,
    private,
    reason_option,
    who_options,
)
from matcher.cli.case_intake import case_template, import_folders, import_table, on_several_option
from matcher.cli.case_map import case_map
from matcher.cli.case_view import box_text, print_case, print_weak_cases
from matcher.cli.consent import consent
from matcher.cli.erasure import erase_case
from matcher.cli.session import account_here, onlooker, signed_in
from matcher.domain.cases import CaseStatus, ConfirmationKind, LegalBasis
from matcher.domain.positions import Datum
from matcher.domain.relations import RelationKind
from matcher.errors import WrongUse
from matcher.interchange import cells
from matcher.interchange.records import CASE_COLUMNS, photo_with_marks

if TYPE_CHECKING:
    from matcher.engine import Matcher
    from matcher.services.inputs import CasePhoto
    from matcher.services.views import CaseView

_HELP = {
    "name": "Full name.",
    "other_names": "Other names, separated by ';'.",
    "sex": "female, male, other or unknown.",
    "born": "Birth date, YYYY-MM-DD.",
    "age": "Age in years when the child went missing, if the birth date is unknown.",
    "height_cm": "Height in cm.",
    "weight_kg": "Weight in kg.",
    "marks": "Marks, scars, birthmarks.",
    "clothing": "Clothing when last seen.",
    "circumstance": "abduction, family, runaway, lost, trafficked or unknown.",
    "missing_since": "Date or time, for example 2024-05-01 or 2024-05-01T18:30+08:00.",
    "last_seen_place": "Where the child was last seen.",
    "police_reference": "Number of the police file.",
    "legal_basis": f"Why this face may be processed: {', '.join(basis.value for basis in LegalBasis)}.",
    "consent": "Who consented to what, in words.",
}

photo_option = click.option(
    "--photo",
    "photos",
    multiple=True,
    metavar="FILE[,taken=DATE|age=N][,face=N]",
    help="A photo, with its date or the age on it, and the face that is meant if there are several. Repeatable.",
)


@click.group()
def case() -> None:
    """Missing children: register, import, list, change, close, dispute and erase cases."""


for _command in (erase_case, consent, case_map, import_table, import_folders, case_template):
    case.add_command(_command)


def _seen(matcher: Matcher, view: CaseView) -> None:
    """Record that the account that is signed in is shown a case, whoever is named for what was done to it."""
    account = account_here(matcher)
    if account is not None:
        matcher.case(view.case_id, actor=account)


def _detail_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for name in reversed(CASE_COLUMNS):
        function = click.option(f"--{name.replace('_', '-')}", name, help=_HELP[name])(function)
    function = click.option("--lat", type=float, help="Latitude where last seen, degrees.")(function)
    function = click.option("--lon", type=float, help="Longitude where last seen, degrees.")(function)
    datums = click.Choice([datum.value for datum in Datum])
    return click.option("--datum", type=datums, default="wgs84", help="gcj02 for positions of Chinese map apps.")(
        function
    )


def _details(given: dict[str, Any]) -> dict[str, Any]:
    details = {name: given[name] for name in CASE_COLUMNS if given[name] is not None}
    where = {name: given[name] for name in ("lat", "lon") if given[name] is not None}
    position = cells.position({**where, "datum": given["datum"]})
    return details if position is None else {**details, "last_seen": position}


def _photos(given: tuple[str, ...]) -> list[CasePhoto]:
    from matcher.services.inputs import CasePhoto

    return [CasePhoto(cell.file, cell.taken, cell.age, cell.face) for cell in map(_photo_cell, given)]


def _photo_cell(given: str) -> Any:
    file, marks = given, []
    # Marks are taken off the end, so that a file's own name may hold commas.
    while "=" in file.rpartition(",")[2] and "," in file and not Path(file).exists():
        file, mark = file.rsplit(",", 1)
        marks.append(mark.strip())
    try:
        return photo_with_marks(file, marks)
    except WrongUse as error:
        raise WrongUse(f"--photo {given}: {error}") from error


@case.command("add")
@click.argument("case_id", metavar="ID")
@photo_option
@on_several_option
@_detail_options
@who_options
@json_option
@home_option
@click.pass_obj
def add(app: App, /, case_id: str, photos: tuple[str, ...], on_several: str, as_json: bool, **given: Any) -> None:
    """Register a missing child under the number ID."""
    with app.open() as matcher:
        view = matcher.add_case(
            case_id,
            _photos(photos),
            actor=given["actor"],
            reason=given["reason"],
            on_several=on_several,
            **_details(given),
        )
        _seen(matcher, view)
    print_case(view, as_json)


@case.command("update")
@click.argument("case_id", metavar="ID")
@photo_option
@on_several_option
@_detail_options
@click.option(
    "--erase", multiple=True, type=click.Choice([*CASE_COLUMNS, "last_seen"]), help="Erase a field. Repeatable."
)
@who_options
@json_option
@home_option
@click.pass_obj
def update(app: App, /, case_id: str, photos: tuple[str, ...], on_several: str, as_json: bool, **given: Any) -> None:
    """Change details of case ID, or add photos to it."""
    details = _details(given)
    both = sorted(set(details) & set(given["erase"]))
    if both:
        raise click.UsageError(f"'{both[0]}' cannot be erased and given at once.")
    changes = {**details, **dict.fromkeys(given["erase"])}
    with app.open() as matcher:
        view = matcher.update_case(
            case_id, _photos(photos), actor=given["actor"], reason=given["reason"], on_several=on_several, **changes
        )
        _seen(matcher, view)
    print_case(view, as_json)


@case.command("choose-face")
@click.argument("photo_id", metavar="[PHOTO]", required=False)
@click.argument("number", type=int, metavar="[FACE]", required=False)
@click.option(
    "--sheet",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw the faces of PHOTO with their numbers as a PNG.",
)
@who_options
@json_option
@home_option
@click.pass_obj
def choose_face(
    app: App, /, photo_id: str | None, number: int | None, sheet: Path | None, as_json: bool, **who: Any
) -> None:
    """Say which FACE (1 is the largest) of a case PHOTO is the child's; without arguments, list what waits."""
    with app.open() as matcher:
        if photo_id is not None and number is not None:
            view = matcher.choose_face(photo_id, number, **who)
            _seen(matcher, view)
            print_case(view, as_json)
            return
        if photo_id is not None and sheet is not None:
            with private(sheet, "wb") as file:
                file.write(matcher.photo_sheet(photo_id, actor=onlooker(matcher)))
            click.echo(f"Written: {sheet}")
            return
        if photo_id is not None:
            raise click.UsageError("Which face? Give its number: 1 is the largest.")
        waiting = matcher.awaiting_choice()
    if as_json:
        print_json([{"case_id": case_id, "photo": photo} for case_id, photo in waiting])
        return
    rows = [(case_id, photo.id, face.number, box_text(face.box)) for case_id, photo in waiting for face in photo.faces]
    print_table(("CASE", "PHOTO", "FACE", "LEFT, TOP, RIGHT, BOTTOM"), rows, "No case photo waits for a choice.")


@case.command("list")
@click.option("--status", type=click.Choice([status.value for status in CaseStatus]), help="Only this status.")
@click.option(
    "--weak",
    is_flag=True,
    help="Only open cases with weak photos at best, or that no search finds, and what would help.",
)
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@json_option
@home_option
@click.pass_obj
def list_cases(app: App, status: str | None, weak: bool, limit: int | None, as_json: bool) -> None:
    """List cases."""
    if weak and status not in (None, CaseStatus.OPEN.value):
        raise click.UsageError("--weak lists open cases only: leave --status out.")
    with app.open() as matcher:
        if weak:
            print_weak_cases(matcher.weak_cases(limit=limit), as_json)
            return
        found = matcher.cases(status=status, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (one.case_id, one.status, one.name, one.missing_since, one.photos, one.awaiting_choice or None) for one in found
    ]
    print_table(("CASE", "STATUS", "NAME", "MISSING SINCE", "PHOTOS", "TO CHOOSE"), rows, "No case of this kind here.")


@case.command("show")
@click.argument("case_id", metavar="ID")
@json_option
@home_option
@click.pass_obj
def show(app: App, case_id: str, as_json: bool) -> None:
    """Show everything about case ID. The look is recorded, and you are not asked about it in reviews any more."""
    with app.open() as matcher:
        view = matcher.case(case_id, actor=onlooker(matcher))
    print_case(view, as_json)


@case.command("close")
@click.argument("case_id", metavar="ID")
@click.option(
    "--as",
    "status",
    required=True,
    type=click.Choice([status.value for status in CaseStatus if status.is_end]),
    help="How the case ended.",
)
@click.option("--confirmed-by", type=click.Choice([kind.value for kind in ConfirmationKind]), help="The outside proof.")
@click.option("--ref", help="The reference of the proof, for example a laboratory's number.")
@reason_option
@no_actor_option
@json_option
@home_option
@click.pass_obj
def close(app: App, /, case_id: str, status: str, confirmed_by: str | None, ref: str | None, **given: Any) -> None:
    """End case ID: no search finds it from now on."""
    if (confirmed_by is None) != (ref is None):
        raise click.UsageError("--confirmed-by and --ref belong together.")
    confirmation = (confirmed_by, ref) if confirmed_by is not None and ref is not None else None
    with app.open() as matcher:
        view = matcher.casework.close_case(signed_in(matcher), case_id, status, confirmation, note=given["reason"])
    print_case(view, given["as_json"])


@case.command("dispute")
@click.argument("case_id", metavar="ID")
@reason_option
@no_actor_option
@json_option
@home_option
@click.pass_obj
def dispute(app: App, case_id: str, reason: str | None, as_json: bool) -> None:
    """Hide open case ID, since somebody says "this is me" or "my child"; --reason tells who. An officer then closes,
    erases or reopens it."""
    with app.open() as matcher:
        view = matcher.casework.dispute_case(signed_in(matcher), case_id, note=reason or "")
    print_case(view, as_json)


@case.command("reopen")
@click.argument("case_id", metavar="ID")
@reason_option
@no_actor_option
@json_option
@home_option
@click.pass_obj
def reopen(app: App, case_id: str, reason: str | None, as_json: bool) -> None:
    """Search for the child of an ended or disputed case again; --reason is needed."""
    if not reason:
        raise click.UsageError("Why is the case opened again? Give --reason.")
    with app.open() as matcher:
        view = matcher.casework.reopen_case(signed_in(matcher), case_id, note=reason)
    print_case(view, as_json)


@case.command("relate")
@click.argument("case_id", metavar="ID")
@click.argument("other", metavar="OTHER")
@click.option(
    "--as",
    "kind",
    required=True,
    type=click.Choice([kind.value for kind in RelationKind]),
    help="How the two children are related; duplicate: probably one child registered twice.",
)
@who_options
@json_option
@home_option
@click.pass_obj
def relate(app: App, /, case_id: str, other: str, kind: str, as_json: bool, **who: Any) -> None:
    """Declare that cases ID and OTHER are of siblings or twins, or of one child. Candidates of both carry a flag."""
    with app.open() as matcher:
        view = matcher.relate_cases(case_id, other, kind=kind, **who)
        _seen(matcher, view)
    print_case(view, as_json)


@case.command("unrelate")
@click.argument("case_id", metavar="ID")
@click.argument("other", metavar="OTHER")
@who_options
@json_option
@home_option
@click.pass_obj
def unrelate(app: App, /, case_id: str, other: str, as_json: bool, **who: Any) -> None:
    """Withdraw what was declared about cases ID and OTHER."""
    with app.open() as matcher:
        view = matcher.unrelate_cases(case_id, other, **who)
        _seen(matcher, view)
    print_case(view, as_json)
