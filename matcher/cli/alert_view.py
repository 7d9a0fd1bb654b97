"""An alert on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matcher.cli.app import plain, print_json, print_table, say, shown
from matcher.domain.alerts import AlertState
from matcher.domain.codes import spoken
from matcher.domain.public_words import ALERT_ENDS

if TYPE_CHECKING:
    from matcher.domain.alerts import Bulletin, Growth, Terms
    from matcher.services.alert_views import AlertView


def print_alert(
    view: AlertView, as_json: bool, told: Sequence[Bulletin] | None = None, public_url: str | None = None
) -> None:
    """Everything about an alert; with `told` all that was told of it, as partners are told."""
    if as_json:
        print_json(plain(view) | ({} if told is None else {"bulletins": _bulletins(told, public_url)}))
        return
    meant = "" if view.meant is None else f", {view.meant.value}"
    say(f"Alert {view.id} about case {view.case_id}: {_stands(view)}{meant}")
    say(f"  card: {spoken(view.card)}")
    _print_terms(view.terms)
    if view.active:
        grows = "" if view.grows_at is None else f", it grows at {shown(view.grows_at)}"
        say(f"  heard now within {view.circle.radius_km:g} km{grows}")
    say(f"  drafted by {view.drafted_by} at {shown(view.drafted_at)}")
    if view.issued_at is not None:
        say(f"  issued by {' and '.join(view.issued_by)} at {shown(view.issued_at)}; bulletins: {view.told}")
    if view.ended_because is not None:
        say(f"  cancelled by {view.ended_by} at {shown(view.ended_at)}: {ALERT_ENDS[view.ended_because]}")
    print_proposal(view)
    if told:
        rows = [
            (one.number, one.kind, one.at, None if one.circle is None else f"{one.circle.radius_km:g}", one.expires_at)
            for one in told
        ]
        print_table(("NUMBER", "WHAT", "TOLD", "KM", "UNTIL"), rows, "")


def print_proposal(view: AlertView, *, err: bool = False) -> None:
    """What one officer wants of an alert and another has to agree to."""
    proposal = view.proposal
    if proposal is None:
        return
    what = "to issue it" if view.state is AlertState.DRAFT else "a change"
    say(f"  proposed by {proposal.by} at {shown(proposal.at)}: {what}, {proposal.meant.value}", err=err)
    if proposal.terms != view.terms or err:
        _print_terms(proposal.terms, "    ", err=err)
    if not err:
        say(f"  another officer agrees with `matcher alert approve {view.id}`, or says why not with `alert decline`")


def print_alerts(found: Sequence[AlertView], as_json: bool) -> None:
    """One line per alert."""
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one.id,
            one.case_id,
            _stands(one),
            one.meant,
            f"{one.circle.radius_km:g}",
            one.terms.place or None,
            one.terms.expires_at,
            None if one.proposal is None else "a second officer",
        )
        for one in found
    ]
    columns = ("ALERT", "CASE", "STATE", "MEANT", "KM", "PLACE", "UNTIL", "WAITS FOR")
    print_table(columns, rows, "No alert of this kind here.")


def _print_terms(terms: Terms, indent: str = "  ", *, err: bool = False) -> None:
    centre = f"{terms.centre.lat:.5f}, {terms.centre.lon:.5f}"
    say(f"{indent}around: {f'{terms.place}, ' if terms.place else ''}{centre}", err=err)
    say(f"{indent}within: {_growth(terms.growth)}, counted from {shown(terms.since)}", err=err)
    say(f"{indent}until: {shown(terms.expires_at)}", err=err)
    if terms.note is not None:
        say(f"{indent}note: {terms.note}", err=err)


def _growth(growth: Growth) -> str:
    return ", ".join(f"{radius:g} km from hour {hours:g}" for hours, radius in growth.steps)


def _stands(view: AlertView) -> str:
    ran_out = view.state is AlertState.ISSUED and not view.active
    return "ran out" if ran_out else view.state.value


def _bulletins(told: Sequence[Bulletin], public_url: str | None) -> list[object]:
    from matcher.services.alert_data import bulletin_data

    numbers = [one.number for one in told]
    return [bulletin_data(one, public_url, before=numbers[:place]) for place, one in enumerate(told)]
