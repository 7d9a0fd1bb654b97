"""Looking at what the public reported: its faces are searched for, unless a person has to look first.

Any number of processes may work at once. A report is leased while one looks at it, and leased anew if that one dies;
nothing of it is changed before all of it is.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import TracebackType

from matcher.domain.cases import Photo, PhotoState
from matcher.domain.faces import PhotoFaces
from matcher.domain.ids import SightingId
from matcher.domain.records import StoredFace
from matcher.domain.reports import HELD_FROM, LEASE, Doubt, PublicReport, ReportState
from matcher.errors import Damaged, KeyProblem, MatcherError, ModelProblem, PhotoRefused, Stopped
from matcher.services import report_doubts
from matcher.services.auditing import Trace, record
from matcher.services.candidates import search, still_true
from matcher.services.context import Context
from matcher.services.inputs import ReasonCode, Who
from matcher.services.photos import Chosen, stored_faces, stored_image, vectors_of
from matcher.services.reports import first_of
from matcher.services.sightings import keep_candidates
from matcher.store.database import Reading, Transaction

TRIAGE = "triage"  # the actor of what is done without a person
_REST = timedelta(minutes=1)  # of a report that could not be looked at, and not by its own fault
_ATTEMPTS = 3  # of processes that died over a photo, or could not read it
# What may be wrong with a report's own photos; MemoryError, since a process may well be killed by the next such photo.
_ITS_OWN = (Damaged, PhotoRefused, MemoryError, KeyProblem)
_FOR_ALL = (Stopped, KeyProblem, ModelProblem)
_IN_A_ROW = 3  # reports with which something is wrong; then it is not theirs

_log = logging.getLogger("matcher.reports")

Found = list[tuple[Photo, PhotoFaces]]


class Unreadable(Exception):
    """A report's own photos cannot be read; `why` says what was wrong."""

    def __init__(self, why: Exception) -> None:
        self.why = why
        super().__init__(str(why))


@dataclass(frozen=True, slots=True)
class Looked:
    """What became of reports that were looked at, by the words of their states.

    `failed` counts those that could not be looked at. One whose photos cannot be read is tried again after ten minutes,
    and a person is asked after three times; where something else is wrong, each is tried again every minute.
    """

    states: Mapping[str, int]
    failed: int


def look_at_all(context: Context, stop: Callable[[], bool] = lambda: False) -> int:
    """Look at all reports that wait, the first ones first: how many.

    One that fails keeps no other waiting: what was wrong with the first such one is raised when the others are done.
    """
    count, trouble = 0, None
    for done in _looks(context, stop):
        if isinstance(done, Exception):
            trouble = trouble or done
        else:
            count += 1
    if trouble is not None:
        raise trouble
    return count


def look_now(context: Context) -> Looked:
    """Look at all reports that wait, and tell what became of them; one that fails keeps no other waiting."""
    states: Counter[str] = Counter()
    failed = 0
    with context.store.read() as reading:
        total = reading.reports.count(ReportState.QUEUED)
    for looked in _looks(context, lambda: False):
        if isinstance(looked, Exception):
            failed += 1
            continue
        with context.store.read() as reading:
            found = reading.reports.get(looked)
        # One that is queued again comes again.
        states.update([] if found is None or found.state is ReportState.QUEUED else [found.state.value])
        done = states.total() + failed
        if context.progress:
            context.progress("looking at reports", done, max(done, total))
    return Looked(states, failed)


def _looks(context: Context, stop: Callable[[], bool]) -> Iterator[SightingId | Exception]:
    """Look at reports until none waits: which one was looked at, or why one could not be.

    Raises what keeps all of them from being looked at: that this home is stopped, that there is no key or no model, or
    whatever is wrong with so many in a row that it is not theirs.
    """
    row = 0
    while not stop():
        try:
            report = look_at_next(context)
        except _FOR_ALL:
            raise
        except Unreadable as error:
            row = 0
            yield error.why
        except Exception as error:
            row += 1
            if row == _IN_A_ROW:
                raise
            yield error
        else:
            if report is None:
                return
            row = 0
            yield report


