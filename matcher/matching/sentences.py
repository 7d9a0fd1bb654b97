"""Meanings in words. A sentence speaks of searches and of chance, never of how likely it is that this is the child."""

from __future__ import annotations

from collections.abc import Callable
from math import floor, log10

from matcher.domain.ages import AgeBand
from matcher.domain.chances import Chance, Insufficient, Meaning
from matcher.matching.significance import NEEDED

_CHILDREN = {
    AgeBand.INFANT: "children under 3",
    AgeBand.ADULT: "people of 18 and more",
    AgeBand.UNKNOWN: "people of unknown age",
}

_REASONS = {
    Insufficient.NO_STATISTICS: "this gallery was not measured yet: run `matcher reindex`",
    Insufficient.INFANT: "under 3 years faces say too little",
    Insufficient.AGE_UNKNOWN: "nobody wrote down how old the child is on the case photo: add its date or the age",
    Insufficient.YEARS_APART: "more than 6 years lie between the two photos",
    Insufficient.POOR_QUALITY: "one of the two faces is too poorly seen",
    Insufficient.NO_SPREAD: "all faces of that age in this gallery are equally alike",
}

_IN_SHORT = {
    Insufficient.INFANT: "never under 3 years",
    Insufficient.AGE_UNKNOWN: "never for an unknown age",
    Insufficient.TOO_FEW: f"{NEEDED} children are needed",
    Insufficient.NO_SPREAD: "all are equally alike",
}


def in_short(reason: Insufficient) -> str:
    """Why nothing is said of a whole band, for a table."""
    return _IN_SHORT.get(reason, reason.value)


def sentence(meaning: Meaning) -> str:
    """What is shown beside a similarity."""
    if meaning.chance is not None:
        return _of_chance(meaning.chance, people(meaning.band))
    if meaning.insufficient is Insufficient.TOO_FEW:
        counted = f"only {meaning.children} {people(meaning.band)} were in this gallery when it was last measured"
        found = f"{counted}, {meaning.needed} are needed"
        return f"What this similarity means cannot be said: {found}."
    assert meaning.insufficient is not None  # noqa: S101 - a type narrowing: a meaning has one or the other
    return f"What this similarity means cannot be said: {_REASONS[meaning.insufficient]}."


def people(band: AgeBand) -> str:
    """Those of a band, in the plural."""
    return _CHILDREN.get(band, f"children aged {band.value.replace('-', '–')}")


def _of_chance(chance: Chance, who: str) -> str:
    among = f"among the {chance.children:,} {who} in this gallery"
    if chance.lookalikes >= 2:
        return f"A search with an unrelated person usually finds several this similar {among}."
    if chance.rate > 0.5:
        return f"More than half of the searches with an unrelated person find someone this similar {among}."
    if chance.at_most:
        return (
            f"Fewer than {_of(chance.high, floor)} searches with an unrelated person find someone this similar {among}."
        )
    low, share, high = _of(chance.low), _of(chance.rate), _of(chance.high)
    among += f" (between {low} and {high})" if low != high else ""
    finds = "finds" if share.startswith("1 in") else "find"
    return f"About {share} searches with an unrelated person {finds} someone this similar {among}."


def _of(rate: float, digit: Callable[[float], float] = round) -> str:
    """A rate in two digits at most, which is more than it is known to: "1 in 40", and from a tenth on "3 in 10"."""
    if rate >= 0.1:
        return f"{round(10 * rate)} in 10"
    times = 1 / max(rate, 1e-6)
    last = 10 ** (floor(log10(times)) - 1)
    return f"1 in {digit(times / last + 1e-9) * last:,.0f}"
