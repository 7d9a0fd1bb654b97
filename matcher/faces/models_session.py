"""Networks in ONNX Runtime: the one place that imports it."""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matcher.errors import ModelProblem
from matcher.images.places import cores

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

DOCTOR, ANEW = "run `matcher doctor`", "get its file anew"  # what to do about a network that fails
Values = NDArray[np.uint8] | NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of a network: its type as ONNX Runtime calls it, and its sides, `None` where any will do."""

    name: str
    kind: str
    shape: tuple[int | None, ...]


class Network:
    """One network with one input, loaded on first use.

    Safe to run from several threads at once. A forked child loads its own session, since the threads of the parent's do
    not exist there.
    """

    def __init__(self, name: str, read: Callable[[], bytes], threads: int, advice: str = DOCTOR) -> None:
        """`read` gives the ONNX file's bytes; `threads` 0 means one per core that this process may use.

        `advice` ends the messages about a network that cannot be used.
        """
        self._name = name
        self._read = read
        self._threads = threads
        self._advice = advice
        self._loading = threading.Lock()
        self._session: InferenceSession | None = None
        _networks.add(self)

    def run(self, values: Values) -> NDArray[np.float32]:
        """The first output for this input; `ModelProblem` when the network cannot be loaded, fails or is not finite."""
        return next(iter(self.outputs(values).values()))

    def outputs(self, values: Values) -> dict[str, NDArray[np.float32]]:
        """All outputs by their names, in the network's order; errors as in `run`."""
        session = self._loaded()
        try:
            results = session.run(None, {session.get_inputs()[0].name: values})
            names = [output.name for output in session.get_outputs()]
            found = {name: np.asarray(result, dtype=np.float32) for name, result in zip(names, results, strict=True)}
        except Exception as error:  # ONNX Runtime's classes share no other base
            raise ModelProblem(
                f"The model '{self._name}' failed on an input of {values.shape}: {_line(error)}."
            ) from error
        if not all(np.isfinite(output).all() for output in found.values()):
            raise ModelProblem(f"The model '{self._name}' gave numbers that are not finite: {self._advice}.")
        return found

    def inputs(self) -> list[Port]:
        """What the network takes; `ModelProblem` when it cannot be loaded."""
        return [_port(each) for each in self._loaded().get_inputs()]

    def results(self) -> list[Port]:
        """What the network says that it gives; `ModelProblem` when it cannot be loaded."""
        return [_port(each) for each in self._loaded().get_outputs()]

    def _loaded(self) -> InferenceSession:
        session = self._session
        if session is None:
            with self._loading:
                session = self._session or self._load()
                self._session = session
        return session

    def _load(self) -> InferenceSession:
        data = self._read()
        runtime = _runtime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = self._threads or cores()
        options.inter_op_num_threads = 1
        # Inputs come in many sizes: a plan of the memory for each of them costs more memory than it saves.
        options.enable_mem_pattern = False
        options.log_severity_level = 3  # errors are raised; warnings about the machine are nobody's business here
        try:
            session = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # as above
            raise ModelProblem(
                f"The model '{self._name}' cannot be loaded ({_line(error)}): {self._advice}."
            ) from error
        return session

    def forget(self) -> None:
        """Drop the session and the lock that another thread may hold; the next run loads again."""
        self._loading = threading.Lock()
        if self._session is not None:
            # One reference too many, so that it is never freed, not even at the end: freeing waits for threads that
            # were not forked along, for ever.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._session))
            self._session = None


_networks: weakref.WeakSet[Network] = weakref.WeakSet()


def _forget_all() -> None:
    for network in tuple(_networks):
        network.forget()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forget_all)


def _runtime() -> Any:
    """ONNX Runtime, silenced: from version 1.29 on it reports its use to its maker over the network unless told not to.

    What this program is asked is nobody else's business, and the reporting thread makes forked children hang when they
    end.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime


def _port(node: Any) -> Port:
    return Port(node.name, node.type, tuple(side if isinstance(side, int) else None for side in node.shape))


def _line(error: Exception) -> str:
    """The first line of a foreign message, without its final stop."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
