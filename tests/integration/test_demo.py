"""What `matcher demo` leaves behind: people, a child whom the public sees, and reports about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import run
from fastapi.testclient import TestClient

from matcher import Matcher
from matcher.accounts.rights import Acting
from matcher.demo import run as demo_run
from matcher.demo.cast import demo_cast
from matcher.demo.public import PORT
from matcher.demo.staff import OFFICER, acting_as
from matcher.domain.alerts import AlertState, Meant
from matcher.domain.publications import CardState
from matcher.domain.reports import Doubt
from matcher.web.public.app import create_public_app


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    """A demo with four children, and what it said."""
    monkeypatch.setattr(demo_run, "demo_cast", lambda: demo_cast(children=4))
    root = tmp_path / "demo"
    return root, run("demo", "--home", root).stdout


def states(matcher: Matcher, officer: Acting) -> list[str]:
    return [line.state.value for line in matcher.public.reports.listed(officer)]


def test_the_demo_has_a_public_side_which_is_made_once(demo: tuple[Path, str]) -> None:
    root, said = demo
    with Matcher.open(root) as matcher:
        officer, public = acting_as(matcher.context, OFFICER), matcher.public
        waiting, live = sorted(public.cards.listed(officer), key=lambda one: one.state is CardState.LIVE)
        assert (waiting.state, live.state, live.shown, live.drafted_by == live.approved_by) == (
            CardState.DRAFT,
            CardState.LIVE,
            True,
            False,
        )
        (alert,) = public.alerts.listed(officer)
        assert (alert.case_id, alert.state, alert.meant) == (live.case_id, AlertState.ISSUED, Meant.ACTUAL)
        assert alert.issued_by == ("chen", "gao")
        assert "nobody is missing" in (alert.terms.note or "")
        assert (alert.circle.radius_km, alert.grows_at is not None) == (300, True)
        assert states(matcher, officer) == ["taken", "duplicate", "held"]
        (held,) = public.reports.waiting(officer)
        assert {Doubt.TRAP, Doubt.LINKS} <= set(held.doubts)
        assert len(matcher.casework.case_map(officer, live.case_id).sightings) == 1
        with TestClient(create_public_app(matcher.context, secure=False)) as browser:
            page = browser.get(f"/c/{live.code}").text
        assert f"http://127.0.0.1:{PORT}/report?card={live.code}" in page
    assert f"matcher serve --public --port {PORT} --home {root}" in said
    assert f"http://127.0.0.1:{PORT}/c/{live.code}" in said
    assert run("demo", "--home", root).stdout == said, "a second run finds everything there"
    with Matcher.open(root) as matcher:
        assert states(matcher, officer) == ["taken", "duplicate", "held"]
        assert len(matcher.public.cards.listed(officer)) == 2


def test_a_home_with_real_cases_is_no_demo_and_its_settings_stay(matcher: Matcher) -> None:
    root = matcher.context.home.root
    before = matcher.context.home.settings_file.read_bytes()
    assert "real cases" in run("demo", "--home", root, code=2).stderr
    assert matcher.context.home.settings_file.read_bytes() == before
