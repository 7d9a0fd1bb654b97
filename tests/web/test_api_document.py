"""The description of the interface: every operation is told of in full, and every example fits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from desks import Desk
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from matcher.web.api import routes

Operation = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads(json.dumps(routes.description()))


def operations(document: dict[str, Any]) -> Iterator[tuple[str, Operation]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def invalid(document: dict[str, Any], schema: dict[str, Any], example: object) -> list[str]:
    """What is wrong with an example."""
    whole = Registry().with_resource("urn:document", Resource.from_contents(document, DRAFT202012))
    there = json.loads(json.dumps(schema).replace('"#/', '"urn:document#/'))
    return [error.message for error in Draft202012Validator(there, registry=whole).iter_errors(example)]


def test_every_operation_is_told_of(document: dict[str, Any]) -> None:
    found = dict(operations(document))
    assert len(found) >= 60
    assert len({operation["operationId"] for operation in found.values()}) == len(found)
    for name, operation in found.items():
        assert operation["summary"], name
        assert not operation["summary"].endswith("."), name
        assert operation["description"].endswith("." if "?" not in operation["description"] else "?"), name
        assert len(operation["tags"]) == 1, name
        public = name == "POST /v1/sessions"
        assert operation["security"] == ([] if public else [{"bearer": []}]), name
        assert {"401", "500", "503"} <= set(operation["responses"]), name
        assert public or "403" in operation["responses"], name
        parameters = [one for one in operation.get("parameters", ()) if one["in"] == "path"]
        assert sorted(f"{{{one['name']}}}" for one in parameters) == sorted(re.findall(r"{\w+}", name)), name
        for parameter in operation.get("parameters", ()):
            where = parameter["in"] == "query" and parameter["name"] not in {"limit", "after"}
            assert where or parameter["schema"].get("enum") or "$ref" in parameter["schema"] or parameter["description"]


def contents(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every body that is sent or answered, errors among them."""
    for name, operation in operations(document):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{name} request", kind, content
        for status, answer in operation["responses"].items():
            if "$ref" in answer:
                answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]  # noqa: PLW2901
            for kind, content in answer.get("content", {}).items():
                yield f"{name} {status}", kind, content


def test_every_body_has_an_example_that_fits(document: dict[str, Any]) -> None:
    count = 0
    for name, kind, content in contents(document):
        assert "example" in content, name
        assert invalid(document, content["schema"], content["example"]) == [], name
        count += 1
        if kind == "multipart/form-data":
            schema = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
            for part, value in content["example"].items():
                told = schema["properties"][part]
                told = next((one for one in told.get("anyOf", ()) if "contentSchema" in one), told)
                if "contentSchema" in told:
                    assert invalid(document, told["contentSchema"], json.loads(value)) == [], f"{name} {part}"
                    count += 1
    assert count >= 600


def test_a_wrong_example_is_found(document: dict[str, Any]) -> None:
    schema = {"$ref": "#/components/schemas/SightingReceipt"}
    (content,) = [one for name, _, one in contents(document) if name == "POST /v1/sightings 201"]
    assert invalid(document, schema, {**content["example"], "repeated": "no"})
    assert invalid(document, schema, {"id": "x"})


def test_every_operation_that_answers_says_how(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        good = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        assert good, name
        assert all("content" in one for one in good) or "204" in operation["responses"], name


def test_a_field_that_is_not_known_is_refused_by_every_body(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            if kind == "application/json":
                schema = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
                assert schema["additionalProperties"] is False, name


def test_everybody_may_read_it_and_it_is_of_no_installation(desk: Desk, document: dict[str, Any]) -> None:
    answer = desk.browser().client.get("/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json() == document
    assert answer.headers["content-type"] == "application/json"
