"""Embedding spaces: what each is to this home, which faces it lacks, and its end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, insert, or_, select, text, tuple_, update

from matcher.domain.cases import CaseStatus
from matcher.domain.ids import FaceId, PhotoId
from matcher.domain.reviews import TaskState
from matcher.domain.space import Coverage, KnownSpace, SpacePart, SpaceState
from matcher.store.desk_tables import tasks
from matcher.store.part import Part, batches
from matcher.store.space_tables import embedding_spaces, unembedded_faces
from matcher.store.tables import cases, embeddings, faces, photos
from matcher.store.watch_tables import unwatched_faces, watch_marks, watched_pairs
from matcher.store.watching import unresolved

_IS_PAIR = text("tasks.kind = 'pair'")


class SpaceReading(Part):
    """Embedding spaces by name."""

    __slots__ = ()

    def all(self) -> list[KnownSpace]:
        """What is known of each space that was live or a shadow, the latest change first."""
        query = select(embedding_spaces).order_by(embedding_spaces.c.since.desc(), embedding_spaces.c.space)
        rows = self._connection.execute(query)
        return [KnownSpace(row.space, row.backend, row.state, row.since) for row in rows]

    def in_state(self, state: SpaceState) -> KnownSpace | None:
        """The space in a state of which there is one at most: all but `OLD`."""
        return next((one for one in self.all() if one.state is state), None)

    def sizes(self) -> dict[str, int]:
        """How many vectors each space has, of those that have any."""
        query = select(embeddings.c.space, func.count()).group_by(embeddings.c.space)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def coverage(self, space: str, part: SpacePart) -> Coverage:
        """How much of a part is embedded in a space."""
        wanted = select(faces.c.id).where(_wanted(part))
        counts = [
            self._connection.scalar(select(func.count()).select_from(query.subquery())) or 0
            for query in (wanted, wanted.where(_embedded(space)), wanted.where(~_embedded(space), _not_found(space)))
        ]
        return Coverage(*counts)

    def untried(
        self, space: str, part: SpacePart, limit: int, after: tuple[PhotoId, FaceId] = (PhotoId(-1), FaceId(-1))
    ) -> list[tuple[PhotoId, FaceId]]:
        """Faces of a part that lack a vector in a space and were not tried in vain, by photo, from behind `after`."""
        query = (
            select(faces.c.photo_id, faces.c.id)
            .where(_wanted(part), ~_embedded(space), ~_not_found(space))
            .where(tuple_(faces.c.photo_id, faces.c.id) > after)
            .order_by(faces.c.photo_id, faces.c.id)
            .limit(limit)
        )
        return [(row[0], row[1]) for row in self._connection.execute(query)]

    def embedded(self, space: str, limit: int) -> list[FaceId]:
        """Up to `limit` faces with a vector in a space, by id."""
        query = select(embeddings.c.face_id).where(embeddings.c.space == space).order_by(embeddings.c.face_id)
        return list(self._connection.scalars(query.limit(limit)))

    def count_not_found(self, space: str, part: SpacePart) -> int:
        """How many faces of a part the models of a space did not find; none of them has a vector there."""
        wanted = select(faces.c.id).where(_not_found(space), _wanted(part), ~_embedded(space))
        return self._connection.scalar(select(func.count()).select_from(wanted.subquery())) or 0

    def not_found(self, space: str) -> frozenset[FaceId]:
        """The faces that the models of a space did not find."""
        query = select(unembedded_faces.c.face_id).where(unembedded_faces.c.space == space)
        return frozenset(self._connection.scalars(query))


class SpaceWriting(SpaceReading):
    """The same, with changes."""

    __slots__ = ()

    def put(self, known: KnownSpace) -> None:
        """Note what a space is; another one that was the same, of states of which there is one, is old from then on."""
        table, values = embedding_spaces, {"backend": known.backend, "state": known.state, "since": known.since}
        same = and_(table.c.state == known.state, table.c.space != known.name)
        if known.state is not SpaceState.OLD:
            self._connection.execute(update(table).where(same).values(state=SpaceState.OLD, since=known.since))
        if not self._connection.execute(update(table).where(table.c.space == known.name).values(values)).rowcount:
            self._connection.execute(insert(table), {"space": known.name, **values})

    def note_not_found(self, face_ids: Iterable[FaceId], space: str, at: datetime) -> None:
        """Keep that the models of a space did not find these faces."""
        table = unembedded_faces
        for some in batches(sorted(set(face_ids))):
            query = select(table.c.face_id).where(table.c.space == space, table.c.face_id.in_(some))
            known = set(self._connection.scalars(query))
            rows = [{"space": space, "face_id": face, "at": at} for face in some if face not in known]
            if rows:
                self._connection.execute(insert(table), rows)

    def forget_vectors(self, face_ids: Iterable[FaceId], space: str) -> None:
        """Delete the vectors of faces in one space, which must have left its gallery (`Conflict`)."""
        for some in batches(sorted(set(face_ids))):
            chosen = and_(embeddings.c.space == space, embeddings.c.face_id.in_(some))
            self._connection.execute(delete(embeddings).where(chosen))

    def forget(self, space: str) -> None:
        """Delete what is kept of a space beside its vectors."""
        for table in (unembedded_faces, embedding_spaces, watch_marks, unwatched_faces, watched_pairs):
            self._connection.execute(delete(table).where(table.c.space == space))


def _embedded(space: str) -> ColumnElement[bool]:
    return exists().where(embeddings.c.face_id == faces.c.id, embeddings.c.space == space)


def _not_found(space: str) -> ColumnElement[bool]:
    """Those are few: as a list, to be looked up each, where a condition would be asked of all faces."""
    return faces.c.id.in_(select(unembedded_faces.c.face_id).where(unembedded_faces.c.space == space))


def _wanted(part: SpacePart) -> ColumnElement[bool]:
    """The faces of a part. Beyond the open cases only those that still have a vector: the others were let go."""
    if part is SpacePart.CASES:
        return and_(faces.c.choice.is_not(None), _photo_of_case(_open_cases()))
    retained = exists().where(embeddings.c.face_id == faces.c.id)
    return and_(retained, _judged() if part is SpacePart.JUDGED else _unresolved())


def _open_cases() -> Select[tuple[int]]:
    return select(cases.c.id).where(cases.c.status == CaseStatus.OPEN)


def _photo_of_case(which: Select[tuple[int]]) -> ColumnElement[bool]:
    return faces.c.photo_id.in_(select(photos.c.id).where(photos.c.case_id.in_(which)))


def _judged() -> ColumnElement[bool]:
    """A confirmed pair has a case that is closed; an excluded one counts while its case is open."""
    excluded = and_(tasks.c.state == TaskState.EXCLUDED, tasks.c.case_id.in_(_open_cases()))
    judged = and_(_IS_PAIR, or_(tasks.c.state == TaskState.CONFIRMED, excluded))
    child = and_(faces.c.choice.is_not(None), _photo_of_case(select(tasks.c.case_id).where(judged)))
    return or_(faces.c.id.in_(select(tasks.c.face_id).where(judged)), child)


def _unresolved() -> ColumnElement[bool]:
    of_sighting = select(photos.c.id).where(photos.c.sighting_id.is_not(None))
    return and_(faces.c.photo_id.in_(of_sighting), unresolved())
