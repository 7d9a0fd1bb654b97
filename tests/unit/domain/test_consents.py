"""When a consent is lacking, and when it is gone."""

import pytest
from records import NOW

from matcher.domain.cases import LegalBasis
from matcher.domain.consents import Consent, ConsentId, Giver, Scope, lacks_guardian, search_withdrawn, stands_alone
from matcher.domain.ids import CaseId

OPEN = LegalBasis.UNSPECIFIED


def consent(giver: Giver = Giver.PARENT, *scopes: Scope, withdrawn: bool = False) -> Consent:
    ended = {"withdrawn_at": NOW, "withdrawn_by": "li"} if withdrawn else {}
    return Consent(
        id=ConsentId(1),
        case_id=CaseId(1),
        giver=giver,
        scopes=scopes or (Scope.SEARCH,),
        given_at=NOW,
        recorded_by="li",
        recorded_at=NOW,
        **ended,
    )


@pytest.mark.parametrize(
    ("age", "consents", "lacking"),
    [
        (13.99, [], True),
        (14, [], False),
        (None, [], False),
        (5, [consent()], False),
        (5, [consent(Giver.GUARDIAN)], False),
        (5, [consent(Giver.POLICE)], True),
        (5, [consent(Giver.PARENT, Scope.PUBLICATION)], True),
        (5, [consent(withdrawn=True)], True),
        (5, [consent(withdrawn=True), consent(Giver.GUARDIAN)], False),
    ],
)
def test_a_guardian_decides_for_a_child_under_14(age: float | None, consents: list[Consent], lacking: bool) -> None:
    assert lacks_guardian(age, OPEN, consents) is lacking
    assert lacks_guardian(age, LegalBasis.GUARDIAN_CONSENT, consents) is lacking  # said, but not recorded
    assert not lacks_guardian(age, LegalBasis.COURT_ORDER, consents)


@pytest.mark.parametrize(
    ("consents", "withdrawn"),
    [
        ([], False),
        ([consent()], False),
        ([consent(withdrawn=True)], True),
        ([consent(withdrawn=True), consent(Giver.POLICE)], False),
        ([consent(withdrawn=True), consent(Giver.POLICE, Scope.ALERTS)], True),
        ([consent(Giver.PARENT, Scope.ALERTS, withdrawn=True)], False),
    ],
)
def test_a_search_is_not_allowed_any_more_when_no_consent_to_it_is_left(
    consents: list[Consent], withdrawn: bool
) -> None:
    assert search_withdrawn(consents) is withdrawn


def test_only_consent_depends_on_the_family() -> None:
    leaning = {basis for basis in LegalBasis if not stands_alone(basis)}
    assert leaning == {LegalBasis.UNSPECIFIED, LegalBasis.GUARDIAN_CONSENT}
