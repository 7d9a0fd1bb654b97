"""The audit log as evidence: reported on, exported, deposited elsewhere and shortened."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from accounts import sign_in_here
from commands import as_json, run
from pictures import child, saved
from records import candidate, enrol, report
from reviews import Clock, account, claim, pair_of

from matcher import Matcher
from matcher.config import Home
from matcher.crypto.signing import Signer
from matcher.domain.ids import id_text
from matcher.domain.people import Role
from matcher.errors import Conflict, Damaged, KeyProblem, WrongUse
from matcher.services import audit_trail
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import ReasonCode, Who
from matcher.store.chain import Break, Checkpoint, checkpoint_text, link

START = datetime(2023, 1, 10, 12, tzinfo=timezone.utc)
NIGHT = Who("nightly", ReasonCode.MAINTENANCE)


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
def dated(home: Path, clock: Clock) -> Iterator[Matcher]:
    """A home whose log has an entry a year: three cases registered, each with a note."""
    with Matcher(Context(Home(home), clock=clock)) as matcher:
        for number in (1, 2, 3):
            matcher.add_case(f"A-{number}", actor="li", reason=f"words {number}")
            clock.forward(days=365)
        yield matcher


def sql(home: Path, *statements: str) -> None:
    with sqlite3.connect(Home(home).database) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_an_export_can_be_proved_by_whoever_reads_it(dated: Matcher, tmp_path: Path) -> None:
    written = dated.audit_log.export(tmp_path / "log.jsonl")
    text = (tmp_path / "log.jsonl").read_text(encoding="utf-8")
    lines = text.splitlines()
    previous = "0" * 64
    for number, line in enumerate(lines, 1):
        one = json.loads(line)
        entry = line.removeprefix('{"entry":')[: line.index(',"hash":') - len('{"entry":')]
        assert (one["number"], one["previous"]) == (number, previous)
        assert link(number, previous, entry) == one["hash"]
        previous = one["hash"]
    assert written.entries == len(lines) == 3
    assert "words" not in text
    assert (tmp_path / "log.jsonl").stat().st_mode & 0o777 == 0o600


def test_an_export_is_of_the_days_that_are_asked_for_and_replaces_nothing(dated: Matcher, tmp_path: Path) -> None:
    export = dated.audit_log.export
    assert export(tmp_path / "1", since=date(2024, 1, 10)).entries == 2
    assert export(tmp_path / "2", until=date(2024, 1, 9)).entries == 1
    assert export(tmp_path / "3", since=date(2024, 1, 10), until=date(2024, 1, 10)).entries == 1
    with pytest.raises(WrongUse, match="evidence"):
        export(tmp_path / "1")
    with pytest.raises(WrongUse, match="cannot be written"):
        export(tmp_path / "no" / "folder")


def test_an_export_of_a_log_that_cannot_be_read_leaves_no_file(dated: Matcher, home: Path, tmp_path: Path) -> None:
    sql(home, "UPDATE audit SET entry = '{' WHERE number = 3")
    with pytest.raises(Damaged, match="entry 3"):
        dated.audit_log.export(tmp_path / "log", since=date(2023, 1, 1))
    assert not (tmp_path / "log").exists()
    assert dated.audit_log.export(tmp_path / "log").entries == 3  # whole, as evidence, whatever is in it


def test_a_deposited_head_shows_that_the_end_was_cut_off(dated: Matcher, home: Path, tmp_path: Path) -> None:
    head = dated.audit_log.deposit_head(tmp_path / "head.json")
    dated.add_case("A-4", actor="li")
    assert dated.audit_log.verify(tmp_path / "head.json").intact
    sql(
        home,
        "DELETE FROM audit_notes WHERE number > 2",
        "DELETE FROM audit WHERE number > 2",
        "UPDATE head SET audit_number = 2, audit_hash = (SELECT hash FROM audit WHERE number = 2)",
    )
    assert dated.audit_log.verify().intact  # by itself a chain that was cut off is whole
    found = dated.audit_log.verify(tmp_path / "head.json")
    assert (head.number, found.first_broken, found.problem) == (3, 3, Break.REMOVED)
    dated.add_case("A-5", actor="li")
    found = dated.audit_log.verify(tmp_path / "head.json")
    assert (found.first_broken, found.problem) == (3, Break.DEPOSITED)


def test_only_a_head_of_this_home_proves_something(dated: Matcher, tmp_path: Path) -> None:
    file = tmp_path / "head.json"
    dated.audit_log.deposit_head(file)
    values = json.loads(file.read_text(encoding="utf-8"))
    stranger = Signer.create(tmp_path / "stranger.key")
    forged = audit_trail.DepositedHead(2, values["hash"], datetime.fromisoformat(values["at"]), stranger.public, "")
    wrong = [
        "no JSON",
        "[]",
        json.dumps(values | {"number": 2}),
        json.dumps(values | {"number": 2, "public": stranger.public, "signature": stranger.sign(forged.text())}),
    ]
    for text in wrong:
        file.write_text(text, encoding="utf-8")
        with pytest.raises(WrongUse, match=r"head\.json"):
            dated.audit_log.verify(file)
    with pytest.raises(WrongUse, match="is no head"):
        dated.audit_log.verify(tmp_path / "absent")


def test_shortening_leaves_a_signed_checkpoint_and_an_entry(dated: Matcher, tmp_path: Path) -> None:
    dated.audit_log.deposit_head(tmp_path / "old.json")
    done = dated.audit_log.shorten(actor="boss", before=date(2025, 1, 1), export_to=tmp_path / "removed.jsonl")
    assert done.checkpoint is not None
    assert (done.removed, done.checkpoint.number, done.checkpoint.first_at) == (2, 2, START)
    assert len((tmp_path / "removed.jsonl").read_text(encoding="utf-8").splitlines()) == 2
    found = dated.audit_log.verify()
    assert (found.entries, found.removed, found.problem) == (2, 2, None)
    shortening = dated.audit(after=3)[0].entry
    assert (shortening.action, shortening.actor, shortening.details["through"]) == ("audit.shorten", "boss", 2)
    assert dated.audit_log.verify(tmp_path / "old.json").intact  # of entry 3, which is still there
    assert dated.verify().problems == ()


def test_a_head_from_before_the_checkpoint_cannot_be_compared(dated: Matcher, tmp_path: Path) -> None:
    dated.audit_log.deposit_head(tmp_path / "old.json")
    dated.context.clock.forward(days=400)
    dated.audit_log.shorten(actor="boss", before=date(2026, 1, 11))
    dated.context.clock.forward(days=400)
    dated.add_case("A-4", actor="li")
    dated.context.clock.forward(days=400)
    assert dated.audit_log.verify(tmp_path / "old.json").intact  # of the very entry of the checkpoint
    dated.audit_log.shorten(actor="boss", before=date(2028, 1, 1))
    with pytest.raises(Conflict, match="shortened up to entry"):
        dated.audit_log.verify(tmp_path / "old.json")


def test_the_default_age_is_the_setting(dated: Matcher, clock: Clock) -> None:
    assert audit_trail.shorten(dated.context, NIGHT).removed == 0  # the first is 1,095 days old: not older
    assert len(dated.audit()) == 3
    clock.forward(days=1)
    assert audit_trail.shorten(dated.context, NIGHT).removed == 1
    assert audit_trail.shorten(dated.context, NIGHT).removed == 0


def test_the_last_half_year_is_never_removed(dated: Matcher, clock: Clock) -> None:
    with pytest.raises(WrongUse, match="180 days"):
        audit_trail.shorten(dated.context, NIGHT, before=clock.now - timedelta(days=179, hours=23))
    assert audit_trail.shorten(dated.context, NIGHT, before=clock.now - timedelta(days=180)).removed == 3


def test_a_young_entry_ends_what_is_removed_whatever_comes_behind(dated: Matcher, clock: Clock) -> None:
    """A clock that was ahead for an hour keeps entries too long, and loses none."""
    clock.now = START
    dated.add_case("A-4", actor="li")
    clock.now = START + timedelta(days=2 * 365 + 181)
    assert dated.audit_log.shorten(actor="boss", before=date(2024, 6, 1)).removed == 2


def test_a_broken_log_is_not_shortened(dated: Matcher, home: Path, tmp_path: Path) -> None:
    sql(home, "UPDATE audit SET entry = replace(entry, 'li', 'xu') WHERE number = 1")
    with pytest.raises(Damaged, match="entry 1: changed"):
        dated.audit_log.shorten(actor="boss", before=date(2025, 1, 1), export_to=tmp_path / "removed")
    assert len(dated.audit()) == 3
    assert not (tmp_path / "removed").exists()


def _insert(checkpoint: Checkpoint) -> str:
    times = [f"{at:%Y-%m-%d %H:%M:%S.%f}" for at in (checkpoint.first_at, checkpoint.last_at, checkpoint.made_at)]
    values = [checkpoint.number, checkpoint.hash, checkpoint.count, *times, checkpoint.public, checkpoint.signature]
    return f"INSERT INTO audit_checkpoints VALUES ({', '.join(map(repr, values))})"


def test_a_forged_checkpoint_is_rejected(dated: Matcher, home: Path, tmp_path: Path) -> None:
    stranger = Signer.create(tmp_path / "stranger.key")
    last = dated.audit()[1]
    made = {"number": 2, "hash": last.hash, "count": 2, "first_at": START, "last_at": START, "made_at": START}
    unsigned = Checkpoint(**made, public=stranger.public, signature="")
    signature = stranger.sign(checkpoint_text(unsigned))
    own = dated.context.signer.public
    sql(home, "DELETE FROM audit_notes WHERE number <= 2", "DELETE FROM audit WHERE number <= 2")
    for public, signed in [(stranger.public, signature), (own, signature), (own, "no signature")]:
        sql(home, "DELETE FROM audit_checkpoints", _insert(Checkpoint(**made, public=public, signature=signed)))
        found = dated.audit_log.verify()
        assert (found.first_broken, found.problem) == (2, Break.CHECKPOINT)
    genuine = dated.context.signer.sign(checkpoint_text(unsigned))
    sql(home, "DELETE FROM audit_checkpoints", _insert(Checkpoint(**made, public=own, signature=genuine)))
    assert dated.audit_log.verify().intact


def test_a_lost_signing_key_is_told_and_not_replaced(dated: Matcher, home: Path) -> None:
    dated.audit_log.shorten(actor="boss", before=date(2025, 1, 1))
    before = dated.context.keys.counts()[0]
    with sqlite3.connect(Home(home).keys) as keys:
        keys.execute("DELETE FROM keys WHERE owner = 'signing'")
    with pytest.raises(KeyProblem, match="has no key of the signing: restore its newest backup"):
        dated.audit_log.verify()
    assert dated.context.keys.counts()[0] == before - 1, "none was made anew"


def test_a_changed_note_is_found(dated: Matcher, home: Path) -> None:
    sql(home, "UPDATE audit_notes SET note = 'other words' WHERE number = 2")
    found = dated.audit_log.verify()
    assert (found.first_broken, found.problem) == (2, Break.NOTE)


def test_who_searched_what_when_and_why(home: Path, tmp_path: Path) -> None:
    for seed in (1, 2):
        run("case", "add", f"A-{seed}", "--photo", saved(tmp_path, f"{seed}.jpg", child(seed)), "--actor", "li")
    probe = saved(tmp_path, "probe.jpg", child(2, 1))
    run("match", probe, "--reason", "a call from the station", "--actor", "wang")
    sighting = as_json("sighting", "submit", probe, "--actor", "hotline")["id"]
    run("case", "show", "A-1")
    found = as_json("audit", "report")
    first, second = found["acts"]
    assert (first["actor"], first["action"], first["cases"]) == ("wang", "search.match", ["A-1", "A-2"])
    assert (first["reason"], first["words"]) == ("ad_hoc", "a call from the station")
    assert (second["action"], second["sightings"], second["cases"]) == ("sighting.submit", [sighting], ["A-1", "A-2"])
    assert found["counts"] == {"hotline": {"sighting.submit": 1}, "wang": {"search.match": 1}}
    shown = run("audit", "report").stdout
    assert "a call from the station" in shown
    assert "wang: 1 search.match" in shown
    assert [one["action"] for one in as_json("audit", "report", "--of", "looks")["acts"]] == ["case.view"]
    assert len(as_json("audit", "report", "--of", "all")["acts"]) == 5
    assert [one["actor"] for one in as_json("audit", "report", "--by", "wang")["acts"]] == ["wang"]
    assert [one["action"] for one in as_json("audit", "report", "--sighting", sighting)["acts"]] == ["sighting.submit"]
    assert len(as_json("audit", "report", "--of", "all", "--case", "A-1")["acts"]) == 4
    assert as_json("audit", "report", "--until", "2020-01-01")["acts"] == []
    assert "There is no case" in run("audit", "report", "--case", "A-9", code=4).stderr


def test_words_are_not_for_those_who_may_see_no_child(home: Path) -> None:
    run("case", "add", "A-1", "--reason", "her mother called", "--actor", "li")
    sign_in_here(home, "sun", Role.AUDITOR)
    assert "her mother" not in run("audit", "report", "--of", "all").stdout
    sign_in_here(home, "chen", Role.OFFICER)
    assert "her mother" in run("audit", "report", "--of", "all").stdout


def test_what_was_opened_blind_is_named_by_its_case_and_sighting(home: Path) -> None:
    """Claims, tasks, candidates, faces and photos lead to the case and the sighting that they are of."""
    with Matcher.open(home) as matcher:
        context = matcher.context
        person = account(context.store, "ann", Role.REVIEWER).id
        with context.store.write() as tx:
            known, other = enrol(tx, "A-1"), enrol(tx, "A-2", 1)
            seen, face = report(tx)
            question = candidate(face, seen, known)
            tx.candidates.add([question])
            asked = pair_of(tx, question)
            held = claim(asked, person)
            tx.claims.add(held)
            for one in (known.photo.id, other.face.id, face.id, question.id, asked.id, held.id, 7):
                record(context, tx, NIGHT, Trace("photo.view", [one]))
        acts = matcher.audit_log.report("looks").acts
    both = (("A-1",), (id_text(seen.id),))
    expected = [(("A-1",), ()), (("A-2",), ()), ((), both[1]), both, both, both, ((), ())]
    assert [(one.cases, one.sightings) for one in acts] == expected
    assert acts[-1].others == (id_text(7),)


def test_the_commands_say_what_they_did(home: Path, tmp_path: Path) -> None:
    run("case", "add", "A-1", "--actor", "li")
    output = run("audit", "export", tmp_path / "log", "--head", tmp_path / "head").stdout
    assert "1 entries written" in output
    assert "another machine" in output
    assert "It holds the head" in run("audit", "verify", "--head", tmp_path / "head").stdout
    run("audit", "export", code=2)
    assert "already" in run("audit", "export", tmp_path / "log", code=2).stderr
    assert "already" in run("audit", "export", tmp_path / "new", "--head", tmp_path / "head", code=2).stderr
    assert not (tmp_path / "new").exists()
    assert "No entry" in run("audit", "report", "--case", "A-1").stdout
    assert "There is no case" in run("audit", "report", "--case", "A-9", code=4).stderr
    assert "nothing was removed" in run("audit", "shorten").stdout
    assert "180 days" in run("audit", "shorten", "--before", "2999-01-01", code=2).stderr
