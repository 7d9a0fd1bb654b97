"""The demo's page: every sighting beside the first candidates of its list, in one file without links to elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matcher.demo.cast import Cast, DemoCase, DemoSighting
from matcher.images.crops import thumbnail, to_jpeg
from matcher.images.decode import open_image
from matcher.services.context import Context
from matcher.services.sheets import stored_face_picture
from matcher.services.views import NOTICE, CandidateView, FaceCandidates

_SHOWN = 5  # candidates per sighting
_SIDE = 168  # of a face on the page, px; twice the size shown, for fine screens

_STYLE = """
:root { --ink: #1f2328; --grey: #6a6f76; --rule: #dfddd8; --paper: #fbfbfa; --card: #fff; --right: #1a7f4b; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e6e3; --grey: #a3a09a; --rule: #3a3936; --paper: #1b1b1a; --card: #242422; --right: #4fc587; }
}
body { margin: 0 auto; max-width: 72rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } p { margin: .25rem 0; } .grey { color: var(--grey); }
article { display: grid; grid-template-columns: 15rem 1fr; gap: 1.5rem; padding: 1.25rem 0;
  border-top: 1px solid var(--rule); }
figure { margin: 0; } img { display: block; border-radius: 6px; } .whole { max-width: 100%; max-height: 14rem; }
ol { display: flex; flex-wrap: wrap; gap: .9rem; margin: 0; padding: 0; list-style: none; }
li { width: 7.6rem; padding: .5rem; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; }
li img { width: 100%; } li.right { border: 2px solid var(--right); }
li b, li span { display: block; font-size: .82rem; } li span { color: var(--grey); }
@media (max-width: 40rem) { article { grid-template-columns: 1fr; } }
"""


def write_page(
    context: Context,
    path: Path,
    cast: Cast,
    outcomes: Iterable[tuple[DemoSighting, FaceCandidates | None, int | None]],
) -> None:
    """Write the page; the right case, which only a demo knows, has a green frame."""
    cases = {case.number: case for case in cast.cases}
    articles = "".join(_article(context, path.parent, cases, *outcome) for outcome in outcomes)
    notice = escape(f"{NOTICE[0].upper()}{NOTICE[1:]}.")
    path.write_text(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>sighting-matcher demo</title><style>{_STYLE}</style>"
        f"<h1>Sightings and the first {_SHOWN} candidates of each</h1><p>{notice}</p>"
        "<p class=grey>All children are drawn. The green frame marks the child that really is on the photo: only a "
        "demo knows that. Reviewers see no rank, similarity or name before they have judged.</p>"
        f"{articles}</html>",
        encoding="utf-8",
    )


def _article(
    context: Context,
    folder: Path,
    cases: Mapping[str, DemoCase],
    told: DemoSighting,
    face: FaceCandidates | None,
    rank: int | None,
) -> str:
    data = (folder / "photos" / told.file).read_bytes()
    whole = thumbnail(open_image(data, told.file).pixels(), 480)
    words = f"{told.seen_at:%Y-%m-%d}, {told.place}. {told.note}"
    listed = face.candidates[:_SHOWN] if face else ()
    tiles = "".join(_tile(context, cases[found.case_id], found, told.truth) for found in listed)
    meaning = escape(listed[0].sentence or "") if listed else ""
    body = (
        f"<ol>{tiles}</ol><p class=grey>1: {meaning}</p>"
        if tiles
        else "<p class=grey>No usable face: kept for people to look at.</p>"
    )
    return (
        f"<article><figure><img class=whole alt='Sighting' src='{_embedded(whole)}'><figcaption class=grey>"
        f"{escape(words)}</figcaption></figure><div><p>{escape(_verdict(told, rank))}</p>{body}</div></article>"
    )


def _verdict(told: DemoSighting, rank: int | None) -> str:
    if told.truth is None:
        return "Nobody who is registered is on this photo: every candidate is wrong, as people must expect."
    where = f"at place {rank}" if rank else "not in the list"
    return f"Really {told.truth}, seen {told.years_later:g} years after going missing: {where}."


def _tile(context: Context, case: DemoCase, found: CandidateView, truth: str | None) -> str:
    picture = _embedded(thumbnail(stored_face_picture(context, found.photo_face), _SIDE))
    cautions = ", ".join(flag.value.replace("_", " ") for flag in found.flags)
    marked = " class=right" if found.case_id == truth else ""
    return (
        f"<li{marked}><img alt='Case {escape(case.number)}' src='{picture}'><b>{found.rank}. {escape(case.number)}</b>"
        f"<span>{escape(case.details.name or '')}</span><span>similarity {found.similarity:.3f}</span>"
        f"<span>{escape(cautions)}</span></li>"
    )


def _embedded(image: NDArray[np.uint8]) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(to_jpeg(image)).decode()}"
