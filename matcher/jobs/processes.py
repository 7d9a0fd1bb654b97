"""Which process this is, and whether the one that took a lock still lives."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from matcher.domain.nights import JobLock

_PROC = Path("/proc")


def host() -> str:
    """The name of this host, as people know it."""
    return socket.gethostname()


def machine() -> str:
    """This start of this machine's system and its space of process numbers; empty where the system does not tell.

    Two hosts may have one name, as containers do, and after a restart all numbers begin anew.
    """
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {(_PROC / 'self/ns/pid').readlink()}"
    except (OSError, ValueError):
        return ""


def born(pid: int) -> str:
    """When a process of this machine began, in ticks of its system; empty where that cannot be told."""
    try:
        status = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        fields = status.rpartition(")")[2].split()  # the name before it may hold spaces
        return "ended" if fields[0] in ("Z", "X") else fields[19]  # a zombie does nothing any more
    except (OSError, IndexError):
        return ""


def alive(lock: JobLock) -> bool | None:
    """Whether the process that took a lock still lives; `None` where that cannot be told from here."""
    if (lock.host, lock.machine) != (host(), machine()) or os.name == "nt":
        return None
    if not _exists(lock.pid):
        return False
    found = born(lock.pid)
    return found == lock.born if found and lock.born else None  # the processes of others may be hidden


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # of another user
    return True
