"""What is too much for the desk, sent by a real browser: it shows the desk's answer, not an error of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from browsers import Served, accessible
from desks import acting_of

from matcher.domain.people import Language

# Playwright's own event loop leaves a socket to the collector, and axe's package opens its file so, too.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.mark.parametrize("megabytes", [70, 300])
def test_a_photo_that_is_too_large_gets_a_page_with_a_way_on(served: Served, tmp_path: Path, megabytes: int) -> None:
    photo = tmp_path / "photo.jpg"
    with photo.open("wb") as file:
        file.truncate(megabytes * 1_000_000)
    served.desk.matcher.accounts.set_language(acting_of(served.desk, "ma"), Language.CHINESE)
    page = served.signed_in("ma")
    page.goto(f"{served.url}/sightings/new")
    page.set_input_files("[name=photo]", photo)
    with page.expect_response("**/sightings") as answer:
        page.evaluate("document.querySelector('main form').submit()")  # whatever the page itself checks before
    assert answer.value.status == 413
    assert page.inner_text("h1") == "发送的内容过大"
    assert "最多 64 MB" in page.inner_text("[role=alert]")
    accessible(page)
    page.click("header.bar a[href='/sightings']")
    page.wait_for_url("**/sightings")
    assert all("413" in said for said in served.troubles)  # the browser's console names the status
