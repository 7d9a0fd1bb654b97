"""Meanings in words. A sentence speaks of searches and of chance, never of how likely it is that this is the child."""

from __future__ import annotations

from collections.abc import Callable
from math import floor, log10

from matcher.domain.ages import AgeBand
from matcher.domain.chances import Chance, Insufficient, Meaning
from matcher.matching.significance import NEEDED
from matcher.wording import Wording

_CHILDREN = {
    AgeBand.INFANT: Wording("children under 3"),
    AgeBand.ADULT: Wording("people of 18 and more"),
    AgeBand.UNKNOWN: Wording("people of unknown age"),
}

_REASONS = {
    Insufficient.NO_STATISTICS: Wording("this gallery was not measured yet: run `matcher reindex`"),
    Insufficient.INFANT: Wording("under 3 years faces say too little"),
    Insufficient.AGE_UNKNOWN: Wording(
        "nobody wrote down how old the child is on the case photo: add its date or the age"
    ),
    Insufficient.YEARS_APART: Wording("more than 6 years lie between the two photos"),
    Insufficient.POOR_QUALITY: Wording("one of the two faces is too poorly seen"),
    Insufficient.NO_SPREAD: Wording("all faces of that age in this gallery are equally alike"),
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


def sentence(meaning: Meaning) -> Wording:
    """What is shown beside a similarity."""
    who = people(meaning.band)
    if meaning.chance is not None:
        return _of_chance(meaning.chance, who)
    if meaning.insufficient is Insufficient.TOO_FEW:
        return Wording(
            "What this similarity means cannot be said: only {children} {who} were in this gallery when it was last "
            "measured, {needed} are needed.",
            children=meaning.children,
            who=who,
            needed=meaning.needed,
        )
    assert meaning.insufficient is not None  # noqa: S101 - a type narrowing: a meaning has one or the other
    return Wording("What this similarity means cannot be said: {reason}.", reason=_REASONS[meaning.insufficient])


def people(band: AgeBand) -> Wording:
    """Those of a band, in the plural."""
    return _CHILDREN.get(band) or Wording("children aged {ages}", ages=band.value.replace("-", "–"))


def _of_chance(chance: Chance, who: Wording) -> Wording:
    among: dict[str, object] = {"children": f"{chance.children:,}", "who": who}
    if chance.lookalikes >= 2:
        return Wording(
            "A search with an unrelated person usually finds several this similar among the {children} {who} in this "
            "gallery.",
            **among,
        )
    if chance.rate > 0.5:
        return Wording(
            "More than half of the searches with an unrelated person find someone this similar among the {children} "
            "{who} in this gallery.",
            **among,
        )
    if chance.at_most:
        return Wording(
            "Fewer than {share} searches with an unrelated person find someone this similar among the {children} {who} "
            "in this gallery.",
            share=_of(chance.high, floor),
            **among,
        )
    return _about(chance, among)


def _about(chance: Chance, among: dict[str, object]) -> Wording:
    low, share, high = _of(chance.low), _of(chance.rate), _of(chance.high)
    between = Wording(" (between {low} and {high})", low=low, high=high) if low != high else ""
    if share.startswith("1 in"):
        return Wording(
            "About {share} searches with an unrelated person finds someone this similar among the {children} {who} in "
            "this gallery{between}.",
            share=share,
            between=between,
            **among,
        )
    return Wording(
        "About {share} searches with an unrelated person find someone this similar among the {children} {who} in this "
        "gallery{between}.",
        share=share,
        between=between,
        **among,
    )


def _of(rate: float, digit: Callable[[float], float] = round) -> Wording:
    """A rate in two digits at most, which is more than it is known to: "1 in 40", and from a tenth on "3 in 10"."""
    if rate >= 0.1:
        return Wording("{count} in 10", count=round(10 * rate))
    times = 1 / max(rate, 1e-6)
    last = 10 ** (floor(log10(times)) - 1)
    return Wording("1 in {searches}", searches=f"{digit(times / last + 1e-9) * last:,.0f}")
