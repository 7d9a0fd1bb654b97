"""Looking through the whole database for what may be left of something that was erased."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, select, union

from matcher.domain.ids import FaceId
from matcher.domain.scores import Vectors
from matcher.store.columns import Id
from matcher.store.ending_tables import erasures
from matcher.store.faces import FaceReading
from matcher.store.part import SealedPart
from matcher.store.tables import embeddings, metadata, photos

_BLOCK = 4096
_PAGES = 1 << 22


class RemainsReading(SealedPart):
    """Everything in which faces and their owners are named, from the first row to the last."""

    __slots__ = ()

    def naming(self, subject_id: int) -> dict[str, int]:
        """How many rows name an id, by table and column; tombstones do not count, and where there is none is left out.

        Ids are random numbers of 63 bits, so one that is found is no coincidence.
        """
        found = {}
        for table in metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, Id) and table is not erasures:
                    count = self._connection.scalar(select(func.count()).where(column == subject_id))
                    found[f"{table.name}.{column.name}"] = count or 0
        return {name: count for name, count in found.items() if count}

    def face_ids(self) -> Iterator[int]:
        """The ids of all faces that any table names, each once."""
        columns = [
            table.c[name]
            for table in metadata.sorted_tables
            for name in ("face_id", "gallery_face_id")
            if name in table.c
        ]
        query = union(*(select(column) for column in [metadata.tables["faces"].c.id, *columns]))
        with self._connection.execute(query, execution_options={"yield_per": _BLOCK}) as rows:
            yield from (row[0] for row in rows)

    def vectors(self) -> Iterator[tuple[FaceId, Vectors]]:
        """All embeddings of all spaces, streamed."""
        faces = FaceReading(self._connection, self._head, self._keys)
        for space in self._connection.scalars(select(embeddings.c.space).distinct()).all():
            after = 0
            while True:
                query = select(embeddings.c.face_id).where(embeddings.c.space == space, embeddings.c.face_id > after)
                some = list(self._connection.scalars(query.order_by(embeddings.c.face_id).limit(_BLOCK)))
                if not some:
                    break
                yield from faces.vectors(some, space).items()
                after = some[-1]

    def photo_digests(self) -> Iterator[tuple[int, str]]:
        """The owner and the digest of the bytes of each photo."""
        query = select(func.coalesce(photos.c.case_id, photos.c.sighting_id), photos.c.digest)
        with self._connection.execute(query, execution_options={"yield_per": _BLOCK}) as rows:
            yield from ((row[0], row[1]) for row in rows)


def pages_naming(file: Path, subject_id: int) -> int:
    """How often a SQLite file, or its write-ahead log, holds an id as its rows do: eight bytes, the highest first.

    A tombstone does not count: the key of a row is written in another form.
    """
    wanted = subject_id.to_bytes(8, "big")
    return sum(_count(path, wanted) for path in (file, file.with_name(f"{file.name}-wal")) if path.is_file())


def _count(path: Path, wanted: bytes) -> int:
    count, before = 0, b""
    with path.open("rb") as opened:
        while block := opened.read(_PAGES):
            count += (before + block).count(wanted)
            before = block[-len(wanted) + 1 :]
    return count
