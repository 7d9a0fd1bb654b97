"""In which language a command writes what others are to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from matcher.domain.people import Language
from matcher.errors import ExtraMissing
from matcher.wording import ENGLISH, Reader

if TYPE_CHECKING:
    from matcher.accounts.rights import Acting

language_option = click.option(
    "--language",
    type=click.Choice([language.value for language in Language]),
    help="Of what is written; default: your account's, else English.",
)


def wanted_language(given: str | None, acting: Acting) -> Language:
    """The language that was asked for, else the account's, else English."""
    return Language(given) if given is not None else acting.language or Language.ENGLISH


def reader_of(language: Language) -> Reader:
    """The words of a language. `ExtraMissing` for one that takes translations, where they cannot be read."""
    if language is Language.ENGLISH:
        return ENGLISH
    try:
        from matcher.web.languages import speech
    except ImportError as error:
        raise ExtraMissing(f"Words in {language.value} need {error.name}: {WEB_EXTRA}.") from error
    return speech(language).reader


WEB_EXTRA = "pip install 'sighting-matcher[web]'"
