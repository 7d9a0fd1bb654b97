"""Which backends there are, each loaded once per process.

A backend is a pair DETECTOR+RECOGNISER of built-in and installed models, such as mmod+dlib-resnet-v1, or the word
face-recognition: the original library, run by dlib.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from matcher.config import DEFAULT_BACKEND
from matcher.errors import NotFound, WrongUse
from matcher.faces.alignment import DLIB_SIDE, DLIB_TEMPLATE, DlibAligner, WarpAligner
from matcher.faces.cards import Card, Role
from matcher.faces.contracts import Aligner, Backend, Detector, Landmarker, Recogniser
from matcher.faces.installed import LANDMARKS, InstalledModels
from matcher.faces.landmarks import TreeLandmarker
from matcher.faces.mmod import MmodDetector
from matcher.faces.models import ModelFolder, Progress, shared_models
from matcher.faces.onnx_recogniser import OnnxRecogniser
from matcher.faces.original import original_backend
from matcher.faces.points import DLIB_POINTS, meet
from matcher.faces.resnet import DlibResnet
from matcher.faces.yunet import YunetDetector

ORIGINAL = "face-recognition"


def models_of(backend: str) -> tuple[str, ...]:
    """The names of the two models of a backend; none of the original library's. `WrongUse` for what is no pair."""
    if backend == ORIGINAL:
        return ()
    names = tuple(backend.split("+"))
    if len(names) != 2 or not all(names):
        raise WrongUse(
            f"There is no face backend '{backend}': give DETECTOR+RECOGNISER such as {DEFAULT_BACKEND}, or {ORIGINAL}."
        )
    return names


def uses_landmarker(backend: str, models: Path) -> bool:
    """Whether the landmarks of a pair are found by the built-in trees rather than by its detector; loads no network."""
    if backend == ORIGINAL:
        return False
    detector, recogniser = (_card(each, models) for each in models_of(backend))
    points = detector.detector.points if detector and detector.detector else ()
    template = recogniser.recogniser.template if recogniser and recogniser.recogniser else DLIB_TEMPLATE
    return meet(template, points) is None


def load_backend(name: str, models: Path, *, threads: int = 0, progress: Progress | None = None) -> Backend:
    """The backend of that name; equal arguments give the very same one.

    `models` is the folder of models: the built-in ones are converted on first use, with news for `progress`. `threads`
    per network, 0: one per core. `WrongUse` for a name that is none, models that are not installed or do not fit,
    `ModelProblem` when models are damaged or cannot be made, `ExtraMissing` without the original library.
    """
    # The words of installed models are part of the key: one that was replaced is another.
    cards = tuple(_card(each, models) for each in models_of(name))
    key: tuple[str | int, ...] = (name, *(card.word if card else "" for card in cards), str(models.resolve()), threads)
    # Two threads may both build it at first, and one result is dropped: the networks in it load later, once, and no
    # lock is needed that a fork could leave closed.
    if key not in _loaded:
        made = _compose(name, cards, _Place(models, threads, progress)) if cards else original_backend()
        _loaded.setdefault(key, made)
    return _loaded[key]


_loaded: dict[tuple[str | int, ...], Backend] = {}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where models lie, and how they are loaded."""

    models: Path
    threads: int
    progress: Progress | None

    def converted(self) -> ModelFolder:
        """The built-in models, made if need be."""
        folder = shared_models(self.models, self.threads)
        folder.prepare(self.progress)
        return folder


@dataclass(frozen=True, slots=True)
class _Recognising:
    """A recogniser, and how its chips are cut."""

    recogniser: Recogniser
    template: Mapping[str, tuple[float, float]]
    side: int
    sampling: str
    mirror: bool


def _card(name: str, models: Path) -> Card | None:
    """The card of an installed model, `None` for a built-in one."""
    if name in (MmodDetector.name, DlibResnet.name):
        return None
    if name == LANDMARKS:
        raise WrongUse(f"'{name}' is a landmarker, which is used where it is needed: name a detector and a recogniser.")
    try:
        return InstalledModels(models).card(name)
    except NotFound as error:
        raise WrongUse(
            f"The face backend needs the model '{name}', which is neither built in nor installed in '{models}': "
            "see `matcher models list`."
        ) from error


def _compose(name: str, cards: tuple[Card | None, ...], place: _Place) -> Backend:
    detector_name, recogniser_name = models_of(name)
    detector = _detector(detector_name, cards[0], place)
    found = _recogniser(recogniser_name, cards[1], place)
    landmarker: Landmarker | None = None
    points = detector.points
    if meet(found.template, points) is None:
        # The detector's own landmarks will not do. dlib's can be found in every box and serve every template: cards
        # without points of both eyes are refused, and dlib gives both corners of both.
        landmarker = TreeLandmarker(place.converted().landmarks())
        points = landmarker.points
    return Backend(detector, landmarker, _aligner(found, points), found.recogniser, mirror=found.mirror)


def _aligner(found: _Recognising, points: tuple[str, ...]) -> Aligner:
    if found.sampling == "dlib":
        word = f"{len(points)}pt-{found.side}"
        return DlibAligner(word if points == DLIB_POINTS else f"own-{word}", points, found.template, found.side)
    word = f"warp-{found.side}"
    return WarpAligner(f"5pt-{word}" if points == DLIB_POINTS else f"own-{word}", points, found.template, found.side)


def _detector(name: str, card: Card | None, place: _Place) -> Detector:
    if name == MmodDetector.name:
        return MmodDetector(place.converted())
    if card is None or card.role is not Role.DETECTOR:
        raise WrongUse(f"'{name}' is not a detector: the first model of DETECTOR+RECOGNISER finds faces.")
    return YunetDetector(card, functools.partial(InstalledModels(place.models).network, card), place.threads)


def _recogniser(name: str, card: Card | None, place: _Place) -> _Recognising:
    if name == DlibResnet.name:
        return _Recognising(DlibResnet(place.converted()), DLIB_TEMPLATE, DLIB_SIDE, "dlib", mirror=True)
    if card is None or card.recogniser is None or card.input is None or card.input.side is None:
        raise WrongUse(f"'{name}' is not a recogniser: the second model of DETECTOR+RECOGNISER compares faces.")
    how = card.recogniser
    network = OnnxRecogniser(card, functools.partial(InstalledModels(place.models).network, card), place.threads)
    return _Recognising(network, how.template, card.input.side, how.sampling, how.mirror)
