"""A picture of letters, areas and photos, which becomes a PNG. Places are in pixels from the upper left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL import ImageDraw

from matcher.images.fonts import Typeface, font, missing_letters, typeface

Image = NDArray[np.uint8]
Area = tuple[float, float, float, float]  # left, top, right, bottom

# Each row of pixels is coded by what it differs from the one above. Choosing the best way anew for every row, as Pillow
# does, takes more than twice the time and saves a fiftieth of the bytes. Older OpenCV chooses a way of its own.
_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 2]
if hasattr(cv2, "IMWRITE_PNG_FILTER"):
    _PNG += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP]


class Drawing:
    """An empty picture of a colour. `file` is a font that is asked before all others."""

    density = 1.0  # pixels of a photo per unit of length

    def __init__(self, width: int, height: int, paper: str, file: Path | None = None) -> None:
        self._page = PIL.Image.new("RGB", (width, height), paper)
        self._canvas = ImageDraw.Draw(self._page)
        self._file = file

    def require(self, texts: Iterable[str]) -> None:
        """`ExtraMissing` if there is a letter in the texts that no font here has."""
        missing_letters(texts, self._file)

    def width(self, text: str, size: float, bold: bool) -> float:
        """The length of a line."""
        return _width(typeface(bold, self._file), text, round(size))

    def write(self, at: tuple[float, float], text: str, size: float, bold: bool, colour: str) -> None:
        """Write a line; `at` is the left end of its baseline."""
        x, y = at
        for face, run in typeface(bold, self._file).runs(text):
            letters = font(face, round(size))
            self._canvas.text((x, round(y)), run, fill=colour, font=letters, anchor="ls")
            x += letters.getlength(run)

    def fill(self, area: Area, colour: str, radius: float = 0) -> None:
        """Fill an area, whose corners are round with a radius."""
        left, top, right, bottom = map(round, area)
        self._canvas.rounded_rectangle((left, top, right - 1, bottom - 1), round(radius), fill=colour)

    def photo(self, area: Area, image: Image) -> None:
        """Show pixels in an area of their own size."""
        self._page.paste(PIL.Image.fromarray(image), (round(area[0]), round(area[1])))

    def squares(self, area: Area, rows: Sequence[Sequence[bool]], colour: str) -> None:
        """A field of squares in the middle of an area, as many whole pixels large as fit."""
        left, top, right, bottom = map(round, area)
        side = max(1, min(right - left, bottom - top) // len(rows))
        field = np.kron(np.array(rows, np.uint8) * 255, np.ones((side, side), np.uint8))
        mask = PIL.Image.fromarray(field)
        place = (left + right - mask.width) // 2, (top + bottom - mask.height) // 2
        self._page.paste(colour, place, mask)

    def link(self, area: Area, address: str) -> None:
        """Nothing: a picture has no links."""

    def png(self) -> bytes:
        """The picture without any metadata."""
        done, coded = cv2.imencode(".png", cv2.cvtColor(np.asarray(self._page), cv2.COLOR_RGB2BGR), _PNG)
        if not done:
            raise MemoryError("The picture could not be coded.")
        return bytes(coded)


@lru_cache(maxsize=5_000)
def _width(letters: Typeface, text: str, size: int) -> float:
    return sum(font(face, size).getlength(run) for face, run in letters.runs(text))
