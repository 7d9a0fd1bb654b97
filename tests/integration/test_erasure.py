"""Erasing, and the proof that it is gone: on real homes, through all their files."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from accounts import sign_in_here
from click.testing import CliRunner, Result
from offices import START, Office, opened
from pictures import child
from reviews import Clock

from matcher import Matcher
from matcher.cli.root import root
from matcher.domain.ids import SightingId, id_text, parse_id
from matcher.domain.reviews import TaskKind
from matcher.errors import Conflict, Damaged, NotFound, NotPermitted, StoreProblem, WrongUse
from matcher.gallery.snapshots import open_snapshot, snapshot_names
from matcher.services import erasing, erasure_list, erasure_proof, pictures
from matcher.services.endings import check_statement
from matcher.services.inputs import ReasonCode, Who
from matcher.store.blobs import BlobStore
from matcher.store.vectors import pack

WHO = Who("operator", ReasonCode.MAINTENANCE)


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), "control_rate = 0.0\nsecond_look_rate = 0.0\n")


def worked(office: Office) -> tuple[str, str]:
    """Three cases and a sighting with a pair that two people judged: the ids of the first case and of the sighting."""
    office.register(1, 2, 3)
    sighting = office.submit(1, source="Mrs Wu")
    office.matcher.update_case("A-1", [child(1, 2)], actor="x", reason="her aunt sent another photo")
    office.matcher.relate_cases("A-1", "A-2", kind="sibling", actor="x")
    office.pick(office.cat, "A-1")
    office.judge(office.ann, "potential", note="the same chin")
    office.judge(office.ben, "no_candidate")
    for face in faces_of(office.matcher, "A-1"):
        pictures.thumbnail(office.matcher.context, face)
    office.matcher.reindex(actor="x")
    return case_id(office.matcher, "A-1"), sighting


def case_id(matcher: Matcher, number: str) -> str:
    with matcher.context.store.read() as reading:
        return id_text(reading.cases.get(number).id)


def faces_of(matcher: Matcher, number: str) -> list[int]:
    with matcher.context.store.read() as reading:
        photos = [photo.id for photo in reading.photos.of_case(reading.cases.get(number).id)]
        return [face.id for faces in reading.faces.of_photos(photos).values() for face in faces]


def traces(matcher: Matcher, subject: str) -> list[bytes]:
    """What must be nowhere afterwards: vectors and photos, in the clear and as they lie there, and the ids of faces."""
    context, number = matcher.context, parse_id(subject)
    found = []
    with context.store.read() as reading:
        photos = reading.photos.of_case(number) or reading.photos.of_sighting(SightingId(number))
        faces = [face.id for group in reading.faces.of_photos(photo.id for photo in photos).values() for face in group]
        vectors = reading.faces.vectors(faces, context.space.name)
    with closing(sqlite3.connect(context.home.database)) as database:
        rows = database.execute("SELECT face_id, vector FROM embeddings").fetchall()
    for packed in [row[1] for row in rows if row[0] in vectors] + [pack(vector) for vector in vectors.values()]:
        found += [packed, packed[64:128]]
    for key in context.blobs.of_owner(subject):
        for data in (context.blobs.get(key), (context.home.photos / key).read_bytes()):
            found += [data, data[len(data) // 2 :][:64]]
    found += [face.to_bytes(8, "big") for face in faces] + [photo.id.to_bytes(8, "big") for photo in photos]
    return found


def holding(home: Path, wanted: list[bytes]) -> list[str]:
    """The files of a home that hold any of these bytes."""
    files = [path for path in sorted(home.rglob("*")) if path.is_file()]
    return [str(path.relative_to(home)) for path in files if any(one in path.read_bytes() for one in wanted)]


def in_snapshots(matcher: Matcher, wanted: list[bytes]) -> bool:
    """Whether any snapshot holds any of these bytes, once it is opened with the home's own keys."""
    context = matcher.context
    folders = [context.gallery.folder / name for name in snapshot_names(context.gallery.folder)]
    found = [open_snapshot(folder, context.space, context.snapshot_cipher) for folder in folders]
    return any(one in snapshot.part.vectors.tobytes() for snapshot in found for one in wanted)


