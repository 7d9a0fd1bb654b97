"""Open cases that searches find badly or not at all for want of a good photo."""

from __future__ import annotations

from collections.abc import Sequence

from matcher.domain.cases import Case, CaseStatus, Photo, PhotoState
from matcher.domain.faces import Quality
from matcher.domain.ids import PhotoId, id_text
from matcher.domain.quality import Advice, Weakness, explain, weaknesses
from matcher.services.context import Context
from matcher.services.views import WeakCase
from matcher.wording import Wording

_NOT_EMBEDDED = Advice(
    Wording("not found by the models in use"),
    Wording("matcher reindex; if that does not find the face either, add the photo anew"),
)


def weak_cases(context: Context, limit: int | None = None) -> list[WeakCase]:
    """Open cases whose best photo is weak or that have no face in the gallery of this space, by rising number."""
    with context.store.read() as reading:
        cases = reading.cases.list(status=CaseStatus.OPEN)
        searched = reading.faces.searched(context.space.name)
        photos = reading.photos.of_cases(case.id for case in cases if case.id not in searched)
    found = [
        _weak(case, searched[case.id]) if case.id in searched else _unsearchable(case, photos[case.id])
        for case in cases
    ]
    return [one for one in found if one is not None][:limit]


def _weak(case: Case, faces: Sequence[tuple[PhotoId, Quality]]) -> WeakCase | None:
    """By the photo with the fewest weaknesses, not poor if there is one; the first of equals."""
    assessed = [(photo, weaknesses(quality)) for photo, quality in faces]
    photo, least = min(assessed, key=lambda pair: _badness(pair[1]))
    return _row(case, photo, least, searchable=True) if least else None


def _badness(lacking: Sequence[Weakness]) -> tuple[bool, int]:
    return any(weakness.poor for weakness in lacking), len(lacking)


def _unsearchable(case: Case, photos: Sequence[Photo]) -> WeakCase:
    """By a photo that waits for a choice, else by one whose chosen face is not in this gallery, else by the newest."""
    if not photos:
        none = Advice(Wording("no photo"), Wording("ask for one that shows the face closely"))
        return _row(case, None, (none,), searchable=False)
    waiting = [photo for photo in photos if photo.state is PhotoState.AWAITING_CHOICE]
    ready = [photo for photo in photos if photo.state is PhotoState.READY]
    photo = (waiting or ready or photos)[-1]
    if photo.reason is not None:
        return _row(case, photo.id, (explain(photo.reason, photo.shortfall),), searchable=False)
    if photo.state is PhotoState.READY:
        return _row(case, photo.id, (_NOT_EMBEDDED,), searchable=False)
    several = Advice(Wording("several faces, none chosen yet"), f"matcher case choose-face {id_text(photo.id)}")
    return _row(case, photo.id, (several,), searchable=False)


def _row(case: Case, photo: PhotoId | None, advice: tuple[Advice, ...], *, searchable: bool) -> WeakCase:
    shown = None if photo is None else id_text(photo)
    return WeakCase(case.number, case.details.name, case.details.missing_since, searchable, shown, advice)
