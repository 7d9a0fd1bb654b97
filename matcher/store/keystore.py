"""The keys of a home: a data key per case, per sighting and per named thing, wrapped by the master key.

They are apart from the database, so that backups of it can be kept for long and those of the keys need not: where a key
is destroyed, whatever was sealed with it is gone in every copy. Unwrapped keys are kept no longer than for one call, so
that a key which was destroyed is so in every process, and a rotated master key is taken up by all of them.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from matcher.crypto.masterkey import KeySource, MasterKey
from matcher.crypto.sealing import KEY_BYTES, SealedWriter, seal, unseal, unsealed_chunks
from matcher.domain.ids import id_text
from matcher.errors import Conflict, Damaged, KeyProblem
from matcher.store.keyfile import KeyFile

Owner = int | str  # the id of a case or sighting, or a fixed word
SNAPSHOTS, SIGNING, PARTNERS = "snapshots", "signing", "partners"

_BATCH = 10_000
_SOME = "SELECT owner, wrapped FROM keys WHERE owner IN (SELECT value FROM json_each(?))"


class KeyRing:
    """The key store of one home, and where its master key is found, which is looked for when it is first needed.

    Wherever a key is needed, `KeyProblem` says what is wrong with the master key or the key store.
    """

    def __init__(self, path: Path, source: KeySource, *, required: bool = False) -> None:
        """`required`: the home is encrypted even if the file is not there."""
        self.path = path
        self.source = source
        self._required = required
        self._file = KeyFile(path)
        self._known: MasterKey | None = None

    def __repr__(self) -> str:
        return f"KeyRing({str(self.path)!r})"

    @property
    def active(self) -> bool:
        """Whether this home seals what it keeps; another process may turn that on, and nobody turns it off."""
        self._required = self._required or self.path.exists()
        return self._required

    def create(self) -> None:
        """Make the key store, for the master key of the source; one that is there must be of that key."""
        master = self.source.load()
        self._file.create()
        with self._file.writing() as connection:
            if _meta(connection, "check") is None:
                _set_meta(connection, "check", master.check)
            self._master(connection)

    # Sealing

    def seal(self, owner: Owner, name: str, data: bytes) -> bytes:
        """`data`, sealed for an owner under a name; an owner that has no key yet gets one."""
        return seal(self.ensure([owner])[owner], name.encode(), data)

    def open(self, owner: Owner, name: str, sealed: bytes) -> bytes:
        """What was sealed for this owner under this name; `Damaged` for anything else."""
        return unseal(self.of([owner])[owner], name.encode(), sealed)

    def writer(self, owner: Owner, name: str, file: BinaryIO) -> SealedWriter:
        """Write a sealed file of any size: `write` what it holds, then `finish`."""
        return SealedWriter(self.ensure([owner])[owner], name, file)

    def chunks(self, owner: Owner, name: str, file: BinaryIO) -> Iterator[bytes]:
        """What a sealed file holds, in parts; whole only when the iterator has ended without `Damaged`."""
        return unsealed_chunks(self.of([owner])[owner], name, file)

    # Keys

    def of(self, owners: Iterable[Owner]) -> dict[Owner, bytes]:
        """The data keys of owners that have one; `KeyProblem` names one that has not, or not any more."""
        wanted = set(owners)
        with self._file.reading() as connection:
            found = self._unwrapped(connection, wanted)
        if len(found) != len(wanted):
            lacking = next(iter(wanted - found.keys()))
            raise KeyProblem(
                f"The key store '{self.path}' has no key of {_shown(lacking)}: restore its newest backup; nothing was "
                "changed."
            )
        return found

    def ensure(self, owners: Iterable[Owner]) -> dict[Owner, bytes]:
        """The data keys of owners, made where there was none; `KeyProblem` for one whose key was destroyed."""
        wanted = set(owners)
        with self._file.reading() as connection:
            found = self._unwrapped(connection, wanted)
        if len(found) == len(wanted):
            return found
        with self._file.writing() as connection:  # asked again, now that nobody else makes one
            found = self._unwrapped(connection, wanted)
            made = {owner: secrets.token_bytes(KEY_BYTES) for owner in wanted - found.keys()}
            self._insert(connection, made)
        return found | made

    def adopt(self, owner: Owner, key: bytes) -> None:
        """Take over a key that was kept elsewhere; `Conflict` if the owner has another one."""
        with self._file.writing() as connection:
            found = self._unwrapped(connection, {owner})
            if not found:
                self._insert(connection, {owner: key})
            elif found[owner] != key:
                raise Conflict(f"The key store '{self.path}' has another key of {_shown(owner)}.")

    def destroy(self, owners: Iterable[Owner]) -> None:
        """Destroy data keys for good: what they sealed cannot be read any more, and these owners never get others.

        When this returns the keys are gone from the file. `Busy` if another process used it for too long. Needs no
        master key.
        """
        gone = [(owner,) for owner in owners]
        statement = "INSERT INTO keys VALUES (?, NULL) ON CONFLICT (owner) DO UPDATE SET wrapped = NULL"
        with self._file.writing() as connection:
            connection.executemany(statement, gone)

    def destroyed(self, owners: Iterable[Owner]) -> set[Owner]:
        """Those of the owners whose key was destroyed; needs no master key."""
        wanted = json.dumps(sorted(set(owners), key=str))
        with self._file.reading() as connection:
            return {owner for owner, wrapped in connection.execute(_SOME, (wanted,)) if wrapped is None}

    def counts(self) -> tuple[int, int]:
        """How many owners have a key, and how many had one that was destroyed."""
        with self._file.reading() as connection:
            every, living = connection.execute("SELECT count(*), count(wrapped) FROM keys").fetchone()
        return living, every - living

    # The whole

    @property
    def whole(self) -> bool:
        """Whether all embeddings of the home are sealed, so that one in the clear was put there by somebody else."""
        with self._file.reading() as connection:
            return _meta(connection, "whole") is not None

    def mark_whole(self) -> None:
        """Remember that all embeddings are sealed from now on."""
        with self._file.writing() as connection:
            _set_meta(connection, "whole", b"1")

    def master(self) -> MasterKey:
        """The master key, after making sure that it is the one that wrapped the data keys."""
        with self._file.reading() as connection:
            return self._master(connection)

    def fits(self, key: MasterKey) -> bool:
        """Whether the data keys are wrapped by this master key."""
        with self._file.reading() as connection:
            return _meta(connection, "check") == key.check

    def rewrap(self, new: MasterKey) -> int:
        """Wrap all data keys by another master key, all or none: how many they were. Nothing is sealed anew."""
        with self._file.writing() as connection:
            old, count = self._master(connection), 0
            for rows in _batches(connection):
                keys = _unwrap(old, rows)
                update = "UPDATE keys SET wrapped = ? WHERE owner = ?"
                connection.executemany(update, [(new.wrap(_bound(owner), key), owner) for owner, key in keys.items()])
                count += len(keys)
            _set_meta(connection, "check", new.check)
        self._known = new
        return count

    def problems(self) -> list[str]:
        """What is wrong with the key store, after opening every key in it."""
        damage = self._file.damage()
        if damage is not None:
            return [f"The key store '{self.path}' is damaged ({damage}): restore its newest backup."]
        found: list[str] = []
        with self._file.reading() as connection:
            master = self._master(connection)
            for rows in _batches(connection):
                try:
                    _unwrap(master, rows)
                except Damaged:
                    found += [problem for row in rows if (problem := self._problem(master, row))]
        return found

    def copy_to(self, path: Path) -> None:
        """Write a consistent copy while others go on; it holds no destroyed key, and replaces a file that is there."""
        self._file.copy_to(path)

    def _problem(self, master: MasterKey, row: tuple[Owner, bytes]) -> str | None:
        try:
            _unwrap(master, [row])
        except Damaged:
            return f"The key of {_shown(row[0])} in '{self.path}' is damaged: restore the newest backup of this file."
        return None

    def _master(self, connection: sqlite3.Connection) -> MasterKey:
        """The master key that wrapped the keys that this connection sees: it may have been rotated by now."""
        check = _meta(connection, "check")
        if self._known is not None and self._known.check == check:
            return self._known
        for candidate in self.source.candidates():
            if candidate.check == check:
                self._known = candidate
                return candidate
        raise KeyProblem(
            f"The key from {self.source.origin} is not the one that '{self.path}' was written with: give the right "
            "key, or restore the newest backup of that file. After a rotation, older copies of the key fit no more. "
            "Nothing was changed."
        )

    def _unwrapped(self, connection: sqlite3.Connection, owners: set[Owner]) -> dict[Owner, bytes]:
        master = self._master(connection)
        rows = connection.execute(_SOME, (json.dumps(list(owners)),)).fetchall()
        for owner, wrapped in rows:
            if wrapped is None:
                raise KeyProblem(
                    f"The key of {_shown(owner)} was destroyed when it was erased: what was sealed with it is gone for "
                    "good. If it was erased just now, run the command again."
                )
        try:
            return _unwrap(master, rows)
        except Damaged as error:
            broken = next(filter(None, (self._problem(master, row) for row in rows)), str(error))
            raise Damaged(broken) from error

    def _insert(self, connection: sqlite3.Connection, keys: dict[Owner, bytes]) -> None:
        master = self._master(connection)
        rows = [(owner, master.wrap(_bound(owner), key)) for owner, key in keys.items()]
        connection.executemany("INSERT INTO keys VALUES (?, ?)", rows)


def _unwrap(master: MasterKey, rows: list[tuple[Owner, bytes]]) -> dict[Owner, bytes]:
    keys = master.unwrap_all([(_bound(owner), wrapped) for owner, wrapped in rows])
    return dict(zip([row[0] for row in rows], keys, strict=True))


def _bound(owner: Owner) -> bytes:
    """What binds a wrapped key to its owner; no word has eight bytes like a number."""
    return owner.to_bytes(8, "big") if isinstance(owner, int) else b"the owner " + owner.encode()


def _batches(connection: sqlite3.Connection) -> Iterator[list[tuple[Owner, bytes]]]:
    """All living keys in the order of their owners: numbers come before words."""
    query = f"SELECT owner, wrapped FROM keys WHERE owner > ? AND wrapped IS NOT NULL ORDER BY owner LIMIT {_BATCH}"  # noqa: S608
    rows = connection.execute(query, (0,)).fetchall()
    while rows:
        yield rows
        rows = connection.execute(query, (rows[-1][0],)).fetchall()


def _meta(connection: sqlite3.Connection, name: str) -> bytes | None:
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else bytes(row[0])


def _set_meta(connection: sqlite3.Connection, name: str, value: bytes) -> None:
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))


def _shown(owner: Owner) -> str:
    return f"the case or sighting {id_text(owner)}" if isinstance(owner, int) else f"the {owner}"
