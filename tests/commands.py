"""The command line: in this process with its output and exit code, and in processes of its own."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from click.testing import CliRunner, Result
from processes import Running

from matcher.cli import main
from matcher.cli.root import root


def run(*arguments: object, code: int = 0, typed: str | None = None) -> Result:
    """Run a command that ends with this exit code, without a traceback; `typed` is what somebody answers."""
    result = CliRunner().invoke(root, [str(argument) for argument in arguments], input=typed)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def as_json(*arguments: object, code: int = 0) -> Any:
    """What a command says with `--json`."""
    return json.loads(run(*arguments, "--json", code=code).stdout)


def start(*arguments: object) -> Running:
    """A command in a process of its own."""
    return Running(_command, [str(argument) for argument in arguments])


def _command(arguments: list[str]) -> None:
    os.environ["MATCHER_THREADS"] = "1"
    sys.argv[1:] = arguments
    main()


def finish(running: Running) -> str:
    """What a process said that has to end well."""
    code, output = running.end()
    assert code == 0, output
    return output


def seconds(*arguments: object) -> float:
    """How long a command takes."""
    running, began = start(*arguments), time.monotonic()
    finish(running)
    return time.monotonic() - began


def killed(running: Running, after: float) -> bool:
    """Kill a process after some seconds; whether it was still at work."""
    return running.wait(after) is None and running.kill()
