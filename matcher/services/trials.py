"""What all protocols of an evaluation share: a gallery, the lists that it gives, and what their scores mean.

Order and similarities come from the code that searches for people: exact search, one place per case, rank by cosine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from matcher import __version__
from matcher.domain.ages import AgeBand
from matcher.domain.ids import CaseId, FaceId
from matcher.domain.records import Flag, Hit
from matcher.domain.scores import Vectors
from matcher.errors import WrongUse
from matcher.evaluation.trials import COSINE, About, Candidates, Floats, Mask, Numbers, Portrait, Probe, Trials
from matcher.gallery.exact import similarity
from matcher.gallery.parts import Part
from matcher.matching.meaning import Circumstances, meanings
from matcher.matching.plausibility import LONG_GAP_YEARS
from matcher.matching.ranking import rank
from matcher.matching.significance import METHODS, GalleryStatistics
from matcher.services.context import Context

SCORES = (COSINE, *METHODS)


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """What is compared of a face: its embedding (dim,), unit length, and whether it is too poorly seen for promises."""

    vector: Vectors
    poor: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """The gallery of an evaluation.

    `portraits` are all photos that were to be enrolled; the rows of `part`, with face ids from 0, are those that gave a
    face: row i shows `portraits[entries[i]]`. `cases` numbers the subjects, from 1; `bands` (n,) are the rows' ages,
    `poor` (n,) those too poorly seen; `kin` are sets of cases that are no strangers to each other.
    """

    portraits: tuple[Portrait, ...]
    entries: Numbers
    part: Part
    cases: dict[str, int]
    bands: tuple[AgeBand, ...]
    poor: Mask
    kin: tuple[frozenset[int], ...] = ()

    @classmethod
    def of(
        cls,
        portraits: Sequence[Portrait],
        templates: Sequence[Template | None],
        kin: Iterable[frozenset[str]] = (),
    ) -> Bench:
        """Enrol the photos that have a template; `WrongUse` if that leaves fewer than two subjects to tell apart."""
        entries = np.array([place for place, one in enumerate(templates) if one is not None], np.int64)
        cases = {name: number for number, name in enumerate(dict.fromkeys(one.subject for one in portraits), start=1)}
        owners = np.array([cases[portraits[entry].subject] for entry in entries], np.int64)
        _require_two(len(set(owners.tolist())), len(portraits))
        usable = [one for one in templates if one is not None]
        rows, poor = np.stack([one.vector for one in usable]), np.array([one.poor for one in usable])
        part = Part.whole(rows, np.arange(len(rows), dtype=np.int64), owners)
        bands = tuple(AgeBand.of(portraits[entry].age) for entry in entries)
        if set(bands) == {AgeBand.UNKNOWN}:
            # Where nobody's age is known all are one band, and it may be any of which things can be said.
            bands = (AgeBand.ADULT,) * len(bands)
        related = tuple(frozenset(cases[name] for name in group if name in cases) for group in kin)
        return cls(tuple(portraits), entries, part, cases, bands, poor, related)

    def rows_of(self, subject: str) -> Numbers:
        """The rows that show a subject."""
        return np.flatnonzero(self.part.case_ids == self.cases.get(subject, 0)).astype(np.int64)


def _require_two(enrolled: int, photos: int) -> None:
    if enrolled == 0:
        raise WrongUse(
            f"The gallery is empty: none of its {photos} photos shows a usable face. "
            "Enrol people with `matcher case import-folders`, or name a folder with better photos."
        )
    if enrolled == 1:
        raise WrongUse("The gallery holds one person only, whom nobody can be confused with: enrol at least two.")


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """One candidate list as gallery rows (k,), with ranks that count ties against each, and cosines."""

    rows: Numbers
    ranks: Numbers
    cosines: Floats


def listed(part: Part, hits: Iterable[Hit], probe: Vectors, sought: int, depth: int) -> Listed:
    """The list of a probe (dim,) from its hits, of which there are `depth` + 1 if the gallery has so many cases.

    The case `sought` (0: none) has a place even if it lies beyond the depth.
    """
    places = rank(hits, depth + 1)
    kept = [place.hit for place in places[:depth]]
    tied = len(places) > depth and places[depth].hit.similarity == kept[-1].similarity
    absent = sought not in {hit.case_id for hit in kept} and bool(np.any(part.case_ids[part.alive] == sought))
    if tied or absent:
        everybody = _best_of_each(part, probe)
        kept += [hit for hit in everybody if absent and hit.case_id == sought]
        cosines = np.array([hit.similarity for hit in everybody])
    else:
        cosines = np.array([hit.similarity for hit in kept])
    own = np.array([hit.similarity for hit in kept], np.float64)
    ranks = len(cosines) - np.searchsorted(np.sort(cosines), own, side="left")
    return Listed(np.array([hit.face_id for hit in kept], np.int64), ranks.astype(np.int64), own)


def _best_of_each(part: Part, probe: Vectors) -> list[Hit]:
    """The best row of every case."""
    scores = similarity(probe, part.vectors)
    rows = np.flatnonzero(part.alive)
    rows = rows[np.lexsort((part.face_ids[rows], -scores[rows], part.case_ids[rows]))]
    _, first = np.unique(part.case_ids[rows], return_index=True)
    return [
        Hit(FaceId(int(part.face_ids[row])), CaseId(int(part.case_ids[row])), float(scores[row])) for row in rows[first]
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """The statistics of a gallery by every score, and how alike its faces are to strangers, (n,) per score.

    `growth` is how many times as many subjects are searched as were measured; promises are made from `promised_by`.
    """

    bench: Bench
    statistics: Mapping[str, GalleryStatistics]
    levels: Mapping[str, Vectors]
    promised_by: str
    growth: float = 1.0

    @classmethod
    def of(cls, bench: Bench, promised_by: str, measured: Mask | None = None, growth: float = 1.0) -> Judge:
        """Measure the rows `measured` (n,) of a gallery, or all; the others are judged as faces that came later."""
        part, taken = bench.part, np.ones(len(bench.entries), np.bool_) if measured is None else measured
        bands = [bench.bands[row] for row in np.flatnonzero(taken)]
        statistics = {
            method: GalleryStatistics.measure(
                part.vectors[taken], part.case_ids[taken], bands, kin=bench.kin, method=method
            )
            for method in dict.fromkeys((*METHODS, promised_by))
        }
        levels = {method: one.levels_of(part.vectors, part.case_ids) for method, one in statistics.items()}
        return cls(bench, statistics, levels, promised_by, growth)

    def scores(self, probe: Vectors, found: Listed) -> Floats:
        """Scores (k, methods) of a list."""
        part = self.bench.part
        vectors, cases = part.vectors[found.rows], part.case_ids[found.rows]
        columns = [found.cosines]
        for method in METHODS:
            levels = self.levels[method][found.rows]
            columns.append(self.statistics[method].comparable(probe, vectors, cases, levels).astype(np.float64))
        # A float32 says no more than nine decimals, and files stay small.
        return np.column_stack(columns).round(9)

    def promised(self, probe: Probe, template: Template, found: Listed, scores: Floats) -> Floats:
        """The false positive rates (k,) that candidates of a search are told; NaN where nothing is said."""
        circumstances = [self._circumstances(probe, template, int(row)) for row in found.rows]
        chosen = scores[:, SCORES.index(self.promised_by)].tolist()
        told = meanings(self.statistics[self.promised_by], circumstances, chosen, self.growth)
        return np.array([np.nan if one.chance is None else round(one.chance.rate, 9) for one in told], np.float64)

    def _circumstances(self, probe: Probe, template: Template, row: int) -> Circumstances:
        bench = self.bench
        then = bench.portraits[bench.entries[row]].age
        apart = probe.age is not None and then is not None and abs(probe.age - then) > LONG_GAP_YEARS
        flags = (Flag.YEARS_APART,) if apart else ()
        return Circumstances(bench.bands[row], flags, probe.age, template.poor or bool(bench.poor[row]))


@dataclass(slots=True)
class Ledger:
    """Takes probes and their lists one by one, and makes the trials of them."""

    bench: Bench
    probes: list[Probe] = field(default_factory=list)
    lists: list[tuple[Numbers, Numbers, Numbers, Floats, Floats]] = field(default_factory=list)

    def failed(self, probe: Probe) -> None:
        """Note a probe without a face."""
        self.probes.append(probe)

    def searched(self, probe: Probe, template: Template, found: Listed, judge: Judge) -> None:
        """Note a probe with its list."""
        scores = judge.scores(template.vector, found)
        numbers = np.full(len(found.rows), len(self.probes), np.int64)
        promised = judge.promised(probe, template, found, scores)
        order = np.lexsort((found.rows, found.ranks))
        rows = (numbers, found.ranks, self.bench.entries[found.rows], scores, promised)
        self.lists.append((rows[0], rows[1][order], rows[2][order], rows[3][order], rows[4][order]))
        self.probes.append(probe)

    def trials(self, about: About) -> Trials:
        """Everything noted, in its order."""
        if self.lists:
            columns = Candidates(*(np.concatenate(column) for column in zip(*self.lists, strict=True)))
        else:
            none = np.zeros(0, np.int64)
            columns = Candidates(none, none, none, np.zeros((0, len(about.methods))), np.zeros(0))
        return Trials(about, self.bench.portraits, tuple(self.probes), columns)


@dataclass(frozen=True, slots=True)
class Made:
    """How trials are to be described."""

    protocol: str
    depth: int
    seed: int | None
    notes: tuple[str, ...]


def about(context: Context, made: Made) -> About:
    """The description of trials made now with the models of this home."""
    return About(
        protocol=made.protocol,
        depth=made.depth,
        methods=SCORES,
        promised_by=context.settings.comparable_score,
        space=context.space.name,
        software=f"sighting-matcher {__version__}",
        made=context.clock().date().isoformat(),
        seed=made.seed,
        notes=made.notes,
    )
