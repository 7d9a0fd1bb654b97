"""Photos that were sent: on disk while they come, read one by one. Their file names are never looked at."""

from __future__ import annotations

from typing import Annotated

from fastapi import File, UploadFile

from matcher.services.inputs import UploadedPhoto

MOST = 50  # photos of one upload: a model looks at each of them

# Starlette writes what is longer than 1 MB to a nameless temporary file, which is gone when it is closed, also when the
# sender stops halfway.
Photo = Annotated[
    UploadFile, File(description="A photo: JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF, at most 60 MB.")
]
Photos = Annotated[
    list[UploadFile],
    File(
        max_length=MOST,
        description="Photos: JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF, at most 60 MB each and 64 MB together.",
    ),
]


def photos_of(sent: list[UploadFile]) -> list[UploadedPhoto]:
    """Photos for the use cases; messages call them photo 1, photo 2, …"""
    return [UploadedPhoto(f"photo {number}", one.file) for number, one in enumerate(sent, start=1)]
