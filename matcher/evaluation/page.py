"""The report as one HTML page that needs nothing else: no script, no network, no file beside it."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape
from pathlib import Path

from matcher.errors import WrongUse
from matcher.evaluation.files import write_private
from matcher.evaluation.outcomes import Outcomes
from matcher.evaluation.plots import Plot, plots
from matcher.evaluation.report import Report
from matcher.evaluation.strata import FEWEST_PROBES, FEWEST_SUBJECTS
from matcher.evaluation.tables import Table, tables
from matcher.evaluation.trials import Trials

_STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 58rem; padding: 2rem 1.5rem 4rem; color: #2b3640; background: #fff;
  font: 16px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, "Noto Sans", sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; } h2 { font-size: 1.15rem; margin: 2.4rem 0 .2rem; }
p, li { max-width: 46rem; } .notice { border-left: 4px solid #d1792b; padding: .4rem .9rem; background: #fdf6ef; }
.meaning, figcaption, .about { color: #5b6770; font-size: .92rem; margin: .2rem 0 .6rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; }
th, td { text-align: right; padding: .28rem .8rem .28rem 0; border-bottom: 1px solid #e3e8eb; white-space: nowrap; }
th { color: #5b6770; font-weight: 600; font-size: .78rem; letter-spacing: .03em; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; } td.words { text-align: left; white-space: normal; }
figure { margin: 1.6rem 0 0; } figure img { width: 100%; max-width: 42rem; height: auto; display: block; }
.wide { overflow-x: auto; } dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1.2rem; }
dt { color: #5b6770; } dd { margin: 0; overflow-wrap: anywhere; }
@media print { body { max-width: none; padding: 0; font-size: 10.5pt; } figure, table, tr { break-inside: avoid; }
  h2, .meaning { break-after: avoid; } .wide { overflow: visible; } figure img { max-width: 15cm; } }
"""


def write_page(path: Path, trials: Trials, report: Report, notice: str) -> None:
    """Write the page, readable by its owner only. `notice` is the sentence under which all results stand."""
    text = page(trials, report, notice)
    try:
        write_private(path, text)
    except OSError as error:
        raise WrongUse(f"'{path}' cannot be written ({error.strerror}): name another file.") from error


def page(trials: Trials, report: Report, notice: str) -> str:
    """The page as text."""
    drawn = plots(Outcomes.of(trials), report)
    about = report.about
    body = [
        "<h1>Evaluation of face matching</h1>",
        f'<p class="about">{escape(about.protocol)}. Made {escape(about.made)}.</p>',
        f'<p class="notice">Every score here is a {escape(notice)}. The numbers hold for these photos and these '
        "models; other children, ages or cameras may fare worse.</p>",
        *_said(report),
        *(_table(table) for table in tables(report)),
        *(_figure(plot) for plot in drawn),
        *_reading(report),
        _about(report),
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
    title = "<title>Evaluation of face matching</title>"
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}{title}</head>\n<body>\n'
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _said(report: Report) -> list[str]:
    parts = []
    if report.limits:
        parts += ["<h2>What cannot be said</h2>", _list(report.limits)]
    if report.about.notes:
        parts += ["<h2>What was decided on the way</h2>", _list(report.about.notes)]
    return parts


def _list(sentences: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences) + "</ul>"


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    rows = "".join("<tr>" + "".join(map(_cell, table.columns, row)) + "</tr>" for row in table.rows)
    return (
        f'<h2>{escape(table.title)}</h2><p class="meaning">{escape(table.meaning)}</p>'
        f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _cell(column: str, text: str) -> str:
    return f"<td>{escape(text)}</td>" if column else f'<td class="words">{escape(text)}</td>'


def _figure(plot: Plot) -> str:
    data = base64.b64encode(plot.svg.encode("utf-8")).decode("ascii")
    return (
        f'<figure><h2>{escape(plot.title)}</h2><img alt="{escape(plot.caption)}" '
        f'src="data:image/svg+xml;base64,{data}"><figcaption>{escape(plot.caption)}</figcaption></figure>'
    )


def _reading(report: Report) -> list[str]:
    sentences = [
        "95 % intervals: the people were drawn anew a thousand times, each with all of their probes, and the outer 25 "
        "results on either side left off. Where none or all were missed, Wilson's interval of that many people stands. "
        "Intervals say how much another sample of such people might differ, not how much other people would.",
        f"Groups of fewer than {FEWEST_PROBES} probes or {FEWEST_SUBJECTS} people are not judged. A dash means that "
        "there are no data, never zero.",
        "Terms: ISO/IEC 19795-1 (biometric performance testing) and the reports of NIST's FRTE 1:N, so that other "
        "systems can be compared. A larger gallery has more look-alikes: compare rates at the same N only.",
    ]
    return ["<h2>How to read this</h2>", _list(sentences)] if report.counts.mated or report.counts.nonmated else []


def _about(report: Report) -> str:
    about = report.about
    entries = {
        "Protocol": about.protocol,
        "Embedding space": about.space,
        "Scores": ", ".join(about.methods),
        "Promises from": about.promised_by,
        "Length of lists": str(about.depth),
        "Seed": "none" if about.seed is None else str(about.seed),
        "Software": about.software,
        "Made": about.made,
    }
    items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in entries.items())
    return f"<h2>About</h2><dl>{items}</dl>"
