"""The standing watch: what came since the last one is compared with what was there before, both ways.

A new face of a case meets the faces of all unresolved sightings, which are streamed from the database and kept nowhere;
a face of a sighting that cases have passed by, since it was embedded or marked later, meets all cases. The best
meetings of each case are then searched like sightings of today: only where the case is on the list that the face would
get now it becomes a candidate, with the rank, the flags and the meaning that it has there.

Everything is committed in short steps, and how far the watch has come is written when a step is complete: one that was
killed does its last step again, finds what it had found, and adds only what is missing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from matcher.domain.ids import CaseId, FaceId, id_text
from matcher.domain.scores import Vectors
from matcher.domain.space import SpacePart
from matcher.domain.watching import NewMember, WatchedPair, WatchMark
from matcher.gallery.streamed import best_of_blocks
from matcher.matching.ranking import best_sightings
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.services.watch_keeping import Searched, keep, search_again
from matcher.services.watch_views import LISTED, GonePair, NewPair, Skipped, WatchView

_STEP = 4096  # faces that go through the others together
_TOGETHER = 256  # faces of sightings that are searched together and kept in one transaction


def watch(context: Context, who: Who) -> WatchView:
    """Compare what is new with what was there before; people are asked about what is found. Safe to kill and to repeat.

    Each case brings at most the `top` most alike faces of sightings to the reviewers. Pairs that were candidates of
    this embedding space before do not come back, nor do those that are with reviewers or were decided: an exclusion
    ends by a new photo or new models, as everywhere.
    """
    began = time.monotonic()
    work = _Work(context, who)
    before, through = _begin(context)
    for members in _new_cases(context, before, through):
        work.cases(members)
    for faces in _waiting(context):
        work.sightings(faces)
    return replace(_end(work, before), seconds=time.monotonic() - began)


def _begin(context: Context) -> tuple[WatchMark, int]:
    """How far the last watch has come, and the last change of the gallery up to which this one goes."""
    space = context.space.name
    with context.store.read() as reading:
        before, through = reading.watching.mark(space), reading.gallery.counter()
    if before is None:
        with context.store.write() as transaction:
            before = transaction.watching.begin(space)
    return before, through


def _new_cases(context: Context, before: WatchMark, through: int) -> Iterator[list[NewMember]]:
    """The faces of cases that became searchable since, by change."""
    after = before.through_change
    while True:
        with context.store.read() as reading:
            members = reading.watching.new_members(context.space.name, after, through, _STEP)
        if not members:
            return
        yield members
        after = members[-1].change


def _waiting(context: Context) -> Iterator[list[FaceId]]:
    """The faces of sightings that cases have passed by."""
    after = None
    while True:
        with context.store.read() as reading:
            faces = reading.watching.waiting(context.space.name, after, _STEP)
        if not faces:
            return
        yield faces
        after = faces[-1]


@dataclass(slots=True)
class _Work:
    """The steps of a watch, and what they have done so far."""

    context: Context
    who: Who
    seen: set[CaseId] = field(default_factory=set)
    case_faces: int = 0
    streamed: int = 0
    sighting_faces: int = 0
    pairs: list[WatchedPair] = field(default_factory=list)
    lists: int = 0
    reopened: int = 0
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def space(self) -> str:
        return self.context.space.name

    def cases(self, members: Sequence[NewMember]) -> None:
        """Compare new faces of cases with all faces of unresolved sightings."""
        best, streamed = self._nearest(members)
        ids, before = sorted({member.case_id for member in members}), len(self.pairs)
        for some in _parts(sorted(best), "looking at sightings", self.context):
            self._keep(self._only(search_again(self.context, some, best), best))
        details = {"faces": len(members), "streamed": streamed, "found": len(self.pairs) - before}
        with self.context.store.write() as transaction:
            transaction.watching.move(self.space, members[-1].change)
            record(self.context, transaction, self.who, Trace("watch.cases", ids, self.space, details=details))
        self.seen.update(ids)
        self.case_faces += len(members)
        self.streamed = max(self.streamed, streamed)

    def sightings(self, faces: Sequence[FaceId]) -> None:
        """Compare faces of sightings with all cases."""
        parts = [search_again(self.context, some) for some in _parts(faces, "searching sightings", self.context)]
        best = best_sightings(_meetings(parts), self.context.settings.top)
        before = len(self.pairs)
        for part in parts:
            self._keep(self._only(part, best))
        searched = {face_id for part in parts for face_id in part.faces}
        with self.context.store.write() as transaction:
            still = transaction.watching.unresolved(faces)
            # One that was resolved when it was searched, and is not any more, waits on.
            transaction.watching.searched([one for one in faces if one in searched or one not in still], self.space)
            details = {"faces": len(searched), "found": len(self.pairs) - before}
            trace = Trace("watch.sightings", sorted(searched), self.space, details=details)
            record(self.context, transaction, self.who, trace)
        self.sighting_faces += len(searched)

    def _nearest(self, members: Sequence[NewMember]) -> tuple[Mapping[FaceId, set[CaseId]], int]:
        """The faces of sightings that are most alike to each case, and how many were looked at."""
        settings, counts = self.context.settings, [0]
        with self.context.store.read() as reading:
            vectors = reading.faces.vectors([member.face_id for member in members], self.space)
            here = [member for member in members if member.face_id in vectors]
            if not here:
                return {}, 0
            probes = np.stack([vectors[member.face_id] for member in here])
            blocks = _counted(reading.watching.faces(self.space), counts)
            near = best_of_blocks(blocks, probes, settings.top, threads=settings.threads)
        meetings = ((one.case_id, *meeting) for one, found in zip(here, near, strict=True) for meeting in found)
        return best_sightings(meetings, settings.top), sum(counts)

    def _only(self, searched: Searched, best: Mapping[FaceId, set[CaseId]]) -> Searched:
        """Of a search those cases for which the face is one of the best."""
        lists = []
        for face_id, hits in searched.parts():
            wanted = best.get(face_id, set())
            places = tuple(place for place in hits.places if place.hit.case_id in wanted)
            self.skipped["off_list"] += len(wanted) - len(places)
            lists.append(replace(hits, places=places))
        return Searched(searched.faces, replace(searched.found, lists=tuple(lists)))

    def _keep(self, searched: Searched) -> None:
        kept = keep(self.context, searched, self.who)
        self.pairs += kept.pairs
        self.lists += kept.lists
        self.reopened += kept.reopened
        self.skipped.update(kept.skipped)


def _end(work: _Work, before: WatchMark) -> WatchView:
    """Say what has changed since the last watch; what stands now is remembered for the next."""
    context, space = work.context, work.space
    with context.store.write() as transaction:
        gone = transaction.watching.gone(space)
        transaction.watching.forget(pair.candidate_id for pair, _ in gone)
        transaction.watching.end(space, context.clock())
        view = WatchView(
            space=space,
            since=before.ended_at,
            cases=len(work.seen),
            case_faces=work.case_faces,
            streamed=work.streamed,
            sighting_faces=work.sighting_faces,
            new=len(work.pairs),
            lists=work.lists,
            reopened=work.reopened,
            skipped=Skipped(**work.skipped),
            standing=transaction.watching.standing(space),
            standing_before=before.standing,
            gone=len(gone),
            unreached=transaction.spaces.count_not_found(space, SpacePart.SIGHTINGS),
            new_pairs=tuple(NewPair(id_text(one.case_id), id_text(one.sighting_id)) for one in work.pairs[:LISTED]),
            gone_pairs=tuple(_gone(pair, closed=closed) for pair, closed in gone[:LISTED]),
            seconds=0.0,
        )
        names = "cases", "case_faces", "streamed", "sighting_faces", "new", "lists", "reopened", "gone", "standing"
        trace = Trace("watch.run", space=space, details={name: getattr(view, name) for name in names})
        record(context, transaction, work.who, trace)
    return view


def _gone(pair: WatchedPair, *, closed: bool) -> GonePair:
    return GonePair(id_text(pair.case_id), id_text(pair.sighting_id), "closed" if closed else "decided")


def _meetings(parts: Iterable[Searched]) -> Iterator[tuple[CaseId, FaceId, float]]:
    for part in parts:
        for face_id, hits in part.parts():
            for place in hits.places:
                yield place.hit.case_id, face_id, place.hit.similarity


def _counted(
    blocks: Iterable[tuple[Sequence[FaceId], Vectors]], counts: list[int]
) -> Iterator[tuple[Sequence[FaceId], Vectors]]:
    for block in blocks:
        counts.append(len(block[0]))
        yield block


def _parts(faces: Sequence[FaceId], doing: str, context: Context) -> Iterator[Sequence[FaceId]]:
    """Slices that are searched together."""
    for start in range(0, len(faces), _TOGETHER):
        if context.progress:
            context.progress(doing, start, len(faces))
        yield faces[start : start + _TOGETHER]
