"""Text on images: fonts that are there, characters that they have, lines that fit."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import groupby

from PIL import ImageFont
from PIL.ImageDraw import ImageDraw

from matcher.images.fonts import Font, has

# Looked for by file name in the system's font folders; the first that has a character draws it, Pillow's own font last,
# since that one knows little beyond ASCII.
_SYSTEM_FONTS = (
    "NotoSans-Regular.ttf", "DejaVuSans.ttf", "Arial.ttf", "segoeui.ttf", "Helvetica.ttc",
    "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "SourceHanSansSC-Regular.otf", "wqy-microhei.ttc",
    "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf", "PingFang.ttc", "Hiragino Sans GB.ttc", "msyh.ttc", "simsun.ttc",
)  # fmt: skip
_ALIKE = str.maketrans({"–": "-", "—": "-", "−": "-", "×": "x", "’": "'", "‘": "'", "“": '"', "”": '"', "…": "..."})


class Lettering:
    """Text of one size in pixels; characters that no font has become question marks."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._fonts = _fonts(size)

    def width(self, text: str) -> float:
        """The length of a line in pixels."""
        return sum(font.getlength(run) for font, run in self._runs(text))

    def fitted(self, text: str, width: float) -> str:
        """The line, its end replaced by '…' where it is longer than `width`."""
        if self.width(text) <= width:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.width(text[:middle].rstrip() + "…") <= width else (low, middle - 1)
        return text[:low].rstrip() + "…"

    def wrapped(self, text: str, width: float) -> list[str]:
        """The text in lines of at most `width`, broken between words."""
        lines: list[str] = []
        for word in text.split():
            if lines and self.width(f"{lines[-1]} {word}") <= width:
                lines[-1] = f"{lines[-1]} {word}"
            else:
                lines.append(self.fitted(word, width))
        return lines

    def draw(self, canvas: ImageDraw, at: tuple[float, float], text: str, colour: str) -> None:
        """Write a line; `at` is the left end of its baseline."""
        x, y = at
        for font, run in self._runs(text):
            canvas.text((x, y), run, fill=colour, font=font, anchor="ls")
            x += font.getlength(run)

    def _runs(self, text: str) -> Iterator[tuple[Font, str]]:
        placed = [self._placed(character) for character in " ".join(text.split())]
        for index, run in groupby(placed, key=lambda pair: pair[0]):
            yield self._fonts[index], "".join(character for _, character in run)

    def _placed(self, character: str) -> tuple[int, str]:
        """The number of the first font that can draw the character, or what it most resembles, and what is drawn."""
        resembling = unicodedata.normalize("NFKD", character).translate(_ALIKE)
        bare = "".join(part for part in resembling if not unicodedata.combining(part)) or " "
        for drawn in (character, bare):
            for index, font in enumerate(self._fonts):
                if all(has(font, part) for part in drawn):
                    return index, drawn
        return 0, "?"


@cache
def _fonts(size: int) -> tuple[Font, ...]:
    """All fonts of that size that are installed, Pillow's own last."""
    found: list[Font] = []
    for name in _SYSTEM_FONTS:
        with suppress(OSError):  # not installed
            found.append(ImageFont.truetype(name, size))
    return (*found, ImageFont.load_default(size))
