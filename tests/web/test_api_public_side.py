"""The interface for programs: cards, alerts, reports of the public, disputes and partners."""

from __future__ import annotations

from datetime import timedelta

import pytest
from accounts import staff
from desks import SECRETS, Desk, Program, acting_of, key_of
from pictures import child
from public_desk import CASE, PHONE, REACH, allowed, carded, disputed, failing, located, reported, second

from matcher.accounts.rights import Right
from matcher.domain.people import Role
from matcher.services.report_work import look_at_all

AT = f"/cases/{CASE}"


def test_a_card_is_drafted_approved_and_withdrawn(desk: Desk) -> None:
    ma, chen = desk.program("ma"), desk.program("chen")
    assert ma.post(f"{AT}/cards", {}, 400)["code"] == "wrong_use"  # no telephone number
    draft = ma.post(f"{AT}/cards", {"policy": "initials", "phone": PHONE}, 201)
    assert (draft["state"], draft["shown"], draft["facts"]["name"]) == ("draft", False, "W.")
    assert ma.get("/cards?state=draft")["items"] == ma.get(f"{AT}/cards")["items"] == [draft]
    ma.post(f"/cards/{draft['id']}/approve", None, 403)
    chen.post(f"/cards/{draft['id']}/approve", None, 400)
    order = {"giver": "parent", "scopes": ["publication", "alerts"], "given_at": "2024-01-02T10:00:00+08:00"}
    case = ma.post(f"{AT}/consents", order, 201)
    assert case["consents"][0]["given_at"] == "2024-01-02T02:00:00Z"
    for wrong in ({**order, "scopes": []}, {**order, "scopes": ["sale"]}, {**order, "giver": "neighbour"}):
        ma.post(f"{AT}/consents", wrong, 422)
    live = chen.post(f"/cards/{draft['code'].lower()}/approve")
    assert (live["state"], live["approved_by"], live["shown"]) == ("live", "chen", True)
    chen.post(f"/cards/{live['id']}/approve", None, 409)
    assert chen.send("GET", f"/pictures/portrait/{live['face']}.jpg").content[:2] == b"\xff\xd8"
    chen.post(f"/cards/{live['id']}/withdraw", {"note": " "}, 400)
    over = chen.post(f"/cards/{live['id']}/withdraw", {"note": "a wrong mole"})
    assert (over["state"], over["ended_because"], over["ended_by"]) == ("withdrawn", "officer", "chen")
    ma.get("/cards/00000000", 404)
    ma.get("/cards?state=lost", 422)


def test_an_alert_is_proposed_agreed_to_changed_and_cancelled(desk: Desk) -> None:
    second(desk)
    ma, chen, other = desk.program("ma"), desk.program("chen"), desk.program("second")
    ma.post(f"{AT}/alerts", {}, 409)
    carded(desk)
    draft = ma.post(f"{AT}/alerts", {"growth": [{"hours": 0, "radius_km": 5}, {"hours": 2, "radius_km": 50}]}, 201)
    here = f"/alerts/{draft['id']}"
    assert draft["terms"]["growth"]["steps"] == [[0, 5], [2, 50]]
    assert (draft["terms"]["place"], draft["circle"]["radius_km"]) == (SECRETS[3], 5)
    ma.post(f"{here}/issue", {"meant": "test"}, 403)
    proposed = chen.post(f"{here}/issue", {"meant": "actual"})
    assert (proposed["state"], proposed["proposal"]["by"]) == ("draft", "chen")
    chen.post(f"{here}/agree", {}, 403)
    other.post(f"{here}/agree", {"seen": draft["updated_at"]}, 409)
    issued = other.post(f"{here}/agree", {"seen": proposed["updated_at"]})
    assert (issued["state"], issued["issued_by"], issued["active"]) == ("issued", ["chen", "second"], True)
    changed = chen.send("PATCH", here, json={"note": "a red coat"}).json()
    assert (changed["terms"]["note"], changed["proposal"]["terms"]["note"]) == (None, "a red coat")
    assert chen.send("PATCH", here, 400, json={"growth": "near", "centre": {"lat": 1, "lon": 1}}).json()["detail"]
    told = other.post(f"{here}/agree", {"seen": changed["updated_at"]})
    assert told["terms"]["note"] == "a red coat"
    assert chen.get("/alerts")["items"] == [told]
    assert chen.get(f"{AT}/alerts")["items"] == [told]
    chen.post(f"{here}/cancel", {"note": ""}, 400)
    chen.post(f"{here}/cancel", {"note": "found at her aunt's"})
    bulletins = chen.get(f"{here}/bulletins")["items"]
    assert [(one["kind"], one["note"], one["number"]) for one in bulletins] == [
        ("alert", None, 1),
        ("update", "a red coat", 2),
        ("cancel", None, 3),
    ]
    assert (bulletins[2]["circle"], bulletins[2]["code"]) == (None, None)
    assert chen.get("/alerts")["items"] == []
    assert [one["id"] for one in chen.get("/alerts?ended=true")["items"]] == [draft["id"]]
    chen.post(f"{here}/agree", {}, 409)


