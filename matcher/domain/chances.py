"""What a similarity means: how often chance alone gives one as high, or why that cannot be said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from matcher.domain.ages import AgeBand


@dataclass(frozen=True, slots=True)
class Chance:
    """How often searches with an unrelated person find somebody this similar in one age band of one gallery.

    `rate` is that share of searches (the false positive identification rate, ISO/IEC 19795-1), 0 … 1, with its 95 %
    interval `low` … `high`. `at_most` says that the rate may be smaller: it is then three over the number of searches
    that were measured, the most that it can be at 95 % if none of them found anybody (the rule of three), and no
    smaller rate is told. `lookalikes` is the number of unrelated children that such a search finds on average,
    −ln(1 − rate); `false_match_rate` is the same per compared child. `children` is the number of children in the band;
    if the gallery has changed since it was measured, as many as it would have if the band had changed alike.
    """

    rate: float
    low: float
    high: float
    at_most: bool
    lookalikes: float
    false_match_rate: float
    children: int


class Insufficient(str, Enum):
    """Why nothing can be said about a similarity."""

    NO_STATISTICS = "no_statistics"  # the gallery was never measured
    INFANT = "infant"  # the child is under three years old on the photo
    AGE_UNKNOWN = "age_unknown"  # nobody wrote down how old the child is on the photo
    YEARS_APART = "years_apart"  # more than six years lie between the two photos
    POOR_QUALITY = "poor_quality"  # one of the two faces is too poorly seen
    TOO_FEW = "too_few"  # too few other children of that age are in the gallery
    NO_SPREAD = "no_spread"  # the strangers of that age are all equally alike, as copies of one photo are


@dataclass(frozen=True, slots=True)
class Meaning:
    """The meaning of one candidate's similarity: a `chance`, or `insufficient`, never both or neither.

    `band` is the age of the child on the case photo; `children` counts those that were measured in that band and
    `needed` says how many it takes, both for `TOO_FEW` only.
    """

    band: AgeBand
    chance: Chance | None = None
    insufficient: Insufficient | None = None
    children: int | None = None
    needed: int | None = None

    def __post_init__(self) -> None:
        if (self.chance is None) == (self.insufficient is None):
            raise ValueError("A meaning is a chance or the reason why there is none.")
