"""What Windows lacks: forks, and folders that can be opened."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from matcher.store.blobs import BlobStore


def test_the_database_opens_where_nothing_forks() -> None:
    script = "import os, random; del os.register_at_fork; import matcher.store.database"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_photos_are_kept_where_folders_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs, opened = BlobStore(tmp_path), os.open

    def open_no_folder(path: Path, flags: int, mode: int = 0o777) -> int:
        if os.path.isdir(path):  # noqa: PTH112 - a Path cannot be made under another system's name
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, mode)

    monkeypatch.setattr(os, "open", open_no_folder)
    monkeypatch.setattr(os, "name", "nt")
    key = blobs.put("owner", "digest", b"photo")
    assert blobs.get(key) == b"photo"
    blobs.delete(key)
    assert not blobs.exists(key)
