"""Snapshots of a home: made in steps that can be killed and repeated, made of what changed, sealed, proved."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import records
from records import vector

from matcher import Matcher
from matcher.domain.records import GalleryRows, KnownRows
from matcher.errors import Damaged
from matcher.gallery.publishing import finished_name
from matcher.gallery.snapshots import current_name, snapshot_names
from matcher.matching import carrying
from matcher.services import snapshots
from matcher.services.context import Context
from matcher.store import sealed_vectors
from matcher.store.gallery import GalleryReading
from matcher.store.keystore import KeyRing

ME = "night"


def fill(matcher: Matcher, count: int, start: int = 0) -> None:
    """Cases with one searchable face each."""
    space = matcher.space
    with matcher.context.store.write() as transaction:
        for number in range(start, start + count):
            case = records.case(f"C-{number:05}")
            photo = records.photo(case_id=case.id, digest=str(number), age=7.0)
            face = records.face(photo.id)
            transaction.cases.add(case)
            transaction.photos.add(photo)
            transaction.faces.add([face], {face.id: vector(number, space.dim)}, space.name)
            transaction.gallery.add(face.id, case.id, space.name)


def close(matcher: Matcher, *numbers: int) -> None:
    for number in numbers:
        matcher.close_case(f"C-{number:05}", status="returned", actor=ME)


@pytest.fixture
def context(matcher: Matcher) -> Context:
    fill(matcher, 60)
    return matcher.context


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each time that all rows of the database are read."""
    read, seen = GalleryReading.rows, []

    def told(self: GalleryReading, space: str, **how: KnownRows) -> Iterator[GalleryRows]:
        seen.append(space)
        return read(self, space, **how)

    monkeypatch.setattr(GalleryReading, "rows", told)
    return seen


def test_a_snapshot_is_made_in_three_steps(context: Context) -> None:
    folder = context.gallery.folder
    built = snapshots.build(context)
    assert not built.verified
    assert (current_name(folder), finished_name(folder)) == (None, built.info.name)
    assert snapshots.verify(context, built.info.name) == built.info
    assert current_name(folder) is None
    snapshots.publish(context, built.info.name)
    assert current_name(folder) == built.info.name
    assert context.gallery.status().size == 60


def test_what_a_killed_run_finished_is_found_and_proved(context: Context) -> None:
    first = snapshots.build(context)
    again = snapshots.build(context)
    assert (again.info, again.verified) == (first.info, True)
    snapshots.publish(context, again.info.name)


def test_what_a_killed_run_finished_is_removed_when_the_gallery_moved_on(matcher: Matcher, context: Context) -> None:
    first = snapshots.build(context)
    fill(matcher, 1, start=60)
    info = snapshots.make(context)
    assert snapshot_names(context.gallery.folder) == [info.name]
    assert info.name != first.info.name
    assert info.count == 61


def test_nothing_is_written_where_nothing_changed(context: Context) -> None:
    live = snapshots.make(context)
    assert snapshots.make(context) == live
    assert snapshot_names(context.gallery.folder) == [live.name]


def test_another_score_is_a_reason_to_measure_again(context: Context) -> None:
    live = snapshots.make(context)
    context.settings = context.settings.model_copy(update={"comparable_score": "cosine"})
    assert snapshots.make(context).name > live.name


