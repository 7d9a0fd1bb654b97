"""Where the master key of a home lies: chosen when the home is made, kept in its settings."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from matcher.config import Home, Settings, default_key_file
from matcher.crypto.masterkey import KeySource, create_master_key
from matcher.errors import Conflict, WrongUse


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """What an operator says of where the key is to be; nothing: the environment if it has one, else the usual file."""

    file: Path | None = None
    command: str | None = None

    def __bool__(self) -> bool:
        return self.file is not None or self.command is not None


def key_source(home: Home, settings: Settings) -> KeySource:
    """Where the key of this home is looked for: environment, command, file, where the usual one counts as given."""
    file = settings.key_file or default_key_file(home.root)
    return KeySource(home.key_from_environment, settings.key_command, file)


def settle(home: Home, place: KeyPlace) -> KeySource:
    """Make sure that there is a key in a place, and keep the place in the home's settings.

    A file that is there is used and never replaced. `WrongUse` for a file within the home, `KeyProblem` for what holds
    no key; then the settings stay as they are.
    """
    if place.file is not None and place.command is not None:
        raise WrongUse("A key comes from a file or from a command: name one of them.")
    if not place and home.key_from_environment is not None:
        source = KeySource(text=home.key_from_environment)
        source.load()
        return source
    if place.command is not None:
        source = KeySource(command=place.command)
        source.load()
    else:
        source = KeySource(file=key_file(home, place.file))
    remember(home, source)
    return source


def remember(home: Home, source: KeySource) -> None:
    """Keep a source in the settings, instead of any other."""
    if source.file is not None:
        home.write_setting("key_file", str(source.file))
    if source.command is not None or home.settings().key_command is not None:
        home.write_setting("key_command", source.command or "")


def is_within(home: Home, path: Path) -> bool:
    """Whether a file lies in the home, where whoever takes the home takes it too."""
    return path.resolve().is_relative_to(home.root.resolve())


def key_file(home: Home, given: Path | None = None) -> Path:
    """The path of a file that holds a key, made if there is none; errors as in `settle`."""
    path = (given or home.settings().key_file or default_key_file(home.root)).absolute()
    if is_within(home, path):
        raise WrongUse(f"The key file '{path}' would lie in the home that it protects: name a file elsewhere.")
    if not path.exists():
        with suppress(Conflict):  # another process was faster
            create_master_key(path)
    KeySource(file=path).load()
    return path
