"""Damage to a snapshot is found and named: all by `verify_snapshot`, what no search could survive by opening."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ciphers import OneKey

from matcher.domain.records import GalleryRow, GalleryRows, Hit
from matcher.domain.scores import unit
from matcher.domain.space import EmbeddingSpace
from matcher.errors import Damaged, SpaceMismatch
from matcher.gallery import verify
from matcher.gallery.build import SnapshotWriter
from matcher.gallery.exact import best_faces
from matcher.gallery.layout import file_digest
from matcher.gallery.manifest import FileEntry, Manifest, read_manifest
from matcher.gallery.parts import Part
from matcher.gallery.snapshots import Snapshot, current_name, open_snapshot
from matcher.gallery.verify import verify_snapshot

SPACE = EmbeddingSpace("test", "none", "none", mirror=False, dim=8)
FILES = ("vectors.faiss", "faces.npy", "cases.npy", "manifest.json")
Damage = Callable[[Path], None]


def arrays(given: Sequence[GalleryRow]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    block = GalleryRows.of(given, SPACE.dim)
    return block.face_ids, block.case_ids, block.vectors


def rows(seed: int = 1, count: int = 50) -> list[GalleryRow]:
    vectors = unit(np.random.default_rng(seed).normal(size=(count, SPACE.dim)))
    return [GalleryRow(10 * number + 5, number % 7 + 1, vector) for number, vector in enumerate(vectors)]


def publish(space_folder: Path, seed: int = 1, cipher: OneKey | None = None) -> Path:
    with SnapshotWriter(space_folder, SPACE, 50, cipher=cipher) as writer:
        writer.append(*arrays(rows(seed)))
        writer.attach("notes.json", b"some notes")
        return writer.publish().folder


def flip(position: float) -> Damage:
    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[int(position * (len(content) - 1))] ^= 0x10
        path.write_bytes(content)

    return damage


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def swap_with_another_snapshot(path: Path) -> None:
    path.write_bytes((publish(path.parent.parent / "other", seed=2) / path.name).read_bytes())


DAMAGES: dict[str, Damage] = {
    "first byte": flip(0),
    "early byte": flip(0.02),
    "middle byte": flip(0.5),
    "late byte": flip(0.98),
    "last byte": flip(1),
    "truncated": truncate,
    "lengthened": lengthen,
    "emptied": empty,
    "removed": Path.unlink,
}


# The last byte of the manifest is a line break, without which it says the same.
CASES = [(f, d) for f in FILES for d in DAMAGES if f != "manifest.json" or d not in {"last byte", "truncated"}]


@pytest.mark.parametrize(("name", "damage"), CASES)
def test_verify_finds_and_names_damage(tmp_path: Path, name: str, damage: str) -> None:
    folder = publish(tmp_path)
    DAMAGES[damage](folder / name)
    with pytest.raises(Damaged, match=rf"{name}.*matcher reindex"):
        verify_snapshot(folder)


@pytest.mark.parametrize("name", ["vectors", "faces", "cases", "notes", "manifest", "CURRENT"])
@pytest.mark.parametrize("cipher", [None, OneKey()], ids=["clear", "sealed"])
def test_a_byte_flipped_anywhere_in_any_file_is_found(tmp_path: Path, name: str, cipher: OneKey | None) -> None:
    """Each file × many places × a bit: found before a search could use it, or by a verification."""
    folder = publish(tmp_path, cipher=cipher)
    (path,) = [*folder.glob(f"{name}.*"), *tmp_path.glob(name)]
    content = path.read_bytes()
    unfound = []
    for place in sorted({*range(0, len(content), max(1, len(content) // 60)), len(content) - 1}):
        for bit in (0x01, 0x10, 0x80):
            path.write_bytes(content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :])
            try:
                verify_snapshot(tmp_path / str(current_name(tmp_path)), cipher=cipher)
            except Damaged:
                continue
            unfound.append((place, bit))
    assert unfound == []
    path.write_bytes(content)
    verify_snapshot(folder, cipher=cipher)


@pytest.mark.parametrize("name", ["vectors.sealed", "faces.sealed", "cases.sealed"])
def test_opening_finds_a_byte_flipped_in_a_sealed_array(tmp_path: Path, name: str) -> None:
    folder = publish(tmp_path, cipher=OneKey())
    for damage in (flip(0), flip(0.5), flip(1)):
        content = (folder / name).read_bytes()
        damage(folder / name)
        with pytest.raises(Damaged, match=rf"{name}.*matcher reindex"):
            open_snapshot(folder, SPACE, OneKey())
        (folder / name).write_bytes(content)
    open_snapshot(folder, SPACE, OneKey())


def test_a_search_that_does_not_find_the_best_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = publish(tmp_path)
    verify_snapshot(folder)

    def forgetful(parts: Sequence[Part], probes: np.ndarray, count: int) -> tuple[tuple[Hit, ...], ...]:
        return tuple(hits[1:] for hits in best_faces(parts, probes, count + 1))

    def mistaken(parts: Sequence[Part], probes: np.ndarray, count: int) -> tuple[tuple[Hit, ...], ...]:
        found = best_faces(parts, probes, count)
        return tuple((replace(hits[0], face_id=hits[1].face_id), *hits[1:]) for hits in found)

    for wrong in (forgetful, mistaken):
        monkeypatch.setattr(verify, "best_faces", wrong)
        with pytest.raises(Damaged, match="does not find what"):
            verify_snapshot(folder)


@pytest.mark.parametrize("name", ["vectors.faiss", "faces.npy", "cases.npy"])
def test_verify_finds_a_file_of_another_snapshot_of_the_same_size(tmp_path: Path, name: str) -> None:
    folder = publish(tmp_path)
    (folder / name).write_bytes(np.random.default_rng(3).bytes((folder / name).stat().st_size))
    with pytest.raises(Damaged, match=name):
        verify_snapshot(folder)
    swap_with_another_snapshot(folder / "vectors.faiss")
    open_snapshot(folder, SPACE) if name == "vectors.faiss" else None
    with pytest.raises(Damaged, match=r"\.(faiss|npy)'"):
        verify_snapshot(folder)


def test_verify_finds_two_files_in_each_others_place(tmp_path: Path) -> None:
    folder = publish(tmp_path)
    faces, cases = folder / "faces.npy", folder / "cases.npy"
    content = faces.read_bytes()
    faces.write_bytes(cases.read_bytes())
    cases.write_bytes(content)
    with pytest.raises(Damaged, match=r"cases\.npy"):
        verify_snapshot(folder)


@pytest.mark.parametrize(
    ("name", "damage"), [case for case in CASES if case[1] in {"truncated", "lengthened", "emptied", "removed"}]
)
def test_opening_finds_a_file_of_the_wrong_size(tmp_path: Path, name: str, damage: str) -> None:
    folder = publish(tmp_path)
    DAMAGES[damage](folder / name)
    with pytest.raises(Damaged, match=rf"{name}.*matcher reindex"):
        open_snapshot(folder, SPACE)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format_version", 3),
        ("format_version", True),
        ("count", 49),
        ("count", -1),
        ("dim", 9),
        ("through_change", 49),
        ("through_change", "50"),
        ("created_at", "yesterday"),
        ("encryption", "aes"),
        ("encryption", {"scheme": "aes", "key": "k"}),
        ("encryption", {"scheme": "aes", "key": "k", "name": "../n"}),
        ("encryption", {"scheme": "aes", "key": "k", "name": "n"}),
        ("files", {}),
        ("space", {"recogniser": "test"}),
        ("rows_digest", "0" * 63),
    ],
)
@pytest.mark.parametrize("sealed", [False, True])
def test_opening_refuses_a_manifest_that_says_something_else(
    tmp_path: Path, field: str, value: object, sealed: bool
) -> None:
    """Even where somebody also renewed the manifest's own digest, unless the new value is a possible one."""
    folder = publish(tmp_path)
    path = folder / "manifest.json"
    fields = json.loads(path.read_text()) | {field: value}
    if sealed:
        from matcher.gallery import manifest

        fields.pop("manifest_digest")
        fields["manifest_digest"] = manifest._digest(fields)
    path.write_text(json.dumps(fields))
    if sealed and (field, value) == ("through_change", 49):
        assert open_snapshot(folder, SPACE).manifest.through_change == 49
    else:
        with pytest.raises(Damaged, match="matcher reindex"):
            open_snapshot(folder, SPACE)


