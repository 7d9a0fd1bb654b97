"""Folders of which a disk is made that can be full or read-only."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def mounted(*arguments: object) -> Iterator[None]:
    """What `mount` makes of its last argument, a folder."""
    done = subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        # Lazily: a failing test still holds its home open, and is to say why it failed.
        subprocess.run(["umount", "--lazy", str(arguments[-1])], check=True)
