"""The standing watch on both databases: who meets whom, what comes back and what does not, and watches that are cut."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from crowds import together
from databases import PostgresDatabases, SqliteDatabases
from watched import DIM, WHO, Pair, Small, like, opened, small_home, space

from matcher.domain.ids import FaceId, id_text
from matcher.domain.records import Choice
from matcher.domain.reviews import ReopenedBy, TaskKind, TaskState
from matcher.gallery.streamed import best_of_blocks
from matcher.services import watch as watching
from matcher.services.desk_tasks import reopen
from matcher.store.watching import WatchReading

TOP = 3


@pytest.fixture
def small(databases: SqliteDatabases | PostgresDatabases, tmp_path: Path) -> Iterator[Small]:
    with databases.fresh() as url, small_home(tmp_path / "home", url, f"top = {TOP}\n") as made:
        yield made


def test_a_new_case_finds_an_old_sighting_once(small: Small) -> None:
    other, (seen, (probe,)) = small.case("A-1", like(1)), small.sighting(like(2))
    small.watch()
    small.clock.forward(days=1)
    late = small.case("A-2", like(2, 1))
    view = small.watch()
    assert view.since is not None and view.since < small.clock.now
    assert (view.cases, view.case_faces, view.streamed, view.new, view.lists) == (1, 1, 1, 1, 0), (
        "on its list of before"
    )
    assert [(one.case, one.sighting) for one in view.new_pairs] == [(id_text(late.case.id), id_text(seen.id))]
    assert small.ranks() == {(probe.id, late.case.id): 1, (probe.id, other.case.id): 1}
    assert (view.standing_before, view.standing) == (1, 2)
    again = small.watch()
    assert (again.new, again.cases, again.streamed, again.standing) == (0, 0, 0, 2)
    assert small.matcher.verify_audit().problem is None


def test_nothing_new_streams_nothing(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    small.case("A-1", like(1))
    small.sighting(like(2))
    small.watch()
    monkeypatch.setattr(WatchReading, "faces", lambda *_: pytest.fail("the public was read for nothing"))
    assert small.watch().new == 0


def test_the_candidate_is_as_from_a_submission(small: Small) -> None:
    """Rank, similarity and snapshot are those of a search of today for that face."""
    cases = [small.case(f"A-{number}", like(number), like(number, 5)) for number in range(6)]
    _, (probe,) = small.sighting(like(4, 1))
    small.watch()
    found = small.context.gallery.search(like(4, 1)[None], cases=TOP)
    with small.context.store.read() as reading:
        kept = reading.candidates.of_list(probe.id, small.space)
        (listed,) = reading.tasks.list_of(probe.id)
    assert [(one.case_id, one.gallery_face_id, one.similarity, one.rank) for one in kept] == [
        (hit.case_id, hit.face_id, hit.similarity, rank) for rank, hit in enumerate(found.hits[0], start=1)
    ]
    assert {one.snapshot for one in kept} == {found.snapshot}
    assert all(one.meaning is not None for one in kept)
    assert kept[0].case_id == cases[4].case.id
    assert (listed.state, listed.day, listed.urgent_until) == (TaskState.WAITING, listed.day, None)


def test_what_was_decided_does_not_come_back(small: Small) -> None:
    seen = [small.sighting(like(1, number))[1][0] for number in range(1, 4)]
    late = small.case("A-1", like(1))
    small.watch()
    for probe, state in zip(seen, (TaskState.EXCLUDED, TaskState.ESCALATED, TaskState.CONFIRMED), strict=True):
        small.judged(probe.id, late, state)
    before = small.pairs()
    small.photo(late, like(1, 9))
    view = small.watch()
    assert (view.new, view.streamed, view.skipped.judged) == (0, 2, 2), "whose child is known, is watched no longer"
    assert small.pairs() == before


def test_a_confirmed_face_is_watched_again_when_its_pair_is_reopened(small: Small) -> None:
    _, (probe,) = small.sighting(like(1))
    first = small.case("A-1", like(1, 1))
    small.watch()
    small.judged(probe.id, first, TaskState.CONFIRMED)
    late = small.case("A-2", like(1, 2))
    assert small.watch().new == 0
    with small.context.store.write() as tx:
        pair = tx.tasks.pair(probe.id, first.case.id)
        reopen(small.context, tx, [pair], WHO, ReopenedBy.PERSON)
    view = small.watch()
    assert (view.sighting_faces, view.new) == (1, 1)
    assert (probe.id, late.case.id) in small.pairs()


def test_closed_cases_and_erased_sightings_are_not_found(small: Small) -> None:
    (first, (face,)), (second, _) = small.sighting(like(1, 1)), small.sighting(like(2, 1))
    one, two = small.case("A-1", like(1)), small.case("A-2", like(2))
    small.watch()
    small.close(one)
    small.erase(second)
    small.judged(face.id, two, TaskState.EXCLUDED)
    closed = small.case("A-3", like(1, 2))
    small.close(closed)
    view = small.watch()
    assert (view.new, view.cases) == (0, 0)
    assert {(gone.case, gone.sighting, gone.because) for gone in view.gone_pairs} == {
        (id_text(one.case.id), id_text(first.id), "closed"),
        (id_text(two.case.id), id_text(first.id), "decided"),
    }
    assert (view.standing_before, view.gone, view.standing) == (4, 2, 0), "two were erased"
    assert small.watch().gone == 0


def test_a_reopened_case_meets_what_came_while_it_was_closed(small: Small) -> None:
    case = small.case("A-1", like(1))
    small.watch()
    small.close(case)
    _, (probe,) = small.sighting(like(1, 1))
    assert small.watch().new == 0
    small.matcher.reopen_case("A-1", actor="x", reason="a mistake")
    assert small.watch().new == 1
    assert small.pairs() == {(probe.id, case.case.id)}


def test_another_model_meets_everybody_anew(small: Small) -> None:
    """Case faces and faces of sightings that have vectors in the new space, each pair once, bounded per case."""
    seen = [small.sighting(like(1, number), names=("tiny", small.space))[1][0] for number in range(1, 6)]
    case = small.case("A-1", like(1))
    assert small.watch().new == TOP
    new = space("other")
    assert new.name != small.space
    with small.context.store.write() as tx:
        for number, probe in enumerate(seen, start=1):
            tx.faces.put_vectors({probe.id: like(1, 10 * number)}, new.name)
        tx.faces.put_vectors({case.face.id: like(1, 3)}, new.name)
        tx.gallery.add(case.face.id, case.case.id, new.name)
    small.use(new)
    view = small.watch()
    assert (view.since, view.new, view.lists, view.sighting_faces) == (None, TOP, TOP, 0)
    assert small.watch().new == 0
    late, (probe,) = like(1, 77), small.sighting(like(9), names=("nowhere",))[1]
    with small.context.store.write() as tx:  # a face that is embedded later than the cases were compared
        tx.faces.put_vectors({probe.id: late}, new.name)
        tx.watching.wait([probe.id], new.name)
    view = small.watch()
    assert (view.sighting_faces, view.new, view.streamed) == (1, 1, 0)
    assert (probe.id, case.case.id) in small.pairs()
    assert small.watch().sighting_faces == 0


def test_of_a_photo_with_a_marked_face_only_that_one_is_watched(small: Small) -> None:
    _, (meant, other) = small.sighting(like(1, 1), like(1, 2))
    with small.context.store.write() as tx:
        tx.faces.choose(meant.photo_id, meant.id, Choice.MARKED)
    case = small.case("A-1", like(1))
    assert small.watch().streamed == 1
    assert small.pairs() == {(meant.id, case.case.id)}
    with small.context.store.write() as tx:
        tx.faces.choose(meant.photo_id, other.id, Choice.MARKED)
        tx.watching.wait([other.id])
    assert small.watch().sighting_faces == 1
    assert small.pairs() == {(meant.id, case.case.id), (other.id, case.case.id)}


@pytest.mark.parametrize("at", range(5))
def test_a_watch_that_is_cut_between_blocks_is_done_again(
    small: Small, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    for number in range(6):
        small.sighting(like(number % 3, number + 1))
    for number in range(3):
        small.case(f"A-{number}", like(number))
    monkeypatch.setattr(watching, "_TOGETHER", 2)
    monkeypatch.setattr(watching, "_STEP", 2)
    real, calls = watching.keep, iter(range(100))

    def cut(*given: object) -> object:
        if next(calls) == at:
            raise KeyboardInterrupt
        return real(*given)

    monkeypatch.setattr(watching, "keep", cut)
    with pytest.raises(KeyboardInterrupt):
        small.watch()
    with small.context.store.read() as reading:
        assert all(reading.tasks.list_of(face_id) for face_id, _ in small.pairs()), "no candidate without a list"
    small.watch()
    assert small.pairs() == expected(small, set())


def test_two_watches_at_once_find_everything_once(small: Small, tmp_path: Path) -> None:
    for number in range(12):
        small.sighting(like(number % 4, number + 1))
    for number in range(4):
        small.case(f"A-{number}", like(number))

    def one() -> int:
        with opened(tmp_path / "home") as mine:
            return mine.watch().new

    counts = together(2, one)
    assert small.pairs() == expected(small, set())
    assert sum(counts) == len(small.pairs()), counts
    assert small.matcher.verify_audit().problem is None


_PROCESS = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from watched import opened
from matcher.services import watch
watch._TOGETHER = watch._STEP = 2
with opened(Path(sys.argv[2])) as small:
    small.context.gallery.status()
    print("begins", flush=True)
    small.watch()
"""


