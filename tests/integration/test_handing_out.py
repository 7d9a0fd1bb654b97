"""Cards and alerts as files: only what the public sees at that moment, whole, in new files, and on record."""

from __future__ import annotations

import builtins
import io
import json
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import PIL.Image
import pytest
from accounts import sign_in_here
from caps import parse_cap, require_valid
from commands import run as run_in
from lxml import etree
from offices import Office, opened, settle
from publishing import PHONE, alerted, missing, published, second_officer
from reviews import Clock, account

from matcher.accounts.rights import Acting
from matcher.cli import card_export
from matcher.config import Home
from matcher.domain.cards import NamePolicy
from matcher.domain.codes import spoken
from matcher.domain.ids import id_text
from matcher.domain.people import Language, Role
from matcher.domain.positions import Position
from matcher.errors import Conflict, NotFound, NotPermitted, WrongUse
from matcher.interchange.cap import CapKind, CapStatus
from matcher.services import handing_out
from matcher.services.alert_terms import NewTerms
from matcher.services.cards import NewCard
from matcher.services.context import now_utc
from matcher.services.handing_out import CardForm, Rendering, active_alerts, card_file, live_cards, told_of
from matcher.web.languages import speech

URL = "https://find.example"
SETTINGS = f'control_rate = 0.0\npublic_url = "{URL}"\n'
ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(now_utc()), SETTINGS)  # commands have no other clock


def run(office: Office, *arguments: object, code: int = 0) -> str:
    """What a command tells beside what it writes."""
    home = office.matcher.context.home.root
    sign_in_here(home, "officer-here")
    return run_in(*arguments, "--home", home, code=code).stderr


ENGLISH_PICTURE = Rendering(CardForm.PNG, (speech(Language.ENGLISH).reader,))


def several(office: Office, count: int) -> list[str]:
    """So many children with cards; the codes as people read them, those that came first before the others."""
    codes = []
    for seed in range(1, count + 1):
        missing(office, f"A-{seed}", seed, name=f"Child {seed}")
        office.clock.forward(seconds=1)
        codes.append(spoken(published(office, f"A-{seed}").code))
    return codes


def size_of(picture: Path) -> tuple[int, int]:
    return PIL.Image.open(io.BytesIO(picture.read_bytes())).size


def actions(office: Office) -> list[tuple[str, object]]:
    return [
        (one.entry.action, one.entry.details.get("count"))
        for one in office.matcher.audit()
        if one.entry.action.endswith(".export")
    ]


@pytest.mark.parametrize("form", list(CardForm))
def test_a_card_is_made_in_every_form_with_the_words_of_its_reader(office: Office, form: CardForm) -> None:
    missing(office)
    card = published(office)
    readers = tuple(speech(language).reader for language in (Language.CHINESE, Language.ENGLISH))
    (found,) = live_cards(office.matcher.context, office.officer, form, card.code.lower())
    data = card_file(office.matcher.context, found.id, Rendering(form, readers))
    if form in {CardForm.PNG, CardForm.SQUARE}:
        size = (1200, 630) if form is CardForm.PNG else (1080, 1080)
        assert PIL.Image.open(io.BytesIO(data)).size == size
    elif form is CardForm.PDF:
        assert data.startswith(b"%PDF")
    elif form is CardForm.HTML:
        assert '<html lang="zh-Hans">' in data.decode()
        assert PHONE in data.decode()
    else:
        told = json.loads(data)
        assert set(told["words"]) == {"zh-Hans", "en"}
        assert told["photo"]["url"] == f"{URL}/c/{card.code}/photo.jpg"
        assert told["contact"]["report_url"] == f"{URL}/report?card={card.code}"
    entry = office.matcher.audit()[-1].entry
    assert (entry.action, entry.details) == ("card.export", {"count": 1, "form": form.value})
    assert {id_text(one) for one in (found.case_id, found.id, found.face_id)} == set(entry.objects)


