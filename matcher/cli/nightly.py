"""`matcher nightly`: everything that has to be done once a night."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from matcher.cli.app import App, home_option, json_option, print_json, print_table, say, who_options

if TYPE_CHECKING:
    from matcher.domain.nights import NightReport


@click.command()
@click.option("--step", "names", multiple=True, metavar="NAME", help="Do this step only; may be repeated.")
@click.option("--from", "first", metavar="NAME", help="Do this step and all after it.")
@click.option("--resume/--anew", default=None, help="Take up the last run however old it is, or begin a new one.")
@click.option("--accept-retention", is_flag=True, help="Remove what has run out, even if it is much.")
@click.option("--accept-clock", is_flag=True, help="The clock is right, even if it is far from the last run's.")
@click.option("--last", is_flag=True, help="Show what became of the last run, and do nothing.")
@click.option("--list", "listed", is_flag=True, help="List the steps, and do nothing.")
@who_options
@json_option
@home_option
@click.pass_obj
def nightly(app: App, /, names: tuple[str, ...], first: str | None, **given: Any) -> None:
    """Do everything that has to be done once a night; without options, go on where a run of tonight was cut off.

    Safe to kill and to repeat. Exit codes: 0 all done, 3 done but for single faces, 5 another run is under way, 14 a
    step failed, 15 a brake asks before anything is removed.
    """
    if given["listed"] and given["last"]:
        raise click.UsageError("Give --list or --last, one of them.")
    if given["listed"]:
        _print_steps(as_json=given["as_json"])
    elif given["last"]:
        from matcher.jobs.nightly import last_report

        with app.open() as matcher:
            _print(last_report(matcher.context), as_json=given["as_json"])
    else:
        _run(app, _chosen(names, first, given["resume"]), given)


def _run(app: App, names: tuple[str, ...] | None, given: dict[str, Any]) -> None:
    from matcher.jobs.nightly import run
    from matcher.jobs.report import shortcoming
    from matcher.services.inputs import ReasonCode, Who

    who = Who(given["actor"], ReasonCode.MAINTENANCE, given["reason"])
    accepted = {name: given[name] for name in ("accept_retention", "accept_clock")}
    with app.open() as matcher:
        report = run(matcher.context, who, steps=names, resume=given["resume"], **accepted)
    _print(report, as_json=given["as_json"])
    error = shortcoming(report)
    if error is not None:
        raise error


def _chosen(names: tuple[str, ...], first: str | None, resume: bool | None) -> tuple[str, ...] | None:
    from matcher.jobs.steps import since

    if ((names or first) and resume is not None) or (names and first):
        raise click.UsageError("Give --step, --from, --resume or --anew, one of them.")
    return since(first) if first else names or None


def _print_steps(*, as_json: bool) -> None:
    from matcher.jobs.steps import STEPS

    if as_json:
        print_json([{"name": step.name, "does": step.does, "needs": step.needs} for step in STEPS])
    else:
        print_table(("STEP", "DOES"), [(step.name, step.does) for step in STEPS], "")


def _print(report: NightReport, *, as_json: bool) -> None:
    from matcher.jobs.report import lines

    if as_json:
        print_json(report)
    else:
        for line in lines(report):
            say(line)
