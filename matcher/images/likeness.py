"""What a photo looks like as a whole, in 64 bits: near-same photos differ in few of them.

The perceptual hash of C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010), section
3.2: the lowest 8 × 8 frequencies of the cosine transform of the grey photo in 32 × 32 pixels, each above or below
their median. It stays when a photo is scaled, compressed anew or sharpened, and changes with its content or its edges.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.images.decode import SourceImage

BITS = 64
_SIDE, _KEPT = 32, 8


def likeness(image: SourceImage) -> int:
    """The hash of a photo, 0 … 2⁶⁴−1, whose bits stand row by row, the mean brightness among them."""
    grey = cv2.cvtColor(image.pixels(8 * _SIDE), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    waves = cv2.dct(small)[:_KEPT, :_KEPT].reshape(-1)
    above = waves > np.median(waves)
    return int.from_bytes(np.packbits(above).tobytes(), "big")


def differing_bits(one: int, others: NDArray[np.uint64]) -> NDArray[np.int64]:
    """In how many bits each of several hashes (n,) differs from one, 0 … 64."""
    different = np.bitwise_xor(others, np.uint64(one))
    bits: NDArray[np.int64] = np.unpackbits(different.view(np.uint8).reshape(-1, 8), axis=1).sum(axis=1, dtype=np.int64)
    return bits
