"""Cases, photos, faces, sightings and candidates come back as they were put in, on both databases."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pytest
from records import NOW, SPACE, candidate, case, enrol, face, photo, report, sighting, vector

from matcher.domain.cases import CaseDetails, CaseStatus, Confirmation, ConfirmationKind, PhotoState, Sex, StatusChange
from matcher.domain.faces import NoFaceReason
from matcher.domain.positions import Position
from matcher.domain.records import Choice
from matcher.errors import Conflict, NotFound, WrongUse
from matcher.store.database import Store


def test_a_case_comes_back_whole(store: Store) -> None:
    details = CaseDetails(
        name="王小明",
        other_names=("Ming", "O'Neill"),
        sex=Sex.MALE,
        born=date(2015, 2, 28),
        age=4,
        height_cm=101.5,
        missing_since=datetime(2020, 5, 1, 0, 30, tzinfo=timezone(timedelta(hours=8))),
        last_seen=Position(22.5, 114.0),
    )
    new = case("A-1", details=details)
    with store.write() as tx:
        tx.cases.add(new)
    with store.read() as reading:
        assert reading.cases.get("A-1") == new
        assert reading.cases.by_id(new.id) == new
        assert reading.cases.get("A-2") is None


def test_a_child_that_went_missing_on_its_first_day_east_of_greenwich_can_be_read_again(store: Store) -> None:
    since = datetime(2020, 5, 1, 0, 30, tzinfo=timezone(timedelta(hours=8)))  # still 30 April in UTC
    new = case(details=CaseDetails(born=date(2020, 5, 1), missing_since=since))
    with store.write() as tx:
        tx.cases.add(new)
    with store.read() as reading:
        kept = reading.cases.get(new.number)
    assert kept is not None
    assert kept.details.missing_since is not None
    assert kept.details.missing_since.isoformat() == since.isoformat()


def test_a_case_number_is_taken_once_and_the_transaction_goes_on(store: Store) -> None:
    with store.write() as tx:
        first = case("A-1")
        tx.cases.add(first)
        with pytest.raises(Conflict, match="'A-1'"):
            tx.cases.add(case("A-1"))
        second = case("A-2")
        tx.cases.add(second)
        with pytest.raises(Conflict, match="'A-1'"):
            tx.cases.update(replace(second, number="A-1"))
        tx.cases.update(replace(second, number="A-3", status=CaseStatus.HOAX))
    with store.read() as reading:
        assert [one.number for one in reading.cases.list()] == ["A-1", "A-3"]
        assert reading.cases.by_ids([first.id, second.id, 5]).keys() == {first.id, second.id}
        assert [one.number for one in reading.cases.list(CaseStatus.OPEN)] == ["A-1"]
        counts = reading.cases.count_by_status()
    assert (counts[CaseStatus.OPEN], counts[CaseStatus.HOAX], counts[CaseStatus.EXPIRED]) == (1, 1, 0)


def test_cases_are_listed_by_code_point_in_pages(store: Store) -> None:
    numbers = ["Z", "a", "B", "ä", "10", "9", "漢"]
    with store.write() as tx:
        for number in numbers:
            tx.cases.add(case(number))
    seen: list[str] = []
    with store.read() as reading:
        while page := reading.cases.list(after=seen[-1] if seen else None, limit=2):
            seen += [one.number for one in page]
    assert seen == sorted(numbers)


def test_an_unknown_case_or_photo_cannot_be_updated(store: Store) -> None:
    with store.write() as tx:
        with pytest.raises(NotFound, match="A-9"):
            tx.cases.update(case("A-9"))
        with pytest.raises(NotFound):
            tx.photos.update(photo(case_id=1))


def test_status_changes_keep_their_order_and_proof(store: Store) -> None:
    new = case()
    proof = Confirmation(ConfirmationKind.DNA, "lab 7")
    moves = [
        (CaseStatus.OPEN, CaseStatus.LOCATED_ALIVE, proof),
        (CaseStatus.LOCATED_ALIVE, CaseStatus.OPEN, None),
        (CaseStatus.OPEN, CaseStatus.HOAX, None),
    ]
    changes = [
        StatusChange(case_id=new.id, old=old, new=after, confirmation=given, actor="me", reason=None, at=NOW)
        for old, after, given in moves
    ]
    with store.write() as tx:
        tx.cases.add(new)
        for change in changes:
            tx.cases.add_status_change(change)
    with store.read() as reading:
        assert reading.cases.status_changes(new.id) == changes
        assert reading.cases.status_changes(1) == []


def test_photos_by_owner_digest_and_state(store: Store) -> None:
    with store.write() as tx:
        one, other, seen = case("A"), case("B"), sighting()
        tx.cases.add(one)
        tx.cases.add(other)
        tx.sightings.add(seen)
        second = photo(case_id=one.id, position=2, taken=date(2024, 1, 2), age=7.5, state=PhotoState.AWAITING_CHOICE)
        first = photo(case_id=one.id, position=1, digest="else", original_digest="else")
        same = photo(case_id=other.id)
        blank = photo(sighting_id=seen.id, state=PhotoState.NO_USABLE_FACE, reason=NoFaceReason.TOO_SMALL)
        for new in (second, first, same, blank):
            tx.photos.add(new)
        with pytest.raises(Conflict, match=second.blob):
            tx.photos.add(photo(case_id=one.id, blob=second.blob))
    with store.read() as reading:
        assert reading.photos.of_case(one.id) == [first, second]
        assert reading.photos.of_cases([one.id, other.id, 5]) == {one.id: [first, second], other.id: [same], 5: []}
        assert reading.photos.of_sighting(seen.id) == [blank]
        assert set(reading.photos.with_digest("digest")) == {second, same, blank}
        assert reading.photos.list_case_photos(PhotoState.AWAITING_CHOICE) == [second]
        assert reading.photos.list_case_photos(PhotoState.NO_USABLE_FACE) == []
        assert reading.photos.by_ids([first.id, 5]) == {first.id: first}
    chosen = replace(second, state=PhotoState.READY, age=None)
    with store.write() as tx:
        tx.photos.update(chosen)
    with store.read() as reading:
        assert reading.photos.get(second.id) == chosen
        assert reading.photos.list_case_photos(PhotoState.AWAITING_CHOICE) == []


def test_a_photo_of_an_unknown_case_is_refused(store: Store) -> None:
    with pytest.raises(Conflict), store.write() as tx:
        tx.photos.add(photo(case_id=1))


def test_one_face_of_a_photo_is_chosen(store: Store) -> None:
    with store.write() as tx:
        new = case()
        tx.cases.add(new)
        group, other = photo(case_id=new.id, position=1), photo(case_id=new.id, position=2)
        tx.photos.add(group)
        tx.photos.add(other)
        faces = [face(group.id, number=number, choice=None) for number in (2, 1, 3)]
        tx.faces.add(faces, {one.id: vector(one.number) for one in faces}, SPACE)
        assert [one.number for one in tx.faces.of_photo(group.id)] == [1, 2, 3]
        for wanted, choice in ((faces[0], Choice.LARGEST), (faces[2], Choice.OFFICER)):
            tx.faces.choose(group.id, wanted.id, choice)
            chosen = {one.id: one.choice for one in tx.faces.of_photo(group.id) if one.choice}
            assert chosen == {wanted.id: choice}
        with pytest.raises(NotFound):
            tx.faces.choose(other.id, faces[0].id, Choice.OFFICER)
        assert tx.faces.of_photos([other.id, group.id])[other.id] == []
    with pytest.raises(Conflict), store.write() as tx:
        tx.faces.add([face(group.id, number=4, choice=Choice.ONLY)], {}, SPACE)


def test_vectors_come_back_bit_by_bit_in_their_space(store: Store) -> None:
    with store.write() as tx:
        known = enrol(tx, "A-1", 1, searchable=False)
        tx.faces.put_vectors({known.face.id: vector(2, 16)}, "other")
    with store.read() as reading:
        found = reading.faces.vectors([known.face.id, 5], SPACE)
        assert found.keys() == {known.face.id}
        assert found[known.face.id].dtype == np.float32
        np.testing.assert_array_equal(found[known.face.id], vector(1))
        np.testing.assert_array_equal(reading.faces.vectors([known.face.id], "other")[known.face.id], vector(2, 16))
        kept = reading.faces.get(known.face.id)
    assert kept is not None
    np.testing.assert_array_equal(kept.landmarks, known.face.landmarks)
    assert (kept.box, kept.quality, kept.choice) == (known.face.box, known.face.quality, known.face.choice)


def test_a_vector_is_replaced_only_while_its_face_is_not_searchable(store: Store) -> None:
    with store.write() as tx:
        known = enrol(tx, "A-1", 1)
        with pytest.raises(Conflict, match="remove"):
            tx.faces.put_vectors({known.face.id: vector(2)}, SPACE)
        tx.gallery.remove([known.face.id])
        tx.faces.put_vectors({known.face.id: vector(2)}, SPACE)
        np.testing.assert_array_equal(tx.faces.vectors([known.face.id], SPACE)[known.face.id], vector(2))


@pytest.mark.parametrize("wrong", [np.ones(8, np.float32), np.zeros(8, np.float32), np.full(8, np.nan, np.float32)])
def test_only_unit_vectors_are_kept(store: Store, wrong: np.ndarray) -> None:
    with store.write() as tx:
        known = enrol(tx, "A-1", searchable=False)
        with pytest.raises(WrongUse, match="length 1"):
            tx.faces.put_vectors({known.face.id: wrong}, SPACE)
        with pytest.raises(WrongUse, match="none of the faces"):
            tx.faces.add([], {known.face.id: vector(1)}, SPACE)


def test_chosen_faces_of_open_cases_without_a_vector_are_found(store: Store) -> None:
    with store.write() as tx:
        known, closed = enrol(tx, "A-1"), enrol(tx, "A-2")
        tx.cases.update(replace(closed.case, status=CaseStatus.WITHDRAWN))
        group = photo(case_id=known.case.id, position=2)
        tx.photos.add(group)
        tx.faces.add([face(group.id, choice=None)], {}, SPACE)
        report(tx)
        assert tx.faces.without_embedding(SPACE, 10) == []
        assert [one.id for one in tx.faces.without_embedding("other", 10)] == [known.face.id]
        assert tx.faces.without_embedding("other", 0) == []


def test_sightings_newest_first_in_pages_with_what_a_list_shows(store: Store) -> None:
    with store.write() as tx:
        old = sighting(created_at=NOW - timedelta(days=1), seen_at=NOW, position=Position(1, 2), first_hand=False)
        new = [sighting() for _ in range(4)]
        for one in [*new, old]:
            tx.sightings.add(one)
        tx.photos.add(photo(sighting_id=old.id, state=PhotoState.NO_USABLE_FACE))
        tx.photos.add(photo(sighting_id=old.id))
    wanted = [*sorted(new, key=lambda one: -one.id), old]
    with store.read() as reading:
        assert reading.sightings.get(old.id) == old
        listed = reading.sightings.list()
        assert [row.sighting for row in listed] == wanted
        assert (listed[-1].photos, listed[-1].candidates, listed[-1].needs_triage) == (2, 0, True)
        assert (listed[0].photos, listed[0].needs_triage) == (0, False)
        assert [row.sighting for row in reading.sightings.list(after=wanted[1].id, limit=2)] == wanted[2:4]
        assert [row.sighting for row in reading.sightings.list(needs_triage=True)] == [old]
        assert [row.sighting for row in reading.sightings.list(needs_triage=False)] == wanted[:-1]


def test_an_idempotency_key_names_one_sighting(store: Store) -> None:
    first = sighting()
    with store.write() as tx:
        assert tx.sightings.by_idempotency_key("k") is None
        tx.sightings.add(first, ("k", "digest"))
        with pytest.raises(Conflict, match="'k'"):
            tx.sightings.add(sighting(), ("k", "other"))
    with store.read() as reading:
        assert reading.sightings.by_idempotency_key("k") == (first.id, "digest")
        assert len(reading.sightings.list()) == 1


def test_candidates_by_sighting(store: Store) -> None:
    with store.write() as tx:
        known = [enrol(tx, f"A-{number}") for number in range(6)]
        seen, probe = report(tx)
        new = [candidate(probe, seen, to, rank=rank) for rank, to in enumerate(known, 1)]
        tx.candidates.add(new)
    with store.read() as reading:
        assert reading.candidates.of_sighting(seen.id) == new
        assert reading.candidates.get(new[0].id) == new[0]
        assert reading.candidates.get(5) is None
        assert reading.sightings.list()[0].candidates == 6


def test_a_pair_is_asked_once_in_a_space(store: Store) -> None:
    with store.write() as tx:
        known = enrol(tx, "A-1")
        seen, probe = report(tx)
        first = candidate(probe, seen, known)
        tx.candidates.add([first])
        for again in ([candidate(probe, seen, known)], [candidate(probe, seen, known, space="new")] * 2):
            with pytest.raises(Conflict):
                tx.candidates.add(again)
        tx.candidates.add([candidate(probe, seen, known, space="new")])
        assert len(tx.candidates.of_sighting(seen.id)) == 2


def test_numpy_values_are_kept_as_numbers(store: Store) -> None:
    with store.write() as tx:
        known = enrol(tx, "A-1")
        seen, probe = report(tx)
        new = candidate(probe, seen, known, similarity=np.float32(0.5), case_id=np.int64(known.case.id))
        tx.candidates.add([new])
        assert tx.candidates.of_sighting(np.int64(seen.id))[0].similarity == 0.5
        assert tx.cases.by_id(np.int64(known.case.id)) == known.case


@pytest.mark.parametrize("text", ["a\0b", "half \ud800"])
def test_text_that_one_database_cannot_keep_is_refused_by_both(store: Store, text: str) -> None:
    with pytest.raises(WrongUse, match="NUL"), store.write() as tx:
        tx.cases.add(case(details=CaseDetails(name=text)))


def test_times_need_a_zone(store: Store) -> None:
    with pytest.raises(WrongUse, match="time zone"), store.write() as tx:
        tx.cases.add(case(created_at=NOW.replace(tzinfo=None)))


def test_the_quality_of_the_faces_that_are_searched_in_a_space(store: Store) -> None:
    with store.write() as tx:
        kept = enrol(tx, "A-1")
        enrol(tx, "A-2", 1, searchable=False)
        second = photo(case_id=kept.case.id, position=2)
        first = photo(case_id=kept.case.id, position=0)
        blurred = replace(kept.face.quality, fine_structure=0.25)
        for image, more in ((second, face(second.id)), (first, face(first.id, quality=blurred))):
            tx.photos.add(image)
            tx.faces.add([more], {more.id: vector(image.position)}, SPACE)
            if image is first:
                tx.gallery.add(more.id, kept.case.id, SPACE)
    with store.read() as reading:
        assert reading.faces.searched(SPACE) == {
            kept.case.id: [(first.id, blurred), (kept.photo.id, kept.face.quality)],
        }
        assert reading.faces.searched("another_space") == {}
