"""`matcher demo`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from matcher.cli.app import App, home_option, print_table, progress_bar

if TYPE_CHECKING:
    from matcher.demo.run import Outcome, Result


@click.command()
@home_option
@click.pass_obj
def demo(app: App) -> None:
    """Register synthetic children, submit sightings of them and of strangers, and show the ranked lists.

    One child has a card and an alert, and the public has reported about it.

    Uses the folder ./matcher-demo, or --home; a folder that holds anything but a demo is refused.
    """
    from matcher.demo.public import PORT
    from matcher.demo.run import demo_home, run
    from matcher.services.context import Context
    from matcher.services.views import NOTICE

    root = app.home or Path("matcher-demo")
    with progress_bar() as progress:
        context = Context(demo_home(root), progress=progress)
        result = run(context)
        context.close()
    rows = [_row(number, outcome) for number, outcome in enumerate(result.outcomes, start=1)]
    print_table(("SIGHTING", "REALLY", "PLACE", "CANDIDATES, MOST ALIKE FIRST"), rows, "")
    _print_summary(result)
    click.echo(f"({NOTICE})")
    click.echo(f"\nFaces side by side: {result.page}")
    click.echo("Try next:")
    photo = root / "demo" / "photos" / result.outcomes[0].told.file
    click.echo(f"  matcher match {photo} --home {root} --reason 'trying it' --sheet sheet.png")
    click.echo(
        f"  matcher login {result.officer} --home {root}   # the password of all demo accounts: {result.password}"
    )
    click.echo(f"  matcher case close {result.outcomes[0].told.truth} --as returned --home {root}   # and match again")
    click.echo(f"  matcher serve --home {root}   # sign in as li, a reviewer; needs the extra 'web'")
    click.echo(
        f"  matcher serve --public --port {PORT} --home {root}   "
        f"# what the public sees: http://127.0.0.1:{PORT}/c/{result.shown.card}"
    )
    click.echo(f"  matcher doctor --home {root}")


def _row(number: int, outcome: Outcome) -> tuple[object, ...]:
    found = outcome.face.candidates[:4] if outcome.face else ()
    shown = "  ".join(f"{one.case_id} {one.similarity:.3f}" for one in found)
    truth = outcome.told.truth or outcome.told.kind.value.replace("_", " ")
    place = outcome.rank if outcome.rank or not outcome.told.truth else "none"
    return number, truth, place, shown or "no usable face: kept for people to look at"


def _print_summary(result: Result) -> None:
    from matcher.demo.run import share

    ranks = result.ranks
    click.echo(
        f"\n{result.cases} children with {result.photos} photos, {len(result.outcomes)} sightings, "
        f"{len(ranks)} of them of a registered child:"
    )
    click.echo(f"the right case came first {share(ranks, 1)} times, among the first five {share(ranks, 5)} times.")
    click.echo("Drawn faces are easier than real ones; the README says what was measured on photos.")
