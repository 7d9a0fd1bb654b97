"""The command line: in this process with its output and exit code, and in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from click.testing import CliRunner, Result

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


def start(*arguments: object) -> subprocess.Popen[bytes]:
    """A command in a process of its own."""
    command = [sys.executable, "-m", "matcher", *(str(argument) for argument in arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "MATCHER_THREADS": "1"}
    )


def finish(process: subprocess.Popen[bytes]) -> str:
    """What a process said that has to end well."""
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output.decode()
    return output.decode()
