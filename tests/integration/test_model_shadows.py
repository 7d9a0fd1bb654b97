"""A new model beside the old one: over several nights, compared, cut over, rolled back; nothing that people decided
is touched.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from commands import as_json, run
from databases import PostgresDatabases
from faces_models import shared_models_folder
from model_files import tiny_card, tiny_recogniser
from offices import START, opened
from pictures import child
from reviews import Clock
from sqlalchemy import select

from matcher import Matcher
from matcher.config import DEFAULT_BACKEND, Home
from matcher.errors import Conflict, NotFound
from matcher.faces.installed import InstalledModels
from matcher.gallery import build
from matcher.services import embedding, spaces, switching
from matcher.services.context import Context
from matcher.services.inputs import ReasonCode, Who
from matcher.store.tables import metadata

TINY = "mmod+tiny"
SETTINGS = "control_rate = 0\nsecond_look_rate = 0\n"
# What embedding by other models writes, and nothing else does.
VECTORS = {
    "head", "embeddings", "gallery_members", "gallery_changes", "audit", "audit_notes", "embedding_spaces",
    "unembedded_faces",
}  # fmt: skip
DECIDED = {"verdicts", "list_answers", "claims", "candidates", "case_recusals", "sighting_recusals", "status_changes"}

Rows = dict[str, list[tuple[Any, ...]]]


class Killed(BaseException):
    pass


def killed(*_: object, **__: object) -> Any:
    raise Killed


@functools.cache
def _models() -> Path:
    """A folder with a tiny recogniser that tells colours apart, and little else; one for all tests that keep it."""
    folder = Path(tempfile.mkdtemp(prefix="matcher-test-shadows-"))
    shutil.copytree(shared_models_folder(), folder, dirs_exist_ok=True)
    data = tiny_recogniser()
    InstalledModels(folder).install(tiny_card("tiny", data).encode(), data, "tiny.onnx")
    return folder


@pytest.fixture(autouse=True)
def models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHER_MODELS_DIR", str(_models()))


@pytest.fixture
def own_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same folder for a test that changes it."""
    folder = Path(shutil.copytree(_models(), tmp_path / "models"))
    monkeypatch.setenv("MATCHER_MODELS_DIR", str(folder))
    return folder


def install(folder: Path, name: str, **changed: str) -> None:
    """Put a tiny recogniser in place, another one if its card is `changed`."""
    data = tiny_recogniser()
    InstalledModels(folder).install(tiny_card(name, data, **changed).encode(), data, f"{name}.onnx")


@pytest.fixture(params=["sqlite", "postgresql"])
def any_home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A home on each of the two databases, with decided pairs."""
    folder = tmp_path / "home"
    if request.param == "sqlite":
        yield Path(shutil.copytree(_worked(), folder))
        return
    databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
    with databases.fresh(empty=True) as url:
        Matcher.create(folder, database_url=url).close()
        work(folder)
        yield folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with decided pairs."""
    return Path(shutil.copytree(_worked(), tmp_path / "home"))


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """The same, with the other models prepared."""
    return Path(shutil.copytree(_prepared(), tmp_path / "home"))


@functools.cache
def _worked() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="matcher-test-worked-")) / "home"
    Matcher.create(folder).close()
    work(folder)
    return folder


@functools.cache
def _prepared() -> Path:
    folder = Path(shutil.copytree(_worked(), tempfile.mkdtemp(prefix="matcher-test-prepared-"), dirs_exist_ok=True))
    with Matcher.open(folder) as matcher:
        assert matcher.face_models.prepare(("mmod", "tiny"), actor="night").complete
    return folder


def work(home: Path) -> None:
    """Six cases; a confirmed pair whose case is closed, an excluded pair, a refuted one, and an open sighting."""
    file = Home(home).settings_file
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    settings = "".join(line for line in lines if not line.startswith(("key_file", "encryption"))) + SETTINGS
    for office in opened(home, Clock(START), settings):
        office.register(1, 2, 3, 4, 5)
        pairs = {}
        for seed, outcome in ((1, "potential"), (2, "no_candidate"), (3, "potential")):
            sighting, case = office.submit(seed), f"A-{seed}"
            office.pick(office.cat, case)
            office.judge(office.ann, outcome)
            office.judge(office.ben, outcome)
            pairs[case] = office.pair(sighting, case)
        office.matcher.desk.confirm(office.officer, pairs["A-1"], ("dna", "laboratory 17"))
        office.matcher.desk.refute(office.officer, pairs["A-3"], note="the family says no")
        office.submit(4)


