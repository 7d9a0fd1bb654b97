"""What stands in addresses and headers, and who may call: the words that operations share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Path, Query

from matcher.accounts.rights import Right
from matcher.web.api.caller import allowed
from matcher.web.api.segments import Named
from matcher.web.signed_in import SignedIn

LONGEST = 200  # lines of one part of a list; one more is asked for, to know whether another part follows
LAST = 2**63 - 1  # numbers beyond it are none that a database keeps

# Who calls

Anybody = Annotated[SignedIn, Depends(allowed(*Right))]
Holder = Annotated[SignedIn, Depends(allowed(Right.OWN_ACCOUNT))]
Reviewer = Annotated[SignedIn, Depends(allowed(Right.REVIEW))]
Supervisor = Annotated[SignedIn, Depends(allowed(Right.SETTLE))]
Officer = Annotated[SignedIn, Depends(allowed(Right.CONFIRM))]
Decider = Annotated[SignedIn, Depends(allowed(Right.SETTLE, Right.CONFIRM))]
CaseReader = Annotated[SignedIn, Depends(allowed(Right.CASE_READ))]
CaseWriter = Annotated[SignedIn, Depends(allowed(Right.CASE_WRITE))]
CaseCloser = Annotated[SignedIn, Depends(allowed(Right.CASE_CLOSE))]
Sender = Annotated[SignedIn, Depends(allowed(Right.SIGHTING_SUBMIT))]
SightingReader = Annotated[SignedIn, Depends(allowed(Right.SIGHTING_READ))]
SightingLister = Annotated[SignedIn, Depends(allowed(Right.SIGHTING_READ, Right.TRIAGE))]
Triager = Annotated[SignedIn, Depends(allowed(Right.TRIAGE))]
Searcher = Annotated[SignedIn, Depends(allowed(Right.SEARCH))]
Viewer = Annotated[SignedIn, Depends(allowed(Right.CASE_READ, Right.SIGHTING_READ, Right.TRIAGE))]
Administrator = Annotated[SignedIn, Depends(allowed(Right.PEOPLE))]
Publisher = Annotated[SignedIn, Depends(allowed(Right.PUBLISH))]
Asker = Annotated[SignedIn, Depends(allowed(Right.CONTACT))]
PartnerAdministrator = Annotated[SignedIn, Depends(allowed(Right.PARTNERS))]
PartnerReader = Annotated[SignedIn, Depends(allowed(Right.PARTNERS, Right.STATUS))]
Auditor = Annotated[SignedIn, Depends(allowed(Right.AUDIT_READ))]
Watcher = Annotated[SignedIn, Depends(allowed(Right.STATUS))]
QualityOwner = Annotated[SignedIn, Depends(allowed(Right.QUALITY_OWN))]
QualityReader = Annotated[SignedIn, Depends(allowed(Right.QUALITY_ALL))]

# What is meant

_ID = "4n9tz63yv1q0e"
ClaimId = Annotated[str, Path(description="The claim's id.", examples=[_ID])]
TaskId = Annotated[str, Path(description="The task's id.", examples=[_ID])]
PhotoId = Annotated[str, Path(description="The photo's id.", examples=[_ID])]
FaceId = Annotated[str, Path(description="The face's id.", examples=[_ID])]
SightingId = Annotated[str, Path(description="The sighting's id.", examples=[_ID])]
KeyId = Annotated[str, Path(description="The key's id.", examples=[_ID])]
CardName = Annotated[str, Path(description="The card's id, or its code.", examples=["K7QF-9M2P"])]
AlertId = Annotated[str, Path(description="The alert's id.", examples=[_ID])]
ConsentId = Annotated[str, Path(description="The consent's id.", examples=[_ID])]
ReportId = Annotated[str, Path(description="The report's id, which is that of its sighting.", examples=[_ID])]
DisputeId = Annotated[str, Path(description="The dispute's id.", examples=[_ID])]
PictureId = Annotated[str, Path(description="The id of the photo, or of the face.", examples=[_ID])]
CaseNumber = Annotated[Named, Path(description="The case's number.", examples=["HZ-2024-17"])]
OtherNumber = Annotated[Named, Path(description="The other case's number.", examples=["HZ-2024-18"])]
AccountName = Annotated[Named, Path(description="The name under which the account signs in.", examples=["wang"])]
PartnerName = Annotated[Named, Path(description="The partner's name.", examples=["delivery riders"])]
FacePlace = Annotated[int, Path(description="The sighting's face is at 0, others from 1.", examples=[0], ge=0, le=LAST)]

CasePlace = Annotated[int, Query(description="Which photo of the child, from 1.", le=LAST)]

# Parts of lists

Limit = Annotated[int, Query(ge=1, le=LONGEST, description="How many lines at most.")]
After = Annotated[str | None, Query(max_length=200, description="The `next` of the part before; none: the first part.")]
AfterNumber = Annotated[int, Query(ge=0, le=LAST, description="The `next` of the part before; 0: the first part.")]

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Sending the same once more with the same key gives what is there already. Each account counts its "
        "own keys.",
    ),
]
