"""Retention: what has been kept for as long as its rule allows goes, after a plan has shown it.

The rules are settings. A located child's case goes after a month, long enough to correct a mistaken end; other ends
are less certain and wait for three. A sighting of which no pair is open or confirmed has served its purpose after half
a year of watching for new cases. Vectors of faces beside the one meant go after a month: their photo is kept with the
sighting, and their places on it, by which they are made unrecognisable where it is shown to others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from matcher.domain.cases import CaseStatus
from matcher.domain.erasures import Because, Subject, SubjectKind
from matcher.domain.ids import CaseId, FaceId, SightingId, id_text, parse_id
from matcher.domain.retention import EndedCase
from matcher.errors import Conflict
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.erasing import erase
from matcher.services.inputs import Who
from matcher.services.pictures import kept_of_face
from matcher.services.stopping import require_running
from matcher.store.database import Reading

MOST = 0.05  # share of a home's cases and sightings that goes without anybody being asked


class Rule(str, Enum):
    """Which setting lets something go."""

    LOCATED_CASE = "located_days"
    CLOSED_CASE = "closed_days"
    UNMATCHED_SIGHTING = "sighting_days"
    REFUSED_REPORT = "refused_days"
    BYSTANDER = "bystander_days"


_BECAUSE = {
    Rule.LOCATED_CASE: Because.LOCATED_CASE,
    Rule.CLOSED_CASE: Because.CLOSED_CASE,
    Rule.UNMATCHED_SIGHTING: Because.UNMATCHED_SIGHTING,
    Rule.REFUSED_REPORT: Because.REFUSED_REPORT,
}
_OF_SIGHTINGS = {Rule.UNMATCHED_SIGHTING, Rule.REFUSED_REPORT}


@dataclass(frozen=True, slots=True)
class Leaving:
    """Something that goes: `since` when its time runs, `due` when it ends.

    `id` is that of a case, a sighting or a face; `case_id` is a case's number. `unseen`: nobody has looked at a
    sighting's lists.
    """

    rule: Rule
    id: str
    since: datetime
    due: datetime
    case_id: str | None = None
    unseen: bool = False


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """What would go at a time. `removes` counts cases and sightings, `share` is their part of all (0 … 1)."""

    at: datetime
    leaving: tuple[Leaving, ...]
    removes: int
    share: float

    @property
    def large(self) -> bool:
        """Whether so much would go that somebody has to agree."""
        return self.share > MOST


@dataclass(frozen=True, slots=True)
class RetentionView:
    """What went. `kept` counts what was in the plan and changed before its turn."""

    cases: int
    sightings: int
    bystanders: int
    kept: int


def plan(context: Context, *, ahead_days: float = 0) -> RetentionPlan:
    """What would go now, or within so many days, if nothing else happens; nothing is changed."""
    at = context.clock() + timedelta(days=ahead_days)
    with context.store.read() as reading:
        refused = _refused(context, reading, at)
        gone = {one.id for one in refused}
        unmatched = [one for one in _sightings(context, reading, at) if one.id not in gone]
        leaving = (*_cases(context, reading, at), *refused, *unmatched, *_bystanders(context, reading, at))
        total = reading.retention.count()
    # What people refused one by one needs no brake against a wrong rule or clock.
    removes = sum(one.rule not in {Rule.BYSTANDER, Rule.REFUSED_REPORT} for one in leaving)
    return RetentionPlan(at, leaving, removes, removes / total if total else 0.0)


def apply(context: Context, who: Who, *, accept_large: bool = False) -> RetentionView:
    """Let go what is due: each case and sighting in a step of its own, so that it can be cut short and repeated.

    `Conflict`, and nothing goes, if more than 5 in 100 of the home would, unless `accept_large`.
    """
    due = plan(context)
    if due.large and not accept_large:
        raise Conflict(
            f"{due.removes} cases and sightings would be erased, a share of {due.share:.2f} of this home: "
            "look at `matcher retention plan`, then run `matcher retention apply --accept-large`."
        )
    gone = dict.fromkeys(Rule, 0)
    kept = 0
    for one in due.leaving:
        if one.rule is not Rule.BYSTANDER:
            done = erase(context, _subject(one), who, _BECAUSE[one.rule], _still(context, one)) is not None
            gone[one.rule] += done
            kept += not done
    if any(gone.values()) or any(one.rule is Rule.BYSTANDER for one in due.leaving):
        gone[Rule.BYSTANDER] = _forget_bystanders(context, who, gone)
    cases = gone[Rule.LOCATED_CASE] + gone[Rule.CLOSED_CASE]
    return RetentionView(cases, sum(gone[rule] for rule in _OF_SIGHTINGS), gone[Rule.BYSTANDER], kept)


def case_rule(status: CaseStatus) -> Rule:
    """By which rule a case that ended so goes."""
    return Rule.LOCATED_CASE if status.needs_confirmation else Rule.CLOSED_CASE


def erased_at(context: Context, case: EndedCase) -> datetime:
    """When an ended case goes, if it is not opened again."""
    return case.since + _kept_for(context, case_rule(case.status))


def _cases(context: Context, reading: Reading, at: datetime, case_id: CaseId | None = None) -> list[Leaving]:
    found = [(one, erased_at(context, one)) for one in reading.retention.ended(case_id)]
    return [
        Leaving(case_rule(one.status), id_text(one.id), one.since, due, case_id=one.number)
        for one, due in found
        if due <= at
    ]


def _sightings(context: Context, reading: Reading, at: datetime, sighting: SightingId | None = None) -> list[Leaving]:
    span = _kept_for(context, Rule.UNMATCHED_SIGHTING)
    return [
        Leaving(Rule.UNMATCHED_SIGHTING, id_text(one.id), one.since, one.since + span, unseen=one.unseen)
        for one in reading.retention.unmatched(at - span, sighting)
    ]


def _refused(context: Context, reading: Reading, at: datetime, sighting: SightingId | None = None) -> list[Leaving]:
    span = _kept_for(context, Rule.REFUSED_REPORT)
    return [
        Leaving(Rule.REFUSED_REPORT, id_text(one.id), one.since, one.since + span)
        for one in reading.retention.refused(at - span, sighting)
    ]


def _bystanders(context: Context, reading: Reading, at: datetime) -> list[Leaving]:
    span = _kept_for(context, Rule.BYSTANDER)
    return [
        Leaving(Rule.BYSTANDER, id_text(one.face_id), one.since, one.since + span)
        for one in reading.retention.bystanders(at - span)
    ]


def _kept_for(context: Context, rule: Rule) -> timedelta:
    return timedelta(days=getattr(context.settings, rule.value))


def _subject(one: Leaving) -> Subject:
    kind = SubjectKind.SIGHTING if one.rule in _OF_SIGHTINGS else SubjectKind.CASE
    return Subject(kind, parse_id(one.id))


def _still(context: Context, one: Leaving) -> Callable[[Reading], bool]:
    """Whether the rule holds under the lock too: a case may have been opened again, a sighting picked."""
    number = parse_id(one.id)

    def still(reading: Reading) -> bool:
        now = context.clock()
        if one.rule is Rule.UNMATCHED_SIGHTING:
            return bool(_sightings(context, reading, now, SightingId(number)))
        if one.rule is Rule.REFUSED_REPORT:
            return bool(_refused(context, reading, now, SightingId(number)))
        return bool(_cases(context, reading, now, CaseId(number)))

    return still


def _forget_bystanders(context: Context, who: Who, gone: Mapping[Rule, int]) -> int:
    """Erase the vectors of bystanders, and the pictures that were made of their faces, and record all that is gone.

    Pictures go first: they can be made anew, and whose vector is gone is not looked at again. No tombstone tells of
    bystanders: a home that is restored forgets them again by the same rule.
    """
    context.require_key()
    require_running(context)
    with context.store.read() as reading:
        faces = [FaceId(parse_id(one.id)) for one in _bystanders(context, reading, context.clock())]
        pictures = [key for face in faces for key in kept_of_face(reading, face)]
    for key in pictures:
        context.blobs.delete(key)
    with context.store.write() as transaction:
        still = {FaceId(parse_id(one.id)) for one in _bystanders(context, transaction, context.clock())}
        due = [face for face in faces if face in still]
        transaction.faces.forget_vectors(due)
        counts = {rule.name.lower(): count for rule, count in gone.items()} | {"bystander": len(due)}
        record(context, transaction, who, Trace("retention.apply", details=counts))
    return len(due)
