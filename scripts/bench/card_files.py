"""How long `matcher card export --all` takes: python scripts/bench/card_files.py [--cards N] [--processes N]

A sealed home is filled with cards of distinct photos, as `cards.py` draws them; that is not timed. Then all are written
twice into folders, by as many processes as there are cores: the first time the portraits are made, too, which stay
beside the photos. The target: 10,000 cards in 10 minutes on two cores.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[2] / "tests")]
from cards import CARDS, FACTS, HEIGHT, MINUTES, WIDTH, cards
from records import SPACE, case, face, photo

from matcher.accounts.rights import Acting, rights_of
from matcher.cli.card_export import Writing
from matcher.cli.words import reader_of
from matcher.domain.cards import NamePolicy
from matcher.domain.codes import new_code
from matcher.domain.ids import id_text, new_id
from matcher.domain.people import Language, PersonId, Role
from matcher.domain.publications import CODE_LETTERS, CardId, CardState, Publication
from matcher.services.context import Context, now_utc
from matcher.services.handing_out import CardForm, Rendering, live_cards
from matcher.services.homes import create
from matcher.services.masterkeys import KeyPlace

_SAMPLE = 500


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--cards", type=int, default=_SAMPLE)
    asked.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked.add_argument("--language", choices=FACTS, default="zh")
    told = asked.parse_args()
    os.environ["MATCHER_PUBLIC_URL"] = "https://find.example"
    officer = Acting(id=PersonId(1), name="officer", rights=rights_of([Role.OFFICER]))
    language = Language.CHINESE if told.language == "zh" else Language.ENGLISH
    with tempfile.TemporaryDirectory() as folder:
        home = create(Path(folder) / "home", None, KeyPlace(file=Path(folder) / "master.key"))
        context = Context(home)
        for number, one in enumerate(cards(told.language, told.cards)):
            _keep(context, f"B-{number}", one)
        print(f"{told.cards} cards, {told.processes} processes, {told.language}, photos of {WIDTH} × {HEIGHT}")
        for turn in ("first", "again"):
            found = live_cards(context, officer, CardForm.PNG)
            begun, used = time.perf_counter(), os.times()
            how = Rendering(CardForm.PNG, (reader_of(language),))
            Writing(context, how, Path(folder) / turn, overwrite=False).all(found, told.processes)
            seconds, now = time.perf_counter() - begun, os.times()
            cost = sum(now[:4]) - sum(used[:4])
            rate = told.cards / seconds
            print(f"{turn}: {rate:.1f} cards/s, {1000 * cost / told.cards:.0f} ms of a processor each; ", end="")
            print(f"{CARDS} would take {CARDS / rate / 60:.1f} min")
            if CARDS / rate > MINUTES * 60:
                print(f"  slower than {CARDS} in {MINUTES} minutes")
        context.close()


def _keep(context: Context, number: str, card: object) -> None:
    """A case with one photo, its face and a live card, as the program would have stored them."""
    now = context.clock()
    owner = case(number)
    digest = context.key.digest(card.photo, "photo")
    stored = photo(
        case_id=owner.id, blob=f"{id_text(owner.id)}/{digest}", digest=digest, original_digest=digest, width=WIDTH,
        height=HEIGHT, size=len(card.photo),
    )  # fmt: skip
    found = face(stored.id, box=card.face)
    context.blobs.put(id_text(owner.id), digest, card.photo)
    published = Publication(
        id=CardId(new_id()), case_id=owner.id, code=new_code(CODE_LETTERS), state=CardState.LIVE,
        policy=NamePolicy.FULL, facts=card.facts, face_id=found.id, phone=card.phone,
        expires_at=now_utc() + timedelta(days=30), drafted_by="bench", drafted_at=now, approved_by="bench",
        approved_at=now,
    )  # fmt: skip
    with context.store.write() as transaction:
        transaction.cases.add(owner)
        transaction.photos.add(stored)
        transaction.faces.add([found], {}, SPACE)
        transaction.cards.add(published)


if __name__ == "__main__":
    main()
