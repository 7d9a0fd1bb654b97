"""Reports of the public: taken in at once, looked at afterwards, held for people, merged, split, taken back, erased."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from offices import START, Office, opened
from pictures import child, group, nobody, small
from publishing import allow, missing, published
from reporting import report, state
from reviews import Clock, account

from matcher.domain.people import Language, Role
from matcher.domain.reports import Doubt, ReportState
from matcher.errors import Conflict, NotFound, NotPermitted, PhotoRefused, WrongUse
from matcher.services import receipts
from matcher.services.erasing import erase_case
from matcher.services.inputs import ReasonCode, Who
from matcher.services.report_work import look_at_all, look_at_next
from matcher.services.reports import NewReport
from matcher.services.retention import apply
from matcher.services.sightings import content_digest

SETTINGS = "control_rate = 0.0\ncontact_days = 30\nrefused_days = 3\nsighting_days = 400\n"


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), SETTINGS)


def test_a_report_is_kept_before_any_model_runs_and_searched_for_afterwards(office: Office) -> None:
    office.register(1, 2)
    receipt = report(office)
    assert state(office, receipt) is ReportState.QUEUED
    seen = office.matcher.public.reports.receipt(receipt.code)
    assert (seen.looked_at, [photo.faces for photo in seen.photos]) == (False, [()])
    assert office.matcher.desk.next(office.ann, "list") is None
    assert look_at_all(office.matcher.context) == 1
    assert state(office, receipt) is ReportState.TAKEN
    (photo,) = office.matcher.sighting(receipt.id).photos
    assert photo.faces[0].candidates[0].case_id == "A-1"
    assert office.matcher.desk.next(office.ann, "list") is not None
    assert look_at_next(office.matcher.context) is None, "once is enough"


def test_the_code_is_kept_nowhere_and_shows_the_own_photos_only(office: Office) -> None:
    receipt, other = report(office, group(1, 2)), report(office, child(3))
    look_at_all(office.matcher.context)
    context = office.matcher.context
    plain = receipt.code.replace("-", "")
    assert plain.encode() not in context.home.database.read_bytes()
    view = office.matcher.public.reports.receipt(receipt.code.lower().replace("-", " "))
    (photo,) = view.photos
    assert len(photo.faces) == 2
    assert receipts.face_picture(context, receipt.code, photo.faces[0])[:2] == b"\xff\xd8"
    office.matcher.public.reports.mark(receipt.code, photo.faces[1])
    assert office.matcher.public.reports.receipt(receipt.code).photos[0].marked == photo.faces[1]
    (foreign,) = office.matcher.public.reports.receipt(other.code).photos
    with pytest.raises(NotFound):
        office.matcher.public.reports.mark(receipt.code, foreign.faces[0])
    for wrong in ("", "x", "0000-0000-0000-0000", receipt.code[:-1], receipt.id):
        with pytest.raises(NotFound, match="no report of this code"):
            office.matcher.public.reports.receipt(wrong)


def test_a_photo_without_a_face_is_kept_and_answered_with_how_to_take_a_better_one(office: Office) -> None:
    receipt = report(office, nobody())
    look_at_all(office.matcher.context)
    view = office.matcher.public.reports.receipt(receipt.code)
    assert view.unusable
    assert view.photos[0].advice is not None
    assert office.matcher.sightings(needs_triage=True)[0].id == receipt.id


def test_a_reporter_whose_report_waits_for_a_person_is_not_asked_for_a_better_photo(office: Office) -> None:
    held = report(office, trap="x")
    first = report(office, child(2))
    office.clock.forward(seconds=1)
    same = report(office, child(2))
    look_at_all(office.matcher.context)
    assert (state(office, held), state(office, same)) == (ReportState.HELD, ReportState.DUPLICATE)
    views = [office.matcher.public.reports.receipt(one.code) for one in (held, first, same)]
    assert [(one.looked_at, one.unusable) for one in views] == [(False, False), (True, False), (True, False)]


def test_the_same_report_twice_is_one_with_one_code(office: Office) -> None:
    first = report(office, key="k1")
    again = report(office, key="k1")
    assert (again.code, again.id, again.repeated) == (first.code, first.id, True)
    with pytest.raises(Conflict, match="another sighting"):
        report(office, child(2), key="k1")
    assert report(office, key="k2").code != first.code


def test_what_was_sent_before_the_upgrade_and_again_after_it_is_one_report(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until revision 0019 the contact, the card and the language were not in the digest of a report."""
    missing(office)
    card = published(office).code
    for number, told in enumerate(({"contact": "139"}, {"card": card}, {"language": Language.CHINESE})):
        with monkeypatch.context() as before:
            before.setattr("matcher.services.reports.content_digest", lambda *told: content_digest(*told[:3]))
            first = report(office, key=f"old{number}", **told)
        again = report(office, key=f"old{number}", **told)
        assert (again.code, again.id, again.repeated) == (first.code, first.id, True)
        with pytest.raises(Conflict):
            report(office, child(2, 1), key=f"old{number}", **told)
    report(office, key="new")
    with pytest.raises(Conflict):
        report(office, key="new", contact="139")


