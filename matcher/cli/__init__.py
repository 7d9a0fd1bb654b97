"""The command line."""

from __future__ import annotations


def main() -> None:
    """Entry point of `matcher`."""
    from matcher.cli.root import root

    root(prog_name="matcher")
