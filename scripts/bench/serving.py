"""What is served in a process of its own, and what it takes; for the measurements beside this file."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np


@contextmanager
def served(home: Path, *, public: bool = True) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The public side of a home, or its desk: the port, once it answers, and the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "matcher", "serve", "--home", str(home), "--port", str(port)]
    command += ["--public"] if public else []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            while not _listens(port):
                if process.poll() is not None:
                    raise SystemExit("the server has ended")
                time.sleep(0.05)
            yield port, process
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def processor_seconds(pid: int) -> float:
    """What a process used of processors since it began."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask(connection: http.client.HTTPConnection, path: str) -> tuple[float, bytes]:
    """Seconds until the first byte of an answer of 200, over a connection of its own, and the whole of it."""
    connection.close()
    begun = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    first = time.perf_counter() - begun
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status} {body[:300]!r}")
    return first, body


def spread(seconds: list[float]) -> str:
    """Median, 95 % and the longest, in milliseconds."""
    median, high, longest = (1000 * float(np.quantile(seconds, q)) for q in (0.5, 0.95, 1.0))
    return f"median {median:.1f} ms, 95 % within {high:.1f} ms, longest {longest:.1f} ms"
