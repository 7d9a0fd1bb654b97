"""Who may what: the one table. Commands, pages and the programming interface ask here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from matcher.domain.people import Language, PersonId, Role
from matcher.errors import NotPermitted
from matcher.wording import Wording


class Right(str, Enum):
    """One thing that an account may be allowed to do or see."""

    OWN_ACCOUNT = "own_account"  # inbox, own password and sessions
    CASE_READ = "case_read"
    CASE_WRITE = "case_write"  # register, change, add photos, choose faces, relate
    CASE_CLOSE = "case_close"  # close and reopen
    SIGHTING_SUBMIT = "sighting_submit"
    SIGHTING_READ = "sighting_read"  # with its candidates: whoever looks is recused from them
    TRIAGE = "triage"  # mark the face that is meant, deal with photos without a usable face
    SEARCH = "search"  # ad hoc
    REVIEW = "review"  # lists and pairs, blind
    SETTLE = "settle"  # what reviewers disagree about; reopen an excluded pair
    CONFIRM = "confirm"  # or refute what reviewers agree on
    QUALITY_OWN = "quality_own"
    QUALITY_ALL = "quality_all"
    AUDIT_READ = "audit_read"
    PEOPLE = "people"  # accounts, roles, keys, training
    STATUS = "status"  # snapshot, models, health
    PUBLISH = "publish"  # approve cards, issue and cancel alerts
    CONTACT = "contact"  # read how the reporter of a sighting can be reached
    PARTNERS = "partners"  # who is told of alerts


_R = Role
_HUMANS = frozenset(Role) - {Role.SERVICE}
_DESK = frozenset({_R.OFFICER, _R.SUPERVISOR})

# An administrator manages accounts and sees no child; an auditor sees who did what and no child either. A service acts
# for nobody, so it may neither look for somebody nor decide anything.
ALLOWED: dict[Right, frozenset[Role]] = {
    Right.OWN_ACCOUNT: _HUMANS,
    Right.CASE_READ: _DESK | {_R.INTAKE, _R.SERVICE},
    Right.CASE_WRITE: frozenset({_R.INTAKE, _R.OFFICER, _R.SERVICE}),
    Right.CASE_CLOSE: frozenset({_R.OFFICER}),
    Right.SIGHTING_SUBMIT: _DESK | {_R.INTAKE, _R.SERVICE},
    Right.SIGHTING_READ: _DESK,
    Right.TRIAGE: _DESK | {_R.INTAKE},
    Right.SEARCH: _DESK,
    Right.REVIEW: frozenset({_R.REVIEWER, _R.SUPERVISOR}),
    Right.SETTLE: frozenset({_R.SUPERVISOR}),
    Right.CONFIRM: frozenset({_R.OFFICER}),
    Right.QUALITY_OWN: frozenset({_R.REVIEWER, _R.SUPERVISOR}),
    Right.QUALITY_ALL: frozenset({_R.SUPERVISOR, _R.AUDITOR}),
    Right.AUDIT_READ: frozenset({_R.AUDITOR}),
    Right.PEOPLE: frozenset({_R.ADMIN}),
    Right.STATUS: frozenset({_R.ADMIN, _R.SUPERVISOR, _R.AUDITOR, _R.SERVICE}),
    Right.PUBLISH: frozenset({_R.OFFICER}),
    Right.CONTACT: frozenset({_R.OFFICER}),
    Right.PARTNERS: frozenset({_R.ADMIN}),
}


# What decides about a child takes a person who signs in. Keys are made by an administrator, who could hold those of two
# reviewers: both blind verdicts would then come from one hand.
PERSONS_ONLY = frozenset({Right.REVIEW, Right.SETTLE, Right.CONFIRM, Right.CASE_CLOSE, Right.PUBLISH, Right.CONTACT})

SESSION = "session"  # how somebody signed in who gave a password


def rights_of(roles: Iterable[Role]) -> frozenset[Right]:
    """Everything that an account with these roles may do."""
    held = frozenset(roles)
    return frozenset(right for right, allowed in ALLOWED.items() if allowed & held)


def rights_by_key(roles: Iterable[Role]) -> frozenset[Right]:
    """Everything that a key of an account with these roles can give."""
    return rights_of(roles) - PERSONS_ONLY


def by_key(shown_id: str) -> str:
    """How somebody signed in who gave the key of this id, as the audit log says it."""
    return f"key {shown_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Who is signed in, and what that sign-in allows: a key may allow less than its account.

    `signed_in` says how, `SESSION` or `by_key`; `None` for who acts without, as the making of the demo does.
    """

    id: PersonId
    name: str
    rights: frozenset[Right]
    language: Language | None = None
    signed_in: str | None = None

    def require(self, right: Right) -> None:
        """`NotPermitted` unless this person may do it."""
        if right not in self.rights:
            if right in PERSONS_ONLY and self.signed_in not in {None, SESSION}:
                told = Wording("No key gives the right '{right}': it takes a person who signs in.", right=right.value)
                raise NotPermitted(told)
            parts = {"name": self.name, "right": right.value}
            raise NotPermitted(Wording("The account '{name}' may not do this: it needs the right '{right}'.", **parts))

    def require_one_of(self, *rights: Right) -> None:
        """`NotPermitted` unless this person has at least one of several rights (≥ 1)."""
        if self.rights.isdisjoint(rights):
            self.require(rights[0])
