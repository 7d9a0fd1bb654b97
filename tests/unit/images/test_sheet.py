"""The comparison sheet: every face on it, text that fits, no limit broken."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import pytest

from matcher.errors import WrongUse
from matcher.images.lettering import Lettering
from matcher.images.sheet import MOST_CANDIDATES, Tile, comparison_sheet

FOOTER = "Possible resemblance, for human review; not an identification."


def face(colour: tuple[int, int, int], shape: tuple[int, int] = (50, 50)) -> np.ndarray:
    return np.full((*shape, 3), colour, np.uint8)


def sheet(candidates: list[Tile], probe: Tile | None = None, footer: str = FOOTER) -> np.ndarray:
    data = comparison_sheet(probe or Tile(face((250, 0, 0)), ("Sighting",)), candidates, footer)
    with PIL.Image.open(io.BytesIO(data)) as image:
        assert image.format == "PNG" and not image.info
        return np.asarray(image)


def places(page: np.ndarray, colour: tuple[int, int, int]) -> tuple[int, int, int]:
    """How many pixels have a colour, and the first column and row of them."""
    rows, columns = np.nonzero((page == colour).all(axis=2))
    return len(rows), columns.min(), rows.min()


def test_all_faces_are_there_in_the_order_given() -> None:
    colours = [(0, 10 * number + 40, 90) for number in range(12)]
    page = sheet([Tile(face(colour), ("Case", "similarity 0.5")) for colour in colours])
    found = [places(page, colour) for colour in colours]
    order = [(row, column) for _, column, row in found]
    assert order == sorted(order) and len(set(order)) == 12
    assert all(count > 35_000 for count, _, _ in found)
    count, column, _ = places(page, (250, 0, 0))
    assert count > 150_000 and column < found[0][1]


def test_shapes_are_kept() -> None:
    page = sheet([Tile(face((0, 200, 0), (10, 40))), Tile(face((0, 0, 200)))])
    count, _, _ = places(page, (0, 200, 0))
    assert 9_000 < count < 10_500  # 200 × 50 pixels, less what the corners cut


def test_one_candidate_alone_is_as_large_as_the_face_beside_it() -> None:
    page = sheet([Tile(face((0, 200, 0)))], Tile(face((250, 0, 0))))
    green, _, _ = places(page, (0, 200, 0))
    red, _, _ = places(page, (250, 0, 0))
    assert green == red > 150_000


def test_no_candidates_and_no_lines() -> None:
    page = sheet([], Tile(face((250, 0, 0))))
    assert page.shape[0] > 420


def test_a_long_footer_is_wrapped() -> None:
    assert sheet([], footer=FOOTER * 12).shape[0] > sheet([]).shape[0] + 40


def test_too_many_candidates() -> None:
    with pytest.raises(WrongUse, match="at most 200 candidates, not 201"):
        comparison_sheet(Tile(face((1, 1, 1))), [Tile(face((1, 1, 1)))] * (MOST_CANDIDATES + 1), FOOTER)


def test_long_lines_end_in_an_ellipsis_and_fit() -> None:
    letters = Lettering(14)
    line = "the photo of the station camera at the northern entrance"
    fitted = letters.fitted(line, 150)
    assert fitted.endswith("…") and line.startswith(fitted[:-1].rstrip())
    assert 100 < letters.width(fitted) <= 150
    assert letters.fitted("short", 150) == "short"


def test_wrapped_lines_fit_and_lose_no_word() -> None:
    letters = Lettering(14)
    lines = letters.wrapped("possible resemblance for human review not an identification", 130)
    assert len(lines) > 2 and all(letters.width(line) <= 130 for line in lines)
    assert " ".join(lines) == "possible resemblance for human review not an identification"
    assert letters.wrapped("", 100) == []


@pytest.mark.parametrize(
    "text", ["李明 王芳", "Élodie × Ţ – “x”", "Жанна", "\U0001f9d2\u200d\U0001f9d2", "\uffff\x00\n\t", ""]
)
def test_any_text_can_be_written(text: str) -> None:
    assert Lettering(14).width(text) >= 0
    assert sheet([Tile(face((1, 2, 3)), (text, text))]).any()


def test_a_letter_without_a_font_becomes_what_it_resembles(monkeypatch: pytest.MonkeyPatch) -> None:
    from matcher.images import lettering

    monkeypatch.setattr(lettering, "_SYSTEM_FONTS", ())
    lettering._fonts.cache_clear()
    try:
        bare = Lettering(31)
        assert bare.width("é – 李") == bare.width("e - ?")
    finally:
        lettering._fonts.cache_clear()
