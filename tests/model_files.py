"""Models as files with cards: the default recogniser exported as an ordinary one, tiny ones, a real detector."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from faces_models import shared_models_folder, source_folder
from onnx import ModelProto, TensorProto, helper, numpy_helper

from matcher.faces.alignment import DLIB_TEMPLATE
from matcher.faces.graphs import MEAN_RGB, recogniser_graph
from matcher.faces.installed import InstalledModels, shipped
from matcher.faces.models import RECOGNISER

EXPORTED = "exported-resnet"
YUNET = "yunet-2026may"


class NotInstalled(Exception):
    """A real model file that is not here."""


def yunet_file() -> Path:
    """The real detector; `NotInstalled` says where it is looked for."""
    file = Path(os.environ.get("MATCHER_PHOTOS", "")) / "models" / shipped()[YUNET][0].file.name
    if not file.is_file():
        raise NotInstalled("set MATCHER_PHOTOS to a folder with models/face_detection_yunet_2026may.onnx")
    return file


@functools.cache
def folder_with_models(*, yunet: bool = False) -> Path:
    """A folder of models with the exported recogniser, and with the real detector; `NotInstalled` without its file."""
    file = yunet_file() if yunet else None
    folder = Path(tempfile.mkdtemp(prefix="matcher-test-installed-"))
    shutil.copytree(shared_models_folder(), folder, dirs_exist_ok=True)
    if file is None:
        data = exported_recogniser()
        InstalledModels(folder).install(recogniser_card(EXPORTED, data).encode(), data, "exported")
    else:
        InstalledModels(folder).install(shipped()[YUNET][1], file.read_bytes(), str(file))
    return folder


@functools.cache
def exported_recogniser() -> bytes:
    """The default recogniser as frameworks export it: float32 (n, 3, 150, 150), scaled by whoever calls it."""
    model = recogniser_graph((source_folder() / RECOGNISER.source).read_bytes(), RECOGNISER.source)
    graph = model.graph
    assert [node.op_type for node in graph.node[:3]] == ["Transpose", "Cast", "Conv"]
    image = graph.node[1].output[0]
    del graph.node[:2]
    graph.input.pop()
    graph.input.append(helper.make_tensor_value_info(image, TensorProto.FLOAT, ["n", 3, 150, 150]))
    # Undo the folding of (pixel − mean) / 256 into the first convolution.
    by_name = {tensor.name: tensor for tensor in graph.initializer}
    weights, biases = (by_name[name] for name in graph.node[0].input[1:])
    kernel = numpy_helper.to_array(weights).astype(np.float64)
    shift = (kernel * np.array(MEAN_RGB)[None, :, None, None]).sum(axis=(1, 2, 3))
    biases.CopyFrom(_constant(biases.name, numpy_helper.to_array(biases) + shift))
    weights.CopyFrom(_constant(weights.name, kernel * 256))
    return bytes(model.SerializeToString())


def recogniser_card(name: str, data: bytes, **changed: str) -> str:
    """The card of a recogniser, by default of the exported one; `changed` are values of keys as TOML."""
    template = "\n".join(f"{point} = [{x!r}, {y!r}]" for point, (x, y) in DLIB_TEMPLATE.items())
    values = {
        "dim": "128",
        "side": "150",
        "mean": str(list(MEAN_RGB)),
        "scale": "[0.00390625, 0.00390625, 0.00390625]",
        "sampling": '"dlib"',
        "template": template,
        "colour": '"rgb"',
        "layout": '"nchw"',
    } | changed
    return f"""{_head(name, "recogniser", data)}
[input]
side = {values["side"]}
colour = {values["colour"]}
layout = {values["layout"]}
mean = {values["mean"]}
scale = {values["scale"]}

[recogniser]
dim = {values["dim"]}
metric = "cosine"
mirror = true
sampling = {values["sampling"]}

[recogniser.template]
{values["template"]}
"""


TINY_TEMPLATE = "eye_left = [10, 12]\neye_right = [22, 12]\nnose_tip = [16, 18]"


def tiny_card(name: str, data: bytes, **changed: str) -> str:
    """The card of a network by `tiny_recogniser`."""
    values = {
        "dim": "12",
        "side": "32",
        "mean": "[127.5, 127.5, 127.5]",
        "scale": "[0.0078125, 0.0078125, 0.0078125]",
        "sampling": '"warp"',
        "template": TINY_TEMPLATE,
    }
    return recogniser_card(name, data, **(values | changed))


def detector_card(name: str, data: bytes, *, fixed_size: bool = False, points: str = "") -> str:
    """The card of a network by `tiny_detector`."""
    given = points or '["eye_left", "eye_right", "nose_tip", "mouth_left", "mouth_right"]'
    return f"""{_head(name, "detector", data)}
[input]
colour = "bgr"
layout = "nchw"
mean = [0, 0, 0]
scale = [1, 1, 1]
fixed_size = {str(fixed_size).lower()}

