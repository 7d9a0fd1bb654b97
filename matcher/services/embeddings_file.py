"""Embeddings of an evaluation's photos, made once and kept in a file, so that the next run needs no models.

The file is a NumPy archive without pickled objects: `space`, and per photo `name`, `digest` (SHA-256 of its bytes),
`failure` ("" if a face was found), `faces` (how many), `eye_distance` (px), `poor` (whether the face is too poorly seen
for its similarities to mean anything) and `vector` (zeros without a face).
"""

from __future__ import annotations

import hashlib
import os
import secrets
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matcher.domain.quality import poor
from matcher.errors import Damaged, PhotoRefused, SpaceMismatch, WrongUse
from matcher.images.decode import open_image
from matcher.images.places import cores
from matcher.services.context import Context
from matcher.services.datasets import DatasetPhoto
from matcher.services.inputs import read_photo
from matcher.services.photos import in_parallel
from matcher.services.trials import Template

UNREADABLE = "unreadable"
_FIELDS = ("space", "name", "digest", "failure", "faces", "eye_distance", "poor", "vector")

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """The largest face of a photo, or the word for why there is none (`failure`); `faces` counts all that were found.

    `eye_distance` is in pixels.
    """

    digest: str
    failure: str | None = None
    faces: int = 0
    eye_distance: float | None = None
    template: Template | None = None


def embedded(context: Context, photos: Iterable[DatasetPhoto], kept: Path | None) -> list[Embedded]:
    """The largest face of every photo, in their order; on all cores.

    What `kept` holds of photos with the same name and bytes is taken from there; what is new is added to it, even if
    the run is interrupted. `SpaceMismatch` if it was made with other models.
    """
    wanted = list(photos)
    known = {} if kept is None else read_embeddings(kept, context.space.name, context.space.dim)
    found: list[Embedded] = []
    fresh = 0

    def run(photo: DatasetPhoto) -> tuple[bool, Embedded]:
        data = _bytes(photo)
        digest = hashlib.sha256(data or b"").hexdigest()
        if (there := known.get((photo.name, digest))) is not None:
            return False, there
        return True, _embed(context, photo, data, digest)

    try:
        for photo, (new, one) in in_parallel(wanted, run, cores()):
            found.append(one)
            known[photo.name, one.digest] = one
            fresh += new
            if context.progress:
                context.progress("embedding photos", len(found), len(wanted))
    finally:
        if kept is not None and fresh:
            write_embeddings(kept, context.space.name, context.space.dim, known)
    return found


def _bytes(photo: DatasetPhoto) -> bytes | None:
    try:
        return read_photo(photo.path)
    except PhotoRefused:
        return None


def _embed(context: Context, photo: DatasetPhoto, data: bytes | None, digest: str) -> Embedded:
    if data is None:
        return Embedded(digest, UNREADABLE)
    try:
        found = context.pipeline.find(open_image(data, photo.name), thorough=True)
    except PhotoRefused:
        return Embedded(digest, UNREADABLE)
    if found.reason is not None:
        return Embedded(digest, found.reason.value)
    face = found.faces[0]
    template = Template(face.embedding, poor(face.quality))
    return Embedded(digest, None, len(found.faces), face.quality.inter_eye_distance, template)


def read_embeddings(path: Path, space: str, dim: int) -> dict[Key, Embedded]:
    """The kept embeddings by photo name and digest; none if there is no file yet.

    `SpaceMismatch` for those of other models, `Damaged` for a file that is none.
    """
    if not path.exists():
        return {}
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            if missing := [name for name in _FIELDS if name not in file.files]:
                raise Damaged(f"{path} holds no '{missing[0]}': it is no file that --embeddings wrote.")
            columns = {name: file[name] for name in _FIELDS}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise Damaged(f"{path} cannot be read as kept embeddings: delete it, or name another file.") from error
    if str(columns["space"]) != space:
        raise SpaceMismatch(
            f"{path} holds vectors of '{columns['space']}', this home works with '{space}': name another file."
        )
    _check_columns(path, columns, dim)
    rows = zip(*(columns[name].tolist() for name in _FIELDS[1:-1]), columns["vector"], strict=True)
    return {
        (name, digest): Embedded(digest, failure)
        if failure
        else Embedded(digest, None, faces, eyes, Template(vector, bool(weak)))
        for name, digest, failure, faces, eyes, weak, vector in rows
    }


def _check_columns(path: Path, columns: dict[str, NDArray[np.generic]], dim: int) -> None:
    count = len(columns["name"]) if columns["name"].ndim == 1 else -1
    vectors = columns["vector"]
    fits = vectors.shape == (count, dim) and vectors.dtype == np.float32
    if not fits or any(columns[name].shape != (count,) for name in _FIELDS[1:-1]):
        raise Damaged(f"The columns of {path} do not fit each other: delete it, or name another file.")
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    wrong = np.flatnonzero(~(np.abs(lengths - (columns["failure"] == "")) < 1e-3))
    if len(wrong):
        raise Damaged(f"{path}: the vector of '{columns['name'][wrong[0]]}' is not of length 1: delete the file.")


def write_embeddings(path: Path, space: str, dim: int, known: dict[Key, Embedded]) -> None:
    """Keep embeddings in a file that only its owner may read, whole or not at all."""
    every = list(known.values())
    none = np.zeros(dim, np.float32)
    columns = {
        "space": np.array(space),
        "name": np.array([name for name, _ in known], dtype=np.str_),
        "digest": np.array([one.digest for one in every], dtype=np.str_),
        "failure": np.array([one.failure or "" for one in every], dtype=np.str_),
        "faces": np.array([one.faces for one in every], np.int64),
        "eye_distance": np.array([one.eye_distance or 0.0 for one in every], np.float64),
        "poor": np.array([one.template is not None and one.template.poor for one in every], np.bool_),
        "vector": np.array([one.template.vector if one.template else none for one in every], np.float32).reshape(
            -1, dim
        ),
    }
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with open(draft, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            np.savez(file, allow_pickle=False, **columns)
        draft.replace(path)
    except OSError as error:
        raise WrongUse(f"'{path}' cannot be written ({error.strerror}): name another file.") from error
    finally:
        draft.unlink(missing_ok=True)  # there only if something went wrong, and it holds faces
