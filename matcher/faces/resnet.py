"""dlib's face recognition network, run by ONNX Runtime."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matcher.errors import WrongUse
from matcher.faces.contracts import Image
from matcher.faces.models import ModelFolder

_SIDE = 150
# More chips at once are no faster, and each needs about 1.5 MB while it is computed.
_BATCH = 32


class DlibResnet:
    """The recogniser of `dlib_face_recognition_resnet_model_v1.dat`: chips of 150×150, vectors of length about 1.4."""

    name = "dlib-resnet-v1"
    dim = 128

    def __init__(self, models: ModelFolder) -> None:
        self._models = models

    def embed(self, chips: Image) -> NDArray[np.float32]:
        """dlib's vectors, float32 (n, 128), of chips uint8 RGB (n, 150, 150, 3); `WrongUse` for other chips."""
        if chips.dtype != np.uint8 or chips.shape[1:] != (_SIDE, _SIDE, 3):
            raise WrongUse(f"This recogniser takes uint8 chips (n, 150, 150, 3), not {chips.dtype} {chips.shape}.")
        network = self._models.recogniser()
        vectors = np.empty((len(chips), self.dim), dtype=np.float32)
        for first in range(0, len(chips), _BATCH):
            vectors[first : first + _BATCH] = network.run(chips[first : first + _BATCH])
        return vectors
