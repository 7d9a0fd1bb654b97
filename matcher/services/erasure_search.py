"""Searching a whole home for remains of something erased: rows, database pages, files and snapshots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from matcher.domain.erasures import Erasure
from matcher.domain.ids import id_text
from matcher.domain.scores import Vectors
from matcher.errors import Damaged, MatcherError, StoreProblem
from matcher.gallery.manifest import read_manifest
from matcher.gallery.publishing import building
from matcher.gallery.snapshots import open_snapshot, snapshot_names
from matcher.services.context import Context
from matcher.services.erasure_digests import face_digest, picture_digest, vector_digest
from matcher.services.pictures import face_named
from matcher.store.database import Reading
from matcher.store.remains import pages_naming


@dataclass(slots=True)
class Searched:
    """What was looked through, with how many of each, and what was found there.

    `found` are remains. `elsewhere` counts the same pictures and vectors in other records, which hold a copy of a photo
    of their own: an erasure does not reach them. `unread` names what could not be looked through.
    """

    counts: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    elsewhere: Counter[str] = field(default_factory=Counter)
    unread: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Wanted:
    erasure: Erasure
    vectors: frozenset[str]
    pictures: frozenset[str]
    faces: frozenset[str]


def search(context: Context, erasure: Erasure) -> Searched:
    """Look for an erased subject in everything that the home keeps; nothing is changed."""
    wanted = _Wanted(erasure, frozenset(erasure.vectors), frozenset(erasure.pictures), frozenset(erasure.faces))
    result = Searched()
    with context.store.read() as reading:
        _rows(context, reading, wanted, result)
    if context.store.file is not None:
        result.counts["database files"] += 1
        result.found["database pages"] += pages_naming(context.store.file, erasure.id)
    _files(context, wanted, result)
    for folder in sorted(context.home.snapshots.iterdir()):
        if folder.is_dir():
            _space(context, folder, wanted, result)
    return result


def _rows(context: Context, reading: Reading, wanted: _Wanted, result: Searched) -> None:
    for place, count in reading.remains.naming(wanted.erasure.id).items():
        result.found[f"rows of {place}"] += count
    for face_id in reading.remains.face_ids():
        result.counts["faces named in rows"] += 1
        result.found["faces named in rows"] += face_digest(context.key, face_id) in wanted.faces
    for face_id, vector in reading.remains.vectors():
        result.counts["vectors in rows"] += 1
        if vector_digest(context.key, vector) in wanted.vectors:
            own = face_digest(context.key, face_id) in wanted.faces
            (result.found if own else result.elsewhere)["vectors in rows"] += 1
    for owner, digest in reading.remains.photo_digests():
        result.counts["photos in rows"] += 1
        if digest in wanted.pictures:
            (result.found if owner == wanted.erasure.id else result.elsewhere)["photos in rows"] += 1


def _files(context: Context, wanted: _Wanted, result: Searched) -> None:
    """Photos and the pictures kept beside them, by their owner, by the face in their name, and by their bytes."""
    mine = id_text(wanted.erasure.id)
    result.found["photo folders"] += context.blobs.has_owner(mine)
    for key in context.blobs.list():
        result.counts["photo files"] += 1
        face = face_named(key)
        if key.startswith(f"{mine}/") or (face is not None and face_digest(context.key, face) in wanted.faces):
            result.found["photo files"] += 1
            continue
        try:
            same = picture_digest(context.key, context.blobs.get(key)) in wanted.pictures
        except (StoreProblem, Damaged) as error:
            result.unread.append(str(error))
            continue
        result.elsewhere["photo files"] += same


def _space(context: Context, folder: Path, wanted: _Wanted, result: Searched) -> None:
    for name in snapshot_names(folder):
        try:
            for face_id, vector in _snapshot_rows(context, folder / name):
                result.counts["snapshot rows"] += 1
                own = face_digest(context.key, face_id) in wanted.faces
                result.found["snapshot rows"] += own
                if not own and vector_digest(context.key, vector) in wanted.vectors:
                    result.elsewhere["snapshot rows"] += 1
        except MatcherError as error:
            result.unread.append(str(error))
        else:
            result.counts["snapshots"] += 1
    result.unread += [f"'{built}' is being built" for built in sorted(building(folder))]


def _snapshot_rows(context: Context, folder: Path) -> Iterator[tuple[int, Vectors]]:
    """Face ids and vectors of a snapshot of whatever embedding space."""
    part = open_snapshot(folder, read_manifest(folder).space, context.snapshot_cipher).part
    yield from zip(map(int, part.face_ids), part.vectors, strict=True)
