"""Cards as pictures: whatever is written fits and overlaps nothing, codes can be read, odd photos do no harm."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
import pytest
from card_samples import ADDRESS, CHINESE_FACTS, EN, ENGLISH_FACTS, ZH, card, needs_chinese_font, photo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.domain.cards import CardFacts
from matcher.domain.faces import Box
from matcher.errors import ExtraMissing, PhotoRefused, WrongUse
from matcher.images import fonts
from matcher.images.crops import to_jpeg
from matcher.images.drawing import Drawing
from matcher.interchange.card_layout import Layout
from matcher.interchange.card_png import Shape, card_png
from matcher.interchange.card_sheet import CardSheet, card_sheet
from matcher.interchange.fitting import LEADING
from matcher.wording import Reader

LONG = CardFacts(
    name=("Maximiliana Konstantinopolitanskaya of the Riverside " * 2)[:60],
    age_then=0.5,
    missing_since=date(2020, 12, 31),
    place="the playground behind the municipal library in the old quarter, near the fountain, " * 3,
    height_cm=121,
    weight_kg=23.5,
    marks=("a scar shaped like a crescent on the left knee; " * 12)[:500],
    clothing=("a dark blue uniform with a white collar, " * 14)[:500],
)
LONG_CHINESE = replace(
    LONG,
    name="阿卜杜热合曼" * 10,
    place="新疆维吾尔自治区伊犁哈萨克自治州伊宁市解放西路客运站候车大厅东门外" * 4,
    marks=("左膝有月牙形疤痕；右臂有浅褐色胎记，" * 30)[:500],
    clothing="深蓝色校服，白色衣领。" * 45,
)
ONE_WORD = replace(LONG, name="W" * 60, place="i" * 400, marks="M" * 500, clothing="x" * 500)
EACH = [(shape, reader) for shape in Shape for reader in (EN, ZH)]
NAMED = [f"{shape.value}-{reader.language}" for shape, reader in EACH]


def pixels(data: bytes) -> np.ndarray:
    with PIL.Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def facts(reader: Reader) -> CardFacts:
    return CHINESE_FACTS if reader is ZH else ENGLISH_FACTS


@needs_chinese_font
@pytest.mark.parametrize(("shape", "reader"), EACH, ids=NAMED)
def test_the_code_can_be_read(shape: Shape, reader: Reader) -> None:
    longest = "https://report.example.org/" + "k7" * 39 + "q"
    for address in (ADDRESS, longest, "http://x.cn"):
        page = pixels(card_png(card_sheet(card(facts(reader), report_url=address), reader), shape))
        assert cv2.QRCodeDetector().detectAndDecode(page)[0] == address


@needs_chinese_font
@pytest.mark.parametrize(("shape", "reader"), EACH, ids=NAMED)
def test_the_code_can_be_read_when_a_messenger_has_made_the_picture_smaller(shape: Shape, reader: Reader) -> None:
    page = pixels(card_png(card_sheet(card(facts(reader)), reader), shape))
    for scale, quality in ((0.9, 40), (0.8, 60), (0.6, 90)):
        smaller = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        _, coded = cv2.imencode(".jpg", smaller, [cv2.IMWRITE_JPEG_QUALITY, quality])
        assert cv2.QRCodeDetector().detectAndDecode(cv2.imdecode(coded, cv2.IMREAD_COLOR))[0] == ADDRESS


@dataclass
class Recorded(Drawing):
    """A drawing that remembers the areas of its lines and of what else is on it."""

    lines: list[tuple[float, float, float, float, str]] = field(default_factory=list)
    areas: list[tuple[float, float, float, float]] = field(default_factory=list)

    def write(self, at: tuple[float, float], text: str, size: float, bold: bool, colour: str) -> None:
        # The letters of a line reach from 0.8 of their size above its foot to 0.2 below.
        x, y = at
        self.lines.append((x, y - 0.8 * size, x + self.width(text, size, bold), y + 0.2 * size, text))
        super().write(at, text, size, bold, colour)

    def photo(self, area: tuple[float, float, float, float], image: np.ndarray) -> None:
        assert image.shape == (round(area[3] - area[1]), round(area[2] - area[0]), 3)
        self.areas.append(area)
        super().photo(area, image)

    def squares(self, area: tuple[float, float, float, float], rows: Any, colour: str) -> None:
        self.areas.append(area)
        super().squares(area, rows, colour)


def recorded(sheet: CardSheet, shape: Shape) -> Recorded:
    page = Recorded.__new__(Recorded)
    page.lines, page.areas = [], []
    Drawing.__init__(page, *shape.size, "#ffffff")
    layout = Layout(page, sheet)
    layout.message() if shape is Shape.MESSAGE else layout.square()
    return page


def overlapping(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def assert_fits(page: Recorded, size: tuple[int, int]) -> None:
    width, height = size
    assert len(page.lines) >= 7 and len(page.areas) == 2
    for number, line in enumerate(page.lines):
        assert line[0] >= 0 and line[2] <= width and line[1] >= 0 and line[3] <= height, line
        for other in page.lines[number + 1 :]:
            assert not overlapping(line[:4], other[:4]), (line, other)
        for area in page.areas:
            assert not overlapping(line[:4], area), (line, area)


@needs_chinese_font
@pytest.mark.parametrize(
    "told", [LONG, LONG_CHINESE, ONE_WORD, CardFacts(), ENGLISH_FACTS], ids=lambda told: str(told.name)[:6]
)
@pytest.mark.parametrize(("shape", "reader"), EACH, ids=NAMED)
def test_any_length_of_text_fits_and_overlaps_nothing(shape: Shape, reader: Reader, told: CardFacts) -> None:
    for phone in ("110", "+44 (0)20 7946 0123 extension 4567 / 999"):
        sheet = card_sheet(card(told, phone=phone, code="ABCD EFGH JKLM NPQR 1234"), reader)
        assert_fits(recorded(sheet, shape), shape.size)


@needs_chinese_font
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.text(alphabet="王欧 阳。，aMi.,-“”é", min_size=1, max_size=60),
    st.text(alphabet="左膝有；。， abcMi.,-“”", max_size=500),
    st.text(alphabet="左膝有；。， abcMi.,-“”", max_size=500),
    st.sampled_from(EACH),
)
def test_any_text_fits(name: str, marks: str, place: str, how: tuple[Shape, Reader]) -> None:
    shape, reader = how
    told = replace(ENGLISH_FACTS, name=name.strip() or None, marks=marks.strip() or None, place=place.strip() or None)
    assert_fits(recorded(card_sheet(card(told), reader), shape), shape.size)


@pytest.mark.parametrize("shape", Shape)
def test_what_is_cut_ends_in_an_ellipsis_and_everything_begins(shape: Shape) -> None:
    texts = [line[4] for line in recorded(card_sheet(card(replace(LONG, name="A" * 200))), shape).lines]
    assert any(text.startswith("AAA") for text in texts) and any(text.endswith("A…") for text in texts)
    for heading in ("Missing since", "Last seen at", "Height, weight", "Marks", "Clothing"):
        assert heading in texts
    assert "31 December 2020 (for 3 years)" in texts


@pytest.mark.parametrize("shape", Shape)
def test_the_number_to_call_is_the_largest_thing_to_read_after_the_band(shape: Shape) -> None:
    page = recorded(card_sheet(card()), shape)
    heights = {line[4]: line[3] - line[1] for line in page.lines}
    assert heights["116 000"] > 1.1 * heights["Daisy Larkin"] > 1.5 * heights["Clothing"]
    assert max(heights, key=lambda text: heights[text]) in {"116 000", "MISSING"}
    assert heights["116 000"] * LEADING < 0.2 * shape.size[1]


PHOTOS = {
    "one pixel": np.full((1, 1, 3), 80, np.uint8),
    "very tall": np.full((3000, 40, 3), 80, np.uint8),
    "very wide": np.full((40, 3000, 3), 80, np.uint8),
    "large": np.full((2500, 3500, 3), 80, np.uint8),
}
BOXES = [None, Box(-50, -50, 20, 30), Box(0, 0, 1, 1), Box(10, 10, 2000, 2000), Box(5000, 5000, 5100, 5100)]


@pytest.mark.parametrize("box", BOXES, ids=str)
@pytest.mark.parametrize("name", PHOTOS)
def test_photos_of_any_shape(name: str, box: Box | None) -> None:
    made = card(photo=to_jpeg(PHOTOS[name]), face=box)
    for shape in Shape:
        assert pixels(card_png(card_sheet(made), shape)).shape == (*shape.size[::-1], 3)


def test_grey_and_rotated_photos() -> None:
    grey = io.BytesIO()
    PIL.Image.fromarray(np.full((90, 60), 77, np.uint8)).save(grey, "JPEG")
    page = pixels(card_png(card_sheet(card(photo=grey.getvalue()))))
    assert tuple(page[200, 200]) == (77, 77, 77)
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # upright only after a quarter turn
    turned = io.BytesIO()
    sides = np.zeros((100, 200, 3), np.uint8)
    sides[:, :100] = (250, 0, 0)
    PIL.Image.fromarray(sides).save(turned, "JPEG", exif=exif, quality=95)
    page = pixels(card_png(card_sheet(card(photo=turned.getvalue()))))
    assert page[60, 200, 0] > 200 and page[500, 200, 0] < 50


def test_what_is_no_photo_is_refused_without_the_name() -> None:
    with pytest.raises(PhotoRefused) as refused:
        card_png(card_sheet(card(photo=b"nothing")))
    assert "K7Q-4MZ" in str(refused.value) and "Daisy" not in str(refused.value)


def test_the_same_card_is_the_same_picture() -> None:
    assert card_png(card_sheet(card())) == card_png(card_sheet(card()))


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A machine without any font."""
    monkeypatch.setattr(fonts, "_FAMILIES", ())
    monkeypatch.setattr(fonts, "_listed", lambda code: iter(()))
    for known in (fonts.typeface, fonts._installed):
        known.cache_clear()
    yield
    for known in (fonts.typeface, fonts._installed):
        known.cache_clear()


