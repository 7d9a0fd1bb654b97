"""ArcFace-like recognisers: one image in, one vector out; everything else is in the card."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from matcher.errors import ModelProblem, WrongUse
from matcher.faces.cards import Card
from matcher.faces.contracts import Image
from matcher.faces.models_session import DOCTOR, Network

_BATCH = 32


class OnnxRecogniser:
    """A recogniser of this kind."""

    def __init__(self, card: Card, read: Callable[[], bytes], threads: int, advice: str = DOCTOR) -> None:
        """`read` gives the ONNX file's bytes when it is first used, `advice` is as in `Network`; `WrongUse` for another
        role's card.
        """
        if card.recogniser is None or card.input is None or card.input.side is None:
            raise WrongUse(f"The card of '{card.name}' is not that of a recogniser.")
        self.name = card.word
        self.dim = card.recogniser.dim
        self.side = card.input.side
        self._input = card.input
        self.network = Network(card.file.name, read, threads, advice)

    def embed(self, chips: Image) -> NDArray[np.float32]:
        """The network's vectors, float32 (n, dim), of chips uint8 RGB (n, side, side, 3); `WrongUse` for other chips.

        `ModelProblem` when the network gives another number or length of vectors, or fails.
        """
        if chips.dtype != np.uint8 or chips.shape[1:] != (self.side, self.side, 3):
            wanted = f"(n, {self.side}, {self.side}, 3)"
            raise WrongUse(f"This recogniser takes uint8 chips {wanted}, not {chips.dtype} {chips.shape}.")
        # Many networks are exported for one image at a time and must not be given more.
        step = self.network.inputs()[0].shape[0] or _BATCH
        vectors = np.empty((len(chips), self.dim), dtype=np.float32)
        for first in range(0, len(chips), step):
            batch = chips[first : first + step]
            found = self.network.run(self._input.tensor(batch))
            if found.shape != (len(batch), self.dim):
                raise ModelProblem(
                    f"The recogniser '{self.name}' gave the shape {found.shape} for {len(batch)} chips, "
                    f"not ({len(batch)}, {self.dim}) as its card says."
                )
            vectors[first : first + step] = found
        return vectors
