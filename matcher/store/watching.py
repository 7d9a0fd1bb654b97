"""The standing watch: which faces are new to it, those that it looks at, how far it has come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, insert, or_, select, update

from matcher.domain.cases import CaseStatus
from matcher.domain.ids import CandidateId, FaceId, SightingId
from matcher.domain.reviews import TaskKind, TaskState
from matcher.domain.scores import Vectors
from matcher.domain.watching import NewMember, WatchedPair, WatchMark
from matcher.store import sealed_vectors
from matcher.store.desk_tables import tasks
from matcher.store.part import SealedPart, batches
from matcher.store.sightings import in_dispute
from matcher.store.tables import cases, embeddings, faces, gallery_members, photos
from matcher.store.vectors import unpack_all
from matcher.store.watch_tables import unwatched_faces, watch_marks, watched_pairs

_BLOCK = 32_768  # 16 MiB of 128 numbers


class WatchReading(SealedPart):
    """What is new, and what it is compared with."""

    __slots__ = ()

    def mark(self, space: str) -> WatchMark | None:
        """How far the watch of a space has come; `None` if it never began."""
        query = select(watch_marks.c.through_change, watch_marks.c.ended_at, watch_marks.c.standing)
        row = self._connection.execute(query.where(watch_marks.c.space == space)).one_or_none()
        return None if row is None else WatchMark(*row)

    def new_members(self, space: str, after: int | None, through: int, limit: int) -> list[NewMember]:
        """Searchable faces whose change is above `after` (`None`: all) and at most `through`, by change."""
        found = gallery_members.c
        query = select(found.change, found.face_id, found.case_id).where(found.space == space, found.change <= through)
        if after is not None:
            query = query.where(found.change > after)
        rows = self._connection.execute(query.order_by(found.change, found.face_id).limit(limit))
        return [NewMember(*row) for row in rows]

    def members(self, space: str, face_ids: Iterable[FaceId]) -> set[FaceId]:
        """Those of the faces that are searchable in a space."""
        found: set[FaceId] = set()
        for some in batches(sorted(set(face_ids))):
            wanted = gallery_members.c.space == space, gallery_members.c.face_id.in_(some)
            found.update(self._connection.scalars(select(gallery_members.c.face_id).where(*wanted)))
        return found

    def faces(self, space: str, block: int = _BLOCK) -> Iterator[tuple[Sequence[FaceId], Vectors]]:
        """The faces of unresolved sightings that have a vector in a space, in no order, streamed: ids and (n, dim)."""
        query = select(photos.c.sighting_id, faces.c.id, embeddings.c.vector).where(embeddings.c.space == space)
        query = _of_sightings(query.select_from(faces)).join(embeddings, embeddings.c.face_id == faces.c.id)
        with self._connection.execute(query, execution_options={"yield_per": block}) as result:
            for part in result.partitions():
                vectors = sealed_vectors.opened(self._keys, [(row[0], row[1], row[2]) for row in part], space)
                yield [row[1] for row in part], unpack_all(vectors)

    def unresolved(self, face_ids: Iterable[FaceId]) -> dict[FaceId, SightingId]:
        """Those of the faces that are still faces of unresolved sightings, with these."""
        found: dict[FaceId, SightingId] = {}
        for some in batches(sorted(set(face_ids))):
            query = _of_sightings(select(faces.c.id, photos.c.sighting_id)).where(faces.c.id.in_(some))
            found.update((row[0], row[1]) for row in self._connection.execute(query))
        return found

    def waiting(self, space: str, after: FaceId | None, limit: int) -> list[FaceId]:
        """Faces of sightings that wait to be searched against all cases of a space, by id, beginning behind `after`."""
        face_id = unwatched_faces.c.face_id
        query = select(face_id).where(unwatched_faces.c.space == space)
        if after is not None:
            query = query.where(face_id > after)
        return list(self._connection.scalars(query.order_by(face_id).limit(limit)))

    def gone(self, space: str) -> list[tuple[WatchedPair, bool]]:
        """The pairs that stood at the last watch and are not asked any more, by case and sighting.

        True: the case has ended; False: people have decided about the pair. What was erased left no trace here.
        """
        pairs, decided = watched_pairs.c, tasks.alias("decided")
        ended = cases.c.status != CaseStatus.OPEN
        of_pair = and_(
            decided.c.candidate_id == pairs.candidate_id, decided.c.state.in_((TaskState.EXCLUDED, TaskState.CONFIRMED))
        )
        query = (
            select(pairs.candidate_id, pairs.case_id, pairs.sighting_id, ended)
            .join(cases, cases.c.id == pairs.case_id)
            .where(pairs.space == space, or_(ended, exists().where(of_pair)))
            .order_by(pairs.case_id, pairs.sighting_id, pairs.candidate_id)
        )
        return [(WatchedPair(row[0], row[1], row[2]), bool(row[3])) for row in self._connection.execute(query)]

    def standing(self, space: str) -> int:
        """How many pairs the watch has found of which it has not said that they are gone."""
        query = select(func.count()).select_from(watched_pairs).where(watched_pairs.c.space == space)
        return self._connection.scalar(query) or 0


class WatchWriting(WatchReading):
    """The same, with changes."""

    __slots__ = ()

    def begin(self, space: str) -> WatchMark:
        """How far the watch of a space has come, which may be: nowhere. Faces that are embedded from now on wait."""
        found = self.mark(space)
        if found is None:
            self._connection.execute(insert(watch_marks), {"space": space})
        return found or WatchMark(None, None, None)

    def move(self, space: str, through_change: int) -> None:
        """Cases' faces up to this change have met all faces of sightings; never backwards."""
        behind = or_(watch_marks.c.through_change.is_(None), watch_marks.c.through_change < through_change)
        here = and_(watch_marks.c.space == space, behind)
        self._connection.execute(update(watch_marks).where(here).values(through_change=through_change))

    def end(self, space: str, at: datetime) -> None:
        """A watch is complete; what stands now is what the next one compares with. Erased faces wait no longer."""
        face_id = unwatched_faces.c.face_id
        unknown = ~exists().where(embeddings.c.face_id == face_id, embeddings.c.space == space)
        self._connection.execute(delete(unwatched_faces).where(unwatched_faces.c.space == space, unknown))
        values = {"ended_at": at, "standing": self.standing(space)}
        self._connection.execute(update(watch_marks).where(watch_marks.c.space == space).values(values))

    def wait(self, face_ids: Iterable[FaceId], space: str | None = None) -> None:
        """Let the next watch search faces of sightings against all cases: in a space, or in all that know them.

        In a space whose watch never began, all faces wait anyway.
        """
        begun = watch_marks.c.space == embeddings.c.space
        query = select(embeddings.c.face_id, embeddings.c.space).join(watch_marks, begun)
        for some in batches(sorted(set(face_ids))):
            wanted = query.where(embeddings.c.face_id.in_(some))
            if space is not None:
                wanted = wanted.where(embeddings.c.space == space)
            waits = exists().where(
                unwatched_faces.c.space == embeddings.c.space, unwatched_faces.c.face_id == embeddings.c.face_id
            )
            new = wanted.where(~waits)
            self._connection.execute(insert(unwatched_faces).from_select(["face_id", "space"], new))

    def searched(self, face_ids: Iterable[FaceId], space: str) -> None:
        """Faces of sightings were searched against all cases of a space."""
        for some in batches(sorted(set(face_ids))):
            here = unwatched_faces.c.space == space, unwatched_faces.c.face_id.in_(some)
            self._connection.execute(delete(unwatched_faces).where(*here))

    def found(self, pairs: Sequence[WatchedPair], space: str) -> None:
        """Remember new pairs."""
        rows = [
            {"candidate_id": one.candidate_id, "space": space, "case_id": one.case_id, "sighting_id": one.sighting_id}
            for one in pairs
        ]
        if rows:
            self._connection.execute(insert(watched_pairs), rows)

    def forget(self, ids: Iterable[CandidateId]) -> None:
        """Forget pairs of which it was said that they are gone."""
        for some in batches(sorted(set(ids))):
            self._connection.execute(delete(watched_pairs).where(watched_pairs.c.candidate_id.in_(some)))


def unresolved() -> ColumnElement[bool]:
    """Of faces of sightings, those about which it still asks: no case is confirmed for the face, it is not on a photo
    of which another face was marked as the one that is meant, and its sighting is not disputed.
    """
    others = faces.alias("others")
    confirmed = select(tasks.c.face_id).where(tasks.c.state == TaskState.CONFIRMED, tasks.c.kind == TaskKind.PAIR)
    another = exists().where(
        others.c.photo_id == faces.c.photo_id, others.c.choice.is_not(None), others.c.id != faces.c.id
    )
    disputed = select(photos.c.id).where(in_dispute(photos.c.sighting_id)).correlate(None)
    return and_(faces.c.id.not_in(confirmed), ~another, faces.c.photo_id.not_in(disputed))


def _of_sightings(query: Select[Any]) -> Select[Any]:
    of_sighting = photos.c.sighting_id.is_not(None)
    return query.join(photos, photos.c.id == faces.c.photo_id).where(of_sighting, unresolved())
