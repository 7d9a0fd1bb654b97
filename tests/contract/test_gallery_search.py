"""A search is compared with a plain float64 search of everything: the answer must be the same to the last face."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import faiss
import numpy as np
import pytest

from matcher.domain.records import GalleryChange, GalleryRow, GalleryRows, Hit
from matcher.domain.scores import unit
from matcher.domain.space import EmbeddingSpace
from matcher.errors import WrongUse
from matcher.gallery.build import SnapshotWriter
from matcher.gallery.exact import best_cases, best_faces
from matcher.gallery.layout import space_folder
from matcher.gallery.live import Gallery
from matcher.gallery.parts import Part
from matcher.gallery.snapshots import open_snapshot

DIM = 16
SPACE = EmbeddingSpace("test", "none", "none", mirror=False, dim=DIM)


class Additions:
    """A feed whose every change is an addition."""

    def __init__(self, rows: Sequence[GalleryRow]) -> None:
        self.rows = list(rows)

    def counter(self) -> int:
        return len(self.rows)

    def changes(self, after: int) -> list[GalleryChange]:
        return [GalleryChange(number + 1, row.face_id, row) for number, row in enumerate(self.rows) if number >= after]


def random_rows(count: int, cases: int, seed: int, ties: float = 0.0) -> list[GalleryRow]:
    """Rows with ascending random face ids; a share `ties` of the vectors are copies of one another."""
    random = np.random.default_rng(seed)
    faces = np.sort(random.choice(2**62, count, replace=False))
    vectors = unit(random.normal(size=(count, DIM)))
    copies = random.random(count) < ties
    vectors[copies] = vectors[random.integers(0, max(1, count // 50), int(copies.sum()))]
    return [
        GalleryRow(int(face), int(random.integers(1, cases + 1)), vector)
        for face, vector in zip(faces, vectors, strict=True)
    ]


def expected(rows: Sequence[GalleryRow], probe: np.ndarray, count: int, *, by_case: bool) -> tuple[Hit, ...]:
    """The definition of the answer, in plain Python and float64."""
    wide = np.array([row.vector for row in rows], np.float64).reshape(len(rows), DIM)
    scores = np.clip(np.sum(wide * probe, axis=1).astype(np.float32), -1, 1).tolist()
    hits = [Hit(row.face_id, row.case_id, score) for row, score in zip(rows, scores, strict=True)]
    best: dict[int, Hit] = {}
    for hit in sorted(hits, key=lambda hit: (-hit.similarity, hit.face_id)):
        best.setdefault(hit.case_id if by_case else hit.face_id, hit)
    return tuple(best.values())[:count]


def put(writer: SnapshotWriter, rows: Sequence[GalleryRow]) -> None:
    block = GalleryRows.of(rows, SPACE.dim)
    writer.append(block.face_ids, block.case_ids, block.vectors)


def part(rows: Sequence[GalleryRow]) -> Part:
    vectors = np.array([row.vector for row in rows], np.float32).reshape(len(rows), DIM)
    ids = np.array([(row.face_id, row.case_id) for row in rows], np.int64)
    return Part.whole(vectors, ids[:, 0], ids[:, 1])


def probes(count: int, seed: int) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(count, DIM)))


@pytest.mark.parametrize("by_case", [True, False])
@pytest.mark.parametrize("ties", [0.0, 0.9])
@pytest.mark.parametrize("removed", [0.0, 0.1, 0.97])
@pytest.mark.parametrize("number_of_probes", [1, 3, 20])
def test_search_is_exact(by_case: bool, ties: float, removed: float, number_of_probes: int) -> None:
    rows = random_rows(1200, 200, seed=7, ties=ties)
    gone = np.flatnonzero(np.random.default_rng(8).random(len(rows)) < removed)
    parts = [part(rows[:1000]).without(gone[gone < 1000]), part(rows[1000:]).without(gone[gone >= 1000] - 1000)]
    left = [row for number, row in enumerate(rows) if number not in set(gone.tolist())]
    asked = np.concatenate((probes(number_of_probes - 1, seed=9), rows[0].vector[np.newaxis]))

    found = (best_cases if by_case else best_faces)(parts, asked, 20)

    assert found == tuple(expected(left, probe, 20, by_case=by_case) for probe in asked)


def test_exact_ties_come_in_order_of_face_id() -> None:
    same = probes(1, seed=1)[0]
    rows = [GalleryRow(face, face % 7, same) for face in range(1, 501)]
    hits = best_faces([part(rows)], same[np.newaxis], 50)[0]
    assert [hit.face_id for hit in hits] == list(range(1, 51))


def test_one_case_with_most_photos_does_not_hide_the_others() -> None:
    near = probes(1, seed=1)[0]
    crowd = unit(near + 0.01 * np.random.default_rng(2).normal(size=(900, DIM)))
    rows = [GalleryRow(face, 1, vector) for face, vector in enumerate(crowd, 1)]
    rows += [GalleryRow(1000 + case, case, vector) for case, vector in enumerate(probes(40, seed=3), 2)]
    hits = best_cases([part(rows)], near[np.newaxis], 30)[0]
    assert hits == expected(rows, near, 30, by_case=True)
    assert len({hit.case_id for hit in hits}) == 30


def test_many_probes_in_a_large_gallery_find_the_same_as_one() -> None:
    rows = random_rows(20_000, 5000, seed=31, ties=0.5)
    parts = [part(rows[:15_000]).without(np.arange(0, 15_000, 3)), part(rows[15_000:])]
    asked = np.concatenate((probes(280, seed=32), [row.vector for row in rows[:20]]))
    together = best_cases(parts, asked, 30)
    assert together[::10] == tuple(best_cases(parts, probe[np.newaxis], 30)[0] for probe in asked[::10])
    left = [row for number, row in enumerate(rows) if number >= 15_000 or number % 3]
    assert together[::60] == tuple(expected(left, probe, 30, by_case=True) for probe in asked[::60])


def test_fewer_cases_than_asked_for_give_all_of_them() -> None:
    rows = random_rows(200, 5, seed=4)
    assert len(best_cases([part(rows)], probes(1, seed=5), 30)[0]) == 5


def test_a_face_has_the_same_similarity_in_snapshot_and_tail_and_in_any_batch(tmp_path: Path) -> None:
    rows = random_rows(2000, 2000, seed=11)
    asked = probes(64, seed=12)
    live = Gallery(tmp_path, SPACE, Additions(rows)).search(asked, cases=25)
    with SnapshotWriter(space_folder(tmp_path, SPACE), SPACE, len(rows)) as writer:
        put(writer, rows)
        info = writer.publish()
    gallery = Gallery(tmp_path, SPACE, Additions(rows))

    assert gallery.search(asked, cases=25).hits == live.hits
    assert tuple(gallery.search(probe[np.newaxis], cases=25).hits[0] for probe in asked) == live.hits
    assert (live.snapshot, live.gallery_size) == ("live@2000", 2000)
    assert gallery.search(asked, cases=1).snapshot == f"{info.name}@2000"


def test_faiss_and_numpy_read_the_files(tmp_path: Path) -> None:
    rows = random_rows(300, 10, seed=13)
    with SnapshotWriter(tmp_path, SPACE, 0) as writer:
        put(writer, rows[:100])
        put(writer, rows[100:])
        folder = writer.publish().folder
    for name, field in (("faces.npy", "face_id"), ("cases.npy", "case_id")):
        ids = np.load(folder / name, mmap_mode="r", allow_pickle=False)
        assert ids.tolist() == [getattr(row, field) for row in rows]
    index = faiss.read_index(str(folder / "vectors.faiss"), faiss.IO_FLAG_MMAP_IFC)
    assert isinstance(index, faiss.IndexFlatIP)
    again = faiss.IndexFlatIP(DIM)
    again.add(np.array([row.vector for row in rows]))
    faiss.write_index(again, str(tmp_path / "again"))
    assert (folder / "vectors.faiss").read_bytes() == (tmp_path / "again").read_bytes()
    opened = open_snapshot(folder, SPACE)
    _, numbers = index.search(probes(1, seed=14), 1)
    assert best_faces([opened.part], probes(1, seed=14), 1)[0][0].face_id == opened.part.face_ids[numbers[0, 0]]


def test_an_empty_gallery_answers_with_nothing(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path, SPACE, Additions([]))
    assert gallery.search(probes(2, seed=1), cases=5).hits == ((), ())
    with SnapshotWriter(gallery.folder, SPACE, 0) as writer:
        writer.publish()
    result = gallery.search(probes(2, seed=1), cases=5)
    assert (result.hits, result.gallery_size) == (((), ()), 0)
    assert gallery.status().tombstone_share is None
    assert gallery.search(np.zeros((0, DIM), np.float32), cases=5).hits == ()


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((1, DIM)), np.ones((1, DIM)), np.full((1, DIM), np.nan), np.ones((1, DIM + 1)), np.ones(DIM)],
    ids=["zero", "long", "nan", "wide", "flat"],
)
def test_probes_that_are_no_unit_vectors_are_refused(tmp_path: Path, wrong: np.ndarray) -> None:
    with pytest.raises(WrongUse):
        Gallery(tmp_path, SPACE, Additions([])).search(wrong, cases=5)


def test_a_search_for_no_case_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="at least 1"):
        Gallery(tmp_path, SPACE, Additions([])).search(probes(1, seed=1), cases=0)
