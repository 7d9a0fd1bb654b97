"""Relations between cases: each unordered pair at most once, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from databases import run_sql
from records import NOW, case, photo, sighting

from matcher.domain.cases import Case, CaseStatus
from matcher.domain.ids import CaseId
from matcher.domain.relations import CaseRelation, RelationKind, ordered
from matcher.errors import Conflict
from matcher.store.database import Store, Transaction

SIBLING, TWIN, DUPLICATE = RelationKind.SIBLING, RelationKind.TWIN, RelationKind.DUPLICATE


def kept(tx: Transaction, count: int) -> list[Case]:
    """Cases by rising id."""
    new = sorted((case(f"A-{number}") for number in range(count)), key=lambda one: one.id)
    for one in new:
        tx.cases.add(one)
    return new


def relation(one: Case, other: Case, kind: RelationKind = SIBLING, minutes: int = 0) -> CaseRelation:
    first, second = ordered(one.id, other.id)
    return CaseRelation(first=first, second=second, kind=kind, actor="li", at=NOW + timedelta(minutes=minutes))


def test_a_relation_comes_back_from_both_sides(store: Store) -> None:
    with store.write() as tx:
        a, b, c = kept(tx, 3)
        late, early = relation(c, a, TWIN, minutes=2), relation(a, b, minutes=1)
        tx.relations.put(late)
        tx.relations.put(early)
    with store.read() as reading:
        assert reading.relations.between(a.id, c.id) == reading.relations.between(c.id, a.id) == late
        assert reading.relations.between(b.id, c.id) is None
        assert reading.relations.of_case(a.id) == [early, late]
        assert reading.relations.of_case(c.id) == [late]
        assert reading.relations.pairs() == [(a.id, b.id, SIBLING), (a.id, c.id, TWIN)]


def test_another_kind_replaces_and_removing_twice_is_no_error(store: Store) -> None:
    with store.write() as tx:
        a, b = kept(tx, 2)
        tx.relations.put(relation(a, b))
        tx.relations.put(relation(a, b, DUPLICATE))
        assert tx.relations.pairs() == [(a.id, b.id, DUPLICATE)]
        assert [tx.relations.remove(b.id, a.id), tx.relations.remove(a.id, b.id)] == [True, False]
        assert tx.relations.pairs() == []


def test_the_database_itself_refuses_a_pair_the_wrong_way_round_twice_or_of_one(
    store: Store, database_url: str
) -> None:
    with store.write() as tx:
        a, b = kept(tx, 2)
        tx.relations.put(relation(a, b))
    for first, second in ((b.id, a.id), (a.id, a.id), (a.id, b.id)):
        with pytest.raises(Exception, match=r"(?i)constraint"):
            run_sql(
                database_url,
                "INSERT INTO case_relations (first, second, kind, actor, at) "
                f"VALUES ({first}, {second}, 'twin', 'x', '2026-01-01 00:00:00')",
            )
    with pytest.raises(Conflict), store.write() as tx:
        tx.relations.put(replace(relation(a, b), second=CaseId(b.id + 1)))  # no such case


def test_a_relation_of_a_case_with_itself_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="one case with itself"):
        relation(one := case(), one)


def test_look_alikes_are_those_of_open_cases_by_either_side(store: Store) -> None:
    with store.write() as tx:
        a, b, c, d, e = kept(tx, 5)
        tx.relations.put(relation(a, b))
        tx.relations.put(relation(c, d, DUPLICATE))
        tx.relations.put(relation(d, e, TWIN))
        everybody = [one.id for one in (a, b, c, d, e)]
        assert tx.relations.with_open_alike(everybody) == {a.id, b.id, d.id, e.id}
        assert tx.relations.with_open_alike([b.id, c.id]) == {b.id}
        assert tx.relations.with_open_alike([]) == set()
        tx.cases.update(replace(e, status=CaseStatus.RETURNED))
        assert tx.relations.with_open_alike(everybody) == {a.id, b.id, e.id}  # e's twin d is open, d's is not


def test_cases_that_hold_the_same_picture_are_paired_once(store: Store) -> None:
    with store.write() as tx:
        a, b, c = kept(tx, 3)
        seen = sighting()
        tx.sightings.add(seen)
        assert tx.photos.shared_between_cases() == []
        for owner, digest in ((a, "x"), (a, "y"), (b, "x"), (b, "y"), (c, "y"), (c, "z")):
            tx.photos.add(photo(case_id=owner.id, digest=digest))
        tx.photos.add(photo(sighting_id=seen.id, digest="z"))
        assert tx.photos.shared_between_cases() == [{a.id, b.id}, {a.id, b.id, c.id}]
