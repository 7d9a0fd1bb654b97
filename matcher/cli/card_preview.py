"""`matcher card preview`: a drafted card as a picture."""

from __future__ import annotations

from pathlib import Path

import click

from matcher.cli.app import App, home_option, no_actor_option, private, require_new, say
from matcher.cli.session import signed_in
from matcher.cli.words import language_option, reader_of, wanted_language


@click.command("preview")
@click.argument("card_id", metavar="CARD")
@click.option("--output", type=click.Path(path_type=Path), required=True, help="The new PNG file.")
@click.option("--square", is_flag=True, help="As it is for posts, instead of for message boxes.")
@language_option
@no_actor_option
@home_option
@click.pass_obj
def preview(app: App, card_id: str, output: Path, square: bool, language: str | None) -> None:
    """Write the drafted CARD as the public would see it, marked as a draft: look at it before it is approved."""
    from matcher.services.handing_out import CardForm, Rendering
    from matcher.services.handing_out import preview as drafted

    require_new(output)
    with app.open() as matcher:
        acting = signed_in(matcher)
        readers = (reader_of(wanted_language(language, acting)),)
        how = Rendering(CardForm.SQUARE if square else CardForm.PNG, readers)
        picture = drafted(matcher.context, acting, card_id, how)
    with private(output, "wb") as file:
        file.write(picture)
    say(f"Written: {output}", err=True)
