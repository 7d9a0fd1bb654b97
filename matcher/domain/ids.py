"""Random ids: nothing can be read from one, and none says how many came before it."""

from __future__ import annotations

import secrets
from typing import NewType

from matcher.errors import WrongUse
from matcher.wording import Wording

CaseId = NewType("CaseId", int)
PhotoId = NewType("PhotoId", int)
FaceId = NewType("FaceId", int)
SightingId = NewType("SightingId", int)
CandidateId = NewType("CandidateId", int)

# Crockford's base 32: no i, l, o or u, so an id survives being read out on the telephone.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 13  # 13 × 5 bits hold 63
_LOOKALIKES = str.maketrans({"o": "0", "i": "1", "l": "1"})


def new_id() -> int:
    """A random integer in 1 … 2⁶³−1, which fits SQL's BIGINT and FAISS's ids."""
    return secrets.randbelow(2**63 - 1) + 1


def id_text(number: int) -> str:
    """An id as people see it: 13 lower-case characters of Crockford's base 32."""
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(5 * (_LENGTH - 1), -1, -5))


def parse_id(text: str) -> int:
    """The integer of a shown id; capitals, hyphens and the look-alikes o, i, l are accepted. `WrongUse` otherwise."""
    plain = text.strip().lower().replace("-", "").translate(_LOOKALIKES)
    if len(plain) != _LENGTH or any(character not in _ALPHABET for character in plain):
        parts = {"id": text, "length": _LENGTH}
        told = Wording("'{id}' is not an id: ids have {length} letters and digits, as the lists show them.", **parts)
        raise WrongUse(told)
    number = 0
    for character in plain:
        number = number << 5 | _ALPHABET.index(character)
    if not 0 < number < 2**63:
        raise WrongUse(Wording("'{id}' is not an id of this system: it is out of range.", id=text))
    return number
