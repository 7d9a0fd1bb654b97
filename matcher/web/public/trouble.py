"""What is wrong with a form, in words for the public, and which of its fields it is about."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.errors import ExtraMissing, MatcherError, PhotoRefused, TooMany, WrongUse
from matcher.wording import Wording

PHOTO = "photo"
_UNREADABLE = Wording("This kind of photo cannot be read here. Please send it as JPEG.")


class WrongField(WrongUse):
    """One field of a form holds what cannot be meant; `field` is its name."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a visitor is told above the form, which field it is about, and the status of the answer; `seconds`: after
    which it is over by itself.
    """

    message: str
    field: str | None
    status: int
    seconds: int | None = None


def trouble_of(error: MatcherError) -> Trouble:
    """What of an error a visitor can mend; an error of the server itself is raised again."""
    if isinstance(error, ExtraMissing):  # whoever keeps the server can install it, who sends a photo cannot
        return Trouble(_UNREADABLE, PHOTO, PhotoRefused.http_status)
    if error.http_status >= 500:
        raise error
    field = PHOTO if isinstance(error, PhotoRefused) else getattr(error, "field", None)
    return Trouble(error.message, field, error.http_status, error.seconds if isinstance(error, TooMany) else None)
