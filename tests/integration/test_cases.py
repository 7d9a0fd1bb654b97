"""Cases from registration to their end, with the real models and a real database."""

from __future__ import annotations

from datetime import date

import pytest
from pictures import child, group, nobody, saved, with_comment

from matcher import CasePhoto, Matcher
from matcher.domain.cases import PhotoState
from matcher.domain.records import Choice
from matcher.errors import Conflict, MoveNotAllowed, NotFound, PhotoRefused, WrongUse

ME = "officer Li"


def found(matcher: Matcher, photo: bytes) -> list[str]:
    """Case numbers that a search of a photo's largest face gives, most alike first."""
    result = matcher.match(photo, actor=ME, reason="test")
    return [candidate.case_id for candidate in result.faces[0].candidates] if result.faces else []


def test_a_registered_child_is_found_first_on_another_photo(matcher: Matcher) -> None:
    for seed in range(1, 7):
        view = matcher.add_case(f"A-{seed}", photos=[child(seed)], actor=ME)
        assert [photo.state for photo in view.photos] == [PhotoState.READY]
    for seed in (2, 5):
        assert found(matcher, child(seed, variant=1))[0] == f"A-{seed}"


def test_details_are_kept_changed_and_erased(matcher: Matcher) -> None:
    matcher.add_case(
        "A-1",
        actor=ME,
        name="Wang Xiaoming",
        sex="male",
        born="2012-05-01",
        missing_since="2019-06-01T08:00+08:00",
        last_seen=(39.9, 116.4),
        other_names=("Mingming",),
    )
    details = matcher.case("A-1").details
    assert (details.name, details.sex.value, details.born) == ("Wang Xiaoming", "male", date(2012, 5, 1))
    assert details.last_seen is not None
    assert details.last_seen.lat == 39.9
    changed = matcher.update_case("A-1", actor=ME, name=None, height_cm=120).details
    assert (changed.name, changed.height_cm, changed.other_names) == (None, 120, ("Mingming",))
    with pytest.raises(WrongUse, match="hat_size"):
        matcher.update_case("A-1", actor=ME, hat_size=3)
    with pytest.raises(WrongUse, match="born 'yesterday'"):
        matcher.update_case("A-1", actor=ME, born="yesterday")
    with pytest.raises(WrongUse, match="height_cm is 900"):
        matcher.update_case("A-1", actor=ME, height_cm=900)


def test_a_number_is_given_once(matcher: Matcher) -> None:
    matcher.add_case("A-1", actor=ME)
    with pytest.raises(Conflict, match="'A-1'"):
        matcher.add_case("A-1", photos=[child(1)], actor=ME)
    assert [case.case_id for case in matcher.cases()] == ["A-1"]
    assert list(matcher.context.blobs.list()) == []


@pytest.mark.parametrize("number", ["", " A", "A\n1", "x" * 101])
def test_numbers_that_cannot_be(matcher: Matcher, number: str) -> None:
    with pytest.raises(WrongUse):
        matcher.add_case(number, actor=ME)
    assert matcher.cases() == []


def test_nobody_acts_unnamed(matcher: Matcher) -> None:
    with pytest.raises(WrongUse, match="Who is acting"):
        matcher.add_case("A-1", actor=" ")


def test_a_refused_photo_leaves_nothing_behind(matcher: Matcher, tmp_path: object) -> None:
    with pytest.raises(PhotoRefused, match="does not exist"):
        matcher.add_case("A-1", photos=[child(1), "/nowhere/x.jpg"], actor=ME)
    with pytest.raises(PhotoRefused):
        matcher.add_case("A-1", photos=[child(1)[:2000]], actor=ME)
    assert matcher.cases() == []
    assert list(matcher.context.blobs.list()) == []


def test_of_several_faces_none_is_taken_silently(matcher: Matcher) -> None:
    view = matcher.add_case("A-1", photos=[group(3, 4, 5)], actor=ME)
    (photo,) = view.photos
    assert photo.state is PhotoState.AWAITING_CHOICE
    assert len(photo.faces) == 3
    assert matcher.match(child(3), actor=ME, reason="test").gallery_size == 0
    ((number, waiting),) = matcher.awaiting_choice()
    assert (number, waiting.id) == ("A-1", photo.id)
    chosen = matcher.choose_face(photo.id, 2, actor=ME)
    assert [face.choice for face in chosen.photos[0].faces] == [None, Choice.OFFICER, None]
    assert matcher.match(child(3), actor=ME, reason="test").gallery_size == 1
    assert matcher.awaiting_choice() == []


