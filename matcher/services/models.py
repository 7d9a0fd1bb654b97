"""Face models as data: list, install, verify, remove and describe them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from matcher.domain.space import SpaceState
from matcher.errors import Conflict, MatcherError, ModelProblem, NotFound, WrongUse
from matcher.faces.backends import models_of, uses_landmarker
from matcher.faces.cards import LARGEST_CARD, Card, ModelFile, Role, read_card
from matcher.faces.installed import BUILT_IN, LANDMARKS, InstalledModels, shipped
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.services.stopping import require_running


@dataclass(frozen=True, slots=True)
class ModelView:
    """One line of the list of models; `state` is `built in`, `installed`, `damaged` or `can be installed`."""

    name: str
    role: Role | None
    licence: str | None
    state: str
    in_use: bool


@dataclass(frozen=True, slots=True)
class NewModel:
    """A model that somebody wants to install: its card, its bytes, and where the network's file lies."""

    card: Card
    card_data: bytes
    file: Path


def listed(context: Context) -> list[ModelView]:
    """All models: built-in ones, installed ones, and those whose cards come with this program."""
    installed, used = InstalledModels(context.models), _used(context)
    present = installed.names()
    views = []
    for name in [*BUILT_IN, *sorted({*present, *shipped()} - set(BUILT_IN))]:
        card: Card | None = None
        try:
            card = installed.card(name) if name in present else shipped()[name][0]
            state = "installed" if name in present else "built in" if name in BUILT_IN else "can be installed"
        except ModelProblem:
            state = "damaged"
        role, licence = (card.role, card.licence) if card else (None, None)
        views.append(ModelView(name, role, licence, state, name in used))
    return views


def card_of(context: Context, name: str) -> Card:
    """The card of a model, installed or known; `NotFound` if there is none of that name."""
    installed = InstalledModels(context.models)
    if name in installed.names():
        return installed.card(name)
    return _known(name)[0]


def offered(context: Context, name: str | None, *, card: Path | None, file: Path | None) -> NewModel:
    """The model that is meant by the name of a known card or by a card's file, whose network may lie beside it.

    `WrongUse` says which file to get when it is not given, `ModelProblem` what is wrong with a card.
    """
    if (name is None) == (card is None):
        raise WrongUse("Which model? Give the name of a known one or the file of a card, one of both.")
    if card is not None:
        data = _read(card)
        found = read_card(data, str(card))
        return NewModel(found, data, file or card.parent / found.file.name)
    known, data = _known(name or "")
    if known.name in BUILT_IN:
        raise Conflict(f"'{known.name}' is built in: there is nothing to install.")
    if file is None:
        if known.name in InstalledModels(context.models).names():
            raise Conflict(f"'{known.name}' is installed already: check it with `matcher models verify {known.name}`.")
        raise WrongUse(
            f"Nothing is downloaded here. Get the file '{known.file.name}' ({known.file.size:,} bytes, SHA-256 "
            f"{known.file.sha256}) from {known.source}, then run "
            f"`matcher models install {known.name} --from FILE`."
        )
    return NewModel(known, data, file)


def install(context: Context, new: NewModel, who: Who, *, accept_licence: bool) -> bool:
    """Check a model and put it in place, whole or not at all; whether it is new.

    `WrongUse` unless its licence is accepted, `ModelProblem` with the reason why it is not taken, `Conflict` if another
    model has its name.
    """
    require_running(context)  # a file is written before the record
    if not accept_licence:
        raise WrongUse(f"The licence of '{new.card.name}' is {new.card.licence}: accept it to install the model.")
    data = _read(new.file, new.card.file)
    card, added = InstalledModels(context.models).install(new.card_data, data, str(new.file))
    if added:
        _record(context, who, "models.install", {"model": card.word, "licence": card.licence[:200]})
    return added


def verify(context: Context, name: str | None = None) -> list[tuple[str, str | None]]:
    """Check one or all installed models again; names with what is wrong or `None`. Changes nothing."""
    installed = InstalledModels(context.models)
    if name in BUILT_IN:
        raise WrongUse(f"'{name}' is built in: it is checked at every start, and `matcher doctor` tries it.")
    if name is not None and name not in installed.names():
        raise NotFound(f"There is no installed model '{name}': see `matcher models list`.")
    return [(each, _problem(installed, each)) for each in ([name] if name else installed.names())]


def remove(context: Context, name: str, who: Who) -> None:
    """Delete an installed model; `Conflict` while this home uses it."""
    require_running(context)
    if name in BUILT_IN:
        raise WrongUse(f"'{name}' is built in and cannot be removed.")
    if name in _used(context):
        raise Conflict(f"This home uses '{name}': change to other models first with `matcher models use`.")
    with context.store.read() as reading:
        states = {one.state for one in reading.spaces.all() if name in models_of(one.backend)}
    if SpaceState.SHADOW in states:
        raise Conflict(f"'{name}' is being prepared: end that first with `matcher models shadow --end`.")
    if SpaceState.BEFORE in states:
        raise Conflict(f"Without '{name}' there is no way back: forget its space first with `matcher models forget`.")
    InstalledModels(context.models).remove(name)
    _record(context, who, "models.remove", {"model": name})


def problems_in_use(context: Context) -> list[str]:
    """What is wrong with the installed models that this home uses."""
    installed = InstalledModels(context.models)
    found = [_problem(installed, name) for name in models_of(context.settings.backend) if name not in BUILT_IN]
    return [problem for problem in found if problem is not None]


def _problem(installed: InstalledModels, name: str) -> str | None:
    try:
        installed.verify(name)
    except MatcherError as error:
        return str(error)
    return None


def _used(context: Context) -> set[str]:
    """The models that this home's settings name, in the file or in the environment."""
    used = set()
    for backend in (context.settings.backend, context.home.backend_in_file):
        try:
            used |= set(models_of(backend))
            if uses_landmarker(backend, context.models):
                used.add(LANDMARKS)
        except (WrongUse, ModelProblem):
            continue  # of a backend that cannot be loaded, no more is in use than its name says
    return used


def _known(name: str) -> tuple[Card, bytes]:
    if name not in shipped():
        names = ", ".join(name for name in shipped() if name not in BUILT_IN)
        raise NotFound(f"There is no model '{name}' here; known are {names}. For another one give --card.")
    return shipped()[name]


def _read(path: Path, wanted: ModelFile | None = None) -> bytes:
    """A card's bytes, or those of the network's file that is wanted; its size is looked at before it is read."""
    try:
        if path.exists() and not path.is_file():
            raise WrongUse(f"'{path}' is not a file: name another one.")
        size = path.stat().st_size
        if wanted is not None:
            wanted.check_size(size, str(path))
        elif size > LARGEST_CARD:
            raise WrongUse(f"'{path}' is larger than any card: name another file.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise WrongUse(f"'{path}' cannot be read ({getattr(error, 'strerror', error)}): name another file.") from error


def _record(context: Context, who: Who, action: str, details: dict[str, str | int]) -> None:
    with context.store.write() as transaction:
        record(context, transaction, who, Trace(action, details=dict(details)))
