"""What callers hand in: photos, names and reasons."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import PhotoRefused, WrongUse
from matcher.services.inputs import CasePhoto, ReasonCode, Who, check_text, read_photo, several


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "absent.jpg", os.fsdecode(b"\xff.jpg"), "."])
def test_whatever_a_path_is_the_photo_is_refused_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(PhotoRefused, match=r"cannot be read|does not exist|is not a file"):
        read_photo(tmp_path / name)


def test_what_is_no_photo_is_wrong_use() -> None:
    given: Any = 17
    with pytest.raises(WrongUse, match="not int"):
        read_photo(given)


@pytest.mark.parametrize("one", ["a.jpg", b"bytes", Path("a.jpg"), CasePhoto("a.jpg")])
def test_one_photo_is_not_several(one: Any) -> None:
    with pytest.raises(WrongUse, match="expected a list of photos"):
        several(one)
    assert several((one, one)) == [one, one]


@pytest.mark.parametrize("value", ["A\n1", "A\u200b1", "A\u202e1", "A\u20281", "A\x9b1", "A\udcff1", 17, None])
def test_names_that_cannot_be_told_apart_are_refused(value: Any) -> None:
    with pytest.raises(WrongUse, match="The case number"):
        check_text("The case number", value, 100)


def test_plain_names_of_all_scripts_are_taken() -> None:
    check_text("The case number", "京公-2024/17 é نور", 100)


@pytest.mark.parametrize("note", ["a\0b", "\udcff", ["because"]])
def test_a_reason_that_cannot_be_kept_is_refused(note: Any) -> None:
    with pytest.raises(WrongUse, match="reason"):
        Who("li", ReasonCode.REVIEW, note)
    assert Who("li", ReasonCode.REVIEW, "two\nlines").note == "two\nlines"