def look_at_next(context: Context) -> SightingId | None:
    """Look at the next report; `None` if none waits.

    `Unreadable` if its photos cannot be read: it is tried again when its lease is over. If something else is wrong,
    such as a full disk, it waits a minute, and that it was begun does not count.
    """
    report = _lease(context)
    if report is None:
        return None
    try:
        _look(context, report)
    except Unreadable:
        raise
    except Exception:
        _give_back(context, report)
        raise
    return report.sighting_id


def _look(context: Context, report: PublicReport) -> None:
    with context.store.read() as reading:
        alike = report_doubts.same_photos_in(reading, report)
        report, same = _compared(reading, report, alike)
    if report.attempts > _ATTEMPTS:
        report = replace(report, doubts=report.doubts | {Doubt.UNREADABLE})
        _end(context, report, ReportState.HELD)
    elif same is not None:
        _end(context, report, ReportState.DUPLICATE, alike)
    elif report.score >= HELD_FROM and report.decided_by is None:
        _end(context, report, ReportState.HELD)
    else:
        _match(context, report)


def _compared(reading: Reading, report: PublicReport, alike: Set[SightingId]) -> tuple[PublicReport, SightingId | None]:
    """A report with all that speaks against it, and the sighting of which it is a duplicate, if it is one; `alike` are
    those with its photos.
    """
    report = replace(report, doubts=report.doubts | report_doubts.of_surroundings(reading, report))
    same = None if report.decided_by else report_doubts.first_same(reading, report, alike)
    if same is not None and first_of(reading, same) == report.sighting_id:
        same = None  # somebody showed that one beside this one: here its faces are searched for
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
        leased = replace(found, leased_until=now + LEASE, attempts=found.attempts + 1)
        transaction.reports.update(leased)
    return leased


def _give_back(context: Context, report: PublicReport) -> None:
    """Let a report wait for a moment as if nobody had begun to look at it; what is wrong may keep this from being done,
    too, and then it is told."""
    with suppress(Exception), context.store.write() as transaction:
        if _mine(transaction, report):
            _free(transaction, report, context.clock() + _REST)


def _free(transaction: Transaction, report: PublicReport, rest: datetime | None = None) -> None:
    """Let a report wait until then as if nobody had begun to look at it."""
    kept = transaction.reports.get(report.sighting_id)
    if kept is not None:
        transaction.reports.update(replace(kept, leased_until=rest, attempts=report.attempts - 1))


def _mine(transaction: Transaction, report: PublicReport) -> bool:
    """Whether this report is still as it was leased: nobody decided about it, and no other process has it by now."""
    now = transaction.reports.get(report.sighting_id)
    leased = (ReportState.QUEUED, report.attempts, report.decided_at)
    return now is not None and (now.state, now.attempts, now.decided_at) == leased


def _end(context: Context, report: PublicReport, state: ReportState, alike: Set[SightingId] = frozenset()) -> None:
    """Note where a report stands from now on, without a search. A duplicate of none of those with its photos waits
    for another look.
    """
    with context.store.write() as transaction:
        if not _mine(transaction, report):
            return
        if state is ReportState.DUPLICATE:
            same = _compared(transaction, report, alike)[1]
            if same is None:  # what became of that one just now queued its duplicates, of which this was none yet
                _free(transaction, report)
                return
            transaction.sightings.merge(report.sighting_id, first_of(transaction, same))
        if state is ReportState.HELD:  # what was taken for its duplicate would wait with it, and nobody says so
            transaction.reports.queue_duplicates_of(report.sighting_id)
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
    found = [(photo, _faces_of(context, photo)) for photo in photos if photo.state is PhotoState.WAITING]
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


def _faces_of(context: Context, photo: Photo) -> PhotoFaces:
    """The faces of a photo; `Unreadable` if it is the photo that is wrong, and not what all photos need."""
    find = context.pipeline.find
    try:
        return find(stored_image(context, photo), thorough=True)
    except _ITS_OWN as error:
        if isinstance(error, KeyProblem):
            context.require_key()  # with the key of the home, it is this report's own that is gone
        raise Unreadable(error) from error


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
