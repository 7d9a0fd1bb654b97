"""One night at a time: who holds the lock, when it may be taken over, and what a run does that has lost it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from records import NOW

from matcher import Matcher
from matcher.domain.nights import JobLock, StepState
from matcher.errors import Busy
from matcher.jobs import nightly, processes, steps
from matcher.jobs.lease import Lease, Rhythm
from matcher.jobs.steps import Night, Step
from matcher.services.context import Context, now_utc
from matcher.services.inputs import ReasonCode, Who

WHO = Who("ops", ReasonCode.MAINTENANCE)
FAST = Rhythm(beat=0.05, silence=0.5)


@pytest.fixture
def context(matcher: Matcher) -> Context:
    return matcher.context


def planted(context: Context, *, silent_for: timedelta = timedelta(0), **changes: object) -> JobLock:
    """A lock that another host took an hour ago, and whose last sign of life was so long ago."""
    beat = context.clock() - silent_for
    lock = JobLock(
        "nightly", "eve", "db2", "elsewhere", 4711, "12", "planted", beat - timedelta(hours=1), beat,
        beat + timedelta(seconds=0.6),
    )  # fmt: skip
    lock = replace(lock, **changes)
    with context.store.write() as transaction:
        assert transaction.locks.acquire(lock) is None
    return lock


def present(context: Context) -> JobLock | None:
    with context.store.read() as reading:
        return reading.locks.get("nightly")


def here(pid: int, born: str) -> dict[str, object]:
    return {"host": processes.host(), "machine": processes.machine(), "pid": pid, "born": born}


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives until the test ends it."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def test_a_lock_is_kept_by_signs_of_life_and_given_back(context: Context) -> None:
    with Lease(context, "nightly", "ops", FAST) as lease:
        first = present(context)
        assert first is not None
        assert (first.holder, first.host, first.pid) == ("ops", processes.host(), os.getpid())
        assert first.expires_at - first.heartbeat_at == timedelta(seconds=0.5)
        deadline = time.monotonic() + 20
        while present(context) == first and time.monotonic() < deadline:
            time.sleep(0.01)
        later = present(context)
        assert later is not None
        assert (later.token, later.acquired_at) == (first.token, first.acquired_at)
        assert later.heartbeat_at > first.heartbeat_at
        with pytest.raises(Busy, match=rf"run is under way, by 'ops' on host '.*' \(process {os.getpid()}, since 20"):
            Lease(context, "nightly", "eve", FAST).__enter__()
        assert lease.note is None
    assert present(context) is None


def test_a_dead_holder_on_this_host_is_replaced_at_once(context: Context, child: subprocess.Popen[bytes]) -> None:
    planted(context, **here(child.pid, processes.born(child.pid)))
    with pytest.raises(Busy, match=f"process {child.pid}"):
        nightly.run(context, WHO, steps=["audit"])
    child.kill()
    child.wait()
    done = nightly.run(context, WHO, steps=["audit"])
    (note,) = done.notes
    assert note.startswith("The lock was taken over: 'eve' on host ")
    assert note.endswith("is not running any more.")
    assert present(context) is None


def test_a_zombie_is_dead(context: Context) -> None:
    zombie = subprocess.Popen([sys.executable, "-c", ""])
    born = processes.born(zombie.pid)
    deadline = time.monotonic() + 20
    while processes.born(zombie.pid) != "ended" and time.monotonic() < deadline:
        time.sleep(0.01)
    planted(context, **here(zombie.pid, born))
    assert nightly.run(context, WHO, steps=["audit"]).finished
    zombie.wait()


@pytest.mark.skipif(not processes.machine(), reason="this system does not tell when a process began")
def test_another_process_with_the_number_of_a_dead_holder_does_not_keep_the_lock(context: Context) -> None:
    planted(context, **here(os.getpid(), "1"))
    assert nightly.run(context, WHO, steps=["audit"]).finished


def test_a_living_holder_on_this_host_keeps_the_lock_however_long_it_is_silent(
    context: Context, child: subprocess.Popen[bytes]
) -> None:
    """As a process that was stopped and may be woken: taken over, two would be at work."""
    planted(context, silent_for=timedelta(days=2), **here(child.pid, processes.born(child.pid)))
    with pytest.raises(Busy, match="end that process if it hangs"):
        nightly.run(context, WHO, steps=["audit"])


@pytest.mark.parametrize("hours", [0, 5, -5])
def test_a_holder_on_another_host_that_gives_signs_of_life_keeps_the_lock(context: Context, hours: int) -> None:
    """Whatever its clock shows: with one that differs by hours its next sign is awaited."""
    lock = planted(context, silent_for=timedelta(hours=hours))
    stop = threading.Event()

    def give_signs() -> None:
        beat = lock.heartbeat_at
        while not stop.wait(0.1):
            beat += timedelta(seconds=0.1)
            with context.store.write() as transaction:
                transaction.locks.renew("nightly", lock.token, beat, beat + lock.patience)

    thread = threading.Thread(target=give_signs)
    thread.start()
    try:
        with pytest.raises(
            Busy, match=r"by 'eve' on host 'db2' \(process 4711, since 20.* UTC\), last sign of life 20"
        ):
            nightly.run(context, WHO, steps=["audit"])
    finally:
        stop.set()
        thread.join()
    now = present(context)
    assert now is not None
    assert now.token == lock.token


@pytest.mark.parametrize("hours", [5, -5])
def test_a_holder_on_another_host_that_stays_silent_is_replaced(context: Context, hours: int) -> None:
    planted(context, silent_for=timedelta(hours=hours))
    began = time.monotonic()
    done = nightly.run(context, WHO, steps=["audit"])
    assert time.monotonic() - began >= 0.6, "a clock that differs proves nothing: its silence is waited for"
    assert done.notes[0].endswith("gave no sign of life any more.")


def test_a_lock_that_is_given_back_while_it_is_watched_is_no_takeover(context: Context) -> None:
    lock = planted(context, silent_for=timedelta(hours=5), expires_at=context.clock() + timedelta(hours=1))

    def give_back() -> None:
        time.sleep(0.3)
        with context.store.write() as transaction:
            transaction.locks.release("nightly", lock.token)

    thread = threading.Thread(target=give_back)
    thread.start()
    # As far from now as its holder's patience, so that the clock alone does not tell that it lives.
    done = nightly.run(Context(context.home, clock=lambda: now_utc() + timedelta(hours=9)), WHO, steps=["audit"])
    thread.join()
    assert (done.finished, done.notes) == (True, ())


def test_a_run_that_lost_its_lock_stops_and_changes_nothing_further(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def lose(night: Night) -> dict[str, int]:
        ran.append("lose")
        lock = present(night.context)
        assert lock is not None
        other = replace(lock, token=lock.token[::-1], holder="eve", host="db2", machine="elsewhere")
        with night.context.store.write() as transaction:
            assert transaction.locks.acquire(other, over=lock.token) is None
            (report,) = transaction.nights.list()
            transaction.nights.save(replace(report, notes=("of the other run",)))
        return {}

    def never(_night: Night) -> dict[str, int]:
        ran.append("never")
        return {}

    monkeypatch.setattr(steps, "STEPS", (Step("lose", "", lose, ""), Step("never", "", never, "")))
    with pytest.raises(Busy, match="was taken over by 'eve' on host 'db2' .* changes nothing further"):
        nightly.run(context, WHO)
    assert ran == ["lose"]
    with context.store.read() as reading:
        (report,) = reading.nights.list()
        lock = reading.locks.get("nightly")
        assert [record.entry.action for record in reading.audit.records()] == []
    assert (report.notes, [step.state for step in report.steps]) == (("of the other run",), [StepState.RUNNING])
    assert lock is not None
    assert lock.holder == "eve", "the lock of the other run stays"


def test_two_runs_at_once_are_one_run_and_one_sentence(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, leave = threading.Event(), threading.Event()

    def wait(_night: Night) -> dict[str, int]:
        entered.set()
        leave.wait(60)
        return {}

    monkeypatch.setattr(steps, "STEPS", (Step("wait", "", wait, ""),))
    thread = threading.Thread(target=nightly.run, args=(context, WHO))
    thread.start()
    assert entered.wait(60)
    try:
        with pytest.raises(Busy, match=f"A nightly run is under way, by 'ops' on host .*process {os.getpid()}"):
            nightly.run(context, WHO)
    finally:
        leave.set()
        thread.join()
    assert nightly.last_report(context).number == 1
    assert nightly.last_report(context).finished


def test_what_the_system_does_not_tell_is_not_guessed(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    lock = JobLock("n", "h", processes.host(), "", os.getpid(), "", "t", NOW, NOW, NOW)
    monkeypatch.setattr(processes, "_PROC", tmp_path)
    assert (processes.machine(), processes.born(os.getpid())) == ("", "")
    assert processes.alive(lock) is None, "its number may have been given out again"
    assert processes.alive(replace(lock, pid=2**22 + 1)) is False
    assert processes.alive(replace(lock, host="db2")) is None
    assert processes.alive(replace(lock, born="1")) is None, "it is hidden, not gone"
