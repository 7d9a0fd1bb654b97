"""The folder of converted models: made once from face_recognition_models, checked at every load.

    dlib-resnet-v1.onnx   chips → vectors
    mmod.onnx             pixels → face scores
    landmarks5.npz        the trees that find five landmarks
    MANIFEST.json         for each: its SHA-256 and that of the file it was made from

Files are written beside their place and renamed, the manifest last, under a lock that other processes respect.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from filelock import AcquireReturnProxy, FileLock, Timeout

from matcher.errors import Busy, ModelProblem
from matcher.faces.datfile import ShapePredictorArrays, read_shape_predictor
from matcher.faces.models_session import Network

Progress = Callable[[str, int, int], None]

# Goes up when other bytes are made from the same source.
_CONVERTER = 1
_MANIFEST = "MANIFEST.json"
_LONGEST_WAIT = 300  # seconds; a conversion takes about two


@dataclass(frozen=True, slots=True)
class _Model:
    """A file of this folder and where it comes from."""

    name: str
    source: str
    source_sha256: str
    convert: Callable[[bytes, str], bytes]


def _recogniser(data: bytes, name: str) -> bytes:
    from matcher.faces.graphs import recogniser_graph

    return bytes(recogniser_graph(data, name).SerializeToString(deterministic=True))


def _detector(data: bytes, name: str) -> bytes:
    from matcher.faces.graphs import detector_graph

    return bytes(detector_graph(data, name).SerializeToString(deterministic=True))


def _landmarks(data: bytes, name: str) -> bytes:
    buffer = io.BytesIO()
    arrays = read_shape_predictor(data, name)
    np.savez(buffer, **{field.name: getattr(arrays, field.name) for field in fields(arrays)})
    return buffer.getvalue()


# The source files are the same in every release of face_recognition_models (0.1.0 to 0.3.0).
# Its 68-point landmark file is left alone: its training photos forbid commercial use.
RECOGNISER = _Model(
    "dlib-resnet-v1.onnx",
    "dlib_face_recognition_resnet_model_v1.dat",
    "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
    _recogniser,
)
DETECTOR = _Model(
    "mmod.onnx",
    "mmod_human_face_detector.dat",
    "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
    _detector,
)
LANDMARKS = _Model(
    "landmarks5.npz",
    "shape_predictor_5_face_landmarks.dat",
    "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
    _landmarks,
)
_MODELS = (RECOGNISER, DETECTOR, LANDMARKS)


class ModelFolder:
    """Gives the models of one folder, loaded once, and makes those that are missing or damaged.

    Safe to use from several threads and processes at once, and after a fork.
    """

    def __init__(self, path: Path, *, threads: int = 0, source: Path | None = None) -> None:
        """`threads` per network, 0: one per core; `source` holds the .dat files, by default the installed ones."""
        self._path = path
        self._source = source
        self._arrays: ShapePredictorArrays | None = None
        self._recogniser = Network(RECOGNISER.name, lambda: self._read(RECOGNISER), threads)
        self._detector = Network(DETECTOR.name, lambda: self._read(DETECTOR), threads)

    @property
    def path(self) -> Path:
        return self._path

    def recogniser(self) -> Network:
        """uint8 (n, 150, 150, 3) → float32 (n, 128)."""
        return self._recogniser

    def detector(self) -> Network:
        """uint8 (1, rows, columns, 3) → scores, float32 (rows', columns')."""
        return self._detector

    def landmarks(self) -> ShapePredictorArrays:
        """The landmark trees."""
        # Two threads may both read at first: that is harmless, and needs no lock that a fork could leave closed.
        if self._arrays is None:
            self._arrays = _unpacked(self._read(LANDMARKS), self._path / LANDMARKS.name)
        return self._arrays

    def prepare(self, progress: Progress | None = None) -> None:
        """Make every file that is missing, damaged or of an older converter; `progress` hears name, done and total."""
        if all(self._intact(model) is not None for model in _MODELS):
            return
        with locked(self._path):
            for done, model in enumerate(_MODELS):
                if progress:
                    progress(model.name, done, len(_MODELS))
                if self._intact(model) is None:
                    self._convert(model)
            if progress:
                progress(_MODELS[-1].name, len(_MODELS), len(_MODELS))

    def problems(self) -> list[str]:
        """One sentence for each file that `prepare` would have to make; nothing is changed."""
        return [
            f"The model '{self._path / model.name}' is missing or damaged: it is made again on next use."
            for model in _MODELS
            if self._intact(model) is None
        ]

    def _read(self, model: _Model) -> bytes:
        """The checked bytes of a converted file, made now if need be."""
        data = self._intact(model)
        if data is None:
            with locked(self._path):
                data = self._intact(model) or self._convert(model)
        return data

    def _intact(self, model: _Model) -> bytes | None:
        """The bytes of a converted file if they are what the manifest says, by this converter from the known source."""
        try:
            data = (self._path / model.name).read_bytes()
        except OSError:
            return None
        return data if self._entries().get(model.name) == _entry(model, data) else None

    def _entries(self) -> dict[str, object]:
        """The manifest's files; none when it is absent or damaged."""
        try:
            manifest = json.loads((self._path / _MANIFEST).read_bytes())
            return dict(manifest["files"]) if manifest["converter"] == _CONVERTER else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def _convert(self, model: _Model) -> bytes:
        data = model.convert(self._source_bytes(model), model.source)
        entries = self._entries() | {model.name: _entry(model, data)}
        manifest = json.dumps({"converter": _CONVERTER, "files": entries}, indent=2, sort_keys=True) + "\n"
        try:
            write_whole(self._path / model.name, data)
            write_whole(self._path / _MANIFEST, manifest.encode())
        except OSError as error:
            raise ModelProblem(f"The model '{self._path / model.name}' cannot be written: {error.strerror}.") from error
        return data

    def _source_bytes(self, model: _Model) -> bytes:
        path = (self._source or package_folder()) / model.source
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelProblem(f"The model file '{path}' cannot be read: reinstall face_recognition_models.") from error
        if hashlib.sha256(data).hexdigest() != model.source_sha256:
            raise ModelProblem(f"The model file '{path}' is not the known one: reinstall face_recognition_models.")
        return data


