"""Reports of the public while processes die and disks fill: what was answered is there whole, nothing comes twice."""

from __future__ import annotations

import collections
import io
import random
import re
import shutil
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from commands import start
from disks import mounted
from pictures import child
from processes import Running
from starlette.testclient import TestClient

from matcher import Matcher
from matcher.config import Home
from matcher.domain.cases import PhotoState
from matcher.domain.ids import SightingId, parse_id
from matcher.domain.reports import Doubt, PublicReport, ReportState
from matcher.domain.reviews import TaskKind
from matcher.images.decode import open_image
from matcher.services.context import Context, now_utc
from matcher.services.report_work import look_at_all
from matcher.services.reports import CONTACT, NewReport, by_receipt
from matcher.services.sealed_text import open_text
from matcher.store.database import Reading
from matcher.web.public.app import create_public_app

httpx = pytest.importorskip("httpx2" if sys.version_info >= (3, 11) else "httpx")

KILLS, SENDERS, REPORTS = 12, 4, 40
SETTINGS = 'reports_per_hour = 100000\npublic_url = "http://127.0.0.1"\n'


def grain(number: int, side: int = 160) -> bytes:
    """A photo of nothing, of which each number has another."""
    out = io.BytesIO()
    pixels = np.random.default_rng(number).integers(0, 255, (side, side, 3), np.uint8)
    PIL.Image.fromarray(pixels).save(out, "JPEG", quality=90)
    return out.getvalue()


def settled(home: Path) -> None:
    with Home(home).settings_file.open("a", encoding="utf-8") as file:
        file.write(SETTINGS)


@dataclass
class Senders:
    """People who send reports, each under a word of its own, until an answer has come."""

    url: str
    rng: random.Random
    answered: dict[str, str] = field(default_factory=dict)  # the code by the word
    unanswered: set[str] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 100_000)))
    wrong: list[str] = field(default_factory=list)

    def send(self, word: str) -> bool:
        """Whether an answer came."""
        number = int(word[-6:])
        files = [("photo", (f"{one}.jpg", grain(number + one), "image/jpeg")) for one in range(0, 200_000, 100_000)]
        form = {"submission": word, "place": f"place {number}", "contact": f"139 {number}"}
        self.unanswered.add(word)
        try:
            answer = httpx.post(f"{self.url}/report", data=form, files=files, timeout=60)
        except httpx.TransportError:
            return False
        if answer.status_code != 201:
            self.wrong.append(f"{answer.status_code} {answer.text[:200]}")
            return False
        code = re.search(r'class="code" translate="no">([0-9A-Z-]+)<', answer.text)[1]
        if self.answered.setdefault(word, code) != code:
            self.wrong.append(f"{word} got two codes")
        self.unanswered.discard(word)
        return True

    def work(self, stop: threading.Event) -> None:
        """New reports, and now and then one that had no answer, or had one."""
        while not stop.is_set():
            known = sorted(self.unanswered)[:2] + sorted(self.answered)[-2:]
            again = self.rng.random() < 0.2 and known
            self.send(self.rng.choice(known) if again else f"word{next(self.numbers):020d}")


