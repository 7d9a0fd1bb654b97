"""How many cards of distinct photos can be made: python scripts/bench/cards.py [--cards N] [--processes N]

Synthetic children are drawn once; each card gets a photo of its own, an enlarged one with other light and another
frame, so that nothing can be kept from card to card. Photos are made beforehand, in blocks that are not timed. The
pictures for message boxes are made for all cards, by as many processes as there are cores; the other outputs for a
sample in one process. The target: 10,000 pictures in 10 minutes on two cores.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import islice

import cv2
import numpy as np

from matcher.demo.identity import Identity
from matcher.demo.render import random_view, render_photo
from matcher.domain.cards import Card, CardFacts
from matcher.domain.cases import Sex
from matcher.domain.faces import Box
from matcher.domain.people import Language
from matcher.images.crops import to_jpeg
from matcher.interchange.card_json import card_json
from matcher.interchange.card_page import card_page
from matcher.interchange.card_pdf import card_pdf
from matcher.interchange.card_png import Shape, card_png
from matcher.interchange.card_sheet import card_sheet
from matcher.web.languages import speech
from matcher.wording import Reader

MINUTES, CARDS = 10, 10_000
CHILDREN, SAMPLE, BLOCK = 24, 100, 200
WIDTH, HEIGHT = 900, 1200  # as a case photo that was cut to the child
FACTS = {
    "en": CardFacts(
        name="Daisy Larkin",
        sex=Sex.FEMALE,
        age_then=7,
        missing_since=date(2019, 5, 3),
        place="Riverside bus station, Northgate",
        height_cm=121,
        weight_kg=23.5,
        marks="small scar above the left eyebrow, mole under the right ear",
        clothing="yellow raincoat, blue rubber boots",
        photo_age=6.0,
        photo_year=2018,
    ),
    "zh": CardFacts(
        name="欧阳○○",
        sex=Sex.FEMALE,
        age_then=7,
        missing_since=date(2019, 5, 3),
        place="云南省丽江市古城区长途汽车站",
        height_cm=121,
        weight_kg=23.5,
        marks="左眉上方有一道小疤痕，右耳下有一颗痣",
        clothing="黄色雨衣，蓝色雨靴",
        photo_age=6.0,
        photo_year=2018,
    ),
}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--cards", type=int, default=CARDS)
    asked.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked.add_argument("--language", choices=FACTS, default="zh")
    told = asked.parse_args()
    cv2.setNumThreads(1)
    print(f"{told.cards} cards, {told.processes} processes, {told.language}, photos of {WIDTH} × {HEIGHT}")
    context = multiprocessing.get_context("spawn")
    seconds, size, processor = 0.0, 0, 0.0
    with context.Pool(told.processes, cv2.setNumThreads, (1,)) as pool:
        pool.map(picture, list(islice(cards(told.language, 1), told.processes * 2)), 1)  # fonts and words are read
        every = cards(told.language, told.cards)
        while block := list(islice(every, BLOCK)):
            begun = time.perf_counter()
            made = pool.map(picture, block, 5)
            seconds += time.perf_counter() - begun
            size += sum(length for length, _ in made)
            processor += sum(used for _, used in made)
    rate = told.cards / seconds
    print(f"message box: {rate:.1f} cards/s, {seconds:.0f} s for all, {size / told.cards / 1000:.0f} kB each")
    print(
        f"  {1000 * processor / told.cards:.0f} ms of a processor each; {CARDS} would take {CARDS / rate / 60:.1f} min"
    )
    if CARDS / rate > MINUTES * 60:
        print(f"  slower than {CARDS} in {MINUTES} minutes")
    for name, make in outputs(told.language):
        sample = list(cards(told.language, min(SAMPLE, told.cards)))
        make(sample[0])
        begun = time.perf_counter()
        lengths = [make(card) for card in sample]
        rate = len(sample) / (time.perf_counter() - begun)
        print(f"{name}: {rate:.1f} cards/s in one process, {np.mean(lengths) / 1000:.0f} kB each")


def outputs(language: str) -> Iterator[tuple[str, Callable[[Card], int]]]:
    """Each output, as a function that tells its size in bytes."""
    words = reader(language)
    yield "message box", lambda card: len(card_png(card_sheet(card, words)))
    yield "square", lambda card: len(card_png(card_sheet(card, words), Shape.SQUARE))
    yield "poster", lambda card: len(card_pdf(card_sheet(card, words)))
    yield "page", lambda card: len(card_page(card_sheet(card, words)).encode())
    yield "JSON with words", lambda card: len(card_json(card, [words]).encode())


def picture(card: Card) -> tuple[int, float]:
    """The size in bytes of a card's picture, and the processor's seconds that it took."""
    begun = time.process_time()
    language = "zh" if "欧" in (card.facts.name or "") else "en"
    made = card_png(card_sheet(card, reader(language)))
    return len(made), time.process_time() - begun


@cache
def reader(language: str) -> Reader:
    return speech(Language.CHINESE if language == "zh" else Language.ENGLISH).reader


@cache
def drawn(number: int) -> tuple[np.ndarray, Box]:
    """A synthetic child and where its face about is."""
    small = render_photo(Identity.random(number), random_view(number, 4 + number % 12), 300, 400, 0.6)
    large = cv2.resize(small, (WIDTH + 200, HEIGHT + 200), interpolation=cv2.INTER_CUBIC)
    return large, Box(0.36 * WIDTH, 0.3 * HEIGHT, 0.64 * WIDTH, 0.55 * HEIGHT)


def cards(language: str, count: int) -> Iterator[Card]:
    """Cards of which no two have a photo, a code or a text in common."""
    for number in range(count):
        rng = np.random.default_rng(number)
        image, face = drawn(number % CHILDREN)
        left, top = (int(place) for place in rng.integers(0, 200, 2))
        frame = image[top : top + HEIGHT, left : left + WIDTH].astype(np.float32)
        grain = rng.integers(-6, 7, (HEIGHT, WIDTH, 1), np.int8)
        photo = np.clip(frame * rng.uniform(0.8, 1.15) + grain, 0, 255).astype(np.uint8)
        facts = FACTS[language]
        yield Card(
            code=f"K{number:05d}",
            facts=replace(facts, marks=f"{facts.marks} {number}", height_cm=90 + number % 80),
            photo=to_jpeg(photo, 90),
            face=face,
            phone=f"116 {number:03d}",
            report_url=f"https://report.example.org/c/K{number:05d}",
            expires=date(2024, 8, 3) + timedelta(days=number % 30),
            made_on=date(2024, 5, 6),
        )


if __name__ == "__main__":
    main()