@pytest.mark.parametrize("what", ["case", "sighting"])
def test_no_byte_of_what_was_erased_is_left(office: Office, home: Path, what: str) -> None:
    case, sighting = worked(office)
    subject = case if what == "case" else sighting
    wanted = traces(office.matcher, subject)
    before = holding(home, wanted)
    assert any(name.startswith("photos/") for name in before)
    assert any(name.startswith("matcher.db") for name in before)
    assert in_snapshots(office.matcher, wanted) is (what == "case")
    view = getattr(erasing, f"erase_{what}")(office.matcher.context, subject, WHO)
    assert (view.id, view.removed["verdicts"], view.removed["photos"]) == (subject, 2, 2 if what == "case" else 1)
    office.matcher.reindex(actor="x")
    assert holding(home, wanted) == []
    assert not in_snapshots(office.matcher, wanted)
    assert office.matcher.verify().clean
    (proved,) = office.matcher.endings.erasures()
    assert proved.proved_at is not None
    assert office.matcher.endings.verify_erasure(subject).proved
    # What is not of it is as it was.
    assert [one.case_id for one in office.matcher.cases()] == (
        ["A-2", "A-3"] if what == "case" else ["A-1", "A-2", "A-3"]
    )
    assert len(office.matcher.sightings()) == (1 if what == "case" else 0)


def test_free_words_about_an_erased_case_are_gone_and_the_chain_holds(office: Office) -> None:
    case, _ = worked(office)
    erasing.erase_case(office.matcher.context, case, Who("officer", ReasonCode.CLOSURE, "as Mrs Wu asks"))
    words = " ".join(str(record.note) for record in office.matcher.audit())
    assert "aunt" not in words
    assert "Mrs Wu" not in words
    assert office.matcher.verify_audit().intact
    last = office.matcher.audit()[-1].entry
    assert (last.action, last.objects, last.details["because"]) == ("case.erase", (case,), "request")


def test_lists_of_others_lose_the_places_of_an_erased_case(office: Office) -> None:
    office.register(1, 2, 3)
    office.submit(1)
    office.submit(2)
    office.pick(office.cat, "A-1", "A-2")
    begun = office.matcher.desk.next(office.ann, "list")
    assert begun is not None
    office.matcher.desk.list_sheet(office.ann, begun.claim)
    erasing.erase_case(office.matcher.context, case_id(office.matcher, "A-1"), WHO)
    with pytest.raises(Conflict, match="ask for the next task"):
        office.matcher.desk.list_sheet(office.ann, begun.claim)
    again = office.matcher.desk.next(office.ann, "list")
    assert again is not None
    assert office.matcher.desk.list_sheet(office.ann, again.claim).places == 2
    with office.matcher.context.store.read() as reading:
        lists = reading.tasks.standing("done", TaskKind.LIST)
        (answer,) = reading.verdicts.answers(lists[0].id, lists[0].round)
    assert (len(answer.picks), len(answer.shown)) == (1, 2)


def test_a_running_searcher_finds_an_erased_case_no_more(office: Office, home: Path) -> None:
    case, _ = worked(office)
    with Matcher.open(home) as running:
        assert running.match(child(1), actor="x", reason="test").faces[0].candidates[0].case_id == "A-1"
        erasing.erase_case(office.matcher.context, case, WHO)
        found = running.match(child(1), actor="x", reason="test").faces[0].candidates
        assert {one.case_id for one in found} == {"A-2", "A-3"}
        office.matcher.reindex(actor="x")
        assert {one.case_id for one in running.match(child(1), actor="x", reason="test").faces[0].candidates} == {
            "A-2",
            "A-3",
        }


