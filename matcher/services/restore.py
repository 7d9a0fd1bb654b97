"""Restore a home from a backup into an empty folder, without what was erased since the backup was made.

The home's digest key comes last: until everything is checked it lies in the folder `.restoring`, and nobody else can
open the home. A restoration that was cut short is begun anew by the next one.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from matcher.config import Home, default_key_file
from matcher.crypto.masterkey import KeySource
from matcher.domain.ids import id_text
from matcher.errors import Conflict, Damaged, MatcherError, NotFound, StoreProblem, WrongUse
from matcher.services import alert_endings, checks, erasing, erasure_list, key_backup
from matcher.services.auditing import Trace, record
from matcher.services.backup import DATABASE
from matcher.services.backup_folder import BackupFolder
from matcher.services.backup_manifest import Manifest
from matcher.services.context import Context, Progress
from matcher.services.inputs import Who
from matcher.services.masterkeys import key_file, remember
from matcher.services.reindex import reindex
from matcher.services.views import VerifyView
from matcher.store.database import Store
from matcher.store.files import copy_whole, exclusive, private_folder, sync_folder, write_whole

_MARK = ".restoring"
_DATABASE_NOTE = "database"  # of which database it was known that it was empty
_SHOWN = 5  # problems that an error tells


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreOptions:
    """`keys` is the folder of the key backup, `backup` a name: by default the newest backup without gaps.

    `erasure_list` is the file that the home kept; `never_erased` stands for it where nothing was ever erased.
    `database_url` is an empty PostgreSQL database to use instead of SQLite.
    """

    keys: Path
    erasure_list: Path | None = None
    never_erased: bool = False
    backup: str | None = None
    database_url: str | None = None
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class RestoreView:
    """What was restored. `erased_again` counts what of the `listed` erasures the backup still held; `key_file` is that
    of a new master key, instead of the one that would have been shared with the home that was backed up.

    Cards and alerts of the backup are taken back, since they may have been taken back after it. `problems` say what is
    not whole, all of it known when the backup was made.
    """

    backup: str
    home: Path
    photos: int
    bytes: int
    faces: int
    audit_entries: int
    erased_again: int
    listed: int
    cards_withdrawn: int
    alerts_cancelled: int
    problems: tuple[str, ...]
    seconds: float
    key_file: Path | None = None


class _Unfinished(Home):
    """A home that is being restored: its key lies apart, so that it does not count as one for anybody else."""

    __slots__ = ()

    @property
    def digest_key(self) -> Path:
        return self.root / _MARK / "digest.key"


def restore(folder: Path, root: Path, who: Who, options: RestoreOptions) -> RestoreView:
    """Make a home of a backup, erase again what was erased, build a snapshot and check everything.

    `WrongUse` without an erasure list, `Conflict` for a list that lacks what is known to be erased, and if the folder
    or the database holds anything else. `Damaged` names what is not as it was written, before anything is made of it.
    """
    began = time.monotonic()
    archive = BackupFolder(folder)
    name = options.backup or _newest_whole(archive)
    _require_whole(archive, name, options.progress)
    manifest = archive.manifest(name)
    kept = key_backup.newest(options.keys, manifest.home)
    _require_list(options, kept / key_backup.ERASURES)
    _claim(root)
    home = _Unfinished(root)
    with exclusive(root / _MARK, "Another process restores a home"), _cleared(root):
        _bring_keys(kept, home, options)
        _bring_files(archive, manifest, home, options.progress)
        _bring_database(folder / name / DATABASE, home, options)
        with closing(Context(home, progress=options.progress)) as context:
            _start(context, who)
            own_key = _own_key(context)
            erased, listed = _erase_again(context, options.erasure_list, who)
            built = reindex(context, who)
            with context.store.write() as transaction:
                trace = Trace("home.restore", details={"backup": name, "erased_again": erased})
                record(context, transaction, who, trace)
                cards, alerts = alert_endings.end_of_restored(context, transaction, who)
            found = _checked(context, manifest)
        home.digest_key.rename(Home(root).digest_key)
        sync_folder(root)
    shutil.rmtree(root / _MARK, ignore_errors=True)
    return RestoreView(
        backup=name,
        home=root,
        photos=found.photos,
        bytes=manifest.size,
        faces=built.faces,
        audit_entries=found.audit_entries,
        erased_again=erased,
        listed=listed,
        cards_withdrawn=cards,
        alerts_cancelled=alerts,
        problems=found.problems,
        seconds=time.monotonic() - began,
        key_file=own_key,
    )


def _newest_whole(archive: BackupFolder) -> str:
    """The newest backup without gaps; one with gaps has to be asked for by its name.

    `Damaged` if a newer one cannot be read: nobody is given an older state without a word.
    """
    for name in reversed(archive.names()):
        try:
            if not archive.manifest(name).gaps:
                return name
        except Damaged as error:
            raise Damaged(f"{error} Name an older backup with --backup to restore that.") from error
    raise NotFound(
        f"There is no backup without gaps in '{archive.root}': name one of `matcher backup list {archive.root}` with "
        "--backup, or the folder that `matcher backup` wrote."
    )


def _require_whole(archive: BackupFolder, name: str, progress: Progress | None) -> None:
    problems = archive.problems(name, set(), progress)
    if problems:
        raise Damaged(f"The backup '{name}' is damaged, and nothing was restored: {_some(problems)} Another: --backup.")


def _require_list(options: RestoreOptions, known: Path) -> None:
    """Refuse what would bring back the erased: no list, or one that lacks what the last backup's copy has."""
    path = options.erasure_list
    if (path is None) != options.never_erased:
        raise WrongUse(
            "A backup may hold what was erased after it was made: give the home's erasure list with --erasure-list (as "
            "of the last backup it lies with the keys), or say --no-erasure-list-exists if nothing was ever erased."
        )
    if path is not None and not path.is_file():
        raise NotFound(f"There is no erasure list '{path}': `matcher doctor` tells where a home keeps it.")
    copied = erasure_list.read(known)
    if copied and path is None:
        raise Conflict(f"This home erased {len(copied)} cases and sightings, as '{known}' says: give its erasure list.")
    if copied and path is not None and erasure_list.read(path)[: len(copied)] != copied:
        raise Conflict(
            f"The erasure list '{path}' lacks some of the {len(copied)} erasures in '{known}', or is of another home: "
            "give the newest copy that there is."
        )


