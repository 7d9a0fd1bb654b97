"""The command line."""

from __future__ import annotations


def main() -> None:
    """Entry point of `matcher`."""
    import io
    import sys

    from matcher.cli.root import root

    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names of files need not be text, and a terminal need not know Chinese: no reason to stop halfway.
        sys.stdout.reconfigure(errors="backslashreplace")
    root(prog_name="matcher")
