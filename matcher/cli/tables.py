"""Candidate lists on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
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
        nothing = "  no case is within this home's target_fpir" if face.cut else "  no case to compare with"
        print_table(("RANK", "CASE", "SIMILARITY", "FLAGS"), rows, nothing)
        _print_meanings(face.candidates[:top])
        if len(rows) < len(face.candidates):
            click.echo(f"({len(face.candidates) - len(rows)} more: --top)")
        if face.cut:
            click.echo(f"({face.cut} more are beyond this home's target_fpir and are not listed.)")


def _print_meanings(candidates: Sequence[CandidateView]) -> None:
    """What the similarities mean: one line for all places of the list of which the same is to be said."""
    said: dict[str, list[int]] = {}
    for one in candidates:
        if one.sentence:
            said.setdefault(one.sentence, []).append(one.rank)
    for sentence, ranks in said.items():
        click.echo(f"  {_places(ranks)}: {sentence}")


def _places(ranks: Sequence[int]) -> str:
    """Rising numbers with their runs drawn together: 1, 3–5."""
    runs = [[rank for _, rank in run] for _, run in groupby(enumerate(ranks), key=lambda pair: pair[1] - pair[0])]
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)


def print_weaknesses(prefix: str, weaknesses: Sequence[Weakness]) -> None:
    """A line per weakness of a face; "very weak" says that its similarities say little."""
    for weakness in weaknesses:
        click.echo(f"{prefix}{weakness.degree}: {weakness}")


def _case(candidate: CandidateView) -> str:
    status = candidate.status
    if status.searched:
        return candidate.case_id
    return f"{candidate.case_id} ({'ended: ' if status.is_end else ''}{status.value})"
