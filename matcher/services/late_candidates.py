"""Candidates that were found after their sighting had come in: onto the list of their face, so that people look.

A list that waits takes them in. One that was answered is asked again in a new round, which shows nothing that an
earlier one has shown; so is one at which somebody is looking, when that round is done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from matcher.domain.ids import FaceId, SightingId
from matcher.domain.records import Candidate, Sighting
from matcher.domain.reviews import ListAnswer, Task, TaskState, day_of
from matcher.services.context import Context
from matcher.services.desk_tasks import list_tasks
from matcher.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Listed:
    """How many lists were made, and how many that were done are asked again."""

    lists: int
    reopened: int


def add(
    context: Context, transaction: Transaction, found: Sequence[Candidate], sightings: Mapping[SightingId, Sighting]
) -> Listed:
    """Keep new candidates of one embedding space and let people look at them."""
    space, faces = context.space.name, {one.face_id for one in found}
    lists = transaction.tasks.lists_in(faces, space)
    rounds = _rounds(context, transaction, lists, space)
    late = [replace(one, round=rounds[one.face_id]) for one in found if one.face_id in lists]
    transaction.candidates.add([one for one in found if one.face_id not in lists] + late)
    new: dict[SightingId, list[Candidate]] = defaultdict(list)
    for one in found:
        if one.face_id not in lists:
            new[one.sighting_id].append(one)
    made = [task for sighting_id, own in new.items() for task in list_tasks(context, sightings[sighting_id], own)]
    transaction.tasks.add([replace(_from_now(context, task), created_at=context.clock()) for task in made])
    again = [task for task in lists.values() if task.state is TaskState.DONE]
    for task in again:
        transaction.tasks.update(_asked_again(context, task, rounds[task.face_id]))
    return Listed(len(made), len(again))


def next_round(context: Context, transaction: Transaction, task: Task, answers: Sequence[ListAnswer]) -> Task | None:
    """The next round of a list that is done but has candidates which came too late for those who answered it."""
    if task.state is not TaskState.DONE:
        return None
    shown = {one for answer in answers for one in answer.shown}
    later = transaction.candidates.of_list(task.face_id, task.space, task.round + 1)
    left = [one.round for one in later if one.id not in shown]
    return _asked_again(context, task, min(left)) if left else None


def _rounds(context: Context, transaction: Transaction, lists: Mapping[FaceId, Task], space: str) -> dict[FaceId, int]:
    """The round of each of these faces' lists that shows what is new."""
    opened = transaction.tasks.opened([task.id for task in lists.values()], context.clock())
    last = {face_id: task.round for face_id, task in lists.items()}
    for (face_id, _), number in transaction.candidates.cases_of(lists, space).items():
        last[face_id] = max(last[face_id], number)
    joins = {face_id for face_id, task in lists.items() if task.state is TaskState.WAITING and task.id not in opened}
    return {face_id: task.round if face_id in joins else last[face_id] + 1 for face_id, task in lists.items()}


def _asked_again(context: Context, task: Task, number: int) -> Task:
    return _from_now(context, replace(task, state=TaskState.WAITING, round=number, needed=1))


def _from_now(context: Context, task: Task) -> Task:
    """It waits since now, and is urgent if its sighting still is: nobody was late with it before."""
    now = context.clock()
    urgent = task.urgent_until if task.urgent_until is not None and task.urgent_until > now else None
    return replace(task, urgent_until=urgent, day=day_of(now), updated_at=now)
