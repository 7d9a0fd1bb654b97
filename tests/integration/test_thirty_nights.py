"""Nights of a home that is worked in: killed, resumed, with another model, and at the end an independent recount."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from model_files import EXPORTED, folder_with_models
from nights import STEPS, night
from office_book import SIZE, Book, all_bytes, rows
from offices import START, Office, again, opened
from pictures import child
from reviews import Clock

from matcher import Matcher
from matcher.config import Home, erasure_list_file
from matcher.domain.ids import id_text, parse_id

KEPT_DAYS = 6
NEW_MODEL = f"mmod+{EXPORTED}"
on_demand = pytest.mark.skipif(
    "NIGHT_CASES" not in os.environ, reason="takes long: set NIGHT_CASES=8 for hundreds of cases"
)
Opened = Callable[[Path, Clock, str], Iterator[Office]]


def settings(tmp_path: Path) -> str:
    """Short times, so that endings come within the simulation."""
    return (
        f'located_days = {KEPT_DAYS}\nclosed_days = {KEPT_DAYS}\nbackup_dir = "{tmp_path / "backups"}"\n'
        f'key_backup_dir = "{tmp_path / "kept-keys"}"\nbackups_kept = 40\n'
    )


@contextmanager
def office_in(home: Path, clock: Clock, how: Opened = again) -> Iterator[Office]:
    """The people of a home, with its settings as they are."""
    lines = Home(home).settings_file.read_text(encoding="utf-8").splitlines()
    yield from how(home, clock, "\n".join(line for line in lines if not line.startswith(("key_file", "encryption"))))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MATCHER_MODELS_DIR", str(folder_with_models()))
    folder = tmp_path / "home"
    Matcher.create(folder).close()
    file = Home(folder).settings_file
    file.write_text(file.read_text(encoding="utf-8") + settings(tmp_path), encoding="utf-8")
    return folder


@pytest.mark.fault
@on_demand
def test_a_few_nights_are_as_the_book_says(home: Path, tmp_path: Path) -> None:
    simulate(home, tmp_path, days=8, each=3, new_model=4, rng=random.Random(5))


@pytest.mark.fault
@on_demand
def test_thirty_nights_are_as_the_book_says(home: Path, tmp_path: Path) -> None:
    each = int(os.environ["NIGHT_CASES"])
    simulate(home, tmp_path, days=30, each=each, new_model=15, rng=random.Random(30))


def simulate(home: Path, tmp_path: Path, *, days: int, each: int, new_model: int, rng: random.Random) -> None:
    book, clock = Book(rng), Clock(START)
    for day in range(days):
        with office_in(home, clock, again if day else opened) as office:
            by_day(book, office, day, each)
            if day == new_model - 2:
                office.matcher.face_models.prepare(("mmod", EXPORTED), actor="ops", limit=each)
            if day == new_model:
                office.matcher.face_models.cut_over(actor="ops", accept_missing=True)
        clock.forward(hours=14)
        at_night(home, clock, rng, killed=rng.random() < 0.6)
        clock.forward(hours=10)
        if day == days // 2:
            shutil.copytree(tmp_path / "backups", tmp_path / "old-backups")
    with office_in(home, clock) as office:
        recount(book, office, home)
    nothing_comes_back(book, home, tmp_path)


def by_day(book: Book, office: Office, day: int, each: int) -> None:
    """What people do in a day."""
    book.register(office, each)
    book.report(office, each - 1, day)
    book.judge(office, each // 2)
    book.copy_verdicts(office.matcher.context.home.database)
    if day > 1:
        book.end(office, 2 if each > 4 else 1, day)
        book.erase(office, cases=day % 2, sightings=day % 3 == 0)
    book.expire(office, day, KEPT_DAYS)


def at_night(home: Path, clock: Clock, rng: random.Random, *, killed: bool) -> int:
    """The night's run, which may be killed before it gets to its end; how often it was."""
    os.environ["NIGHT_CLOCK"] = clock.now.isoformat()
    kills = 0
    try:
        while killed and kills < 2:
            where, step = rng.choice(["before", "within", "after"]), rng.choice(STEPS)
            code, output = night(home, where=where, step=step, number=rng.randrange(1, 4000))
            assert code in (0, -9), output
            if code == 0:
                break
            kills += 1
        code, output = night(home, "--anew", where="none")
        assert code == 0, output
    finally:
        del os.environ["NIGHT_CLOCK"]
    return kills


