"""Photos that were sent: on disk while they come, read one by one. Their file names are never looked at."""

from __future__ import annotations

from typing import Annotated

from fastapi import File, UploadFile

from matcher.web.uploads import MOST

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
