"""Photos that were sent: on disk while they come, read one by one. Their file names are never looked at."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import FormData, UploadFile

from matcher.errors import PhotoRefused, WrongUse
from matcher.services.inputs import UploadedPhoto

MOST = 50  # photos of one upload: a model looks at each of them


def photos_of(sent: Iterable[UploadFile]) -> list[UploadedPhoto]:
    """Photos for the use cases; messages call them photo 1, photo 2, … `PhotoRefused` for more than `MOST`."""
    found = [UploadedPhoto(f"photo {number}", one.file) for number, one in enumerate(sent, start=1)]
    if len(found) > MOST:
        raise PhotoRefused(f"{len(found)} photos were sent at once: send at most {MOST}, and the others afterwards.")
    return found


def photos(given: FormData, field: str = "photo") -> list[UploadedPhoto]:
    """The photos of a form's field in their order; a browser sends an empty one for a field that was left out."""
    sent = given.getlist(field)
    if not all(isinstance(one, UploadFile) for one in sent):
        raise WrongUse(f"The field '{field}' holds words, where a photo is expected.")
    return photos_of(one for one in sent if isinstance(one, UploadFile) and (one.size or one.filename))
