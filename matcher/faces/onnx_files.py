"""ONNX files as messages, before any of them is run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from matcher.errors import ModelProblem

if TYPE_CHECKING:
    from onnx import ModelProto


def parsed(data: bytes) -> ModelProto:
    """The message in an ONNX file's bytes; `ModelProblem` when they are none. Weights in other files are not read."""
    import onnx

    try:
        return onnx.load_model_from_string(data)
    except Exception as error:  # protobuf's classes share no other base
        raise ModelProblem(f"The network cannot be read as ONNX: {type(error).__name__}. Get the file anew.") from error


def check_whole(data: bytes) -> None:
    """`ModelProblem` for a file that keeps weights in another one, which its SHA-256 would say nothing of."""
    from onnx import TensorProto

    for message in _messages(parsed(data)):
        if isinstance(message, TensorProto) and message.data_location == TensorProto.EXTERNAL:
            raise ModelProblem("The network keeps its weights in another file: export it as one.")


def _messages(message: Any) -> Iterator[Any]:
    """The message and all within it: tensors stand in graphs, in attributes of nodes, in graphs within those, …"""
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in value if hasattr(value, "add") else (value,):
                yield from _messages(inner)
