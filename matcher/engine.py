"""`Matcher`: the library's face. Every method is one use case; people decide what its answers mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from matcher.config import Home
from matcher.domain.cases import CaseDetails, CaseStatus, Confirmation, ConfirmationKind
from matcher.domain.faces import PhotoFaces
from matcher.domain.ids import PhotoId, id_text, parse_id
from matcher.domain.records import AuditRecord, Report
from matcher.domain.relations import RelationKind
from matcher.domain.space import EmbeddingSpace
from matcher.errors import WrongUse
from matcher.images.decode import open_image
from matcher.interchange.cells import one_of
from matcher.interchange.records import TableRecord
from matcher.interchange.tables import Refusal
from matcher.services import (
    case_import,
    case_photos,
    case_views,
    cases,
    checks,
    doctor,
    homes,
    impact,
    reindex,
    relations,
    restore,
    search,
    sheets,
    sighting_import,
    sighting_views,
    sightings,
    views,
    watch,
    weak_cases,
)
from matcher.services.audit_log import AuditLog
from matcher.services.backups import Backups
from matcher.services.casework import Casework
from matcher.services.consents import Consents
from matcher.services.context import Context, Progress
from matcher.services.desk import Desk
from matcher.services.details import case_fields, confirmation, sighting_fields
from matcher.services.encryption import Encryption
from matcher.services.endings import Endings
from matcher.services.face_models import FaceModels
from matcher.services.findings import Finding
from matcher.services.imports import Imported
from matcher.services.inputs import (
    CasePhoto,
    OnSeveral,
    PhotoInput,
    ReasonCode,
    Who,
    checked_top,
    photo_name,
    read_photo,
    several,
)
from matcher.services.masterkeys import KeyPlace
from matcher.services.public_side import PublicSide
from matcher.services.repairs import Repairs
from matcher.services.restore import RestoreView
from matcher.services.staff import Accounts
from matcher.services.stopping import StopSwitch
from matcher.services.watch_views import WatchView
from matcher.store.chain import ChainReport

Photos = Iterable[CasePhoto | PhotoInput]


class Matcher:
    """One home, opened. Safe across threads and processes, and usable in a forked child.

    `actor` names the person or service that acts, `reason` is its words for why; both go to the audit log, and an
    account of that name is not asked to review what it was shown: a program that shows it to nobody leaves it out where
    it can. `accounts` says who works here and signs them in, `desk` is where reviewers, supervisors and officers work,
    `casework` what they and intake do with cases and sightings.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self.accounts = Accounts(context)
        self.desk = Desk(context)
        self.casework = Casework(context)
        self.face_models = FaceModels(context)
        self.encryption = Encryption(context)
        self.endings = Endings(context)
        self.backups = Backups(context)
        self.audit_log = AuditLog(context)
        self.stop_switch = StopSwitch(context)
        self.repairs = Repairs(context)
        self.consents = Consents(context)
        self.public = PublicSide(context)

    @classmethod
    def create(
        cls,
        home: str | Path | None = None,
        *,
        database_url: str | None = None,
        key: KeyPlace | None = KeyPlace(),  # noqa: B008 - it is frozen
        progress: Progress | None = None,
    ) -> Matcher:
        """Create a home, or bring an older one up to date, and open it.

        A new home is encrypted with a key from the environment, or else a key file that is made outside the home;
        `key` names another place, or is `None` for a home in the clear. `Conflict` if there is nothing to do,
        `WrongUse` if the folder holds something else.
        """
        made = homes.create(Path(home) if home else Home.default(), database_url, key)
        return cls(Context(made, progress=progress))

    @classmethod
    def open(cls, home: str | Path | None = None, *, progress: Progress | None = None) -> Matcher:
        """Open a home; by default `$MATCHER_HOME`, else the user's data folder. `HomeMissing` if there is none."""
        return cls(Context(Home(Path(home) if home else Home.default()), progress=progress))

    @classmethod
    def restore(
        cls, backups: str | Path, home: str | Path | None = None, *, actor: str, reason: str | None = None, **how: Any
    ) -> RestoreView:
        """Make a home, in an empty folder, of one of the `backups`; nobody can open it until all is checked.

        `how` are the fields of `RestoreOptions`: keys, erasure_list and so on.
        """
        who = Who(actor, ReasonCode.MAINTENANCE, reason)
        into = Path(home) if home else Home.default()
        return restore.restore(Path(backups), into, who, restore.RestoreOptions(**how))

    def __enter__(self) -> Matcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back what is held open. Nothing is lost when a process ends without it."""
        self._context.close()

    @property
    def space(self) -> EmbeddingSpace:
        """The embedding space in which this home searches; loads the models on first use."""
        return self._context.space

    @property
    def context(self) -> Context:
        """The open parts of the home, for use cases of one's own."""
        return self._context

    # Cases

    def add_case(
        self,
        case_id: str,
        photos: Photos = (),
        *,
        actor: str,
        reason: str | None = None,
        on_several: OnSeveral | str = OnSeveral.ASK,
        **details: Any,
    ) -> views.CaseView:
        """Register a missing child; all of it or nothing.

        `case_id` is the number that people gave. A photo with several faces waits for `choose_face`, unless its
        `CasePhoto` names one or `on_several` is "largest". `details` are the fields of `CaseDetails`. `Conflict` if the
        number is taken, `PhotoRefused` for a file that is no photo.
        """
        who = Who(actor, ReasonCode.REGISTRATION, reason)
        fields = CaseDetails(**case_fields(details))
        cases.require_free(self._context, case_id)
        prepared = case_photos.prepare_photos(self._context, _case_photos(photos), one_of(OnSeveral)(on_several))
        return cases.add(self._context, case_id, fields, prepared, who)

    def update_case(
        self,
        case_id: str,
        photos: Photos = (),
        *,
        actor: str,
        reason: str | None = None,
        on_several: OnSeveral | str = OnSeveral.ASK,
        **changes: Any,
    ) -> views.CaseView:
        """Change details of a case (`None` erases one) and add photos; a photo that it has is not added again."""
        who = Who(actor, ReasonCode.CORRECTION, reason)
        cases.check_number(case_id)
        fields = case_fields(changes)
        prepared = case_photos.prepare_photos(self._context, _case_photos(photos), one_of(OnSeveral)(on_several))
        return cases.update(self._context, case_id, cases.Update(fields, prepared), who)

    def choose_face(self, photo_id: str, number: int, *, actor: str, reason: str | None = None) -> views.CaseView:
        """Say which face of a case photo (counted from 1, largest first) is the child's."""
        who = Who(actor, ReasonCode.CORRECTION, reason)
        return case_photos.choose_face(self._context, PhotoId(parse_id(photo_id)), number, who)

    def photo_sheet(self, photo_id: str, *, actor: str | None = None) -> bytes:
        """A PNG with a case photo and its faces, each with the number for `choose_face`; `actor` as in `case`."""
        return sheets.photo_sheet(self._context, photo_id, Who(actor, ReasonCode.CORRECTION) if actor else None)

    def close_case(
        self,
        case_id: str,
        *,
        status: CaseStatus | str,
        actor: str,
        confirmation: Confirmation | tuple[ConfirmationKind | str, str] | None = None,
        reason: str | None = None,
    ) -> views.CaseView:
        """End a case: no search finds it from now on. `located_*` needs a confirmation (kind, reference)."""
        cases.check_number(case_id)
        target = one_of(CaseStatus)(status)
        if target.searched:
            raise WrongUse(f"'{target.value}' does not close a case: use reopen_case.")
        who = Who(actor, ReasonCode.CLOSURE, reason)
        return cases.move(self._context, case_id, target, _confirmation(confirmation), who)

    def reopen_case(self, case_id: str, *, actor: str, reason: str) -> views.CaseView:
        """Search for the child of an ended case again."""
        cases.check_number(case_id)
        if not (reason or "").strip():
            raise WrongUse("Why is the case opened again? Give a reason.")
        who = Who(actor, ReasonCode.CORRECTION, reason)
        return cases.move(self._context, case_id, CaseStatus.OPEN, None, who)

    def relate_cases(
        self, case_id: str, other: str, *, kind: RelationKind | str, actor: str, reason: str | None = None
    ) -> views.CaseView:
        """Declare that two cases are of siblings or twins, or a suspected duplicate; `warnings` say what this replaced.

        Siblings and twins raise a flag on candidates. `WrongUse` for a case with itself.
        """
        who = Who(actor, ReasonCode.CORRECTION, reason)
        return relations.relate(self._context, case_id, other, one_of(RelationKind)(kind), who)

    def unrelate_cases(self, case_id: str, other: str, *, actor: str, reason: str | None = None) -> views.CaseView:
        """Withdraw what was declared about two cases."""
        return relations.unrelate(self._context, case_id, other, Who(actor, ReasonCode.CORRECTION, reason))

    def case(self, case_id: str, *, actor: str | None = None) -> views.CaseView:
        """Everything about one case; `NotFound` names it. With an `actor` the look is audited, and recuses."""
        return cases.shown(self._context, case_id, Who(actor, ReasonCode.REVIEW) if actor else None)

    def cases(
        self, *, status: CaseStatus | str | None = None, after: str | None = None, limit: int | None = None
    ) -> list[views.CaseSummary]:
        """Cases by rising number, from the one after `after`."""
        wanted = None if status is None else one_of(CaseStatus)(status)
        return case_views.listed(self._context, wanted, after, limit)

    def weak_cases(self, *, limit: int | None = None) -> list[views.WeakCase]:
        """Open cases whose best photo is weak or that no search finds, with what would help, by rising number."""
        return weak_cases.weak_cases(self._context, limit)

    def awaiting_choice(self) -> list[tuple[str, views.PhotoView]]:
        """Case photos with several faces of which none is chosen yet, with their case numbers."""
        return case_views.awaiting_choice(self._context)

    # Searches

    def faces(self, photo: PhotoInput, *, thorough: bool = False) -> PhotoFaces:
        """The faces of a photo, largest first, with box, landmarks, quality and embedding, or the reason for none."""
        return self._context.pipeline.find(open_image(read_photo(photo), photo_name(photo)), thorough=thorough)

    def match(
        self,
        photo: PhotoInput,
        *,
        actor: str,
        reason: str,
        top: int | None = None,
        thorough: bool = False,
        shown_to: str | None = None,
    ) -> views.MatchView:
        """Rank the open cases for every face of a photo. Nothing is kept but the audit entry.

        `actor` is recused from the cases that are found, as is the account that they are `shown_to` instead.
        """
        who = Who(actor, ReasonCode.AD_HOC, reason)
        return search.match(self._context, photo, who, top=checked_top(top), thorough=thorough, shown_to=shown_to)

    def match_sheet(self, photo: PhotoInput, face: views.FaceCandidates) -> bytes:
        """A PNG with a face of `match` beside its candidates, in the order of the list."""
        return sheets.match_sheet(self._context, photo, face)

    # Sightings

    def submit_sighting(
        self,
        photos: Sequence[PhotoInput],
        *,
        actor: str,
        reason: str | None = None,
        idempotency_key: str | None = None,
        top: int | None = None,
        **report: Any,
    ) -> views.SightingView:
        """Store a sighting with the candidates of each of its faces, for people to review.

        `report` are the fields of `Report`: seen_at, place, position, how_seen and so on. Handing in the same content
        with the same `idempotency_key` again gives the sighting that exists.
        """
        who = Who(actor, ReasonCode.SIGHTING, reason)
        told = Report(**sighting_fields(report))
        length = checked_top(top)  # before the models run
        key = sightings.SubmissionKey.of(idempotency_key)
        new = sightings.prepare_sighting(self._context, told, several(photos), key)
        sighting_id, repeated = sightings.submit(self._context, new, who, top=length)
        view = sighting_views.shown(self._context, id_text(sighting_id), who if repeated else None)
        return replace(view, repeated=repeated)

    def sighting(self, sighting_id: str, *, actor: str | None = None) -> views.SightingView:
        """Everything about one sighting; `NotFound` names it. With an `actor` the look is audited, and recuses."""
        return sighting_views.shown(self._context, sighting_id, Who(actor, ReasonCode.SIGHTING) if actor else None)

    def sightings(self, *, needs_triage: bool | None = None, limit: int | None = None) -> list[views.SightingSummary]:
        """Sightings, newest first; `needs_triage` keeps those with (or without) a photo without a usable face."""
        return sighting_views.listed(self._context, needs_triage=needs_triage, limit=limit)

    # Bulk intake

    def import_cases(
        self,
        records: Iterable[TableRecord | Refusal],
        photos: str | Path,
        *,
        actor: str,
        reason: str | None = None,
        on_several: OnSeveral | str = OnSeveral.ASK,
        dry_run: bool = False,
    ) -> Iterator[Imported]:
        """Register or update a case per record and say what became of each; safe to run again."""
        who = Who(actor, ReasonCode.REGISTRATION, reason)
        choice = one_of(OnSeveral)(on_several)
        return case_import.import_cases(self._context, records, Path(photos), who, on_several=choice, dry_run=dry_run)

    def import_sightings(
        self,
        records: Iterable[TableRecord | Refusal],
        photos: str | Path,
        *,
        actor: str,
        reason: str | None = None,
        dry_run: bool = False,
    ) -> Iterator[Imported]:
        """Submit a sighting per record and say what became of each; safe to run again."""
        who = Who(actor, ReasonCode.SIGHTING, reason)
        return sighting_import.import_sightings(self._context, records, Path(photos), who, dry_run=dry_run)

    # Upkeep

    def reindex(self, *, actor: str, reason: str | None = None) -> views.ReindexView:
        """Embed what is missing, then build, verify and publish a snapshot. Safe to kill and to repeat."""
        return reindex.reindex(self._context, Who(actor, ReasonCode.MAINTENANCE, reason))

    def watch(self, *, actor: str, reason: str | None = None) -> WatchView:
        """Compare what is new with what was there before, cases with sightings. Safe to kill and to repeat."""
        return watch.watch(self._context, Who(actor, ReasonCode.MAINTENANCE, reason))

    def verify(self) -> views.VerifyView:
        """Check snapshot, audit chain and stored photos against what was written; changes nothing."""
        return checks.verify(self._context)

    def gallery_status(self) -> views.GalleryView:
        """What searches run on now, and whether a reindex would help."""
        return checks.gallery_status(self._context)

    def impact_page(self) -> str:
        """A page in Markdown that an impact assessment can start from, filled from this home's settings and figures."""
        return impact.page(self._context)

    def doctor(self) -> list[Finding]:
        """Check machine, models, store and gallery; each finding says what to do next."""
        return doctor.examine(self._context)

    def verify_audit(self) -> ChainReport:
        """Recompute the chain of all audit entries; says which is the first that is not what was written."""
        return checks.verify_audit(self._context)

    def audit(self, *, after: int = 0, limit: int | None = None) -> list[AuditRecord]:
        """Entries of the audit log in their order, from the one after number `after`."""
        with self._context.store.read() as reading:
            return reading.audit.records(after=after, limit=limit)


def _case_photos(photos: Photos) -> list[CasePhoto]:
    return [photo if isinstance(photo, CasePhoto) else CasePhoto(photo) for photo in several(photos)]


_confirmation = confirmation  # the parameter of the same name hides it in `close_case`
