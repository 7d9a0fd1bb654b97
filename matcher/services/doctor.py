"""The check-up: one finding per part of a home, and what to do next."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from matcher.domain.ages import AgeBand
from matcher.domain.cases import CaseStatus, LegalBasis
from matcher.domain.messages import Channel, MessageState
from matcher.domain.reviews import TaskKind
from matcher.domain.scores import unit
from matcher.errors import MatcherError
from matcher.matching.sentences import people
from matcher.matching.significance import NEEDED
from matcher.services import backup_checks, law, public_checks, upkeep
from matcher.services.case_views import awaiting_choice
from matcher.services.checks import gallery_status, verify_audit
from matcher.services.context import Context
from matcher.services.desk_stuck import without_reviewers
from matcher.services.encryption import key_dangers
from matcher.services.findings import Finding
from matcher.services.models import problems_in_use
from matcher.services.outbox import channels_of
from matcher.services.weak_cases import weak_cases

_LATE, _RECENT = timedelta(hours=1), timedelta(days=7)
_BACKUP_LATE = timedelta(hours=36)  # a night that ran late, and not one that did not run
_LOW_DISK = 2_000_000_000  # bytes; a reindex of a million faces writes a quarter of this

# The embedding of the chip below by the default recogniser, its first eight numbers after scaling to length 1.
# Recorded from dlib 20.0.1; another processor may differ in the fifth decimal.
_KNOWN_ANSWER = (-0.06194, 0.07139, 0.02862, -0.01653, -0.05908, -0.03438, -0.0558, -0.02236)
_KNOWN_TOLERANCE = 2e-3


def examine(context: Context) -> list[Finding]:
    """All findings, in the order in which to read them; a part that cannot be checked is a finding too."""
    parts: list[tuple[str, Callable[[Context], Finding]]] = [
        ("machine", _machine),
        ("home", _home),
        ("encryption", _encryption),
        ("database", _database),
        ("backups", _backups),
        ("models", _models),
        ("known answer", _known_answer),
        ("cases", _cases),
        ("choices", _choices),
        ("disputes", _disputes),
        ("photos", _photos),
        ("legal basis", _legal_basis),
        ("gallery", _gallery),
        ("chances", _chances),
        ("reviewers", _reviewers),
        ("messages", _messages),
        *public_checks.CHECKS,
        *upkeep.CHECKS,
        *law.CHECKS,
        ("audit log", _audit),
    ]
    return [_tried(subject, check, context) for subject, check in parts]


def _tried(subject: str, check: Callable[[Context], Finding], context: Context) -> Finding:
    try:
        return check(context)
    except MatcherError as error:
        return Finding(subject, False, str(error))


def _machine(_context: Context) -> Finding:
    cores = os.cpu_count() or 1
    return Finding("machine", True, f"{platform.machine()}, {cores} cores, Python {platform.python_version()}")


def _home(context: Context) -> Finding:
    root = context.home.root
    free = shutil.disk_usage(root).free
    if os.name == "posix" and root.stat().st_mode & 0o077:
        return Finding("home", False, f"{root} can be read by other users.", f"Run: chmod 700 {root}")
    if free < _LOW_DISK:
        return Finding("home", False, f"{root} has {free / 1e9:.1f} GB left.", "Make room before the next reindex.")
    return Finding("home", True, f"{root}, {free / 1e9:.0f} GB free")


def _encryption(context: Context) -> Finding:
    """Where the key lies, and what can be read without it."""
    keys = context.keys
    if not keys.active:
        step = "Seal them with `matcher encryption on`, or see that the disk itself is encrypted."
        return Finding("encryption", None, "photos and embeddings lie in the clear.", step)
    dangers = list(key_dangers(context))
    if dangers:
        return Finding("encryption", False, " ".join(dangers))
    key = keys.master()
    text = f"key {key.id} from {key.origin}; names and words of the records lie in the database in the clear"
    if not keys.whole:
        return Finding("encryption", None, f"{text}, and so do some embeddings.", "Go on with `matcher encryption on`.")
    return Finding("encryption", True, text)


def _database(context: Context) -> Finding:
    problems = context.store.check()
    if problems:
        step = "Stop writing, and make a new home of a backup with `matcher restore`."
        return Finding("database", False, f"{context.store.file}: {'; '.join(problems)}", step)
    told = (
        "the server checks its own pages" if context.store.file is None else "pages, indexes and references are sound"
    )
    return Finding("database", True, told)


def _backups(context: Context) -> Finding:
    folder = context.settings.backup_dir
    if folder is None:
        step = "Set backup_dir and key_backup_dir, on other disks."
        return Finding("backups", None, "none are made every night.", step)
    newest = backup_checks.newest(folder)
    if newest is None or context.clock() - newest.made_at > _BACKUP_LATE:
        told = "there is none yet" if newest is None else f"the newest is of {newest.made_at:%Y-%m-%d %H:%M} UTC"
        return Finding("backups", False, f"{folder}: {told}.", "Run `matcher backup`, and see why no night did.")
    return Finding("backups", True, f"{folder}, the newest of {newest.made_at:%Y-%m-%d %H:%M} UTC")


def _models(context: Context) -> Finding:
    problems = problems_in_use(context)
    if problems:
        step = "Install the model anew, or go back to built-in ones with `matcher models use mmod dlib-resnet-v1`."
        return Finding("models", False, " ".join(problems), step)
    return Finding("models", True, f"{context.space.name} in {context.models}")


def _known_answer(context: Context) -> Finding:
    """A processor, a driver or a file that computes something else would make every search worthless."""
    recogniser = context.pipeline.backend.recogniser
    if recogniser.name != "dlib-resnet-v1":
        return Finding("known answer", None, f"none is recorded for the recogniser '{recogniser.name}'")
    found = unit(recogniser.embed(known_chip()[None]))[0, : len(_KNOWN_ANSWER)]
    off = float(np.abs(found - np.array(_KNOWN_ANSWER, dtype=np.float32)).max())
    if off > _KNOWN_TOLERANCE:
        return Finding(
            "known answer",
            False,
            f"the recogniser is off by {off:.4f} on a known picture.",
            f"Delete {context.models} so that the models are converted anew, and run `matcher doctor` again.",
        )
    return Finding("known answer", True, f"the recogniser gives the known numbers (off by {off:.1e})")


def known_chip() -> NDArray[np.uint8]:
    """A drawn chip, RGB (150, 150, 3): a shaded ellipse with two dark spots; it has to be the same everywhere."""
    y, x = np.mgrid[0:150, 0:150].astype(np.float64)
    head = ((x - 75) / 50) ** 2 + ((y - 80) / 65) ** 2 < 1
    eyes = (np.minimum(abs(x - 53), abs(x - 97)) < 9) & (abs(y - 62) < 5)
    light = np.where(head, 120 + 0.6 * x, 60)
    light = np.where(eyes, 30, light)
    return np.stack([light, light * 0.8, light * 0.7], axis=-1).astype(np.uint8)


def _cases(context: Context) -> Finding:
    with context.store.read() as reading:
        counts = reading.cases.count_by_status()
    if not any(counts.values()):
        step = "Register one with `matcher case add`, or many with `matcher case import`."
        return Finding("cases", None, "none yet.", step)
    unfindable = sum(not case.searchable for case in weak_cases(context))
    if unfindable:
        text = f"{unfindable} of {counts[CaseStatus.OPEN]} open cases have no face in the gallery of the models in use."
        return Finding("cases", None, text, "No search finds them: see why with `matcher case list --weak`.")
    return Finding(
        "cases", True, ", ".join(f"{counts[status]} {status.value}" for status in CaseStatus if counts.get(status))
    )


def _choices(context: Context) -> Finding:
    waiting = len(awaiting_choice(context))
    if not waiting:
        return Finding("choices", True, "no case photo waits for a choice of face")
    step = "See them with `matcher case choose-face`."
    return Finding("choices", None, f"{waiting} case photos show several faces and are not searched yet.", step)


def _disputes(context: Context) -> Finding:
    with context.store.read() as reading:
        since = [case.updated_at for case in reading.cases.list(status=CaseStatus.DISPUTED)]
        since += [one.disputed_at for one in reading.sightings.disputed() if one.disputed_at is not None]
    if not since:
        return Finding("disputes", True, "nobody disputes a case or a sighting")
    text = f"{len(since)} cases and sightings are disputed and hidden; one was changed last on {min(since):%Y-%m-%d}."
    step = "An officer closes, erases or reopens the case, erases the sighting or dismisses the dispute."
    return Finding("disputes", None, text, step)


def _photos(context: Context) -> Finding:
    weak = sum(case.searchable for case in weak_cases(context))
    if not weak:
        return Finding("photos", True, "every open case that searches find has a good photo")
    step = "See which, and what a better photo would be, with `matcher case list --weak`."
    return Finding("photos", None, f"{weak} open cases have only weak photos.", step)


def _legal_basis(context: Context) -> Finding:
    with context.store.read() as reading:
        cases = reading.cases.list(status=CaseStatus.OPEN)
    missing = sum(case.details.legal_basis is LegalBasis.UNSPECIFIED for case in cases)
    if not missing:
        return Finding("legal basis", True, "recorded for every open case")
    step = "Record it with `matcher case update ID --legal-basis …`."
    return Finding("legal basis", None, f"{missing} of {len(cases)} open cases have none recorded.", step)


def _gallery(context: Context) -> Finding:
    status = gallery_status(context)
    if status.snapshot is None:
        step = "Run `matcher reindex` now and then nightly."
        return Finding("gallery", None, f"{status.size} faces, no snapshot yet; every start reads them all.", step)
    text = f"{status.size} faces, {status.tail} newer than the snapshot, {status.tombstones} removed since"
    return Finding("gallery", None if status.advice else True, text, status.advice)


def _chances(context: Context) -> Finding:
    """For which ages a similarity means something, and what keeps it from meaning something for the others."""
    bands = gallery_status(context).bands
    if not bands:
        step = "Run `matcher reindex`, which measures them."
        return Finding("chances", None, "not measured yet: no similarity means anything.", step)
    told = [people(one.band) for one in bands if one.measured and one.band not in (AgeBand.INFANT, AgeBand.UNKNOWN)]
    text = f"a similarity means something for {', '.join(told)}" if told else "no similarity means anything yet."
    undated = sum(one.children for one in bands if one.band is AgeBand.UNKNOWN)
    if undated:
        step = "Add the dates of their photos, or the ages on them, with `matcher case update`."
        return Finding("chances", None, f"{text.rstrip('.')}; {undated} children are of unknown age on a photo.", step)
    return Finding(
        "chances", True if told else None, text, None if told else f"{NEEDED} children of an age are needed."
    )


def _reviewers(context: Context) -> Finding:
    """Whether somebody is left for what waits: whoever has seen more than the photos is not asked."""
    with context.store.read() as reading:
        stuck = without_reviewers(reading)
    if not any(stuck.values()):
        return Finding("reviewers", True, "everything that waits has somebody who may judge it")
    text = f"{stuck[TaskKind.LIST]} lists and {stuck[TaskKind.PAIR]} pairs wait, and nobody may judge them any more."
    step = "Whoever is left has seen more than their photos: add a reviewer with `matcher user add`."
    return Finding("reviewers", None, text, step)


def _messages(context: Context) -> Finding:
    """Whether those who have to decide are told of it outside the desk, if they are to be."""
    if not context.settings.send_messages:
        step = "Set 'send_messages' to true as soon as this home is the one in use."
        return Finding("messages", None, "nothing is sent, to partners neither: 'send_messages' is false.", step)
    now = context.clock()
    with context.store.read() as reading:
        dead = reading.outbox.count(MessageState.DEAD, since=now - _RECENT)
        late = reading.outbox.count(MessageState.WAITING, created_before=now - _LATE)
    if dead:
        step = "See why with `matcher notices list`; `matcher notices send --again` tries them once more."
        return Finding("messages", False, f"{dead} were given up within {_RECENT.days} days.", step)
    if late:
        step = "See why with `matcher notices list`; `matcher serve` or `matcher notices send` sends them."
        return Finding("messages", None, f"{late} wait for more than an hour.", step)
    lacking = context.settings.lacking_secrets()
    if lacking:
        return Finding("messages", None, f"this process could send none: {'; '.join(lacking)}.")
    ways = ", ".join(sorted(channel.value for channel in channels_of(context) - {Channel.PARTNER}))
    return Finding("messages", True, f"none is late; sent by: {ways}" if ways else "only in the inboxes of the desk")


def _audit(context: Context) -> Finding:
    report = verify_audit(context)
    if report.problem is None:
        return Finding("audit log", True, f"{report.entries} entries, chain whole")
    step = "Stop writing, keep a copy of the database, and find out who changed it."
    return Finding("audit log", False, f"entry {report.first_broken}: {report.problem}", step)