_shared: dict[tuple[Path, int], ModelFolder] = {}


def shared_models(path: Path, threads: int = 0) -> ModelFolder:
    """This process's one `ModelFolder` for this path and number of threads: each network is loaded once."""
    return _shared.setdefault((path.resolve(), threads), ModelFolder(path, threads=threads))


def _entry(model: _Model, data: bytes) -> dict[str, str]:
    """What the manifest says of a converted file."""
    return {"sha256": hashlib.sha256(data).hexdigest(), "source": model.source, "source_sha256": model.source_sha256}


def _unpacked(data: bytes, path: Path) -> ShapePredictorArrays:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            return ShapePredictorArrays(**{field.name: stored[field.name] for field in fields(ShapePredictorArrays)})
    except (ValueError, KeyError, OSError, BadZipFile) as error:
        raise ModelProblem(f"The model '{path}' cannot be read: delete it, it is made again.") from error


def package_folder() -> Path:
    """Where face_recognition_models keeps its files; it is not imported, since that needs an old setuptools."""
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations:
        raise ModelProblem("The face models are not installed: run `pip install face_recognition_models`.")
    return Path(spec.submodule_search_locations[0]) / "models"


def locked(folder: Path) -> AcquireReturnProxy[FileLock]:
    """The lock of a folder of models, held; other processes that convert or install there wait for it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(folder / ".lock", timeout=_LONGEST_WAIT).acquire()
    except Timeout as error:
        raise Busy(f"Another process has been busy with the models in '{folder}' for long: try again.") from error
    except OSError as error:
        raise ModelProblem(f"The folder of models '{folder}' cannot be written: {error.strerror}.") from error


def write_whole(path: Path, data: bytes) -> None:
    """Write the whole file or nothing."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)  # other accounts on the machine may share the folder
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
