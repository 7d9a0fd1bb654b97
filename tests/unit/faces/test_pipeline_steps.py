"""The pipeline's own decisions: depths, turns, order, mirror averaging, reasons."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from crowds import Crowd, together
from marker_backend import PLACES, MarkerDetector, MeanColours, draw, marker_backend, source

from matcher.domain.faces import Box, NoFaceReason, Shortfall
from matcher.errors import ModelProblem
from matcher.faces.contracts import Backend
from matcher.faces.pipeline import FacePipeline
from matcher.faces.quality import LEAST_STRUCTURE


def searches(pipeline_backend: Backend) -> list[tuple[int, int, float, float]]:
    assert isinstance(pipeline_backend.detector, MarkerDetector)
    return pipeline_backend.detector.searches


def corners(box: Box) -> list[float]:
    return [box.left, box.top, box.right, box.bottom]


def test_two_faces_come_largest_first() -> None:
    photo = draw(400, 300, (10, 20, 60), (200, 100, 90))
    found = FacePipeline(marker_backend()).find(source(photo), thorough=True)
    assert [corners(face.box) for face in found.faces] == [[200, 100, 290, 190], [10, 20, 70, 80]]
    assert (found.width, found.height, found.reason) == (400, 300, None)
    assert not any(face.quality.single_face_present for face in found.faces)
    assert np.allclose(found.faces[1].landmarks, np.array([10, 20]) + PLACES * 60 - 0.5)


def test_equal_sizes_come_from_left_then_from_top() -> None:
    photo = draw(400, 300, (250, 20, 60), (20, 200, 60), (20, 30, 60))
    found = FacePipeline(marker_backend()).find(source(photo), thorough=True)
    assert [(face.box.left, face.box.top) for face in found.faces] == [(20, 30), (20, 200), (250, 20)]


def test_all_chips_of_a_photo_go_to_the_recogniser_together() -> None:
    backend = marker_backend()
    FacePipeline(backend).find(source(draw(400, 300, (10, 20, 60), (200, 100, 90))), thorough=True)
    assert isinstance(backend.recogniser, MeanColours)
    assert backend.recogniser.batches == [4]


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_turned_photos_give_boxes_and_landmarks_where_they_are_seen(turns: int) -> None:
    upright = draw(300, 200, (40, 60, 70))
    box = np.array([[40, 60], [110, 130]])  # edges
    points = np.array([40, 60]) + PLACES * 70 - 0.5
    shown = np.ascontiguousarray(np.rot90(upright, turns))  # anticlockwise, so `turns` clockwise ones put it right
    for _ in range(turns):
        # One anticlockwise quarter turn of a photo that is w wide takes pixel (x, y) to (y, w − 1 − x).
        width = 300 if _ % 2 == 0 else 200
        points = np.stack((points[:, 1], width - 1 - points[:, 0]), axis=1)
        box = np.array([[box[0, 1], width - box[1, 0]], [box[1, 1], width - box[0, 0]]])
    backend = marker_backend()
    found = FacePipeline(backend).find(source(shown), thorough=True)
    assert (found.width, found.height) == (shown.shape[1], shown.shape[0])
    (face,) = found.faces
    assert face.turn == turns
    assert corners(face.box) == box.reshape(-1).tolist()
    assert np.allclose(face.landmarks, points)
    assert face.quality.head_pose_roll == pytest.approx(0, abs=1e-3)
    assert face.quality.single_face_present
    same = FacePipeline(backend).find(source(upright), thorough=True).faces[0]
    assert np.array_equal(face.embedding, same.embedding)


def test_other_turns_are_searched_only_without_an_upright_face() -> None:
    photo = draw(400, 300, (10, 20, 60))
    photo[100:190, 200:290] = np.rot90(draw(90, 90, (0, 0, 90)), 1)
    backend = marker_backend()
    found = FacePipeline(backend).find(source(photo), thorough=True)
    assert [face.turn for face in found.faces] == [0]
    assert len(searches(backend)) == 1


def test_face_seen_on_its_side_counts_as_it_stands() -> None:
    # Its side shows without a turn, at half the score; after one clockwise turn it stands.
    shown = np.ascontiguousarray(np.rot90(draw(300, 200, (40, 60, 70)), 1))
    found = FacePipeline(marker_backend(MarkerDetector(sure_score=50, eager=True))).find(source(shown), thorough=True)
    assert [(face.turn, face.score) for face in found.faces] == [(1, 70)]
    too_sure = FacePipeline(marker_backend(MarkerDetector(sure_score=30, eager=True)))
    assert [face.turn for face in too_sure.find(source(shown), thorough=True).faces] == [0]


def test_doubtful_upright_face_is_kept_beside_one_that_lies() -> None:
    photo = draw(400, 300, (10, 20, 60))
    photo[100:190, 200:290] = np.rot90(draw(90, 90, (0, 0, 90)), 1)
    backend = marker_backend(MarkerDetector(sure_score=80))
    faces = FacePipeline(backend).find(source(photo), thorough=True).faces
    assert [face.turn for face in faces] == [1, 0]
    assert [corners(face.box) for face in faces] == [[200, 100, 290, 190], [10, 20, 70, 80]]
    assert len({search[:2] for search in searches(backend)}) == 2


def test_after_a_turn_small_faces_count_beside_a_large_one_only() -> None:
    alone = np.rot90(draw(2000, 1600, (900, 900, 60)), 1)
    found = FacePipeline(marker_backend()).find(source(np.ascontiguousarray(alone)), thorough=True)
    assert found.reason is NoFaceReason.NO_FACE  # 3 % of the long side
    beside = np.rot90(draw(2000, 1600, (900, 900, 60), (200, 200, 150)), 1)
    found = FacePipeline(marker_backend()).find(source(np.ascontiguousarray(beside)), thorough=True)
    assert [(face.turn, round(face.box.width)) for face in found.faces] == [(1, 150), (1, 60)]


def test_photo_without_a_face() -> None:
    backend = marker_backend()
    found = FacePipeline(backend).find(source(draw(120, 80)), thorough=True)
    assert (found.faces, found.reason, found.width, found.height) == ((), NoFaceReason.NO_FACE, 120, 80)
    looked = [(width, height) for width, height, *_ in searches(backend)]
    assert looked == [*[(120, 80), (80, 120)] * 2, (120, 80)]  # four turns, and a glimpse of smaller faces
    assert found.shortfall == Shortfall(sought=36)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 300), (5000, 10), (10, 5000)])
@pytest.mark.parametrize("thorough", [False, True])
def test_photos_of_odd_sizes_have_no_face(width: int, height: int, thorough: bool) -> None:
    found = FacePipeline(marker_backend()).find(source(np.zeros((height, width, 3), np.uint8)), thorough=thorough)
    assert (found.reason, found.width, found.height) == (NoFaceReason.NO_FACE, width, height)


def test_thorough_search_reaches_36_pixels_or_a_fortieth_of_the_long_side() -> None:
    backend = marker_backend()
    found = FacePipeline(backend).find(source(draw(400, 300, (10, 20, 36))), thorough=True)
    assert searches(backend) == [(400, 300, 2.22, inf)]  # 36 pixels become 80
    assert len(found.faces) == 1
    backend = marker_backend()
    found = FacePipeline(backend).find(source(draw(4000, 500, (100, 100, 100))), thorough=True)
    assert searches(backend) == [
        (2800, 350, 1.0, inf)
    ]  # a fortieth of 2800 is 70, the least that is found as surely as 80
    assert len(found.faces) == 1


def test_quick_search_of_a_portrait_is_coarse_only() -> None:
    backend = marker_backend()
    photo = draw(1000, 800, (100, 100, 200), (500, 200, 60))  # the large one spans exactly a quarter of the short side
    found = FacePipeline(backend).find(source(photo))
    assert searches(backend) == [(467, 374, 1.0, inf)]  # 15 % of 467 are 70
    assert [face.box.width for face in found.faces] == pytest.approx([200], abs=4)


@pytest.mark.parametrize("side", [190, 60])
def test_quick_search_goes_finer_for_small_faces(side: int) -> None:
    backend = marker_backend()
    photo = draw(1000, 800, (100, 100, side), (500, 200, 42))
    found = FacePipeline(backend).find(source(photo))
    coarse, finer = searches(backend)
    assert coarse == (467, 374, 1.0, inf)
    # 4 % of 1000 are 40 pixels, which become 70; what the coarse search saw is not looked for again.
    assert finer == (1000, 800, 1.75, pytest.approx(1200 / 7))
    assert [face.box.width for face in found.faces] == pytest.approx([side, 42], abs=4)


def test_face_that_both_searches_find_counts_once() -> None:
    backend = marker_backend()
    found = FacePipeline(backend).find(source(draw(1000, 800, (100, 100, 160))))  # 75 pixels in the coarse search
    assert len(searches(backend)) == 2
    assert [corners(face.box) for face in found.faces] == [[100, 100, 260, 260]]


def test_small_photos_are_searched_as_they_are_then_enlarged() -> None:
    backend = marker_backend()
    found = FacePipeline(backend).find(source(draw(150, 150, (20, 20, 37))))
    assert [(width, scale) for width, _, scale, _ in searches(backend)] == [(150, 1.0), (150, 2.22)]
    assert len(found.faces) == 1


def test_chips_come_from_80_pixels_even_if_a_detector_needs_less() -> None:
    backend = marker_backend(MarkerDetector(40))
    found = FacePipeline(backend).find(source(draw(4000, 500, (100, 100, 120))), thorough=True)
    assert searches(backend) == [(2800, 350, 0.5, inf)]
    assert np.allclose(found.faces[0].landmarks, np.array([100, 100]) + PLACES * 120 - 0.5, atol=2)


def test_mirror_averaging_does_not_tell_a_photo_from_its_mirror_image() -> None:
    photo = draw(300, 200, (100, 50, 80))
    photo[50:130, 150:180, 0] //= 2
    mirrored = np.ascontiguousarray(photo[:, ::-1])
    chips = np.stack((photo[:150, 60:210], np.ascontiguousarray(mirrored[:150, 90:240])))
    averaged = FacePipeline(marker_backend()).embed_chips(chips)
    assert np.allclose(averaged[0], averaged[1], atol=1e-6)
    plain = FacePipeline(marker_backend(mirror=False)).embed_chips(chips)
    assert not np.allclose(plain[0], plain[1], atol=1e-3)
    assert np.allclose(np.linalg.norm(np.concatenate((averaged, plain)), axis=1), 1, atol=1e-6)


def test_space_names_the_parts_and_the_mirror() -> None:
    assert FacePipeline(marker_backend()).space.name == "means_marker_5pt-150_mirror_4_cosine"
    assert FacePipeline(marker_backend(mirror=False)).space.name == "means_marker_5pt-150_plain_4_cosine"


def smooth(photo: np.ndarray, left: int, top: int, side: int) -> None:
    """A marker without any structure where faces have some."""
    photo[top : top + side, left : left + side] = (170, 0, 200)
    photo[top : top + side // 5, left : left + side] = (0, 0, 200)


def test_faces_that_carry_nothing_are_named_by_the_largest() -> None:
    photo = draw(400, 300)
    smooth(photo, 100, 100, 150)
    found = FacePipeline(marker_backend()).find(source(photo), thorough=True)
    assert (found.faces, found.reason) == ((), NoFaceReason.TOO_BLURRED)
    assert found.shortfall is not None
    assert (found.shortfall.sought, found.shortfall.width) == (36, 150)
    assert found.shortfall.inter_eye_distance == pytest.approx(0.35 * 150)
    assert found.shortfall.fine_structure is not None
    assert found.shortfall.fine_structure < LEAST_STRUCTURE


def test_faces_too_small_to_be_searched_are_told_with_their_width() -> None:
    photo = draw(400, 300, (10, 20, 26), (200, 100, 24))
    backend = marker_backend()
    found = FacePipeline(backend).find(source(photo), thorough=True)
    assert (found.faces, found.reason) == ((), NoFaceReason.TOO_SMALL)
    assert found.shortfall == Shortfall(sought=36, width=26)
    assert searches(backend)[-1][2:] == (3.33, 36)  # 24 pixels become 80


def test_a_quick_search_takes_no_look_at_faces_that_are_too_small() -> None:
    backend = marker_backend()
    found = FacePipeline(backend).find(source(draw(400, 300, (10, 20, 26))))
    assert (found.reason, found.shortfall) == (NoFaceReason.NO_FACE, Shortfall(sought=36))
    assert all(scale <= 2.22 for _, _, scale, _ in searches(backend))


@pytest.mark.parametrize(("thorough", "sought"), [(False, 80), (True, 50)])
def test_large_photos_are_not_searched_for_what_is_too_small(thorough: bool, sought: float) -> None:
    backend = marker_backend()
    found = FacePipeline(backend).find(source(draw(2000, 300, (10, 20, 30))), thorough=thorough)
    assert (found.reason, found.shortfall) == (NoFaceReason.NO_FACE, Shortfall(sought=sought))
    assert len(searches(backend)) == (5 if not thorough else 4)


def test_faces_that_carry_nothing_do_not_hide_others() -> None:
    photo = draw(400, 300, (300, 50, 60))
    smooth(photo, 100, 100, 150)
    found = FacePipeline(marker_backend()).find(source(photo), thorough=True)
    assert [face.box.left for face in found.faces] == [300]
    assert not found.faces[0].quality.single_face_present


def test_detector_without_landmarks_needs_a_landmarker() -> None:
    parts = marker_backend()
    alone = Backend(parts.detector, None, parts.aligner, parts.recogniser)
    with pytest.raises(ModelProblem, match="marker"):
        FacePipeline(alone).find(source(draw(200, 200, (50, 50, 60))))


def test_no_more_photos_are_looked_at_at_once_than_is_asked() -> None:
    backend, crowd, shown = marker_backend(), Crowd(), source(draw(400, 300, (10, 20, 60)))
    backend.detector.detect = crowd.watch(backend.detector.detect)  # type: ignore[method-assign]
    pipeline = FacePipeline(backend, at_once=2)
    assert [len(found.faces) for found in together(6, lambda: pipeline.find(shown))] == [1] * 6
    assert crowd.most == 2
