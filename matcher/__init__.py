"""sighting-matcher: rank sightings of missing children against case photos, for people to review.

`Matcher` is the whole library; everything else that is listed here are the values that it takes and gives.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matcher.domain.cases import CaseStatus, Confirmation, ConfirmationKind
    from matcher.domain.positions import Datum, Position
    from matcher.engine import Matcher
    from matcher.errors import MatcherError
    from matcher.services.inputs import CasePhoto, OnSeveral
    from matcher.services.views import NOTICE

    __version__: str

# Loaded on first use, so that importing the package costs nothing.
_PUBLIC = {
    "CasePhoto": "matcher.services.inputs",
    "CaseStatus": "matcher.domain.cases",
    "Confirmation": "matcher.domain.cases",
    "ConfirmationKind": "matcher.domain.cases",
    "Datum": "matcher.domain.positions",
    "Matcher": "matcher.engine",
    "MatcherError": "matcher.errors",
    "NOTICE": "matcher.services.views",
    "OnSeveral": "matcher.services.inputs",
    "Position": "matcher.domain.positions",
}

__all__ = [
    "NOTICE",
    "CasePhoto",
    "CaseStatus",
    "Confirmation",
    "ConfirmationKind",
    "Datum",
    "Matcher",
    "MatcherError",
    "OnSeveral",
    "Position",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("sighting-matcher")
    if name not in _PUBLIC:
        raise AttributeError(f"module 'matcher' has no attribute '{name}'")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return __all__
