"""Scores as plain files, from which every number can be computed again years later, by this program or any other.

A folder with `about.json` and three tables in CSV (UTF-8, a header, one row per line):

- `gallery.csv`: one row per photo that was to be enrolled: photo, subject, failure, age, sex, eye_distance
- `probes.csv`: one row per search: probe (a number from 0), photo, subject, kind, sought, failure, age, sex,
  eye_distance
- `candidates.csv`: one row per probe and candidate: probe, rank, photo (of the gallery), cosine, one column per further
  score, promised

An empty cell is unknown. Numbers are written so that reading gives the very same ones.
"""

from __future__ import annotations

import csv
import json
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from matcher.errors import WrongUse
from matcher.evaluation.trials import About, Candidates, Kind, Portrait, Probe, Trials

VERSION = 1
_PORTRAIT = ("photo", "subject", "failure", "age", "sex", "eye_distance")
_PROBE = ("probe", "photo", "subject", "kind", "sought", "failure", "age", "sex", "eye_distance")
_METHOD = re.compile(r"[a-z][a-z0-9-]*")
_Value = TypeVar("_Value")


def write_scores(folder: Path, trials: Trials) -> None:
    """Write trials into a folder, readable by its owner only; files of these names that are there are replaced."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = {"version": VERSION, **asdict(trials.about)}
        write_private(folder / "about.json", json.dumps(about, ensure_ascii=False, indent=2) + "\n")
        write_private(folder / "gallery.csv", _table(_PORTRAIT, map(_portrait_cells, trials.gallery)))
        probes = (
            (number, *_cells(probe, _PROBE[1:])) for number, probe in enumerate(trials.probes)
        )  # fmt: skip
        write_private(folder / "probes.csv", _table(_PROBE, probes))
        header = ("probe", "rank", "photo", *trials.about.methods, "promised")
        write_private(folder / "candidates.csv", _table(header, _candidate_cells(trials)))
    except OSError as error:
        raise WrongUse(f"'{folder}' cannot be written ({error.strerror}): name another folder.") from error


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, replacing any of that name."""
    with open(path, "w", encoding="utf-8", newline="", opener=_private) as file:
        if path.is_file():  # one that was there may be open to others; a terminal or a pipe stays as it is
            path.chmod(0o600)
        file.write(text)


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = StringIO()
    writer = csv.writer(text)  # lines end in CR LF, as RFC 4180 has it
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _portrait_cells(portrait: Portrait) -> tuple[object, ...]:
    return _cells(portrait, _PORTRAIT)


def _cells(portrait: Portrait, columns: Sequence[str]) -> tuple[object, ...]:
    return tuple(_cell(getattr(portrait, column)) for column in columns)


def _cell(value: object) -> object:
    return value.value if isinstance(value, Kind) else value  # csv writes None as nothing and floats by `repr`


def _candidate_cells(trials: Trials) -> Iterator[tuple[object, ...]]:
    found = trials.candidates
    photos = [portrait.photo for portrait in trials.gallery]
    columns = (found.probe.tolist(), found.rank.tolist(), found.entry.tolist(), found.scores.tolist())
    for probe, rank, entry, scores, promised in zip(*columns, found.promised.tolist(), strict=True):
        yield (probe, rank, photos[entry], *scores, "" if math.isnan(promised) else promised)


def read_scores(folder: Path) -> Trials:
    """Read trials back. `WrongUse` names the file, the line and the column of what cannot be meant."""
    about = _read_about(folder / "about.json")
    gallery = tuple(_portrait(row) for row in _rows(folder / "gallery.csv", _PORTRAIT))
    entries = _places(folder / "gallery.csv", [portrait.photo for portrait in gallery])
    probes = tuple(
        _probe(row, number) for number, row in enumerate(_rows(folder / "probes.csv", _PROBE))
    )  # fmt: skip
    header = ("probe", "rank", "photo", *about.methods, "promised")
    rows = _rows(folder / "candidates.csv", header)
    candidates = _candidates(rows, about.methods, _Listed(gallery, entries, probes))
    return Trials(about, gallery, probes, candidates)


