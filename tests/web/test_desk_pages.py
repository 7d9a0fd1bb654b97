"""The desk over HTTP: the whole way of a pair, and everything that must be refused."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from desks import SECRETS, STAFF, Browser, Desk, Program, acting_of, everything
from fastapi.routing import APIRoute

from matcher.accounts.rights import Right, rights_of
from matcher.domain.ids import id_text
from matcher.domain.people import Role
from matcher.web import identity
from matcher.web.api.problem import speaks_problems

if TYPE_CHECKING:
    from httpx2 import Response


def pick(desk: Desk) -> None:
    """A reviewer picks the first place of the list."""
    li = desk.browser("li")
    path = li.claim()
    li.post(f"{path}/seal", pick="1", answer="picks")


def judge(desk: Desk, name: str, outcome: str) -> tuple[Browser, str]:
    browser = desk.browser(name)
    path = browser.claim()
    assert path.startswith("/review/pairs/")
    answer = browser.post(f"{path}/seal", outcome=outcome, **{"nose.likeness": "similar", "nose.note": "broad"})
    assert answer.url.path == f"{path}/sealed"
    return browser, path


def test_two_agree_and_an_officer_confirms(desk: Desk) -> None:
    pick(desk)
    judge(desk, "wang", "potential")
    browser, path = judge(desk, "zhao", "potential")
    revealed = browser.post(f"{path}/reveal").text
    assert SECRETS[0] in revealed
    assert SECRETS[2] in revealed
    chen = desk.browser("chen")
    assert 'class="tag">new' in chen.get("/inbox").text
    (task,) = set(re.findall(r"/decisions/(\w{13})", chen.get("/decisions").text))
    assert "wang: potential" in chen.get(f"/decisions/{task}").text
    for place in (0, 1):
        assert chen.get(f"/decisions/{task}/faces/{place}/aligned.jpg").headers["content-type"] == "image/jpeg"
    chen.get(f"/decisions/{task}/faces/9/aligned.jpg", 404)
    desk.browser("ma").get(f"/decisions/{task}/faces/0/aligned.jpg", 403)
    assert [one.entry.action for one in desk.matcher.audit()].count("review.picture") == 2
    chen.post(f"/decisions/{task}/confirm", 400, kind="dna", reference=" ", status="located_alive")
    chen.post(f"/decisions/{task}/confirm", kind="dna", reference="L-7", status="located_alive")
    chen.post(f"/decisions/{task}/confirm", 409, kind="dna", reference="L-7", status="located_alive")
    assert "chen: confirmed (dna) L-7" in chen.get(f"/decisions/{task}").text
    assert '<th scope="col">Verdicts' in chen.get("/decisions?state=confirmed").text
    assert '<th scope="col">Verdicts' not in desk.browser("zhou").get("/decisions?state=confirmed").text
    statuses = sorted(case.status.value for case in desk.matcher.cases())
    assert statuses == ["located_alive", "open", "open"]


def test_a_disagreement_is_settled_by_a_supervisor_and_the_exclusion_outlasts_a_reindex(desk: Desk) -> None:
    pick(desk)
    judge(desk, "wang", "potential")
    judge(desk, "zhao", "inconclusive")
    desk.browser("chen").get("/decisions?state=disputed", 403)
    zhou = desk.browser("zhou")
    (task,) = set(re.findall(r"/decisions/(\w{13})", zhou.get("/decisions").text))
    zhou.post(f"/decisions/{task}/settle", 400, **{"as": "excluded", "note": " "})
    zhou.post(f"/decisions/{task}/settle", **{"as": "excluded", "note": "ears differ"})
    desk.matcher.reindex(actor="night")
    assert "No pair stands here" in zhou.get("/decisions").text
    assert task in zhou.get("/decisions?state=excluded").text
    assert "Nothing waits" in desk.browser("li").get("/queue").text
    zhou.post(f"/decisions/{task}/reopen", note="a better look")
    assert desk.browser("li").claim().startswith("/review/pairs/")


def ids_of(desk: Desk) -> list[str]:
    """Every id of every record behind the list, as people see ids and as numbers."""
    with desk.matcher.context.store.read() as reading:
        sighting = desk.matcher.sightings()[0]
        found = [sighting.id]
        for case in desk.matcher.cases():
            record = reading.cases.get(case.case_id)
            assert record is not None
            photos = reading.photos.of_case(record.id)
            faces = [face for photo in photos for face in reading.faces.of_photo(photo.id)]
            numbers = (record.id, *(one.id for one in (*photos, *faces)))
            found += [text for number in numbers for text in (id_text(number), str(number))]
            found += [photo.digest for photo in photos]
    view = desk.matcher.sighting(sighting.id)
    for candidate in view.candidates:
        assert candidate.id is not None
        found += [candidate.id, f"{candidate.similarity:.3f}", f"{candidate.similarity:.2f}"]
    for photo in view.photos:
        found += [photo.id, *(face.id for face in photo.faces if face.id)]
    return found


def test_nothing_leaks_before_sealing(desk: Desk) -> None:
    hidden = [*SECRETS, *ids_of(desk)]
    li = desk.browser("li")
    path = li.claim()
    got = everything(li, path)
    assert [secret for secret in hidden if secret in got] == []
    assert [word for word in ("imilarity", "rank", "score", "%") if word in li.get(path).text] == []
    li.post(f"{path}/seal", pick="1", answer="picks")
    judge(desk, "wang", "potential")
    zhao = desk.browser("zhao")
    path = zhao.claim()
    got = everything(zhao, path)
    assert [secret for secret in hidden if secret in got] == []
    assert "wang" not in got.replace("matcher", "")
    assert "mole &lt;b&gt;left&lt;/b&gt;" in got  # the marks are told, and are no markup
    zhao.get(f"{path}/sealed", 409)
    zhao.get("/review/pairs/0000000000001/sealed", 404)
    zhao.post(f"{path}/reveal", 409)


def all_of(program: Program, step: str) -> str:
    """All that a program gets with its next task: documents, headers, pictures, and the page on paper."""
    claim = program.post("/queue/next")["claim"]
    sheet = program.get(f"/claims/{claim}/{step}")
    faces = [f"/claims/{claim}/faces/{place}" for place in range(sheet["places"] + 1)]
    paths = [f"{face}/{kind}.jpg" for face in faces for kind in ("thumbnail", "aligned", "original")]
    paths += ["/queue", "/me", f"/claims/{claim}/{step}"]
    paths += [f"/claims/{claim}/pair/printed?format=html"] if step == "pair" else []
    answers = [program.send("GET", path) for path in paths]
    answers.append(program.send("POST", "/queue/next"))
    return "\n".join(f"{one.url} {one.headers} {one.content.decode('latin-1')}" for one in answers)


def test_nothing_leaks_to_programs_before_sealing(desk: Desk) -> None:
    hidden = [*SECRETS, *ids_of(desk)]
    li = desk.program("li")
    got = all_of(li, "list")
    assert [secret for secret in hidden if secret in got] == []
    claim = li.get("/queue")["mine"][0]["claim"]
    li.post(f"/claims/{claim}/list/seal", {"picks": [1]})
    desk.program("wang").send("GET", f"/claims/{claim}/list", 404)
    judge(desk, "wang", "potential")
    zhao = desk.program("zhao")
    got = all_of(zhao, "pair")
    assert [secret for secret in hidden if secret in got] == []
    assert "wang" not in got
    assert "mole <b>left</b>" in got
    assert [word for word in ("imilarity", "rank", "score") if word in got.replace("no score", "")] == []


def test_a_list_that_is_sealed_half_comes_back_as_it_was(desk: Desk) -> None:
    li = desk.browser("li")
    path = li.claim()
    assert "No face is marked" in li.post(f"{path}/seal", 400, answer="picks").text
    both = li.post(f"{path}/seal", 400, answer="none", pick="2").text
    assert ("Faces are marked" in both, 'value="2" checked' in both, 'value="1" checked' in both) == (True, True, False)
    assert li.post(f"{path}/seal", answer="picks", pick="2").url.path == "/queue"


def test_each_reviewer_gets_an_address_of_their_own(desk: Desk) -> None:
    pick(desk)
    paths = {desk.browser(name).claim() for name in ("wang", "zhao")}
    assert len(paths) == 2


def test_claims_of_others_do_not_exist(desk: Desk) -> None:
    li, wang = desk.browser("li"), desk.browser("wang")
    path = li.claim()
    li.get(path)
    refused = []
    for address in (path, f"{path}/faces/0/aligned.jpg", f"{path}/faces/0/original.jpg"):
        li.get(address)
        refused.append(wang.get(address, 404))
    assert {answer.headers["content-type"] for answer in refused} == {"text/html; charset=utf-8"}
    wang.post(f"{path}/seal", 404, answer="none")
    kind, _, claim = path.rpartition("/")
    unknown = wang.get(f"{kind}/0000000000001", 404).text
    assert refused[0].text.replace(claim, "0000000000001") == unknown, "in the very words of one that never was"
    desk.browser("chen").get(path, 403)
    assert desk.matcher.desk.queue(acting_of(desk, "li")).mine, "and nobody else sealed it"


def test_a_replayed_and_a_changed_form(desk: Desk) -> None:
    li = desk.browser("li")
    path = li.claim()
    li.post(f"{path}/seal", 400)  # neither picks nor none
    li.post(f"{path}/seal", 400, pick="1", answer="none")
    li.post(f"{path}/seal", 400, pick="../1", answer="picks")
    li.post(f"{path}/seal", pick="1", answer="picks")
    li.post(f"{path}/seal", pick="1", answer="picks")  # the same again is the same
    li.post(f"{path}/seal", 409, pick="2", answer="picks")
    pairs = desk.browser("zhao").get("/queue?filter=pairs").text
    assert pairs.count("/claim") == 1


def test_what_is_weak_about_a_face_is_said(desk: Desk) -> None:
    """Drawn faces are smooth, which counts as blurred."""
    pick(desk)
    wang = desk.browser("wang")
    path = wang.claim()
    sheet = desk.matcher.desk.pair_sheet(acting_of(desk, "wang"), path.rpartition("/")[2])
    assert len(sheet.weaknesses) == sheet.places + 1
    said = [one.problem for weak in sheet.weaknesses for one in weak]
    page = html.unescape(wang.get(path).text)
    assert [one for one in said if one not in page] == []
    assert page.count("The face of the sighting is") == len(sheet.weaknesses[0])


def test_what_was_entered_is_kept(desk: Desk) -> None:
    pick(desk)
    wang = desk.browser("wang")
    path = wang.claim()
    wang.post(f"{path}/draft", 204, note="<script>alert(1)</script>", **{"ears.likeness": "dissimilar"})
    page = wang.get(path).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert re.search(r'value="dissimilar" selected', page)


@pytest.mark.parametrize("place", ["99", "-1", "x", "1.5", "..%2F..%2Fetc"])
def test_places_that_are_not_there(desk: Desk, place: str) -> None:
    li = desk.browser("li")
    path = li.claim()
    li.get(path)
    answer = li.client.get(f"{path}/faces/{place}/thumbnail.jpg")
    assert answer.status_code in {404, 422}
    assert li.client.get(f"{path}/faces/0/raw.jpg").status_code == 422


def routes(desk: Desk) -> list[APIRoute]:
    """All pages of the application, those of included routers too."""
    found: list[APIRoute] = []
    waiting = list(desk.app.routes)
    while waiting:
        route = waiting.pop()
        if isinstance(route, APIRoute):
            found.append(route)
        else:
            waiting += getattr(getattr(route, "original_router", None), "routes", [])
    return found


def needed(route: APIRoute) -> frozenset[Right] | None:
    """The rights of which a route needs one; none for a public one; fails for one that declares nothing."""
    calls, waiting = [], list(route.dependant.dependencies)
    while waiting:
        dependency = waiting.pop()
        calls.append(dependency.call)
        waiting += dependency.dependencies
    for call in calls:
        if hasattr(call, "rights"):
            return frozenset(call.rights)
    assert identity.public in calls, f"{route.path} declares no right"
    return None


def proof(browser: Browser) -> str:
    """What this session's forms carry; nothing for somebody without an inbox."""
    token = re.search(r'form_token" value="(\w+)"', browser.client.get("/inbox").text)
    return token[1] if token else ""