def test_the_proof_waits_for_whoever_reads_an_older_state(office: Office, home: Path) -> None:
    case, _ = worked(office)
    vectors = traces(office.matcher, case)[:1]
    with sqlite3.connect(home / "matcher.db") as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM cases").fetchone()
        erasing.erase_case(office.matcher.context, case, WHO)
        office.matcher.reindex(actor="x")
        (pending,) = office.matcher.endings.erasures()
        assert pending.proved_at is None
        assert [words.split(" are ")[0] for words in pending.awaited] == ["the database's pages"]
        assert holding(home, vectors), "the bytes are still there, so that nothing else could be said"
        assert not office.matcher.endings.verify_erasure(case).proved
        reader.rollback()
    reader.close()
    (done,) = office.matcher.endings.finish(actor="x")
    assert done.proved_at is not None
    assert holding(home, vectors) == []
    assert office.matcher.endings.finish(actor="x") == []
    assert [record.entry.action for record in office.matcher.audit()].count("erasure.proved") == 1


def test_a_copy_made_before_is_found_out(office: Office, home: Path, tmp_path: Path) -> None:
    """The search can fail: the same search finds everything in a home that was copied before the erasure."""
    case, _ = worked(office)
    copy = tmp_path / "copy"
    office.matcher.close()
    shutil.copytree(home, copy)
    with Matcher.open(home) as matcher:
        erasing.erase_case(matcher.context, case, WHO)
        matcher.reindex(actor="x")
        tombstone = matcher.endings.tombstone(case)
        assert matcher.endings.verify_erasure(case).proved
    with Matcher.open(copy) as old:
        with pytest.raises(NotFound, match="Nothing was erased"):
            old.endings.verify_erasure(case)
        found = old.endings.verify_erasure(case, tombstone=tombstone)
        assert not found.proved
        places = found.document["statement"]["found"]
        assert {"database pages", "photo files", "snapshot rows", "vectors in rows", "photos in rows"} <= set(places)
        assert places["vectors in rows"] == 2
        # Replaying the list makes an end of it there too.
        entries = erasure_list.read(erasure_list.path_of(Matcher.open(home).context))
        assert erasing.replay(old.context, entries, WHO) == 1
        assert erasing.replay(old.context, entries, WHO) == 0
        old.reindex(actor="x")
        assert old.endings.verify_erasure(case, tombstone=tombstone).found == 0
        assert old.endings.erasures()[0].because.value == "erasure_list"


def test_a_planted_remain_is_found_wherever_it_lies(office: Office, home: Path) -> None:
    case, _ = worked(office)
    photo = next(iter(office.matcher.context.blobs.of_owner(case)))
    data, old = office.matcher.context.blobs.get(photo), home / "old"
    live = office.matcher.context.gallery.folder / office.matcher.gallery_status().snapshot
    shutil.copytree(live, old)
    erasing.erase_case(office.matcher.context, case, WHO)
    office.matcher.reindex(actor="x")
    assert office.matcher.endings.verify_erasure(case).found == 0
    planted = live.with_name(live.name)
    old.rename(planted)
    found = office.matcher.endings.verify_erasure(case).document["statement"]["found"]
    assert found == {"snapshot rows": 2}
    shutil.rmtree(planted)
    folder = home / "photos" / case
    folder.mkdir()
    assert office.matcher.endings.verify_erasure(case).document["statement"]["found"] == {"photo folders": 1}
    folder.rmdir()
    office.matcher.context.blobs.put("0000000000abc", "elsewhere", data)
    told = office.matcher.endings.verify_erasure(case).document["statement"]
    assert (told["found"], told["elsewhere"]) == ({}, {"photo files": 1})


