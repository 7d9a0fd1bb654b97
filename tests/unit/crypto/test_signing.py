"""Signatures of a home: what was signed can be checked by anybody, and nothing else can."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import Matcher
from matcher.crypto.signing import Signer, signed_by
from matcher.errors import Conflict, StoreProblem, WrongUse

# RFC 8032, section 7.1, test 2: secret key, public key, message, signature.
SECRET = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_the_known_answer() -> None:
    signer = Signer(SECRET)
    assert base64.b64decode(signer.public) == PUBLIC
    assert base64.b64decode(signer.sign(b"\x72")) == SIGNATURE
    assert signed_by(signer.public, b"\x72", signer.sign(b"\x72"))


@given(st.binary(min_size=1, max_size=100), st.integers(0, 799))
def test_one_bit_more_or_less_is_no_signature(data: bytes, bit: int) -> None:
    signer = Signer(SECRET)
    signature = signer.sign(data)
    place, mask = bit // 8 % len(data), 1 << bit % 8
    other = data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :]
    assert not signed_by(signer.public, other, signature)
    raw = base64.b64decode(signature)
    place = bit // 8 % len(raw)
    forged = base64.b64encode(raw[:place] + bytes([raw[place] ^ mask]) + raw[place + 1 :]).decode()
    assert not signed_by(signer.public, data, forged)


@pytest.mark.parametrize("signature", ["", "é", "not base64!", base64.b64encode(b"short").decode()])
def test_what_is_no_signature_is_none(signature: str) -> None:
    assert not signed_by(Signer(SECRET).public, b"data", signature)


@pytest.mark.parametrize("public", ["", "é", base64.b64encode(bytes(31)).decode()])
def test_what_is_no_public_key_is_told(public: str) -> None:
    with pytest.raises(WrongUse, match="no public key"):
        signed_by(public, b"data", Signer(SECRET).sign(b"data"))


def test_another_homes_key_did_not_sign(tmp_path: Path) -> None:
    one, other = Signer.create(tmp_path / "one"), Signer.create(tmp_path / "other")
    assert not signed_by(other.public, b"data", one.sign(b"data"))


def test_a_key_comes_back_from_its_file_and_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    made = Signer.create(path)
    assert Signer.load(path).public == made.public
    assert path.read_bytes().hex() not in repr(made)
    with pytest.raises(Conflict, match="signing key"):
        Signer.create(path)
    path.write_bytes(b"short")
    with pytest.raises(StoreProblem, match="32 bytes"):
        Signer.load(path)
    with pytest.raises(StoreProblem, match="cannot be read"):
        Signer.load(tmp_path / "absent")


def test_a_home_signs_with_one_key(matcher: Matcher) -> None:
    assert matcher.context.signer.public == matcher.context.signer.public
