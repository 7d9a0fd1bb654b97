"""The demo: synthetic children through the ordinary services, and how often the right case came first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matcher.config import Home
from matcher.demo.cast import Cast, DemoSighting, demo_cast
from matcher.demo.page import write_page
from matcher.demo.public import Shown, public_settings, show_public
from matcher.demo.staff import OFFICER, demo_staff
from matcher.errors import WrongUse
from matcher.interchange.records import PhotoCell, TableRecord
from matcher.services import homes
from matcher.services.case_import import import_cases
from matcher.services.context import Context, Progress
from matcher.services.imports import Imported
from matcher.services.inputs import OnSeveral, ReasonCode, Who
from matcher.services.reindex import reindex
from matcher.services.sighting_import import import_sightings
from matcher.services.sighting_views import shown
from matcher.services.views import FaceCandidates, SightingView

_FOLDER = "demo"  # inside the home: photos and page, and the mark that the home is a demo
_WHO = Who("demo", ReasonCode.DEMONSTRATION, "synthetic children")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One sighting of the demo with what was found; `rank` is the best place of the true case in any face's list.

    `face` is the face with that place, else the largest face; `None` when no face was found. `rank` is `None` for
    strangers and where the true case is in no list.
    """

    told: DemoSighting
    sighting: SightingView
    face: FaceCandidates | None
    rank: int | None


@dataclass(frozen=True, slots=True)
class Result:
    """All outcomes, where the page lies, the password of all accounts, `officer` among them, and what is public."""

    cases: int
    photos: int
    outcomes: tuple[Outcome, ...]
    page: Path
    password: str
    shown: Shown
    officer: str = OFFICER

    @property
    def ranks(self) -> list[int | None]:
        """For every sighting of an enrolled child the place of the right case."""
        return [outcome.rank for outcome in self.outcomes if outcome.told.truth is not None]


def demo_home(root: Path) -> Home:
    """A home that holds nothing but a demo: a new one, or that of an earlier demo. `WrongUse` otherwise."""
    home = Home(root)
    if not home.digest_key.is_file():
        homes.create(root)
        (root / _FOLDER).mkdir()
    elif not (root / _FOLDER).is_dir():
        raise WrongUse(f"'{root}' is a home with real cases: the demo needs a folder of its own, give it with --home.")
    public_settings(home)
    return home


def run(context: Context) -> Result:
    """Draw, register, submit, rank, and write the page. Running it again finds everything there already."""
    cast, folder = demo_cast(), context.home.root / _FOLDER
    _draw(context, cast, folder / "photos")
    cases = [
        TableRecord(
            case.number,
            case.number,
            case.fields,
            tuple(PhotoCell(photo.file, taken=photo.taken) for photo in case.photos),
        )
        for case in cast.cases
    ]
    reports = [TableRecord(one.file, one.file, one.report, (PhotoCell(one.file),)) for one in cast.sightings]
    photos = folder / "photos"
    registered = import_cases(context, cases, photos, _WHO, on_several=OnSeveral.LARGEST)
    for done, imported in enumerate(registered, start=1):
        _require_stored(imported)
        _tell(context.progress, "registering children", done, len(cases))
    reindex(context, _WHO)
    outcomes = []
    submitted = import_sightings(context, reports, photos, _WHO)
    for told, imported in zip(cast.sightings, submitted, strict=True):
        outcomes.append(_outcome(told, shown(context, _require_stored(imported))))
        _tell(context.progress, "ranking sightings", len(outcomes), len(reports))
    page = folder / "report.html"
    shown_photos = sum(len(case.photos) for case in cast.cases)
    password = demo_staff(context, folder)
    result = Result(len(cases), shown_photos, tuple(outcomes), page, password, show_public(context, cast))
    write_page(context, page, cast, [(one.told, one.face, one.rank) for one in outcomes])
    return result


def _draw(context: Context, cast: Cast, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    photos = [photo for case in cast.cases for photo in case.photos] + [one.photo for one in cast.sightings]
    for done, photo in enumerate(photos, start=1):
        if not (folder / photo.file).is_file():
            (folder / photo.file).write_bytes(photo.jpeg())
        _tell(context.progress, "drawing photos", done, len(photos))


def _require_stored(imported: Imported) -> str:
    if imported.id is None:
        raise WrongUse(f"The demo cannot go on: {'; '.join(map(str, imported.refusals))}")
    return imported.id


def _outcome(told: DemoSighting, view: SightingView) -> Outcome:
    faces = [face for photo in view.photos for face in photo.faces]
    ranked = [(found.rank, face) for face in faces for found in face.candidates if found.case_id == told.truth]
    rank, face = min(ranked, key=lambda pair: pair[0], default=(None, faces[0] if faces else None))
    return Outcome(told, view, face, rank)


def _tell(progress: Progress | None, what: str, done: int, total: int) -> None:
    if progress:
        progress(what, done, total)


def share(ranks: Sequence[int | None], depth: int) -> int:
    """How many of the ranks are within `depth`."""
    return sum(rank is not None and rank <= depth for rank in ranks)
