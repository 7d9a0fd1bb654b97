"""How a use case leaves its trace: one audit entry in the same transaction as the change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from matcher.domain.ids import id_text
from matcher.domain.records import AuditEntry
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Trace:
    """What one use case did, in ids and keyed digests only."""

    action: str
    objects: Iterable[int] = ()
    space: str | None = None
    snapshot: str | None = None
    probe_digests: tuple[str, ...] = ()
    candidates: Iterable[int] = ()
    details: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)


def record(context: Context, transaction: Transaction, who: Who, trace: Trace) -> None:
    """Append the entry; the note is kept beside the chain, which holds only its keyed digest: so it can be erased."""
    entry = AuditEntry(
        at=context.clock(),
        actor=who.actor,
        action=trace.action,
        reason_code=who.code.value,
        note_digest=context.key.digest(who.note.encode(), "note") if who.note else None,
        objects=tuple(id_text(number) for number in trace.objects),
        space=trace.space,
        snapshot=trace.snapshot,
        probe_digests=trace.probe_digests,
        candidates=tuple(id_text(number) for number in trace.candidates),
        details=trace.details,
        signed_in=who.signed_in,
    )
    transaction.audit.append(entry, who.note)
