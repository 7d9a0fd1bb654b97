"""Embed again, by the models in use, what has no vector in their space yet."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from matcher.domain.cases import Photo
from matcher.domain.ids import FaceId, PhotoId, id_text
from matcher.domain.records import StoredFace
from matcher.domain.scores import Vectors
from matcher.domain.space import SpacePart
from matcher.errors import MatcherError, PhotoRefused
from matcher.images.places import cores
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.services.photos import in_parallel, same_face, stored_image

_BATCH = 256


def embed_missing(context: Context, who: Who) -> tuple[int, list[str]]:
    """Embed what has no vector in the current space, as after a change of model: how many faces, and what went wrong.

    These are the chosen faces of open cases, then the faces of unresolved sightings, so that the watch reaches them. A
    face of a sighting that the models do not find again is noted and not tried again: nobody could help it.
    """
    done, problems = _of_cases(context, who)
    more, others = embed_parts(context, (SpacePart.SIGHTINGS,), who)
    return done + more, [*problems, *(why.text for why in others if not why.lasting)]


def _of_cases(context: Context, who: Who) -> tuple[int, list[str]]:
    space, done = context.space.name, 0
    problems: list[str] = []
    failed: set[FaceId] = set()
    while True:
        with context.store.read() as reading:
            missing = reading.faces.without_embedding(space, _BATCH + len(failed))
        batch = [face for face in missing if face.id not in failed][:_BATCH]
        if not batch:
            return done, problems
        for face in batch:
            problem = embed(context, [face], who).get(face.id)
            if problem is None:
                done += 1
            else:
                failed.add(face.id)
                problems.append(problem.text)
            if context.progress:
                context.progress("embedding faces", done, done + len(missing))


@dataclass(frozen=True, slots=True)
class Unembedded:
    """Why a face has no vector in the current space; `lasting`: these models will never find it in its photo."""

    text: str
    lasting: bool = False


def embed(context: Context, faces: Sequence[StoredFace], who: Who) -> dict[FaceId, Unembedded]:
    """Embed faces of one photo, at least one, from its stored file; what went wrong, by face.

    Models run first. Nothing is embedded anew that was let go of meanwhile.
    """
    photo_id = faces[0].photo_id
    with context.store.read() as reading:
        photo = reading.photos.get(photo_id)
    if photo is None:
        return {face.id: Unembedded(f"face {id_text(face.id)}: its photo is gone.") for face in faces}
    try:
        seen = context.pipeline.find(stored_image(context, photo), thorough=True)
    except MatcherError as error:
        lasting = isinstance(error, PhotoRefused)
        return {face.id: Unembedded(f"face {id_text(face.id)}: {error}", lasting) for face in faces}
    found = {face.id: same_face(seen, face) for face in faces}
    _keep(context, photo, {face: one.embedding for face, one in found.items() if one is not None}, who)
    step = "." if photo.case_id is None else "; add the photo anew."
    return {
        face: Unembedded(f"face {id_text(face)}: not found again in photo {id_text(photo_id)}{step}", lasting=True)
        for face, one in found.items()
        if one is None
    }


def _keep(context: Context, photo: Photo, vectors: Mapping[FaceId, Vectors], who: Who) -> None:
    """Keep vectors in the current space; those of an open case's chosen face are searchable with the same commit."""
    space = context.space.name
    with context.store.write() as transaction:
        case = None if photo.case_id is None else transaction.cases.by_id(photo.case_id)
        spaces, current = transaction.faces.spaces_of(vectors), transaction.faces.by_ids(vectors)
        # Somebody may have chosen another face meanwhile, or erased the sighting; or another process was here first.
        searched = case is not None and case.status.searched
        wanted = [
            face
            for face, of in sorted(current.items())
            if space not in spaces.get(face, ())
            and (case is None or of.choice is not None)
            and (searched or face in spaces)
        ]
        if not wanted:
            return
        transaction.faces.put_vectors({face: vectors[face] for face in wanted}, space)
        if photo.case_id is None:
            transaction.watching.wait(wanted, space)
        elif case is not None and searched:
            for face in wanted:
                transaction.gallery.add(face, case.id, space)
        action = "sighting.embed" if photo.case_id is None else "gallery.embed"
        record(context, transaction, who, Trace(action, wanted, space))


@dataclass(slots=True)
class Budget:
    """How much may still be done."""

    faces: int | None = None
    until: float | None = None

    @classmethod
    def of(cls, limit: int | None, minutes: float | None) -> Budget:
        return cls(limit, None if minutes is None else time.monotonic() + 60 * minutes)

    @property
    def spent(self) -> bool:
        return (self.faces is not None and self.faces <= 0) or (
            self.until is not None and time.monotonic() >= self.until
        )

    def take(self, faces: Sequence[StoredFace]) -> Sequence[StoredFace]:
        """So many of the faces as may be tried."""
        if self.faces is not None:
            faces = faces[: self.faces]
            self.faces -= len(faces)
        return faces


def embed_parts(
    context: Context, parts: Sequence[SpacePart], who: Who, budget: Budget | None = None
) -> tuple[int, list[Unembedded]]:
    """Embed photo by photo, on as many cores as there are, until nothing is missing or the budget is spent."""
    space, done = context.space.name, 0
    problems: list[Unembedded] = []
    for part in parts:
        work = _photos(context, part, budget or Budget())
        for faces, unembedded in in_parallel(work, lambda faces: embed(context, faces, who), cores()):
            lasting = [face for face, why in unembedded.items() if why.lasting]
            if lasting:
                with context.store.write() as transaction:
                    kept = transaction.faces.by_ids(lasting)  # erased meanwhile, none is kept
                    transaction.spaces.note_not_found(kept, space, context.clock())
            done += len(faces) - len(unembedded)
            problems += unembedded.values()
            if context.progress:
                context.progress(f"embedding {part.value}", done, done + len(faces))
    return done, problems


def _photos(context: Context, part: SpacePart, budget: Budget) -> Iterator[Sequence[StoredFace]]:
    """The untried faces of a part, photo by photo, each photo once."""
    after = PhotoId(-1), FaceId(-1)
    while True:
        with context.store.read() as reading:
            places = reading.spaces.untried(context.space.name, part, _BATCH, after)
            faces = reading.faces.by_ids([face for _, face in places])
        for _, group in groupby(places, key=lambda place: place[0]):
            if budget.spent:
                return
            yield budget.take([faces[face] for _, face in group])
        if len(places) < _BATCH:
            return
        after = places[-1]
