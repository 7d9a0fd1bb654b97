"""The report for people: every table has its words, the page needs nothing else, and nothing says too much."""

from __future__ import annotations

import builtins
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from evaluations import enrolled, mated, stranger, trials

from matcher.errors import ExtraMissing
from matcher.evaluation.outcomes import Outcomes
from matcher.evaluation.page import page, write_page
from matcher.evaluation.plots import curve, plots
from matcher.evaluation.report import report
from matcher.evaluation.tables import NO_DATA, rate, tables

NOTICE = "possible resemblance, for human review; not an identification"


def sample(methods: tuple[str, ...] = ("cosine", "s-norm")):
    random = np.random.default_rng(5)
    people = [f"p{number}" for number in range(40)]
    everybody = lambda: dict(zip(people, random.normal(0.5, 0.1, len(people)), strict=True))  # noqa: E731
    searches = [mated(one, scores={**everybody(), one: random.normal(0.9, 0.15)}, sex="female") for one in people]
    searches += [stranger(f"<s{n}>", scores=everybody(), promised={"p1": random.random()}) for n in range(60)]
    return trials(enrolled(*people), searches, methods)


def test_tables_leave_out_what_has_no_data() -> None:
    titles = [table.title for table in tables(report(sample()))]
    assert titles[:2] == ["Who was searched", "Investigation: is the right person among the first?"]
    assert "Pairs that people judged different" not in titles and "By sex" in titles
    alone = [table.title for table in tables(report(trials(enrolled("A", "B"), [mated("A", scores={"A": 1, "B": 0})])))]
    assert alone == titles[:2]


def test_rates_are_written_with_the_digits_they_are_worth() -> None:
    assert [rate(value) for value in (None, 0.0, 0.0012345, 0.25, 1.0)] == [NO_DATA, "0", "0.0012", "0.250", "1.000"]


def test_the_page_is_whole_private_and_escapes_what_others_wrote(tmp_path: Path) -> None:
    made = sample()
    write_page(tmp_path / "page.html", made, report(made), NOTICE)
    assert (tmp_path / "page.html").stat().st_mode & 0o777 == 0o600
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert NOTICE in text and "What cannot be said" in text and "<s1>" not in text
    assert not re.search(r"""(src|href)=["'](?!data:)|<script|@import|url\(""", text)
    assert text.count("<img ") == 5  # CMC, DET, promises, two histograms

    class Balance(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in ("meta", "img"):
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    parser = Balance()
    parser.feed(text)
    assert parser.open == []


def test_every_table_of_the_page_is_that_of_the_terminal() -> None:
    made = sample()
    text = page(made, report(made), NOTICE)
    for table in tables(report(made)):
        assert table.title in text
        for row in table.rows:
            assert all(f">{cell}</td>" in text for cell in row)


@pytest.mark.parametrize(
    "made",
    [
        trials(enrolled("A", "B"), []),
        trials(enrolled("A", "B"), [mated("A", failure="no_face")]),
        trials(enrolled("A", "B"), [stranger("X", failure="no_face"), stranger("Y", failure="no_face")]),
        trials(
            enrolled("A", "B"), [stranger("X", scores={"A": 0.5, "B": 0.5}), mated("A", scores={"A": 0.5, "B": 0.5})]
        ),
        trials(enrolled("A", "B", age=7), [stranger(f"{n}", scores={"A": 0.5}, promised={"A": 1.0}) for n in range(9)]),
    ],
    ids=["no probe", "no mate seen", "no stranger seen", "all equal", "nothing kept"],
)
def test_little_or_odd_data_make_a_page_too(made) -> None:
    assert "</html>" in page(made, report(made), NOTICE)


def test_the_curve_of_errors_is_counted_at_each_best_score() -> None:
    rates, misses = curve(np.array([0.2, 0.5, 0.9, -np.inf]), np.array([0.5, 0.1, 0.8, -np.inf]))
    assert rates.tolist() == [0.25, 0.5, 0.75]  # at 0.8, 0.5 and 0.1
    assert misses.tolist() == [0.75, 0.5, 0.25]  # 0.5 is at the threshold 0.5


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: object, **more: object) -> object:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **more)

    made = sample()
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ExtraMissing, match=r"pip install 'sighting-matcher\[evaluate\]'"):
        plots(Outcomes.of(made), report(made))


def test_plots_leave_matplotlibs_global_state_alone() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    made = sample()
    plots(Outcomes.of(made), report(made))
    assert dict(mpl.rcParams) == before
