"""Bands of age in which children's faces are comparable enough to share one table of chances."""

from __future__ import annotations

from enum import Enum


class AgeBand(str, Enum):
    """The age in whole years on a photo; `UNKNOWN` where nobody wrote it down."""

    INFANT = "0-2"
    FROM_3 = "3-5"
    FROM_6 = "6-8"
    FROM_9 = "9-12"
    FROM_13 = "13-17"
    ADULT = "18+"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, age: float | None) -> AgeBand:
        """The band of an age in years, which counts as completed years: 2.99 is two; `None` is `UNKNOWN`."""
        if age is None:
            return cls.UNKNOWN
        return next((band for band, end in _ENDS if age < end), cls.ADULT)


# The age that each band no longer holds.
_ENDS = (
    (AgeBand.INFANT, 3),
    (AgeBand.FROM_3, 6),
    (AgeBand.FROM_6, 9),
    (AgeBand.FROM_9, 13),
    (AgeBand.FROM_13, 18),
)
