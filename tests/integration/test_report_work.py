"""Looking at reports: what keeps which of them waiting, what is held for people, what is a duplicate of what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from offices import START, Office, opened
from pictures import child, small
from publishing import missing, published, second_officer
from reporting import added, kept, line, report, state
from reviews import Clock

from matcher import Matcher
from matcher.domain.ids import FaceId, parse_id
from matcher.domain.reports import LEASE, Doubt, ReportState, Via
from matcher.errors import Damaged, KeyProblem, ModelProblem, PhotoRefused, Stopped, StoreProblem
from matcher.services import pictures, report_work
from matcher.services.report_work import look_at_all, look_at_next, look_now

SETTINGS = 'control_rate = 0.0\npublic_url = "https://find.example"\npublic_phone = "0571-110"\n'


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), SETTINGS)


def failing(error: BaseException) -> Callable[..., None]:
    def fails(*_arguments: object, **_more: object) -> None:
        raise error

    return fails


def after_comparing(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Lets something happen once, between the next comparison of a report with others and what follows from it."""
    compared = report_work._compared

    def and_then(*arguments: object) -> object:
        monkeypatch.setattr(report_work, "_compared", compared)
        found = compared(*arguments)
        happens()
        return found

    monkeypatch.setattr(report_work, "_compared", and_then)


def vanished(office: Office, receipt: object) -> bytes:
    """Takes the file of a report's photo away; its bytes."""
    context = office.matcher.context
    with context.store.read() as reading:
        (photo,) = reading.photos.of_sighting(parse_id(receipt.id))
    data = context.blobs.get(photo.blob)
    context.blobs.delete(photo.blob)
    return data


