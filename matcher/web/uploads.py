"""Photos that come with a form. Starlette has put them into temporary files by now, whatever their size."""

from __future__ import annotations

from starlette.datastructures import FormData, UploadFile

from matcher.errors import PhotoRefused, WrongUse
from matcher.images.formats import MAX_BYTES
from matcher.services.inputs import NamedPhoto


def photos(given: FormData, field: str = "photo") -> list[NamedPhoto]:
    """The photos of a form's field in their order; a browser sends an empty one for a field that was left out.

    They are named by their place: what a browser calls a file may hold anything, and tells of its sender.
    """
    sent = given.getlist(field)
    if not all(isinstance(one, UploadFile) for one in sent):
        raise WrongUse(f"The field '{field}' holds words, where a photo is expected.")
    files = [one for one in sent if isinstance(one, UploadFile) and (one.size or one.filename)]
    return [_photo(f"photo {number}", one) for number, one in enumerate(files, start=1)]


def _photo(name: str, sent: UploadFile) -> NamedPhoto:
    if (sent.size or 0) > MAX_BYTES:
        raise PhotoRefused(f"{name} is larger than {MAX_BYTES // 1_000_000} MB: send a smaller copy of the photo.")
    return NamedPhoto(name, sent.file.read())
