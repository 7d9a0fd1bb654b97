#!/usr/bin/env python3
"""Reports of the public over HTTP, each with a photo of its own: python scripts/bench/reports.py [--seconds 30]
       [--clients 2] [--threads 4] [--servers 1] [--desk] [--clear] [--folder FOLDER]

Servers are `matcher serve --public` on a home of its own below `--folder`, sealed unless `--clear` is given; with
`--desk` a `matcher serve` beside them looks at the reports meanwhile. Clients are processes of their own on the same
cores: each thread loads the form and sends it, again and again. Photos are drawn and coded once; each one that is sent
is put together anew of coded bands in another order: another picture at the cost of a copy. Printed are accepted
reports a second, times as a client sees them, what the server took of its processors, and how many receipts that were
answered the database and the disk do not have. Ends with exit code 1 when a receipt is not there, a report is refused,
or fewer are accepted in a second than are wanted.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import multiprocessing
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import PIL.Image
from serving import ask, processor_seconds, served, spread

from matcher.config import Home
from matcher.demo.identity import Identity
from matcher.demo.render import random_view, render_photo
from matcher.domain.codes import parse_code
from matcher.domain.reports import RECEIPT_LETTERS
from matcher.services.context import Context
from matcher.services.homes import create
from matcher.services.masterkeys import KeyPlace
from matcher.services.reports import receipt_digest

SIZES = {"12 megapixels": (4000, 3000), "small": (800, 600)}
GRAIN = 11  # of 255, as a telephone's sensor has it: files are as large as real ones
BANDS = 24
REPORTS_PER_SECOND, FIRST_BYTE_MS, PAGE_BYTES = 20, 50, 60_000  # what is wanted
EDGE = "edge-of-the-form"
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")  # between coded rows, which then need nothing of each other
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
_CODE = re.compile(r'class="code" translate="no">([0-9A-Z-]+)<')


class Picture:
    """A coded photo of which any number of others can be put together."""

    def __init__(self, seed: int, width: int, height: int) -> None:
        rng = np.random.default_rng(seed)
        drawn = render_photo(Identity.random(seed), random_view(seed, 8), 400, 300, 0.3)
        large = PIL.Image.fromarray(drawn).resize((width, height), PIL.Image.Resampling.BICUBIC)
        grain = rng.integers(-GRAIN, GRAIN + 1, (height, width, 1), np.int16)
        pixels = np.clip(np.asarray(large).astype(np.int16) + grain, 0, 255).astype(np.uint8)
        coded = io.BytesIO()
        PIL.Image.fromarray(pixels).save(coded, "JPEG", quality=85, restart_marker_rows=1)
        data = coded.getvalue()
        at = data.index(b"\xff\xda")
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        self._head, self._rows = data[:at], _RESTART.split(data[at:-2])

    def another(self, rng: np.random.Generator) -> bytes:
        """The same rows in bands of another order."""
        edges = np.linspace(0, len(self._rows), BANDS + 1).astype(int)
        order = [row for band in rng.permutation(BANDS) for row in range(edges[band], edges[band + 1])]
        parts = [self._head]
        for place, row in enumerate(order):
            parts += [self._rows[row], bytes((0xFF, 0xD0 + place % 8))]
        return b"".join([*parts[:-1], b"\xff\xd9"])


@dataclass
class Sent:
    """What one client's thread did."""

    took: list[float] = field(default_factory=list)
    first_bytes: list[float] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    megabytes: float = 0.0

    def add(self, other: Sent) -> None:
        for name in ("took", "first_bytes", "pages", "codes", "refused"):
            getattr(self, name).extend(getattr(other, name))
        self.megabytes += other.megabytes


def client(port: int, number: int, threads: int, size: str, seconds: float, answers: object) -> None:
    """One process of reporters, each with an address of its own."""
    width, height = SIZES[size]
    pictures = [Picture(seed, width, height) for seed in range(3)]
    answers.put(None)  # type: ignore[attr-defined] - ready
    until = time.monotonic() + seconds
    done = [Sent() for _ in range(threads)]
    people = [
        threading.Thread(target=_report, args=(port, 1000 * number + one, pictures, until, done[one]))
        for one in range(threads)
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()
    whole = Sent()
    for one in done:
        whole.add(one)
    answers.put(whole)  # type: ignore[attr-defined]


def _report(port: int, number: int, pictures: list[Picture], until: float, sent: Sent) -> None:
    rng = np.random.default_rng(number)
    here = (f"127.{1 + number // 1000}.{number % 1000 // 250}.{1 + number % 250}", 0)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120, source_address=here)
    while time.monotonic() < until:
        begun = time.perf_counter()
        connection.request("GET", "/report")
        answer = connection.getresponse()
        sent.first_bytes.append(time.perf_counter() - begun)
        page = answer.read()
        sent.pages.append(len(page))
        photo = pictures[int(rng.integers(len(pictures)))].another(rng)
        fields = dict(_HIDDEN.findall(page.decode().partition("</form>")[0]))
        body = _form({**fields, "place": f"Station {number}", "how_seen": "in_person"}, photo)
        begun = time.perf_counter()
        connection.request("POST", "/report", body, {"Content-Type": f"multipart/form-data; boundary={EDGE}"})
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status != 201:
            sent.refused.append(f"{answer.status}: {text[:200]}")
            continue
        sent.took.append(time.perf_counter() - begun)
        sent.megabytes += len(photo) / 1e6
        sent.codes.append(_CODE.search(text)[1])  # type: ignore[index]


