"""`matcher evaluate`: the same numbers by every way, and clear sentences where there are none."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from pictures import child, group, nobody, saved
from recount import recount

from matcher import CasePhoto, Matcher
from matcher.cli.root import root
from matcher.domain.scores import unit
from matcher.errors import Damaged, SpaceMismatch, WrongUse
from matcher.evaluation.report import report
from matcher.evaluation.trials import Kind, Trials
from matcher.faces.pipeline import FacePipeline
from matcher.services.embeddings_file import Embedded, read_embeddings, write_embeddings
from matcher.services.evaluate_folders import FolderProtocol, Split, evaluate_folders
from matcher.services.evaluate_own import evaluate_own
from matcher.services.inputs import ReasonCode, Who
from matcher.services.trials import Template

DIM = 128


def run(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(root, ["evaluate", *map(str, arguments)])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def own(matcher: Matcher, pairs: Path | None = None) -> Trials:
    return evaluate_own(matcher.context, Who("li", ReasonCode.EVALUATION, "yearly check"), pairs=pairs)


def people(folder: Path, kept: Path, space: str, photos: int = 3, count: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """A dataset whose embeddings are drawn: files, the file of embeddings; names of people and vectors, by photo."""
    random = np.random.default_rng(7)
    known, names, vectors = {}, [], []
    for person in range(count):
        centre = random.normal(size=DIM)
        for number in range(photos):
            name, data = f"p{person:02}/{number}.jpg", f"{person} {number}".encode()
            saved(folder, name, data)
            vector = unit(centre + 2.2 * random.normal(size=DIM))
            digest = hashlib.sha256(data).hexdigest()
            known[name, digest] = Embedded(digest, None, 1, 40.0 + person, Template(vector))
            names.append(f"p{person:02}")
            vectors.append(vector)
    write_embeddings(kept, space, DIM, known)
    return np.array(names), np.array(vectors)


def test_folders_agree_with_the_recount_by_every_way(matcher: Matcher, tmp_path: Path) -> None:
    kept = tmp_path / "kept.npz"
    names, vectors = people(tmp_path / "set", kept, matcher.space.name)
    common = ("folders", tmp_path / "set", "--embeddings", kept, "--unenrolled", 0.5, "--seed", 3)
    page, scores = tmp_path / "page.html", tmp_path / "scores"
    told = json.loads(run(*common, "--json", "--report", page, "--scores", scores).stdout)
    left_out = np.random.default_rng(3).permutation(40)[:20]
    first = np.arange(0, len(names), 3)
    misses, fnir = recount(names, vectors, np.isin(np.arange(len(names)), np.delete(first, left_out)))
    assert 0.05 < misses[1] < 0.95  # the drawn faces are neither all alike nor all different
    assert {line["rank"]: line["miss"] and line["miss"]["value"] for line in told["investigation"]} == {
        **misses, 20: None, 50: None  # which hold all of the gallery
    }  # fmt: skip
    cosine = {one["fpir"]: one["fnir"] and one["fnir"]["value"] for one in told["identification"][:4]}
    assert cosine == {**dict.fromkeys((0.3, 0.1, 0.01, 0.003)), **fnir}
    assert (told["counts"]["enrolled"], told["counts"]["mated"], told["counts"]["nonmated"]) == (20, 40, 60)
    assert json.loads(run("scores", scores, "--json").stdout) == told
    printed = run("scores", scores).output
    assert printed.splitlines()[0] == "First photo by name of each person of 'set' enrolled, the others searched"
    assert "not an identification" in printed and f"{misses[1]:.3f}" in printed
    assert page.stat().st_mode & 0o777 == 0o600 and f"{misses[1]:.3f}" in page.read_text()
    again = json.loads(run(*common, "--json").stdout)
    assert again == told


def test_two_folders_and_a_drawn_split(matcher: Matcher, tmp_path: Path) -> None:
    people(tmp_path / "set", tmp_path / "kept.npz", matcher.space.name, count=10)
    for name in ("p00/0.jpg", "p01/0.jpg", "p02/0.jpg", "p02/1.jpg"):
        saved(tmp_path / "gallery", name, (tmp_path / "set" / name).read_bytes())
    kept = tmp_path / "kept.npz"
    found = evaluate_folders(
        matcher.context, FolderProtocol(gallery=tmp_path / "gallery", probes=tmp_path / "set", embeddings=kept)
    )
    counts = report(found).counts
    # The bytes of four probes are enrolled: they are left out.
    assert (counts.enrolled, counts.gallery_photos, counts.mated, counts.nonmated) == (3, 4, 5, 21)
    assert "4 probes are the very bytes of a gallery photo: they were left out." in found.about.notes
    drawn = [
        evaluate_folders(
            matcher.context, FolderProtocol(gallery=tmp_path / "set", split=Split.RANDOM, seed=seed, embeddings=kept)
        ).gallery
        for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(drawn[0]) == 10


def test_photos_are_embedded_once_and_failures_are_counted(
    matcher: Matcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, kept = tmp_path / "set", tmp_path / "kept.npz"
    for seed in (1, 2, 3):
        saved(folder, f"{seed}/a_age08.jpg", child(seed))
        saved(folder, f"{seed}/b_age10.jpg", child(seed, 1, age=10))
    saved(folder, "1/c.jpg", nobody())
    saved(folder, "2/c.jpg", b"no photo")
    saved(folder, "3/c.jpg", group(3, 4))
    (folder / "4").mkdir()
    protocol = FolderProtocol(gallery=folder, embeddings=kept)
    found = evaluate_folders(matcher.context, protocol)
    assert kept.stat().st_mode & 0o777 == 0o600
    counts = report(found).counts
    assert (counts.enrolled, counts.mated, counts.fta.reasons) == (3, 6, {"no_face": 1, "unreadable": 1})
    assert report(found).investigation[0].miss.count >= 2
    assert [probe.age for probe in found.probes][:3] == [10, None, 10]
    notes = " ".join(found.about.notes)
    for said in ("1 folders in set hold no photo: '4'", "1 of 9 photos show several faces", "cannot be read as photos"):
        assert said in notes
    again: list[str] = []
    real = FacePipeline.find
    monkeypatch.setattr(FacePipeline, "find", lambda *given, **more: again.append("x") or real(*given, **more))
    assert evaluate_folders(matcher.context, protocol).probes == found.probes
    assert again == []
    saved(folder, "1/b_age10.jpg", child(1, 2, age=10))  # another photo under the same name
    evaluate_folders(matcher.context, protocol)
    assert again == ["x"]


def test_empty_files_are_failures_and_no_copies_of_each_other(matcher: Matcher, tmp_path: Path) -> None:
    for seed in (1, 2, 3):
        saved(tmp_path, f"set/{seed}/a.jpg", child(seed) if seed < 3 else b"")
        saved(tmp_path, f"set/{seed}/b.jpg", b"")
    counts = report(evaluate_folders(matcher.context, FolderProtocol(gallery=tmp_path / "set"))).counts
    assert (counts.mated, counts.fta.count, counts.fte.count) == (3, 3, 1)


def test_a_write_that_is_broken_off_leaves_no_faces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object, **_more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", broken)
    with pytest.raises(KeyboardInterrupt):
        write_embeddings(tmp_path / "kept.npz", "space", DIM, {})
    assert list(tmp_path.iterdir()) == []


def test_kept_embeddings_of_other_models_or_damaged_are_refused(tmp_path: Path) -> None:
    kept = tmp_path / "kept.npz"
    write_embeddings(
        kept, "one", 2, {("a/1", "d"): Embedded("d", None, 1, 9.0, Template(np.array([0.6, 0.8], np.float32), True))}
    )
    (one,) = read_embeddings(kept, "one", 2).values()
    assert (one.eye_distance, one.template.poor, one.template.vector.tolist()) == (9.0, True, pytest.approx([0.6, 0.8]))
    with pytest.raises(SpaceMismatch, match="holds vectors of 'one', this home works with 'two'"):
        read_embeddings(kept, "two", 2)
    with pytest.raises(Damaged, match="do not fit"):
        read_embeddings(kept, "one", 3)
    write_embeddings(
        kept, "one", 2, {("a/1", "d"): Embedded("d", None, 1, 9.0, Template(np.array([0.6, np.nan], np.float32)))}
    )
    with pytest.raises(Damaged, match="'a/1' is not of length 1"):
        read_embeddings(kept, "one", 2)
    np.savez(kept, space=np.array("one"))
    with pytest.raises(Damaged, match="holds no 'name'"):
        read_embeddings(kept, "one", 2)
    for data in (b"", b"PK\x03\x04 cut"):
        kept.write_bytes(data)
        with pytest.raises(Damaged, match="cannot be read as kept embeddings"):
            read_embeddings(kept, "one", 2)
    with pytest.raises(WrongUse, match="cannot be written"):
        write_embeddings(tmp_path / "no" / "kept.npz", "one", 2, {})


@pytest.mark.parametrize(
    ("photos", "arguments", "said"),
    [
        (["a/1", "b/1"], [], "Every person in"),
        (["a/1", "a/2"], [], "holds one person only, 'a'"),
        (["a/1", "a/2", "b/1", "b/2"], ["--unenrolled", 0.1], "0.1 of 2 people is 0"),
        (["a/1", "a/2", "b/1", "b/2"], ["--unenrolled", 1], "expected a share from 0 to below 1"),
        (["a/1", "a/2", "b/1", "b/2"], [".", "--split", "first"], "--split parts one folder"),
        (["a/1", "a/2", "b/1", "b/2"], ["--unenrolled", 0.5], "holds one person only, whom"),
        (["a/1 none", "a/2", "b/1 none", "b/2"], [], "none of its 2 photos shows a usable face"),
        (["a/1", "a/2", "b/1", "b/2"], ["--ages", "no.csv"], "no.csv cannot be read"),
    ],
)
def test_what_cannot_be_evaluated_is_said(
    matcher: Matcher, tmp_path: Path, photos: list[str], arguments: list[Any], said: str
) -> None:
    known = {}
    for place, photo in enumerate(photos):
        saved(tmp_path / "set", photo, data := photo.encode())
        digest, template = hashlib.sha256(data).hexdigest(), Template(np.eye(DIM, dtype=np.float32)[place])
        known[photo, digest] = (
            Embedded(digest, "no_face") if "none" in photo else Embedded(digest, None, 1, 40.0, template)
        )
    write_embeddings(tmp_path / "kept.npz", matcher.space.name, DIM, known)
    result = run("folders", tmp_path / "set", *arguments, "--embeddings", tmp_path / "kept.npz", code=2)
    assert said in result.stderr


def test_equal_faces_and_a_gallery_of_two_have_a_report(matcher: Matcher, tmp_path: Path) -> None:
    known = {}
    for name in ("a/1", "a/2", "b/1", "b/2", "c/1", "c/2"):
        saved(tmp_path / "set", name, data := name.encode())
        digest = hashlib.sha256(data).hexdigest()
        known[name, digest] = Embedded(digest, None, 1, 40.0, Template(np.eye(DIM, dtype=np.float32)[0]))
    write_embeddings(tmp_path / "kept.npz", matcher.space.name, DIM, known)
    printed = run(
        "folders", tmp_path / "set", "--unenrolled", 0.3, "--embeddings", tmp_path / "kept.npz",
        "--report", tmp_path / "page.html",
    ).output  # fmt: skip
    assert "All best similarities are equal" in printed
    assert "The gallery holds 2 people: a list of 5, 10, 20, 50 would hold them all." in printed
    assert (tmp_path / "page.html").exists()


@pytest.fixture
def cases(matcher: Matcher) -> Matcher:
    """Four cases: with three, two, one and one photo; one photo more shows nobody."""
    for seed, count in ((1, 3), (2, 2), (3, 1), (4, 1)):
        photos = [CasePhoto(child(seed, variant), age=7 + variant) for variant in range(count)]
        matcher.add_case(f"A-{seed}", photos, actor="li", sex="female")
    matcher.update_case("A-2", [nobody()], actor="li")
    return matcher


def test_own_cases_are_searched_among_each_other(cases: Matcher) -> None:
    found = own(cases)
    kinds = [(probe.subject, probe.kind) for probe in found.probes]
    assert sorted(kinds) == sorted(
        [("A-1", Kind.MATED)] * 3 + [("A-2", Kind.MATED)] * 3 + [(f"A-{n}", Kind.NONMATED) for n in (1, 2, 3, 4)]
    )
    with cases.context.store.read() as reading:
        rows = [row for block in reading.gallery.rows(cases.space.name) for row in block]
        number = {case.id: case.number for case in reading.cases.list()}
        photo_of = reading.faces.photos_of([row.face_id for row in rows])
    vectors = {f"{number[row.case_id]}": [] for row in rows}
    by_photo = {}
    for row in rows:
        vectors[number[row.case_id]].append(row.vector)
        by_photo[photo_of[row.face_id]] = row.vector
    for place, probe in enumerate(found.probes):
        listed = found.candidates.probe == place
        subjects = [found.gallery[entry].subject for entry in found.candidates.entry[listed]]
        if probe.failure is not None:
            assert (probe.failure, subjects) == ("no_face", [])
            continue
        assert set(subjects) == set(vectors) - ({probe.subject} if probe.kind is Kind.NONMATED else set())
        vector = next(v for photo, v in by_photo.items() if _shown(photo) == probe.photo)
        for subject, score in zip(subjects, found.candidates.scores[listed, 0], strict=True):
            others = [v for v in vectors[subject] if v is not vector]
            assert score == pytest.approx(max(float(vector @ other) for other in others), abs=1e-6)
    assert {one.age for one in found.gallery if one.subject == "A-1"} == {7, 8, 9}
    assert {one.sex for one in found.gallery} == {"female"}
    counts = report(found).counts
    assert (counts.enrolled, counts.fte.reasons, counts.fta.reasons) == (4, {"no_face": 1}, {"no_face": 1})
    (entry,) = [one.entry for one in cases.audit() if one.entry.action == "evaluation.own"]
    assert (entry.actor, entry.reason_code, dict(entry.details)) == (
        "li", "evaluation", {"mated": 6, "nonmated": 4, "excluded": 0}
    )  # fmt: skip


def _shown(number: int) -> str:
    from matcher.domain.ids import id_text

    return id_text(number)


def test_relatives_are_left_out_where_a_case_is_searched_as_a_stranger(cases: Matcher) -> None:
    cases.relate_cases("A-1", "A-3", kind="twin", actor="li")
    cases.update_case("A-4", [child(2)], actor="li")  # a picture of A-2
    found = own(cases)
    lists = {
        (probe.subject, probe.kind): {
            found.gallery[entry].subject for entry in found.candidates.entry[found.candidates.probe == place]
        }
        for place, probe in enumerate(found.probes)
        if probe.failure is None
    }
    assert lists["A-1", Kind.NONMATED] == {"A-2", "A-4"}
    assert lists["A-2", Kind.NONMATED] == {"A-1", "A-3"}
    assert lists["A-1", Kind.MATED] == {"A-1", "A-2", "A-3", "A-4"}
    assert any("2 times cases are declared related" in note for note in found.about.notes)


def test_relatives_of_relatives_and_three_holders_of_one_picture_are_no_strangers(cases: Matcher) -> None:
    cases.relate_cases("A-1", "A-3", kind="sibling", actor="li")
    cases.relate_cases("A-3", "A-4", kind="sibling", actor="li")
    for number in (5, 6, 7):
        cases.add_case(f"A-{number}", [child(9), child(number, 1)], actor="li")
    found = own(cases)
    lists = found.candidates
    strangers = {
        probe.subject: {found.gallery[entry].subject for entry in lists.entry[lists.probe == place]}
        for place, probe in enumerate(found.probes)
        if probe.kind is Kind.NONMATED
    }
    assert strangers["A-1"] == strangers["A-3"] == strangers["A-4"] == {"A-2", "A-5", "A-6", "A-7"}
    assert strangers["A-5"] == {"A-1", "A-2", "A-3", "A-4"}


def test_photos_without_a_face_are_misses_of_their_case(cases: Matcher) -> None:
    cases.update_case("A-3", [nobody()], actor="li")  # one good photo, one without a face
    cases.add_case("A-5", [nobody(2), nobody(3)], actor="li")  # none with a face
    found = own(cases)
    misses = [(probe.subject, probe.failure) for probe in found.probes if probe.kind is Kind.MATED]
    assert misses.count(("A-3", None)) == misses.count(("A-3", "no_face")) == 1
    assert misses.count(("A-5", "no_face")) == 2
    counts = report(found).counts
    assert (counts.mated, counts.fta.count, counts.fta.of) == (10, 4, 11)  # A-4's one photo was searched, too
    good = next(place for place, probe in enumerate(found.probes) if (probe.subject, probe.failure) == ("A-3", None))
    assert "A-3" not in {found.gallery[row].subject for row in found.candidates.entry[found.candidates.probe == good]}


def test_judged_pairs_are_searched_with_their_cases_even_if_closed(cases: Matcher, tmp_path: Path) -> None:
    seen = cases.submit_sighting([child(3, 1)], actor="desk")
    other = cases.submit_sighting([nobody(), group(5, 6)], actor="desk")
    cases.close_case("A-3", status="returned", actor="li")
    table = tmp_path / "pairs.csv"
    table.write_text(f"sighting,case,truth\n{seen.id},A-3,same\n{seen.id},A-1,different\n{other.id},A-2,different\n")
    found = own(cases, table)
    same, different, stranger = found.probes[-3:]
    assert (same.kind, same.subject, same.sought) == (Kind.MATED, "A-3", "A-3")
    assert (different.kind, different.subject, different.sought) == (Kind.EXCLUDED, "A-3", "A-1")
    assert (stranger.kind, stranger.subject, stranger.sought) == (Kind.EXCLUDED, f"sighting {other.id}", "A-2")
    assert report(found).counts.excluded == 2
    last = found.candidates.probe == len(found.probes) - 3
    assert found.gallery[found.candidates.entry[last][0]].subject == "A-3"


def test_pairs_that_cannot_be_meant_are_named(cases: Matcher, tmp_path: Path) -> None:
    seen = cases.submit_sighting([child(3, 1)], actor="desk").id
    for rows, said in (
        (f"{seen},A-9,same", "line 2, column 'case': 'A-9': there is no such case"),
        ("0000000000001,A-1,same", "column 'sighting': '0000000000001': there is no such sighting"),
        (f"{seen},A-1,perhaps", "column 'truth': 'perhaps': expected one of same, different"),
        (f"{seen},A-1,", "column 'truth' is empty"),
        (f"{seen},A-1,same\n{seen},A-2,same", f"line 3: sighting {seen} cannot show the child of 'A-2' and of 'A-1'"),
        (f"{seen},A-1,same\n{seen},A-1,different", f"line 3 judges sighting {seen} and case 'A-1' a second time"),
        ("", "holds no pair"),
    ):
        (tmp_path / "pairs.csv").write_text(f"sighting,case,truth\n{rows}\n")
        assert said in run("own", "--pairs", tmp_path / "pairs.csv", code=2).stderr


def test_a_home_with_too_few_cases_says_so(matcher: Matcher) -> None:
    assert "There are no open cases" in run("own", code=2).stderr
    matcher.add_case("A-1", [nobody()], actor="li")
    assert "none of its 1 photos shows a usable face" in run("own", code=2).stderr
    matcher.add_case("A-2", [child(1)], actor="li")
    assert "one person only" in run("own", code=2).stderr
    matcher.add_case("A-3", [child(2)], actor="li")
    printed = run("own", "--actor", "li").output
    assert "No probe shows a person of the gallery" in printed


def test_nothing_is_replaced_and_no_work_is_lost(matcher: Matcher, tmp_path: Path) -> None:
    home, kept = matcher.context.home.root, tmp_path / "kept.npz"
    people(tmp_path / "set", kept, matcher.space.name, count=4)
    arguments = ["folders", tmp_path / "set", "--embeddings", kept, "--scores", tmp_path / "scores", "--home", home]
    run(*arguments)
    before = {path.name: path.read_bytes() for path in (tmp_path / "scores").iterdir()}
    assert "never replaced" in run(*arguments, "--seed", "2", code=5).output
    assert {path.name: path.read_bytes() for path in (tmp_path / "scores").iterdir()} == before
    lost = run("folders", tmp_path / "set", "--embeddings", tmp_path / "no" / "kept.npz", "--home", home, code=2)
    assert "its folder does not exist" in lost.output
    twice = run("folders", tmp_path / "set", tmp_path / "set", "--embeddings", kept, "--home", home, code=2)
    assert "the very photos of the gallery" in twice.output
