"""Whatever valid record is kept comes back equal, on both databases."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from records import candidate, case, enrol, entry, face, photo, report, sighting

from matcher.domain.cases import (
    CaseDetails,
    CaseStatus,
    Circumstance,
    Confirmation,
    ConfirmationKind,
    LegalBasis,
    PhotoState,
    Sex,
    StatusChange,
)
from matcher.domain.faces import Box, NoFaceReason, Quality, Shortfall
from matcher.domain.positions import Position
from matcher.domain.records import Choice, Flag, HowSeen
from matcher.errors import WrongUse
from matcher.store.database import Store, Transaction

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
maybe = st.none() | texts
# From 1900: earlier local mean times are no whole minutes, and no report is that old.
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=zones)  # noqa: DTZ001 - hypothesis adds the zone
dates = st.dates(datetime(1900, 1, 1).date(), datetime(2199, 12, 31).date())  # noqa: DTZ001
reals = st.floats(allow_nan=False, allow_infinity=False)
small = st.integers(0, 2**31 - 1)
ids = st.integers(1, 2**63 - 1)
positions = st.none() | st.builds(Position, st.floats(-90, 90), st.floats(-180, 180))


def _details(**values: object) -> CaseDetails | None:
    try:
        return CaseDetails(**values)
    except WrongUse:  # missing before birth
        return None


details = st.builds(
    _details,
    name=maybe,
    other_names=st.lists(texts, max_size=3).map(tuple),
    sex=st.sampled_from(Sex),
    born=st.none() | dates,
    age=st.none() | st.floats(0, 120),
    height_cm=st.none() | st.floats(20, 250),
    weight_kg=st.none() | st.floats(0.5, 300),
    marks=maybe,
    clothing=maybe,
    circumstance=st.sampled_from(Circumstance),
    missing_since=st.none() | times,
    last_seen_place=maybe,
    last_seen=positions,
    police_reference=maybe,
    legal_basis=st.sampled_from(LegalBasis),
    consent=maybe,
).filter(lambda value: value is not None)
cases = st.builds(
    case,
    texts.filter(bool),
    id=ids,
    status=st.sampled_from(CaseStatus),
    details=details,
    created_at=times,
    updated_at=times,
)
photo_values = st.fixed_dictionaries(
    {
        "position": small,
        "digest": texts,
        "original_digest": texts,
        "media_type": texts,
        "width": small,
        "height": small,
        "size": ids,
        "taken": st.none() | dates,
        "age": st.none() | reals,
        "state": st.sampled_from(PhotoState),
        "reason": st.none() | st.sampled_from(NoFaceReason),
        "shortfall": st.none() | st.builds(Shortfall, reals, *([st.none() | reals] * 3)),
        "created_at": times,
    }
)
face_values = st.fixed_dictionaries(
    {
        "number": small,
        "box": st.builds(
            lambda x, y, w, h: Box(x, y, x + w, y + h),
            *([st.floats(-1e5, 1e5)] * 2),
            *([st.floats(0.5, 1e5)] * 2),
        ),
        "landmarks": st.lists(st.floats(width=32, allow_nan=False), min_size=10, max_size=10).map(
            lambda values: np.array(values, np.float32).reshape(5, 2)
        ),
        "score": reals,
        "turn": st.integers(0, 3),
        "quality": st.builds(
            Quality, *([reals] * 4), *([st.none() | reals] * 2), st.booleans(), fine_structure=st.none() | reals
        ),
        "choice": st.none() | st.sampled_from(Choice),
    }
)
sightings = st.builds(
    sighting,
    id=ids,
    seen_at=st.none() | times,
    place=maybe,
    position=positions,
    how_seen=st.sampled_from(HowSeen),
    first_hand=st.none() | st.booleans(),
    apparent_sex=st.sampled_from(Sex),
    apparent_age=st.none() | st.floats(0, 120),
    note=maybe,
    source=maybe,
    created_at=times,
)
candidate_values = st.fixed_dictionaries(
    {
        "id": ids,
        "similarity": reals,
        "rank": small,
        "flags": st.lists(st.sampled_from(Flag), unique=True).map(tuple),
        "space": texts,
        "snapshot": texts,
        "software": texts,
        "created_at": times,
    }
)
plain = st.none() | st.booleans() | st.integers() | reals | st.text(st.characters(exclude_categories=["Cs"]))
entries = st.builds(
    entry,
    texts,
    at=times,
    actor=texts,
    reason_code=texts,
    note_digest=maybe,
    objects=st.lists(texts, max_size=2).map(tuple),
    space=maybe,
    snapshot=maybe,
    probe_digests=st.lists(texts, max_size=2).map(tuple),
    candidates=st.lists(texts, max_size=2).map(tuple),
    details=st.dictionaries(texts, plain, max_size=3),
)
moves = st.fixed_dictionaries(
    {
        "old": st.sampled_from(CaseStatus),
        "new": st.sampled_from(CaseStatus),
        "confirmation": st.none()
        | st.builds(Confirmation, st.sampled_from(ConfirmationKind), texts.filter(lambda text: text.strip())),
        "actor": texts,
        "reason": maybe,
        "at": times,
    }
)

many = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class _Undone(Exception):
    """Ends a transaction whose rows are not to stay, so that every example finds an empty database."""


@pytest.fixture
def keep(store: Store) -> "Keep":
    return Keep(store)


class Keep:
    """A writing transaction that is undone at its end; reading back happens inside."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __iter__(self) -> Iterator[Transaction]:
        try:
            with self._store.write() as tx:
                yield tx
                raise _Undone
        except _Undone:
            pass


@many
@given(new=cases, move=moves)
def test_cases(keep: Keep, new: object, move: dict[str, object]) -> None:
    for tx in keep:
        tx.cases.add(new)
        tx.cases.add_status_change(StatusChange(case_id=new.id, **move))
        assert tx.cases.get(new.number) == tx.cases.by_id(new.id) == new
        assert tx.cases.status_changes(new.id) == [StatusChange(case_id=new.id, **move)]


@many
@given(image=photo_values, found=face_values)
def test_photos_and_faces(keep: Keep, image: dict[str, object], found: dict[str, object]) -> None:
    for tx in keep:
        owner = case()
        tx.cases.add(owner)
        new = photo(case_id=owner.id, **image)
        tx.photos.add(new)
        one = face(new.id, **found)
        tx.faces.add([one], {}, "space")
        kept = tx.faces.get(one.id)
        assert tx.photos.get(new.id) == new
        assert all(getattr(kept, name) == value for name, value in found.items() if name != "landmarks")
        np.testing.assert_array_equal(kept.landmarks, one.landmarks)


@many
@given(new=sightings, values=candidate_values)
def test_sightings_and_candidates(keep: Keep, new: object, values: dict[str, object]) -> None:
    for tx in keep:
        tx.sightings.add(new)
        assert tx.sightings.get(new.id) == new
        known = enrol(tx, "A-1")
        seen, probe = report(tx)
        one = candidate(probe, seen, known, **values)
        tx.candidates.add([one])
        assert tx.candidates.get(one.id) == one


@many
@given(written=entries, note=maybe)
def test_audit_entries(keep: Keep, written: object, note: str | None) -> None:
    for tx in keep:
        record = tx.audit.append(written, note)
        assert tx.audit.records() == [record]
        assert record.entry == written
        assert tx.audit.verify().intact
