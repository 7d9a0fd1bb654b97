"""From a reindex to the sentence beside a candidate: measured, kept, read, cut, refused where nothing can be said."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import records
from click.testing import CliRunner
from pictures import child, saved

from matcher import Matcher
from matcher.cli.root import root
from matcher.domain.cases import CaseDetails
from matcher.domain.chances import Insufficient
from matcher.domain.faces import Quality
from matcher.domain.ids import CaseId
from matcher.domain.relations import CaseRelation, RelationKind
from matcher.domain.scores import unit
from matcher.gallery.build import SnapshotWriter
from matcher.gallery.live import Gallery
from matcher.gallery.manifest import read_manifest
from matcher.gallery.snapshots import current_name, open_snapshot
from matcher.services.context import StoreFeed
from matcher.services.views import CandidateView
from matcher.store.database import Transaction

ME = "desk"
NOW = datetime(2026, 5, 1, tzinfo=timezone.utc)


def vectors(count: int, seed: int = 0) -> np.ndarray:
    """Embeddings of different people, as unlike each other as those of the default models."""
    return unit(np.random.default_rng(seed).normal(size=(count, 128)) * 0.04 + np.full(128, 0.1))


def enrol(
    transaction: Transaction, space: str, number: str, vector: np.ndarray, *, eyes: float = 48.5, **dated: object
) -> CaseId:
    """A case whose one photo shows a child of 7, unless it is dated otherwise, with the eyes so many pixels apart."""
    case = records.case(number, details=CaseDetails(born=date(2015, 1, 1)))
    photo = records.photo(case_id=case.id, digest=number, **({"age": 7.0} | dated))
    face = records.face(photo.id, quality=Quality(eyes, 120.0, 0.99, 1.0, -3.5, None, True))
    transaction.cases.add(case)
    transaction.photos.add(photo)
    transaction.faces.add([face], {face.id: vector}, space)
    transaction.gallery.add(face.id, case.id, space)
    return case.id


def fill(matcher: Matcher, count: int, prefix: str = "C", seed: int = 0, **dated: object) -> list[CaseId]:
    space = matcher.space.name
    with matcher.context.store.write() as transaction:
        return [
            enrol(transaction, space, f"{prefix}-{number:03}", vector, **dated)
            for number, vector in enumerate(vectors(count, seed))
        ]


def candidates(matcher: Matcher, **how: object) -> tuple[CandidateView, ...]:
    (face,) = matcher.match(child(1), actor=ME, reason="test", **how).faces
    return face.candidates


def reasons(found: tuple[CandidateView, ...]) -> set[Insufficient | None]:
    return {one.meaning.insufficient for one in found if one.meaning}


def test_before_a_reindex_nothing_is_said_and_afterwards_there_is_a_chance(matcher: Matcher) -> None:
    fill(matcher, 120)
    assert reasons(candidates(matcher)) == {Insufficient.NO_STATISTICS}
    matcher.reindex(actor=ME)
    found = candidates(matcher)
    assert reasons(found) == {None}
    rates = [one.meaning.chance.rate for one in found if one.meaning and one.meaning.chance]
    assert len(rates) == 30 and all(0 < rate <= 1 for rate in rates)
    assert all(one.meaning.chance.children == 120 for one in found if one.meaning and one.meaning.chance)
    assert all(re.search(r"among the 120 children aged 6–8 in this gallery", one.sentence or "") for one in found)
    # The order is the cosine's, whatever the meanings.
    assert [one.similarity for one in found] == sorted((one.similarity for one in found), reverse=True)
    with Matcher.open(matcher.context.home.root) as other:  # read from the disk, not from memory
        assert [one.meaning for one in candidates(other)] == [one.meaning for one in found]


def test_faces_that_came_since_have_meanings_too(matcher: Matcher) -> None:
    fill(matcher, 120)
    matcher.reindex(actor=ME)
    before = {one.case_id: one.meaning.chance for one in candidates(matcher, top=120) if one.meaning}
    fill(matcher, 30, prefix="N", seed=1)
    found = {one.case_id: one.meaning.chance for one in candidates(matcher, top=150) if one.meaning}
    assert len(found) == 150 and None not in found.values()
    for case, chance in before.items():
        now = found[case]
        assert chance is not None and now is not None
        assert now.lookalikes == pytest.approx(chance.lookalikes * 150 / 120, rel=1e-3)
    matcher.reindex(actor=ME)
    again = {one.case_id: one.meaning.chance for one in candidates(matcher, top=150) if one.meaning}
    rates = [(found[case].rate, again[case].rate) for case in again]  # type: ignore[union-attr]
    assert np.median([abs(now - then) for now, then in rates]) < 0.1


@pytest.mark.parametrize(
    ("dated", "reason"),
    [
        ({"age": None}, Insufficient.AGE_UNKNOWN),
        ({"age": 2.5}, Insufficient.INFANT),
        ({"age": None, "taken": date(2016, 6, 1)}, Insufficient.INFANT),
        ({"age": 30.0}, Insufficient.TOO_FEW),
        ({"eyes": 5.0}, Insufficient.POOR_QUALITY),
    ],
)
def test_where_nothing_can_be_said(matcher: Matcher, dated: dict[str, object], reason: Insufficient) -> None:
    fill(matcher, 100)
    fill(matcher, 20, prefix="X", seed=1, **dated)
    matcher.reindex(actor=ME)
    found = candidates(matcher, top=120)
    assert reasons(tuple(one for one in found if one.case_id.startswith("X"))) == {reason}
    assert reasons(tuple(one for one in found if one.case_id.startswith("C"))) == {None}


def test_bands_of_which_nothing_is_said_are_counted_only(matcher: Matcher) -> None:
    fill(matcher, 105, age=1.0)
    fill(matcher, 105, prefix="U", seed=1, age=None)
    bands = statistics_table(matcher)["bands"]
    assert {name: (band["children"], band["tail"]) for name, band in bands.items()} == {
        "0-2": (105, None),
        "unknown": (105, None),
    }


def test_measured_levels_and_new_ones_give_the_same_scores(matcher: Matcher) -> None:
    fill(matcher, 120)
    matcher.reindex(actor=ME)
    fill(matcher, 10, prefix="N", seed=1)
    probe = vectors(1, seed=9)
    found = matcher.context.gallery.search(probe, cases=130)
    assert found.notes is not None
    cases = np.array([hit.case_id for hit in found.hits[0]])
    expected = found.notes.statistics.comparable(probe[0], found.vectors[0], cases)
    assert found.notes.comparable(probe[0], found.hits[0], found.vectors[0]) == pytest.approx(expected, abs=1e-5)


def test_a_reindex_removes_snapshots_of_other_models_and_their_searchers_go_on(matcher: Matcher) -> None:
    other = replace(matcher.space, recogniser="other")
    cases = fill(matcher, 3)
    with matcher.context.store.write() as transaction:
        for number, (face, case) in enumerate(
            (row.face_id, row.case_id) for block in list(transaction.gallery.rows(matcher.space.name)) for row in block
        ):
            transaction.faces.put_vectors({face: vectors(3, seed=5)[number]}, other.name)
            transaction.gallery.add(face, case, other.name)
    context = matcher.context
    gallery: Gallery[None] = Gallery(context.home.snapshots, other, StoreFeed(context.store, other.name))
    with context.store.read() as reading, SnapshotWriter(gallery.folder, other, reading.gallery.counter()) as writer:
        for rows in reading.gallery.rows(other.name):
            writer.append(rows.face_ids, rows.case_ids, rows.vectors)
        writer.publish()
    assert gallery.search(vectors(1), cases=9).snapshot.startswith("2")
    matcher.close_case("C-000", status="returned", actor=ME)
    matcher.reindex(actor=ME)
    assert [path.name for path in gallery.folder.iterdir() if path.name != "build.lock"] == []  # nobody's face is left
    with context.store.read() as reading:
        assert reading.gallery.changes(matcher.space.name, reading.gallery.counter()) == []
    found = gallery.search(vectors(1), cases=9)
    assert found.snapshot.startswith("live@")
    assert {hit.case_id for hit in found.hits[0]} == set(cases[1:])


def test_a_sighting_keeps_what_its_similarities_meant(matcher: Matcher) -> None:
    fill(matcher, 120, taken=date(2022, 1, 1), age=None)
    matcher.reindex(actor=ME)
    soon = matcher.submit_sighting([child(1)], actor=ME, seen_at=NOW)
    assert reasons(soon.candidates) == {None}
    late = matcher.submit_sighting([child(1)], actor=ME, seen_at=NOW - timedelta(days=365 * 12))
    assert reasons(late.candidates) == {Insufficient.YEARS_APART}
    infant = matcher.submit_sighting([child(1)], actor=ME, seen_at=NOW, apparent_age=2)
    assert reasons(infant.candidates) == {Insufficient.INFANT}
    fill(matcher, 200, prefix="N", seed=1)
    matcher.reindex(actor=ME)
    kept = matcher.sighting(soon.id).candidates
    assert [(one.meaning, one.sentence) for one in kept] == [(one.meaning, one.sentence) for one in soon.candidates]


def test_a_working_point_ends_the_list_and_says_so(home: Path, tmp_path: Path) -> None:
    with Matcher.open(home) as matcher:
        fill(matcher, 120)
        unknown = fill(matcher, 5, prefix="X", seed=1, age=None)
        matcher.reindex(actor=ME)
        whole = candidates(matcher, top=125)
    (home / "settings.toml").write_text("target_fpir = 0.3\n")
    with Matcher.open(home) as matcher:
        (face,) = matcher.match(child(1), actor=ME, reason="test", top=125).faces
        audited = matcher.audit()[-1].entry.details
        sighting = matcher.submit_sighting([child(1)], actor=ME, top=125)
    limit = 1 - 0.7 ** (120 / 125)
    expected = [
        one.case_id for one in whole if one.meaning and (one.meaning.chance is None or one.meaning.chance.rate <= limit)
    ]
    assert [one.case_id for one in face.candidates] == expected == [one.case_id for one in sighting.candidates]
    assert sum(case.startswith("X") for case in expected) == len(unknown)  # whose chance cannot be told, stays
    assert face.cut == 125 - len(expected) == audited["cut"] > 0
    photo = saved(tmp_path, "probe.jpg", child(1))
    shown = CliRunner().invoke(root, ["match", str(photo), "--reason", "test", "--top", "125", "--home", str(home)])
    assert f"({face.cut} more are beyond this home's target_fpir and are not listed.)" in shown.output


@pytest.mark.parametrize("value", ["0", "1", "-0.1", '"often"'])
def test_a_working_point_is_a_rate(home: Path, value: str) -> None:
    (home / "settings.toml").write_text(f"target_fpir = {value}\n")
    done = CliRunner().invoke(root, ["case", "list", "--home", str(home)])
    assert done.exit_code == 2 and "target_fpir" in done.output


def test_the_command_line_says_sentences_and_never_a_percentage(home: Path, tmp_path: Path) -> None:
    with Matcher.open(home) as matcher:
        fill(matcher, 110)
        fill(matcher, 3, prefix="X", seed=1, age=1.0)
        matcher.reindex(actor=ME)
    photo = saved(tmp_path, "probe.jpg", child(1))
    for arguments in (["match", photo, "--reason", "t", "--top", "113"], ["sighting", "submit", photo, "--top", "113"]):
        done = CliRunner().invoke(root, [*map(str, arguments), "--home", str(home)])
        assert done.exit_code == 0, done.output
        assert "%" not in done.output
        assert re.search(r"^  [\d–, ]+: .*among the 110 children aged 6–8 in this gallery", done.output, re.MULTILINE)
    found = CliRunner().invoke(root, ["match", str(photo), "--reason", "t", "--home", str(home), "--json"])
    one = json.loads(found.stdout)["faces"][0]["candidates"][0]
    assert one["sentence"] and {"chance", "insufficient", "band"} <= one["meaning"].keys()


def test_relatives_and_copies_are_left_out(matcher: Matcher) -> None:
    cases = fill(matcher, 120)
    space = matcher.space.name
    twins = vectors(120) + vectors(120, seed=3)
    with matcher.context.store.write() as transaction:
        others = [
            enrol(transaction, space, f"T-{number}", unit(vector[None])[0]) for number, vector in enumerate(twins)
        ]
    apart = statistics_table(matcher)["bands"]["6-8"]
    assert apart["children"] == 240
    with matcher.context.store.write() as transaction:
        for pair in zip(cases, others, strict=True):
            first, second = sorted(pair)
            told = CaseRelation(first=first, second=second, kind=RelationKind.TWIN, actor=ME, at=NOW)
            transaction.relations.put(told)
    together = statistics_table(matcher)["bands"]["6-8"]
    assert together["children"] == 120
    assert together["tail"]["threshold"] < apart["tail"]["threshold"] - 0.1  # strangers are less alike than twins


def statistics_table(matcher: Matcher) -> dict[str, Any]:
    """What a reindex measures now."""
    matcher.reindex(actor=ME)
    context = matcher.context
    live = context.gallery.folder / str(current_name(context.gallery.folder))
    table = open_snapshot(live, context.space, context.snapshot_cipher).attachment("statistics.json")
    assert table is not None
    return json.loads(table)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_tiny_galleries_are_measured_and_searched(matcher: Matcher, count: int) -> None:
    fill(matcher, count)
    matcher.reindex(actor=ME)
    assert matcher.verify().clean is (count == 0)  # the photos have no files here; the snapshot is whole
    assert reasons(candidates(matcher)) == ({Insufficient.TOO_FEW} if count else set())


def test_the_doctor_says_for_whom_similarities_mean_something(matcher: Matcher) -> None:
    def told() -> tuple[bool | None, str, str | None]:
        (found,) = (one for one in matcher.doctor() if one.subject == "chances")
        return found.ok, found.text, found.next_step

    assert told()[0] is None and "matcher reindex" in str(told()[2])
    fill(matcher, 40)
    matcher.reindex(actor=ME)
    assert told() == (None, "no similarity means anything yet.", "100 children of an age are needed.")
    fill(matcher, 110, prefix="N", seed=1)
    matcher.reindex(actor=ME)
    assert told() == (True, "a similarity means something for children aged 6–8", None)
    fill(matcher, 105, prefix="X", seed=2, age=None)
    matcher.reindex(actor=ME)
    ok, text, step = told()
    assert ok is None and text.endswith("children aged 6–8; 105 children are of unknown age on a photo.")
    assert "matcher case update" in str(step)


def test_a_snapshot_of_an_older_version_is_searched_without_meanings(matcher: Matcher) -> None:
    fill(matcher, 120)
    matcher.reindex(actor=ME)
    folder = matcher.context.gallery.folder
    snapshot = folder / (folder / "CURRENT").read_text().strip()
    without_statistics(snapshot)
    with Matcher.open(matcher.context.home.root) as other:
        assert reasons(candidates(other)) == {Insufficient.NO_STATISTICS}


def without_statistics(snapshot: Path) -> None:

    manifest = read_manifest(snapshot)
    files = {name: entry for name, entry in manifest.files.items() if not name.startswith("statistics")}
    (snapshot / "manifest.json").write_text(replace(manifest, files=files).to_json())


@pytest.mark.parametrize("name", ["statistics.json", "statistics.npz"])
def test_damaged_statistics_are_named_and_stop_no_search(matcher: Matcher, name: str) -> None:
    fill(matcher, 100)
    matcher.reindex(actor=ME)
    folder = matcher.context.gallery.folder
    path = folder / (folder / "CURRENT").read_text().strip() / f"{name}.sealed"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with Matcher.open(matcher.context.home.root) as other:
        assert reasons(candidates(other)) == {Insufficient.NO_STATISTICS}
        assert name in other.verify().problems[0]
        other.reindex(actor=ME)
        assert reasons(candidates(other)) == {None}


def test_another_score_is_used_from_the_next_reindex_on(home: Path) -> None:
    with Matcher.open(home) as matcher:
        fill(matcher, 120)
        matcher.reindex(actor=ME)
    (home / "settings.toml").write_text('comparable_score = "cosine"\n')
    with Matcher.open(home) as matcher:
        before = [one.meaning for one in candidates(matcher)]
        assert statistics_table(matcher)["method"] == "cosine"
        assert [one.meaning for one in candidates(matcher)] != before
