"""Other models in a home: install, look at, use, remove; by the command line as people do."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from commands import as_json, run
from faces_models import shared_models_folder
from model_files import (
    EXPORTED,
    YUNET,
    NotInstalled,
    exported_recogniser,
    recogniser_card,
    tiny_card,
    tiny_recogniser,
    yunet_file,
)
from pictures import child
from reviews import pair_of

from matcher import CasePhoto, Matcher
from matcher.config import DEFAULT_BACKEND, Home
from matcher.domain.ids import id_text, parse_id
from matcher.domain.reviews import ReopenedBy, Task, TaskState
from matcher.errors import StoreProblem, WrongUse
from matcher.faces.installed import shipped
from matcher.services import switching

PAIR = f"mmod+{EXPORTED}"


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models of the test's own."""
    folder = Path(shutil.copytree(shared_models_folder(), tmp_path / "models"))
    monkeypatch.setenv("MATCHER_MODELS_DIR", str(folder))
    return folder


@pytest.fixture
def card(models: Path, home: Path) -> Path:
    """The card of the exported recogniser, its network beside it."""
    data = exported_recogniser()
    folder = models.parent / "download"
    folder.mkdir()
    (folder / f"{EXPORTED}.onnx").write_bytes(data)
    (folder / "card.toml").write_text(recogniser_card(EXPORTED, data))
    return folder / "card.toml"


@pytest.fixture
def installed(card: Path) -> Path:
    """The same, installed."""
    run("models", "install", "--card", card, "--accept-licence")
    return card


def register(home: Path, *numbers: str) -> None:
    with Matcher.open(home) as matcher:
        for seed, number in enumerate(numbers, start=1):
            matcher.add_case(number, [CasePhoto(child(seed))], actor="li")


def states() -> dict[str, tuple[str, bool]]:
    return {row["name"]: (row["state"], row["in_use"]) for row in as_json("models", "list")["models"]}


def actions(home: Path) -> list[str]:
    with Matcher.open(home) as matcher:
        return [row.entry.action for row in matcher.audit()]


def test_the_list_shows_what_is_there_and_what_could_be(card: Path) -> None:
    before = states()
    assert before["mmod"] == before["dlib-resnet-v1"] == before["landmarks5"] == ("built in", True)
    assert before[YUNET] == ("can be installed", False)
    run("models", "install", "--card", card, "--accept-licence")
    assert states() == before | {EXPORTED: ("installed", False)}
    assert f"This home uses {DEFAULT_BACKEND}." in run("models", "list").output


def test_a_known_model_says_which_file_to_get(models: Path, home: Path) -> None:
    said = run("models", "install", YUNET, code=2).stderr
    file = shipped()[YUNET][0].file
    assert all(text in said for text in (file.name, "229,738 bytes", file.sha256, "github.com/opencv/opencv_zoo"))
    assert "no model 'arcface'" in run("models", "install", "arcface", code=4).stderr
    assert "built in" in run("models", "install", "mmod", code=5).stderr
    assert "one of both" in run("models", "install", code=2).stderr
    assert "one of both" in run("models", "install", YUNET, "--card", "x", code=2).stderr
    assert not (models / "installed").exists()


