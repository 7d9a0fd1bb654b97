"""Column types that give back exactly what was put in, on both databases."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date, datetime, timezone
from enum import Enum
from typing import Any, TypeVar

from sqlalchemy import JSON, BigInteger, Date, DateTime, Dialect, Double, Integer, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from matcher.errors import Damaged, WrongUse

E = TypeVar("E", bound=Enum)
T = TypeVar("T")


class Id(TypeDecorator[int]):
    """A 63-bit integer; a key of SQLite's own row tree where it is a primary key.

    Integers of numpy are converted: sqlite3 would silently store them as bytes.
    """

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return Integer() if dialect.name == "sqlite" else BigInteger()

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else operator.index(value)


class Real(TypeDecorator[float]):
    """A 64-bit float; floats of numpy are converted for the same reason as integers."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:  # noqa: ARG002
        return None if value is None else float(value)


class Words(TypeDecorator[str]):
    """Text; `WrongUse` for what one of the databases cannot keep. `ordered` sorts by code point on both."""

    impl = Text
    cache_ok = True

    def __init__(self, ordered: bool = False) -> None:
        super().__init__()
        self.ordered = ordered

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return Text(collation="C") if self.ordered and dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is not None and ("\0" in value or not _is_unicode(value)):
            raise WrongUse(f"The text {value[:40]!a} holds a NUL or half a character: remove it.")
        return value


class Checked(TypeDecorator[T]):
    """A type of which a damaged database may hold what is none of it; `Damaged` says so."""

    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], T | None] | None:
        convert = super().result_processor(dialect, coltype)
        if convert is None:
            return None

        def checked(value: Any) -> T | None:
            try:
                return convert(value)
            except (TypeError, ValueError) as error:
                kind = type(self).__name__.lower()
                raise Damaged(f"The database holds something that is no {kind}: restore a backup.") from error

        return checked


class Day(Checked[date]):
    """A day of the calendar."""

    impl = Date
    cache_ok = True


class Document(Checked[Any]):
    """Lists and tables, as JSON."""

    impl = JSON
    cache_ok = True


class Time(Checked[datetime]):
    """An aware time, kept and given back in UTC; `WrongUse` for a time without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise WrongUse(f"The time {value} has no time zone: give an aware datetime.")
        utc = value.astimezone(timezone.utc)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)


class Choices(TypeDecorator[E]):
    """A member of an enumeration, kept by its value."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[E]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else str(self.kind(value).value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:  # noqa: ARG002
        if value is None:
            return None
        try:
            return self.kind(value)
        except ValueError as error:
            raise Damaged(
                f"The database holds the unknown {self.kind.__name__} '{value}': restore a backup."
            ) from error


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
