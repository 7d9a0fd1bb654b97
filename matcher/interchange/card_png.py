"""A card as a picture for messages and posts."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from matcher.images.drawing import Drawing
from matcher.interchange.card_layout import Layout
from matcher.interchange.card_sheet import CardSheet


class Shape(str, Enum):
    """The shapes of pictures, with their size in pixels."""

    MESSAGE = "message"
    SQUARE = "square"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return (1200, 630) if self is Shape.MESSAGE else (1080, 1080)


def card_png(sheet: CardSheet, shape: Shape = Shape.MESSAGE, font: Path | None = None) -> bytes:
    """The card as PNG bytes without any metadata. `font` is a file whose letters are taken before the machine's.

    `ExtraMissing` if no font here has a letter that is to be written; it names what to install.
    """
    page = Drawing(*shape.size, "#ffffff", font)
    page.require(sheet.texts)
    layout = Layout(page, sheet)
    layout.message() if shape is Shape.MESSAGE else layout.square()
    return page.png()
