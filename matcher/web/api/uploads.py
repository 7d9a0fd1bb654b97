"""Photos that were sent: on disk while they come, read one by one. Their file names are never looked at."""

from __future__ import annotations

from typing import Annotated

from fastapi import File, UploadFile

from matcher.web.uploads import MOST

# Starlette writes what is longer than 1 MB to a nameless temporary file, which is gone when it is closed, also when the
# sender stops halfway.
_KINDS = "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF, at most 60 MB"
SEVERAL = f"{_KINDS} each and 64 MB together."
Photo = Annotated[UploadFile, File(description=f"A photo: {_KINDS}.")]
Photos = Annotated[list[UploadFile], File(max_length=MOST, description=f"Photos: {SEVERAL}")]
