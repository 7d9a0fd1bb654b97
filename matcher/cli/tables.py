"""Candidate lists on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from matcher.cli.app import print_table

if TYPE_CHECKING:
    from matcher.services.views import FaceCandidates


def print_candidates(prefix: str, faces: Sequence[FaceCandidates], top: int | None) -> None:
    """One list per face, most alike first."""
    for face in faces:
        box = face.box
        where = f"{box.left:.0f}, {box.top:.0f} to {box.right:.0f}, {box.bottom:.0f}"
        click.echo(f"{prefix}face {face.number} at {where}, {face.quality.inter_eye_distance:.0f} px between the eyes:")
        rows = [(found.rank, found.case_id, found.similarity, found.flags or None) for found in face.candidates[:top]]
        print_table(("RANK", "CASE", "SIMILARITY", "FLAGS"), rows, "  no case to compare with")
