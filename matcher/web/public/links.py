"""Addresses between pages of the public: they keep the language that a visitor chose, and pages what they are about."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Request

from matcher.domain.people import Language


def choose(request: Request, wanted: object) -> None:
    """Let a request be answered in the language of this tag; any other tag leaves what was chosen before."""
    known: Language | None = getattr(request.state, "language", None)
    request.state.language = next((one for one in Language if one.value == wanted), known)


class Links:
    """Links on the answer to one request."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def __call__(self, path: str, **query: str) -> str:
        """A page of ours, in the chosen language; where none was chosen the browser goes on to ask for its own."""
        chosen: Language | None = getattr(self._request.state, "language", None)
        asked = query if chosen is None else {**query, "lang": chosen.value}
        return f"{path}?{urlencode(asked)}" if asked else path

    def languages(self) -> list[tuple[str, str]]:
        """Tag and address of this same page in each language.

        None for what answers a form: its address shows an empty form, or nothing, and no code once more.
        """
        if self._request.method != "GET":
            return []
        kept = [(name, value) for name, value in self._request.query_params.multi_items() if name != "lang"]
        return [(one.value, f"?{urlencode([*kept, ('lang', one.value)])}") for one in Language]
