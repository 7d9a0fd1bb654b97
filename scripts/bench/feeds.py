#!/usr/bin/env python3
"""The feeds over 100,000 active alerts, through the real server: python scripts/bench/feeds.py [--alerts 100000]
       [--growing 2000] [--rounds 60] [--home FOLDER]

The rows are put in at once: one alert is written through the store, and copied with other ids, places, radii and names.
Places are those of 300 towns, so that most questions are about places where very many alerts are heard. Printed are
times until the first byte as a client on the same cores sees them: of the first question after the start, of a quiet
server, and while the areas of thousands of alerts grow; then how long other writers waited meanwhile.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
from records import case, face, photo, vector
from serving import ask, processor_seconds, served, spread

from matcher.config import Home
from matcher.domain.alerts import TUANYUAN, Alert, AlertId, AlertState, Bulletin, BulletinKind, Circle, Meant, Terms
from matcher.domain.cards import CardFacts, NamePolicy
from matcher.domain.cases import Sex
from matcher.domain.codes import new_code
from matcher.domain.ids import new_id
from matcher.domain.positions import Position
from matcher.domain.publications import CODE_LETTERS, CardId, CardState, Publication
from matcher.interchange.geojson import geometry
from matcher.services.alerts import grow_due
from matcher.services.context import Context
from matcher.services.homes import create
from matcher.services.telling import content_of

TOWNS = 300
SINCE = timedelta(minutes=30)
FACTS = CardFacts(
    name="欧阳小明",
    sex=Sex.MALE,
    age_then=7,
    place="云南省丽江市古城区长途汽车站",
    height_cm=121,
    weight_kg=23.5,
    marks="左眉上方有一道小疤痕，右耳下有一颗痣",
    clothing="黄色雨衣，蓝色雨靴",
)
WANTED_MS = 50
HANGZHOU = "30.25,120.17"


def fill(home: Path, count: int, growing: int) -> None:
    """A home with so many active actual alerts, of which some grow soon after the next full hour of their own."""
    create(home, key=None)
    with Home(home).settings_file.open("a", encoding="utf-8") as file:
        file.write('public_url = "https://find.example.org"\npublic_phone = "110"\n')
    now = datetime.now(timezone.utc)
    _first(home, now)
    rng, towns = np.random.default_rng(1), _towns()
    shapes = {(town, km): geometry(Circle(towns[town], km)) for town in range(TOWNS) for km in (100.0, 10.0)}
    with sqlite3.connect(home / "matcher.db") as database:
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA synchronous=OFF")
        kept = {table: dict(database.execute(f"SELECT * FROM {table}").fetchone()) for table in _TABLES}  # noqa: S608
        for some in range(0, count - 1, 5000):
            numbers = range(some + 2, min(some + 5002, count + 1))
            copies = [_copy(kept, number, towns, shapes, rng) for number in numbers]
            for table in _TABLES:
                _insert(database, table, [one[table] for one in copies])
        due, since = now.replace(tzinfo=None).isoformat(" ", "microseconds"), now - timedelta(minutes=61)
        database.execute(
            "UPDATE alerts SET grows_at = ?, terms = json_set(terms, '$.since', ?) WHERE bulletin <= ?",
            (due, since.isoformat(), growing),
        )


_TABLES = ("cases", "photos", "faces", "cards", "alerts", "bulletins")


def _towns() -> list[Position]:
    rng = np.random.default_rng(2)
    places = rng.uniform((22, 98), (46, 126), (TOWNS - 1, 2)).tolist()
    return [Position(30.25, 120.16), *(Position(*place) for place in places)]


def _first(home: Path, now: datetime) -> None:
    """One alert, as the use cases leave it."""
    context = Context(Home(home))
    with context.store.write() as tx:
        child = case("A-1")
        tx.cases.add(child)
        image = photo(case_id=child.id)
        tx.photos.add(image)
        shown = face(image.id)
        tx.faces.add([shown], {shown.id: vector(1)}, "none_none_none_plain_8_cosine")
        card = Publication(
            id=CardId(new_id()), case_id=child.id, code=new_code(CODE_LETTERS), state=CardState.LIVE,
            policy=NamePolicy.FULL, facts=FACTS, face_id=shown.id, phone="0571-110", drafted_by="a", drafted_at=now,
            expires_at=now + timedelta(days=30), approved_by="b", approved_at=now,
        )  # fmt: skip
        tx.cards.add(card)
        terms = Terms(
            centre=Position(30.25, 120.16), place="杭州市西湖区", growth=TUANYUAN, since=now - SINCE,
            expires_at=now + timedelta(days=7), note="最后出现在火车站。",
        )  # fmt: skip
        alert = Alert(
            id=AlertId(new_id()), case_id=child.id, card_id=card.id, state=AlertState.ISSUED, terms=terms,
            meant=Meant.ACTUAL, bulletin=1, drafted_by="a", drafted_at=now, issued_by=("a", "b"), issued_at=now,
            updated_at=now,
        )  # fmt: skip
        content = content_of(card, terms, {"sha1": "0" * 40, "size": 48_000})
        circle = terms.circle(now)
        tx.alerts.add(alert)
        tx.alerts.tell(
            Bulletin(
                number=1, alert_id=alert.id, kind=BulletinKind.ALERT, meant=Meant.ACTUAL, at=now,
                expires_at=terms.expires_at, circle=circle, content={**content, "geometry": geometry(circle)},
            )
        )  # fmt: skip
    context.close()


def _copy(
    kept: Mapping[str, dict[str, Any]],
    number: int,
    towns: list[Position],
    shapes: Mapping[tuple[int, float], object],
    rng: np.random.Generator,
) -> dict[str, dict[str, Any]]:
    """The rows of another alert in or around a town: four in five are heard within 100 km, the others within 10."""
    town, radius = int(rng.integers(TOWNS)), float(rng.choice([100.0, 10.0], p=[0.8, 0.2]))
    lat, lon = (float(degree) for degree in rng.normal((towns[town].lat, towns[town].lon), 0.2))
    ids, code = {table: new_id() for table in _TABLES}, f"{number:08d}"
    terms, content = json.loads(kept["alerts"]["terms"]), json.loads(kept["bulletins"]["content"])
    terms["centre"] = {"lat": lat, "lon": lon}
    facts = {**content["facts"], "name": f"{content['facts']['name']}{number}"}
    content |= {"code": code, "facts": facts, "geometry": shapes[town, radius]}
    changed = {
        "cases": {"number": f"A-{number}"},
        "photos": {"case_id": ids["cases"], "blob": f"{number}", "digest": f"{number:064}"},
        "faces": {"photo_id": ids["photos"]},
        "cards": {"case_id": ids["cases"], "face_id": ids["faces"], "code": code, "facts": json.dumps(facts)},
        "alerts": {"case_id": ids["cases"], "card_id": ids["cards"], "bulletin": number, "terms": json.dumps(terms)},
        "bulletins": {
            "number": number, "alert_id": ids["alerts"], "lat": lat, "lon": lon,
            "radius_km": radius, "content": json.dumps(content, ensure_ascii=False),
        },
    }  # fmt: skip
    return {
        table: {**kept[table], **({} if table == "bulletins" else {"id": ids[table]}), **changed[table]}
        for table in _TABLES
    }


def _insert(database: sqlite3.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    names = list(rows[0])
    columns, places = ", ".join(f'"{name}"' for name in names), ", ".join("?" for _ in names)
    database.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", [tuple(row.values()) for row in rows])  # noqa: S608


def paths(count: int) -> Iterator[tuple[str, str]]:
    """Each question, and what it is called."""
    middle, end = count // 2, count - 20
    yield "/v1/alerts from the middle (100)", f"/v1/alerts?since={middle}"
    yield "/v1/alerts from the end (20)", f"/v1/alerts?since={end}"
    yield "/v1/alerts near a town (100)", f"/v1/alerts?near={HANGZHOU}"
    yield "/v1/alerts near a town, new (few)", f"/v1/alerts?near={HANGZHOU}&since={end}"
    yield "/v1/alerts near nobody", "/v1/alerts?near=10,60"
    yield "/alerts.atom (50)", "/alerts.atom"
    yield "/alerts.atom, an old page", f"/alerts.atom?before={middle}"
    yield "/alerts.geojson (50)", "/alerts.geojson"
    yield "/alerts/{n}.cap", f"/alerts/{middle}.cap"


def measured(port: int, pid: int, count: int, rounds: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for name, path in paths(count):
        spans, size, before = [], 0, processor_seconds(pid)
        for _ in range(rounds):
            seconds, body = ask(connection, path)
            spans.append(seconds)
            size = len(body)
        used = (processor_seconds(pid) - before) / rounds
        slow = "" if np.quantile(spans, 0.95) < WANTED_MS / 1000 else "  !"
        print(f"  {name:34} {spread(spans)}; {1000 * used:.1f} ms of a processor, {size / 1000:.0f} kB{slow}")


def while_growing(home: Path, port: int, given: argparse.Namespace) -> None:
    """Let areas grow in a process of their own; ask and write meanwhile."""
    context, waits = Context(Home(home)), []
    begun = time.perf_counter()
    with subprocess.Popen([sys.executable, __file__, "--grow", "--home", str(home)], stdout=subprocess.PIPE) as growing:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        spans: dict[str, list[float]] = {}
        while growing.poll() is None:
            for name, path in paths(given.alerts):
                spans.setdefault(name, []).append(ask(connection, path)[0])
                waited = time.perf_counter()
                with context.store.write():
                    waits.append(time.perf_counter() - waited)
        told = growing.stdout.read().decode() if growing.stdout else ""
    print(f"while areas grew, {time.perf_counter() - begun:.1f} s: {told.strip()}")
    for name, found in spans.items():
        print(f"  {name:34} {spread(found)} ({len(found)} times)")
    print(f"  another writer waited for the lock: {spread(waits)} ({len(waits)} times)")
    context.close()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--alerts", type=int, default=100_000)
    options.add_argument("--growing", type=int, default=2000, help="alerts whose areas grow")
    options.add_argument("--rounds", type=int, default=60)
    options.add_argument("--home", type=Path, help="where the home is made")
    options.add_argument("--grow", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.grow:
        begun = time.perf_counter()
        count = grow_due(Context(Home(given.home)))
        print(f"{count} areas grew in {time.perf_counter() - begun:.1f} s ({time.process_time():.1f} s of a processor)")
        return
    with tempfile.TemporaryDirectory() as folder:
        home = given.home or Path(folder) / "home"
        begun = time.perf_counter()
        fill(home, given.alerts, given.growing)
        size = (home / "matcher.db").stat().st_size / 2**20
        print(f"{given.alerts} active alerts, {size:.0f} MB, made in {time.perf_counter() - begun:.0f} s")
        with served(home) as (port, process):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            first, _ = ask(connection, f"/v1/alerts?near={HANGZHOU}")
            print(f"first question about a place after the start: {1000 * first:.0f} ms")
            print("nothing else at work:")
            measured(port, process.pid, given.alerts, given.rounds)
            while_growing(home, port, given)


if __name__ == "__main__":
    main()
