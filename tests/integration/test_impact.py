"""The page for an impact assessment: it says what is so in this home, and leaves the rest to people."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from accounts import staff
from commands import as_json, run
from databases import run_sql
from pictures import child

from matcher import Matcher
from matcher.config import Home, Settings
from matcher.domain.people import Role
from matcher.interchange.impact_page import Section, Table, impact_page
from matcher.services.masterkeys import KeyPlace
from matcher.services.measures import measures


def row(page: str, name: str) -> str:
    """The cells behind the first one of a table's row."""
    found = re.search(rf"^\| {re.escape(name)} \| (.*) \|$", page, re.M)
    assert found is not None, name
    return found[1]


def test_the_figures_are_those_of_the_home(matcher: Matcher) -> None:
    born = (datetime.now(timezone.utc) - timedelta(days=4 * 366)).date().isoformat()
    matcher.add_case("A-1", [child(1)], actor="li", born=born, legal_basis="police_order")
    matcher.add_case("A-2", actor="li")
    matcher.close_case("A-2", status="hoax", actor="li")
    matcher.submit_sighting([child(1, 1)], actor="li")
    staff(matcher.context, "ann", Role.REVIEWER, Role.AUDITOR)
    page = matcher.impact_page()
    assert (row(page, "cases, open"), row(page, "cases, hoax"), row(page, "sightings")) == ("1", "1", "1")
    assert row(page, "children of open cases, aged 3-5 today") == "1"
    assert row(page, "people").startswith("at most 3 different people")
    assert row(page, "reviewer") == "1 | own\\_account, review, quality\\_own"
    assert row(page, "officer").startswith("0 | ")
    assert row(page, "audit\\_days").startswith("1095 | ")
    assert row(page, "legal basis") == "recorded for 1 of 1 open cases"
    assert "weak at" in page
    assert str(matcher.context.home.root).replace("_", "\\_") in page


def test_every_period_that_can_be_set_is_told(matcher: Matcher) -> None:
    page = matcher.impact_page()
    for name in Settings.model_fields:
        if name.endswith("_days"):
            assert row(page, name.replace("_", "\\_"))


@pytest.mark.parametrize("key", [KeyPlace(), None])
def test_encryption_is_looked_up_and_not_believed(tmp_path: Path, key: KeyPlace | None) -> None:
    with Matcher.create(tmp_path / "other", key=key) as matcher:
        assert dict(measures(matcher.context))["photos on the disk"] == "none is kept"
        matcher.add_case("A-1", [child(1)], actor="li")
        matcher.reindex(actor="li")
        found = dict(measures(matcher.context))
    kept = ("photos on the disk", "embeddings in the database", "vectors of the live snapshot")
    begins = "IN THE CLEAR: 1 of 1" if key is None else "encrypted: none of"
    assert [found[name].startswith(begins) for name in kept] == [True] * 3


def test_what_is_wrong_is_told_too(matcher: Matcher, home: Path) -> None:
    matcher.add_case("A-1", actor="li")
    assert "chain whole, 1 entries" in dict(measures(matcher.context))["audit log"]
    run_sql(f"sqlite:///{Home(home).database}", "UPDATE audit SET entry = '{}'")
    home.chmod(0o755)
    found = dict(measures(matcher.context))
    assert found["audit log"] == "BROKEN at entry 1: changed"
    assert found["the home folder"] == "can be read by OTHER USERS"


def test_the_page_claims_nothing_and_leaves_blanks(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "impact.md"
    done = run("impact", file)
    page = file.read_text(encoding="utf-8")
    assert f"{page.count('**To be answered:**')} questions" in done.stdout
    assert page.count("> …") == page.count("**To be answered:**") == 17
    assert "designed for" in page
    assert "complian" not in page.lower()
    assert file.stat().st_mode & 0o777 == 0o600
    assert next(line for line in page.splitlines() if line.startswith("## ")) == "## 1. Purposes and operations"
    for source in ("GDPR Art. 35(7)(a)", "GDPR Art. 35(7)(d)", "LED (EU) 2016/680 Art. 27", "PIPL (China) Art. 55"):
        assert source in page
    assert as_json("impact", tmp_path / "again.md")["to_answer"] == 17
    assert "is there already" in run("impact", file, code=2).stderr, "people may have answered in it"


def test_a_secret_in_an_address_stays_out(home: Path) -> None:
    Home(home).settings_file.write_text(
        'webhook_url = "https://hooks.example/T0KEN"\nwebhook_secret = "0123456789abcdef"\n', encoding="utf-8"
    )
    with Matcher.open(home) as matcher:
        page = matcher.impact_page()
    assert "hooks.example" in page
    assert "T0KEN" not in page


def test_what_others_wrote_breaks_no_table() -> None:
    table = Table(("a", "b"), (("x | y\n# z", "<script>`*_\\"),))
    page = impact_page("T", "N", [Section("S", "Q", tables=(table,), questions=("W|?",))])
    assert page.splitlines()[-5:] == [
        r"| x \| y # z | &lt;script>\`\*\_\\ |",
        "",
        r"**To be answered:** W\|?",
        "",
        "> …",
    ]
