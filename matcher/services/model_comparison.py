"""What other models would have done with the pairs that people decided about, beside the models in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from matcher.domain.cases import PhotoState
from matcher.domain.ids import CaseId, FaceId, id_text
from matcher.domain.reviews import Task, TaskKind, TaskState
from matcher.domain.scores import Vectors, similarities
from matcher.domain.space import KnownSpace, SpaceState
from matcher.errors import Conflict
from matcher.evaluation.moves import Enrolled, Moved, RankChange, Sought, changes, insufficient, ranks, within
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.services.spaces import live_space
from matcher.store.database import Reading

_CASELESS = CaseId(-1)


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """How decided pairs are ranked among `cases` open ones by the models in use (`live`) and by `other` ones.

    `confirmed` pairs are of `children` children. `waiting` pairs were left out, since their faces are not embedded by
    both yet. `moved` are confirmed pairs with another rank, those that lose most first; `rising` are excluded ones that
    only the other models put among the first `list_length`; `leaving` counts those that only the models in use do.
    `insufficient` says why no rate is given, if none is.
    """

    live: str
    other: str
    cases: int
    list_length: int
    confirmed: int
    children: int
    excluded: int
    waiting: int
    ranks: tuple[RankChange, ...]
    moved: tuple[Moved, ...]
    rising: tuple[Moved, ...]
    leaving: int
    insufficient: bool


def compare(context: Context, who: Who) -> ComparisonView:
    """Rank every confirmed pair, and every excluded one whose case is open, by both kinds of models.

    The other models are those that are being prepared, else those of before the last change (`Conflict` without
    either). A face that one of them does not find is a miss. Audited before the result is given out.
    """
    live = live_space(context)
    with context.store.read() as reading:
        other = reading.spaces.in_state(SpaceState.SHADOW) or reading.spaces.in_state(SpaceState.BEFORE)
        if other is None or other.name == live.name:
            raise Conflict("No other models to compare with: begin `matcher models use DETECTOR RECOGNISER --shadow`.")
        view = _compared(reading, (live, other), context.settings.top)
    with context.store.write() as transaction:
        details: dict[str, str | int] = {"other": other.name, "confirmed": view.confirmed, "excluded": view.excluded}
        record(context, transaction, who, Trace("models.compare", space=live.name, details=dict(details)))
    return view


def _compared(reading: Reading, spaces: tuple[KnownSpace, KnownSpace], length: int) -> ComparisonView:
    tasks = _decided(reading)
    faces = _case_faces(reading, {task.case_id for task in tasks if task.case_id is not None})
    # The other models' gallery first: the models in use are asked about no face that those have not tried yet.
    other, tried, _ = _placed(reading, spaces[1].name, (tasks, faces), None)
    live, _, cases = _placed(reading, spaces[0].name, (tasks, faces), tried)
    known = [task for task in tasks if task.id in live and task.id in other]
    moved = {task.id: Moved(id_text(task.id), live[task.id], other[task.id]) for task in known}
    confirmed = [task for task in known if task.state is TaskState.CONFIRMED]
    excluded = [moved[task.id] for task in known if task.state is TaskState.EXCLUDED]
    same = [moved[task.id] for task in confirmed]
    subjects = np.array([task.case_id for task in confirmed], np.int64)
    listed = [(one, within(one.live_rank, length), within(one.other_rank, length)) for one in excluded]
    children = len(np.unique(subjects))
    return ComparisonView(
        live=spaces[0].name,
        other=spaces[1].name,
        cases=cases,
        list_length=length,
        confirmed=len(same),
        children=children,
        excluded=len(excluded),
        waiting=len(tasks) - len(known),
        ranks=changes(same, subjects),
        moved=tuple(sorted((one for one in same if one.live_rank != one.other_rank), key=_gain)),
        rising=tuple(one for one, now, then in listed if then and not now),
        leaving=sum(now and not then for _, now, then in listed),
        insufficient=insufficient(len(same), children),
    )


def _gain(moved: Moved) -> tuple[float, str]:
    """By how many ranks the other models are better; a miss is worse than any rank."""
    lost = float("inf")
    live, other = moved.live_rank or lost, moved.other_rank or lost
    return live - other, moved.pair


def _decided(reading: Reading) -> list[Task]:
    """The confirmed pairs, and the excluded ones whose case is still open."""
    confirmed = reading.tasks.standing(TaskState.CONFIRMED, TaskKind.PAIR)
    excluded = reading.tasks.standing(TaskState.EXCLUDED, TaskKind.PAIR)
    cases = reading.cases.by_ids(list({task.case_id for task in excluded if task.case_id is not None}))
    searched = {case.id for case in cases.values() if case.status.searched}
    return confirmed + [task for task in excluded if task.case_id in searched]


def _case_faces(reading: Reading, cases: set[CaseId]) -> dict[CaseId, list[FaceId]]:
    """The chosen faces of cases."""
    photos = reading.photos.of_cases(sorted(cases))
    ready = {photo.id: case for case, group in photos.items() for photo in group if photo.state is PhotoState.READY}
    found: dict[CaseId, list[FaceId]] = {case: [] for case in cases}
    for photo, faces in reading.faces.of_photos(ready).items():
        found[ready[photo]] += [face.id for face in faces if face.choice is not None]
    return found


def _gallery(reading: Reading, space: str, only: Set[FaceId] | None) -> tuple[Enrolled, Set[FaceId]]:
    """The searchable faces of a space, or those of them in `only`; and all faces that its models have tried."""
    count, filled = reading.gallery.count(space), 0
    vectors, cases = np.zeros((count, 1), np.float32), np.zeros(count, np.int64)
    tried = set(reading.spaces.not_found(space))
    for rows in reading.gallery.rows(space):
        if not filled:
            vectors = np.empty((count, rows.vectors.shape[1]), np.float32)
        faces = rows.face_ids.tolist()
        kept = [place for place, face in enumerate(faces) if only is None or face in only]
        tried.update(faces[place] for place in kept)
        here = slice(filled, filled + len(kept))
        vectors[here], cases[here] = rows.vectors[kept], rows.case_ids[kept]
        filled += len(kept)
    return Enrolled(vectors[:filled], cases[:filled]), tried


def _placed(
    reading: Reading,
    space: str,
    decided: tuple[Sequence[Task], Mapping[CaseId, Sequence[FaceId]]],
    only: Set[FaceId] | None,
) -> tuple[dict[int, int | None], Set[FaceId], int]:
    """The rank of each pair by its task, `None` for a miss; pairs with a face that was not tried are absent.

    Also which faces these models have tried, and how many cases were searched, of faces in `only` if it is given.
    """
    tasks, faces = decided
    wanted = [task.face_id for task in tasks] + [face for group in faces.values() for face in group]
    vectors, missed = reading.faces.vectors(wanted, space), reading.spaces.not_found(space)
    found: dict[int, int | None] = {}
    sought: list[tuple[Task, Vectors, float]] = []
    for task in tasks:
        theirs = faces.get(task.case_id or _CASELESS, ())
        if any(face not in vectors and face not in missed for face in (task.face_id, *theirs)):
            continue
        own = [vectors[face] for face in theirs if face in vectors]
        if task.face_id in vectors and own:
            probe = vectors[task.face_id]
            sought.append((task, probe, float(similarities(probe[None], np.stack(own)).max())))
        else:
            found[task.id] = None
    gallery, tried = _gallery(reading, space, only)
    if sought:
        asked = Sought(
            np.stack([probe for _, probe, _ in sought]),
            np.array([task.case_id for task, _, _ in sought], np.int64),
            np.array([likeness for _, _, likeness in sought]),
        )
        found |= {task.id: int(rank) for (task, _, _), rank in zip(sought, ranks(gallery, asked), strict=True)}
    return found, tried, len(np.unique(gallery.cases))