def test_another_choice_replaces_the_first(matcher: Matcher) -> None:
    photo = matcher.add_case("A-1", photos=[CasePhoto(group(3, 4), face=1)], actor=ME).photos[0]
    faces = matcher.faces(group(3, 4), thorough=True).faces

    def similarity(of: int) -> float:
        result = matcher.context.gallery.search(faces[of].embedding[None], cases=1)
        return result.hits[0][0].similarity

    assert similarity(0) == pytest.approx(1, abs=1e-5)
    matcher.choose_face(photo.id, 2, actor=ME)
    assert similarity(1) == pytest.approx(1, abs=1e-5)
    assert similarity(0) < 0.99
    with pytest.raises(WrongUse, match="no face 7"):
        matcher.choose_face(photo.id, 7, actor=ME)
    with pytest.raises(NotFound):
        matcher.choose_face("0000000000001", 1, actor=ME)


def test_the_largest_face_only_if_the_caller_says_so(matcher: Matcher) -> None:
    (photo,) = matcher.add_case("A-1", photos=[group(3, 4)], actor=ME, on_several="largest").photos
    assert [face.choice for face in photo.faces] == [Choice.LARGEST, None]
    with pytest.raises(WrongUse, match="one of ask, largest"):
        matcher.add_case("A-2", actor=ME, on_several="first")
    with pytest.raises(WrongUse, match="no face 5"):
        matcher.add_case("A-2", photos=[CasePhoto(group(3, 4), face=5)], actor=ME)


def test_bystanders_in_a_case_photo_keep_no_embedding(matcher: Matcher) -> None:
    matcher.add_case("A-1", photos=[CasePhoto(group(3, 4), face=2)], actor=ME)
    with matcher.context.store.read() as reading:
        faces = reading.faces.of_photos(
            [one.id for case in reading.cases.list() for one in reading.photos.of_case(case.id)]
        )
        kept = reading.faces.vectors([face.id for group in faces.values() for face in group], matcher.space.name)
        chosen = [face.id for group in faces.values() for face in group if face.choice]
    assert list(kept) == chosen


def kept_vectors(matcher: Matcher) -> int:
    with matcher.context.store.read() as reading:
        photos = [photo.id for case in reading.cases.list() for photo in reading.photos.of_case(case.id)]
        faces = [face.id for group in reading.faces.of_photos(photos).values() for face in group]
        return len(reading.faces.vectors(faces, matcher.space.name))


def test_a_corrected_choice_forgets_the_face_that_was_wrong(matcher: Matcher) -> None:
    (photo,) = matcher.add_case("A-1", photos=[CasePhoto(group(3, 4), face=1)], actor=ME).photos
    matcher.choose_face(photo.id, 2, actor=ME)
    assert kept_vectors(matcher) == 1
    matcher.update_case("A-1", photos=[CasePhoto(group(3, 4), face=1)], actor=ME)
    assert kept_vectors(matcher) == 1
    assert [face.choice for face in matcher.case("A-1").photos[0].faces] == [Choice.OFFICER, None]
    assert matcher.verify().clean


def test_what_is_said_of_a_known_photo_counts(matcher: Matcher) -> None:
    matcher.add_case("A-1", photos=[child(1)], actor=ME)
    view = matcher.update_case("A-1", photos=[CasePhoto(child(1), taken=date(2020, 1, 2))], actor=ME)
    assert [photo.taken for photo in view.photos] == [date(2020, 1, 2)]
    assert view.warnings == ()


def test_no_face_is_a_result(matcher: Matcher) -> None:
    (photo,) = matcher.add_case("A-1", photos=[nobody()], actor=ME).photos
    assert (photo.state, photo.reason.value if photo.reason else None) == (PhotoState.NO_USABLE_FACE, "no_face")


def test_the_same_photo_again(matcher: Matcher) -> None:
    matcher.add_case("A-1", photos=[child(1), child(1)], actor=ME)
    again = matcher.update_case("A-1", photos=[with_comment(child(1), "copy")], actor=ME)
    assert len(again.photos) == 1
    assert "already" in again.warnings[0]
    other = matcher.add_case("A-2", photos=[child(1)], actor=ME)
    assert "also a photo of case 'A-1'" in other.warnings[0]
    third = matcher.add_case("A-3", photos=[with_comment(child(1), "sent by a messenger")], actor=ME)
    assert len(third.warnings) == 2
    matcher.close_case("A-3", status="hoax", actor=ME)
    assert matcher.match(child(1), actor=ME, reason="test").gallery_size == 2


def test_metadata_is_removed_and_the_embedding_stays(matcher: Matcher) -> None:
    tagged = with_comment(child(1), "taken by her father at home")
    matcher.add_case("A-1", photos=[tagged], actor=ME)
    (key,) = matcher.context.blobs.list()
    stored = matcher.context.blobs.get(key)
    assert b"her father" not in stored
    assert (matcher.faces(stored).faces[0].embedding == matcher.faces(tagged).faces[0].embedding).all()


