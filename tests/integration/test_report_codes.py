"""What reporters do with their code: they add, mark and take back; all that came by one code belongs together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from offices import START, Office, opened
from pictures import child, group, nobody
from publishing import missing, published
from reporting import added, kept, line, report, state
from reviews import Clock

from matcher.domain.erasures import Because
from matcher.domain.reports import Doubt, ReportState
from matcher.errors import NotFound, TooMany, WrongUse
from matcher.services import receipts
from matcher.services.erasing import erase_sighting
from matcher.services.inputs import ReasonCode, Who
from matcher.services.report_work import look_at_all
from matcher.services.retention import apply

SETTINGS = "control_rate = 0.0\nreports_per_hour = 5\nrefused_days = 3\nsighting_days = 50\n"
NIGHT = Who("night", ReasonCode.MAINTENANCE)


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), SETTINGS)


def entries(office: Office) -> int:
    return len(office.matcher.audit())


def test_all_that_was_added_goes_when_the_report_is_taken_back(office: Office) -> None:
    context = office.matcher.context
    first = report(office, child(1, 1), contact="139 1")
    other = report(office, child(3), contact="139 3")
    added(office, first, child(1, 3), told={"note": "he limps"}, contact="139 2")
    added(office, first, told={"place": "the market"})
    look_at_all(context)
    assert office.matcher.public.reports.withdraw(first.code) is True
    assert [one.id for one in office.matcher.sightings()] == [other.id]
    assert {key.partition("/")[0] for key in context.blobs.list()} == {other.id}
    with pytest.raises(NotFound):
        office.matcher.public.reports.receipt(first.code)


def test_by_a_code_of_what_was_added_all_goes_too(office: Office) -> None:
    reports = office.matcher.public.reports
    first = report(office, child(1, 1), contact="139 1")
    more = added(office, first, child(1, 3))
    assert len(reports.receipt(more.code).photos) == 2
    assert reports.withdraw(more.code) is True
    assert office.matcher.sightings() == []


def test_by_a_code_of_what_was_added_all_goes_after_the_first_report_went_too(office: Office) -> None:
    reports = office.matcher.public.reports
    first = report(office, child(1, 1))
    office.clock.forward(days=20)
    second = added(office, first, child(1, 2))
    office.clock.forward(seconds=1)
    third = added(office, second, child(1, 3))
    office.clock.forward(days=31)
    apply(office.matcher.context, NIGHT, accept_large=True)
    assert {one.id for one in office.matcher.sightings()} == {second.id, third.id}
    assert reports.withdraw(third.code) is True
    assert office.matcher.sightings() == []


def test_by_a_code_of_what_was_added_nothing_is_said_to_be_gone_that_people_work_with(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports, erase = office.matcher.public.reports, receipts.erase
    office.register(1)
    first = report(office, child(1, 1))
    more = added(office, first, nobody())
    look_at_all(office.matcher.context)

    def picked_afterwards(*arguments: object) -> None:
        erase(*arguments)
        office.pick(office.cat, "A-1")

    monkeypatch.setattr(receipts, "erase", picked_afterwards)
    assert reports.withdraw(more.code) is False
    assert (state(office, first), len(office.matcher.sightings())) == (ReportState.WITHDRAWN, 1)


def test_who_is_killed_while_taking_back_can_go_on(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    first = report(office)
    added(office, first, child(1, 3))
    erase = receipts.erase

    def dies_afterwards(*arguments: object) -> None:
        erase(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(receipts, "erase", dies_afterwards)
    with pytest.raises(KeyboardInterrupt):
        office.matcher.public.reports.withdraw(first.code)
    assert [one.id for one in office.matcher.sightings()] == [first.id], "the code goes last"
    monkeypatch.undo()
    assert office.matcher.public.reports.withdraw(first.code) is True
    assert office.matcher.sightings() == []


def test_where_people_work_with_one_part_all_parts_wait_for_them(office: Office) -> None:
    reports = office.matcher.public.reports
    office.register(1, 2)
    first = report(office, nobody(), contact="139 1")
    added(office, first, child(1, 1), contact="139 2")
    look_at_all(office.matcher.context)
    late = added(office, first, child(2, 1))
    office.pick(office.cat, "A-1")
    assert reports.withdraw(first.code) is False
    assert reports.receipt(first.code).withdrawn
    assert {one.state for one in reports.listed(office.boss)} == {ReportState.WITHDRAWN}
    assert len(reports.waiting(office.boss)) == 3
    assert not any(one.has_contact for one in reports.waiting(office.boss)), "they asked for it to be erased"
    for one in reports.waiting(office.boss):
        reports.keep(office.officer, one.id, reason="the pair is being judged")
    assert state(office, first) is ReportState.TAKEN
    assert state(office, late) is ReportState.QUEUED, "nobody looked for faces on it yet"
    look_at_all(office.matcher.context)
    assert office.matcher.sighting(late.id).photos[0].faces[0].candidates


def test_the_code_of_a_report_that_goes_first_is_that_of_what_was_added(office: Office) -> None:
    reports = office.matcher.public.reports
    first = report(office, child(1, 1))
    office.clock.forward(days=20)
    second, third = added(office, first, child(1, 2)), added(office, first, child(1, 3))
    office.clock.forward(days=31)
    apply(office.matcher.context, NIGHT, accept_large=True)
    assert {one.id for one in office.matcher.sightings()} == {second.id, third.id}
    assert len(reports.receipt(first.code).photos) == 2
    assert reports.withdraw(first.code) is True
    assert office.matcher.sightings() == []


def test_what_is_added_is_seen_by_the_code_and_its_faces_can_be_marked(office: Office) -> None:
    reports, context = office.matcher.public.reports, office.matcher.context
    first = report(office, nobody())
    look_at_all(context)
    assert reports.receipt(first.code).unusable
    added(office, first, group(1, 2))
    assert (reports.receipt(first.code).unusable, reports.receipt(first.code).looked_at) == (False, False)
    look_at_all(context)
    view = reports.receipt(first.code)
    assert (view.unusable, view.looked_at, view.received_at) == (False, True, START)
    assert [len(photo.faces) for photo in view.photos] == [0, 2]
    face = view.photos[1].faces[1]
    assert receipts.face_picture(context, first.code, face)[:2] == b"\xff\xd8"
    reports.mark(first.code, face)
    assert reports.receipt(first.code).photos[1].marked == face


def test_words_alone_can_be_added_and_nothing_cannot(office: Office) -> None:
    first = report(office)
    words = added(office, first, told={"note": "he wore one shoe"})
    look_at_all(office.matcher.context)
    assert office.matcher.sighting(words.id).note == "he wore one shoe"
    assert (state(office, words), line(office, words).merged_into) == (ReportState.TAKEN, first.id)
    assert office.matcher.public.reports.receipt(first.code).looked_at
    for nothing in ({}, {"note": " "}, {"first_hand": True}):
        with pytest.raises(WrongUse, match="Add a photo or some words"):
            added(office, first, told=nothing)


def test_what_is_added_is_about_the_child_that_the_first_is_about(office: Office) -> None:
    missing(office)
    missing(office, "A-2", seed=2)
    card, other = published(office), published(office, "A-2")
    first = report(office, card=card.code)
    assert line(office, added(office, first, child(1, 3))).about == "A-1"
    assert line(office, added(office, first, child(1, 4), card=other.code)).about == "A-2"


def test_adding_the_same_twice_adds_it_once(office: Office) -> None:
    first, other = report(office), report(office, child(2))
    one, again = (added(office, first, child(1, 3), key="a1") for _ in range(2))
    assert (again.id, again.repeated) == (one.id, True)
    assert len(office.matcher.sightings()) == 3
    report(office, child(1, 3), told={}, key="a2")
    assert added(office, other, child(1, 3), key="a3").repeated is False


def test_to_mark_the_same_face_again_writes_nothing_and_to_go_on_marking_is_refused(office: Office) -> None:
    reports = office.matcher.public.reports
    receipt = report(office, group(1, 2))
    look_at_all(office.matcher.context)
    (photo,) = reports.receipt(receipt.code).photos
    reports.mark(receipt.code, photo.faces[0])
    before = entries(office)
    for _ in range(50):
        reports.mark(receipt.code, photo.faces[0])
    assert entries(office) == before
    with pytest.raises(TooMany) as refused:
        for number in range(50):
            reports.mark(receipt.code, photo.faces[1 - number % 2])
    assert entries(office) == before + 19
    office.clock.forward(seconds=refused.value.seconds)
    reports.mark(receipt.code, photo.faces[1])
    assert reports.receipt(receipt.code).photos[0].marked == photo.faces[1]


def test_to_take_back_again_writes_nothing_and_after_an_officer_kept_it_nobody_has_decided(office: Office) -> None:
    reports = office.matcher.public.reports
    office.register(1, 2)
    receipt = report(office)
    look_at_all(office.matcher.context)
    office.pick(office.cat, "A-1")
    assert reports.withdraw(receipt.code) is False
    before = entries(office)
    assert [reports.withdraw(receipt.code) for _ in range(3)] == [False] * 3
    assert entries(office) == before
    reports.keep(office.officer, receipt.id, reason="the pair is being judged")
    assert reports.withdraw(receipt.code) is False
    now = line(office, receipt)
    assert (now.state, now.decided_by) == (ReportState.WITHDRAWN, None)


def test_what_was_refused_is_known_again_although_its_sender_takes_it_back(office: Office) -> None:
    reports, context = office.matcher.public.reports, office.matcher.context
    bad = report(office, trap="x", contact="139")
    look_at_all(context)
    reports.refuse(office.boss, bad.id, reason="advertising")
    view = reports.receipt(bad.code)
    assert (view.refused, view.withdrawn) == (True, False)
    assert [reports.withdraw(bad.code) for _ in range(2)] == [False, False]
    taken_back = [one for one in office.matcher.audit() if one.entry.action == "report.withdraw"]
    assert len(taken_back) == 1
    view = reports.receipt(bad.code)
    assert (view.refused, view.withdrawn, kept(office, bad).contact) == (True, True, None)
    office.clock.forward(seconds=1)
    again = report(office)
    look_at_all(context)
    assert (state(office, again), line(office, again).doubts) == (ReportState.HELD, (Doubt.SAME_REFUSED,))
    office.clock.forward(days=4)
    assert apply(context, NIGHT).sightings == 1
    with pytest.raises(NotFound):
        reports.receipt(bad.code)


def test_what_was_added_to_a_refused_report_goes_at_once(office: Office) -> None:
    reports = office.matcher.public.reports
    bad = report(office, trap="x")
    good = added(office, bad, child(2, 1))
    look_at_all(office.matcher.context)
    reports.refuse(office.boss, bad.id, reason="advertising")
    look_at_all(office.matcher.context)
    assert not reports.receipt(bad.code).refused
    assert reports.withdraw(bad.code) is False
    assert [one.id for one in office.matcher.sightings()] == [bad.id]
    assert good.id in {one.id for one in office.matcher.endings.erasures()}


def test_duplicates_of_what_was_added_are_searched_for_when_it_goes(office: Office) -> None:
    first = report(office, child(1, 1))
    more = added(office, first, child(2, 1))
    office.clock.forward(seconds=1)
    same = report(office, child(2, 1))
    look_at_all(office.matcher.context)
    assert (state(office, same), line(office, same).merged_into) == (ReportState.DUPLICATE, first.id)
    erase_sighting(office.matcher.context, more.id, NIGHT, Because.REQUEST)
    look_at_all(office.matcher.context)
    assert state(office, same) is ReportState.TAKEN
