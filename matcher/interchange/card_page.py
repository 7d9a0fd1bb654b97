"""A card as one HTML page that needs nothing else: for telephones, screens of any width, and screen readers."""

from __future__ import annotations

import base64
import re
from html import escape

from matcher.images.crops import to_jpeg
from matcher.images.portraits import portrait
from matcher.interchange.card_sheet import CardSheet, Line
from matcher.interchange.qr import qr_svg

_PHOTO = (800, 960)  # pixels

_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #eceae6; color: #1b2026;
  font: 18px/1.45 system-ui, "Segoe UI", "Helvetica Neue", Arial, "PingFang SC", "Noto Sans CJK SC", sans-serif; }
main { max-width: 60rem; margin: 0 auto; background: #fff; overflow-wrap: anywhere; }
header { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 0 1.5rem;
  padding: .7rem 1.4rem; background: #a61b1b; color: #fff; }
.missing { margin: 0; font-size: 2.6rem; line-height: 1.2; font-weight: 700; letter-spacing: .03em; }
.number { margin: 0; font-size: 1.2rem; }
.child { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1.05fr); }
figure { margin: 0; background: #2a3037; color: #fff; }
img { display: block; width: 100%; height: auto; }
figcaption { padding: .6rem 1.4rem; font-size: .95rem; }
.told { padding: 1rem 1.4rem 1.4rem; }
h1 { margin: 0; font-size: 2.3rem; line-height: 1.2; }
.about { margin: .3rem 0 1rem; color: #a61b1b; font-size: 1.2rem; }
dl { margin: 0; } dt { color: #545c66; font-size: .85rem; } dd { margin: 0 0 .7rem; font-size: 1.1rem; }
footer { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 1.4rem; align-items: start;
  padding: 1rem 1.4rem 1.2rem; background: #12395b; color: #fff; }
footer p { margin: 0 0 .5rem; } .call { color: #d6e4f0; }
.phone { font-size: 2.9rem; line-height: 1.15; font-weight: 700; }
a { color: #fff; } a:focus-visible { outline: 3px solid #fff; outline-offset: 3px; }
.phone a { text-decoration: none; }
.code { display: block; width: 9.5rem; height: 9.5rem; border-radius: .4rem; }
.valid { grid-column: 1 / -1; color: #d6e4f0; font-size: .85rem; }
@media (max-width: 40rem) { .child, footer { grid-template-columns: minmax(0, 1fr); } .code { margin-bottom: .8rem; } }
@page { size: A4; margin: 0; }
@media print { body { background: #fff; font-size: 13pt; } main { max-width: none; }
  header, figure, footer { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
# A page that is opened from a disk has no server to forbid anything.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def card_page(sheet: CardSheet) -> str:
    """The page as text: no script, every word escaped, the photo inside; the number and the address are links."""
    title = escape(f"{sheet.title}: {sheet.name}")
    page = (
        f'<!doctype html>\n<html lang="{escape(sheet.language)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body><main>\n"
        f'<header><p class="missing">{escape(sheet.title)}</p><p class="number">{escape(sheet.code)}</p></header>\n'
        f'<div class="child">{_figure(sheet)}\n<div class="told">{_told(sheet)}</div></div>\n{_footer(sheet)}\n'
        "</main></body></html>\n"
    )
    return page.encode("utf-8", "replace").decode("utf-8")  # halves of letters cannot be written to a file


def _figure(sheet: CardSheet) -> str:
    face = sheet.face
    around = None if face is None else (face.left, face.top, face.right, face.bottom)
    data = base64.b64encode(to_jpeg(portrait(sheet.photo, sheet.code, _PHOTO, around))).decode("ascii")
    width, height = _PHOTO
    return (
        f'<figure><img alt="{escape(sheet.photo_says)}" width="{width}" height="{height}" '
        f'src="data:image/jpeg;base64,{data}"><figcaption>{escape(sheet.photo_note)}</figcaption></figure>'
    )


def _told(sheet: CardSheet) -> str:
    about = f'<p class="about">{escape(sheet.about)}</p>' if sheet.about else ""
    facts = "".join(map(_fact, sheet.lines))
    return f"<h1>{escape(sheet.name)}</h1>{about}" + (f"<dl>{facts}</dl>" if facts else "")


def _fact(line: Line) -> str:
    return f"<dt>{escape(line.heading)}</dt><dd>{escape(line.text)}</dd>"


def _footer(sheet: CardSheet) -> str:
    address = escape(sheet.report_url)
    numbers = " / ".join(map(_number, re.split(r"\s*[/;、]\s*", sheet.phone)))
    return (
        f'<footer><div><p class="call">{escape(sheet.call)}</p><p class="phone">{numbers}</p>'
        f"<p>{escape(sheet.advice)}</p>"
        f'<p>{escape(sheet.report_page)}<br><a href="{address}" rel="noreferrer">{address}</a></p></div>'
        f'{qr_svg(sheet.report_url, sheet.report)}<p class="valid">{escape(sheet.valid)}</p></footer>'
    )


def dialled(told: str) -> str:
    """What is dialled of a telephone number as people write it."""
    return re.sub(r"[^0-9+]", "", told)


def _number(told: str) -> str:
    """A telephone number that can be touched; words beside it are left as they are."""
    number = dialled(told)
    return f'<a href="tel:{number}">{escape(told)}</a>' if number else escape(told)
