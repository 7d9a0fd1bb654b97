"""Whatever is changed in sealed bytes is noticed, whatever is not comes back."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.crypto.sealing import (
    OVERHEAD,
    SealedWriter,
    seal,
    unseal,
    unseal_all,
    unsealed_chunks,
)
from matcher.errors import Damaged, WrongUse

KEY, OTHER = bytes(range(32)), bytes(32)
CHUNK = 7  # small, so that a few bytes make several chunks

datas = st.binary(max_size=40)
words = st.text(max_size=8)


def sealed_file(data: bytes, name: str = "a", chunk: int = CHUNK) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(KEY, name, file, chunk)
    writer.write(data)
    writer.finish()
    return file.getvalue()


def opened(sealed: bytes, name: str = "a", key: bytes = KEY) -> bytes:
    return b"".join(unsealed_chunks(key, name, io.BytesIO(sealed)))


@given(datas, st.binary(max_size=8))
def test_small_data_come_back(data: bytes, name: bytes) -> None:
    sealed = seal(KEY, name, data)
    assert len(sealed) == len(data) + OVERHEAD
    assert unseal(KEY, name, sealed) == data
    assert unseal_all([(KEY, name, sealed)] * 2) == [data] * 2
    assert seal(KEY, name, data) != sealed  # another nonce


@given(datas, st.data())
def test_no_change_of_small_data_opens(data: bytes, choices: st.DataObject) -> None:
    sealed = seal(KEY, b"a", data)
    place = choices.draw(st.integers(0, len(sealed) - 1))
    flip = choices.draw(st.integers(1, 255))
    changed = sealed[:place] + bytes([sealed[place] ^ flip]) + sealed[place + 1 :]
    for wrong in (changed, sealed[:place], sealed + b"x"):
        with pytest.raises(Damaged, match="'a'"):
            unseal(KEY, b"a", wrong)
        with pytest.raises(Damaged):
            unseal_all([(KEY, b"a", sealed), (KEY, b"a", wrong)])
    for key, name in ((OTHER, b"a"), (KEY, b"b")):
        with pytest.raises(Damaged):
            unseal(key, name, sealed)


@given(st.lists(datas, max_size=5), words, st.integers(1, 20))
def test_files_come_back_however_they_were_written(parts: list[bytes], name: str, chunk: int) -> None:
    file = io.BytesIO()
    writer = SealedWriter(KEY, name, file, chunk)
    for part in parts:
        writer.write(part)
    writer.finish()
    sealed, data = file.getvalue(), b"".join(parts)
    assert opened(sealed, name) == data


@given(datas, st.data())
def test_no_change_of_a_file_opens(data: bytes, choices: st.DataObject) -> None:
    sealed = sealed_file(data)
    place = choices.draw(st.integers(0, len(sealed) - 1))
    flip = choices.draw(st.integers(1, 255))
    changed = sealed[:place] + bytes([sealed[place] ^ flip]) + sealed[place + 1 :]
    for wrong in (changed, sealed[:place], sealed + b"x"):
        with pytest.raises(Damaged, match="'a'"):
            opened(wrong)
    for name, key in (("b", KEY), ("a", OTHER)):
        with pytest.raises(Damaged):
            opened(sealed, name, key)


def test_chunks_have_their_place_and_their_file() -> None:
    first, second = sealed_file(b"x" * 3 * CHUNK), sealed_file(b"x" * 3 * CHUNK)
    header, step = len(first) - 3 * (CHUNK + 16), CHUNK + 16
    head, *chunks = first[:header], *(first[header + n * step : header + (n + 1) * step] for n in range(3))
    for order in ((1, 0, 2), (0, 1), (0, 1, 2, 2), (0, 2)):
        with pytest.raises(Damaged):
            opened(head + b"".join(chunks[n] for n in order))
    with pytest.raises(Damaged):  # the same bytes and name, of another file
        opened(head + chunks[0] + second[header + step :])


def test_an_unfinished_file_does_not_open() -> None:
    file = io.BytesIO()
    SealedWriter(KEY, "a", file, CHUNK).write(b"x" * 2 * CHUNK)
    with pytest.raises(Damaged):
        opened(file.getvalue())
    with pytest.raises(WrongUse, match="32 bytes"):
        SealedWriter(b"short", "a", io.BytesIO())
