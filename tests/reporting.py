"""Reports of the public as an office takes them in."""

from __future__ import annotations

from offices import Office
from pictures import child

from matcher.domain.ids import SightingId, parse_id
from matcher.domain.reports import PublicReport, ReportState
from matcher.services.report_desk import ReportLine
from matcher.services.reports import NewReport, Receipt

TOLD = {"place": "the station", "how_seen": "in_person", "first_hand": True}


def report(office: Office, *photos: bytes, **more: object) -> Receipt:
    """One report, of a photo of child 1 if no other is given."""
    told = more.pop("told", TOLD)
    return office.matcher.public.reports.accept(NewReport(told=told, **more), photos or (child(1, 1),))


def added(office: Office, first: Receipt, *photos: bytes, **more: object) -> Receipt:
    """What its reporter adds to one."""
    told = more.pop("told", {})
    return office.matcher.public.reports.accept(NewReport(told=told, adds_to=first.code, **more), photos)


def line(office: Office, receipt: Receipt) -> ReportLine:
    """A report as the desk sees it."""
    return office.matcher.public.reports.report(office.boss, receipt.id)


def state(office: Office, receipt: Receipt) -> ReportState:
    return line(office, receipt).state


def kept(office: Office, receipt: Receipt) -> PublicReport:
    """What is kept of a report."""
    with office.matcher.context.store.read() as reading:
        found = reading.reports.get(SightingId(parse_id(receipt.id)))
    assert found is not None
    return found
