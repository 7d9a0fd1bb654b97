"""What is searchable now, and every change of it under a strictly rising number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from sqlalchemy import and_, delete, exists, func, insert, select, true

from matcher.domain.cases import CaseDetails, CaseStatus
from matcher.domain.ids import CaseId, FaceId, id_text
from matcher.domain.records import FaceDating, GalleryChange, GalleryRows, KnownRows
from matcher.domain.scores import Vectors
from matcher.errors import Conflict
from matcher.store import sealed_vectors
from matcher.store.cases import missing_since
from matcher.store.part import SealedPart, batches
from matcher.store.tables import cases, embeddings, faces, gallery_changes, gallery_members, photos
from matcher.store.vectors import unpack_all

_MEMBER_VECTOR = and_(embeddings.c.face_id == gallery_members.c.face_id, embeddings.c.space == gallery_members.c.space)


_UNTOLD = CaseDetails()


class GalleryReading(SealedPart):
    """The gallery as this transaction sees it: counter, rows and changes fit together."""

    __slots__ = ()

    def counter(self) -> int:
        """The number of the last change; 0 before the first."""
        return self._head.change_counter

    def count(self, space: str) -> int:
        """How many faces are searchable in a space."""
        query = select(func.count()).select_from(gallery_members).where(gallery_members.c.space == space)
        return self._connection.scalar(query) or 0

    def rows(self, space: str, block: int = 8192, known: KnownRows | None = None) -> Iterator[GalleryRows]:
        """All searchable vectors of a space in ascending order of face id, streamed, at most `block` at a time.

        With `known`, and where embeddings are sealed, the rows have prints, and vectors that are known are taken from
        there, not opened.
        """
        query = (
            select(gallery_members.c.face_id, gallery_members.c.case_id, embeddings.c.vector)
            .join(embeddings, _MEMBER_VECTOR)
            .where(gallery_members.c.space == space)
            .order_by(gallery_members.c.face_id)
        )
        with self._connection.execute(query, execution_options={"yield_per": block}) as result:
            for part in result.partitions():
                yield self._rows(part, space, known)

    def datings(self, space: str) -> Iterator[FaceDating]:
        """When each searchable face of a space was photographed, in ascending order of face id, streamed.

        The case's details are left out where the age on the photo is told.
        """
        told = cases.c.born, cases.c.age, cases.c.missing_since, cases.c.missing_since_offset
        query = (
            select(gallery_members.c.face_id, photos.c.taken, photos.c.age.label("photo_age"), *told)
            .join(faces, faces.c.id == gallery_members.c.face_id)
            .join(photos, photos.c.id == faces.c.photo_id)
            .join(cases, cases.c.id == gallery_members.c.case_id)
            .where(gallery_members.c.space == space)
            .order_by(gallery_members.c.face_id)
        )
        with self._connection.execute(query, execution_options={"yield_per": 8192}) as result:
            for part in result.partitions():
                for row in part:
                    yield FaceDating(row[0], _UNTOLD if row[2] is not None else _dating(row), row[1], row[2])

    def misplaced(self, space: str) -> tuple[list[FaceId], list[FaceId]]:
        """Members that are not the chosen face of an open case, and such faces with a vector that are no members."""
        rightful = (
            select(faces.c.id)
            .join(photos, photos.c.id == faces.c.photo_id)
            .join(cases, cases.c.id == photos.c.case_id)
            .where(cases.c.status == CaseStatus.OPEN, faces.c.choice.is_not(None))
        )
        members = select(gallery_members.c.face_id).where(gallery_members.c.space == space)
        embedded = select(embeddings.c.face_id).where(embeddings.c.space == space)
        strangers = members.where(gallery_members.c.face_id.not_in(rightful)).order_by(gallery_members.c.face_id)
        absent = rightful.where(faces.c.id.in_(embedded), faces.c.id.not_in(members)).order_by(faces.c.id)
        return list(self._connection.scalars(strangers)), list(self._connection.scalars(absent))

    def changes(self, space: str, after: int) -> list[GalleryChange]:
        """Changes of a space with numbers above `after`, rising.

        An addition carries its vector while the face is still searchable in the space. `Conflict` when changes above
        `after` were trimmed: what is known up to there can only be brought up to date by reading all rows.
        """
        if after < self._head.trimmed_through:
            raise Conflict(
                f"The gallery's changes up to {self._head.trimmed_through} are trimmed, so {after} is too old to go on "
                "from: open the current snapshot, or run `matcher reindex`."
            )
        living = and_(
            gallery_changes.c.added,
            gallery_members.c.face_id == gallery_changes.c.face_id,
            gallery_members.c.space == gallery_changes.c.space,
        )
        query = (
            select(gallery_changes.c.change, gallery_changes.c.face_id, gallery_members.c.case_id, embeddings.c.vector)
            .outerjoin(gallery_members, living)
            .outerjoin(embeddings, _MEMBER_VECTOR)
            .where(gallery_changes.c.space == space, gallery_changes.c.change > after)
            .order_by(gallery_changes.c.change)
        )
        rows = self._connection.execute(query).all()
        kept = [(row.face_id, row.case_id, row.vector) for row in rows if row.vector is not None]
        added = iter(self._rows(kept, space, KnownRows.none()) if kept else ())
        return [GalleryChange(row.change, row.face_id, next(added) if row.vector else None) for row in rows]

    def _rows(self, part: Sequence[Any], space: str, known: KnownRows | None = None) -> GalleryRows:
        face_ids, case_ids, kept = zip(*part, strict=True)
        faces, owners = np.array(face_ids, np.int64), np.array(case_ids, np.int64)
        rows = list(zip(case_ids, face_ids, kept, strict=True))
        if known is None or sealed_vectors.sealing(self._keys) is None:
            return GalleryRows(faces, owners, self._opened(rows, space))
        prints = sealed_vectors.prints(kept)
        places = known.places(faces, prints)
        new = np.flatnonzero(places < 0)
        if len(new) == len(rows):
            return GalleryRows(faces, owners, self._opened(rows, space), prints)
        vectors = known.vectors[places]
        if len(new):
            vectors[new] = self._opened([rows[place] for place in new], space)
        return GalleryRows(faces, owners, vectors, prints)

    def _opened(self, rows: Sequence[sealed_vectors.Kept], space: str) -> Vectors:
        return unpack_all(sealed_vectors.opened(self._keys, rows, space))


class GalleryWriting(GalleryReading):
    """The gallery, with its changes."""

    __slots__ = ()

    def add(self, face_id: FaceId, case_id: CaseId, space: str) -> int:
        """Make a face with a kept vector searchable in a space: the number of this change; `Conflict` if it is already.

        A face may be searchable in several spaces at once, so that a new model can be prepared beside the old one.
        """
        member = and_(gallery_members.c.space == space, gallery_members.c.face_id == face_id)
        if self._connection.scalar(select(exists().where(member))):
            raise Conflict(f"The face {id_text(face_id)} is in the gallery already: remove it first to replace it.")
        change = self._head.change_counter + 1
        row = {"face_id": face_id, "case_id": case_id, "space": space, "change": change}
        self._connection.execute(insert(gallery_members), row)
        self._note([(face_id, space)], added=True)
        return self._head.change_counter

    def remove(self, face_ids: Iterable[FaceId], space: str | None = None) -> int:
        """Make faces unsearchable in one space or in all; those that were not are passed over. How many changes this
        took.
        """
        removed = 0
        for some in batches(sorted(set(face_ids))):
            there = true() if space is None else gallery_members.c.space == space
            chosen = and_(gallery_members.c.face_id.in_(some), there)
            query = select(gallery_members.c.face_id, gallery_members.c.space).where(chosen)
            members = [(row.face_id, row.space) for row in self._connection.execute(query)]
            self._connection.execute(delete(gallery_members).where(chosen))
            self._note(members, added=False)
            removed += len(members)
        return removed

    def trim(self, through_change: int) -> int:
        """Forget changes up to a number that every snapshot in use contains: how many were forgotten."""
        through = min(through_change, self._head.change_counter)
        self._head.trimmed_through = max(self._head.trimmed_through, through)
        return self._connection.execute(delete(gallery_changes).where(gallery_changes.c.change <= through)).rowcount

    def _note(self, members: Sequence[tuple[FaceId, str]], *, added: bool) -> None:
        first = self._head.change_counter + 1
        rows = [
            {"change": number, "face_id": face_id, "space": space, "added": added}
            for number, (face_id, space) in enumerate(members, first)
        ]
        if rows:
            self._connection.execute(insert(gallery_changes), rows)
            self._head.change_counter += len(rows)


def _dating(row: Any) -> CaseDetails:
    return CaseDetails(born=row.born, age=row.age, missing_since=missing_since(row))
