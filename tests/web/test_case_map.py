"""The map of a case on the desk and for programs."""

from __future__ import annotations

import re

from desks import SECRETS, Desk, key_of
from lxml import etree, html
from pictures import child

from matcher.accounts.rights import Right

SVG = "{http://www.w3.org/2000/svg}"
NUMBER = f"{SECRETS[1]}2"
ADDRESS = f"/cases/map?case={NUMBER}"


def place(desk: Desk) -> str:
    """A position for the case, and a sighting of the child that a reviewer picks; its id."""
    known = {"last_seen": (30.25, 120.16), "last_seen_place": "West <b>Lake</b>", "missing_since": "2024-05-01T08:00Z"}
    desk.matcher.update_case(NUMBER, actor="x", **known)
    li = desk.browser("li")
    path = li.claim()
    faces = desk.matcher.case(NUMBER).photos[0].faces
    places = [li.get(f"{path}/faces/{one}/aligned.jpg").content for one in (1, 2, 3)]
    own = desk.browser("chen").get(f"/pictures/aligned/{faces[0].id}.jpg").content
    li.post(f"{path}/seal", pick=str(places.index(own) + 1), answer="picks")
    return desk.matcher.sightings()[0].id


def test_the_page_draws_and_says_the_same_in_both_languages(desk: Desk) -> None:
    sighting = place(desk)
    chen = desk.browser("chen")
    assert f'href="{ADDRESS}"' in chen.get(f"/case?number={NUMBER}").text
    page = html.fromstring(chen.get(ADDRESS).text)
    (drawing,) = page.xpath("//main//*[local-name()='svg']")
    assert not drawing.xpath(".//*[@role='table']"), "the page has a table of its own"
    told = [[" ".join(cell.text_content().split()) for cell in row.xpath("./th|./td")] for row in page.xpath("//tr")]
    assert told[0] == ["No.", "When", "Where", "From where last seen", "From the position before"]
    assert told[1] == ["Last seen", "2024-05-01 08:00 UTC", "West <b>Lake</b>", "–", "–"]
    assert told[2] == ["1", "–", f"{SECRETS[3]} (no position, not on the map)", "–", "–"]
    assert page.xpath("//tbody//th//a/@href") == [f"/sightings/{sighting}"]
    chen.post("/account/language", language="zh-Hans")
    chinese = chen.get(ADDRESS).text
    assert f"案件 {NUMBER} 的地图" in chinese
    assert 'xml:lang="zh-Hans"' in chinese
    assert "From where last seen" not in chinese


def test_nothing_that_people_wrote_is_markup_in_the_drawing(desk: Desk) -> None:
    place(desk)
    page = desk.browser("chen").get(ADDRESS).text
    assert "<b>Lake" not in page
    assert "West &lt;b&gt;Lake&lt;/b&gt;" in page
    assert not re.search(r"<svg.*?\b(?:style|on\w+)=", page, re.DOTALL), "the policy of pages forbids both"
    assert "<script" not in page.partition("<svg")[2].partition("</svg>")[0]


def test_the_page_is_for_those_who_see_sightings(desk: Desk) -> None:
    for name in ("li", "ma", "sun", "root"):
        desk.browser(name).get(ADDRESS, 403)
    chen = desk.browser("chen")
    chen.get("/cases/map?case=nowhere", 404)
    chen.get("/cases/map", 422)
    assert "/cases/map" not in desk.browser("ma").get(f"/case?number={NUMBER}").text
    assert "no position is known" in chen.get(ADDRESS).text


def test_programs_get_the_whole_drawing(desk: Desk) -> None:
    place(desk)
    chen = desk.program("chen")
    answer = chen.send("GET", f"/cases/{NUMBER}/map")
    assert answer.headers["content-type"] == "image/svg+xml"
    drawing = etree.fromstring(answer.content)
    assert (drawing.tag, drawing.get("lang")) == (f"{SVG}svg", "en")
    assert drawing.xpath("//*[@role='table']")
    chinese = chen.send("GET", f"/cases/{NUMBER}/map?language=zh-Hans")
    assert etree.fromstring(chinese.content).get("lang") == "zh-Hans"
    chen.send("GET", f"/cases/{NUMBER}/map?language=tlh", 422)
    chen.send("GET", "/cases/nowhere/map", 404)
    desk.program("ma").send("GET", f"/cases/{NUMBER}/map", 403)
    desk.program().send("GET", f"/cases/{NUMBER}/map", 401)
    half = desk.program(key=key_of(desk, "zhou", Right.SIGHTING_READ))
    assert "case_read" in half.send("GET", f"/cases/{NUMBER}/map", 403).text


def test_candidates_say_how_far_it_is_from_where_the_child_was_last_seen(desk: Desk) -> None:
    known = {"last_seen": (30.251, 120.141), "missing_since": "2026-03-14T09:30Z"}
    desk.matcher.update_case(NUMBER, actor="x", **known)
    told = {"position": (31.33, 120.607), "seen_at": "2026-03-14T14:30Z"}
    sighting = desk.matcher.submit_sighting([child(2, 3)], actor="x", **told)
    (face,) = sighting.photos[0].faces
    assert {one.case_id: one.way for one in face.candidates}[NUMBER] == "128 km in 5 h: 26 km/h"
    assert sum(one.way is not None for one in face.candidates) == 1, "of the others no position is known"
    chen = desk.browser("chen")
    assert "From where last seen: 128 km in 5 h: 26 km/h" in chen.get(f"/sightings/{sighting.id}/candidates").text
    assert "km/h" not in chen.get(f"/sightings/{sighting.id}").text
    chen.post("/account/language", language="zh-Hans")
    assert "距最后出现地点：" in chen.get(f"/sightings/{sighting.id}/candidates").text
