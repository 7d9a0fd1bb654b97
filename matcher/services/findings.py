"""What a check-up says of one part of a home."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check-up: `ok` is `None` for something to know rather than to mend."""

    subject: str
    ok: bool | None
    text: str
    next_step: str | None = None
