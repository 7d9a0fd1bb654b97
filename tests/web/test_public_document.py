"""What partners' programs really get, against the document of the public side: it fits, and nothing more is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from documents import contents, invalid
from offices import START, Office, opened
from pictures import child
from publishing import admin, alerted, missing, published, second_officer
from pydantic import TypeAdapter
from reviews import Clock, account
from starlette.testclient import TestClient

from matcher.accounts.rights import Right
from matcher.domain.people import Role
from matcher.services.accounts import NewKey
from matcher.services.alerts import grow_due
from matcher.web.public.answers import AlertFeed, BatchAnswer, ReportReceipt
from matcher.web.public.app import create_public_app
from matcher.web.public.description import description

URL = "https://find.example"
SETTINGS = f'control_rate = 0.0\npublic_url = "{URL}"\npublic_phone = "110"\n'
DOCUMENT = json.loads(json.dumps(description()))


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), SETTINGS)


@pytest.fixture
def browser(office: Office) -> Iterator[TestClient]:
    with TestClient(create_public_app(office.matcher.context, secure=True), base_url=URL) as client:
        yield client


@pytest.fixture
def signed(office: Office) -> dict[str, str]:
    """The headers of a partner."""
    account(office.matcher.context.store, "app", Role.SERVICE)
    order = NewKey(name="app", label="shop", scopes=frozenset({Right.SIGHTING_SUBMIT}), days=30)
    return {"authorization": f"Bearer {office.matcher.accounts.add_key(admin(office), order)[0]}"}


def names(value: object) -> object:
    """The names in what is answered, without the values."""
    if isinstance(value, dict):
        return {name: names(one) for name, one in value.items()}
    return list(map(names, value)) if isinstance(value, list) else None


def fitting(answer: Any, operation: str, model: type) -> Any:
    """An answer that is of the schema, and holds no name that is not in it."""
    (content,) = [one for name, _, one in contents(DOCUMENT) if name == f"{operation} {answer.status_code}"]
    assert invalid(DOCUMENT, content["schema"], answer.json()) == []
    adapter = TypeAdapter(model)
    assert names(adapter.dump_python(adapter.validate_python(answer.json()), mode="json")) == names(answer.json())
    return answer.json()


def test_alerts_changes_and_ends_are_told_as_the_document_says(browser: TestClient, office: Office) -> None:
    missing(office)
    published(office)
    alerted(office, second_officer(office))
    told = [fitting(browser.get("/v1/alerts"), "GET /v1/alerts", AlertFeed)]
    office.clock.forward(hours=1)
    grow_due(office.matcher.context)
    told.append(fitting(browser.get("/v1/alerts"), "GET /v1/alerts", AlertFeed))
    office.matcher.close_case("A-1", status="returned", actor="me")
    told.append(fitting(browser.get("/v1/alerts"), "GET /v1/alerts", AlertFeed))
    assert [one["kind"] for page in told for one in page["alerts"]] == ["alert", "update", "cancel"]


def test_receipts_are_given_as_the_document_says(browser: TestClient, signed: dict[str, str]) -> None:
    photo = {"photo": ("p.jpg", child(1, 1), "image/jpeg")}
    sent = browser.post("/v1/reports", files=photo, headers=signed)
    assert fitting(sent, "POST /v1/reports", ReportReceipt)["repeated"] is False


def test_a_batch_is_answered_as_the_document_says(browser: TestClient, signed: dict[str, str]) -> None:
    files = [("photo", (f"{seed}.jpg", child(seed), "image/jpeg")) for seed in (1, 2)]
    told = json.dumps([{"key": "1", "photos": 1}, {"position": {"lat": 99, "lon": 0}}])
    sent = browser.post("/v1/reports/batch", data={"reports": told}, files=files, headers=signed)
    answers = fitting(sent, "POST /v1/reports/batch", BatchAnswer)["reports"]
    assert [one["status"] for one in answers] == [202, 400]


def test_what_counts_in_a_batch_only_is_refused_elsewhere(browser: TestClient, signed: dict[str, str]) -> None:
    photo = {"photo": ("p.jpg", child(1, 1), "image/jpeg")}
    sent = browser.post("/v1/reports", data={"report": '{"key": "1"}'}, files=photo, headers=signed)
    assert (sent.status_code, sent.json()["errors"][0]["where"]) == (422, ["body", "report", "key"])
    for count in (0, 51):
        told = {"reports": json.dumps([{}] * count)}
        sent = browser.post("/v1/reports/batch", data=told, files=photo, headers=signed)
        assert (sent.status_code, sent.json()["errors"][0]["where"]) == (422, ["body", "reports"])


def test_it_says_how_events_are_verified_and_where_the_feeds_are(browser: TestClient) -> None:
    about = browser.get("/v1/openapi.json").json()["info"]["description"]
    assert "HMAC-SHA-256" in about
    for path in ("/alerts.atom", "/alerts.geojson"):
        assert path in about
        assert browser.get(path).status_code == 200
