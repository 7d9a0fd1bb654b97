import hashlib
import json

import pytest
from records import NOW, entry

from matcher.errors import WrongUse
from matcher.store.chain import GENESIS, entry_text, link, parse_entry


def test_the_hash_can_be_recomputed_from_its_description_alone() -> None:
    text = entry_text(entry(details={"ü": 1, "a": 0.1}))
    whole = json.dumps(
        {"number": 7, "previous": GENESIS, "entry": json.loads(text)},
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    assert link(7, GENESIS, text) == hashlib.sha256(whole.encode()).hexdigest()


def test_every_part_counts() -> None:
    text = entry_text(entry())
    hashes = {link(1, GENESIS, text), link(2, GENESIS, text), link(1, "1" * 64, text), link(1, GENESIS, text + " ")}
    assert len(hashes) == 4


def test_the_words_of_an_entry_do_not_depend_on_order_or_kind_of_its_details() -> None:
    one = entry(details={"a": 1, "b": 2})
    other = entry(details={"b": 2, "a": 1})
    assert entry_text(one) == entry_text(other)
    assert parse_entry(entry_text(one)) == one


def test_whole_seconds_are_written_like_others() -> None:
    assert '"at":"2026-03-14T15:09:26.000000+00:00"' in entry_text(entry(at=NOW.replace(microsecond=0)))


@pytest.mark.parametrize("value", [float("inf"), b"bytes", {1, 2}])
def test_values_that_json_cannot_say_are_refused(value: object) -> None:
    with pytest.raises(WrongUse, match=r"case\.add"):
        entry_text(entry(details={"x": value}))