def tables(home: Path) -> Rows:
    """Every row of every table."""
    with Matcher.open(home) as matcher, matcher.context.store.read() as reading:
        return {
            name: [tuple(row) for row in reading.cases._connection.execute(select(table).order_by(*table.primary_key))]
            for name, table in metadata.tables.items()
        }


def in_use(home: Path) -> str:
    return Home(home).settings().backend


def states(home: Path) -> dict[str, str]:
    return {space["name"].split("_")[0].split(".")[0]: space["state"] for space in as_json("models", "list")["spaces"]}


def found(home: Path, seed: int) -> tuple[str, int]:
    """Which case a search finds first, and among how many faces."""
    with Matcher.open(home) as matcher:
        view = matcher.match(child(seed), actor="li", reason="test")
    return view.faces[0].candidates[0].case_id, view.gallery_size


def actions(home: Path) -> list[str]:
    with Matcher.open(home) as matcher:
        assert matcher.verify_audit().problem is None
        return [row.entry.action for row in matcher.audit()]


def test_a_model_from_its_first_night_to_its_end(any_home: Path) -> None:
    home = any_home
    run("reindex")
    begun = tables(home)
    view = as_json("models", "use", "mmod", "tiny", "--shadow", "--limit", 3)
    assert (view["backend"], view["embedded"], view["complete"]) == (TINY, 3, False)
    assert view["cases"] == {"of": 4, "embedded": 3, "not_found": 0, "left": 1}
    assert (in_use(home), found(home, 2)) == (DEFAULT_BACKEND, ("A-2", 4))
    view = as_json("models", "use", "--shadow", "--minutes", 10)
    # The confirmed pair's two faces, and those of the other sightings.
    assert (view["embedded"], view["complete"]) == (1 + 2 + 3, True)
    assert [view[part]["left"] for part in ("cases", "judged", "sightings")] == [0, 0, 0]
    assert as_json("models", "use", "--shadow")["embedded"] == 0
    assert as_json("models", "shadow")["complete"] is True
    compared = as_json("models", "compare")
    assert (compared["confirmed"], compared["excluded"], compared["waiting"]) == (1, 2, 0)
    _only_vectors_were_added(begun, tables(home))

    before = tables(home)
    done = as_json("models", "use", "--cut-over")
    assert (done["backend"], done["in_use"], done["embedded"], done["faces"]) == (TINY, True, 0, 4)
    assert (in_use(home), states(home)) == (TINY, {"tiny": "live", "dlib-resnet-v1": "before"})
    _what_people_decided_is_there(before, tables(home))

    with Matcher.open(home) as matcher:
        assert matcher.space.recogniser.startswith("tiny")
        matcher.add_case("A-9", [child(9)], actor="wu")  # of which the old models know nothing
        matcher.close_case("A-5", status="returned", actor="wu")
    done = as_json("models", "use", "--roll-back")
    assert (done["backend"], done["embedded"], done["faces"]) == (DEFAULT_BACKEND, 1, 4)
    assert (in_use(home), states(home)) == (DEFAULT_BACKEND, {"dlib-resnet-v1": "live", "tiny": "old"})
    assert (found(home, 9), found(home, 2)) == (("A-9", 4), ("A-2", 4))
    _what_people_decided_is_there(before, tables(home))
    assert "no models to go back to" in run("models", "use", "--roll-back", code=5).stderr

    (tiny,) = [space["name"] for space in as_json("models", "list")["spaces"] if space["state"] == "old"]
    assert "Forgot" in run("models", "forget", tiny).stdout
    assert states(home) == {"dlib-resnet-v1": "live"}
    assert {row[1] for row in tables(home)["embeddings"]} == {row[0] for row in tables(home)["embedding_spaces"]}
    assert found(home, 2) == ("A-2", 4)
    assert "no embedding space" in run("models", "forget", tiny, code=4).stderr
    told = [action for action in actions(home) if action.startswith("models.")]
    changed = ["models.cut_over", "models.roll_back", "models.forget"]
    assert told == ["models.shadow", "models.compare", *changed]
    with Matcher.open(home) as matcher:
        assert matcher.verify().clean


def _only_vectors_were_added(before: Rows, after: Rows) -> None:
    for name in metadata.tables.keys() - VECTORS:
        assert after[name] == before[name], name
    for name in ("embeddings", "audit"):
        assert set(before[name]) < set(after[name])


