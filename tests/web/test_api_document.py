"""The descriptions of both interfaces: every operation is told of in full, and every example fits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from desks import Desk
from documents import Document, contents, invalid, named, operations, parts
from starlette.testclient import TestClient

from matcher.web.api import routes
from matcher.web.public import description as public_side
from matcher.web.public.app import create_public_app


@dataclass(frozen=True)
class Described:
    """A document, the operations in it that are open to everybody, and how much is in it at least."""

    make: Callable[[], Document]
    open: frozenset[str]
    operations: int
    bodies: int

    @property
    def document(self) -> Document:
        return json.loads(json.dumps(self.make()))


BOTH = {
    "desk": Described(routes.description, frozenset({"POST /v1/sessions"}), 60, 600),
    "public side": Described(public_side.description, frozenset({"GET /v1/alerts"}), 3, 30),
}
each = pytest.mark.parametrize("told", BOTH.values(), ids=BOTH)


@each
def test_every_operation_is_told_of(told: Described) -> None:
    found = dict(operations(told.document))
    assert len(found) >= told.operations
    assert len({operation["operationId"] for operation in found.values()}) == len(found)
    for name, operation in found.items():
        assert operation["summary"], name
        assert not operation["summary"].endswith("."), name
        assert operation["description"].endswith("." if "?" not in operation["description"] else "?"), name
        assert len(operation["tags"]) == 1, name
        assert operation["security"] == ([] if name in told.open else [{"bearer": []}]), name
        assert {"500", "503"} <= set(operation["responses"]), name
        assert name in told.open or {"401", "403"} <= set(operation["responses"]), name
        parameters = [one for one in operation.get("parameters", ()) if one["in"] == "path"]
        assert sorted(f"{{{one['name']}}}" for one in parameters) == sorted(re.findall(r"{\w+}", name)), name
        for parameter in operation.get("parameters", ()):
            where = parameter["in"] == "query" and parameter["name"] not in {"limit", "after"}
            assert where or parameter["schema"].get("enum") or "$ref" in parameter["schema"] or parameter["description"]


@pytest.mark.parametrize(
    ("side", "name", "errors"),
    [
        ("desk", "POST /v1/sessions", {"401", "429"}),
        ("desk", "PUT /v1/me/password", {"401", "403", "429"}),
        ("desk", "GET /v1/me", {"401", "403"}),
        ("public side", "POST /v1/reports", {"401", "403", "429"}),
        ("public side", "GET /v1/alerts", set()),
    ],
)
def test_who_may_have_to_sign_in_or_to_wait_is_told(side: str, name: str, errors: set[str]) -> None:
    answers = dict(operations(BOTH[side].document))[name]["responses"]
    assert {"401", "403", "429"} & set(answers) == errors


@each
def test_every_body_has_an_example_that_fits(told: Described) -> None:
    document, count = told.document, 0
    for name, kind, content in contents(document):
        assert "example" in content, name
        assert invalid(document, content["schema"], content["example"]) == [], name
        count += 1
        if kind == "multipart/form-data":
            for part, schema in parts(document, content):
                assert invalid(document, schema, json.loads(content["example"][part])) == [], f"{name} {part}"
                count += 1
    assert count >= told.bodies


@pytest.mark.parametrize(
    ("side", "answer", "wrong"),
    [
        ("desk", "POST /v1/sightings 201", {"repeated": "no"}),
        ("public side", "POST /v1/reports 202", {"repeated": "no"}),
        ("public side", "POST /v1/reports/batch 207", {"reports": [{"status": 202}]}),
        ("public side", "GET /v1/alerts 200", {"alerts": [{"kind": "alert"}]}),
    ],
)
def test_a_wrong_example_is_found(side: str, answer: str, wrong: dict[str, Any]) -> None:
    document = BOTH[side].document
    (content,) = [one for name, _, one in contents(document) if name == answer]
    assert invalid(document, content["schema"], {**content["example"], **wrong})
    assert invalid(document, content["schema"], {"id": "x"})


@each
def test_every_operation_that_answers_says_how(told: Described) -> None:
    for name, operation in operations(told.document):
        good = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        assert good, name
        assert all("content" in one for one in good) or "204" in operation["responses"], name


@each
def test_a_field_that_is_not_known_is_refused_by_every_body(told: Described) -> None:
    document = told.document
    for name, operation in operations(document):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            of_form = [schema for _, schema in parts(document, content)]
            for schema in [content["schema"]] if kind == "application/json" else of_form:
                body = document["components"]["schemas"][named(schema.get("items", schema))]
                assert body["additionalProperties"] is False, name


@each
def test_everybody_may_read_it_and_it_is_of_no_installation(desk: Desk, told: Described) -> None:
    public = told is BOTH["public side"]
    app = create_public_app(desk.matcher.context, secure=False) if public else desk.app
    answer = TestClient(app).get("/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json() == told.document
    assert answer.headers["content-type"] == "application/json"
