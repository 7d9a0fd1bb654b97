"""Signed bodies: what a receiver can tell, and what nobody can forge."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from matcher.crypto.signatures import TOLERANCE, sign, verify

SECRET, BODY, AT = "a secret of enough length", b'{"id": "1"}', 1_800_000_000.75


def test_the_header_is_what_is_written_about_it() -> None:
    expected = hmac.new(SECRET.encode(), b"1800000000." + BODY, hashlib.sha256).hexdigest()
    assert sign(SECRET, BODY, AT) == f"t=1800000000,v1={expected}"


def test_a_signed_body_is_ours_for_five_minutes() -> None:
    header = sign(SECRET, BODY, AT)
    for now in (int(AT) - TOLERANCE, AT, int(AT) + TOLERANCE):
        assert verify(SECRET, header, BODY, now)
    for now in (int(AT) - TOLERANCE - 1, int(AT) + TOLERANCE + 1):
        assert not verify(SECRET, header, BODY, now)


@pytest.mark.parametrize(
    "header",
    ["", "t=1800000000", "v1=00", "t=1800000000,v1=" + "0" * 64, "t=1800000000,v1=", "t=x,v1=" + "0" * 64, "t=٣,v1=é"],
)
def test_anything_else_is_not(header: str) -> None:
    assert not verify(SECRET, header, BODY, AT)


def test_every_part_is_signed() -> None:
    header = sign(SECRET, BODY, AT)
    assert not verify("another secret of length", header, BODY, AT)
    assert not verify(SECRET, header, BODY + b" ", AT)
    assert not verify(SECRET, header.replace("t=1800000000", "t=1800000001"), BODY, AT)
    assert not verify(SECRET, header + "\n", BODY, AT)
