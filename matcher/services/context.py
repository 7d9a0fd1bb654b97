"""The open parts of one home, which every use case is given."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path

from matcher.config import Home, Settings
from matcher.crypto.digests import DigestKey
from matcher.crypto.signing import Signer
from matcher.domain.records import GalleryChange
from matcher.domain.space import EmbeddingSpace
from matcher.errors import Conflict
from matcher.faces.backends import load_backend
from matcher.faces.pipeline import FacePipeline
from matcher.gallery.cipher import Cipher
from matcher.gallery.live import Gallery
from matcher.services.masterkeys import key_source
from matcher.services.significance import Scale, read_scale
from matcher.services.snapshot_keys import SnapshotCipher
from matcher.store.blobs import BlobStore
from matcher.store.database import Store
from matcher.store.keystore import SIGNING, KeyRing

Progress = Callable[[str, int, int], None]
Clock = Callable[[], datetime]


def now_utc() -> datetime:
    """The present as an aware time, to the microsecond, as the store keeps it."""
    return datetime.now(timezone.utc)


class Context:
    """One home, opened: settings, store, photos, key; models and gallery load on first use. Safe across threads."""

    def __init__(
        self, home: Home, *, clock: Clock = now_utc, progress: Progress | None = None, backend: str | None = None
    ) -> None:
        """`backend`: face models to use instead of those that the home's settings name."""
        self.home = home.require()
        self.settings: Settings = home.settings(**({"backend": backend} if backend else {}))
        self.keys = KeyRing(home.keys, key_source(home, self.settings), required=self.settings.encryption == "on")
        self.store = Store.open(home.database_url(self.settings), keys=self.keys)
        self.blobs = BlobStore(home.photos, self.keys)
        self.key = DigestKey.load(home.digest_key)
        self.clock = clock
        self.progress = progress
        self._lock = threading.RLock()
        _contexts.add(self)

    @property
    def models(self) -> Path:
        """The folder of the face models."""
        return self.settings.models_dir or self.home.models

    @property
    def signer(self) -> Signer:
        """Signs statements in the name of this home; a home that has no signing key yet gets one."""
        path = self.home.signing_key
        if self.keys.active and not path.exists():
            return Signer(self.keys.ensure([SIGNING])[SIGNING])
        if not path.exists():
            with suppress(Conflict):  # another process was faster
                return Signer.create(path)
        return Signer.load(path)

    def require_key(self) -> None:
        """`KeyProblem` if this home is encrypted and its key is not at hand: asked before anything is let go of."""
        if self.keys.active:
            self.keys.master()

    def known_signer(self) -> Signer:
        """As `signer`, but a key that is not there is an error and not made anew: it could not have signed anything."""
        if self.keys.active and not self.home.signing_key.exists():
            return Signer(self.keys.of([SIGNING])[SIGNING])
        return Signer.load(self.home.signing_key)

    @property
    def snapshot_cipher(self) -> Cipher:
        """What opens sealed snapshots of this home."""
        return SnapshotCipher(self.keys)

    @property
    def sealing_cipher(self) -> Cipher | None:
        """What seals new snapshots; `None`: they are written in the clear."""
        return self.snapshot_cipher if self.keys.active and not self.settings.snapshots_in_clear else None

    @property
    def pipeline(self) -> FacePipeline:
        """The face models of this home's backend."""
        with self._lock:
            return self._pipeline

    @cached_property
    def _pipeline(self) -> FacePipeline:
        backend = load_backend(
            self.settings.backend, self.models, threads=self.settings.threads, progress=self.progress
        )
        return FacePipeline(backend, self.settings.photos_at_once)

    @property
    def space(self) -> EmbeddingSpace:
        """The embedding space in which this home searches."""
        return self.pipeline.space

    @property
    def gallery(self) -> Gallery[Scale]:
        """The searchable faces of all open cases."""
        with self._lock:
            return self._gallery

    @cached_property
    def _gallery(self) -> Gallery[Scale]:
        feed = StoreFeed(self.store, self.space.name)
        threads, cipher = self.settings.threads, self.snapshot_cipher
        return Gallery(self.home.snapshots, self.space, feed, threads=threads, read_notes=read_scale, cipher=cipher)

    def close(self) -> None:
        """Give back database connections; the context is unusable afterwards."""
        self.store.close()


_contexts: weakref.WeakSet[Context] = weakref.WeakSet()


def _in_child() -> None:
    """After a fork, a thread that held a lock is not there to release it."""
    for context in tuple(_contexts):
        context._lock = threading.RLock()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_in_child)


class StoreFeed:
    """The store, as the gallery wants to hear of it."""

    def __init__(self, store: Store, space: str) -> None:
        self._store = store
        self._space = space

    def counter(self) -> int:
        """The number of the last change."""
        return self._store.change_counter()

    def changes(self, after: int) -> Sequence[GalleryChange]:
        """All changes of this space with a higher number than `after`, in order.

        From the beginning, that is without a snapshot, the present rows stand for their history: it may be long, and
        forgotten in part.
        """
        with self._store.read() as reading:
            if after > 0:
                return reading.gallery.changes(self._space, after)
            counter = reading.gallery.counter()
            blocks = reading.gallery.rows(self._space)
            return [GalleryChange(counter, row.face_id, row) for rows in blocks for row in rows]
