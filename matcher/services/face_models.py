"""The face models of a home, for those who run it: which there are, which it uses, and how that is changed."""

from __future__ import annotations

from pathlib import Path

from matcher.faces.cards import Card
from matcher.services import models
from matcher.services.context import Context
from matcher.services.inputs import ReasonCode, Who
from matcher.services.models import ModelView, NewModel, UseView


class FaceModels:
    """`Matcher.face_models`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def all(self) -> list[ModelView]:
        """All face models: built in, installed, and those whose cards come with this program."""
        return models.listed(self._context)

    def card(self, name: str) -> Card:
        """What is known of a model: training, measured accuracy, weaknesses, licence; `NotFound` names it."""
        return models.card_of(self._context, name)

    def offered(
        self, name: str | None = None, *, card: str | Path | None = None, file: str | Path | None = None
    ) -> NewModel:
        """The model that is meant by a known name or by a card's file, to look at before it is installed."""
        return models.offered(self._context, name, card=_path(card), file=_path(file))

    def install(self, new: NewModel, *, accept_licence: bool, actor: str, reason: str | None = None) -> bool:
        """Check a model and put it in place, whole or not at all; whether it is new. `ModelProblem` says why not."""
        who = Who(actor, ReasonCode.MAINTENANCE, reason)
        return models.install(self._context, new, who, accept_licence=accept_licence)

    def verify(self, name: str | None = None) -> list[tuple[str, str | None]]:
        """Check one or all installed models again: names with what is wrong, or `None`."""
        return models.verify(self._context, name)

    def remove(self, name: str, *, actor: str, reason: str | None = None) -> None:
        """Delete an installed model; `Conflict` while this home uses it."""
        models.remove(self._context, name, Who(actor, ReasonCode.MAINTENANCE, reason))

    def use(
        self, detector: str, recogniser: str, *, actor: str, reason: str | None = None, accept_missing: bool = False
    ) -> UseView:
        """Embed all cases with other models, then make the home use them; open it anew afterwards."""
        who = Who(actor, ReasonCode.MAINTENANCE, reason)
        return models.use(self._context, (detector, recogniser), who, accept_missing=accept_missing)


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)