def _form(fields: dict[str, str], photo: bytes) -> bytes:
    said = f"--{EDGE}\r\nContent-Disposition: form-data; name="
    lines = [f'{said}"{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()]
    head = f'{said}"photo"; filename="p.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    return b"".join(["".join([*lines, head]).encode(), photo, f"\r\n--{EDGE}--\r\n".encode()])


def measured(
    running: list[tuple[int, subprocess.Popen[bytes]]], given: argparse.Namespace, size: str
) -> tuple[list[str], list[str]]:
    """Codes that were answered to reports of one size, and what is not as it is wanted."""
    spawned = multiprocessing.get_context("spawn")
    answers = spawned.Queue()
    ports = [running[number % len(running)][0] for number in range(given.clients)]
    clients = [
        spawned.Process(target=client, args=(port, number, given.threads, size, given.seconds, answers))
        for number, port in enumerate(ports)
    ]
    for one in clients:
        one.start()
    for _ in clients:
        answers.get()
    before, begun = sum(processor_seconds(one.pid) for _, one in running), time.perf_counter()
    whole = Sent()
    for _ in clients:
        whole.add(answers.get())
    took = time.perf_counter() - begun
    used = sum(processor_seconds(one.pid) for _, one in running) - before
    for one in clients:
        one.join()
    return whole.codes, _tell(size, whole, took, used)


def _tell(size: str, whole: Sent, seconds: float, used: float) -> list[str]:
    """Print what was measured: what of it is not as it is wanted."""
    count = len(whole.codes)
    rate = count / seconds
    print(f"{size}, {whole.megabytes / max(1, count):.2f} MB each: {count} reports in {seconds:.0f} s = {rate:.1f}/s")
    print(f"  processors: {1000 * used / max(1, count):.0f} ms a report, {used / seconds:.2f} cores of the server")
    print(f"  answer to a report: {spread(whole.took)}")
    print(f"  first byte of GET /report: {spread(whole.first_bytes)}")
    print(f"  page: {max(whole.pages)} bytes; refused: {len(whole.refused)} {whole.refused[:2]}")
    missed = [f"{size}: {len(whole.refused)} refused"] if whole.refused else []
    if rate < REPORTS_PER_SECOND:
        missed.append(f"{size}: {rate:.1f} reports a second where {REPORTS_PER_SECOND} are wanted")
    return missed


def quiet(port: int) -> None:
    """The form while nothing else is asked, and all that a browser loads with it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    answers = [ask(connection, "/report") for _ in range(100)]
    page = answers[-1][1]
    size = len(page) + sum(
        len(ask(connection, address)[1]) for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.decode())
    )
    print(f"GET /report, nothing else asked: first byte {spread([seconds for seconds, _ in answers])}")
    print(f"  page with style, script and icon: {size} bytes (wanted: {FIRST_BYTE_MS} ms, {PAGE_BYTES} bytes)")


def missing(home: Path, codes: list[str]) -> list[str]:
    """Receipts that were answered and are not there whole, asked of the database and the disk themselves."""
    lacking, context = [], Context(Home(home))
    query = (
        "SELECT p.blob, p.size FROM reports r JOIN sightings s ON s.id = r.sighting_id "
        "LEFT JOIN photos p ON p.sighting_id = s.id WHERE r.receipt = ?"
    )
    with sqlite3.connect(home / "matcher.db") as database:
        for code in codes:
            digest = receipt_digest(context, parse_code(code, RECEIPT_LETTERS) or "")
            rows = database.execute(query, (digest,)).fetchall()
            files = [home / "photos" / blob for blob, _ in rows if blob is not None]
            if len(rows) != 1 or len(files) != 1 or not files[0].is_file() or files[0].stat().st_size < rows[0][1]:
                lacking.append(code)
        (kept,) = database.execute("SELECT count(*) FROM reports").fetchone()
    context.close()
    print(f"receipts answered: {len(codes)}; reports in the database: {kept}; answered and not there: {len(lacking)}")
    return lacking


def looked_at(home: Path) -> int:
    """How many reports the desk has looked at by now."""
    with sqlite3.connect(home / "matcher.db") as database:
        states = dict(database.execute("SELECT state, count(*) FROM reports GROUP BY state").fetchall())
    print(f"reports by state: {states}")
    return sum(states.values()) - states.get("queued", 0)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=30)
    options.add_argument("--clients", type=int, default=2, help="processes")
    options.add_argument("--threads", type=int, default=4, help="reporters at one time of each of them")
    options.add_argument("--servers", type=int, default=1, help="processes that serve the same home")
    options.add_argument("--desk", action="store_true", help="a desk beside them, which looks at the reports")
    options.add_argument("--clear", action="store_true", help="a home without encryption")
    options.add_argument("--folder", type=Path, help="where the home is made; its disk is what counts")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        home = Path(folder) / "home"
        create(home, key=None if given.clear else KeyPlace(Path(folder) / "key"))
        with Home(home).settings_file.open("a", encoding="utf-8") as file:
            file.write(f"reports_per_hour = 1000000\npublic_url = {json.dumps('http://127.0.0.1')}\n")
        print(f"{'clear' if given.clear else 'sealed'} home, {given.servers} servers, load {os.getloadavg()[0]:.1f}")
        with ExitStack() as beside:
            running = [beside.enter_context(served(home)) for _ in range(given.servers)]
            if given.desk:
                beside.enter_context(served(home, public=False))
            quiet(running[0][0])
            codes, missed = [], []
            for size in SIZES:
                accepted, wrong = measured(running, given, size)
                codes += accepted
                missed += wrong
            if given.desk:
                print(f"the desk looked at {looked_at(home)} of {len(codes)} reports meanwhile")
        lacking = missing(home, codes)
    missed += [f"{len(lacking)} receipts answered and not there"] if lacking else []
    sys.exit("missed: " + ", ".join(missed) if missed else 0)


if __name__ == "__main__":
    main()
