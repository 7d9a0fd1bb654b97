"""How far a counted share may be from the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

SURE = 1.959964  # two-sided 95 % of the normal distribution


def wilson(counts: ArrayLike, of: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The 95 % intervals, 0 … 1, of shares counted as `counts` of `of` independent trials, at least one (Wilson 1927).

    Both arrays have the shape of `counts`, and a share never lies outside its own interval.
    """
    share = np.asarray(counts, np.float64) / of
    middle = share + SURE**2 / (2 * of)
    width = SURE * np.sqrt(share * (1 - share) / of + SURE**2 / (4 * of**2))
    scale = 1 + SURE**2 / of
    # At 0 and 1 rounding would part the share from its bound.
    return np.clip((middle - width) / scale, 0, share), np.clip((middle + width) / scale, share, 1)
