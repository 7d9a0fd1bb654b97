"""Evaluation on a home's own cases: each photo against all others, and sightings whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from matcher.domain.reviews import Truth
from matcher.domain.scores import Vectors, similarities
from matcher.evaluation.trials import Kind, Mask, Portrait, Probe, Trials
from matcher.gallery.exact import best_cases
from matcher.gallery.parts import Part
from matcher.matching.significance import families_of
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.services.own_material import NOT_EMBEDDED, Judged, Material, read_material
from matcher.services.trials import Bench, Judge, Ledger, Made, Template, about, listed

# Statistics that know nothing of a probe's case are measured once for a group of cases: a measurement for every case
# would take hours where there are thousands, and 19 of 20 cases tell as much.
_GROUPS = 20


def evaluate_own(context: Context, who: Who, *, depth: int = 100, seed: int = 0, pairs: Path | None = None) -> Trials:
    """Search every usable photo of every open case among all others, and one of each case without its own case.

    `pairs` is a table of sighting, case and truth: those cases are enrolled too, open or not. Audited before the result
    is given out. `WrongUse` if fewer than two cases have a usable photo.
    """
    with context.store.read() as reading:
        material = read_material(reading, context.space.name, pairs)
    portraits, templates = [one.portrait for one in material.gallery], [one.template for one in material.gallery]
    bench = Bench.of(portraits, templates, material.kin)
    ledger, method = Ledger(bench), context.settings.comparable_score
    groups, photos = list(_groups(bench, seed)), _photos(bench)
    for number, members in enumerate(groups, start=1):
        others = len(np.unique(bench.part.case_ids[~members]))
        judge = Judge.of(bench, method, ~members, len(np.unique(bench.part.case_ids)) / others)
        _search_group(ledger, judge, (members, photos), depth)
        if context.progress:
            context.progress("searching groups of cases", number, len(groups))
    for subject in photos.keys() - {bench.portraits[entry].subject for entry in bench.entries.tolist()}:
        _note_failures(ledger, photos[subject])
    if material.judged:
        _search_judged(ledger, Judge.of(bench, method), material.judged, depth)
    kinds = [probe.kind for probe in ledger.probes]
    with context.store.write() as transaction:
        details = {kind.value: kinds.count(kind) for kind in Kind}
        record(context, transaction, who, Trace("evaluation.own", space=context.space.name, details=details))
    protocol = "Every photo of the cases against all other photos (mated), one photo of each without its own case"
    return ledger.trials(about(context, Made(protocol, depth, seed, tuple(_notes(material, len(groups))))))


def _notes(material: Material, groups: int) -> list[str]:
    notes = [
        f"Cosines and ranks leave out one photo, or one case, at a time; what scores mean was measured without the "
        f"probe's case in {groups} groups of cases."
    ]
    if material.waiting:
        notes.append(f"{material.waiting} photos wait for a choice of face and were left out.")
    if missing := sum(one.portrait.failure == NOT_EMBEDDED for one in material.gallery):
        notes.append(f"{missing} photos have no embedding by the present models: run `matcher reindex` first.")
    if material.kin:
        notes.append(
            f"{len(material.kin)} times cases are declared related or hold the same picture: none of them was searched "
            "for as a stranger to the others, or to their relatives."
        )
    if material.judged:
        notes.append(f"{len(material.judged)} judged pairs; their cases were enrolled even if they are closed by now.")
    return notes


def _groups(bench: Bench, seed: int) -> Iterator[Mask]:
    """The rows (n,) of each of some groups of cases."""
    cases = np.random.default_rng(seed).permutation(np.unique(bench.part.case_ids))
    for group in np.array_split(cases, min(_GROUPS, len(cases))):
        yield np.isin(bench.part.case_ids, group)


def _photos(bench: Bench) -> dict[str, list[Portrait]]:
    """The photos of each case that should have given a face, in order of case."""
    photos: dict[str, list[Portrait]] = {}
    for portrait in bench.portraits:
        if portrait.failure != NOT_EMBEDDED:
            photos.setdefault(portrait.subject, []).append(portrait)
    return dict(sorted(photos.items()))


def _note_failures(ledger: Ledger, photos: Sequence[Portrait]) -> None:
    """A photo without a usable face is a miss, if its case has another one that it should have found."""
    for portrait in photos if len(photos) > 1 else ():
        if portrait.failure is not None:
            ledger.failed(_probe(portrait, Kind.MATED))


def _search_group(
    ledger: Ledger, judge: Judge, group: tuple[Mask, Mapping[str, Sequence[Portrait]]], depth: int
) -> None:
    """All searches with the photos of a group of cases, judged by statistics that know nothing of these cases.

    `group` are its rows (n,) and all photos by case. A photo is sought among its case's others; if none of those gave
    a face, the case could not be enrolled without it, and the search misses.
    """
    bench, (members, photos) = ledger.bench, group
    cases, relatives = bench.part.case_ids, families_of(bench.kin)
    families = np.array([relatives.get(case, case) for case in cases.tolist()])
    everybody = len(np.unique(cases))
    for case in np.unique(cases[members]):
        rows = np.flatnonzero(cases == case)
        theirs = photos[bench.portraits[bench.entries[rows[0]]].subject]
        for row in rows if len(theirs) > 1 else ():
            _search(ledger, judge, bench.part.without(np.array([row])), (int(row), Kind.MATED), depth)
        _note_failures(ledger, theirs)
        family = families == families[rows[0]]
        strangers = bench.part.without(np.flatnonzero(family))
        if strangers.live:
            others = everybody - len(np.unique(cases[family]))
            left = replace(judge, growth=judge.growth * others / everybody)
            _search(ledger, left, strangers, (int(rows[0]), Kind.NONMATED), depth)


def _search(ledger: Ledger, judge: Judge, part: Part, probe: tuple[int, Kind], depth: int) -> None:
    bench, (row, kind) = ledger.bench, probe
    vector = part.vectors[row]
    (hits,) = best_cases([part], vector[None], depth + 1)
    found = listed(part, hits, vector, int(part.case_ids[row]) if kind is Kind.MATED else 0, depth)
    template = Template(vector, bool(bench.poor[row]))
    ledger.searched(_probe(bench.portraits[bench.entries[row]], kind), template, found, judge)


def _search_judged(ledger: Ledger, judge: Judge, judged: Sequence[Judged], depth: int) -> None:
    """One search per judged pair, with the sighting's face that is most like the case: people see every face's list."""
    bench = ledger.bench
    for one in judged:
        number = one.pair.case.number
        kind = Kind.MATED if one.pair.truth is Truth.SAME else Kind.EXCLUDED
        seen = [(look.portrait, look.template) for look in one.seen if look.template is not None]
        if not seen:
            ledger.failed(_probe(one.seen[0].portrait, kind, number))
            continue
        theirs = bench.part.vectors[bench.rows_of(number)]
        portrait, template = max(seen, key=lambda look: _most_alike(look[1].vector, theirs))
        (hits,) = best_cases([bench.part], template.vector[None], depth + 1)
        found = listed(bench.part, hits, template.vector, bench.cases.get(number, 0), depth)
        ledger.searched(_probe(portrait, kind, number), template, found, judge)


def _most_alike(vector: Vectors, others: Vectors) -> float:
    return float(similarities(vector[None], others).max(initial=-1))


def _probe(portrait: Portrait, kind: Kind, sought: str | None = None) -> Probe:
    return Probe(
        photo=portrait.photo,
        subject=portrait.subject,
        kind=kind,
        sought=None if kind is Kind.NONMATED else sought or portrait.subject,
        failure=portrait.failure,
        age=portrait.age,
        sex=portrait.sex,
        eye_distance=portrait.eye_distance,
    )
