"""Faces in photos, and their vectors: one per face and embedding space."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, delete, exists, func, insert, select, update

from matcher.domain.cases import CaseStatus
from matcher.domain.faces import Box, Quality
from matcher.domain.ids import CaseId, FaceId, PhotoId
from matcher.domain.records import Choice, StoredFace
from matcher.domain.scores import Vectors
from matcher.errors import Conflict, NotFound, WrongUse
from matcher.store import sealed_vectors
from matcher.store.part import SealedPart, batches
from matcher.store.tables import cases, embeddings, faces, gallery_members, photos
from matcher.store.vectors import pack, pack_unit, unpack

_OWNER = func.coalesce(photos.c.case_id, photos.c.sighting_id)


# What it takes to open an embedding: its owner, its face, its bytes.
_KEPT = (
    select(_OWNER, embeddings.c.face_id, embeddings.c.vector)
    .join(faces, faces.c.id == embeddings.c.face_id)
    .join(photos, photos.c.id == faces.c.photo_id)
)


_IN_THE_CLEAR = func.length(embeddings.c.vector) % 4 == 0


class FaceReading(SealedPart):
    """Faces, by id or photo."""

    __slots__ = ()

    def get(self, face_id: FaceId) -> StoredFace | None:
        """The face of this id."""
        return self.by_ids([face_id]).get(face_id)

    def by_ids(self, face_ids: Iterable[FaceId]) -> dict[FaceId, StoredFace]:
        """Those of the faces that exist."""
        groups = batches(sorted(set(face_ids)))
        return {face.id: face for some in groups for face in self._where(faces.c.id.in_(some))}

    def of_photo(self, photo_id: PhotoId) -> list[StoredFace]:
        """A photo's faces by number, largest first."""
        return self._where(faces.c.photo_id == photo_id)

    def of_photos(self, photo_ids: Iterable[PhotoId]) -> dict[PhotoId, list[StoredFace]]:
        """The faces of several photos by number; a photo without a face has an empty list."""
        wanted = sorted(set(photo_ids))
        found: dict[PhotoId, list[StoredFace]] = {photo_id: [] for photo_id in wanted}
        for some in batches(wanted):
            for face in self._where(faces.c.photo_id.in_(some)):
                found[face.photo_id].append(face)
        return found

    def photos_of(self, face_ids: Iterable[FaceId]) -> dict[FaceId, PhotoId]:
        """The photos on which those of the faces are that exist."""
        found: dict[FaceId, PhotoId] = {}
        for some in batches(sorted(set(face_ids))):
            query = select(faces.c.id, faces.c.photo_id).where(faces.c.id.in_(some))
            found.update((row.id, row.photo_id) for row in self._connection.execute(query))
        return found

    def vectors(self, face_ids: Iterable[FaceId], space: str) -> dict[FaceId, Vectors]:
        """Embeddings, float32 (dim,), of those of the faces that have one in this space."""
        found: dict[FaceId, Vectors] = {}
        for some in batches(sorted(set(face_ids))):
            query = _KEPT.where(embeddings.c.face_id.in_(some), embeddings.c.space == space)
            rows = [tuple(row) for row in self._connection.execute(query)]
            opened = sealed_vectors.opened(self._keys, rows, space)
            found.update((row[1], unpack(packed)) for row, packed in zip(rows, opened, strict=True))
        return found

    def count_clear_vectors(self) -> int:
        """How many embeddings lie in the clear."""
        return self._connection.scalar(select(func.count()).select_from(embeddings).where(_IN_THE_CLEAR)) or 0

    def spaces_of(self, face_ids: Iterable[FaceId]) -> dict[FaceId, list[str]]:
        """The spaces in which those of the faces are embedded that are in any, in order of name."""
        found: dict[FaceId, list[str]] = {}
        for some in batches(sorted(set(face_ids))):
            query = select(embeddings.c.face_id, embeddings.c.space).where(embeddings.c.face_id.in_(some))
            for row in self._connection.execute(query.order_by(embeddings.c.space)):
                found.setdefault(row.face_id, []).append(row.space)
        return found

    def without_embedding(self, space: str, limit: int) -> list[StoredFace]:
        """Chosen faces of open cases that have no vector in this space yet, by id."""
        query = _lacking(space).order_by(faces.c.id).limit(limit)
        return [_face(row) for row in self._connection.execute(query)]

    def count_without_embedding(self, space: str) -> int:
        """How many chosen faces of open cases have no embedding in a space."""
        return self._connection.scalar(select(func.count()).select_from(_lacking(space).subquery())) or 0

    def embedding_as_it_lies(self) -> bytes | None:
        """The bytes of some embedding as the database holds them, in the clear or not; `None` if there is none."""
        found: bytes | None = self._connection.scalar(select(embeddings.c.vector).limit(1))
        return found

    def count_of_sightings(self) -> int:
        """How many faces of sightings are kept as an embedding, in whatever space."""
        kept = exists().where(embeddings.c.face_id == faces.c.id)
        query = select(func.count()).select_from(faces).join(photos, photos.c.id == faces.c.photo_id)
        return self._connection.scalar(query.where(photos.c.sighting_id.is_not(None), kept)) or 0

    def searched(self, space: str) -> dict[CaseId, list[tuple[PhotoId, Quality]]]:
        """The quality of each face that is searchable in a space, by case and the photos' positions."""
        query = (
            select(photos.c.case_id, photos.c.id, faces.c.quality)
            .join(photos, photos.c.id == faces.c.photo_id)
            .join(gallery_members, gallery_members.c.face_id == faces.c.id)
            .where(gallery_members.c.space == space)
            .order_by(photos.c.case_id, photos.c.position, photos.c.id)
        )
        found: dict[CaseId, list[tuple[PhotoId, Quality]]] = {}
        for row in self._connection.execute(query):
            found.setdefault(row.case_id, []).append((row.id, Quality(**row.quality)))
        return found

    def _where(self, condition: ColumnElement[bool]) -> list[StoredFace]:
        query = select(faces).where(condition).order_by(faces.c.photo_id, faces.c.number)
        return [_face(row) for row in self._connection.execute(query)]


