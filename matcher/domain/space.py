"""The embedding space: everything that must be equal before two vectors may be compared."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum

from matcher.errors import SpaceMismatch, WrongUse

_WORD = re.compile(r"[a-z0-9][a-z0-9.]*(-[a-z0-9.]+)*")


def is_word(text: str) -> bool:
    """Whether a text can name a part of an embedding space."""
    return _WORD.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class EmbeddingSpace:
    """Detector, alignment, recogniser, mirror averaging, dimension and metric of a set of vectors.

    The words are lower-case letters, digits, dots and single hyphens, since `name` is also a folder name.
    """

    recogniser: str
    detector: str
    alignment: str
    mirror: bool
    dim: int
    metric: str = "cosine"

    def __post_init__(self) -> None:
        for word in (self.recogniser, self.detector, self.alignment, self.metric):
            if not is_word(word):
                raise WrongUse(f"'{word}' cannot name part of an embedding space: use a-z, 0-9, '.' and single '-'.")
        if self.metric != "cosine":
            raise WrongUse(f"The metric '{self.metric}' is unknown: this version compares by cosine.")
        if self.dim < 1:
            raise WrongUse(f"An embedding space needs at least one dimension, not {self.dim}.")

    @property
    def name(self) -> str:
        """One word that differs whenever any part differs."""
        mirror = "mirror" if self.mirror else "plain"
        return f"{self.recogniser}_{self.detector}_{self.alignment}_{mirror}_{self.dim}_{self.metric}"

    def as_dict(self) -> dict[str, str | int | bool]:
        """The parts as plain values, for manifests."""
        return asdict(self)

    def require(self, other: EmbeddingSpace) -> None:
        """Raise `SpaceMismatch` unless `other` is this very space."""
        if self != other:
            raise SpaceMismatch(f"Vectors of '{other.name}' cannot be compared with those of '{self.name}'.")


class SpaceState(str, Enum):
    """What an embedding space is to a home."""

    LIVE = "live"  # searches run in it
    SHADOW = "shadow"  # being filled beside the live one
    BEFORE = "before"  # was live until the last change of models, which can be taken back
    OLD = "old"  # none of these any more


@dataclass(frozen=True, slots=True)
class KnownSpace:
    """An embedding space by name, the face models that make its vectors, and since when it has its state."""

    name: str
    backend: str
    state: SpaceState
    since: datetime


class SpacePart(str, Enum):
    """The faces that other models have to embed, in the order in which they do."""

    CASES = "cases"  # chosen faces of open cases: without them no search finds the case
    JUDGED = "judged"  # both sides of pairs that people have confirmed or excluded, to compare models by
    SIGHTINGS = "sightings"  # faces of unresolved sightings


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many faces of a part there are, have a vector, and were not found by these models."""

    of: int
    embedded: int
    not_found: int

    @property
    def left(self) -> int:
        """How many have not been tried yet."""
        return self.of - self.embedded - self.not_found
