"""The reviewers' desk from a sighting to a decision, with drawn faces and real models."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from offices import ME, START, Office, again, excluded, opened
from pictures import child, group
from reviews import Clock, account, pair_of, recused

from matcher.accounts.rights import Acting
from matcher.domain.cases import CaseStatus
from matcher.domain.ids import id_text, parse_id
from matcher.domain.people import Role
from matcher.domain.reviews import Outcome, ReopenedBy, TaskKind, TaskState, Truth
from matcher.errors import Conflict, MatcherError, NotFound, NotPermitted, WrongUse
from matcher.services.desk_tasks import reopen_of_other_spaces
from matcher.services.desk_views import ClaimView, ListSheet, PairSheet, QueueItem, SealedView
from matcher.services.inputs import ReasonCode, Who


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    """No control pairs and no second looks, which are drawn by a random key."""
    yield from opened(home, Clock(START), "control_rate = 0\nsecond_look_rate = 0\n")


def test_from_a_list_to_a_confirmed_pair(office: Office) -> None:
    office.register(1, 2, 3)
    sighting = office.submit(1)
    desk = office.matcher.desk
    office.pick(office.ann, "A-1")
    assert desk.next(office.ben, "list") is None, "a list with a pick is done"
    mine = office.judge(office.ann, "potential", features={"ears": ("similar", " lobe ")}, note="same ears")
    assert office.states() == {}
    assert desk.next(office.ann, "pair") is None
    theirs = office.judge(office.ben, "potential")
    assert desk.next(office.cat) is None, "two are enough"
    assert office.states() == {TaskState.ESCALATED: 1}
    (notice,) = desk.notices(office.officer)
    assert (notice.kind, notice.read_at) == ("escalated", None)
    desk.mark_read(office.officer, [notice.id])
    assert desk.notices(office.officer)[0].read_at is not None
    (pair,) = desk.pairs(office.officer, "escalated")
    assert (pair.task, pair.outcomes) == (notice.task, (Outcome.POTENTIAL, Outcome.POTENTIAL))
    view = desk.pair(office.officer, pair.task)
    assert (view.facts.case_id, view.facts.sighting, view.facts.name) == ("A-1", sighting, "Child 1")
    assert {one.by for one in view.verdicts} == {"ann", "ben"}
    with office.matcher.context.store.read() as reading:
        asked = reading.candidates.of_sighting(parse_id(sighting))
        assert recused(reading, office.officer.id, asked) == 3, "whoever has looked is recused from the sighting"
    with pytest.raises(WrongUse, match="no result of a confirmation"):
        desk.confirm(office.officer, pair.task, ("dna", "lab 17"), "returned")
    with pytest.raises(WrongUse, match="reference"):
        desk.confirm(office.officer, pair.task, ("dna", " "))
    assert office.matcher.case("A-1").status is CaseStatus.OPEN
    desk.confirm(office.officer, pair.task, ("dna", "lab 17"), note="report came in")
    assert office.states() == {TaskState.CONFIRMED: 1}
    closed = office.matcher.case("A-1")
    assert (closed.status, closed.history[-1].actor) == (CaseStatus.LOCATED_ALIVE, "officer")
    assert closed.history[-1].confirmation is not None
    with pytest.raises(Conflict, match="confirmed"):
        desk.confirm(office.officer, pair.task, ("dna", "lab 17"))
    told = desk.reveal(office.ben, theirs)
    assert (told.facts.case_id, told.truth, len(told.others)) == ("A-1", None, 1)
    assert (told.others[0].by, told.others[0].note) == (None, "same ears")
    with pytest.raises(Conflict, match="was decided since"):
        desk.revise(office.ben, theirs, "inconclusive")
    assert desk.reveal(office.ann, mine).facts.sentence is not None
    actions = [one.entry.action for one in office.matcher.audit()]
    for action in ("claim", "open_list", "seal_list", "open_pair", "seal_pair", "pair", "decide", "reveal"):
        assert f"review.{action}" in actions
    assert "case.status" in actions
    assert office.matcher.verify_audit().problem is None


def test_a_disagreement_goes_to_a_supervisor(office: Office) -> None:
    office.register(1, 2)
    office.submit(1)
    desk = office.matcher.desk
    office.pick(office.cat, "A-1", "A-2")
    for acting, outcomes in ((office.ann, ("potential", "inconclusive")), (office.ben, ("no_candidate",) * 2)):
        for outcome in outcomes:
            office.judge(acting, outcome)
    assert office.states() == {TaskState.DISPUTED: 2}
    first, second = desk.pairs(office.boss, "disputed")
    assert len(desk.notices(office.boss)) == 2
    for acting in (office.ann, office.officer):
        with pytest.raises(NotPermitted):
            desk.settle(acting, first.task, "excluded", note="no")
    with pytest.raises(NotPermitted):
        desk.pairs(office.ann, "disputed")
    with pytest.raises(WrongUse, match="Why"):
        desk.settle(office.boss, first.task, "excluded", note=" ")
    with pytest.raises(WrongUse, match="not as 'confirmed'"):
        desk.settle(office.boss, first.task, "confirmed", note="x")
    desk.settle(office.boss, first.task, "escalated", note="look again")
    desk.settle(office.boss, second.task, "excluded", note="other ears")
    with pytest.raises(Conflict, match="excluded"):
        desk.settle(office.boss, second.task, "escalated", note="late")
    desk.refute(office.officer, first.task, note="the family says no")
    assert office.states() == {TaskState.EXCLUDED: 2}
    kinds = {(one.kind, one.actor, one.note) for one in desk.pair(office.boss, first.task).decisions}
    assert kinds == {("escalated", "boss", "look again"), ("refuted", "officer", "the family says no")}


def test_who_judged_does_not_settle(office: Office) -> None:
    office.register(1)
    office.submit(1)
    office.pick(office.ann, "A-1")
    office.judge(office.boss, "potential")
    office.judge(office.ben, "no_candidate")
    (pair,) = office.matcher.desk.pairs(office.boss, "disputed")
    with pytest.raises(Conflict, match="another supervisor"):
        office.matcher.desk.settle(office.boss, pair.task, "excluded", note="mine is right")


def test_a_revision_ends_the_agreement(office: Office) -> None:
    office.register(1)
    office.submit(1)
    desk = office.matcher.desk
    office.pick(office.ann, "A-1")
    claim = office.judge(office.ann, "potential")
    office.judge(office.ben, "potential")
    with pytest.raises(Conflict, match="not revealed yet"):
        desk.revise(office.ann, claim, "no_candidate")
    desk.reveal(office.ann, claim)
    sealed = desk.revise(office.ann, claim, "no_candidate", note="the name")
    assert office.states() == {TaskState.DISPUTED: 1}
    assert desk.revise(office.ann, claim, "no_candidate", note="the name") == sealed, "the same again"
    assert desk.reveal(office.ann, claim).mine.revised
    desk.revise(office.ann, claim, "potential")
    assert office.states() == {TaskState.DISPUTED: 1}, "back again is not blind either"
    assert desk.own_quality(office.ann).kappa is None
    assert desk.own_quality(office.ann).pairs == 1


def test_an_exclusion_survives_a_reindex_and_ends_with_a_new_photo(office: Office) -> None:
    task = excluded(office)
    desk = office.matcher.desk
    office.matcher.reindex(actor=ME)
    before = len(office.matcher.audit())
    assert office.states() == {TaskState.EXCLUDED: 1}
    assert desk.next(office.ann) is None
    office.matcher.update_case("A-1", actor=ME, clothing="red")
    office.matcher.update_case("A-1", [child(1)], actor=ME)  # known already
    office.matcher.update_case("A-2", [child(2, 3)], actor=ME)  # of another child
    office.matcher.update_case("A-1", [group(1, 5)], actor=ME)  # nobody is chosen on it yet
    assert office.states() == {TaskState.EXCLUDED: 1}
    (_, waiting), *_ = office.matcher.awaiting_choice()
    office.matcher.choose_face(waiting.id, 1, actor="intake")
    assert office.states() == {}
    (entry,) = [one.entry for one in office.matcher.audit(after=before) if one.entry.action == "review.reopen"]
    assert (entry.actor, entry.objects) == ("intake", (task,))
    assert dict(entry.details) == {"because": "new_photo", "tasks": 1}
    claim = desk.next(office.ann)
    assert claim is not None
    assert desk.pair_sheet(office.ann, claim.claim).places == 2, "both photos of the child"
    desk.seal_pair(office.ann, claim.claim, "potential")
    office.judge(office.boss, "potential")
    view = desk.pair(office.officer, task)
    assert (view.item.round, view.item.reopened_by) == (2, ReopenedBy.NEW_PHOTO)
    assert [(one.kind, one.round, one.actor) for one in view.decisions] == [("reopened", 1, "intake")]
    assert len(view.verdicts) == 2


def test_a_photo_that_is_added_with_its_face_asks_again(office: Office) -> None:
    task = excluded(office)
    office.matcher.update_case("A-1", [child(1, 4)], actor="intake")
    assert office.states() == {}
    (entry,) = [one.entry for one in office.matcher.audit() if one.entry.action == "review.reopen"]
    assert entry.objects == (task,)
    assert office.matcher.desk.next(office.ann) is not None


def test_a_person_reopens_with_a_reason(office: Office) -> None:
    task = excluded(office)
    desk = office.matcher.desk
    with pytest.raises(NotPermitted):
        desk.reopen(office.officer, task, note="x")
    with pytest.raises(WrongUse, match="Why"):
        desk.reopen(office.boss, task, note="")
    office.matcher.close_case("A-1", status="returned", actor=ME)
    with pytest.raises(Conflict, match="has ended"):
        desk.reopen(office.boss, task, note="x")
    office.matcher.reopen_case("A-1", actor=ME, reason="a mistake")
    desk.reopen(office.boss, task, note="a letter came")
    with pytest.raises(Conflict, match="waiting"):
        desk.reopen(office.boss, task, note="again")
    with pytest.raises(NotPermitted, match="shown to nobody"):
        desk.pair(office.boss, task)
    assert desk.next(office.ann) is not None


def test_a_new_model_asks_again(office: Office) -> None:
    task = excluded(office)
    context = office.matcher.context
    for space, asked in ((context.space.name, 0), ("another", 1), ("another", 0)):
        with context.store.write() as tx:
            assert reopen_of_other_spaces(context, tx, space, Who("admin", ReasonCode.MAINTENANCE)) == asked
    with context.store.read() as reading:
        again = reading.tasks.get(parse_id(task))
    assert (again.state, again.round, again.reopened_by, again.space) == (
        TaskState.WAITING,
        2,
        ReopenedBy.NEW_MODEL,
        "another",
    )


def test_an_excluded_pair_is_not_on_a_list(office: Office) -> None:
    """A second look comes after the exclusion of a pair of the same face."""
    office.register(1, 2, 3)
    office.submit(1)
    desk = office.matcher.desk
    with office.matcher.context.store.write() as tx:
        (listed,) = tx.tasks.standing(TaskState.WAITING, TaskKind.LIST)
        pair_of(tx, tx.candidates.of_list(listed.face_id, listed.space)[0], state=TaskState.EXCLUDED)
    claim = desk.next(office.ann)
    assert desk.list_sheet(office.ann, claim.claim).places == 2


def test_a_search_recuses(office: Office) -> None:
    office.register(1, 2)
    office.submit(1)
    desk = office.matcher.desk
    office.matcher.match(child(2, 2), actor="boss", reason="a call")
    assert desk.next(office.boss) is None, "the search has shown both cases"
    office.pick(office.ann, "A-1")
    assert desk.queue(office.boss).waiting == ()
    (pair,) = desk.queue(office.ben).waiting
    with pytest.raises(Conflict, match="more of it than its photos"):
        desk.claim(office.boss, pair.task)
    office.matcher.match(child(2, 2), actor="somebody without an account", reason="a call")
    assert desk.claim(office.ben, pair.task)


def test_whoever_looks_while_it_holds_a_claim_cannot_seal_it(office: Office) -> None:
    office.register(1)
    sighting = office.submit(1)
    desk = office.matcher.desk
    held = desk.next(office.ann).claim
    desk.list_sheet(office.ann, held)
    office.matcher.sighting(sighting, actor="ann")
    for call in (lambda: desk.seal_list(office.ann, held, [1]), lambda: desk.faces(office.ann, held)):
        with pytest.raises(Conflict, match="more of it than its photos"):
            call()
    assert desk.next(office.ben) is None, "the seat is taken"
    desk.give_back(office.ann, held)
    office.pick(office.ben, "A-1")
    held = desk.next(office.ben).claim
    desk.pair_sheet(office.ben, held)
    office.matcher.match(child(1, 2), actor="ben", reason="curious")
    with pytest.raises(Conflict, match="more of it than its photos"):
        desk.seal_pair(office.ben, held, "potential")
    assert desk.next(office.ben) is None


@pytest.mark.parametrize("look", ["sighting", "case", "submit"])
def test_looking_recuses(office: Office, look: str) -> None:
    office.register(1)
    if look == "submit":
        office.matcher.submit_sighting([child(1, 1)], actor="boss")
    else:
        sighting = office.submit(1)
        assert office.matcher.desk.queue(office.boss).waiting
        if look == "sighting":
            office.matcher.sighting(sighting)
            assert office.matcher.desk.queue(office.boss).waiting, "nobody in particular has looked"
            office.matcher.sighting(sighting, actor="boss")
        else:
            office.matcher.casework.case(office.boss, "A-1")
        assert office.matcher.audit()[-1].entry.action == f"{look}.view"
    assert office.matcher.desk.queue(office.boss).waiting == ()
    assert len(office.matcher.desk.queue(office.ben).waiting) == 1


def test_blind_views_hold_nothing_that_sways(office: Office) -> None:
    office.register(1, 2, 3, 4)
    sighting = office.submit(1)
    desk = office.matcher.desk
    claim = desk.next(office.ann)
    sheet = desk.list_sheet(office.ann, claim.claim)
    assert sheet == ListSheet(claim.claim, START + timedelta(minutes=30), 4, ())
    names = {kind.__name__: {field.name for field in fields(kind)} for kind in (ClaimView, QueueItem, SealedView)}
    assert names == {
        "ClaimView": {"claim", "kind", "urgent", "expires_at"},
        "QueueItem": {"task", "kind", "urgent", "waiting_since"},
        "SealedView": {"claim", "sealed_at"},
    }
    desk.seal_list(office.ann, claim.claim, [1, 2])
    pair = desk.next(office.ben)
    blind = desk.pair_sheet(office.ben, pair.claim)
    assert {field.name for field in fields(PairSheet)} == {
        "claim", "expires_at", "places", "weaknesses", "marks", "features", "draft"
    }  # fmt: skip
    assert (blind.places, blind.marks, blind.draft, len(blind.features)) == (1, "a scar", None, 15)
    for view in (claim, sheet, pair, blind, desk.queue(office.cat)):
        for secret in ("A-1", "Child", "river", sighting):
            assert secret not in repr(view)
    opened = [one.entry for one in office.matcher.audit() if one.entry.action == "review.open_list"]
    assert [len(one.objects) for one in opened] == [2 + 1 + 4], "claim, task, and every face that was given out"
    desk.pair_sheet(office.ben, pair.claim)
    assert sum(one.entry.action == "review.open_pair" for one in office.matcher.audit()) == 1


def test_the_order_is_each_reviewers_own_and_stays(home: Path) -> None:
    for office in opened(home, Clock(START), "control_rate = 0\nsecond_look_rate = 1\n"):
        office.register(*range(1, 9))
        office.submit(1)
        desk = office.matcher.desk
        orders = []
        for acting in (office.ann, office.ben):
            claim = desk.next(acting)
            desk.list_sheet(acting, claim.claim)
            desk.save_picks(acting, claim.claim, [3, 5])
            assert desk.list_sheet(acting, claim.claim).picks == (3, 5)
            orders.append(desk.faces(acting, claim.claim).places)
            assert desk.faces(acting, claim.claim).places == orders[-1]
            desk.seal_list(acting, claim.claim, [])
        assert set(orders[0]) == set(orders[1])
        assert orders[0][0] == orders[1][0]
        assert orders[0] != orders[1], "one chance in 40,320 to be equal"
        assert desk.next(office.cat) is None, "two looks at most"


@pytest.mark.parametrize(("seen_at", "minutes"), [(None, 30), (START, 10)])
def test_whoever_needs_more_time_gets_the_lease_anew(office: Office, seen_at: datetime | None, minutes: int) -> None:
    office.register(1)
    office.submit(1, seen_at=seen_at)
    desk = office.matcher.desk
    held = desk.next(office.ann)
    desk.list_sheet(office.ann, held.claim)
    desk.save_picks(office.ann, held.claim, [1])
    for _ in range(12):  # ten times at least: WCAG 2.2.1
        office.clock.forward(minutes=minutes - 0.01)
        extended = desk.extend(office.ann, held.claim)
        assert extended == replace(held, expires_at=office.clock() + timedelta(minutes=minutes)), "urgent as before"
    assert desk.queue(office.ann).mine == (extended,)
    assert desk.list_sheet(office.ann, held.claim).picks == (1,)
    assert desk.next(office.ben) is None, "the seat is taken"
    entries = [one.entry for one in office.matcher.audit() if one.entry.action == "review.extend"]
    assert [one.actor for one in entries] == ["ann"] * 12
    desk.seal_list(office.ann, held.claim, [1])
    with pytest.raises(Conflict, match="sealed, given back"):
        desk.extend(office.ann, held.claim)


def test_leases_end_and_drafts_stay(office: Office) -> None:
    office.register(1)
    office.submit(1)
    desk = office.matcher.desk
    office.pick(office.ann, "A-1")
    claim = desk.next(office.ben)
    desk.pair_sheet(office.ben, claim.claim)
    desk.save_draft(office.ben, claim.claim, features={"nose": ("dissimilar", None)}, note="not sure")
    assert desk.next(office.ben) == claim, "what one holds comes first"
    assert desk.queue(office.ben).mine == (claim,)
    office.clock.forward(minutes=30)
    for call in (
        lambda: desk.seal_pair(office.ben, claim.claim, "potential"),
        lambda: desk.pair_sheet(office.ben, claim.claim),
        lambda: desk.save_draft(office.ben, claim.claim),
        lambda: desk.faces(office.ben, claim.claim),
        lambda: desk.give_back(office.ben, claim.claim),
        lambda: desk.extend(office.ben, claim.claim),
    ):
        with pytest.raises(Conflict, match="lease has ended"):
            call()
    again = desk.next(office.ben)
    assert again.claim != claim.claim
    draft = desk.pair_sheet(office.ben, again.claim).draft
    assert (draft.note, len(draft.features)) == ("not sure", 1)
    desk.give_back(office.ben, again.claim)
    with pytest.raises(Conflict, match="sealed, given back"):
        desk.seal_pair(office.ben, again.claim, "potential")
    last = desk.next(office.ben)
    assert desk.pair_sheet(office.ben, last.claim).draft is None


def test_sealing_twice(office: Office) -> None:
    office.register(1, 2)
    office.submit(1)
    desk = office.matcher.desk
    claim = desk.next(office.ann)
    with pytest.raises(Conflict, match="not opened yet"):
        desk.seal_list(office.ann, claim.claim, [1])
    with pytest.raises(Conflict, match="not opened yet"):
        desk.faces(office.ann, claim.claim)
    desk.list_sheet(office.ann, claim.claim)
    for place in (0, 3):
        with pytest.raises(WrongUse, match="places are 1 … 2"):
            desk.seal_list(office.ann, claim.claim, [place])
    sealed = desk.seal_list(office.ann, claim.claim, [2, 2])
    office.clock.forward(hours=9)
    assert desk.seal_list(office.ann, claim.claim, [2]) == sealed
    with pytest.raises(Conflict, match="other picks"):
        desk.seal_list(office.ann, claim.claim, [1])
    pair = desk.next(office.ann)
    with pytest.raises(Conflict, match="not opened yet"):
        desk.seal_pair(office.ann, pair.claim, "potential")
    desk.pair_sheet(office.ann, pair.claim)
    sealed = desk.seal_pair(office.ann, pair.claim, "potential", {"ears": ("similar", "")}, "  a note ")
    assert desk.faces(office.ann, pair.claim).places, "one's own sealed pair can be looked at while the lease lasts"
    office.clock.forward(hours=9)
    with pytest.raises(Conflict):
        desk.faces(office.ann, pair.claim)
    assert desk.seal_pair(office.ann, pair.claim, "potential", {"ears": ("similar", None)}, "a note") == sealed
    with pytest.raises(Conflict, match="another verdict"):
        desk.seal_pair(office.ann, pair.claim, "no_candidate", {"ears": ("similar", None)}, "a note")
    assert len(desk.queue(office.ben, "pairs").waiting) == 1


def test_what_is_not_ones_own_does_not_exist(office: Office) -> None:
    office.register(1)
    office.submit(1)
    desk = office.matcher.desk
    claim = desk.next(office.ann).claim
    desk.list_sheet(office.ann, claim)
    said = []
    for name in (claim, "0000000000001"):
        with pytest.raises(NotFound) as caught:
            desk.list_sheet(office.ben, name)
        said.append(str(caught.value).replace(name, "…"))
    assert said[0] == said[1]
    for call in (
        lambda: desk.seal_list(office.ben, claim, []),
        lambda: desk.pair_sheet(office.ann, claim),
        lambda: desk.seal_pair(office.ann, claim, "potential"),
        lambda: desk.reveal(office.ben, claim),
        lambda: desk.revise(office.ben, claim, "potential"),
        lambda: desk.faces(office.ben, claim),
        lambda: desk.give_back(office.ben, claim),
        lambda: desk.extend(office.ben, claim),
        lambda: desk.claim(office.ben, "0000000000001"),
        lambda: desk.confirm(office.officer, "0000000000001", ("dna", "x")),
    ):
        with pytest.raises(NotFound):
            call()
    for wrong in ("../../etc", "", "x" * 500, "'; DROP TABLE tasks"):
        with pytest.raises(WrongUse):
            desk.list_sheet(office.ann, wrong)
    for call in (
        lambda: desk.next(office.officer),
        lambda: desk.claim(office.officer, "0000000000001"),
        lambda: desk.list_sheet(office.officer, claim),
        lambda: desk.extend(office.officer, claim),
        lambda: desk.queue(office.officer),
        lambda: desk.quality(office.ann),
        lambda: desk.confirm(office.boss, "0000000000001", ("dna", "x")),
    ):
        with pytest.raises(NotPermitted):
            call()


def test_wrong_judgements(office: Office) -> None:
    desk = office.matcher.desk
    for said, words in (
        ({"outcome": "maybe"}, "outcome 'maybe'"),
        ({"outcome": "potential", "features": {"hat": ("similar", None)}}, "feature 'hat'"),
        ({"outcome": "potential", "features": {"ears": ("alike", None)}}, "ears 'alike'"),
        ({"outcome": "potential", "note": "x" * 4001}, "4001 characters"),
        ({"outcome": "potential", "note": "a\0b"}, "NUL"),
        ({"outcome": None}, "needs an outcome"),
    ):
        with pytest.raises(WrongUse, match=words):
            desk.seal_pair(office.ann, "0000000000001", **said)


def test_a_case_that_ends_under_review(office: Office) -> None:
    office.register(1, 2)
    office.submit(1)
    desk = office.matcher.desk
    office.pick(office.ann, "A-1")
    claim = desk.next(office.ben)
    desk.pair_sheet(office.ben, claim.claim)
    office.matcher.close_case("A-1", status="returned", actor=ME)
    for call in (
        lambda: desk.seal_pair(office.ben, claim.claim, "potential"),
        lambda: desk.pair_sheet(office.ben, claim.claim),
    ):
        with pytest.raises(Conflict, match="the case has ended"):
            call()
    assert desk.next(office.ben) is None, "and it keeps nobody from working"
    assert desk.queue(office.cat).waiting == ()
    with office.matcher.context.store.read() as reading:
        (pair,) = reading.tasks.standing(TaskState.CLOSED, TaskKind.PAIR)
    with pytest.raises(Conflict, match="the case has ended"):
        desk.claim(office.cat, id_text(pair.id))


def test_urgent_first(office: Office) -> None:
    office.register(1)
    old, new = START - timedelta(hours=40), START - timedelta(hours=2)
    office.submit(1, seen_at=old, apparent_age=2)
    office.submit(2, seen_at=new, apparent_age=9)
    office.submit(3, seen_at=new + timedelta(minutes=20), apparent_age=5)
    office.submit(4)
    desk = office.matcher.desk
    lane = desk.queue(office.ann, "urgent").waiting
    assert [one.urgent for one in lane] == [True] * 3
    assert len(desk.queue(office.ann).waiting) == 4
    claim = desk.next(office.ann)
    assert (claim.urgent, claim.expires_at) == (True, START + timedelta(minutes=10))
    with office.matcher.context.store.read() as reading:
        task = reading.tasks.get(reading.claims.get(parse_id(claim.claim)).task_id)
    assert task.age == 5, "the latest hour, then the youngest"
    office.clock.forward(hours=9)
    assert len(desk.queue(office.ann, "overdue").waiting) == 1
    assert len(desk.queue(office.ann, "urgent").waiting) == 2
    assert desk.queue(office.ann, "mine").waiting == ()
    with pytest.raises(WrongUse, match="limit"):
        desk.queue(office.ann, limit=0)


def test_control_pairs_look_like_others_and_change_nothing(home: Path) -> None:
    for office in opened(home, Clock(START), "control_rate = 0\nsecond_look_rate = 0\n"):
        excluded(office)
        office.submit(2)
        office.pick(office.cat, "A-2")
    for office in again(home, Clock(START + timedelta(hours=1)), "control_rate = 1\n"):
        desk, officer = office.matcher.desk, office.boss
        claim = desk.next(officer)
        sheet = desk.pair_sheet(officer, claim.claim)
        assert (claim.urgent, sheet.places, sheet.marks, sheet.draft) == (False, 1, "a scar", None)
        assert len(desk.queue(office.ben, "pairs").waiting) == 1, "it takes nobody's seat"
        office.matcher.close_case("A-1", status="returned", actor=ME)
        office.clock.forward(seconds=90)
        desk.seal_pair(officer, claim.claim, "potential")
        with pytest.raises(Conflict, match="not revealed yet"):
            desk.revise(officer, claim.claim, "no_candidate")
        told = desk.reveal(officer, claim.claim)
        assert (told.truth, told.facts.case_id, told.others) == (Truth.DIFFERENT, "A-1", ())
        with pytest.raises(Conflict, match="control pair"):
            desk.revise(officer, claim.claim, "no_candidate")
        assert office.states() == {TaskState.EXCLUDED: 1}
        with office.matcher.context.store.read() as reading:
            (known,) = reading.tasks.standing(TaskState.EXCLUDED, TaskKind.PAIR)
            assert known.updated_at == START, "nothing was changed"
            assert len(reading.verdicts.of_round(known.id, 1)) == 2
            assert [one.round for one in reading.verdicts.under(parse_id(claim.claim))] == [0]
        second = desk.next(officer)
        desk.pair_sheet(officer, second.claim)
        desk.seal_pair(officer, second.claim, "no_candidate")
        assert desk.reveal(officer, second.claim).truth is None, "no other pair is known"
        own = desk.own_quality(officer)
        assert (own.pairs, own.errors.false_alarms.count, own.errors.false_alarms.total) == (2, 1, 1)
        assert own.pair_seconds == 45
        assert {one.name for one in desk.quality(officer)} == {"ann", "ben", "boss", "cat"}


def test_nothing_in_the_queue_tells_a_control_pair(home: Path) -> None:
    for office in opened(home, Clock(START), "control_rate = 0\nsecond_look_rate = 0\n"):
        excluded(office)
        office.submit(2)
        office.pick(office.cat, "A-2")
    seen = []
    for rate in (1, 0):
        for office in again(home, Clock(START + timedelta(hours=1)), f"control_rate = {rate}\n"):
            desk, boss = office.matcher.desk, account(office.matcher.context.store, f"new{rate}", Role.REVIEWER)
            (waiting,) = desk.queue(boss, "pairs").waiting
            first = desk.next(boss) if rate else desk.claim(boss, waiting.task)
            hidden = desk.queue(boss, "pairs").waiting == () and desk.claim(boss, waiting.task) == first
            desk.pair_sheet(boss, first.claim)
            desk.save_draft(boss, first.claim, "potential")
            office.clock.forward(minutes=31)
            back = desk.queue(boss, "pairs").waiting == (waiting,)
            second = desk.claim(boss, waiting.task)
            drafted = desk.pair_sheet(boss, second.claim).draft.outcome
            desk.give_back(boss, second.claim)
            third = desk.next(boss)
            seen.append((first.urgent, hidden, back, drafted, desk.pair_sheet(boss, third.claim).draft))
            with office.matcher.context.store.read() as reading:
                kinds = [reading.claims.get(parse_id(one.claim)).truth for one in (first, second, third)]
            assert kinds == [Truth.DIFFERENT if rate else None] * 3
            desk.give_back(boss, third.claim)
    assert seen[0] == seen[1] == (False, True, True, Outcome.POTENTIAL, None)


def test_the_face_that_is_meant(office: Office) -> None:
    office.register(3, 4)
    sighting = office.matcher.submit_sighting([group(3, 9, 4), child(4, 1)], actor=ME)
    desk = office.matcher.desk
    first, second, third = (face.id for face in sighting.photos[0].faces)
    assert len(desk.queue(office.ann).waiting) == 4
    with office.matcher.context.store.read() as reading:
        (listed,) = reading.tasks.list_of(parse_id(second))
    held = desk.claim(office.ann, id_text(listed.id)).claim
    desk.list_sheet(office.ann, held)
    assert desk.mark_face(office.officer, first) == 2
    assert len(desk.queue(office.ben).waiting) == 2, "that face, and the other photo's"
    with pytest.raises(Conflict, match="not asked any more"):
        desk.seal_list(office.ann, held, [])
    assert desk.mark_face(office.officer, first) == 0
    assert desk.mark_face(office.officer, third) == 1
    assert len(desk.queue(office.ben).waiting) == 2
    with pytest.raises(NotPermitted):
        desk.mark_face(office.ann, first)
    for wrong in ("0000000000001", office.matcher.case("A-3").photos[0].faces[0].id):
        with pytest.raises(NotFound):
            desk.mark_face(office.officer, wrong)


def test_many_who_ask_at_once(office: Office) -> None:
    office.register(1, 2)
    office.submit(1)
    desk = office.matcher.desk
    office.pick(office.cat, "A-1", "A-2")
    people = [account(office.matcher.context.store, f"p{number}", Role.REVIEWER) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        claims = [claim for claim in pool.map(desk.next, people) if claim is not None]
    assert len({one.claim for one in claims}) == 4, "two pairs with two seats each"
    with office.matcher.context.store.read() as reading:
        pairs = reading.tasks.standing(TaskState.WAITING, TaskKind.PAIR)
        assert [len(reading.claims.holders(pair, START)) for pair in pairs] == [2, 2]


def test_two_people_who_seal_at_once(office: Office) -> None:
    office.register(1)
    office.submit(1)
    desk = office.matcher.desk
    office.pick(office.cat, "A-1")
    claims = {}
    for acting in (office.ann, office.ben):
        claims[acting] = desk.next(acting).claim
        desk.pair_sheet(acting, claims[acting])
    assert desk.next(office.boss) is None

    def seal(acting: Acting) -> object:
        try:
            return desk.seal_pair(acting, claims[acting], "potential")
        except MatcherError as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(seal, [office.ann, office.ben, office.ann, office.ben]))
    assert all(isinstance(one, SealedView) for one in results)
    assert results[0] == results[2]
    assert office.states() == {TaskState.ESCALATED: 1}
    assert len(desk.notices(office.officer)) == 1
    assert office.matcher.verify_audit().problem is None
