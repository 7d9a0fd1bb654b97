"""`matcher case map`: where and when, on one sheet."""

from __future__ import annotations

from pathlib import Path

import click

from matcher.cli.app import App, home_option, new_private, no_actor_option, require_new, say
from matcher.cli.session import signed_in
from matcher.cli.words import language_option, reader_of, wanted_language


@click.command("map")
@click.argument("case_id", metavar="ID")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The new file, an SVG drawing."
)
@language_option
@no_actor_option
@home_option
@click.pass_obj
def case_map(app: App, case_id: str, output: Path, language: str | None) -> None:
    """Draw where the child of case ID was last seen, sightings that people hold for possible, and areas of alerts.

    The look is recorded, and you are not asked about the case and these sightings in reviews any more.
    """
    from matcher.interchange.sighting_map import sighting_map

    require_new(output)
    with app.open() as matcher:
        acting = signed_in(matcher)
        reader = reader_of(wanted_language(language, acting))
        drawn = sighting_map(matcher.casework.case_map(acting, case_id, reader).sheet)
    with new_private(output, encoding="utf-8") as file:
        file.write(drawn)
    say(f"Written: {output}", err=True)
