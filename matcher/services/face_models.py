"""The face models of a home, for those who run it: which there are, which it uses, and how that is changed."""

from __future__ import annotations

from pathlib import Path

from matcher.faces.cards import Card
from matcher.services import model_comparison, models, shadows, spaces, switching
from matcher.services.context import Context
from matcher.services.inputs import ReasonCode, Who
from matcher.services.model_comparison import ComparisonView
from matcher.services.models import ModelView, NewModel
from matcher.services.shadows import ShadowView
from matcher.services.spaces import SpaceView
from matcher.services.switching import UseView


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
        return models.install(self._context, new, _who(actor, reason), accept_licence=accept_licence)

    def verify(self, name: str | None = None) -> list[tuple[str, str | None]]:
        """Check one or all installed models again: names with what is wrong, or `None`."""
        return models.verify(self._context, name)

    def remove(self, name: str, *, actor: str, reason: str | None = None) -> None:
        """Delete an installed model; `Conflict` while this home uses it."""
        models.remove(self._context, name, _who(actor, reason))

    def use(
        self, detector: str, recogniser: str, *, actor: str, reason: str | None = None, accept_missing: bool = False
    ) -> UseView:
        """Embed all cases with other models, then make the home use them; open it anew afterwards."""
        return switching.use(self._context, (detector, recogniser), _who(actor, reason), accept_missing=accept_missing)

    def prepare(
        self,
        pair: tuple[str, str] | None = None,
        *,
        actor: str,
        reason: str | None = None,
        limit: int | None = None,
        minutes: float | None = None,
    ) -> ShadowView:
        """Embed by other models (detector, recogniser) beside those in use, or without a pair go on with those that
        were begun: at most `limit` faces, or for some minutes. Searches do not notice.
        """
        who = _who(actor, reason)
        if pair is None:
            return shadows.advance(self._context, who, limit=limit, minutes=minutes)
        return shadows.begin(self._context, pair, who, limit=limit, minutes=minutes)

    def prepared(self) -> ShadowView:
        """The models that are being prepared, and how far they are."""
        return shadows.shadow(self._context)

    def end_preparing(self, *, actor: str, reason: str | None = None) -> str | None:
        """Give up preparing other models; their space, if there was one."""
        known = shadows.end(self._context, _who(actor, reason))
        return None if known is None else known.name

    def cut_over(
        self,
        pair: tuple[str, str] | None = None,
        *,
        actor: str,
        reason: str | None = None,
        accept_missing: bool = False,
    ) -> UseView:
        """Make the home use the models that were prepared; open it anew afterwards."""
        return switching.cut_over(self._context, _who(actor, reason), pair=pair, accept_missing=accept_missing)

    def roll_back(self, *, actor: str, reason: str | None = None, accept_missing: bool = False) -> UseView:
        """Make the home use the models of before the last change; open it anew afterwards."""
        return switching.roll_back(self._context, _who(actor, reason), accept_missing=accept_missing)

    def compare(self, *, actor: str, reason: str | None = None) -> ComparisonView:
        """Rank the pairs that people decided about by the models in use and by those that are being prepared."""
        return model_comparison.compare(self._context, Who(actor, ReasonCode.EVALUATION, reason))

    def spaces(self) -> list[SpaceView]:
        """All embedding spaces, the live one first, with how many vectors each has."""
        return spaces.listed(self._context)

    def forget(self, space: str, *, actor: str, reason: str | None = None) -> int:
        """Delete the vectors and snapshots of a space that is neither live nor being prepared: how many vectors."""
        return spaces.forget(self._context, space, _who(actor, reason))


def _who(actor: str, reason: str | None) -> Who:
    return Who(actor, ReasonCode.MAINTENANCE, reason)


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)
