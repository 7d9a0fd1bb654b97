"""What officers, intake and administrators do about the public side: cards, alerts, reports, disputes, partners."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
import reviews
from desks import SECRETS, Browser, Desk, acting_of
from pictures import child, nobody
from public_desk import CASE, PHONE, REACH, allowed, carded, disputed, failing, located, reported, second

from matcher.domain.alerts import AlertState, Meant
from matcher.domain.cases import CaseStatus
from matcher.domain.ids import SightingId, parse_id
from matcher.domain.publications import CardState
from matcher.domain.reports import ReportState
from matcher.errors import StoreProblem
from matcher.services.alert_terms import NewTerms
from matcher.services.report_work import look_at_all
from matcher.web.console import reports

HERE = f"/case/public?number={CASE}"
COUNTED = {"/alerts", "/reports", "/disputes", "/partners"}
SCRIPT = "<script>alert(1)</script>"


def seen(page: str) -> str:
    """What a page was made from."""
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def entered(page: str, form: str) -> dict[str, str]:
    """What stands in the fields of a form that ends at a path, as a browser would send it."""
    found = re.search(rf'<form[^>]*action="[^"]*{form}".*?</form>', page, re.DOTALL)
    assert found is not None
    told = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', found[0]))
    told |= dict(re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>([^<]*)<', found[0]))
    for name, body in re.findall(r'<select[^>]*name="(\w+)">(.*?)</select>', found[0], re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', body) or re.search(r'value="([^"]*)"', body)
        told[name] = chosen[1] if chosen else ""
    return {name: value for name, value in told.items() if name != "form_token"}


def the_alert(desk: Desk, **terms: object) -> str:
    """The page of a drafted alert about the case."""
    view = desk.matcher.public.alerts.draft(acting_of(desk, "chen"), CASE, NewTerms(**terms))
    return f"/alerts/{view.id}"


def test_intake_drafts_a_card_and_only_an_officer_shows_it(desk: Desk) -> None:
    ma, chen = desk.browser("ma"), desk.browser("chen")
    located(desk)
    assert "no card of this child" in ma.get(HERE).text
    wrong = ma.post("/case/public/card", 400, number=CASE, policy="full", phone="call me")
    assert ("Nothing was kept" in wrong.text, 'value="call me"' in wrong.text) == (True, True)
    ma.post("/case/public/card", 400, number=CASE, policy="shout", phone=PHONE)
    photo = desk.matcher.case(CASE).photos[0].id
    page = ma.post("/case/public/card", number=CASE, policy="hidden", phone=PHONE, photo=photo)
    assert ("nobody outside sees it" in page.text, "Approve" in page.text) == (True, False)
    (card,) = desk.matcher.public.cards.of_case(acting_of(desk, "chen"), CASE)
    assert (card.drafted_by, card.facts.name, card.phone) == ("ma", None, PHONE)
    ma.post("/case/public/card/approve", 403, card=card.id)
    assert "record a consent" in chen.post("/case/public/card/approve", 400, card=card.id).text
    ma.post("/case/public/consent", 400, number=CASE, giver="parent")
    told = {"giver": "parent", "name": SCRIPT, "scope": ["publication", "search"]}
    page = ma.post("/case/public/consent", number=CASE, **told)
    assert (SCRIPT in page.text, "&lt;script&gt;" in page.text) == (False, True)
    page = chen.post("/case/public/card/approve", card=card.id)
    assert "The public sees it until" in page.text
    assert f'src="/pictures/portrait/{card.face}.jpg"' in page.text
    assert chen.get(f"/pictures/portrait/{card.face}.jpg").content[:2] == b"\xff\xd8"
    chen.post("/case/public/card/approve", 409, card=card.id)


def test_the_case_tells_what_is_shown_and_when_it_is_outdated(desk: Desk) -> None:
    chen, zhou = desk.browser("chen"), desk.browser("zhou")
    assert "No card is shown" in chen.get(f"/case?number={CASE}").text
    card = carded(desk)
    page = chen.get(f"/case?number={CASE}").text
    assert f"{card.code[:4]}-{card.code[4:]}" in page
    assert f'href="/case/public?number={CASE}"' in page
    assert "says something else" not in page
    desk.matcher.update_case(CASE, actor="x", marks="a mole on the chin")
    assert "says something else" in chen.get(f"/case?number={CASE}").text
    page = zhou.get(HERE).text
    assert ("draft a new card" in page, "a mole on the chin" in page, "Withdraw this card" in page) == (
        True,
        False,
        False,
    )
    chen.post("/case/public/card", number=CASE, policy="full", phone=PHONE)
    page = chen.get(HERE).text
    assert "It takes the place of the live card" in page
    draft = desk.matcher.public.cards.listed(acting_of(desk, "chen"), CardState.DRAFT)[0]
    chen.post("/case/public/card/approve", card=draft.id)
    page = chen.get(HERE).text
    assert ("another card took its place" in page, "a mole on the chin" in page) == (True, True)
    chen.post("/case/public/card/withdraw", 400, card=draft.id, note=" ")
    zhou.post("/case/public/card/withdraw", 403, card=draft.id, note="no")
    assert "an officer ended it" in chen.post("/case/public/card/withdraw", card=draft.id, note="a wrong mole").text


def test_whoever_looks_at_what_the_public_sees_is_asked_about_it_no_more(desk: Desk) -> None:
    zhou = desk.browser("zhou")
    sighting = SightingId(parse_id(desk.matcher.sightings()[0].id))

    def recused() -> int:
        with desk.matcher.context.store.read() as reading:
            found = reading.candidates.of_sighting(sighting)
            return reviews.recused(reading, acting_of(desk, "zhou").id, found)

    zhou.get("/alerts")
    assert recused() == 0
    zhou.get(HERE)
    assert recused() == 1


def test_a_draft_is_looked_at_as_a_picture_which_is_recorded_and_recuses(desk: Desk) -> None:
    chen, zhou, sun = (desk.browser(name) for name in ("chen", "zhou", "sun"))
    told = {"public_url": "https://find.example"}
    desk.matcher.context.settings = desk.matcher.context.settings.model_copy(update=told)
    chen.post("/case/public/card", number=CASE, policy="full", phone=PHONE)
    (draft,) = desk.matcher.public.cards.listed(acting_of(desk, "chen"), CardState.DRAFT)
    here = f"/case/public/card/{draft.id}.png"
    assert here in chen.get(HERE).text
    sun.get(here, 403)
    assert zhou.get(here).content[:4] == b"\x89PNG"
    entry = list(desk.matcher.audit())[-1].entry
    assert (entry.action, entry.actor) == ("card.preview", "zhou")
    sighting = SightingId(parse_id(desk.matcher.sightings()[0].id))
    with desk.matcher.context.store.read() as reading:
        found = reading.candidates.of_sighting(sighting)
        assert reviews.recused(reading, acting_of(desk, "zhou").id, found) == 1
    chen.get("/case/public/card/0000000000001.png", 404)


def test_an_actual_alert_goes_out_when_a_second_officer_agrees_to_what_they_saw(desk: Desk) -> None:
    second(desk)
    chen, other, zhou, ma = (desk.browser(name) for name in ("chen", "second", "zhou", "ma"))
    carded(desk)
    form = entered(ma.get(HERE).text, "/case/public/alert")
    assert (form["lat"], form["lon"], form["place"]) == ("30.25", "120.16", SECRETS[3])
    page = ma.post("/case/public/alert", **{**form, "schedule": "tuanyuan"})
    here = page.url.path
    assert re.fullmatch(r"/alerts/\w{13}", here)
    assert "Issue it" not in page.text
    ma.post(f"{here}/issue", 403, meant="test")
    chen.post(f"{here}/issue", 400, meant="joke")
    page = chen.post(f"{here}/issue", meant="actual").text
    assert ("It waits for another officer" in page, ">Agree<" in page) == (True, False)
    chen.post(f"{here}/agree", 403, seen=seen_by(other, here))
    assert "Nothing waits" not in zhou.get("/alerts").text
    stale = seen_by(other, here)
    page = other.get(here).text
    for told in ("within 100 km at once", "within 500 km after 3 hours", "Meant as: actual", PHONE, SECRETS[3]):
        assert told in page
    assert (page.count("/pictures/portrait/"), "Issue it" in page) == (1, False)
    other.post(f"{here}/decline", 400, note=" ")
    page = other.post(f"{here}/decline", note="which coat?").text
    assert ("Agree" in page, "Issue it" in page, "which coat?" in page) == (False, True, False)
    other.post(f"{here}/decline", 409, note="again")
    chen.post(f"{here}/issue", meant="actual")
    stale = seen_by(other, here)
    page = other.get(here).text
    chen.post(f"{here}/change", **{**entered(page, "/change"), "note": "a red coat"})
    assert desk.matcher.public.alerts.alert(acting_of(desk, "chen"), here[-13:]).proposal is None
    other.post(f"{here}/agree", 409, seen=stale)
    chen.post(f"{here}/issue", meant="actual")
    other.post(f"{here}/agree", 409, seen=stale)
    other.post(f"{here}/agree", 400, seen="yesterday")
    page = other.post(f"{here}/agree", seen=seen_by(other, here)).text
    assert ("issued, actual" in page, "a red coat" in page, "alert, number 1" in page) == (True, True, True)
    other.post(f"{here}/agree", 409, seen=desk.matcher.context.clock().isoformat())
    view = desk.matcher.public.alerts.alert(acting_of(desk, "chen"), here[-13:])
    assert (view.meant, view.issued_by, view.active) == (Meant.ACTUAL, ("chen", "second"), True)


def seen_by(browser: Browser, here: str) -> str:
    return seen(browser.get(here).text)


def test_a_change_keeps_the_area_to_the_last_digit_and_never_makes_it_smaller(desk: Desk) -> None:
    chen = desk.browser("chen")
    carded(desk)
    here = the_alert(desk, growth="0:1.2345678901, 1.5:7")
    page = chen.post(f"{here}/issue", meant="exercise").text
    assert "issued, exercise" in page
    form = entered(page, "/change")
    assert (form["schedule"], form["steps"]) == ("own", "0:1.2345678901, 1.5:7")
    page = chen.post(f"{here}/change", **{**form, "note": "by the gate", "place": ""}).text
    assert "update, number 2" in page
    view = desk.matcher.public.alerts.alert(acting_of(desk, "chen"), here[-13:])
    assert (view.terms.note, view.terms.place) == ("by the gate", "")
    assert view.terms.centre.lat == 30.25
    for wrong, said in (
        ({"steps": "0:1"}, "leaves out"),
        ({"lat": "31"}, "leaves out"),
        ({"steps": "soon"}, "soon"),
        ({"steps": ""}, "first radius"),
        ({"expires_at": "2020-01-01"}, "would have ended at 2020-01-01"),
        ({"expires_at": "2120-01-01"}, "ends within a year"),
        ({"since": "tomorrow"}, "tomorrow"),
        ({"lat": "100"}, "off the globe"),
    ):
        page = chen.post(f"{here}/change", 400, **{**form, "note": "Kept", **wrong}).text
        assert (said in page, ">Kept<" in page) == (True, True), wrong
    page = chen.post(f"{here}/change", **{**form, "note": ""}).text
    assert desk.matcher.public.alerts.alert(acting_of(desk, "chen"), here[-13:]).terms.note is None


def test_a_cancelled_alert_is_found_among_those_that_are_over(desk: Desk) -> None:
    chen = desk.browser("chen")
    carded(desk)
    here = the_alert(desk)
    chen.post(f"{here}/issue", meant="test")
    assert here in chen.get("/alerts").text
    assert "Drafts" not in chen.get("/alerts").text
    chen.post(f"{here}/cancel", 400, note="")
    page = chen.post(f"{here}/cancel", note="a mistake").text
    assert ("cancelled" in page, "Change what it says" in page, "cancel, number 2" in page) == (True, False, True)
    assert here not in chen.get("/alerts").text
    assert here in chen.get("/alerts?ended=1").text
    chen.post(f"{here}/cancel", 409, note="again")
    chen.post(f"{here}/change", 409, note="again")
    chen.get("/alerts/0000000000001", 404)


def test_without_a_place_or_a_card_no_alert_is_drafted_and_what_was_entered_stays(desk: Desk) -> None:
    chen = desk.browser("chen")
    assert "Draft an alert" not in chen.get(HERE).text
    assert "no card" in chen.post("/case/public/alert", 409, number=CASE).text
    number = f"{SECRETS[1]}3"
    allowed(desk, number)
    chen.post("/case/public/card", number=number, policy="full", phone=PHONE)
    card = desk.matcher.public.cards.listed(acting_of(desk, "chen"), CardState.DRAFT)[0]
    chen.post("/case/public/card/approve", card=card.id)
    page = chen.post("/case/public/alert", 400, number=number, place="Kept & safe").text
    assert ("Where is the alert to be heard" in page, 'value="Kept &amp; safe"' in page) == (True, True)
    chen.post("/case/public/alert", 404, number="nowhere")


def test_a_consent_that_is_taken_back_takes_card_and_alert_with_it(desk: Desk) -> None:
    chen = desk.browser("chen")
    carded(desk)
    here = the_alert(desk)
    chen.post(f"{here}/issue", meant="test")
    consent = re.search(r'name="consent" value="(\w+)"', chen.get(HERE).text)
    assert consent is not None
    page = chen.post("/case/public/consent/withdraw", consent=consent[1], scope="publication", note="").text
    assert ("the cards of the case are withdrawn" in page, "no card of this child" in page) == (True, True)
    assert "nobody allows it any more" in chen.get(here).text


def test_reports_that_wait_are_listed_with_what_speaks_against_them_in_words(desk: Desk) -> None:
    ma = desk.browser("ma")
    assert "No report stands here" in ma.get("/reports").text
    own = reported(desk)
    passed_on = reported(desk, child(3, 4), told={"how_seen": "social_media"})
    taken = reported(desk, child(1, 4), held=False)
    page = ma.get("/reports").text
    assert [one.id in page for one in (own, passed_on, taken)] == [True, True, False]
    assert "A field that people do not see was filled in" in page
    assert not re.search(r"\d ?%|\b100\b", page), "no weight in a list, and never a certainty"
    assert own.id not in ma.get("/reports?witness=second_hand").text
    assert passed_on.id in ma.get("/reports?witness=second_hand").text
    assert taken.id in ma.get("/reports?state=taken").text
    assert taken.id in ma.get("/reports?state=taken&witness=first_hand").text
    ma.get("/reports?witness=nobody", 422)
    ma.get("/reports?after=0000000000001", 404)


def test_a_long_list_of_reports_goes_on_where_it_ended(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "LINES", 1)
    ma, ids = desk.browser("ma"), {reported(desk, child(seed)).id for seed in (4, 5)}
    first = ma.get("/reports?witness=first_hand").text
    following = re.search(r'href="(/reports\?[^"]*after=[^"]+)"', first)
    assert following is not None
    second_part = ma.get(following[1].replace("&amp;", "&")).text
    shown = [{one for one in ids if f'href="/reports/{one}"' in page} for page in (first, second_part)]
    assert (len(shown[0]), shown[0] | shown[1]) == (1, ids)
    assert "after=" not in second_part


def test_a_report_is_opened_without_candidates_and_released_or_refused(desk: Desk) -> None:
    ma, zhou = desk.browser("ma"), desk.browser("zhou")
    good, bad = reported(desk), reported(desk, nobody(), told={"note": SCRIPT})
    page = zhou.get(f"/reports/{good.id}").text
    assert (SECRETS[1] in page, "imilarity" in page, SECRETS[2] in page) == (False, False, True)
    assert "not how likely a report is false" in page
    assert desk.matcher.audit()[-1].entry.action == "sighting.triage"
    (photo,) = re.findall(r'src="(/pictures/photo/[^"]+)"', page)
    zhou.get(photo)
    page = ma.get(f"/reports/{bad.id}").text
    assert (SCRIPT in page, "&lt;script&gt;" in page) == (False, True)
    ma.post(f"/reports/{bad.id}/refuse", 400, note=" ")
    answer = ma.post(f"/reports/{bad.id}/refuse", note="advertising")
    assert (answer.url.path, "refused" in answer.text) == ("/reports", True)
    ma.post(f"/reports/{bad.id}/release", 409)
    ma.post(f"/reports/{good.id}/release")
    look_at_all(desk.matcher.context)
    line = desk.matcher.public.reports.report(acting_of(desk, "ma"), good.id)
    assert (line.state, line.decided_by) == (ReportState.TAKEN, "ma")
    ma.get(f"/reports/{desk.matcher.sightings()[-1].id}", 404)  # not of the public
    desk.browser("li").get("/reports", 403)
    desk.browser("li").get(f"/reports/{good.id}", 403)


def test_how_to_reach_a_reporter_is_shown_once_to_officers_who_say_why(desk: Desk) -> None:
    chen, ma = desk.browser("chen"), desk.browser("ma")
    receipt = reported(desk)
    here = f"/reports/{receipt.id}"
    ma.post(f"{here}/contact", 403, note="to ask back")
    assert "How to reach the reporter" not in ma.get(here).text
    chen.post(f"{here}/contact", 400, note=" ")
    assert REACH not in chen.get(here).text
    answer = chen.post(f"{here}/contact", note="which way they went")
    assert REACH in answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    looks = [one.entry for one in desk.matcher.audit() if one.entry.action == "report.contact"]
    assert [one.actor for one in looks] == ["chen"]
    assert chen.client.get(answer.url.path).status_code == 405, "it has no address of its own"


def test_reports_of_the_same_are_shown_beside_each_other_and_parted_again(desk: Desk) -> None:
    ma, chen = desk.browser("ma"), desk.browser("chen")
    other = desk.matcher.sightings()[0].id  # handed in by the desk
    first = reported(desk, held=False)
    again = reported(desk, held=False)
    page = ma.get(f"/reports/{again.id}").text
    assert (f'href="/reports/{first.id}"' in page, "duplicate" in page) == (True, True)
    assert first.id in ma.get("/reports?state=duplicate").text or again.id in ma.get("/reports?state=duplicate").text
    page = ma.get(f"/sightings/{first.id}").text
    assert ("The public reported it: form" in page, again.id in page) == (True, True)
    assert again.id in chen.get(f"/sightings/{first.id}/candidates").text
    assert "The public reported it" not in ma.get(f"/sightings/{other}").text
    ma.post(f"/reports/{again.id}/split")
    ma.post(f"/reports/{again.id}/split", 409)
    look_at_all(desk.matcher.context)
    page = ma.get(f"/reports/{again.id}").text
    assert ("Nothing is shown beside it" in page, "came in with others, too" in page) == (True, True)
    ma.post(f"/reports/{again.id}/merge", 404, into="0000000000001")
    ma.post(f"/reports/{again.id}/merge", 409, into=again.id)
    page = ma.post(f"/reports/{again.id}/merge", into=other)
    assert f'href="/sightings/{other}"' in page.text
    assert again.id in ma.get(f"/sightings/{other}").text


def test_what_its_reporter_took_back_is_kept_by_officers_alone(desk: Desk) -> None:
    chen, ma, li = desk.browser("chen"), desk.browser("ma"), desk.browser("li")
    receipt = reported(desk, child(1, 3), held=False)
    with desk.matcher.context.store.read() as reading:
        tasks = reading.tasks.of_sighting(SightingId(parse_id(receipt.id)))
    assert tasks
    for _ in range(2):  # both lists: whichever came first
        li.post(f"{li.post('/queue/next', kind='list').url.path}/seal", pick="1", answer="picks")
    assert desk.matcher.public.reports.withdraw(receipt.code) is False
    page = ma.get("/reports").text
    assert (receipt.id in page, "took it back" in page) == (True, True)
    here = f"/reports/{receipt.id}"
    assert "Keep the report" not in ma.get(here).text
    ma.post(f"{here}/keep", 403, note="no")
    chen.post(f"{here}/keep", 400, note="")
    assert "taken" in chen.post(f"{here}/keep", note="it is being judged").text
    chen.post(f"{here}/keep", 409, note="again")


def test_disputes_are_shown_some_at_a_time(desk: Desk) -> None:
    chen, card = desk.browser("chen"), carded(desk)
    made = [disputed(desk, card) for _ in range(21)]
    page = chen.get("/disputes").text
    shown = [one for one in made if one in page]
    assert len(shown) == 20
    (more,) = re.findall(r'href="(/disputes\?after=\w+)"', page)
    page = chen.get(more).text
    assert [one for one in made if one in page] == [one for one in made if one not in shown]
    assert "?after=" not in page


def test_a_dispute_is_upheld_or_dismissed_with_what_was_found_out(desk: Desk) -> None:
    chen, zhou = desk.browser("chen"), desk.browser("zhou")
    assert "No dispute waits" in chen.get("/disputes").text
    card = carded(desk)
    first, last = disputed(desk, card), disputed(desk, card)
    zhou.get("/disputes", 403)
    page = chen.get("/disputes").text
    assert (REACH in page, SECRETS[2] in page) == (True, True)
    assert desk.matcher.audit()[-1].entry.action == "dispute.view"
    chen.post(f"/disputes/{first}/decide", 400, answer="uphold", note=" ")
    chen.post(f"/disputes/{first}/decide", 400, note="who knows")
    page = chen.post(f"/disputes/{first}/decide", answer="dismiss", note="not her mother").text
    assert ("dismissed: nothing was changed" in page, first in page) == (True, False)
    assert desk.matcher.public.cards.card(acting_of(desk, "chen"), card.id).shown
    page = chen.post(f"/disputes/{last}/decide", answer="uphold", note="she showed her papers").text
    assert "upheld: the case is hidden" in page
    assert desk.matcher.case(CASE).status is CaseStatus.DISPUTED
    assert not desk.matcher.public.cards.card(acting_of(desk, "chen"), card.id).shown
    chen.post(f"/disputes/{last}/decide", 409, answer="dismiss", note="again")
    assert "the case ended, or is disputed" in chen.get(HERE).text
    assert "Approve" not in chen.get(HERE).text


def test_administrators_add_renew_try_and_end_partners(desk: Desk) -> None:
    root = desk.browser("root")
    root.post("/partners", 400, name="ring", url="http://ring.example/hook")
    made = root.post("/partners", name="ring & co", url="https://ring.example/hook").text
    secret = re.search(r"once: <code>([^<]+)</code>", made)
    assert secret is not None
    page = root.get("/partners").text
    assert (secret[1] in page, "ring &amp; co" in page, "Try now" in page) == (False, True, False)
    root.post("/partners", 409, name="ring & co", url="https://ring.example/hook")
    renewed = re.search(r"once: <code>([^<]+)</code>", root.post("/partners/renew", name="ring & co").text)
    assert renewed is not None
    assert renewed[1] != secret[1]
    failing(desk, "ring & co")
    page = root.get("/partners").text
    assert ("nothing reached it since" in page, "next attempt" in page) == (True, True)
    page = root.post("/partners/try", name="ring & co").text
    assert ("nothing reached it since" in page, "next attempt" in page) == (True, False)
    assert "ended 20" in root.post("/partners/end", name="ring & co").text
    root.post("/partners/renew", 409, name="ring & co")
    root.post("/partners/end", 404, name="nobody")
    for name in ("chen", "sun", "zhou"):
        desk.browser(name).get("/partners", 403)


def test_the_navigation_counts_what_waits_for_each(desk: Desk) -> None:
    second(desk)
    chen, other, zhou, ma, root = (desk.browser(name) for name in ("chen", "second", "zhou", "ma", "root"))

    def counted(browser: Browser) -> dict[str, str]:
        page = browser.get("/account").text
        found = re.findall(r'<a href="(/\w+)"[^>]*>(\w+)(?: \((\d+)\))?</a>', page.partition("</nav>")[0])
        return {address: count for address, _, count in found if address in COUNTED}

    assert counted(chen) == {"/alerts": "", "/reports": "", "/disputes": ""}
    assert counted(root) == {"/partners": ""}
    card = carded(desk)
    here = the_alert(desk)
    reported(desk)
    disputed(desk, card)
    assert counted(chen) == {"/alerts": "1", "/reports": "1", "/disputes": "1"}
    chen.post(f"{here}/issue", meant="actual")
    assert (counted(chen)["/alerts"], counted(other)["/alerts"]) == ("", "1")
    assert (counted(zhou), counted(ma)) == ({"/alerts": "", "/reports": "1"},) * 2
    root.post("/partners", name="ring", url="https://ring.example/hook")
    failing(desk, "ring")
    assert counted(root) == {"/partners": "1"}
    assert "(1)" in chen.get("/no-such-page", 404).text, "pages of errors count, too"


def test_a_page_of_an_error_is_told_where_nothing_can_be_counted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise StoreProblem("the disk is gone")

    chen = desk.browser("chen")
    monkeypatch.setattr("matcher.services.public_side.PublicSide.waiting", broken)
    page = chen.get("/cases").text
    assert ('href="/reports"' in page, "(1)" in page) == (True, False)


def test_alerts_of_a_case_that_is_over_are_shown_where_it_is(desk: Desk) -> None:
    chen = desk.browser("chen")
    carded(desk)
    here = the_alert(desk)
    chen.post(f"{here}/issue", meant="test")
    chen.post("/case/end", number=CASE, status="returned", note="came home", kind="", reference="")
    page = chen.get(HERE).text
    assert (urlsplit(here).path in page, "cancelled" in page, "Draft a card" in page) == (True, True, False)
    state = desk.matcher.public.alerts.alert(acting_of(desk, "chen"), here[-13:]).state
    assert state is AlertState.CANCELLED
