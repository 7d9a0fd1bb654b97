"""Pictures of the desk: made once, kept beside their photo, made anew when damaged, swept when their face is gone."""

from __future__ import annotations

import io
import multiprocessing
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from pictures import child, group
from processes import server

from matcher import Matcher
from matcher.config import Home
from matcher.domain.ids import FaceId, PhotoId, id_text, parse_id
from matcher.errors import NotFound
from matcher.faces.points import eyes_of
from matcher.images.decode import SourceImage, open_image
from matcher.services import pictures
from matcher.services.context import Context, now_utc
from matcher.store.blobs import BlobStore

ME = "desk"


def opened(data: bytes) -> np.ndarray:
    with PIL.Image.open(io.BytesIO(data)) as image:
        assert image.format == "JPEG" and not image.getexif() and "comment" not in image.info
        return np.asarray(image)


def registered(matcher: Matcher, photo: bytes, number: str = "A-1") -> tuple[PhotoId, list[FaceId]]:
    (view,) = matcher.add_case(number, photos=[photo], actor=ME).photos
    return PhotoId(parse_id(view.id)), [FaceId(parse_id(face.id)) for face in view.faces]


def kept(home: Path) -> list[Path]:
    return sorted(path for path in (home / "photos").glob("*/*") if "-1-" in path.name)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of photos that were decoded."""
    names: list[str] = []
    real = SourceImage.pixels

    def pixels(self: SourceImage, long_side: int | None = None) -> np.ndarray:
        names.append(self.name)
        return real(self, long_side)

    monkeypatch.setattr(SourceImage, "pixels", pixels)
    return names


def test_thumbnails_and_aligned_faces_are_made_once(matcher: Matcher, home: Path, decoded: list[str]) -> None:
    _, (face,) = registered(matcher, child(1))
    decoded.clear()
    context = matcher.context
    small, level = pictures.thumbnail(context, face), pictures.aligned(context, face)
    assert max(opened(small).shape) <= pictures.THUMBNAIL_SIDE
    assert opened(level).shape == (pictures.FRAME.height, pictures.FRAME.width, 3)
    assert len(decoded) == 2
    assert (pictures.thumbnail(context, face), pictures.aligned(context, face)) == (small, level)
    assert len(decoded) == 2, "the second time they are read"
    assert [path.stat().st_mode & 0o777 for path in kept(home)] == [0o600, 0o600]
    (owner,) = (home / "photos").iterdir()
    assert {path.parent for path in kept(home)} == {owner}, "erasing the owner's folder takes them too"


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_the_eyes_of_a_photo_land_in_the_frame(matcher: Matcher, turn: int) -> None:
    """Found anew in the aligned picture, the eyes lie where they belong to a hundredth of its width."""
    with PIL.Image.open(io.BytesIO(child(1))) as upright:
        lying = io.BytesIO()
        upright.rotate(90 * turn, expand=True).save(lying, "PNG")
    _, (face,) = registered(matcher, lying.getvalue())
    level = open_image(pictures.aligned(matcher.context, face), "aligned")
    (found,) = matcher.context.pipeline.find(level).faces
    assert found.turn == 0
    left, right = eyes_of(found.landmarks, 0)
    for eye, (x, y) in zip((left, right), pictures.FRAME.eyes, strict=True):
        assert abs(eye - complex(x, y)) < 0.015 * pictures.FRAME.width


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_profile_is_not_enlarged_beyond_measure(matcher: Matcher, turn: int) -> None:
    """Eyes that lie (almost) in one place are shown as if they lay a quarter of the box apart, and level."""
    _, (face_id,) = registered(matcher, child(1))
    with matcher.context.store.read() as reading:
        stored = reading.faces.get(face_id)
    assert stored is not None
    for points in (np.full((5, 2), 50), np.full((5, 2), 50) + np.array([[0.1], [0.1], [0], [0], [9]]) * [1, 0]):
        face = replace(stored, landmarks=points.astype(np.float32), turn=turn if np.ptp(points) == 0 else 0)
        left, right = pictures.shown_eyes(face)
        assert abs(right - left) == pytest.approx(stored.box.width / 4)
        assert abs((left + right) / 2 - (50 + 50j)) < 0.1
        assert (right - left) * 1j**face.turn == pytest.approx(stored.box.width / 4)


@pytest.mark.parametrize("damage", [b"", b"cut", b"other"])
def test_a_damaged_or_missing_picture_is_made_anew(matcher: Matcher, home: Path, damage: bytes) -> None:
    _, (face,) = registered(matcher, child(1))
    _, (other,) = registered(matcher, child(2), "A-2")
    right, wrong = (pictures.thumbnail(matcher.context, one) for one in (face, other))
    files = {path.name[-13:]: path for path in kept(home)}
    file = files[id_text(face)]
    whole, key = file.read_bytes(), f"{file.parent.name}/{file.name}"
    clear = matcher.context.blobs.get(key)
    file.write_bytes({b"": b"", b"cut": whole[:-9], b"other": files[id_text(other)].read_bytes()}[damage])
    assert pictures.thumbnail(matcher.context, face) == right != wrong
    assert matcher.context.blobs.get(key) == clear
    file.unlink()
    assert pictures.thumbnail(matcher.context, face) == right
    assert matcher.context.blobs.get(key) == clear


def test_a_disk_that_takes_no_more_shows_pictures_still(matcher: Matcher, home: Path, monkeypatch) -> None:
    _, (face,) = registered(matcher, child(1))

    def full(_descriptor: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    assert opened(pictures.thumbnail(matcher.context, face)).size
    assert kept(home) == []


def test_verify_and_the_sweep_know_pictures_by_their_faces(home: Path) -> None:
    with Matcher.open(home) as matcher:
        _, (face,) = registered(matcher, child(1))
        made = {pictures.thumbnail(matcher.context, face), pictures.aligned(matcher.context, face)}
        assert len(made) == 2
        living = kept(home)
        owner, blobs = living[0].parent.name, matcher.context.blobs
        strays = [
            blobs.put(owner, "thumbnail-1-0000000000abc", b"of a face that is gone"),
            blobs.put("0000000000abc", living[0].name, b"in another owner's folder"),
            blobs.put(owner, f"thumbnail-0-{id_text(face)}", b"made as it was made before"),
            blobs.put(owner, "thumbnail-1-zzzzzzzzzzzzz", b"of an id that none can be"),
        ]
        assert matcher.verify().clean
        with Matcher(Context(Home(home), clock=lambda: now_utc() + timedelta(hours=2))) as later:
            assert {problem.split()[2] for problem in later.verify().problems} == set(strays)
            later.reindex(actor=ME)
            assert later.verify().clean
        assert kept(home) == living
        assert not any(blobs.exists(key) for key in strays)


def test_originals_are_bounded_and_redacted_ones_hide_the_others(matcher: Matcher, home: Path) -> None:
    photo, faces = registered(matcher, group(1, 2, 3))
    whole = opened(pictures.original(matcher.context, photo)).astype(int)
    view = matcher.case("A-1").photos[0]
    assert whole.shape == (view.height, view.width, 3)
    level, photo_without = pictures.redacted(matcher.context, faces[0])
    hidden = opened(photo_without).astype(int)
    for number, face in enumerate(view.faces):
        box = tuple(map(round, (face.box.left, face.box.top, face.box.right, face.box.bottom)))
        part = (slice(max(0, box[1]), box[3]), slice(max(0, box[0]), box[2]))
        difference = np.abs(whole[part] - hidden[part]).mean()
        assert difference < 1 if number == 0 else difference > 8
    assert opened(level).shape == (pictures.FRAME.height, pictures.FRAME.width, 3)
    assert kept(home) == []


def test_a_redacted_face_hides_neighbours_that_its_frame_takes_in(matcher: Matcher) -> None:
    """A smaller face stands so close that half of it is seen in the frame of the larger one."""
    photo = io.BytesIO()
    with PIL.Image.open(io.BytesIO(child(1))) as near, PIL.Image.open(io.BytesIO(child(2, size=130))) as far:
        pair = PIL.Image.new("RGB", (300, 250))
        pair.paste(near, (0, 0))
        pair.paste(far.crop((30, 0, 100, 130)), (185, 10))
        pair.save(photo, "PNG")
    _, faces = registered(matcher, photo.getvalue())
    assert len(faces) == 2
    plain = opened(pictures.aligned(matcher.context, faces[0])).astype(int)
    hidden = opened(pictures.redacted(matcher.context, faces[0])[0])
    difference = np.abs(plain - hidden).mean(axis=(0, 2))
    middle = pictures.FRAME.width // 2
    assert difference[middle - 150 : middle + 150].max() < 1
    assert difference[-20:].min() > 8


def test_a_large_photo_is_given_out_smaller(matcher: Matcher) -> None:
    large = io.BytesIO()
    with PIL.Image.open(io.BytesIO(child(1))) as image:
        image.resize((3000, 3000)).save(large, "JPEG")
    photo, _ = registered(matcher, large.getvalue())
    assert opened(pictures.original(matcher.context, photo)).shape == (2400, 2400, 3)


def test_what_is_not_there_is_named(matcher: Matcher) -> None:
    for make in (pictures.thumbnail, pictures.aligned, pictures.redacted):
        with pytest.raises(NotFound, match="no face '0000000000007'"):
            make(matcher.context, FaceId(7))
    with pytest.raises(NotFound, match="no photo '0000000000007'"):
        pictures.original(matcher.context, PhotoId(7))


def _make(home: Path, face: FaceId, results: multiprocessing.Queue[bytes]) -> None:
    with Matcher.open(home) as matcher:
        results.put(pictures.thumbnail(matcher.context, face))


def test_several_processes_make_one_picture_at_once(home: Path) -> None:
    with Matcher.open(home) as matcher:
        _, (face,) = registered(matcher, child(1))
        processes = server()
        results: multiprocessing.Queue[bytes] = processes.Queue()
        workers = [processes.Process(target=_make, args=(home, face, results)) for _ in range(3)]
        for worker in workers:
            worker.start()
        made = {results.get(timeout=60) for _ in workers}
        for worker in workers:
            worker.join()
        assert made == {pictures.thumbnail(matcher.context, face)}
        (file,) = kept(home)
        assert list(file.parent.glob("*.part")) == []
    assert file.name in {key.partition("/")[2] for key in BlobStore(home / "photos").list()}
