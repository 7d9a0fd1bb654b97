"""People are told which photo is weak, why, and what would help; nothing is ranked or left out by it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import PIL.Image
import PIL.ImageFilter
import pytest
from click.testing import CliRunner
from databases import run_sql
from pictures import child, group, nobody, saved

from matcher import Matcher
from matcher.cli.root import root
from matcher.domain.cases import PhotoState
from matcher.domain.faces import NoFaceReason
from matcher.domain.quality import WeaknessKind

ME = "officer Li"


def blurred(data: bytes, radius: float) -> bytes:
    return _edited(PIL.Image.open(io.BytesIO(data)).filter(PIL.ImageFilter.GaussianBlur(radius)))


def lit(data: bytes, factor: float) -> bytes:
    return _edited(PIL.Image.open(io.BytesIO(data)).point(lambda value: value * factor))


def tiny(data: bytes, side: int) -> bytes:
    """The picture shrunk to a corner of a larger grey one."""
    canvas = PIL.Image.new("RGB", (300, 300), (120, 120, 120))
    canvas.paste(PIL.Image.open(io.BytesIO(data)).resize((side, side)), (40, 60))
    return _edited(canvas)


def _edited(image: PIL.Image.Image) -> bytes:
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


BLURRED = blurred(child(1), 1.6)
TINY = tiny(child(1), 60)


def run(*arguments: object, code: int = 0) -> Any:
    result = CliRunner().invoke(root, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result


def test_a_weak_case_photo_is_searched_like_any_other_and_told(matcher: Matcher) -> None:
    view = matcher.add_case("A-1", photos=[BLURRED], actor=ME)
    (photo,) = view.photos
    assert (photo.state, photo.advice) == (PhotoState.READY, None)
    (weakness,) = photo.faces[0].weaknesses
    assert weakness.kind is WeaknessKind.BLURRED
    assert [note for note in view.warnings if "is weak: blurred" in note and weakness.better in note]
    assert matcher.case("A-1").photos == view.photos
    assert matcher.match(child(1), actor=ME, reason="test").faces[0].candidates[0].case_id == "A-1"


def test_a_good_photo_is_not_talked_about(matcher: Matcher) -> None:
    view = matcher.add_case("A-1", photos=[child(1)], actor=ME)
    assert view.warnings == ()
    assert view.photos[0].faces[0].weaknesses == ()
    assert view.photos[0].faces[0].quality.fine_structure is not None


def test_a_face_too_small_to_be_searched_is_named_with_its_width(matcher: Matcher) -> None:
    view = matcher.add_case("A-1", photos=[TINY], actor=ME)
    (photo,) = view.photos
    assert photo.reason is NoFaceReason.TOO_SMALL
    assert photo.advice is not None
    assert "pixels wide; it could be used from 36 on" in photo.advice.problem
    width = int(photo.advice.problem.split()[2])
    assert 24 <= width < 36
    assert str(photo.advice) in view.warnings[0]
    sighting = matcher.submit_sighting([TINY], actor=ME)
    assert sighting.photos[0].advice == photo.advice
    assert matcher.match(TINY, actor=ME, reason="test", thorough=True).advice == photo.advice
    quick = matcher.match(TINY, actor=ME, reason="test").advice
    assert quick is not None and quick.problem == "no face was found (faces are looked for from 36 pixels wide on)"


def test_a_photo_without_a_face_says_how_small_a_face_may_be(matcher: Matcher) -> None:
    (photo,) = matcher.submit_sighting([nobody()], actor=ME).photos
    assert photo.reason is NoFaceReason.NO_FACE
    assert photo.advice is not None
    assert "no face was found (faces are looked for from 36 pixels" in photo.advice.problem


def test_quality_moves_nobody_in_a_list(matcher: Matcher) -> None:
    for seed in (1, 2, 3):
        matcher.add_case(f"A-{seed}", photos=[blurred(child(seed), 2.5) if seed == 2 else child(seed)], actor=ME)
    probe = blurred(child(3, 1), 2)
    (face,) = matcher.match(probe, actor=ME, reason="test").faces
    assert [weakness.kind for weakness in face.weaknesses] == [WeaknessKind.BLURRED]
    vector = matcher.faces(probe).faces[0].embedding
    hits = matcher.context.gallery.search(vector[None], cases=3).hits[0]
    assert [one.similarity for one in face.candidates] == [hit.similarity for hit in hits]


def test_weak_cases_are_listed_with_what_would_help(matcher: Matcher) -> None:
    matcher.add_case("A-1", photos=[BLURRED], actor=ME)
    matcher.add_case("A-2", photos=[blurred(child(2), 2.5), child(2)], actor=ME)  # one good photo is enough
    matcher.add_case("A-3", actor=ME)
    matcher.add_case("A-4", photos=[TINY], actor=ME)
    waiting = matcher.add_case("A-5", photos=[group(3, 4), TINY], actor=ME)
    matcher.add_case("A-6", photos=[BLURRED], actor=ME)
    matcher.close_case("A-6", status="returned", actor=ME)
    found = {case.case_id: case for case in matcher.weak_cases()}
    assert list(found) == ["A-1", "A-3", "A-4", "A-5"]
    assert [case.searchable for case in found.values()] == [True, False, False, False]
    assert found["A-1"].advice[0].problem.startswith("blurred")
    assert found["A-1"].photo == matcher.case("A-1").photos[0].id
    assert (found["A-3"].photo, found["A-3"].advice[0].problem) == (None, "no photo")
    assert found["A-4"].advice[0].problem.startswith("face only")
    assert found["A-5"].photo == waiting.photos[0].id
    assert found["A-5"].advice[0].better == f"matcher case choose-face {waiting.photos[0].id}"
    assert [case.case_id for case in matcher.weak_cases(limit=2)] == ["A-1", "A-3"]
    (photos,) = [finding for finding in matcher.doctor() if finding.subject == "photos"]
    assert (photos.ok, photos.text) == (None, "1 open cases have only weak photos.")
    assert photos.next_step is not None
    assert "matcher case list --weak" in photos.next_step


def test_the_least_weak_photo_speaks_for_a_case(matcher: Matcher) -> None:
    weak = blurred(child(3), 2)
    view = matcher.add_case("A-1", photos=[lit(weak, 1.5), weak], actor=ME)
    assert [len(photo.faces[0].weaknesses) for photo in view.photos] == [2, 1]
    (case,) = matcher.weak_cases()
    assert (case.photo, len(case.advice)) == (view.photos[1].id, 1)


def test_what_was_stored_before_it_was_measured_still_loads(home: Path) -> None:
    """As an older version left it: no fine structure in a face's quality, no shortfall of a photo."""
    with Matcher.open(home) as matcher:
        matcher.add_case("A-1", photos=[BLURRED, TINY], actor=ME)
    run_sql(
        f"sqlite:///{home}/matcher.db",
        "UPDATE faces SET quality = json_remove(quality, '$.fine_structure')",
        "UPDATE photos SET shortfall = NULL",
    )
    with Matcher.open(home) as matcher:
        weak, unusable = matcher.case("A-1").photos
        assert weak.faces[0].quality.fine_structure is None
        assert weak.faces[0].weaknesses == ()
        assert unusable.advice is not None
        assert unusable.advice.problem == "the face is too small"
        assert matcher.weak_cases() == []


