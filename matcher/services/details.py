"""Values as callers write them (words, dates, pairs) as the fields of a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from matcher.domain.cases import CaseDetails, Confirmation, ConfirmationKind
from matcher.domain.positions import Position
from matcher.errors import WrongUse
from matcher.interchange.cells import Parser, one_of, text
from matcher.interchange.records import CASE_COLUMNS, SIGHTING_COLUMNS
from matcher.wording import Wording

# Fields that people fill in, as pages can say them in another language.
_SPOKEN = (
    Wording("born"),
    Wording("age"),
    Wording("height_cm"),
    Wording("weight_kg"),
    Wording("missing_since"),
    Wording("seen_at"),
    Wording("apparent_age"),
    Wording("sex"),
    Wording("circumstance"),
    Wording("legal_basis"),
    Wording("how_seen"),
    Wording("first_hand"),
    Wording("since"),
    Wording("expires_at"),
    Wording("steps"),
    Wording("place"),
    Wording("note"),
    Wording("phone"),
)
_FIELDS = {str(name): name for name in _SPOKEN}
_NOTHING_KNOWN = {field.name: field.default for field in fields(CaseDetails)}


def case_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Case fields from keyword values; `None` erases a field. `WrongUse` names field, value and what was expected."""
    told = _fields(given, CASE_COLUMNS, place="last_seen")
    return {name: _NOTHING_KNOWN[name] if value is None else value for name, value in told.items()}


def sighting_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a report from keyword values; `None` leaves one out."""
    told = _fields(given, SIGHTING_COLUMNS, place="position")
    return {name: value for name, value in told.items() if value is not None}


def confirmation(given: Confirmation | tuple[ConfirmationKind | str, str] | None) -> Confirmation | None:
    """A confirmation, or one from its kind and reference."""
    if given is None or isinstance(given, Confirmation):
        return given
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise WrongUse(f"confirmation {given!r}: expected a kind and a reference, as in ('dna', 'laboratory 17').")
    kind, reference = given
    return Confirmation(
        parsed("confirmation", kind, one_of(ConfirmationKind)), parsed("confirmation reference", reference, text)
    )


def _fields(given: Mapping[str, Any], parsers: Mapping[str, Parser], place: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name == place:
            found[name] = _position(name, value)
        elif name not in parsers:
            raise WrongUse(f"Unknown field '{name}': the fields are {', '.join(sorted([*parsers, place]))}.")
        else:
            found[name] = None if value is None else parsed(name, value, parsers[name])
    return found


def parsed(name: str, value: Any, parse: Parser) -> Any:
    """One value by its parser; `WrongUse` names it."""
    try:
        return parse(list(value) if isinstance(value, tuple) else getattr(value, "value", value))
    except WrongUse as error:
        told = Wording(
            "{field} {value}: {problem}", field=_FIELDS.get(name, name), value=repr(value), problem=error.message
        )
        raise WrongUse(told) from error


def _position(name: str, value: Any) -> Position | None:
    if value is None or isinstance(value, Position):
        return value
    try:
        lat, lon = value
        return Position(float(lat), float(lon))
    except (OverflowError, TypeError, ValueError) as error:
        raise WrongUse(f"{name} {value!r}: expected a pair of latitude and longitude in degrees.") from error
