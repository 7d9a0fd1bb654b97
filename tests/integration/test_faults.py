"""Many processes at once, and processes that are killed: nothing lost, nothing doubled, always opens."""

from __future__ import annotations

import random
import threading
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from commands import finish, killed, seconds, start
from pictures import child, saved

from matcher import Matcher
from matcher.config import Home
from matcher.services.context import Context, now_utc

CASES_EACH, IMPORTERS = 4, 10


@pytest.mark.fault
def test_ten_importers_and_two_reporters_at_once(shared_home: Path, tmp_path: Path) -> None:
    for importer in range(IMPORTERS):
        for number in range(CASES_EACH):
            seed = 1 + importer * CASES_EACH + number
            saved(tmp_path, f"cases-{importer}/C-{seed:03}/photo.jpg", child(seed, size=150))
    for reporter in range(2):
        for number in range(8):
            saved(tmp_path, f"seen-{reporter}/{number}.jpg", child(1 + reporter * 20 + number, variant=1, size=150))
    with Matcher.open(shared_home) as reader:
        stop = threading.Event()
        watcher = threading.Thread(target=_watch, args=(reader, stop))
        watcher.start()
        processes = [
            start("case", "import-folders", tmp_path / f"cases-{importer}", "--home", shared_home)
            for importer in range(IMPORTERS)
        ]
        processes += [
            start("sighting", "import-folder", tmp_path / f"seen-{reporter}", "--home", shared_home)
            for reporter in range(2)
        ]
        for process in processes:
            finish(process)
        stop.set()
        watcher.join()
        _check_all_there(reader)


def _watch(reader: Matcher, stop: threading.Event) -> None:
    """A searcher that is busy the whole time: what it misses once, it would miss for ever."""
    while not stop.is_set():
        reader.context.gallery.status()
        time.sleep(0.01)


def _check_all_there(reader: Matcher) -> None:
    expected = [f"C-{seed:03}" for seed in range(1, 1 + IMPORTERS * CASES_EACH)]
    assert [case.case_id for case in reader.cases()] == expected
    assert all(case.photos == 1 for case in reader.cases())
    assert len(reader.sightings()) == 16
    with reader.context.store.read() as reading:
        rows = [row for block in reading.gallery.rows(reader.space.name) for row in block]
        counter = reading.gallery.counter()
    assert counter == len(rows) == len(expected), "every face took exactly one change"
    found = reader.context.gallery.search(np.stack([row.vector for row in rows]), cases=1)
    assert [hits[0].case_id for hits in found.hits] == [row.case_id for row in rows]
    records = reader.audit()
    assert [one.number for one in records] == list(range(1, len(records) + 1))
    assert len(records) == len(expected) + 16
    assert len({one.previous for one in records}) == len(records)
    assert reader.verify_audit().problem is None
    reader.reindex(actor="test")
    assert reader.verify().problems == ()


@pytest.mark.fault
def test_imports_and_reindexes_killed_thirty_times(shared_home: Path, tmp_path: Path) -> None:
    rng, home, cases = random.Random(5), shared_home, tmp_path / "cases"
    Matcher.create(tmp_path / "other").close()
    _add_cases(cases, 6)
    importing, reindexing = ("case", "import-folders", cases), ("reindex",)
    takes = {arguments: seconds(*arguments, "--home", tmp_path / "other") for arguments in (importing, reindexing)}
    kills = {importing: 0, reindexing: 0}
    for attempt in range(90):
        arguments = (importing, reindexing)[attempt % 2]
        if arguments is importing:
            _add_cases(cases, 3)
        kills[arguments] += killed(start(*arguments, "--home", home), rng.uniform(0, 1) * takes[arguments])
        with Matcher.open(home) as matcher:
            assert matcher.verify().problems == ()
            assert all(case.photos == 1 for case in matcher.cases())
        if min(kills.values()) >= 15:
            break
    assert min(kills.values()) >= 15, kills
    finish(start(*importing, "--home", home))
    finish(start(*reindexing, "--home", home))
    with Matcher.open(home) as matcher:
        count = len(list(cases.iterdir()))
        assert len(matcher.cases()) == matcher.gallery_status().size == count
        assert matcher.verify().problems == ()
        # A kill between file and record leaves a file; the reindex of a later night takes it away.
        with Matcher(Context(Home(home), clock=lambda: now_utc() + timedelta(hours=2))) as later:
            later.reindex(actor="test")
        assert len(list(matcher.context.blobs.list())) == count
        assert not list((home / "photos").glob("*/*.part"))


def _add_cases(folder: Path, count: int) -> None:
    there = len(list(folder.iterdir())) if folder.is_dir() else 0
    for seed in range(there + 1, there + 1 + count):
        saved(folder, f"C-{seed:03}/photo.jpg", child(seed, size=150))


def test_a_killed_import_is_completed_by_a_rerun(home: Path, tmp_path: Path) -> None:
    """The short form of the above, for every run of the suite."""
    for seed in range(1, 7):
        saved(tmp_path, f"cases/C-{seed}/photo.jpg", child(seed))
    process = start("case", "import-folders", tmp_path / "cases", "--home", home)
    deadline = time.monotonic() + 120
    with Matcher.open(home) as matcher:
        while not matcher.cases() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.kill()
        assert matcher.verify().problems == ()
    finish(start("case", "import-folders", tmp_path / "cases", "--home", home))
    with Matcher.open(home) as matcher:
        assert len(matcher.cases()) == 6
        assert matcher.verify().problems == ()
