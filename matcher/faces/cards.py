"""Model cards: everything about a model that is not in its network, as data.

A card is a TOML file, `model.toml` beside an installed model. Its tables `input`, `detector` and `recogniser` say how
to compute, `about` says to people what to expect. A card is taken whole or refused with the key that is wrong.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from matcher.domain.space import is_word
from matcher.errors import ModelProblem, WrongUse
from matcher.faces.contracts import Image
from matcher.faces.points import EYES, NAMES, PointLayout, meet

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FORMAT = 1
CARD_NAME = "model.toml"
_LONGEST_NAME = 60
LARGEST_FILE = 2_000_000_000  # bytes; what one ONNX file can hold
LARGEST_CARD = 1_000_000  # bytes; cards that come with this program have less than 3,000
# Pixels are 0 … 255, and networks take them as they are or as numbers around 0: real means and scales lie far inside.
_LARGEST_SHIFT, _LARGEST_SCALE = 1000, 100_000
_SHOWN = 60  # characters of a wrong value in a message


_Result = TypeVar("_Result")


class Role(str, Enum):
    """What a model does."""

    DETECTOR = "detector"
    LANDMARKER = "landmarker"
    RECOGNISER = "recogniser"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """The file that the card speaks of: its name, its length in bytes, its SHA-256 in hexadecimal digits."""

    name: str
    size: int
    sha256: str

    def check_size(self, size: int, where: str) -> None:
        """`ModelProblem` unless the file has this many bytes."""
        if size != self.size:
            raise ModelProblem(f"'{where}' has {size:,} bytes, not the {self.size:,} of its card: get it anew.")

    def check(self, data: bytes, where: str) -> None:
        """`ModelProblem` unless this is the file's content."""
        self.check_size(len(data), where)
        found = hashlib.sha256(data).hexdigest()
        if found != self.sha256:
            raise ModelProblem(f"'{where}' has the SHA-256 {found}, not {self.sha256} as its card says: get it anew.")


@dataclass(frozen=True, slots=True)
class About:
    """For people: training data as far as known, what was measured here, what the model is known to be bad at."""

    trained_on: str
    measured: str
    weaknesses: str


@dataclass(frozen=True, slots=True)
class Input:
    """How pixels become a network's input: x' = (x − mean) · scale, per channel in the order of `colour`.

    `side` of a recogniser's chips in pixels; `None` for a detector, which takes photos of any size. `fixed_size`: the
    file names one size although its network can take any, as some exports do; the size is freed when it is loaded.
    """

    colour: str
    layout: str
    mean: tuple[float, float, float]
    scale: tuple[float, float, float]
    side: int | None = None
    fixed_size: bool = False

    def tensor(self, images: Image) -> NDArray[np.float32]:
        """float32 (n, 3, rows, columns) or (n, rows, columns, 3) from uint8 RGB (n, rows, columns, 3)."""
        coloured = images[..., ::-1] if self.colour == "bgr" else images
        scaled = coloured.astype(np.float32)
        if any(self.mean) or self.scale != (1, 1, 1):
            scaled = (scaled - np.array(self.mean, np.float32)) * np.array(self.scale, np.float32)
        return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2) if self.layout == "nchw" else scaled)


@dataclass(frozen=True, slots=True)
class BoxMapping:
    """From a detector's own boxes to dlib's kind: a square of `side` · √(width · height), whose centre lies `right` of
    a width and `down` of a height beside the box's.
    """

    side: float
    right: float
    down: float


@dataclass(frozen=True, slots=True)
class Detecting:
    """What a detector's network gives and how to read it.

    Faces between `smallest_face` and `largest_face` pixels wide are found at one size of the photo. `points` names its
    landmarks in their order.
    """

    decoder: str
    least_score: float
    overlap: float
    smallest_face: int
    largest_face: int
    sure_score: float
    points: tuple[str, ...]
    box: BoxMapping


@dataclass(frozen=True, slots=True)
class Recognising:
    """What a recogniser's network gives, and how its chips are cut.

    `template` says where points of a face lie in a chip, in pixels. `sampling` is `warp` (OpenCV's) or `dlib`.
    """

    dim: int
    metric: str
    mirror: bool
    sampling: str
    template: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Card:
    """One model. `input` and one of `detector` and `recogniser` are there unless the model is built in."""

    name: str
    role: Role
    licence: str
    source: str
    file: ModelFile
    about: About
    input: Input | None = None
    detector: Detecting | None = None
    recogniser: Recognising | None = None

    @property
    def word(self) -> str:
        """The model's word in an embedding space's name: another file or another way to compute is another word."""
        parts = (self.input, self.detector, self.recogniser)
        computing = [self.file.sha256, *(asdict(part) if part else None for part in parts)]
        digest = hashlib.sha256(json.dumps(computing, sort_keys=True).encode()).hexdigest()
        return f"{self.name}.{digest[:8]}"


