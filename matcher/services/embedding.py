"""Embed again, by the models in use, what has no vector in their space yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from matcher.domain.cases import Photo
from matcher.domain.faces import Face, PhotoFaces
from matcher.domain.ids import FaceId, PhotoId, id_text
from matcher.domain.records import StoredFace
from matcher.errors import MatcherError
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.services.photos import same_face, stored_image
from matcher.store.database import Reading, Transaction

_BATCH = 256

_Missing = Callable[[Reading, str, int], Sequence[StoredFace]]


def embed_missing(context: Context, who: Who) -> tuple[int, list[str]]:
    """Embed what has no vector in the current space, as after a change of model: how many faces, and what went wrong.

    These are the chosen faces of open cases, then the faces of unresolved sightings, so that the watch reaches them. A
    face of a sighting that the models do not find again is noted as lost and not tried again: nobody could help it.
    """
    work = _Work(context, who)
    work.embed(lambda reading, space, limit: reading.faces.without_embedding(space, limit))
    work.embed(_of_sightings)
    return work.done, list(work.problems.values())


def _of_sightings(reading: Reading, space: str, limit: int) -> Sequence[StoredFace]:
    ids = reading.watching.unembedded(space, limit)
    found = reading.faces.by_ids(ids)
    return [found[face_id] for face_id in ids if face_id in found]


@dataclass(slots=True)
class _Work:
    """What was embedded so far, and what went wrong with which face."""

    context: Context
    who: Who
    done: int = 0
    problems: dict[FaceId, str] = field(default_factory=dict)

    def embed(self, missing: _Missing) -> None:
        """Embed faces as long as there are any."""
        space = self.context.space.name
        while True:
            with self.context.store.read() as reading:
                found = missing(reading, space, _BATCH + len(self.problems))
            batch = [face for face in found if face.id not in self.problems][:_BATCH]
            if not batch:
                return
            for photo_id, faces in groupby(batch, key=lambda face: face.photo_id):
                self._of_photo(photo_id, list(faces))
                if self.context.progress:
                    self.context.progress("embedding faces", self.done, self.done + len(found))

    def _of_photo(self, photo_id: PhotoId, faces: Sequence[StoredFace]) -> None:
        """Embed faces of one stored photo."""
        with self.context.store.read() as reading:
            photo = reading.photos.get(photo_id)
        if photo is None:
            self.problems.update((face.id, f"face {id_text(face.id)}: its photo is gone.") for face in faces)
            return
        try:
            seen = self.context.pipeline.find(stored_image(self.context, photo), thorough=True)
        except MatcherError as error:
            self.problems.update((face.id, f"face {id_text(face.id)}: {error}") for face in faces)
            return
        for face in faces:
            self._keep(photo, face, seen)

    def _keep(self, photo: Photo, face: StoredFace, seen: PhotoFaces) -> None:
        found = same_face(seen, face)
        if found is None and photo.case_id is not None:
            told = f"face {id_text(face.id)}: not found again in photo {id_text(photo.id)}; add the photo anew."
            self.problems[face.id] = told
            return
        with self.context.store.write() as transaction:
            self.done += _store(self.context, transaction, photo, (face.id, found), self.who)


def _store(context: Context, transaction: Transaction, photo: Photo, new: tuple[FaceId, Face | None], who: Who) -> bool:
    """Keep what was found of a face; whether it was embedded, now or by somebody else meanwhile."""
    space, (face_id, found) = context.space.name, new
    current = transaction.faces.get(face_id)
    if current is None or (photo.case_id is not None and current.choice is None):
        return True  # somebody chose another face meanwhile
    if transaction.faces.vectors([face_id], space):
        return True  # another reindex was here first
    if found is None:
        transaction.watching.lose(face_id, space)
        record(context, transaction, who, Trace("gallery.lost", [face_id], space))
        return False
    transaction.faces.put_vectors({face_id: found.embedding}, space)
    if photo.case_id is None:
        transaction.watching.wait([face_id], space)
    else:
        case = transaction.cases.by_id(photo.case_id)
        if case is not None and case.status.searched:
            transaction.gallery.add(face_id, case.id, space)
    record(context, transaction, who, Trace("gallery.embed", [face_id], space))
    return True
