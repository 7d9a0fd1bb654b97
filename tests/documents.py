"""Descriptions of interfaces: their operations, the bodies in them, and what does not fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

Document = dict[str, Any]
Operation = dict[str, Any]
Schema = dict[str, Any]


def operations(document: Document) -> Iterator[tuple[str, Operation]]:
    """Every operation by its method and path."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def contents(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every body that is sent or answered, errors among them: where, of which type, and what is said of it."""
    for name, operation in operations(document):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{name} request", kind, content
        for status, answer in operation["responses"].items():
            told = document["components"]["responses"][named(answer)] if "$ref" in answer else answer
            for kind, content in told.get("content", {}).items():
                yield f"{name} {status}", kind, content


def parts(document: Document, content: dict[str, Any]) -> Iterator[tuple[str, Schema]]:
    """Those parts of a form that are JSON, by name."""
    for name, told in document["components"]["schemas"][named(content["schema"])]["properties"].items():
        of_json = next((one for one in told.get("anyOf", ()) if "contentSchema" in one), told)
        if "contentSchema" in of_json:
            yield name, of_json["contentSchema"]


def named(reference: dict[str, str]) -> str:
    """The name of what is referred to."""
    return reference["$ref"].rpartition("/")[2]


def invalid(document: Document, schema: Schema, value: object) -> list[str]:
    """What is wrong with a value."""
    whole = Registry().with_resource("urn:document", Resource.from_contents(document, DRAFT202012))
    there = json.loads(json.dumps(schema).replace('"#/', '"urn:document#/'))
    return [error.message for error in Draft202012Validator(there, registry=whole).iter_errors(value)]
