"""Cases, sightings and searches of people who are signed in: rights, recusal, receipts, triage, pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from accounts import staff
from pictures import child, group, nobody
from reviews import recused

from matcher import Matcher
from matcher.accounts.rights import Acting, Right
from matcher.domain.cases import PhotoState
from matcher.domain.people import Role
from matcher.domain.reviews import TaskState
from matcher.errors import Conflict, NotFound, NotPermitted, WrongUse
from matcher.services.inputs import CasePhoto


class Office:
    """A home with one case and somebody of every role."""

    def __init__(self, matcher: Matcher) -> None:
        self.matcher, self.work = matcher, matcher.casework
        self.people = {role: staff(matcher.context, role.value, role) for role in Role}
        self.work.add_case(self[Role.OFFICER], "A-1", [CasePhoto(child(1))], name="Li")

    def __getitem__(self, role: Role) -> Acting:
        return self.people[role]

    def recused(self, role: Role) -> int:
        """From how many candidates somebody is recused."""
        with self.matcher.context.store.read() as reading:
            sightings = reading.sightings.list()
            found = [one for row in sightings for one in reading.candidates.of_sighting(row.sighting.id)]
            return recused(reading, self[role].id, found)


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    with Matcher.open(home) as matcher:
        yield Office(matcher)


def test_what_a_role_may_not_do_is_refused_and_changes_nothing(office: Office) -> None:
    work, before = office.work, len(office.matcher.audit())
    for role, call in (
        (Role.REVIEWER, lambda who: work.case(who, "A-1")),
        (Role.REVIEWER, work.cases),
        (Role.SUPERVISOR, lambda who: work.add_case(who, "A-2")),
        (Role.INTAKE, lambda who: work.close_case(who, "A-1", "returned")),
        (Role.INTAKE, lambda who: work.search(who, child(1), reason="asked")),
        (Role.INTAKE, lambda who: work.candidates_of(who, "A-1")),
        (Role.SERVICE, work.sightings),
        (Role.ADMIN, lambda who: work.submit_sighting(who, [child(1)])),
        (Role.AUDITOR, lambda who: work.update_case(who, "A-1", name="x")),
    ):
        with pytest.raises(NotPermitted):
            call(office[role])
    assert len(office.matcher.audit()) == before
    assert office.matcher.case("A-1").details.name == "Li"


def test_a_receipt_tells_nothing_of_candidates_and_repeats_safely(office: Office) -> None:
    service = office[Role.SERVICE]
    first = office.work.submit_sighting(service, [child(1, 1), nobody()], idempotency_key="k", place="station")
    assert [photo.faces for photo in first.photos] == [1, 0]
    assert first.photos[1].advice is not None
    assert "A-1" not in repr(first)
    again = office.work.submit_sighting(service, [child(1, 1), nobody()], idempotency_key="k", place="station")
    assert (again.id, again.repeated, first.repeated) == (first.id, True, False)
    with pytest.raises(Conflict, match="another sighting"):
        office.work.submit_sighting(service, [child(2)], idempotency_key="k")
    other = office.work.submit_sighting(office[Role.INTAKE], [child(2)], idempotency_key="k")
    assert (other.repeated, other.id == first.id) == (False, False), "another account counts its own keys"


def test_a_photo_without_a_usable_face_waits_for_somebody_who_looks(office: Office) -> None:
    intake = office[Role.INTAKE]
    receipt = office.work.submit_sighting(intake, [nobody()])
    (waiting,) = office.work.sightings(intake, needs_triage=True)
    assert waiting.id == receipt.id
    (photo,) = office.work.triage_sheet(intake, receipt.id).photos
    with pytest.raises(WrongUse, match="what you see"):
        office.work.set_photo_aside(intake, photo.id, note=" ")
    office.work.set_photo_aside(intake, photo.id, note="a dog")
    assert office.work.sightings(intake, needs_triage=True) == []
    with pytest.raises(Conflict, match="set_aside"):
        office.work.set_photo_aside(intake, photo.id, note="a dog")
    office.work.bring_photo_back(intake, photo.id)
    assert office.work.triage_sheet(intake, receipt.id).photos[0].state is PhotoState.NO_USABLE_FACE
    actions = [one.entry.action for one in office.matcher.audit()]
    assert actions.count("sighting.photo") == 2
    assert office.matcher.verify_audit().intact


def test_triage_shows_faces_with_their_state_and_no_candidate(office: Office) -> None:
    intake = office[Role.INTAKE]
    receipt = office.work.submit_sighting(intake, [group(1, 2)])
    faces = office.work.triage_sheet(intake, receipt.id).photos[0].faces
    assert [(face.candidates, face.marked, face.review) for face in faces] == [((), False, TaskState.WAITING)] * 2
    assert faces[1].id is not None
    office.matcher.desk.mark_face(intake, faces[1].id)
    faces = office.work.triage_sheet(intake, receipt.id).photos[0].faces
    assert [(face.marked, face.review) for face in faces] == [(False, TaskState.SET_ASIDE), (True, TaskState.WAITING)]
    seen = office.work.sighting(office[Role.OFFICER], receipt.id)
    assert [len(face.candidates) for face in seen.photos[0].faces] == [1, 1]


def test_whoever_sees_candidates_is_recused_from_them(office: Office) -> None:
    receipt = office.work.submit_sighting(office[Role.SERVICE], [child(1, 1)])
    supervisor = office[Role.SUPERVISOR]
    assert office.recused(Role.SUPERVISOR) == 0
    office.work.sightings(supervisor)
    assert office.recused(Role.SUPERVISOR) == 0
    (found,) = office.work.candidates_of(supervisor, "A-1")
    assert (found.sighting, found.rank, found.pair, found.listed) == (receipt.id, 1, None, TaskState.WAITING)
    assert office.recused(Role.SUPERVISOR) == 1


def test_whoever_reads_where_a_child_was_seen_is_recused(office: Office) -> None:
    receipt = office.work.submit_sighting(office[Role.SERVICE], [child(1, 1)], note="told by a neighbour")
    assert office.recused(Role.SUPERVISOR) == 0
    assert office.work.triage_sheet(office[Role.SUPERVISOR], receipt.id).note == "told by a neighbour"
    assert office.recused(Role.SUPERVISOR) == 1


def test_whoever_sees_a_photo_beside_a_name_is_recused(office: Office) -> None:
    office.work.submit_sighting(office[Role.SERVICE], [child(1, 1)])
    (face,) = office.matcher.case("A-1").photos[0].faces
    assert office.recused(Role.SUPERVISOR) == 0
    office.work.picture(office[Role.SUPERVISOR], "thumbnail", face.id)
    assert office.recused(Role.SUPERVISOR) == 1


def test_whoever_changes_a_case_is_recused_from_its_candidates(office: Office) -> None:
    office.work.submit_sighting(office[Role.SERVICE], [child(1, 1)])
    assert office.recused(Role.INTAKE) == 0
    office.work.update_case(office[Role.INTAKE], "A-1")
    assert office.recused(Role.INTAKE) == 1
    assert office.recused(Role.OFFICER) == 1, "it has registered the case"
    ender = staff(office.matcher.context, "ender", Role.OFFICER)
    office.people[Role.OFFICER] = ender
    assert office.recused(Role.OFFICER) == 0
    office.work.close_case(ender, "A-1", "hoax")
    assert office.recused(Role.OFFICER) == 1


def test_an_ad_hoc_search_needs_a_reason_and_recuses(office: Office) -> None:
    office.work.submit_sighting(office[Role.SERVICE], [child(1, 1)])
    with pytest.raises(WrongUse, match="reason"):
        office.work.search(office[Role.SUPERVISOR], child(1, 2), reason=" ")
    assert office.recused(Role.SUPERVISOR) == 0
    found = office.work.search(office[Role.SUPERVISOR], child(1, 2), reason="a call from the station")
    assert found.faces[0].candidates[0].case_id == "A-1"
    assert office.recused(Role.SUPERVISOR) == 1


def test_pictures_go_to_whoever_may_see_their_owner_and_each_look_is_recorded(office: Office) -> None:
    receipt = office.work.submit_sighting(office[Role.SERVICE], [child(1, 1)])
    case_photo = office.matcher.case("A-1").photos[0]
    before = len(office.matcher.audit())
    for kind, shown in (
        ("photo", case_photo.id),
        ("aligned", case_photo.faces[0].id),
        ("thumbnail", case_photo.faces[0].id),
    ):
        assert office.work.picture(office[Role.INTAKE], kind, shown).startswith(b"\xff\xd8")
    assert office.work.picture(office[Role.INTAKE], "photo", receipt.photos[0].id).startswith(b"\xff\xd8")
    assert [one.entry.action for one in office.matcher.audit(after=before)] == ["photo.view"] * 4
    with pytest.raises(NotPermitted):
        office.work.picture(office[Role.SERVICE], "photo", receipt.photos[0].id)
    with pytest.raises(NotPermitted):
        office.work.picture(office[Role.REVIEWER], "photo", case_photo.id)
    with pytest.raises(NotFound):
        office.work.picture(office[Role.OFFICER], "aligned", case_photo.id)
    assert len(office.matcher.audit()) == before + 4


def test_pages_go_on_where_the_last_one_ended(office: Office) -> None:
    officer = office[Role.OFFICER]
    ids = [office.work.submit_sighting(officer, [nobody()], note=str(number)).id for number in range(3)]
    first = office.work.sightings(officer, limit=2)
    rest = office.work.sightings(officer, after=first[-1].id, limit=2)
    assert [one.id for one in (*first, *rest)] == ids[::-1]
    with pytest.raises(NotFound, match="first page"):
        office.work.sightings(officer, after="0000000000001")
    with pytest.raises(WrongUse, match="1 … 500"):
        office.work.cases(officer, limit=0)


def test_a_case_ends_by_an_officer_only_and_is_reopened_with_a_reason(office: Office) -> None:
    officer = office[Role.OFFICER]
    with pytest.raises(WrongUse, match="confirmation"):
        office.work.close_case(officer, "A-1", "located_alive")
    office.work.close_case(officer, "A-1", "located_alive", ("dna", "L-7"), note="met at the station")
    with pytest.raises(WrongUse, match="Why"):
        office.work.reopen_case(officer, "A-1", note=" ")
    assert office.work.reopen_case(officer, "A-1", note="an error").status.searched
    assert Right.CASE_CLOSE in officer.rights