def test_dates_of_photos(matcher: Matcher, tmp_path: object) -> None:
    photos = [CasePhoto(child(1), taken=date(2018, 3, 4)), CasePhoto(child(1, 1), age=5)]
    view = matcher.add_case("A-1", photos=photos, actor=ME)
    assert [(photo.taken, photo.age) for photo in view.photos] == [(date(2018, 3, 4), None), (None, 5)]
    with pytest.raises(WrongUse, match="not both"):
        CasePhoto("x.jpg", taken=date(2018, 3, 4), age=5)


def test_an_ended_case_is_not_found_until_it_is_opened_again(matcher: Matcher) -> None:
    for seed in (1, 2):
        matcher.add_case(f"A-{seed}", photos=[child(seed)], actor=ME)
    matcher.close_case("A-1", status="returned", actor=ME)
    assert found(matcher, child(1, 1)) == ["A-2"]
    matcher.reopen_case("A-1", actor=ME, reason="missing again")
    assert found(matcher, child(1, 1)) == ["A-1", "A-2"]
    history = matcher.case("A-1").history
    assert [(move.old.value, move.new.value, move.reason) for move in history] == [
        ("open", "returned", None),
        ("returned", "open", "missing again"),
    ]


def test_photos_added_to_an_ended_case_wait_for_its_opening(matcher: Matcher) -> None:
    matcher.add_case("A-1", actor=ME)
    matcher.close_case("A-1", status="withdrawn", actor=ME)
    matcher.update_case("A-1", photos=[child(1)], actor=ME)
    assert found(matcher, child(1)) == []
    matcher.reopen_case("A-1", actor=ME, reason="consent given")
    assert found(matcher, child(1)) == ["A-1"]


def test_only_an_outside_proof_closes_as_located(matcher: Matcher) -> None:
    matcher.add_case("A-1", actor=ME)
    with pytest.raises(WrongUse, match="only with a confirmation"):
        matcher.close_case("A-1", status="located_alive", actor=ME)
    with pytest.raises(WrongUse, match="one of dna, family, institution, police"):
        matcher.close_case("A-1", status="located_alive", confirmation=("score", "0.99"), actor=ME)
    with pytest.raises(WrongUse, match="reference"):
        matcher.close_case("A-1", status="located_alive", confirmation=("dna", " "), actor=ME)
    with pytest.raises(WrongUse, match="takes no confirmation"):
        matcher.close_case("A-1", status="hoax", confirmation=("dna", "L-1"), actor=ME)
    with pytest.raises(WrongUse, match="does not close"):
        matcher.close_case("A-1", status="open", actor=ME)
    assert matcher.case("A-1").status.value == "open"
    closed = matcher.close_case("A-1", status="located_alive", confirmation=("dna", "L-1"), actor=ME)
    assert closed.history[0].confirmation is not None
    assert closed.history[0].confirmation.reference == "L-1"
    with pytest.raises(MoveNotAllowed):
        matcher.close_case("A-1", status="expired", actor=ME)


def test_unknown_cases_are_named(matcher: Matcher) -> None:
    for call in (
        lambda: matcher.case("nope"),
        lambda: matcher.update_case("nope", actor=ME),
        lambda: matcher.close_case("nope", status="hoax", actor=ME),
    ):
        with pytest.raises(NotFound, match="'nope'"):
            call()


def test_paths_and_bytes_give_the_same(matcher: Matcher, tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = saved(tmp_path, "照片 one.jpg", child(1))
    assert (matcher.faces(path).faces[0].embedding == matcher.faces(child(1)).faces[0].embedding).all()
    with pytest.raises(PhotoRefused, match="is not a file"):
        matcher.faces(tmp_path)


def test_every_change_is_audited(matcher: Matcher) -> None:
    matcher.add_case("A-1", photos=[child(1)], actor=ME, reason="phone call of the mother")
    matcher.update_case("A-1", actor=ME, height_cm=120)
    matcher.close_case("A-1", status="returned", actor="another", reason="came home")
    records = matcher.audit()
    assert [(one.entry.actor, one.entry.action, one.entry.reason_code) for one in records] == [
        (ME, "case.add", "registration"),
        (ME, "case.update", "correction"),
        ("another", "case.status", "closure"),
    ]
    assert [one.note for one in records] == ["phone call of the mother", None, "came home"]
    # The chain itself holds neither the number that people gave nor the words of a reason.
    assert "A-1" not in str([one.entry for one in records])
    assert "mother" not in str([one.entry for one in records])
    assert matcher.verify_audit().problem is None
