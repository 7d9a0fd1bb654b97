"""The real models find the drawn faces and tell them apart."""

from __future__ import annotations

import numpy as np
import pytest
from faces_models import shared_models_folder

from matcher.config import DEFAULT_BACKEND
from matcher.demo.identity import Identity, random_view
from matcher.demo.render import Image, portrait_image, render_face, render_group, render_scene_without_face
from matcher.domain.faces import NoFaceReason, PhotoFaces
from matcher.faces.backends import load_backend
from matcher.faces.pipeline import FacePipeline
from matcher.images.crops import to_jpeg
from matcher.images.decode import open_image


@pytest.fixture(scope="module")
def pipeline() -> FacePipeline:
    return FacePipeline(load_backend(DEFAULT_BACKEND, shared_models_folder()))


def seen(pipeline: FacePipeline, image: Image, *, thorough: bool = False) -> PhotoFaces:
    return pipeline.find(open_image(to_jpeg(image), "a drawing"), thorough=thorough)


def test_children_are_told_apart(pipeline: FacePipeline) -> None:
    count = 8
    vectors = np.empty((2, count, 128), np.float32)
    for seed in range(count):
        for variant in range(2):
            found = seen(pipeline, portrait_image(seed, 4 + seed, variant, 250)).faces
            assert len(found) == 1, (seed, variant)
            vectors[variant, seed] = found[0].embedding
    likeness = vectors[1] @ vectors[0].T
    assert np.count_nonzero(likeness.argmax(axis=1) == np.arange(count)) >= count - 1
    assert np.diag(likeness).mean() > likeness[~np.eye(count, dtype=bool)].mean() + 0.02


@pytest.mark.parametrize("age", [3, 17])
def test_the_youngest_and_the_oldest_are_found(pipeline: FacePipeline, age: float) -> None:
    assert len(seen(pipeline, render_face(Identity.random(30), random_view(3, age, hard=1), 160)).faces) == 1


def test_everybody_in_a_group_is_found_where_they_stand(pipeline: FacePipeline) -> None:
    people = [(Identity.random(seed), age) for seed, age in ((50, 5.0), (51, 8.0), (52, 11.0), (53, 6.0), (54, 15.0))]
    photo = render_group(people, 3, (480, 360))
    found = seen(pipeline, photo.image, thorough=True).faces
    assert len(found) == len(people)
    for box in photo.boxes:
        assert max(box.iou(face.box) for face in found) > 0.5


def test_nobody_is_found_among_toys(pipeline: FacePipeline) -> None:
    found = seen(pipeline, render_scene_without_face(2, 320, 240), thorough=True)
    assert found.reason is NoFaceReason.NO_FACE
