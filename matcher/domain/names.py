"""How much of a child's name is shown: all of it, its initials, or nothing."""

from __future__ import annotations

import re
import unicodedata
from enum import Enum

BLOT = "○"

# Family names of two characters that are met today, in simplified and traditional writing.
_COMPOUND = re.compile(
    "欧阳|歐陽|上官|司马|司馬|诸葛|諸葛|东方|東方|皇甫|尉迟|尉遲|公孙|公孫|慕容|长孙|長孫|宇文|司徒|令狐|夏侯|端木|独孤|"
    "獨孤|南宫|南宮|万俟|萬俟|闻人|聞人|轩辕|軒轅|钟离|鍾離|濮阳|濮陽|淳于|单于|單于|太史|申屠|澹台|澹臺|公冶|宗政|赫连|"
    "赫連|呼延|百里|东郭|東郭|西门|西門|南门|南門|拓跋|鲜于|鮮于|闾丘|閭丘|司空|司寇|亓官|子车|子車|颛孙|顓孫|巫马|巫馬|"
    "公西|漆雕|乐正|樂正|公良|夹谷|夾谷|宰父|谷梁|仲孙|仲孫|第五"
)
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇]")
_DOTS = re.compile("[·•・‧]")  # between the parts of names from other languages
_BETWEEN = re.compile(rf"(?:\s|{_DOTS.pattern})+")


class NamePolicy(str, Enum):
    """How much of a name the public is told."""

    FULL = "full"
    INITIALS = "initials"
    HIDDEN = "hidden"


def shown_name(name: str | None, policy: NamePolicy) -> str | None:
    """The name as the public may see it; `None` when nothing is left of it.

    Initials of a Chinese name are its family name and a blot for each further character, 王小明 → 王○○ and
    欧阳小明 → 欧阳○○; of a Chinese name whose parts stand apart, such as 阿依古丽·买买提, the first character of each
    part; of any other name the first letter of each word: A. B.
    """
    plain = " ".join(unicodedata.normalize("NFC", name or "").split())
    if not plain or policy is NamePolicy.HIDDEN:
        return None
    return plain if policy is NamePolicy.FULL else _initials(plain) or None


def _initials(name: str) -> str:
    words = [word for part in _BETWEEN.split(name) if (word := "".join(filter(_is_letter, part)))]
    if not all(_HAN.match(word) for word in words):
        return " ".join(_blotted(word, 1) if _HAN.match(word) else f"{word[0].upper()}." for word in words)
    if len(words) > 2 or _DOTS.search(name):
        return "·".join(_blotted(word, 1) for word in words)
    whole = "".join(words)  # 王 小明 is 王小明
    return _blotted(whole, 2 if len(whole) > 2 and _COMPOUND.match(whole) else 1)


def _is_letter(character: str) -> bool:
    return character.isalpha() or bool(_HAN.match(character))


def _blotted(word: str, shown: int) -> str:
    return word[:shown] + BLOT * (len(word) - shown)
