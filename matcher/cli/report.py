"""`matcher report …`: what the public reports. Decisions about it are in `report_decisions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from matcher.cli.app import App, home_option, json_option, no_actor_option, plain, print_json, print_table, say, shown
from matcher.cli.report_decisions import DECISIONS
from matcher.cli.session import signed_in
from matcher.domain.public_words import RELATIONS, REPORT_STATES, VIAS
from matcher.domain.reports import WORDS, ReportState
from matcher.errors import NotFound, SomeRefused

if TYPE_CHECKING:
    from matcher.services.report_desk import ReportLine
    from matcher.services.views import SightingPhotoView, SightingView


@click.group()
def report() -> None:
    """Reports of the public: taken in at once, searched for unless a person has to look first; no rule refuses one."""


for _command in DECISIONS:
    report.add_command(_command)


@report.command("list")
@click.option("--waiting", is_flag=True, help="Only those about which somebody has to decide.")
@click.option(
    "--state", "states", multiple=True, type=click.Choice([state.value for state in ReportState]), help="Repeatable."
)
@click.option("--after", metavar="ID", help="Go on behind this one.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="At most so many.")
@no_actor_option
@json_option
@home_option
@click.pass_obj
def list_reports(
    app: App, /, waiting: bool, states: tuple[str, ...], after: str | None, limit: int, as_json: bool
) -> None:
    """List reports, those that came first before the others."""
    if waiting and states:
        raise click.UsageError("Give --waiting or --state, one of them.")
    with app.open() as matcher:
        acting, reports = signed_in(matcher), matcher.public.reports
        if waiting:
            found = reports.waiting(acting, after=after, limit=limit)
        else:
            found = reports.listed(acting, states or tuple(ReportState), after=after, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (one.id, one.received_at, one.via, one.about, one.state, one.score or None, one.doubts or None, one.merged_into)
        for one in found
    ]
    columns = ("REPORT", "CAME", "BY", "ABOUT CASE", "STATE", "AGAINST IT", "DOUBTS", "BESIDE")
    print_table(columns, rows, "No report of this kind here.")
    if len(found) == limit:
        say(f"There may be more: --after {found[-1].id}")


@report.command("show")
@click.argument("report_id", metavar="ID")
@no_actor_option
@json_option
@home_option
@click.pass_obj
def show(app: App, report_id: str, as_json: bool) -> None:
    """Show report ID and what speaks against it, without its candidates. The look is recorded, and you are not asked
    about it in reviews any more."""
    with app.open() as matcher:
        acting = signed_in(matcher)
        line = matcher.public.reports.line(acting, report_id)
        if line is None:
            raise NotFound(f"There is no report '{report_id}': `matcher report list` shows all reports.")
        seen = matcher.casework.triage_sheet(acting, report_id)
    if as_json:
        print_json(plain(line) | {"told": _told(seen), "photos": [_photo(one) for one in seen.photos]})
        return
    _print_line(line)
    for name, value in _told(seen).items():
        if value not in (None, "unknown"):
            say(f"  {name.replace('_', ' ')}: {shown(value)}")
    for number, photo in enumerate(seen.photos, start=1):
        advice = "" if photo.advice is None else f", none can be used: {photo.advice}"
        say(f"  photo {number}: {photo.state.value}, faces: {len(photo.faces)}{advice}")


@report.command("look")
@json_option
@home_option
@click.pass_obj
def look(app: App, as_json: bool) -> None:
    """Look at the photos of all reports that wait for it, now; exit code 3 if some cannot be read."""
    from matcher.services.report_work import look_now

    with app.open() as matcher:
        done = look_now(matcher.context)
    if as_json:
        print_json(done)
    else:
        became = ", ".join(f"{state} {count}" for state, count in sorted(done.states.items()))
        say(f"Looked at: {sum(done.states.values())}{f' ({became})' if became else ''}.")
    if done.failed:
        raise SomeRefused(
            f"Reports that could not be looked at: {done.failed}. Those whose photos cannot be read are tried again "
            "after ten minutes, and a person is asked after three times; the others after a minute. `matcher doctor` "
            "says what is wrong."
        )


@report.command("disputes")
@click.option("--after", metavar="ID", help="Go on behind this one.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@no_actor_option
@json_option
@home_option
@click.pass_obj
def disputes(app: App, after: str | None, limit: int, as_json: bool) -> None:
    """Disputes of cards by the public that wait for an officer, with how to reach whoever disputes. The look is
    recorded."""
    with app.open() as matcher:
        found = matcher.public.disputes.waiting(signed_in(matcher), after=after, limit=limit)
    if as_json:
        print_json(found)
        return
    if not found:
        say("No dispute waits.")
    for one in found:
        say(f"Dispute {one.id} of case {one.case_id} ({one.status.value}), {shown(one.received_at)}")
        say(f"  “{RELATIONS[one.relation]}”: {one.note}")
        say(f"  reach: {one.contact}")
        say(f"  matcher report decide-dispute {one.id} --uphold (or --dismiss) --reason …")
    if len(found) == limit:
        say(f"There may be more: --after {found[-1].id}")


def _print_line(line: ReportLine) -> None:
    say(f"Report {line.id}: {line.state.value} ({REPORT_STATES[line.state]})")
    say(f"  came by {VIAS[line.via]} at {shown(line.received_at)}")
    told = [
        ("about case", line.about),
        ("language", line.language),
        ("held since" if line.state is ReportState.HELD else "looked at", line.looked_at),
        ("beside report", line.merged_into),
        ("shown beside it", line.merged or None),
        ("how to reach the reporter", "`matcher report contact` shows it" if line.has_contact else None),
        ("decided by", None if line.decided_by is None else f"{line.decided_by} at {shown(line.decided_at)}"),
    ]
    for name, value in told:
        if value is not None:
            say(f"  {name}: {shown(value)}")
    if line.doubts:
        say(f"  against it, {line.score} of 100; none of it refuses anything by itself:")
    for doubt in line.doubts:
        say(f"    {WORDS[doubt]}")


def _told(seen: SightingView) -> dict[str, object]:
    where = seen.position
    return {
        "seen_at": seen.seen_at,
        "place": seen.place,
        "position": None if where is None else f"{where.lat:.5f}, {where.lon:.5f}",
        "how_seen": seen.how_seen.value,
        "first_hand": {True: "yes", False: "no", None: None}[seen.first_hand],
        "apparent_sex": seen.apparent_sex.value,
        "apparent_age": seen.apparent_age,
        "note": seen.note,
        "source": seen.source,
    }


def _photo(photo: SightingPhotoView) -> dict[str, object]:
    same = {name: getattr(photo, name) for name in ("id", "state", "reason", "advice")}
    return same | {"faces": len(photo.faces)}