def recount(book: Book, office: Office, home: Path) -> None:
    """Everything that the book says, asked of the home as anybody would ask it."""
    matcher = office.matcher
    assert matcher.verify().problems == ()
    assert matcher.verify_audit().problem is None
    assert sorted(case.case_id for case in matcher.cases(status="open")) == sorted(book.open)
    assert sorted(case.case_id for case in matcher.cases()) == sorted(book.open | book.ended)
    assert {one.id for one in matcher.sightings()} == set(book.sightings)
    for number, seed in book.open.items():
        assert number in _all(matcher, seed)
    listed = {number for seed, _ in book.ended.values() for number in _all(matcher, seed)}
    assert listed <= set(book.open)
    assert book.verdicts_there(home / "matcher.db") == book.verdicts_kept()
    watched(book, home)
    erased(book, office, home)


def watched(book: Book, home: Path) -> None:
    """Every sighting of a child whose case is open has that case among its candidates, whichever came first."""
    asked = {(row[0], row[1]) for row in rows(home / "matcher.db", "SELECT sighting_id, case_id FROM candidates")}
    every = rows(home / "matcher.db", "SELECT sighting_id, case_id, face_id, space FROM candidates")
    assert len(set(every)) == len(every), "a candidate is there twice"
    for sighting, (seed, _) in book.sightings.items():
        for number, of in book.open.items():
            assert of != seed or (parse_id(sighting), parse_id(book.ids[number])) in asked


def erased(book: Book, office: Office, home: Path) -> None:
    """Everything erased is proved to be gone, and not a byte of it is left anywhere."""
    erasures = {one.id: one for one in office.matcher.endings.erasures()}
    assert erasures.keys() == book.gone.keys()
    for shown in book.gone:
        assert erasures[shown].proved_at is not None, erasures[shown]
        proof = office.matcher.endings.verify_erasure(shown)
        assert proof.proved, proof
    # The same photo may have been handed in twice: whoever is still there keeps its own copy.
    cases = [*book.open.values(), *(seed for seed, _ in book.ended.values())]
    kept = {child(seed, size=SIZE) for seed in cases} | {
        child(seed, 1, size=SIZE) for seed, _ in book.sightings.values()
    }
    needles = [
        needle for gone in book.gone.values() if gone.photo not in kept for needle in (gone.photo, *gone.vectors)
    ]
    assert needles, "nothing would be looked for"
    for where, content in all_bytes(office, home):
        for needle in needles:
            assert needle not in content, f"a remnant lies in {where}"


def nothing_comes_back(book: Book, home: Path, tmp_path: Path) -> None:
    """A backup from before most of the erasures, restored with the list of them."""
    restored = tmp_path / "restored"
    view = Matcher.restore(
        tmp_path / "old-backups",
        restored,
        actor="ops",
        keys=tmp_path / "kept-keys",
        erasure_list=erasure_list_file(home),
    )
    assert view.problems == ()
    assert view.erased_again > 0
    with Matcher.open(restored) as matcher:
        assert matcher.verify().problems == ()
        assert matcher.verify_audit().problem is None
        cases = {id_text(row[0]) for row in rows(restored / "matcher.db", "SELECT id FROM cases")}
        there = cases | {one.id for one in matcher.sightings()}
        assert there.isdisjoint(book.gone)
        assert there <= set(book.ids.values()) | set(book.sightings)


def _all(matcher: Matcher, seed: int) -> list[str]:
    found = matcher.match(child(seed, size=SIZE), actor="test", reason="recount", thorough=True).faces
    return [one.case_id for face in found for one in face.candidates]
