"""An open transaction: the groups of methods on one consistent state of the database."""

from __future__ import annotations

from sqlalchemy import Connection

from matcher.store.alerts import AlertReading, AlertWriting
from matcher.store.audit import AuditReading, AuditWriting
from matcher.store.candidates import CandidateReading, CandidateWriting
from matcher.store.cases import CaseReading, CaseWriting
from matcher.store.claims import ClaimReading, ClaimWriting
from matcher.store.consents import ConsentReading, ConsentWriting
from matcher.store.erasures import ErasureReading, ErasureWriting
from matcher.store.faces import FaceReading, FaceWriting
from matcher.store.figures import FigureReading
from matcher.store.gallery import GalleryReading, GalleryWriting
from matcher.store.head import Head
from matcher.store.keystore import KeyRing
from matcher.store.locks import LockReading, LockWriting
from matcher.store.naming import NamingReading
from matcher.store.nights import NightReading, NightWriting
from matcher.store.notices import NoticeReading, NoticeWriting
from matcher.store.outbox import OutboxReading, OutboxWriting
from matcher.store.partners import PartnerReading, PartnerWriting
from matcher.store.people import PeopleReading, PeopleWriting
from matcher.store.photos import PhotoReading, PhotoWriting
from matcher.store.publications import CardReading, CardWriting
from matcher.store.recusals import RecusalReading, RecusalWriting
from matcher.store.relations import RelationReading, RelationWriting
from matcher.store.remains import RemainsReading
from matcher.store.reports import ReportReading, ReportWriting
from matcher.store.retention import RetentionReading
from matcher.store.sightings import SightingReading, SightingWriting
from matcher.store.spaces import SpaceReading, SpaceWriting
from matcher.store.stopping import StopReading, StopWriting
from matcher.store.tasks import TaskReading, TaskWriting
from matcher.store.verdicts import VerdictReading, VerdictWriting
from matcher.store.watching import WatchReading, WatchWriting


class Reading:
    """Everything as it was when the transaction began."""

    cases: CaseReading
    consents: ConsentReading
    relations: RelationReading
    photos: PhotoReading
    faces: FaceReading
    sightings: SightingReading
    candidates: CandidateReading
    gallery: GalleryReading
    people: PeopleReading
    tasks: TaskReading
    claims: ClaimReading
    verdicts: VerdictReading
    figures: FigureReading
    naming: NamingReading
    recusals: RecusalReading
    notices: NoticeReading
    outbox: OutboxReading
    erasures: ErasureReading
    remains: RemainsReading
    locks: LockReading
    nights: NightReading
    spaces: SpaceReading
    stop: StopReading
    watching: WatchReading
    retention: RetentionReading
    cards: CardReading
    alerts: AlertReading
    partners: PartnerReading
    reports: ReportReading
    audit: AuditReading

    def __init__(self, connection: Connection, head: Head, keys: KeyRing | None = None) -> None:
        self.cases = CaseReading(connection, head)
        self.consents = ConsentReading(connection, head)
        self.relations = RelationReading(connection, head)
        self.photos = PhotoReading(connection, head)
        self.faces = FaceReading(connection, head, keys)
        self.sightings = SightingReading(connection, head)
        self.candidates = CandidateReading(connection, head)
        self.gallery = GalleryReading(connection, head, keys)
        self.people = PeopleReading(connection, head)
        self.tasks = TaskReading(connection, head)
        self.claims = ClaimReading(connection, head)
        self.verdicts = VerdictReading(connection, head)
        self.figures = FigureReading(connection, head)
        self.naming = NamingReading(connection, head)
        self.recusals = RecusalReading(connection, head)
        self.notices = NoticeReading(connection, head)
        self.outbox = OutboxReading(connection, head)
        self.erasures = ErasureReading(connection, head)
        self.remains = RemainsReading(connection, head, keys)
        self.locks = LockReading(connection, head)
        self.nights = NightReading(connection, head)
        self.spaces = SpaceReading(connection, head)
        self.stop = StopReading(connection, head)
        self.watching = WatchReading(connection, head, keys)
        self.retention = RetentionReading(connection, head)
        self.cards = CardReading(connection, head)
        self.alerts = AlertReading(connection, head)
        self.partners = PartnerReading(connection, head)
        self.reports = ReportReading(connection, head)
        self.audit = AuditReading(connection, head)


class Transaction(Reading):
    """The same with changes; while it is open, no other process writes."""

    cases: CaseWriting
    consents: ConsentWriting
    relations: RelationWriting
    photos: PhotoWriting
    faces: FaceWriting
    sightings: SightingWriting
    candidates: CandidateWriting
    gallery: GalleryWriting
    people: PeopleWriting
    tasks: TaskWriting
    claims: ClaimWriting
    verdicts: VerdictWriting
    recusals: RecusalWriting
    notices: NoticeWriting
    outbox: OutboxWriting
    erasures: ErasureWriting
    locks: LockWriting
    nights: NightWriting
    spaces: SpaceWriting
    stop: StopWriting
    watching: WatchWriting
    cards: CardWriting
    alerts: AlertWriting
    partners: PartnerWriting
    reports: ReportWriting
    audit: AuditWriting

    def __init__(self, connection: Connection, head: Head, keys: KeyRing | None = None) -> None:
        self.cases = CaseWriting(connection, head)
        self.consents = ConsentWriting(connection, head)
        self.relations = RelationWriting(connection, head)
        self.photos = PhotoWriting(connection, head)
        self.faces = FaceWriting(connection, head, keys)
        self.sightings = SightingWriting(connection, head)
        self.candidates = CandidateWriting(connection, head)
        self.gallery = GalleryWriting(connection, head, keys)
        self.people = PeopleWriting(connection, head)
        self.tasks = TaskWriting(connection, head)
        self.claims = ClaimWriting(connection, head)
        self.verdicts = VerdictWriting(connection, head)
        self.figures = FigureReading(connection, head)
        self.naming = NamingReading(connection, head)
        self.recusals = RecusalWriting(connection, head)
        self.notices = NoticeWriting(connection, head)
        self.outbox = OutboxWriting(connection, head)
        self.erasures = ErasureWriting(connection, head)
        self.remains = RemainsReading(connection, head, keys)
        self.locks = LockWriting(connection, head)
        self.nights = NightWriting(connection, head)
        self.spaces = SpaceWriting(connection, head)
        self.stop = StopWriting(connection, head)
        self.watching = WatchWriting(connection, head, keys)
        self.retention = RetentionReading(connection, head)
        self.cards = CardWriting(connection, head)
        self.alerts = AlertWriting(connection, head)
        self.partners = PartnerWriting(connection, head)
        self.reports = ReportWriting(connection, head)
        self.audit = AuditWriting(connection, head)