@contextmanager
def served(home: Path) -> Iterator[tuple[str, Running]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = start("serve", "--public", "--home", home, "--port", port)
    url = f"http://127.0.0.1:{port}"
    for _ in range(1200):
        try:
            httpx.get(f"{url}/healthz", timeout=60)
            break
        except httpx.TransportError:
            time.sleep(0.05)
    try:
        yield url, running
    finally:
        running.kill()


@pytest.mark.fault
def test_a_server_killed_under_load_keeps_what_it_answered_and_nothing_by_halves(shared_home: Path) -> None:
    settled(shared_home)
    people = Senders("", random.Random(7))
    for attempt in range(KILLS):
        stop = threading.Event()
        with served(shared_home) as (people.url, running):
            before = len(people.answered)
            threads = [threading.Thread(target=people.work, args=(stop,)) for _ in range(SENDERS)]
            for one in threads:
                one.start()
            deadline = time.monotonic() + 60
            while len(people.answered) < before + 3 and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(people.rng.uniform(0, 0.5))
            assert running.kill(), attempt
            stop.set()
            for one in threads:
                one.join()
        assert people.wrong == []
        assert_whole(shared_home, people)
    assert people.unanswered, "no kill met a report under way"
    with served(shared_home) as (people.url, _):
        for word in [*sorted(people.unanswered), *sorted(people.answered)[:5]]:
            assert people.send(word), people.wrong
    assert (people.wrong, people.unanswered) == ([], set())
    assert_whole(shared_home, people)
    with Matcher(Context(Home(shared_home), clock=lambda: now_utc() + timedelta(hours=2))) as later:
        later.reindex(actor="test")
        assert len(list(later.context.blobs.list())) == 2 * len(later.sightings()), "files without a record are gone"
        assert list((shared_home / "photos").glob("*/*.part")) == []


def assert_whole(home: Path, people: Senders) -> None:
    """All that was answered is there, and whatever is there is whole and there once."""
    with Matcher.open(home) as matcher:
        context = matcher.context
        with context.store.read() as reading:
            every = reading.reports.in_states(tuple(ReportState))
            kept = {one.sighting_id for one in every}
            assert {parse_id(line.id) for line in matcher.sightings()} == kept
            assert len(people.answered) <= len(every) <= len(people.answered) + len(people.unanswered)
            for code in people.answered.values():
                assert by_receipt(context, reading, code).sighting_id in kept
            photos = {one: reading.photos.of_sighting(one) for one in kept}
            owners, _ = reading.reports.likenesses(now_utc() - timedelta(days=1))
        assert {len(some) for some in photos.values()} == {2}
        for photo in (one for some in photos.values() for one in some):
            context.blobs.get_verified(photo.blob, lambda data: context.key.digest(data, "photo"))
        assert collections.Counter(owners.tolist()) == dict.fromkeys(kept, 2)
        assert noted(matcher, "report.receive") == dict.fromkeys(kept, 1)
        for one in every:
            assert open_text(context, one.sighting_id, CONTACT, one.contact).startswith("139 ")
        assert matcher.verify().problems == ()


def noted(matcher: Matcher, action: str) -> collections.Counter[SightingId]:
    """How often it is in the audit log of each sighting."""
    return collections.Counter(
        SightingId(parse_id(record.entry.objects[0])) for record in matcher.audit() if record.entry.action == action
    )


def look(home: str, minutes: int, ready: str) -> None:
    """A process that looks at reports until it is killed; `ready` is a file that it makes when it begins."""
    with Matcher(Context(Home(Path(home)), clock=lambda: now_utc() + timedelta(minutes=minutes))) as matcher:
        matcher.context.pipeline.find(open_image(child(99, size=150), "warm"), thorough=True)
        Path(ready).touch()
        look_at_all(matcher.context)


@pytest.mark.fault
def test_processes_killed_while_they_look_leave_each_report_to_the_next_once(shared_home: Path, tmp_path: Path) -> None:
    rng = random.Random(11)
    with Matcher.open(shared_home) as matcher:
        for seed in range(1, 4):
            matcher.add_case(f"A-{seed}", photos=[child(seed, size=150)], actor="test")
        for number in range(REPORTS):
            new = NewReport(told={"place": f"place {number}"}, key=f"k{number}")
            matcher.public.reports.accept(new, [child(1 + number, 1, size=150)])
    killed, rounds = 0, 0
    while killed < KILLS and waiting(shared_home) and rounds < 3 * KILLS:
        rounds += 1
        marks = [tmp_path / f"ready-{rounds}-{one}" for one in range(3)]
        # Each round is later than the leases of those that were killed in the one before.
        workers = [Running(look, str(shared_home), 11 * rounds, str(mark)) for mark in marks]
        for mark, worker in zip(marks, workers, strict=True):
            while not mark.exists() and worker.wait(0.01) is None:
                pass
            time.sleep(rng.uniform(0, 0.08))  # a report takes about 30 ms: most are killed while at one
            killed += worker.kill()
        assert_looked_at(shared_home, done=False)
    assert killed >= KILLS // 2, killed
    last = [Running(look, str(shared_home), 11 * (rounds + 1), str(tmp_path / f"last-{one}")) for one in range(3)]
    assert [worker.end() for worker in last] == [(0, "")] * 3
    assert_looked_at(shared_home, done=True)


def waiting(home: Path) -> int:
    with Matcher.open(home) as matcher, matcher.context.store.read() as reading:
        return reading.reports.count(ReportState.QUEUED)


def assert_looked_at(home: Path, *, done: bool) -> None:
    """Each report has either not been looked at, or was once: with its one face, its candidates and its list."""
    with Matcher.open(home) as matcher:
        with matcher.context.store.read() as reading:
            every = reading.reports.in_states(tuple(ReportState))
            for one in every:
                found = what_was_found(reading, one)
                if one.state is ReportState.TAKEN:
                    assert found == (1, 1, 3, 1), (one, found)
                else:
                    assert found == (0, 0, 0, 0), (one, found)
                # A report that was three times under way when its process was killed waits for a person.
                given_up = one.state is ReportState.HELD and Doubt.UNREADABLE in one.doubts and one.attempts > 3
                assert one.state is ReportState.TAKEN or given_up or (not done and one.state is ReportState.QUEUED)
        looked = {one.sighting_id for one in every if one.state is not ReportState.QUEUED}
        assert noted(matcher, "report.look") == dict.fromkeys(looked, 1)
        assert len(every) == REPORTS
        assert matcher.verify().problems == ()
        assert matcher.verify_audit().problem is None


def what_was_found(reading: Reading, report: PublicReport) -> tuple[int, int, int, int]:
    """How many photos were searched, faces were found, candidates and lists there are."""
    photos = reading.photos.of_sighting(report.sighting_id)
    faces = [face for some in reading.faces.of_photos([photo.id for photo in photos]).values() for face in some]
    candidates = reading.candidates.of_sighting(report.sighting_id)
    lists = [task for task in reading.tasks.of_sighting(report.sighting_id) if task.kind is TaskKind.LIST]
    ready = [photo for photo in photos if photo.state is PhotoState.READY]
    return len(ready), len(faces), len(candidates), len(lists)


@pytest.mark.fault
def test_a_thousand_reports_of_one_photo_are_searched_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settled(home)
    with Matcher.open(home) as matcher:
        matcher.add_case("A-1", photos=[child(1, size=150)], actor="test")
        with TestClient(create_public_app(matcher.context, secure=False), base_url="http://find.example") as browser:
            for number in range(1000):
                form = {"submission": f"word{number:020d}", "place": f"place {number}"}
                files = {"photo": ("p.jpg", child(1, 1, size=150), "image/jpeg")}
                assert browser.post("/report", data=form, files=files).status_code == 201
        searched, find = [], matcher.context.pipeline.find
        monkeypatch.setattr(matcher.context.pipeline, "find", lambda *a, **k: searched.append(1) or find(*a, **k))
        began = time.monotonic()
        assert look_at_all(matcher.context) == 1000
        assert time.monotonic() - began < 300
        with matcher.context.store.read() as reading:
            states = collections.Counter(one.state for one in reading.reports.in_states(tuple(ReportState)))
        assert (len(searched), states) == (1, {ReportState.TAKEN: 1, ReportState.DUPLICATE: 999})


@pytest.mark.fault
@pytest.mark.parametrize("left", [0, 60_000, 250_000, 600_000])
def test_a_full_disk_takes_nothing_in_by_halves_and_says_so(tmp_path: Path, left: int) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted("-t", "tmpfs", "-o", "size=12m", "tmpfs", disk):
        home = disk / "home"
        Matcher.create(home).close()
        settled(home)
        with Matcher.open(home) as matcher:
            app = create_public_app(matcher.context, secure=False)
            with TestClient(app, base_url="http://find.example", raise_server_exceptions=False) as browser:
                filler = disk / "filler"
                filler.write_bytes(bytes(max(1, shutil.disk_usage(disk).free - left)))
                sent = [report_to(browser, number) for number in range(8)]
                assert all(answer.status_code in {201, 503} for answer in sent), [one.text for one in sent]
                refused = [number for number, answer in enumerate(sent) if answer.status_code == 503]
                assert refused, "the disk was not full"
                assert all("Try again in a few minutes" in sent[number].text for number in refused)
                assert all(str(disk) not in sent[number].text for number in refused), "where it lies is ours to know"
                assert len(matcher.sightings()) == len(sent) - len(refused)
                filler.unlink()
                assert [report_to(browser, number).status_code for number in range(8)] == [201] * 8
            assert len(matcher.sightings()) == 8
            assert matcher.verify().problems == ()


def report_to(browser: TestClient, number: int) -> httpx.Response:
    form = {"submission": f"word{number:020d}", "place": f"place {number}"}
    return browser.post("/report", data=form, files={"photo": ("p.jpg", grain(number, 400), "image/jpeg")})
