"""Settings and the home folder's layout. No other module reads environment variables."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import sys
import tempfile
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from matcher.errors import Conflict, HomeMissing, StoreProblem, WrongUse

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LONGEST_LIST = 10_000  # places of a candidate list
YOUNGEST_REMOVED_DAYS = 180  # of the audit log: six months are kept whatever is set
DEFAULT_BACKEND = "mmod+dlib-resnet-v1"

# The file that settings are being read from: a class of settings for each home would take longer to make than the
# settings take to read.
_settings_file: ContextVar[Path | None] = ContextVar("settings_file", default=None)

# The secret of each way out is needed only where messages are sent: commands of other processes do without.
_SECRETS = {"smtp_user": "smtp_password", "webhook_url": "webhook_secret"}


def is_here(host: str | None) -> bool:
    """Whether a host is this machine itself: what is sent there crosses no network."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


class Settings(BaseSettings):
    """What an operator may set, in `settings.toml` of the home or as `MATCHER_…` in the environment, which wins."""

    model_config = SettingsConfigDict(env_prefix="MATCHER_", extra="forbid", frozen=True)

    database_url: str | None = Field(
        None, description="SQLAlchemy address of the database; default: matcher.db in the home"
    )
    encryption: Literal["on", "off"] = Field("off", description="photos and embeddings are sealed; `init` turns it on")
    key_file: Path | None = Field(
        None, description="file of the master key, outside the home; default: where `init` makes it"
    )
    key_command: str | None = Field(None, description="command that prints the master key; goes before the file")
    top: int = Field(30, ge=1, le=LONGEST_LIST, description="length of a candidate list")
    target_fpir: float | None = Field(
        None, gt=0, lt=1, description="list only candidates that so few searches with an unrelated person would list"
    )
    comparable_score: Literal["cosine", "s-norm", "centred-s-norm", "whitened-s-norm"] = Field(
        "whitened-s-norm", description="how scores are made comparable between faces, from the next reindex on"
    )
    threads: int = Field(1, ge=0, le=256, description="threads for one photo or search; 0: one per core")
    photos_at_once: int = Field(
        0, ge=0, le=256, description="photos in which faces are looked for at one time in a process; 0: one per core"
    )
    models_dir: Path | None = Field(None, description="folder of the face models; default: models/ in the home")
    snapshots_kept: int = Field(
        3, ge=1, le=1000, description="snapshots that a reindex leaves behind per embedding space"
    )
    snapshots_in_clear: bool = Field(
        False, description="write snapshots in the clear, which saves memory: the disk is encrypted by its operator"
    )
    clock_brake_days: float = Field(
        3, gt=0, description="days from the last night beyond which the clock is asked about before anything is removed"
    )
    shadow_minutes: float = Field(
        120, gt=0, description="minutes that a night spends on embedding by models that are being prepared"
    )
    travel_kmh: float = Field(900, gt=0, description="speed above which a journey is flagged as implausible")
    session_hours: float = Field(12, gt=0, le=168, description="hours after which an unused sign-in ends")
    list_length: int = Field(30, ge=1, le=200, description="candidates that a reviewer is shown for one face")
    second_look_rate: float = Field(
        0.2, ge=0, le=1, description="share of lists without a pick that a second person is asked"
    )
    pair_reviewers: int = Field(2, ge=2, le=9, description="blind verdicts that decide about a pair")
    lease_minutes: float = Field(30, gt=0, le=1440, description="how long a reviewer holds a task")
    urgent_lease_minutes: float = Field(10, gt=0, le=1440, description="how long a reviewer holds an urgent task")
    claims_held: int = Field(5, ge=1, le=500, description="tasks that one person holds at a time at most")
    urgent_hours: float = Field(48, ge=0, description="how long after a sighting its tasks are urgent")
    control_rate: float = Field(0.05, ge=0, le=1, description="share of pairs whose truth is known, to measure errors")
    break_minutes: float = Field(50, gt=0, le=1440, description="minutes of work after which a break is proposed")
    bystander_days: float = Field(
        30, ge=1, description="days after which the vectors of faces beside the one meant on a sighting are erased"
    )
    sighting_days: float = Field(
        180,
        ge=1,
        description="days after which a sighting goes, unless a pair is open, confirmed or ended with its case",
    )
    located_days: float = Field(30, ge=1, description="days after its end at which a located child's case is erased")
    closed_days: float = Field(90, ge=1, description="days after its end at which any other case is erased")
    erasure_list: Path | None = Field(
        None, description="file outside the home that lists what was erased; default: in your state folder"
    )
    audit_days: int = Field(
        1095, ge=YOUNGEST_REMOVED_DAYS, le=36500, description="days after which audit entries may be removed"
    )
    backend: str = Field(DEFAULT_BACKEND, description="face models: DETECTOR+RECOGNISER, or face-recognition")
    smtp_host: str | None = Field(None, min_length=1, description="mail server; none: no e-mail is sent")
    smtp_port: int | None = Field(None, ge=1, le=65535, description="its port; default: 587, 465 or 25 by security")
    smtp_user: str | None = Field(None, min_length=1, description="name to sign in to the mail server with")
    smtp_password: SecretStr | None = Field(None, min_length=1, description="password of that name")
    smtp_security: Literal["starttls", "tls", "none"] = Field("starttls", description="how the mail server is reached")
    mail_from: str | None = Field(
        None, pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+$", description="address that e-mail comes from"
    )
    webhook_url: str | None = Field(None, description="https address that is told what happens; none: nothing is")
    webhook_secret: SecretStr | None = Field(None, min_length=16, description="secret that signs what it is told")
    desk_url: str | None = Field(None, pattern=r"^https?://[^\s<>]+$", description="where people open the desk")

    backup_dir: Path | None = Field(None, description="folder of the backups that are made every night")
    key_backup_dir: Path | None = Field(None, description="folder that keeps the newest keys, apart from the backups")
    backups_kept: int = Field(7, ge=1, le=10_000, description="backups that are kept in a folder")

    @field_validator("key_file", "key_command", mode="before")
    @classmethod
    def _none_if_empty(cls, given: object) -> object:
        return given or None

    @field_validator("key_file")
    @classmethod
    def _at_one_place(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_absolute():
            raise ValueError("it must be a whole path, which begins at the root")
        return path

    @field_validator("webhook_url")
    @classmethod
    def _reached_safely(cls, url: str | None) -> str | None:
        if url is not None:
            parts = urlsplit(url)
            if parts.scheme != "https" and not (parts.scheme == "http" and is_here(parts.hostname)):
                raise ValueError("it must begin with https://, or name this machine")
            if not parts.hostname or parts.username is not None or not re.fullmatch("[!-~]+", url) or parts.port == 0:
                raise ValueError("it must be https://HOST/PATH in plain letters, without a name and a password")
        return url

    @model_validator(mode="after")
    def _whole(self) -> Settings:
        """Half a configuration would tell nobody and say nothing about it."""
        without_use = [(secret, given) for given, secret in _SECRETS.items()]
        for given, absent in [("smtp_host", "mail_from"), ("mail_from", "smtp_host"), *without_use]:
            if getattr(self, given) is not None and getattr(self, absent) is None:
                raise ValueError(f"'{given}' needs '{absent}': set both or neither")
        if self.smtp_user and self.smtp_host is None:
            raise ValueError("'smtp_user' needs 'smtp_host'")
        if self.smtp_user and self.smtp_security == "none" and not is_here(self.smtp_host):
            raise ValueError("'smtp_password' would travel in the open: set 'smtp_security' to starttls or tls")
        return self

    def lacking_secrets(self) -> list[str]:
        """What would have to be set for messages to be sent, in the words of an error."""
        return [
            f"'{given}' needs '{secret}': set it, or MATCHER_{secret.upper()} in the environment"
            for given, secret in _SECRETS.items()
            if getattr(self, given) is not None and getattr(self, secret) is None
        ]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _settings_file.get())


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
        told = _settings_file.set(self.settings_file)
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
            _settings_file.reset(told)

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
