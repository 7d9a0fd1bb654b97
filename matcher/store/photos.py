"""Photos of cases and sightings: the records; the bytes lie in the blob store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, func, insert, select, update

from matcher.domain.cases import Photo, PhotoState
from matcher.domain.faces import Shortfall
from matcher.domain.ids import CaseId, PhotoId, SightingId
from matcher.errors import Conflict, NotFound
from matcher.store.part import Part, batches
from matcher.store.tables import photos

_FIELDS = tuple(field.name for field in fields(Photo))


class PhotoReading(Part):
    """Photo records, by id, owner, state or digest."""

    __slots__ = ()

    def get(self, photo_id: PhotoId) -> Photo | None:
        """The photo of this id."""
        return self.by_ids([photo_id]).get(photo_id)

    def by_ids(self, photo_ids: Iterable[PhotoId]) -> dict[PhotoId, Photo]:
        """Those of the photos that exist."""
        groups = batches(sorted(set(photo_ids)))
        return {photo.id: photo for some in groups for photo in self._where(photos.c.id.in_(some))}

    def of_case(self, case_id: CaseId) -> list[Photo]:
        """A case's photos by position."""
        return self._where(photos.c.case_id == case_id)

    def of_cases(self, case_ids: Iterable[CaseId]) -> dict[CaseId, list[Photo]]:
        """The photos of several cases by position; a case without a photo has an empty list."""
        wanted = sorted(set(case_ids))
        found: dict[CaseId, list[Photo]] = {case_id: [] for case_id in wanted}
        for some in batches(wanted):
            for photo in self._where(photos.c.case_id.in_(some)):
                if photo.case_id is not None:
                    found[photo.case_id].append(photo)
        return found

    def of_sighting(self, sighting_id: SightingId) -> list[Photo]:
        """A sighting's photos by position."""
        return self._where(photos.c.sighting_id == sighting_id)

    def with_digest(self, digest: str) -> list[Photo]:
        """Photos that are kept as these very bytes, whoever owns them: the same picture, whatever its metadata told."""
        return self._where(photos.c.digest == digest)

    def owners_of(self, digest: str) -> tuple[set[CaseId], set[SightingId]]:
        """The cases and the sightings that hold these very bytes; a photo that goes round has thousands."""
        query = select(photos.c.case_id, photos.c.sighting_id).where(photos.c.digest == digest)
        rows = self._connection.execute(query).all()
        of_cases = {row.case_id for row in rows if row.case_id is not None}
        return of_cases, {row.sighting_id for row in rows if row.sighting_id is not None}

    def shared_between_cases(self) -> list[frozenset[CaseId]]:
        """The cases that hold one picture together, for each such picture: the same child twice, or a mistake.

        The same bytes after metadata are removed count as one picture.
        """
        of_cases = photos.c.case_id.is_not(None)
        shared = select(photos.c.digest).where(of_cases).group_by(photos.c.digest)
        shared = shared.having(func.min(photos.c.case_id) != func.max(photos.c.case_id))
        query = select(photos.c.digest, photos.c.case_id).where(of_cases, photos.c.digest.in_(shared))
        holders: dict[str, set[CaseId]] = {}
        for row in self._connection.execute(query):
            holders.setdefault(row.digest, set()).add(row.case_id)
        return [frozenset(holders[digest]) for digest in sorted(holders)]

    def with_blobs(self, keys: Iterable[str]) -> set[str]:
        """Those of the blob keys that a photo refers to."""
        found: set[str] = set()
        for some in batches(sorted(set(keys))):
            found.update(self._connection.scalars(select(photos.c.blob).where(photos.c.blob.in_(some))))
        return found

    def files(self) -> Iterator[tuple[PhotoId, str]]:
        """The id and the blob key of every photo, streamed by rising id."""
        query = select(photos.c.id, photos.c.blob).order_by(photos.c.id)
        with self._connection.execute(query, execution_options={"yield_per": 10_000}) as rows:
            for row in rows:
                yield row.id, row.blob

    def list_case_photos(
        self, state: PhotoState, after: PhotoId | None = None, limit: int | None = None
    ) -> list[Photo]:
        """Photos of cases in this state, for example those that wait for a choice, by rising id behind `after`."""
        query = select(photos).where(photos.c.case_id.is_not(None) & (photos.c.state == state))
        if after is not None:
            query = query.where(photos.c.id > after)
        query = query.order_by(photos.c.id).limit(limit)
        return [_photo(row) for row in self._connection.execute(query).mappings()]

    def _where(self, condition: ColumnElement[bool]) -> list[Photo]:
        query = select(photos).where(condition).order_by(photos.c.position, photos.c.id)
        return [_photo(row) for row in self._connection.execute(query).mappings()]


class PhotoWriting(PhotoReading):
    """Photo records, with their changes."""

    __slots__ = ()

    def add(self, photo: Photo) -> None:
        """Keep a new photo; `Conflict` when its owner has these bytes already."""
        if self._where(photos.c.blob == photo.blob):
            raise Conflict(f"The photo '{photo.blob}' is kept already: an owner keeps the same bytes once.")
        self._connection.execute(insert(photos), _columns(photo))

    def update(self, photo: Photo) -> None:
        """Replace what is kept of a photo by this; `NotFound` for an unknown id."""
        changed = self._connection.execute(update(photos).where(photos.c.id == photo.id).values(_columns(photo)))
        if not changed.rowcount:
            raise NotFound(f"There is no photo '{photo.blob}' to update.")


def _columns(photo: Photo) -> dict[str, Any]:
    values = {name: getattr(photo, name) for name in _FIELDS}
    return values | {"shortfall": None if photo.shortfall is None else asdict(photo.shortfall)}


def _photo(row: RowMapping) -> Photo:
    shortfall = row["shortfall"]
    return Photo(**{**row, "shortfall": None if shortfall is None else Shortfall(**shortfall)})
