"""Candidate lists on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from matcher.cli.app import print_table

if TYPE_CHECKING:
    from matcher.domain.quality import Weakness
    from matcher.services.views import CandidateView, FaceCandidates


def print_candidates(prefix: str, faces: Sequence[FaceCandidates], top: int | None) -> None:
    """One list per face, most alike first; `top` cuts it, and says so."""
    for face in faces:
        box = face.box
        where = f"{box.left:.0f}, {box.top:.0f} to {box.right:.0f}, {box.bottom:.0f}"
        click.echo(f"{prefix}face {face.number} at {where}, {face.quality.inter_eye_distance:.0f} px between the eyes:")
        print_weaknesses("  ", face.weaknesses)
        rows = [(one.rank, _case(one), f"{one.similarity:.3f}", one.flags or None) for one in face.candidates[:top]]
        print_table(("RANK", "CASE", "SIMILARITY", "FLAGS"), rows, "  no case to compare with")
        if len(rows) < len(face.candidates):
            click.echo(f"({len(face.candidates) - len(rows)} more: --top)")


def print_weaknesses(prefix: str, weaknesses: Sequence[Weakness]) -> None:
    """A line per weakness of a face; "very weak" says that its similarities say little."""
    for weakness in weaknesses:
        click.echo(f"{prefix}{weakness.degree}: {weakness}")


def _case(candidate: CandidateView) -> str:
    ended = "" if candidate.status.searched else f" (ended: {candidate.status.value})"
    return f"{candidate.case_id}{ended}"
