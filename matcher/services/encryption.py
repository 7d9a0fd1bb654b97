"""Encryption of a home: how it stands, sealing what lies in the clear, another master key."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from matcher.crypto.masterkey import KeySource, create_master_key
from matcher.crypto.signing import Signer
from matcher.domain.ids import parse_id
from matcher.errors import Conflict, MatcherError, StoreProblem, WrongUse
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import ReasonCode, Who
from matcher.services.masterkeys import KeyPlace, is_within, key_file, remember, settle
from matcher.services.stopping import require_running
from matcher.store.keystore import SIGNING

_BATCH = 2000  # photos or embeddings at a time: other writers wait no longer than it takes to seal so many


@dataclass(frozen=True, slots=True)
class EncryptionView:
    """How it stands: where the key lies and what is wrong with it, and what the home holds in the clear."""

    encrypted: bool
    key_from: str | None = None
    key_id: str | None = None
    data_keys: int = 0
    destroyed: int = 0
    clear_photos: int = 0
    clear_embeddings: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SealedView:
    """What was sealed; `purged` tells whether the clear bytes are gone from the database's pages too."""

    photos: int
    embeddings: int
    purged: bool


@dataclass(frozen=True, slots=True)
class RotatedView:
    """A new master key: its id, where it comes from, and how many data keys it wraps."""

    key_id: str
    key_from: str
    data_keys: int


class Encryption:
    """`Matcher.encryption`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def status(self) -> EncryptionView:
        """How it stands; every file is looked at, nothing is changed."""
        return status(self._context)

    def turn_on(self, key: KeyPlace = KeyPlace(), *, actor: str, reason: str | None = None) -> SealedView:  # noqa: B008
        """Seal everything that lies in the clear; safe to kill and to repeat. Processes that run are started anew."""
        return turn_on(self._context, key, Who(actor, ReasonCode.MAINTENANCE, reason))

    def rotate(self, key: KeyPlace = KeyPlace(), *, actor: str, reason: str | None = None) -> RotatedView:  # noqa: B008
        """Put another master key in the place of the present one; safe to kill and to repeat."""
        return rotate(self._context, key, Who(actor, ReasonCode.MAINTENANCE, reason))


def status(context: Context) -> EncryptionView:
    """How the encryption of a home stands."""
    clear = sum(map(context.blobs.in_the_clear, context.blobs.list()))
    with context.store.read() as reading:
        rows = reading.faces.count_clear_vectors()
    keys = context.keys
    if not keys.active:
        return EncryptionView(False, clear_photos=clear, clear_embeddings=rows)
    problems, key_id, counts = list(key_dangers(context)), None, (0, 0)
    try:
        counts = keys.counts()
        key_id = keys.master().id
        problems += keys.problems()
    except MatcherError as error:
        problems.append(str(error))
    return EncryptionView(True, keys.source.origin, key_id, *counts, clear, rows, tuple(problems))


def key_dangers(context: Context) -> Iterator[str]:
    """What is wrong with the place of the key file: in the home, or open to others."""
    file = context.keys.source.used_file
    if file is None:
        return
    if is_within(context.home, file):
        yield f"The key file '{file}' lies in the home: whoever takes the home can read it. Move it out of there."
    with suppress(OSError):
        if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
            yield f"The key file '{file}' can be read by others: chmod 600 {file}"


def turn_on(context: Context, place: KeyPlace, who: Who) -> SealedView:
    """Seal what lies in the clear: the signing key, photos, then embeddings.

    From the first step on, whatever is written is sealed, also by processes that run already: they have to be started
    anew if they cannot find the key. `Conflict` if the home is encrypted with a key from elsewhere.
    """
    require_running(context)
    keys = context.keys
    if not keys.active:
        keys.source = settle(context.home, place)
        keys.create()
    elif place:
        raise Conflict("This home is encrypted already: `matcher encryption rotate` gives it another key.")
    keys.master()
    context.home.write_setting("encryption", "on")
    _take_signing_key(context)
    photos = _seal_photos(context)
    embeddings = _seal_embeddings(context, who, photos)
    return SealedView(photos, embeddings, context.store.purge())


def _take_signing_key(context: Context) -> None:
    path = context.home.signing_key
    if path.exists():
        context.keys.adopt(SIGNING, Signer.load(path).private)
        path.unlink()


def _seal_photos(context: Context) -> int:
    """Each file in one step; keys are made for many owners at once."""
    clear, done = filter(context.blobs.in_the_clear, context.blobs.list()), 0
    while some := list(islice(clear, _BATCH)):
        context.keys.ensure({parse_id(key.partition("/")[0]) for key in some})
        done += sum(map(context.blobs.seal_kept, some))
        if context.progress:
            context.progress("sealing photos", done, done)
    return done


def _seal_embeddings(context: Context, who: Who, photos: int) -> int:
    """Batch by batch; at last, under the lock that finds none left, it is marked that from now on none may be."""
    done = start = 0
    while True:
        with context.store.write() as transaction:
            count, last = transaction.faces.seal_vectors(_BATCH, start)
            done += count
            if not count and not start:
                context.keys.mark_whole()
                trace = Trace("encryption.on", details={"photos": photos, "embeddings": done})
                record(context, transaction, who, trace)
                return done
        start = last if count else 0  # at the end once more from the beginning, where others may have written
        if context.progress:
            context.progress("sealing embeddings", done, done)


def rotate(context: Context, place: KeyPlace, who: Who) -> RotatedView:
    """Wrap all data keys by a new master key, then put it in the place of the old one.

    A key file is replaced by one of the same name: the new key waits beside it until the data keys are wrapped, and is
    found there if this was killed in between. `WrongUse` if the key comes from elsewhere and no new place is named.
    """
    require_running(context)
    keys = context.keys
    if not keys.active:
        raise Conflict("This home is not encrypted: `matcher encryption on` does that.")
    new_source = _new_source(context, place)
    new = new_source.load()
    count = keys.counts()[0] if keys.fits(new) else keys.rewrap(new)
    if place:
        remember(context.home, new_source)
        keys.source = new_source
    elif new_source.file is not None and keys.source.file is not None:
        _replace(new_source.file, keys.source.file)
    with context.store.write() as transaction:
        record(context, transaction, who, Trace("encryption.rotate", details={"keys": count, "key": new.id}))
    return RotatedView(new.id, keys.source.origin, count)


def _new_source(context: Context, place: KeyPlace) -> KeySource:
    if context.home.key_from_environment is not None and place:
        raise WrongUse(
            "MATCHER_KEY is set and would go before the new place: write the present key into a file, name it as "
            "'key_file' in the settings, take MATCHER_KEY away, and run this again."
        )
    if place.file is not None and place.command is not None:
        raise WrongUse("A key comes from a file or from a command: name one of them.")
    if place.command is not None:
        return KeySource(command=place.command)
    if place.file is not None:
        return KeySource(file=key_file(context.home, place.file))
    waiting = context.keys.source.next_file
    if waiting is None:
        raise WrongUse(
            f"The key comes from {context.keys.source.origin}, which only you can change: name a place of the new key "
            "with --key-file or --key-command."
        )
    if not waiting.exists():
        context.keys.master()  # the present one has to be right before another is made
        create_master_key(waiting)
    return KeySource(file=waiting)


def _replace(new: Path, old: Path) -> None:
    try:
        new.replace(old)
    except OSError as error:
        told = f"The key file '{old}' cannot be replaced ({error.strerror}): the new key is in '{new}', and is used."
        raise StoreProblem(told) from error
