import base64
import stat
import sys
from pathlib import Path

import pytest

from matcher.crypto.masterkey import KeySource, MasterKey, create_master_key
from matcher.errors import Conflict, Damaged, KeyProblem, WrongUse

RAW = bytes(range(32))


@pytest.mark.parametrize("text", [RAW.hex(), RAW.hex().upper(), base64.b64encode(RAW).decode(), f" {RAW.hex()}\n"])
def test_a_key_is_read_as_digits_or_base64(text: str) -> None:
    key = MasterKey.parse(text, "here")
    assert key.raw == RAW
    assert RAW.hex() not in repr(key)


@pytest.mark.parametrize("text", ["", "secret", RAW.hex()[:-1], RAW.hex()[:-1] + "x", "\u00e4" * 64, "A" * 43])
def test_what_is_no_key_is_never_repeated(text: str) -> None:
    with pytest.raises(KeyProblem, match="from the safe is none") as caught:
        MasterKey.parse(text, "the safe")
    assert not text or text not in str(caught.value)


def test_a_data_key_is_bound_to_its_owner_and_to_the_master_key() -> None:
    key, other = MasterKey(RAW, "a"), MasterKey(bytes(32), "b")
    wrapped = key.wrap(b"1", b"data key")
    assert key.unwrap_all([(b"1", wrapped)]) == [b"data key"]
    for wrong, owner in ((key, b"2"), (other, b"1")):
        with pytest.raises(Damaged):
            wrong.unwrap_all([(owner, wrapped)])
    assert key.id != other.id


def test_a_new_file_is_its_owners_and_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "new" / "a.key"
    create_master_key(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    first = KeySource(file=file).load()
    with pytest.raises(Conflict, match="never replaced"):
        create_master_key(file)
    assert KeySource(file=file).load() == first


def test_environment_goes_before_command_before_file(tmp_path: Path) -> None:
    file = tmp_path / "a.key"
    file.write_text("03" * 32)
    command = f"{sys.executable} -c \"print('02' * 32)\""
    sources = [KeySource("01" * 32, command, file), KeySource(None, command, file), KeySource(None, None, file)]
    assert [source.load().raw[0] for source in sources] == [1, 2, 3]
    assert [source.used_file for source in sources] == [None, None, file]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/no/such/program", "gave no key"),
        (f"{sys.executable} -c \"import sys; sys.exit('the safe is shut')\"", "ended with 1: the safe is shut"),
        (f"{sys.executable} -c pass", "is none"),
    ],
)
def test_a_command_that_gives_no_key_is_named(command: str, words: str) -> None:
    with pytest.raises(KeyProblem, match=words):
        KeySource(command=command).load()


def test_a_command_that_cannot_be_read_is_a_wrong_setting() -> None:
    with pytest.raises(WrongUse, match="key_command"):
        KeySource(command="cat 'a").load()


def test_a_file_that_holds_no_key_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.key"
    with pytest.raises(KeyProblem, match=r"a\.key' is not there: restore it"):
        KeySource(file=file).load()
    file.write_bytes(b"\xff" * 64)
    with pytest.raises(KeyProblem, match="it is no text"):
        KeySource(file=file).load()
    with pytest.raises(KeyProblem, match="cannot be read"):
        KeySource(file=tmp_path).load()


def test_a_key_that_waits_beside_the_file_is_a_candidate(tmp_path: Path) -> None:
    source = KeySource(file=tmp_path / "a.key")
    (tmp_path / "a.key.new").write_text("02" * 32)
    assert [key.raw[0] for key in source.candidates()] == [2]
    (tmp_path / "a.key").write_text("01" * 32)
    assert [key.raw[0] for key in source.candidates()] == [1, 2]
