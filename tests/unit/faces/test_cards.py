"""Cards: taken whole, or refused with file and key."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_files import detector_card, tiny_card, tiny_detector, tiny_recogniser

from matcher.errors import ModelProblem
from matcher.faces.cards import Role, read_card
from matcher.faces.installed import BUILT_IN, shipped

RECOGNISER, DETECTOR = tiny_card("tiny", tiny_recogniser()), detector_card("tiny", tiny_detector())
# Every line "key = value" of both cards, with the table it stands in.
KEYS = [
    (text, table, line)
    for text in (RECOGNISER, DETECTOR)
    for table, block in re.findall(r"(?:^|\[([a-z.]+)\]\n)((?:[a-z0-9_]+ = .*\n)+)", text)
    for line in block.splitlines()
]


def read(text: str) -> Any:
    return read_card(text.encode(), "folder/model.toml")


def key(table: str, line: str) -> str:
    name = line.split(" = ", maxsplit=1)[0]
    return f"{table}.{name}" if table else name


def test_a_recogniser_and_a_detector_are_read() -> None:
    card = read(RECOGNISER)
    assert (card.name, card.role, card.detector) == ("tiny", Role.RECOGNISER, None)
    assert card.recogniser.template["eye_right"] == (22, 12)
    assert (card.input.side, card.input.mean[0]) == (32, 127.5)
    card = read(DETECTOR)
    assert (card.role, card.recogniser, card.detector.points[2]) == (Role.DETECTOR, None, "nose_tip")


def test_shipped_cards_are_read_and_built_in_ones_come_first() -> None:
    assert tuple(shipped())[:3] == BUILT_IN
    assert set(shipped()) == {*BUILT_IN, "yunet-2023mar", "yunet-2026may", "sface-2021dec"}
    for name, (card, _) in shipped().items():
        assert card.name == name
        assert (card.input is None) == (name in BUILT_IN)
        assert "TODO" not in str(card)


@pytest.mark.parametrize(("text", "table", "line"), KEYS, ids=lambda value: value[:30] if "\n" not in value else "")
def test_a_missing_key_is_named(text: str, table: str, line: str) -> None:
    if key(table, line) in ("recogniser.template.nose_tip",):
        assert "nose_tip" not in read(text.replace(line + "\n", "", 1)).recogniser.template
        return
    named = "recogniser.template" if table == "recogniser.template" else key(table, line)
    start = text.index(f"[{table}]") if table else 0
    without = text[:start] + text[start:].replace(line + "\n", "", 1)
    with pytest.raises(ModelProblem, match=rf"'folder/model\.toml', key '{re.escape(named)}'"):
        read(without)


@pytest.mark.parametrize(("text", "table", "line"), KEYS, ids=lambda value: value[:30] if "\n" not in value else "")
@pytest.mark.parametrize("value", ["[]", "nan", "{}", "1979-05-27", '""'])
def test_a_value_of_another_type_is_named(text: str, table: str, line: str, value: str) -> None:
    start = text.index(f"[{table}]") if table else 0
    wrong = text[:start] + text[start:].replace(line, f"{line.split(' = ', maxsplit=1)[0]} = {value}", 1)
    with pytest.raises(ModelProblem, match=rf"key '{re.escape(key(table, line))}'"):
        read(wrong)


@pytest.mark.parametrize("table", ["", "file", "about", "input", "recogniser", "recogniser.template"])
def test_an_unknown_key_is_named(table: str) -> None:
    if table:
        text, named = RECOGNISER.replace(f"[{table}]\n", f"[{table}]\nextra = 1\n"), f"{table}.extra"
    else:
        text, named = f"extra = 1\n{RECOGNISER}", "extra"
    with pytest.raises(ModelProblem, match=rf"key '{re.escape(named)}'"):
        read(text)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("format = 1", "format = 2", "key 'format': expected 1, not 2"),
        ("format = 1", "format = true", "key 'format'"),
        ('name = "tiny"', 'name = "Tiny"', "key 'name'"),
        ('name = "tiny"', 'name = "a+b"', "key 'name'"),
        ('name = "tiny"', 'name = "../up"', "key 'name'"),
        ('name = "tiny"', f'name = "{"a" * 61}"', "key 'name'"),
        ('name = "tiny.onnx"', 'name = "../tiny.onnx"', "key 'file.name'"),
        ('name = "tiny.onnx"', 'name = "model.toml"', "key 'file.name'"),
        ('name = "tiny.onnx"', 'name = "MODEL.TOML"', "key 'file.name': expected the plain name of a file other than"),
        ('name = "tiny.onnx"', 'name = ".hidden"', "key 'file.name'"),
        ('name = "tiny.onnx"', 'name = "tiny .onnx"', "key 'file.name'"),
        ('name = "tiny.onnx"', 'name = "ünï.onnx"', "key 'file.name'"),
        ('name = "tiny.onnx"', 'name = "a\\nb"', "key 'file.name'"),
        ('role = "recogniser"', 'role = "landmarker"', "key 'role'"),
        ('role = "recogniser"', 'role = "detector"', "key 'input.fixed_size': it is missing"),
        ("dim = 12", "dim = 12.0", "key 'recogniser.dim'"),
        ("dim = 12", "dim = true", "key 'recogniser.dim'"),
        ("dim = 12", "dim = 0", "key 'recogniser.dim': expected a whole number 2"),
        ("side = 32", "side = 31", "key 'input.side'"),
        ('metric = "cosine"', 'metric = "euclidean"', "key 'recogniser.metric': expected cosine"),
        ("[127.5, 127.5, 127.5]", "[127.5, 127.5]", "key 'input.mean': expected 3 numbers"),
        ("[127.5, 127.5, 127.5]", "[127.5, 127.5, inf]", "key 'input.mean'"),
        ("[127.5, 127.5, 127.5]", "[127.5, 127.5, true]", "key 'input.mean'"),
        ("[0.0078125, 0.0078125, 0.0078125]", "[1, 1, 0]", "key 'input.scale'"),
        ("eye_left = [10, 12]", "chin = [10, 12]", "key 'recogniser.template.chin': it is no point's name"),
        ("eye_left = [10, 12]", "eye_left = [1000, 12]", "key 'recogniser.template.eye_left': .*2 numbers -32 … 64"),
        ("eye_left = [10, 12]", f"eye_left = [10, 1{400 * '0'}]", "key 'recogniser.template.eye_left'"),
        ("[127.5, 127.5, 127.5]", f"[1{400 * '0'}, 0, 0]", "key 'input.mean': expected 3 numbers -1000 … 1000"),
        ("[127.5, 127.5, 127.5]", "[0, 1000.5, 0]", "key 'input.mean'"),
        ("[127.5, 127.5, 127.5]", f"[0x{5000 * 'f'}, 0, 0]", "key 'input.mean'.*too long to show"),
        ("[0.0078125, 0.0078125, 0.0078125]", "[1, 1, 1e39]", "key 'input.scale': expected 3 numbers -100000 … 1"),
        ("[0.0078125, 0.0078125, 0.0078125]", "[1, 1, 1e-60]", "key 'input.scale': expected numbers of at least 1e-05"),
        ("dim = 12", f"dim = 0x{5000 * 'f'}", "key 'recogniser.dim'.*too long to show"),
        ('licence = "Apache-2.0"', f"licence{2000 * '.a'} = 1", "key 'licence': expected a text"),
        ("format = 1", f"format = {3000 * '['}{3000 * ']'}", r"'folder/model\.toml' cannot be read.*nested too deeply"),
        ("eye_left = [10, 12]\n", "", "key 'recogniser.template': expected points of both eyes"),
        ("eye_right = [22, 12]", "eye_right = [10, 12]", "key 'recogniser.template'.*those of the picture.*10 and 10"),
        ("eye_right = [22, 12]", "eye_right = [10, 30]", "those of the picture"),
        ("eye_left = [10, 12]\neye_right = [22, 12]", "eye_left = [22, 12]\neye_right = [10, 12]", "of the picture"),
        ("eye_left = [10, 12]", "eye_left_outer = [14, 12]\neye_left_inner = [31, 12]", "middles lie 22.5 and 22 "),
    ],
)  # fmt: skip
def test_impossible_values_are_named(old: str, new: str, why: str) -> None:
    assert old in RECOGNISER
    with pytest.raises(ModelProblem, match=why):
        read(RECOGNISER.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('decoder = "yunet"', 'decoder = "ssd"', "key 'detector.decoder': expected yunet"),
        ("least_score = 0.6", "least_score = 1.1", "key 'detector.least_score'"),
        ("sure_score = 0.8", f"sure_score = 1{400 * '0'}", "key 'detector.sure_score'.* 0.6 … 1, not 1"),
        ("sure_score = 0.8", "sure_score = 0.5", "key 'detector.sure_score': expected a number 0.6"),
        ("largest_face = 128", "largest_face = 127", "key 'detector.largest_face': expected a whole number 128"),
        ('"nose_tip", ', "", "key 'detector.points'.*eyes or the nose|key 'detector.points'.*lack"),
        ('"eye_left", ', '"eye_right", ', "key 'detector.points'.*different"),
        ('"mouth_left", ', "", "key 'detector.points': expected five names"),
        ('"eye_left", ', "7, ", "key 'detector.points': expected a list of texts"),
        ("side = 1", "side = 0", "key 'detector.box.side'"),
    ],
)
def test_impossible_values_of_a_detector_are_named(old: str, new: str, why: str) -> None:
    assert old in DETECTOR
    with pytest.raises(ModelProblem, match=why):
        read(DETECTOR.replace(old, new, 1))


def test_the_limits_of_mean_and_scale_are_allowed() -> None:
    text = RECOGNISER.replace("[127.5, 127.5, 127.5]", "[-1000, 1000, 0]", 1)
    text = text.replace("[0.0078125, 0.0078125, 0.0078125]", "[-1e-5, 1e-5, 100000]", 1)
    assert read(text).input.mean == (-1000, 1000, 0)
    assert read(text).input.scale == (-1e-5, 1e-5, 100_000)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"name = ", b"a = 1\na = 2"])
def test_what_is_no_card_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(ModelProblem, match=r"folder/model\.toml"):
        read_card(data, "folder/model.toml")


@given(st.text(max_size=200) | st.from_regex(r'[a-z_]+ = ("[a-z]*"|[0-9.e+-]+|\[\]|\{\})', fullmatch=True))
def test_anything_else_is_a_model_problem(text: str) -> None:
    with pytest.raises(ModelProblem):
        read(text)


def test_the_word_changes_with_everything_that_computes_and_with_nothing_else() -> None:
    card = read(RECOGNISER)
    assert re.fullmatch(r"tiny\.[0-9a-f]{8}", card.word)
    for old, new in (
        ("nose_tip = [16, 18]", "nose_tip = [16, 18.5]"),
        ("side = 32", "side = 33"),
        ('colour = "rgb"', 'colour = "bgr"'),
        ("mirror = true", "mirror = false"),
        ('sampling = "warp"', 'sampling = "dlib"'),
        ('sha256 = "', 'sha256 = "0'),
    ):
        changed = RECOGNISER.replace(old, new, 1)
        changed = re.sub(r'(sha256 = "[0-9a-f]{64})[0-9a-f]*', r"\1", changed)
        assert read(changed).word != card.word, new
    assert read(RECOGNISER.replace('measured = "nothing"', 'measured = "much"')).word == card.word
    ordered = RECOGNISER.replace(
        "eye_left = [10, 12]\neye_right = [22, 12]", "eye_right = [22, 12]\neye_left = [10, 12]"
    )
    assert read(ordered).word == card.word
    assert replace(card, licence="MIT").word == card.word
