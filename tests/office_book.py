"""What somebody with pencil and paper would know of a home: the book that its nights are held against."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from offices import ME, Office
from pictures import child

from matcher.domain.ids import SightingId, id_text, parse_id
from matcher.domain.scores import Vectors
from matcher.gallery.manifest import read_manifest
from matcher.gallery.snapshots import open_snapshot, snapshot_names
from matcher.images.decode import open_image

SIZE = 150
_VERDICTS = """
SELECT verdicts.id, verdicts.outcome, verdicts.person_id, verdicts.round, verdicts.similarity, verdicts.space,
       tasks.case_id, tasks.sighting_id
FROM verdicts JOIN tasks ON tasks.id = verdicts.task_id
"""


@dataclass
class Gone:
    """Something erased: its bytes, by which remains of it would be known, and its copy of the photo."""

    photo: bytes
    vectors: list[bytes]


@dataclass
class Book:
    """Cases by number and sightings by id, with the child on their photo; days are counted from the first."""

    rng: random.Random
    open: dict[str, int] = field(default_factory=dict)
    ended: dict[str, tuple[int, int]] = field(default_factory=dict)  # the child, and the day of the end
    ids: dict[str, str] = field(default_factory=dict)
    sightings: dict[str, tuple[int, int]] = field(default_factory=dict)  # the child, and the day
    gone: dict[str, Gone] = field(default_factory=dict)
    judged: dict[int, tuple[object, ...]] = field(default_factory=dict)
    children: int = 0

    def register(self, office: Office, count: int) -> None:
        """Register new children, some of whom were seen before they were registered."""
        seen = {seed for seed, _ in self.sightings.values()}
        known = {*self.open.values(), *(seed for seed, _ in self.ended.values())}
        waiting = sorted(seen - known)[: count // 2]
        for _ in range(count - len(waiting)):
            self.children += 1
            waiting.append(self.children)
        for seed in waiting:
            number = f"A-{seed}-{len(self.ids)}"
            office.matcher.add_case(number, photos=[child(seed, size=SIZE)], actor=ME)
            with office.matcher.context.store.read() as reading:
                self.open[number], self.ids[number] = seed, id_text(reading.cases.get(number).id)

    def report(self, office: Office, count: int, day: int) -> None:
        """Report sightings, half of them of children whom nobody has registered yet."""
        for turn in range(count):
            if turn % 2 and self.open:
                seed = self.rng.choice(sorted(self.open.values()))
            else:
                self.children += 1
                seed = self.children
            receipt = office.matcher.submit_sighting([child(seed, 1, size=SIZE)], actor=ME)
            self.sightings[receipt.id] = (seed, day)

    def judge(self, office: Office, lists: int) -> None:
        """Answer lists by picking who it is, if the case is open, and judge what was picked."""
        for _ in range(lists):
            claim = office.matcher.desk.next(office.cat, "list")
            if claim is None:
                return
            office.matcher.desk.list_sheet(office.cat, claim.claim)
            seed = self.sightings[self._sighting_of(office, claim.claim)][0]
            numbers = [number for number, of in self.open.items() if of == seed]
            shown = {face.photo_id for face in office.matcher.desk.faces(office.cat, claim.claim).places}
            picked = [number for number in numbers if shown & self._photos(office, number)]
            office.matcher.desk.seal_list(
                office.cat, claim.claim, [office.place(office.cat, claim, number) for number in picked]
            )
        for acting in (office.ann, office.ben):
            for _ in range(lists):
                claim = office.matcher.desk.next(acting, "pair")
                if claim is None:
                    break
                office.matcher.desk.pair_sheet(acting, claim.claim)
                outcome = self.rng.choice(["potential", "no_candidate", "inconclusive"])
                office.matcher.desk.seal_pair(acting, claim.claim, outcome)

    def end(self, office: Office, count: int, day: int) -> None:
        """End cases."""
        for number in self.rng.sample(sorted(self.open), min(count, len(self.open) - 1)):
            office.matcher.close_case(number, status="returned", actor=ME)
            self.ended[number] = self.open.pop(number), day

    def erase(self, office: Office, cases: int, sightings: int) -> None:
        """Erase cases, open or ended, and sightings; what they consisted of is written down before."""
        for number in self.rng.sample(sorted(self.open | self.ended), min(cases, len(self.open))):
            seed = self.open.pop(number) if number in self.open else self.ended.pop(number)[0]
            self.gone[self.ids[number]] = self._remains(office, child(seed, size=SIZE))
            office.matcher.endings.erase_case(office.officer, number)
        for sighting in self.rng.sample(sorted(self.sightings), min(sightings, len(self.sightings))):
            seed, _ = self.sightings.pop(sighting)
            self.gone[sighting] = self._remains(office, child(seed, 1, size=SIZE))
            office.matcher.endings.erase_sighting(office.officer, sighting)

    def expire(self, office: Office, day: int, kept: int) -> None:
        """Strike out what the night after this day lets go: cases that ended so many days ago."""
        for number, (seed, ended) in sorted(self.ended.items()):
            if day - ended >= kept:
                del self.ended[number]
                self.gone[self.ids[number]] = self._remains(office, child(seed, size=SIZE))

    def copy_verdicts(self, database: Path) -> None:
        """Write down all verdicts, as the database keeps them."""
        self.judged |= {row[0]: row for row in rows(database, _VERDICTS)}

    def verdicts_kept(self) -> dict[int, tuple[object, ...]]:
        """The verdicts whose case and sighting were not erased."""
        erased = {parse_id(one) for one in self.gone}
        return {number: row for number, row in self.judged.items() if not erased & {row[-2], row[-1]}}

    def verdicts_there(self, database: Path) -> dict[int, tuple[object, ...]]:
        """The verdicts that the database has now."""
        return {row[0]: row for row in rows(database, _VERDICTS)}

    def _sighting_of(self, office: Office, claim: str) -> str:
        query = "SELECT tasks.sighting_id FROM claims JOIN tasks ON tasks.id = claims.task_id WHERE claims.id = ?"
        ((sighting,),) = rows(office.matcher.context.home.database, query, parse_id(claim))
        return id_text(SightingId(sighting))

    @staticmethod
    def _photos(office: Office, number: str) -> set[int]:
        with office.matcher.context.store.read() as reading:
            case = reading.cases.get(number)
            return {photo.id for photo in reading.photos.of_case(case.id)}

    @staticmethod
    def _remains(office: Office, photo: bytes) -> Gone:
        return Gone(photo, [vector.astype("<f4").tobytes() for vector in vectors_of(office, photo)])


def vectors_of(office: Office, photo: bytes) -> list[Vectors]:
    """The embeddings of the faces on a photo, by the models in use."""
    found = office.matcher.context.pipeline.find(open_image(photo, "photo.jpg"), thorough=True)
    return [np.asarray(face.embedding) for face in found.faces]


def rows(database: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    """Rows as another program would read them."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(query, values).fetchall()


def all_bytes(office: Office, home: Path) -> Iterator[tuple[str, bytes]]:
    """Everything that a home holds, as it lies on the disk, and opened with its own keys."""
    for path in sorted(home.rglob("*")):
        if path.is_file():
            yield str(path), path.read_bytes()
    context = office.matcher.context
    for key in context.blobs.list():
        yield f"photo {key}", context.blobs.get(key)
    with context.store.read() as reading:
        for face, vector in reading.remains.vectors():
            yield f"vector {face}", vector.astype("<f4").tobytes()
    for folder in sorted(context.home.snapshots.iterdir()):
        for name in snapshot_names(folder):
            part = open_snapshot(folder / name, read_manifest(folder / name).space, context.snapshot_cipher).part
            yield f"snapshot {name}", part.vectors.astype("<f4").tobytes()