def _what_people_decided_is_there(before: Rows, after: Rows) -> None:
    """Byte for byte; the excluded pair alone is asked again, by the rule, and as a new round."""
    for name in DECIDED - {"status_changes"}:
        assert after[name] == before[name], name
    for name in ("decisions", "audit", "audit_notes", "status_changes", "embeddings"):
        assert set(before[name]) <= set(after[name]), name
    columns = [column.name for column in metadata.tables["decisions"].columns]
    added = [dict(zip(columns, row, strict=True)) for row in set(after["decisions"]) - set(before["decisions"])]
    assert {(one["kind"].value, one["reopened_by"].value) for one in added} == {("reopened", "new_model")}
    state = [column.name for column in metadata.tables["tasks"].columns].index("state")
    changed = set(before["tasks"]) - set(after["tasks"])
    assert [row[state].value for row in changed] == ["excluded"], "what was confirmed and refuted stays"


def test_the_report_tells_what_would_move(any_home: Path) -> None:
    home = any_home
    run("models", "use", "mmod", "tiny", "--shadow")
    told = as_json("models", "compare")
    assert (told["cases"], told["children"], told["insufficient"]) == (4, 1, True)
    first, twenty = told["ranks"]
    assert (first["rank"], first["of"], first["live"], first["live_share"]) == (1, 1, 1, None)
    assert (twenty["live"], twenty["other"], twenty["lost"]) == (1, 1, 0)
    assert first["lost"] == len(told["moved"]) == 1 - first["other"]
    assert told["rising"] == [] and told["leaving"] == 0
    said = run("models", "compare").stdout
    for text in ("1 confirmed pairs of 1 children", "Insufficient for rates", "decided by a person", "1 of 1"):
        assert text in said
    assert actions(home).count("models.compare") == 2


