"""Cards, alerts, partners and reports, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from public_records import CONTENT, TERMS, alert, bulletin, card, every_bulletin, issued, public_report
from records import NOW, enrol, report
from sqlalchemy.exc import IntegrityError

from matcher.domain.alerts import (
    NEAR,
    AlertEnd,
    AlertId,
    AlertState,
    BulletinKind,
    Meant,
    Proposal,
)
from matcher.domain.erasures import Subject, SubjectKind
from matcher.domain.ids import new_id
from matcher.domain.partners import Partner, PartnerId
from matcher.domain.publications import CardEnd, CardState
from matcher.domain.reports import DisputeId, PublicDispute, Relation, ReportState
from matcher.errors import MatcherError
from matcher.store.database import Store


def test_cards_come_back_as_they_were_and_a_case_has_one_live_one(store: Store) -> None:
    with store.write() as tx:
        child = enrol(tx, "A-1")
        first, second = card(child), card(child, code="00000000", drafted_at=NOW + timedelta(seconds=1))
        tx.cards.add(first)
        tx.cards.add(second)
        tx.cards.approve(first.id, "wang", NOW, first.expires_at)
    with store.read() as reading:
        live = reading.cards.live_of(child.case.id)
        assert live == replace(first, state=CardState.LIVE, approved_by="wang", approved_at=NOW)
        assert reading.cards.by_code("00000000") == reading.cards.get(second.id) == second
        assert reading.cards.of_case(child.case.id) == [second, live]
        assert reading.cards.of_faces([child.face.id]) == [second, live]
        assert reading.cards.in_state(CardState.DRAFT) == [second]
    with pytest.raises((IntegrityError, MatcherError)), store.write() as tx:
        tx.cards.approve(second.id, "wang", NOW, second.expires_at)
    with store.write() as tx:
        tx.cards.withdraw(first.id, NOW, CardEnd.CONSENT, "li")
        tx.cards.approve(second.id, "wang", NOW, second.expires_at)
        assert tx.cards.get(first.id).ended_because is CardEnd.CONSENT


def test_alerts_come_back_with_their_terms_and_proposals(store: Store) -> None:
    with store.write() as tx:
        shown = card(enrol(tx, "A-1"))
        tx.cards.add(shown)
        proposal = Proposal(terms=replace(TERMS, growth=NEAR), meant=Meant.ACTUAL, by="li", at=NOW)
        draft = alert(shown, proposal=proposal)
        tx.alerts.add(draft)
        over = replace(draft, state=AlertState.CANCELLED, proposal=None, ended_at=NOW, ended_because=AlertEnd.CASE)
    with store.read() as reading:
        assert reading.alerts.get(draft.id) == draft
        assert reading.alerts.of_case(shown.case_id) == reading.alerts.of_card(shown.id) == [draft]
    with store.write() as tx:
        tx.alerts.update(over)
        assert tx.alerts.listed(NOW, ended=True) == [over]
        assert tx.alerts.listed(NOW, ended=False) == tx.alerts.proposed() == []


def test_those_whose_area_is_to_grow_come_in_the_order_of_their_time(store: Store) -> None:
    with store.write() as tx:
        shown = card(enrol(tx, "A-1"))
        tx.cards.add(shown)
        late = issued(tx, shown, grows_at=NOW)
        early = issued(tx, shown, grows_at=NOW - timedelta(hours=1))
        issued(tx, shown, grows_at=NOW + timedelta(seconds=1))
        issued(tx, shown, grows_at=NOW, terms=replace(TERMS, expires_at=NOW))
        tx.alerts.add(alert(shown, grows_at=NOW))
    with store.read() as reading:
        assert [one.id for one in reading.alerts.growing(NOW, 10)] == [early.id, late.id]
        assert [one.id for one in reading.alerts.growing(NOW, 1)] == [early.id]


def test_what_is_told_is_numbered_and_stays_word_for_word(store: Store) -> None:
    with store.write() as tx:
        shown = card(enrol(tx, "A-1"))
        tx.cards.add(shown)
        one, other = issued(tx, shown), issued(tx, shown)
        ended = tx.alerts.tell(bulletin(one.id, BulletinKind.CANCEL))
    with store.read() as reading:
        told = every_bulletin(reading)
        assert [entry.number for entry in told] == [1, 2, 3] == [one.bulletin, other.bulletin, ended]
        assert told[0] == bulletin(one.id, number=1)
        assert (told[2].circle, told[2].content, told[2].expires_at) == (None, None, None)
        assert reading.alerts.bulletins_of(one.id) == [told[0], told[2]]
        assert [entry.number for entry in reading.alerts.active(NOW, limit=10)] == [2, 1]
        assert [entry.number for entry in reading.alerts.active(NOW, before=2, limit=10)] == [1]
        assert reading.alerts.active(TERMS.expires_at, limit=10) == []
        ids, areas = reading.alerts.areas_since(0)
        assert ids.tolist() == [[1, one.id], [2, other.id], [3, one.id]]
        assert areas[0].tolist() == [30.25, 120.16, 100, TERMS.expires_at.timestamp()]
        assert np.isnan(areas[2]).all()
    with store.write() as tx:
        assert tx.alerts.empty_bulletins([one.id]) == 1
        assert [entry.content for entry in every_bulletin(tx)] == [None, CONTENT, None]


def test_the_public_is_told_the_newest_of_what_is_active_and_that_the_rest_is_over(store: Store) -> None:
    soon = replace(TERMS, expires_at=NOW + timedelta(hours=1))
    with store.write() as tx:
        shown = card(enrol(tx, "A-1"))
        tx.cards.add(shown)
        grows, over, short = issued(tx, shown), issued(tx, shown), issued(tx, shown, terms=soon)
        tx.alerts.add(alert(shown))
        newer = tx.alerts.tell(bulletin(grows.id, BulletinKind.UPDATE))
        tx.alerts.update(replace(grows, bulletin=newer))
        ended = tx.alerts.tell(bulletin(over.id, BulletinKind.CANCEL))
        tx.alerts.update(replace(over, state=AlertState.CANCELLED, ended_at=NOW, bulletin=ended))
        trial = issued(tx, shown)
        tx.alerts.update(replace(trial, meant=Meant.TEST))
        tx.alerts.tell(bulletin(trial.id, meant=Meant.TEST))
        erased = tx.alerts.tell(bulletin(AlertId(new_id()), BulletinKind.CANCEL))  # nothing is left of its alert
    with store.read() as reading:
        told = [one.number for one in reading.alerts.public_since(0, NOW, 10)]
        assert told == [short.bulletin, newer, ended, trial.bulletin, erased]
        assert [one.number for one in reading.alerts.public_since(newer, NOW, 1)] == [ended]
        later = reading.alerts.public_since(0, soon.expires_at, 10)
        assert [one.number for one in later] == [newer, ended, trial.bulletin, erased]
        numbers = [grows.bulletin, over.bulletin, short.bulletin, newer, ended, 99]
        assert [one.number for one in reading.alerts.public(numbers, NOW)] == [short.bulletin, newer, ended]


def test_what_was_told_of_alerts_that_ran_out_is_emptied_after_its_time(store: Store) -> None:
    with store.write() as tx:
        shown = card(enrol(tx, "A-1"))
        tx.cards.add(shown)
        ran_out = issued(tx, shown)
        end = ran_out.terms.expires_at
        assert tx.alerts.forget_told(end) == 0, "not before its time"
        assert tx.alerts.forget_told(end + timedelta(seconds=1)) == 1
        assert [one.content for one in tx.alerts.bulletins_of(ran_out.id)] == [None]
        assert tx.alerts.get(ran_out.id) == ran_out


def test_numbers_go_on_behind_one_that_others_may_know(store: Store) -> None:
    with store.write() as tx:
        shown = card(enrol(tx, "A-1"))
        tx.cards.add(shown)
        one = issued(tx, shown)
        tx.alerts.go_on_behind(1000, NOW)
        tx.alerts.go_on_behind(900, NOW)
        assert tx.alerts.tell(bulletin(one.id, BulletinKind.UPDATE)) == 1001
        assert [told.number for told in tx.alerts.public_since(0, NOW, 10)] == [one.bulletin]


def test_old_bulletins_of_ended_alerts_go_and_no_number_is_given_twice(store: Store) -> None:
    with store.write() as tx:
        shown = card(enrol(tx, "A-1"))
        tx.cards.add(shown)
        over, lives = issued(tx, shown), issued(tx, shown)
        number = tx.alerts.tell(bulletin(over.id, BulletinKind.CANCEL))
        tx.alerts.update(replace(over, state=AlertState.CANCELLED, ended_at=NOW, bulletin=number))
        assert tx.alerts.forget_told(NOW) == 0, "not before its time"
        assert tx.alerts.forget_told(NOW + timedelta(days=1)) == 1
        assert [one.number for one in every_bulletin(tx)] == [lives.bulletin, number]
        assert tx.alerts.tell(bulletin(lives.id, BulletinKind.UPDATE)) == number + 1


def test_partners_come_back_and_failures_give_them_a_rest(store: Store) -> None:
    one = Partner(id=PartnerId(new_id()), name="shop", url="https://shop.example/events", tests=True, created_at=NOW)
    with store.write() as tx:
        tx.partners.add(one, b"sealed")
        tx.partners.missed(one, NOW, NOW + timedelta(minutes=1))
        tx.partners.missed(tx.partners.get(one.id), NOW + timedelta(minutes=1), NOW + timedelta(minutes=3))
    with store.read() as reading:
        failing = reading.partners.by_name("shop")
        assert (failing.failures, failing.failing_since, failing.retry_at) == (2, NOW, NOW + timedelta(minutes=3))
        assert bytes(reading.partners.secret(one.id)) == b"sealed"
        assert reading.partners.list() == [failing]
    with store.write() as tx:
        tx.partners.reached(one.id)
        tx.partners.change(replace(one, ended_at=NOW), b"other")
        assert not tx.partners.get(one.id).active


def test_reports_come_back_and_wait_in_the_order_in_which_they_came(store: Store) -> None:
    with store.write() as tx:
        late = public_report(tx, "late", received_at=NOW + timedelta(seconds=1))
        early = public_report(tx, "early")
        held = public_report(tx, "held", state=ReportState.HELD)
    with store.read() as reading:
        assert reading.reports.get(early.sighting_id) == early == reading.reports.by_receipt("early")
        assert reading.reports.next_queued(NOW) == early
        assert reading.reports.in_states([ReportState.QUEUED]) == [early, late]
        assert reading.reports.in_states([ReportState.QUEUED], after=early.sighting_id) == [late]
        assert reading.reports.of_sightings([late.sighting_id, new_id()]) == {late.sighting_id: late}
        assert (reading.reports.count(ReportState.HELD), reading.reports.standing(ReportState.HELD)) == (1, [NOW])
        assert reading.reports.standing(ReportState.REFUSED) == []
        assert reading.reports.same_words("w", early.sighting_id) == 2
        assert reading.reports.sent_since("s", NOW.replace(minute=0, second=0, microsecond=0)) == 3
        assert reading.reports.sent_since("s", NOW + timedelta(hours=2)) == 0
    with store.write() as tx:
        tx.reports.update(replace(early, leased_until=NOW + timedelta(minutes=1), attempts=1))
        assert tx.reports.next_queued(NOW) == late
        assert tx.reports.next_queued(NOW + timedelta(minutes=1)) == late, "what was begun comes after what was not"
        tx.reports.update(replace(late, leased_until=NOW + timedelta(minutes=2), attempts=1))
        for minutes, there in ((0, None), (1, early), (2, early)):
            found = tx.reports.next_queued(NOW + timedelta(minutes=minutes))
            assert (found and found.sighting_id) == (there and there.sighting_id)
        tx.reports.update(replace(early, leased_until=NOW + timedelta(minutes=3), attempts=2))
        assert tx.reports.next_queued(NOW + timedelta(minutes=4)).sighting_id == late.sighting_id
        assert held.score == 70


def test_contacts_and_senders_are_forgotten_by_their_time(store: Store) -> None:
    with store.write() as tx:
        one = public_report(tx)
        assert (tx.reports.forget_contacts(NOW), tx.reports.forget_senders(NOW)) == (0, 0)
        later = NOW + timedelta(days=1)
        assert (tx.reports.forget_contacts(later), tx.reports.forget_senders(later)) == (1, 1)
        kept = tx.reports.get(one.sighting_id)
        assert (kept.contact, kept.sender) == (None, None)
        assert tx.reports.sent_since("s", NOW - timedelta(days=9)) == 0


def test_likenesses_come_back_bit_by_bit_with_their_sighting(store: Store) -> None:
    with store.write() as tx:
        one = public_report(tx)
        (photo,) = tx.photos.of_sighting(one.sighting_id)
        tx.reports.note_likenesses({photo.id: 2**64 - 1}, NOW)
        tx.reports.note_likenesses({photo.id: 2**63 + 5}, NOW)
        owners, found = tx.reports.likenesses(NOW)
        assert (owners.tolist(), found.tolist()) == ([one.sighting_id], [2**63 + 5])
        assert len(tx.reports.likenesses(NOW + timedelta(seconds=1))[0]) == 0


def test_disputes_wait_until_they_are_decided(store: Store) -> None:
    with store.write() as tx:
        child = enrol(tx, "A-1")
        one = PublicDispute(
            id=DisputeId(new_id()),
            case_id=child.case.id,
            relation=Relation.SELF,
            contact=b"c",
            note=b"n",
            receipt="r",
            received_at=NOW,
        )
        tx.reports.add_dispute(one)
        assert tx.reports.open_disputes() == [one] == tx.reports.disputes_of(child.case.id)
        tx.reports.decide_dispute(one.id, NOW, "li", upheld=True)
        assert tx.reports.open_disputes() == []
        assert tx.reports.dispute_by_receipt("r").upheld is True


def test_erasing_takes_what_was_published_and_reported_and_leaves_others(store: Store) -> None:
    with store.write() as tx:
        gone, stays = enrol(tx, "A-1"), enrol(tx, "A-2", 1)
        shown, other = card(gone), card(stays, code="00000000")
        for one in (shown, other):
            tx.cards.add(one)
            issued(tx, one)
        about = public_report(tx, about=gone.case.id)
        beside = public_report(tx, "beside")
        tx.sightings.merge(beside.sighting_id, about.sighting_id)
        subject = Subject(SubjectKind.CASE, gone.case.id)
        assert shown.id in tx.erasures.ids_of(subject)
        tx.gallery.remove([gone.face.id])
        removed = tx.erasures.remove(subject, NOW)
        assert (removed["cards"], removed["alerts"]) == (1, 1)
        assert tx.cards.in_state() == [other]
        assert tx.reports.get(about.sighting_id).about is None
        removed = tx.erasures.remove(Subject(SubjectKind.SIGHTING, about.sighting_id), NOW)
        assert removed["reports"] == 1
        assert tx.sightings.get(beside.sighting_id).merged_into is None


def test_merged_sightings_are_listed_with_the_first(store: Store) -> None:
    with store.write() as tx:
        first, *others = (report(tx)[0] for _ in range(3))
        for one in others:
            tx.sightings.merge(one.id, first.id)
        assert set(tx.sightings.merged_into(first.id)) == {one.id for one in others}
        tx.sightings.merge(others[0].id, None)
        assert tx.sightings.merged_into(first.id) == [others[1].id]
