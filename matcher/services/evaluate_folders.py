"""Evaluation on any photos with known people: one folder per person, enrolled and searched by a stated rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

from matcher.errors import WrongUse
from matcher.evaluation.trials import Kind, Portrait, Probe, Trials
from matcher.gallery.exact import best_cases
from matcher.services.context import Context
from matcher.services.datasets import Dataset, DatasetPhoto, read_dataset, with_ages
from matcher.services.embeddings_file import Embedded, embedded
from matcher.services.trials import Bench, Judge, Ledger, Made, about, listed


class Split(str, Enum):
    """Which photo of each person is enrolled, if one folder holds all photos; the others are probes."""

    FIRST = "first"
    RANDOM = "random"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderProtocol:
    """What is enrolled and what is searched.

    With `probes` the photos of `gallery` are all enrolled and those of `probes` all searched; without, `gallery` is
    split by `split`. The share `unenrolled` of the people, drawn with `seed`, is kept out of the gallery. `ages` is a
    table of photo, age, sex; `embeddings` a file in which embeddings are kept; `depth` the length of lists.
    """

    gallery: Path
    probes: Path | None = None
    split: Split | None = None
    unenrolled: float = 0.0
    seed: int = 0
    ages: Path | None = None
    embeddings: Path | None = None
    depth: int = 100

    def __post_init__(self) -> None:
        if self.probes is not None and self.split is not None:
            raise WrongUse("--split parts one folder; with a second folder of probes there is nothing to part.")
        if not 0 <= self.unenrolled < 1:
            raise WrongUse(f"--unenrolled is {self.unenrolled:g}: expected a share from 0 to below 1.")


@dataclass(frozen=True, slots=True)
class _Parted:
    """Photos to enrol and to search, and how they were parted, in words."""

    enrolled: Sequence[DatasetPhoto]
    searched: Sequence[DatasetPhoto]
    protocol: str
    notes: tuple[str, ...]


def evaluate_folders(context: Context, protocol: FolderProtocol) -> Trials:
    """Embed the photos, enrol, search every probe, and note what was found. Nothing enters the home."""
    parted = _parted(protocol)
    photos = [*parted.enrolled, *parted.searched]
    faces = embedded(context, photos, protocol.embeddings)
    gallery, probes = faces[: len(parted.enrolled)], faces[len(parted.enrolled) :]
    portraits = [_portrait(photo, face) for photo, face in zip(parted.enrolled, gallery, strict=True)]
    bench = Bench.of(portraits, [face.template for face in gallery])
    same = {face.digest for face in gallery if face.template is not None}
    searched = [pair for pair in zip(parted.searched, probes, strict=True) if pair[1].digest not in same]
    if probes and not searched:
        raise WrongUse("All probes are the very photos of the gallery: name another folder, or one to be split.")
    ledger = _searched(Judge.of(bench, context.settings.comparable_score), searched, protocol.depth)
    notes = (*parted.notes, *_notes(photos, faces, len(probes) - len(searched)))
    drawn = protocol.split is Split.RANDOM or protocol.unenrolled > 0
    return ledger.trials(about(context, Made(parted.protocol, protocol.depth, protocol.seed if drawn else None, notes)))


def _searched(judge: Judge, photos: Sequence[tuple[DatasetPhoto, Embedded]], depth: int) -> Ledger:
    bench = judge.bench
    ledger = Ledger(bench)
    vectors = [face.template.vector for _, face in photos if face.template is not None]
    hits = iter(best_cases([bench.part], np.stack(vectors), depth + 1) if vectors else ())
    for photo, face in photos:
        probe = _probe(bench, photo, face)
        if face.template is None:
            ledger.failed(probe)
            continue
        found = listed(bench.part, next(hits), face.template.vector, bench.cases.get(photo.person, 0), depth)
        ledger.searched(probe, face.template, found, judge)
    return ledger


def _portrait(photo: DatasetPhoto, face: Embedded) -> Portrait:
    return Portrait(
        photo=photo.name,
        subject=photo.person,
        failure=face.failure,
        age=photo.age,
        sex=photo.sex,
        eye_distance=face.eye_distance,
    )


def _probe(bench: Bench, photo: DatasetPhoto, face: Embedded) -> Probe:
    mated = photo.person in bench.cases
    return Probe(
        photo=photo.name,
        subject=photo.person,
        kind=Kind.MATED if mated else Kind.NONMATED,
        sought=photo.person if mated else None,
        failure=face.failure,
        age=photo.age,
        sex=photo.sex,
        eye_distance=face.eye_distance,
    )


def _parted(protocol: FolderProtocol) -> _Parted:
    datasets = [read_dataset(root) for root in (protocol.gallery, protocol.probes) if root is not None]
    if protocol.ages is not None:
        datasets = with_ages(datasets, protocol.ages)
    everybody = sorted({person for dataset in datasets for person in dataset.people})
    if len(everybody) == 1:
        raise WrongUse(f"{protocol.gallery} holds one person only, '{everybody[0]}': an evaluation needs several.")
    random = np.random.default_rng(protocol.seed)
    left_out = _left_out(protocol, sorted(datasets[0].people), random)
    notes = [f"{len(each.empty)} folders in {each.root.name} hold no photo: {_names(each.empty)}."
             for each in datasets if each.empty]  # fmt: skip
    if protocol.unenrolled:
        notes.append(f"{len(left_out)} people were drawn to stay out of the gallery, with the seed {protocol.seed}.")
    if len(datasets) == 2:
        enrolled = [photo for photo in datasets[0].photos if photo.person not in left_out]
        words = f"All photos of '{datasets[0].root.name}' enrolled, those of '{datasets[1].root.name}' searched"
        return _Parted(enrolled, datasets[1].photos, words, tuple(notes))
    return _split(protocol, datasets[0], left_out, random, notes)


def _left_out(protocol: FolderProtocol, people: Sequence[str], random: np.random.Generator) -> set[str]:
    count = round(protocol.unenrolled * len(people))
    if protocol.unenrolled and not 0 < count < len(people):
        raise WrongUse(
            f"--unenrolled {protocol.unenrolled:g} of {len(people)} people is {count}: nobody would be a stranger, "
            "or everybody; give another share."
        )
    return {people[place] for place in random.permutation(len(people))[:count]}


def _split(
    protocol: FolderProtocol, dataset: Dataset, left_out: set[str], random: np.random.Generator, notes: Sequence[str]
) -> _Parted:
    enrolled, searched = [], []
    rule = protocol.split or Split.FIRST
    for person, photos in dataset.people.items():
        place = int(random.integers(len(photos))) if rule is Split.RANDOM else 0
        if person not in left_out:
            enrolled.append(photos[place])
        searched += [photo for number, photo in enumerate(photos) if person in left_out or number != place]
    if not searched:
        raise WrongUse(
            f"Every person in {dataset.root} has one photo only, so none is left to search with: name a second folder "
            "with other photos of them, or keep some people out with --unenrolled 0.5 to learn about false positives."
        )
    which = "First photo by name" if rule is Split.FIRST else f"One photo, drawn with the seed {protocol.seed},"
    return _Parted(enrolled, searched, f"{which} of each person of '{dataset.root.name}' enrolled, the others searched",
                   tuple(notes))  # fmt: skip


def _notes(photos: Sequence[DatasetPhoto], faces: Sequence[Embedded], repeated: int) -> list[str]:
    notes = []
    crowded = sum(face.faces > 1 for face in faces)
    if crowded:
        notes.append(f"{crowded} of {len(photos)} photos show several faces: the largest was taken for the person's.")
    if repeated:
        notes.append(f"{repeated} probes are the very bytes of a gallery photo: they were left out.")
    unreadable = Counter(photo.name for photo, face in zip(photos, faces, strict=True) if face.failure == "unreadable")
    if unreadable:
        notes.append(f"{len(unreadable)} files cannot be read as photos: {_names(sorted(unreadable))}.")
    return notes


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
