"""Imports point inwards: only from lower rings or the own folder; every foreign library has one home."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "matcher"

RINGS = {
    "errors": 0, "wording": 0,
    "config": 1, "domain": 1, "images": 1,
    "crypto": 1, "faces": 2, "gallery": 2, "store": 2, "matching": 2, "review": 2, "accounts": 2, "interchange": 2,
    "evaluation": 2,
    "services": 3,
    "engine": 4, "jobs": 4, "delivery": 4, "demo": 4,
    "web": 5,
    "cli": 6,
    "__main__": 7,
}  # fmt: skip

# Who may import what; a foreign library that is absent here may be imported nowhere.
HOMES = {
    "numpy": None,  # arrays are spoken everywhere
    "cv2": {"images", "faces"},
    "PIL": {"images"},
    "pi_heif": {"images"},
    "onnx": {"faces"},
    "onnxruntime": {"faces"},
    "face_recognition": {"faces"},
    "dlib": {"faces"},
    "faiss": {"gallery"},
    "geographiclib": {"domain"},
    "filelock": {"gallery", "faces", "store"},
    "cryptography": {"crypto"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "pydantic": {"config", "web"},
    "pydantic_settings": {"config"},
    "platformdirs": {"config"},
    "matplotlib": {"evaluation"},
    "babel": {"web"},
    "fastapi": {"web"},
    "starlette": {"web"},
    "jinja2": {"web"},
    "markupsafe": {"web"},
    "anyio": {"web"},
    "python_multipart": {"web"},
    "uvicorn": {"cli"},
    "prometheus_client": {"web"},
    "argon2": {"accounts"},
    "reportlab": {"interchange"},
    "segno": {"interchange"},
    "openpyxl": {"interchange"},
    "tomli": {"config", "faces"},
    "click": {"cli"},
    "rich": {"cli"},
}


def room(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.name != "__init__.py")


def violations(path: Path, names: list[str]) -> list[str]:
    own, found = room(path), []
    for name in names:
        top, *rest = name.split(".")
        if top == "matcher":
            other = rest[0]
            if other in RINGS and other != own and RINGS[other] >= RINGS[own]:
                found.append(f"{path.name} ({own}, ring {RINGS[own]}) imports {name} (ring {RINGS[other]})")
        elif top not in sys.stdlib_module_names:
            homes = HOMES.get(top, set())
            if homes is not None and own not in homes:
                found.append(f"{path.name} imports {top}, whose home is {sorted(homes) or 'nowhere'}")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_inwards(path: Path) -> None:
    assert room(path) in RINGS, f"{path} belongs to no ring"
    assert violations(path, imported(path)) == []


def test_a_planted_violation_is_found() -> None:
    planted = PACKAGE / "store" / "planted.py"
    assert violations(planted, ["matcher.services.cases"])
    assert violations(planted, ["matcher.gallery.live"])
    assert violations(planted, ["faiss"])
    assert not violations(planted, ["matcher.domain.ids", "sqlalchemy", "json"])


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 50, f"{node.name} is longer than 50 lines"
