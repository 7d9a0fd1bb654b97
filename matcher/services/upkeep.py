"""What a home needs from those who run it: room, a clock that is right, files where records say, a recent snapshot."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

from matcher.domain.ids import id_text
from matcher.gallery.leftovers import leftovers
from matcher.gallery.snapshots import current_name
from matcher.services import erasure_list
from matcher.services.context import Context
from matcher.services.findings import Finding
from matcher.services.sweeping import orphans, unfinished

_CLOCK_SLACK = timedelta(minutes=5)  # between machines that share a database
_LONG_PAUSE = timedelta(days=3)
_OLD_SNAPSHOT = timedelta(hours=36)  # a night was missed, and half the day after it
_LAPSED = timedelta(days=15)  # each reindex ends what ran out 14 days ago
_UNDER_CONSTRUCTION = timedelta(hours=1)
_ROOM = 2  # times the next snapshot: the one before is kept beside it
_NAMED = 3  # of a longer list


def _disk(context: Context) -> Finding:
    """Whether the next snapshot has room: a night that fills the disk leaves yesterday's."""
    free, needed = shutil.disk_usage(context.home.root).free, _next_snapshot(context)
    if free < _ROOM * needed:
        text = f"the next snapshot takes about {_size(needed)}, and only {_size(free)} are free."
        return Finding("disk", False, text, f"Make room for {_size(_ROOM * needed)} in {context.home.root}.")
    return Finding("disk", True, f"the next snapshot takes about {_size(needed)}, {_size(free)} are free")


def _next_snapshot(context: Context) -> int:
    """Bytes of vectors, two ids a face and what is kept beside them: as much as in the live one, or more."""
    with context.store.read() as reading:
        rows = reading.gallery.count(context.space.name) * (4 * context.space.dim + 16)
    folder = context.home.snapshots / context.space.name
    live = current_name(folder)
    if live is None or not (folder / live).is_dir():
        return rows
    return max(rows, sum(path.stat().st_size for path in (folder / live).iterdir()))


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"


def _clock(context: Context) -> Finding:
    """Deadlines of erasures, leases and sessions are only as right as the clock."""
    with context.store.read() as reading:
        newest = next(iter(reading.audit.latest(None, 1)), None)
    if newest is None:
        return Finding("clock", True, "nothing is recorded yet to compare it with")
    ahead = context.clock() - newest.entry.at
    if ahead < -_CLOCK_SLACK:
        text = f"it is {_span(-ahead)} behind the newest audit entry."
        return Finding("clock", False, text, "Set the clock of this machine right before anything else.")
    if ahead > _LONG_PAUSE:
        text = f"nothing was recorded for {_span(ahead)}: either nobody worked here, or the clock jumped ahead."
        return Finding("clock", None, text, "Compare it with another clock before anything is removed for its age.")
    return Finding("clock", True, f"{_span(max(ahead, timedelta()))} after the newest audit entry")


