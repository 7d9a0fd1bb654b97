"""A comparison as a PDF on A4."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from html import escape
from typing import TYPE_CHECKING, Any

from matcher.errors import ExtraMissing
from matcher.interchange.review_sheet import Compared, ReviewSheet

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import Flowable

# Helvetica and STSong-Light are known to every reader of PDF files, so no font is put into the file.
_LATIN, _BOLD, _HAN = "Helvetica", "Helvetica-Bold", "STSong-Light"
_LETTERS = "cp1252"  # what Helvetica has
_EDGE, _GAP, _FOOT = 42.0, 14.0, 34.0  # points, 1/72 inch
_PADDING = 6.0  # which reportlab keeps free on each side of its frames
_INK, _GREY, _RULE = "#1f2328", "#57606a", "#dfddd8"
_TALLEST_FACE, _TALLEST_PHOTO = 295.0, 190.0


def require_reportlab() -> None:
    """`ExtraMissing` if reportlab is not installed."""
    try:
        import reportlab  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise ExtraMissing("PDF files need reportlab: pip install 'sighting-matcher[web]'.") from error


def review_pdf(sheet: ReviewSheet) -> bytes:
    """The comparison as PDF bytes, equal for equal sheets: it holds no time and no name of a machine or a person.

    The faces stand side by side at one scale, each above its whole photo; then the features, the verdict and the note.
    The notice stands at the foot of every page. Chinese is set in STSong-Light, which programs that show PDF files
    bring along; letters that neither font has, of other scripts than Latin and Chinese, may show as blanks.
    `ExtraMissing` without reportlab.
    """
    require_reportlab()
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import SimpleDocTemplate

    pdfmetrics.registerFont(UnicodeCIDFont(_HAN))
    file = io.BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=_EDGE,
        rightMargin=_EDGE,
        topMargin=_EDGE,
        bottomMargin=_EDGE + _FOOT,
        title=sheet.headings.title,
        author="",
        lang=sheet.language,
        invariant=1,
    )
    width = document.width - 2 * _PADDING
    foot = _foot(sheet, width)
    document.build(list(_story(sheet, width)), onFirstPage=foot, onLaterPages=foot)
    return file.getvalue()


def _story(sheet: ReviewSheet, width: float) -> Iterable[Flowable]:
    from reportlab.platypus import Spacer

    words = sheet.headings
    yield _text(words.title, size=16, bold=True)
    if sheet.redacted:
        yield _text(words.redacted, colour=_GREY)
    for heading, said in sheet.about:
        yield _text(f"{heading}: {said}")
    yield Spacer(1, _GAP)
    yield _pair(sheet, width)
    yield Spacer(1, _GAP)
    yield _features(sheet, width)
    yield Spacer(1, _GAP)
    if sheet.verdict is not None:
        yield _text(f"{words.verdict}: {sheet.verdict}", size=12, bold=True)
    if sheet.note:
        yield _text(f"{words.note}: {sheet.note}")


def _pair(sheet: ReviewSheet, width: float) -> Flowable:
    words = sheet.headings
    column = (width - _GAP) / 2
    sides: tuple[tuple[str, Compared], ...] = ((words.sighting, sheet.sighting), (words.case_photo, sheet.case))
    rows = [
        [_text(name, size=12, bold=True) for name, _ in sides],
        [_picture(side.aligned, column, _TALLEST_FACE) for _, side in sides],
        [_text(words.aligned, size=8, colour=_GREY) for _ in sides],
        [_picture(side.original, column, _TALLEST_PHOTO) for _, side in sides],
        [_text(words.original, size=8, colour=_GREY) for _ in sides],
    ]
    return _table(rows, [column + _GAP, column])


def _features(sheet: ReviewSheet, width: float) -> Flowable:
    words = sheet.headings
    head = [_text(word, size=9, colour=_GREY) for word in (words.feature, words.likeness, words.note)]
    lines = [(line.name, line.likeness or "–", line.note or "") for line in sheet.features]
    rows = [[_text(cell) for cell in line] for line in lines]
    return _table([head, *rows], [0.2 * width, 0.2 * width, 0.6 * width], ruled=True)


def _table(rows: list[list[Flowable]], widths: list[float], *, ruled: bool = False) -> Flowable:
    from reportlab.platypus import Table

    # A note that is longer than a page goes on at the next.
    style: list[tuple[Any, ...]] = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]
    if ruled:
        style += [("LINEBELOW", (0, 0), (-1, -1), 0.5, _RULE)]
    return Table(rows, widths, repeatRows=int(ruled), splitInRow=int(ruled), hAlign="LEFT", style=style)


def _picture(jpeg: bytes, width: float, height: float) -> Flowable:
    from reportlab.platypus import Image

    return Image(io.BytesIO(jpeg), width, height, kind="proportional", hAlign="LEFT")


def _text(text: str, *, size: float = 10, bold: bool = False, colour: str = _INK) -> Flowable:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    font = _BOLD if bold else _LATIN
    runs = "".join(_run(part) for part in _parts(text))
    style = ParagraphStyle("text", fontName=font, fontSize=size, leading=1.4 * size, textColor=colour)
    style.wordWrap = "CJK" if _HAN in runs else None  # Chinese has no spaces between words
    return Paragraph(runs, style)


def _parts(text: str) -> Iterable[tuple[bool, str]]:
    """The text in runs that one font has, each with whether that is Helvetica.

    Control characters and halves of letters are left out.
    """
    plain = re.sub(r"[^\S\n]+|[\0-\x08\x0b-\x1f\x7f\ud800-\udfff]", " ", text)
    run, latin = "", True
    for letter in plain:
        fits = bool(letter.encode(_LETTERS, "ignore"))
        if fits != latin and letter != " ":
            if run:
                yield latin, run
            run, latin = "", fits
        run += letter
    if run:
        yield latin, run


def _run(part: tuple[bool, str]) -> str:
    """A run in the markup of reportlab's paragraphs, in which no character of the text is markup."""
    latin, text = part
    marked = escape(text).replace("\n", "<br/>")
    return marked if latin else f'<font name="{_HAN}">{marked}</font>'


def _foot(sheet: ReviewSheet, width: float) -> Callable[[Canvas, Any], None]:
    def draw(canvas: Canvas, document: Any) -> None:
        notice = _text(f"{document.page} · {sheet.notice}", size=8, colour=_GREY)
        notice.wrap(width, _FOOT)
        notice.drawOn(canvas, _EDGE + _PADDING, _EDGE)

    return draw
