"""`matcher evaluate`: how good the matching is, on the home's own cases, on folders of photos, or from kept scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from matcher.cli.app import App, home_option, json_option, print_json, print_table, private, say, who_options
from matcher.errors import Conflict, WrongUse

if TYPE_CHECKING:
    from matcher.evaluation.trials import Trials

_Function = TypeVar("_Function", bound=Callable[..., Any])


@click.group()
def evaluate() -> None:
    """Count how often the right person is found and how often a wrong one, in the words of ISO/IEC 19795.

    The numbers hold for the photos that were used: measure on photos like those that you search with.
    """


def report_options(function: _Function) -> _Function:
    """`--report` and `--json`."""
    page = click.option(
        "--report",
        "page",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write one HTML page with tables and plots, for yourself only to read.",
    )
    return page(json_option(function))


def trial_options(function: _Function) -> _Function:
    """The options of what searches anew: `--depth`, `--seed`, `--scores`."""
    depth = click.option(
        "--depth", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Length of the candidate lists."
    )
    seed = click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="For all that is drawn.")
    scores = click.option(
        "--scores",
        type=click.Path(path_type=Path, file_okay=False),
        help="Keep all scores in this folder, for `matcher evaluate scores`.",
    )
    return depth(seed(scores(report_options(function))))


@evaluate.command()
@click.option(
    "--pairs",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A table (sighting, case, truth: same or different) of pairs whose truth is known from outside.",
)
@who_options
@trial_options
@home_option
@click.pass_obj
def own(app: App, /, actor: str, reason: str | None, **given: Any) -> None:
    """Search each photo of the open cases among all the others. Recorded in the audit log."""
    from matcher.services.evaluate_own import evaluate_own
    from matcher.services.inputs import ReasonCode, Who

    outputs = _outputs(given)
    _check(outputs["page"], outputs["scores"], given.get("embeddings"))
    with app.open() as matcher:
        trials = evaluate_own(matcher.context, Who(actor, ReasonCode.EVALUATION, reason), **given)
    _deliver(trials, **outputs)


@evaluate.command()
@click.argument("gallery", type=click.Path(path_type=Path))
@click.argument("probes", type=click.Path(path_type=Path), required=False)
@click.option(
    "--split",
    type=click.Choice(["first", "random"]),
    help="Without PROBES: which photo of each person is enrolled; default: the first by name.",
)
@click.option(
    "--unenrolled", type=float, default=0.0, show_default=True, help="Share of the people to keep out as strangers."
)
@click.option("--ages", type=click.Path(path_type=Path, dir_okay=False), help="A table: photo (person/file), age, sex.")
@click.option(
    "--embeddings", type=click.Path(path_type=Path, dir_okay=False), help="Keep embeddings in FILE.npz, and reuse them."
)
@trial_options
@home_option
@click.pass_obj
def folders(app: App, /, split: str | None, **given: Any) -> None:
    """Enrol the photos in GALLERY and search those in PROBES, or part GALLERY; one folder per person.

    Ages are read from names such as 001A05.jpg or anna_age05.jpg. Of several faces the largest is taken.
    """
    from matcher.services.evaluate_folders import FolderProtocol, Split, evaluate_folders

    outputs = _outputs(given)
    _check(outputs["page"], outputs["scores"], given.get("embeddings"))
    protocol = FolderProtocol(split=None if split is None else Split(split), **given)
    with app.open() as matcher:
        trials = evaluate_folders(matcher.context, protocol)
    _deliver(trials, **outputs)


@evaluate.command()
@click.argument("folder", type=click.Path(path_type=Path))
@report_options
def scores(folder: Path, page: Path | None, as_json: bool) -> None:
    """Count again what --scores wrote into FOLDER. Needs no home, no models and no photos."""
    from matcher.evaluation.files import read_scores

    _deliver(read_scores(folder), page=page, as_json=as_json)


def _outputs(given: dict[str, Any]) -> dict[str, Any]:
    """Takes the options of what is to be written out of those of what is to be done."""
    return {name: given.pop(name) for name in ("page", "as_json", "scores")}


def _check(page: Path | None, scores: Path | None, embeddings: Path | None) -> None:
    """Tries what is to be written before the work that it is made of."""
    if scores is not None and scores.is_dir() and any(scores.iterdir()):
        raise Conflict(f"'{scores}' is not empty: kept scores are never replaced, name a new folder.")
    if embeddings is not None and not embeddings.resolve().parent.is_dir():
        raise WrongUse(f"'{embeddings}' cannot be written: its folder does not exist.")
    if page is None:
        return
    from matcher.evaluation.plots import require_matplotlib

    require_matplotlib()
    new = not page.exists()
    with private(page, "a"):
        pass
    if new:
        page.unlink()


def _deliver(trials: Trials, *, page: Path | None, as_json: bool, scores: Path | None = None) -> None:
    """Keep the scores first, since they took longest; then print and write the report."""
    from matcher.evaluation.files import write_scores
    from matcher.evaluation.page import write_page
    from matcher.evaluation.report import report
    from matcher.services.views import NOTICE

    if scores is not None:
        write_scores(scores, trials)
    counted = report(trials)
    if as_json:
        print_json(counted)
    else:
        _print(counted)
        click.echo(f"({NOTICE})")
    if page is not None:
        write_page(page, trials, counted, NOTICE)
    if not as_json:
        for path in (page, scores):
            if path is not None:
                say(f"Written: {path}")


def _print(counted: Any) -> None:
    from matcher.evaluation.tables import tables

    say(counted.about.protocol)
    click.echo()
    for table in tables(counted):
        click.echo(table.title)
        print_table(table.columns, table.rows, "")
        click.echo()
    for sentence in (*counted.limits, *counted.about.notes):
        say(f"- {sentence}")
