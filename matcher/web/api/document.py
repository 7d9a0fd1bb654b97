"""The interface as OpenAPI describes it: what FastAPI derives from the handlers, with examples, errors and the key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Any, get_args, get_origin

from fastapi import Depends, FastAPI, params
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter
from starlette.responses import JSONResponse

from matcher import __version__
from matcher.errors import MatcherError
from matcher.web.api.caller import PREFIX, media_type, needed
from matcher.web.api.problem import CODES, MEDIA_TYPE, Problem
from matcher.web.identity import public
from matcher.web.parts import Page, Whole

_BYTES = "(bytes)"
_REFUSED = {
    400: "wrong_use",
    401: "not_signed_in",
    403: "not_permitted",
    404: "not_found",
    409: "conflict",
    413: CODES[413],
    415: CODES[415],
    422: CODES[422],
    429: "too_many",
    500: CODES[500],
    503: "busy",
}
_TOLD = {401: {"WWW-Authenticate": "string"}, 429: {"Retry-After": "integer"}}
_FAMILY = {kind.code: kind for kind in MatcherError.__subclasses__()}


def serve(app: FastAPI, description: Callable[[], dict[str, Any]]) -> None:
    """Let an application tell its document; nothing in it is of this installation, so everybody may read it."""

    @app.get(f"{PREFIX}/openapi.json", include_in_schema=False, dependencies=[Depends(public)])
    def document() -> JSONResponse:
        return JSONResponse(description())


def describe(routes: Sequence[APIRoute], *, title: str, about: str, examples: Sequence[Any]) -> dict[str, Any]:
    """The document of these routes; `examples` holds one of everything that they answer."""
    made = get_openapi(title=title, version=__version__, description=about, routes=routes, openapi_version="3.1.0")
    components = made.setdefault("components", {})
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    schema = TypeAdapter(Problem).json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"] |= schema.pop("$defs", {}) | {"Problem": schema}
    components["responses"] = {f"Problem{status}": _refusal(status) for status in _REFUSED}
    for route in routes:
        if route.include_in_schema:
            for method in route.methods or ():
                _complete(made["paths"][route.path_format][method.lower()], route, examples)
    return made


def _complete(operation: dict[str, Any], route: APIRoute, examples: Sequence[Any]) -> None:
    """Give an operation its examples, its errors and the need for a token."""
    operation["security"] = [] if needed(route.dependant) is None else [{"bearer": []}]
    answers = operation["responses"]
    for status in [status for status in answers if int(status) >= 400]:
        del answers[status]
    for answer in answers.values():
        for kind, content in answer.get("content", {}).items():
            content["example"] = _answer(route, examples) if kind == "application/json" else _BYTES
    for content in operation.get("requestBody", {}).get("content", {}).values():
        content["example"] = _request(route)
    answers |= {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in _refusals(route)}


def _refusals(route: APIRoute) -> Iterator[int]:
    """With which errors an operation may answer: what follows from its shape, and what its route itself names."""
    dependant, body = route.dependant, media_type(route)
    named, asks = bool(dependant.path_params), bool(dependant.path_params or dependant.query_params or body)
    changes = route.methods != {"GET"}
    yield from (400,) * asks
    yield from (401, 403) if needed(dependant) is not None else ()
    yield from (404,) * (named or asks)
    yield from (409,) * (named or changes)
    yield from (413, 415) if body else ()
    yield from (422,) * asks
    yield from (500, 503)
    yield from (int(status) for status in route.responses if int(status) >= 400)


def _refusal(status: int) -> dict[str, Any]:
    title, code = HTTPStatus(status).phrase, _REFUSED[status]
    family = _FAMILY.get(code)
    example = {
        "type": f"urn:sighting-matcher:error:{code}",
        "title": title,
        "status": status,
        "detail": (family.__doc__ if family else f"{title}.") or title,
        "instance": "urn:sighting-matcher:request:6f1d2c3b4a596877",
        "code": code,
    }
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        example["errors"] = [{"where": ["query", "limit"], "message": "Input should be less than or equal to 200"}]
    schema = {"$ref": "#/components/schemas/Problem"}
    told = {name: {"schema": {"type": kind}} for name, kind in _TOLD.get(status, {}).items()}
    return {"description": title, "headers": told, "content": {MEDIA_TYPE: {"schema": schema, "example": example}}}


def _answer(route: APIRoute, examples: Sequence[Any]) -> Any:
    model = route.response_model
    if get_origin(model) in (Page, Whole):
        (item,) = get_args(model)
        end = {"next": None} if get_origin(model) is Page else {"cut": False}
        return {"items": [_example(item, examples)], **end}
    return _example(model, examples)


def _example(model: Any, examples: Sequence[Any]) -> Any:
    (one,) = [one for one in examples if type(one) is model]
    return TypeAdapter(model).dump_python(one, mode="json")


def _request(route: APIRoute) -> Any:
    """The example of a body of JSON, or of all parts of a form: photos as bytes, the part of JSON as text."""
    fields = route.dependant.body_params
    if media_type(route) == "application/json":
        return _of_model(fields[0].field_info.annotation)
    return {field.name: _part(field.field_info) for field in fields}


def _part(info: Any) -> Any:
    if isinstance(info, params.File):
        return [_BYTES] if get_origin(info.annotation) is list else _BYTES
    return json.dumps(_of_model(info.annotation))


def _of_model(annotation: Any) -> Any:
    """The example that a body's own class gives; a part that may be left out is an optional one of it, and a list has
    one of it. `None` for what is no body.
    """
    inner = get_args(annotation)
    if not inner:
        is_body = isinstance(annotation, type) and issubclass(annotation, BaseModel)
        return annotation.model_json_schema()["examples"][0] if is_body else None
    found = next((one for one in map(_of_model, inner) if one is not None), None)
    return [found] if get_origin(annotation) is list else found