def asked(browser: Browser, method: str, path: str, form_token: str) -> Response:
    """A request of somebody who has signed in: with the proof of a form, or for programs with the session's token."""
    if speaks_problems({"path": path}):
        headers = {"Authorization": f"Bearer {browser.client.cookies['matcher']}"}
        return browser.client.request(method, path, headers=headers)
    return browser.client.request(method, path, data={"form_token": form_token}, follow_redirects=False)


def test_every_route_declares_who_may_use_it_and_keeps_others_out(desk: Desk) -> None:
    found = routes(desk)
    assert len(found) >= 75
    words = ("claim", "task", "sighting", "photo", "face", "picture", "key", "case", "other", "name", "shown")
    words += ("card", "alert", "consent", "report", "dispute")
    somewhere = {**dict.fromkeys(words, "0" * 12 + "1"), "place": "0", "kind": "aligned"}
    browsers = {name: desk.browser(name) for name in STAFF}
    proofs = {name: proof(browser) for name, browser in browsers.items()}
    nobody = desk.browser()
    table = []
    for route in found:
        rights, path = needed(route), route.path.format(**somewhere)
        for method in route.methods - {"HEAD"}:
            if rights is None:
                continue
            stranger = nobody.client.request(method, path, follow_redirects=False)
            assert stranger.status_code in {303, 401}, f"{method} {path}"
            row = []
            for name, browser in browsers.items():
                if path in {"/sign-out", "/v1/sessions/current"}:
                    continue
                answer = asked(browser, method, path, proofs[name])
                may = bool(rights & rights_of([STAFF[name]]))
                assert (answer.status_code == 403) is not may, f"{name}: {method} {path} {answer.status_code}"
                assert answer.status_code < 500, f"{name}: {method} {path}"
                row.append(may)
            table.append((method, route.path, row))
    assert any(any(row) and not all(row) for _, _, row in table)