def test_a_face_that_the_others_do_not_find_is_a_miss(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(embedding, "same_face", lambda *_: None)
        view = as_json("models", "use", "mmod", "tiny", "--shadow")
    assert (view["embedded"], view["complete"], view["cases"]["not_found"]) == (0, True, 4)
    assert len(view["problems"]) == 4 + 2 + 3
    told = as_json("models", "compare")
    assert (told["confirmed"], told["waiting"], told["cases"]) == (1, 0, 4)
    assert [(one["live_rank"], one["other_rank"]) for one in told["moved"]] == [(1, None)]
    assert told["ranks"][0]["lost"] == 1
    assert as_json("models", "use", "--shadow")["problems"] == [], "none is tried every night"
    with monkeypatch.context() as patch:
        patch.setattr(embedding, "same_face", lambda *_: None)
        result = run("models", "use", "--cut-over", code=3)
    assert "4 faces of open cases" in result.stderr and in_use(home) == DEFAULT_BACKEND
    run("models", "use", "--cut-over")  # tries once more what cases lack
    assert found(home, 2)[1] == 4


def test_pairs_wait_for_the_faces_that_were_not_tried_yet(home: Path) -> None:
    run("models", "use", "mmod", "tiny", "--shadow", "--limit", 1)
    told = as_json("models", "compare")
    assert (told["cases"], told["confirmed"], told["excluded"], told["waiting"]) == (1, 0, 0, 3)
    assert "3 more wait" in run("models", "compare").stdout
    refused = run("models", "use", "--cut-over", code=5).stderr
    assert "3 faces of unresolved sightings are not embedded" in refused and "--shadow" in refused
    assert in_use(home) == DEFAULT_BACKEND
    run("models", "use", "--cut-over", "--accept-missing")
    assert in_use(home) == TINY
    with Matcher.open(home) as matcher:
        who = Who("night", ReasonCode.MAINTENANCE)
        assert embedding.embed_missing(matcher.context, who) == (0, []), "the change embedded them"


def test_what_cannot_be_meant_is_refused(home: Path) -> None:
    assert "both" in run("models", "use", "mmod", code=2).stderr
    assert "both" in run("models", "use", code=2).stderr
    assert "name none" in run("models", "use", "mmod", "tiny", "--roll-back", code=2).stderr
    assert "--shadow only" in run("models", "use", "mmod", "tiny", "--limit", 3, code=2).stderr
    assert "changes nothing" in run("models", "use", "mmod", "tiny", "--shadow", "--accept-missing", code=2).stderr
    assert "No models are being prepared" in run("models", "use", "--cut-over", code=5).stderr
    assert "No models are being prepared" in run("models", "use", "--shadow").stdout
    assert "No models are being prepared" in run("models", "shadow").stdout
    assert "No models are being prepared" in run("models", "shadow", "--end").stdout
    assert "No other models" in run("models", "compare", code=5).stderr
    assert "is in use" in run("models", "use", "mmod", "dlib-resnet-v1", "--shadow", code=5).stderr
    run("models", "use", "mmod", "tiny", "--shadow")
    assert "is being prepared" in run("models", "remove", "tiny", code=5).stderr
    (space,) = [one["name"] for one in as_json("models", "list")["spaces"] if one["state"] == "shadow"]
    assert "is being prepared" in run("models", "forget", space, code=5).stderr
    assert "was prepared, not" in run("models", "use", "mmod", "other", "--cut-over", code=5).stderr
    with Matcher.open(home) as matcher:
        live = matcher.space.name
    assert "is in use" in run("models", "forget", live, code=5).stderr
    assert "no embedding space '../photos'" in run("models", "forget", "../photos", code=4).stderr
    assert as_json("models", "shadow", "--end") == {"ended": space}
    run("models", "forget", space)


def test_another_shadow_is_begun_only_when_the_first_is_ended(home: Path, own_models: Path) -> None:
    install(own_models, "tiny2")
    run("models", "use", "mmod", "tiny", "--shadow")
    assert "'mmod+tiny' is being prepared already" in run("models", "use", "mmod", "tiny2", "--shadow", code=5).stderr
    assert "Ended" in run("models", "shadow", "--end").stdout
    run("models", "use", "mmod", "tiny2", "--shadow")
    assert states(home) == {"dlib-resnet-v1": "live", "tiny": "old", "tiny2": "shadow"}


def test_a_model_that_is_needed_to_go_back_is_not_removed(prepared: Path, own_models: Path) -> None:
    run("models", "use", "--cut-over")
    run("models", "use", "mmod", "dlib-resnet-v1")  # this is a way back, too
    assert states(prepared) == {"dlib-resnet-v1": "live", "tiny": "old"}
    run("models", "use", "mmod", "tiny")
    install(own_models, "tiny2")
    run("models", "use", "mmod", "tiny2")
    assert states(prepared) == {"tiny2": "live", "tiny": "before", "dlib-resnet-v1": "old"}
    assert "no way back" in run("models", "remove", "tiny", code=5).stderr
    run("models", "use", "--roll-back")
    assert (in_use(prepared), states(prepared)["tiny2"]) == (TINY, "old")
    run("models", "remove", "tiny2")


def test_a_space_that_nobody_uses_is_forgotten_after_some_days(prepared: Path) -> None:
    home = prepared
    run("models", "use", "--cut-over")
    run("models", "use", "--roll-back")
    with Matcher.open(home) as matcher:
        later = Clock(matcher.context.clock() + timedelta(days=spaces.KEPT_DAYS - 1))
    with Matcher(Context(Home(home), clock=later)) as matcher:
        night = Who("night", ReasonCode.MAINTENANCE)
        assert spaces.forget_old(matcher.context, night) == []
        later.forward(days=1)
        (gone,) = spaces.forget_old(matcher.context, night)
        assert gone.startswith("tiny")
        assert spaces.forget_old(matcher.context, night) == []
    assert states(home) == {"dlib-resnet-v1": "live"}


BOUNDARIES: list[tuple[object, str]] = [
    (switching, "reindex"),
    (Home, "write_setting"),
    (switching, "follow"),
    (switching, "reopen_of_other_spaces"),
    (switching, "embed_missing"),
    (switching, "record"),
]


def kill_at(patch: pytest.MonkeyPatch, place: tuple[object, str], *, after: bool) -> None:
    whole: Callable[..., Any] = getattr(*place)

    def dying(*arguments: Any, **named: Any) -> Any:
        if after:
            whole(*arguments, **named)
        raise Killed

    patch.setattr(place[0], place[1], dying)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("place", BOUNDARIES, ids=[name for _, name in BOUNDARIES])
def test_a_change_that_is_killed_is_old_or_new_and_can_be_repeated(
    prepared: Path, monkeypatch: pytest.MonkeyPatch, place: tuple[object, str], after: bool
) -> None:
    for way, target in (("cut_over", TINY), ("roll_back", DEFAULT_BACKEND)):
        with Matcher.open(prepared) as matcher, monkeypatch.context() as patch:
            kill_at(patch, place, after=after)
            with pytest.raises(Killed):
                getattr(matcher.face_models, way)(actor="t")
        assert in_use(prepared) in (TINY, DEFAULT_BACKEND)
        assert found(prepared, 2)[1] == 4, "whichever it is, all open cases are searched"
        with Matcher.open(prepared) as matcher, suppress(Conflict):  # where all but the last look was done
            done = getattr(matcher.face_models, way)(actor="t")
            assert (done.backend, done.faces, done.in_use) == (target, 4, True)
        assert (in_use(prepared), found(prepared, 2)[1]) == (target, 4)
    assert states(prepared) == {"dlib-resnet-v1": "live", "tiny": "old"}
    told = actions(prepared)
    assert [told.count(action) for action in ("models.cut_over", "models.roll_back", "review.reopen")] == [1, 1, 1]


@pytest.mark.parametrize("place", [BOUNDARIES[2], BOUNDARIES[3]], ids=["follow", "reopen"])
def test_a_night_follows_a_change_that_was_killed(
    prepared: Path, monkeypatch: pytest.MonkeyPatch, place: tuple[object, str]
) -> None:
    for way, then in (("cut_over", {"tiny": "live", "dlib-resnet-v1": "before"}),
                      ("roll_back", {"dlib-resnet-v1": "live", "tiny": "old"})):  # fmt: skip
        with Matcher.open(prepared) as matcher, monkeypatch.context() as patch:
            kill_at(patch, place, after=False)
            with pytest.raises(Killed):
                getattr(matcher.face_models, way)(actor="t")
        with Matcher.open(prepared) as matcher:
            assert matcher.face_models.prepare(actor="night").backend is None, "nothing is a shadow any more"
            matcher.reindex(actor="night")
        assert states(prepared) == then
    assert actions(prepared).count("review.reopen") == 1


def test_a_night_that_is_killed_goes_on_with_what_is_missing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, done = embedding.embed, []

    def dying(context: Context, faces: Any, who: Who) -> Any:
        if len(done) >= 2:
            raise Killed
        done.extend(faces)
        return whole(context, faces, who)

    with Matcher.open(home) as matcher:
        with monkeypatch.context() as patch:
            patch.setattr(embedding, "embed", dying)
            with pytest.raises(Killed):
                matcher.face_models.prepare(("mmod", "tiny"), actor="t")
        view = matcher.face_models.prepare(actor="t")
    assert (view.embedded, view.complete) == (4 + 2 + 3 - 2, True)
    assert found(home, 2) == ("A-2", 4)


def test_a_killed_forgetting_goes_on(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = prepared
    run("models", "use", "--cut-over")
    run("models", "use", "--roll-back")
    (name,) = [one["name"] for one in as_json("models", "list")["spaces"] if one["state"] == "old"]
    with Matcher.open(home) as matcher:
        monkeypatch.setattr(spaces, "_BATCH", 1)
        for place in ((spaces, "forget_snapshots"), (spaces, "_forget_some")):
            with monkeypatch.context() as patch:
                kill_at(patch, place, after=True)
                with pytest.raises(Killed):
                    matcher.face_models.forget(name, actor="t")
        left = {one.name: one.vectors for one in matcher.face_models.spaces()}
        assert left[name] == 9 - 1
        assert matcher.face_models.forget(name, actor="t") == 9 - 1
        with pytest.raises(NotFound):
            matcher.face_models.forget(name, actor="t")
    assert not build.snapshot_names(home / "snapshots" / name)
    assert found(home, 2) == ("A-2", 4)


@pytest.mark.parametrize("snapshot", [False, True])
def test_a_process_that_runs_on_with_the_old_models(prepared: Path, snapshot: bool) -> None:
    """It is not disturbed by the change, and finds nothing once they are forgotten."""
    if snapshot:
        run("reindex")
    with Matcher.open(prepared) as late:
        assert late.match(child(2), actor="li", reason="test").gallery_size == 4
        run("models", "use", "--cut-over")
        assert late.match(child(2), actor="li", reason="test").gallery_size == 4
        run("models", "forget", late.space.name)
        assert late.match(child(2), actor="li", reason="test").gallery_size == 0


def test_models_that_are_installed_anew_are_another_shadow(home: Path, own_models: Path) -> None:
    run("models", "use", "mmod", "tiny", "--shadow", "--limit", 1)
    shutil.rmtree(own_models / "installed" / "tiny")
    assert "needs the model 'tiny'" in run("models", "use", "--shadow", code=2).stderr
    install(own_models, "tiny", scale="[0.01, 0.01, 0.01]")
    assert "begin anew" in run("models", "use", "--shadow", code=5).stderr
    view = as_json("models", "use", "mmod", "tiny", "--shadow")
    assert view["cases"] == {"of": 4, "embedded": 4, "not_found": 0, "left": 0}
    listed = [(one["state"], one["vectors"]) for one in as_json("models", "list")["spaces"] if one["backend"] == TINY]
    assert sorted(listed) == [("old", 1), ("shadow", 9)]
    assert Home(home).backend_in_file == DEFAULT_BACKEND