def read_card(data: bytes, where: str, *, built_in: bool = False) -> Card:
    """The card in these bytes of the file `where`; `ModelProblem` names file and key of what is wrong.

    The card of a model that is built in says nothing of how to compute: code does.
    """
    try:
        values = tomllib.loads(data.decode("utf-8"))
    except ValueError as error:  # of the encoding or of the parser, which names the line
        raise ModelProblem(f"The card '{where}' cannot be read: {error}.") from error
    except RecursionError as error:
        raise ModelProblem(f"The card '{where}' cannot be read: its lists or tables are nested too deeply.") from error
    top = _Table(values, where)
    top.choice("format", (FORMAT,))
    name = top.text("name")
    if not is_word(name) or len(name) > _LONGEST_NAME:
        top.fail("name", f"expected at most {_LONGEST_NAME} of a-z, 0-9, '.' and single '-'")
    role = Role(top.choice("role", tuple(each.value for each in Role)))
    if role is Role.LANDMARKER and not built_in:
        top.fail("role", "expected detector or recogniser")
    computing: dict[str, Any] = {}
    if not built_in:
        computing["input"] = _input(top.table("input"), role)
        if role is Role.DETECTOR:
            computing["detector"] = _detecting(top.table("detector"))
        else:
            computing["recogniser"] = _recognising(top.table("recogniser"), computing["input"].side)
    card = Card(
        name=name,
        role=role,
        licence=top.text("licence"),
        source=top.text("source"),
        file=_file(top.table("file")),
        about=_about(top.table("about")),
        **computing,
    )
    top.end()
    return card


def _file(table: _Table) -> ModelFile:
    name = table.text("name")
    # Some file systems do not tell capital from small letters.
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", name) or name.lower() == CARD_NAME:
        table.fail("name", f"expected the plain name of a file other than {CARD_NAME}: A-Z, a-z, 0-9, '.', '_' and '-'")
    sha256 = table.text("sha256")
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        table.fail("sha256", "expected 64 hexadecimal digits in small letters")
    return table.done(ModelFile(name, table.whole("bytes", 1, LARGEST_FILE), sha256))


def _about(table: _Table) -> About:
    return table.done(About(table.text("trained_on"), table.text("measured"), table.text("weaknesses")))


def _input(table: _Table, role: Role) -> Input:
    colour, layout = table.choice("colour", ("rgb", "bgr")), table.choice("layout", ("nchw", "nhwc"))
    mean, scale = table.triple("mean", _LARGEST_SHIFT), table.triple("scale", _LARGEST_SCALE)
    if min(abs(each) for each in scale) < 1 / _LARGEST_SCALE:
        table.fail("scale", f"expected numbers of at least {1 / _LARGEST_SCALE:g} or at most {-1 / _LARGEST_SCALE:g}")
    if role is Role.RECOGNISER:
        return table.done(Input(colour, layout, mean, scale, side=table.whole("side", 32, 1024)))
    return table.done(Input(colour, layout, mean, scale, fixed_size=table.truth("fixed_size")))


def _detecting(table: _Table) -> Detecting:
    decoder = table.choice("decoder", ("yunet",))
    least, overlap = table.number("least_score", 0, 1), table.number("overlap", 0, 1)
    smallest = table.whole("smallest_face", 4, 1000)
    points = table.texts("points")
    try:
        PointLayout.of(points)
    except WrongUse as error:
        table.fail("points", str(error).rstrip("."))
    if len(points) != 5:
        table.fail("points", "expected five names")
    box = table.table("box")
    mapping = BoxMapping(box.number("side", 0.1, 10), box.number("right", -1, 1), box.number("down", -1, 1))
    return table.done(
        Detecting(
            decoder=decoder,
            least_score=least,
            overlap=overlap,
            smallest_face=smallest,
            # The photo is searched at sizes that are a quarter of each other, and each face at one of them at least.
            largest_face=table.whole("largest_face", 4 * smallest, 100_000),
            sure_score=table.number("sure_score", least, 1),
            points=points,
            box=box.done(mapping),
        )
    )


