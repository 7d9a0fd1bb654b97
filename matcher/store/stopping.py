"""The stop switch: a flag in the row that every writer reads first, so that every process obeys at its next write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from matcher.errors import Stopped
from matcher.store.part import Part
from matcher.wording import Wording


@dataclass(frozen=True, slots=True)
class Stop:
    """Since when a home is stopped, and by whom; why is in the audit log."""

    at: datetime
    by: str


class StopReading(Part):
    """Whether the home is stopped."""

    __slots__ = ()

    def present(self) -> Stop | None:
        """The stop that holds now."""
        at, by = self._head.stopped_at, self._head.stopped_by
        return None if at is None or by is None else Stop(at, by)

    def require_none(self) -> None:
        """`Stopped`, with who did it and when, while the home is stopped."""
        stop = self.present()
        if stop is not None:
            told = Wording(
                "'{by}' stopped this home at {at}: it can be read, but nothing can be changed, and nothing done that "
                "is recorded, such as a search or a look at a case.",
                by=stop.by,
                at=f"{stop.at:%Y-%m-%d %H:%M} UTC",
            )
            raise Stopped(told, step="`matcher start --reason …` lets it go on.")


class StopWriting(StopReading):
    """The switch itself."""

    __slots__ = ()

    def begin(self, stop: Stop) -> None:
        """Refuse all writing from the next transaction on."""
        self._head.stopped_at, self._head.stopped_by = stop.at, stop.by

    def end(self) -> None:
        """Allow writing again."""
        self._head.stopped_at = self._head.stopped_by = None
