"""Photos for an evaluation: one folder per person, with ages from file names or from a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from matcher.domain.cases import Sex
from matcher.errors import MatcherError, WrongUse
from matcher.interchange import cells
from matcher.interchange.tables import Refusal, read_rows

# 001A05.jpg as in the FG-NET Aging Database; anna_age05.jpg, anna-age-5.5.png.
_AGES = (re.compile(r"^\d+[aA](\d{1,3})[a-z]?$"), re.compile(r"(?:^|[^a-z])age[_-]?(\d{1,3}(?:\.\d+)?)(?![\d.])", re.I))
_SIDECARS = {"thumbs.db", "desktop.ini"}
_COLUMNS = {"photo", "age", "sex"}

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class DatasetPhoto:
    """One photo file; `name` is `person/file`, `age` in years."""

    name: str
    path: Path
    person: str
    age: float | None = None
    sex: str | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """The photos of one folder by person and name; `empty` are people without a photo."""

    root: Path
    photos: tuple[DatasetPhoto, ...]
    empty: tuple[str, ...]

    @property
    def people(self) -> dict[str, list[DatasetPhoto]]:
        """The photos of each person, both in order of name."""
        found: dict[str, list[DatasetPhoto]] = {}
        for photo in self.photos:
            found.setdefault(photo.person, []).append(photo)
        return found


def read_dataset(root: Path) -> Dataset:
    """All photos below the folders in `root`; `WrongUse` if there is no such folder, or no file in any."""
    if not root.is_dir():
        raise WrongUse(f"{root} is not a folder: name one that holds a folder of photos per person.")
    folders = sorted(entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    if not folders:
        raise WrongUse(f"{root} holds no folders: each person needs one, with their photos in it.")
    photos = [_photo(folder, path) for folder in folders for path in _files(folder)]
    if not photos:
        raise WrongUse(
            f"None of the {len(folders)} folders in {root} holds a photo: put each person's photos into one."
        )
    met = {photo.person for photo in photos}
    return Dataset(root, tuple(photos), tuple(name for name in map(_text, folders) if name not in met))


def _files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and not path.name.startswith(".") and path.name.lower() not in _SIDECARS
    )


def _photo(folder: Path, path: Path) -> DatasetPhoto:
    return DatasetPhoto(f"{_text(folder)}/{_text(path)}", path, _text(folder), age_in_name(path.stem))


def _text(path: Path) -> str:
    # A name in no encoding could not be written down again.
    return path.name.encode("utf-8", "backslashreplace").decode("utf-8")


def age_in_name(stem: str) -> float | None:
    """The age in years that a file name tells: `001A05`, `anna_age05`; `None` if it tells none up to 120."""
    for pattern in _AGES:
        found = pattern.search(stem)
        if found and float(found[1]) <= 120:
            return float(found[1])
    return None


def with_ages(datasets: list[Dataset], table: Path) -> list[Dataset]:
    """Datasets with the ages and sexes of a table: photo, age, sex; a photo is `person/file`, or `file` if only one is.

    Of two folders with photos of equal names the folder's own name goes before. `WrongUse` names the row that cannot be
    read, or that names no photo or several.
    """
    names: dict[str, set[tuple[Path, str]]] = {}
    for dataset in datasets:
        for photo in dataset.photos:
            for name in (f"{dataset.root.name}/{photo.name}", photo.name, photo.path.name):
                names.setdefault(name, set()).add((dataset.root, photo.name))
    told: dict[tuple[Path, str], tuple[float | None, str | None]] = {}
    for row in read_rows(table):
        if isinstance(row, Refusal):
            raise WrongUse(str(row))
        age, sex = _cell(row.where, row.cells, "age", _age), _cell(row.where, row.cells, "sex", _sex)
        told[_named(row.where, row.cells, names)] = age, sex
    return [
        replace(dataset, photos=tuple(_told(photo, told.get((dataset.root, photo.name))) for photo in dataset.photos))
        for dataset in datasets
    ]


def _named(where: str, row: Mapping[str, object], names: Mapping[str, set[tuple[Path, str]]]) -> tuple[Path, str]:
    if unknown := set(row) - _COLUMNS:
        raise WrongUse(f"{where}, column '{min(unknown)}' is unknown: the columns are photo, age, sex.")
    name = str(row.get("photo", "")).replace("\\", "/")
    found = names.get(name, set[tuple[Path, str]]())
    if len(found) != 1:
        several = "several photos have this name: write person/file, or folder/person/file"
        problem = several if found else "is no photo of these folders"
        raise WrongUse(f"{where}, column 'photo': {name!r}: {problem}.")
    return next(iter(found))


def _cell(where: str, row: Mapping[str, object], column: str, parse: Callable[[object], _Value]) -> _Value | None:
    if column not in row:
        return None
    try:
        return parse(row[column])
    except MatcherError as error:
        raise WrongUse(f"{where}, column '{column}': {row[column]!r}: {error}") from error


def _age(value: object) -> float:
    age = cells.number(value)
    if not 0 <= age <= 120:
        raise WrongUse("expected 0 … 120 years.")
    return age


def _sex(value: object) -> str | None:
    return known_sex(cells.one_of(Sex)(value))


def known_sex(sex: Sex) -> str | None:
    """The word for a sex; `None` if it is unknown."""
    return None if sex is Sex.UNKNOWN else sex.value


def _told(photo: DatasetPhoto, told: tuple[float | None, str | None] | None) -> DatasetPhoto:
    if told is None:
        return photo
    age, sex = told
    return replace(photo, age=photo.age if age is None else age, sex=sex)