@pytest.mark.parametrize(
    ("terms", "status"),
    [
        ({"growth": "far"}, 422),
        ({"growth": []}, 400),
        ({"growth": [{"hours": 1, "radius_km": 5}]}, 400),
        ({"growth": [{"hours": "0", "radius_km": 5}]}, 422),
        ({"growth": [{"hours": 0, "radius_km": 1e300}]}, 400),
        ({"centre": {"lat": 91, "lon": 0}}, 400),
        ({"since": "2999-01-01T00:00:00Z"}, 400),
        ({"since": "2024-01-01T00:00:00", "expires_at": "2024-01-02"}, 400),
        ({"expires_at": "soon"}, 422),
        ({"note": "x" * 501}, 400),
        ({"place": "a\0b"}, 400),
        ({"radius": 5}, 422),
    ],
)
def test_terms_that_cannot_be_meant_are_refused(desk: Desk, terms: dict[str, object], status: int) -> None:
    carded(desk)
    desk.program("ma").post(f"{AT}/alerts", terms, status)


def test_times_are_taken_in_every_zone_and_a_place_can_be_none(desk: Desk) -> None:
    carded(desk)
    until = (desk.matcher.context.clock() + timedelta(days=2)).isoformat()
    told = {"since": "2024-06-01T10:00:00", "expires_at": until, "place": "", "note": "by the gate"}
    terms = desk.program("chen").post(f"{AT}/alerts", told, 201)["terms"]
    assert (terms["since"], terms["place"], terms["note"]) == ("2024-06-01T10:00:00Z", "", "by the gate")


def test_a_consent_that_is_taken_back_says_what_followed(desk: Desk) -> None:
    chen = desk.program("chen")
    card = carded(desk)
    (consent,) = chen.get(AT)["consents"]
    after = chen.post(f"/consents/{consent['id']}/withdraw", {"scope": "publication"})
    assert "the cards of the case are withdrawn" in after["warnings"][0]
    assert chen.get(f"/cards/{card.id}")["ended_because"] == "consent"
    chen.post("/consents/0000000000001/withdraw", {}, 404)


def test_reports_are_listed_opened_and_decided(desk: Desk) -> None:
    ma, chen = desk.program("ma"), desk.program("chen")
    good, bad = reported(desk), reported(desk, child(3, 4), told={"how_seen": "social_media"})
    taken = reported(desk, child(1, 4), held=False)
    listed = ma.get("/reports")["items"]
    assert [(one["id"], one["witness"]) for one in listed] == [(good.id, "first_hand"), (bad.id, "second_hand")]
    assert (listed[0]["score"], listed[0]["doubts"], listed[0]["has_contact"]) == (100, ["trap"], True)
    assert [one["id"] for one in ma.get("/reports?state=taken&state=held&witness=first_hand")["items"]] == [
        good.id,
        taken.id,
    ]
    part = ma.get("/reports?limit=1")
    assert [one["id"] for one in ma.get(f"/reports?limit=1&after={part['next']}")["items"]] == [bad.id]
    assert ma.get(f"/reports/{good.id}") == listed[0]
    assert ma.get(f"/sightings/{good.id}/triage")["note"] == SECRETS[2]
    ma.post(f"/reports/{bad.id}/refuse", {"note": " "}, 400)
    assert ma.post(f"/reports/{bad.id}/refuse", {"note": "advertising"})["decided_by"] == "ma"
    assert ma.post(f"/reports/{good.id}/release", {})["state"] == "queued"
    look_at_all(desk.matcher.context)
    assert ma.get(f"/reports/{good.id}")["state"] == "taken"
    ma.post(f"/reports/{good.id}/release", {"note": "again"}, 409)
    ma.post(f"/reports/{taken.id}/merge", {"into": good.id}, 204)
    assert ma.get(f"/reports/{good.id}")["merged"] == [taken.id]
    ma.post(f"/reports/{taken.id}/split", None, 204)
    ma.post(f"/reports/{taken.id}/split", None, 409)
    chen.post(f"/reports/{taken.id}/keep", {"note": "x"}, 409)
    for path in ("release", "refuse", "merge", "split"):
        given = {"into": good.id} if path == "merge" else {"note": "x"}
        status = 409 if path == "split" else 404
        ma.post(f"/reports/0000000000001/{path}", None if path == "split" else given, status)
    ma.get("/reports/0000000000001", 404)
    ma.get("/reports?after=0000000000001", 404)
    ma.get("/reports?state=lost", 422)