@pytest.mark.parametrize("error", [OSError(28, "No space left"), ModelProblem(), StoreProblem()])
def test_an_outage_holds_no_report(office: Office, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    context = office.matcher.context
    receipts = [report(office, child(20 + number, 1)) for number in range(5)]
    with monkeypatch.context() as outage:
        outage.setattr(context.pipeline, "find", failing(error))
        for _ in range(40):
            with pytest.raises(type(error)):
                look_at_all(context)
            office.clock.forward(minutes=1)
    assert {kept(office, one).attempts for one in receipts} == {0}
    office.clock.forward(minutes=1)
    assert look_at_all(context) == 5
    assert {state(office, one) for one in receipts} == {ReportState.TAKEN}


def test_photos_that_cannot_be_read_are_given_to_a_person_after_three_times(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, receipt = office.matcher.context, report(office)
    for error in (Damaged(), MemoryError(), Damaged()):
        with monkeypatch.context() as broken:
            broken.setattr(context.pipeline, "find", failing(error))
            with pytest.raises(type(error)):
                look_at_all(context)
        office.clock.forward(minutes=11)
    look_at_all(context)
    assert (state(office, receipt), Doubt.UNREADABLE in line(office, receipt).doubts) == (ReportState.HELD, True)


def test_a_vanished_photo_keeps_no_other_report_waiting_and_is_looked_at_when_it_is_back(office: Office) -> None:
    context = office.matcher.context
    bad, *good = [report(office, child(20 + number, 1)) for number in range(4)]
    data = vanished(office, bad)
    done = look_now(context)
    assert (dict(done.states), done.failed) == ({"taken": 3}, 1)
    assert {state(office, one) for one in good} == {ReportState.TAKEN}
    office.clock.forward(minutes=1)
    late = report(office, child(30, 1))
    with pytest.raises(StoreProblem, match="vanished"):
        look_at_all(context)
    assert state(office, late) is ReportState.TAKEN
    with context.store.read() as reading:
        (photo,) = reading.photos.of_sighting(parse_id(bad.id))
    context.blobs.put(bad.id, photo.digest, data)
    office.clock.forward(minutes=1)
    assert look_at_all(context) == 1
    assert state(office, bad) is ReportState.TAKEN


def test_vanished_photos_between_others_keep_none_of_these_waiting(office: Office) -> None:
    receipts = []
    for number in range(8):
        receipts.append(report(office, child(20 + number, 1)))
        office.clock.forward(seconds=1)
    for one in receipts[::2]:
        vanished(office, one)
    done = look_now(office.matcher.context)
    assert (dict(done.states), done.failed) == ({"taken": 4}, 4)


def test_reports_that_fail_each_time_keep_none_waiting_however_long_a_timer_waits(office: Office) -> None:
    """Each run ends at three in a row; their rest is over before the next one begins."""
    context = office.matcher.context
    bad = [report(office, child(20 + number, 1)) for number in range(4)]
    for one in bad:
        vanished(office, one)
    office.clock.forward(seconds=1)
    good = []
    for number in range(3):
        good.append(report(office, child(30 + number, 1)))
        office.clock.forward(minutes=2)
        with pytest.raises(StoreProblem):
            look_now(context)
    office.clock.forward(minutes=2)
    with pytest.raises(StoreProblem):
        look_now(context)
    assert {state(office, one) for one in good} == {ReportState.TAKEN}
    assert {kept(office, one).attempts for one in bad} == {0}


def test_what_failed_in_an_outage_is_looked_at_although_others_go_on_failing(office: Office) -> None:
    context = office.matcher.context
    receipts = []
    for number in range(6):
        receipts.append(report(office, child(20 + number, 1)))
        office.clock.forward(seconds=1)
    files = [vanished(office, one) for one in receipts]
    with context.store.read() as reading:
        (photo,) = reading.photos.of_sighting(parse_id(receipts[5].id))
    for _ in range(2):
        with pytest.raises(StoreProblem):
            look_now(context)
        office.clock.forward(seconds=1)
    context.blobs.put(receipts[5].id, photo.digest, files[5])
    for _ in range(2):
        office.clock.forward(minutes=2)
        with pytest.raises(StoreProblem):
            look_now(context)
    assert state(office, receipts[5]) is ReportState.TAKEN


def test_a_report_whose_own_key_is_gone_keeps_no_other_waiting_and_is_given_to_a_person(office: Office) -> None:
    context = office.matcher.context
    bad = report(office, child(20, 1))
    context.keys.destroy({parse_id(bad.id)})
    for number in range(3):
        good = report(office, child(30 + number, 1))
        done = look_now(context)
        assert (dict(done.states), done.failed) == ({"taken": 1}, 1)
        assert state(office, good) is ReportState.TAKEN
        office.clock.forward(minutes=11)
    look_now(context)
    assert (state(office, bad), Doubt.UNREADABLE in line(office, bad).doubts) == (ReportState.HELD, True)


def test_without_the_key_store_no_report_is_at_fault(office: Office) -> None:
    context = office.matcher.context
    receipts = [report(office, child(20 + number, 1)) for number in range(2)]
    away = context.keys.path.rename(context.keys.path.with_name("away"))
    for _ in range(5):
        with pytest.raises(KeyProblem, match="is not there"):
            look_now(context)
        office.clock.forward(minutes=11)
    away.rename(context.keys.path)
    assert look_at_all(context) == 2
    assert {state(office, one) for one in receipts} == {ReportState.TAKEN}


@pytest.mark.parametrize("error", [Damaged(), PhotoRefused("none"), MemoryError()])
def test_what_is_wrong_with_the_gallery_is_no_report_s_fault(
    office: Office, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    context = office.matcher.context
    receipts = [report(office, child(20 + number, 1)) for number in range(4)]
    with monkeypatch.context() as broken:
        broken.setattr(report_work, "search", failing(error))
        for _ in range(5):
            with pytest.raises(type(error)):
                look_now(context)
            office.clock.forward(minutes=11)
    assert look_at_all(context) == 4
    assert {(state(office, one), line(office, one).doubts) for one in receipts} == {(ReportState.TAKEN, ())}


def test_a_damaged_snapshot_holds_no_report(office: Office) -> None:
    context = office.matcher.context
    office.register(1)
    office.matcher.reindex(actor="me")
    (current,) = context.home.root.glob("**/CURRENT")
    whole = current.read_bytes()
    current.write_text("nonsense\n", encoding="utf-8")
    receipt = report(office)
    with Matcher.open(context.home.root) as matcher:  # one that reads the snapshot only now
        again = matcher.context
        object.__setattr__(again, "clock", office.clock)
        for _ in range(5):
            with pytest.raises(Damaged, match="CURRENT"):
                look_at_all(again)
            office.clock.forward(minutes=11)
        current.write_bytes(whole)
        assert look_at_all(again) == 1
    assert (state(office, receipt), line(office, receipt).doubts) == (ReportState.TAKEN, ())


@pytest.mark.parametrize("error", [Stopped(), ModelProblem()])
def test_what_is_wrong_with_the_home_ends_the_look_at_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    context, tried = office.matcher.context, []
    for number in range(4):
        report(office, child(20 + number, 1))
    monkeypatch.setattr(context.pipeline, "find", lambda *a, **k: tried.append(1) or failing(error)())
    with pytest.raises(type(error)):
        look_now(context)
    assert len(tried) == 1


def test_three_in_a_row_end_the_look_and_begin_with_others_next_time(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = office.matcher.context
    receipts = []
    for number in range(5):
        receipts.append(report(office, child(20 + number, 1)))
        office.clock.forward(seconds=1)
    for one in receipts[:3]:
        vanished(office, one)
    with pytest.raises(StoreProblem):
        look_at_all(context)
    assert {state(office, one) for one in receipts} == {ReportState.QUEUED}
    assert look_at_all(context) == 2
    assert {state(office, one) for one in receipts[3:]} == {ReportState.TAKEN}


def test_a_lease_of_a_clock_that_was_ahead_is_over(office: Office) -> None:
    context, receipt = office.matcher.context, report(office)
    office.clock.forward(days=3)
    assert report_work._lease(context) is not None
    office.clock.forward(days=-3)
    assert look_at_next(context) is not None
    assert state(office, receipt) is ReportState.TAKEN
    report(office, child(2))
    assert report_work._lease(context).leased_until == office.clock() + LEASE
    assert look_at_next(context) is None, "a lease of the present clock holds"


def test_a_duplicate_of_what_comes_to_wait_for_a_person_does_not_wait_with_it(office: Office) -> None:
    context = office.matcher.context
    office.register(1)
    bad = report(office, trap="x")
    office.clock.forward(seconds=1)
    good = report(office)
    assert report_work._lease(context) is not None  # by a process that dies
    look_at_next(context)
    assert state(office, good) is ReportState.DUPLICATE
    office.clock.forward(minutes=11)
    look_at_all(context)
    assert (state(office, bad), state(office, good)) == (ReportState.HELD, ReportState.TAKEN)
    assert office.matcher.sighting(good.id).photos[0].faces[0].candidates


def test_the_other_duplicates_are_left_alone_when_one_of_them_is_refused_or_taken_back(office: Office) -> None:
    """Else whoever refuses a flood of them one by one has each looked at again each time."""
    receipts = []
    for _ in range(4):
        receipts.append(report(office))
        office.clock.forward(seconds=1)
    look_at_all(office.matcher.context)
    assert [state(office, one) for one in receipts] == [ReportState.TAKEN] + [ReportState.DUPLICATE] * 3
    office.matcher.public.reports.refuse(office.boss, receipts[1].id, reason="advertising")
    assert office.matcher.public.reports.withdraw(receipts[2].code) is True
    assert look_at_next(office.matcher.context) is None
    assert state(office, receipts[3]) is ReportState.DUPLICATE


def test_duplicates_of_what_was_added_do_not_wait_with_it(office: Office) -> None:
    """They stand beside the first report, as what was added does."""
    first = report(office, child(2, 1))
    office.clock.forward(seconds=1)
    bad = added(office, first, child(1, 1), trap="x")
    office.clock.forward(seconds=1)
    good = report(office)
    report_work._lease(office.matcher.context)
    report_work._lease(office.matcher.context)  # by two processes that die
    look_at_next(office.matcher.context)
    assert (state(office, good), line(office, good).merged_into) == (ReportState.DUPLICATE, first.id)
    office.clock.forward(minutes=11)
    look_at_all(office.matcher.context)
    assert (state(office, bad), state(office, good)) == (ReportState.HELD, ReportState.TAKEN)
    as_bad = report(office, trap="y")
    look_at_all(office.matcher.context)
    assert state(office, as_bad) is ReportState.DUPLICATE
    office.matcher.public.reports.refuse(office.boss, bad.id, reason="advertising")
    look_at_all(office.matcher.context)
    assert (state(office, as_bad), Doubt.SAME_REFUSED in line(office, as_bad).doubts) == (ReportState.HELD, True)


def test_a_report_beside_which_its_like_is_shown_is_searched_for(office: Office) -> None:
    reports, context = office.matcher.public.reports, office.matcher.context
    first = report(office)
    look_at_all(context)
    office.clock.forward(seconds=1)
    second = report(office, small(child(1, 1), 220))
    reports.merge(office.boss, first.id, second.id)
    look_at_all(context)
    now = line(office, second)
    assert (now.state, now.merged_into, now.merged) == (ReportState.TAKEN, None, (first.id,))


def test_what_is_shown_beside_a_report_while_it_is_looked_at_is_not_merged_into_itself(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports, context = office.matcher.public.reports, office.matcher.context
    first = report(office)
    look_at_all(context)
    office.clock.forward(seconds=1)
    second = report(office)
    after_comparing(monkeypatch, lambda: reports.merge(office.boss, first.id, second.id))
    look_at_next(context)
    assert (state(office, second), line(office, second).merged_into) == (ReportState.QUEUED, None)
    look_at_all(context)
    assert state(office, second) is ReportState.TAKEN


def test_what_is_held_or_refused_while_its_duplicate_is_looked_at_keeps_none(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, reports = office.matcher.context, office.matcher.public.reports
    bad = report(office, trap="x")
    office.clock.forward(seconds=1)
    good = report(office)
    begun = report_work._lease(context)
    after_comparing(monkeypatch, lambda: report_work._look(context, begun))
    look_at_next(context)
    assert (state(office, bad), state(office, good)) == (ReportState.HELD, ReportState.QUEUED)
    assert dict(look_now(context).states) == {"taken": 1}
    assert (state(office, good), kept(office, good).attempts) == (ReportState.TAKEN, 1)
    office.clock.forward(seconds=1)
    spam = report(office, trap="y")
    after_comparing(monkeypatch, lambda: reports.refuse(office.boss, bad.id, reason="advertising"))
    assert dict(look_now(context).states) == {"held": 1}
    assert (state(office, spam), Doubt.SAME_REFUSED in line(office, spam).doubts) == (ReportState.HELD, True)


def test_the_photo_of_a_card_is_known_as_the_public_sees_it(office: Office) -> None:
    missing(office)
    card = published(office)
    shown = pictures.portrait(office.matcher.context, FaceId(parse_id(card.face)))
    first, other = report(office, small(shown, 300)), report(office, child(1, 1), card=card.code)
    office.clock.forward(seconds=1)
    again = report(office, shown)
    office.matcher.public.cards.withdraw(office.officer, card.id, reason="for now")
    look_at_all(office.matcher.context)
    for one, there in ((first, ReportState.HELD), (again, ReportState.DUPLICATE)):
        assert (state(office, one), line(office, one).doubts) == (there, (Doubt.CARD_PHOTO,))
    assert (state(office, other), line(office, other).doubts) == (ReportState.TAKEN, ())


def test_the_photos_of_cards_are_not_taken_for_those_of_other_children(office: Office) -> None:
    for seed in range(1, 9):
        missing(office, f"A-{seed}", seed=seed)
        published(office, f"A-{seed}")
    receipts = [report(office, child(seed, variant)) for seed in range(1, 13) for variant in (1, 2)]
    look_at_all(office.matcher.context)
    assert [line(office, one).doubts for one in receipts] == [()] * len(receipts)


def test_what_institutions_and_partners_hand_in_at_once_is_not_held(office: Office) -> None:
    me = second_officer(office, "home-east")
    told = {"place": "the children's home in the east", "note": "came in this year"}
    sent = {"account": me.id, "sender": f"account {me.id}", "told": told}
    receipts = [
        report(office, child(20 + number, 3), via=via, **sent)
        for number in range(4)
        for via in (Via.INSTITUTION, Via.PARTNER)
    ]
    by_form = [report(office, child(40 + number, 3), told=told) for number in range(2)]
    look_at_all(office.matcher.context)
    assert {line(office, one).doubts for one in receipts} == {()}
    assert Doubt.REPEATED_WORDS in line(office, by_form[1]).doubts


def test_likenesses_with_which_nothing_is_compared_any_more_are_forgotten(office: Office) -> None:
    receipt = report(office)
    look_at_all(office.matcher.context)
    since = office.clock() - timedelta(days=100)
    for days, left in ((29, 1), (2, 0)):
        office.clock.forward(days=days)
        office.matcher.reindex(actor="me")
        with office.matcher.context.store.read() as reading:
            assert len(reading.reports.likenesses(since)[0]) == left
    assert len(office.matcher.sighting(receipt.id).photos) == 1


def test_an_addition_with_the_first_photo_again_is_its_duplicate(office: Office) -> None:
    first = report(office)
    office.clock.forward(seconds=1)
    more = added(office, first, child(1, 1))
    look_at_all(office.matcher.context)
    assert (state(office, more), line(office, more).merged_into) == (ReportState.DUPLICATE, first.id)
    assert not office.matcher.public.reports.receipt(first.code).unusable
