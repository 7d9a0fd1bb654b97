#!/usr/bin/env python3
"""Fifty reviewers at the desk at once, over HTTP, on 100,000 candidates of 20,000 cases.

    python scripts/bench/desk.py [--cases 20000] [--lists 3334] [--reviewers 50] [--seconds 60] [--look 6]

Nothing is drawn or embedded: the photos are soft colours of 1600 × 1200 pixels, and the rows are those that a
submission would have written. First one reviewer works without looking; then all at once, each looking at a page for
some seconds, as people do at least; then all at once as fast as they can. Printed are the times of pages as a client
sees them and as the server counts them (`/metrics`: a quantile lies within its bucket), what was sealed, every answer
that was no success, and whether any task was ever given to more people than it needs.
"""

from __future__ import annotations

import argparse
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

import httpx2
import numpy as np
import PIL.Image
from sqlalchemy import create_engine, text

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
from prometheus_client.parser import text_string_to_metric_families
from records import NOW, Enrolled, candidate, case, face, photo, vector
from reviews import task

from matcher import Matcher
from matcher.accounts import passwords
from matcher.domain.cases import Photo
from matcher.domain.faces import Box
from matcher.domain.ids import CaseId, PhotoId, SightingId, id_text, new_id
from matcher.domain.people import Person, PersonId, Role
from matcher.domain.records import Sighting, StoredFace
from matcher.images.crops import to_jpeg
from matcher.services.masterkeys import KeyPlace
from matcher.store.database import Transaction

SPACE = "none_none_none_plain_8_cosine"
LENGTH = 30
WIDTH, HEIGHT = 1600, 1200
WATCHER = "watcher"
PASSWORD = "many reviewers at once"  # noqa: S105 - of accounts in a scratch home


def kept(matcher: Matcher, tx: Transaction, data: bytes, **owner: int) -> tuple[Photo, StoredFace]:
    digest = matcher.context.key.digest(data, "photo")
    folder = matcher.context.home.photos / id_text(next(iter(owner.values())))
    folder.mkdir(parents=True)
    (folder / digest).write_bytes(data)  # not synced, unlike a real one: it is a scratch home
    blob = f"{folder.name}/{digest}"
    image = photo(blob=blob, digest=digest, width=WIDTH, height=HEIGHT, size=len(data), id=PhotoId(new_id()), **owner)
    tx.photos.add(image)
    eyes_and_nose = np.array([[660, 500], [740, 500], [920, 500], [840, 500], [790, 640]], np.float32)
    found = face(image.id, box=Box(560, 330, 1020, 860), landmarks=eyes_and_nose)
    tx.faces.add([found], {found.id: vector(1)}, SPACE)
    return image, found


def fill(matcher: Matcher, cases: int, lists: int, reviewers: int) -> None:
    rng = np.random.default_rng(1)
    small = PIL.Image.fromarray(rng.integers(0, 255, (12, 16, 3)).astype(np.uint8))
    data = to_jpeg(np.asarray(small.resize((WIDTH, HEIGHT), PIL.Image.Resampling.BICUBIC)))
    encoded = passwords.encode(PASSWORD)
    with matcher.context.store.write() as tx:
        people = [(f"r{number}", Role.REVIEWER) for number in range(reviewers)]
        for name, role in [*people, (WATCHER, Role.ADMIN)]:
            person = Person(id=PersonId(new_id()), name=name, shown_name=name, roles=frozenset({role}), created_at=NOW)
            tx.people.add(person, encoded)
        known = []
        for number in range(cases):
            child = case(f"A-{number}", id=CaseId(new_id()))
            tx.cases.add(child)
            known.append(Enrolled(child, *kept(matcher, tx, data, case_id=child.id)))
        for _ in range(lists):
            seen = Sighting(id=SightingId(new_id()), created_at=NOW)
            tx.sightings.add(seen)
            _, probe = kept(matcher, tx, data, sighting_id=seen.id)
            chosen = rng.choice(cases, min(LENGTH, cases), replace=False)
            tx.candidates.add(
                [candidate(probe, seen, known[one], rank=rank, space=SPACE) for rank, one in enumerate(chosen, 1)]
            )
            tx.tasks.add([task(sighting_id=seen.id, face_id=probe.id, space=SPACE)])


