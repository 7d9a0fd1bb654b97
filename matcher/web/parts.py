"""Long lists in parts: one line more than is shown says that a further part follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

_Item = TypeVar("_Item")

LINES = 50  # of a part on a page


@dataclass(frozen=True, slots=True)
class Page(Generic[_Item]):
    """A part of a list. `next` is the `after` of the following part, `null` at the end."""

    items: tuple[_Item, ...]
    next: str | None


def page(found: Sequence[_Item], limit: int, cursor: Callable[[_Item], str]) -> Page[_Item]:
    """The first `limit` of what was found; one more than that says that a further part follows."""
    shown = tuple(found[:limit])
    return Page(shown, cursor(shown[-1]) if len(found) > limit else None)


@dataclass(frozen=True, slots=True)
class Whole(Generic[_Item]):
    """A list that has one part only. `cut` says that it has more lines than were asked for: raise the limit."""

    items: tuple[_Item, ...]
    cut: bool


def whole(found: Sequence[_Item], limit: int | None = None) -> Whole[_Item]:
    """A list whose first lines matter most: the first `limit` of what was found."""
    shown = tuple(found[:limit])
    return Whole(shown, len(shown) < len(found))
