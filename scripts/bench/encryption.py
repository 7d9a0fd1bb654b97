"""What encryption costs: the same work on a home in the clear and on a sealed one, in one run.

    python scripts/bench/encryption.py [FACES] [PHOTOS]

FACES searchable faces (default 1,000,000), one per case, with random unit vectors of 128 numbers, are written and then
streamed as every reindex does; a tenth is opened by face id, as comparisons do. PHOTOS files (default 500) of 300 kB
are kept and read. Each reading is the best of three.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from matcher.crypto.masterkey import KeySource, create_master_key
from matcher.domain.cases import CaseStatus, Circumstance, LegalBasis, PhotoState, Sex
from matcher.domain.ids import id_text
from matcher.domain.scores import unit
from matcher.services.context import now_utc
from matcher.store.blobs import BlobStore
from matcher.store.database import Store, Transaction
from matcher.store.keystore import KeyRing
from matcher.store.tables import cases, faces, gallery_members, photos

SPACE, DIM, BLOCK = "bench", 128, 20_000
PHOTO_BYTES = 300_000


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    files = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    with tempfile.TemporaryDirectory() as folder:
        clear, sealed = (
            measure(Path(folder) / name, rows, files, seal=name == "sealed") for name in ("clear", "sealed")
        )
    print(f"{rows:,} faces, {files:,} photos of {PHOTO_BYTES:,} bytes; {os.cpu_count()} cores")
    print(f"{'':28}{'clear':>10}{'sealed':>10}{'more':>10}{'ratio':>8}")
    for what, before in clear.items():
        after = sealed[what]
        print(f"{what:28}{before:8.2f} s{after:8.2f} s{after - before:8.2f} s{after / before:8.2f}")


def measure(home: Path, rows: int, files: int, *, seal: bool) -> dict[str, float]:
    """Seconds for each kind of work."""
    home.mkdir()
    keys = ring(home) if seal else None
    Store.create(home / "matcher.db").close()
    taken: dict[str, float] = {}
    with Store.open(home / "matcher.db", keys=keys) as store:
        with timed(taken, "writing all faces"):
            members = list(fill(store, rows))
        taken["streaming all faces"] = best(lambda: stream(store))
        taken["opening a tenth by id"] = best(lambda: by_id(store, members[::10]))
    blobs = BlobStore(home / "photos", keys)
    photo = secrets.token_bytes(PHOTO_BYTES)
    with timed(taken, "keeping photos"):
        kept = [blobs.put(id_text(owner), "photo", photo) for owner in members[:files]]
    taken["reading photos"] = best(lambda: [blobs.get(key) for key in kept])
    return taken


def ring(home: Path) -> KeyRing:
    create_master_key(home / "master.key")
    keys = KeyRing(home / "keys.db", KeySource(file=home / "master.key"))
    keys.create()
    keys.mark_whole()
    return keys


def fill(store: Store, rows: int) -> Iterator[int]:
    """Faces of as many cases, photos and faces: a case, its photo and its face have the same id."""
    random = np.random.default_rng(0)
    for start in range(0, rows, BLOCK):
        ids = np.unique(random.integers(1, 2**62, min(BLOCK, rows - start))).tolist()
        vectors = unit(random.normal(size=(len(ids), DIM)).astype(np.float32))
        with store.write() as transaction:
            add(transaction, ids)
            transaction.faces.put_vectors(dict(zip(ids, vectors, strict=True)), SPACE)
            members = [{"face_id": one, "case_id": one, "space": SPACE} for one in ids]
            transaction.faces._connection.execute(insert(gallery_members), members)
        yield from ids


def add(transaction: Transaction, ids: list[int]) -> None:
    now, connection = now_utc(), transaction.faces._connection
    case = {
        "status": CaseStatus.OPEN,
        "other_names": [],
        "sex": Sex.UNKNOWN,
        "circumstance": Circumstance.UNKNOWN,
        "legal_basis": LegalBasis.UNSPECIFIED,
        "created_at": now,
        "updated_at": now,
    }
    photo = {
        "position": 1,
        "digest": "d",
        "original_digest": "o",
        "media_type": "image/jpeg",
        "width": 640,
        "height": 480,
        "size": 1,
        "state": PhotoState.READY,
        "created_at": now,
    }
    box = {"left": 0.0, "top": 0.0, "right": 1.0, "bottom": 1.0}
    face = {"number": 1, **box, "landmarks": bytes(40), "score": 1.0, "turn": 0, "quality": {}}
    connection.execute(insert(cases), [{"id": one, "number": str(one), **case} for one in ids])
    connection.execute(insert(photos), [{"id": one, "case_id": one, "blob": f"{one}/d", **photo} for one in ids])
    connection.execute(insert(faces), [{"id": one, "photo_id": one, **face} for one in ids])


def stream(store: Store) -> int:
    with store.read() as reading:
        return sum(map(len, reading.gallery.rows(SPACE)))


def by_id(store: Store, ids: list[int]) -> int:
    with store.read() as reading:
        return len(reading.faces.vectors(ids, SPACE))


def best(work: Callable[[], object]) -> float:
    return min(_once(work) for _ in range(3))


def _once(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def timed(taken: dict[str, float], what: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    taken[what] = time.perf_counter() - began


if __name__ == "__main__":
    main()
