"""Addresses as QR codes (ISO/IEC 18004), which telephones read with their camera."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from matcher.errors import ExtraMissing

if TYPE_CHECKING:
    from segno import QRCode

_FREE = 4  # squares around a code that the standard wants light


def qr_squares(address: str) -> tuple[tuple[bool, ...], ...]:
    """The code with the light edge that belongs to it: rows of squares, which are dark or not."""
    return tuple(tuple(bool(dark) for dark in row) for row in _code(address).matrix_iter(border=_FREE))


def qr_svg(address: str, says: str) -> str:
    """The code as an SVG element for a page; `says` is read out in its place."""
    made: str = _code(address).svg_inline(
        border=_FREE, dark="#000", light="#fff", title=says, omitsize=True, svgclass="code", lineclass=None
    )
    return made


@lru_cache(maxsize=16)  # one address stands on every form of a card
def _code(address: str) -> QRCode:
    try:
        import segno
    except ImportError as error:
        raise ExtraMissing("Cards need segno for their codes: pip install 'sighting-matcher[web]'.") from error
    return segno.make_qr(address, error="L")  # which segno raises as far as the code gets no larger
