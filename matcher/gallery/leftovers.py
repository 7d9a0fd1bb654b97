"""What killed builds left beside the snapshots of a space. No reader ever looks at such names."""

from __future__ import annotations

import shutil
from pathlib import Path

from filelock import FileLock, Timeout

from matcher.errors import Busy


def leftovers(space_folder: Path, before: float) -> list[Path]:
    """Unfinished folders and files that were last touched before a time, in seconds since 1970."""
    if not space_folder.is_dir():
        return []
    unfinished = [path for path in space_folder.iterdir() if path.name.startswith(".") or path.suffix == ".new"]
    return sorted(path for path in unfinished if path.stat().st_mtime < before)


def remove_leftovers(space_folder: Path, before: float) -> int:
    """Remove them; how many. `Busy` while a build is under way, whose own they may be."""
    lock = FileLock(space_folder / "build.lock")
    try:
        with lock.acquire(timeout=0):
            found = leftovers(space_folder, before)
            for path in found:
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)
    except Timeout as error:
        raise Busy(f"A snapshot is being built in '{space_folder}': try again when it is done.") from error
    return len(found)