def _span(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{hours / 24:.1f} days" if hours >= 48 else f"{hours:.1f} hours" if hours >= 1 else f"{hours * 60:.0f} min"


def _stop_switch(context: Context) -> Finding:
    with context.store.read() as reading:
        stop = reading.stop.present()
    if stop is None:
        return Finding("stop switch", True, "this home is not stopped")
    text = f"'{stop.by}' stopped this home at {stop.at:%Y-%m-%d %H:%M} UTC: it is read-only, and nothing is searched."
    return Finding("stop switch", None, text, "Why: `matcher audit show`; `matcher start --reason …` lets it go on.")


def _unfinished(context: Context) -> Finding:
    found = len(unfinished_builds(context)) + len(unfinished(context))
    if not found:
        return Finding("leftovers", True, "no killed process left anything behind")
    text = f"{found} half-written files or folders, left by processes that were killed."
    return Finding("leftovers", None, text, "Remove them with `matcher doctor --repair`.")


def unfinished_builds(context: Context) -> list[Path]:
    """What killed builds left in the folders of all spaces, an hour ago or longer."""
    return [path for folder in space_folders(context) for path in leftovers(folder, before(context))]


def before(context: Context) -> float:
    """The time before which nobody can be at work on something unfinished, in seconds since 1970."""
    return (context.clock() - _UNDER_CONSTRUCTION).timestamp()


def space_folders(context: Context) -> list[Path]:
    """The folders of all embedding spaces that have, or had, a snapshot."""
    root = context.home.snapshots
    return sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []


def _leases(context: Context) -> Finding:
    with context.store.read() as reading:
        stuck = reading.claims.count_lapsed(context.clock() - _LAPSED)
    if not stuck:
        return Finding("leases", True, "none ran out long ago and was never tidied up")
    text = f"{stuck} leases of reviewers ran out more than {_LAPSED.days} days ago."
    return Finding("leases", None, text, "`matcher reindex` ends them: has it not run since?")


def _snapshot_age(context: Context) -> Finding:
    if not snapshot_is_old(context):
        return Finding("snapshot", True, "as recent as the gallery's changes need")
    text = f"it is older than {_OLD_SNAPSHOT / timedelta(hours=1):.0f} hours, and the gallery has changed since."
    return Finding("snapshot", None, text, "Searches are right, but slower: see why `matcher reindex` did not run.")


def snapshot_is_old(context: Context) -> bool:
    """Whether the gallery changed since a snapshot that is older than a missed night, or was never written to one."""
    status = context.gallery.status()
    if status.created_at is None:
        return False  # told of as having no snapshot yet
    changed = bool(status.tail_size or status.tombstones)
    return changed and context.clock() - status.created_at > _OLD_SNAPSHOT


def _photo_files(context: Context) -> Finding:
    gone = list(islice(missing_files(context), _NAMED + 1))
    if gone:
        named = ", ".join(f"{key} of photo {photo}" for photo, key in gone[:_NAMED])
        more = " and others" if len(gone) > _NAMED else ""
        text = f"vanished from {context.home.photos}: {named}{more}."
        step = "Nothing mends this by itself: bring the files back under the same names from the newest backup."
        return Finding("photo files", False, text, step)
    strays = len(orphans(context))
    if strays:
        step = "Remove them with `matcher doctor --repair`, or with the next `matcher reindex`."
        return Finding("photo files", None, f"{strays} belong to no record, left by processes that were killed.", step)
    return Finding("photo files", True, "each is where its record says, and none is without one")


def missing_files(context: Context) -> Iterator[tuple[str, str]]:
    """Photos, by their shown ids, whose files are gone, with the files' keys."""
    with context.store.read() as reading:
        for photo, key in reading.photos.files():
            if not context.blobs.exists(key):
                yield id_text(photo), key


def _erasures(context: Context) -> Finding:
    """Where the list of what was erased lies, which alone keeps a restored backup from bringing it back."""
    path = erasure_list.path_of(context)
    with context.store.read() as reading:
        count, pending = reading.erasures.count(), len(reading.erasures.pending())
    if erasure_list.count(path) < count:
        text = f"the list '{path}' lacks some of the {count} erasures of this home."
        step = "If the file was moved, bring it back; `matcher nightly --step retain` adds what it lacks."
        return Finding("erasures", False, text, step)
    proofs = f", the proof of {pending} is pending" if pending else ""
    return Finding("erasures", True, f"{count} on the list '{path}'{proofs}: keep a copy of it elsewhere")


def _spaces(context: Context) -> Finding:
    """Whether what is searched is what should be, and by the models in use."""
    space = context.space.name
    with context.store.read() as reading:
        strangers, absent = reading.gallery.misplaced(space)
        lacking = reading.faces.count_without_embedding(space)
    if strangers or absent:
        text = f"{len(strangers)} faces are searched that should not be, {len(absent)} are not that should be."
        return Finding("spaces", False, text, "`matcher index verify` names them; find out who changed the database.")
    if lacking:
        text = f"{lacking} chosen faces of open cases have no embedding by the models in use."
        return Finding("spaces", None, text, "`matcher reindex` or `matcher doctor --repair` embeds them.")
    live = {folder.name for folder in space_folders(context) if current_name(folder) is not None}
    if live and space not in live:
        text = f"the live snapshot is of other models ({', '.join(sorted(live))})."
        return Finding("spaces", None, text, "`matcher reindex` or `matcher doctor --repair` writes another.")
    return Finding("spaces", True, "every chosen face of an open case is searched by the models in use")


CHECKS: tuple[tuple[str, Callable[[Context], Finding]], ...] = (
    ("disk", _disk),
    ("clock", _clock),
    ("stop switch", _stop_switch),
    ("leftovers", _unfinished),
    ("leases", _leases),
    ("snapshot", _snapshot_age),
    ("photo files", _photo_files),
    ("spaces", _spaces),
    ("erasures", _erasures),
)
