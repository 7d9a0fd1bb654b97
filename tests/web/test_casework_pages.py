"""Pages of officers, intake and administrators: cases, sightings, searches, accounts."""

from __future__ import annotations

import re

import pytest
import reviews
from accounts import PASSWORD
from desks import SECRETS, Desk, acting_of
from pictures import child, group, nobody

from matcher.domain.cases import CaseStatus
from matcher.domain.ids import SightingId, parse_id
from matcher.domain.people import Language, Role
from matcher.web.console import cases, decisions, sightings

SCRIPT = "<script>alert(1)</script>"
LONG = "a rather long password"
OTHER = "yet another long one"


def recused(desk: Desk, name: str) -> int:
    """From how many candidates somebody is recused."""
    sighting = desk.matcher.sightings()[0].id
    with desk.matcher.context.store.read() as reading:
        found = reading.candidates.of_sighting(SightingId(parse_id(sighting)))
        return reviews.recused(reading, acting_of(desk, name).id, found)


def seen(page: str) -> str:
    """What a page of a case was made from."""
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_a_case_is_registered_a_face_chosen_and_the_case_ended_and_reopened(desk: Desk) -> None:
    chen = desk.browser("chen")
    page = chen.post("/cases", photos=[group(7, 8)], case_id="A/1 ?", name=SCRIPT, sex="female", born="2015-03-01")
    assert "Several faces: until one is chosen" in page.text
    assert SCRIPT not in page.text
    assert "&lt;script&gt;" in page.text
    view = desk.matcher.case("A/1 ?")
    (photo,) = view.photos
    assert photo.id in chen.get("/cases/waiting").text
    chen.post("/case/face", 400, photo=photo.id, face="x")
    chen.post("/case/face", 400, photo=photo.id, face="9")
    page = chen.post("/case/face", photo=photo.id, face="2")
    assert "Several faces" not in page.text
    assert [face.choice is not None for face in desk.matcher.case("A/1 ?").photos[0].faces] == [False, True]
    address = "/case?number=A%2F1+%3F"
    assert address in chen.get("/cases").text
    chen.post("/case/end", 400, number="A/1 ?", status="located_alive", kind="", reference="")
    chen.post("/case/end", number="A/1 ?", status="located_alive", kind="dna", reference="L-7", note="met")
    page = chen.get(address).text
    assert "open → located alive (chen), dna L-7: met" in page
    assert "No search finds this child" in page
    chen.post("/case/reopen", 400, number="A/1 ?", note=" ")
    chen.post("/case/reopen", number="A/1 ?", note="an error")
    assert desk.matcher.case("A/1 ?").status is CaseStatus.OPEN


def test_a_form_that_cannot_be_used_comes_back_with_what_was_entered(desk: Desk) -> None:
    chen = desk.browser("chen")
    for wrong, said in (
        ({"case_id": f"{SECRETS[1]}1"}, "already"),
        ({"case_id": "N-1", "born": "yesterday"}, "born"),
        ({"case_id": "N-1", "lat": "91", "lon": "0"}, "lat"),
        ({"case_id": " "}, "empty"),
    ):
        page = chen.client.get("/cases/new").text
        token = re.search(r'form_token" value="(\w+)"', page)
        assert token is not None
        answer = chen.client.post("/cases", data={"form_token": token[1], "name": "Kept & safe", **wrong})
        assert answer.status_code in {400, 409}
        assert said in answer.text
        assert 'value="Kept &amp; safe"' in answer.text
    answer = chen.post("/cases", 422, photos=[b"no photo"], case_id="N-1", name="Kept")
    assert "photo 1" in answer.text
    assert "../0.jpg" not in answer.text
    assert len(desk.matcher.cases()) == 3


