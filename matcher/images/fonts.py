"""The fonts of this machine: which of them has a letter, in two weights.

Fonts are looked for by file name in the system's font folders, and for letters that none of those has, by asking
fontconfig, where it is installed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path

from PIL import ImageFont

from matcher.errors import ExtraMissing, WrongUse
from matcher.wording import Wording

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

# Regular and bold, in the order in which they are asked for a letter. Pillow's own font comes last: it knows ASCII.
_FAMILIES = (
    ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf"),
    ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"),
    ("NotoSansCJKsc-Regular.otf", "NotoSansCJKsc-Bold.otf"),
    ("NotoSansCJK-VF.ttc", "NotoSansCJK-VF.ttc"),
    ("SourceHanSansSC-Regular.otf", "SourceHanSansSC-Bold.otf"),
    ("SourceHanSansCN-Regular.otf", "SourceHanSansCN-Bold.otf"),
    ("NotoSansSC-Regular.otf", "NotoSansSC-Bold.otf"),
    ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    ("Arial.ttf", "Arial Bold.ttf"),
    ("arial.ttf", "arialbd.ttf"),
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("PingFang.ttc", "PingFang.ttc"),
    ("Hiragino Sans GB.ttc", "Hiragino Sans GB.ttc"),
    ("msyh.ttc", "msyhbd.ttc"),
    ("simhei.ttf", "simhei.ttf"),
    ("wqy-microhei.ttc", "wqy-microhei.ttc"),
    ("wqy-zenhei.ttc", "wqy-zenhei.ttc"),
    ("DroidSansFallbackFull.ttf", "DroidSansFallbackFull.ttf"),
)
_STYLES = {False: ("regular", "w3", "book"), True: ("bold", "semibold", "w6")}
_WEIGHTS = {False: 400, True: 700}  # on the scale of fonts with a variable weight
_TRIED = 24  # the size at which fonts are asked for their letters
_NOWHERE = "\U0010fffe"  # a noncharacter: every font answers with its sign for "missing"
_SECONDS = 20.0  # that fontconfig is given, which reads all fonts when it is first asked
_MOST_FACES = 20  # in one file


@dataclass(frozen=True, slots=True)
class Face:
    """One font of a file, whose file may hold several; `weight` is set where the file has all weights in one."""

    file: str
    index: int = 0
    weight: int | None = None

    @property
    def known(self) -> bool:
        """Whether it is a file's, and not Pillow's own font."""
        return bool(self.file)


_OWN = Face("")


@lru_cache(maxsize=256)
def font(face: Face, size: int) -> Font:
    """The font in a size in pixels."""
    if not face.known:
        return ImageFont.load_default(size)
    made = ImageFont.truetype(face.file, size, index=face.index)
    if face.weight is not None:
        made.set_variation_by_axes([face.weight])
    return made


class Typeface:
    """All letters of one weight that the fonts here have. `file` is a font that is asked before all others."""

    def __init__(self, bold: bool, file: Path | None = None) -> None:
        given = [] if file is None else [_given(file, bold)]
        self._faces: tuple[Face, ...] = (*given, *_installed(bold), _OWN)
        self._places: dict[str, Face | None] = {}

    def runs(self, text: str) -> Iterator[tuple[Face, str]]:
        """The text in pieces that one font has. Signs that are no letters and that no font has are left out.

        `ExtraMissing` for letters that no font has.
        """
        plain = list(drawn(text))
        missing = "".join(sorted({one for one in plain if self._place(one) is None and is_letter(one)}))
        if missing:
            told = {"letters": missing[:20], "code": f"U+{ord(missing[0]):04X}"}
            raise ExtraMissing(
                Wording(
                    "No font here has the letters {letters} ({code}): install one that has, for Chinese the package "
                    "fonts-noto-cjk of Debian and Ubuntu or google-noto-sans-cjk-fonts of Fedora, or name a font file.",
                    **told,
                )
            )
        placed = ((self._place(one), one) for one in plain)
        for face, run in groupby(placed, key=lambda pair: pair[0]):
            if face is not None:
                yield face, "".join(one for _, one in run)

    def _place(self, letter: str) -> Face | None:
        """The first font that has a letter."""
        if letter not in self._places:
            found = next((face for face in self._faces if has(font(face, _TRIED), letter)), None)
            if found is None and is_letter(letter):
                found = _asked(letter)
                self._faces = self._faces if found is None else (*self._faces, found)
            self._places[letter] = found
        return self._places[letter]


@cache
def typeface(bold: bool, file: Path | None = None) -> Typeface:
    """The letters of one weight, found once."""
    return Typeface(bold, file)


def drawn(text: str) -> str:
    """What is drawn of a text: whole letters where there are any, spaces, and no character that is no sign."""
    one = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text))
    return "".join(letter for letter in one if not unicodedata.category(letter).startswith("C"))


@lru_cache(maxsize=10_000)
def has(font: Font, character: str) -> bool:
    """Whether the font has a sign of its own for the character."""
    return character == " " or _sign(font, character) != _sign(font, _NOWHERE)


def _sign(font: Font, character: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(character)
    return mask.size, bytes(mask)


def is_letter(character: str) -> bool:
    """Whether a text says something else without it; variation selectors of emoji are no letters."""
    return unicodedata.category(character)[0] in "LMN" and not "\ufe00" <= character <= "\ufe0f"


def _given(file: Path, bold: bool) -> Face:
    try:
        return _chosen(str(file), bold)
    except OSError as error:
        raise WrongUse(
            Wording("'{file}' is no font that can be read: give a TTF, OTF or TTC file.", file=file)
        ) from error


@cache
def _installed(bold: bool) -> tuple[Face, ...]:
    found = []
    for family in _FAMILIES:
        for name in (family[bold], family[0]):
            with suppress(OSError):  # not installed
                found.append(_chosen(name, bold))
                break
    return tuple(found)


def _chosen(name: str, bold: bool) -> Face:
    """The font of a file that draws simplified Chinese best, in the weight. `OSError` if there is no such file."""
    faces: list[tuple[int, Face]] = []
    for index in range(_MOST_FACES):
        try:
            one = ImageFont.truetype(name, _TRIED, index=index)
        except OSError:
            if not faces:
                raise
            break
        family, style = (part or "" for part in one.getname())
        fits = 2 * ({"SC", "CN", "GB"} & set(family.split()) != set()) + (style.lower() in _STYLES[bold])
        fits -= 4 * ("Mono" in family or family.startswith("."))
        faces.append((fits, Face(str(one.path), index, _weight(one, bold))))
        if not name.lower().endswith((".ttc", ".otc")):
            break
    return max(faces, key=lambda pair: pair[0])[1]


def _weight(font: ImageFont.FreeTypeFont, bold: bool) -> int | None:
    """The weight to set in a font that has all of them."""
    try:
        axes = font.get_variation_axes()
    except (OSError, NotImplementedError):  # it has one weight
        return None
    return _WEIGHTS[bold] if len(axes) == 1 else None


def _asked(letter: str) -> Face | None:
    """A font with the letter, by fontconfig."""
    for face in _listed(ord(letter)):
        with suppress(OSError):
            if has(font(face, _TRIED), letter):
                return face
    return None


def _listed(code: int) -> Iterator[Face]:
    """Installed fonts that have a character, those without serifs first; none without fontconfig."""
    command = shutil.which("fc-list")
    if command is None:
        return
    pattern = (f":charset={code:x}:scalable=true", "file", "index")
    try:
        told = subprocess.run([command, *pattern], capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return
    lines = told.stdout.decode("utf-8", "replace").splitlines()
    for line in sorted(lines, key=lambda line: ("Sans" not in line, line)):
        file, _, index = line.partition(": :index=")
        if index.isdigit() and int(index) < _MOST_FACES:  # above are named weights of variable fonts
            yield Face(file, int(index))


def faces_with(letter: str, bold: bool, file: Path | None = None) -> Iterator[Face]:
    """All fonts of files here that have a letter, in the order in which they are asked."""
    given = [] if file is None else [_given(file, bold)]
    for face in (*given, *_installed(bold)):
        if has(font(face, _TRIED), letter):
            yield face
    yield from _listed(ord(letter))


def missing_letters(texts: Iterable[str], file: Path | None = None) -> None:
    """`ExtraMissing` if there is a letter in the texts that no font here has."""
    together = "".join(texts)
    for bold in (False, True):
        for _ in typeface(bold, file).runs(together):
            pass