def _recognising(table: _Table, side: int) -> Recognising:
    places = table.table("template")
    unknown = sorted(set(places.values) - set(NAMES))
    if unknown:
        places.fail(unknown[0], f"it is no point's name; there are {', '.join(NAMES)}")
    template = {name: places.place(name, side) for name in list(places.values)}
    if meet(template, tuple(template)) is None:
        table.fail("template", "expected points of both eyes")
    left, right = (
        np.mean([template[point] for point in (eye, *corners) if point in template], axis=0)[0]
        for eye, corners in EYES.items()
    )
    if left >= right:
        why = "expected the left eye left of the right one: left and right are those of the picture"
        table.fail("template", f"{why}, and their middles lie {left:g} and {right:g} pixels from its left edge")
    return table.done(
        Recognising(
            dim=table.whole("dim", 2, 65_536),
            metric=table.choice("metric", ("cosine",)),
            mirror=table.truth("mirror"),
            sampling=table.choice("sampling", ("warp", "dlib")),
            template=places.done(template),
        )
    )


class _Table:
    """Takes the keys of a TOML table, each once and each of its type; what is left at the end is unknown."""

    def __init__(self, values: dict[str, Any], where: str, path: str = "") -> None:
        self.values = dict(values)
        self._where = where
        self._path = path

    def fail(self, key: str, why: str) -> NoReturn:
        raise ModelProblem(f"The card '{self._where}', key '{self._path}{key}': {why}.")

    def done(self, result: _Result) -> _Result:
        """The result, if no key is left."""
        self.end()
        return result

    def end(self) -> None:
        for key in self.values:
            self.fail(key, "this key is unknown here")

    def text(self, key: str) -> str:
        value = self._take(key, str, "a text")
        if not value.strip():
            self.fail(key, "expected a text that is not empty")
        return str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._take(key, list, "a list of texts")
        if not all(isinstance(each, str) for each in value):
            self.fail(key, "expected a list of texts")
        return tuple(value)

    def truth(self, key: str) -> bool:
        return bool(self._take(key, bool, "true or false"))

    def choice(self, key: str, options: Sequence[Any]) -> Any:
        value = self._take(key, type(options[0]), " or ".join(str(each) for each in options))
        if value not in options:
            self.fail(key, f"expected {' or '.join(str(each) for each in options)}, not {_shown(value)}")
        return value

    def whole(self, key: str, least: int, most: int) -> int:
        value = self._take(key, int, f"a whole number {least} … {most}")
        if not least <= value <= most:
            self.fail(key, f"expected a whole number {least} … {most}, not {_shown(value)}")
        return int(value)

    def number(self, key: str, least: float, most: float) -> float:
        value = self._take(key, (int, float), f"a number {least:g} … {most:g}")
        if not least <= value <= most:  # nor is NaN
            self.fail(key, f"expected a number {least:g} … {most:g}, not {_shown(value)}")
        return float(value)

    def triple(self, key: str, most: float) -> tuple[float, float, float]:
        """Three numbers from −`most` to `most`."""
        first, second, third = self._numbers(key, 3, -most, most)
        return first, second, third

    def place(self, key: str, side: int) -> tuple[float, float]:
        """A point of a chip, or not far beside it."""
        x, y = self._numbers(key, 2, -side, 2 * side)
        return x, y

    def table(self, key: str) -> _Table:
        return _Table(self._take(key, dict, "a table"), self._where, f"{self._path}{key}.")

    def _numbers(self, key: str, count: int, least: float, most: float) -> list[float]:
        value = self._take(key, list, f"{count} numbers")
        # Compared before they become floats, which integers can be too large for; nor is NaN between limits.
        right = len(value) == count and all(type(each) in (int, float) and least <= each <= most for each in value)
        if not right:
            self.fail(key, f"expected {count} numbers {least:g} … {most:g}, not {_shown(value)}")
        return [float(each) for each in value]

    def _take(self, key: str, kind: type | tuple[type, ...], expected: str) -> Any:
        if key not in self.values:
            self.fail(key, f"it is missing; expected {expected}")
        value = self.values.pop(key)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.fail(key, f"expected {expected}, not {_shown(value)}")
        return value


def _shown(value: Any) -> str:
    """A wrong value for a message, cut where it is long."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # Python writes no integer of more than 4,300 digits, and no deep nesting
        return "what is too long to show"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
