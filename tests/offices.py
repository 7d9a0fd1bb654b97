"""A desk with people, a clock and work on it: drawn faces, real models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from pictures import child
from reviews import Clock, account

from matcher import Matcher
from matcher.accounts.rights import Acting, rights_of
from matcher.config import Home
from matcher.domain.ids import SightingId, id_text, parse_id
from matcher.domain.people import Role
from matcher.domain.reviews import TaskState
from matcher.services.context import Context
from matcher.services.desk_views import ClaimView

ME = "hotline"
START = datetime(2026, 3, 14, 9, 30, tzinfo=timezone.utc)


@dataclass
class Office:
    """A home with its people and a clock."""

    matcher: Matcher
    clock: Clock
    ann: Acting
    ben: Acting
    cat: Acting
    boss: Acting
    officer: Acting

    def register(self, *seeds: int) -> None:
        for seed in seeds:
            self.matcher.add_case(f"A-{seed}", photos=[child(seed)], actor=ME, name=f"Child {seed}", marks="a scar")

    def submit(self, seed: int = 1, **report: object) -> str:
        return self.matcher.submit_sighting([child(seed, 1)], actor=ME, note="by the river", **report).id

    def pick(self, acting: Acting, *cases: str) -> ClaimView:
        """Answer the next list by picking these cases."""
        desk = self.matcher.desk
        claim = desk.next(acting, "list")
        assert claim is not None
        desk.list_sheet(acting, claim.claim)
        desk.seal_list(acting, claim.claim, [self.place(acting, claim, case) for case in cases])
        return claim

    def place(self, acting: Acting, claim: ClaimView, case: str) -> int:
        """Where a case stands on somebody's list: no view tells it."""
        faces = self.matcher.desk.faces(acting, claim.claim).places
        with self.matcher.context.store.read() as reading:
            owner = reading.cases.get(case)
            photos = {photo.id for photo in reading.photos.of_case(owner.id)}
        return next(place for place, face in enumerate(faces) if face.photo_id in photos)

    def judge(self, acting: Acting, outcome: str, **said: object) -> str:
        """Seal the next pair."""
        desk = self.matcher.desk
        claim = desk.next(acting, "pair")
        assert claim is not None
        desk.pair_sheet(acting, claim.claim)
        desk.seal_pair(acting, claim.claim, outcome, **said)
        return claim.claim

    def pair(self, sighting: str, case: str) -> str:
        """The task of a pair that was picked, by its shown id."""
        with self.matcher.context.store.read() as reading:
            owner = reading.cases.get(case)
            found = reading.tasks.of_sighting(SightingId(parse_id(sighting)))
            return next(id_text(task.id) for task in found if task.case_id == owner.id)

    def states(self) -> dict[TaskState, int]:
        desk = self.matcher.desk
        every = [TaskState.DISPUTED, TaskState.ESCALATED, TaskState.EXCLUDED, TaskState.CONFIRMED]
        found = {state: len(desk.pairs(self.boss, state)) for state in every}
        return {state: count for state, count in found.items() if count}


def settle(home: Path, settings: str) -> None:
    """Replace the settings of a home, but for those of its key."""
    file = Home(home).settings_file
    kept = [
        line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith(("key_file", "encryption"))
    ]
    file.write_text("\n".join([*kept, settings]), encoding="utf-8")


def opened(home: Path, clock: Clock, settings: str) -> Iterator[Office]:
    settle(home, settings)
    with Matcher(Context(Home(home), clock=clock)) as matcher:
        store = matcher.context.store
        yield Office(
            matcher,
            clock,
            *(account(store, name, Role.REVIEWER) for name in ("ann", "ben", "cat")),
            account(store, "boss", Role.SUPERVISOR),
            account(store, "officer", Role.OFFICER),
        )


def again(home: Path, clock: Clock, settings: str) -> Iterator[Office]:
    """The same office, opened anew."""
    settle(home, settings)
    with Matcher(Context(Home(home), clock=clock)) as matcher:
        with matcher.context.store.read() as reading:
            people = {one.name: one for one in reading.people.list()}
        signed = {name: Acting(id=one.id, name=name, rights=rights_of(one.roles)) for name, one in people.items()}
        yield Office(matcher, clock, *(signed[name] for name in ("ann", "ben", "cat", "boss", "officer")))


def excluded(office: Office) -> str:
    """A pair that two people have excluded."""
    office.register(1, 2)
    office.submit(1)
    office.pick(office.cat, "A-1")
    office.judge(office.ann, "no_candidate")
    office.judge(office.ben, "no_candidate")
    (pair,) = office.matcher.desk.pairs(office.boss, "excluded")
    return pair.task
