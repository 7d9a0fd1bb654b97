"""Embeddings lie sealed in both databases, those of before are read, and sealed on demand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from records import SPACE, enrol, face, photo, sighting, vector

from matcher.crypto.masterkey import KeySource
from matcher.errors import Conflict, Damaged, KeyProblem, StoreProblem
from matcher.store.database import Store
from matcher.store.keystore import KeyRing


@pytest.fixture
def fresh_keys(tmp_path: Path) -> KeyRing:
    """A key store of a home that is not sealed as a whole yet."""
    ring = KeyRing(tmp_path / "fresh.db", KeySource(text="01" * 32))
    ring.create()
    return ring


def gallery(store: Store) -> dict[int, np.ndarray]:
    with store.read() as reading:
        return {row.face_id: row.vector for rows in reading.gallery.rows(SPACE, block=2) for row in rows}


def same(found: dict[int, np.ndarray], wanted: dict[int, np.ndarray]) -> bool:
    return found.keys() == wanted.keys() and all(np.array_equal(found[one], wanted[one]) for one in wanted)


def test_what_is_written_with_keys_opens_only_with_them(store: Store, database_url: str, keys: KeyRing) -> None:
    with store.write() as tx:
        wanted = {enrol(tx, f"A-{seed}", seed).face.id: vector(seed) for seed in range(5)}
        seen = sighting()
        tx.sightings.add(seen)
        shown = photo(sighting_id=seen.id)
        tx.photos.add(shown)
        found = face(shown.id)
        tx.faces.add([found], {found.id: vector(9)}, SPACE)
    assert same(gallery(store), wanted)
    with store.read() as reading:
        assert same(reading.faces.vectors([found.id, *wanted], SPACE), wanted | {found.id: vector(9)})
        changes = reading.gallery.changes(SPACE, 0)
        assert same({change.face_id: change.row.vector for change in changes}, wanted)
        assert reading.faces.count_clear_vectors() == 0
    assert keys.counts() == (6, 0)
    with Store.open(database_url) as blind, pytest.raises(StoreProblem, match="are sealed"):
        gallery(blind)
    keys.destroy([seen.id])
    assert same(gallery(store), wanted)
    with store.read() as reading, pytest.raises(KeyProblem, match="destroyed"):
        reading.faces.vectors([found.id], SPACE)


def test_embeddings_of_before_are_read_and_sealed_in_batches(database_url: str, fresh_keys: KeyRing) -> None:
    with Store.open(database_url) as before, before.write() as tx:
        wanted = {enrol(tx, f"A-{seed}", seed).face.id: vector(seed) for seed in range(5)}
        with pytest.raises(Conflict, match="not encrypted"):
            tx.faces.seal_vectors(2, 0)
    with Store.open(database_url, keys=fresh_keys) as store:
        with store.write() as tx:
            wanted[enrol(tx, "A-5", 5).face.id] = vector(5)
            assert tx.faces.count_clear_vectors() == 5
        assert same(gallery(store), wanted)
        start, counts = 0, []
        while not counts or counts[-1]:
            with store.write() as tx:
                count, start = tx.faces.seal_vectors(2, start)
                counts.append(count)
        assert counts == [2, 2, 1, 0]
        with store.read() as reading:
            assert reading.faces.count_clear_vectors() == 0
        assert same(gallery(store), wanted)
        fresh_keys.mark_whole()
        with Store.open(database_url) as stranger, stranger.write() as tx:
            enrol(tx, "A-6", 6)
        with pytest.raises(Damaged, match="is not what was written"):
            gallery(store)


def test_an_embedding_of_a_face_that_is_not_kept_is_refused(store: Store) -> None:
    with store.write() as tx, pytest.raises(Conflict, match="not kept"):
        tx.faces.put_vectors({enrol(tx, "A-1").face.id + 1: vector(1)}, SPACE)
