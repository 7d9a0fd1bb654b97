"""What states, doubts and ends of the public side mean, in words for those who have to decide."""

from __future__ import annotations

from collections.abc import Mapping

from matcher.domain.alerts import AlertEnd
from matcher.domain.publications import CardEnd
from matcher.domain.reports import Doubt, Relation, ReportState, Via
from matcher.wording import Wording

REPORT_STATES: Mapping[ReportState, Wording] = {
    ReportState.QUEUED: Wording("taken in; its photos are looked at next"),
    ReportState.HELD: Wording("waits for a person before anything is searched"),
    ReportState.TAKEN: Wording("its faces are searched for"),
    ReportState.DUPLICATE: Wording("its photos came before: kept beside that report, not searched again"),
    ReportState.REFUSED: Wording("a person saw that it is spam or abuse"),
    ReportState.WITHDRAWN: Wording("its reporter took it back while people work with it: an officer decides"),
}

DOUBTS: Mapping[Doubt, Wording] = {
    Doubt.TRAP: Wording("a field was filled in that people do not see"),
    Doubt.HASTE: Wording("the form was sent sooner than anybody can fill it in"),
    Doubt.LINKS: Wording("the note holds addresses of the internet"),
    Doubt.REPEATED_WORDS: Wording("the very same note came before"),
    Doubt.MANY: Wording("many reports came from there within the hour; a mobile network can look so"),
    Doubt.CARD_PHOTO: Wording("the photo is one of the child's own, as on a card: perhaps copied from it"),
    Doubt.CASE_CLOSED: Wording("the child of the card is not looked for any more"),
    Doubt.EMPTY: Wording("neither when nor where the child was seen is told"),
    Doubt.FAR_FUTURE: Wording("it tells of a time that is to come"),
    Doubt.UNREADABLE: Wording("the models came to no end with its photos"),
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
}

ALERT_ENDS: Mapping[AlertEnd, Wording] = {
    AlertEnd.OFFICER: Wording("an officer cancelled it"),
    AlertEnd.CASE: Wording("the case ended, is disputed or was erased"),
    AlertEnd.CONSENT: Wording("nobody consents to alerts any more"),
    AlertEnd.CARD: Wording("the card that it shows was taken back"),
}