def test_details_are_changed_and_what_was_emptied_is_erased(desk: Desk) -> None:
    chen, number = desk.browser("chen"), f"{SECRETS[1]}1"
    page = chen.get(f"/case?number={number}").text
    assert 'value="2024-01-01T' in page
    first = {"number": number, "name": "Li", "height_cm": "120.5", "lat": "31.2", "lon": "121.4", "datum": "wgs84"}
    chen.post("/case/details", seen=seen(page), **first)
    details = desk.matcher.case(number).details
    assert (details.name, details.marks, details.height_cm, details.missing_since) == ("Li", None, 120.5, None)
    assert details.last_seen is not None
    page = chen.get(f"/case?number={number}").text
    assert "31.20000, 121.40000" in page
    chen.post("/case/details", seen=seen(page), number=number, name="Li", lat="31.2", lon="121.4", datum="wgs84")
    assert desk.matcher.case(number).details.last_seen == details.last_seen
    page = chen.get(f"/case?number={number}").text
    wrong = chen.post("/case/details", 400, seen=seen(page), number=number, name="Kept", height_cm="9000")
    assert ("height_cm is 9000" in wrong.text, 'value="Kept"' in wrong.text) == (True, True)
    chen.post("/case/details", 404, seen=seen(page), number="nowhere", name="Li")


def test_what_somebody_else_changed_meanwhile_is_not_undone(desk: Desk) -> None:
    chen, ma, number = desk.browser("chen"), desk.browser("ma"), f"{SECRETS[1]}1"
    opened = chen.get(f"/case?number={number}").text
    ma.post("/case/details", seen=seen(opened), number=number, name="Li", clothing="red jacket")
    late = chen.post("/case/details", 409, seen=seen(opened), number=number, name="Li", police_reference="P-7").text
    assert ("was changed meanwhile" in late, "red jacket" in late, 'value="P-7"' in late) == (True, True, True)
    details = desk.matcher.case(number).details
    assert (details.clothing, details.police_reference) == ("red jacket", None)
    knowing = {"name": "Li", "clothing": "red jacket", "police_reference": "P-7"}
    chen.post("/case/details", seen=seen(late), number=number, **knowing)
    details = desk.matcher.case(number).details
    assert (details.clothing, details.police_reference) == ("red jacket", "P-7")
    chen.post("/case/details", 400, number=number, name="Li")


def test_lists_end_where_they_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    chen = desk.browser("chen")
    for module in (cases, sightings, decisions):
        monkeypatch.setattr(module, "LINES", 3)
    assert "More" not in chen.get("/cases").text, "three cases are one page"
    monkeypatch.setattr(cases, "LINES", 2)
    following = re.search(r'href="(/cases\?after=[^"]+)"', chen.get("/cases").text)
    assert following is not None
    last = chen.get(following[1]).text
    assert (f"{SECRETS[1]}3" in last, f"{SECRETS[1]}2" in last, "More" in last) == (True, False, False)
    monkeypatch.setattr(cases, "_CHOICES_SHOWN", 1)
    for number, seeds in (("C-1", (7, 8)), ("C-2", (8, 9))):
        chen.post("/cases", photos=[group(*seeds)], case_id=number)
    first = chen.get("/cases/waiting").text
    following = re.search(r'href="(/cases/waiting\?after=[^"]+)"', first)
    assert following is not None
    second = chen.get(following[1]).text
    assert {re.findall(r"<h3><a[^>]*>(.*?)</a>", page)[0] for page in (first, second)} == {"C-1", "C-2"}
    assert "/cases/waiting?after=" not in second


def test_a_receipt_that_is_loaded_anew_hands_nothing_in(desk: Desk) -> None:
    ma, before = desk.browser("ma"), len(desk.matcher.sightings())
    answer = ma.post("/sightings", photos=[nobody()])
    assert re.fullmatch(r"/sightings/\w{13}/received", answer.url.path)
    assert len(desk.matcher.sightings()) == before + 1
    assert ma.get(answer.url.path).text == answer.text
    assert len(desk.matcher.sightings()) == before + 1
    assert "came in before" not in answer.text
    again = ma.post("/sightings", photos=[nobody()])
    earlier = answer.url.path.split("/")[2]
    assert ("came in before" in again.text, f'href="/sightings/{earlier}"' in again.text) == (True, True)
    desk.browser("li").get(answer.url.path, 403)
    ma.get("/sightings/0000000000001/received", 404)


