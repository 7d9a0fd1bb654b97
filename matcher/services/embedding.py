"""Embed again, by the models in use, what has no vector in their space yet."""

from __future__ import annotations

from matcher.domain.ids import id_text
from matcher.domain.records import StoredFace
from matcher.errors import MatcherError
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.services.photos import same_face, stored_image

_BATCH = 256


def embed_missing(context: Context, who: Who) -> tuple[int, list[str]]:
    """Embed chosen faces of open cases that have no vector in the current space, as after a change of model."""
    space, done = context.space.name, 0
    problems: list[str] = []
    failed: set[int] = set()
    while True:
        with context.store.read() as reading:
            missing = reading.faces.without_embedding(space, _BATCH + len(failed))
        batch = [face for face in missing if face.id not in failed][:_BATCH]
        if not batch:
            return done, problems
        for face in batch:
            problem = _embed(context, face, who)
            if problem is None:
                done += 1
            else:
                failed.add(face.id)
                problems.append(problem)
            if context.progress:
                context.progress("embedding faces", done, done + len(missing))


def _embed(context: Context, face: StoredFace, who: Who) -> str | None:
    """Embed one face from its stored photo; returns what went wrong, if anything did."""
    with context.store.read() as reading:
        photo = reading.photos.get(face.photo_id)
    name = f"face {id_text(face.id)}"
    if photo is None or photo.case_id is None:
        return f"{name}: its photo is gone."
    try:
        found = same_face(context.pipeline.find(stored_image(context, photo), thorough=True), face)
    except MatcherError as error:
        return f"{name}: {error}"
    if found is None:
        return f"{name}: not found again in photo {id_text(photo.id)}; add the photo anew."
    space = context.space.name
    with context.store.write() as transaction:
        current, case = transaction.faces.get(face.id), transaction.cases.by_id(photo.case_id)
        if current is None or current.choice is None or transaction.faces.vectors([face.id], space):
            return None  # somebody chose another face meanwhile, or another reindex was here first
        transaction.faces.put_vectors({face.id: found.embedding}, space)
        if case is not None and case.status.searched:
            transaction.gallery.add(face.id, case.id, space)
        record(context, transaction, who, Trace("gallery.embed", [face.id], space))
    return None