class Reviewer:
    """One person's browser, which never looks and always seals."""

    def __init__(self, url: str, name: str, seed: int) -> None:
        self.client = httpx2.Client(base_url=url, follow_redirects=True, timeout=60)
        self.rng = np.random.default_rng(seed)
        self.name = name
        self.times: dict[str, list[float]] = defaultdict(list)
        self.failed: list[str] = []
        self.sealed = 0

    def sign_in(self) -> None:
        """Sign in, as often as it takes: of many who come at once, some are told to try again in a moment."""
        given = {"name": self.name, "password": PASSWORD}
        while (answer := self.client.post("/sign-in", data=given)).status_code == 429:
            time.sleep(float(answer.headers["Retry-After"]) * float(self.rng.random()))
        answer.raise_for_status()

    def work(self, until: float, look: float) -> None:
        time.sleep(look * float(self.rng.random()))  # people do not begin in step
        while time.perf_counter() < until:
            queue = self._timed("queue", "GET", "/queue")
            token = re.search(r'form_token" value="(\w+)"', queue.text)
            if token is None:
                return
            proof = {"form_token": token[1]}
            page = self._timed("next: claim and page", "POST", "/queue/next", data=proof)
            path = page.url.path
            if not path.startswith("/review/"):
                return  # nothing waits
            kind = "list" if "/lists/" in path else "pair"
            self._timed(kind, "GET", path)
            for address in sorted(set(re.findall(r'src="(/review/[^"]+)"', page.text))):
                self._timed("picture", "GET", address)
            time.sleep(look * float(self.rng.uniform(0.5, 1.5)))
            self._seal(kind, path, proof)

    def _seal(self, kind: str, path: str, proof: dict[str, str]) -> None:
        if kind == "list":
            given = {"pick": str(self.rng.integers(1, 20)), "answer": "picks"}
        else:
            given = {"outcome": str(self.rng.choice(["potential", "no_candidate", "inconclusive"]))}
        if self._timed(f"seal {kind}", "POST", f"{path}/seal", data=proof | given, follow_redirects=False).is_redirect:
            self.sealed += 1

    def _timed(self, what: str, method: str, path: str, **how: object) -> httpx2.Response:
        begun = time.perf_counter()
        answer = self.client.request(method, path, **how)
        self.times[what].append(time.perf_counter() - begun)
        if answer.status_code >= 400:
            self.failed.append(f"{method} {path}: {answer.status_code}")
        return answer


def table(title: str, reviewers: list[Reviewer], seconds: float) -> None:
    times: dict[str, list[float]] = defaultdict(list)
    for one in reviewers:
        for what, spans in one.times.items():
            times[what] += spans
    sealed, failed = sum(one.sealed for one in reviewers), [line for one in reviewers for line in one.failed]
    print(f"\n{title}: {sealed} answers sealed in {seconds:.0f} s, {len(failed)} answers that were no success")
    print(f"{'':22}{'number':>8}{'median':>10}{'p95':>10}{'longest':>10}   ms")
    for what, spans in sorted(times.items()):
        median, high, longest = (1000 * float(np.quantile(spans, q)) for q in (0.5, 0.95, 1.0))
        print(f"{what:22}{len(spans):8}{median:10.1f}{high:10.1f}{longest:10.1f}")
    for line in failed[:10]:
        print(f"  {line}")


Buckets = dict[tuple[str, str], list[tuple[float, float]]]


