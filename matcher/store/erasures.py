"""Erasing a case or sighting from every table, and the tombstones that this leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, delete, exists, func, insert, or_, select, text, update

from matcher.domain.erasures import Erasure, Subject, SubjectKind
from matcher.domain.ids import CandidateId, FaceId, SightingId, id_text
from matcher.store.columns import Id
from matcher.store.desk_tables import (
    case_recusals,
    claims,
    decisions,
    list_answers,
    notices,
    outbox,
    sighting_recusals,
    tasks,
    verdicts,
)
from matcher.store.ending_tables import erasures
from matcher.store.part import Part
from matcher.store.public_tables import alerts, bulletins, cards, likenesses, public_disputes, reports
from matcher.store.reports import duplicates_queued
from matcher.store.space_tables import unembedded_faces
from matcher.store.tables import (
    candidates,
    case_relations,
    cases,
    consents,
    embeddings,
    faces,
    gallery_members,
    idempotency_keys,
    photos,
    sightings,
    status_changes,
)
from matcher.store.watch_tables import unwatched_faces, watched_pairs

_FIELDS = tuple(field.name for field in fields(Erasure))
_ROOTS = {SubjectKind.CASE: cases, SubjectKind.SIGHTING: sightings}
_IS_LIST = text("tasks.kind = 'list'")


class ErasureReading(Part):
    """Tombstones, and what there is of a case or sighting."""

    __slots__ = ()

    def get(self, subject_id: int) -> Erasure | None:
        """The tombstone of what had this id."""
        return next(iter(self._listed(select(erasures).where(erasures.c.id == subject_id))), None)

    def all(self) -> list[Erasure]:
        """All tombstones in the order of time."""
        return self._listed(select(erasures).order_by(erasures.c.at, erasures.c.id))

    def count(self) -> int:
        """How many there are."""
        return self._connection.scalar(select(func.count()).select_from(erasures)) or 0

    def pending(self) -> list[Erasure]:
        """Those of which something is not known to be gone."""
        awaited = (erasures.c.files_gone_at, erasures.c.pages_gone_at, erasures.c.snapshots_gone_at)
        query = select(erasures).where(or_(*(column.is_(None) for column in awaited)))
        return self._listed(query.order_by(erasures.c.at, erasures.c.id))

    def is_there(self, subject: Subject) -> bool:
        """Whether there is such a case or sighting."""
        root = _ROOTS[subject.kind]
        return bool(self._connection.scalar(select(exists().where(root.c.id == subject.id))))

    def trimmed_through(self) -> int:
        """The last change of the gallery that is forgotten."""
        return self._head.trimmed_through

    def faces_of(self, subject: Subject) -> list[FaceId]:
        """All faces on the photos of a case or sighting."""
        return list(self._connection.scalars(_Own(subject).faces))

    def ids_of(self, subject: Subject) -> set[int]:
        """The ids of everything that goes with it: its own, of photos, faces, candidates, tasks and claims."""
        found = {subject.id}
        own = _Own(subject)
        published = [select(table.c.id).where(condition) for table, condition in own.published]
        for query in (own.photos, own.faces, own.candidates, own.tasks, own.claims, *published):
            found.update(self._connection.scalars(query))
        return found

    def rows_of(self, subject: Subject) -> dict[str, list[dict[str, Any]]]:
        """Every row that is of a case or sighting, by table, ids as they are shown; without its vectors, which
        `FaceReading` gives.
        """
        found: dict[str, list[dict[str, Any]]] = {}
        own = _Own(subject)
        for table, condition in (*own.rows(), *own.told()):
            if table is not embeddings:
                rows = self._connection.execute(select(table).where(condition)).mappings()
                found[table.name] = [_shown(table, row) for row in rows]
        return {name: rows for name, rows in found.items() if rows}

    def _listed(self, query: Select[Any]) -> list[Erasure]:
        return [_erasure(row) for row in self._connection.execute(query).mappings()]


class ErasureWriting(ErasureReading):
    """The same, with erasing."""

    __slots__ = ()

    def add(self, erasure: Erasure) -> None:
        """Keep a tombstone, instead of one of the same id."""
        self._connection.execute(delete(erasures).where(erasures.c.id == erasure.id))
        self._connection.execute(insert(erasures), {name: _plain(getattr(erasure, name)) for name in _FIELDS})

    def note_gone(self, subject_id: int, **times: datetime) -> None:
        """Keep since when files, pages or snapshots are known to be gone."""
        self._connection.execute(update(erasures).where(erasures.c.id == subject_id).values(**times))

    def remove(self, subject: Subject, now: datetime) -> dict[str, int]:
        """Delete every row that is of a case or sighting: how many of each table; those of none are left out.

        Its faces must have left the gallery. Answers of lists stay, without the candidates that were on them for the
        case; a list with such a candidate that somebody works on now is given back, since its places would not be
        true any more.
        """
        removed: dict[str, int] = {}
        if subject.kind is SubjectKind.CASE:
            removed["list_places"] = self._take_off_lists(subject, now)
        own = _Own(subject)
        heir = None if subject.kind is SubjectKind.CASE else self._heir(SightingId(subject.id))
        if subject.kind is SubjectKind.CASE:
            self._connection.execute(update(reports).where(reports.c.about == subject.id).values(about=None))
        else:
            # What was not searched for as its duplicate has nothing beside which it could stand any more.
            self._connection.execute(duplicates_queued(SightingId(subject.id)))
            beside = update(sightings).where(sightings.c.merged_into == subject.id)
            self._connection.execute(beside.values(merged_into=None))
        gone = select(tasks.c.id).where(own.of(tasks))
        self._connection.execute(update(claims).where(claims.c.instead_of.in_(gone)).values(instead_of=None))
        for table, condition in own.rows():
            count = self._connection.execute(delete(table).where(condition)).rowcount
            removed[table.name] = removed.get(table.name, 0) + count
        if heir is not None:
            self._inherit(SightingId(subject.id), *heir)
        return {name: count for name, count in removed.items() if count}

    def _heir(self, first: SightingId) -> tuple[SightingId, str] | None:
        """What was added first to a report, and the report's code, by which the reporter goes on taking it back."""
        added = select(reports.c.sighting_id).where(reports.c.adds_to == first)
        heir = self._connection.scalar(added.order_by(reports.c.received_at, reports.c.sighting_id).limit(1))
        receipt = self._connection.scalar(select(reports.c.receipt).where(reports.c.sighting_id == first))
        return None if heir is None or receipt is None else (SightingId(heir), receipt)

    def _inherit(self, first: SightingId, heir: SightingId, receipt: str) -> None:
        """Let what was added to a report that is gone have its code."""
        self._connection.execute(update(reports).where(reports.c.adds_to == first).values(adds_to=heir))
        own = update(reports).where(reports.c.sighting_id == heir)
        self._connection.execute(own.values(adds_to=None, receipt=receipt))

    def _take_off_lists(self, subject: Subject, now: datetime) -> int:
        gone = frozenset(self._connection.scalars(select(candidates.c.id).where(candidates.c.case_id == subject.id)))
        listed = select(candidates.c.face_id).where(candidates.c.case_id == subject.id)
        lists = select(tasks.c.id).where(_IS_LIST, tasks.c.face_id.in_(listed))
        taken = 0
        answered = select(list_answers.c.id, list_answers.c.picks, list_answers.c.shown)
        for row in self._connection.execute(answered.where(list_answers.c.task_id.in_(lists))).all():
            kept = {name: _without(getattr(row, name), gone) for name in ("picks", "shown")}
            taken += len(row.shown) - len(kept["shown"])
            self._connection.execute(update(list_answers).where(list_answers.c.id == row.id).values(kept))
        begun = select(claims.c.id, claims.c.draft).where(claims.c.task_id.in_(lists), claims.c.draft.is_not(None))
        for claim in self._connection.execute(begun).all():
            if not gone.isdisjoint(claim.draft["shown"]):
                given_back = {"released_at": func.coalesce(claims.c.released_at, now), "draft": None}
                self._connection.execute(update(claims).where(claims.c.id == claim.id).values(given_back))
        return taken


