"""`matcher sighting …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from matcher.cli.app import (
    App,
    home_option,
    json_option,
    no_actor_option,
    print_json,
    print_table,
    reason_option,
    shown,
    who_options,
)
from matcher.cli.erasure import erase_sighting
from matcher.cli.session import account_here, onlooker, signed_in
from matcher.cli.sighting_intake import import_folder, import_sightings, sighting_template
from matcher.cli.tables import print_candidates
from matcher.domain.cases import Sex
from matcher.domain.positions import Datum
from matcher.domain.records import HowSeen
from matcher.errors import NotFound
from matcher.interchange import cells

if TYPE_CHECKING:
    from matcher.services.views import SightingView

_FIELDS = ("seen_at", "place", "how_seen", "first_hand", "note", "source", "apparent_sex", "apparent_age")


@click.group()
def sighting() -> None:
    """Sightings: submit, import, list, show, dispute and erase them."""


for _command in (erase_sighting, import_sightings, import_folder, sighting_template):
    sighting.add_command(_command)


@sighting.command("submit")
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@click.option("--seen-at", help="Date or time, for example 2024-05-01T18:30+08:00.")
@click.option("--place", help="Where, in words.")
@click.option("--lat", type=float, help="Latitude, degrees.")
@click.option("--lon", type=float, help="Longitude, degrees.")
@click.option(
    "--datum",
    type=click.Choice([datum.value for datum in Datum]),
    default="wgs84",
    show_default=True,
    help="gcj02 for positions of Chinese map apps.",
)
@click.option("--how-seen", type=click.Choice([how.value for how in HowSeen]), help="How the child was seen.")
@click.option("--first-hand/--not-first-hand", default=None, help="Whether the reporter saw the child in person.")
@click.option("--apparent-sex", type=click.Choice([sex.value for sex in Sex]), help="What the child seemed to be.")
@click.option("--apparent-age", type=float, help="How old the child seemed, years.")
@click.option("--note", help="What else was seen.")
@click.option("--source", help="Service or office that hands the report in.")
@click.option("--key", help="Idempotency key: handing in the same report twice stores it once.")
@click.option("--top", type=click.IntRange(1, 10_000), help="Length of the candidate lists.")
@who_options
@json_option
@home_option
@click.pass_obj
def submit(app: App, /, photos: tuple[str, ...], as_json: bool, **given: Any) -> None:
    """Store a sighting with its PHOTOs and search all faces on them."""
    report = {name: given[name] for name in _FIELDS if given[name] is not None}
    where = {name: given[name] for name in ("lat", "lon") if given[name] is not None}
    position = cells.position({**where, "datum": given["datum"]})
    with app.open() as matcher:
        view = matcher.submit_sighting(
            photos,
            actor=given["actor"],
            reason=given["reason"],
            idempotency_key=given["key"],
            top=given["top"],
            position=position,
            **report,
        )
        account = account_here(matcher)
        if account not in (None, given["actor"]):  # whose account was recused with the submission
            matcher.sighting(view.id, actor=account)
    _print_sighting(view, as_json)


@sighting.command("list")
@click.option("--needs-triage", is_flag=True, help="Only those with a photo on which no face can be used.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@json_option
@home_option
@click.pass_obj
def list_sightings(app: App, needs_triage: bool, limit: int | None, as_json: bool) -> None:
    """List sightings, newest first."""
    with app.open() as matcher:
        found = matcher.sightings(needs_triage=needs_triage or None, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one.id,
            one.created_at,
            one.seen_at,
            one.place,
            one.photos,
            one.candidates,
            "yes" if one.needs_triage else None,
            one.disputed_at,
        )
        for one in found
    ]
    columns = ("SIGHTING", "SUBMITTED", "SEEN", "PLACE", "PHOTOS", "CANDIDATES", "TRIAGE", "DISPUTED")
    print_table(columns, rows, "No sighting here yet.")


@sighting.command("show")
@click.argument("sighting_id", metavar="ID")
@click.option("--top", type=click.IntRange(min=1), default=5, show_default=True, help="Candidates shown per face.")
@json_option
@home_option
@click.pass_obj
def show(app: App, sighting_id: str, top: int, as_json: bool) -> None:
    """Show everything about a sighting. The look is recorded, and you are not asked about it in reviews any more."""
    with app.open() as matcher:
        view = matcher.sighting(sighting_id, actor=onlooker(matcher))
    _print_sighting(view, as_json, top)


@sighting.command("dispute")
@click.argument("sighting_id", metavar="ID")
@reason_option
@no_actor_option
@home_option
@click.pass_obj
def dispute(app: App, sighting_id: str, reason: str | None) -> None:
    """Hide sighting ID, since somebody says "this is me" or "my child"; --reason tells who. An officer then erases it
    or dismisses the dispute."""
    with app.open() as matcher:
        matcher.casework.dispute_sighting(signed_in(matcher), sighting_id, note=reason or "")
    click.echo(f"Hidden: nothing is searched or asked about sighting {sighting_id} until an officer has decided.")


@sighting.command("dismiss-dispute")
@click.argument("sighting_id", metavar="ID")
@reason_option
@no_actor_option
@home_option
@click.pass_obj
def dismiss_dispute(app: App, sighting_id: str, reason: str | None) -> None:
    """Show disputed sighting ID again; --reason is needed."""
    with app.open() as matcher:
        matcher.casework.dismiss_dispute(signed_in(matcher), sighting_id, note=reason or "")
    click.echo(f"Sighting {sighting_id} is shown again, and the next watch compares it with the cases.")


@sighting.command("mark-face")
@click.argument("sighting_id", metavar="ID")
@click.option(
    "--photo", type=click.IntRange(min=1), default=1, show_default=True, help="Which photo, as `show` counts."
)
@click.option("--face", type=click.IntRange(min=1), required=True, help="Which face of it, as `show` counts.")
@home_option
@click.pass_obj
def mark_face(app: App, sighting_id: str, photo: int, face: int) -> None:
    """Say which face of a sighting is the child that was seen: the other faces' lists are asked no more."""
    with app.open() as matcher:
        acting = signed_in(matcher)
        photos = matcher.sighting(sighting_id).photos
        numbers = {one.number: one.id for one in photos[photo - 1].faces} if photo <= len(photos) else {}
        found = numbers.get(face)
        if found is None:
            raise NotFound(f"There is no face {face} on a photo {photo} of sighting {sighting_id}: `sighting show` it.")
        aside = matcher.desk.mark_face(acting, found)
    click.echo(f"Face {face} of photo {photo} is the child that was seen; lists set aside: {aside}.")


def _print_sighting(view: SightingView, as_json: bool, top: int = 5) -> None:
    if as_json:
        print_json(view)
        return
    click.echo(f"Sighting {view.id}{' (known already: nothing was added)' if view.repeated else ''}")
    told = [
        ("seen", view.seen_at),
        ("place", view.place),
        ("position (WGS-84)", None if view.position is None else f"{view.position.lat:.5f}, {view.position.lon:.5f}"),
        ("how", view.how_seen),
        ("first hand", {True: "yes", False: "no", None: None}[view.first_hand]),
        ("apparent sex", None if view.apparent_sex is Sex.UNKNOWN else view.apparent_sex),
        ("apparent age", None if view.apparent_age is None else f"{view.apparent_age:g}"),
        ("note", view.note),
        ("source", view.source),
        ("disputed since", view.disputed_at),
    ]
    for name, value in told:
        if value is not None:
            click.echo(f"  {name}: {shown(value)}")
    for number, photo in enumerate(view.photos, start=1):
        if photo.advice:
            click.echo(f"Photo {number}: no usable face, kept for people to look at. {photo.advice}.")
        print_candidates(f"Photo {number}, ", photo.faces, top)
    click.echo(f"({view.notice})")