def test_a_foreign_or_missing_proof_changes_nothing(desk: Desk) -> None:
    li, wang = desk.browser("li"), desk.browser("wang")
    foreign = re.search(r'form_token" value="(\w+)"', wang.get("/queue").text)
    assert foreign is not None
    for data in ({}, {"form_token": ""}, {"form_token": foreign[1]}, {"form_token": "é"}):
        assert li.client.post("/queue/next", data=data).status_code == 403
    own = re.search(r'form_token" value="(\w+)"', li.get("/queue").text)
    assert own is not None
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = li.client.post("/queue/next", data={"form_token": own[1]}, headers=headers)
        assert answer.status_code == 403
        answer = desk.browser().client.post("/sign-in", data={"name": "li", "password": "x"}, headers=headers)
        assert answer.status_code == 403
    assert "Yours" not in li.get("/queue").text


def test_headers_and_cookies(desk: Desk) -> None:
    li = desk.browser("li")
    for answer in (li.get("/queue"), li.get("/no-such-page", 404), desk.browser().get("/sign-in")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "private, no-store"
        assert "<script>" not in answer.text
        assert "style=" not in answer.text
        assert not re.search(r" on\w+=", answer.text)
    answer = desk.browser().client.post(
        "/sign-in", data={"name": "li", "password": "correct horse battery staple"}, follow_redirects=False
    )
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    page = li.get("/queue").text
    assert li.client.cookies["matcher"] not in page


def test_nobody_is_sent_elsewhere_after_signing_in(desk: Desk) -> None:
    for target in (
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/a\r\nSet-Cookie: x=y",
        "javascript:x",
    ):
        data = {"name": "li", "password": "correct horse battery staple", "next": target}
        answer = desk.browser().client.post("/sign-in", data=data, follow_redirects=False)
        assert answer.headers["location"] == "/"
        assert "x=y" not in str(answer.headers)


def test_a_guesser_is_stopped(desk: Desk) -> None:
    client = desk.browser().client
    codes = [client.post("/sign-in", data={"name": "li", "password": "wrong"}).status_code for _ in range(8)]
    assert codes == [401] * 5 + [429] * 3
    answer = client.post("/sign-in", data={"name": "li", "password": "correct horse battery staple"})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 30


def test_a_long_body_is_refused_whether_or_not_it_says_so(desk: Desk) -> None:
    client = desk.browser().client
    assert client.post("/sign-in", content=b"x" * 70_000_000).status_code == 413

    def flood() -> object:
        for _ in range(70):
            yield b"x" * 1_000_000

    form = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/sign-in", content=flood(), headers=form).status_code == 413
    assert client.post("/sign-in", headers={"content-length": "many"}).status_code in {400, 413}


def test_signing_out_ends_the_session_everywhere(desk: Desk) -> None:
    li = desk.browser("li")
    kept = li.client.cookies["matcher"]
    li.post("/sign-out")
    li.client.cookies.set("matcher", kept)
    assert li.client.get("/queue", follow_redirects=False).status_code == 303


def test_a_case_that_ends_under_review(desk: Desk) -> None:
    pick(desk)
    wang = desk.browser("wang")
    path = wang.claim()
    for case in desk.matcher.cases():
        desk.matcher.close_case(case.case_id, status="returned", actor="chen")
    wang.get(path, 409)
    wang.post(f"{path}/seal", 409, outcome="potential")
    assert "the case has ended" in wang.get(path, 409).text


def test_an_unexpected_error_shows_nothing_of_the_inside(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret of the inside")

    li = desk.browser("li")
    monkeypatch.setattr("matcher.services.desk.Desk.queue", broken)
    answer = li.get("/queue", 500)
    assert "secret" not in answer.text
    assert "nothing was changed" in answer.text


def test_roles_in_the_tests_are_all_roles_of_people() -> None:
    assert set(STAFF.values()) == set(Role) - {Role.SERVICE}
