"""One example of everything that the interface answers; the document shows them, and a test holds them to it."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

from matcher import __version__
from matcher.accounts.rights import Right
from matcher.domain.ages import AgeBand
from matcher.domain.cases import CaseDetails, CaseStatus, Confirmation, ConfirmationKind, PhotoState, Sex
from matcher.domain.chances import Chance, Meaning
from matcher.domain.faces import Box, NoFaceReason, Quality
from matcher.domain.people import Language, Role
from matcher.domain.quality import Advice, Weakness, WeaknessKind
from matcher.domain.records import Choice, Flag, HowSeen
from matcher.domain.reviews import Feature, Likeness, Observed, Outcome, ReopenedBy, TaskKind, TaskState
from matcher.review.quality import ControlErrors, Share
from matcher.services.desk_views import (
    ClaimView,
    DecisionView,
    Judgement,
    ListSheet,
    NoticeView,
    PairFacts,
    PairItem,
    PairSheet,
    PairView,
    QueueItem,
    QueueView,
    RevealView,
    ReviewerView,
    SealedView,
    VerdictView,
)
from matcher.services.findings import Finding
from matcher.services.views import (
    CandidateView,
    CaseCandidate,
    CaseSummary,
    CaseView,
    FaceCandidates,
    FaceView,
    GalleryView,
    MatchView,
    PhotoView,
    ReceivedPhoto,
    SightingPhotoView,
    SightingReceipt,
    SightingSummary,
    SightingView,
    WeakCase,
)
from matcher.web.api.answers import (
    AccountView,
    AuditView,
    InstallationView,
    KeyView,
    MarkedView,
    MeView,
    NewKeyView,
    SessionView,
    UnchosenView,
)
from matcher.web.api.public_examples import PUBLIC

_AT = datetime(2024, 6, 2, 1, 15, tzinfo=timezone.utc)
_LATER = datetime(2024, 6, 2, 1, 45, tzinfo=timezone.utc)
_SPACE = "mmod_dlib5_dlib_dlib-resnet-v1_128_cosine"
_CASE, _CLAIM, _TASK, _SIGHTING = "HZ-2024-17", "4n9tz63yv1q0e", "2c8qd5n70rk1m", "5w1x0h9be4t7a"
_PHOTO, _FACE, _KEY = "1q7k2m8d0c9xz", "6b3j5v4w8n2ha", "3e9r1t5y7m0pq"

_QUALITY = Quality(43.5, 210.0, 0.97, 1.0, 4.0, -1.5, True, 2.4)
_BOX = Box(62.0, 64.0, 158.0, 160.0)
_ADVICE = Advice("face only 31 pixels wide; it could be used from 40 on", "ask for a closer photo")
_MEANING = Meaning(AgeBand.FROM_6, Chance(0.025, 0.011, 0.055, True, 0.0253, 0.0002, 120))
_SENTENCE = "Fewer than 1 in 40 searches with an unrelated person find someone this similar among the 120 children."
_CANDIDATE = CandidateView(
    _CASE, 0.71, 1, (Flag.YEARS_APART,), _PHOTO, _FACE, "7d2f4g6h8j1ks", CaseStatus.OPEN, _MEANING, _SENTENCE,
    "167 km in 5 h: 33 km/h",
)  # fmt: skip
_FACE_VIEW = FaceView(1, _FACE, _BOX, _QUALITY, Choice.ONLY)
_PHOTO_VIEW = PhotoView(_PHOTO, PhotoState.READY, None, 640, 480, date(2023, 9, 1), None, (_FACE_VIEW,), _AT)
_FACES = FaceCandidates(1, _BOX, 0, _QUALITY, (_CANDIDATE,), _FACE, review=TaskState.WAITING)
_OBSERVED = {Feature.NOSE: Observed(Likeness.SIMILAR, "broad")}
_VERDICT = VerdictView("li", Outcome.POTENTIAL, _OBSERVED, "same mole on the cheek", False, _LATER)
_ITEM = PairItem(_TASK, TaskState.ESCALATED, 1, _LATER, None, (Outcome.POTENTIAL, Outcome.POTENTIAL))
_FACTS = PairFacts(
    _CASE, "Wang Fang", CaseStatus.OPEN, _SIGHTING, _AT, "West Lake", "with an older man", 0.71, 1, (), _MEANING,
    _SENTENCE,
)  # fmt: skip
_CLAIMED = ClaimView(_CLAIM, TaskKind.PAIR, False, _LATER)
_SHARE = Share(1, 20, 0.05, 0.009, 0.236)
_KEY_VIEW = KeyView(_KEY, "form of the shopping app", ("sighting_submit",), _AT, _LATER, None)
_GALLERY = GalleryView(_SPACE, "20240602-a1b2c3d4", 150, 3, 0, None)

_BLURRED = (Weakness("blurred", "a sharper photo", WeaknessKind.BLURRED, poor=False),)
_DRAFT = Judgement(None, _OBSERVED, None)

EXAMPLES: tuple[Any, ...] = (
    SessionView("ms_…", "li", (Right.OWN_ACCOUNT, Right.REVIEW, Right.QUALITY_OWN)),
    MeView("li", (Right.OWN_ACCOUNT, Right.REVIEW, Right.QUALITY_OWN), Language.CHINESE),
    AccountView("li", "Li Na", (Role.REVIEWER,), "li@example.org", date(2026, 1, 12), True, None, _AT),
    _KEY_VIEW,
    NewKeyView("mk_…", _KEY_VIEW),
    QueueView((_CLAIMED,), (QueueItem(_TASK, TaskKind.LIST, True, _AT.replace(minute=0)),)),
    _CLAIMED,
    ListSheet(_CLAIM, _LATER, 20, (3,)),
    PairSheet(_CLAIM, _LATER, 2, ((), _BLURRED, ()), "mole on the left cheek", tuple(Feature), _DRAFT),
    SealedView(_CLAIM, _LATER),
    RevealView(_CLAIM, _FACTS, _VERDICT, (), None),
    _ITEM,
    PairView(
        _ITEM, _FACTS, 2, (_VERDICT,),
        (
            DecisionView("reopened", "zhou", "new photo", ReopenedBy.NEW_PHOTO, 1, _AT),
            DecisionView("confirmed", "chen", None, None, 2, _AT, Confirmation(ConfirmationKind.DNA, "lab 2024/881")),
        ),
    ),
    NoticeView("0m4k7c2v9b5xd", "escalated", _TASK, _LATER, None),
    ReviewerView(
        "li", date(2026, 1, 12), 12, 30, ControlErrors(_SHARE, _SHARE, _SHARE), 0.62, 48.0, 95.5, 31.0, _AT, False
    ),
    CaseSummary(_CASE, CaseStatus.OPEN, "Wang Fang", _AT, 2, 1, _LATER),
    CaseView(
        _CASE, CaseStatus.OPEN, CaseDetails(name="Wang Fang", sex=Sex.FEMALE, missing_since=_AT), (_PHOTO_VIEW,), (),
        _AT, _LATER,
    ),
    WeakCase(_CASE, "Wang Fang", _AT, False, _PHOTO, (_ADVICE,)),
    UnchosenView(_CASE, _PHOTO_VIEW),
    CaseCandidate(
        _SIGHTING, _AT, "West Lake", _FACE, 0.71, 1, (), _MEANING, _SENTENCE, TaskState.ESCALATED, TaskState.DONE,
        _LATER,
    ),
    SightingSummary(_SIGHTING, _AT, "West Lake", 1, 8, False, _LATER),
    SightingReceipt(_SIGHTING, (ReceivedPhoto(_PHOTO, 0, NoFaceReason.TOO_SMALL, _ADVICE),), _LATER, False),
    SightingView(
        _SIGHTING, _AT, "West Lake", None, HowSeen.IN_PERSON, True, Sex.FEMALE, 8.0, "with an older man", "hotline",
        (SightingPhotoView(_PHOTO, PhotoState.READY, None, (_FACES,)),), _LATER,
    ),
    MarkedView(1),
    MatchView((_FACES,), None, 150, _SPACE, "20240602-a1b2c3d4@311"),
    AuditView(
        311, _LATER, "li", "session", "review.seal_pair", "review", (_CLAIM, _TASK), {"outcome": "potential"}, None,
        None, "9f2c4e6a8b0d1f3e5a7c9b1d3f5e7a9c1b3d5f7e9a1c3b5d7f9e1a3c5b7d9f1e",
    ),
    InstallationView(_GALLERY, (Finding("machine", True, f"x86_64, 4 cores, sighting-matcher {__version__}"),)),
    *PUBLIC,
)  # fmt: skip
