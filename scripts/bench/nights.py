"""What a night costs, with synthetic vectors, in a home that is sealed and in one that is in the clear.

    python scripts/bench/nights.py build [--faces 1000000] [--quiet 100000] [--changed 1000] [--folder FOLDER]

`build` makes snapshots, each in a process of its own: a first one (written and verified), one when nothing changed, one
when few faces changed, half of which came and half of which went. Beside the seconds of the wall clock stand those of
the processors, which other work on the machine makes hardly longer. Memory is the greatest that the process held at any
time, mapped files included, as a multiple of the vectors' own size. With --folder the homes are kept, and used again.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import match
import numpy as np

from matcher import Matcher
from matcher.domain.scores import unit
from matcher.gallery.snapshots import current_name
from matcher.services import snapshots
from matcher.services.masterkeys import KeyPlace

_BATCH = 20_000


def fill(matcher: Matcher, count: int) -> None:
    """So many open cases with one photo and one searchable face each.

    The first is registered as always; the others are copies of its rows, with ids and vectors of their own.
    """
    match.fill(matcher, 1)
    random, space = np.random.default_rng(1), matcher.space
    ids = random.choice(2**62, (count - 1, 3), replace=False)
    with sqlite3.connect(matcher.context.home.database) as raw:
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute("CREATE TEMP TABLE new (number INTEGER, case_id INTEGER, photo_id INTEGER, face_id INTEGER)")
        raw.executemany("INSERT INTO new VALUES (?, ?, ?, ?)", ((n, *row) for n, row in enumerate(ids.tolist(), 1)))
        own = dict.fromkeys(("blob", "digest", "original_digest"), "'none/' || new.number")
        _copy(raw, "cases", {"id": "new.case_id", "number": "'N-' || new.number"})
        _copy(raw, "photos", {"id": "new.photo_id", "case_id": "new.case_id", "age": "3.0 + new.number % 12", **own})
        _copy(raw, "faces", {"id": "new.face_id", "photo_id": "new.photo_id"})
    for start in range(0, count - 1, _BATCH):
        faces = ids[start : start + _BATCH, 2].tolist()
        vectors = unit(random.standard_normal((len(faces), space.dim), np.float32))
        with matcher.context.store.write() as transaction:
            transaction.faces.put_vectors(dict(zip(faces, vectors, strict=True)), space.name)
    with raw:
        _copy(raw, "gallery_members", {"face_id": "new.face_id", "case_id": "new.case_id"})
        raw.execute("UPDATE head SET change_counter = ?, trimmed_through = ?", (count, count))
        raw.execute("DELETE FROM gallery_changes")
    raw.close()


def _copy(raw: sqlite3.Connection, table: str, changed: dict[str, str]) -> None:
    """For each row of `new` a copy of the one row of a table, with the columns that are `changed`."""
    names = [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]
    values = [changed.get(name, f'old."{name}"') for name in names]
    columns = ", ".join(f'"{name}"' for name in names)
    source = f"(SELECT * FROM {table} LIMIT 1) AS old"  # noqa: S608 - the names are the schema's own
    raw.execute(f"INSERT INTO {table} ({columns}) SELECT {', '.join(values)} FROM new, {source}")  # noqa: S608


def build(given: argparse.Namespace) -> None:
    """Homes of two sizes, sealed and in the clear, with a line for each snapshot."""
    os.environ.setdefault("MATCHER_KEY", secrets.token_hex(32))
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        for count in (given.quiet, given.faces):
            for mode in ("clear", "sealed"):
                home = folder / f"{mode}-{count}"
                if not home.exists():
                    with Matcher.create(home, key=KeyPlace() if mode == "sealed" else None) as matcher:
                        fill(matcher, count)
                measured(home, "first", f"{mode}, {count} faces: first")
                measured(home, "unchanged", f"{mode}, {count} faces: nothing changed")
                if count == given.faces:
                    change(home, given.changed)
                    measured(home, "changed", f"{mode}, {count} faces: {given.changed} changed")


def measured(home: Path, what: str, told: str) -> None:
    """Make a snapshot in a process of its own, and say what that took."""
    line = [sys.executable, __file__, "make", str(home)]
    found = json.loads(subprocess.run(line, check=True, capture_output=True, text=True).stdout)
    if found["new"] is (what == "unchanged"):
        raise SystemExit(f"{told}: a snapshot was written where nothing changed, or not where something did.")
    share = found["memory"] / found["vectors"]
    print(
        f"{told}: {found['seconds']:.1f} s, processors {found['processors']:.1f} s, "
        f"memory {found['memory'] / 2**20:.0f} MiB = {share:.2f} times the vectors",
        flush=True,
    )


def make(home: Path) -> None:
    """What is measured: build, verify, publish."""
    with Matcher.open(home) as matcher:
        live, began = current_name(matcher.context.gallery.folder), time.perf_counter()
        info = snapshots.make(matcher.context)
        seconds, dim = time.perf_counter() - began, matcher.space.dim
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = {
        "seconds": seconds,
        "processors": used.ru_utime + used.ru_stime,
        "memory": peak(),
        "vectors": info.count * dim * 4,
        "new": info.name != live,
    }
    print(json.dumps(told))


def peak() -> int:
    """The most bytes that this process had in memory. Not from getrusage, which counts what its parent had, too."""
    (line,) = (one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def change(home: Path, count: int) -> None:
    """Let faces leave the gallery, as closings do, and as many come."""
    with Matcher.open(home) as matcher:
        space = matcher.space.name
        with matcher.context.store.read() as reading:
            some = next(iter(reading.gallery.rows(space, block=count)))
        with matcher.context.store.write() as transaction:
            transaction.gallery.remove(some.face_ids[::2].tolist())
        match.fill(matcher, count // 2, prefix=f"X{secrets.token_hex(4)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    kinds = parser.add_subparsers(dest="kind", required=True)
    building = kinds.add_parser("build", help="full, unchanged and changed snapshots")
    building.add_argument("--faces", type=int, default=1_000_000)
    building.add_argument("--quiet", type=int, default=100_000)
    building.add_argument("--changed", type=int, default=1000)
    building.add_argument("--folder", type=Path, help="where homes are kept; default: a temporary folder")
    one = kinds.add_parser("make", help="make one snapshot of a home")
    one.add_argument("home", type=Path)
    given = parser.parse_args()
    if given.kind == "build":
        build(given)
    else:
        make(given.home)


if __name__ == "__main__":
    main()
