"""What callers hand to the use cases: photos and who asks why."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import BinaryIO, TypeVar

from matcher.accounts.rights import Acting
from matcher.config import LONGEST_LIST
from matcher.errors import PhotoRefused, WrongUse
from matcher.images.formats import MAX_BYTES
from matcher.interchange.cells import text
from matcher.services.details import parsed
from matcher.wording import Wording


@dataclass(frozen=True, slots=True, eq=False)
class UploadedPhoto:
    """A photo that was sent, as an open file; `name` is what messages call it, never the sender's name for it."""

    name: str
    file: BinaryIO

    def read(self) -> bytes:
        """All its bytes; `PhotoRefused` if there are too many, before they are read."""
        size = self.file.seek(0, 2)
        if size > MAX_BYTES:
            raise PhotoRefused(
                Wording(
                    "{name} is larger than {most} MB: send a smaller copy of it.",
                    name=self.name,
                    most=MAX_BYTES // 1_000_000,
                )
            )
        self.file.seek(0)
        return self.file.read()


PhotoInput = str | Path | bytes | UploadedPhoto

_Photo = TypeVar("_Photo")

# Unicode's categories of what nobody sees: two numbers that look alike must be the same.
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class CasePhoto:
    """A photo of a case with its date (or the child's `age` in years on it) and, of several faces, the one meant.

    `face` counts the faces of the photo from 1, largest first, as `matcher faces` and the listings show them.
    """

    photo: PhotoInput
    taken: date | None = None
    age: float | None = None
    face: int | None = None

    def __post_init__(self) -> None:
        if self.taken is not None and self.age is not None:
            raise WrongUse(
                Wording("{name}: give the date of a photo or the age on it, not both.", name=photo_name(self.photo))
            )
        if self.age is not None and not 0 <= self.age <= 120:
            raise WrongUse(
                Wording(
                    "{name}: age is {age}: expected 0 … 120 years.", name=photo_name(self.photo), age=f"{self.age:g}"
                )
            )
        if self.face is not None and self.face < 1:
            raise WrongUse(f"{photo_name(self.photo)}: faces are counted from 1, not {self.face}.")


class OnSeveral(str, Enum):
    """What to do with a case photo that shows several faces and names none."""

    ASK = "ask"
    LARGEST = "largest"


class ReasonCode(str, Enum):
    """Why somebody acted: kept in the audit log for ever, so it holds no free text."""

    REGISTRATION = "registration"
    CORRECTION = "correction"
    CLOSURE = "closure"
    SIGHTING = "sighting"
    AD_HOC = "ad_hoc"
    REVIEW = "review"
    MAINTENANCE = "maintenance"
    EVALUATION = "evaluation"
    ACCOUNTS = "accounts"
    DEMONSTRATION = "demonstration"
    PUBLICATION = "publication"


@dataclass(frozen=True, slots=True)
class Who:
    """Who acts and why: a reason code, and a note in the person's own words that can be erased later.

    `signed_in` says how they signed in, as `Acting` does; `None`: `actor` is a name that somebody gave.
    """

    actor: str
    code: ReasonCode
    note: str | None = None
    signed_in: str | None = None

    def __post_init__(self) -> None:
        check_text("actor", self.actor, 200)
        if not self.actor.strip():
            raise WrongUse("Who is acting? Give an actor: every change and every search is recorded with one.")
        if self.note is not None:
            parsed("reason", self.note, text)

    @classmethod
    def of(cls, acting: Acting, code: ReasonCode, note: str | None = None) -> Who:
        """Who is signed in, and why they act."""
        return cls(acting.name, code, note, acting.signed_in)


def check_text(name: str, value: str, longest: int) -> None:
    """Refuse what is no text, control and invisible characters, and excessive length in a one-line text."""
    if not isinstance(value, str):
        raise WrongUse(f"{name} {value!r} is no text: put it in quotes.")
    if any(unicodedata.category(character) in _UNSEEN for character in value):
        raise WrongUse(
            Wording(
                "{field} {value} holds control or invisible characters: use one line of plain text.",
                field=name,
                value=repr(value),
            )
        )
    if len(value) > longest:
        told = {"field": name, "length": len(value), "longest": longest}
        raise WrongUse(Wording("{field} is {length} characters long: at most {longest} are possible.", **told))


def several(photos: Iterable[_Photo]) -> list[_Photo]:
    """Photos as a list; `WrongUse` for a single one, whose letters or bytes would be taken for photos."""
    if isinstance(photos, (str, bytes, bytearray, Path, CasePhoto)):
        raise WrongUse("photos: expected a list of photos, such as [photo] for a single one.")
    return list(photos)


def photo_name(photo: PhotoInput) -> str:
    """How messages call a photo."""
    if isinstance(photo, UploadedPhoto):
        return photo.name
    return "the photo given as bytes" if isinstance(photo, bytes) else str(photo)


def read_photo(photo: PhotoInput) -> bytes:
    """The bytes of a photo; `PhotoRefused` names a file that is absent, no file, unreadable or too large."""
    if isinstance(photo, bytes):
        return photo
    if isinstance(photo, UploadedPhoto):
        return photo.read()
    if not isinstance(photo, (str, Path)):
        raise WrongUse(f"A photo is a path or bytes, not {type(photo).__name__}.")
    path = Path(photo)
    try:
        if not path.is_file():
            found = "is not a file" if path.exists() else "does not exist"
            raise PhotoRefused(f"{path} {found}: give the path of a photo.")
        if path.stat().st_size > MAX_BYTES:
            raise PhotoRefused(f"{path} is larger than {MAX_BYTES // 1_000_000} MB: send a smaller copy of the photo.")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # a name too long for the disk, or one with NUL
        raise PhotoRefused(f"{path} cannot be read: {getattr(error, 'strerror', error)}.") from error


def checked_top(top: int | None) -> int | None:
    """The wanted length of a candidate list; `WrongUse` if no list can be so long or short."""
    if top is not None and not 1 <= top <= LONGEST_LIST:
        raise WrongUse(f"top is {top}: a candidate list has 1 … {LONGEST_LIST} places.")
    return top
