"""The audit log as evidence: proved, exported, deposited elsewhere, and shortened when it is old enough."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from matcher.config import YOUNGEST_REMOVED_DAYS
from matcher.crypto.signing import signed_by
from matcher.errors import Conflict, Damaged, WrongUse
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.services.stopping import require_running
from matcher.store.chain import Break, ChainReport, Checkpoint, checkpoint_text
from matcher.store.database import Reading
from matcher.store.files import sync_folder

_HEAD = "audit head"


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` on and before `until`, both aware times; `None` is without that limit."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


ALWAYS = Period()


@dataclass(frozen=True, slots=True)
class DepositedHead:
    """The end of the chain at one time, signed by the home: kept elsewhere, it shows whether anything was cut off."""

    number: int
    hash: str
    at: datetime
    public: str
    signature: str

    def text(self) -> bytes:
        """What the signature is over."""
        values = {"statement": _HEAD, "number": self.number, "hash": self.hash, "at": self.at.isoformat()}
        return json.dumps(values, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class ExportView:
    """How many entries were written to which file."""

    entries: int
    file: Path


@dataclass(frozen=True, slots=True)
class ShorteningView:
    """What was removed from the beginning of the log; `checkpoint` is `None` where no entry was old enough."""

    removed: int
    before: datetime
    checkpoint: Checkpoint | None = None
    exported: Path | None = None


def verify(context: Context, reading: Reading) -> ChainReport:
    """Recompute the chain from the latest checkpoint that this home signed, and compare the notes that are left."""
    return reading.audit.verify(
        trusted=lambda checkpoint: _is_own(
            context, checkpoint_text(checkpoint), checkpoint.public, checkpoint.signature
        ),
        note_digest=lambda note: context.key.digest(note.encode(), "note"),
    )


def verify_against(context: Context, head: Path) -> ChainReport:
    """As `verify`, and whether the chain still holds the head in a deposited file.

    `WrongUse` for a file that is no such head of this home, `Conflict` for one that is older than the log's beginning.
    """
    deposited = _read_head(context, head)
    with context.store.read() as reading:
        report, found = verify(context, reading), reading.audit.hash_of(deposited.number)
        last, checkpoint = reading.audit.head()[0], reading.audit.checkpoint()
    if report.problem is not None or found == deposited.hash:
        return report
    if deposited.number > last:
        return replace(report, first_broken=last + 1, problem=Break.REMOVED)
    if checkpoint is not None and deposited.number < checkpoint.number:
        raise Conflict(
            f"'{head}' names entry {deposited.number}, and the log was shortened up to entry {checkpoint.number}: "
            "compare it with a head that was deposited later."
        )
    return replace(report, first_broken=deposited.number, problem=Break.DEPOSITED)


def deposit_head(context: Context, file: Path) -> DepositedHead:
    """Write the number and the hash of the last entry, signed, to a new file that is to be kept elsewhere."""
    with context.store.read() as reading:
        number, digest = reading.audit.head()
    unsigned = DepositedHead(number, digest, context.clock(), context.signer.public, "")
    head = replace(unsigned, signature=context.signer.sign(unsigned.text()))
    values = {"statement": _HEAD, "number": number, "hash": digest, "at": head.at.isoformat()}
    signed = values | {"public": head.public, "signature": head.signature}
    _write_new(file, [json.dumps(signed, indent=2)])
    return head


def export(context: Context, file: Path, period: Period = ALWAYS) -> ExportView:
    """Write entries to a new file, one line of JSON each, as they stand in the chain; notes are left out.

    `WrongUse` for a file that is there already, since it may be evidence.
    """
    wanted = None if period == ALWAYS else period.holds  # without limits even what cannot be read is written
    with context.store.read() as reading:
        return ExportView(_write_new(file, reading.audit.lines(wanted)), file)


def shorten(
    context: Context, who: Who, *, before: datetime | None = None, export_to: Path | None = None
) -> ShorteningView:
    """Remove the entries from the beginning of the log up to the first that is not older than `before`.

    A signed checkpoint stays in their place, and the shortening is an entry itself. Default: `audit_days` ago.
    `WrongUse` for a time less than 180 days ago, `Damaged` for a log that is not whole: it would be hidden. With
    `export_to`, a new file, they are written there first.
    """
    require_running(context)
    now = context.clock()
    limit = now - timedelta(days=context.settings.audit_days) if before is None else before
    if limit > now - timedelta(days=YOUNGEST_REMOVED_DAYS):
        raise WrongUse(
            f"The last {YOUNGEST_REMOVED_DAYS} days of the audit log are never removed: name an earlier day."
        )
    with context.store.read() as reading:
        unsigned = _checkpoint(context, reading, limit, now)
        if unsigned is None:
            return ShorteningView(0, limit)
        report = verify(context, reading)
        if report.problem is not None:
            raise Damaged(f"Audit entry {report.first_broken}: {report.problem}. A broken log is not shortened.")
        if export_to is not None:
            _write_new(export_to, islice(reading.audit.lines(), unsigned.count))
    checkpoint = replace(unsigned, signature=context.signer.sign(checkpoint_text(unsigned)))
    with context.store.write() as transaction:
        transaction.audit.shorten(checkpoint)
        details: dict[str, str | int] = {
            "removed": checkpoint.count,
            "through": checkpoint.number,
            "hash": checkpoint.hash,
        }
        record(context, transaction, who, Trace("audit.shorten", details=dict(details)))
    return ShorteningView(checkpoint.count, limit, checkpoint, export_to)


def _checkpoint(context: Context, reading: Reading, limit: datetime, now: datetime) -> Checkpoint | None:
    """What would stand for all entries before the first that is not older than `limit`, without its signature.

    The first young entry ends it, whatever comes behind: after a clock went wrong, too much is kept and nothing lost.
    """
    first = last = None
    for one in reading.audit.stream():
        if one.entry.at >= limit:
            break
        first, last = first or one, one
    if first is None or last is None:
        return None
    return Checkpoint(
        number=last.number,
        hash=last.hash,
        count=last.number - first.number + 1,
        first_at=first.entry.at,
        last_at=last.entry.at,
        made_at=now,
        public=context.signer.public,
        signature="",
    )


def _is_own(context: Context, text: bytes, public: str, signature: str) -> bool:
    """Whether this home signed a text: a valid signature by another key proves nothing, nor does one of a new key."""
    return public == context.known_signer().public and signed_by(public, text, signature)


def _read_head(context: Context, file: Path) -> DepositedHead:
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        at = datetime.fromisoformat(values["at"])
        head = DepositedHead(int(values["number"]), values["hash"], at, values["public"], values["signature"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WrongUse(f"'{file}' is no head of an audit log: name a file that `audit export --head` wrote.") from error
    if not _is_own(context, head.text(), head.public, head.signature):
        raise WrongUse(f"'{file}' was changed, or is the head of another home's audit log: name the one of this home.")
    return head


def _write_new(file: Path, lines: Iterable[str]) -> int:
    """Write lines to a new file that only its owner may read: all of them, on the disk, or no file; how many."""
    count = 0
    try:
        with open(file, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as handle:
            try:
                for text in lines:
                    handle.write(text + "\n")
                    count += 1
                handle.flush()
                os.fsync(handle.fileno())
                sync_folder(file.absolute().parent)
            except BaseException:
                file.unlink()
                raise
    except FileExistsError as error:
        raise WrongUse(f"'{file}' is there already and may be evidence: name a new file.") from error
    except OSError as error:
        raise WrongUse(f"'{file}' cannot be written ({error.strerror}): name another file.") from error
    return count
