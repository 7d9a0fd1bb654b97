"""From what a use case answers to a page."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from matcher.domain.people import Language
from matcher.errors import MatcherError
from matcher.web.assets import address
from matcher.web.identity import TOKEN_FIELD, Visit
from matcher.web.languages import FOOTER, Speech, speech, wanted

TEMPLATES = Path(__file__).parent / "templates"
FILTERS = ("said", "told", "words", "code", "time", "date", "number", "cm", "kg", "km", "meaning", "advice", "weakness")


def environments() -> Mapping[Language, Environment]:
    """The templates in each language: apart, so that no request can change what another one reads."""
    return {language: environment(speech(language)) for language in Language}


def environment(spoken: Speech) -> Environment:
    """The templates: everything that is put into one is escaped, and a name that is not given is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.filters.update({name: getattr(spoken, name) for name in FILTERS})
    made.install_gettext_translations(spoken.translations, newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(
        static=address, language=spoken.language.value, notice=spoken.say(FOOTER), token_field=TOKEN_FIELD
    )
    return made


def page(
    request: Request, template: str, visited: Visit | None = None, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page in its reader's language; `visited` is who sees it, which decides about its navigation."""
    rights = frozenset() if visited is None else visited.acting.rights
    known: Mapping[str, Any] = {
        "path": request.url.path,
        "name": None if visited is None else visited.acting.name,
        "rights": {right.value for right in rights},
        "waiting": {} if visited is None else _waiting(visited),
        "form_token": None if visited is None else visited.form_token,
    }
    text = request.app.state.templates[language_of(request)].get_template(template).render({**known, **values})
    return HTMLResponse(text, status_code=status)


def _waiting(visited: Visit) -> Mapping[str, int]:
    """How much waits behind addresses of the navigation; nothing where that cannot be read, as on pages of errors."""
    with suppress(MatcherError):
        found = visited.public.waiting(visited.acting)
        counts = {"/alerts": found.alerts, "/reports": found.reports, "/disputes": found.disputes}
        counts["/partners"] = found.partners
        return {address: count for address, count in counts.items() if count}
    return {}


def language_of(request: Request) -> Language:
    """The language in which a request is answered.

    `identity.visit` leaves the account's in the request, for pages of errors too, which know no visit.
    """
    return wanted(getattr(request.state, "language", None), request.headers.get("accept-language", ""))
