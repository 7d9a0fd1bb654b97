"""Small valid records for tests of stored things."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

import numpy as np

from matcher.domain.cases import Case, CaseDetails, CaseStatus, Photo, PhotoState
from matcher.domain.faces import Box, Quality
from matcher.domain.ids import CandidateId, CaseId, FaceId, PhotoId, SightingId, id_text, new_id
from matcher.domain.records import AuditEntry, Candidate, Choice, Flag, Sighting, StoredFace
from matcher.store.database import Transaction

NOW = datetime(2026, 3, 14, 15, 9, 26, 535897, tzinfo=timezone.utc)
SPACE = "tiny_none_none_plain_8_cosine"


def vector(seed: int, dim: int = 8) -> np.ndarray:
    """A unit vector, float32 (dim,)."""
    values = np.random.default_rng(seed).normal(size=dim)
    return (values / np.linalg.norm(values)).astype(np.float32)


def case(number: str = "A-1", **changes: object) -> Case:
    values = {
        "id": CaseId(new_id()),
        "number": number,
        "status": CaseStatus.OPEN,
        "details": CaseDetails(),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Case(**{**values, **changes})


def photo(**changes: object) -> Photo:
    values = {
        "id": PhotoId(new_id()),
        "position": 1,
        "blob": f"{id_text(new_id())}/digest",
        "digest": "digest",
        "original_digest": "original",
        "media_type": "image/jpeg",
        "width": 640,
        "height": 480,
        "size": 12345,
        "state": PhotoState.READY,
        "created_at": NOW,
    }
    return Photo(**{**values, **changes})


def face(photo_id: PhotoId, **changes: object) -> StoredFace:
    values = {
        "id": FaceId(new_id()),
        "photo_id": photo_id,
        "number": 1,
        "box": Box(10.5, 20.25, 110.5, 140.0),
        "landmarks": np.arange(10, dtype=np.float32).reshape(5, 2) + 0.1,
        "score": 0.875,
        "turn": 0,
        "quality": Quality(48.5, 120.0, 0.99, 1.0, -3.5, None, True),
        "choice": Choice.ONLY,
    }
    return StoredFace(**{**values, **changes})


def sighting(**changes: object) -> Sighting:
    return Sighting(**{"id": SightingId(new_id()), "created_at": NOW, **changes})


def entry(action: str = "case.add", **changes: object) -> AuditEntry:
    return AuditEntry(**{"at": NOW, "actor": "officer", "action": action, "reason_code": "registration", **changes})


@dataclass(frozen=True)
class Enrolled:
    """A kept case with one photo and its chosen face."""

    case: Case
    photo: Photo
    face: StoredFace


def enrol(tx: Transaction, number: str, seed: int = 0, *, searchable: bool = True) -> Enrolled:
    """Keep a case with one photo and one face, as a registration does."""
    new = case(number)
    tx.cases.add(new)
    image = photo(case_id=new.id)
    tx.photos.add(image)
    chosen = face(image.id)
    tx.faces.add([chosen], {chosen.id: vector(seed)}, SPACE)
    if searchable:
        tx.gallery.add(chosen.id, new.id, SPACE)
    return Enrolled(new, image, chosen)


def report(tx: Transaction) -> tuple[Sighting, StoredFace]:
    """Keep a sighting with one photo and one face."""
    new = sighting()
    tx.sightings.add(new)
    image = photo(sighting_id=new.id)
    tx.photos.add(image)
    found = face(image.id)
    tx.faces.add([found], {found.id: vector(99)}, SPACE)
    return new, found


def candidate(probe: StoredFace, of: Sighting, to: Enrolled, **changes: object) -> Candidate:
    values = {
        "id": CandidateId(new_id()),
        "sighting_id": of.id,
        "face_id": probe.id,
        "case_id": to.case.id,
        "gallery_face_id": to.face.id,
        "similarity": 0.75,
        "rank": 1,
        "flags": (Flag.SEX_DIFFERS, Flag.INFANT),
        "space": SPACE,
        "snapshot": "20260314-abc",
        "software": "0.1.0",
        "created_at": NOW,
    }
    return Candidate(**{**values, **changes})
