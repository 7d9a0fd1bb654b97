"""Consents, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from databases import run_sql
from records import NOW, case, enrol, report

from matcher.domain.consents import Consent, ConsentId, Giver, Scope
from matcher.domain.ids import new_id
from matcher.errors import Conflict, WrongUse
from matcher.store.database import Store


def consent(of: object, **changes: object) -> Consent:
    values = {
        "id": ConsentId(new_id()),
        "case_id": of,
        "giver": Giver.GUARDIAN,
        "name": "Zoë 王",
        "relationship": "aunt",
        "scopes": (Scope.SEARCH, Scope.ALERTS),
        "given_at": NOW,
        "document": "file 7",
        "recorded_by": "li",
        "recorded_at": NOW,
    }
    return Consent(**{**values, **changes})


def test_a_consent_comes_back_whole_and_is_withdrawn_once_for_ever(store: Store) -> None:
    child, other = case("A-1"), case("A-2")
    second = consent(child.id, giver=Giver.COURT, name=None, relationship=None, document=None)
    first = consent(child.id, recorded_at=NOW - timedelta(days=1))
    with store.write() as tx:
        for one in (child, other):
            tx.cases.add(one)
        tx.consents.add(second)
        tx.consents.add(first)
        tx.consents.withdraw(second.id, NOW, "boss")
    ended = replace(second, withdrawn_at=NOW, withdrawn_by="boss")
    with store.read() as reading:
        assert reading.consents.of_case(child.id) == [first, ended]
        assert reading.consents.of_cases([other.id, child.id]) == {child.id: [first, ended], other.id: []}
        assert reading.consents.get(first.id) == first
        assert reading.consents.get(ConsentId(7)) is None


def test_a_consent_is_of_a_case_and_for_something(store: Store, database_url: str) -> None:
    with pytest.raises(WrongUse, match="at least one"):
        consent(7, scopes=())
    with pytest.raises(Conflict), store.write() as tx:
        tx.consents.add(consent(7))
    child = case("A-1")
    with store.write() as tx:
        tx.cases.add(child)
        tx.consents.add(consent(child.id))
    with pytest.raises(Exception, match="whole_withdrawal"):
        run_sql(database_url, "UPDATE consents SET withdrawn_by = 'x'")


def test_faces_of_sightings_are_counted_once_however_many_embeddings_they_have(store: Store) -> None:
    with store.write() as tx:
        enrol(tx, "A-1")
        _, face = report(tx)
        report(tx)
        assert tx.faces.count_of_sightings() == 2
        tx.faces.put_vectors({face.id: tx.faces.vectors([face.id], "tiny_none_none_plain_8_cosine")[face.id]}, "other")
        assert tx.faces.count_of_sightings() == 2
        tx.faces.forget_vectors([face.id])
        assert tx.faces.count_of_sightings() == 1
