"""Backup and restore: what is kept, what is found to be damaged, and what does not come back."""

from __future__ import annotations

from pathlib import Path

import pytest
from pictures import child

from matcher import Matcher
from matcher.services.inputs import ReasonCode, Who

ME = "operator"
WHO = Who(ME, ReasonCode.MAINTENANCE)


def register(matcher: Matcher, *seeds: int) -> None:
    for seed in seeds:
        matcher.add_case(f"A-{seed}", photos=[child(seed)], actor=ME)


def candidates(matcher: Matcher, seed: int) -> list[tuple[str, float]]:
    (face,) = matcher.match(child(seed, 1), actor=ME, reason="test").faces
    return [(one.case_id, one.similarity) for one in face.candidates]


class Places:
    """Where backups and keys of a test go, and where homes are restored to."""

    def __init__(self, folder: Path) -> None:
        self.backups, self.keys, self.new = folder / "backups", folder / "keys", folder / "new"

    def back_up(self, matcher: Matcher, **how: object):
        return matcher.backups.make(self.backups, keys=self.keys, actor=ME, **how)

    def restore(self, **how: object):
        given = {"never_erased": True} if "erasure_list" not in how else {}
        return Matcher.restore(self.backups, self.new, keys=self.keys, actor=ME, **{**given, **how})


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def test_a_restored_home_finds_the_same_and_passes_every_check(matcher: Matcher, places: Places) -> None:
    register(matcher, 1, 2, 3)
    matcher.submit_sighting([child(2, 1)], actor=ME)
    matcher.close_case("A-3", status="returned", actor=ME)
    before = candidates(matcher, 2)
    made = places.back_up(matcher)
    assert (made.new_files, made.gaps, made.problems) == (4, 0, ())
    restored = places.restore()
    assert (restored.backup, restored.photos, restored.faces, restored.problems) == (made.name, 4, 2, ())
    with Matcher.open(places.new) as again:
        assert candidates(again, 2) == before
        assert again.verify().clean
        assert [case.case_id for case in again.cases()] == ["A-1", "A-2", "A-3"]
        assert len(again.sightings()) == 1
        actions = [one.entry.action for one in again.audit()]
        assert actions[-2] == "home.restore"
        assert [finding for finding in again.doctor() if finding.ok is False] == []
    assert not (places.new / ".restoring").exists()
    assert {path.stat().st_mode & 0o077 for path in places.new.iterdir()} == {0}