def test_photos_are_added_and_relations_declared(desk: Desk) -> None:
    ma, first, second = desk.browser("ma"), f"{SECRETS[1]}1", f"{SECRETS[1]}2"
    ma.post("/case/photos", 400, number=first)
    ma.post("/case/photos", photos=[child(1, 5)], number=first, photo_age="6.5")
    assert [photo.age for photo in desk.matcher.case(first).photos] == [None, 6.5]
    again = ma.post("/case/photos", photos=[child(1, 5)], number=first)
    assert "not added again" in again.text
    ma.post("/case/relation", number=first, other=second, kind="sibling")
    assert second in ma.get(f"/case?number={first}").text
    ma.post("/case/relation", number=first, other=second, kind="")
    assert desk.matcher.case(first).relations == ()
    ma.post("/case/end", 403, number=first, status="returned")


def test_a_photo_without_a_usable_face_is_triaged(desk: Desk) -> None:
    ma = desk.browser("ma")
    page = ma.post("/sightings", photos=[nobody()], place=SCRIPT, seen_at="2026-01-02T10:00+08:00").text
    assert "no face was found" in page
    (waiting,) = desk.matcher.sightings(needs_triage=True)
    assert waiting.id in ma.get("/sightings?triage=1").text
    page = ma.get(f"/sightings/{waiting.id}").text
    assert SCRIPT not in page
    (photo,) = desk.matcher.sighting(waiting.id).photos
    ma.post(f"/sightings/{waiting.id}/aside", 400, photo=photo.id, note=" ")
    ma.post(f"/sightings/{waiting.id}/aside", photo=photo.id, note="a wall")
    assert "No photo waits" in ma.get("/sightings?triage=1").text
    ma.post(f"/sightings/{waiting.id}/aside", 409, photo=photo.id, note="a wall")
    assert "Look again" in ma.get(f"/sightings/{waiting.id}").text
    ma.post(f"/sightings/{waiting.id}/back", photo=photo.id)
    assert waiting.id in ma.get("/sightings?triage=1").text
    ma.post("/sightings", 400)
    ma.post("/sightings", 400, photo="words")


def test_what_is_disputed_is_hidden_by_intake_and_shown_again_by_an_officer(desk: Desk) -> None:
    ma, chen, zhou = desk.browser("ma"), desk.browser("chen"), desk.browser("zhou")
    sighting = desk.matcher.sightings()[0].id
    here = f"/sightings/{sighting}"
    assert "this is me, or my child" in ma.get(here).text
    zhou.post(f"{here}/dispute", 403, note="her mother called")
    ma.post(f"{here}/dispute", 400, note=" ")
    page = ma.post(f"{here}/dispute", note="her mother called").text
    assert "Disputed since" in page
    assert "Show this sighting again" not in page
    assert "disputed" in ma.get("/sightings").text
    (photo,) = desk.matcher.sighting(sighting).photos
    zhou.get(f"/pictures/photo/{photo.id}.jpg", 403)
    ma.post(f"{here}/dismiss", 403, note="no")
    page = chen.post(f"{here}/dismiss", note="another child").text
    assert "Disputed since" not in page
    number = desk.matcher.cases(status="open")[0].case_id
    ma.post("/case/dispute", 400, number=number, note="")
    page = ma.post("/case/dispute", number=number, note="her mother called").text
    assert "this is me, or my child" not in page
    assert desk.matcher.case(number).status is CaseStatus.DISPUTED
    ma.post("/case/dispute", 409, number=number, note="again")
    chen.post("/case/reopen", number=number, note="somebody else's mother")
    assert desk.matcher.case(number).status is CaseStatus.OPEN


