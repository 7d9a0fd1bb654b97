"""What reviewers meet of a watch: drawn faces, real models, lists that are asked again with what is new on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from offices import ME, START, Office, opened
from pictures import child, group
from reviews import Clock

from matcher import Matcher
from matcher.cli.root import root
from matcher.domain.ids import FaceId, SightingId, id_text, parse_id
from matcher.domain.reviews import Task, TaskState
from matcher.errors import Conflict
from matcher.services.embedding import embed_missing
from matcher.services.inputs import ReasonCode, Who
from matcher.services.watch_views import WatchView


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), "second_look_rate = 0\ncontrol_rate = 0\n")


def listed(office: Office, sighting: str) -> Task:
    with office.matcher.context.store.read() as reading:
        (task,) = reading.tasks.of_sighting(SightingId(parse_id(sighting)))
    return task


def watch(office: Office) -> WatchView:
    return office.matcher.watch(actor="night")


def test_a_list_that_was_answered_is_asked_again_with_what_is_new(office: Office) -> None:
    """In the reviewer's hands: the second round shows the new case alone, and the same person may answer it."""
    desk = office.matcher.desk
    office.register(2, 3)
    seen = office.submit(1)
    claim = office.pick(office.ann)
    assert listed(office, seen).state is TaskState.DONE
    assert desk.next(office.ann) is None
    office.clock.forward(days=3)
    office.register(1)
    view = watch(office)
    assert (view.new, view.lists, view.reopened) == (1, 0, 1)
    task = listed(office, seen)
    assert (task.state, task.round, task.urgent_until) == (TaskState.WAITING, 2, None)
    claim = desk.next(office.ann)
    assert claim is not None
    assert desk.list_sheet(office.ann, claim.claim).places == 1
    desk.seal_list(office.ann, claim.claim, [1])
    assert listed_pairs(office, seen) == 1
    office.judge(office.ann, "potential")
    office.judge(office.ben, "potential")
    assert office.states() == {TaskState.ESCALATED: 1}
    assert watch(office).new == 0


def listed_pairs(office: Office, sighting: str) -> int:
    with office.matcher.context.store.read() as reading:
        found = reading.tasks.of_sighting(SightingId(parse_id(sighting)))
    assert all(task.round == 1 for task in found if task.case_id is not None)
    return sum(task.case_id is not None for task in found)


def test_a_list_that_waits_takes_the_new_case_in(office: Office) -> None:
    office.register(2)
    seen = office.submit(1)
    office.register(1)
    view = watch(office)
    assert (view.new, view.reopened) == (1, 0)
    assert listed(office, seen).round == 1
    claim = office.matcher.desk.next(office.ann)
    assert claim is not None
    assert office.matcher.desk.list_sheet(office.ann, claim.claim).places == 2


def test_whoever_is_looking_seals_what_was_shown_and_the_new_case_comes_after(office: Office) -> None:
    desk = office.matcher.desk
    office.register(2)
    seen = office.submit(1)
    claim = desk.next(office.ann)
    assert claim is not None
    assert desk.list_sheet(office.ann, claim.claim).places == 1
    office.register(1)
    assert watch(office).new == 1
    assert desk.list_sheet(office.ann, claim.claim).places == 1, "the places of an open list are fixed"
    desk.seal_list(office.ann, claim.claim, [])
    assert (listed(office, seen).state, listed(office, seen).round) == (TaskState.WAITING, 2)
    claim = desk.next(office.ben)
    assert claim is not None
    assert desk.list_sheet(office.ben, claim.claim).places == 1
    desk.seal_list(office.ben, claim.claim, [1])
    assert listed_pairs(office, seen) == 1


def test_who_gives_an_open_list_back_leaves_all_of_it_to_the_next(office: Office) -> None:
    desk = office.matcher.desk
    office.register(2)
    seen = office.submit(1)
    claim = desk.next(office.ann)
    assert claim is not None
    desk.list_sheet(office.ann, claim.claim)
    office.register(1)
    watch(office)
    desk.give_back(office.ann, claim.claim)
    claim = desk.next(office.ben)
    assert claim is not None
    assert desk.list_sheet(office.ben, claim.claim).places == 2
    desk.seal_list(office.ben, claim.claim, [])
    with office.matcher.context.store.read() as reading:
        (task,) = reading.tasks.of_sighting(SightingId(parse_id(seen)))
    assert (task.state, task.round) == (TaskState.DONE, 1), "nothing of it is left for a second round"


def test_a_sighting_without_any_list_gets_one(office: Office) -> None:
    seen = office.submit(1)
    office.register(1)
    office.clock.forward(hours=1)
    view = watch(office)
    assert (view.new, view.lists) == (1, 1)
    task = listed(office, seen)
    assert (task.created_at, task.state) == (office.clock.now, TaskState.WAITING)
    assert office.matcher.sighting(seen).photos[0].faces[0].candidates[0].case_id == "A-1"


def test_an_urgent_sighting_stays_urgent(office: Office) -> None:
    seen = office.submit(1, seen_at=START - timedelta(hours=1))
    office.register(1)
    watch(office)
    assert listed(office, seen).urgent_until == START + timedelta(hours=47)


