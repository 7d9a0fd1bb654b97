"""The stop switch: a home is made read-only at once, in all processes, and let go on."""

from __future__ import annotations

from matcher.errors import Conflict, WrongUse
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import ReasonCode, Who
from matcher.store.stopping import Stop


class StopSwitch:
    """`Matcher.stop_switch`. Every running process obeys from its next write on; what is under way ends first."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def present(self) -> Stop | None:
        """Since when and by whom the home is stopped; `None` if it is not."""
        with self._context.store.read() as reading:
            return reading.stop.present()

    def stop(self, *, actor: str, reason: str) -> Stop:
        """Refuse every change, and all that has to be recorded, until `start`; `Conflict` if it is so already."""
        who = _who(actor, reason)
        with self._context.store.write(while_stopped=True) as transaction:
            before = transaction.stop.present()
            if before is not None:
                raise Conflict(f"'{before.by}' stopped this home at {before.at:%Y-%m-%d %H:%M} UTC already.")
            made = Stop(self._context.clock(), who.actor)
            record(self._context, transaction, who, Trace("home.stop"))
            transaction.stop.begin(made)
        return made

    def start(self, *, actor: str, reason: str) -> Stop:
        """Let a stopped home go on, and say which stop has ended; `Conflict` if it is not stopped."""
        who = _who(actor, reason)
        with self._context.store.write(while_stopped=True) as transaction:
            ended = transaction.stop.present()
            if ended is None:
                raise Conflict("This home is not stopped.")
            transaction.stop.end()
            record(self._context, transaction, who, Trace("home.start"))
        return ended


def require_running(context: Context) -> None:
    """`Stopped` while the home is stopped: for use cases that change a file before they write a record."""
    with context.store.read() as reading:
        reading.stop.require_none()


def _who(actor: str, reason: str) -> Who:
    if not (reason or "").strip():
        raise WrongUse("Why? Give a reason: whoever finds the home stopped or started again must be able to know.")
    return Who(actor, ReasonCode.MAINTENANCE, reason)
