"""What an operator may set, in a file or in the environment."""

from __future__ import annotations

import ipaddress
import re
from contextvars import ContextVar
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

LONGEST_LIST = 10_000  # places of a candidate list
YOUNGEST_REMOVED_DAYS = 180  # of the audit log: six months are kept whatever is set
DEFAULT_BACKEND = "mmod+dlib-resnet-v1"


# The file that settings are being read from: a class of settings for each home would take longer to make than the
# settings take to read.
settings_file: ContextVar[Path | None] = ContextVar("settings_file", default=None)

# The secret of each way out is needed only where messages are sent: commands of other processes do without.
_SECRETS = {"smtp_user": "smtp_password", "webhook_url": "webhook_secret"}


def is_here(host: str | None) -> bool:
    """Whether a host is this machine itself: what is sent there crosses no network."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def webhook_problem(url: str) -> str | None:
    """Why nothing can be sent to an address safely: it crosses networks in the open, or is none; `None`: it can."""
    try:
        parts = urlsplit(url)
        whole = bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        whole = False
    if not whole or not re.fullmatch("[!-~]+", url):
        return "it must be https://HOST/PATH in plain letters, without a name and a password"
    if parts.scheme != "https" and not (parts.scheme == "http" and is_here(parts.hostname)):
        return "it must begin with https://, or name this machine"
    return None


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
    card_days: float = Field(90, gt=0, le=3650, description="days for which an approved card is shown")
    alert_days: float = Field(7, gt=0, le=365, description="days after which an alert ends by itself")
    reports_per_hour: int = Field(
        20,
        ge=1,
        description="reports from one address within an hour, beyond which each waits for a person; ten times as many "
        "are taken at most",
    )
    partner_reports_per_hour: int = Field(
        5000, ge=1, description="reports that are taken by the key of a partner or institution within an hour"
    )
    contact_days: float = Field(90, gt=0, description="days after which how to reach a reporter is erased")
    refused_days: float = Field(14, gt=0, description="days after which a report that people refused is erased")
    public_zone: str = Field("Asia/Shanghai", description="time zone in which the public tells when a child was seen")
    public_url: str | None = Field(
        None, pattern=r"^https?://[^\s<>]+$", description="where the public finds cards and the form for sightings"
    )
    public_name: str | None = Field(
        None, min_length=1, max_length=100, description="office that issues alerts, as the public is told"
    )
    public_emergency: str = Field(
        "110", min_length=2, max_length=20, description="number of the police that the public is to call in danger"
    )
    public_phone: str | None = Field(
        None, min_length=3, max_length=40, description="number on cards that the public is to call"
    )
    send_messages: bool = Field(
        True, description="whether anything is sent to partners, by e-mail and by webhook; off in a restored home"
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

    @field_validator("public_zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"'{zone}' is no time zone such as Asia/Shanghai") from error
        return zone

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
        problem = None if url is None else webhook_problem(url)
        if problem is not None:
            raise ValueError(problem)
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
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, settings_file.get())
