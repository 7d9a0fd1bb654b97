"""Embeddings of the photos in FOLDER/photos/lfw, one folder per person, for the measurements beside this file."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from matcher import Matcher
from matcher.services.photos import in_parallel


@dataclass(frozen=True)
class Faces:
    """The largest face of each photo: vectors (n, dim) and the person of each, (n,); people are numbered from 0."""

    vectors: np.ndarray
    people: np.ndarray

    def of(self, person: int) -> np.ndarray:
        """Rows of a person, in the order of the photos' names."""
        return np.flatnonzero(self.people == person)

    @property
    def count(self) -> int:
        """How many people there are."""
        return int(self.people.max()) + 1


def lfw_faces() -> Faces:
    """All photos of `$MATCHER_PHOTOS/photos/lfw`, embedded by the default models; one without a face ends the run."""
    folders = sorted((Path(os.environ["MATCHER_PHOTOS"]) / "photos" / "lfw").iterdir())
    photos = [(person, photo) for person, folder in enumerate(folders) for photo in sorted(folder.iterdir())]
    with tempfile.TemporaryDirectory() as home, Matcher.create(Path(home) / "home", key=None) as matcher:
        matcher.faces(photos[0][1])  # the models are loaded before threads ask for them
        found = in_parallel(photos, lambda photo: matcher.faces(photo[1], thorough=True), os.cpu_count() or 1)
        rows = [(person, faces.faces[0].embedding) for (person, _), faces in found]
    return Faces(np.stack([vector for _, vector in rows]), np.array([person for person, _ in rows]))