def _claim(root: Path) -> None:
    """Mark an empty folder as one in which a home is being restored, or find the mark of an earlier attempt."""
    if Home(root).exists:
        raise Conflict(f"There is a home in '{root}' already: restore into a new or an empty folder.")
    if (root / _MARK).is_dir():
        return
    try:
        strangers = sorted(path.name for path in root.iterdir()) if root.exists() else []
    except OSError as error:
        raise WrongUse(f"'{root}' cannot be a home: {error.strerror}.") from error
    if strangers:
        raise WrongUse(f"'{root}' is not empty (it holds '{strangers[0]}'): name a new or an empty folder.")
    private_folder(root / _MARK)
    root.chmod(0o700)  # one that was there may be open to others
    sync_folder(root)


@contextmanager
def _cleared(root: Path) -> Iterator[None]:
    """Begin with an empty folder, and leave one if the restoration is refused: there are people in it."""
    _clear(root)
    try:
        yield
    except MatcherError:
        _clear(root)
        if not (root / _MARK / _DATABASE_NOTE).exists():  # which tells that what a server holds by now is ours
            shutil.rmtree(root / _MARK, ignore_errors=True)
        raise


def _clear(root: Path) -> None:
    """Remove what an earlier attempt left: the folder was empty when it was marked."""
    try:
        for path in (*root.iterdir(), *(root / _MARK).iterdir()):
            if path.is_dir() and path.name != _MARK:
                shutil.rmtree(path)
            elif path.is_file() and path.name not in {".lock", _DATABASE_NOTE}:
                path.unlink()
    except OSError as error:
        raise StoreProblem(f"'{root}' cannot be cleared of an earlier attempt: {error.strerror}.") from error


def _bring_keys(kept: Path, home: Home, options: RestoreOptions) -> None:
    for name, target in {
        "digest.key": home.digest_key,
        "signing.key": home.signing_key,
        key_backup.KEY_STORE: home.root / key_backup.KEY_STORE,
        "settings.toml": home.settings_file,
    }.items():
        if (kept / name).exists():
            copy_whole(kept / name, target)
    # The home that was backed up may be in use: nothing that lies outside it is shared with it, but for the master key.
    for name in ("database_url", "erasure_list", "backup_dir", "key_backup_dir"):
        home.drop_setting(name)
    # Both may be in use, as where a restoration is tried: partners must not hear of ends that are none.
    home.write_setting("send_messages", "false")
    if options.database_url:
        home.write_setting("database_url", options.database_url)
    if home.settings().database_url != options.database_url:
        raise WrongUse("MATCHER_DATABASE_URL names another database than --database-url: take it out, or give both.")