def test_a_file_outside_the_folder_is_refused(tmp_path: Path) -> None:
    folder = publish(tmp_path)
    (tmp_path / "elsewhere").write_bytes(b"12")
    _rewrite(folder, extra={"../elsewhere": FileEntry(2, "0" * 64)})
    with pytest.raises(Damaged, match="outside the folder"):
        open_snapshot(folder, SPACE)


def test_a_file_that_a_later_version_adds_is_carried_and_proved(tmp_path: Path) -> None:
    folder = publish(tmp_path)
    (folder / "statistics.npy").write_bytes(b"numbers")
    entry = FileEntry(7, file_digest(folder / "statistics.npy", 50))
    _rewrite(folder, extra={"statistics.npy": entry})
    verify_snapshot(folder)
    (folder / "statistics.npy").write_bytes(b"NUMBERS")
    with pytest.raises(Damaged, match=r"statistics\.npy"):
        verify_snapshot(folder)


def _rewrite(folder: Path, extra: dict[str, FileEntry]) -> None:
    old = read_manifest(folder)
    new = Manifest(
        space=old.space,
        count=old.count,
        through_change=old.through_change,
        created_at=old.created_at,
        software=old.software,
        rows_digest=old.rows_digest,
        files={**old.files, **extra},
    )
    (folder / "manifest.json").write_text(new.to_json())


