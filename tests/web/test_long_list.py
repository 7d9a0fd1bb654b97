"""A list of two hundred candidates: nothing in what is sent, and nothing in its order, tells one from another."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from accounts import staff, weak
from desks import STAFF, Browser, Desk, acting_of, everything
from records import NOW, Enrolled, case, face, photo, vector
from records import candidate as candidate_of
from reviews import task as task_of

from matcher import Matcher
from matcher.cli.app import plain
from matcher.domain.cases import CaseDetails, Photo
from matcher.domain.ids import CandidateId, CaseId, PhotoId, id_text, new_id
from matcher.domain.records import Sighting, StoredFace
from matcher.images.crops import to_jpeg
from matcher.store.database import Transaction

COUNT = 200
SPACE = "space-secret_none_none_plain_8_cosine"
NUMBER, NAME = "NUMBER-SECRET-", "NAME-SECRET-"


@dataclass
class Known:
    """What a list is made of, by rank from 1, and every text that would tell of it."""

    candidates: list[CandidateId]
    secrets: list[str]


def picture(seed: int) -> bytes:
    """A photo that is like no other."""
    return to_jpeg(np.random.default_rng(seed).integers(0, 255, (48, 64, 3)).astype(np.uint8).repeat(4, 0).repeat(4, 1))


def kept(matcher: Matcher, tx: Transaction, seed: int, **owner: int) -> tuple[Photo, StoredFace]:
    """A stored photo of a case or a sighting with its one face."""
    data, key = picture(seed), matcher.context.key
    digest = key.digest(data, "photo")
    blob = matcher.context.blobs.put(id_text(next(iter(owner.values()))), digest, data)
    image = photo(blob=blob, digest=digest, width=256, height=192, size=len(data), id=PhotoId(new_id()), **owner)
    tx.photos.add(image)
    found = face(image.id, landmarks=np.array([[60, 60], [72, 60], [92, 60], [80, 60], [76, 80]], np.float32))
    tx.faces.add([found], {found.id: vector(seed)}, SPACE)
    return image, found


def fill(matcher: Matcher) -> Known:
    """Accounts, cases with one photo each, and a sighting whose list holds all of them."""
    for name, role in STAFF.items():
        staff(matcher.context, name, role, password=weak())
    found, secrets = [], [SPACE]
    with matcher.context.store.write() as tx:
        seen = Sighting(id=new_id(), created_at=NOW, note="note-secret", place="place-secret")
        tx.sightings.add(seen)
        _, probe = kept(matcher, tx, 0, sighting_id=seen.id)
        for rank in range(1, COUNT + 1):
            child = case(f"{NUMBER}{rank}", id=CaseId(new_id()), details=CaseDetails(name=f"{NAME}{rank}"))
            tx.cases.add(child)
            image, one = kept(matcher, tx, rank, case_id=child.id)
            enrolled = Enrolled(child, image, one)
            found.append(candidate_of(probe, seen, enrolled, rank=rank, space=SPACE, similarity=1 - rank / 1000))
            secrets += [id_text(number) for number in (child.id, one.id, one.photo_id, found[-1].id)]
            secrets += [str(number) for number in (child.id, one.id, one.photo_id, found[-1].id)]
        tx.candidates.add(found)
        work = task_of(sighting_id=seen.id, face_id=probe.id, space=SPACE)
        tx.tasks.add([work])
    secrets += [id_text(seen.id), id_text(probe.id), NUMBER, NAME, "note-secret", "place-secret"]
    return Known([one.id for one in found], secrets)


@pytest.fixture
def long(home: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Desk, Known]:
    monkeypatch.setenv("MATCHER_LIST_LENGTH", str(COUNT))
    monkeypatch.setenv("MATCHER_SECOND_LOOK_RATE", "1")
    matcher = Matcher.open(home)
    return Desk(matcher), fill(matcher)


def opened(desk: Desk, known: Known, name: str) -> tuple[Browser, str, list[int]]:
    """A reviewer's page and the rank of the candidate at each of its places."""
    browser = desk.browser(name)
    path = browser.claim()
    browser.get(path)
    faces = desk.matcher.desk.faces(acting_of(desk, name), path.rpartition("/")[2]).places[1:]
    with desk.matcher.context.store.read() as reading:
        by_face = {reading.candidates.get(one).gallery_face_id: one for one in known.candidates}
    return browser, path, [known.candidates.index(by_face[place.face_id]) + 1 for place in faces]


def together(one: list[float], other: list[float]) -> float:
    """The rank correlation, −1 … 1; of unrelated orders of 200 it stays within ±0.35 but once in a million times."""
    ranks = [np.argsort(np.argsort(values)) for values in (one, other)]
    return float(np.corrcoef(*ranks)[0, 1])


def test_a_long_list_tells_nothing(long: tuple[Desk, Known]) -> None:
    desk, known = long
    browser, path, ranks = opened(desk, known, "li")
    assert sorted(ranks) == list(range(1, COUNT + 1))
    assert abs(together(ranks, list(range(COUNT)))) < 0.35
    ids = [known.candidates[rank - 1] for rank in ranks]
    assert abs(together(ids, list(range(COUNT)))) < 0.35, "nor is it the order of ids"
    got = everything(browser, path)
    assert got.count("/faces/") >= COUNT
    assert [secret for secret in known.secrets if secret in got] == []
    acting = acting_of(desk, "li")
    told = json.dumps([plain(desk.matcher.desk.queue(acting)), plain(desk.matcher.desk.sheet(acting, path[-13:]))])
    assert [secret for secret in known.secrets if secret in told] == []
    program = desk.program("li")
    sent = [program.send("GET", "/queue"), program.send("GET", f"/claims/{path[-13:]}/list")]
    sent += [
        program.send("GET", f"/claims/{path[-13:]}/faces/{place}/thumbnail.jpg") for place in range(0, COUNT + 1, 8)
    ]
    raw = "\n".join(f"{one.url} {one.headers} {one.content.decode('latin-1')}" for one in sent)
    assert [secret for secret in known.secrets if secret in raw] == []
    browser.post(f"{path}/seal", answer="none")
    _, other_path, other = opened(desk, known, "wang")
    assert other_path != path
    assert abs(together(ranks, other)) < 0.35, "the second reviewer sees another order"
