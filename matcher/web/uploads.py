"""Photos that were sent: on disk while they come, read one by one. Their file names are never looked at."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import FormData, UploadFile

from matcher.errors import PhotoRefused, WrongUse
from matcher.images.decode import open_image
from matcher.services.inputs import UploadedPhoto
from matcher.wording import Wording

MOST = 50  # photos of one upload: a model looks at each of them
# All pixels of one upload: 25 photos of a telephone with 12 megapixels, or one of the largest. A few hundred kilobytes
# can hold a hundred megapixels of nothing, and each takes about as long as a real one.
MEGAPIXELS = 300


def photos_of(sent: Iterable[UploadFile]) -> list[UploadedPhoto]:
    """Photos for the use cases; messages call them photo 1, photo 2, …

    `PhotoRefused` for more than `MOST`, for more than `MEGAPIXELS` together as their headers say, and for what is no
    photo.
    """
    found = [
        UploadedPhoto(Wording("photo {number}", number=number), one.file) for number, one in enumerate(sent, start=1)
    ]
    if len(found) > MOST:
        raise PhotoRefused(
            Wording(
                "{count} photos were sent at once: send at most {most}, and the others afterwards.",
                count=len(found),
                most=MOST,
            )
        )
    come = 0
    for one in found:
        image = open_image(one.read(), one.name)
        come += image.width * image.height
        if come > MEGAPIXELS * 1_000_000:
            raise PhotoRefused(
                Wording(
                    "{name} has {width} × {height} pixels: with it, this upload has more than the {megapixels} "
                    "megapixels that are taken at once. Send it afterwards, or a smaller copy.",
                    name=one.name,
                    width=image.width,
                    height=image.height,
                    megapixels=MEGAPIXELS,
                )
            )
    return found


def photos(given: FormData, field: str = "photo") -> list[UploadedPhoto]:
    """The photos of a form's field in their order; a browser sends an empty one for a field that was left out."""
    sent = given.getlist(field)
    if not all(isinstance(one, UploadFile) for one in sent):
        raise WrongUse(Wording("The field '{field}' holds words, where a photo is expected.", field=field))
    return photos_of(one for one in sent if isinstance(one, UploadFile) and (one.size or one.filename))
