"""Looking at what the public reported: its faces are searched for, unless a person has to look first.

Any number of processes may work at once. A report is leased while one looks at it, and leased anew if that one dies;
nothing of it is changed before all of it is.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import TracebackType

from matcher.domain.cases import Photo, PhotoState
from matcher.domain.faces import PhotoFaces
from matcher.domain.ids import SightingId
from matcher.domain.records import StoredFace
from matcher.domain.reports import HELD_FROM, Doubt, PublicReport, ReportState
from matcher.errors import Damaged, MatcherError, PhotoRefused, Stopped
from matcher.services import report_doubts
from matcher.services.auditing import Trace, record
from matcher.services.candidates import search, still_true
from matcher.services.context import Context
from matcher.services.inputs import ReasonCode, Who
from matcher.services.photos import Chosen, stored_faces, stored_image, vectors_of
from matcher.services.sightings import keep_candidates
from matcher.store.database import Reading, Transaction

TRIAGE = "triage"  # the actor of what is done without a person
_LEASE = timedelta(minutes=10)
_ATTEMPTS = 3  # of processes that died over a photo, or could not read it

_log = logging.getLogger("matcher.reports")

Found = list[tuple[Photo, PhotoFaces]]


def look_at_all(context: Context, stop: Callable[[], bool] = lambda: False) -> int:
    """Look at all reports that wait, the first ones first: how many."""
    count = 0
    while not stop() and look_at_next(context) is not None:
        count += 1
    return count


@dataclass(frozen=True, slots=True)
class Looked:
    """What became of reports that were looked at, by the words of their states.

    `failed` counts those whose photos could not be read: another process tries again after ten minutes, and a person is
    asked after three times.
    """

    states: Mapping[str, int]
    failed: int


def look_now(context: Context) -> Looked:
    """Look at all reports that wait, and tell what became of them; one that fails keeps no other waiting."""
    states: Counter[str] = Counter()
    failed = 0
    with context.store.read() as reading:
        total = reading.reports.count(ReportState.QUEUED)
    while True:
        try:
            report = look_at_next(context)
        except (Damaged, PhotoRefused):
            failed += 1
            continue
        if report is None:
            return Looked(states, failed)
        with context.store.read() as reading:
            found = reading.reports.get(report)
        states.update([] if found is None else [found.state.value])
        done = states.total() + failed
        if context.progress:
            context.progress("looking at reports", done, max(done, total))


def look_at_next(context: Context) -> SightingId | None:
    """Look at the report that has waited longest; `None` if none waits."""
    report = _lease(context)
    if report is None:
        return None
    with context.store.read() as reading:
        report, same = _compared(reading, report)
    if report.attempts > _ATTEMPTS:
        report = replace(report, doubts=report.doubts | {Doubt.UNREADABLE})
        _end(context, report, ReportState.HELD)
    elif same is not None:
        _end(context, report, ReportState.DUPLICATE, beside=same)
    elif report.score >= HELD_FROM and report.decided_by is None:
        _end(context, report, ReportState.HELD)
    else:
        _match(context, report)
    return report.sighting_id


def _compared(reading: Reading, report: PublicReport) -> tuple[PublicReport, SightingId | None]:
    """A report with all that speaks against it, and the sighting of which it is a duplicate, if it is one."""
    report = replace(report, doubts=report.doubts | report_doubts.of_surroundings(reading, report))
    same = None if report.decided_by else report_doubts.same_photos_in(reading, report)
    worse = None if same is None else report_doubts.of_same(reading, same)
    return (report, same) if worse is None else (replace(report, doubts=report.doubts | {worse}), None)


def _lease(context: Context) -> PublicReport | None:
    now = context.clock()
    with context.store.read() as reading:  # nearly always there is none, and then no writer waits for this
        if reading.reports.next_queued(now) is None:
            return None
    with context.store.write() as transaction:
        found = transaction.reports.next_queued(now)
        if found is None:
            return None
        leased = replace(found, leased_until=now + _LEASE, attempts=found.attempts + 1)
        transaction.reports.update(leased)
    return leased


def _mine(transaction: Transaction, report: PublicReport) -> bool:
    """Whether this report is still as it was leased: nobody decided about it, and no other process has it by now."""
    now = transaction.reports.get(report.sighting_id)
    leased = (ReportState.QUEUED, report.attempts, report.decided_at)
    return now is not None and (now.state, now.attempts, now.decided_at) == leased


def _end(context: Context, report: PublicReport, state: ReportState, beside: SightingId | None = None) -> None:
    """Note where a report stands from now on, without a search."""
    with context.store.write() as transaction:
        if not _mine(transaction, report):
            return
        if beside is not None:
            first = transaction.sightings.get(beside)
            transaction.sightings.merge(report.sighting_id, beside if first is None else first.merged_into or beside)
        _keep(context, transaction, report, state)


def _keep(context: Context, transaction: Transaction, report: PublicReport, state: ReportState, **facts: int) -> None:
    ended = replace(report, state=state, looked_at=context.clock(), leased_until=None)
    transaction.reports.update(ended)
    details = {"state": state.value, "score": report.score, **facts}
    record(
        context,
        transaction,
        Who(TRIAGE, ReasonCode.SIGHTING),
        Trace("report.look", [report.sighting_id], details=details),
    )


def _match(context: Context, report: PublicReport) -> None:
    """Find the faces of a report's photos, and search for them as for those of any sighting."""
    with context.store.read() as reading:
        photos = reading.photos.of_sighting(report.sighting_id)
    waiting = [photo for photo in photos if photo.state is PhotoState.WAITING]
    found = [(photo, context.pipeline.find(stored_image(context, photo), thorough=True)) for photo in waiting]
    faces = [face for _, one in found for face in one.faces]
    result = search(context, faces, context.settings.top)
    with context.store.write() as transaction:
        sighting = transaction.sightings.get(report.sighting_id)
        if sighting is None or not _mine(transaction, report):
            return
        result = still_true(context, transaction, faces, context.settings.top, result)
        stored = _store(context, transaction, found)
        candidates, cut = keep_candidates(context, transaction, sighting, stored, result)
        facts = {"faces": len(stored), "candidates": len(candidates), "cut": cut}
        _keep(context, transaction, report, ReportState.TAKEN, **facts)


