"""What all commands share: the home, who acts, progress, and output for people or as JSON."""

from __future__ import annotations

import getpass
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, timezone
from enum import Enum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from matcher.errors import WrongUse

if TYPE_CHECKING:
    from matcher.engine import Matcher

_Function = TypeVar("_Function", bound=Callable[..., Any])

# Control characters and those that turn the direction of writing: on a terminal they do things, or hide them.
_COMMANDS = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]")


@dataclass
class App:
    """What the command line knows before a command runs."""

    home: Path | None = None
    debug: bool = False

    @contextmanager
    def open(self) -> Iterator[Matcher]:
        """The home, opened, with a progress bar on a terminal."""
        from matcher.engine import Matcher

        with progress_bar() as progress, Matcher.open(self.home, progress=progress) as matcher:
            yield matcher


def _remember_home(ctx: click.Context, _parameter: click.Parameter, value: Path | None) -> None:
    app = ctx.ensure_object(App)
    if value is not None:
        app.home = value


home_option = click.option(
    "--home",
    is_eager=True,  # who is signed in there is the default of --actor
    type=click.Path(path_type=Path, file_okay=False),
    callback=_remember_home,
    expose_value=False,
    help="The home folder; default: $MATCHER_HOME, else your data folder.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


def key_place_options(function: _Function) -> _Function:
    """`--key-file` and `--key-command`: where the master key of an encrypted home is to come from."""
    whole = click.Path(path_type=Path, dir_okay=False, resolve_path=True)
    file = click.option("--key-file", type=whole, help="The key's file, outside the home; made if there is none.")
    return file(click.option("--key-command", help="A command that prints the key.")(function))


yes_option = click.option("--yes", is_flag=True, help="Do not ask.")

reason_option = click.option("--reason", help="Why, in your own words.")


def who_options(function: _Function) -> _Function:
    """`--actor`, by default who is signed in or else the login name, and `--reason`."""
    shown_default = "who is signed in, else the login name"
    actor = click.option("--actor", default=_actor, show_default=shown_default, help="Who acts; kept in the audit log.")
    return actor(reason_option(function))


def no_actor_option(function: _Function) -> _Function:
    """Refuse `--actor` where only a signed-in account may decide."""
    refused = click.option("--actor", hidden=True, expose_value=False, callback=_refuse_actor)
    return refused(function)


def _refuse_actor(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        raise click.UsageError("This is decided by a signed-in account only: `matcher login NAME`, without --actor.")


def ask(question: str, yes: bool) -> None:
    """Go on only if somebody agrees, or said `--yes`."""
    if not yes:
        click.confirm(shown(question), abort=True, err=True)


def kept_sign_in(home: Path) -> tuple[str, str] | None:
    """The token and the name of this user's sign-in to a home, whether or not it still holds."""
    from matcher.config import sign_in_file

    try:
        token, name = sign_in_file(home).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return None
    return token, name


def _actor() -> str:
    """The name of the sign-in, else the login name: neither proves anything, both say who is asked about it."""
    from matcher.config import Home

    home = click.get_current_context().ensure_object(App).home or Home.default()
    kept = kept_sign_in(home)
    return kept[1] if kept is not None else login_name()


def login_name() -> str:
    """The name under which the user is logged in to the machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise click.UsageError("Your login name cannot be found: give --actor.") from error


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None] | None]:
    """A callback (what, done, total) that draws a bar on a terminal; `None` where standard error is none."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield show


def plain(value: Any) -> Any:
    """A result as JSON's types: dataclasses by field, words of enumerations, ISO dates; arrays are left out."""
    if hasattr(value, "as_ofiq"):
        value = value.as_ofiq()  # the names that the standard gives the measures
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(getattr(value, field.name)) for field in fields(value) if _is_plain(value, field.name)
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _is_plain(owner: Any, name: str) -> bool:
    # Embeddings are biometric data: they leave through the library only, never through a terminal.
    return not hasattr(getattr(owner, name), "dtype")


def print_json(value: Any) -> None:
    """One JSON document on standard output; characters that cannot be written there are escaped."""
    document = plain(value)
    written = json.dumps(document, ensure_ascii=False, indent=2)
    try:
        written.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        written = json.dumps(document, indent=2)
    click.echo(written)


def say(text: object, *, err: bool = False) -> None:
    """A line for people, in which nothing that others wrote can command the terminal."""
    click.echo(shown(text), err=err)


@contextmanager
def new_private(path: Path, mode: str = "w", **how: Any) -> Iterator[IO[Any]]:
    """As `private`, for a file that must not be there yet, and is not if what is written to it fails.

    A pipe or a terminal holds nothing that could be lost.
    """
    require_new(path)
    stream = path.exists()
    with private(path, mode if stream else mode.replace("w", "x"), **how) as file:
        try:
            yield file
        except BaseException:
            if not stream:
                path.unlink(missing_ok=True)
            raise


def require_new(path: Path) -> None:
    """`WrongUse` for a file that is there: people may have written in it, or it may be evidence."""
    if path.is_file():
        raise WrongUse(f"'{path}' is there already: name a new file.")


@contextmanager
def private(path: Path, mode: str = "w", **how: Any) -> Iterator[IO[Any]]:
    """Open a file for writing that only its owner may read: there are children in it. `WrongUse` where none can be."""
    try:
        with open(path, mode, opener=lambda name, flags: os.open(name, flags, 0o600), **how) as file:
            if path.is_file():  # and no terminal or pipe; it may have been there before, open to others
                path.chmod(0o600)
            yield file
    except OSError as error:
        raise WrongUse(f"'{path}' cannot be written ({error.strerror}): name another file.") from error


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """Aligned columns on standard output, or a sentence when there are no rows."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    if not table.rows:
        click.echo(empty)
        return
    # In a pipe there is no width to fit into, and a cut cell would be lost.
    Console(width=None if sys.stdout.isatty() else 240, highlight=False).print(table)


def shown(value: object) -> str:
    """A cell for people: a dash for no data, minutes for times, words for enumerations, no control characters."""
    if value is None:
        return "–"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, tuple):
        return ", ".join(shown(item) for item in value)
    return _COMMANDS.sub(lambda found: " " if found[0].isspace() else "\ufffd", str(value))
