"""A desk with work on it, and browsers of several people without a screen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import quick
from accounts import PASSWORD, staff, weak
from fastapi.testclient import TestClient
from pictures import child

from matcher import Matcher
from matcher.accounts.rights import SESSION, Acting, Right, rights_of
from matcher.domain.people import Role
from matcher.services.accounts import NewKey
from matcher.web.app import create_app

if TYPE_CHECKING:
    from httpx2 import Response

# What may be in nothing that a reviewer gets before sealing: name, numbers, narrative, place.
SECRETS = ("Wang-Fang-Secret", "CASE-77-", "narrative-secret", "place-secret", "source-secret")
STAFF = {
    "li": Role.REVIEWER,
    "wang": Role.REVIEWER,
    "zhao": Role.REVIEWER,
    "zhou": Role.SUPERVISOR,
    "chen": Role.OFFICER,
    "sun": Role.AUDITOR,
    "root": Role.ADMIN,
    "ma": Role.INTAKE,
}


@dataclass
class Browser:
    """One person's browser."""

    client: TestClient
    name: str

    def get(self, path: str, status: int = 200) -> Response:
        answer = self.client.get(path)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:400]}"
        return answer

    def post(self, path: str, expected: int = 200, *, photos: Sequence[bytes] = (), **fields: object) -> Response:
        """A form with this session's proof, sent from this server's own page."""
        page = self.client.get("/account").text
        token = re.search(r'name="form_token" value="([0-9a-f]+)"', page)
        assert token is not None
        files = [("photo", (f"../{number}.jpg", photo)) for number, photo in enumerate(photos)]
        answer = self.client.post(path, data={**fields, "form_token": token[1]}, files=files or None)
        assert answer.status_code == expected, f"{path}: {answer.status_code} {answer.text[:400]}"
        return answer

    def claim(self) -> str:
        """Claim what comes next; the path of its page."""
        answer = self.post("/queue/next")
        assert answer.url.path.startswith("/review/"), answer.text[:500]
        return answer.url.path


@dataclass
class Program:
    """A program with somebody's token or key."""

    client: TestClient
    token: str | None

    def send(self, method: str, path: str, expected: int = 200, **how: Any) -> Response:
        """A request, and its answer of the status that is expected; errors have to be problems."""
        headers = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        answer = self.client.request(method, f"/v1{path}", headers=headers | how.pop("headers", {}), **how)
        assert answer.status_code == expected, f"{method} {path}: {answer.status_code} {answer.text[:400]}"
        assert (answer.headers.get("content-type") == "application/problem+json") is (answer.status_code >= 400)
        return answer

    def get(self, path: str, expected: int = 200) -> Any:
        """What is at a path, of JSON."""
        return self.send("GET", path, expected).json()

    def post(self, path: str, given: object = None, expected: int = 200, **how: Any) -> Any:
        """What a request with JSON answers; `None` for nothing."""
        answer = self.send("POST", path, expected, json=given, **how)
        return answer.json() if answer.content else None

    def upload(self, path: str, photos: Iterable[bytes], expected: int = 201, **how: Any) -> Any:
        """What a form with photos and a part of JSON answers."""
        headers = how.pop("headers", {})
        parts: list[Any] = [("photo", (f"../../{n}.jpg", data, "image/jpeg")) for n, data in enumerate(photos)]
        parts += [(name, (None, json.dumps(part), "application/json")) for name, part in how.items()]
        return self.send("POST", path, expected, files=parts, headers=headers).json()


class Desk:
    """A home, its application, and the people who use it."""

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher
        self.app = quick.routed(create_app(matcher.context, secure=False))

    def browser(self, name: str | None = None) -> Browser:
        """A browser of somebody who has signed in, or of nobody."""
        client = TestClient(self.app, raise_server_exceptions=False)
        if name is not None:
            answer = client.post("/sign-in", data={"name": name, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
        return Browser(client, name or "nobody")

    def program(self, name: str | None = None, *, key: str | None = None) -> Program:
        """A program of somebody who has signed in, one with a key, or one with neither."""
        program = Program(TestClient(self.app, raise_server_exceptions=False), key)
        if name is not None:
            program.token = program.post("/sessions", {"name": name, "password": PASSWORD}, 201)["token"]
        return program


def key_of(desk: Desk, name: str, *scopes: Right) -> str:
    """A new key of an account."""
    order = NewKey(name=name, label="test", scopes=frozenset(scopes), days=1)
    return desk.matcher.accounts.add_key(acting_of(desk, "root"), order)[0]


def fill(matcher: Matcher) -> None:
    """Accounts, three children with everything that must stay hidden, and a sighting of the second."""
    for name, role in STAFF.items():
        staff(matcher.context, name, role, password=weak())
    for seed in (1, 2, 3):
        details = {"name": f"{SECRETS[0]}{seed}", "marks": "mole <b>left</b>", "missing_since": "2024-01-01"}
        matcher.add_case(f"{SECRETS[1]}{seed}", [child(seed)], actor="x", **details)
    told = {"note": SECRETS[2], "place": SECRETS[3], "source": SECRETS[4]}
    matcher.submit_sighting([child(2, 1)], actor="x", **told)


def acting_of(desk: Desk, name: str) -> Acting:
    """Somebody of the desk, as the library knows them."""
    with desk.matcher.context.store.read() as reading:
        person = reading.people.by_name(name)
    assert person is not None
    return Acting(id=person.id, name=name, rights=rights_of(person.roles), signed_in=SESSION)


def everything(browser: Browser, path: str) -> str:
    """All that a browser gets with a page: the page, its pictures' bytes and every header."""
    answers = [browser.get("/queue"), browser.get(path)]
    answers += [browser.get(address) for address in re.findall(r'(?:src|href)="(/review/[^"]+)"', answers[-1].text)]
    assert any(answer.headers["content-type"] == "image/jpeg" for answer in answers)
    return "\n".join(
        "\n".join([str(answer.url), *(f"{key}: {value}" for key, value in answer.headers.items())])
        + answer.content.decode("latin-1")
        for answer in answers
    )
