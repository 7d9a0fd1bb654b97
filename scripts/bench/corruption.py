"""How many flipped bits are found, file by file, in a home that is sealed and in one that is in the clear.

    python scripts/bench/corruption.py [--flips 60]

A home with drawn children, as `matcher demo` makes it. In each kind of file so many single bits are flipped, one at a
time, at random places of a random file, and asked is what `matcher index verify` and `matcher doctor` ask. The last
lines change whole pages of the database. Models lie outside: each start checks them, and makes damaged ones anew.
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from matcher import Matcher
from matcher.demo.cast import demo_cast
from matcher.errors import MatcherError
from matcher.services.doctor import examine
from matcher.services.masterkeys import KeyPlace

PAGE = 4096


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--flips", type=int, default=60)
    given = parser.parse_args()
    os.environ.setdefault("MATCHER_KEY", secrets.token_hex(32))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MATCHER_MODELS_DIR"] = f"{folder}/models"
        for mode in ("sealed", "clear"):
            home = Path(folder) / mode
            made(home, sealed=mode == "sealed")
            for kind, files in kinds(home).items():
                rng = random.Random(kind)
                found = sum(flipped(home, rng.choice(files), rng) for _ in range(given.flips))
                print(f"{mode:7}{kind:34}{len(files):4} files{found:5} of {given.flips} found", flush=True)
            for what, change in DAMAGED.items():
                told = "found" if damaged(home, change) else "NOT found"
                print(f"{mode:7}matcher.db, {what:24}{told}", flush=True)


def made(home: Path, *, sealed: bool) -> None:
    """A home with photos, vectors, a snapshot and an audit log, closed so that the database is one file."""
    with Matcher.create(home, key=KeyPlace() if sealed else None) as matcher:
        for case in demo_cast(children=4).cases:
            matcher.add_case(
                case.number, photos=[photo.jpeg() for photo in case.photos], actor="bench", on_several="largest"
            )
        matcher.reindex(actor="bench")
        undamaged = is_told(home)
    if undamaged:
        raise SystemExit("Something is told of a home in which nothing is wrong: nothing could be counted.")


def kinds(home: Path) -> dict[str, list[Path]]:
    """The files that a home consists of, by kind: names without ids."""
    found: dict[str, list[Path]] = {}
    for path in sorted(home.rglob("*")):
        if path.is_file() and path.stat().st_size and path.suffix not in {".lock", ".toml"}:
            place = path.relative_to(home)
            name = "photos" if place.parts[0] == "photos" else path.name
            found.setdefault(f"snapshot {name}" if place.parts[0] == "snapshots" else name, []).append(path)
    return found


def flipped(home: Path, path: Path, rng: random.Random) -> bool:
    """Whether one flipped bit is found; it is flipped back."""
    content = path.read_bytes()
    place = rng.randrange(len(content))
    path.write_bytes(content[:place] + bytes([content[place] ^ 1 << rng.randrange(8)]) + content[place + 1 :])
    try:
        return is_told(home)
    finally:
        path.write_bytes(content)


def damaged(home: Path, change: Callable[[bytes], bytes]) -> bool:
    """Whether a change of the whole database file is found; it is undone."""
    path = home / "matcher.db"
    content = path.read_bytes()
    path.write_bytes(change(content))
    try:
        return is_told(home)
    finally:
        path.write_bytes(content)


DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "last page cut off": lambda content: content[:-PAGE],
    "half a page cut off": lambda content: content[: -PAGE // 2],
    "a page of zeros": lambda content: content[: 9 * PAGE] + bytes(PAGE) + content[10 * PAGE :],
    "an older page": lambda content: content[: 9 * PAGE] + content[10 * PAGE : 11 * PAGE] + content[10 * PAGE :],
}


def is_told(home: Path) -> bool:
    """Whether opening, `matcher index verify` or `matcher doctor` says that something is wrong."""
    try:
        with Matcher.open(home) as matcher:
            broken = [one for one in examine(matcher.context) if one.ok is False and one.subject not in {"machine"}]
            return bool(matcher.verify().problems) or bool(broken) or bool(_keys(matcher))
    except MatcherError:
        return True


def _keys(matcher: Matcher) -> list[str]:
    return matcher.context.keys.problems() if matcher.context.keys.active else []


if __name__ == "__main__":
    main()