def test_snapshots_are_in_the_clear_only_where_the_operator_says_so(context: Context) -> None:
    def files(name: str) -> set[str]:
        return {path.name for path in (context.gallery.folder / name).iterdir()}

    sealed = snapshots.make(context)
    assert {"vectors.sealed", "statistics.npz.sealed"} < files(sealed.name)
    context.settings = context.settings.model_copy(update={"snapshots_in_clear": True})
    clear = snapshots.make(context)
    assert {"vectors.faiss", "statistics.npz"} < files(clear.name)
    assert context.gallery.status().snapshot == clear.name
    with Matcher.open(context.home.root) as other:  # for whom snapshots are to be sealed
        assert other.gallery_status().size == 60
        again = snapshots.make(other.context)
        assert "vectors.sealed" in files(again.name)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many sealed embeddings of the database were opened, each time."""
    real, seen = sealed_vectors.opened, []

    def told(keys: KeyRing | None, rows: Sequence[sealed_vectors.Kept], space: str) -> list[bytes]:
        seen.append(len(rows))
        return real(keys, rows, space)

    monkeypatch.setattr(sealed_vectors, "opened", told)
    return seen


def test_sealed_embeddings_are_opened_once_and_not_again_to_be_proved(matcher: Matcher, opened: list[int]) -> None:
    context = matcher.context
    fill(matcher, 300)
    assert snapshots.make(context).count == 300
    assert opened == [300]
    snapshots.make(context)
    assert opened == [300], "where nothing changed none is"
    close(matcher, 3)
    fill(matcher, 2, start=300)
    assert snapshots.make(context).count == 301
    assert opened == [300, 2], "read as changes, and known from then on"
    close(matcher, 300)
    assert snapshots.make(context).count == 300
    assert opened == [300, 2]
    (snapshots_folder,) = context.home.snapshots.iterdir()
    for folder in [path for path in snapshots_folder.iterdir() if path.is_dir()]:
        shutil.rmtree(folder)
    (snapshots_folder / "CURRENT").unlink()
    snapshots.make(context)
    assert opened == [300, 2, 300]


@pytest.mark.parametrize("how", ["another's", "a changed byte"])
def test_a_changed_sealed_embedding_is_found_though_nothing_changed(context: Context, home: Path, how: str) -> None:
    snapshots.make(context)
    with sqlite3.connect(home / "matcher.db") as raw:
        (one, first), (_, second) = raw.execute("SELECT face_id, vector FROM embeddings ORDER BY face_id LIMIT 2")
        changed = second if how == "another's" else first[:-1] + bytes([first[-1] ^ 1])
        raw.execute("UPDATE embeddings SET vector = ? WHERE face_id = ?", (changed, one))
    raw.close()
    with pytest.raises(Damaged, match="embedding of face"):
        snapshots.make(context)


def test_few_changes_are_merged_into_the_live_snapshot(matcher: Matcher, streams: list[str]) -> None:
    context = matcher.context
    fill(matcher, 300)
    snapshots.make(context)
    assert len(streams) == 2  # to write it, and to prove it
    close(matcher, 3, 200)
    fill(matcher, 3, start=300)
    streams.clear()
    info = snapshots.make(context)
    assert len(streams) == 1  # to prove it
    assert info.count == 301
    assert matcher.context.gallery.status().tail_size == 0
    streams.clear()
    close(matcher, *range(4, 30))
    assert snapshots.make(context).count == 275
    assert len(streams) == 2  # these were not few


def test_statistics_of_a_large_gallery_are_carried_over_few_changes(
    matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "_FEWEST", 100)
    fill(matcher, 300)
    snapshots.make(matcher.context)
    close(matcher, 3)
    fill(matcher, 1, start=300)
    with monkeypatch.context() as patched:
        patched.setattr(snapshots, "measure", None)  # would be called to measure anew
        snapshots.make(matcher.context)
    notes = matcher.context.gallery.status().notes
    assert notes is not None
    assert notes.statistics.changes == 2
    close(matcher, 4, 5)
    snapshots.make(matcher.context)
    notes = matcher.context.gallery.status().notes
    assert notes is not None
    assert notes.statistics.changes == 0  # four of three hundred are too many: measured anew


@pytest.mark.parametrize("carry", [False, True])
def test_a_live_snapshot_that_does_not_hold_what_the_database_holds_is_not_gone_on_from(
    matcher: Matcher, monkeypatch: pytest.MonkeyPatch, carry: bool
) -> None:
    """It is noticed when the gallery is measured or, where that is carried over, when the new snapshot is verified."""
    monkeypatch.setattr(carrying, "_FEWEST", 100 if carry else 1000)
    context = matcher.context
    fill(matcher, 300)
    live = snapshots.make(context)
    with sqlite3.connect(context.home.database) as raw:
        raw.execute("DELETE FROM gallery_members WHERE face_id = (SELECT max(face_id) FROM gallery_members)")
    raw.close()
    fill(matcher, 1, start=300)
    built = snapshots.build(context)
    assert (built.info.count == 301) is carry
    info = snapshots.verify(context, built.info.name)
    assert info.count == 300
    assert snapshot_names(context.gallery.folder) == [live.name, info.name]
    snapshots.publish(context, info.name)
    snapshots.prove(context, info.name)


def test_a_snapshot_that_cannot_be_proved_never_becomes_live(
    context: Context, matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = snapshots.make(context)
    close(matcher, 3)
    read = GalleryReading.rows

    def another(self: GalleryReading, space: str, **how: KnownRows) -> Iterator[GalleryRows]:
        for rows in read(self, space, **how):
            yield replace(rows, vectors=np.roll(rows.vectors, len(asked), axis=1))
        asked.append(space)

    asked = ["when the live one was made"]
    monkeypatch.setattr(GalleryReading, "rows", another)  # the database answers otherwise each time
    with pytest.raises(Damaged, match="one before"):
        snapshots.make(context)
    assert snapshot_names(context.gallery.folder) == [live.name]
    assert context.gallery.search(vector(3, context.space.dim)[None], cases=60).gallery_size == 59


@pytest.mark.parametrize("name", ["vectors.sealed", "manifest.json", "statistics.npz.sealed"])
def test_a_damaged_live_snapshot_is_replaced_though_nothing_changed(context: Context, name: str) -> None:
    live = snapshots.make(context)
    file = live.folder / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    info = snapshots.make(context)
    assert info.name > live.name
    snapshots.prove(context, info.name)


def test_changes_while_a_snapshot_is_built_are_left_to_searches(matcher: Matcher, context: Context) -> None:
    built = snapshots.build(context)
    close(matcher, 7)
    fill(matcher, 2, start=60)
    info = snapshots.verify(context, built.info.name)
    assert info == built.info
    snapshots.publish(context, info.name)
    status = context.gallery.status()
    assert (status.snapshot, status.size, status.tail_size, status.tombstones) == (info.name, 61, 2, 1)


def test_a_reindex_of_a_home_leaves_no_vector_in_the_clear(matcher: Matcher, home: Path) -> None:
    fill(matcher, 40)
    matcher.reindex(actor=ME)
    wanted = [vector(number, matcher.space.dim).tobytes() for number in range(40)]
    files = [path for path in home.rglob("*") if path.is_file()]
    assert [path for path in files if any(one in path.read_bytes() for one in wanted)] == []