def _bring_files(archive: BackupFolder, manifest: Manifest, home: Home, progress: Progress | None) -> None:
    for folder in (home.photos, home.models, home.snapshots):
        private_folder(folder)
    for number, (path, mark) in enumerate(manifest.pooled.items()):
        source, target = archive.pool.file(path, mark), home.root / path
        private_folder(target.parent)
        if copy_whole(source, target).sha256 != mark.sha256:
            raise Damaged(f"'{source}' is not what was written: restore another backup with --backup.")
        if progress:
            progress("restoring files", number + 1, len(manifest.pooled))


def _bring_database(copy: Path, home: Home, options: RestoreOptions) -> None:
    """Put the copy in its place, with the tables of this version: as the file itself, or row by row."""
    if options.database_url is None:
        copy_whole(copy, home.database)
        Store.create(home.database).close()
        return
    staged, note = home.root / _MARK / DATABASE, home.root / _MARK / _DATABASE_NOTE
    address = hashlib.sha256(options.database_url.encode()).hexdigest()
    copy_whole(copy, staged)
    Store.create(staged).close()
    with Store.create(options.database_url) as target, Store.open_copy(staged) as source:
        ours = note.is_file() and note.read_text() == address  # it was empty when an earlier attempt began to fill it
        if not ours and not target.is_empty:
            raise Conflict("The database of --database-url is not empty: name a new one.")
        write_whole(note, address.encode())
        target.fill_from(source)
    staged.unlink()


def _own_key(context: Context) -> Path | None:
    """Wrap the data keys by a master key in a file of this home alone, and give that file; `None` if it has one.

    Otherwise both homes would share the file, and a rotation in one would leave the other unreadable. A key from the
    environment or a command is replaced by nobody but its owner, and stays.
    """
    keys, home = context.keys, context.home
    if not keys.active or keys.source.used_file is None:
        return None
    own = default_key_file(home.root)
    before = keys.source.used_file.absolute()
    if before == own:
        return None
    source = KeySource(file=key_file(home, own))
    remember(home, source)
    if home.settings().key_file != own:  # the environment names another, which goes before
        remember(home, KeySource(file=before))
        return None
    new = source.load()
    if not keys.fits(new):
        keys.rewrap(new)
    keys.source = source
    return own


def _start(context: Context, who: Who) -> None:
    """Let a home go on that was stopped when it was backed up: nothing could be erased from it, nor checked."""
    with context.store.write(while_stopped=True) as transaction:
        if transaction.stop.present() is not None:
            transaction.stop.end()
            record(context, transaction, who, Trace("home.start"))


def _erase_again(context: Context, erasures: Path | None, who: Who) -> tuple[int, int]:
    """Erase what the list names and the backup still holds, before anybody can see it: how many of how many."""
    entries = erasure_list.adopt(context, erasures) if erasures else []
    listed = {entry.subject for entry in entries}
    with context.store.read() as reading:
        unlisted = [one.id for one in reading.erasures.all() if one.subject not in listed]
    if unlisted:
        raise Conflict(
            f"The erasure list lacks '{id_text(unlisted[0])}', which was erased before this backup was made: it is not "
            "the list of this home, or not the newest."
        )
    done = erasing.replay(context, entries, who)
    _require_no_other(context)
    return done, len(entries)


def _require_no_other(context: Context) -> None:
    """`Conflict` if another list of this account names what is in the home still: the one that was given is too old."""
    own = erasure_list.path_of(context)
    for path in sorted(own.parent.glob("*.erasures.jsonl")):
        with suppress(Damaged, StoreProblem), context.store.read() as reading:
            back = [one.id for one in erasure_list.read(path) if reading.erasures.is_there(one.subject)]
            if path != own and back:
                raise Conflict(
                    f"The erasure list '{path}' names {len(back)} that this backup holds and that would come back, "
                    f"'{back[0]}' the first: give that list with --erasure-list."
                )


def _checked(context: Context, manifest: Manifest) -> VerifyView:
    """Check everything; `Damaged` for what was whole when the backup was made."""
    found = checks.verify(context)
    if found.problems and not manifest.gaps:
        raise Damaged(f"The restored home is not whole, and not opened to anybody: {_some(found.problems)}")
    return found


def _some(problems: Sequence[str]) -> str:
    more = len(problems) - _SHOWN
    return " ".join(problems[:_SHOWN]) + (f" And {more} more." if more > 0 else "")
