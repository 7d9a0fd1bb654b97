"""The keys of a home, kept apart from its backups: the newest only, so that a key that was destroyed is gone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from matcher.errors import Damaged, NotFound
from matcher.services import erasure_list
from matcher.services.backup_folder import BackupFolder
from matcher.services.backup_manifest import Manifest
from matcher.services.context import Context
from matcher.store.files import copy_whole, exclusive, mark_of

KEY_STORE, ERASURES = "keys.db", "erasures.jsonl"


def write(context: Context, root: Path, moment: datetime) -> None:
    """Keep the present keys in a folder, then overwrite and remove those that were kept before.

    A process that is killed meanwhile leaves one or two whole sets, of which the newest counts. The settings go with
    the keys, since they may hold passwords, and so does the erasure list, without which no backup is restored. The
    master key that opens the key store is not among them.
    """
    home, signer = context.home, context.signer
    with exclusive(root, "Another process keeps keys"):
        folder = BackupFolder(root, overwrite=True)
        folder.clear_leftovers()
        folder.newest_of(signer.public)
        before = folder.names()
        with folder.new(moment) as part:
            whole = {path: path.name for path in (home.digest_key, home.signing_key, home.settings_file)}
            for path, name in {**whole, erasure_list.path_of(context): ERASURES}.items():
                if path.exists():
                    copy_whole(path, part / name)
            if (home.root / KEY_STORE).exists():
                context.keys.copy_to(part / KEY_STORE)
            own = {path.name: mark_of(path) for path in sorted(part.iterdir())}
            folder.publish(part, Manifest(home=signer.public, made_at=moment, own=own, pooled={}), signer)
        for name in before:
            folder.remove(name)


def newest(root: Path, home: str) -> Path:
    """The folder with the keys of a home, by its public key, every byte checked.

    `NotFound` if there are none, `Damaged` if they were changed or are the keys of another home.
    """
    folder = BackupFolder(root)
    names = folder.names()
    if not names:
        raise NotFound(f"There is no backup of keys in '{root}': name the folder that `matcher backup --keys` wrote.")
    problems = folder.problems(names[-1], set())
    if problems:
        raise Damaged(f"The backup of the keys is damaged: {problems[0]}")
    found = root / names[-1]
    if folder.manifest(names[-1]).home != home:
        raise Damaged(f"'{found}' holds the keys of another home than the backup.")
    return found
