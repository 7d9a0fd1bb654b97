"""What states and ends of the public side mean, in words for those who have to decide."""

from __future__ import annotations

from collections.abc import Mapping

from matcher.domain.alerts import AlertEnd
from matcher.domain.publications import CardEnd
from matcher.domain.reports import Relation, ReportState, Via
from matcher.wording import Wording

REPORT_STATES: Mapping[ReportState, Wording] = {
    ReportState.QUEUED: Wording("taken in; its photos are looked at next"),
    ReportState.HELD: Wording("waits for a person before anything is searched"),
    ReportState.TAKEN: Wording("its faces are searched for"),
    ReportState.DUPLICATE: Wording("its photos came before: kept beside that report, not searched again"),
    ReportState.REFUSED: Wording("a person saw that it is spam or abuse"),
    ReportState.WITHDRAWN: Wording("its reporter took it back while people work with it: an officer decides"),
}

VIAS: Mapping[Via, Wording] = {
    Via.FORM: Wording("the public form"),
    Via.PARTNER: Wording("a partner"),
    Via.INSTITUTION: Wording("an institution"),
}

RELATIONS: Mapping[Relation, Wording] = {
    Relation.SELF: Wording("this is me"),
    Relation.GUARDIAN: Wording("this is my child"),
    Relation.OTHER: Wording("somebody else says so"),
}

CARD_ENDS: Mapping[CardEnd, Wording] = {
    CardEnd.OFFICER: Wording("an officer took it back"),
    CardEnd.CASE: Wording("the case ended or is disputed"),
    CardEnd.FACE: Wording("another face of its photo is the child's"),
    CardEnd.CONSENT: Wording("nobody consents to publication any more"),
    CardEnd.REPLACED: Wording("a newer card took its place"),
    CardEnd.RESTORED: Wording("a backup was restored, which does not know what was taken back since"),
}

ALERT_ENDS: Mapping[AlertEnd, Wording] = {
    AlertEnd.OFFICER: Wording("an officer cancelled it"),
    AlertEnd.CASE: Wording("the case ended, is disputed or was erased"),
    AlertEnd.CONSENT: Wording("nobody consents to alerts any more"),
    AlertEnd.CARD: Wording("the card that it shows was taken back"),
}
