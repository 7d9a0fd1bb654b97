"""Schemathesis asks every operation of the document for what it promises, with what fits it and with what does not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import schemathesis.engine
from accounts import staff
from desks import Desk, acting_of
from schemathesis import Case, Config
from schemathesis.engine import events

from matcher.accounts.rights import Right, rights_of
from matcher.domain.people import Role
from matcher.services.accounts import NewKey, shown_key
from matcher.web.api import routes

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
)


@dataclass
class Summary:
    """What was asked, and what was wrong with the answers."""

    operations: set[str] = field(default_factory=set)
    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def note(self, event: object) -> None:
        """Take one event of a run in."""
        if isinstance(event, events.ScenarioFinished):
            recorder = event.recorder
            self.operations.add(recorder.label)
            self.cases += len(recorder.cases)
            for found in recorder.interactions.values():
                if found.response is not None:
                    self.statuses[found.response.status_code] += 1
            for checks in recorder.checks.values():
                self.problems += [f"{recorder.label}: {one.failure_info.failure}" for one in checks if one.failure_info]
        elif isinstance(event, (events.NonFatalError, events.FatalError)):
            self.problems.append(f"{getattr(event, 'label', '')}: {getattr(event, 'info', None) or event.exception}")


def everybody(desk: Desk) -> tuple[str, str]:
    """A key of an account that may do everything, and its id. No session: there is an operation that ends it."""
    held = [role for role in Role if role is not Role.SERVICE]
    staff(desk.matcher.context, "all", *held)
    order = NewKey(name="all", label="test", scopes=rights_of(held), days=1)
    text, made = desk.matcher.accounts.add_key(acting_of(desk, "root"), order)
    return text, shown_key(made)


def run(desk: Desk, key: tuple[str, str], examples: int) -> Summary:
    """A run over the whole document, the same every time. Ids that were answered are asked for, but not the key's own
    and its account's: they would be ended.
    """
    config = Config.from_dict(
        {
            "seed": 1,
            "headers": {"Authorization": f"Bearer {key[0]}"},
            "generation": {"max-examples": examples, "deterministic": True, "no-shrink": True, "database": "none"},
            "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKS}},
            "phases": {"stateful": {"enabled": False}},
        }
    )
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", desk.app, config=config)

    @schema.hook
    def filter_case(_context: object, case: Case) -> bool:
        return not {"all", key[1]} & set(map(str, (case.path_parameters or {}).values()))

    summary = Summary()
    for event in schemathesis.engine.from_schema(schema).execute():
        summary.note(event)
    return summary


def test_every_operation_keeps_what_it_promises(desk: Desk) -> None:
    key = everybody(desk)
    summary = run(desk, key, 5)
    answered = dict(sorted(summary.statuses.items()))
    # Shown by `pytest -s`.
    print(f"{len(summary.operations)} operations, {summary.cases} cases, {answered}, {len(summary.problems)} problems")  # noqa: T201
    assert summary.problems == []
    assert len(summary.operations) == sum(map(len, routes.description()["paths"].values()))
    assert Right.REVIEW.value in desk.program(key=key[0]).get("/me")["rights"], "it still has all that it had"
