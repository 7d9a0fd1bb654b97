"""Which backends there are, each loaded once per process.

dlib-onnx           the models of face_recognition_models, run by ONNX Runtime
face-recognition    the original library, run by dlib
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from matcher.errors import WrongUse
from matcher.faces.alignment import DlibAligner
from matcher.faces.contracts import Backend
from matcher.faces.landmarks import TreeLandmarker
from matcher.faces.mmod import MmodDetector
from matcher.faces.models import Progress, shared_models
from matcher.faces.original import original_backend
from matcher.faces.resnet import DlibResnet


def load_backend(name: str, models: Path, *, threads: int = 0, progress: Progress | None = None) -> Backend:
    """The backend of that name; equal arguments give the very same one.

    `models` is the folder of converted models, filled on first use, with news for `progress`. `threads` per network, 0:
    one per core. `WrongUse` for a name that is none, `ModelProblem` when models cannot be made, `ExtraMissing` without
    the original library.
    """
    if name not in _BACKENDS:
        raise WrongUse(f"There is no face backend '{name}': use {' or '.join(sorted(_BACKENDS))}.")
    key = (name, models.resolve(), threads)
    # Two threads may both build it at first, and one result is dropped: the networks in it load later, once, and no
    # lock is needed that a fork could leave closed.
    return _loaded.get(key) or _loaded.setdefault(key, _BACKENDS[name](models, threads, progress))


def _dlib_onnx(models: Path, threads: int, progress: Progress | None) -> Backend:
    folder = shared_models(models, threads)
    folder.prepare(progress)
    return Backend(MmodDetector(folder), TreeLandmarker(folder.landmarks()), DlibAligner(), DlibResnet(folder))


def _face_recognition(_models: Path, _threads: int, _progress: Progress | None) -> Backend:
    return original_backend()


_BACKENDS: dict[str, Callable[[Path, int, Progress | None], Backend]] = {
    "dlib-onnx": _dlib_onnx,
    "face-recognition": _face_recognition,
}
_loaded: dict[tuple[str, Path, int], Backend] = {}