[detector]
decoder = "yunet"
least_score = 0.6
overlap = 0.3
smallest_face = 32
largest_face = 128
sure_score = 0.8
points = {given}

[detector.box]
side = 1
right = 0
down = 0
"""


def _head(name: str, role: str, data: bytes) -> str:
    return f"""format = 1
name = "{name}"
role = "{role}"
licence = "Apache-2.0"
source = "made by a test"

[file]
name = "{name}.onnx"
bytes = {len(data)}
sha256 = "{hashlib.sha256(data).hexdigest()}"

[about]
trained_on = "nothing"
measured = "nothing"
weaknesses = "everything"
"""


def tiny_recogniser(
    *nodes: tuple[str, list[str], str, dict[str, Any]],
    side: int = 32,
    batch: str | int = "n",
    channels: int = 3,
    kind: int = TensorProto.FLOAT,
    gives: int | None = TensorProto.FLOAT,
    **constants: np.ndarray,
) -> bytes:
    """A network that gives the mean colours of an image's quarters as "vectors".

    `nodes` (type, inputs, output, attributes) come between: they take "means", float32 (n, 12), and give "vectors", a
    tensor of the type `gives` or, with `None`, a sequence.
    """
    made = [
        helper.make_node("Cast", ["image"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("AveragePool", ["wide"], ["pooled"], kernel_shape=[side // 2] * 2, strides=[side // 2] * 2),
        helper.make_node("Flatten", ["pooled"], ["means"]),
        *(helper.make_node(op, inputs, [output], **more) for op, inputs, output, more in nodes),
    ]
    if not nodes:
        made.append(helper.make_node("Identity", ["means"], ["vectors"]))
    inputs = [helper.make_tensor_value_info("image", kind, [batch, channels, side, side])]
    if gives is None:
        outputs = [helper.make_tensor_sequence_value_info("vectors", TensorProto.FLOAT, None)]
    else:
        outputs = [helper.make_tensor_value_info("vectors", gives, None)]
    return _model(made, inputs, outputs, constants)


# A cell of the tiny detector that is blue is a face: a box of 4 strides around the cell's anchor, points around it.
TINY_BOX = 4.0
TINY_POINTS = ((-1.0, -1.0), (1.0, -1.0), (0.0, 0.0), (-0.75, 1.0), (0.75, 1.0))


def tiny_detector(*, size: tuple[int | str, int | str] = ("height", "width"), gain: float = 1.0) -> bytes:
    """A network with YuNet's outputs: cls is (blue − red) / 255 and obj (blue − green) / 255 of each cell, from BGR."""
    box = np.array([0, 0, np.log(TINY_BOX), np.log(TINY_BOX)], np.float32)
    constants = {
        "shape": np.array([1, -1, 3], np.int64),
        "cls_gain": np.array([[gain], [0], [-gain]], np.float32) / 255,
        "obj_gain": np.array([[gain], [-gain], [0]], np.float32) / 255,
        "bbox_gain": np.zeros((3, 4), np.float32),
        "kps_gain": np.zeros((3, 10), np.float32),
        "bbox_shift": box,
        "kps_shift": np.array(TINY_POINTS, np.float32).reshape(-1),
    }
    nodes, outputs = [], []
    for stride in (8, 16, 32):
        pool = {"kernel_shape": [stride] * 2, "strides": [stride] * 2}
        nodes += [
            helper.make_node("AveragePool", ["image"], [f"pooled_{stride}"], **pool),
            helper.make_node("Transpose", [f"pooled_{stride}"], [f"last_{stride}"], perm=[0, 2, 3, 1]),
            helper.make_node("Reshape", [f"last_{stride}", "shape"], [f"cells_{stride}"]),
        ]
        for name, numbers in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            output = f"{name}_{stride}"
            shifted = name in ("bbox", "kps")
            product = f"{output}_product" if shifted else output
            nodes.append(helper.make_node("MatMul", [f"cells_{stride}", f"{name}_gain"], [product]))
            if shifted:
                nodes.append(helper.make_node("Add", [product, f"{name}_shift"], [output]))
            height, width = size
            known = isinstance(height, int) and isinstance(width, int)
            anchors: int | str = (height // stride) * (width // stride) if known else "anchors"  # type: ignore[operator]
            outputs.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, anchors, numbers]))
    inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, *size])]
    return _model(nodes, inputs, outputs, constants)


def _model(
    nodes: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any], constants: dict[str, np.ndarray]
) -> bytes:
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, [_constant(k, v) for k, v in constants.items()])
    model: ModelProto = helper.make_model(graph, opset_imports=[helper.make_operatorsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def _constant(name: str, values: np.ndarray) -> TensorProto:
    kept = values if values.dtype == np.int64 else values.astype(np.float32)
    return numpy_helper.from_array(np.ascontiguousarray(kept), name)