def test_only_what_the_public_sees_now_is_given_out(office: Office) -> None:
    cards, context = office.matcher.public.cards, office.matcher.context
    missing(office)
    draft = cards.draft(office.officer, "A-1", NewCard(phone=PHONE, policy=NamePolicy.HIDDEN))
    with pytest.raises(Conflict, match="is 'draft'"):
        live_cards(context, office.officer, CardForm.PNG, draft.id)
    with pytest.raises(NotFound):
        live_cards(context, office.officer, CardForm.PNG, "K7QF-9M2P")
    assert live_cards(context, office.officer, CardForm.PNG) == []
    live = cards.approve(office.officer, draft.id)
    (found,) = live_cards(context, office.officer, CardForm.PNG)
    how = Rendering(CardForm.PNG, (speech(Language.ENGLISH).reader,))
    assert card_file(context, found.id, how)
    cards.withdraw(office.officer, live.id, reason="the family asked")
    with pytest.raises(Conflict, match="is 'withdrawn'"):
        card_file(context, found.id, how)
    second = published(office)
    office.clock.forward(days=91)
    with pytest.raises(Conflict, match="has run out"):
        live_cards(context, office.officer, CardForm.PNG, second.id)
    assert live_cards(context, office.officer, CardForm.PNG) == []


def test_giving_out_takes_the_right_to_cases_and_an_address(office: Office, home: Path) -> None:
    context = office.matcher.context
    for role in (Role.REVIEWER, Role.AUDITOR, Role.ADMIN):
        nobody: Acting = account(context.store, f"a-{role.value}", role)
        for call in (lambda who: live_cards(context, who, CardForm.PNG), lambda who: active_alerts(context, who)):
            with pytest.raises(NotPermitted):
                call(nobody)
        with pytest.raises(NotPermitted):
            told_of(context, nobody, "0000000000001")
    settle(home, "control_rate = 0.0\n")
    with_nothing = type(context)(Home(home), clock=office.clock)
    with pytest.raises(WrongUse, match="public_url"):
        live_cards(with_nothing, office.officer, CardForm.JSON)
    with pytest.raises(WrongUse, match="public_url"):
        active_alerts(with_nothing, office.officer)
    with_nothing.close()
    assert actions(office) == [], "what was refused was not given out"


