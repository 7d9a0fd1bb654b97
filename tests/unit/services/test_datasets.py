"""Folders of photos: who is on them, how old, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from matcher.errors import WrongUse
from matcher.services.datasets import age_in_name, read_dataset, with_ages


def laid_out(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"photo")
    return root


@pytest.mark.parametrize(
    ("name", "age"),
    [
        ("001A05", 5), ("001A18a", 18), ("082A00", 0), ("anna_age05", 5), ("anna-age-5.5", 5.5), ("age12_b", 12),
        ("x_AGE7", 7), ("anna_age05_2020", 5),
        ("image01", None), ("village5", None), ("001A999", None), ("anna", None), ("manage7", None), ("A05", None),
    ],
)  # fmt: skip
def test_ages_in_file_names(name: str, age: float | None) -> None:
    assert age_in_name(name) == age


def test_one_folder_per_person_in_order_of_name(tmp_path: Path) -> None:
    root = laid_out(tmp_path, "b/2.jpg", "b/10.jpg", "a/001A05.jpg", "a/.hidden", "a/Thumbs.db", ".git/x", "beside.txt")
    (tmp_path / "c").mkdir()
    found = read_dataset(root)
    assert [(photo.name, photo.person, photo.age) for photo in found.photos] == [
        ("a/001A05.jpg", "a", 5), ("b/10.jpg", "b", None), ("b/2.jpg", "b", None)
    ]  # fmt: skip
    assert found.empty == ("c",)


@pytest.mark.parametrize(
    ("names", "said"),
    [((), "is not a folder"), (("file.jpg",), "holds no folders"), (("a/.x", "b/.x"), "None of the 2 folders")],
)
def test_nothing_to_evaluate_is_said(tmp_path: Path, names: tuple[str, ...], said: str) -> None:
    with pytest.raises(WrongUse, match=said):
        read_dataset(laid_out(tmp_path / "set", *names))


def test_a_table_tells_ages_and_sexes_by_name(tmp_path: Path) -> None:
    dataset = read_dataset(laid_out(tmp_path / "set", "a/1.jpg", "a/2_age9.jpg", "b/1.jpg"))
    table = tmp_path / "ages.csv"
    table.write_text("photo,age,sex\na/1.jpg,5.5,female\n2_age9.jpg,,male\nb\\1.jpg,7,unknown\n")
    (told,) = with_ages([dataset], table)
    assert [(photo.age, photo.sex) for photo in told.photos] == [(5.5, "female"), (9, "male"), (7, None)]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1.jpg,5,", "line 2, column 'photo': '1.jpg': several photos have this name: write person/file"),
        ("z/1.jpg,5,", "'z/1.jpg': is no photo of these folders"),
        (",5,", "column 'photo': '': is no photo"),
        ("a/1.jpg,old,", "line 2, column 'age': 'old': expected a number"),
        ("a/1.jpg,130,", "column 'age': '130': expected 0 … 120 years"),
        ("a/1.jpg,5,girl", "column 'sex': 'girl': expected one of female"),
        ("a/1.jpg,5,female,8", "line 2: has 4 cells where the header has 3"),
    ],
)
def test_rows_that_cannot_be_meant_are_named(tmp_path: Path, row: str, said: str) -> None:
    dataset = read_dataset(laid_out(tmp_path / "set", "a/1.jpg", "b/1.jpg"))
    (tmp_path / "ages.csv").write_text(f"photo,age,sex\n{row}\n")
    with pytest.raises(WrongUse) as refused:
        with_ages([dataset], tmp_path / "ages.csv")
    assert said in str(refused.value)
    (tmp_path / "ages.csv").write_text("photo,birthday\na/1.jpg,5\n")
    with pytest.raises(WrongUse, match="column 'birthday' is unknown"):
        with_ages([dataset], tmp_path / "ages.csv")


def test_equal_names_in_two_folders_need_the_folder(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        laid_out(tmp_path, f"{folder}/a/1.jpg")
    both = [read_dataset(tmp_path / folder) for folder in ("one", "two")]
    table = tmp_path / "ages.csv"
    table.write_text("photo,age\na/1.jpg,5\n")
    with pytest.raises(WrongUse, match="folder/person/file"):
        with_ages(both, table)
    table.write_text("photo,age\none/a/1.jpg,5\ntwo/a/1.jpg,9\n")
    assert [dataset.photos[0].age for dataset in with_ages(both, table)] == [5, 9]