def test_a_reporter_is_reached_by_officers_with_a_reason(desk: Desk) -> None:
    ma, chen = desk.program("ma"), desk.program("chen")
    here = f"/reports/{reported(desk).id}"
    ma.post(f"{here}/contact", {"note": "x"}, 403)
    chen.post(f"{here}/contact", {"note": " "}, 400)
    assert chen.post(f"{here}/contact", {"note": "which way they went"}) == {"contact": REACH}
    chen.post("/reports/0000000000001/contact", {"note": "x"}, 404)


def test_disputes_are_decided(desk: Desk) -> None:
    chen, zhou = desk.program("chen"), desk.program("zhou")
    assert chen.get("/disputes") == {"items": [], "next": None}
    card = carded(desk)
    dispute = disputed(desk, card)
    other = disputed(desk, card)
    first = chen.get("/disputes?limit=1")
    assert ([one["id"] for one in first["items"]], first["next"] in {dispute, other}) == ([first["next"]], True)
    (rest,) = chen.get(f"/disputes?after={first['next']}")["items"]
    assert {rest["id"], first["next"]} == {dispute, other}
    chen.get("/disputes?after=0000000000001", 404)
    chen.post(f"/disputes/{other}/decide", {"upheld": False, "note": "the same person"})
    zhou.get("/disputes", 403)
    (view,) = chen.get("/disputes")["items"]
    assert (view["id"], view["contact"], view["case_id"]) == (dispute, REACH, CASE)
    chen.post(f"/disputes/{dispute}/decide", {"upheld": True}, 422)
    decided = chen.post(f"/disputes/{dispute}/decide", {"upheld": True, "note": "she showed her papers"})
    assert (decided["upheld"], decided["status"], decided["decided_by"]) == (True, "disputed", "chen")
    chen.post(f"/disputes/{dispute}/decide", {"upheld": False, "note": "again"}, 409)
    assert chen.get(AT)["status"] == "disputed"


def test_partners_are_looked_after_by_administrators(desk: Desk) -> None:
    root, zhou = desk.program("root"), desk.program("zhou")
    order = {"name": "ring/1", "url": "https://ring.example/hook"}
    made = root.post("/partners", order, 201)
    assert (made["partner"]["name"], made["partner"]["tests"], len(made["secret"]) > 30) == ("ring/1", False, True)
    root.post("/partners", order, 409)
    root.post("/partners", {**order, "name": "x", "url": "http://ring.example"}, 400)
    assert zhou.get("/partners")["items"] == [made["partner"]], "whoever watches the installation sees who fails"
    zhou.post("/partners/ring%2F1/end", None, 403)
    assert root.post("/partners/ring%2F1/secret")["secret"] != made["secret"]
    failing(desk, "ring/1")
    assert root.get("/partners")["items"][0]["failures"] == 1
    assert root.post("/partners/ring%2F1/try")["retry_at"] is None
    assert root.post("/partners/ring%2F1/end")["ended_at"] is not None
    for what in ("end", "try", "secret"):
        root.post(f"/partners/ring%2F1/{what}", None, 409)
        root.post(f"/partners/nobody/{what}", None, 404)


def test_no_key_publishes_decides_or_reads_how_to_reach_somebody(desk: Desk) -> None:
    """A person who signs in may, with the token of the session; a key of the same account may draft and look."""
    located(desk)
    allowed(desk)
    staff(desk.matcher.context, "key-officer", Role.OFFICER)
    key = desk.program(key=key_of(desk, "key-officer", Right.CASE_READ, Right.CASE_WRITE, Right.TRIAGE))
    card = key.post(f"{AT}/cards", {"phone": PHONE}, 201)
    report = reported(desk).id
    dispute = "0000000000001"

    def refused(program: Program, path: str, given: object = None) -> None:
        assert "takes a person who signs in" in program.post(path, given, 403)["detail"]

    refused(key, f"/cards/{card['id']}/approve")
    refused(key, f"/cards/{card['id']}/withdraw", {"note": "x"})
    refused(key, f"/reports/{report}/contact", {"note": "x"})
    refused(key, f"/reports/{report}/keep", {"note": "x"})
    refused(key, f"/disputes/{dispute}/decide", {"upheld": True, "note": "x"})
    assert "takes a person who signs in" in key.get("/disputes", 403)["detail"]
    desk.program("chen").post(f"/cards/{card['id']}/approve")
    alert = key.post(f"{AT}/alerts", {}, 201)
    refused(key, f"/alerts/{alert['id']}/issue", {"meant": "test"})
    refused(key, f"/alerts/{alert['id']}/agree", {})
    refused(key, f"/alerts/{alert['id']}/cancel", {"note": "x"})
    for right in (Right.PUBLISH, Right.CONTACT):
        order = {"label": "x", "scopes": [right.value], "days": 2}
        assert "takes a person" in desk.program("root").post("/accounts/key-officer/keys", order, 400)["detail"]
    assert desk.matcher.public.alerts.alert(acting_of(desk, "chen"), alert["id"]).state.value == "draft"
