"""What became of each nightly run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from matcher.domain.nights import NightReport, StepReport, StepState
from matcher.store.night_tables import night_runs
from matcher.store.part import Part


class NightReading(Part):
    """Reports of runs, the newest first."""

    __slots__ = ()

    def list(self, *, limit: int | None = None) -> list[NightReport]:
        """The newest runs."""
        query = select(night_runs).order_by(night_runs.c.number.desc()).limit(limit)
        return [_report(row) for row in self._connection.execute(query).mappings()]

    def last(self, *, whole: bool | None = None, clock_off: bool | None = None) -> NightReport | None:
        """The newest run; only those of all steps or of some, only those whose clock was trusted or was not."""
        query = select(night_runs).order_by(night_runs.c.number.desc()).limit(1)
        if whole is not None:
            query = query.where(night_runs.c.whole.is_(whole))
        if clock_off is not None:
            query = query.where(night_runs.c.clock_off.is_(clock_off))
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else _report(row)


class NightWriting(NightReading):
    """Reports, with their changes."""

    __slots__ = ()

    def add(self, report: NightReport) -> NightReport:
        """Keep a new run, whatever its number; it is given back with the one after the last."""
        last = self._connection.scalar(select(func.max(night_runs.c.number))) or 0
        numbered = replace(report, number=last + 1)
        self._connection.execute(insert(night_runs).values(_row(numbered)))
        return numbered

    def save(self, report: NightReport) -> None:
        """Keep what became of a run so far."""
        self._connection.execute(update(night_runs).where(night_runs.c.number == report.number).values(_row(report)))

    def forget(self, keep: int) -> int:
        """Delete all but the newest `keep`, by number and not by a clock that may be wrong; how many there were."""
        last = self._connection.scalar(select(func.max(night_runs.c.number))) or 0
        return self._connection.execute(delete(night_runs).where(night_runs.c.number <= last - keep)).rowcount


def _row(report: NightReport) -> dict[str, Any]:
    return asdict(report)


def _report(row: Mapping[Any, Any]) -> NightReport:
    steps = tuple(StepReport(**{**step, "state": StepState(step["state"])}) for step in row["steps"])
    return NightReport(**{**row, "steps": steps, "notes": tuple(row["notes"])})
