"""The command line as people use it: outputs, files, exit codes."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from accounts import sign_in_here
from click.testing import CliRunner
from commands import as_json, run
from pictures import child, group, nobody, saved

from matcher.cli.root import COMMANDS, root
from matcher.domain.people import Role


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    script = "import sys; sys.argv[1:] = ['--help']\nfrom matcher.cli import main\n"
    script += "try: main()\nexcept SystemExit: pass\n"
    script += "print([m for m in ('numpy', 'faiss', 'onnxruntime', 'cv2', 'sqlalchemy', 'rich') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself(name: str) -> None:
    assert "Usage" in run(name, "--help").output


def test_a_missing_home_says_what_to_do(tmp_path: Path) -> None:
    for home in (["--home", tmp_path / "no", "case", "list"], ["case", "list", "--home", tmp_path / "no"]):
        assert "matcher init" in run(*home, code=4).stderr


def test_init_twice_and_in_a_used_folder(tmp_path: Path) -> None:
    run("init", "--home", tmp_path / "home")
    assert oct((tmp_path / "home").stat().st_mode)[-3:] == "700"
    assert "already" in run("init", "--home", tmp_path / "home", code=5).stderr
    saved(tmp_path, "other/notes.txt", b"x")
    assert "not empty" in run("init", "--home", tmp_path / "other", code=2).stderr


def test_from_photos_to_candidates(home: Path, tmp_path: Path) -> None:
    for seed in (1, 2, 3):
        run("case", "add", f"A-{seed}", "--photo", saved(tmp_path, f"{seed}.jpg", child(seed)), "--actor", "li")
    assert [case["case_id"] for case in as_json("case", "list")] == ["A-1", "A-2", "A-3"]
    probe = saved(tmp_path, "probe.jpg", child(2, 1))
    sighting = as_json("sighting", "submit", probe, "--place", "station", "--lat", 39.9, "--lon", 116.4)
    assert sighting["photos"][0]["faces"][0]["candidates"][0]["case_id"] == "A-2"
    assert "embedding" not in json.dumps(sighting)
    shown = run("sighting", "show", sighting["id"]).output
    assert "A-2" in shown
    assert "not an identification" in shown
    found = run("match", probe, "--reason", "tip", "--sheet", tmp_path / "sheet.png")
    assert found.output.splitlines()[2].split()[1] == "A-2"
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    run("reindex")
    assert "all intact" in run("index", "verify").output
    assert "chain whole" in run("audit", "verify").output
    actions = [one["entry"]["action"] for one in as_json("audit", "show")]
    assert actions[:3] == ["case.add"] * 3


def test_a_search_without_a_reason_is_wrong_use(home: Path, tmp_path: Path) -> None:
    probe = saved(tmp_path, "probe.jpg", child(1))
    assert "--reason" in run("match", probe, code=2).output


def test_no_output_speaks_of_percentages(home: Path, tmp_path: Path) -> None:
    run("case", "add", "A-1", "--photo", saved(tmp_path, "1.jpg", child(1)))
    probe = saved(tmp_path, "probe.jpg", child(1, 1))
    assert "%" not in run("match", probe, "--reason", "tip").output
    assert "%" not in run("sighting", "submit", probe).output


def test_choosing_a_face(home: Path, tmp_path: Path) -> None:
    output = run("case", "add", "A-1", "--photo", saved(tmp_path, "g.jpg", group(3, 4))).output
    assert "awaiting_choice" in output
    ((photo, face),) = {(row.split()[1], 1) for row in run("case", "choose-face").output.splitlines()[1:]}
    run("case", "choose-face", photo, code=2)
    assert "ready" in run("case", "choose-face", photo, face).output
    assert "No case photo waits" in run("case", "choose-face").output
    assert "face 1 chosen (officer)" in run("case", "show", "A-1").output


def test_the_faces_of_a_photo_are_drawn_with_their_numbers(home: Path, tmp_path: Path) -> None:
    """And `matcher faces` counts them in the same way."""
    photo = saved(tmp_path, "g.jpg", group(3, 4))
    (stored,) = as_json("case", "add", "A-1", "--photo", photo)["photos"]
    run("case", "choose-face", stored["id"], "--sheet", tmp_path / "faces.png")
    assert (tmp_path / "faces.png").read_bytes().startswith(b"\x89PNG")
    looked = as_json("faces", photo)["faces"]
    assert [face["box"] for face in looked] == [face["box"] for face in stored["faces"]]


def test_a_case_that_no_search_can_find_says_so(home: Path, tmp_path: Path) -> None:
    assert "No search finds case 'A-1'" in run("case", "add", "A-1").stderr
    nobody_there = saved(tmp_path, "n.jpg", nobody())
    assert "No search finds case 'A-1'" in run("case", "update", "A-1", "--photo", nobody_there).stderr
    assert "1 of 1 open cases have no face in the gallery of the models in use" in run("doctor").output
    found = run("case", "update", "A-1", "--photo", saved(tmp_path, "c.jpg", child(1)))
    assert "No search" not in found.stderr


def test_a_field_is_not_erased_and_given_at_once(home: Path) -> None:
    run("case", "add", "A-1", "--clothing", "red coat")
    run("case", "update", "A-1", "--erase", "clothing", "--clothing", "blue coat", code=2)
    assert as_json("case", "show", "A-1")["details"]["clothing"] == "red coat"


def test_photo_marks_on_the_command_line(home: Path, tmp_path: Path) -> None:
    photo = saved(tmp_path, "a,b.jpg", group(3, 4))
    view = as_json("case", "add", "A-1", "--photo", f"{photo},taken=2019-05-04,face=2")
    assert view["photos"][0]["taken"] == "2019-05-04"
    assert [face["choice"] for face in view["photos"][0]["faces"]] == [None, "officer"]
    run("case", "add", "A-2", "--photo", f"{photo},age=old", code=2)


def test_closing(home: Path) -> None:
    run("case", "add", "A-1")
    sign_in_here(home)
    assert "only with a confirmation" in run("case", "close", "A-1", "--as", "located_alive", code=2).stderr
    run("case", "close", "A-1", "--as", "located_alive", "--confirmed-by", "dna", code=2)
    run("case", "close", "A-1", "--as", "located_alive", "--confirmed-by", "dna", "--ref", "L-7")
    assert run("case", "close", "A-1", "--as", "expired", code=5).stderr.startswith("matcher: Case 'A-1'")
    run("case", "reopen", "A-1", code=2)
    run("case", "reopen", "A-1", "--reason", "mistake in the laboratory")
    assert as_json("case", "show", "A-1")["status"] == "open"


def test_an_import_names_what_it_refuses_and_goes_on(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    saved(tmp_path, "photos/1.jpg", child(1))
    saved(tmp_path, "photos/2.jpg", child(2)[:3000])
    saved(tmp_path, "photos/3.jpg", child(3))
    table = tmp_path / "cases.csv"
    table.write_text(
        "case_id,name,born,photos\n"
        "A-1,王芳,2014-02-03,1.jpg\n"
        "A-2,Broken,2014-02-03,2.jpg\n"
        "A-3,Bad date,2014-02-31,3.jpg\n"
        "A-4,Absent,,none.jpg\n"
        "A-5,Outside,,../secret.jpg\n"
        "A-6,One of two,,3.jpg;2.jpg\n",
        encoding="gb18030",
    )
    dry = run("case", "import", table, "--photos", tmp_path / "photos", "--dry-run", code=3)
    assert "2 checked, 4 refused" in dry.output
    assert as_json("case", "list") == []
    done = run("case", "import", table, "--photos", tmp_path / "photos", code=3)
    assert "2 added, 4 refused" in done.output
    assert [case["case_id"] for case in as_json("case", "list")] == ["A-1", "A-6"]
    with (tmp_path / "cases.csv.refusals.csv").open(encoding="utf-8-sig", newline="") as file:
        refusals = list(csv.DictReader(file))
    assert [(one["where"], one["column"]) for one in refusals] == [
        ("cases.csv line 3", "photos"),
        ("cases.csv line 4", "born"),
        ("cases.csv line 5", "photos"),
        ("cases.csv line 6", "photos"),
        ("cases.csv line 7", "photos"),
    ]
    assert "2014-02-31" in refusals[1]["value"]
    saved(tmp_path, "photos/2.jpg", child(2))
    table.write_text("case_id,name,photos\nA-1,王芳,1.jpg\nA-2,Whole now,2.jpg\nA-6,Changed,3.jpg\n", encoding="utf-8")
    again = run("case", "import", table, "--photos", tmp_path / "photos")
    assert "1 added, 1 changed, 1 unchanged" in again.output


def test_folders(home: Path, tmp_path: Path) -> None:
    for seed in (1, 2):
        saved(tmp_path, f"cases/A {seed}/one.jpg", child(seed))
    saved(tmp_path, "cases/A 1/two.jpg", group(1, 7))
    saved(tmp_path, "cases/.DS_Store", b"x")
    output = run("case", "import-folders", tmp_path / "cases", "--on-several", "largest").output
    assert "2 added; 3 photos" in output
    saved(tmp_path, "seen/a.jpg", child(2, 1))
    saved(tmp_path, "seen/both/b.jpg", child(1, 1))
    saved(tmp_path, "seen/both/c.jpg", nobody())
    saved(tmp_path, "seen/zero.jpg", b"")
    arguments = ("sighting", "import-folder", tmp_path / "seen", "--refusals", tmp_path / "refused.csv")
    first = as_json(*arguments, code=3)
    assert [one["outcome"] for one in first] == ["added", "added", "refused"]
    assert [one["outcome"] for one in as_json(*arguments, code=3)] == ["unchanged", "unchanged", "refused"]
    assert len(as_json("sighting", "list")) == 2
    assert len(as_json("sighting", "list", "--needs-triage")) == 1
    assert "zero.jpg" in (tmp_path / "refused.csv").read_text(encoding="utf-8-sig")


def test_a_sighting_table(home: Path, tmp_path: Path) -> None:
    saved(tmp_path, "1.jpg", child(1))
    table = tmp_path / "seen.jsonl"
    rows = [
        {"key": "r1", "photos": ["1.jpg"], "seen_at": "2024-01-02", "lat": 39.9087, "lon": 116.3975, "datum": "gcj02"},
        {"key": "r1", "photos": ["1.jpg"], "place": "another report under the same key"},
    ]
    table.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    result = as_json("sighting", "import", table, "--refusals", tmp_path / "r.csv", code=3)
    assert [one["outcome"] for one in result] == ["added", "refused"]
    shown = as_json("sighting", "show", result[0]["id"])
    assert shown["position"]["lat"] == pytest.approx(39.9073, abs=2e-4)


def test_doctor(home: Path) -> None:
    output = run("doctor").output
    assert "ok   known answer" in output
    assert "matcher case add" in output
    run("case", "add", "A-1")
    assert "1 of 1 open cases have none recorded" in run("doctor").output
    home.chmod(0o755)
    assert "chmod 700" in run("doctor", code=9).output


def test_faces(tmp_path: Path) -> None:
    """Looking for faces keeps nothing and asks for a home only because the models lie there."""
    run("init")
    found = as_json("faces", saved(tmp_path, "g.jpg", group(3, 4)))
    assert len(found["faces"]) == 2
    assert found["faces"][0]["quality"]["InterEyeDistance"] > 10
    assert "no face" in run("faces", saved(tmp_path, "n.jpg", nobody())).output
    assert "does not exist" in run("faces", tmp_path / "absent.jpg", code=6).stderr


def test_unexpected_errors_and_closed_pipes_show_no_traceback(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import matcher.services.case_views

    def broken(*_: object) -> None:
        raise ZeroDivisionError("by nature")

    monkeypatch.setattr(matcher.services.case_views, "listed", broken)
    assert "Unexpected ZeroDivisionError" in run("case", "list", code=1).stderr
    with pytest.raises(ZeroDivisionError):
        CliRunner().invoke(root, ["--debug", "case", "list"], catch_exceptions=False)


def test_a_full_table_survives_a_closed_pipe(home: Path) -> None:
    command = [sys.executable, "-m", "matcher", "audit", "show", "--home", str(home)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=60)
    assert "Traceback" not in errors


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_one_impossible_name_of_a_photo_costs_one_row(home: Path, tmp_path: Path) -> None:
    table = tmp_path / "cases.csv"
    table.write_text(f"case_id,photos\nA-1,{'x' * 300}\nA-2,\n", encoding="utf-8")
    for dry in ("--dry-run", "--json"):
        run("case", "import", table, "--refusals", tmp_path / "r.csv", dry, code=3)
    assert [case["case_id"] for case in as_json("case", "list")] == ["A-2"]


def test_refusals_are_private_and_run_nothing_in_a_spreadsheet(home: Path, tmp_path: Path) -> None:
    table, refusals = tmp_path / "cases.jsonl", tmp_path / "r.csv"
    refusals.touch(mode=0o644)
    formulas = ["=1+1", "+1", "-1", "@SUM(A1)", "plain"]
    table.write_text("\n".join(json.dumps({"case_id": "A", "sex": value}) for value in formulas), encoding="utf-8")
    run("case", "import", table, "--refusals", refusals, code=3)
    with refusals.open(encoding="utf-8-sig", newline="") as file:
        assert [row["value"] for row in csv.DictReader(file)] == [*(f"'{value}" for value in formulas[:4]), "plain"]
    assert mode(refusals) == 0o600


def test_a_place_for_refusals_is_tried_before_the_work(home: Path, tmp_path: Path) -> None:
    table = saved(tmp_path, "cases.csv", b"case_id\nA-1\n")
    assert "cannot be written" in run("case", "import", table, "--refusals", tmp_path / "no" / "r.csv", code=2).stderr
    assert as_json("case", "list") == []
    run("case", "import", table, "--refusals", tmp_path / "r.csv")
    assert not (tmp_path / "r.csv").exists(), "nothing was refused"


def test_an_import_that_ends_halfway_still_says_what_it_refused(home: Path, tmp_path: Path) -> None:
    saved(tmp_path, "1.jpg", child(1))
    table = saved(tmp_path, "cases.csv", b"case_id,sex,photos\nA-1,boy,\nA-2,,\nA-3,,1.jpg\n")
    shutil.rmtree(home / "photos")
    (home / "photos").write_bytes(b"in the way")
    done = run("case", "import", table, "--refusals", tmp_path / "r.csv", code=8)
    assert "1 added, 1 refused" in done.stdout
    assert "'boy'" in done.stderr
    assert "boy" in (tmp_path / "r.csv").read_text(encoding="utf-8-sig")


def test_names_that_are_no_text_are_refused_and_written(home: Path, tmp_path: Path) -> None:
    saved(tmp_path, os.fsdecode(b"cases/Li\xff/1.jpg"), child(1))
    saved(tmp_path, os.fsdecode(b"cases/A-1/\xfe.jpg"), b"no photo")
    saved(tmp_path, "cases/A-1/1.jpg", child(1))
    arguments = ("case", "import-folders", tmp_path / "cases", "--refusals", tmp_path / "r.csv")
    assert [one["outcome"] for one in as_json(*arguments, code=3)] == ["added", "refused"]
    assert "\\udcfe.jpg" in (tmp_path / "r.csv").read_text(encoding="utf-8-sig")


def test_a_terminal_that_knows_ascii_only_shows_everything(home: Path) -> None:
    run("case", "add", "京-1", "--name", "王芳 😀")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    for flags in ([], ["--json"]):
        command = [sys.executable, "-m", "matcher", "case", "list", "--home", str(home), *flags]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert "\\u4eac-1" in done.stdout
    assert json.loads(done.stdout)[0]["name"] == "王芳 😀"


def test_what_others_wrote_cannot_command_the_terminal(home: Path, tmp_path: Path) -> None:
    probe = saved(tmp_path, "probe.jpg", nobody())
    output = run("sighting", "submit", probe, "--note", "seen\x1b[2J\x9b2J \u202e there\ntwice").output
    assert "note: seen\ufffd[2J\ufffd2J \ufffd there twice" in output
    assert "control" in run("case", "add", "A\x1b", code=2).stderr
    assert "control" in run("case", "add", "A", "--actor", "li\u200b", code=2).stderr


def test_erasing_any_field(home: Path) -> None:
    fields = {"other-names": "Nana", "sex": "male", "legal-basis": "court_order", "circumstance": "lost", "name": "Li"}
    run("case", "add", "A-1", *(part for name, value in fields.items() for part in (f"--{name}", value)))
    details = as_json(
        "case", "update", "A-1", *(part for name in fields for part in ("--erase", name.replace("-", "_")))
    )["details"]
    assert [details[name.replace("-", "_")] for name in fields] == [[], "unknown", "unspecified", "unknown", None]


def test_an_ended_case_is_marked_and_nothing_is_left_to_review(home: Path, tmp_path: Path) -> None:
    run("case", "add", "A-1", "--photo", saved(tmp_path, "1.jpg", child(1)))
    submitted = as_json("sighting", "submit", saved(tmp_path, "probe.jpg", child(1, 1)))
    sign_in_here(home, "li", Role.REVIEWER)
    claim = as_json("review", "next")["claim"]
    sheet = tmp_path / "sheet.png"
    run("review", "show", claim, "--sheet", sheet)
    assert mode(sheet) == 0o600
    run("review", "pick", claim, 1)
    pair = as_json("review", "next")["claim"]
    sign_in_here(home)
    run("case", "close", "A-1", "--as", "returned")
    sign_in_here(home, "li", Role.REVIEWER)
    sheet.unlink()
    assert "the case has ended" in run("review", "show", pair, "--sheet", sheet, code=5).stderr
    assert not sheet.exists()
    assert "A-1 (ended: returned)" in run("sighting", "show", submitted["id"]).output
    assert "Nothing waits" in run("review", "next").output


@pytest.mark.parametrize(("flag", "first_hand"), [("--first-hand", True), ("--not-first-hand", False), (None, None)])
def test_what_the_reporter_says_is_shown(home: Path, tmp_path: Path, flag: str | None, first_hand: bool | None) -> None:
    probe = saved(tmp_path, "probe.jpg", nobody())
    told = ("--apparent-sex", "male", "--apparent-age", "9.5", "--seen-at", "2024-07-02T09:15+08:00")
    view = as_json("sighting", "submit", probe, *told, *filter(None, [flag]))
    assert (view["first_hand"], view["apparent_sex"], view["apparent_age"]) == (first_hand, "male", 9.5)
    output = run("sighting", "show", view["id"]).output
    assert "seen: 2024-07-02 01:15 UTC" in output
    assert "apparent age: 9.5" in output
    assert ("first hand: " in output) is (flag is not None)


def test_a_reindex_with_problems_is_no_success(home: Path, tmp_path: Path) -> None:
    run("case", "add", "A-1", "--photo", saved(tmp_path, "1.jpg", child(1)))
    with sqlite3.connect(home / "matcher.db") as raw:
        for table in ("gallery_members", "embeddings"):
            raw.execute(f"DELETE FROM {table}")
    raw.close()
    shutil.rmtree(home / "photos")
    done = run("reindex", code=3)
    assert "has vanished" in done.stderr
    assert "Snapshot" in done.stdout
    assert len(as_json("reindex", code=3)["problems"]) == 1


def test_wrong_settings_are_named(home: Path) -> None:
    for text, expected in (("tpo = 7", "'tpo'"), ("top = \n", "line 1")):
        (home / "settings.toml").write_text(text, encoding="utf-8")
        assert expected in run("case", "list", code=2).stderr
