"""`matcher review …`: the queue, without anything that could sway a judgement."""

from __future__ import annotations

from pathlib import Path

import click

from matcher.cli.app import App, home_option, json_option, print_json, print_table, private, who_options


@click.group()
def review() -> None:
    """The queue of candidates that wait for people. Nothing here shows a score, a rank or a name."""


@review.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@json_option
@home_option
@click.pass_obj
def review_list(app: App, limit: int, as_json: bool) -> None:
    """List the queue, in an order that says nothing about likeness."""
    with app.open() as matcher:
        found = matcher.review_queue(limit=limit + 1)
    more, found = len(found) > limit, found[:limit]
    if as_json:
        print_json(found)
        return
    rows = [(one.id, one.sighting, one.created_at) for one in found]
    print_table(("CANDIDATE", "SIGHTING", "SINCE"), rows, "Nothing waits for review.")
    if more:
        click.echo(f"These are the first {limit}: --limit shows more.")


@review.command("show")
@click.argument("candidate", metavar="CANDIDATE")
@click.option(
    "--sheet", type=click.Path(path_type=Path, dir_okay=False), help="Write both faces side by side as a PNG."
)
@who_options
@json_option
@home_option
@click.pass_obj
def review_show(app: App, candidate: str, sheet: Path | None, actor: str, reason: str | None, as_json: bool) -> None:
    """Show the two faces of a CANDIDATE."""
    with app.open() as matcher:
        found = matcher.review_item(candidate)
        if sheet is not None:
            picture = matcher.review_sheet(candidate, actor=actor, reason=reason)
            with private(sheet, "wb") as file:
                file.write(picture)
    if as_json:
        print_json(found)
        return
    click.echo(f"Candidate {found.id}: face {found.sighting_face} of sighting {found.sighting}")
    click.echo(f"beside case photo face {found.photo_face}.")
    click.echo(f"Written: {sheet}" if sheet is not None else "Add --sheet FILE.png to see both faces side by side.")
