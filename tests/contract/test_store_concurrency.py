"""Many processes and threads at one database: nothing lost, nothing doubled, no fork of the chain."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from records import SPACE, case, enrol, entry

from matcher.errors import Busy, MatcherError
from matcher.store.database import Store
from matcher.store.keystore import KeyRing

processes = multiprocessing.get_context("fork")
PROCESSES, ROUNDS = 8, 12


def run_all(work: Callable[..., None], *jobs: tuple[object, ...]) -> None:
    """Run `work` in one process per job, all at once; every one must succeed."""
    running = [processes.Process(target=work, args=job) for job in jobs]
    for process in running:
        process.start()
    for process in running:
        process.join(60)
    assert [process.exitcode for process in running] == [0] * len(jobs)


def _register(url: str, keys: KeyRing, writer: int, rounds: int) -> None:
    with Store.open(url, keys=keys) as store:
        for turn in range(rounds):
            with store.write() as tx:
                new = enrol(tx, f"{writer}-{turn}", turn)
                tx.audit.append(entry(details={"writer": writer, "turn": turn}))
                if turn % 3 == 2:
                    tx.gallery.remove([new.face.id])


def test_eight_processes_lose_nothing_and_never_fork_the_chain(store: Store, database_url: str, keys: KeyRing) -> None:
    run_all(_register, *((database_url, keys, writer, ROUNDS) for writer in range(PROCESSES)))
    removed = PROCESSES * len(range(2, ROUNDS, 3))
    with store.read() as reading:
        report = reading.audit.verify()
        assert (report.problem, report.entries) == (None, PROCESSES * ROUNDS)
        told = {(record.entry.details["writer"], record.entry.details["turn"]) for record in reading.audit.records()}
        assert len(told) == PROCESSES * ROUNDS
        assert len(reading.cases.list()) == PROCESSES * ROUNDS
        changes = [change.change for change in reading.gallery.changes(SPACE, 0)]
        assert changes == list(range(1, PROCESSES * ROUNDS + removed + 1))
        assert reading.gallery.counter() == changes[-1]
        assert reading.gallery.count(SPACE) == PROCESSES * ROUNDS - removed


def test_a_polling_reader_never_misses_a_late_commit(store: Store, database_url: str, keys: KeyRing) -> None:
    writers = [processes.Process(target=_register, args=(database_url, keys, number, ROUNDS)) for number in range(4)]
    for writer in writers:
        writer.start()
    seen: list[int] = []
    polls_with_news = 0
    known = 0
    done = False
    while not done:
        done = not any(writer.is_alive() for writer in writers)
        if store.change_counter() != known:
            with store.read() as reading:
                news = [change.change for change in reading.gallery.changes(SPACE, known)]
                known = reading.gallery.counter()
            assert news[-1] == known
            seen += news
            polls_with_news += 1
    assert [writer.exitcode for writer in writers] == [0] * 4
    assert seen == list(range(1, 4 * (ROUNDS + ROUNDS // 3) + 1))
    assert polls_with_news > 3  # it did read between the writers' commits


def _write_and_wait(url: str, keys: KeyRing, ready: "multiprocessing.synchronize.Event", hold: float) -> None:
    with Store.open(url, keys=keys) as store, store.write() as tx:
        enrol(tx, "lost", 5)
        tx.audit.append(entry("lost"))
        ready.set()
        time.sleep(hold)


def test_a_killed_writer_leaves_the_old_state(store: Store, database_url: str, keys: KeyRing) -> None:
    with store.write() as tx:
        enrol(tx, "kept", 1)
        tx.audit.append(entry("kept"))
    ready = processes.Event()
    victim = processes.Process(target=_write_and_wait, args=(database_url, keys, ready, 60))
    victim.start()
    assert ready.wait(30)
    os.kill(victim.pid, signal.SIGKILL)
    victim.join()
    with Store.open(database_url) as again, again.write() as tx:
        assert [one.number for one in tx.cases.list()] == ["kept"]
        assert (tx.gallery.counter(), tx.gallery.count(SPACE)) == (1, 1)
        tx.audit.append(entry("after"))
        report = tx.audit.verify()
    assert (report.problem, report.entries) == (None, 2)


def test_a_writer_that_waits_too_long_is_told_that_another_is_at_work(database_url: str) -> None:
    with Store.open(database_url) as first, Store.open(database_url, wait=0.2) as second:
        with first.write() as tx:
            tx.cases.add(case("A-1"))
            started = time.monotonic()
            with pytest.raises(Busy, match="another process|Another process"), second.write():
                pass
            assert 0.1 < time.monotonic() - started < 5
            with second.read() as reading:  # readers never wait
                assert reading.cases.list() == []
        with second.write() as tx:
            assert tx.cases.get("A-1") is not None


def test_any_exception_undoes_everything(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write() as tx:
        enrol(tx, "A-1")
        tx.audit.append(entry(), note="why")
        raise ZeroDivisionError
    with pytest.raises(KeyboardInterrupt), store.write() as tx:
        enrol(tx, "A-1")
        raise KeyboardInterrupt
    with store.read() as reading:
        assert reading.cases.list() == []
        assert (reading.gallery.counter(), reading.audit.records()) == (0, [])
    with store.write() as tx:
        enrol(tx, "A-1")
        assert tx.audit.append(entry()).number == 1


def test_a_reader_sees_one_moment(store: Store) -> None:
    with store.write() as tx:
        enrol(tx, "A-1", 1)
    with store.read() as reading:
        with store.write() as tx:
            enrol(tx, "A-2", 2)
            tx.audit.append(entry())
        assert store.change_counter() == 2
        assert [one.number for one in reading.cases.list()] == ["A-1"]
        assert reading.gallery.counter() == 1
        assert [change.change for change in reading.gallery.changes(SPACE, 0)] == [1]
        assert reading.gallery.count(SPACE) == sum(map(len, reading.gallery.rows(SPACE))) == 1
        assert reading.audit.verify().entries == 0
    with store.read() as reading:
        assert reading.gallery.counter() == 2


def test_a_reader_cannot_write(store: Store) -> None:
    with store.read() as reading:
        assert not hasattr(reading.cases, "add")
        assert not hasattr(reading.audit, "append")


def test_threads_share_a_store(store: Store) -> None:
    start = threading.Barrier(4)

    def work(number: int) -> None:
        start.wait()
        for turn in range(5):
            with store.write() as tx:
                enrol(tx, f"{number}-{turn}")
                tx.audit.append(entry())
            with store.read() as reading:
                assert reading.cases.get(f"{number}-{turn}") is not None
            assert store.change_counter() > turn

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    with store.read() as reading:
        assert (reading.audit.verify().problem, reading.audit.verify().entries, reading.gallery.counter()) == (
            None,
            20,
            20,
        )


def _use_inherited(store: Store, number: int) -> None:
    try:
        with store.write() as tx:
            enrol(tx, f"child-{number}")
            tx.audit.append(entry())
    except MatcherError as error:  # shown by pytest when the exit code is not 0
        print(error)  # noqa: T201
        raise


def test_children_and_parent_go_on_with_the_same_store_after_a_fork(store: Store) -> None:
    with store.write() as tx:
        enrol(tx, "parent-0")
    with store.read() as before:
        assert len(before.cases.list()) == 1
        store.change_counter()  # leaves an idle connection for the children to inherit
        run_all(_use_inherited, *((store, number) for number in range(3)))
        assert len(before.cases.list()) == 1  # the parent's open snapshot is untouched
    with store.write() as tx:
        enrol(tx, "parent-1")
        tx.audit.append(entry())
    with store.read() as reading:
        assert len(reading.cases.list()) == 5
        assert (reading.audit.verify().problem, reading.gallery.counter()) == (None, 5)


def _create(url: str) -> None:
    Store.create(url).close()


def test_processes_that_create_at_once_make_one_database(databases: object) -> None:
    with databases.fresh(empty=True) as url:
        run_all(_create, *((url,) for _ in range(4)))
        with Store.open(url) as store:
            assert store.change_counter() == 0
