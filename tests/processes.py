"""Work in processes of its own, which a server forks that has loaded the program but done nothing with it.

An interpreter and the libraries take longer to load than most of the work that is tested. Nothing of the test's own
process is in them: no fixture of `quick.py`, no open home, no thread.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import pkgutil
import signal
import sys
import tempfile
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import matcher

_NOT_LOADED = ("matcher.__main__", "matcher.web", "matcher.demo")


class Running:
    """Work that has begun; its output is that of both streams."""

    def __init__(self, work: Callable[..., object], *arguments: Any) -> None:
        """`work` is a function at the top of a module; it finds this process's environment and folder."""
        handle, name = tempfile.mkstemp(prefix="matcher-test-said-")
        os.close(handle)
        self._output = Path(name)
        self._process = server().Process(target=_begin, args=(dict(os.environ), Path.cwd(), name, work, arguments))
        self._process.start()

    def wait(self, seconds: float = 300) -> int | None:
        """How it ended, negative where a signal did; `None` if it is still at work."""
        self._process.join(seconds)
        return self._process.exitcode

    def kill(self) -> bool:
        """Kill it; whether it was still at work."""
        if self._process.is_alive():
            self._process.kill()
        return self.wait() == -signal.SIGKILL

    def end(self) -> tuple[int, str]:
        """How it ended, and what it said."""
        code = self.wait()
        assert code is not None, "it goes on and on"
        said = self._output.read_text(encoding="utf-8")
        self._output.unlink()
        return code, said


@functools.cache
def server() -> ForkServerContext:
    """What makes processes, as `multiprocessing` does; of this test process, and ready."""
    made = multiprocessing.get_context("forkserver")
    every = [module.name for module in pkgutil.walk_packages(matcher.__path__, "matcher.")]
    made.set_forkserver_preload([name for name in every if not name.startswith(_NOT_LOADED)] + ["onnxruntime"])
    first = made.Process(target=_nothing)
    first.start()
    first.join()
    return made


def _nothing() -> None:
    pass


def _begin(
    environment: dict[str, str], folder: Path, output: str, work: Callable[..., object], arguments: tuple[Any, ...]
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    with Path(output).open("wb") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    work(*arguments)
