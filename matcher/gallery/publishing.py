"""Which snapshots of a space there are: publishing a finished one, removing those that are old or may not stay.

A snapshot's name tells when it was made, and names rise. So those above the live one's are finished, but not published:
a build was killed, or is to be verified yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from matcher.errors import Busy, Conflict, Damaged, WrongUse
from matcher.gallery.disk import force_folder, remove, remove_unheld, replace, write, written_to
from matcher.gallery.layout import CURRENT
from matcher.gallery.manifest import read_manifest
from matcher.gallery.snapshots import current_name, snapshot_names

BUILDING = ".building-"


@contextmanager
def build_lock(space_folder: Path, timeout: float = 60.0) -> Iterator[None]:
    """Hold the right to add and remove snapshots of a space; `Busy` when another keeps it beyond `timeout` seconds."""
    with written_to(space_folder):
        space_folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(space_folder / "build.lock")
        try:
            lock.acquire(timeout=timeout)
        except Timeout as error:
            raise Busy(
                f"Another process is building a snapshot in '{space_folder}': try again when it is done."
            ) from error
    try:
        yield
    finally:
        lock.release()


def building(space_folder: Path) -> Iterator[Path]:
    """Folders of snapshots that are being built, or were when their process was killed."""
    return space_folder.glob(f"{BUILDING}*")


def finished_name(space_folder: Path) -> str | None:
    """The newest snapshot that is finished but was never published; `None` if there is none, or CURRENT is damaged."""
    try:
        live = current_name(space_folder) or ""
    except Damaged:
        return None  # which of them was live cannot be told; `prune` removes them later
    return max((name for name in snapshot_names(space_folder) if name > live), default=None)


def publish(space_folder: Path, name: str, *, timeout: float = 60.0) -> None:
    """Make a finished snapshot the live one by one rename; nothing to do if it is.

    `Conflict` if it was removed meanwhile, or the live one is complete beyond it. It should have been verified.
    """
    with build_lock(space_folder, timeout):
        make_live(space_folder, name)


def make_live(space_folder: Path, name: str) -> None:
    """As `publish`, for who holds the build lock."""
    if _live(space_folder) == name:
        return
    if name not in snapshot_names(space_folder):
        raise Conflict(f"The snapshot '{name}' was removed by another build meanwhile: run `matcher reindex`.")
    refuse_going_back(space_folder, read_manifest(space_folder / name).through_change)
    with written_to(space_folder):
        write(space_folder / f"{CURRENT}.new", f"{name}\n".encode())
        replace(space_folder / f"{CURRENT}.new", space_folder / CURRENT)
        force_folder(space_folder)


def refuse_going_back(space_folder: Path, through_change: int) -> None:
    """`Conflict` if the live snapshot is complete beyond a change already."""
    try:
        name = current_name(space_folder)
        live = read_manifest(space_folder / name).through_change if name else 0
    except Damaged:
        return  # a damaged live snapshot is what this build is going to replace
    if live > through_change:
        raise Conflict(
            f"The live snapshot '{name}' is complete up to change {live}, this one only up to {through_change}: "
            f"nothing to do. If the database was restored from a backup, delete '{space_folder}' and reindex."
        )


def discard(space_folder: Path, name: str, *, timeout: float = 60.0) -> bool:
    """Remove a finished snapshot that was not published; whether it is gone. The live one stays."""
    with build_lock(space_folder, timeout):
        return _live(space_folder) != name and remove(space_folder / name)


def remove_unpublished(space_folder: Path) -> None:
    """Remove what killed builds left, half or finished; for who holds the build lock."""
    for folder in building(space_folder):
        remove(folder)
    while name := finished_name(space_folder):
        if not remove(space_folder / name):
            return


def prune(space_folder: Path, keep: int, *, timeout: float = 60.0) -> tuple[str, ...]:
    """Remove all but the newest `keep` snapshots, the live one and those in use: the names of the gone.

    What is in use now, the next call removes. Finished snapshots that were not published are left alone.
    """
    if keep < 1:
        raise WrongUse(f"At least one snapshot must be kept, not {keep}.")
    with build_lock(space_folder, timeout):
        live, names = current_name(space_folder), snapshot_names(space_folder)
        published = [name for name in names if live is None or name <= live]
        spared = {*published[-keep:], live}
        return tuple(name for name in published if name not in spared and remove_unheld(space_folder / name))


def forget(space_folder: Path, *, timeout: float = 60.0) -> bool:
    """Remove all snapshots of a space, whose searchers then read the database; whether there was any.

    For a space that no reindex brings up to date any more: its snapshots would keep the faces of closed cases.
    """
    with build_lock(space_folder, timeout), written_to(space_folder):
        names = snapshot_names(space_folder)
        (space_folder / CURRENT).unlink(missing_ok=True)
        force_folder(space_folder)
        for folder in [*(space_folder / name for name in names), *space_folder.glob(f"{BUILDING}*")]:
            remove(folder)
    return bool(names)


@dataclass(frozen=True, slots=True)
class Dropped:
    """Snapshots, as `<space>/<name>`, that were removed, and that may hold an erased face still.

    Those that remain are live, or (on Windows) in use.
    """

    removed: tuple[str, ...]
    remaining: tuple[str, ...]


def drop_before(snapshots: Path, change: int, *, timeout: float = 60.0) -> Dropped:
    """Remove every snapshot of every space that is not complete up to `change`: it may hold a face removed by then.

    Those in use are no exception: a searcher holds what it has opened until its next search, and then goes on with the
    live one. Live ones stay, since a newer one is to be published instead, and so are told. What killed builds left
    goes too.
    """
    removed: list[str] = []
    remaining: list[str] = []
    for space_folder in sorted(folder for folder in snapshots.iterdir() if folder.is_dir()):
        with build_lock(space_folder, timeout):
            for folder in building(space_folder):
                remove(folder)
            live = _live(space_folder)
            for name in snapshot_names(space_folder):
                if not _reaches(space_folder / name, change):
                    gone = name != live and remove(space_folder / name)
                    (removed if gone else remaining).append(f"{space_folder.name}/{name}")
    return Dropped(tuple(removed), tuple(remaining))


def _live(space_folder: Path) -> str | None:
    try:
        return current_name(space_folder)
    except Damaged:
        return None


def _reaches(folder: Path, change: int) -> bool:
    try:
        return read_manifest(folder).through_change >= change
    except Damaged:
        return False
