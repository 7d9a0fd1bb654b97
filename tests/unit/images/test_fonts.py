"""Which font draws a letter, and what is said when none does."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from card_samples import needs_chinese_font

from matcher.errors import ExtraMissing, WrongUse
from matcher.images import fonts
from matcher.images.fonts import Face, Typeface, drawn, faces_with, font, missing_letters

OWN = Face("")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without any font."""
    monkeypatch.setattr(fonts, "_FAMILIES", ())
    monkeypatch.setattr(fonts.shutil, "which", lambda name: None)
    fonts._installed.cache_clear()
    yield
    fonts._installed.cache_clear()


@pytest.fixture
def dejavu() -> Path:
    matplotlib = pytest.importorskip("matplotlib")
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


@needs_chinese_font
def test_chinese_and_latin_letters_are_drawn_in_both_weights() -> None:
    wide = []
    for bold in (False, True):
        letters = Typeface(bold)
        assert "".join(run for _, run in letters.runs("王小明 Daisy é○ 12")) == "王小明 Daisy é○ 12"
        wide.append(sum(font(face, 40).getlength(run) for face, run in letters.runs("Missing")))
    missing_letters(["寻人启事", "MISSING"])


def test_a_font_that_is_named_comes_first(bare: None, dejavu: Path) -> None:
    runs = list(Typeface(False, dejavu).runs("Ελένη a"))
    assert [(Path(face.file).name, text) for face, text in runs] == [("DejaVuSans.ttf", "Ελένη a")]
    assert list(Typeface(False).runs("abc")) == [(OWN, "abc")]


def test_letters_of_no_font_are_named(bare: None) -> None:
    with pytest.raises(ExtraMissing, match=r"letters 王명 \(U\+738B\).*fonts-noto-cjk.*name a font file"):
        list(Typeface(False).runs("a王명!"))
    with pytest.raises(ExtraMissing):
        list(Typeface(True).runs("é"))


def test_signs_and_invisible_characters_are_left_out(bare: None) -> None:
    told = "a\U0001f600\ufe0fb\u202e\x00\ue000\ud800 \t\nc→"
    assert "".join(run for _, run in Typeface(False).runs(told)) == "ab c"
    assert drawn("e\u0301\x07 \n x") == "é x"


def test_fontconfig_is_asked_for_letters_of_no_known_font(
    bare: None, dejavu: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def run(command: list[str], **how: object) -> subprocess.CompletedProcess[bytes]:
        asked.append(command[1])
        told = f"{dejavu}: :index=0\n/nowhere/Sans.ttf: :index=0\nnonsense\n{dejavu}: :index=65536\n"
        return subprocess.CompletedProcess(command, 0, told.encode(), b"")

    monkeypatch.setattr(fonts.shutil, "which", lambda name: "/usr/bin/fc-list")
    monkeypatch.setattr(fonts.subprocess, "run", run)
    letters = Typeface(False)
    assert [(Path(face.file).name, text) for face, text in letters.runs("a Ж")] == [("", "a "), ("DejaVuSans.ttf", "Ж")]
    assert list(letters.runs("Жд")) == [(Face(str(dejavu)), "Жд")]
    assert asked == [":charset=416:scalable=true"], "a font that was found is asked before fontconfig is"
    assert [face.index for face in faces_with("Ж", False)] == [0, 0]


@pytest.mark.parametrize("trouble", [OSError("gone"), subprocess.TimeoutExpired("fc-list", 1)])
def test_without_an_answer_of_fontconfig_there_is_no_font(
    bare: None, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    def run(*command: object, **how: object) -> None:
        raise trouble

    monkeypatch.setattr(fonts.shutil, "which", lambda name: "/usr/bin/fc-list")
    monkeypatch.setattr(fonts.subprocess, "run", run)
    with pytest.raises(ExtraMissing, match="Ж"):
        list(Typeface(False).runs("Ж"))


def test_what_is_no_font_is_said(tmp_path: Path) -> None:
    file = tmp_path / "letters.ttf"
    file.write_bytes(b"no font")
    with pytest.raises(WrongUse, match=r"letters\.ttf' is no font"):
        Typeface(False, file)


@needs_chinese_font
def test_of_a_file_with_many_fonts_the_simplified_chinese_one_is_taken() -> None:
    face = next((face for face in fonts._installed(False) if face.file.endswith("NotoSansCJK-Regular.ttc")), None)
    if face is None:
        pytest.skip("NotoSansCJK-Regular.ttc is not installed")
    assert font(face, 20).getname() == ("Noto Sans CJK SC", "Regular")
