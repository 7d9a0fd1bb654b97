"""What waits and can be judged by nobody: too few accounts are left that have not seen more than its photos."""

from __future__ import annotations

from matcher.accounts.rights import Right, rights_of
from matcher.domain.people import PersonId
from matcher.domain.reviews import TaskKind
from matcher.store.database import Reading

# What nobody can judge stays and grows old, so that it is always found among these, whatever the length of the queue.
_OLDEST = 500


def without_reviewers(reading: Reading) -> dict[TaskKind, int]:
    """How many lists and pairs lack an account that may still judge them, of the 500 of each that waited longest.

    Not counted is a pair that lacks one only since at most one of its reviewers may have picked it.
    """
    able = {one.id for one in reading.people.list() if one.active and Right.REVIEW in rights_of(one.roles)}
    return {kind: _count(reading, kind, able) for kind in TaskKind}


def _count(reading: Reading, kind: TaskKind, able: set[PersonId]) -> int:
    waiting = reading.tasks.oldest(kind, _OLDEST)
    answered, recused = reading.tasks.closed_to(kind, [task.id for task in waiting])
    count = 0
    for task in waiting:
        done = answered.get(task.id, set())
        left = able - done - recused.get(task.id, set())
        count += len(done) + len(left) < task.needed
    return count