def test_on_the_command_line(home: Path, tmp_path: Path) -> None:
    weak = saved(tmp_path, "weak.png", BLURRED)
    little = saved(tmp_path, "little.png", TINY)
    added = run("case", "add", "A-1", "--photo", weak, "--photo", little)
    assert "weak.png is weak: blurred" in added.stderr
    assert "little.png: face only" in added.stderr
    shown = run("case", "show", "A-1").output
    assert "    weak: blurred" in shown
    assert "    face only" in shown
    as_json = json.loads(run("case", "show", "A-1", "--json").output)
    lacking = as_json["photos"][0]["faces"][0]["weaknesses"]
    assert [(one["kind"], one["poor"]) for one in lacking] == [("blurred", False)]
    assert f"weak: {lacking[0]['problem']}: {lacking[0]['better']}" in shown
    assert as_json["photos"][1]["advice"]["problem"] in shown
    listed = run("case", "list", "--weak").output
    assert "A-1" in listed
    assert "blurred" in listed
    assert json.loads(run("case", "list", "--weak", "--json").output)[0]["searchable"] is True
    run("case", "list", "--weak", "--status", "returned", code=2)
    assert "→ See which, and what a better photo would be" in run("doctor").output


def test_searches_and_sightings_on_the_command_line(home: Path, tmp_path: Path) -> None:
    weak = saved(tmp_path, "weak.png", BLURRED)
    little = saved(tmp_path, "little.png", TINY)
    assert "weak: blurred" in run("match", weak, "--reason", "tip").output
    assert "No usable face: no face was found" in run("match", little, "--reason", "tip").output
    assert "No usable face: face only" in run("match", little, "--reason", "tip", "--thorough").output
    assert "Face 1 is weak: blurred" in run("faces", weak).output
    assert "No usable face: face only" in run("faces", little).output
    looked = json.loads(run("faces", weak, "--json").output)
    assert looked["faces"][0]["weaknesses"][0]["kind"] == "blurred"
    assert looked["advice"] is None
    assert "FineStructure" in looked["faces"][0]["quality"]
    assert json.loads(run("faces", little, "--json").output)["advice"]["problem"].startswith("face only")
    submitted = run("sighting", "submit", weak, little).output
    assert "weak: blurred" in submitted
    assert "no usable face, kept for people to look at. face only" in submitted
    sighting = json.loads(run("sighting", "list", "--json").output)[0]["id"]
    assert "face only" in run("sighting", "show", sighting).output


def test_imports_say_which_photo_is_weak(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    saved(tmp_path, "cases/A-1/weak.png", BLURRED)
    saved(tmp_path, "seen/little.png", TINY)
    saved(tmp_path, "seen/weak.png", BLURRED)
    assert "weak.png is weak: blurred" in run("case", "import-folders", "cases").stderr
    told = run("sighting", "import-folder", "seen").stderr
    assert "little.png: face only" in told
    assert "weak.png is weak: blurred" in told
    assert "little.png" not in run("sighting", "import-folder", "seen").stderr  # known already