class FaceWriting(FaceReading):
    """Faces, with their changes."""

    __slots__ = ()

    def add(self, new: Sequence[StoredFace], vectors: Mapping[FaceId, Vectors], space: str) -> None:
        """Keep faces of photos that are kept already, with the embeddings that are given of them in one space."""
        strange = vectors.keys() - {face.id for face in new}
        if strange:
            raise WrongUse(f"{len(strange)} embeddings belong to none of the faces: give the faces with them.")
        if new:
            self._connection.execute(insert(faces), [_columns(face) for face in new])
        self._insert_vectors(vectors, space)

    def put_vectors(self, vectors: Mapping[FaceId, Vectors], space: str) -> None:
        """Keep embeddings, float32 (dim,) of length 1, of kept faces, instead of any in the same space.

        `Conflict` for a face that is searchable there, whose new vector no searcher would notice.
        """
        for some in batches(list(vectors)):
            searchable = and_(gallery_members.c.face_id.in_(some), gallery_members.c.space == space)
            if self._connection.scalar(select(exists().where(searchable))):
                raise Conflict("The vector of a face in the gallery cannot be replaced: remove the face from it first.")
            replaced = and_(embeddings.c.face_id.in_(some), embeddings.c.space == space)
            self._connection.execute(delete(embeddings).where(replaced))
        self._insert_vectors(vectors, space)

    def forget_vectors(self, face_ids: Iterable[FaceId]) -> None:
        """Delete the embeddings of faces in all spaces; they must have left the gallery (`Conflict`)."""
        for some in batches(sorted(set(face_ids))):
            if self._connection.scalar(select(exists().where(gallery_members.c.face_id.in_(some)))):
                raise Conflict("The vector of a face in the gallery cannot be deleted: remove the face from it first.")
            self._connection.execute(delete(embeddings).where(embeddings.c.face_id.in_(some)))

    def seal_vectors(self, limit: int, start: int) -> tuple[int, int]:
        """Seal so many of the embeddings that lie in the clear, in order of face ids from `start` on.

        How many there were, and the last face id; `Conflict` if there are no keys to seal with.
        """
        keys = sealed_vectors.sealing(self._keys)
        if keys is None:
            raise Conflict("This home is not encrypted: `matcher encryption on` does that.")
        query = _KEPT.add_columns(embeddings.c.space).where(_IN_THE_CLEAR, embeddings.c.face_id >= start)
        rows = self._connection.execute(query.order_by(embeddings.c.face_id).limit(limit)).all()
        for space in {row.space for row in rows}:
            some = [(row[0], row.face_id, row.vector) for row in rows if row.space == space]
            for (_, face, _), kept in zip(some, sealed_vectors.sealed(keys, some, space), strict=True):
                this = and_(embeddings.c.face_id == face, embeddings.c.space == space)
                self._connection.execute(update(embeddings).where(this).values(vector=kept))
        return len(rows), rows[-1].face_id if rows else start

    def choose(self, photo_id: PhotoId, face_id: FaceId, choice: Choice) -> None:
        """Make one face the chosen one of its photo, instead of any other; `NotFound` unless it is in that photo."""
        of_photo = faces.c.photo_id == photo_id
        self._connection.execute(update(faces).where(of_photo).values(choice=None))
        chosen = self._connection.execute(update(faces).where(of_photo, faces.c.id == face_id).values(choice=choice))
        if not chosen.rowcount:
            raise NotFound("This face is not in this photo: choose one that the photo's list shows.")

    def _insert_vectors(self, vectors: Mapping[FaceId, Vectors], space: str) -> None:
        packed = {face: pack_unit(vector) for face, vector in vectors.items()}
        keys = sealed_vectors.sealing(self._keys)
        if keys is not None:
            owners = self._owners(packed)
            rows = [(owners[face], face, data) for face, data in packed.items()]
            packed = dict(zip(packed, sealed_vectors.sealed(keys, rows, space), strict=True))
        if packed:
            values = [{"face_id": face, "space": space, "vector": data} for face, data in packed.items()]
            self._connection.execute(insert(embeddings), values)

    def _owners(self, face_ids: Iterable[FaceId]) -> dict[FaceId, int]:
        """The case or sighting of each face; `Conflict` for a face that is not kept."""
        wanted, found = sorted(set(face_ids)), {}
        for some in batches(wanted):
            query = select(faces.c.id, _OWNER).join(photos, photos.c.id == faces.c.photo_id)
            found.update({row[0]: row[1] for row in self._connection.execute(query.where(faces.c.id.in_(some)))})
        if len(found) < len(wanted):
            raise Conflict("An embedding of a face that is not kept cannot be kept: keep its photo first.")
        return found


def _lacking(space: str) -> Select[Any]:
    """Chosen faces of open cases without an embedding in a space."""
    has_one = exists().where(embeddings.c.face_id == faces.c.id, embeddings.c.space == space)
    of_cases = select(faces).join(photos, photos.c.id == faces.c.photo_id).join(cases, cases.c.id == photos.c.case_id)
    return of_cases.where(cases.c.status == CaseStatus.OPEN, faces.c.choice.is_not(None), ~has_one)


def _columns(face: StoredFace) -> dict[str, Any]:
    return {
        "id": face.id,
        "photo_id": face.photo_id,
        "number": face.number,
        **asdict(face.box),
        "landmarks": pack(face.landmarks),
        "score": face.score,
        "turn": face.turn,
        "quality": asdict(face.quality),
        "choice": face.choice,
    }


def _face(row: Row[Any]) -> StoredFace:
    return StoredFace(
        id=row.id,
        photo_id=row.photo_id,
        number=row.number,
        box=Box(row.left, row.top, row.right, row.bottom),
        landmarks=unpack(row.landmarks, 5, 2),
        score=row.score,
        turn=row.turn,
        quality=Quality(**row.quality),
        choice=row.choice,
    )
