"""What the package promises: public names, one error tree, documents that tell the truth."""

from __future__ import annotations

import ast
import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

import matcher
from matcher import errors
from matcher.cli.root import COMMANDS, root
from matcher.config import Settings

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
ERRORS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.MatcherError)]


def test_public_names_exist_and_load_lazily() -> None:
    assert sorted(matcher.__all__) == sorted(dir(matcher))
    for name in matcher.__all__:
        assert getattr(matcher, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        matcher.nonsense  # noqa: B018 - the attribute access is the test
    code = "import sys, matcher; print([m for m in ('numpy', 'sqlalchemy', 'cv2') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_error_codes_are_distinct_and_drawn_in_the_tree() -> None:
    codes = [kind.code for kind in ERRORS]
    assert len(set(codes)) == len(codes)
    assert errors.__doc__ is not None
    for kind in ERRORS:
        assert re.search(rf"\b{kind.__name__}\b", errors.__doc__)
        assert 400 <= kind.http_status < 600
        assert str(kind()) == kind.__doc__


def test_the_readme_lists_every_exit_code() -> None:
    for kind in ERRORS:
        assert re.search(rf"^\| {kind.exit_code} \|", README, re.MULTILINE), f"{kind.__name__}: {kind.exit_code}"


def test_the_readme_names_every_setting() -> None:
    for name in Settings.model_fields:
        assert f"`{name}`" in README


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[str]:
    context = click.Context(group)
    found = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(), f"{name} has no help"
        found += commands(command, (*path, name)) if isinstance(command, click.Group) else [" ".join((*path, name))]
    return found


def test_the_readme_shows_every_command() -> None:
    every = commands(root)
    assert len(every) > len(COMMANDS)
    missing = [name for name in every if f"matcher {name}" not in README]
    assert missing == []


PROMISES = re.compile(r"\d ?% (match|sure|certain|confiden)|auto_threshold|is (surely|certainly) the child", re.I)
# A percent sign may stand in what is said to people only for an interval, in a report on many searches.
PERCENT = re.compile(r"%(?! interval)|per ?cent", re.I)


def test_no_text_promises_an_identification() -> None:
    for path in [*(PROJECT / "matcher").rglob("*.py"), PROJECT / "README.md"]:
        assert not PROMISES.search(path.read_text(encoding="utf-8")), path


def said(path: Path) -> list[str]:
    """All texts in a module that are no docstrings: messages, templates, sentences, and what only machines read."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = {
        id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented) and _docstring(node)
    }
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [node.value for node in texts if id(node) not in docstrings]


def _docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> bool:
    return bool(node.body) and isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)


@pytest.mark.parametrize("path", sorted((PROJECT / "matcher").rglob("*.py")), ids=lambda path: path.name)
def test_no_message_holds_a_percentage(path: Path) -> None:
    for text in said(path):
        # Less formats of times, names of constraints and lengths of stylesheets.
        for_people = re.sub(r"%[YmdHMSfjz%]|%\(\w+\)s|: *\d+%", "", text)
        assert not PERCENT.search(for_people), text


def test_a_planted_percentage_is_found(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text('"""At 95 %."""\nx = 1\nprint(f"{x} % match, 95 % interval")\n')
    assert [bool(PERCENT.search(text)) for text in said(planted)] == [True]
    assert not PERCENT.search("95 % interval")


def test_no_photo_lies_in_the_project() -> None:
    """Faces are drawn when tests run; the only pictures that are kept are those that the README shows."""
    if shutil.which("git") is None or not (PROJECT / ".git").exists():
        pytest.skip("not a clone")
    command = ["git", "-C", str(PROJECT), "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    endings = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".avif"}
    pictures = [path for path in listed if Path(path).suffix.lower() in endings]
    assert [path for path in pictures if path not in README] == []