def test_a_photo_that_came_before_is_not_searched_again_and_can_be_split(office: Office) -> None:
    office.register(1)
    first = report(office)
    office.clock.forward(seconds=1)
    same, near = report(office, told={}), report(office, small(child(1, 1), 220))
    look_at_all(office.matcher.context)
    assert [state(office, one) for one in (first, same, near)] == [
        ReportState.TAKEN,
        ReportState.DUPLICATE,
        ReportState.DUPLICATE,
    ]
    line = office.matcher.public.reports.line(office.boss, first.id)
    assert set(line.merged) == {same.id, near.id}
    office.matcher.public.reports.split(office.boss, near.id)
    assert look_at_all(office.matcher.context) == 1
    assert state(office, near) is ReportState.TAKEN
    assert office.matcher.sighting(near.id).photos[0].faces[0].candidates


def test_a_duplicate_of_what_was_taken_back_is_searched_for_after_all(office: Office) -> None:
    first = report(office)
    office.clock.forward(seconds=1)
    same = report(office, told={})
    look_at_all(office.matcher.context)
    assert state(office, same) is ReportState.DUPLICATE
    office.matcher.public.reports.withdraw(first.code)
    assert look_at_all(office.matcher.context) == 1
    assert state(office, same) is ReportState.TAKEN


@pytest.mark.parametrize("doubt", [Doubt.SAME_REFUSED, Doubt.SAME_DISPUTED])
def test_a_photo_that_was_refused_or_disputed_before_waits_for_a_person(office: Office, doubt: Doubt) -> None:
    first = report(office, trap="x" if doubt is Doubt.SAME_REFUSED else "")
    look_at_all(office.matcher.context)
    if doubt is Doubt.SAME_REFUSED:
        office.matcher.public.reports.refuse(office.boss, first.id, reason="advertising")
    else:
        office.matcher.casework.dispute_sighting(office.officer, first.id, note="it is me")
    office.clock.forward(seconds=1)
    again = report(office, small(child(1, 1), 220))
    look_at_all(office.matcher.context)
    line = office.matcher.public.reports.line(office.boss, again.id)
    assert (line.state, doubt in line.doubts) == (ReportState.HELD, True)


def test_a_report_does_not_wait_for_a_person_with_a_worse_one_of_the_same_photo(office: Office) -> None:
    office.register(1)
    received = []
    for more in ({"trap": "x"}, {}, {"told": {}}, {"trap": "y"}):
        received.append(report(office, **more))
        office.clock.forward(seconds=1)
    bad, good, same, as_bad = received
    look_at_all(office.matcher.context)
    assert [state(office, one) for one in (bad, good, same, as_bad)] == [
        ReportState.HELD,
        ReportState.TAKEN,
        ReportState.DUPLICATE,
        ReportState.DUPLICATE,
    ]
    lines = [office.matcher.public.reports.line(office.boss, one.id) for one in (same, as_bad)]
    assert [one.merged_into for one in lines] == [good.id, bad.id]


