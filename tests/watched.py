"""Homes of a small made-up embedding space, filled without models, for tests of the standing watch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from records import NOW, Enrolled, case, face, photo, sighting
from reviews import Clock, task

from matcher import Matcher
from matcher.config import Home
from matcher.domain.ids import CaseId, FaceId, id_text
from matcher.domain.records import Choice, Sighting, StoredFace
from matcher.domain.reviews import TaskKind, TaskState
from matcher.domain.space import EmbeddingSpace
from matcher.services import erasing
from matcher.services.context import Context
from matcher.services.inputs import ReasonCode, Who
from matcher.services.watch import watch
from matcher.services.watch_views import WatchView
from matcher.store.database import Transaction

DIM = 16
WHO = Who("night", ReasonCode.MAINTENANCE)
Pair = tuple[FaceId, CaseId]


def space(name: str = "tiny") -> EmbeddingSpace:
    return EmbeddingSpace(recogniser=name, detector="none", alignment="none", mirror=False, dim=DIM)


def like(child: int, variant: int = 0, spread: float = 0.2) -> np.ndarray:
    """A unit vector that resembles the others of the same child."""
    base = np.random.default_rng(child).standard_normal(DIM)
    own = np.random.default_rng((child, variant, 7)).standard_normal(DIM)
    vector = base / np.linalg.norm(base) + spread * own / np.linalg.norm(own)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


class Small:
    """A home that is filled with vectors."""

    def __init__(self, matcher: Matcher, clock: Clock) -> None:
        self.matcher, self.context, self.clock = matcher, matcher.context, clock

    @property
    def space(self) -> str:
        return self.context.space.name

    def case(self, number: str, *vectors: np.ndarray) -> Enrolled:
        """Register a case with a photo per vector."""
        with self.context.store.write() as tx:
            new = case(number)
            tx.cases.add(new)
            first, *_ = [self._photo(tx, new, vector) for vector in vectors]
            return first

    def photo(self, of: Enrolled, vector: np.ndarray) -> Enrolled:
        """Add a photo to a case."""
        with self.context.store.write() as tx:
            return self._photo(tx, of.case, vector)

    def sighting(self, *vectors: np.ndarray, names: tuple[str, ...] = ()) -> tuple[Sighting, list[StoredFace]]:
        """Keep a sighting whose faces were searched before, as far as this test minds, in these spaces."""
        with self.context.store.write() as tx:
            new = sighting()
            tx.sightings.add(new)
            image = photo(sighting_id=new.id)
            tx.photos.add(image)
            found = [face(image.id, number=number, choice=None) for number in range(1, len(vectors) + 1)]
            embedded = {one.id: vector for one, vector in zip(found, vectors, strict=True)}
            first, *others = names or (self.space,)
            tx.faces.add(found, embedded, first)
            for name in others:
                tx.faces.put_vectors(embedded, name)
        return new, found

    def close(self, of: Enrolled) -> None:
        self.matcher.close_case(of.case.number, status="returned", actor="x")

    def erase(self, seen: Sighting) -> None:
        erasing.erase_sighting(self.context, id_text(seen.id), WHO)

    def judged(self, face_id: FaceId, of: Enrolled, state: TaskState) -> None:
        """Bring the pair of a candidate into a state."""
        with self.context.store.write() as tx:
            (found,) = (one for one in tx.candidates.of_list(face_id, self.space) if one.case_id == of.case.id)
            values = {"sighting_id": found.sighting_id, "face_id": face_id, "case_id": of.case.id}
            more = {"candidate_id": found.id, "space": self.space, "state": state, "needed": 2}
            tx.tasks.add([task(kind=TaskKind.PAIR, **values, **more)])

    def pairs(self) -> set[Pair]:
        """All (face, case) that are candidates of the present space."""
        return set(self.ranks())

    def ranks(self) -> dict[Pair, int]:
        with self.context.store.read() as reading:
            seen = [row.sighting.id for row in reading.sightings.list()]
            found = [one for each in seen for one in reading.candidates.of_sighting(each)]
        ranks = {(one.face_id, one.case_id): one.rank for one in found if one.space == self.space}
        assert len(ranks) == sum(one.space == self.space for one in found), "a pair is there twice"
        return ranks

    def watch(self) -> WatchView:
        return watch(self.context, WHO)

    def use(self, model: EmbeddingSpace) -> None:
        """Let this home search in another space from now on."""
        for name in ("_pipeline", "_gallery"):
            self.context.__dict__.pop(name, None)
        self.context.__dict__["_pipeline"] = SimpleNamespace(space=model)

    def _photo(self, tx: Transaction, of: object, vector: np.ndarray) -> Enrolled:
        image = photo(case_id=of.id)
        tx.photos.add(image)
        chosen = face(image.id, choice=Choice.ONLY)
        tx.faces.add([chosen], {chosen.id: vector}, self.space)
        tx.gallery.add(chosen.id, of.id, self.space)
        return Enrolled(of, image, chosen)


@contextmanager
def small_home(folder: Path, url: str | None = None, settings: str = "") -> Iterator[Small]:
    """A new home, on SQLite or at this address."""
    Matcher.create(folder, database_url=url).close()
    with opened(folder, settings) as small:
        yield small


@contextmanager
def opened(folder: Path, settings: str = "") -> Iterator[Small]:
    """The same, opened anew."""
    if settings:
        with Home(folder).settings_file.open("a", encoding="utf-8") as file:
            file.write(settings)
    clock = Clock(NOW)
    with Matcher(Context(Home(folder), clock=clock)) as matcher:
        small = Small(matcher, clock)
        small.use(space())
        yield small