@pytest.mark.fault
def test_a_watch_that_is_killed_at_any_moment_is_done_again(small: Small, tmp_path: Path) -> None:
    rng, kills = random.Random(11), 0
    for number in range(40):
        small.sighting(like(number % 10, number + 1))
    command = [sys.executable, "-c", _PROCESS, str(Path(__file__).parents[1]), str(tmp_path / "home")]
    for night in range(20):
        new = {small.case(f"A-{night}-{number}", drawn(rng)).face.id for number in range(4)}
        before, wanted = small.pairs(), expected(small, small.pairs(), new)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None and process.stdout.readline() == "begins\n"
        time.sleep(rng.uniform(0, 0.3))
        process.kill()
        kills += process.wait() == -signal.SIGKILL
        process.stdout.close()
        found = small.pairs()
        assert before <= found <= before | wanted
        with small.context.store.read() as reading:
            assert all(reading.tasks.list_of(face_id) for face_id, _ in found), "no candidate without a list"
        small.watch()
        assert small.pairs() == before | wanted
    assert kills >= 6
    assert small.matcher.verify_audit().problem is None


@pytest.mark.parametrize("seed", range(4))
def test_nights_of_a_random_home_as_a_recount_finds_them(small: Small, seed: int) -> None:
    rng, cases, seen = random.Random(seed), [], []
    numbers = count(1)
    for _ in range(5):
        seen += [small.sighting(*(drawn(rng) for _ in range(rng.choice((1, 2))))) for _ in range(rng.randrange(6))]
        new = set()
        for _ in range(rng.randrange(4)):
            cases.append(small.case(f"A-{next(numbers)}", drawn(rng)))
            new.add(cases[-1].face.id)
        if cases and rng.random() < 0.5:
            new.add(small.photo(rng.choice(cases), drawn(rng)).face.id)
        if seen and rng.random() < 0.3:
            small.erase(seen.pop(rng.randrange(len(seen)))[0])
        if cases and rng.random() < 0.3:
            small.close(cases.pop(rng.randrange(len(cases))))
        before = small.ranks()
        wanted = expected(small, set(before), new)
        view = small.watch()
        after = small.ranks()
        assert set(after) == set(before) | wanted
        assert view.new == len(wanted)
        assert {pair: after[pair] for pair in wanted} == {pair: places(small)[pair] for pair in wanted}