def _store(context: Context, transaction: Transaction, found: Found) -> list[StoredFace]:
    kept: list[StoredFace] = []
    for photo, one in found:
        state = PhotoState.NO_USABLE_FACE if one.reason else PhotoState.READY
        transaction.photos.update(replace(photo, state=state, reason=one.reason, shortfall=one.shortfall))
        faces = stored_faces(one, photo.id, Chosen())
        transaction.faces.add(faces, vectors_of(faces, one.faces), context.space.name)
        kept += faces
    return kept


class Lookout:
    """Looks at reports every second in a thread, inside a `with` block."""

    def __init__(self, context: Context, every: float = 1.0) -> None:
        self._context = context
        self._every = every
        self._stop = threading.Event()
        # A daemon: a process that ends leaves its report to the next one.
        self._thread = threading.Thread(target=self._work, name="lookout", daemon=True)

    def __enter__(self) -> Lookout:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(10)

    def _work(self) -> None:
        told = None
        while not self._stop.is_set():
            trouble = None
            try:
                look_at_all(self._context, self._stop.is_set)
            except Stopped:
                trouble = "this home is stopped"
            except MatcherError as error:
                trouble = error.code
            except Exception as error:  # noqa: BLE001 - the others wait, and the next round may go better
                trouble = type(error).__name__
            if trouble is not None and trouble != told:  # once, not every second
                _log.error(f"reports cannot be looked at: {trouble}")
            told = trouble
            self._stop.wait(self._every)
