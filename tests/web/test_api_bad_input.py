"""What no program should send: a clear answer, and nothing changed."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import product

from desks import Desk
from pictures import child

from matcher.domain.ids import id_text

WICKED = [
    "<script>alert(1)</script>",
    "'; DROP TABLE cases; --",
    "a\r\nSet-Cookie: x=y",
    "\0",
    "\ud800",
    "../../etc/passwd",
    "\u202eevil",
    "x" * 5000,
    "0" * 400,
    "9" * 25,
    "%0d%0aX-Evil: 1",
    "{{7*7}}",
]
PATHS = [
    ("li", "GET", "/claims/{}/list"),
    ("li", "GET", "/claims/{}/faces/0/aligned.jpg"),
    ("li", "POST", "/queue/{}/claim"),
    ("chen", "GET", "/pairs/{}"),
    ("chen", "GET", "/cases/{}"),
    ("chen", "GET", "/cases?after={}"),
    ("chen", "GET", "/sightings/{}"),
    ("chen", "GET", "/sightings?after={}"),
    ("chen", "GET", "/pictures/photo/{}.jpg"),
    ("root", "GET", "/accounts/{}/keys"),
    ("root", "DELETE", "/keys/{}"),
]


def test_ids_that_are_none(desk: Desk) -> None:
    programs = {name: desk.program(name) for name in ("li", "chen", "root")}
    for (name, method, path), one in product(PATHS, WICKED):
        program = programs[name]
        given = "".join(f"%{byte:02X}" for byte in one.encode(errors="surrogatepass"))
        headers = {"Authorization": f"Bearer {program.token}"}
        answer = program.client.request(method, f"/v1{path.format(given)}", headers=headers)
        assert answer.status_code in ({200, 400, 422} if "?" in path else {400, 404}), (one, answer.text)
        assert "x=y" not in str(answer.headers)
        assert "x-evil" not in answer.headers
        if answer.status_code != 200:
            assert answer.headers["content-type"] == "application/problem+json"
    assert len(desk.matcher.cases()) == 3


def test_text_comes_back_as_text(desk: Desk) -> None:
    ma = desk.program("ma")
    for number, one in enumerate(one for one in WICKED if not {"\0", "\ud800"} & set(one)):
        made = ma.upload("/cases", [], case={"case_id": f"W{number}", "name": one, "marks": one})
        assert made["details"]["name"] == one.strip()
    for one in ("\0", "\ud800"):
        answer = ma.client.patch(
            "/v1/cases/CASE-77-1",
            content=json.dumps({"name": one}),
            headers={"Authorization": f"Bearer {ma.token}", "Content-Type": "application/json"},
        )
        assert answer.status_code in {400, 422}
    for day in ("0001-01-01", "2999-01-01", "1899-12-31"):
        ma.upload("/cases", [child(1)], 400, case={"case_id": "dated", "photos": [{"taken": day}]})
    for number in ("", " x", "a\nb", "\u200b", "x" * 101):
        ma.upload("/cases", [], 400, case={"case_id": number})


DEEP = "[" * 50_000 + "]" * 50_000


BODIES = [
    "", "{", "null", "[]", '"x"', '{"picks": "1"}', '{"picks": [1.5]}', '{"picks": [null]}', '{"pick": [1]}',
    '{"picks": [' + "9" * 30 + "]}", '{"picks": [' + "9" * 5000 + "]}", DEEP, f'{{"picks": {DEEP}}}',
    '{"picks": [NaN]}', "\ufeff{}", '{"picks": [-1]}', '{"picks": [0]}', '{"picks": [true]}',
]  # fmt: skip


def test_bodies_that_cannot_be_meant(desk: Desk) -> None:
    li = desk.program("li")
    claim = li.post("/queue/next")["claim"]
    li.get(f"/claims/{claim}/list")
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {li.token}"}
    for body in BODIES:
        answer = li.client.post(f"/v1/claims/{claim}/list/seal", content=body.encode(), headers=headers)
        assert answer.status_code in {400, 422}, (body[:50], answer.text)
        assert len(answer.content) < 1000
        assert li.get("/queue")["mine"], "nothing was sealed"


def test_what_was_sent_is_not_said_again(desk: Desk) -> None:
    secret = "my secret password"  # noqa: S105 - one of nobody
    nobody = desk.program()
    for body in ({"name": 7, "password": [secret]}, {"name": "li", "passwort": secret}, {"name": {"x": secret}}):
        answer = nobody.send("POST", "/sessions", 422, json=body)
        assert secret not in answer.text
        assert answer.json()["errors"][0]["message"]
    bare = nobody.client.post(
        "/v1/sessions", content=f'{{"password": "{secret}"', headers={"Content-Type": "application/json"}
    )
    assert (bare.status_code, secret in bare.text) == (422, False)
    assert nobody.send("POST", "/sessions", 415, data={"name": "li"}).json()["code"] == "wrong_content_type"


def test_claims_that_ended_and_claims_of_others(desk: Desk) -> None:
    li, wang = desk.program("li"), desk.program("wang")
    claim = li.post("/queue/next")["claim"]
    li.get(f"/claims/{claim}/list")
    never = id_text(1)
    for method, path, given in (
        ("GET", "/claims/{}/list", None),
        ("GET", "/claims/{}/pair", None),
        ("GET", "/claims/{}/faces/0/original.jpg", None),
        ("POST", "/claims/{}/list/seal", {"picks": []}),
        ("POST", "/claims/{}/pair/seal", {"outcome": "potential"}),
        ("POST", "/claims/{}/pair/reveal", None),
        ("DELETE", "/claims/{}", None),
    ):
        foreign, unknown = (wang.send(method, path.format(one), 404, json=given).json() for one in (claim, never))
        assert foreign.pop("instance") != unknown.pop("instance")
        assert foreign | {"detail": foreign["detail"].replace(claim, never)} == unknown, path
    li.send("DELETE", f"/claims/{claim}", 204)
    assert li.send("POST", f"/claims/{claim}/list/seal", 409, json={"picks": []}).json()["code"] == "conflict"
    desk.program("chen").get(f"/claims/{claim}/list", 403)
    claim = li.post("/queue/next")["claim"]
    li.get(f"/claims/{claim}/list")
    now = desk.matcher.context.clock()
    desk.matcher.context.clock = lambda: now + timedelta(minutes=31)
    late = li.send("POST", f"/claims/{claim}/list/seal", 409, json={"picks": []}).json()
    assert "its lease has ended" in late["detail"]
    li.send("GET", f"/claims/{claim}/faces/0/aligned.jpg", 409)


def test_keys_that_cannot_be_kept(desk: Desk) -> None:
    ma = desk.program("ma")
    photo = [("photo", ("x.jpg", child(2), "image/jpeg"))]
    for key in ("", "x" * 201, "a\tb", "a\x85b"):
        headers = {"Idempotency-Key": key.encode("latin-1"), "Authorization": f"Bearer {ma.token}"}
        answer = ma.client.post("/v1/sightings", files=photo, headers=headers)
        assert answer.status_code in {400, 422}, key
    assert len(desk.matcher.sightings()) == 1