def test_the_licence_is_shown_and_asked_for(card: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = run("models", "install", "--card", card, code=2)
    assert "Licence: Apache-2.0" in refused.stdout and "--accept-licence" in refused.stderr
    monkeypatch.setattr("matcher.cli.models._somebody_is_there", lambda: True)
    declined = run("models", "install", "--card", card, code=2, typed="n\n")
    assert "The licence was not accepted: nothing was installed." in declined.stderr
    assert not (models / "installed").exists()
    assert f"Installed {EXPORTED}" in run("models", "install", "--card", card, typed="y\n").stdout
    assert "already" in run("models", "install", "--card", card, typed="y\n").stdout
    with Matcher.open() as matcher, pytest.raises(WrongUse, match="licence"):
        matcher.face_models.install(matcher.face_models.offered(card=card), accept_licence=False, actor="li")


@pytest.mark.parametrize(
    ("name", "content", "code", "why"),
    [
        (f"{EXPORTED}.onnx", b"not a network", 7, "13 bytes, not the"),
        (f"{EXPORTED}.onnx", None, 2, "cannot be read"),
        ("card.toml", b"name = 7", 7, "key 'format': it is missing"),
        ("card.toml", None, 2, "cannot be read"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason(
    card: Path, models: Path, name: str, content: bytes | None, code: int, why: str
) -> None:
    file = card.parent / name
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    assert why in run("models", "install", "--card", card, "--accept-licence", code=code).stderr
    assert not (models / "installed").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
@pytest.mark.parametrize("option", ["--from", "--card"])
def test_what_is_no_file_or_too_large_is_not_read(
    models: Path, home: Path, tmp_path: Path, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = [YUNET] if option == "--from" else []
    pipe, large = tmp_path / "pipe", tmp_path / "large"
    os.mkfifo(pipe)
    with large.open("wb") as file:
        file.truncate(1_900_000_000)
    read: list[Path] = []
    whole = Path.read_bytes

    def reading(path: Path) -> bytes:
        read.append(path)
        return b"" if path in (pipe, large, Path("/dev/zero")) else whole(path)

    monkeypatch.setattr(Path, "read_bytes", reading)
    too_large = (7, "1,900,000,000 bytes, not the") if option == "--from" else (2, "larger than any card")
    for path, code, why in ((pipe, 2, "not a file"), (Path("/dev/zero"), 2, "not a file"), (large, *too_large)):
        assert why in run("models", "install", *name, option, path, "--accept-licence", code=code).stderr
        assert path not in read


def test_a_wrong_file_for_a_known_model(models: Path, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "some.onnx"
    file.write_bytes(bytes(229_738))
    said = run("models", "install", YUNET, "--from", file, "--accept-licence", code=7).stderr
    assert "some.onnx" in said and "SHA-256" in said
    assert states()[YUNET] == ("can be installed", False)


def test_cards_are_printed(installed: Path) -> None:
    shown = run("models", "card", "dlib-resnet-v1").stdout
    for text in ("7,485 people", "Measured here", "Known weaknesses", "children", "public domain"):
        assert text in shown
    assert "eye_left_outer" in run("models", "card", EXPORTED).stdout
    assert as_json("models", "card", YUNET)["file"]["size"] == 229_738
    assert "arcface" in run("models", "card", "arcface", code=4).stderr


def test_changing_the_models_embeds_all_cases_first(home: Path, installed: Path) -> None:
    register(home, "A-1", "A-2")
    home_file = Home(home)
    home_file.settings_file.write_text("# ours\ntop = 7  # few\n", encoding="utf-8")
    done = as_json("models", "use", "mmod", EXPORTED)
    assert (done["backend"], done["in_use"], done["faces"], done["embedded"]) == (PAIR, True, 2, 2)
    assert home_file.settings_file.read_text() == f'# ours\ntop = 7  # few\nbackend = "{PAIR}"\n'
    assert oct(home_file.settings_file.stat().st_mode)[-3:] == "600"
    with Matcher.open(home) as matcher:
        assert matcher.space.recogniser.startswith(f"{EXPORTED}.")
        assert matcher.gallery_status().snapshot == done["snapshot"]
        found = matcher.match(child(1), actor="li", reason="test")
    assert found.faces[0].candidates[0].case_id == "A-1"
    assert found.gallery_size == 2
    assert states()[EXPORTED] == ("installed", True)
    assert states()["dlib-resnet-v1"] == ("built in", False)
    assert actions(home)[-5:] == ["gallery.embed", "gallery.embed", "gallery.reindex", "models.use", "search.match"]
    run("models", "use", "mmod", "dlib-resnet-v1")
    assert f'backend = "{DEFAULT_BACKEND}"\n' in home_file.settings_file.read_text()


def excluded_pair(home: Path, number: str = "A-1", seed: int = 1) -> Task:
    """A case, a sighting, and the pair of both, which is excluded."""
    with Matcher.open(home) as matcher:
        matcher.add_case(number, photos=[child(seed)], actor="t")
        sighting = matcher.submit_sighting([child(seed, 1)], actor="t")
        with matcher.context.store.write() as tx:
            case = tx.cases.get(number)
            (found,) = [one for one in tx.candidates.of_sighting(parse_id(sighting.id)) if one.case_id == case.id]
            return pair_of(tx, found, space=found.space, state=TaskState.EXCLUDED)


def where_it_stands(home: Path, *pairs: Task) -> list[tuple[TaskState, ReopenedBy | None]]:
    with Matcher.open(home) as matcher, matcher.context.store.read() as reading:
        found = [reading.tasks.get(pair.id) for pair in pairs]
    return [(one.state, one.reopened_by) for one in found]


def test_who_is_killed_before_pairs_are_asked_again_leaves_it_to_the_next_reindex(
    home: Path, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> int:
        raise Killed

    pair, ended = excluded_pair(home), excluded_pair(home, "A-2", 2)
    with Matcher.open(home) as matcher:
        matcher.close_case("A-2", status="returned", actor="t")
        with monkeypatch.context() as patch:
            patch.setattr(switching, "reopen_of_other_spaces", killed)
            with pytest.raises(Killed):
                matcher.face_models.use("mmod", EXPORTED, actor="t")
    assert Home(home).backend_in_file == PAIR
    untouched = (TaskState.EXCLUDED, None)
    assert where_it_stands(home, pair, ended) == [untouched, untouched]
    run("reindex")
    run("reindex")
    asked = (TaskState.WAITING, ReopenedBy.NEW_MODEL)
    assert where_it_stands(home, pair, ended) == [asked, untouched]  # nobody is asked about a case that has ended
    with Matcher.open(home) as matcher:
        (entry,) = [one.entry for one in matcher.audit() if one.entry.action == "review.reopen"]
    assert (entry.objects, dict(entry.details)) == ((id_text(pair.id),), {"because": "new_model", "tasks": 1})


def test_models_that_the_environment_names_ask_again_at_the_next_reindex(
    home: Path, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = excluded_pair(home)
    run("reindex")
    assert where_it_stands(home, pair) == [(TaskState.EXCLUDED, None)]
    monkeypatch.setenv("MATCHER_BACKEND", PAIR)
    run("reindex")
    assert where_it_stands(home, pair) == [(TaskState.WAITING, ReopenedBy.NEW_MODEL)]


def test_other_models_ask_again_about_excluded_pairs(home: Path, installed: Path) -> None:
    pair = excluded_pair(home)
    run("models", "use", "mmod", EXPORTED, "--home", home)
    with Matcher.open(home) as matcher, matcher.context.store.read() as reading:
        again = reading.tasks.get(pair.id)
        assert (again.state, again.round, again.reopened_by) == (TaskState.WAITING, 2, ReopenedBy.NEW_MODEL)
        assert again.space == matcher.space.name != pair.space


def test_a_model_in_use_is_not_removed(home: Path, installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("models", "use", "mmod", EXPORTED)
    assert "This home uses" in run("models", "remove", EXPORTED, code=5).stderr
    monkeypatch.setenv("MATCHER_BACKEND", DEFAULT_BACKEND)  # the file still names it
    assert "This home uses" in run("models", "remove", EXPORTED, code=5).stderr
    assert "built in" in run("models", "remove", "mmod", code=2).stderr
    run("models", "use", "mmod", "dlib-resnet-v1")
    run("models", "remove", EXPORTED)
    assert EXPORTED not in states()
    assert actions(home).count("models.install") == actions(home).count("models.remove") == 1
    assert "arcface" in run("models", "remove", "arcface", code=4).stderr


def test_an_end_before_the_setting_leaves_the_old_one_and_a_rerun_goes_on(
    home: Path, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(home, "A-1")

    def full(self: Home, name: str, value: str) -> None:
        raise StoreProblem("no room")

    with monkeypatch.context() as patch:
        patch.setattr(Home, "write_setting", full)
        run("models", "use", "mmod", EXPORTED, code=8)
    with Matcher.open(home) as matcher:
        assert matcher.context.settings.backend == DEFAULT_BACKEND
        assert matcher.match(child(1), actor="li", reason="test").gallery_size == 1
    assert "models.use" not in actions(home)
    done = as_json("models", "use", "mmod", EXPORTED)
    assert (done["in_use"], done["embedded"], done["faces"]) == (True, 0, 1)


def test_a_settings_file_that_cannot_be_changed_is_known_before_the_work(home: Path, installed: Path) -> None:
    register(home, "A-1")
    Home(home).settings_file.write_text(f'"backend" = "{DEFAULT_BACKEND}"\n', encoding="utf-8")
    assert f'write backend = "{PAIR}" into it yourself' in run("models", "use", "mmod", EXPORTED, code=5).stderr
    assert not {"gallery.embed", "gallery.reindex"} & set(actions(home))


def test_a_case_that_is_registered_meanwhile_is_found(
    home: Path, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(home, "A-1")
    write = Home.write_setting

    def late(self: Home, name: str, value: str) -> None:
        with Matcher.open(home) as other:
            other.add_case("A-2", [CasePhoto(child(2))], actor="wu")
        write(self, name, value)

    monkeypatch.setattr(Home, "write_setting", late)
    run("models", "use", "mmod", EXPORTED)
    with Matcher.open(home) as matcher:
        found = matcher.match(child(2), actor="li", reason="test")
    assert found.gallery_size == 2
    assert found.faces[0].candidates[0].case_id == "A-2"


def test_faces_that_the_new_models_do_not_find_keep_the_old_setting(home: Path, installed: Path) -> None:
    register(home, "A-1", "A-2")
    photo = next((home / "photos").rglob("*/*"))
    photo.write_bytes(photo.read_bytes()[:-1])
    result = run("models", "use", "mmod", EXPORTED, code=3)
    assert "1 faces of open cases" in result.stderr and "--accept-missing" in result.stderr
    assert Home(home).backend_in_file == DEFAULT_BACKEND
    assert "models.use" not in actions(home)
    result = run("models", "use", "mmod", EXPORTED, "--accept-missing", code=3)
    assert "no search finds them" in result.stderr
    assert Home(home).backend_in_file == PAIR
    (lost,) = as_json("case", "list", "--weak")
    assert lost["searchable"] is False
    (advice,) = lost["advice"]
    assert advice["problem"] == "not found by the models in use" and "add the photo anew" in advice["better"]
    report = run("doctor").stdout
    assert "1 of 2 open cases have no face in the gallery of the models in use" in report
    assert "every open case that searches find has a good photo" in report


def test_models_that_do_not_exist_change_nothing(home: Path, models: Path) -> None:
    before = Home(home).settings_file.read_bytes()
    assert "'arcface'" in run("models", "use", "mmod", "arcface", code=2).stderr
    assert "'dlib-resnet-v1' is not a detector" in run("models", "use", "dlib-resnet-v1", "mmod", code=2).stderr
    said = run("models", "use", "landmarks5", "dlib-resnet-v1", code=2).stderr
    assert "'landmarks5' is a landmarker" in said and "installed" not in said
    assert Home(home).settings_file.read_bytes() == before


def test_an_environment_that_wins_is_named(home: Path, installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHER_BACKEND", DEFAULT_BACKEND)
    assert f"MATCHER_BACKEND is {DEFAULT_BACKEND}" in run("models", "use", "mmod", EXPORTED).stdout
    monkeypatch.delenv("MATCHER_BACKEND")
    assert "MATCHER_BACKEND" not in run("models", "use", "mmod", EXPORTED).stdout


def test_damage_is_found_by_verify_doctor_and_list(home: Path, installed: Path, models: Path) -> None:
    assert f"{EXPORTED}: intact" in run("models", "verify").stdout
    run("models", "use", "mmod", EXPORTED)
    assert "ok   models" in run("doctor").stdout
    network = models / "installed" / EXPORTED / f"{EXPORTED}.onnx"
    network.write_bytes(network.read_bytes()[:-1])
    assert "bytes, not the" in run("models", "verify", EXPORTED, code=7).stderr
    report = run("doctor", code=9).stdout
    assert "FAIL models" in report and "models use mmod dlib-resnet-v1" in report
    (network.parent / "model.toml").write_text("no card")
    assert states()[EXPORTED][0] == "damaged"
    assert "no installed model 'arcface'" in run("models", "verify", "arcface", code=4).stderr
    assert "built in" in run("models", "verify", "mmod", code=2).stderr


def test_nothing_installed_is_nothing_to_verify(home: Path, models: Path) -> None:
    assert "No model is installed" in run("models", "verify").stdout


def test_a_tiny_recogniser_through_the_whole_house(home: Path, models: Path, tmp_path: Path) -> None:
    data = tiny_recogniser()
    (tmp_path / "tiny.onnx").write_bytes(data)
    (tmp_path / "tiny.toml").write_text(tiny_card("tiny", data))
    run("models", "install", "--card", tmp_path / "tiny.toml", "--accept-licence")
    register(home, "A-1")
    done = as_json("models", "use", "mmod", "tiny")
    assert "_5pt-warp-32_mirror_12_cosine" in done["space"]
    assert as_json("match", _saved(tmp_path, child(1)), "--reason", "test")["gallery_size"] == 1
    assert "none is recorded" in run("doctor").stdout


def test_the_real_detector_is_installed_used_and_finds_the_same_children(home: Path, models: Path) -> None:
    try:
        file = yunet_file()
    except NotInstalled as error:
        pytest.skip(str(error))
    register(home, "A-1", "A-2")
    run("models", "install", YUNET, "--from", file, "--accept-licence")
    done = as_json("models", "use", YUNET, "dlib-resnet-v1")
    assert (done["in_use"], done["embedded"], done["missing"]) == (True, 2, [])
    with Matcher.open(home) as matcher:
        assert matcher.match(child(2), actor="li", reason="test").faces[0].candidates[0].case_id == "A-2"


def _saved(folder: Path, data: bytes) -> Path:
    path = folder / "photo.jpg"
    path.write_bytes(data)
    return path
