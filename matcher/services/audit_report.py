"""Who searched and looked at what, when and why: the audit log as those read it who answer for a home."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from matcher.domain.ids import SightingId, id_text, parse_id
from matcher.domain.records import AuditRecord
from matcher.errors import NotFound, WrongUse
from matcher.services.audit_trail import ALWAYS, Period
from matcher.services.context import Context
from matcher.store.database import Reading

_SEARCHES = ("search.", "sighting.submit")  # each photo of a sighting is searched for when it is handed in
_LOOKS = (
    "case.view",
    "case.candidates",
    "photo.view",
    "sighting.view",
    "sighting.triage",
    "review.open_",
    "review.pair",
    "review.picture",
    "review.print",
    "review.reveal",
)


class Acts(str, Enum):
    """Which entries a report is about."""

    SEARCHES = "searches"
    LOOKS = "looks"  # at cases, sightings, photos, candidates
    ALL = "all"

    def hold(self, action: str) -> bool:
        known = {Acts.SEARCHES: _SEARCHES, Acts.LOOKS: _LOOKS, Acts.ALL: ("",)}
        return action.startswith(known[self])


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a report is asked for. `case` is a number, or the id of an erased case; `None` does not mind."""

    acts: Acts = Acts.SEARCHES
    period: Period = ALWAYS
    actor: str | None = None
    case: str | None = None
    sighting: str | None = None


@dataclass(frozen=True, slots=True)
class ActView:
    """One entry: `cases` and `sightings` are those that it names, gave out or belongs to, as numbers and as ids.

    `others` are ids that lead to neither, for example what is erased. `reason` is the code, `words` the note: `None`
    where there is none, it was erased or the reader may not see it.
    """

    number: int
    at: datetime
    actor: str
    signed_in: str | None
    action: str
    reason: str
    words: str | None
    cases: tuple[str, ...]
    sightings: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportView:
    """The entries that were asked for, in their order, and how many of each action there are per actor."""

    acts: tuple[ActView, ...]
    counts: Mapping[str, Mapping[str, int]]


def report(context: Context, wanted: Wanted, *, with_words: bool) -> ReportView:
    """The entries that are wanted; `with_words` gives the reasons in people's words, which may tell of a child."""
    with context.store.read() as reading:
        found = [one for one in reading.audit.stream() if _is_wanted(one, wanted)]
        names = _Names(reading, found)
    views = ((one, names.view(one, with_words)) for one in found)
    acts = tuple(view for one, view in views if _is_about(one, view, wanted))
    if not acts:
        _require_known(context, wanted)
    counts: dict[str, Counter[str]] = {}
    for act in acts:
        counts.setdefault(act.actor, Counter())[act.action] += 1
    return ReportView(acts, {actor: dict(sorted(counts[actor].items())) for actor in sorted(counts)})


def _require_known(context: Context, wanted: Wanted) -> None:
    """`NotFound` for a case or sighting that neither is here nor was: a slip must not read as proof of absence."""
    with context.store.read() as reading:
        for shown in filter(None, (wanted.case, wanted.sighting)):
            number = _number(shown)
            gone = number is not None and reading.erasures.get(number) is not None
            here = number is not None and reading.sightings.get(SightingId(number)) is not None
            if reading.cases.get(shown) is None and not gone and not here:
                raise NotFound(f"There is no case and no sighting '{shown}', and none of this id was erased.")


def _is_wanted(one: AuditRecord, wanted: Wanted) -> bool:
    entry = one.entry
    by = wanted.actor in (None, entry.actor)
    return by and wanted.acts.hold(entry.action) and wanted.period.holds(entry.at)


def _is_about(one: AuditRecord, view: ActView, wanted: Wanted) -> bool:
    """Whether an entry names the case and the sighting that are asked for; one that is erased is known by its id."""
    named = set(_shown(one))
    asked = [(wanted.case, view.cases), (wanted.sighting, view.sightings)]
    return all(name is None or name in known or name in named for name, known in asked)


def _shown(one: AuditRecord) -> tuple[str, ...]:
    return (*one.entry.objects, *one.entry.candidates)


class _Names:
    """What the ids that entries name stand for."""

    def __init__(self, reading: Reading, records: Iterable[AuditRecord]) -> None:
        ids = {shown: number for one in records for shown in _shown(one) if (number := _number(shown)) is not None}
        behind = reading.naming.behind(ids.values())
        self._behind = {shown: behind[number] for shown, number in ids.items() if number in behind}
        cases = {case for found in behind.values() for case in found.cases}
        self._numbers = {case.id: case.number for case in reading.cases.by_ids(cases).values()}

    def view(self, one: AuditRecord, with_words: bool) -> ActView:
        entry = one.entry
        found = [self._behind[shown] for shown in _shown(one) if shown in self._behind]
        return ActView(
            number=one.number,
            at=entry.at,
            actor=entry.actor,
            signed_in=entry.signed_in,
            action=entry.action,
            reason=entry.reason_code,
            words=one.note if with_words else None,
            cases=tuple(sorted({self._numbers[case] for each in found for case in each.cases})),
            sightings=tuple(sorted({id_text(sighting) for each in found for sighting in each.sightings})),
            others=tuple(dict.fromkeys(shown for shown in _shown(one) if shown not in self._behind)),
        )


def _number(shown: str) -> int | None:
    try:
        return parse_id(shown)
    except WrongUse:
        return None
