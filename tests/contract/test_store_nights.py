"""Locks of jobs and reports of nights, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from records import NOW

from matcher.domain.nights import JobLock, NightReport, StepReport, StepState
from matcher.store.database import Store

LATER = NOW + timedelta(minutes=10)


def lock(number: str = "one", **changes: object) -> JobLock:
    values = {
        "name": "nightly", "holder": "ops", "host": "db1", "machine": "m", "pid": 7, "born": "9", "token": number,
        "acquired_at": NOW, "heartbeat_at": NOW, "expires_at": NOW + timedelta(seconds=90),
    }  # fmt: skip
    return JobLock(**{**values, **changes})


def test_a_lock_is_held_by_one(store: Store) -> None:
    mine, other = lock(), lock("two", holder="eve", host="db2")
    with store.write() as tx:
        assert tx.locks.acquire(mine) is None
    with store.write() as tx:
        assert tx.locks.acquire(other) == mine
        assert tx.locks.acquire(other, over="three") == mine
        assert tx.locks.acquire(lock("two", name="other")) is None
    with store.read() as reading:
        assert reading.locks.get("nightly") == mine
        assert [one.name for one in reading.locks.list()] == ["nightly", "other"]
        assert mine.patience == timedelta(seconds=90)


def test_a_lock_that_was_taken_over_cannot_be_renewed_or_given_back(store: Store) -> None:
    mine, other = lock(), lock("two")
    with store.write() as tx:
        tx.locks.acquire(mine)
        assert tx.locks.renew("nightly", "one", LATER, LATER + timedelta(seconds=30))
        assert tx.locks.get("nightly") == replace(mine, heartbeat_at=LATER, expires_at=LATER + timedelta(seconds=30))
        assert tx.locks.acquire(other, over="one") is None
        assert not tx.locks.renew("nightly", "one", LATER, LATER)
        assert not tx.locks.release("nightly", "one")
        assert tx.locks.get("nightly") == other
        assert tx.locks.release("nightly", "two")
        assert tx.locks.get("nightly") is None
        assert not tx.locks.renew("nightly", "two", LATER, LATER)


def test_of_many_at_once_one_gets_the_lock(store: Store) -> None:
    def attempt(number: int) -> bool:
        with store.write() as tx:
            return tx.locks.acquire(lock(str(number))) is None

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(12))) == 1


def test_reports_come_back_as_they_were(store: Store) -> None:
    steps = (
        StepReport("embed", StepState.DONE, 1.5, {"embedded": 3, "problems": ["face 1: gone."], "share": 0.5}),
        StepReport("build", StepState.FAILED, 0.1, {}, "The disk is full.", "Make room."),
    )
    report = NightReport(0, NOW, whole=True, steps=steps[:1], notes=("Taken up.",))
    with store.write() as tx:
        first = tx.nights.add(report)
        assert first == replace(report, number=1)
        ended = replace(first, steps=steps, ended_at=LATER, clock_off=True)
        tx.nights.save(ended)
        second = tx.nights.add(NightReport(0, NOW - timedelta(days=9), whole=False))
    with store.read() as reading:
        assert reading.nights.list() == [second, ended]
        assert reading.nights.list(limit=1) == [second]
        assert (reading.nights.last(), reading.nights.last(whole=True)) == (second, ended)
        assert (reading.nights.last(clock_off=True), reading.nights.last(clock_off=False)) == (ended, second)
        assert reading.nights.last(whole=True, clock_off=False) is None
    assert ended.problems == ("face 1: gone.",)
    assert ended.in_state(StepState.FAILED) == ("build",)
    assert not ended.finished
    assert replace(ended, steps=steps[:1]).finished


def test_the_newest_reports_are_kept_whatever_the_clock_showed(store: Store) -> None:
    with store.write() as tx:
        for days in (0, 900, 3, 2, 1):
            tx.nights.add(NightReport(0, NOW + timedelta(days=days), whole=True))
        assert tx.nights.forget(keep=5) == 0
        assert tx.nights.forget(keep=2) == 3
        assert [report.number for report in tx.nights.list()] == [5, 4]
        assert tx.nights.add(NightReport(0, NOW, whole=True)).number == 6