def test_vectors_of_another_space_are_refused(tmp_path: Path) -> None:
    folder = publish(tmp_path)
    with pytest.raises(SpaceMismatch):
        open_snapshot(folder, EmbeddingSpace("test", "none", "none", mirror=True, dim=8))


@pytest.mark.parametrize("content", ["", "..\n", "20260101T000000.000000Z-zz\n", "/etc\n", "\xe9\n"])
def test_a_current_that_names_no_snapshot_is_damaged(tmp_path: Path, content: str) -> None:
    (tmp_path / "CURRENT").write_text(content, encoding="utf-8")
    with pytest.raises(Damaged, match="matcher reindex"):
        current_name(tmp_path)


def blocks(given: Sequence[GalleryRow]) -> Callable[[Snapshot], list[GalleryRows]]:
    """In two parts, as the database gives them."""
    return lambda _: [GalleryRows.of(some, SPACE.dim) for some in (given[:20], given[20:])]


def test_verify_compares_with_the_database(tmp_path: Path) -> None:
    folder = publish(tmp_path)
    good = rows()
    report = verify_snapshot(folder, blocks(good))
    assert (report.compared, report.searches, report.manifest.count) == (50, 50, 50)
    assert verify_snapshot(folder).compared is None

    other_case = [*good[:20], GalleryRow(good[20].face_id, 99, good[20].vector), *good[21:]]
    other_vector = [*good[:20], GalleryRow(good[20].face_id, good[20].case_id, -good[20].vector), *good[21:]]
    for wrong in (good[1:], good[:-1], [*good, GalleryRow(10**6, 1, good[0].vector)], other_case, other_vector):
        with pytest.raises(Damaged, match="database"):
            verify_snapshot(folder, blocks(wrong))


def test_faces_that_changed_since_are_left_out_of_the_comparison(tmp_path: Path) -> None:
    folder = publish(tmp_path)
    good = rows()
    now = [*good[1:], GalleryRow(10**6, 1, good[0].vector)]
    assert verify_snapshot(folder, blocks(now), changed={good[0].face_id, 10**6}).compared == 49
    with pytest.raises(Damaged):
        verify_snapshot(folder, blocks(now), changed={good[0].face_id})
