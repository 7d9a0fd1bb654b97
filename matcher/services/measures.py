"""Which security measures are really on: read from what lies on the disk and in the database, not from settings."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import numpy as np

from matcher.domain.cases import CaseStatus, LegalBasis
from matcher.gallery.layout import not_unit
from matcher.gallery.snapshots import current_name
from matcher.images.formats import sniff
from matcher.services import audit_trail
from matcher.services.context import Context
from matcher.services.stopping import StopSwitch

_LOOKED_AT = 100  # photos
_FIRST_BYTES = 64
_FAISS = b"IxFI"  # how a file of vectors begins that anybody can read


def measures(context: Context) -> list[tuple[str, str]]:
    """What is looked at, and what was found."""
    return [
        ("photos on the disk", _photos(context)),
        ("embeddings in the database", _embeddings(context)),
        ("vectors of the live snapshot", _snapshot(context)),
        ("the home folder", _folder(context.home.root)),
        ("audit log", _audit(context)),
        ("stop switch", "the home is stopped now" if StopSwitch(context).present() else "ready, not in use now"),
        ("blind verdicts that decide about a pair", str(context.settings.pair_reviewers)),
        ("lists without a pick that a second person sees", f"a share of {context.settings.second_look_rate:g}"),
        ("legal basis", _legal_basis(context)),
    ]


def _photos(context: Context) -> str:
    with context.store.read() as reading:
        paths = [context.home.photos / key for _, key in islice(reading.photos.files(), _LOOKED_AT)]
    begun = [_first_bytes(path) for path in paths if path.is_file()]
    if not begun:
        return "none is kept"
    clear = sum(sniff(data) is not None for data in begun)
    return _found(clear, len(begun), "can be opened as pictures by whoever can read the files")


def _found(clear: int, looked_at: int, words: str) -> str:
    if not clear:
        return f"encrypted: none of {looked_at} that were looked at is in the clear"
    return f"IN THE CLEAR: {clear} of {looked_at} that were looked at {words}"


def _embeddings(context: Context) -> str:
    with context.store.read() as reading:
        data = reading.faces.embedding_as_it_lies()
    if data is None:
        return "none is kept"
    clear = len(data) == 4 * context.space.dim and not len(not_unit(np.frombuffer(data, "<f4")[None]))
    return _found(int(clear), 1, "can be read by whoever can read the database")


def _snapshot(context: Context) -> str:
    folder = context.home.snapshots / context.space.name
    name = current_name(folder)
    if name is None:
        return "there is no snapshot"
    begun = [_first_bytes(path) for path in (folder / name).iterdir()]
    clear = any(data.startswith(_FAISS) for data in begun)
    return _found(int(clear), 1, "can be read by whoever can read the files")


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_FIRST_BYTES)


def _folder(root: Path) -> str:
    if os.name != "posix":
        return "permissions are not known on this system"
    return "can be read by OTHER USERS" if root.stat().st_mode & 0o077 else "can be read by its owner only"


def _audit(context: Context) -> str:
    with context.store.read() as reading:
        report = audit_trail.verify(context, reading)
    if report.problem is not None:
        return f"BROKEN at entry {report.first_broken}: {report.problem}"
    shortened = f", {report.removed} older ones removed under a signed checkpoint" if report.removed else ""
    default = f"by default entries are removed after {context.settings.audit_days} days"
    return f"chain whole, {report.entries} entries{shortened}; {default}"


def _legal_basis(context: Context) -> str:
    with context.store.read() as reading:
        cases = reading.cases.list(status=CaseStatus.OPEN)
    known = sum(case.details.legal_basis is not LegalBasis.UNSPECIFIED for case in cases)
    return f"recorded for {known} of {len(cases)} open cases"