def test_what_waits_with_a_report_that_is_refused_waits_for_a_person_by_itself(office: Office) -> None:
    bad = report(office, trap="x")
    office.clock.forward(seconds=1)
    same = report(office, trap="y")
    look_at_all(office.matcher.context)
    assert state(office, same) is ReportState.DUPLICATE
    office.matcher.public.reports.refuse(office.boss, bad.id, reason="advertising")
    assert look_at_all(office.matcher.context) == 1
    line = office.matcher.public.reports.line(office.boss, same.id)
    assert (line.state, Doubt.SAME_REFUSED in line.doubts) == (ReportState.HELD, True)


def test_another_photo_of_the_child_is_no_duplicate(office: Office) -> None:
    one, other = report(office, child(1, 1)), report(office, child(1, 2))
    look_at_all(office.matcher.context)
    assert state(office, one) is state(office, other) is ReportState.TAKEN


def test_what_may_be_spam_waits_for_a_person_and_is_never_refused_by_a_rule(office: Office) -> None:
    office.register(1)
    reports = office.matcher.public.reports
    trapped = report(office, trap="http://buy.example", seconds=1.0)
    look_at_all(office.matcher.context)
    (line,) = reports.waiting(office.boss)
    assert (line.id, line.state) == (trapped.id, ReportState.HELD)
    assert set(line.doubts) >= {Doubt.TRAP, Doubt.HASTE}
    assert office.matcher.desk.next(office.ann, "list") is None
    with pytest.raises(NotPermitted):
        reports.release(office.ann, trapped.id)
    reports.release(office.boss, trapped.id)
    look_at_all(office.matcher.context)
    assert state(office, trapped) is ReportState.TAKEN


def test_a_photo_that_we_published_ourselves_is_held(office: Office) -> None:
    missing(office)
    card = published(office)
    receipt = report(office, child(1), card=card.code)
    look_at_all(office.matcher.context)
    line = office.matcher.public.reports.line(office.boss, receipt.id)
    assert (line.state, line.about) == (ReportState.HELD, "A-1")
    assert Doubt.CARD_PHOTO in line.doubts


def test_a_report_on_a_closed_case_is_kept_for_people(office: Office) -> None:
    missing(office)
    card = published(office)
    office.matcher.close_case("A-1", status="returned", actor="me")
    receipt = report(office, card=card.code)
    look_at_all(office.matcher.context)
    line = office.matcher.public.reports.line(office.boss, receipt.id)
    assert (line.state, line.doubts) == (ReportState.HELD, (Doubt.CASE_CLOSED,))
    erase_case(office.matcher.context, office.matcher.case("A-1").id, Who("me", ReasonCode.CLOSURE))
    assert office.matcher.public.reports.line(office.boss, receipt.id).about is None


def test_a_refused_report_is_erased_after_its_days_and_nothing_else_is(office: Office) -> None:
    reports = office.matcher.public.reports
    bad, good = report(office, trap="x"), report(office, child(2))
    look_at_all(office.matcher.context)
    with pytest.raises(WrongUse, match="refused"):
        reports.refuse(office.boss, bad.id, reason="")
    reports.refuse(office.boss, bad.id, reason="advertising")
    with pytest.raises(Conflict):
        reports.release(office.boss, bad.id)
    office.clock.forward(days=4)
    view = apply(office.matcher.context, Who("me", ReasonCode.MAINTENANCE))
    assert view.sightings == 1
    assert [one.id for one in office.matcher.sightings()] == [good.id]


