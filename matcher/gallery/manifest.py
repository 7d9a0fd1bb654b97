"""The manifest of a snapshot: what it holds and by which digests that can be proved."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from matcher.domain.space import EmbeddingSpace
from matcher.errors import Damaged, WrongUse
from matcher.gallery.layout import CASES, FACES, MANIFEST, VECTORS, stored_name

FORMAT_VERSION = 2
_READABLE = (1, 2)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """Size in bytes and digest (`layout.file_digest`) of one file, as it lies on the disk."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Encryption:
    """How a snapshot's files are sealed, by which key, and under which name beside their own."""

    scheme: str
    key: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`through_change` is the last change that the rows contain; `rows_digest` is `layout.RowsDigest`'s.

    `encryption` is `None` for files in the clear. `format_version` is the one it was read from.
    """

    space: EmbeddingSpace
    count: int
    through_change: int
    created_at: datetime
    software: str
    rows_digest: str
    files: Mapping[str, FileEntry]
    encryption: Encryption | None = None
    format_version: int = FORMAT_VERSION

    def to_json(self) -> str:
        """The text of `manifest.json` in the present format; its last field, `manifest_digest`, covers all others."""
        fields: dict[str, Any] = {
            "format_version": FORMAT_VERSION,
            "space": self.space.as_dict(),
            "count": self.count,
            "dim": self.space.dim,
            "through_change": self.through_change,
            "created_at": self.created_at.isoformat(timespec="seconds"),
            "software": self.software,
            "encryption": asdict(self.encryption) if self.encryption else "none",
            "rows_digest": self.rows_digest,
            "files": {name: asdict(entry) for name, entry in sorted(self.files.items())},
        }
        return json.dumps(fields | {"manifest_digest": _digest(fields)}, indent=2) + "\n"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a snapshot folder; `Damaged` if it is absent, changed, or of a format that is unknown here."""
    path = folder / MANIFEST
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Damaged(f"'{path}' cannot be read ({error}): run `matcher reindex`.") from error
    if not isinstance(fields, dict):
        raise Damaged(f"'{path}' is no manifest: run `matcher reindex`.")
    version = fields.get("format_version")
    if version not in _READABLE or isinstance(version, bool):
        readable = " and ".join(map(str, _READABLE))
        raise Damaged(
            f"'{path}' has format version {version!r}, this software reads {readable}: run `matcher reindex`."
        )
    if fields.pop("manifest_digest", None) != _digest(fields):
        raise Damaged(f"'{path}' was changed after it was written: run `matcher reindex`.")
    try:
        return _parsed(fields)
    except (KeyError, TypeError, ValueError, WrongUse) as error:
        raise Damaged(f"'{path}' has a missing or impossible field ({error}): run `matcher reindex`.") from error


def _parsed(fields: dict[str, Any]) -> Manifest:
    encryption = _encryption(fields["encryption"], fields["format_version"])
    space = EmbeddingSpace(**fields["space"])
    if fields["dim"] != space.dim:
        raise ValueError(f"dim is {fields['dim']}, the space has {space.dim}")
    created_at = datetime.fromisoformat(fields["created_at"])
    return Manifest(
        space=space,
        count=_natural(fields["count"]),
        through_change=_natural(fields["through_change"]),
        created_at=created_at,
        software=str(fields["software"]),
        rows_digest=_sha256(fields["rows_digest"]),
        files=_files(fields["files"], sealed=encryption is not None),
        encryption=encryption,
        format_version=fields["format_version"],
    )


def _encryption(value: Any, version: int) -> Encryption | None:
    if value == "none":
        return None
    if version == 1 or not isinstance(value, dict):
        raise ValueError(f"encryption {value!r} is unknown")
    encryption = Encryption(**value)
    if strange := [word for word in value.values() if not isinstance(word, str) or not _WORD.fullmatch(word)]:
        raise ValueError(f"encryption names {strange[0]!r}")
    return encryption


def _files(value: Any, *, sealed: bool) -> dict[str, FileEntry]:
    files = {name: FileEntry(_natural(entry["bytes"]), _sha256(entry["sha256"])) for name, entry in value.items()}
    if absent := {stored_name(name, sealed=sealed) for name in (VECTORS, FACES, CASES)} - files.keys():
        raise ValueError(f"files lacks {', '.join(sorted(absent))}")
    if strange := [name for name in files if Path(name).name != name]:
        raise ValueError(f"files names {strange[0]!r}, which is outside the folder")
    return files


def _natural(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is not a count")
    return value


def _sha256(value: object) -> str:
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise ValueError(f"{value!r} is not a SHA-256 digest")
    return value


def _digest(fields: Mapping[str, Any]) -> str:
    """SHA-256 over the fields as JSON with sorted keys and no spaces, whatever the file's own layout."""
    return hashlib.sha256(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
