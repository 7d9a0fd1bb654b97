"""The home folder's layout, its settings file, and where what belongs to it lies outside."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import ValidationError

from matcher.config.settings import DEFAULT_BACKEND, Settings, settings_file
from matcher.errors import Conflict, HomeMissing, StoreProblem, WrongUse

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def sign_in_file(home: Path) -> Path:
    """Where the user's own sign-in to a home is kept: outside the home, which others may share."""
    given = os.environ.get("MATCHER_STATE")
    folder = Path(given) if given else Path(platformdirs.user_state_dir("sighting-matcher", appauthor=False))
    return folder / _name_of(home)


def default_key_file(home: Path) -> Path:
    """Where `init` makes the key file of a home: in `$MATCHER_KEYS`, else in the user's folder of settings."""
    given = os.environ.get("MATCHER_KEYS")
    folder = Path(given) if given else Path(platformdirs.user_config_dir("sighting-matcher", appauthor=False)) / "keys"
    return folder.absolute() / f"{_name_of(home)}.key"


def _name_of(home: Path) -> str:
    """A word that stands for the place of a home."""
    return hashlib.sha256(str(home.resolve()).encode(errors="surrogateescape")).hexdigest()[:32]


def erasure_list_file(home: Path) -> Path:
    """Where the list of what was erased from a home is kept, unless a setting names another file: outside the home, so
    that a restored one does not bring its own back.
    """
    return sign_in_file(home).with_suffix(".erasures.jsonl")


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds everything: where each part lies."""

    root: Path

    @classmethod
    def default(cls) -> Path:
        """`$MATCHER_HOME`, else the user's data folder."""
        given = os.environ.get("MATCHER_HOME")
        return Path(given) if given else Path(platformdirs.user_data_dir("sighting-matcher", appauthor=False))

    @property
    def database(self) -> Path:
        return self.root / "matcher.db"

    @property
    def settings_file(self) -> Path:
        return self.root / "settings.toml"

    @property
    def digest_key(self) -> Path:
        return self.root / "digest.key"

    @property
    def signing_key(self) -> Path:
        return self.root / "signing.key"

    @property
    def keys(self) -> Path:
        return self.root / "keys.db"

    @property
    def photos(self) -> Path:
        return self.root / "photos"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def snapshots(self) -> Path:
        return self.root / "snapshots"

    @property
    def exists(self) -> bool:
        """Whether a home was created here to its end: the key is written last."""
        return self.digest_key.is_file()

    def require(self) -> Home:
        """This home, if it was created; `HomeMissing` otherwise."""
        if not self.exists:
            raise HomeMissing(f"There is no home in '{self.root}': create it with `matcher init --home {self.root}`.")
        return self

    def settings(self, **given: Any) -> Settings:
        """The settings that hold for this home; `WrongUse` names a line, a key or a value that cannot be used."""
        told = settings_file.set(self.settings_file)
        try:
            return Settings(**given)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            if first["type"] == "extra_forbidden":
                known = ", ".join(Settings.model_fields)
                raise WrongUse(
                    f"Unknown setting '{name}' in '{self.settings_file}': the settings are {known}."
                ) from error
            subject = f"The setting '{name}'" if name else "The settings"
            why = first["msg"].removeprefix("Value error, ")
            raise WrongUse(f"{subject} in '{self.settings_file}' or the environment: {why}.") from error
        except ValueError as error:  # of the TOML parser, which names the line
            raise WrongUse(f"The settings file '{self.settings_file}' cannot be read: {error}.") from error
        finally:
            settings_file.reset(told)

    @property
    def backend_in_file(self) -> str:
        """The face models that the settings file names, or the default ones."""
        try:
            written = tomllib.loads(self.settings_file.read_text(encoding="utf-8")).get("backend")
        except (OSError, ValueError):
            written = None
        return written if isinstance(written, str) else DEFAULT_BACKEND

    @property
    def backend_from_environment(self) -> str | None:
        """The face models that the environment prescribes, whatever the settings file says."""
        return os.environ.get("MATCHER_BACKEND")

    @property
    def key_from_environment(self) -> str | None:
        """The text of the master key in the environment; in the settings file it would lie beside what it seals."""
        return os.environ.get("MATCHER_KEY") or None

    def with_setting(self, name: str, value: str) -> str:
        """The text of the settings file with one text set and all other lines kept; nothing is written.

        `Conflict` if the file is written in a way that cannot be changed by one line, `StoreProblem` if it cannot be
        read.
        """
        path = self.settings_file
        try:
            old = path.read_text(encoding="utf-8") if path.exists() else ""
            wanted = tomllib.loads(old) | {name: value}
        except (OSError, ValueError) as error:
            raise StoreProblem(f"The settings file '{path}' cannot be read: {error}.") from error
        new = _with_setting(old, name, value)
        # Compared as they are written, since nan is not equal to itself.
        if repr(_parsed(new)) != repr(wanted):
            raise Conflict(f"'{path}' cannot be changed: write {name} = {toml_text(value)} into it yourself.")
        return new

    def write_setting(self, name: str, value: str) -> None:
        """Set one text in the settings file, or in the file that it links to; the old or the new one, never between.

        Errors as in `with_setting`, and `StoreProblem` if the file cannot be written.
        """
        self._replace_settings(self.with_setting(name, value))

    def drop_setting(self, name: str) -> None:
        """Let the default hold again, if the file sets one; errors as in `write_setting`."""
        path = self.settings_file
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        wanted = dict(_parsed(old) or {})
        if wanted.pop(name, None) is None:
            return
        new = "".join(line for line in old.splitlines(keepends=True) if not re.match(rf"\s*{name}\s*=", line))
        if repr(_parsed(new)) != repr(wanted):
            raise Conflict(f"'{path}' cannot be changed: take {name} out of it yourself.")
        self._replace_settings(new)

    def _replace_settings(self, new: str) -> None:
        path = self.settings_file
        try:
            path = path.resolve()
            handle, half = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # for its owner's eyes only
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(new)
                    file.flush()
                    os.fsync(file.fileno())
                Path(half).replace(path)
            finally:
                Path(half).unlink(missing_ok=True)
        except (OSError, RuntimeError, ValueError) as error:  # of a link that leads to itself, of half a character
            raise StoreProblem(f"The settings file '{path}' cannot be written: {error}.") from error

    def database_url(self, settings: Settings) -> str | Path:
        """The address of the database: the setting, or the SQLite file in this folder."""
        return settings.database_url or self.database


def toml_text(value: str) -> str:
    """A text as TOML's basic string: quote and backslash are escaped."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _with_setting(text: str, name: str, value: str) -> str:
    """The text of a settings file with one line changed, or a new one at its end."""
    line = f"{name} = {toml_text(value)}"
    lines = text.removesuffix("\n").split("\n") if text else []  # TOML knows no other ends of lines
    places = [number for number, each in enumerate(lines) if re.match(rf"\s*{name}\s*=", each)]
    if places:
        lines[places[0]] = line + _comment(lines[places[0]])
    else:
        lines.append(line)
    return "\n".join(lines) + "\n"


def _comment(line: str) -> str:
    """The comment at a line's end with the space before it: from the first # on before which a whole value stands."""
    starts = [mark.start() for mark in re.finditer(r"\s*#", line)]
    return next((line[start:] for start in starts if _parsed(line[:start]) is not None), "")


def _parsed(text: str) -> dict[str, object] | None:
    """What a settings file with this text says, `None` if it is no TOML."""
    try:
        return tomllib.loads(text)
    except ValueError:
        return None
