"""The contact sheet: a sighting's face beside the candidates' faces, on one page for people to compare."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL import ImageDraw, ImageOps

from matcher.errors import WrongUse
from matcher.images.lettering import Lettering

Image = NDArray[np.uint8]

MOST_CANDIDATES = 200

_EDGE, _GAP, _ROW_GAP, _GUTTER = 56, 24, 32, 56
_PROBE, _TILE, _COLUMNS = 420, 200, 5
_LEFT = _EDGE + _PROBE + _GUTTER
_WIDTH = _LEFT + _COLUMNS * _TILE + (_COLUMNS - 1) * _GAP + _EDGE
_PAGE, _MOUNT, _RULE, _INK, _GREY = "#fbfbfa", "#ecebe8", "#d9d7d2", "#1f2328", "#6a6f76"
_LABEL, _TITLE, _TEXT, _BIG, _LEADING = 13, 17, 14, 20, 21  # sizes of letters and distance of lines in pixels


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """One face on the sheet, RGB uint8 of any shape, and the lines under it: the first is its title."""

    image: Image
    lines: tuple[str, ...] = ()


def comparison_sheet(
    probe: Tile, candidates: Sequence[Tile], footer: str, labels: tuple[str, str] = ("SIGHTING", "CANDIDATES")
) -> bytes:
    """A PNG with the sighting's face large on the left and the candidates, in the order given, in five columns.

    Lines that are too long end in '…'; the footer is wrapped. Letters that no installed font has are replaced by what
    they resemble, or by '?'. One candidate alone is drawn as large as the face on the left, for a fair comparison.
    `WrongUse` for more than `MOST_CANDIDATES` candidates.
    """
    if len(candidates) > MOST_CANDIDATES:
        raise WrongUse(f"A sheet holds at most {MOST_CANDIDATES} candidates, not {len(candidates)}: ask for fewer.")
    notice = Lettering(_TEXT).wrapped(footer, _WIDTH - 2 * _EDGE)
    top = _EDGE + 28
    side = _PROBE if len(candidates) == 1 else _TILE
    row_height = side + _caption_height(candidates, _TITLE) + _ROW_GAP
    rows = max(1, -(-len(candidates) // _COLUMNS))
    body = max(_PROBE + _caption_height([probe], _BIG), rows * row_height - _ROW_GAP)
    rule = top + body + 36
    page = PIL.Image.new("RGB", (_WIDTH, rule + 22 * len(notice) + 44), _PAGE)
    canvas = ImageDraw.Draw(page)

    _label(canvas, (_EDGE, _EDGE + 8), labels[0])
    _label(canvas, (_LEFT, _EDGE + 8), labels[1] if len(candidates) == 1 else f"{labels[1]}  ·  {len(candidates)}")
    _place(page, probe, (_EDGE, top), _PROBE, _BIG)
    for number, tile in enumerate(candidates):
        row, column = divmod(number, _COLUMNS)
        _place(page, tile, (_LEFT + column * (side + _GAP), top + row * row_height), side, _TITLE)
    canvas.line((_EDGE, rule, _WIDTH - _EDGE, rule), fill=_RULE, width=1)
    for number, line in enumerate(notice):
        Lettering(_TEXT).draw(canvas, (_EDGE, rule + 30 + 22 * number), line, _GREY)
    coded = io.BytesIO()
    page.save(coded, "PNG")
    return coded.getvalue()


def _label(canvas: ImageDraw.ImageDraw, at: tuple[int, int], text: str) -> None:
    """A small heading in spaced letters."""
    letters = Lettering(_LABEL)
    x, y = at
    for letter in text:
        letters.draw(canvas, (x, y), letter, _GREY)
        x += round(letters.width(letter)) + 2 if letter != " " else 5


def _caption_height(tiles: Sequence[Tile], title: int) -> int:
    """Room for the longest caption."""
    lines = max((len(tile.lines) for tile in tiles), default=0)
    return title + 20 + (lines - 1) * _LEADING if lines else 0


def _place(page: PIL.Image.Image, tile: Tile, at: tuple[int, int], side: int, title: int) -> None:
    """Mount one face in a square with round corners and write its lines below."""
    mount = PIL.Image.new("RGB", (side, side), _MOUNT)
    face = ImageOps.contain(PIL.Image.fromarray(tile.image), (side, side), PIL.Image.Resampling.LANCZOS)
    mount.paste(face, ((side - face.width) // 2, (side - face.height) // 2))
    page.paste(mount, at, _rounded(side))
    canvas = ImageDraw.Draw(page)
    x, y = at[0], at[1] + side + title + 10
    for number, line in enumerate(tile.lines):
        letters = Lettering(title if number == 0 else _TEXT)
        letters.draw(canvas, (x, y), letters.fitted(line, side), _INK if number == 0 else _GREY)
        y += _LEADING + (4 if number == 0 else 0)


def _rounded(side: int) -> PIL.Image.Image:
    """The mask of a square with round corners, drawn large and averaged down so that the corners are smooth."""
    mask = PIL.Image.new("L", (side * 4, side * 4), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, side * 4 - 1, side * 4 - 1), radius=40, fill=255)
    return mask.resize((side, side), PIL.Image.Resampling.BOX)
