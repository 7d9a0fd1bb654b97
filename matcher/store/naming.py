"""Which cases and sightings stand behind the ids that the audit log names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, null, select

from matcher.domain.ids import CaseId, SightingId
from matcher.store.desk_tables import claims, tasks
from matcher.store.part import Part, batches
from matcher.store.tables import candidates, cases, faces, photos, sightings


@dataclass(slots=True)
class Behind:
    """What an id leads to: nothing, once it is erased."""

    cases: set[CaseId] = field(default_factory=set)
    sightings: set[SightingId] = field(default_factory=set)


class NamingReading(Part):
    """Owners of cases, sightings, photos, faces, candidates, tasks and claims."""

    __slots__ = ()

    def behind(self, ids: Iterable[int]) -> dict[int, Behind]:
        """The cases and sightings behind each id, whatever it is the id of; an id that leads nowhere is left out."""
        found: dict[int, Behind] = defaultdict(Behind)
        for some in batches(sorted(set(ids))):
            for query in _queries(some):
                for key, case_id, sighting_id in self._connection.execute(query):
                    if case_id is not None:
                        found[key].cases.add(case_id)
                    if sighting_id is not None:
                        found[key].sightings.add(sighting_id)
        return dict(found)


def _queries(ids: Iterable[int]) -> list[Select[Any]]:
    def of(key: ColumnElement[int], case: ColumnElement[Any], sighting: ColumnElement[Any]) -> Select[Any]:
        return select(key, case, sighting).where(key.in_(ids))

    return [
        of(cases.c.id, cases.c.id, null()),
        of(sightings.c.id, null(), sightings.c.id),
        of(photos.c.id, photos.c.case_id, photos.c.sighting_id),
        of(faces.c.id, photos.c.case_id, photos.c.sighting_id).join(photos, photos.c.id == faces.c.photo_id),
        of(candidates.c.id, candidates.c.case_id, candidates.c.sighting_id),
        of(tasks.c.id, tasks.c.case_id, tasks.c.sighting_id),
        of(claims.c.id, tasks.c.case_id, tasks.c.sighting_id).join(tasks, tasks.c.id == claims.c.task_id),
    ]