def test_a_copy_of_the_photo_in_another_case_is_told_and_is_no_remain(office: Office) -> None:
    office.register(1, 2)
    office.matcher.update_case("A-2", [child(1)], actor="x")
    case = case_id(office.matcher, "A-1")
    erasing.erase_case(office.matcher.context, case, WHO)
    office.matcher.reindex(actor="x")
    result = office.matcher.endings.verify_erasure(case)
    assert result.proved
    told = result.document["statement"]["elsewhere"]
    assert told == {"photo files": 1, "photos in rows": 1, "snapshot rows": 1, "vectors in rows": 1}


def test_an_unreadable_snapshot_proves_nothing(office: Office) -> None:
    case, _ = worked(office)
    erasing.erase_case(office.matcher.context, case, WHO)
    office.matcher.reindex(actor="x")
    live = office.matcher.context.gallery.folder / office.matcher.gallery_status().snapshot
    (live / "manifest.json").write_text("{}")
    result = office.matcher.endings.verify_erasure(case)
    assert (result.found, result.proved, len(result.unread)) == (0, False, 1)
    assert "Could not be searched" in run("erasure", "verify", case, code=5).output
    erasing.erase_case(office.matcher.context, case_id(office.matcher, "A-2"), WHO)
    assert not office.matcher.endings.finish(actor="x")[0].proved_at


def broken(*_: object, **__: object) -> None:
    raise StoreProblem("killed here")


STEPS = {  # with whether the erasure list names it by then
    "matcher.store.erasures.ErasureWriting.remove": False,
    "matcher.store.erasures.ErasureWriting.add": False,
    "matcher.store.audit.AuditWriting.append": False,
    "matcher.services.erasure_list.append": False,
    "matcher.store.head.Head.save": True,
    "matcher.store.blobs.BlobStore.delete_owner": True,
    "matcher.store.erasures.ErasureWriting.note_gone": True,
}


