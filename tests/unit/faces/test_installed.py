"""Models that people install: checked before, whole or not at all, and the proof that the generic way is right."""

from __future__ import annotations

import hashlib
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from faces_drawn import drawn_photo
from faces_models import shared_models_folder
from hypothesis import given
from hypothesis import strategies as st
from marker_backend import source
from model_files import (
    EXPORTED,
    detector_card,
    exported_recogniser,
    folder_with_models,
    recogniser_card,
    tiny_card,
    tiny_detector,
    tiny_recogniser,
)
from onnx import TensorProto, helper, numpy_helper

from matcher.config import DEFAULT_BACKEND
from matcher.errors import Conflict, ModelProblem, NotFound
from matcher.faces import installed as module
from matcher.faces.alignment import DlibAligner, WarpAligner
from matcher.faces.backends import load_backend, uses_landmarker
from matcher.faces.installed import InstalledModels
from matcher.faces.landmarks import TreeLandmarker
from matcher.faces.models_session import Network
from matcher.faces.pipeline import FacePipeline
from matcher.faces.points import DLIB_POINTS, NAMES, meet
from matcher.faces.trial import try_pair

TINY = tiny_recogniser()


def install(folder: Path, data: bytes = TINY, card: str | None = None, name: str = "tiny") -> None:
    InstalledModels(folder).install((card or tiny_card(name, data)).encode(), data, f"{name}.onnx")


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the converted models."""
    return Path(shutil.copytree(shared_models_folder(), tmp_path / "models"))


def test_the_default_recogniser_exported_as_an_ordinary_one_gives_the_same_embeddings() -> None:
    photo = source(drawn_photo(300, 400, (110, 150, 80), (280, 150, 100)))
    ours = FacePipeline(load_backend(DEFAULT_BACKEND, shared_models_folder(), threads=1)).find(photo)
    other = FacePipeline(load_backend(f"mmod+{EXPORTED}", folder_with_models(), threads=1)).find(photo)
    assert len(ours.faces) == len(other.faces) == 2
    for mine, theirs in zip(ours.faces, other.faces, strict=True):
        np.testing.assert_allclose(theirs.embedding, mine.embedding, rtol=0, atol=1e-5)
        np.testing.assert_array_equal(theirs.landmarks, mine.landmarks)


@pytest.mark.parametrize(
    ("colour", "layout"), [('"bgr"', '"nchw"'), ('"rgb"', '"nhwc"')], ids=["other colours", "other layout"]
)
def test_a_wrong_card_is_noticed_by_shape_or_gives_other_embeddings(folder: Path, colour: str, layout: str) -> None:
    data = exported_recogniser()
    card = recogniser_card("other", data, colour=colour, layout=layout)
    if "nhwc" in layout:
        with pytest.raises(ModelProblem, match="is \\(any, 3, 150, 150\\), not \\(n, 150, 150, 3\\)"):
            install(folder, data, card)
        return
    install(folder, data, card)
    photo = source(drawn_photo(300, 400, (200, 150, 100)))
    (ours,), (other,) = (
        FacePipeline(load_backend(f"mmod+{name}", folder, threads=1)).find(photo).faces
        for name in ("dlib-resnet-v1", "other")
    )
    assert float(ours.embedding @ other.embedding) < 0.999


def test_pixels_are_scaled_as_the_card_says(folder: Path) -> None:
    install(folder, card=tiny_card("tiny", TINY, mean="[10, 20, 30]", scale="[1, 2, 4]", colour='"bgr"'))
    recogniser = load_backend("mmod+tiny", folder, threads=1).recogniser
    chip = np.zeros((1, 32, 32, 3), np.uint8)
    chip[..., :] = (50, 100, 150)  # red, green, blue: the network gets blue first
    expected = np.repeat([150 - 10, 2 * (100 - 20), 4 * (50 - 30)], 4)
    np.testing.assert_allclose(recogniser.embed(chip)[0], expected, rtol=1e-6)


def test_a_network_for_one_image_gets_one_at_a_time(folder: Path) -> None:
    data = tiny_recogniser(batch=1)
    install(folder, data)
    chips = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    one, many = (load_backend(f"mmod+{name}", folder, threads=1).recogniser for name in ("tiny", "tiny"))
    np.testing.assert_array_equal(many.embed(chips), np.concatenate([one.embed(chip[None]) for chip in chips]))


@pytest.mark.parametrize(
    ("data", "changed", "why"),
    [
        (b"no network at all", {}, "cannot be read as ONNX"),
        (TINY[:-30], {}, "cannot be read as ONNX"),
        (exported_recogniser()[:-1000], {"side": "150", "dim": "128"}, "cannot be read as ONNX"),
        (TINY, {"dim": "13"}, r"gave the shape \(1, 12\).*not \(1, 13\)"),
        (TINY, {"side": "64"}, r"input 'image' is \(any, 3, 32, 32\), not \(n, 3, 64, 64\)"),
        (tiny_recogniser(channels=1), {}, r"is \(any, 1, 32, 32\), not \(n, 3, 32, 32\)"),
        (tiny_recogniser(batch=4), {}, r"is \(4, 3, 32, 32\)"),
        (tiny_recogniser(kind=TensorProto.UINT8), {}, r"is tensor\(uint8\).*takes float32"),
        (tiny_recogniser(("Sqrt", ["means"], "vectors", {})), {}, "not finite: get its file anew"),
        (tiny_recogniser(("Unheard", ["means"], "vectors", {})), {}, "cannot be loaded .*: get its file anew"),
        (
            tiny_recogniser(("Mul", ["means", "zero"], "flat", {}), ("Add", ["flat", "one"], "vectors", {}),
                            zero=np.zeros(12), one=np.ones(12)),
            {}, "same vector for different pictures",
        ),
        (tiny_recogniser(("Mul", ["means", "zero"], "vectors", {}), zero=np.zeros(12)), {}, "same vector"),
        (
            tiny_recogniser(("ReduceMean", ["means"], "all", {"axes": [0]}), ("Add", ["means", "all"], "vectors", {})),
            {}, "other vectors for several pictures than for one",
        ),
        (
            tiny_recogniser(("ReduceL2", ["means"], "size", {"axes": [1]}), ("Div", ["means", "size"], "vectors", {})),
            {"mean": "[0, 0, 0]"}, "not finite",
        ),
        (
            tiny_recogniser(("Cast", ["means"], "vectors", {"to": TensorProto.STRING}), gives=TensorProto.STRING),
            {}, r"output 'vectors' is tensor\(string\).*gives float32",
        ),
        (
            tiny_recogniser(("SequenceConstruct", ["means", "pooled"], "vectors", {}), gives=None),
            {}, r"output 'vectors' is seq\(tensor\(float\)\)",
        ),
        (tiny_recogniser(("Flatten", ["image"], "vectors", {})), {}, r"gave the shape \(1, 3072\)"),
    ],
    ids=["no network", "truncated", "long truncated", "dim", "side", "grey", "batch of 4", "uint8", "nan",
         "unknown operator", "constant",
         "zero", "batch", "nan for black", "strings", "sequence", "shape"],
)  # fmt: skip
def test_a_network_that_does_not_fit_its_card_is_refused_and_leaves_nothing(
    tmp_path: Path, data: bytes, changed: dict[str, str], why: str
) -> None:
    with pytest.raises(ModelProblem, match=why):
        install(tmp_path, data, tiny_card("tiny", data, **changed))
    assert files(tmp_path) == [".lock"]


def external(tensor: TensorProto) -> TensorProto:
    """The same tensor, its values moved to the file `weights.bin`."""
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")
    return tensor


@pytest.mark.parametrize("where", ["initializer", "attribute", "subgraph"])
def test_weights_in_another_file_are_refused(tmp_path: Path, where: str) -> None:
    weights = numpy_helper.from_array(np.eye(12, dtype=np.float32), "w")
    model = onnx.load_model_from_string(tiny_recogniser(("MatMul", ["means", "w"], "vectors", {})))
    inner = helper.make_graph([], "inner", [], [], [external(weights)])
    if where == "initializer":
        model.graph.initializer.append(weights)
    elif where == "attribute":
        model.graph.node.append(helper.make_node("Constant", [], ["w"], value=weights))
    else:
        model.graph.node.append(helper.make_node("If", ["yes"], ["w"], then_branch=inner, else_branch=inner))
    (tmp_path / "weights.bin").write_bytes(np.eye(12, dtype=np.float32).tobytes())
    with pytest.raises(ModelProblem, match="keeps its weights in another file: export it as one"):
        install(tmp_path / "models", model.SerializeToString())
    assert files(tmp_path / "models") == [".lock"]


def test_two_inputs_or_outputs_are_refused(tmp_path: Path) -> None:
    detector = tiny_detector()
    with pytest.raises(ModelProblem, match=r"12 outputs; a recogniser gives one"):
        install(tmp_path, detector, tiny_card("tiny", detector, colour='"bgr"').replace("side = 32", "side = 64"))
    with pytest.raises(ModelProblem, match="no output 'cls_8'"):
        install(tmp_path, tiny_recogniser(side=64), detector_card("tiny", tiny_recogniser(side=64), fixed_size=True))
    assert files(tmp_path) == [".lock"]


def test_other_bytes_than_the_cards_are_refused(tmp_path: Path) -> None:
    card = tiny_card("tiny", TINY)
    flipped = bytes([TINY[0] ^ 1]) + TINY[1:]
    with pytest.raises(ModelProblem, match=rf"'tiny.onnx' has the SHA-256 {hashlib.sha256(flipped).hexdigest()}"):
        install(tmp_path, flipped, card)
    with pytest.raises(ModelProblem, match=f"{len(TINY) - 9:,} bytes, not the {len(TINY):,} of its card"):
        install(tmp_path, TINY[:-9], card)
    assert files(tmp_path) == []


def test_installed_twice_is_once_and_another_of_the_name_is_a_conflict(folder: Path) -> None:
    models = InstalledModels(folder)
    card, data = tiny_card("tiny", TINY).encode(), TINY
    assert models.install(card, data, "tiny.onnx")[1] is True
    assert models.install(card, data, "tiny.onnx")[1] is False
    with pytest.raises(Conflict, match="'tiny' is installed"):
        install(folder, card=tiny_card("tiny", TINY, mean="[1, 1, 1]"))
    with pytest.raises(Conflict, match="built-in"):
        install(folder, card=tiny_card("mmod", TINY))
    assert files(folder / "installed") == ["tiny/model.toml", "tiny/tiny.onnx"]
    models.remove("tiny")
    assert models.names() == []
    with pytest.raises(NotFound, match="'tiny'"):
        models.remove("tiny")
    install(folder, card=tiny_card("tiny", TINY, mean="[1, 1, 1]"))


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("tiny.onnx", None, "cannot be read"),
        ("tiny.onnx", TINY[:-1], "bytes, not the"),
        ("model.toml", b"name = 7", "key 'format'"),
        ("model.toml", None, "cannot be read"),
        ("model.toml", tiny_card("other", TINY).encode(), "is that of 'other'"),
    ],
)
def test_damage_is_found_named_and_can_be_removed(tmp_path: Path, file: str, content: bytes | None, why: str) -> None:
    install(tmp_path)
    models, place = InstalledModels(tmp_path), tmp_path / "installed" / "tiny" / file
    assert models.verify("tiny").name == "tiny"
    if content is None:
        place.unlink()
    else:
        place.write_bytes(content)
    with pytest.raises(ModelProblem, match=why):
        models.verify("tiny")
    with pytest.raises(Conflict, match="models remove tiny"):
        install(tmp_path)
    models.remove("tiny")
    install(tmp_path)
    models.verify("tiny")


def test_a_damaged_network_is_noticed_when_it_is_loaded(folder: Path) -> None:
    install(folder)
    (folder / "installed" / "tiny" / "tiny.onnx").write_bytes(TINY[:-1] + b"\0")
    backend = load_backend("mmod+tiny", folder, threads=1)
    with pytest.raises(ModelProblem, match="SHA-256"):
        backend.recogniser.embed(np.zeros((1, 32, 32, 3), np.uint8))


def test_a_replaced_model_is_loaded_anew_under_another_word(folder: Path) -> None:
    install(folder)
    before = load_backend("mmod+tiny", folder, threads=1)
    InstalledModels(folder).remove("tiny")
    install(folder, card=tiny_card("tiny", TINY, mean="[1, 1, 1]"))
    after = load_backend("mmod+tiny", folder, threads=1)
    assert after is not before
    assert after.space().recogniser != before.space().recogniser


def test_two_processes_install_at_once(tmp_path: Path) -> None:
    (tmp_path / "card").write_text(tiny_card("tiny", TINY))
    (tmp_path / "data").write_bytes(TINY)
    code = (
        "import sys; from pathlib import Path; from matcher.faces.installed import InstalledModels;"
        "root = Path(sys.argv[1]); card, data = ((root / name).read_bytes() for name in ('card', 'data'));"
        "print(InstalledModels(root / 'models').install(card, data, 'data')[1])"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    said = sorted(process.communicate(timeout=60)[0].strip() for process in started)
    assert said == ["False", "False", "True"]
    InstalledModels(tmp_path / "models").verify("tiny")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system kills otherwise")
def test_a_process_that_is_killed_while_writing_leaves_nothing_that_counts(tmp_path: Path) -> None:
    (tmp_path / "card").write_text(tiny_card("tiny", TINY))
    (tmp_path / "data").write_bytes(TINY)
    code = (
        "import sys, time; from pathlib import Path; from matcher.faces import installed;"
        "write = installed.write_whole;"
        "installed.write_whole = lambda path, data: (write(path, data), print('half', flush=True), time.sleep(60));"
        "root = Path(sys.argv[1]); models = installed.InstalledModels(root / 'models');"
        "models.install((root / 'card').read_bytes(), (root / 'data').read_bytes(), 'd')"
    )
    process = subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "half\n"
    process.kill()
    process.wait(30)
    process.stdout.close()
    models = InstalledModels(tmp_path / "models")
    assert models.names() == []
    assert any(name.startswith("installed/.half-") for name in files(tmp_path / "models"))
    install(tmp_path / "models")
    assert files(tmp_path / "models" / "installed") == ["tiny/model.toml", "tiny/tiny.onnx"]


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        path.write_bytes(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_whole", full)
    with pytest.raises(ModelProblem, match="'tiny' cannot be written.*No space left"):
        install(tmp_path)
    assert files(tmp_path) == [".lock"]


def test_a_model_is_removed_from_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    install(tmp_path)
    monkeypatch.setattr(module.tempfile, "mkdtemp", full)
    InstalledModels(tmp_path).remove("tiny")
    assert files(tmp_path) == [".lock"]


def test_a_model_that_cannot_be_removed_is_named_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(*_: object) -> Path:
        raise OSError(30, "Read-only file system")

    install(tmp_path)
    with monkeypatch.context() as patch, pytest.raises(ModelProblem, match="tiny' cannot be removed: Read-only"):
        patch.setattr(Path, "rename", read_only)
        InstalledModels(tmp_path).remove("tiny")
    InstalledModels(tmp_path).verify("tiny")


def test_what_is_no_folder_is_removed_too(tmp_path: Path) -> None:
    install(tmp_path)
    (tmp_path / "installed" / "link").symlink_to("tiny")
    (tmp_path / "installed" / "file").touch()
    for name in ("file", "link"):
        InstalledModels(tmp_path).remove(name)
    assert [path.name for path in (tmp_path / "installed").iterdir()] == ["tiny"]
    InstalledModels(tmp_path).verify("tiny")


@pytest.mark.parametrize("role", ["recogniser", "detector"])
def test_the_trial_loads_a_network_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    loads: list[int] = []
    load = Network._load
    monkeypatch.setattr(Network, "_load", lambda network: loads.append(1) or load(network))
    data = TINY if role == "recogniser" else tiny_detector()
    install(tmp_path, data, None if role == "recogniser" else detector_card("tiny", data))
    assert loads == [1]


def test_pairs_meet_through_landmarks(folder: Path) -> None:
    install(folder, name="arc")
    detector = tiny_detector()
    install(folder, detector, detector_card("finder", detector), name="finder")
    # Its own landmarks where the recogniser knows them, dlib's where only those are known.
    own = load_backend("finder+arc", folder, threads=1)
    assert own.landmarker is None and isinstance(own.aligner, WarpAligner)
    assert own.aligner.points == own.detector.points and own.aligner.name == "own-warp-32"
    trees = load_backend("finder+dlib-resnet-v1", folder, threads=1)
    assert isinstance(trees.landmarker, TreeLandmarker) and isinstance(trees.aligner, DlibAligner)
    corners = load_backend("mmod+arc", folder, threads=1)
    assert isinstance(corners.landmarker, TreeLandmarker) and corners.aligner.name == "5pt-warp-32"
    assert [uses_landmarker(f"{pair}", folder) for pair in ("finder+arc", "finder+dlib-resnet-v1", "mmod+arc")] == [
        False,
        True,
        True,
    ]
    spaces = {pair.space().name for pair in (own, trees, corners)}
    assert len(spaces) == 3
    for pair in (own, trees, corners):
        try_pair(pair)


def test_the_card_says_whether_mirror_images_are_averaged(folder: Path) -> None:
    install(folder, card=tiny_card("plain", TINY).replace("mirror = true", "mirror = false"), name="plain")
    install(folder, name="mirrored")
    spaces = [load_backend(f"mmod+{name}", folder, threads=1).space() for name in ("plain", "mirrored")]
    assert [space.mirror for space in spaces] == [False, True]
    assert "_plain_12_" in spaces[0].name


def test_one_corner_of_each_eye_is_no_middle(folder: Path) -> None:
    detector = tiny_detector()
    corners = '["eye_left_inner", "eye_right_inner", "nose_tip", "mouth_left", "mouth_right"]'
    install(folder, detector, detector_card("finder", detector, points=corners), name="finder")
    install(folder, name="arc")
    pair = load_backend("finder+arc", folder, threads=1)
    assert isinstance(pair.landmarker, TreeLandmarker) and pair.aligner.points == DLIB_POINTS


@given(st.sets(st.sampled_from(NAMES)))
def test_every_template_with_both_eyes_can_be_served_by_dlibs_landmarks(names: set[str]) -> None:
    template = {name: (float(number), 1.0) for number, name in enumerate(sorted(names))}
    assert (meet(template, tuple(template)) is None) == (meet(template, DLIB_POINTS) is None)
