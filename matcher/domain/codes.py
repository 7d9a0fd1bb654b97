"""Short random codes that people copy, type and say on the telephone."""

from __future__ import annotations

import secrets

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32, as ids have it: no I, L, O and U
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_GROUP = 4


def new_code(length: int) -> str:
    """A random code of so many letters and digits, 5 bits each."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def code_of(number: int, length: int) -> str:
    """The code that stands for a number below 32 to the power of `length`."""
    return "".join(_LETTERS[(number >> 5 * place) & 31] for place in reversed(range(length)))


def spoken(code: str) -> str:
    """A code as people read it, four signs at a time: K7QF-9M2P."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def parse_code(text: str, length: int) -> str | None:
    """The code that somebody typed, with small letters, hyphens, spaces or look-alikes; `None` if it is none."""
    plain = "".join(letter for letter in text.upper().translate(_LOOKALIKES) if letter != "-" and not letter.isspace())
    return plain if len(plain) == length and all(letter in _LETTERS for letter in plain) else None
