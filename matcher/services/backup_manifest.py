"""What a backup says of itself: every file with its digest, signed by the home."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from matcher import __version__
from matcher.crypto.signing import Signer, signed_by
from matcher.errors import Damaged, WrongUse
from matcher.store.files import FileMark
from matcher.store.tables import REVISION

MANIFEST = "manifest.jsonl"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`own` files lie beside the manifest, `pooled` ones in the pool; both are called by their paths in the home.

    `home` is the public half of the key that signed it, `audit_entries` the length of the audit chain in the copy, and
    `gaps` say what was damaged in the home and could not be kept whole.
    """

    home: str
    made_at: datetime
    own: Mapping[str, FileMark]
    pooled: Mapping[str, FileMark]
    audit_entries: int = 0
    gaps: tuple[str, ...] = ()
    software: str = __version__
    revision: str = REVISION

    @property
    def size(self) -> int:
        """The bytes of all files together."""
        return sum(mark.size for mark in (*self.own.values(), *self.pooled.values()))

    def signed(self, signer: Signer) -> bytes:
        """The content of the manifest's file: a line with the signature, and the line that is signed."""
        fields = {
            "format_version": FORMAT_VERSION,
            "home": self.home,
            "made_at": self.made_at.isoformat(timespec="microseconds"),
            "software": self.software,
            "revision": self.revision,
            "audit_entries": self.audit_entries,
            "gaps": list(self.gaps),
            "own": {path: astuple(mark) for path, mark in self.own.items()},
            "pooled": {path: astuple(mark) for path, mark in self.pooled.items()},
        }
        # In plain ASCII: names of files that are not UTF-8 are written, too.
        body = json.dumps(fields).encode() + b"\n"
        return _signature_line(signer.sign(body)) + body


def parse(content: bytes) -> Manifest:
    """The manifest of a file's content; `Damaged` unless every byte is as it was signed."""
    try:
        first, _, body = content.partition(b"\n")
        signature, fields = json.loads(first)["signature"], json.loads(body)
        # Some signs of Base64 can be changed without a change of what they mean.
        plain = base64.b64encode(base64.b64decode(signature)).decode()
        if _signature_line(plain) != first + b"\n" or not signed_by(fields["home"], body, signature):
            raise Damaged("it is not what was signed")
        if fields["format_version"] != FORMAT_VERSION:
            raise Damaged("a newer version wrote it: upgrade sighting-matcher")
        return Manifest(
            home=fields["home"],
            made_at=datetime.fromisoformat(fields["made_at"]),
            own=_marks(fields["own"]),
            pooled=_marks(fields["pooled"]),
            audit_entries=fields["audit_entries"],
            gaps=tuple(fields["gaps"]),
            software=fields["software"],
            revision=fields["revision"],
        )
    except (ValueError, TypeError, KeyError, AttributeError, WrongUse) as error:
        raise Damaged("it is not what was signed") from error


def _marks(fields: Mapping[str, Any]) -> dict[str, FileMark]:
    return {path: FileMark(*mark) for path, mark in fields.items()}


def _signature_line(signature: str) -> bytes:
    return json.dumps({"signature": signature}).encode() + b"\n"
