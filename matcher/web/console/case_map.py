"""Where and when: the map of a case, and in words what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from markupsafe import Markup
from starlette.responses import Response

from matcher.accounts.rights import Right
from matcher.interchange.map_sheet import Line
from matcher.interchange.sighting_map import WAYS, sighting_map
from matcher.services.case_map import CaseMap
from matcher.web import apart
from matcher.web.identity import Visit, allowed
from matcher.web.languages import speech
from matcher.web.pages import language_of, page

router = APIRouter()

Reader = Annotated[Visit, Depends(allowed(Right.SIGHTING_READ))]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table; `sighting` is its id, `None` where the child was last seen."""

    line: Line
    sighting: str | None


@router.get("/cases/map")
@apart.pictures
def show(request: Request, visited: Reader, case: str) -> Response:
    """The map of a case; whoever looks is asked about it and about the sightings on it no more."""
    found = visited.casework.case_map(visited.acting, case, speech(language_of(request)).reader)
    drawing = Markup(sighting_map(found.sheet, whole=False))  # noqa: S704 - all text in it was escaped by XML's rules
    rows = list(_rows(found))
    return page(request, "case_map.html", visited, number=found.case_id, drawing=drawing, rows=rows, ways=WAYS)


def _rows(found: CaseMap) -> Iterator[Row]:
    for line in found.sheet.lines:
        yield Row(line, None if line.number is None else found.sightings[line.number - 1])
