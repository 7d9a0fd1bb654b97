"""The list of what was erased from a home: a file outside the home, which an older database is held against.

One line of JSON per erasure, in the order of time: `id` and `kind` of what is gone, `at` when, `previous` the digest of
the line before (64 zeros before the first), and `digest`, the SHA-256 of all of that. Lines are only ever added. A last
line without its end was being written when its process was killed: it counts for nothing and is removed by the next.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from matcher.config import erasure_list_file
from matcher.domain.erasures import Subject, SubjectKind
from matcher.domain.ids import id_text, parse_id
from matcher.errors import Conflict, Damaged, MatcherError, StoreProblem
from matcher.services.context import Context
from matcher.store.files import sync_folder

_BEFORE_ALL = "0" * 64


@dataclass(frozen=True, slots=True)
class ErasureEntry:
    """One line; `digest` and `previous` are filled in by `append`. `at` is a time in ISO 8601."""

    id: str
    kind: str
    at: str
    digest: str = ""
    previous: str = ""

    @classmethod
    def of(cls, subject: Subject, at: datetime) -> ErasureEntry:
        """The entry about a subject."""
        return cls(id_text(subject.id), subject.kind.value, at.astimezone(timezone.utc).isoformat())

    @property
    def subject(self) -> Subject:
        """What was erased."""
        return Subject(SubjectKind(self.kind), parse_id(self.id))

    def after(self, previous: str) -> ErasureEntry:
        """This entry behind the one of this digest."""
        told = json.dumps([self.id, self.kind, self.at, previous], separators=(",", ":"))
        return replace(self, previous=previous, digest=hashlib.sha256(told.encode()).hexdigest())


def path_of(context: Context) -> Path:
    """Where the list of a home lies."""
    return context.settings.erasure_list or erasure_list_file(context.home.root)


def read(path: Path) -> list[ErasureEntry]:
    """All entries, first to last; none where there is no file. `Damaged` names the first line that is not whole."""
    entries: list[ErasureEntry] = []
    for number, line in enumerate(_lines(path), start=1):
        entry = _parsed(line)
        previous = entries[-1].digest if entries else _BEFORE_ALL
        if entry is None or entry.after(previous) != entry:
            raise Damaged(
                f"Line {number} of the erasure list '{path}' is not what was written: bring back a copy of the file."
            )
        entries.append(entry)
    return entries


def count(path: Path) -> int:
    """How many lines there are."""
    return len(_lines(path))


def append(path: Path, entry: ErasureEntry) -> ErasureEntry:
    """Add an entry and give it with its digests; it is on the disk, whole, when this returns, or not there at all."""
    lines = _lines(path)
    last = _parsed(lines[-1]) if lines else None
    if lines and last is None:
        raise Damaged(f"The last line of the erasure list '{path}' cannot be read: bring back a copy of the file.")
    new = entry.after(last.digest if last else _BEFORE_ALL)
    whole = sum(len(line) + 1 for line in lines)
    line = json.dumps(asdict(new), separators=(",", ":")).encode() + b"\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.seek(whole)  # over what a killed process left of its line
            file.write(line)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        if not lines:
            sync_folder(path.parent)  # it may have been made just now
    except OSError as error:
        raise StoreProblem(f"The erasure list '{path}' cannot be written: {error.strerror}.") from error
    return new


def adopt(context: Context, path: Path) -> list[ErasureEntry]:
    """Go on with a list that another home of the same origin kept, and give its entries.

    Where this home has a list already, the longer of the two counts; `Conflict` if neither goes on from the other.
    """
    own, given, kept = path_of(context), read(path), read(path_of(context))
    shared = min(len(given), len(kept))
    if given[:shared] != kept[:shared]:
        raise Conflict(f"The erasure list '{own}' of this home is another than '{path}': find out which is right.")
    for entry in given[shared:]:
        append(own, entry)
    return max(given, kept, key=len)


def _lines(path: Path) -> list[bytes]:
    """The lines that have their end."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreProblem(f"The erasure list '{path}' cannot be read: {error.strerror}.") from error
    return content.split(b"\n")[:-1]


def _parsed(line: bytes) -> ErasureEntry | None:
    try:
        entry = ErasureEntry(**json.loads(line))
        _ = entry.subject
    except (TypeError, ValueError, MatcherError):
        return None
    return entry
