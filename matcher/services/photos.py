"""From a file to a stored photo with its faces. Models run here, before any transaction begins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from matcher.domain.cases import Photo, PhotoState
from matcher.domain.faces import Face, PhotoFaces
from matcher.domain.ids import CaseId, FaceId, PhotoId, SightingId, id_text, new_id
from matcher.domain.quality import explain, weaknesses
from matcher.domain.records import Choice, StoredFace
from matcher.faces.pipeline import SAME_FACE
from matcher.images.decode import SourceImage, open_image
from matcher.images.metadata import strip_metadata, taken_date
from matcher.services.context import Context
from matcher.services.inputs import PhotoInput, photo_name, read_photo
from matcher.wording import Wording

_Work = TypeVar("_Work")
_Done = TypeVar("_Done")


@dataclass(frozen=True, slots=True, eq=False)
class PreparedPhoto:
    """A photo that was read, stripped of metadata and searched for faces, and is not stored yet."""

    name: str
    data: bytes
    image: SourceImage
    digest: str
    original_digest: str
    camera_date: date | None
    found: PhotoFaces


def prepare(context: Context, photo: PhotoInput, *, thorough: bool = True) -> PreparedPhoto:
    """Read a photo, remove its metadata and find its faces *in the bytes that will be stored*."""
    name, original = photo_name(photo), read_photo(photo)
    given = open_image(original, name)
    data = strip_metadata(original, given.media_type, name)
    image = open_image(data, name)
    return PreparedPhoto(
        name=name,
        data=data,
        image=image,
        digest=context.key.digest(data, "photo"),
        original_digest=original_digest(context, original),
        camera_date=taken_date(original),
        found=context.pipeline.find(image, thorough=thorough),
    )


def original_digest(context: Context, data: bytes) -> str:
    """The keyed digest of a photo as it was handed in: the same file is known again without being kept."""
    return context.key.digest(data, "original")


@dataclass(frozen=True, slots=True)
class Owner:
    """To whom a photo belongs: one case or one sighting."""

    case_id: CaseId | None = None
    sighting_id: SightingId | None = None

    @property
    def text(self) -> str:
        """The owner's shown id, which is also the folder of its blobs."""
        return id_text(self.case_id or self.sighting_id or 0)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which face of a photo counts, by its number from 1, and how it became so; no number: none is chosen."""

    number: int | None = None
    choice: Choice | None = None


def keep_bytes(context: Context, owner: Owner, photos: Iterable[PreparedPhoto]) -> None:
    """Write photos to the blob store, before their records.

    Nothing is taken away if the records do not come about: another process may be about to refer to the same file.
    What no record refers to is swept up by a later reindex.
    """
    for prepared in photos:
        context.blobs.put(owner.text, prepared.digest, prepared.data)


def remarks(prepared: PreparedPhoto, chosen: int | None = None) -> list[str]:
    """What people should know of a photo: why no face of it can be used, or what its chosen face (from 1) lacks."""
    found = prepared.found
    if found.reason is not None:
        why = explain(found.reason, found.shortfall)
        parts = {"name": prepared.name, "problem": why.problem, "better": why.better}
        return [Wording("{name}: {problem}: {better}.", **parts)]
    lacking = () if chosen is None else weaknesses(found.faces[chosen - 1].quality)
    return [
        Wording(
            "{name} is {degree}: {problem}: {better}.",
            name=prepared.name,
            degree=weakness.degree,
            problem=weakness.problem,
            better=weakness.better,
        )
        for weakness in lacking
    ]


def photo_record(context: Context, prepared: PreparedPhoto, owner: Owner, position: int) -> Photo:
    """The record of a photo whose bytes are kept; its state is that of a searched photo."""
    return Photo(
        id=PhotoId(new_id()),
        case_id=owner.case_id,
        sighting_id=owner.sighting_id,
        position=position,
        blob=f"{owner.text}/{prepared.digest}",
        digest=prepared.digest,
        original_digest=prepared.original_digest,
        media_type=prepared.image.media_type,
        width=prepared.image.width,
        height=prepared.image.height,
        size=len(prepared.data),
        state=PhotoState.NO_USABLE_FACE if prepared.found.reason else PhotoState.READY,
        reason=prepared.found.reason,
        shortfall=prepared.found.shortfall,
        created_at=context.clock(),
    )


def stored_faces(found: PhotoFaces, photo_id: PhotoId, chosen: Chosen) -> list[StoredFace]:
    """Records of all faces of a photo, numbered from 1, largest first."""
    return [
        StoredFace(
            id=FaceId(new_id()),
            photo_id=photo_id,
            number=number,
            box=face.box,
            landmarks=face.landmarks,
            score=face.score,
            turn=face.turn,
            quality=face.quality,
            choice=chosen.choice if number == chosen.number else None,
        )
        for number, face in enumerate(found.faces, start=1)
    ]


def vectors_of(faces: Sequence[StoredFace], found: Sequence[Face]) -> Mapping[FaceId, NDArray[np.float32]]:
    """The embeddings of stored faces, given the faces they were made from in the same order."""
    return {stored.id: face.embedding for stored, face in zip(faces, found, strict=True)}


def stored_image(context: Context, photo: Photo) -> SourceImage:
    """The stored bytes of a photo, checked against their keyed digest."""
    data = context.blobs.get_verified(photo.blob, lambda data: context.key.digest(data, "photo"))
    return open_image(data, f"photo {id_text(photo.id)}")


def same_face(found: PhotoFaces, face: StoredFace) -> Face | None:
    """The face found anew that lies where a stored one does, or `None`; another detector's box is never quite equal."""
    best = max(found.faces, key=lambda candidate: candidate.box.iou(face.box), default=None)
    return best if best is not None and best.box.iou(face.box) > SAME_FACE else None


def in_parallel(work: Iterable[_Work], run: Callable[[_Work], _Done], workers: int) -> Iterator[tuple[_Work, _Done]]:
    """Run jobs on threads and give their results in the order of the work, never more than a few jobs ahead."""
    with ThreadPoolExecutor(max_workers=workers) as pool:
        jobs = iter(work)
        waiting = [(job, pool.submit(run, job)) for job in islice(jobs, 2 * workers)]
        while waiting:
            job, result = waiting.pop(0)
            yield job, result.result()
            waiting += [(job, pool.submit(run, job)) for job in islice(jobs, 1)]
