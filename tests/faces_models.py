"""The real models, converted once for all tests."""

from __future__ import annotations

import functools
import getpass
import importlib.util
import tempfile
from pathlib import Path

from matcher.faces.models import ModelFolder

# The landmarks of ArcFace and its kin, in their order.
ARCFACE_POINTS = ("eye_left", "eye_right", "nose_tip", "mouth_left", "mouth_right")


@functools.cache
def shared_models_folder() -> Path:
    """A folder of converted models that all test processes and later runs of this user share; checked once each."""
    path = Path(tempfile.gettempdir()) / f"matcher-test-models-{getpass.getuser()}"
    ModelFolder(path).prepare()
    return path


def source_folder() -> Path:
    """Where face_recognition_models keeps dlib's files."""
    spec = importlib.util.find_spec("face_recognition_models")
    assert spec is not None and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "models"