class Watcher:
    """Reads how long the server took, by method and pattern of the address."""

    def __init__(self, url: str) -> None:
        self.client = httpx2.Client(base_url=url, timeout=60)
        session = self.client.post("/v1/sessions", json={"name": WATCHER, "password": PASSWORD})
        self.client.headers["Authorization"] = f"Bearer {session.json()['token']}"

    def buckets(self) -> Buckets:
        """Cumulated counts by upper limit in seconds, in the order of the limits."""
        found: Buckets = defaultdict(list)
        for family in text_string_to_metric_families(self.client.get("/metrics").text):
            for sample in family.samples:
                if sample.name == "matcher_request_seconds_bucket":
                    route = sample.labels["method"], sample.labels["route"]
                    found[route].append((float(sample.labels["le"]), sample.value))
        return found


def table_at_the_server(before: Buckets, after: Buckets) -> None:
    print(f"{'at the server':42}{'number':>8}{'median':>14}{'p95':>14}   ms")
    for route, now in sorted(after.items()):
        was = dict(before.get(route, ()))
        counts = [(limit, count - was.get(limit, 0)) for limit, count in now]
        total = counts[-1][1]
        if total:
            print(f"{' '.join(route):42}{total:8.0f}{within(counts, 0.5):>14}{within(counts, 0.95):>14}")


def within(counts: list[tuple[float, float]], share: float) -> str:
    """The bucket in which a quantile lies, in milliseconds."""
    low = 0.0
    for limit, count in counts:
        if count >= share * counts[-1][1]:
            return f"{1000 * low:.0f} … {1000 * limit:.0f}"
        low = limit
    return "-"


def given_twice(home: Path) -> int:
    """Tasks of which more people hold or answered a round than it needs."""
    query = """
        SELECT COUNT(*) FROM tasks WHERE needed <
          (SELECT COUNT(*) FROM verdicts v WHERE v.task_id = tasks.id AND v.round = tasks.round AND NOT superseded)
        + (SELECT COUNT(*) FROM list_answers a WHERE a.task_id = tasks.id)
        + (SELECT COUNT(*) FROM claims c WHERE c.task_id = tasks.id AND c.round = tasks.round
             AND c.released_at IS NULL AND c.truth IS NULL)
    """
    with create_engine(f"sqlite:///{home}/matcher.db").connect() as connection:
        return int(connection.execute(text(query)).scalar() or 0)


def measured(people: list[Reviewer], seconds: float, look: float) -> None:
    for one in people:
        one.times.clear()
        one.failed.clear()
        one.sealed = 0
    until = time.perf_counter() + seconds
    together([threading.Thread(target=one.work, args=(until, look)) for one in people])


def together(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> None:
    options = argparse.ArgumentParser()
    for name, value in (("cases", 20_000), ("lists", 3_334), ("reviewers", 50), ("seconds", 60), ("look", 6)):
        options.add_argument(f"--{name}", type=int, default=value)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        begun = time.perf_counter()
        with Matcher.create(home, key=KeyPlace(Path(folder) / "key")) as matcher:
            fill(matcher, given.cases, given.lists, given.reviewers)
        candidates = given.lists * min(LENGTH, given.cases)
        print(f"{candidates:,} candidates of {given.cases:,} cases, filled in {time.perf_counter() - begun:.0f} s")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "matcher", "serve", "--home", str(home), "--port", str(port)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            try:
                url = f"http://127.0.0.1:{port}"
                while True:
                    try:
                        httpx2.get(f"{url}/healthz")
                        break
                    except httpx2.TransportError:
                        time.sleep(0.1)
                people = [Reviewer(url, f"r{number}", number) for number in range(given.reviewers)]
                begun = time.perf_counter()
                together([threading.Thread(target=one.sign_in) for one in people])
                print(f"{len(people)} signed in at once in {time.perf_counter() - begun:.1f} s")
                watcher = Watcher(url)
                for some, look in ((people[:1], 0), (people, given.look), (people, 0)):
                    before = watcher.buckets()
                    measured(some, given.seconds, look)
                    after = watcher.buckets()
                    table(f"{len(some)} at work, looking for {look} s each time", some, given.seconds)
                    table_at_the_server(before, after)
            finally:
                server.terminate()
        print(f"\nTasks given to more people than they need: {given_twice(home)}")


if __name__ == "__main__":
    main()
