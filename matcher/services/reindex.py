"""Reindex: embed what is missing in the current space, then build, verify and publish a snapshot of the gallery.

Its parts are steps of the nightly run as well, each of which may be done alone and again.
"""

from __future__ import annotations

import time

from matcher.gallery.manifest import read_manifest
from matcher.gallery.publishing import forget, prune
from matcher.gallery.snapshots import current_name
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.desk_tasks import reopen_of_other_spaces
from matcher.services.embedding import embed_missing
from matcher.services.erasing import finish, resume
from matcher.services.inputs import Who
from matcher.services.snapshots import make
from matcher.services.sweeping import sweep
from matcher.services.tidying import tidy
from matcher.services.views import ReindexView


def reindex(context: Context, who: Who) -> ReindexView:
    """Make the snapshot that searches start from; until it is published, searches go on with the one before."""
    began = time.monotonic()
    resume(context, who)  # before anything is built of what was to be erased
    embedded, problems = embed_missing(context, who)
    info = make(context)
    pruned = prune_snapshots(context)
    settle(context, who, embedded=embedded, problems=len(problems))
    finish(context, who)
    return ReindexView(
        snapshot=info.name,
        space=context.space.name,
        faces=info.count,
        embedded=embedded,
        pruned=tuple(pruned),
        problems=tuple(problems),
        seconds=time.monotonic() - began,
    )


def prune_snapshots(context: Context) -> tuple[str, ...]:
    """Remove old snapshots of the models in use, and all of others; the names of the old ones that are gone.

    Snapshots by models that are not in use are brought up to date by nobody, so closed cases would stay in them.
    """
    pruned = prune(context.gallery.folder, keep=context.settings.snapshots_kept)
    if _in_use(context):
        for folder in context.home.snapshots.iterdir():
            if folder.is_dir() and folder != context.gallery.folder:
                forget(folder)
    return pruned


def settle(context: Context, who: Who, **done: int) -> dict[str, int]:
    """Let go of what the live snapshot has made needless: changes that it contains, orphan files, old messages.

    How many of each; they are audited, with what else was `done`.
    """
    through, swept = _trim_through(context), sweep(context)
    name = current_name(context.gallery.folder)
    faces = read_manifest(context.gallery.folder / name).count if name else 0
    with context.store.write() as transaction:
        if _in_use(context):
            # Running searchers take the new snapshot before they read on, so what it contains can be forgotten; they
            # have no such snapshot of models that are only tried.
            transaction.gallery.trim(through)
            # `models use` does it too, but may have been killed before, and other settings may name other models.
            reopen_of_other_spaces(context, transaction, context.space.name, who)
        gone = {"swept": swept} | tidy(context, transaction)
        details = {"faces": faces} | done | gone
        trace = Trace("gallery.reindex", space=context.space.name, snapshot=name, details=details)
        record(context, transaction, who, trace)
    return gone


def _in_use(context: Context) -> bool:
    """Whether these models are the home's own, and not only tried."""
    return context.settings.backend == context.home.settings().backend


def _trim_through(context: Context) -> int:
    """The last change that the live snapshots of all embedding spaces contain."""
    folders = [folder for folder in context.home.snapshots.iterdir() if folder.is_dir()]
    live = [(folder, current_name(folder)) for folder in folders]
    return min((read_manifest(folder / name).through_change for folder, name in live if name), default=0)
