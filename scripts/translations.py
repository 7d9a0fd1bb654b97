"""Bring the Chinese translations up to date with the program: python scripts/translations.py [--check]

Collects every text of the web pages that people read (templates, `Wording("…")` in the code, words of enumerations),
writes them into the .po file beside their translations, drops those that are gone, and prints what lacks a translation:
edit the file, then run this again. With `--check` nothing is written, and anything to do ends with exit code 1.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from matcher.services.views import NOTICE
from matcher.web.languages import CHINESE, FOOTER
from matcher.web.pages import TEMPLATES
from matcher.web.vocabulary import ENUMERATIONS
from matcher.wording import english

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "matcher"
_JINJA = {"gettext": None, "_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3)}
_OPTIONS = {"silent": "false", "trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true"}
_HEADER = rb"""# Simplified Chinese of the desk: edit this file, then run scripts/translations.py.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\n"
"Language: zh_Hans\n"
"Plural-Forms: nplurals=1; plural=0;\n"

"""
_PLACEHOLDERS = re.compile(r"%\(\w+\)s|\{\w+\}|%%")


def current() -> Catalog:
    """All texts of the program as it is, none translated, in the order of files and lines."""
    catalog = Catalog(locale="zh_Hans", domain="desk", fuzzy=False)
    for place, text, context in (*_templates(), *_wordings(), *_words()):
        catalog.add(text, context=context, locations=[(place, 0)])
    return catalog


def _templates() -> Iterator[tuple[str, str | tuple[str, ...], str | None]]:
    for path in sorted(TEMPLATES.rglob("*.html")):
        with path.open("rb") as file:
            for _, text, _, context in extract(babel_extract, file, _JINJA, (), _OPTIONS):
                yield path.relative_to(ROOT).as_posix(), text, context


def _wordings() -> Iterator[tuple[str, str | tuple[str, ...], str | None]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        with path.open("rb") as file:
            for _, text, _, context in extract("python", file, {"Wording": None}):
                yield path.relative_to(ROOT).as_posix(), text, context
    for text in (FOOTER, NOTICE):
        yield "matcher/services/views.py", text, None


def _words() -> Iterator[tuple[str, str, str]]:
    for kind in ENUMERATIONS:
        for member in kind:
            yield kind.__module__.replace(".", "/") + ".py", english(member), kind.__name__


def kept() -> Catalog:
    """The file as it is."""
    with CHINESE.open("rb") as file:
        return read_po(file, locale="zh_Hans", domain="desk")


def messages(catalog: Catalog) -> dict[tuple[str | None, str | tuple[str, ...]], Message]:
    """The texts of a catalogue by their context and themselves."""
    found = {}
    for message in catalog:
        text = tuple(message.id) if isinstance(message.id, (list, tuple)) else message.id
        if text:
            found[message.context, text] = message
    return found


def problems(old: Catalog, new: Catalog) -> list[str]:
    """What is to be done, a line each: texts that are missing or gone, not translated, unsure, or with other parts."""
    have, need = messages(old), messages(new)
    found = [f"not in the file: {_shown(key)}" for key in need if key not in have]
    found += [f"gone from the program: {_shown(key)}" for key in have if key not in need]
    found += [f"an old leftover: {message.id}" for message in old.obsolete.values()]
    for key in need.keys() & have.keys():
        found += [f"{trouble}: {_shown(key)}" for trouble in _troubles(have[key])]
    return sorted(found)


def _troubles(message: Message) -> Iterator[str]:
    several = isinstance(message.id, (list, tuple))
    ids = list(message.id) if several else [message.id]
    told = list(message.string) if isinstance(message.string, (list, tuple)) else [message.string]
    if not all(told):
        yield "not translated"
        return
    if message.fuzzy:
        yield "marked as fuzzy"
    if any(sorted(_PLACEHOLDERS.findall(one)) != sorted(_PLACEHOLDERS.findall(ids[-1])) for one in told):
        yield "other placeholders than the English"
    if any(sign in one for one in (*ids, *told) for sign in "<>&"):
        yield "holds markup"


def _shown(key: tuple[str | None, str | tuple[str, ...]]) -> str:
    context, text = key
    return f"{text!r}" + (f" ({context})" if context else "")


def updated(old: Catalog, new: Catalog) -> Catalog:
    """The texts of `new` with the translations of `old`."""
    translations = messages(old)
    for key, message in messages(new).items():
        if key in translations:
            message.string = translations[key].string
    return new


def written(catalog: Catalog) -> bytes:
    """The file of a catalogue, the same whenever and by whatever version of Babel it is made."""
    body = BytesIO()
    write_po(body, catalog, width=120, include_lineno=False, omit_header=True)
    return _HEADER + body.getvalue()


def main(check: bool) -> int:
    old = kept() if CHINESE.exists() else Catalog(locale="zh_Hans")
    new = current()
    if not check:
        gone = [line for line in problems(old, new) if line.startswith(("gone", "an old"))]
        print(*gone, sep="\n", end="\n" if gone else "")
        new = updated(old, new)
        CHINESE.write_bytes(written(new))
        old = kept()
    left = problems(old, current())
    print(*left, sep="\n", end="\n" if left else "")
    print(f"{len(messages(current()))} texts, {len(left)} to do in {CHINESE.relative_to(ROOT)}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