def test_the_face_that_is_meant_is_marked_and_candidates_cost_a_recusal(desk: Desk) -> None:
    ma, zhou = desk.browser("ma"), desk.browser("zhou")
    ma.post("/sightings", photos=[group(1, 3)])
    sighting = desk.matcher.sightings()[0].id
    zhou.get("/sightings")
    assert recused(desk, "zhou") == 0
    sheet = zhou.get(f"/sightings/{sighting}").text
    assert SECRETS[1] not in sheet
    assert "imilarity" not in sheet
    assert recused(desk, "zhou") == len(desk.matcher.sighting(sighting).candidates)
    faces = desk.matcher.sighting(sighting).photos[0].faces
    ma.post(f"/sightings/{sighting}/mark", face=faces[1].id)
    assert "this one is meant" in ma.get(f"/sightings/{sighting}").text
    ma.get(f"/sightings/{sighting}/candidates", 403)
    shown = zhou.get(f"/sightings/{sighting}/candidates").text
    assert SECRETS[1] in shown


def test_a_search_shows_both_faces_keeps_nothing_and_recuses(desk: Desk) -> None:
    zhou = desk.browser("zhou")
    assert "Give a reason" in zhou.post("/search", 400, photos=[child(2, 3)], reason=" ").text
    assert "Choose one photo" in zhou.post("/search", 400, reason="a call").text
    assert recused(desk, "zhou") == 0
    before = len(desk.matcher.sightings())
    page = zhou.post("/search", photos=[child(2, 3)], reason="a call").text
    assert 'src="data:image/jpeg;base64,' in page
    assert f'1 · <a href="/case?number={SECRETS[1]}2">' in page
    for address in set(re.findall(r'src="(/pictures/[^"]+)"', page)):
        assert zhou.get(address).headers["content-type"] == "image/jpeg"
    assert len(desk.matcher.sightings()) == before
    assert recused(desk, "zhou") == 3


def test_pictures_are_for_those_who_see_cases_and_are_kept_nowhere(desk: Desk) -> None:
    photo = desk.matcher.case(f"{SECRETS[1]}1").photos[0]
    address = f"/pictures/photo/{photo.id}.jpg"
    answer = desk.browser("ma").get(address)
    assert answer.headers["cache-control"] == "private, no-store"
    assert desk.matcher.audit()[-1].entry.action == "photo.view"
    for name in ("li", "root", "sun"):
        desk.browser(name).get(address, 403)
    desk.browser("ma").get("/pictures/photo/..%2F..%2Fx.jpg", 404)
    desk.browser("ma").get("/pictures/photo/x%00.jpg", 400)
    desk.browser("ma").get("/pictures/raw/0000000000001.jpg", 422)


def test_an_administrator_adds_changes_and_ends_accounts_and_keys(desk: Desk) -> None:
    root = desk.browser("root")
    root.post("/people", 400, name="new", role="reviewer", password=LONG[:5])
    root.post("/people", name="new & old", role=["reviewer", "officer"], password=LONG)
    address = "/people/account?name=new+%26+old"
    assert address in root.get("/people").text
    change = {"name": "new & old", "role": "reviewer", "shown_name": "New", "trained": "2026-02-03", "active": "yes"}
    root.post("/people/account", **change)
    root.post("/people/account", 400, **{**change, "role": "king"})
    with desk.matcher.context.store.read() as reading:
        person = reading.people.by_name("new & old")
    assert person is not None
    assert (person.roles, person.shown_name, str(person.trained)) == (frozenset({Role.REVIEWER}), "New", "2026-02-03")
    root.post("/people/keys", 400, name="new & old", label="x", days="30", scope="case_write")
    assert (
        "person who signs in"
        in root.post("/people/keys", 400, name="new & old", label="x", days="30", scope="review").text
    )
    offered = re.findall(r'name="scope" value="(\w+)"', root.get(address).text)
    assert offered == ["own_account", "quality_own"]  # and not what takes a person
    made = root.post("/people/keys", name="new & old", label="x", days="30", scope="quality_own").text
    secret = re.search(r"<code>(\w+_\w[\w-]+)</code>", made) or re.search(r"once: <code>([^<]+)</code>", made)
    assert secret is not None
    assert secret[1] not in root.get(address).text
    key = re.search(r'name="key" value="(\w+)"', made)
    assert key is not None
    root.post("/people/keys/revoke", name="new & old", key=key[1])
    assert "revoked" in root.get(address).text
    root.post("/people/password", name="new & old", password=OTHER)
    root.post("/people/unblock", name="new & old")
    root.post("/people/account", **{**change, "active": "no"})
    nobody_else = desk.browser().client.post("/sign-in", data={"name": "new & old", "password": OTHER})
    assert nobody_else.status_code == 401
    root.post("/people/account", 409, name="root", role="officer", shown_name="Root", active="yes")
    root.get("/people/account?name=missing", 404)