def test_where_it_came_from_is_forgotten_after_a_day_and_the_contact_after_its_days(office: Office) -> None:
    reports = office.matcher.public.reports
    receipt = report(office, sender="192.0.2.1", contact="Mrs Li, 139 0000 0000")
    raw = b"".join(path.read_bytes() for path in office.matcher.context.home.root.glob("matcher.db*"))
    assert b"139 0000" not in raw
    assert b"192.0.2.1" not in raw
    with pytest.raises(NotPermitted):
        reports.contact(office.boss, receipt.id, reason="ask back")
    with pytest.raises(WrongUse, match="reason"):
        reports.contact(office.officer, receipt.id, reason="")
    assert reports.contact(office.officer, receipt.id, reason="ask back") == "Mrs Li, 139 0000 0000"
    office.clock.forward(days=2)
    office.matcher.reindex(actor="me")
    with office.matcher.context.store.read() as reading:
        assert [one.sender for one in reading.reports.in_states(tuple(ReportState))] == [None]
    assert reports.line(office.boss, receipt.id).has_contact
    office.clock.forward(days=40)
    office.matcher.reindex(actor="me")
    assert not reports.line(office.boss, receipt.id).has_contact
    assert reports.contact(office.officer, receipt.id, reason="ask back") is None


def test_a_reporter_takes_a_report_back_and_it_is_gone(office: Office) -> None:
    receipt = report(office, contact="me@example.org")
    look_at_all(office.matcher.context)
    assert office.matcher.public.reports.withdraw(receipt.code) is True
    assert office.matcher.sightings() == []
    with pytest.raises(NotFound):
        office.matcher.public.reports.receipt(receipt.code)


def test_a_report_that_people_work_with_is_not_erased_by_its_code_alone(office: Office) -> None:
    reports = office.matcher.public.reports
    office.register(1, 2)
    receipt = report(office)
    look_at_all(office.matcher.context)
    office.pick(office.cat, "A-1")
    assert reports.withdraw(receipt.code) is False
    assert reports.receipt(receipt.code).withdrawn
    assert [one.id for one in reports.waiting(office.boss)] == [receipt.id]
    reports.keep(office.officer, receipt.id, reason="the pair is being judged")
    assert reports.waiting(office.boss) == []


def test_what_is_added_later_stands_beside_the_first(office: Office) -> None:
    first = report(office)
    added = report(office, child(1, 3), adds_to=first.code)
    with pytest.raises(NotFound):
        report(office, child(1, 4), adds_to="0000-0000-0000-0000")
    line = office.matcher.public.reports.line(office.boss, added.id)
    assert line.merged_into == first.id
    third = report(office, child(1, 4), adds_to=added.code)
    assert office.matcher.public.reports.line(office.boss, third.id).merged_into == first.id, "no chains"


def test_merging_makes_no_chains_and_erasing_the_first_leaves_the_others(office: Office) -> None:
    reports = office.matcher.public.reports
    one, two, three = report(office, child(1)), report(office, child(2)), report(office, child(3))
    reports.merge(office.boss, two.id, three.id)
    reports.merge(office.boss, three.id, one.id)
    assert set(reports.line(office.boss, one.id).merged) == {two.id, three.id}
    with pytest.raises(Conflict, match="itself"):
        reports.merge(office.boss, one.id, two.id)
    reports.withdraw(one.code)
    assert {line.merged_into for line in reports.listed(office.boss)} == {None}


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({"position": (91, 0)}, "off the globe"),
        ({"seen_at": "yesterday"}, "seen_at"),
        ({"how_seen": "telepathy"}, "how_seen"),
        ({"note": "x" * 2001}, "at most 2000"),
        ({"note": "a\0b"}, "NUL"),
        ({"apparent_age": -1}, "age"),
    ],
)
def test_what_cannot_be_meant_is_answered_clearly_and_nothing_is_kept(office: Office, told, problem: str) -> None:
    with pytest.raises(WrongUse, match=problem):
        report(office, told=told)
    assert office.matcher.sightings() == []


