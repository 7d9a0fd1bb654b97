"""What is said about an erasure to others: a signed statement that anybody can check, and the words for a family."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from matcher import __version__
from matcher.crypto.signing import signed_by
from matcher.domain.erasures import Because, Erasure, SubjectKind
from matcher.domain.ids import id_text, parse_id
from matcher.errors import Damaged, MatcherError, WrongUse
from matcher.services.context import Context
from matcher.services.erasure_proof import awaited
from matcher.services.erasure_search import Searched, search

_VERSION = 1
_TIMES = ("at", "files_gone_at", "pages_gone_at", "snapshots_gone_at")
_LISTS = ("vectors", "pictures", "faces")

# What no program can say of the machine that it runs on.
NOT_SEARCHED = (
    "backups that were made before the erasure; one that is restored is held against the list of erasures first",
    "what the disk itself may keep of overwritten or removed files",
    "the memory of programs that were running",
)
_ON_A_SERVER = "files of the PostgreSQL server: its write-ahead log, archives of it and other copies of its data"


@dataclass(frozen=True, slots=True)
class Verification:
    """A search for remains: the signed `document`; `found` is how many there are, `awaited` what is not proved yet."""

    document: dict[str, Any]
    found: int
    unread: tuple[str, ...]
    awaited: tuple[str, ...]

    @property
    def proved(self) -> bool:
        """Whether everything was looked through, nothing was found and nothing is awaited."""
        return not (self.found or self.unread or self.awaited)


def verify(context: Context, erasure: Erasure) -> Verification:
    """Search the whole home for remains of an erasure and sign what came of it; nothing is changed.

    `erasure` may come from another copy of the home: it is known here by the key of both.
    """
    searched = search(context, erasure)
    statement = _statement(context, erasure, searched)
    signer = context.signer
    document = {"statement": statement, "public_key": signer.public, "signature": signer.sign(_canonical(statement))}
    return Verification(document, searched.found.total(), tuple(searched.unread), awaited(erasure))


def checked(document: object, public_key: str | None = None) -> dict[str, Any]:
    """The statement of a signed document; `Damaged` unless it was signed, by this key if one is given.

    Without a key it is only known that nothing was changed since it was signed: compare its key with the one that the
    office published.
    """
    told = document if isinstance(document, dict) else {}
    statement, key, signature = told.get("statement"), told.get("public_key"), told.get("signature")
    if not (isinstance(statement, dict) and isinstance(key, str) and isinstance(signature, str)):
        raise WrongUse("This is no signed statement: give the file that `matcher erasure verify` wrote.")
    if not signed_by(public_key or key, _canonical(statement), signature):
        raise Damaged("The signature does not fit: the statement was changed, or another key has signed it.")
    return statement


def in_words(statement: Mapping[str, Any]) -> list[str]:
    """A statement in sentences that people can read who know nothing of computers."""
    what = "case" if statement["kind"] == SubjectKind.CASE.value else "sighting"
    searched = ", ".join(f"{count:,} {name}" for name, count in statement["searched"].items())
    lines = [
        f"What this system held about the {what} with the reference {statement['id']} was erased on "
        f"{_day(statement['erased_at'])}.",
        f"On {_day(statement['searched_at'])} everything that the system keeps was searched for remains of it: "
        f"{searched}.",
    ]
    if statement["found"]:
        found = ", ".join(f"{name} ({count})" for name, count in statement["found"].items())
        lines.append(f"REMAINS WERE FOUND: {found}.")
    else:
        lines.append("Nothing was found: no photo, no measurement of the face, no entry about the person.")
    lines.append(
        "Kept are the reference, the date, how much was removed, and digests by which remains would be known; the log "
        "of what was done names the reference and nothing about the person."
    )
    if statement["elsewhere"]:
        lines.append(
            "The same picture is held with another case or sighting, which has a copy of its own and was not erased."
        )
    lines += [f"Could not be searched: {problem}." for problem in statement["unread"]]
    if statement["awaited"]:
        lines.append("The proof is not complete yet: " + "; ".join(statement["awaited"]) + ".")
    lines.append("Not searched, since no program can: " + "; ".join(statement["not_searched"]) + ".")
    lines.append(f"Made by sighting-matcher {statement['software']}.")
    return lines


def to_json(erasure: Erasure) -> str:
    """A tombstone as a file, with which another copy of the home can be searched."""
    fields = asdict(erasure) | {"id": id_text(erasure.id), "removed": dict(erasure.removed)}
    return json.dumps(fields, indent=2, default=datetime.isoformat) + "\n"


def from_json(content: str) -> Erasure:
    """The tombstone of a file; `WrongUse` if it is none."""
    try:
        told = json.loads(content)
        words = {"id": parse_id(told["id"]), "kind": SubjectKind(told["kind"]), "because": Because(told["because"])}
        times = {name: None if told[name] is None else datetime.fromisoformat(told[name]) for name in _TIMES}
        return Erasure(**{**told, **words, **times, **{name: tuple(told[name]) for name in _LISTS}})
    except (ValueError, TypeError, KeyError, MatcherError) as error:
        raise WrongUse("This is no tombstone: give the file that `matcher erasure export` wrote.") from error


def _statement(context: Context, erasure: Erasure, searched: Searched) -> dict[str, Any]:
    beyond = NOT_SEARCHED if context.store.file is not None else (*NOT_SEARCHED, _ON_A_SERVER)
    return {
        "version": _VERSION,
        "id": id_text(erasure.id),
        "kind": erasure.kind.value,
        "erased_at": erasure.at.isoformat(),
        "because": erasure.because.value,
        "removed": dict(sorted(erasure.removed.items())),
        "searched_at": context.clock().isoformat(),
        "searched": dict(sorted(searched.counts.items())),
        "found": {name: count for name, count in sorted(searched.found.items()) if count},
        "elsewhere": {name: count for name, count in sorted(searched.elsewhere.items()) if count},
        "unread": list(searched.unread),
        "awaited": list(awaited(erasure)),
        "proved_at": None if erasure.proved_at is None else erasure.proved_at.isoformat(),
        "not_searched": list(beyond),
        "software": __version__,
    }


def _canonical(statement: object) -> bytes:
    return json.dumps(statement, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _day(moment: str) -> str:
    return datetime.fromisoformat(moment).strftime("%Y-%m-%d %H:%M UTC")
