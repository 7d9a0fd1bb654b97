"""The words of a form, as people meant them."""

from __future__ import annotations

from starlette.datastructures import FormData

from matcher.errors import WrongUse


def text(given: FormData, name: str) -> str:
    """A field without the spaces around it, empty if it was left out. `WrongUse` where a file was sent instead."""
    value = given.get(name, "")
    if not isinstance(value, str):
        raise WrongUse(f"The field '{name}' is a file, where words are expected.")
    return value.strip().replace("\r\n", "\n")


def words(given: FormData) -> dict[str, str]:
    """All fields that hold words; of one that is there several times, the last."""
    return {name: text(given, name) for name, value in given.multi_items() if isinstance(value, str)}
