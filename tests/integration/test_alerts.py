"""Cards and alerts: who may, what they show, how they grow, and what ends them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from offices import START, Office, opened
from pictures import child, group
from public_records import every_bulletin
from publishing import HANGZHOU, PHONE, alerted, allow, missing, published, second_officer
from reviews import Clock, account

from matcher.domain.alerts import AlertState, BulletinKind, Circle, Growth
from matcher.domain.erasures import Subject, SubjectKind
from matcher.domain.ids import new_id
from matcher.domain.people import Role
from matcher.domain.positions import Position
from matcher.domain.publications import CardState
from matcher.errors import Conflict, MoveNotAllowed, NotFound, NotPermitted, WrongUse
from matcher.interchange.geojson import geometry
from matcher.services import alerts as alerts_module
from matcher.services.alert_terms import NewTerms, growth_of, steps_of
from matcher.services.alerts import grow_due
from matcher.services.cards import NewCard
from matcher.services.erasing import erase_case as erase_a_case
from matcher.services.inputs import CasePhoto, ReasonCode, Who
from matcher.services.telling import tell


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), "control_rate = 0.0\nclosed_days = 10\n")


def told(office: Office, alert: str) -> list[tuple[BulletinKind, float | None]]:
    found = office.matcher.public.alerts.bulletins(office.officer, alert)
    return [(one.kind, None if one.circle is None else one.circle.radius_km) for one in found]


def test_a_card_is_shown_when_an_officer_has_approved_it_and_somebody_allows_it(office: Office) -> None:
    cards = office.matcher.public.cards
    office.matcher.add_case("A-1", photos=[child(1)], actor="me", name="Wang", age=6)
    intake = account(office.matcher.context.store, "intake", Role.INTAKE)
    with pytest.raises(WrongUse, match="telephone"):
        cards.draft(intake, "A-1")
    draft = cards.draft(intake, "A-1", NewCard(phone=PHONE, policy="hidden"))
    assert (draft.state, draft.shown, draft.facts.name) == (CardState.DRAFT, False, None)
    with pytest.raises(NotPermitted):
        cards.approve(intake, draft.id)
    with pytest.raises(WrongUse, match="consents to publication"):
        cards.approve(office.officer, draft.id)
    allow(office)
    view = cards.approve(office.officer, draft.id)
    assert (view.state, view.shown, view.approved_by) == (CardState.LIVE, True, "officer")
    assert cards.card(intake, view.code.lower()).id == view.id
    office.clock.forward(days=91)
    assert not cards.card(intake, view.id).shown, "it has run out"


def test_what_was_approved_is_what_is_shown_whatever_changes_of_the_case(office: Office) -> None:
    cards = office.matcher.public.cards
    missing(office)
    view = published(office)
    draft = cards.draft(office.officer, "A-1", NewCard(phone=PHONE))
    office.matcher.update_case("A-1", actor="me", marks="a mole")
    now = cards.card(office.officer, view.id)
    assert (now.facts.marks, now.outdated, now.shown) == ("a scar", True, True)
    with pytest.raises(Conflict, match="changed since"):
        cards.approve(office.officer, draft.id)
    newer = published(office)
    assert (newer.facts.marks, newer.facts.photo_year) == ("a mole", None)
    office.matcher.update_case("A-1", photos=[CasePhoto(child(1), taken=date(2020, 1, 2))], actor="me")
    now = cards.card(office.officer, newer.id)
    assert (now.facts.photo_year, now.outdated) == (None, True)
    newest = published(office)
    assert (newest.facts.photo_year, newest.outdated) == (2020, False), "the year alone"
    assert cards.card(office.officer, view.id).ended_because.value == "replaced"


def test_an_actual_alert_takes_two_officers_and_a_test_one(office: Office) -> None:
    alerts = office.matcher.public.alerts
    missing(office)
    with pytest.raises(MoveNotAllowed, match="no card"):
        alerts.draft(office.officer, "A-1")
    published(office)
    draft = alerts.draft(office.officer, "A-1")
    office.clock.forward(seconds=1)
    proposed = alerts.issue(office.officer, draft.id, "actual")
    assert (proposed.state, proposed.proposal.by, told(office, draft.id)) == (AlertState.DRAFT, "officer", [])
    with pytest.raises(NotPermitted, match="two people"):
        alerts.approve(office.officer, draft.id)
    for role in (Role.INTAKE, Role.SUPERVISOR, Role.ADMIN):
        with pytest.raises(NotPermitted):
            alerts.approve(account(office.matcher.context.store, f"a-{role.value}", role), draft.id)
    other = second_officer(office)
    with pytest.raises(Conflict, match="meanwhile"):
        alerts.approve(other, draft.id, seen=draft.updated_at)
    office.clock.forward(seconds=1)
    issued = alerts.approve(other, draft.id, seen=proposed.updated_at)
    assert (issued.state, issued.issued_by) == (AlertState.ISSUED, ("officer", "second"))
    assert told(office, draft.id) == [(BulletinKind.ALERT, 100)]
    test = alerts.issue(office.officer, alerts.draft(office.officer, "A-1").id, "test")
    assert (test.state, test.issued_by) == (AlertState.ISSUED, ("officer",))


def test_what_is_proposed_can_be_declined_and_then_nothing_waits(office: Office) -> None:
    alerts, other = office.matcher.public.alerts, second_officer(office)
    missing(office)
    published(office)
    draft = alerts.draft(office.officer, "A-1")
    with pytest.raises(Conflict, match="Nobody proposes"):
        alerts.decline(other, draft.id, reason="no")
    alerts.issue(office.officer, draft.id, "actual")
    with pytest.raises(WrongUse, match="Give a reason"):
        alerts.decline(other, draft.id, reason=" ")
    with pytest.raises(NotPermitted):
        alerts.decline(account(office.matcher.context.store, "intake", Role.INTAKE), draft.id, reason="no")
    declined = alerts.decline(other, draft.id, reason="the father has called")
    assert (declined.state, declined.proposal, declined.terms) == (AlertState.DRAFT, None, draft.terms)
    assert list(office.matcher.audit())[-1].entry.action == "alert.decline"
    with pytest.raises(Conflict, match="Nobody proposes"):
        alerts.approve(other, draft.id)
    alert = alerted(office, other)
    changed = alerts.update(other, alert.id, NewTerms(note="He may be in a boat."))
    kept = alerts.decline(other, changed.id, reason="he is not")  # one's own
    assert (kept.state, kept.proposal, kept.terms.note) == (AlertState.ISSUED, None, None)
    assert told(office, alert.id) == [(BulletinKind.ALERT, 100)]


def test_two_who_read_a_draft_at_one_moment_do_not_both_issue_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts = office.matcher.public.alerts
    missing(office)
    published(office)
    draft = alerts.draft(office.officer, "A-1")
    with office.matcher.context.store.read() as reading:
        read = alerts_module.require(reading, draft.id)
    alerts.issue(office.officer, draft.id, "test")  # at the same tick of the clock
    monkeypatch.setattr(alerts_module.Alerts, "_require", lambda *_: read)
    with pytest.raises(Conflict, match="meanwhile"):
        alerts.issue(second_officer(office), draft.id, "exercise")
    assert told(office, draft.id) == [(BulletinKind.ALERT, 100)]


def test_a_card_of_an_actual_alert_is_changed_by_two_people(office: Office) -> None:
    cards, other = office.matcher.public.cards, second_officer(office)
    missing(office)
    published(office)
    alert = alerted(office, other)
    alerts = office.matcher.public.alerts
    alerts.update(office.officer, alert.id, NewTerms(note="He may be in a boat."))
    draft = cards.draft(office.officer, "A-1", NewCard(phone="0571-8700 9999"))
    with pytest.raises(NotPermitted, match="which you drafted"):
        cards.approve(office.officer, draft.id)
    assert told(office, alert.id) == [(BulletinKind.ALERT, 100)]
    cards.approve(other, draft.id)
    assert told(office, alert.id) == [(BulletinKind.ALERT, 100), (BulletinKind.UPDATE, 100)]
    (_, update) = office.matcher.public.alerts.bulletins(office.officer, alert.id)
    assert update.content["phone"] == "0571-8700 9999"
    assert update.content["note"] is None
    changed = [one.entry for one in office.matcher.audit() if one.entry.action == "alert.update"]
    assert [(one.actor, one.objects[-1]) for one in changed] == [("second", alert.id)]
    with pytest.raises(Conflict, match="Nobody proposes"):
        alerts.approve(other, alert.id)
    alerts.cancel(other, alert.id, reason="found")
    published(office)  # nothing actual shows it any more


def test_nobody_issues_an_alert_on_the_word_of_who_may_do_so_no_more(office: Office) -> None:
    alerts, other, gone = office.matcher.public.alerts, second_officer(office), second_officer(office, "third")
    missing(office)
    published(office)
    draft = alerts.draft(office.officer, "A-1")
    alerts.issue(gone, draft.id, "actual")
    with office.matcher.context.store.write() as transaction:
        transaction.people.update(replace(transaction.people.by_name("third"), active=False))
    with pytest.raises(NotPermitted, match="third, who proposed it, may not"):
        alerts.approve(other, draft.id)
    alerts.issue(other, draft.id, "actual")
    assert alerts.approve(office.officer, draft.id).issued_by == ("officer", "second")


def test_an_alert_that_ran_out_is_not_told_anew_with_another_card(office: Office) -> None:
    missing(office)
    published(office)
    alert = alerted(office, second_officer(office), expires_at=office.clock() + timedelta(hours=1))
    office.clock.forward(hours=2)
    card = published(office)  # and nothing actual runs that would take two people
    assert told(office, alert.id) == [(BulletinKind.ALERT, 100)]
    assert office.matcher.public.alerts.alert(office.officer, alert.id).card == card.code


def test_the_place_of_an_alert_is_that_of_the_case_to_about_a_kilometre(office: Office) -> None:
    alerts = office.matcher.public.alerts
    missing(office, last_seen=Position(30.2512345678, 120.1487654321))
    published(office)
    draft = alerts.draft(office.officer, "A-1")
    assert draft.terms.centre == Position(30.25, 120.15)
    exact = alerts.update(office.officer, draft.id, NewTerms(centre=Position(30.251234, 120.148765)))
    assert exact.terms.centre == Position(30.251234, 120.148765), "an officer said so"


def test_what_was_told_of_a_case_belongs_to_what_is_held_about_it(office: Office) -> None:
    missing(office)
    published(office)
    alert = alerted(office, second_officer(office))
    with office.matcher.context.store.read() as reading:
        case = reading.cases.get("A-1")
        rows = reading.erasures.rows_of(Subject(SubjectKind.CASE, case.id))
    (row,) = rows["bulletins"]
    assert (row["alert_id"], row["content"]["facts"]["name"]) == (alert.id, "Wang Xiaoming")


def test_the_area_grows_by_its_schedule_and_each_step_is_told_once(office: Office) -> None:
    missing(office)
    published(office)
    alert = alerted(office, second_officer(office))
    context = office.matcher.context
    assert grow_due(context) == 0
    radii = []
    for hours in (1, 1, 1, 1):
        office.clock.forward(hours=hours)
        grow_due(context)
        assert grow_due(context) == 0
        radii.append(office.matcher.public.alerts.alert(office.officer, alert.id).circle.radius_km)
    assert radii == [200, 300, 500, 500]
    kinds = told(office, alert.id)
    assert kinds == [
        (BulletinKind.ALERT, 100),
        (BulletinKind.UPDATE, 200),
        (BulletinKind.UPDATE, 300),
        (BulletinKind.UPDATE, 500),
    ]


def test_many_areas_grow_in_parts_between_which_and_while_they_are_drawn_others_write(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing(office)
    published(office)
    alert = alerted(office, second_officer(office))
    context, drawn = office.matcher.context, []
    with context.store.write() as transaction:
        (first,) = transaction.alerts.listed(office.clock(), ended=False)
        for number in range(4):
            centre = Position(30.0 + number, 120.0)
            other = replace(first, id=new_id(), bulletin=None, terms=replace(first.terms, centre=centre))
            told_now = tell(context, transaction, other, BulletinKind.ALERT, {"code": f"K{number}"})
            transaction.alerts.add(replace(other, bulletin=told_now))

    def drawing(circle: Circle) -> object:
        with context.store.write():
            drawn.append(circle)
        return geometry(circle)

    monkeypatch.setattr(alerts_module, "GROWN_AT_ONCE", 2)
    monkeypatch.setattr(alerts_module, "geometry", drawing)
    office.clock.forward(hours=1)
    assert grow_due(context) == 5
    assert len(drawn) == len(set(drawn)) == 5
    assert told(office, alert.id) == [(BulletinKind.ALERT, 100), (BulletinKind.UPDATE, 200)]
    with context.store.read() as reading:
        grown = every_bulletin(reading)[5:]
    assert [one.circle.radius_km for one in grown] == [200] * 5
    assert all(one.content["geometry"] == geometry(one.circle) for one in grown)


def test_an_alert_that_has_run_out_grows_no_more(office: Office) -> None:
    missing(office)
    published(office)
    alert = alerted(office, second_officer(office), expires_at=office.clock() + timedelta(minutes=10))
    office.clock.forward(hours=5)
    assert grow_due(office.matcher.context) == 0
    assert not office.matcher.public.alerts.alert(office.officer, alert.id).active


def test_an_update_takes_two_people_and_never_leaves_somebody_out(office: Office) -> None:
    alerts = office.matcher.public.alerts
    missing(office)
    published(office)
    other = second_officer(office)
    alert = alerted(office, other)
    with pytest.raises(WrongUse, match="leaves out"):
        alerts.update(other, alert.id, NewTerms(growth="near"))
    with pytest.raises(WrongUse, match="leaves out"):
        alerts.update(other, alert.id, NewTerms(centre=Position(40.0, 116.0)))
    alerts.update(other, alert.id, NewTerms(note="Last seen at the station."))
    assert told(office, alert.id) == [(BulletinKind.ALERT, 100)], "one officer alone changes nothing"
    alerts.approve(office.officer, alert.id)
    newest = alerts.bulletins(other, alert.id)[-1]
    assert (newest.kind, newest.content["note"]) == (BulletinKind.UPDATE, "Last seen at the station.")


def test_what_was_proposed_for_a_smaller_area_cannot_be_agreed_to_when_it_has_grown(office: Office) -> None:
    alerts = office.matcher.public.alerts
    missing(office)
    published(office)
    other = second_officer(office)
    alert = alerted(office, other)
    alerts.update(other, alert.id, NewTerms(growth=Growth(((0, 120),)), note="he has a bicycle"))
    office.clock.forward(hours=2)
    with pytest.raises(WrongUse, match="leaves out"):
        alerts.approve(office.officer, alert.id)
    assert alerts.alert(other, alert.id).circle.radius_km == 300


def end_case(office: Office, consent: str) -> None:
    office.matcher.close_case("A-1", status="returned", actor="me")


def dispute_case(office: Office, consent: str) -> None:
    office.matcher.casework.dispute_case(office.officer, "A-1", note="her mother called")


def withdraw_publication(office: Office, consent: str) -> None:
    office.matcher.consents.withdraw(office.officer, consent, "publication")


def withdraw_all(office: Office, consent: str) -> None:
    office.matcher.consents.withdraw(office.officer, consent)


def erase(office: Office, consent: str) -> None:
    erase_a_case(office.matcher.context, office.matcher.case("A-1").id, Who("me", ReasonCode.CLOSURE))


@pytest.mark.parametrize("end", [end_case, dispute_case, withdraw_publication, withdraw_all, erase])
def test_whatever_ends_a_case_or_its_publication_ends_card_and_alert_in_the_same_step(office: Office, end) -> None:
    office.matcher.add_case(
        "A-1", photos=[child(1)], actor="me", name="W", missing_since=office.clock(), last_seen=HANGZHOU
    )
    consent = allow(office)
    card = published(office)
    alert = alerted(office, second_officer(office))
    draft = office.matcher.public.alerts.draft(office.officer, "A-1")
    end(office, consent)
    with office.matcher.context.store.read() as reading:
        newest = every_bulletin(reading)[-1]
        assert newest.kind is BulletinKind.CANCEL
        assert newest.content is None
        kept = reading.cards.by_code(card.code)
    if end is erase:
        assert kept is None
        with pytest.raises(NotFound):
            office.matcher.public.alerts.alert(office.officer, alert.id)
        with office.matcher.context.store.read() as reading:
            assert [one.content for one in every_bulletin(reading)] == [None, None]
        return
    assert not kept.shown(office.clock())
    states = {office.matcher.public.alerts.alert(office.officer, one.id).state for one in (alert, draft)}
    assert states == {AlertState.CANCELLED}


def test_without_consent_to_alerts_the_card_stays_and_the_alert_ends(office: Office) -> None:
    office.matcher.add_case(
        "A-1", photos=[child(1)], actor="me", name="W", missing_since=office.clock(), last_seen=HANGZHOU
    )
    consent = allow(office)
    card, alert = published(office), alerted(office, second_officer(office))
    view = office.matcher.consents.withdraw(office.officer, consent, "alerts")
    assert any("cancelled: 1" in warning for warning in view.warnings)
    assert office.matcher.public.cards.card(office.officer, card.id).shown
    assert office.matcher.public.alerts.alert(office.officer, alert.id).state is AlertState.CANCELLED
    with pytest.raises(WrongUse, match="consents to alerts"):
        alerts = office.matcher.public.alerts
        alerts.issue(office.officer, alerts.draft(office.officer, "A-1").id, "test")


def test_a_cancelled_alert_says_who_and_why_and_comes_not_back(office: Office) -> None:
    alerts = office.matcher.public.alerts
    missing(office)
    published(office)
    alert = alerted(office, second_officer(office))
    with pytest.raises(WrongUse, match="reason"):
        alerts.cancel(office.officer, alert.id, reason=" ")
    over = alerts.cancel(office.officer, alert.id, reason="found at her aunt's")
    assert (over.ended_because.value, over.ended_by) == ("officer", "officer")
    assert told(office, alert.id) == [(BulletinKind.ALERT, 100), (BulletinKind.CANCEL, None)]
    for again in (
        lambda: alerts.cancel(office.officer, alert.id, reason="x"),
        lambda: alerts.update(office.officer, alert.id, NewTerms()),
    ):
        with pytest.raises(MoveNotAllowed):
            again()
    assert [one.id for one in alerts.listed(office.officer, ended=True)] == [alert.id]
    assert alerts.listed(office.officer) == []


def test_a_card_whose_face_turns_out_to_be_another_childs_is_taken_back(office: Office) -> None:
    photo = office.matcher.add_case(
        "A-1", photos=[group(1, 2)], actor="me", on_several="largest", missing_since=office.clock(), last_seen=HANGZHOU
    ).photos[0]
    allow(office)
    card = published(office)
    alert = alerted(office, second_officer(office))
    chosen = next(face.number for face in photo.faces if face.choice is not None)
    other = next(face.number for face in photo.faces if face.number != chosen)
    view = office.matcher.choose_face(photo.id, other, actor="me")
    assert [str(one) for one in view.warnings] == [
        "Cards that showed another face as the child's were withdrawn: 1.",
        "Alerts of the case that were cancelled: 1.",
    ]
    assert office.matcher.public.cards.card(office.officer, card.id).ended_because.value == "face"
    assert office.matcher.public.alerts.alert(office.officer, alert.id).state is AlertState.CANCELLED


def test_a_card_needs_a_number_that_can_be_called(office: Office) -> None:
    missing(office)
    for phone in ("call us", "11", "1" * 41):
        with pytest.raises(WrongUse):
            office.matcher.public.cards.draft(office.officer, "A-1", NewCard(phone=phone))


def test_steps_are_read_as_people_write_them(office: Office) -> None:
    alerts = office.matcher.public.alerts
    missing(office)
    published(office)
    for given, steps in (
        ("0:10, 2:50", ((0, 10), (2, 50))),
        ("0：5；1.5：7.25", ((0, 5), (1.5, 7.25))),
        ("near", ((0, 10),)),
    ):
        view = alerts.draft(office.officer, "A-1", NewTerms(growth=given))
        assert view.terms.growth.steps == steps
        assert growth_of(steps_of(view.terms.growth)) == view.terms.growth
    for wrong in ("0:", "x:5", "1:10", "0:10, 1:5", "far", " "):
        with pytest.raises(WrongUse):
            alerts.draft(office.officer, "A-1", NewTerms(growth=wrong))


def test_words_that_were_emptied_are_gone_and_what_is_left_out_stays(office: Office) -> None:
    alerts = office.matcher.public.alerts
    missing(office)
    published(office)
    draft = alerts.draft(office.officer, "A-1", NewTerms(note="by the gate"))
    assert (draft.terms.place, draft.terms.note) == ("West Lake", "by the gate")
    kept = alerts.update(office.officer, draft.id, NewTerms(growth="near"))
    assert (kept.terms.place, kept.terms.note) == ("West Lake", "by the gate")
    emptied = alerts.update(office.officer, draft.id, NewTerms(place="", note=" "))
    assert (emptied.terms.place, emptied.terms.note) == ("", None)


def test_an_alert_that_has_run_out_is_listed_with_those_that_are_over(office: Office) -> None:
    alerts = office.matcher.public.alerts
    missing(office)
    published(office)
    alert = alerted(office, second_officer(office), expires_at=office.clock() + timedelta(minutes=10))
    draft = alerts.draft(office.officer, "A-1")
    assert {one.id for one in alerts.listed(office.officer)} == {alert.id, draft.id}
    office.clock.forward(hours=1)
    assert [one.id for one in alerts.listed(office.officer)] == [draft.id]
    (over,) = alerts.listed(office.officer, ended=True)
    assert (over.id, over.state, over.active) == (alert.id, AlertState.ISSUED, False)
