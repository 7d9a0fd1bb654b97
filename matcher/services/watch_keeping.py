"""What becomes of a search for faces of sightings that came in earlier: what is new in it becomes candidates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from matcher.domain.faces import Face
from matcher.domain.ids import CaseId, FaceId, SightingId
from matcher.domain.records import Sighting
from matcher.domain.watching import WatchedPair
from matcher.matching.plausibility import Observation
from matcher.services import late_candidates
from matcher.services.auditing import Trace, record
from matcher.services.candidates import FaceHits, Probe, Search, describe, questions, search
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.store.database import Reading, Transaction


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """Faces of sightings with what a search for them has found."""

    faces: tuple[FaceId, ...]
    found: Search

    def parts(self) -> Iterator[tuple[FaceId, FaceHits]]:
        """The faces, each with its ranked cases."""
        return zip(self.faces, self.found.lists, strict=True)


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """The new pairs, how many lists were made and asked again for them, and how many pairs were skipped for what."""

    pairs: Sequence[WatchedPair]
    lists: int
    reopened: int
    skipped: Mapping[str, int]


def search_again(
    context: Context, face_ids: Sequence[FaceId], best: Mapping[FaceId, Set[CaseId]] | None = None
) -> Searched:
    """Search faces of sightings as if they came in now; one that is resolved or gone meanwhile is left out.

    So a case has the rank that it would have on the list of a sighting of today, among all cases that are open now.
    With `best` only those cases are given that it has for a face.
    """
    space = context.space.name
    with context.store.read() as reading:
        here = reading.watching.unresolved(face_ids)
        stored, vectors = reading.faces.by_ids(here), reading.faces.vectors(here, space)
    probes = {
        face_id: Face(one.box, one.landmarks, one.score, one.turn, one.quality, vectors[face_id])
        for face_id, one in stored.items()
        if face_id in vectors
    }
    only = None if best is None else [best[face_id] for face_id in probes]
    return Searched(tuple(probes), search(context, list(probes.values()), context.settings.top, only))


def keep(context: Context, searched: Searched, who: Who) -> Kept:
    """Make candidates of what is new and let people look, in one transaction; nothing new leaves no trace."""
    skipped: Counter[str] = Counter()
    with context.store.write() as transaction:
        new, sightings = _new(context, transaction, searched, skipped)
        if not new.faces:
            return Kept((), 0, 0, skipped)
        probes = [Probe(face_id, sightings[face_id].id) for face_id in new.faces]
        lists = describe(context, transaction, new.found, [Observation.of(sightings[face_id]) for face_id in new.faces])
        made = questions(probes, lists, (context.space, new.found.snapshot), context.clock())
        skipped["cut"] += sum(one.cut for one in lists)
        skipped["ended"] += sum(len(one.places) for one in new.found.lists) - len(made) - skipped["cut"]
        if not made:
            return Kept((), 0, 0, skipped)
        of = {sighting.id: sighting for sighting in sightings.values()}
        listed = late_candidates.add(context, transaction, made, of)
        pairs = [WatchedPair(one.id, one.case_id, one.sighting_id) for one in made]
        transaction.watching.found(pairs, context.space.name)
        trace = Trace(
            "watch.found",
            sorted({one.sighting_id for one in pairs}),
            context.space.name,
            new.found.snapshot,
            candidates=[one.candidate_id for one in pairs],
            details={"lists": listed.lists, "reopened": listed.reopened},
        )
        record(context, transaction, who, trace)
    return Kept(pairs, listed.lists, listed.reopened, skipped)


def _new(
    context: Context, transaction: Transaction, searched: Searched, skipped: Counter[str]
) -> tuple[Searched, dict[FaceId, Sighting]]:
    """The part of a search that nobody was asked before, with the sightings of its faces."""
    space = context.space.name
    here = _sightings(transaction, searched.faces)
    asked, paired = transaction.candidates.cases_of(here, space), transaction.tasks.paired(here)
    hits = {place.hit.face_id for one in searched.found.lists for place in one.places}
    members = transaction.watching.members(space, hits)
    kept: dict[FaceId, FaceHits] = {}
    for face_id, one in searched.parts():
        places = []
        for place in one.places:
            pair = face_id, place.hit.case_id
            if pair in paired:
                skipped["judged"] += 1
            elif pair in asked:
                skipped["known"] += 1
            elif face_id not in here or place.hit.face_id not in members:
                skipped["ended"] += 1
            else:
                places.append(place)
        if places:
            kept[face_id] = replace(one, places=tuple(places))
    return Searched(tuple(kept), replace(searched.found, lists=tuple(kept.values()))), here


def _sightings(reading: Reading, face_ids: Sequence[FaceId]) -> dict[FaceId, Sighting]:
    """The sightings of those of the faces that are still asked about."""
    ids: Mapping[FaceId, SightingId] = reading.watching.unresolved(face_ids)
    known = reading.sightings.by_ids(set(ids.values()))
    return {face_id: known[sighting_id] for face_id, sighting_id in ids.items()}