def test_english_needs_no_font_and_chinese_says_which(bare: None) -> None:
    assert pixels(card_png(card_sheet(card()))).shape == (630, 1200, 3)
    with pytest.raises(ExtraMissing, match=r"fonts-noto-cjk.*google-noto-sans-cjk-fonts.*font file") as missing:
        card_png(card_sheet(card(replace(ENGLISH_FACTS, name="王○○"))))
    assert "王" in str(missing.value) and "U+738B" in str(missing.value)


def test_signs_that_are_no_letters_are_left_out(bare: None) -> None:
    plain = replace(ENGLISH_FACTS, clothing="red shirt")
    odd = replace(plain, clothing="red \U0001f455\ufe0f shirt\u202e\x07")
    drawn = [recorded(card_sheet(card(told)), Shape.MESSAGE) for told in (plain, odd)]
    assert np.array_equal(pixels(drawn[0].png())[:, :440], pixels(drawn[1].png())[:, :440])
    assert not any("\U0001f455" in run for _, run in fonts.typeface(False).runs(odd.clothing or ""))


def test_a_font_can_be_named(bare: None, tmp_path: Path) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    greek = card_sheet(card(replace(ENGLISH_FACTS, name="Ελένη")))
    with pytest.raises(ExtraMissing, match="Ελέ|ένΕ|ΈΕ|Ε"):
        card_png(greek)
    assert card_png(greek, font=file) != card_png(card_sheet(card()), font=file)
    (tmp_path / "no.ttf").write_bytes(b"nothing")
    for wrong in (tmp_path / "no.ttf", tmp_path / "nowhere.ttf"):
        with pytest.raises(WrongUse, match="is no font"):
            card_png(greek, font=wrong)


def test_the_photo_is_around_the_face() -> None:
    found = recorded(card_sheet(card(photo=photo(), face=Box(165, 165, 280, 310))), Shape.SQUARE)
    whole = recorded(card_sheet(card(photo=photo())), Shape.SQUARE)
    assert not np.array_equal(pixels(found.png())[130:740, :530], pixels(whole.png())[130:740, :530])
