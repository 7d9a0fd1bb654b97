"""Builds the two networks as ONNX graphs from the weights in dlib's files.

Batch norms and the scaling of the input are folded into the convolutions (in double precision), so that a graph is
convolutions and little else. Each takes pixels as they are: uint8 RGB, rows × columns × channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from matcher.faces.datfile import DatReader, damaged

# The mean colour of dlib's training images; both networks see (pixel − mean) / 256.
MEAN_RGB = (122.782, 117.001, 104.298)
DIM, _LAST_WIDTH = 128, 256
_BATCH_NORM_EPS = 1e-4
_OPSET, _IR_VERSION = 17, 8


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """A convolution with everything linear around it folded in: weights (out, in, rows, columns), biases (out,)."""

    weights: NDArray[np.float64]
    biases: NDArray[np.float64]
    stride: int
    padding: tuple[int, int]

    def scaled(self, gains: NDArray[np.float64], shifts: NDArray[np.float64]) -> Convolution:
        """The same, followed by a gain and a shift per output channel."""
        weights = self.weights * gains[:, None, None, None]
        return Convolution(weights, self.biases * gains + shifts, self.stride, self.padding)

    def for_pixels(self) -> Convolution:
        """The same, taking pixels 0 … 255 instead of (pixel − mean) / 256; exact only without padding."""
        mean = np.array(MEAN_RGB)[None, :, None, None]
        biases = self.biases - (self.weights * mean / 256).sum(axis=(1, 2, 3))
        return Convolution(self.weights / 256, biases, self.stride, self.padding)

    def widened(self, inputs: int, outputs: int) -> Convolution:
        """The same with idle channels added behind: they are zero before and after."""
        more_outputs, more_inputs = outputs - self.weights.shape[0], inputs - self.weights.shape[1]
        weights = np.pad(self.weights, ((0, more_outputs), (0, more_inputs), (0, 0), (0, 0)))
        return Convolution(weights, np.pad(self.biases, (0, more_outputs)), self.stride, self.padding)


def recogniser_graph(data: bytes, name: str) -> ModelProto:
    """Chips uint8 (n, 150, 150, 3) → vectors float32 (n, 128), from dlib_face_recognition_resnet_model_v1.dat."""
    reader = DatReader(data, name)
    graph = _Graph()
    at = graph.convolve(graph.pixels("chips"), _conv_affine(reader, name).for_pixels(), relu=True)
    at = graph.add("MaxPool", at, kernel_shape=[3, 3], strides=[2, 2])
    side = 35
    for _ in range(14):
        at, side = _residual_block(graph, at, side, _conv_affine(reader, name), _conv_affine(reader, name))
    at = graph.add("Flatten", graph.add("GlobalAveragePool", at))
    reader.seek_record("fc_2")
    if reader.integers(2) != (DIM, _LAST_WIDTH):
        raise damaged(name, "the last layer has an unknown size")
    graph.add("MatMul", at, graph.constant(reader.tensor().reshape(_LAST_WIDTH, DIM)), output="vectors")
    return graph.model("chips", ["n", 150, 150, 3], "vectors", ["n", DIM])


def _residual_block(graph: _Graph, at: str, side: int, first: Convolution, second: Convolution) -> tuple[str, int]:
    """Two convolutions whose result is added to their input; gives the name and the side of the sum.

    A block with stride 2 shrinks its input by a mean of 2×2. Where the two differ in channels, rows or columns, the
    smaller one is filled up with zeros at the end. Convolutions with the identity do this at next to no cost, while a
    `Pad` would leave ONNX Runtime's fast layout and stop it from merging the sum into the convolution before.
    """
    main = graph.convolve(graph.convolve(at, first, relu=True), second)
    skip, skip_side = at, side
    if first.stride == 2:
        width, channels = first.weights.shape[:2]
        main_side, skip_side = (side - 3) // 2 + 1, side // 2
        skip = graph.add("AveragePool", at, kernel_shape=[2, 2], strides=[2, 2])
        if width > channels:
            skip = graph.convolve(
                skip, Convolution(np.eye(width, channels)[:, :, None, None], np.zeros(width), 1, (0, 0))
            )
        if skip_side > main_side:
            main = graph.extended(main, width, skip_side - main_side)
    return graph.add("Relu", graph.add("Add", main, skip)), skip_side


def detector_graph(data: bytes, name: str) -> ModelProto:
    """Pixels uint8 (rows, columns, 3) → scores float32 (rows', columns'), from mmod_human_face_detector.dat.

    Score (r, c) belongs to the window of 80×80 pixels around (8 c + 14, 8 r + 14); above 0 it is a face.
    """
    reader = DatReader(data, name)
    layers = [_conv_norm(reader, name) for _ in range(6)]
    layers[0] = layers[0].for_pixels()
    # Whole blocks of 16 channels: ONNX Runtime's fast layout refuses the 45 channels of the file.
    for index in (3, 4, 5):
        layers[index] = layers[index].widened(inputs=32 if index == 3 else 48, outputs=48)
    graph = _Graph()
    at = graph.pixels("pixels")
    for layer in layers:
        at = graph.convolve(at, layer, relu=True)
    for layer in _as_columns_then_rows(_conv(reader, name).widened(inputs=48, outputs=1)):
        at = graph.convolve(at, layer)
    graph.add("Squeeze", at, graph.constant(np.array([0, 1])), output="scores")
    return graph.model("pixels", [1, "rows", "columns", 3], "scores", ["score_rows", "score_columns"])


def _as_columns_then_rows(layer: Convolution) -> tuple[Convolution, Convolution]:
    """A convolution with one output as two: one output per column of the kernel, then their sum along the row.

    The fast layout computes 16 outputs where one is asked for, so that 9×1 for nine outputs is nine times cheaper than
    9×9 for one.
    """
    _, inputs, rows, columns = layer.weights.shape
    vertical = layer.weights[0].transpose(2, 0, 1).reshape(columns, inputs, rows, 1)
    horizontal = np.eye(columns).reshape(1, columns, 1, columns)
    return (
        Convolution(vertical, np.zeros(columns), 1, (layer.padding[0], 0)),
        Convolution(horizontal, layer.biases, 1, (0, layer.padding[1])),
    )


def _conv(reader: DatReader, name: str) -> Convolution:
    reader.seek_record("con_4")
    values = reader.tensor().astype(np.float64)
    filters, rows, columns, stride, _, *padding = reader.integers(7)
    inputs, rest = divmod(len(values) - filters, max(1, filters * rows * columns))
    if filters < 1 or inputs < 1 or rest:
        raise damaged(name, "a convolution has an impossible size")
    weights = values[:-filters].reshape(filters, inputs, rows, columns)
    return Convolution(weights, values[-filters:], stride, (padding[0], padding[1]))


def _conv_affine(reader: DatReader, name: str) -> Convolution:
    """A convolution and the gains and shifts that follow it."""
    layer = _conv(reader, name)
    reader.seek_record("affine_")
    gains, shifts = _halves(reader.tensor(), len(layer.biases), name)
    return layer.scaled(gains, shifts)


def _conv_norm(reader: DatReader, name: str) -> Convolution:
    """A convolution and the trained batch norm that follows it."""
    layer = _conv(reader, name)
    reader.seek_record("bn_con2")
    gains, shifts = _halves(reader.tensor(), len(layer.biases), name)
    reader.integers(10)  # two alias tensors: where gains and shifts lie
    # Means and inverse deviations of the last training batch, then the running ones, whose spread is a variance.
    _, _, means, variances = (reader.tensor().astype(np.float64) for _ in range(4))
    if len(means) != len(gains) or len(variances) != len(gains) or variances.min() < 0:
        raise damaged(name, "a batch norm has an impossible size")
    gains = gains / np.sqrt(variances + _BATCH_NORM_EPS)
    return layer.scaled(gains, shifts - means * gains)


def _halves(values: NDArray[np.float32], channels: int, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if len(values) != 2 * channels:
        raise damaged(name, "gains and shifts do not fit their convolution")
    wide = values.astype(np.float64)
    return wide[:channels], wide[channels:]


class _Graph:
    """Collects nodes and constants; every node is named after its number, so that equal weights give equal bytes."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def constant(self, values: NDArray[np.float64] | NDArray[np.float32] | NDArray[np.int64]) -> str:
        kept = values if values.dtype == np.int64 else values.astype(np.float32)
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(kept), name))
        return name

    def add(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        name = output or f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def pixels(self, source: str) -> str:
        """The input as float32 (n, 3, rows, columns)."""
        planes = self.add("Transpose", source, perm=[0, 3, 1, 2])
        return self.add("Cast", planes, to=TensorProto.FLOAT)

    def convolve(self, at: str, layer: Convolution, *, relu: bool = False) -> str:
        rows, columns = layer.padding
        name = self.add(
            "Conv",
            at,
            self.constant(layer.weights),
            self.constant(layer.biases),
            kernel_shape=list(layer.weights.shape[2:]),
            strides=[layer.stride, layer.stride],
            pads=[rows, columns, rows, columns],
        )
        return self.add("Relu", name) if relu else name

    def extended(self, at: str, channels: int, more: int) -> str:
        """With rows and columns of zeros at the end."""
        ones = self.constant(np.ones((channels, 1, 1, 1)))
        return self.add("Conv", at, ones, group=channels, kernel_shape=[1, 1], pads=[0, 0, more, more])

    def model(
        self, source: str, source_shape: Sequence[str | int], result: str, result_shape: Sequence[str | int]
    ) -> ModelProto:
        graph = helper.make_graph(
            self._nodes,
            "matcher",
            [helper.make_tensor_value_info(source, TensorProto.UINT8, source_shape)],
            [helper.make_tensor_value_info(result, TensorProto.FLOAT, result_shape)],
            self._constants,
        )
        opset = helper.make_operatorsetid("", _OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION, producer_name="matcher")
