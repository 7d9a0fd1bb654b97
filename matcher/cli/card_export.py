"""`matcher card export`: cards as files."""

from __future__ import annotations

import multiprocessing
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from matcher.cli.app import App, home_option, no_actor_option, private, require_new, say
from matcher.cli.session import signed_in
from matcher.cli.words import language_option, reader_of, wanted_language
from matcher.domain.codes import parse_code, spoken
from matcher.domain.people import Language
from matcher.domain.publications import CODE_LETTERS, CardId, Publication
from matcher.errors import MatcherError, SomeRefused, WrongUse

if TYPE_CHECKING:
    from matcher.services.context import Context
    from matcher.services.handing_out import Rendering

_FORMS = ("png", "square", "pdf", "html", "json")
_FEW = 8  # cards that are made sooner than other processes have started
_AT_ONCE = 8  # cards that a process is handed at a time
_NAMED = 5  # cards that a message names


@click.command("export")
@click.argument("card_id", metavar="[CARD]", required=False)
@click.option("--all", "every", is_flag=True, help="All cards that the public sees now, one file each, into a folder.")
@click.option(
    "--output", type=click.Path(path_type=Path), required=True, help="The new file; with --all a folder of new files."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMS),
    default="png",
    show_default=True,
    help="png for message boxes, square for posts, pdf a poster on A4, html one page, json for programs.",
)
@language_option
@click.option(
    "--font",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True),
    help="A font file that is asked for letters before the machine's own.",
)
@click.option("--overwrite", is_flag=True, help="Replace files that are there already.")
@click.option("--processes", type=click.IntRange(1, 64), help="At most so many at once; default: one per core.")
@no_actor_option
@home_option
@click.pass_obj
def export(app: App, /, card_id: str | None, every: bool, output: Path, **given: Any) -> None:
    """Write CARD, by its code or id, as a file; only what the public sees now is given out."""
    if every == (card_id is not None):
        raise click.UsageError("Name one CARD, or say --all.")
    from matcher.services.handing_out import CardForm, live_cards

    with app.open() as matcher:
        acting = signed_in(matcher)
        how = _rendering(given, wanted_language(given["language"], acting))
        if card_id is not None and not given["overwrite"]:
            require_new(output)
        found = live_cards(matcher.context, acting, CardForm(given["form"]), card_id)
        if card_id is not None:
            _write_one(matcher.context, found[0].id, how, output)
            return
        writing = Writing(matcher.context, how, output, given["overwrite"])
        writing.all(found, given["processes"] or os.cpu_count() or 1)


def _rendering(given: dict[str, Any], language: Language) -> Rendering:
    """What is to be made; data for programs holds both languages unless one is named."""
    from matcher.services.handing_out import CardForm, Rendering

    form = CardForm(given["form"])
    both = form is CardForm.JSON and given["language"] is None
    return Rendering(form, tuple(map(reader_of, Language if both else [language])), given["font"])


def _write_one(context: Context, card: CardId, how: Rendering, output: Path) -> None:
    from matcher.services.handing_out import card_file

    if output.is_dir():
        raise WrongUse(f"'{output}' is a folder: name the file that is to be written.")
    _put(output, card_file(context, card, how))
    say(f"Written: {output}", err=True)


class Writing:
    """All cards into one folder."""

    def __init__(self, context: Context, how: Rendering, folder: Path, overwrite: bool) -> None:
        self._context, self._how, self._folder, self._overwrite = context, how, folder, overwrite

    def all(self, found: Sequence[Publication], processes: int) -> None:
        """Write them; `SomeRefused` if some could not be made. Files of cards that are over are named."""
        named = {one.id: self._folder / f"{spoken(one.code)}.{self._how.form.ending}" for one in found}
        if not self._overwrite:
            for path in named.values():
                require_new(path)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise WrongUse(f"'{self._folder}' cannot be a folder ({error.strerror}): name another one.") from error
        refused: dict[str, list[str]] = defaultdict(list)
        made = self._alone(named) if processes == 1 or len(named) <= _FEW else self._together(named, processes)
        for done, (path, problem) in enumerate(made, start=1):
            if problem is not None:
                refused[problem].append(path.name)
            if self._context.progress:
                self._context.progress("writing cards", done, len(named))
        written = len(named) - sum(map(len, refused.values()))
        say(f"Written: {written} cards into {self._folder}", err=True)
        self._name_others({spoken(one.code) for one in found})
        for problem, names in refused.items():
            say(f"{_list(names)}: {problem}", err=True)
        if refused:
            raise SomeRefused(f"Cards that could not be written: {len(named) - written}, named above.")

    def _alone(self, named: dict[CardId, Path]) -> Iterator[tuple[Path, str | None]]:
        for card, path in named.items():
            yield path, _made(self._context, self._how, card, path)

    def _together(self, named: dict[CardId, Path], processes: int) -> Iterator[tuple[Path, str | None]]:
        languages = tuple(Language(reader.language) for reader in self._how.readers)
        plan = (self._context.home.root, self._how.form.value, languages, self._how.font)
        fresh = multiprocessing.get_context("spawn")  # a fork would bring along locks that nobody releases
        with ProcessPoolExecutor(processes, fresh, _begin, plan) as pool:
            problems = pool.map(_in_process, named, named.values(), chunksize=_AT_ONCE)
            yield from zip(named.values(), problems, strict=True)

    def _name_others(self, live: set[str]) -> None:
        """A file that was written before and whose card is not shown any more would go on looking for the child."""
        codes = {path.name.partition(".")[0] for path in self._folder.iterdir()}
        over = sorted(code for code in codes - live if code == spoken(parse_code(code, CODE_LETTERS) or ""))
        if over:
            say(f"Note: in '{self._folder}' lie files of cards that are over, {_list(over)}: delete them.", err=True)


_worker: tuple[Context, Rendering] | None = None  # of this process


def _begin(home: Path, form: str, languages: Sequence[Language], font: Path | None) -> None:
    global _worker  # noqa: PLW0603 - a process of a pool has no other place to keep what it opened
    from matcher.config import Home
    from matcher.services.context import Context
    from matcher.services.handing_out import CardForm, Rendering

    _worker = Context(Home(home)), Rendering(CardForm(form), tuple(map(reader_of, languages)), font)


def _in_process(card: CardId, path: Path) -> str | None:
    if _worker is None:
        raise RuntimeError("the process was not begun")
    return _made(*_worker, card, path)


def _made(context: Context, how: Rendering, card: CardId, path: Path) -> str | None:
    """Write a card; why that cannot be done, if it cannot."""
    from matcher.services.handing_out import card_file

    try:
        _put(path, card_file(context, card, how))
    except MatcherError as error:
        return str(error)
    return None


def _put(path: Path, data: bytes) -> None:
    """Write a file whole: the old or the new one, never between. What is no file, such as a pipe, is written to."""
    if path.exists() and not path.is_file():
        with private(path, "wb") as stream:
            stream.write(data)
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with private(beside, "wb") as file:
            file.write(data)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
