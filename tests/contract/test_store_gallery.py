"""The gallery in the database: what is searchable, and how it became so."""

import numpy as np
import pytest
from records import SPACE, enrol, vector

from matcher.errors import Conflict
from matcher.store.database import Store


def test_additions_and_removals_are_numbered_without_gaps(store: Store) -> None:
    assert store.change_counter() == 0
    with store.write() as tx:
        one, two = enrol(tx, "A-1", 1), enrol(tx, "A-2", 2)
        assert tx.gallery.counter() == 2
        assert tx.gallery.remove([one.face.id, 5]) == 1
    assert store.change_counter() == 3
    with store.read() as reading:
        changes = reading.gallery.changes(SPACE, 0)
        assert [(one.change, one.face_id) for one in changes] == [
            (1, one.face.id),
            (2, two.face.id),
            (3, one.face.id),
        ]
        assert changes[0].row is None  # removed later
        assert changes[2].row is None
        added = changes[1].row
        assert added is not None
        assert (added.face_id, added.case_id) == (two.face.id, two.case.id)
        np.testing.assert_array_equal(added.vector, vector(2))
        assert [one.change for one in reading.gallery.changes(SPACE, 2)] == [3]
        assert reading.gallery.changes(SPACE, 3) == []


def test_a_face_that_comes_back_is_removed_in_between(store: Store) -> None:
    with store.write() as tx:
        one = enrol(tx, "A-1")
        tx.gallery.remove([one.face.id])
        assert tx.gallery.add(one.face.id, one.case.id, SPACE) == 3
    with store.read() as reading:
        assert [change.row is None for change in reading.gallery.changes(SPACE, 0)] == [False, True, False]
        assert reading.gallery.count(SPACE) == 1


def test_rows_stream_in_order_of_face_id(store: Store) -> None:
    with store.write() as tx:
        known = [enrol(tx, f"A-{number}", number) for number in range(10)]
        tx.gallery.remove([known[3].face.id])
    wanted = sorted((one.face.id, one.case.id) for one in known if one is not known[3])
    with store.read() as reading:
        blocks = list(reading.gallery.rows(SPACE, block=4))
        assert [len(block) for block in blocks] == [4, 4, 1]
        rows = [row for block in blocks for row in block]
        assert [(row.face_id, row.case_id) for row in rows] == wanted
        assert reading.gallery.count(SPACE) == 9
        assert list(reading.gallery.rows("other")) == []
    expected = {one.face.id: vector(number) for number, one in enumerate(known)}
    for row in rows:
        np.testing.assert_array_equal(row.vector, expected[row.face_id])


def test_a_face_is_searchable_once_per_space_and_leaves_all_at_once(store: Store) -> None:
    with store.write() as tx:
        one = enrol(tx, "A-1")
        with pytest.raises(Conflict, match="already"):
            tx.gallery.add(one.face.id, one.case.id, SPACE)
        tx.faces.put_vectors({one.face.id: vector(1, 4)}, "new")
        tx.gallery.add(one.face.id, one.case.id, "new")
        assert [change.change for change in tx.gallery.changes("new", 0)] == [2]
        assert tx.gallery.remove([one.face.id]) == 2
        assert (tx.gallery.count(SPACE), tx.gallery.count("new"), tx.gallery.counter()) == (0, 0, 4)


def test_only_a_face_with_a_vector_in_the_space_is_searchable(store: Store) -> None:
    with store.write() as tx:
        one = enrol(tx, "A-1", searchable=False)
    with pytest.raises(Conflict), store.write() as tx:
        tx.gallery.add(one.face.id, one.case.id, "without vectors")
    assert store.change_counter() == 0


def test_trimmed_changes_are_never_passed_over_in_silence(store: Store) -> None:
    with store.write() as tx:
        for number in range(5):
            enrol(tx, f"A-{number}", number)
    with store.write() as tx:
        assert tx.gallery.trim(3) == 3
        assert tx.gallery.trim(2) == 0
    with store.read() as reading:
        with pytest.raises(Conflict, match="reindex"):
            reading.gallery.changes(SPACE, 2)
        assert [change.change for change in reading.gallery.changes(SPACE, 3)] == [4, 5]
    with store.write() as tx:
        tx.gallery.trim(1000)
        enrol(tx, "B-1")
        assert [change.change for change in tx.gallery.changes(SPACE, 5)] == [6]
