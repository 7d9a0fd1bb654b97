"""What a model must do on drawn pictures before it is taken, and what a pair must do before it is used."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from matcher.domain.faces import Box
from matcher.errors import ModelProblem
from matcher.faces.cards import Card, Input
from matcher.faces.contracts import Backend, Image
from matcher.faces.models_session import ANEW, Network, Port
from matcher.faces.onnx_files import check_whole
from matcher.faces.onnx_recogniser import OnnxRecogniser
from matcher.faces.pipeline import FacePipeline
from matcher.faces.yunet import OUTPUTS, STRIDES, YunetDetector

# Vectors of one chip alone and among others may differ by the order of the processor's sums, in parts of their length.
_BATCH_TOLERANCE = 1e-3
_SIZES = ((160, 192), (224, 128))  # rows and columns of the pictures that a detector is tried on


def picture(rows: int, columns: int, variant: int) -> Image:
    """A shaded oval with two dark spots before an uneven ground; it differs between variants."""
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float64)
    x, y = (x + 0.5) / columns, (y + 0.5) / rows
    head = ((x - 0.5) / 0.33) ** 2 + ((y - 0.53) / 0.43) ** 2 < 1
    apart = 0.13 + 0.02 * variant
    eyes = (np.minimum(abs(x - 0.5 + apart), abs(x - 0.5 - apart)) < 0.06) & (abs(y - 0.41) < 0.035)
    light = np.where(head, 110 + 90 * x + 10 * variant, 70 + 40 * np.sin(7 * y + variant))
    light = np.where(eyes, 25 + 20 * variant, light)
    return np.stack([light, light * 0.8, light * 0.7], axis=-1).clip(0, 255).astype(np.uint8)


def try_model(card: Card, data: bytes) -> None:
    """`ModelProblem` with the reason, unless these bytes are the network that the card describes and it computes."""
    what = card.input
    assert what is not None  # noqa: S101 - a card that is not built in has one
    check_whole(data)
    if card.detector is not None:
        detector = YunetDetector(card, lambda: data, 1, ANEW)
        _check_ports(what, detector.network)
        _try_detector(what, detector)
    else:
        recogniser = OnnxRecogniser(card, lambda: data, 1, ANEW)
        _check_ports(what, recogniser.network)
        _try_recogniser(card, recogniser)


def try_pair(backend: Backend) -> None:
    """Run all parts once on a drawn picture; an error says which part does not fit, none that all do."""
    photo = picture(240, 240, 0)
    backend.detector.detect(photo)
    box = Box(50, 50, 190, 190)
    if backend.landmarker is None:
        # Whether it sees a face in the drawing is not asked, only that points of its kind can be aligned.
        points = np.array([(90 + 15 * (i % 2), 90 + 20 * i) for i in range(5)], dtype=np.float32)
    else:
        points = backend.landmarker.locate(photo, [box])[0]
    FacePipeline(backend).embed_chips(backend.aligner.chip(photo, points)[None])


def _check_ports(card: Input, network: Network) -> None:
    _check_input(card, network.inputs())
    for port in network.results():
        if port.kind != "tensor(float)":
            raise ModelProblem(f"The network's output '{port.name}' is {port.kind}; a face model here gives float32.")


def _check_input(card: Input, inputs: list[Port]) -> None:
    if len(inputs) != 1:
        names = ", ".join(f"'{port.name}'" for port in inputs) or "none"
        raise ModelProblem(f"The network has {len(inputs)} inputs ({names}); a face model takes one image.")
    (port,) = inputs
    if port.kind != "tensor(float)":
        raise ModelProblem(f"The network's input '{port.name}' is {port.kind}; a face model here takes float32.")
    side = card.side
    sides = (3, side, side) if card.layout == "nchw" else (side, side, 3)
    fits = (
        len(port.shape) == 4
        and port.shape[0] in (None, 1)
        and all(
            has in (None, wants) if wants else has is None for has, wants in zip(port.shape[1:], sides, strict=True)
        )
    )
    if not fits:
        wanted = ", ".join("any" if each is None else str(each) for each in ("n", *sides))
        found = ", ".join("any" if each is None else str(each) for each in port.shape)
        raise ModelProblem(f"The network's input '{port.name}' is ({found}), not ({wanted}) as its card says.")


def _try_recogniser(card: Card, recogniser: OnnxRecogniser) -> None:
    results, side = recogniser.network.results(), recogniser.side
    if len(results) != 1:
        raise ModelProblem(f"The network has {len(results)} outputs; a recogniser gives one: the vectors.")
    chips = np.stack([picture(side, side, variant) for variant in range(3)])
    singles = np.concatenate([recogniser.embed(chip[None]) for chip in chips])
    lengths = np.linalg.norm(singles, axis=1)
    if lengths.min() == 0 or _alike(singles):
        raise ModelProblem(
            f"The network of '{card.name}' gives the same vector for different pictures: it recognises nothing."
        )
    if np.abs(recogniser.embed(chips) - singles).max() > _BATCH_TOLERANCE * lengths.max():
        raise ModelProblem(f"The network of '{card.name}' gives other vectors for several pictures than for one.")
    recogniser.embed(np.zeros_like(chips[:1]))  # what is all black must give numbers, too


def _try_detector(card: Input, detector: YunetDetector) -> None:
    for rows, columns in _SIZES:
        seen = [detector.network.outputs(card.tensor(picture(rows, columns, variant)[None])) for variant in range(3)]
        _check_outputs(seen[0], rows, columns)
        detector.decode(seen[0], columns)
        if all(_alike([outputs[f"{name}_{stride}"] for outputs in seen]) for name in OUTPUTS for stride in STRIDES):
            raise ModelProblem("The network gives the same answer for different pictures: it detects nothing.")


def _check_outputs(outputs: Mapping[str, NDArray[np.float32]], rows: int, columns: int) -> None:
    for name, size in OUTPUTS.items():
        for stride in STRIDES:
            full, wanted = f"{name}_{stride}", (1, rows // stride * (columns // stride), size)
            if full not in outputs:
                raise ModelProblem(f"The network has no output '{full}': it is not a detector of YuNet's kind.")
            if outputs[full].shape != wanted:
                raise ModelProblem(
                    f"The network's output '{full}' has the shape {outputs[full].shape} for an image of "
                    f"{columns} × {rows} pixels, not {wanted}."
                )


def _alike(answers: NDArray[np.float32] | list[NDArray[np.float32]]) -> bool:
    """Whether all answers are the same but for the last digits."""
    size = max(float(np.abs(answer).max()) for answer in answers)
    return all(float(np.abs(answer - answers[0]).max()) <= 1e-6 * size for answer in answers)