def drawn(rng: random.Random) -> np.ndarray:
    return like(rng.randrange(8), rng.randrange(99))


def expected(small: Small, known: set[Pair], new: set[FaceId] | None = None) -> set[Pair]:
    """The pairs that a watch has to find, by brute force: both are among the best of each other. New faces of cases;
    `None`: all.
    """
    faces, members = everything(small)
    met: dict[int, dict[int, float]] = {}
    for gallery_face, (case_id, vector) in members.items():
        if new is None or gallery_face in new:
            for face_id, other in faces.items():
                row = met.setdefault(case_id, {})
                row[face_id] = max(row.get(face_id, -2.0), cosine(vector, other))
    best = {
        (face_id, case_id)
        for case_id, row in met.items()
        for face_id in sorted(row, key=lambda one: (-row[one], one))[:TOP]
    }
    return {pair for pair in best if pair in places(small)} - known


def places(small: Small) -> dict[Pair, int]:
    """The rank of each case that has one on the list that a face would get now."""
    faces, members = everything(small)
    found = {}
    for face_id, vector in faces.items():
        row: dict[int, tuple[float, int]] = {}
        for gallery_face, (case_id, other) in members.items():
            key = -cosine(vector, other), gallery_face
            row[case_id] = min(row.get(case_id, key), key)
        for rank, case_id in enumerate(sorted(row, key=lambda one: row[one])[:TOP], start=1):
            found[face_id, case_id] = rank
    return found


def everything(small: Small) -> tuple[dict[int, np.ndarray], dict[int, tuple[int, np.ndarray]]]:
    """The vectors of all faces of sightings, and of all open cases with their case."""
    with small.context.store.read() as reading:
        photos = [one for row in reading.sightings.list() for one in reading.photos.of_sighting(row.sighting.id)]
        ids = [face.id for faces in reading.faces.of_photos([one.id for one in photos]).values() for face in faces]
        rows = [row for block in reading.gallery.rows(small.space) for row in block]
        return reading.faces.vectors(ids, small.space), {row.face_id: (row.case_id, row.vector) for row in rows}


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.float32(np.dot(one.astype(np.float64), other.astype(np.float64))))


def test_a_stream_gives_what_one_search_would() -> None:
    rng = np.random.default_rng(3)
    vectors = rng.standard_normal((500, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[100:110] = vectors[7]  # ties, across blocks too
    vectors[400:405] = vectors[7]
    ids = rng.permutation(500)
    blocks = [(ids[start : start + 60], vectors[start : start + 60]) for start in range(0, 500, 60)]
    found = best_of_blocks(blocks, vectors[:20], 9)
    for probe, near in zip(vectors[:20], found, strict=True):
        scores = [cosine(probe, other) for other in vectors]
        order = sorted(range(500), key=lambda row: (-min(scores[row], 1.0), ids[row]))[:9]
        assert [face_id for face_id, _ in near] == [ids[row] for row in order]
    assert best_of_blocks([], vectors[:2], 9) == [[], []]


def test_lists_that_were_made_wait_since_now(small: Small) -> None:
    _, (probe,) = small.sighting(like(1))
    small.clock.forward(days=400)
    small.case("A-1", like(1, 1))
    small.watch()
    with small.context.store.read() as reading:
        (task,) = reading.tasks.list_of(probe.id)
    assert (task.kind, task.created_at, task.updated_at) == (TaskKind.LIST, small.clock.now, small.clock.now)
