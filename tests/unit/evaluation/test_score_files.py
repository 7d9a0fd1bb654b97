"""Score files: what is written is read, and what is not meant is refused by file, line and column."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from evaluations import Search, enrolled, mated, stranger, trials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.errors import WrongUse
from matcher.evaluation.files import read_scores, write_scores
from matcher.evaluation.report import report
from matcher.evaluation.trials import Portrait

names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=8)
some = st.none() | st.floats(0, 120)
scores = st.floats(-1, 1, allow_nan=False)
rates = st.floats(0, 1)


@st.composite
def made(draw: st.DrawFn):
    subjects = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    gallery = [
        Portrait(photo=f"{one}/1", subject=one, age=draw(some), sex=draw(st.none() | names), eye_distance=draw(some))
        for one in subjects
    ]
    gallery += [Portrait(photo="no face", subject=draw(names), failure=draw(names))]

    def search() -> Search:
        return Search(
            draw(st.sampled_from(subjects)) if draw(st.booleans()) else f"x{draw(names)}",
            None,
            scores={one: draw(scores) for one in subjects},
            promised={one: draw(rates) for one in subjects if draw(st.booleans())},
            age=draw(some),
            sex=draw(st.none() | names),
            eye_distance=draw(some),
        )

    searches = []
    for _ in range(draw(st.integers(0, 5))):
        one = search()
        one = replace(one, sought=draw(st.none() | st.sampled_from(subjects)))
        searches.append(replace(one, scores={}, promised={}, failure=draw(names)) if draw(st.booleans()) else one)
    found = trials(gallery, searches, draw(st.sampled_from([("cosine",), ("cosine", "s-norm")])))
    return replace(found, about=replace(found.about, notes=tuple(draw(st.lists(names, max_size=2)))))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made())
def test_what_is_written_is_read(tmp_path: Path, given_trials) -> None:
    write_scores(tmp_path / "scores", given_trials)
    again = read_scores(tmp_path / "scores")
    assert (again.about, again.gallery, again.probes) == (given_trials.about, given_trials.gallery, given_trials.probes)
    for name in ("probe", "rank", "entry", "scores", "promised"):
        np.testing.assert_array_equal(getattr(again.candidates, name), getattr(given_trials.candidates, name))
    assert report(again) == report(given_trials)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    searches = [
        mated("A", scores={"A": 0.9, "B": 0.5}, promised={"A": 0.01}),
        stranger("X", scores={"A": 0.4, "B": 0.3}),
        mated("B", failure="no_face"),
    ]
    gallery = [*enrolled("A", "B"), Portrait(photo="C/1.jpg", subject="C", failure="too_small")]
    write_scores(tmp_path / "scores", trials(gallery, searches))
    return tmp_path / "scores"


def test_files_are_private_and_stay_so(folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == ["about.json", "candidates.csv", "gallery.csv", "probes.csv"]
    (folder / "probes.csv").chmod(0o644)
    write_scores(folder, read_scores(folder))
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("candidates.csv", "0,1,A/1.jpg,0.9,0.01", "0,1,A/1.jpg,high,0.01", "column 'cosine': 'high': expected"),
        ("candidates.csv", "0,1,A/1.jpg,0.9,0.01", "0,1,A/1.jpg,nan,0.01", "line 2, column 'cosine': 'nan': expected"),
        ("candidates.csv", "0,1,A/1.jpg,0.9,0.01", "0,1,A/1.jpg,0.9,1.5", "line 2, column 'promised': '1.5'"),
        ("candidates.csv", "0,1,A/1.jpg,0.9,0.01", "0,0,A/1.jpg,0.9,0.01", "column 'rank': '0': ranks are counted"),
        ("candidates.csv", "0,1,A/1.jpg,0.9,0.01", "0,1.5,A/1.jpg,0.9,0.01", "column 'rank': '1.5': expected a whole"),
        ("candidates.csv", "0,1,A/1.jpg,0.9,0.01", "7,1,A/1.jpg,0.9,0.01", "column 'probe': '7': is not in probes.csv"),
        ("candidates.csv", "0,1,A/1.jpg,0.9,0.01", "2,1,A/1.jpg,0.9,0.01", "column 'probe': '2': gave no face"),
        ("candidates.csv", "0,1,A/1.jpg,0.9,0.01", "0,1,Z/1.jpg,0.9,0.01", "'Z/1.jpg': is not in gallery.csv"),
        ("candidates.csv", "0,1,A/1.jpg,0.9,0.01", "0,1,C/1.jpg,0.9,0.01", "'C/1.jpg': gave no face"),
        ("candidates.csv", "0,1,A/1.jpg,0.9,0.01", "0,1,B/1.jpg,0.9,0.01", "the subject 'B' has a row"),
        ("candidates.csv", "0,1,A/1.jpg,0.9,0.01\r\n", "", "no row of 'A' for probe 0: the file is cut short"),
        ("candidates.csv", "0,1,A/1.jpg,0.9,0.01", "0,1,A/1.jpg,0.9", "line 2 has 4 cells: expected 5"),
        ("candidates.csv", "probe,rank", "probe,place", "line 1 names the columns probe, place"),
        ("candidates.csv", "0,1,A/1.jpg", '0,1,"A/1.jpg', "is not CSV"),
        ("probes.csv", "mated,A", "mated,B", "line 2, column 'sought': 'B': A mated probe"),
        ("probes.csv", "mated,A", "maybe,A", "column 'kind': 'maybe': expected mated, nonmated, excluded"),
        ("probes.csv", "1,probe-1.jpg", "5,probe-1.jpg", "line 3, column 'probe': '5': expected 1"),
        ("gallery.csv", "A/1.jpg,A,,", "A/1.jpg,A,,-3", "line 2, column 'age': '-3': expected no negative"),
        ("gallery.csv", "B/1.jpg,B", "A/1.jpg,B", "names the photo 'A/1.jpg' twice"),
        ("gallery.csv", "B/1.jpg,B", "B/1.jpg,", "line 3, column 'subject': '': a name is missing"),
        ("about.json", '"version": 1', '"version": 2', "version 2 is unknown"),
        ("about.json", '"depth": 100', '"depth": 0', "depth is a number from 1"),
        ("about.json", '"seed": 1', '"seed": "one"', "seed a whole number"),
        ("about.json", '"cosine"', '"cosine",\n"promised"', "'promised' is no name of a score"),
        ("about.json", '"cosine"', '"s-norm"', "the cosine comes first"),
        ("about.json", '"promised_by": "cosine"', '"promised_by": "s-norm"', "not from 's-norm'"),
        ("about.json", '"made"', '"day"', "expected the fields version, depth"),
        ("about.json", "{", "[", "does not say what was evaluated"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_named(folder: Path, file: str, old: str, new: str, said: str) -> None:
    text = (folder / file).read_bytes().decode()
    assert old in text
    (folder / file).write_bytes(text.replace(old, new, 1).encode())
    with pytest.raises(WrongUse) as refused:
        read_scores(folder)
    assert said in str(refused.value) and file in str(refused.value)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "probes.csv").unlink(), "probes.csv cannot be read"),
        (lambda folder: (folder / "probes.csv").write_bytes(b"\xff\xfe"), "probes.csv is not UTF-8"),
        (lambda folder: (folder / "gallery.csv").write_bytes(b""), "gallery.csv line 1"),
        (lambda folder: (folder / "about.json").write_text(json.dumps([])), "does not say what was evaluated"),
    ],
)
def test_files_that_are_not_there_or_something_else(folder: Path, spoil: Callable[[Path], None], said: str) -> None:
    spoil(folder)
    with pytest.raises(WrongUse, match=said):
        read_scores(folder)
