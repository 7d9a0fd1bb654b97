"""The ad hoc search, the snapshot that searches start from, and what happens when bytes on disk change."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from pictures import child, nobody

from matcher import Matcher
from matcher.config import Home
from matcher.errors import Damaged, WrongUse
from matcher.services.context import Context, now_utc

ME = "desk"


def register(matcher: Matcher, *seeds: int) -> None:
    for seed in seeds:
        matcher.add_case(f"A-{seed}", photos=[child(seed)], actor=ME)


def lists(matcher: Matcher, photo: bytes) -> list[tuple[str, float]]:
    (face,) = matcher.match(photo, actor=ME, reason="test").faces
    return [(one.case_id, one.similarity) for one in face.candidates]


def test_a_search_needs_a_reason_and_leaves_only_an_audit_entry(matcher: Matcher) -> None:
    register(matcher, 1)
    before = len(matcher.audit())
    with pytest.raises(WrongUse, match="Why do you search"):
        matcher.match(child(1), actor=ME, reason="  ")
    assert len(matcher.audit()) == before
    result = matcher.match(child(1, 1), actor=ME, reason="a tip")
    assert result.faces[0].candidates[0].case_id == "A-1"
    last = matcher.audit()[-1]
    assert (last.entry.action, last.note, last.entry.reason_code) == ("search.match", "a tip", "ad_hoc")
    assert matcher.sightings() == []


def test_a_search_without_a_face_is_audited_too(matcher: Matcher) -> None:
    result = matcher.match(nobody(), actor=ME, reason="a tip")
    assert (result.faces, result.reason.value if result.reason else None) == ((), "no_face")
    assert matcher.audit()[-1].entry.action == "search.match"


def test_an_empty_gallery_gives_empty_lists(matcher: Matcher) -> None:
    result = matcher.match(child(1), actor=ME, reason="test")
    assert (result.gallery_size, result.faces[0].candidates) == (0, ())


def test_a_reindex_changes_nothing_but_the_snapshot(matcher: Matcher) -> None:
    register(matcher, 1, 2, 3)
    before = lists(matcher, child(2, 1))
    done = matcher.reindex(actor=ME)
    assert (done.faces, done.embedded, done.problems) == (3, 0, ())
    assert lists(matcher, child(2, 1)) == before
    status = matcher.gallery_status()
    assert (status.snapshot, status.size, status.tail, status.tombstones) == (done.snapshot, 3, 0, 0)
    register(matcher, 4)
    matcher.close_case("A-1", status="returned", actor=ME)
    status = matcher.gallery_status()
    assert (status.size, status.tail, status.tombstones) == (3, 1, 1)
    after = lists(matcher, child(2, 1))
    assert {case for case, _ in after} == {"A-2", "A-3", "A-4"}
    assert matcher.verify().clean


def test_old_snapshots_are_pruned(matcher: Matcher) -> None:
    names = []
    for seed in range(5):
        register(matcher, seed)
        names.append(matcher.reindex(actor=ME).snapshot)
    kept = sorted(path.name for path in matcher.context.gallery.folder.iterdir() if path.is_dir())
    assert kept == names[-3:]


def test_faces_without_a_vector_are_embedded_by_a_reindex(matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a change of model: the chosen faces are there, their vectors are not."""
    register(matcher, 1, 2)
    expected = lists(matcher, child(1, 1))
    url = matcher.context.home.database
    with matcher.context.store.write() as transaction:
        faces = [face for case in transaction.cases.list() for face in _faces(transaction, case)]
        transaction.gallery.remove(faces)
    with sqlite3.connect(url) as raw:
        raw.execute("DELETE FROM embeddings")
    raw.close()
    done = matcher.reindex(actor=ME)
    assert (done.embedded, done.faces, done.problems) == (2, 2, ())
    again = lists(matcher, child(1, 1))
    assert [case for case, _ in again] == [case for case, _ in expected]
    assert [similarity for _, similarity in again] == pytest.approx([similarity for _, similarity in expected])


def _faces(transaction, case):  # type: ignore[no-untyped-def]
    photos = [photo.id for photo in transaction.photos.of_case(case.id)]
    return [face.id for group in transaction.faces.of_photos(photos).values() for face in group]


def test_a_changed_snapshot_is_found(matcher: Matcher) -> None:
    register(matcher, 1, 2)
    done = matcher.reindex(actor=ME)
    file = matcher.context.gallery.folder / done.snapshot / "vectors.sealed"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    (problem,) = matcher.verify().problems
    assert "vectors.sealed" in problem
    matcher.reindex(actor=ME)
    assert matcher.verify().clean


def test_a_missing_snapshot_file_stops_searches_with_a_clear_word(matcher: Matcher, home: Path) -> None:
    register(matcher, 1)
    done = matcher.reindex(actor=ME)
    (matcher.context.gallery.folder / done.snapshot / "vectors.sealed").unlink()
    with pytest.raises(Damaged, match="matcher reindex"), Matcher.open(home) as fresh:
        fresh.match(child(1), actor=ME, reason="test")
    matcher.reindex(actor=ME)
    with Matcher.open(home) as fresh:
        assert lists(fresh, child(1))[0][0] == "A-1"


