"""The demo: synthetic children through the ordinary services, and how often the right case came first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from matcher.config import Home
from matcher.demo.cast import Cast, demo_cast
from matcher.demo.page import Example, write_page
from matcher.domain.ids import parse_id
from matcher.errors import WrongUse
from matcher.interchange.records import PhotoCell, TableRecord
from matcher.services import homes
from matcher.services.context import Context, Progress
from matcher.services.imports import import_cases, import_sightings
from matcher.services.inputs import OnSeveral, ReasonCode, Who
from matcher.services.reindex import reindex
from matcher.services.sighting_views import shown
from matcher.services.views import CandidateView, FaceCandidates, SightingView

_FOLDER = "demo"  # inside the home: photos and page, and the mark that this home is a demo
_WHO = Who("demo", ReasonCode.DEMONSTRATION, "synthetic children")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One sighting of the demo: who is really on it (`None`: a stranger or nobody) and what was found.

    `best` is the list of the face that resembles the true child most, else of the largest face; `rank` is the place of
    the true case, `None` if it is not in the list or there is none.
    """

    file: str
    sighting: str
    truth: str | None
    reason: str | None
    faces: int
    best: tuple[CandidateView, ...]
    rank: int | None


@dataclass(frozen=True, slots=True)
class Result:
    """All outcomes, and where the page lies."""

    cases: int
    photos: int
    outcomes: tuple[Outcome, ...]
    page: Path


def home_for_demo(root: Path) -> Home:
    """A home that holds nothing but a demo: a new one, or that of an earlier demo. `WrongUse` otherwise."""
    home = Home(root)
    if not home.digest_key.is_file():
        homes.create(root)
        (root / _FOLDER).mkdir()
    elif not (root / _FOLDER).is_dir():
        raise WrongUse(f"'{root}' is a home with real cases: the demo needs a folder of its own, give it with --home.")
    return home


def run(context: Context, progress: Progress | None = None) -> Result:
    """Draw, register, submit, rank, and write the page. Running it again finds everything there already."""
    cast, folder = demo_cast(), context.home.root / _FOLDER
    photos = _draw(cast, folder / "photos", progress)
    cases = [
        TableRecord(case.number, case.number, case.fields, tuple(PhotoCell(photo.file, photo.taken) for photo in case.photos))
        for case in cast.cases
    ]
    seen = [
        TableRecord(one.file, one.file, one.report, (PhotoCell(one.file),)) for one in cast.sightings
    ]
    for done, _ in enumerate(
        import_cases(context, cases, folder / "photos", _WHO, on_several=OnSeveral.LARGEST), start=1
    ):
        _tell(progress, "registering children", done, len(cases))
    reindex(context, _WHO)
    outcomes = []
    for imported, sighting in zip(
        import_sightings(context, seen, folder / "photos", _WHO), cast.sightings, strict=True
    ):
        view = shown(context, imported.id or "")
        outcomes.append(_outcome(view, sighting.file, sighting.truth))
        _tell(progress, "ranking sightings", len(outcomes), len(seen))
    page = folder / "report.html"
    write_page(context, page, cast, [_example(outcome) for outcome in outcomes])
    return Result(len(cases), photos, tuple(outcomes), page)
