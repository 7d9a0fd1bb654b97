"""The renderer: the same picture for the same seed, other pictures for others, and refusals."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest

from matcher.demo.identity import Identity, View, random_view
from matcher.demo.render import (
    face_box,
    group_picture,
    portrait,
    portrait_image,
    render_face,
    render_group,
    render_photo,
    render_scene_without_face,
)
from matcher.errors import WrongUse

SIZE = 96


def test_the_same_seed_gives_the_same_picture() -> None:
    first, second = portrait_image(3, 9, 1, SIZE), portrait_image(3, 9, 1, SIZE)
    assert first.shape == (SIZE, SIZE, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, second)


def test_no_two_pictures_are_alike() -> None:
    pictures = [portrait_image(seed, 8, variant, SIZE).tobytes() for seed in range(4) for variant in range(2)]
    assert len(set(pictures)) == len(pictures)


def test_a_picture_depends_on_the_child_alone_and_on_the_view_alone() -> None:
    one, other = Identity.random(1), Identity.random(2)
    view = View(seed=5, noise=0)
    same = render_face(one, view, SIZE).astype(int)
    assert np.abs(same - render_face(other, view, SIZE)).mean() > 1
    for change in ({"age": 15.0}, {"yaw": 20.0}, {"smile": 0.9}, {"glasses": True}, {"hat": True}, {"exposure": 0.5}):
        changed = render_face(one, replace(view, **change), SIZE)
        assert np.abs(same - changed).mean() > 0.3, change


def test_a_child_grows_steadily() -> None:
    child = Identity.random(4)
    near = abs(child.grown(8.0).eye_gap - child.grown(8.1).eye_gap)
    assert near < 0.02
    assert child.grown(4.0) != child.grown(12.0)
    assert child.grown(8.0) == child.grown(8.0)


def test_siblings_are_between_themselves_and_a_stranger() -> None:
    child, stranger = Identity.random(4), Identity.random(5)
    twin = child.sibling(5, likeness=0.8)
    assert twin.eye_gap == pytest.approx(0.8 * child.eye_gap + 0.2 * stranger.eye_gap)
    assert twin.skin == child.skin
    with pytest.raises(WrongUse, match="likeness"):
        child.sibling(5, likeness=1.5)


@pytest.mark.parametrize(
    ("name", "value"),
    [("age", 0.5), ("age", 18), ("yaw", 40), ("pitch", -26), ("light", 0), ("blur", -1), ("smile", 2), ("seed", -1)],
)
def test_views_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(WrongUse, match=name):
        View(**{name: value})


def test_sizes_seeds_and_numbers_out_of_range_are_refused() -> None:
    child = Identity.random(1)
    with pytest.raises(WrongUse, match="width"):
        render_face(child, View(), 40)
    with pytest.raises(WrongUse, match="height"):
        render_photo(child, View(), 100, 4000)
    with pytest.raises(WrongUse, match="1 … 10"):
        render_group([], 1)
    with pytest.raises(WrongUse, match="seed"):
        Identity.random(-1)


def test_a_turned_head_is_the_whole_picture_turned_but_for_its_background() -> None:
    child = Identity.random(6)
    view = View(noise=0, light_side=0, light_height=80, seed=1)
    turned = render_face(child, replace(view, roll=180), SIZE)
    # the shirt, which fills the bottom row of an upright picture, is now at the top
    upright = render_face(child, view, SIZE)
    assert np.abs(upright[-1, 48].astype(int) - turned[-1, 48]).max() > 20


def test_random_views_stay_within_their_ranges() -> None:
    views = [random_view(seed, 7, hard=1) for seed in range(50)]
    assert len({view.yaw for view in views}) == 50
    assert max(abs(view.yaw) for view in views) <= 22


def test_jpegs_open() -> None:
    data, boxes = group_picture([1, 2], size=(200, 150))
    with PIL.Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (200, 150))
    assert len(boxes) == 2
    with PIL.Image.open(io.BytesIO(portrait(1, size=64))) as picture:
        assert picture.size == (64, 64)


def test_boxes_are_squares_around_faces() -> None:
    box = face_box((100, 100), 50)
    assert box.width == pytest.approx(box.height) == pytest.approx(72)
    photo = render_group([(Identity.random(1), 6.0), (Identity.random(2), 15.0)], 1, (200, 150))
    assert photo.boxes[0].centre[0] < photo.boxes[1].centre[0]
    assert photo.boxes[0].width < photo.boxes[1].width


def test_scenes_differ() -> None:
    assert not np.array_equal(render_scene_without_face(1, 96, 72), render_scene_without_face(2, 96, 72))