@dataclass(frozen=True, slots=True)
class _Row:
    where: str
    cells: Mapping[str, str]

    def value(self, column: str, parse: Callable[[str], _Value]) -> _Value:
        """A cell, parsed; `WrongUse` names file, line, column and value."""
        cell = self.cells[column]
        try:
            return parse(cell)
        except ValueError as error:
            raise self.wrong(column, str(error)) from error

    def wrong(self, column: str, problem: str) -> WrongUse:
        return WrongUse(f"{self.where}, column '{column}': {self.cells[column]!r}: {problem}.")


def _rows(path: Path, columns: Sequence[str]) -> Iterator[_Row]:
    reader = csv.reader(StringIO(_text(path), newline=""), strict=True)
    try:
        header = next(reader, [])
        if header != list(columns):
            raise WrongUse(f"{path} line 1 names the columns {', '.join(header)}: expected {', '.join(columns)}.")
        for cells in reader:
            where = f"{path} line {reader.line_num}"
            if len(cells) != len(columns):
                raise WrongUse(f"{where} has {len(cells)} cells: expected {len(columns)}.")
            yield _Row(where, dict(zip(columns, cells, strict=True)))
    except csv.Error as error:
        raise WrongUse(f"{path} line {reader.line_num} is not CSV: {error}.") from error


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise WrongUse(f"{path} cannot be read ({error.strerror}): name a folder that --scores wrote.") from error
    except UnicodeDecodeError as error:
        raise WrongUse(f"{path} is not UTF-8 at byte {error.start}: it is not what --scores wrote.") from error


def _read_about(path: Path) -> About:
    try:
        given: Any = json.loads(_text(path))
        version = given.pop("version")
        if version != VERSION:
            raise WrongUse(f"{path}: version {version!r} is unknown: this program reads version {VERSION}.")
        names = {field.name for field in fields(About)}
        if set(given) != names:
            raise ValueError(f"expected the fields version, {', '.join(sorted(names))}")
        lists = {name: tuple(_texts(given[name])) for name in ("methods", "notes")}
        about = About(**{**given, **lists})
        _check_about(about)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise WrongUse(f"{path} does not say what was evaluated: {error}.") from error
    return about


def _texts(values: object) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError("methods and notes are lists of texts")
    return values


def _check_about(about: About) -> None:
    if not all(isinstance(value, str) for value in (about.protocol, about.space, about.software, about.made)):
        raise ValueError("protocol, space, software and made are texts")
    if type(about.depth) is not int or about.depth < 1 or not (about.seed is None or type(about.seed) is int):
        raise ValueError("depth is a number from 1, seed a whole number or null")
    if about.seed is not None and about.seed < 0:
        raise ValueError("seed is not negative")
    for method in about.methods:
        if not _METHOD.fullmatch(method) or method in ("probe", "rank", "photo", "promised"):
            raise ValueError(f"{method!r} is no name of a score")


def _portrait(row: _Row) -> Portrait:
    return Portrait(**_portrait_values(row))


def _portrait_values(row: _Row) -> dict[str, Any]:
    eye_distance = row.value("eye_distance", _optional(_at_least_0))
    return {
        "photo": row.value("photo", _named),
        "subject": row.value("subject", _named),
        "failure": row.cells["failure"] or None,
        "age": row.value("age", _optional(_at_least_0)),
        "sex": row.cells["sex"] or None,
        "eye_distance": eye_distance,
    }


def _probe(row: _Row, number: int) -> Probe:
    if row.cells["probe"] != str(number):
        raise row.wrong("probe", f"expected {number}: probes are numbered from 0 in their order")
    kind = row.value("kind", _kind)
    values = _portrait_values(row)
    try:
        return Probe(kind=kind, sought=row.cells["sought"] or None, **values)
    except ValueError as error:
        raise row.wrong("sought", str(error).rstrip(".")) from error