def test_photos_that_are_none_or_too_many_are_refused_by_name(office: Office) -> None:
    for photos, problem in (
        ((b"<html>",), "photo"),
        ((child(1)[:5000],), "photo"),
        (tuple(child(seed) for seed in range(1, 7)), "6 photos"),
    ):
        with pytest.raises(PhotoRefused, match=problem):
            report(office, *photos)
    with pytest.raises(WrongUse, match="at least one photo"):
        office.matcher.public.reports.accept(NewReport(told={}), [])
    assert office.matcher.sightings() == []


def test_a_process_that_dies_over_a_report_leaves_it_to_the_next_and_three_times_to_a_person(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = report(office)
    context = office.matcher.context
    find = context.pipeline.find

    def dies(*_args: object, **_more: object) -> None:
        raise KeyboardInterrupt

    for _ in range(3):
        monkeypatch.setattr(context.pipeline, "find", dies)
        with pytest.raises(KeyboardInterrupt):
            look_at_next(context)
        assert look_at_next(context) is None, "its lease holds"
        office.clock.forward(minutes=11)
    monkeypatch.setattr(context.pipeline, "find", find)
    look_at_next(context)
    line = office.matcher.public.reports.line(office.boss, receipt.id)
    assert (line.state, Doubt.UNREADABLE in line.doubts) == (ReportState.HELD, True)
    office.matcher.public.reports.release(office.boss, receipt.id)
    look_at_next(context)
    assert state(office, receipt) is ReportState.TAKEN, "a person's word counts more than the deaths before it"


def test_what_a_person_decides_while_a_process_looks_is_not_undone_by_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt, reports = report(office), office.matcher.public.reports
    context, find = office.matcher.context, office.matcher.context.pipeline.find

    def released(*arguments: object, **more: object) -> object:
        reports.release(office.boss, receipt.id)
        return find(*arguments, **more)

    monkeypatch.setattr(context.pipeline, "find", released)
    look_at_next(context)
    line = reports.line(office.boss, receipt.id)
    assert (line.state, line.decided_by) == (ReportState.QUEUED, "boss")
    monkeypatch.undo()
    look_at_next(context)
    line = reports.line(office.boss, receipt.id)
    assert (line.state, line.decided_by) == (ReportState.TAKEN, "boss")


def test_a_report_that_comes_to_be_needed_while_it_is_taken_back_is_not_said_to_be_gone(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.register(1, 2)
    receipt, erase = report(office), receipts.erase
    look_at_all(office.matcher.context)

    def picked_first(*arguments: object) -> object:
        office.pick(office.cat, "A-1")
        return erase(*arguments)

    monkeypatch.setattr(receipts, "erase", picked_first)
    assert office.matcher.public.reports.withdraw(receipt.code) is False
    assert state(office, receipt) is ReportState.WITHDRAWN


def test_how_to_reach_nobody_is_answered_with_not_found(office: Office) -> None:
    with pytest.raises(NotFound, match="no report"):
        office.matcher.public.reports.contact(office.officer, "0000000000001", reason="ask back")


def test_a_dispute_from_outside_hides_nothing_by_itself_and_an_officer_hides_it_in_one_step(office: Office) -> None:
    disputes = office.matcher.public.disputes
    missing(office)
    card = published(office)
    with pytest.raises(WrongUse, match="reach you"):
        disputes.open(card.code, "self", contact=" ", note="it is me")
    with pytest.raises(NotFound):
        disputes.open("00000000", "self", contact="139", note="it is me")
    code = disputes.open(card.code, "self", contact="139 0000", note="it is me, I am not missing")
    assert office.matcher.public.cards.card(office.officer, card.id).shown
    assert disputes.answer(code) is None
    with pytest.raises(NotPermitted):
        disputes.waiting(account(office.matcher.context.store, "intake", Role.INTAKE))
    (view,) = disputes.waiting(office.officer)
    assert (view.case_id, view.contact) == ("A-1", "139 0000")
    disputes.decide(office.officer, view.id, upheld=True, reason="she showed her papers")
    assert office.matcher.case("A-1").status.value == "disputed"
    assert not office.matcher.public.cards.card(office.officer, card.id).shown
    assert disputes.answer(code) is True
    with pytest.raises(Conflict, match="already"):
        disputes.decide(office.officer, view.id, upheld=False, reason="no")


def test_a_dismissed_dispute_changes_nothing(office: Office) -> None:
    disputes = office.matcher.public.disputes
    missing(office)
    allow(office)
    card = published(office)
    code = disputes.open(card.code, "guardian", contact="139", note="my daughter")
    (view,) = disputes.waiting(office.officer)
    disputes.decide(office.officer, view.id, upheld=False, reason="not her mother")
    assert disputes.answer(code) is False
    assert office.matcher.public.cards.card(office.officer, card.id).shown
    assert disputes.waiting(office.officer) == []


def test_a_time_that_is_to_come_is_a_doubt(office: Office) -> None:
    far = (office.clock() + timedelta(days=3)).isoformat()
    receipt = report(office, told={"seen_at": far, "place": "x"})
    assert office.matcher.public.reports.line(office.boss, receipt.id).doubts == (Doubt.FAR_FUTURE,)


def test_what_somebody_else_showed_is_listed_apart(office: Office) -> None:
    reports = office.matcher.public.reports
    own = report(office, told={"first_hand": True, "how_seen": "in_person"})
    passed_on = report(office, child(2), told={"how_seen": "social_media"})
    office.clock.forward(seconds=1)
    heard = report(office, child(3), told={"first_hand": False, "how_seen": "in_person"})
    untold = report(office, child(4), told={})
    found = {
        witness: [one.id for one in reports.listed(office.boss, witness=witness)]
        for witness in ("first_hand", "second_hand", "not_told")
    }
    assert found == {"first_hand": [own.id], "second_hand": [passed_on.id, heard.id], "not_told": [untold.id]}
    for witness, ids in found.items():
        assert {reports.line(office.boss, one).witness.value for one in ids} == {witness}
    with pytest.raises(WrongUse):
        reports.listed(office.boss, witness="a dream")


def test_what_is_gone_is_told_and_no_look_at_it_is_recorded(office: Office) -> None:
    reports = office.matcher.public.reports
    receipt = report(office, contact="139")
    office.clock.forward(seconds=1)
    other = report(office, child(2))
    assert [one.id for one in reports.listed(office.boss, after=receipt.id)] == [other.id]
    reports.withdraw(receipt.code)
    before = len(office.matcher.audit())
    with pytest.raises(NotFound):
        reports.contact(office.officer, receipt.id, reason="ask back")
    with pytest.raises(NotFound, match="first page"):
        reports.listed(office.boss, after=receipt.id)
    with pytest.raises(NotFound):
        reports.beside(office.boss, receipt.id)
    assert len(office.matcher.audit()) == before


def test_a_report_that_was_taken_back_is_not_released(office: Office) -> None:
    reports = office.matcher.public.reports
    office.register(1, 2)
    receipt = report(office)
    look_at_all(office.matcher.context)
    office.pick(office.cat, "A-1")
    reports.withdraw(receipt.code)
    for change in (reports.release, reports.refuse):
        with pytest.raises(Conflict, match="withdrawn"):
            change(office.boss, receipt.id, reason="x")
    with pytest.raises(WrongUse):
        reports.keep(office.officer, receipt.id, reason=" ")
    assert reports.keep(office.officer, receipt.id, reason="judged").decided_by == "officer"


def test_all_that_tell_of_the_same_are_found_from_each_of_them(office: Office) -> None:
    reports = office.matcher.public.reports
    one, two, three = report(office, child(1)), report(office, child(2)), report(office, child(3))
    assert reports.beside(office.boss, one.id) == []
    reports.merge(office.boss, two.id, one.id)
    reports.merge(office.boss, three.id, one.id)
    assert set(reports.beside(office.boss, one.id)) == {two.id, three.id}
    assert reports.beside(office.boss, two.id) == [one.id, three.id]