class _Own:
    """What belongs to a case or a sighting, as queries and conditions."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.photos = select(photos.c.id).where(self.of(photos))
        self.faces = select(faces.c.id).where(faces.c.photo_id.in_(self.photos))
        self.candidates = select(candidates.c.id).where(self.of(candidates))
        self.tasks = select(tasks.c.id).where(self.of(tasks))
        self.claims = select(claims.c.id).where(claims.c.task_id.in_(self.tasks))
        # Of a sighting there are none: these tables name cases only.
        is_case = subject.kind is SubjectKind.CASE
        self.published = tuple((one, self.of(one)) for one in (alerts, cards, public_disputes) if is_case)

    def told(self) -> Iterator[tuple[Table, ColumnElement[bool]]]:
        """What was told of its alerts, which stays without its content."""
        if self._subject.kind is SubjectKind.CASE:
            yield bulletins, bulletins.c.alert_id.in_(select(alerts.c.id).where(self.of(alerts)))

    def of(self, table: Table) -> ColumnElement[bool]:
        """Its rows in a table that names cases or sightings."""
        return table.c[f"{self._subject.kind.value}_id"] == self._subject.id

    def rows(self) -> Iterator[tuple[Table, ColumnElement[bool]]]:
        """Tables with the rows that go, in an order in which nothing is left that refers to what is gone."""
        yield from self.published
        yield likenesses, likenesses.c.photo_id.in_(self.photos)
        for table in (notices, decisions, verdicts, list_answers, claims):
            yield table, table.c.task_id.in_(self.tasks)
        yield outbox, outbox.c.about.in_(self.tasks)
        yield tasks, self.of(tasks)
        yield candidates, self.of(candidates)
        yield watched_pairs, self.of(watched_pairs)
        for table in (gallery_members, unwatched_faces, unembedded_faces, embeddings):
            yield table, table.c.face_id.in_(self.faces)
        yield faces, faces.c.photo_id.in_(self.photos)
        yield photos, self.of(photos)
        if self._subject.kind is SubjectKind.CASE:
            either = case_relations.c.first, case_relations.c.second
            yield case_relations, or_(*(column == self._subject.id for column in either))
            beside: tuple[Table, ...] = (status_changes, case_recusals, consents)
        else:
            beside = (idempotency_keys, sighting_recusals, reports)
        for table in beside:
            yield table, self.of(table)
        root = _ROOTS[self._subject.kind]
        yield root, root.c.id == self._subject.id


def _without(kept: Sequence[CandidateId], gone: frozenset[int]) -> list[CandidateId]:
    return [one for one in kept if one not in gone]


def _shown(table: Table, row: Mapping[Any, Any]) -> dict[str, Any]:
    ids = {column.name for column in table.c if isinstance(column.type, Id) and column is not photos.c.size}
    return {name: id_text(value) if name in ids and value is not None else value for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def _erasure(row: Mapping[Any, Any]) -> Erasure:
    lists = {name: tuple(row[name]) for name in ("vectors", "pictures", "faces")}
    return Erasure(**{**row, **lists})
