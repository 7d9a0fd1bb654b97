"""The audit log's hash chain, without a database: what is hashed, and what a break looks like."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from datetime import datetime, timezone
from enum import Enum

from matcher.domain.records import AuditEntry
from matcher.errors import WrongUse

GENESIS = "0" * 64  # what the first entry names as its previous hash


class Break(str, Enum):
    """What is wrong with the first broken entry."""

    CHANGED = "changed"  # its words are not those that were hashed
    REMOVED = "removed"  # no entry has this number
    INSERTED = "inserted"  # no entry that was written
    REORDERED = "reordered"  # an entry that was written elsewhere
    HEAD = "head mismatch"  # the chain holds, but does not end in the hash that the head row keeps
    NOTE = "note changed"  # the words beside it are not those whose digest it holds
    CHECKPOINT = "forged checkpoint"  # what stands for removed entries was not signed by this home
    DEPOSITED = "not as deposited"  # the chain holds, but not the entry that a deposited head names

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What stands for entries that were removed because of their age: the last of them, how many, and of what time.

    `count` is of this shortening alone; those before it have checkpoints of their own. `public` and `signature` are
    those of the home's signing key over `checkpoint_text`.
    """

    number: int
    hash: str
    count: int
    first_at: datetime
    last_at: datetime
    made_at: datetime
    public: str
    signature: str


def checkpoint_text(checkpoint: Checkpoint) -> bytes:
    """What the signature of a checkpoint is over: everything else of it, as canonical JSON."""
    values = {
        field.name: _plain(getattr(checkpoint, field.name))
        for field in fields(checkpoint)
        if field.name not in ("public", "signature")
    }
    return json.dumps({"statement": "audit checkpoint", **values}, sort_keys=True, separators=(",", ":")).encode()


def _plain(value: object) -> object:
    if not isinstance(value, datetime):
        return value
    return value.astimezone(timezone.utc).isoformat(timespec="microseconds")


@dataclass(frozen=True, slots=True)
class ChainReport:
    """How many entries were found intact, the number of the first that is not, and what is wrong with it.

    `removed` is how many older entries a signed checkpoint stands for.
    """

    entries: int
    first_broken: int | None = None
    problem: Break | None = None
    removed: int = 0

    @property
    def intact(self) -> bool:
        return self.problem is None


def entry_text(entry: AuditEntry) -> str:
    """The entry as canonical JSON: sorted keys, no spaces, time in UTC; `WrongUse` for values it cannot say.

    `signed_in` is left out where it is `None`, so that entries from before it was written down keep their text.
    """
    if entry.at.tzinfo is None:
        raise WrongUse(f"The time {entry.at} of an audit entry has no time zone: give an aware datetime.")
    values = {field.name: getattr(entry, field.name) for field in fields(entry)} | {
        "at": _plain(entry.at),
        "details": dict(entry.details),
    }
    if entry.signed_in is None:
        del values["signed_in"]
    try:
        return json.dumps(values, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise WrongUse(f"The audit entry '{entry.action}' holds a value that JSON cannot say: {error}.") from error


def parse_entry(text: str) -> AuditEntry:
    """The entry of a text that `entry_text` made."""
    values = json.loads(text)
    lists = {name: tuple(values[name]) for name in ("objects", "probe_digests", "candidates")}
    return AuditEntry(**{**values, **lists, "at": datetime.fromisoformat(values["at"])})


def link(number: int, previous: str, text: str) -> str:
    """SHA-256, in hex, over the canonical JSON of number, previous hash and entry.

    The entry's own text goes in byte by byte, so a check never has to write a number the same way again.
    """
    whole = f'{{"entry":{text},"number":{number},"previous":"{previous}"}}'
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def line(number: int, previous: str, digest: str, text: str) -> str:
    """An entry as one line of JSON, its text byte by byte as it was hashed: `link` can be computed from the line."""
    return f'{{"entry":{text},"hash":"{digest}","number":{number},"previous":"{previous}"}}'