@pytest.mark.parametrize("step", STEPS)
def test_cut_short_at_any_step_it_is_there_or_completed_later(
    office: Office, home: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    case, _ = worked(office)
    wanted = traces(office.matcher, case)
    with monkeypatch.context() as patch:
        patch.setattr(step, broken)
        with suppress(StoreProblem):
            erasing.erase_case(office.matcher.context, case, WHO)
    listed = [entry.id for entry in erasure_list.read(erasure_list.path_of(office.matcher.context))]
    office.matcher.reindex(actor="x")
    assert office.matcher.verify().clean
    there = [one.case_id for one in office.matcher.cases()]
    if listed:
        assert there == ["A-2", "A-3"]
        assert holding(home, wanted) == []
        assert office.matcher.endings.verify_erasure(case).proved
    else:
        assert there == ["A-1", "A-2", "A-3"]
        assert len(office.matcher.case("A-1").photos) == 2
        assert office.matcher.endings.erasures() == []
    assert bool(listed) == STEPS[step]


@pytest.mark.parametrize("step", ["drop_before", "read_manifest"])
def test_a_proof_cut_short_is_completed_later(office: Office, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    case, _ = worked(office)
    erasing.erase_case(office.matcher.context, case, WHO)
    with monkeypatch.context() as patch:
        patch.setattr(erasure_proof, step, broken)
        office.matcher.reindex(actor="x")
        assert office.matcher.endings.erasures()[0].proved_at is None
    office.matcher.reindex(actor="x")
    assert office.matcher.endings.verify_erasure(case).proved


def test_two_who_erase_at_once_erase_once(office: Office) -> None:
    case, _ = worked(office)
    outcomes: list[str] = []

    def erase() -> None:
        try:
            erasing.erase_case(office.matcher.context, case, WHO)
            outcomes.append("erased")
        except NotFound:
            outcomes.append("gone")

    threads = [threading.Thread(target=erase) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["erased", "gone", "gone", "gone"]
    assert len(erasure_list.read(erasure_list.path_of(office.matcher.context))) == 1


def test_an_older_database_put_back_in_place_is_emptied_again(office: Office, home: Path, tmp_path: Path) -> None:
    case, _ = worked(office)
    office.matcher.close()
    shutil.copytree(home, tmp_path / "backup")
    with Matcher.open(home) as matcher:
        erasing.erase_case(matcher.context, case, WHO)
        matcher.reindex(actor="x")
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "backup", home)
    with Matcher.open(home) as matcher:
        matcher.reindex(actor="x")
        assert [one.case_id for one in matcher.cases()] == ["A-2", "A-3"]
        matcher.reindex(actor="x")
        assert matcher.endings.verify_erasure(case).proved
        assert len(erasure_list.read(erasure_list.path_of(matcher.context))) == 1


def test_a_lost_list_is_written_anew_from_the_tombstones(office: Office) -> None:
    case, sighting = worked(office)
    erasing.erase_case(office.matcher.context, case, WHO)
    office.clock.forward(seconds=1)
    erasing.erase_sighting(office.matcher.context, sighting, WHO)
    path = erasure_list.path_of(office.matcher.context)
    before = path.read_bytes()
    path.unlink()
    office.matcher.reindex(actor="x")
    assert path.read_bytes() == before


def test_a_list_in_a_new_place_is_whole_from_its_first_line_on(office: Office, tmp_path: Path) -> None:
    case, sighting = worked(office)
    context = office.matcher.context
    erasing.erase_case(context, case, WHO)
    office.clock.forward(seconds=1)
    context.settings = context.settings.model_copy(update={"erasure_list": tmp_path / "elsewhere.jsonl"})
    (told,) = [one for one in office.matcher.doctor() if one.subject == "erasures"]
    assert (told.ok, "lacks some of the 1" in told.text) == (False, True)
    erasing.erase_sighting(context, sighting, WHO)
    assert [entry.id for entry in erasure_list.read(erasure_list.path_of(context))] == [case, sighting]
    (told,) = [one for one in office.matcher.doctor() if one.subject == "erasures"]
    assert (told.ok, "elsewhere.jsonl" in told.text) == (True, True)


@pytest.mark.fault
def test_erasures_killed_at_random_leave_the_old_or_the_new_state(home: Path) -> None:
    with Matcher.open(home) as matcher:
        for seed in range(1, 9):
            matcher.add_case(f"A-{seed}", [child(seed)], actor="x")
        matcher.reindex(actor="x")
        ids = {f"A-{seed}": case_id(matcher, f"A-{seed}") for seed in range(1, 9)}
        wanted = {number: traces(matcher, subject) for number, subject in ids.items()}
    script = (
        "import sys\nfrom pathlib import Path\nfrom matcher import Matcher\nfrom matcher.services import erasing\n"
        "from matcher.services.inputs import ReasonCode, Who\n"
        f"m = Matcher.open({str(home)!r})\nm.space\nprint('ready', flush=True)\nsys.stdin.readline()\n"
        "who = Who('x', ReasonCode.CLOSURE)\n"
        "erasing.erase_case(m.context, sys.argv[1], who)\nm.reindex(actor='x')\n"
    )
    for turn, (number, subject) in enumerate(list(ids.items())[:7]):
        command = [sys.executable, "-c", script, subject]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("\n")
        process.stdin.flush()
        time.sleep(0.005 * (turn + 1))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
        with Matcher.open(home) as matcher:
            listed = {entry.id for entry in erasure_list.read(erasure_list.path_of(matcher.context))}
            matcher.reindex(actor="x")
            assert matcher.verify().clean
            assert (number in {one.case_id for one in matcher.cases()}) == (subject not in listed)
            if subject in listed:
                assert matcher.endings.verify_erasure(subject).proved
                assert holding(home, wanted[number]) == []


def run(*arguments: object, code: int = 0, given: str | None = None) -> Result:
    result = CliRunner().invoke(root, [str(argument) for argument in arguments], input=given)
    assert result.exit_code == code, result.output
    return result


def test_the_command_line_erases_proves_and_checks(home: Path, tmp_path: Path) -> None:
    sign_in_here(home)
    with Matcher.open(home) as matcher:
        matcher.add_case("A-1", [child(1)], actor="x")
        sighting = matcher.submit_sighting([child(1, 1)], actor="x").id
        matcher.reindex(actor="x")
        key = matcher.endings.public_key
        case = case_id(matcher, "A-1")
    assert "with 1 photos" in run("case", "erase", "A-1", code=1, given="n\n").output
    run("case", "erase", "A-9", code=4)
    assert "Erased: case" in run("case", "erase", "A-1", "--yes").output
    run("case", "erase", "A-1", "--yes", code=4)
    assert "Awaited" in run("sighting", "erase", sighting, given="y\n").output
    waiting = run("erasure", "verify", case, code=9)
    assert "REMAINS WERE FOUND: faces named in rows (1), snapshot rows (1)" in waiting.output
    assert "The proof is not complete yet" in waiting.output
    run("reindex")
    statement = tmp_path / "statement.json"
    told = run("erasure", "verify", case, "--output", statement).output
    assert f"the case with the reference {case} was erased on" in told
    assert "Nothing was found" in told
    assert statement.stat().st_mode & 0o077 == 0
    assert "compare it" in run("erasure", "check", statement).output
    run("erasure", "check", statement, "--public-key", key)
    run("erasure", "check", statement, "--public-key", "nonsense", code=2)
    changed = statement.read_text().replace('"found": {}', '"found": {"photo files": 1}')
    statement.write_text(changed)
    run("erasure", "check", statement, code=9)
    statement.write_text("[]")
    run("erasure", "check", statement, code=2)
    run("erasure", "export", case, tmp_path / "tombstone.json")
    run("erasure", "verify", case, "--tombstone", tmp_path / "tombstone.json")
    assert "not of" in run("erasure", "verify", sighting, "--tombstone", tmp_path / "tombstone.json", code=2).output
    (tmp_path / "picture.json").write_bytes(child(1))
    for command in (("verify", case, "--tombstone"), ("check",)):
        assert "This is no" in run("erasure", *command, tmp_path / "picture.json", code=2).output or command == (
            "check",
        )
    assert "is there already" in run("erasure", "export", case, statement, code=2).output
    assert run("erasure", "public-key").output.strip() == key
    assert "The list outside the home is" in run("erasure", "list").output
    listed = json.loads(run("erasure", "list", "--json").output)
    assert [(one["kind"], one["because"], bool(one["proved_at"])) for one in listed] == [
        ("case", "request", True),
        ("sighting", "request", True),
    ]


def test_erasing_takes_an_officer(office: Office) -> None:
    office.register(1)
    with pytest.raises(NotPermitted):
        office.matcher.endings.erase_case(office.ann, "A-1")
    office.matcher.endings.erase_case(office.officer, "A-1")
    assert office.matcher.cases() == []


def test_statements_of_another_home_are_told_from_ones_own(office: Office, tmp_path: Path) -> None:
    case, _ = worked(office)
    erasing.erase_case(office.matcher.context, case, WHO)
    document = office.matcher.endings.verify_erasure(case).document
    assert check_statement(document, office.matcher.endings.public_key)["id"] == case
    with Matcher.create(tmp_path / "other") as other, pytest.raises(Damaged, match="another key"):
        check_statement(document, other.endings.public_key)
    with pytest.raises(WrongUse, match="no signed statement"):
        check_statement({"statement": {}})


def test_a_folder_that_cannot_be_removed_is_awaited(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    case, _ = worked(office)
    with monkeypatch.context() as patch:
        patch.setattr(BlobStore, "delete_owner", broken)
        view = erasing.erase_case(office.matcher.context, case, WHO)
        assert any("photo files" in words for words in view.awaited)
        office.matcher.reindex(actor="x")
        assert office.matcher.endings.verify_erasure(case).document["statement"]["found"]["photo folders"] == 1
    office.matcher.reindex(actor="x")
    assert office.matcher.endings.verify_erasure(case).proved
