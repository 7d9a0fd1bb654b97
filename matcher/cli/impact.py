"""`matcher impact`."""

from __future__ import annotations

from pathlib import Path

import click

from matcher.cli.app import App, home_option, json_option, new_private, print_json, say


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@home_option
@click.pass_obj
def impact(app: App, file: Path, as_json: bool) -> None:
    """Write FILE (Markdown): what a data protection impact assessment can start from, with blanks for people."""
    with app.open() as matcher:
        page = matcher.impact_page()
    with new_private(file, encoding="utf-8") as handle:
        handle.write(page)
    if as_json:
        print_json({"file": file, "to_answer": page.count("**To be answered:**")})
    else:
        say(f"Written: {file}, with {page.count('**To be answered:**')} questions for people.")
