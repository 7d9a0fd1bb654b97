"""A case on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from matcher.cli.app import print_json, print_table, say, shown
from matcher.cli.tables import print_weaknesses
from matcher.domain.relations import RelationKind
from matcher.interchange.records import CASE_COLUMNS

if TYPE_CHECKING:
    from matcher.services.views import CaseView, ConsentView, PhotoView, WeakCase

_RELATIONS = {
    RelationKind.SIBLING: "sibling of",
    RelationKind.TWIN: "twin of",
    RelationKind.DUPLICATE: "suspected duplicate of",
}


def print_case(view: CaseView, as_json: bool) -> None:
    """Everything about a case; what the caller should know of what was just done goes to standard error."""
    for warning in view.warnings:
        say(f"Note: {warning}", err=True)
    if as_json:
        print_json(view)
        return
    say(f"Case {view.case_id}: {view.status.value}")
    click.echo(f"  id: {view.id}")
    for name in [*CASE_COLUMNS, "last_seen"]:
        value = getattr(view.details, name)
        if value is not None and value != () and getattr(value, "value", "") not in {"unknown", "unspecified"}:
            click.echo(f"  {name}: {f'{value.lat:.5f}, {value.lon:.5f}' if name == 'last_seen' else shown(value)}")
    for photo in view.photos:
        _print_photo(photo)
    for relation in view.relations:
        said = f"{_RELATIONS[relation.kind]} case {relation.case_id} ({relation.status.value})"
        say(f"  {said}, declared by {relation.actor} at {shown(relation.at)}")
    for consent in view.consents:
        _print_consent(consent)
    _print_published(view)
    for change in view.history:
        proof = change.confirmation
        confirmed = f", confirmed by {proof.kind.value} ({proof.reference})" if proof else ""
        why = f": {change.reason}" if change.reason else ""
        say(f"  {shown(change.at)}: {change.old.value} → {change.new.value} by {change.actor}{confirmed}{why}")


def _print_published(view: CaseView) -> None:
    if view.card is not None:
        say(f"  card {view.card.id}: public until {shown(view.card.until)}")
    for alert in view.alerts:
        say(f"  alert {alert.id}: {shown(alert.meant)}, until {shown(alert.until)}")


def _print_consent(consent: ConsentView) -> None:
    by = " ".join(part for part in (consent.giver.value, consent.name) if part)
    related = f" ({consent.relationship})" if consent.relationship else ""
    paper = f", document {consent.document}" if consent.document else ""
    ended = f", withdrawn {shown(consent.withdrawn_at)}" if consent.withdrawn_at else ""
    scopes = ", ".join(scope.value for scope in consent.scopes)
    say(f"  consent {consent.id}: {by}{related} to {scopes}, given {consent.given_at:%Y-%m-%d}{paper}{ended}")


def _print_photo(photo: PhotoView) -> None:
    dated = f", taken {photo.taken}" if photo.taken else f", age {photo.age:g}" if photo.age is not None else ""
    chosen = [face for face in photo.faces if face.choice]
    choices = "".join(f", face {face.number} chosen ({face.choice.value})" for face in chosen if face.choice)
    click.echo(f"  photo {photo.id}: {photo.state.value}, faces: {len(photo.faces)}{choices}{dated}")
    if photo.advice is not None:
        click.echo(f"    {photo.advice}")
    for face in chosen:
        print_weaknesses("    ", face.weaknesses)
    if photo.state.value == "awaiting_choice":
        for face in photo.faces:
            click.echo(f"    face {face.number}: {box_text(face.box)}")
            print_weaknesses("      ", face.weaknesses)
        click.echo(f"    choose with: matcher case choose-face {photo.id} FACE")


def print_weak_cases(found: Sequence[WeakCase], as_json: bool) -> None:
    """Cases with what is wrong with their best photo, and what would help."""
    if as_json:
        print_json(found)
        return
    rows = [
        (one.case_id, one.name, "yes" if one.searchable else "no", one.photo, advice.problem, advice.better)
        for one in found
        for advice in one.advice
    ]
    columns = ("CASE", "NAME", "SEARCHED", "PHOTO", "WHAT IS WRONG", "WHAT WOULD HELP")
    print_table(columns, rows, "Every open case has a good photo.")


def box_text(box: Any) -> str:
    """The edges of a box in whole pixels."""
    return f"{box.left:.0f}, {box.top:.0f}, {box.right:.0f}, {box.bottom:.0f}"