def _places(path: Path, photos: Sequence[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for number, photo in enumerate(photos):
        if places.setdefault(photo, number) != number:
            raise WrongUse(f"{path} names the photo '{photo}' twice: every photo is enrolled once.")
    return places


@dataclass(frozen=True, slots=True)
class _Listed:
    """What a candidate may name: gallery photos, with their places by name, and probes."""

    gallery: Sequence[Portrait]
    entries: Mapping[str, int]
    probes: Sequence[Probe]

    def entry(self, photo: str) -> int:
        if photo not in self.entries:
            raise ValueError("is not in gallery.csv")
        entry = self.entries[photo]
        if self.gallery[entry].failure is not None:
            raise ValueError("gave no face, so it cannot be found")
        return entry

    def probe(self, text: str) -> int:
        number = _whole(text)
        if number >= len(self.probes):
            raise ValueError("is not in probes.csv")
        if self.probes[number].failure is not None:
            raise ValueError("gave no face, so it has no candidates")
        return number


def _candidates(rows: Iterable[_Row], methods: Sequence[str], listed: _Listed) -> Candidates:
    probe, rank, entry, scores, promised = [], [], [], [], []
    met: set[tuple[int, str]] = set()
    for row in rows:
        probe.append(row.value("probe", listed.probe))
        rank.append(row.value("rank", _rank))
        entry.append(row.value("photo", listed.entry))
        scores.append([row.value(method, _number) for method in methods])
        promised.append(row.value("promised", _promise))
        pair = probe[-1], listed.gallery[entry[-1]].subject
        if pair in met:
            raise row.wrong("photo", f"the subject '{pair[1]}' has a row for this probe already")
        met.add(pair)
    _require_sought(listed, met)
    return Candidates(
        np.array(probe, np.int64),
        np.array(rank, np.int64),
        np.array(entry, np.int64),
        np.array(scores, np.float64).reshape(len(scores), len(methods)),
        np.array(promised, np.float64),
    )


def _require_sought(listed: _Listed, met: set[tuple[int, str]]) -> None:
    """A subject that is enrolled has a row for the probes that seek it: else a cut file would count as misses."""
    enrolled: dict[str, set[str]] = {}
    for portrait in listed.gallery:
        if portrait.failure is None:
            enrolled.setdefault(portrait.subject, set()).add(portrait.photo)
    for number, probe in enumerate(listed.probes):
        # A probe that is itself a gallery photo is searched without it.
        others = enrolled.get(probe.sought or "", set()) - {probe.photo}
        if probe.failure is None and others and (number, probe.sought) not in met:
            raise WrongUse(f"candidates.csv has no row of '{probe.sought}' for probe {number}: the file is cut short.")


def _named(text: str) -> str:
    if not text:
        raise ValueError("a name is missing")
    return text


def _kind(text: str) -> Kind:
    try:
        return Kind(text)
    except ValueError as error:
        raise ValueError(f"expected {', '.join(kind.value for kind in Kind)}") from error


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise ValueError("expected a number") from error
    if not math.isfinite(value):
        raise ValueError("expected a finite number")
    return value


def _at_least_0(text: str) -> float:
    value = _number(text)
    if value < 0:
        raise ValueError("expected no negative number")
    return value


def _promise(text: str) -> float:
    if not text:
        return math.nan
    value = _number(text)
    if not 0 <= value <= 1:
        raise ValueError("expected a rate from 0 to 1")
    return value


def _whole(text: str) -> int:
    if not re.fullmatch("[0-9]{1,18}", text, re.ASCII):
        raise ValueError("expected a whole number")
    return int(text)


def _rank(text: str) -> int:
    value = _whole(text)
    if value < 1:
        raise ValueError("ranks are counted from 1")
    return value


def _optional(parse: Callable[[str], float]) -> Callable[[str], float | None]:
    return lambda text: parse(text) if text else None