def test_who_did_not_open_the_list_cannot_seal_it(office: Office) -> None:
    seen = office.submit(1)
    office.register(1)
    watch(office)
    claim = office.matcher.desk.next(office.ann)
    assert claim is not None
    with pytest.raises(Conflict, match="not opened"):
        office.matcher.desk.seal_list(office.ann, claim.claim, [])
    assert listed(office, seen).state is TaskState.WAITING


def test_faces_of_sightings_are_embedded_in_the_present_space_once(office: Office) -> None:
    """Only those with a vector of other models: what was erased on purpose stays so, and what is lost is told."""
    seen = office.matcher.submit_sighting([group(1, 2)], actor=ME)
    faces = sorted(FaceId(parse_id(face.id)) for face in seen.photos[0].faces)
    assert len(faces) == 2
    context, who = office.matcher.context, Who("night", ReasonCode.MAINTENANCE)
    office.register(1)
    watch(office)
    with context.store.write() as tx:
        vectors = tx.faces.vectors(faces, context.space.name)
        tx.faces.forget_vectors(faces)
        tx.faces.put_vectors({faces[0]: vectors[faces[0]]}, "another")
    office.register(2)
    assert embed_missing(context, who) == (1, [])
    assert embed_missing(context, who) == (0, [])
    with context.store.read() as reading:
        here = reading.faces.vectors(faces, context.space.name)
    assert here.keys() == {faces[0]}
    assert here[faces[0]] @ vectors[faces[0]] > 0.999
    view = watch(office)
    assert (view.sighting_faces, view.streamed, view.unreached) == (1, 1, 0)


def test_a_face_that_the_models_do_not_find_is_told_and_not_tried_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = office.submit(1)
    face = FaceId(parse_id(office.matcher.sighting(seen).photos[0].faces[0].id))
    context, who = office.matcher.context, Who("night", ReasonCode.MAINTENANCE)
    with context.store.write() as tx:
        vectors = tx.faces.vectors([face], context.space.name)
        tx.faces.forget_vectors([face])
        tx.faces.put_vectors(vectors, "another")
    monkeypatch.setattr("matcher.services.embedding.same_face", lambda *_: None)
    assert embed_missing(context, who) == (0, [])
    monkeypatch.setattr("matcher.services.embedding.stored_image", lambda *_: pytest.fail("it was tried again"))
    assert embed_missing(context, who) == (0, [])
    assert watch(office).unreached == 1


def test_a_photo_of_a_sighting_that_cannot_be_read_is_a_problem_each_time(office: Office) -> None:
    seen = office.submit(1)
    face = FaceId(parse_id(office.matcher.sighting(seen).photos[0].faces[0].id))
    context, who = office.matcher.context, Who("night", ReasonCode.MAINTENANCE)
    with context.store.write() as tx:
        vectors = tx.faces.vectors([face], context.space.name)
        tx.faces.forget_vectors([face])
        tx.faces.put_vectors(vectors, "another")
        (photo,) = tx.photos.of_sighting(SightingId(parse_id(seen)))
    context.blobs.delete(photo.blob)
    for _ in range(2):
        done, (problem,) = embed_missing(context, who)
        assert done == 0 and id_text(face) in problem


def test_marking_another_face_brings_it_before_the_cases_that_came_meanwhile(office: Office) -> None:
    triage = office.boss
    seen = office.matcher.submit_sighting([group(1, 2)], actor=ME)
    first, second = (face.id for face in seen.photos[0].faces)
    desk = office.matcher.desk
    desk.mark_face(triage, first)
    office.register(1, 2)
    assert watch(office).streamed == 1
    desk.mark_face(triage, second)
    view = watch(office)
    assert (view.sighting_faces, view.new) == (1, 2)
    desk.mark_face(triage, second)
    assert watch(office).sighting_faces == 0, "it was the one before"


def test_the_command_tells_what_is_new_and_what_is_gone(home: Path) -> None:
    with Matcher.open(home) as matcher:
        seen = matcher.submit_sighting([child(1, 1)], actor=ME).id
        matcher.add_case("A-1", [child(1)], actor=ME)

    def run(*more: str) -> str:
        result = CliRunner().invoke(root, ["watch", "--home", str(home), "--actor", "night", *more])
        assert result.exit_code == 0, result.output
        return result.stdout

    first = run()
    assert "1 new pairs for reviewers: 1 new lists, 0 asked again." in first
    assert f"sighting {seen}" in first and "A-1" not in first and "the first watch" in first
    again = json.loads(run("--json"))
    assert (again["new"], again["streamed"], again["standing"], again["standing_before"]) == (0, 0, 1, 1)
    with Matcher.open(home) as matcher:
        matcher.close_case("A-1", status="returned", actor=ME)
    gone = json.loads(run("--json"))
    assert [(one["sighting"], one["because"]) for one in gone["gone_pairs"]] == [(seen, "closed")]
    assert "0 new cases (0 faces) met 0 faces" in run()
    with Matcher.open(home) as matcher:
        actions = [one.entry.action for one in matcher.audit()]
    assert actions.count("watch.run") == 4
    assert actions[2:6] == ["watch.found", "watch.cases", "watch.run", "watch.run"]
