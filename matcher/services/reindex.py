"""Reindex: embed what is missing in the current space, then build, verify and publish a snapshot of the gallery."""

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
    pruned = prune(context.gallery.folder, keep=context.settings.snapshots_kept)
    in_use = context.settings.backend == context.home.settings().backend  # and not of models that are only tried
    if in_use:
        _forget_other_spaces(context)
    through, swept = _trim_through(context), sweep(context)
    with context.store.write() as transaction:
        # Running searchers take the new snapshot before they read on, so what it contains can be forgotten.
        transaction.gallery.trim(through)
        if in_use:
            # `models use` does it too, but may have been killed before, and other settings may name other models.
            reopen_of_other_spaces(context, transaction, context.space.name, who)
        forgotten = tidy(context, transaction)
        trace = Trace(
            "gallery.reindex",
            space=context.space.name,
            snapshot=info.name,
            details={"faces": info.count, "embedded": embedded, "problems": len(problems), "swept": swept} | forgotten,
        )
        record(context, transaction, who, trace)
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


def _forget_other_spaces(context: Context) -> None:
    """Remove snapshots by models that are not in use: nobody brings them up to date, so closed cases would stay."""
    for folder in context.home.snapshots.iterdir():
        if folder.is_dir() and folder != context.gallery.folder:
            forget(folder)


def _trim_through(context: Context) -> int:
    """The last change that the live snapshots of all embedding spaces contain."""
    folders = [folder for folder in context.home.snapshots.iterdir() if folder.is_dir()]
    live = [(folder, current_name(folder)) for folder in folders]
    return min((read_manifest(folder / name).through_change for folder, name in live if name), default=0)
