"""Words on a map: how much room they take, where they are broken, and where they hide nothing."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from matcher.interchange.map_view import Frame, Point

# Widths for the size of letters; sans-serif fonts differ, and these are those of a wide one.
_CHINESE, _BROAD, _USUAL, _SLIM = 1.0, 0.9, 0.635, 0.4
_CLOSING = frozenset("，。、：；！？）》」』】")  # Chinese signs that begin no line
_SLIM_LETTERS, _BROAD_LETTERS = frozenset(" .,:;!'|()[]/-ijlfrtI"), frozenset("mwMWGOQD@—…")
_LEADING = 1.25  # from line to line
_GAP = 3.0  # px between a mark and its label
_CORNERS = ((1, 0), (-1, 0), (1, -1), (1, 1), (-1, -1), (-1, 1), (0, -1), (0, 1))


def width(text: str, size: float) -> float:
    """About how wide a text is in letters of `size` px; Chinese letters are squares."""
    return size * sum(map(_breadth, text))


def _breadth(letter: str) -> float:
    if letter in _SLIM_LETTERS:
        return _SLIM
    if letter in _BROAD_LETTERS:
        return _BROAD
    return _CHINESE if _is_chinese(letter) else _USUAL


def wrapped(text: str, size: float, room: float) -> list[str]:
    """A text in lines that fit; a word is broken where it is longer than a line, and between Chinese letters."""
    lines = [""]
    for part in _breakable(" ".join(text.split())):
        if width((lines[-1] + part).rstrip(), size) <= room:
            lines[-1] += part
        elif width(part.rstrip(), size) <= room:
            lines.append(part)
        else:
            for letter in part:
                if lines[-1] and width(lines[-1] + letter, size) > room:
                    lines.append("")
                lines[-1] += letter
    return [line.strip() for line in lines if line.strip()]


def shortened(text: str, size: float, room: float) -> str:
    """A text as far as it fits, with an ellipsis where it was longer."""
    text = " ".join(text.split())
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def _breakable(text: str) -> Iterator[str]:
    """Words with the space after them; Chinese letters one by one, with the signs that close after them."""
    word = ""
    for letter, following in pairwise(f"{text} "):
        word += letter
        chinese = _is_chinese(letter) or _is_chinese(following)
        if letter == " " or (chinese and following not in _CLOSING and following != " "):
            yield word
            word = ""
    if word:
        yield word


def _is_chinese(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WF"


@dataclass(frozen=True, slots=True)
class Label:
    """Lines of text in their place, px; `anchor` is which end of them is surely there: start, middle or end."""

    lines: tuple[str, ...]
    left: float
    top: float
    size: float
    anchor: str = "start"

    @property
    def x(self) -> float:
        """Where that end is."""
        return self.left + {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor] * self.frame.width

    @property
    def frame(self) -> Frame:
        """The room that it takes."""
        return Frame(self.left, self.top, *_room(self.lines, self.size))

    @property
    def baselines(self) -> Iterator[tuple[float, str]]:
        """Where each line is written."""
        for number, line in enumerate(self.lines):
            yield self.top + self.size * (0.95 + _LEADING * number), line


@dataclass(slots=True)
class Room:
    """What is free in a frame. Whatever is placed takes its room; what cannot be placed is not."""

    frame: Frame
    taken: list[Frame] = field(default_factory=list)

    def take(self, frame: Frame) -> None:
        """Keep labels away from something."""
        self.taken.append(frame)

    def beside(self, mark: Frame, choices: Iterable[Sequence[str]], size: float) -> Label | None:
        """A label next to a mark: the first of the choices that fits on any side; `None` if none does."""
        for lines in choices:
            for side in _CORNERS:
                label = _beside(mark, side, tuple(lines), size)
                if self._free(label.frame):
                    self.take(label.frame)
                    return label
        return None

    def around(self, points: Iterable[Point], text: str, size: float) -> Label | None:
        """A label whose middle is the first of the points at which it fits."""
        wide, high = _room((text,), size)
        for x, y in points:
            label = Label((text,), x - wide / 2, y - high / 2, size, "middle")
            if self._free(label.frame):
                self.take(label.frame)
                return label
        return None

    def _free(self, asked: Frame) -> bool:
        inside = self.frame.holds((asked.left, asked.top)) and self.frame.holds((asked.right, asked.bottom))
        return inside and not any(_meet(asked, one) for one in self.taken)


def _room(lines: Sequence[str], size: float) -> tuple[float, float]:
    return max(width(line, size) for line in lines), size * _LEADING * len(lines)


def _beside(mark: Frame, side: tuple[int, int], lines: tuple[str, ...], size: float) -> Label:
    wide, high = _room(lines, size)
    across, down = side
    left = (mark.left - _GAP - wide, mark.left + mark.width / 2 - wide / 2, mark.right + _GAP)[across + 1]
    top = (mark.top - high, mark.top + mark.height / 2 - high / 2, mark.bottom)[down + 1]
    return Label(lines, left, top, size, ("end", "middle", "start")[across + 1])


def _meet(one: Frame, other: Frame) -> bool:
    across = one.left < other.right and other.left < one.right
    return across and one.top < other.bottom and other.top < one.bottom
