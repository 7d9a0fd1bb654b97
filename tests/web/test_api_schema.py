"""Schemathesis asks every operation of both documents for what it promises, with what fits and with what does not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import schemathesis.engine
from accounts import staff, weak
from desks import Desk, acting_of
from fastapi import FastAPI
from public_desk import alerted, carded, disputed, key_of_app, reported
from schemathesis import Case, Config
from schemathesis.engine import events

from matcher.accounts.rights import Right
from matcher.domain.people import Role
from matcher.web.api import routes
from matcher.web.public import description as public_side
from matcher.web.public.app import create_public_app

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


_PASSWORD = "that no example is, else it would be changed"  # noqa: S105


def everybody(desk: Desk) -> tuple[str, str]:
    """Two tokens of an account that may do everything. No key: none can decide about a pair."""
    held = [role for role in Role if role is not Role.SERVICE]
    staff(desk.matcher.context, "all", *held, password=weak(_PASSWORD))
    one, other = (desk.matcher.accounts.sign_in("all", _PASSWORD, "here")[0] for _ in range(2))
    return one, other


def run(app: FastAPI, token: str, examples: int, apart: list[dict[str, object]]) -> Summary:
    """A run over the whole document of an application, the same every time. Ids that were answered are asked for, but
    not the account's own: it would be ended. `apart`: operations that need something else.
    """
    config = Config.from_dict(
        {
            "seed": 1,
            "headers": {"Authorization": f"Bearer {token}"},
            "operations": apart,
            "generation": {"max-examples": examples, "deterministic": True, "no-shrink": True, "database": "none"},
            "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKS}},
            "phases": {"stateful": {"enabled": False}},
        }
    )
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", app, config=config)

    @schema.hook
    def filter_case(_context: object, case: Case) -> bool:
        return "all" not in map(str, (case.path_parameters or {}).values())

    summary = Summary()
    for event in schemathesis.engine.from_schema(schema).execute():
        summary.note(event)
    answered = dict(sorted(summary.statuses.items()))
    # Shown by `pytest -s`.
    print(f"{len(summary.operations)} operations, {summary.cases} cases, {answered}, {len(summary.problems)} problems")  # noqa: T201
    return summary


def test_every_operation_keeps_what_it_promises(desk: Desk) -> None:
    token, spare = everybody(desk)
    card = carded(desk)  # so that lists of the public side answer something
    desk.matcher.public.alerts.draft(acting_of(desk, "chen"), card.case_id)
    reported(desk)
    disputed(desk, card)
    ending = {"include-name": "DELETE /v1/sessions/current", "headers": {"Authorization": f"Bearer {spare}"}}
    summary = run(desk.app, token, 5, [ending])
    assert summary.problems == []
    assert len(summary.operations) == sum(map(len, routes.description()["paths"].values()))
    assert Right.REVIEW.value in desk.program(key=token).get("/me")["rights"], "it still has all that it had"


def test_the_public_side_keeps_what_it_promises(desk: Desk) -> None:
    carded(desk)
    alerted(desk)
    summary = run(create_public_app(desk.matcher.context, secure=False), key_of_app(desk), 30, [])
    assert summary.problems == []
    assert len(summary.operations) == len(public_side.description()["paths"])
    assert {200, 400, 422} <= set(summary.statuses)
