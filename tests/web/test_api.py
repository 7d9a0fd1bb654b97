"""The interface for programs: the whole way of a case, a sighting and a pair, over HTTP."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from accounts import PASSWORD, staff
from desks import SECRETS, Desk, key_of
from pictures import child, group, nobody

from matcher.accounts.rights import Right
from matcher.domain.people import Role


def test_a_token_opens_and_ends(desk: Desk) -> None:
    li = desk.program("li")
    assert li.get("/me") == {"name": "li", "rights": ["own_account", "review", "quality_own"], "language": None}
    li.send("PUT", "/me/language", 204, json={"language": "zh-Hans"})
    assert li.get("/me")["language"] == "zh-Hans"
    li.send("PUT", "/me/password", 403, json={"old": "wrong", "new": "x" * 20})
    li.send("DELETE", "/sessions/current", 204)
    problem = li.send("GET", "/me", 401)
    assert problem.headers["www-authenticate"] == "Bearer"
    assert problem.json()["code"] == "not_signed_in"
    assert problem.json()["instance"].endswith(problem.headers["x-request-id"])
    wrong = desk.program()
    codes = [wrong.client.post("/v1/sessions", json={"name": "li", "password": "?"}).status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]
    refused = wrong.send("POST", "/sessions", 429, json={"name": "li", "password": PASSWORD})
    assert 0 < int(refused.headers["retry-after"]) <= 30


def test_a_cookie_is_no_token(desk: Desk) -> None:
    browser = desk.browser("li")
    assert browser.client.get("/v1/me").status_code == 401
    token = browser.client.cookies["matcher"]
    assert browser.client.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    for other in (token, f"Basic {token}", "Bearer", "Bearer  ", "Bearer é", f"Bearer {token} x"):
        answer = browser.client.get("/v1/me", headers={"Authorization": other.encode()})
        assert answer.status_code == 401, other


def test_a_key_gives_no_more_than_its_scopes(desk: Desk) -> None:
    staff(desk.matcher.context, "hotline", Role.SERVICE)
    hotline = desk.program(key=key_of(desk, "hotline", Right.SIGHTING_SUBMIT))
    assert hotline.get("/me")["rights"] == ["sighting_submit"]
    assert hotline.upload("/sightings", [child(2, 3)])["photos"][0]["faces"] == 1
    for path in ("/cases", "/queue", "/sightings", "/notices", "/audit", "/status"):
        assert hotline.get(path, 403)["code"] == "not_permitted"


def test_from_a_list_to_a_confirmed_pair(desk: Desk) -> None:
    li = desk.program("li")
    (waiting,) = li.get("/queue")["waiting"]
    claim = li.post(f"/queue/{waiting['task']}/claim")["claim"]
    li.send("GET", f"/claims/{claim}/faces/0/aligned.jpg", 409)  # not opened yet
    places = li.get(f"/claims/{claim}/list")["places"]
    li.send("PUT", f"/claims/{claim}/list/draft", 204, json={"picks": [places]})
    assert li.get(f"/claims/{claim}/list")["picks"] == [places]
    assert li.send("GET", f"/claims/{claim}/faces/{places}/aligned.jpg").headers["content-type"] == "image/jpeg"
    extended = li.post(f"/claims/{claim}/extend")
    assert li.get("/queue")["mine"] == [extended]
    desk.program("wang").post(f"/claims/{claim}/extend", None, 404)
    li.post(f"/claims/{claim}/list/seal", {"picks": [places + 1]}, 400)
    sealed = li.post(f"/claims/{claim}/list/seal", {"picks": [places]})
    assert li.post(f"/claims/{claim}/list/seal", {"picks": [places]}) == sealed
    li.post(f"/claims/{claim}/list/seal", {"picks": []}, 409)
    said = {"outcome": "potential", "features": {"nose": {"likeness": "similar", "note": "broad"}}, "note": "mole"}
    for name in ("wang", "zhao"):
        program = desk.program(name)
        claim = program.post("/queue/next?kind=pair")["claim"]
        assert program.get(f"/claims/{claim}/pair")["marks"] == "mole <b>left</b>"
        program.send("PUT", f"/claims/{claim}/pair/draft", 204, json={**said, "outcome": None})
        assert program.get(f"/claims/{claim}/pair")["draft"]["features"] == said["features"]
        assert program.send("GET", f"/claims/{claim}/pair/printed").content.startswith(b"%PDF")
        program.get(f"/claims/{claim}/pair/printed?place=2", 404)
        program.post(f"/claims/{claim}/pair/reveal", None, 409)
        program.post(f"/claims/{claim}/pair/seal", said)
    revealed = program.post(f"/claims/{claim}/pair/reveal")
    assert revealed["facts"]["name"].startswith(SECRETS[0])
    assert "<!doctype html>" in program.send("GET", f"/claims/{claim}/pair/printed?format=html&whole=true").text.lower()
    assert program.send("POST", "/queue/next", 204).content == b""
    chen = desk.program("chen")
    (notice,) = chen.get("/notices")["items"]
    chen.post("/notices/read", {"notices": [notice["id"]]}, 204)
    (pair,) = chen.get("/pairs?state=escalated")["items"]
    assert len(chen.get(f"/pairs/{pair['task']}")["verdicts"]) == 2
    chen.send("GET", f"/pairs/{pair['task']}/faces/1/thumbnail.jpg")
    proof = {"kind": "dna", "reference": "L-7"}
    chen.post(f"/pairs/{pair['task']}/confirm", {**proof, "reference": " "}, 400)
    chen.post(f"/pairs/{pair['task']}/confirm", proof, 204)
    chen.post(f"/pairs/{pair['task']}/confirm", proof, 409)
    assert chen.get(f"/pairs/{pair['task']}")["decisions"][0]["confirmation"] == proof
    case = chen.get(f"/cases/{revealed['facts']['case_id']}")
    assert case["status"] == "located_alive"
    assert case["history"][0]["confirmation"] == proof
    assert desk.program("wang").get("/quality/mine")["pairs"] == 1
    assert {one["name"] for one in desk.program("zhou").get("/quality")["items"]} == {"li", "wang", "zhao"}


def test_a_dispute_is_settled_and_reopened(desk: Desk) -> None:
    li = desk.program("li")
    claim = li.post("/queue/next")["claim"]
    li.get(f"/claims/{claim}/list")
    li.post(f"/claims/{claim}/list/seal", {"picks": [1]})
    for name, outcome in (("wang", "potential"), ("zhao", "inconclusive")):
        program = desk.program(name)
        claim = program.post("/queue/next")["claim"]
        program.get(f"/claims/{claim}/pair")
        program.post(f"/claims/{claim}/pair/seal", {"outcome": outcome})
    program.post(f"/claims/{claim}/pair/reveal")
    program.post(f"/claims/{claim}/pair/revise", {"outcome": "no_candidate"})
    desk.program("chen").get("/pairs?state=disputed", 403)
    zhou = desk.program("zhou")
    (pair,) = zhou.get("/pairs?state=disputed")["items"]
    assert pair["outcomes"] is None
    zhou.post(f"/pairs/{pair['task']}/settle", {"decision": "confirmed", "note": "x"}, 422)
    zhou.post(f"/pairs/{pair['task']}/settle", {"decision": "excluded", "note": "ears"}, 204)
    zhou.post(f"/pairs/{pair['task']}/reopen", {"note": "a better look"}, 204)
    assert zhou.get("/pairs?state=excluded")["items"] == []


def test_cases_are_registered_changed_and_closed(desk: Desk) -> None:
    ma, chen = desk.program("ma"), desk.program("chen")
    told = {"case_id": "N 1", "name": "<script>alert(1)</script>", "born": "2016-03-01", "photos": [{"age": 7}, {}]}
    made = ma.upload("/cases", [child(5), group(6, 7)], case=told)
    assert made["details"]["name"] == told["name"]
    assert [photo["age"] for photo in made["photos"]] == [7, None]
    assert ma.upload("/cases", [child(5), child(6)], 409, case=told)["code"] == "conflict"
    ma.upload("/cases", [child(5)], 400, case={**told, "case_id": "N 2"})  # two notes, one photo
    (waiting,) = ma.get("/unchosen-photos")["items"]
    assert waiting["case_id"] == "N 1"
    ma.send("PUT", f"/photos/{waiting['photo']['id']}/face", 400, json={"face": 9})
    ma.send("PUT", f"/photos/{waiting['photo']['id']}/face", json={"face": 2})
    assert ma.get("/unchosen-photos")["items"] == []
    path = f"/cases/{quote('N 1')}"
    assert (
        ma.send("PATCH", path, json={"name": None, "last_seen": {"lat": 30, "lon": 120}}).json()["details"]
        | {
            "name": None,
            "born": "2016-03-01",
            "last_seen": {"lat": 30.0, "lon": 120.0},
        }
        == ma.get(path)["details"]
    )
    assert len(ma.upload(f"{path}/photos", [child(5, 1)], 200, about={"taken": "2023-09-01"})["photos"]) == 3
    ma.send("PUT", f"{path}/relations/CASE-77-1", json={"kind": "twin"})
    assert ma.get(path)["relations"][0]["kind"] == "twin"
    assert ma.send("DELETE", f"{path}/relations/CASE-77-1").json()["relations"] == []
    ma.post(f"{path}/close", {"status": "returned"}, 403)
    chen.post(f"{path}/close", {"status": "located_alive"}, 400)
    chen.post(f"{path}/close", {"status": "returned", "note": "came home"})
    chen.post(f"{path}/reopen", {"note": "gone again"})
    assert {one["case_id"] for one in ma.get("/weak-cases")["items"]} <= {"N 1", "CASE-77-1", "CASE-77-2", "CASE-77-3"}
    photo = made["photos"][0]
    for kind, shown in (("photo", photo["id"]), ("thumbnail", photo["faces"][0]["id"])):
        assert ma.send("GET", f"/pictures/{kind}/{shown}.jpg").content.startswith(b"\xff\xd8")


def test_a_number_may_hold_what_parts_addresses(desk: Desk) -> None:
    ma = desk.program("ma")
    for number in ("17/2024", "a%2Fb", "50%", "a/../b", "?x#y", "北京/17", "%41", "a/photos"):
        ma.upload("/cases", [], case={"case_id": number})
        path = f"/cases/{quote(number, safe='')}"
        assert ma.get(path)["case_id"] == number
        assert len(ma.upload(f"{path}/photos", [child(5)], 200)["photos"]) == 1
    ma.get("/cases/17/2024", 404)


def test_lists_come_in_parts(desk: Desk) -> None:
    chen, seen, after = desk.program("chen"), [], ""
    while after is not None:
        part = chen.get(f"/cases?limit=2{after and '&after=' + after}")
        seen += [one["case_id"] for one in part["items"]]
        after = part["next"]
    assert seen == ["CASE-77-1", "CASE-77-2", "CASE-77-3"]
    sun, numbers, after = desk.program("sun"), [], 0
    while after is not None:
        part = sun.get(f"/audit?limit=3&after={after}")
        numbers += [one["number"] for one in part["items"]]
        after = part["next"]
    assert numbers == list(range(1, len(numbers) + 1))
    assert [one["signed_in"] for one in sun.get("/audit")["items"] if one["action"] == "session.begin"] == [
        "session"
    ] * 2
    assert not any(secret in json.dumps(sun.get("/audit")) for secret in SECRETS)
    chen.get("/sightings?after=0000000000001", 404)
    for wrong in ("limit=0", "limit=201", "limit=x", f"after={'x' * 300}"):
        assert chen.get(f"/cases?{wrong}", 422)["errors"][0]["where"][0] == "query"


def test_sightings_are_submitted_once_and_looked_after(desk: Desk) -> None:
    ma, chen = desk.program("ma"), desk.program("chen")
    key = {"Idempotency-Key": "hotline-4711"}
    told = {"place": "station", "seen_at": "2024-06-02T09:15:00+08:00", "position": {"lat": 30.2, "lon": 120.1}}
    first = ma.upload("/sightings", [group(2, 3), nobody()], report=told, headers=key)
    again = ma.upload("/sightings", [group(2, 3), nobody()], 200, report=told, headers=key)
    assert again == {**first, "repeated": True}
    ma.upload("/sightings", [child(3)], 409, report=told, headers=key)
    assert set(first) == {"id", "photos", "created_at", "repeated"}
    assert first["photos"][1]["reason"] == "no_face"
    assert [one["id"] for one in ma.get("/sightings?needs_triage=true")["items"]] == [first["id"]]
    ma.get(f"/sightings/{first['id']}", 403)
    sheet = ma.get(f"/sightings/{first['id']}/triage")
    assert [face["candidates"] for face in sheet["photos"][0]["faces"]] == [[], []]
    assert ma.post(f"/faces/{sheet['photos'][0]['faces'][1]['id']}/mark") == {"set_aside": 1}
    photo = sheet["photos"][1]["id"]
    ma.post(f"/photos/{photo}/set-aside", {"note": " "}, 400)
    ma.post(f"/photos/{photo}/set-aside", {"note": "only a tree"}, 204)
    ma.post(f"/photos/{photo}/bring-back", None, 204)
    view = chen.get(f"/sightings/{first['id']}")
    assert view["photos"][0]["faces"][0]["candidates"][0]["case_id"].startswith("CASE-77-")
    assert chen.get("/cases/CASE-77-2/candidates")["items"]
    found = chen.upload("/search", [child(2, 4)], 200, search={"reason": "call", "top": 1})
    assert found["faces"][0]["candidates"][0]["case_id"] == "CASE-77-2"
    assert found["notice"] == "possible resemblance, for human review; not an identification"
    chen.upload("/search", [child(2, 4)], 400, search={"reason": " "})


def test_administrators_look_after_accounts_and_keys(desk: Desk) -> None:
    root = desk.program("root")
    assert (
        root.post("/accounts", {"name": "yu", "roles": ["reviewer"], "password": "short"}, 400)["code"] == "wrong_use"
    )
    root.post("/accounts", {"name": "yu", "roles": ["reviewer"], "password": PASSWORD}, 201)
    root.post("/accounts", {"name": "yu", "roles": ["reviewer"], "password": PASSWORD}, 409)
    changed = root.send("PATCH", "/accounts/yu", json={"roles": ["officer"], "trained": "2026-01-12"}).json()
    assert (changed["roles"], changed["trained"], changed["active"]) == (["officer"], "2026-01-12", True)
    refused = root.post("/accounts/yu/keys", {"label": "x", "scopes": ["case_close"], "days": 2}, 400)
    assert "takes a person who signs in" in refused["detail"]
    made = root.post("/accounts/yu/keys", {"label": "x", "scopes": ["case_read"], "days": 2}, 201)
    program = desk.program(key=made["text"])
    assert program.get("/cases")["next"] is None
    assert root.get("/accounts/yu/keys")["items"] == [made["key"]]
    assert made["text"] not in json.dumps(root.get("/accounts/yu/keys"))
    root.send("DELETE", f"/keys/{made['key']['id']}", 204)
    program.get("/cases", 401)
    root.send("PUT", "/accounts/yu/password", 204, json={"password": "another long password"})
    for _ in range(5):
        program.post("/sessions", {"name": "yu", "password": "wrong again"}, 401)
    program.post("/sessions", {"name": "yu", "password": "another long password"}, 429)
    root.send("DELETE", "/accounts/yu/failures", 204)
    program.post("/sessions", {"name": "yu", "password": "another long password"}, 201)
    root.send("PATCH", "/accounts/root", 409, json={"active": False})
    for change in ({"roles": None}, {"active": None}, {"active": "yes"}, {"nmae": "x"}):
        root.send("PATCH", "/accounts/yu", 422, json=change)
    assert (
        root.send("PATCH", "/accounts/yu", json={"trained": None, "email": "y@example.org"}).json()["trained"] is None
    )
    assert len(root.get("/accounts")["items"]) == 9
    assert root.get("/status")["gallery"]["size"] == 3


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nothing", "/v1/cases/", "/v1/../v1/x", "/metrics/x"])
def test_nothing_is_a_problem_too(desk: Desk, path: str) -> None:
    answer = desk.browser().client.get(path, follow_redirects=False)
    assert answer.status_code == 404
    if path.startswith("/v1"):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "not_found"


def test_a_method_that_is_not_there_names_those_that_are(desk: Desk) -> None:
    answer = desk.program("li").send("PUT", "/queue", 405)
    assert answer.headers["allow"] == "GET"


def test_an_unexpected_error_shows_nothing_of_the_inside(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret of the inside")

    li = desk.program("li")
    monkeypatch.setattr("matcher.services.desk.Desk.queue", broken)
    answer = li.send("GET", "/queue", 500)
    assert "secret" not in answer.text
    assert answer.headers["cache-control"] == "private, no-store"
