"""Networks in threads, after a fork, and when they break."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from faces_models import shared_models_folder
from onnx import TensorProto, helper

from matcher.errors import ModelProblem
from matcher.faces.models import ModelFolder
from matcher.faces.models_session import Network

PIXELS = np.random.default_rng(5).integers(0, 256, (1, 120, 140, 3), dtype=np.uint8)

# The child ends as programs end, so that everything is torn down; a hang would outlast the alarm.
FORKING = """
import os, signal, sys
from pathlib import Path
import numpy as np
from faces_drawn import drawn_photo
from matcher.faces.mmod import MmodDetector
from matcher.faces.models import ModelFolder
from matcher.faces.resnet import DlibResnet

models = ModelFolder(Path(sys.argv[1]), threads=2)
photo, chips = drawn_photo(400, 600, (150, 200, 90)), np.zeros((3, 150, 150, 3), np.uint8)
def work():
    return [found.box for found in MmodDetector(models).detect(photo, 1.5)], DlibResnet(models).embed(chips)
boxes, vectors = work()
assert len(boxes) == 1
children = [os.fork()]
if children == [0]:
    signal.alarm(30)
    again = work()
    sys.exit(0 if again[0] == boxes and np.array_equal(again[1], vectors) else 3)
status = os.waitpid(children[0], 0)[1]
assert work()[0] == boxes
sys.exit(os.waitstatus_to_exitcode(status))
"""


def graph_that_divides() -> bytes:
    """A network that gives 1 / (pixel / 255): infinity for black."""
    nodes = [
        helper.make_node("Cast", ["pixels"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("Reciprocal", ["wide"], ["result"]),
    ]
    graph = helper.make_graph(
        nodes,
        "divides",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n"])],
        [helper.make_tensor_value_info("result", TensorProto.FLOAT, ["n"])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_operatorsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_uses_the_models_and_ends() -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKING, str(shared_models_folder())]
    path = {"PYTHONPATH": ":".join(entry for entry in sys.path if entry)}
    done = subprocess.run(command, env=path, timeout=60, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_threads_that_come_first_at_once_load_one_session_and_agree() -> None:
    network = ModelFolder(shared_models_folder(), threads=1).detector()
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: network.run(PIXELS), range(16)))
    for result in results:
        np.testing.assert_array_equal(result, results[0])


def test_the_file_is_read_once_and_on_first_use() -> None:
    reads: list[int] = []

    def read() -> bytes:
        reads.append(1)
        return graph_that_divides()

    network = Network("divides", read, 1)
    assert reads == []
    for _ in range(2):
        np.testing.assert_array_equal(network.run(np.array([2, 4], np.uint8)), [0.5, 0.25])
    assert reads == [1]


def test_numbers_that_are_not_finite_are_a_model_problem() -> None:
    with pytest.raises(ModelProblem, match="divides.*not finite"):
        Network("divides", graph_that_divides, 1).run(np.array([1, 0], np.uint8))


def test_bytes_that_are_no_network_are_a_model_problem() -> None:
    with pytest.raises(ModelProblem, match=r"broken\.onnx.*cannot be loaded"):
        Network("broken.onnx", lambda: b"no network at all", 1).run(PIXELS)


def test_an_input_that_the_network_cannot_take_is_a_model_problem() -> None:
    network = ModelFolder(shared_models_folder(), threads=1).detector()
    with pytest.raises(ModelProblem, match=r"mmod\.onnx.*\(1, 8, 8, 3\)"):
        network.run(PIXELS[:, :8, :8])


def test_a_failed_load_is_tried_again() -> None:
    answers = [b"broken", graph_that_divides()]
    network = Network("divides", lambda: answers.pop(0), 1)
    with pytest.raises(ModelProblem):
        network.run(np.array([1], np.uint8))
    np.testing.assert_array_equal(network.run(np.array([1], np.uint8)), [1])


def test_nothing_is_reported_to_the_runtimes_maker() -> None:
    code = (
        "import sys; from pathlib import Path; import numpy as np, os; from matcher.faces.models import ModelFolder;"
        "ModelFolder(Path(sys.argv[1]), threads=1).detector().run(np.zeros((1, 60, 60, 3), np.uint8));"
        "assert os.environ['ORT_DISABLE_TELEMETRY'] == '1';"
        "print(*(Path(task, 'comm').read_text() for task in Path('/proc/self/task').iterdir()))"
    )
    if not sys.platform.startswith("linux"):
        pytest.skip("counts threads as Linux shows them")
    path = {"PYTHONPATH": ":".join(entry for entry in sys.path if entry), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, str(shared_models_folder())]
    done = subprocess.run(command, env=path | {"OPENBLAS_NUM_THREADS": "1"}, capture_output=True, text=True, check=True)
    assert len(done.stdout.split()) == 1, f"threads beside the main one: {done.stdout}"
