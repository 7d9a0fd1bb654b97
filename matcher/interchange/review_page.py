"""A comparison as one HTML page that needs nothing else and prints on paper."""

from __future__ import annotations

import base64
from html import escape

from matcher.interchange.review_sheet import Compared, FeatureLine, ReviewSheet

_STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 52rem; padding: 2rem 1.25rem 3rem; color: #1f2328; background: #fff;
  font: 16px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, "Noto Sans", "Noto Sans CJK SC", sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .4rem; }
.notice { border-left: 4px solid #b45f1d; padding: .3rem .8rem; margin: 0 0 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1.2rem; margin: 0 0 1rem; }
dt, figcaption, th { color: #57606a; } dd { margin: 0; overflow-wrap: anywhere; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: .9rem; margin: 0 0 1.2rem; }
h2 { font-size: 1.05rem; margin: 0 0 .3rem; } figure { margin: 0 0 .7rem; } figcaption { font-size: .85rem; }
img { display: block; width: 100%; background: #ecebe8; } img.whole { max-height: 22rem; object-fit: contain; }
table { border-collapse: collapse; width: 100%; font-size: .94rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #dfddd8; }
td { overflow-wrap: anywhere; white-space: pre-line; } td:nth-child(-n+2) { min-width: 6.5rem; }
.verdict { font-weight: 600; } .note { white-space: pre-line; overflow-wrap: anywhere; }
@page { size: A4; margin: 15mm; }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } figure, tr { break-inside: avoid; }
  img.whole { max-height: 7cm; } thead { display: table-header-group; } }
"""
# A page that is opened from a disk has no server to forbid anything.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def review_page(sheet: ReviewSheet) -> str:
    """The page as text: no script, no link, every word escaped, pictures inside."""
    words = sheet.headings
    title = escape(words.title)
    body = [
        f"<h1>{title}</h1>",
        f'<p class="notice">{escape(sheet.notice)}</p>',
        f"<p>{escape(words.redacted)}</p>" if sheet.redacted else "",
        _about(sheet),
        f'<div class="pair">{_side(sheet, words.sighting, sheet.sighting)}'
        f"{_side(sheet, words.case_photo, sheet.case)}</div>",
        _features(sheet),
        _verdict(sheet),
    ]
    page = (
        f'<!doctype html>\n<html lang="{escape(sheet.language)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{_STYLE}</style></head>\n'
        "<body>\n" + "\n".join(filter(None, body)) + "\n</body></html>\n"
    )
    return page.encode("utf-8", "replace").decode("utf-8")  # halves of letters cannot be written to a file


def _about(sheet: ReviewSheet) -> str:
    items = "".join(f"<dt>{escape(heading)}</dt><dd>{escape(said)}</dd>" for heading, said in sheet.about)
    return f"<dl>{items}</dl>" if items else ""


def _side(sheet: ReviewSheet, heading: str, side: Compared) -> str:
    words = sheet.headings
    return (
        f"<section><h2>{escape(heading)}</h2>{_figure(heading, words.aligned, side.aligned, '')}"
        f"{_figure(heading, words.original, side.original, ' class=whole')}</section>"
    )


def _figure(heading: str, caption: str, jpeg: bytes, style: str) -> str:
    data = base64.b64encode(jpeg).decode("ascii")
    return (
        f'<figure><img{style} alt="{escape(heading)}: {escape(caption)}" src="data:image/jpeg;base64,{data}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _features(sheet: ReviewSheet) -> str:
    words = sheet.headings
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in (words.feature, words.likeness, words.note))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(map(_feature, sheet.features))}</tbody></table>"


def _feature(line: FeatureLine) -> str:
    cells = (line.name, line.likeness or "–", line.note or "")
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _verdict(sheet: ReviewSheet) -> str:
    said = (
        ""
        if sheet.verdict is None
        else f'<p class="verdict">{escape(f"{sheet.headings.verdict}: {sheet.verdict}")}</p>'
    )
    noted = "" if not sheet.note else f'<p class="note">{escape(f"{sheet.headings.note}: {sheet.note}")}</p>'
    return said + noted
