"""From what a use case answers to a page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from matcher.services.views import NOTICE
from matcher.web.identity import TOKEN_FIELD, Visit

HERE = Path(__file__).parent


def environment() -> Environment:
    """The templates: everything that is put into one is escaped, and a name that is not given is an error."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["time"] = _time
    made.filters.update(date=str, cm="{:g} cm".format, kg="{:g} kg".format)
    made.filters["words"] = _words
    made.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(notice=NOTICE, token_field=TOKEN_FIELD)
    return made


def page(
    request: Request, template: str, visited: Visit | None = None, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page; `visited` is who sees it, which decides about its navigation."""
    rights = frozenset() if visited is None else visited.acting.rights
    known: Mapping[str, Any] = {
        "path": request.url.path,
        "name": None if visited is None else visited.acting.name,
        "rights": {right.value for right in rights},
        "form_token": None if visited is None else visited.form_token,
    }
    text = request.app.state.templates.get_template(template).render({**known, **values})
    return HTMLResponse(text, status_code=status)


def _time(value: datetime | None) -> str:
    return "–" if value is None else value.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def _words(value: Any) -> str:
    """A word of an enumeration as people write it."""
    return str(getattr(value, "value", value)).replace("_", " ")
