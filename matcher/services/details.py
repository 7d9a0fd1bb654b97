"""Values as callers write them (words, dates, pairs) as the fields of a record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matcher.domain.cases import Confirmation, ConfirmationKind
from matcher.domain.positions import Position
from matcher.errors import WrongUse
from matcher.interchange.cells import Parser, one_of
from matcher.interchange.records import CASE_COLUMNS, SIGHTING_COLUMNS


def case_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Case fields from keyword values; `None` erases a field. `WrongUse` names field, value and what was expected."""
    return _fields(given, CASE_COLUMNS, place="last_seen")


def sighting_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a report from keyword values."""
    return _fields(given, SIGHTING_COLUMNS, place="position")


def confirmation(given: Confirmation | tuple[str, str] | None) -> Confirmation | None:
    """A confirmation, or one from its kind and reference."""
    if given is None or isinstance(given, Confirmation):
        return given
    kind, reference = given
    return Confirmation(one_of(ConfirmationKind)(kind), reference)


def _fields(given: Mapping[str, Any], parsers: Mapping[str, Parser], place: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in given.items():
        if name == place:
            fields[name] = _position(name, value)
        elif name not in parsers:
            raise WrongUse(f"Unknown field '{name}': the fields are {', '.join(sorted([*parsers, place]))}.")
        elif value is not None:
            fields[name] = _parsed(name, value, parsers[name])
        else:
            fields[name] = None
    return fields


def _parsed(name: str, value: Any, parse: Parser) -> Any:
    try:
        return parse(list(value) if isinstance(value, tuple) else getattr(value, "value", value))
    except WrongUse as error:
        raise WrongUse(f"{name} {value!r}: {error}") from error


def _position(name: str, value: Any) -> Position | None:
    if value is None or isinstance(value, Position):
        return value
    try:
        lat, lon = value
        return Position(float(lat), float(lon))
    except (TypeError, ValueError) as error:
        raise WrongUse(f"{name} {value!r}: expected a pair of latitude and longitude in degrees.") from error