def test_changed_and_vanished_photos_are_found(matcher: Matcher) -> None:
    register(matcher, 1, 2)
    first, second = (matcher.context.home.photos / key for key in matcher.context.blobs.list())
    first.write_bytes(first.read_bytes() + b"x")
    second.unlink()
    problems = matcher.verify().problems
    assert len(problems) == 2
    assert any("not what was written" in problem for problem in problems)
    assert any("has vanished" in problem for problem in problems)


def test_a_case_closed_here_is_not_found_by_a_running_process_there(matcher: Matcher, home: Path) -> None:
    register(matcher, 1, 2)
    matcher.reindex(actor=ME)
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from matcher import Matcher\n"
        f"with Matcher.open({str(home)!r}) as m:\n"
        "    for line in sys.stdin:\n"
        "        found = m.match(Path(line.strip()), actor='there', reason='test').faces[0].candidates\n"
        "        print(','.join(c.case_id for c in found), flush=True)\n"
    )
    photo = home.parent / "probe.jpg"
    photo.write_bytes(child(1, 1))
    process = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        print(photo, file=process.stdin, flush=True)
        assert process.stdout.readline().strip() == "A-1,A-2"
        matcher.close_case("A-1", status="returned", actor=ME)
        print(photo, file=process.stdin, flush=True)
        assert process.stdout.readline().strip() == "A-2"
        process.stdin.close()
        assert process.wait(timeout=60) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_searches_and_sees_a_closing(matcher: Matcher) -> None:
    register(matcher, 1, 2)
    matcher.reindex(actor=ME)
    assert lists(matcher, child(1, 1))[0][0] == "A-1"
    ready, done = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.read(ready[0], 1)  # the parent closes the case first
            found = [case for case, _ in lists(matcher, child(1, 1))]
            matcher.add_case("A-9", photos=[child(9)], actor=ME)
            code = 0 if found == ["A-2"] else 2
        finally:
            os._exit(code)
    matcher.close_case("A-1", status="returned", actor=ME)
    os.write(ready[1], b"x")
    _, status = os.waitpid(pid, 0)
    for end in (*ready, *done):
        os.close(end)
    assert os.waitstatus_to_exitcode(status) == 0
    assert {case for case, _ in lists(matcher, child(1, 1))} == {"A-2", "A-9"}
    assert matcher.verify_audit().problem is None


def test_threads_share_one_matcher(matcher: Matcher) -> None:
    from concurrent.futures import ThreadPoolExecutor

    register(matcher, 1, 2, 3)
    expected = lists(matcher, child(2, 1))
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda _: lists(matcher, child(2, 1)), range(24)))
    assert results == [expected] * 24
    assert matcher.verify_audit().problem is None


def test_a_file_without_a_record_is_reported_and_swept_when_old(home: Path) -> None:
    """As a process leaves it that is killed between file and record."""
    later = timedelta(hours=2)
    with Matcher.open(home) as matcher:
        register(matcher, 1)
        matcher.context.blobs.put("0000000000abc", "deadbeef", b"left behind")
        assert matcher.verify().clean, "another process may be about to write its record"
        with Matcher(Context(Home(home), clock=lambda: now_utc() + later)) as future:
            (problem,) = future.verify().problems
            assert "0000000000abc/deadbeef" in problem
            future.reindex(actor=ME)
            assert future.verify().clean
        assert len(list(matcher.context.blobs.list())) == 1


def test_a_face_that_belongs_to_no_open_case_is_found(matcher: Matcher) -> None:
    register(matcher, 1, 2)
    with sqlite3.connect(matcher.context.home.database) as raw:
        raw.execute("UPDATE cases SET status = 'hoax' WHERE number = 'A-1'")
    raw.close()
    (problem,) = matcher.verify().problems
    assert "not the chosen one of an open case" in problem


def test_deleted_snapshots_are_rebuilt_and_searches_go_on_meanwhile(matcher: Matcher, home: Path) -> None:
    register(matcher, 1, 2)
    matcher.reindex(actor=ME)
    shutil.rmtree(home / "snapshots")
    (home / "snapshots").mkdir()
    with Matcher.open(home) as fresh:
        assert lists(fresh, child(1))[0][0] == "A-1"
        fresh.reindex(actor=ME)
        assert fresh.verify().clean


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_forked_while_another_thread_opens_things_does_not_wait_for_ever(matcher: Matcher) -> None:
    register(matcher, 1)
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with matcher.context._lock:
            holding.set()
            release.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(60)
    pid = os.fork()
    if pid == 0:
        signal.alarm(60)
        os._exit(0 if matcher.context.space.dim == 128 else 1)
    _, status = os.waitpid(pid, 0)
    release.set()
    thread.join()
    assert os.waitstatus_to_exitcode(status) == 0
