"""What killed builds left beside the snapshots of a space. No reader ever looks at such names."""

from __future__ import annotations

from pathlib import Path

from matcher.gallery.disk import remove
from matcher.gallery.publishing import build_lock


def leftovers(space_folder: Path, before: float) -> list[Path]:
    """Unfinished folders and files that were last touched before a time, in seconds since 1970."""
    if not space_folder.is_dir():
        return []
    unfinished = [path for path in space_folder.iterdir() if path.name.startswith(".") or path.suffix == ".new"]
    return sorted(path for path in unfinished if path.stat().st_mtime < before)


def remove_leftovers(space_folder: Path, before: float) -> int:
    """Remove them; how many. `Busy` while a build is under way, whose own they may be."""
    with build_lock(space_folder, timeout=0):
        found = leftovers(space_folder, before)
        for path in found:
            if path.is_dir():
                remove(path)
            else:
                path.unlink(missing_ok=True)
    return len(found)
