"""Proof that a snapshot is what was written, and holds what the database holds. Reads everything, changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from matcher.domain.ids import FaceId
from matcher.domain.leading import Leading
from matcher.domain.records import GalleryRows, Hit, Ids
from matcher.domain.scores import Vectors
from matcher.errors import Damaged
from matcher.gallery.cipher import Cipher
from matcher.gallery.exact import best_faces, rounding
from matcher.gallery.layout import FACES, ROWS_PER_BLOCK, VECTORS, RowsDigest, file_digest, not_unit
from matcher.gallery.manifest import Manifest, read_manifest
from matcher.gallery.parts import Part
from matcher.gallery.snapshots import Snapshot, open_snapshot

_SEARCHES = 1000  # one of all rows takes the square of their number: 41 minutes for a million
_PLACES = 10


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was proved: `searches` for rows of its own; `compared` rows equal the database's, if it was asked."""

    folder: Path
    snapshot: Snapshot
    manifest: Manifest
    searches: int
    compared: int | None


def verify_snapshot(
    folder: Path,
    rows: Callable[[Snapshot], Iterable[GalleryRows]] | None = None,
    *,
    changed: Collection[FaceId] = (),
    cipher: Cipher | None = None,
) -> VerifyReport:
    """Read a whole snapshot; `Damaged` names the first file or face that is wrong.

    `rows` gives the database's, in order of face id within and across blocks. Faces that were added, removed or changed
    after the snapshot's `through_change` are named in `changed` and left out of the comparison: the live gallery takes
    them from the database.
    """
    manifest = verify_files(folder)
    snapshot = open_snapshot(folder, manifest.space, cipher)
    _verify_rows(snapshot)
    away = np.fromiter(changed, np.int64, len(changed))
    compared = None if rows is None else _compare(snapshot, rows(snapshot), away)
    return VerifyReport(folder, snapshot, manifest, _searched(snapshot), compared)


def verify_files(folder: Path) -> Manifest:
    """The manifest of a snapshot all of whose files are what was written; `Damaged` names the first that is not."""
    manifest = read_manifest(folder)
    for name, entry in manifest.files.items():
        if _digest_of(folder / name, manifest.count) != entry.sha256:
            raise Damaged(f"'{folder / name}' was changed after it was written: run `matcher reindex`.")
    return manifest


def _digest_of(path: Path, count: int) -> str:
    try:
        return file_digest(path, count)
    except OSError as error:
        raise Damaged(f"'{path}' cannot be read ({error}): run `matcher reindex`.") from error


def _verify_rows(snapshot: Snapshot) -> None:
    digest, last = RowsDigest(snapshot.manifest.space.dim), -1
    for block in _blocks(snapshot.part):
        falling = np.flatnonzero(np.diff(block.face_ids, prepend=last) <= 0)
        if len(falling):
            face = block.face_ids[falling[0]]
            raise Damaged(
                f"'{snapshot.folder / FACES}': face {face} is out of order or doubled: run `matcher reindex`."
            )
        if len(wrong := not_unit(block.vectors)):
            face = block.face_ids[wrong[0]]
            raise Damaged(f"'{snapshot.folder / VECTORS}': face {face} has no unit vector: run `matcher reindex`.")
        digest.update(block)
        last = int(block.face_ids[-1])
    if digest.hexdigest() != snapshot.manifest.rows_digest:
        raise Damaged(f"The rows in '{snapshot.folder}' are not those of its manifest: run `matcher reindex`.")


def _compare(snapshot: Snapshot, rows: Iterable[GalleryRows], changed: Ids) -> int:
    """The number of rows that both hold, `changed` ones aside; `Damaged` if anything differs."""
    dim = snapshot.manifest.space.dim
    digests = [RowsDigest(dim), RowsDigest(dim)]
    for digest, blocks in zip(digests, (_blocks(snapshot.part), rows), strict=True):
        for block in blocks:
            digest.update(_without(block, np.sort(changed)))
    ours, theirs = digests
    if ours.hexdigest() != theirs.hexdigest():
        raise Damaged(
            f"'{snapshot.folder}' ({ours.count} rows) does not hold what the database holds ({theirs.count} rows): "
            "run `matcher reindex`."
        )
    return ours.count


def _without(block: GalleryRows, faces: Ids) -> GalleryRows:
    """A block without some faces, which are given in rising order."""
    if not len(faces):
        return block
    places = np.searchsorted(faces, block.face_ids)
    kept = faces[np.minimum(places, len(faces) - 1)] != block.face_ids
    return GalleryRows(block.face_ids[kept], block.case_ids[kept], block.vectors[kept])


def _searched(snapshot: Snapshot) -> int:
    """Search for an even sample of rows, and compare with a plain pass over all rows; the number of searches.

    Faces must be as similar as they are told, and none more similar may be left out. Which of several faces stands
    first whose similarities differ by less than float32 can tell is left open here.
    """
    part, rows = snapshot.part, len(snapshot.part.face_ids)
    sample = np.unique(np.linspace(0, rows - 1, min(_SEARCHES, rows), dtype=np.int64))
    if not len(sample):
        return 0
    probes, tolerance = np.array(part.vectors[sample]), rounding(snapshot.manifest.space.dim)
    leading = Leading(len(sample), min(_PLACES, rows))
    for start in range(0, rows, ROWS_PER_BLOCK):
        vectors = part.vectors[start : start + ROWS_PER_BLOCK]
        leading.add(probes @ vectors.T, np.arange(start, start + len(vectors)))  # NumPy's product, not FAISS's
    for row, probe, hits, best in zip(sample, probes, _hits(part, probes), leading.scores, strict=True):
        faces = np.array([hit.face_id for hit in hits])
        told = np.array([hit.similarity for hit in hits])
        places = np.searchsorted(part.face_ids, faces)
        own = part.vectors[places] @ probe
        known = np.array_equal(part.face_ids[places], faces) and len(np.unique(faces)) == len(best)
        if not known or max(np.abs(told - own).max(), np.abs(told - best).max()) > tolerance:
            raise Damaged(
                f"'{snapshot.folder}': a search for face {part.face_ids[row]} does not find what a pass over all rows "
                "finds: run `matcher reindex`; if that does not help, this machine or its FAISS counts wrong."
            )
    return len(sample)


def _hits(part: Part, probes: Vectors) -> tuple[tuple[Hit, ...], ...]:
    return best_faces([part], probes, min(_PLACES, len(part.face_ids)))


def _blocks(part: Part) -> Iterator[GalleryRows]:
    for start in range(0, len(part.face_ids), ROWS_PER_BLOCK):
        rows = slice(start, start + ROWS_PER_BLOCK)
        yield GalleryRows(part.face_ids[rows], part.case_ids[rows], part.vectors[rows])
