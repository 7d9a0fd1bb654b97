"""Real photos through the command line: import, submit, and how often the right case comes first.

    MATCHER_PHOTOS=FOLDER python scripts/bench/lfw.py

FOLDER/photos/lfw holds one folder per person. The first photo of each is a case, every other one a sighting of one
photo. A probe counts by the best of its faces; photos without a usable face count as misses.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from matcher import Matcher


def main() -> None:
    people = sorted((Path(os.environ["MATCHER_PHOTOS"]) / "photos" / "lfw").iterdir())
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        probes = lay_out(people, work)
        home = work / "home"
        command("init", "--home", home)
        began = time.monotonic()
        command("case", "import-folders", work / "cases", "--on-several", "largest", "--home", home)
        middle = time.monotonic()
        listed = command("sighting", "import-folder", work / "seen", "--home", home, "--json")
        seconds = (middle - began, time.monotonic() - middle)
        report(home, listed, probes, seconds)


def lay_out(people: list[Path], work: Path) -> dict[str, str]:
    """Links to the photos as the imports expect them; returns the true person of each probe file."""
    probes: dict[str, str] = {}
    (work / "seen").mkdir()
    for person in people:
        first, *others = sorted(person.iterdir())
        case = work / "cases" / person.name
        case.mkdir(parents=True)
        (case / first.name).symlink_to(first)
        for photo in others:
            (work / "seen" / photo.name).symlink_to(photo)
            probes[photo.name] = person.name
    return probes


def command(*arguments: object) -> str:
    line = [sys.executable, "-m", "matcher", *map(str, arguments)]
    return subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout


def report(home: Path, listed: str, probes: dict[str, str], seconds: tuple[float, float]) -> None:
    hits: Counter[int] = Counter()
    reasons: Counter[str] = Counter()
    with Matcher.open(home) as matcher:
        for case in matcher.cases():
            reasons.update(f"case {photo.reason.value}" for photo in matcher.case(case.case_id).photos if photo.reason)
        for row in json.loads(listed):
            (photo,) = matcher.sighting(row["id"]).photos
            if photo.reason:
                reasons[f"sighting {photo.reason.value}"] += 1
            person = probes[Path(row["where"]).name]
            ranks = [one.rank for face in photo.faces for one in face.candidates if one.case_id == person]
            for depth in (1, 5, 20):
                hits[depth] += bool(ranks) and min(ranks) <= depth
    count, cases = len(probes), len(list((home.parent / "cases").iterdir()))
    print(f"cases {cases}, probes {count}; photos without a usable face: {dict(reasons) or 'none'}")
    for depth in (1, 5, 20):
        print(f"rank-{depth}: {hits[depth] / count:.4f} ({hits[depth]} of {count})")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"cases {seconds[0]:.1f} s, sightings {seconds[1]:.1f} s, together {sum(seconds):.1f} s; peak {peak:.0f} MB")


if __name__ == "__main__":
    main()
