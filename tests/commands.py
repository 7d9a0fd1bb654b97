"""The command line in this process: its output, files and exit code."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner, Result

from matcher.cli.root import root


def run(*arguments: object, code: int = 0) -> Result:
    """Run a command that ends with this exit code, without a traceback."""
    result = CliRunner().invoke(root, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def as_json(*arguments: object, code: int = 0) -> Any:
    """What a command says with `--json`."""
    return json.loads(run(*arguments, "--json", code=code).stdout)