def test_everybody_chooses_language_and_password(desk: Desk) -> None:
    li = desk.browser("li")
    li.post("/account/language", language="zh-Hans")
    with desk.matcher.context.store.read() as reading:
        person = reading.people.by_name("li")
    assert person is not None
    assert person.language is Language.CHINESE
    li.post("/account/language", 400, language="tlh")
    new = "a new and long password"
    li.post("/account/password", 400, old=PASSWORD, new=new, again="another")
    li.post("/account/password", 403, old="wrong", new=new, again=new)
    li.post("/account/password", old=PASSWORD, new=new, again=new)
    assert li.client.get("/queue", follow_redirects=False).status_code == 303
    assert desk.browser().client.post("/sign-in", data={"name": "li", "password": new}).status_code == 200


@pytest.mark.parametrize("path", ["/cases", "/case/photos", "/sightings", "/search"])
def test_an_upload_beyond_the_limit_is_refused(desk: Desk, path: str) -> None:
    chen = desk.browser("chen")
    answer = chen.client.post(path, content=b"x" * 70_000_000, headers={"content-type": "multipart/form-data"})
    assert answer.status_code == 413

    def flood() -> object:
        yield b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
        for _ in range(70):
            yield b"x" * 1_000_000

    form = {"content-type": "multipart/form-data; boundary=x"}
    assert chen.client.post(path, content=flood(), headers=form).status_code == 413


def test_a_form_that_ends_in_the_middle_takes_nothing_in(desk: Desk) -> None:
    """Its last photo would be missed by nobody."""
    chen = desk.browser("chen")
    token = re.search(r'form_token" value="(\w+)"', chen.get("/cases/new").text)
    assert token is not None
    part = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    words = part % (b"form_token", b"", token[1].encode()) + part % (b"case_id", b"", b"N-1")
    whole = words + part % (b"photo", b'; filename="a"', child(1)) + b"--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x"}
    for cut in (len(whole) - 6, len(whole) - 100, len(words)):
        answer = chen.client.post("/cases", content=whole[:cut], headers=headers)
        assert answer.status_code == 400
        assert "ends in the middle" in answer.text
    assert len(desk.matcher.cases()) == 3
    assert chen.client.post("/cases", content=whole, headers=headers).status_code == 200
    assert len(desk.matcher.cases()) == 4


def test_a_comparison_is_printed_without_names_and_recorded(desk: Desk) -> None:
    li = desk.browser("li")
    li.post(f"{li.claim()}/seal", pick="1", answer="picks")
    wang = desk.browser("wang")
    path = wang.claim()
    wang.get(path)
    answer = wang.post(f"{path}/print", **{"as": "pdf"})
    assert answer.content.startswith(b"%PDF")
    assert "attachment" in answer.headers["content-disposition"]
    page = wang.post(f"{path}/print", **{"as": "html", "place": "1"}).text
    assert not any(secret in page for secret in SECRETS)
    wang.post(f"{path}/print", 400, **{"as": "html", "place": "../1"})
    wang.post(f"{path}/print", 404, **{"as": "html", "place": "99"})
    assert [one.entry.action for one in desk.matcher.audit()].count("review.print") == 2
