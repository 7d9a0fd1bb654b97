"""The demo's people: invented children, the cases about them, and sightings whose right answer is known.

Nothing is drawn until a photo's `jpeg` is asked for, so a cast is made at once. All dates lie before 2025-07.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta, timezone
from enum import Enum
from typing import Any

import numpy as np

from matcher.demo.identity import Identity, View, random_view
from matcher.demo.render import Image, render_group, render_photo, render_scene_without_face
from matcher.demo.scenery import clothes
from matcher.domain.cases import CaseDetails, Circumstance, LegalBasis, Sex
from matcher.domain.positions import Position
from matcher.domain.records import HowSeen
from matcher.errors import WrongUse
from matcher.images.crops import to_jpeg

_END = date(2025, 6, 1)
_YEAR = 365.25
_CITIES = (
    ("Beijing", 39.9042, 116.4074),
    ("Chengdu", 30.5728, 104.0668),
    ("Guangzhou", 23.1291, 113.2644),
    ("Xi'an", 34.3416, 108.9398),
    ("Wuhan", 30.5928, 114.3055),
    ("Kunming", 25.0389, 102.7183),
    ("London", 51.5074, -0.1278),
    ("Manchester", 53.4808, -2.2426),
    ("Toronto", 43.6532, -79.3832),
    ("Melbourne", -37.8136, 144.9631),
)
_SPOTS = ("railway station", "market", "school gate", "park", "shopping centre", "bus stop", "riverside", "hospital")
_CHINESE = ("Chen", "Lin", "Zhou", "Wu", "Xu", "Sun", "Gao", "Luo", "Tang", "Deng")
_CHINESE_GIRLS = ("Xiaoyu", "Meilin", "Jiayi", "Siqi", "Yutong", "Ruoxi", "Anqi", "Wanting")
_CHINESE_BOYS = ("Haoran", "Zihan", "Junjie", "Mingze", "Yichen", "Bowen", "Tianyu", "Zhiyuan")
_ENGLISH = ("Ashdown", "Bramley", "Carrow", "Dunmore", "Elsworth", "Farrow", "Garside", "Hollis", "Larkin", "Mossman")
_ENGLISH_GIRLS = ("Amara", "Beth", "Clara", "Daisy", "Ella", "Freya", "Hope", "Iris", "Maya", "Nell")
_ENGLISH_BOYS = ("Adam", "Ben", "Caleb", "Dylan", "Ewan", "Finn", "Jonah", "Kofi", "Leo", "Noah")


@dataclass(frozen=True, slots=True)
class Portrait:
    """One child alone; `turns` counts clockwise quarter turns of the finished picture, which no metadata tell of."""

    who: Identity
    view: View
    size: tuple[int, int]
    zoom: float = 1.0
    turns: int = 0

    def image(self) -> Image:
        picture = render_photo(self.who, self.view, *self.size, self.zoom)
        return np.ascontiguousarray(np.rot90(picture, -self.turns))


@dataclass(frozen=True, slots=True)
class Group:
    """Several children with their ages."""

    people: tuple[tuple[Identity, float], ...]
    seed: int
    size: tuple[int, int]

    def image(self) -> Image:
        return render_group(self.people, self.seed, self.size).image


@dataclass(frozen=True, slots=True)
class Nobody:
    """A place without a person."""

    seed: int
    size: tuple[int, int]

    def image(self) -> Image:
        return render_scene_without_face(self.seed, *self.size)


@dataclass(frozen=True, slots=True)
class DemoPhoto:
    """One photo, drawn when asked for; `taken` and `age` (years) only for case photos."""

    file: str
    subject: Portrait | Group | Nobody
    taken: date | None = None
    age: float | None = None

    def image(self) -> Image:
        """The picture: uint8 RGB (height, width, 3)."""
        return self.subject.image()

    def jpeg(self) -> bytes:
        """The picture as JPEG bytes without metadata."""
        return to_jpeg(self.image(), 92)


@dataclass(frozen=True, slots=True)
class DemoCase:
    """A case to register; `sibling_of` names the case of a brother or sister who looks alike."""

    number: str
    details: CaseDetails
    photos: tuple[DemoPhoto, ...]
    sibling_of: str | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """The details that are known, by their names."""
        known = ((field.name, getattr(self.details, field.name)) for field in fields(CaseDetails))
        return {name: value for name, value in known if value not in (None, ())}


class Kind(str, Enum):
    """What a demo sighting shows."""

    ALONE = "alone"
    GROUP = "group"
    TURNED = "turned"  # lies on its side, without metadata that say so
    STRANGER = "stranger"
    NO_FACE = "no_face"


@dataclass(frozen=True, slots=True)
class DemoSighting:
    """A sighting to submit; `truth` is the child's case or `None`, `years_later` counts from going missing."""

    file: str
    kind: Kind
    photo: DemoPhoto
    truth: str | None
    years_later: float | None
    seen_at: datetime
    place: str
    position: Position
    how_seen: HowSeen
    note: str

    @property
    def report(self) -> dict[str, Any]:
        """What the reporter says, by the names of the sighting's fields."""
        return {name: getattr(self, name) for name in ("seen_at", "place", "position", "how_seen", "note")}


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody and everything in the demo."""

    cases: tuple[DemoCase, ...]
    sightings: tuple[DemoSighting, ...]


@dataclass(frozen=True, slots=True)
class _Child:
    who: Identity
    girl: bool
    born: date
    missing: date
    city: int
    family: str
    given: str

    def age_on(self, day: date) -> float:
        return (day - self.born).days / _YEAR


def demo_cast(seed: int = 7, children: int = 24) -> Cast:
    """The same people for the same seed; `children` 4 … 500 cases, about 0.8 sightings for each."""
    if not 4 <= children <= 500:
        raise WrongUse(f"A demo has 4 … 500 children, not {children}.")
    rng = np.random.Generator(np.random.PCG64([seed, 0xCA57]))
    people = [_child(rng, seed * 100_000 + number) for number in range(children)]
    people[-1] = _sibling(people[-2], people[-1], seed * 100_000 + children)
    cases = [_case(rng, number, child) for number, child in enumerate(people, 1)]
    cases[-1] = replace(cases[-1], sibling_of=cases[-2].number)
    return Cast(tuple(cases), tuple(_sightings(rng, people, cases, seed)))


def _child(rng: np.random.Generator, seed: int) -> _Child:
    girl = bool(rng.uniform() < 0.5)
    who = Identity.random(seed, girl)
    chinese = sum(who.hair_colour) < 0.36 and who.skin < 0.55
    family = _CHINESE if chinese else _ENGLISH
    given = (_CHINESE_BOYS, _CHINESE_GIRLS) if chinese else (_ENGLISH_BOYS, _ENGLISH_GIRLS)
    age = float(rng.uniform(3.5, 12))
    missing = _END - timedelta(days=int(rng.uniform(0.3, 5.2) * _YEAR))
    return _Child(
        who=who,
        girl=girl,
        born=missing - timedelta(days=int(age * _YEAR)),
        missing=missing,
        city=int(rng.integers(6)) if chinese else 6 + int(rng.integers(4)),
        family=_one(rng, family),
        given=_one(rng, given[girl]),
    )


def _sibling(elder: _Child, other: _Child, seed: int) -> _Child:
    """A look-alike: same family, same day, two and a half years younger or as young as a case may be."""
    given = (
        other.given
        if other.girl == elder.girl and other.given != elder.given
        else ("Robin" if elder.city > 5 else "Jing")
    )
    younger = elder.born + timedelta(days=int(min(2.5, elder.age_on(elder.missing) - 3) * _YEAR))
    return replace(elder, who=elder.who.sibling(seed), born=younger, given=given)


def _one(rng: np.random.Generator, words: tuple[str, ...]) -> str:
    return words[int(rng.integers(len(words)))]


def _case(rng: np.random.Generator, number: int, child: _Child) -> DemoCase:
    name = f"DEMO-{number:03d}"
    photos, views = [], []
    for index in range(1 + int(rng.integers(1, 3))):
        taken = child.missing - timedelta(days=int(30 + index * rng.uniform(0.7, 1.3) * _YEAR))
        age = max(child.age_on(taken), 1.5)
        taken = child.born + timedelta(days=int(age * _YEAR))
        view = random_view(int(rng.integers(2**30)), age, hard=0.35)
        views.append(view)
        portrait = Portrait(child.who, view, (288, 360), zoom=1.12)
        photos.append(DemoPhoto(f"{name}-{index + 1}.jpg", portrait, taken, round(age, 1)))
    return DemoCase(name, _details(rng, number, child, views[0]), tuple(photos))


def _details(rng: np.random.Generator, number: int, child: _Child, newest: View) -> CaseDetails:
    age = child.age_on(child.missing)
    height = 78 + 6.1 * age + float(rng.normal(0, 3))
    weight = (14.6 + 0.3 * age + float(rng.normal(0, 0.8))) * (height / 100) ** 2
    city, lat, lon = _CITIES[child.city]
    east, north = (float(v) for v in rng.uniform(-0.08, 0.08, 2))
    return CaseDetails(
        name=f"{child.family} {child.given}" if child.city < 6 else f"{child.given} {child.family}",
        sex=Sex.FEMALE if child.girl else Sex.MALE,
        born=child.born,
        height_cm=round(height),
        weight_kg=round(weight, 1),
        marks=_marks(child.who),
        clothing=clothes(newest.seed).words,
        circumstance=(Circumstance.LOST, Circumstance.UNKNOWN, Circumstance.FAMILY, Circumstance.RUNAWAY)[number % 4],
        missing_since=_noon(child.missing, rng),
        last_seen_place=f"{_one(rng, _SPOTS)}, {city}",
        last_seen=Position(round(lat + north, 4), round(lon + east, 4)),
        police_reference=f"DEMO/{child.missing.year}/{number:04d}",
        legal_basis=LegalBasis.POLICE_ORDER,
    )


def _marks(who: Identity) -> str | None:
    marks = []
    if who.mole is not None:
        # what is left in the picture is the child's right
        marks.append(f"mole on the {'left' if who.mole[0] > 0 else 'right'} cheek")
    if who.freckles > 0.3:
        marks.append("freckles")
    return ", ".join(marks) or None


def _noon(day: date, rng: np.random.Generator) -> datetime:
    return datetime(day.year, day.month, day.day, int(rng.integers(7, 20)), int(rng.integers(60)), tzinfo=timezone.utc)


def _sightings(rng: np.random.Generator, people: list[_Child], cases: list[DemoCase], seed: int) -> list[DemoSighting]:
    """Two of three children are seen again, the siblings among them; then strangers, and one photo without a face."""
    count = len(people)
    order = [int(i) for i in rng.permutation(count - 1)][: round(count * 0.6)]
    seen = [*order, count - 1]
    found: list[DemoSighting] = []
    for place, index in enumerate(seen):
        kind = Kind.GROUP if place % 4 == 1 else Kind.TURNED if place == 2 else Kind.ALONE
        found.append(_again(rng, len(found) + 1, people[index], cases[index].number, kind))
    for _ in range(max(1, count // 6)):
        stranger = _child(rng, seed * 100_000 + 50_000 + len(found))
        one = _again(rng, len(found) + 1, stranger, None, Kind.STRANGER)
        found.append(replace(one, truth=None, years_later=None))
    last = _again(rng, len(found) + 1, people[0], None, Kind.NO_FACE)
    return [
        *found,
        replace(last, truth=None, years_later=None, note="A photo of the place where a child was seen."),
    ]


def _again(rng: np.random.Generator, number: int, child: _Child, case: str | None, kind: Kind) -> DemoSighting:
    """A child is seen between now and five years after going missing."""
    latest = (_END - child.missing).days
    day = child.missing + timedelta(days=int(rng.uniform(0.02, 1.0) * latest))
    age = min(child.age_on(day), 17.0)
    name = f"sighting-{number:02d}"
    photo_seed = int(rng.integers(2**30))
    view = random_view(photo_seed, age, hard=0.8)
    view = replace(view, glasses=number % 7 == 4, hat=number % 6 == 5)
    city, lat, lon = _CITIES[child.city]
    away = float(rng.uniform(0.02, 1.2))
    where = Position(round(lat + away * float(rng.uniform(-1, 1)), 4), round(lon + away * float(rng.uniform(-1, 1)), 4))
    spot = _one(rng, _SPOTS)
    return DemoSighting(
        file=f"{name}.jpg",
        kind=kind,
        photo=DemoPhoto(f"{name}.jpg", _subject(rng, child.who, view, kind)),
        truth=case,
        years_later=round((day - child.missing).days / _YEAR, 1),
        seen_at=_noon(day, rng),
        place=f"{spot}, {'near ' if away > 0.5 else ''}{city}",
        position=where,
        how_seen=tuple(HowSeen)[int(rng.integers(4))],
        note="Seen with other children." if kind is Kind.GROUP else f"Seen at the {spot}.",
    )


def _subject(rng: np.random.Generator, who: Identity, view: View, kind: Kind) -> Portrait | Group | Nobody:
    if kind is Kind.NO_FACE:
        return Nobody(view.seed, (400, 300))
    if kind is Kind.GROUP:
        others = [
            (Identity.random(int(rng.integers(2**30))), float(rng.uniform(5, 17)))
            for _ in range(int(rng.integers(2, 6)))
        ]
        others.insert(int(rng.integers(len(others) + 1)), (who, view.age))
        return Group(tuple(others), view.seed, (640, 440))
    turns = 1 if kind is Kind.TURNED else 0
    return Portrait(who, view, (336, 384), zoom=float(rng.uniform(0.62, 0.95)), turns=turns)
