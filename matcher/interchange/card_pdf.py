"""A card as a poster on A4."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from matcher.errors import ExtraMissing
from matcher.images.crops import to_jpeg
from matcher.images.fonts import drawn, faces_with, is_letter
from matcher.images.portraits import Area, Image
from matcher.interchange.card_layout import Layout
from matcher.interchange.card_sheet import CardSheet
from matcher.interchange.review_pdf import require_reportlab
from matcher.wording import Wording

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

# Known to every program that shows PDF files, so that no font is put into the file for Latin and Chinese letters.
_LATIN, _HAN = ("Helvetica", "Helvetica-Bold"), "STSong-Light"
_LATIN_LETTERS, _HAN_LETTERS = "cp1252", "gbk"
_STROKE = 0.028  # of the size of letters: what makes Chinese bold
_SEAM = 0.06  # points by which squares overlap, so that no program shows gaps between them
_HEIGHT = 842.0


def card_pdf(sheet: CardSheet, font: Path | None = None) -> bytes:
    """The card as PDF bytes, equal for equal sheets: one page of A4, whose code is a link, too.

    Chinese is set in STSong-Light, which programs that show PDF files bring along, or in the TrueType file `font`, of
    which the letters that are used are then put into the file. So are those of a font of this machine for letters that
    are neither Latin nor Chinese. `ExtraMissing` without reportlab, or if there are letters that no such font has.
    """
    require_reportlab()
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont(_HAN))
    file = io.BytesIO()
    canvas = Canvas(file, A4, invariant=1, lang=sheet.language)
    canvas.setTitle(f"{sheet.title}: {sheet.name}")
    canvas.setAuthor("")
    paper = _Paper(canvas, font)
    paper.require(sheet.texts)
    Layout(paper, sheet).poster()
    canvas.save()
    return file.getvalue()


class _Paper:
    """A page in points, counted from the upper left."""

    density = 200 / 72  # what printers of offices show

    def __init__(self, canvas: Canvas, font: Path | None) -> None:
        self._canvas, self._font = canvas, font

    def require(self, texts: Iterable[str]) -> None:
        """`ExtraMissing` if there are letters in the texts that no font has."""
        letters = filter(is_letter, set(drawn("".join(texts))))
        missing = "".join(sorted(one for one in letters if self._found(one, False) is None))
        if missing:
            told = {"letters": missing[:20], "code": f"U+{ord(missing[0]):04X}"}
            raise ExtraMissing(
                Wording(
                    "The PDF has no letters for {letters} ({code}): install a TrueType font that has them, name a font "
                    "file, or take the picture or the page.",
                    **told,
                )
            )

    def width(self, text: str, size: float, bold: bool) -> float:
        """The length of a line."""
        from reportlab.pdfbase.pdfmetrics import stringWidth

        return float(sum(stringWidth(run, name, size) for name, run in self._runs(text, bold)))

    def write(self, at: tuple[float, float], text: str, size: float, bold: bool, colour: str) -> None:
        """Write a line; `at` is the left end of its baseline."""
        canvas = self._canvas
        canvas.saveState()
        canvas.setFillColor(colour)
        canvas.setStrokeColor(colour)
        canvas.setLineWidth(size * _STROKE)
        line = canvas.beginText(at[0], _HEIGHT - at[1])
        for name, run in self._runs(text, bold):
            line.setFont(name, size)
            line.setTextRenderMode(2 if bold and name not in _LATIN else 0)
            line.textOut(run)
        canvas.drawText(line)
        canvas.restoreState()

    def fill(self, area: Area, colour: str, radius: float = 0) -> None:
        """Fill an area, whose corners are round with a radius."""
        left, top, right, bottom = area
        self._canvas.setFillColor(colour)
        self._canvas.roundRect(left, _HEIGHT - bottom, right - left, bottom - top, radius, stroke=0, fill=1)

    def photo(self, area: Area, image: Image) -> None:
        """Show pixels in an area."""
        from reportlab.lib.utils import ImageReader

        left, top, right, bottom = area
        picture = ImageReader(io.BytesIO(to_jpeg(image)))
        self._canvas.drawImage(picture, left, _HEIGHT - bottom, right - left, bottom - top)

    def squares(self, area: Area, rows: Sequence[Sequence[bool]], colour: str) -> None:
        """A field of squares that fills an area."""
        left, top, right, _ = area
        side = (right - left) / len(rows)
        self._canvas.setFillColor(colour)
        for down, row in enumerate(rows):
            along = 0
            for dark, run in groupby(row):
                length = len(list(run))
                if dark:
                    place = left + along * side, _HEIGHT - top - (down + 1) * side
                    self._canvas.rect(*place, length * side, side + _SEAM, stroke=0, fill=1)
                along += length

    def link(self, area: Area, address: str) -> None:
        """Make an area lead to an address."""
        left, top, right, bottom = area
        self._canvas.linkURL(address, (left, _HEIGHT - bottom, right, _HEIGHT - top))

    def _runs(self, text: str, bold: bool) -> Iterator[tuple[str, str]]:
        """The text in pieces of one font; signs that are no letters and that no font has are left out."""
        placed = ((self._found(letter, bold), letter) for letter in drawn(text))
        for name, run in groupby(placed, key=lambda pair: pair[0]):
            if name is not None:
                yield name, "".join(letter for _, letter in run)

    def _found(self, letter: str, bold: bool) -> str | None:
        return _font_of(letter, bold, self._font)


@lru_cache(maxsize=20_000)
def _font_of(letter: str, bold: bool, file: Path | None) -> str | None:
    """The name of a registered font that has a letter and sets it rightly."""
    if letter.encode(_LATIN_LETTERS, "ignore"):
        return _LATIN[bold]
    if unicodedata.bidirectional(letter) in {"R", "AL"} or unicodedata.category(letter) in {"Mn", "Mc"}:
        return None  # reportlab joins and turns no letters
    if file is None and letter.encode(_HAN_LETTERS, "ignore"):
        return _HAN
    for face in faces_with(letter, bold, file):
        name = _registered(face.file, face.index)
        if name is not None:
            return name
    return _HAN if letter.encode(_HAN_LETTERS, "ignore") else None


@lru_cache(maxsize=64)
def _registered(file: str, index: int) -> str | None:
    """The name of a font of a file, `None` if it has no TrueType outlines."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    name = f"{Path(file).stem}-{index}"
    try:
        pdfmetrics.registerFont(TTFont(name, file, subfontIndex=index))
    except TTFError:
        return None
    return name
