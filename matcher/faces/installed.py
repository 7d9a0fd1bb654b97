"""Models that people added, and the cards that come with this program.

    <models>/installed/<name>/model.toml and the network's file

A model is installed whole or not at all: its folder is written beside its place and renamed, under the lock of the
folder of models.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
from importlib import resources
from pathlib import Path

from matcher.errors import Conflict, MatcherError, ModelProblem, NotFound
from matcher.faces.cards import CARD_NAME, Card, read_card
from matcher.faces.models import locked, write_whole
from matcher.faces.trial import try_model

# The models that code of this program runs, converted from face_recognition_models.
LANDMARKS = "landmarks5"
BUILT_IN = ("mmod", LANDMARKS, "dlib-resnet-v1")
_HALF = ".half-"  # the beginning of the name of a folder that is being written


@functools.cache
def shipped() -> dict[str, tuple[Card, bytes]]:
    """The cards that come with this program and their bytes, by name: the built-in models', then known ones'."""
    files = resources.files("matcher.faces").joinpath("known")
    found = {}
    for file in sorted(files.iterdir(), key=lambda file: file.name):
        name, data = file.name.removesuffix(".toml"), file.read_bytes()
        found[name] = read_card(data, file.name, built_in=name in BUILT_IN), data
    return {name: found[name] for name in (*BUILT_IN, *(name for name in found if name not in BUILT_IN))}


class InstalledModels:
    """The models that are installed in one folder of models."""

    def __init__(self, models: Path) -> None:
        self._models = models
        self._folder = models / "installed"

    def names(self) -> list[str]:
        """The names of all installed models, sorted."""
        if not self._folder.is_dir():
            return []
        return sorted(path.name for path in self._folder.iterdir() if not path.name.startswith("."))

    def card(self, name: str) -> Card:
        """The card of an installed model; `NotFound` if there is none of that name, `ModelProblem` if it is damaged."""
        if name not in self.names():
            raise NotFound(f"There is no model '{name}' in '{self._folder}': see `matcher models list`.")
        path = self._folder / name / CARD_NAME
        card = read_card(_bytes(path), str(path))
        if card.name != name:
            raise ModelProblem(f"The card '{path}' is that of '{card.name}': install '{name}' anew.")
        return card

    def network(self, card: Card) -> bytes:
        """The bytes of an installed model's network, checked against its card."""
        path = self._folder / card.name / card.file.name
        data = _bytes(path)
        card.file.check(data, str(path))
        return data

    def verify(self, name: str) -> Card:
        """Check card, file and network of an installed model again; `ModelProblem` says what is wrong."""
        card = self.card(name)
        try_model(card, self.network(card))
        return card

    def install(self, card_data: bytes, data: bytes, where: str) -> tuple[Card, bool]:
        """Check a model and put it in place; gives its card, and whether it is new.

        `where` names the network's file for messages. `ModelProblem` says what is wrong with card, file or network,
        `Conflict` that another model has this name.
        """
        card = read_card(card_data, CARD_NAME)
        if card.name in BUILT_IN:
            raise Conflict(f"'{card.name}' is the name of a built-in model: give the card another name.")
        card.file.check(data, where)
        with locked(self._models):
            self._sweep()
            if card.name in self.names():
                self._require_same(card)
                return card, False
            try_model(card, data)
            self._put(card, {CARD_NAME: card_data, card.file.name: data})
        return card, True

    def remove(self, name: str) -> None:
        """Delete an installed model, whatever its state; `NotFound` if there is none of that name."""
        with locked(self._models):
            self._sweep()
            if name not in self.names():
                raise NotFound(f"There is no installed model '{name}': see `matcher models list`.")
            # Renamed first, so that nobody sees a model of which some files are gone. A full disk has room for this.
            place = self._folder / name
            try:
                place.rename(self._folder / f"{_HALF}{name}")
            except OSError as error:
                raise ModelProblem(f"The model '{place}' cannot be removed: {error.strerror}.") from error
            self._sweep()

    def _require_same(self, card: Card) -> None:
        try:
            present = self.card(card.name)
            self.network(present)
        except MatcherError as error:
            raise Conflict(f"{error} Remove it first: `matcher models remove {card.name}`.") from error
        if present != card:
            raise Conflict(
                f"Another model of the name '{card.name}' is installed: remove it first, or give the card another name."
            )

    def _put(self, card: Card, files: dict[str, bytes]) -> None:
        try:
            self._folder.mkdir(exist_ok=True)
            half = Path(tempfile.mkdtemp(dir=self._folder, prefix=_HALF))
            try:
                for name, data in files.items():
                    write_whole(half / name, data)
                half.chmod(0o755)  # other accounts on the machine may share the folder
                half.rename(self._folder / card.name)
            except BaseException:
                shutil.rmtree(half, ignore_errors=True)
                raise
        except OSError as error:
            raise ModelProblem(
                f"The model '{card.name}' cannot be written to '{self._folder}': {error.strerror}."
            ) from error

    def _sweep(self) -> None:
        """Delete what a process left that was killed; only under the lock."""
        if self._folder.is_dir():
            for half in self._folder.glob(f"{_HALF}*"):
                if half.is_symlink() or half.is_file():  # somebody put it where a model's folder belongs
                    half.unlink(missing_ok=True)
                shutil.rmtree(half, ignore_errors=True)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelProblem(f"'{path}' cannot be read: {error.strerror}.") from error
