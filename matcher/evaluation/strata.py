"""The groups in which errors are counted apart: age on the gallery photo, years between the photos, sex, quality."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from matcher.domain.ages import AgeBand
from matcher.evaluation.outcomes import Outcomes, Trait
from matcher.evaluation.trials import Mask, Portrait, Probe

UNKNOWN = "unknown"

_BANDS = [band.value for band in AgeBand]

# Fewer probes or people than these make a rate that moves by several hundredths with one person.
FEWEST_PROBES, FEWEST_SUBJECTS = 30, 20


@dataclass(frozen=True, slots=True, eq=False)
class Stratum:
    """The probes (p,) of one group of one attribute; `of_probe` if the attribute is the probe's own, not the pair's."""

    attribute: str
    group: str
    members: Mask
    of_probe: bool


def strata(outcomes: Outcomes) -> list[Stratum]:
    """Every group that occurs among the mated probes; an attribute of which nothing is known has none."""
    found = []
    for attribute, (trait, edges, of_probe) in _ATTRIBUTES.items():
        groups = [_group(value, edges) for value in outcomes.trait(trait)]
        names = np.array(groups, dtype=object)
        occurring = set(names[outcomes.mated])
        if occurring <= {UNKNOWN}:
            continue
        order = (
            [_name(edges, number) for number in range(len(edges) + 1)]
            if edges
            else sorted(occurring - {UNKNOWN}, key=_place)
        )
        found += [
            Stratum(attribute, name, np.asarray(names == name, np.bool_), of_probe)
            for name in (*order, UNKNOWN)
            if name in occurring
        ]
    return found


def unknown_attributes(outcomes: Outcomes) -> list[str]:
    """The attributes of which nothing is known for any mated probe."""
    known = {stratum.attribute for stratum in strata(outcomes)}
    return [attribute for attribute in _ATTRIBUTES if attribute not in known]


def _group(value: float | str | None, edges: tuple[float, ...]) -> str:
    if value is None:
        return UNKNOWN
    return value if isinstance(value, str) else _name(edges, bisect_right(edges, value))


def _name(edges: tuple[float, ...], number: int) -> str:
    """The name of a half-open interval `low ≤ value < high`."""
    if number == 0:
        return f"under {edges[0]:g}"
    if number == len(edges):
        return f"{edges[-1]:g} and more"
    low, high = edges[number - 1], edges[number]
    return f"{low:g}" if high == low + 1 and low >= 1 else f"{low:g} to {high:g}"


def _age(_probe: Probe, mate: Portrait | None) -> float | None:
    return None if mate is None else mate.age


def _band(_probe: Probe, mate: Portrait | None) -> str | None:
    return None if mate is None or mate.age is None else AgeBand.of(mate.age).value


def _place(name: str) -> tuple[int, str]:
    """Bands of age in their order, other words by letter."""
    return _BANDS.index(name) if name in _BANDS else 0, name


def _gap(probe: Probe, mate: Portrait | None) -> float | None:
    return None if mate is None or mate.age is None or probe.age is None else abs(probe.age - mate.age)


def _sex(probe: Probe, mate: Portrait | None) -> str | None:
    return probe.sex if probe.sex is not None or mate is None else mate.sex


def _quality(probe: Probe, _mate: Portrait | None) -> float | None:
    return probe.eye_distance


# Single years of age below 18, and the bands in which promises are made, since few data fill single years. Gaps: a face
# says little beyond six years (matching/plausibility.py). Distances of the eyes in pixels: on the aligned chip of the
# default models they are 53 apart, so less means an enlarged face.
_ATTRIBUTES: MappingProxyType[str, tuple[Trait, tuple[float, ...], bool]] = MappingProxyType(
    {
        "age at capture of the gallery photo, years": (_age, (*range(1, 19), 30, 45, 60), False),
        "band of age on the gallery photo, years": (_band, (), False),
        "years between the photos": (_gap, (1, 3, 6, 10), False),
        "sex": (_sex, (), True),
        "distance of the eyes in the probe, px": (_quality, (16, 24, 32, 40, 48, 64, 96), True),
    }
)
