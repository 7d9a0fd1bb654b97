"""What encryption costs: the same work on a home in the clear and on a sealed one, in one run.

    python scripts/bench/encryption.py [FACES] [PHOTOS]

FACES searchable faces (default 1,000,000), one per case, with random unit vectors of 128 numbers, are written and then
streamed as every reindex does; a tenth is opened by face id, as comparisons do. PHOTOS files (default 500) of 300 kB
are kept and read. Each reading is the best of three, in turn with the other home.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
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
    photo = secrets.token_bytes(PHOTO_BYTES)
    with tempfile.TemporaryDirectory() as folder:
        clear, sealed = (Bench(Path(folder) / name, seal=name == "sealed") for name in ("clear", "sealed"))
        print(f"{rows:,} faces, {files:,} photos of {PHOTO_BYTES:,} bytes; {os.cpu_count()} cores")
        print(f"{'':28}{'clear':>10}{'sealed':>10}{'more':>10}{'ratio':>8}")
        compare("writing all faces", clear, sealed, lambda bench: bench.fill(rows), rounds=1)
        compare("streaming all faces", clear, sealed, Bench.stream)
        compare("opening a tenth by id", clear, sealed, Bench.some_by_id)
        compare("keeping photos", clear, sealed, lambda bench: bench.keep(photo, files), rounds=1)
        compare("reading photos", clear, sealed, Bench.read)


def compare(what: str, clear: Bench, sealed: Bench, work: Callable[[Bench], object], rounds: int = 3) -> None:
    """Time the same work on both homes in turn, and print the best round of each."""
    times = [[timed(work, bench) for bench in (clear, sealed)] for _ in range(rounds)]
    before, after = (min(column) for column in zip(*times, strict=True))
    print(f"{what:28}{before:8.2f} s{after:8.2f} s{after - before:8.2f} s{after / before:8.2f}", flush=True)


def timed(work: Callable[[Bench], object], bench: Bench) -> float:
    began = time.perf_counter()
    work(bench)
    return time.perf_counter() - began


class Bench:
    """A home with faces and photos."""

    def __init__(self, home: Path, *, seal: bool) -> None:
        home.mkdir()
        keys = ring(home) if seal else None
        Store.create(home / "matcher.db").close()
        self.store = Store.open(home / "matcher.db", keys=keys)
        self.blobs = BlobStore(home / "photos", keys)
        self.members: list[int] = []
        self.kept: list[str] = []

    def fill(self, rows: int) -> None:
        """As many cases, photos and faces: a case, its photo and its face have the same id."""
        random = np.random.default_rng(0)
        for start in range(0, rows, BLOCK):
            ids = np.unique(random.integers(1, 2**62, min(BLOCK, rows - start))).tolist()
            vectors = unit(random.normal(size=(len(ids), DIM)).astype(np.float32))
            with self.store.write() as transaction:
                add(transaction, ids)
                transaction.faces.put_vectors(dict(zip(ids, vectors, strict=True)), SPACE)
                members = [{"face_id": one, "case_id": one, "space": SPACE} for one in ids]
                transaction.faces._connection.execute(insert(gallery_members), members)
            self.members += ids

    def stream(self) -> int:
        with self.store.read() as reading:
            return sum(map(len, reading.gallery.rows(SPACE)))

    def some_by_id(self) -> int:
        with self.store.read() as reading:
            return len(reading.faces.vectors(self.members[::10], SPACE))

    def keep(self, photo: bytes, files: int) -> None:
        self.kept = [self.blobs.put(id_text(owner), "photo", photo) for owner in self.members[:files]]

    def read(self) -> None:
        for key in self.kept:
            self.blobs.get(key)


def ring(home: Path) -> KeyRing:
    create_master_key(home / "master.key")
    keys = KeyRing(home / "keys.db", KeySource(file=home / "master.key"))
    keys.create()
    keys.mark_whole()
    return keys


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


if __name__ == "__main__":
    main()