def test_a_draft_is_looked_at_as_a_picture_that_says_so_and_is_given_out_in_no_other_way(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing(office)
    cards, titles = office.matcher.public.cards, []
    draft = cards.draft(office.officer, "A-1", NewCard(phone=PHONE))
    drawn = handing_out.card_png
    monkeypatch.setattr(handing_out, "card_png", lambda sheet, *how: titles.append(sheet.title) or drawn(sheet, *how))
    code, file = spoken(draft.code), tmp_path / "draft.png"
    office.clock.forward(days=100)  # longer than a card is shown: it is as if it were approved now
    assert handing_out.preview(office.matcher.context, office.officer, draft.id, ENGLISH_PICTURE)[:4] == b"\x89PNG"
    titles.clear()
    office.clock.forward(days=-100)
    assert f"Written: {file}" in run(office, "card", "preview", code, "--output", file)
    run(office, "card", "preview", code, "--output", tmp_path / "zh.png", "--square", "--language", "zh-Hans")
    assert titles == ["Draft, not approved", "草稿，未经批准"]
    assert (size_of(file), size_of(tmp_path / "zh.png")) == ((1200, 630), (1080, 1080))
    assert "is there already" in run(office, "card", "preview", code, "--output", file, code=2)
    run(office, "card", "export", code, "--output", tmp_path / "x", code=5)
    cards.approve(office.officer, draft.id)
    assert "no draft any more" in run(office, "card", "preview", code, "--output", tmp_path / "x", code=5)
    assert not (tmp_path / "x").exists()


def test_of_an_alert_that_has_run_out_nothing_is_given_out_any_more(office: Office, tmp_path: Path) -> None:
    missing(office)
    published(office)
    alert = alerted(office, second_officer(office), expires_at=office.clock() + timedelta(minutes=10))
    told_of(office.matcher.context, office.officer, alert.id)
    office.clock.forward(minutes=10)
    with pytest.raises(Conflict, match="has run out"):
        told_of(office.matcher.context, office.officer, alert.id)
    assert actions(office) == [("alert.export", 1)]


def test_a_card_becomes_one_new_private_file(office: Office, tmp_path: Path) -> None:
    (code,) = several(office, 1)
    file = tmp_path / "card.png"
    assert f"Written: {file}" in run(office, "card", "export", code, "--output", file)
    assert size_of(file) == (1200, 630)
    assert file.stat().st_mode & 0o777 == 0o600
    english = file.read_bytes()
    assert "is there already" in run(office, "card", "export", code, "--output", file, code=2)
    run(office, "card", "export", code, "--output", file, "--overwrite", "--language", "zh-Hans")
    assert file.read_bytes() != english
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []
    assert "is a folder" in run(office, "card", "export", code, "--output", tmp_path, code=2)
    for wrong in ((), (code, "--all")):
        run(office, "card", "export", *wrong, "--output", tmp_path / "x", code=2)
    run(office, "card", "export", "no card", "--output", tmp_path / "x", code=4)
    assert not (tmp_path / "x").exists()


def test_data_for_programs_has_both_languages_unless_one_is_named(office: Office, tmp_path: Path) -> None:
    (code,) = several(office, 1)
    for name, chosen, there in (("both", (), {"en", "zh-Hans"}), ("one", ("--language", "zh-Hans"), {"zh-Hans"})):
        file = tmp_path / f"{name}.json"
        run(office, "card", "export", code, "--output", file, "--format", "json", *chosen)
        assert set(json.loads(file.read_text(encoding="utf-8"))["words"]) == there


@pytest.mark.parametrize("processes", [1, 2])
def test_all_cards_become_a_folder_whoever_makes_them(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    monkeypatch.setattr(card_export, "_FEW", 0)
    codes = several(office, 3)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    folder = tmp_path / "cards"
    how = ("--format", "square", "--processes", processes)
    said = run(office, "card", "export", "--all", "--output", folder, *how)
    assert "Written: 3 cards" in said
    assert {path.name for path in folder.iterdir()} == {f"{code}.square.png" for code in codes}
    assert all(size_of(path) == (1080, 1080) for path in folder.iterdir())
    assert "is there already" in run(office, "card", "export", "--all", "--output", folder, *how, code=2)
    assert actions(office) == [("card.export", 3), ("card.export", 3)]


def test_files_of_cards_that_are_over_are_named_and_not_made_again(office: Office, tmp_path: Path) -> None:
    codes = several(office, 2)
    folder = tmp_path / "cards"
    run(office, "card", "export", "--all", "--output", folder, "--format", "html")
    (folder / "notes.html").write_text("ours")
    office.matcher.close_case("A-2", status="returned", actor="me")
    said = run(office, "card", "export", "--all", "--output", folder, "--format", "html", "--overwrite")
    assert f"of cards that are over, {codes[1]}: delete them" in said
    assert "Written: 1 cards" in said
    assert (folder / "notes.html").read_text() == "ours"


def test_one_card_that_cannot_be_made_holds_up_no_other(office: Office, tmp_path: Path) -> None:
    codes = several(office, 2)
    context = office.matcher.context
    context.blobs.delete_owner(office.matcher.case("A-1").id)
    said = run(office, "card", "export", "--all", "--output", tmp_path / "cards", code=3)
    assert [path.name for path in (tmp_path / "cards").iterdir()] == [f"{codes[1]}.png"]
    assert f"{codes[0]}.png: " in said
    assert "Cards that could not be written: 1" in said


def test_alerts_are_written_as_the_public_server_gives_them(office: Office, tmp_path: Path) -> None:
    missing(office)
    published(office)
    alert = alerted(office, second_officer(office))
    office.matcher.public.alerts.update(office.officer, alert.id, NewTerms(note="Last seen at the station."))
    with office.matcher.context.store.read() as reading:
        other = reading.people.by_name("second")
    office.matcher.public.alerts.approve(
        Acting(id=other.id, name="second", rights=office.officer.rights, signed_in="session"), alert.id
    )
    names = {kind: tmp_path / f"alerts.{kind}" for kind in ("cap", "geojson", "atom")}
    run(
        office, "alert", "export", "--cap", names["cap"], alert.id, "--geojson", names["geojson"], "--atom",
        names["atom"], "--language", "zh-Hans",
    )  # fmt: skip
    require_valid(names["cap"].read_bytes())
    cap = parse_cap(names["cap"].read_bytes())
    assert (cap.kind, cap.status, len(cap.references)) == (CapKind.UPDATE, CapStatus.ACTUAL, 1)
    (area,) = json.loads(names["geojson"].read_text(encoding="utf-8"))["features"]
    assert (area["id"], area["properties"]["radius_km"], area["properties"]["language"]) == (alert.id, 100, "zh-Hans")
    feed = etree.parse(names["atom"])
    assert feed.xpath("string(//a:entry/a:title)", namespaces=ATOM).startswith("寻人")
    assert feed.xpath("//a:entry/a:link[@type='application/cap+xml']/@href", namespaces=ATOM) == [f"{URL}/alerts/2.cap"]
    assert actions(office) == [("alert.export", 1), ("alert.export", 1)]
    before = names["cap"].read_bytes()
    assert "is there already" in run(office, "alert", "export", "--cap", names["cap"], alert.id, code=2)
    assert names["cap"].read_bytes() == before
    office.matcher.close_case("A-1", status="returned", actor="me")
    run(office, "alert", "export", "--atom", tmp_path / "none.atom", "--cap", tmp_path / "over.cap", alert.id)
    assert b"<entry" not in (tmp_path / "none.atom").read_bytes()
    assert parse_cap((tmp_path / "over.cap").read_bytes()).kind is CapKind.CANCEL


def test_a_test_says_that_it_is_one_and_a_draft_says_nothing(office: Office, tmp_path: Path) -> None:
    missing(office)
    published(office)
    alerts = office.matcher.public.alerts
    draft = alerts.draft(office.officer, "A-1", NewTerms(centre=Position(30.0, 120.0)))
    assert "issue it first" in run(office, "alert", "export", "--cap", tmp_path / "a.xml", draft.id, code=5)
    assert not (tmp_path / "a.xml").exists()
    alerts.issue(office.officer, draft.id, "test")
    run(office, "alert", "export", "--cap", tmp_path / "a.xml", draft.id, "--geojson", tmp_path / "a.geojson")
    assert parse_cap((tmp_path / "a.xml").read_bytes()).status is CapStatus.TEST
    assert json.loads((tmp_path / "a.geojson").read_text())["features"] == [], "a test is heard by nobody"
    run(office, "alert", "export", code=2)


def test_without_the_extra_one_line_names_it(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = several(office, 1)
    for name in [name for name in sys.modules if name.startswith("matcher.web")]:
        monkeypatch.delitem(sys.modules, name)
    original = builtins.__import__

    def without(name: str, *how: object, **more: object) -> object:
        if name.partition(".")[0] == "babel":
            raise ModuleNotFoundError("No module named 'babel'", name="babel")
        return original(name, *how, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    file = tmp_path / "x"
    for command in (
        ("card", "export", code, "--output", file, "--language", "zh-Hans"),
        ("alert", "export", "--atom", file),
    ):
        said = run(office, *command, code=10)
        assert "babel: pip install 'sighting-matcher[web]'" in said
        assert not file.exists()
    run(office, "card", "export", code, "--output", file)
    assert file.exists(), "English needs no translations"
