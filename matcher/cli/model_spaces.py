"""`matcher models use`, `shadow`, `compare` and `forget`: from one embedding space to another, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from matcher.cli.app import App, home_option, json_option, print_json, print_table, say, shown, who_options
from matcher.errors import SomeRefused, WrongUse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcher.evaluation.moves import Moved
    from matcher.evaluation.rates import Estimate
    from matcher.services.model_comparison import ComparisonView
    from matcher.services.shadows import ShadowView
    from matcher.services.switching import UseView


@click.command()
@click.argument("detector", required=False)
@click.argument("recogniser", required=False)
@click.option("--shadow", "way", flag_value="shadow", help="Only embed by these models beside those in use, or go on.")
@click.option("--cut-over", "way", flag_value="cut_over", help="Use the models that were prepared with --shadow.")
@click.option("--roll-back", "way", flag_value="roll_back", help="Use the models of before the last change.")
@click.option("--limit", type=click.IntRange(1), help="With --shadow: faces to embed in this run at most.")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="With --shadow: how long this run may take.")
@click.option(
    "--accept-missing", is_flag=True, help="Change even if faces of open cases are not found by these models."
)
@who_options
@json_option
@home_option
@click.pass_obj
def use(
    app: App, /, detector: str | None, recogniser: str | None, way: str | None, as_json: bool, **given: Any
) -> None:
    """Embed all open cases by other models, then make this home use them. Safe to kill and to repeat.

    All at once, or over several nights with --shadow, to be compared with `matcher models compare` before --cut-over.
    """
    pair = None if detector is None or recogniser is None else (detector, recogniser)
    _check(detector, pair, way, given)
    with app.open() as matcher:
        models, accept = matcher.face_models, given.pop("accept_missing")
        budget = {name: given.pop(name) for name in ("limit", "minutes")}
        if way == "shadow":
            _tell_shadow(models.prepare(pair, **budget, **given), as_json)
            return
        if way == "cut_over":
            done = models.cut_over(pair, accept_missing=accept, **given)
        elif way == "roll_back":
            done = models.roll_back(accept_missing=accept, **given)
        else:
            assert pair is not None  # noqa: S101 - checked above
            done = models.use(*pair, accept_missing=accept, **given)
    _tell_change(done, as_json)


def _check(detector: str | None, pair: tuple[str, str] | None, way: str | None, given: dict[str, Any]) -> None:
    """`WrongUse` for arguments that do not go together."""
    if pair is None and (detector is not None or way is None):
        raise WrongUse("Which models? Give DETECTOR and RECOGNISER, both.")
    if pair is not None and way == "roll_back":
        raise WrongUse("--roll-back goes to the models of before: name none.")
    if way != "shadow" and (given["limit"], given["minutes"]) != (None, None):
        raise WrongUse("--limit and --minutes go with --shadow only.")
    if way == "shadow" and given["accept_missing"]:
        raise WrongUse("--accept-missing does not go with --shadow, which changes nothing: give it with --cut-over.")


@click.command()
@click.option("--end", is_flag=True, help="Give up preparing them; what was embedded stays until it is forgotten.")
@who_options
@json_option
@home_option
@click.pass_obj
def shadow(app: App, /, end: bool, as_json: bool, **who: str) -> None:
    """Show the models that are being prepared beside those in use, and how far they are."""
    with app.open() as matcher:
        if not end:
            _tell_shadow(matcher.face_models.prepared(), as_json)
            return
        ended = matcher.face_models.end_preparing(**who)
    if as_json:
        print_json({"ended": ended})
    elif ended is None:
        click.echo("No models are being prepared.")
    else:
        click.echo(f"Ended. What was embedded goes with `matcher models forget {ended}`.")


@click.command()
@who_options
@json_option
@home_option
@click.pass_obj
def compare(app: App, /, as_json: bool, **who: str) -> None:
    """Rank the pairs that people decided about by the models in use and by those being prepared. Audited."""
    with app.open() as matcher:
        view = matcher.face_models.compare(**who)
    if as_json:
        print_json(view)
    else:
        _tell_comparison(view)


@click.command()
@click.argument("space")
@who_options
@home_option
@click.pass_obj
def forget(app: App, /, space: str, **who: str) -> None:
    """Delete all vectors and snapshots of an embedding space that is neither in use nor being prepared."""
    with app.open() as matcher:
        gone = matcher.face_models.forget(space, **who)
    click.echo(f"Forgot {gone} vectors of {space}.")


def _tell_shadow(view: ShadowView, as_json: bool) -> None:
    if as_json:
        print_json(view)
        return
    for name in view.forgotten:
        say(f"Forgot {name}, which had not been in use for long.")
    if view.backend is None:
        click.echo("No models are being prepared: begin with `matcher models use DETECTOR RECOGNISER --shadow`.")
        return
    for problem in view.problems:
        say(problem, err=True)
    say(f"{view.backend} is being prepared since {shown(view.since)}: {view.space}")
    parts = {"open cases": view.cases, "judged pairs": view.judged, "unresolved sightings": view.sightings}
    rows = [(name, one.of, one.embedded, one.not_found, one.left) for name, one in parts.items() if one is not None]
    print_table(("FACES OF", "WANTED", "EMBEDDED", "NOT FOUND", "LEFT"), rows, "")
    if view.embedded:
        click.echo(f"Newly embedded: {view.embedded}.")
    click.echo(
        "Complete: `matcher models compare`, then `matcher models use --cut-over`."
        if view.complete
        else "Go on with `matcher models use --shadow`; `matcher nightly` does."
    )


def _tell_change(done: UseView, as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        for problem in done.missing:
            say(problem, err=True)
        click.echo(f"Embedding space: {done.space}")
        click.echo(f"Snapshot {done.snapshot}: {done.faces} faces, {done.embedded} newly embedded.")
        if done.in_use:
            click.echo(
                f"This home uses {done.backend} from now on. Start again what runs on it, then `matcher reindex`."
            )
        if done.in_use and done.overridden_by:
            click.echo(f"But MATCHER_BACKEND is {done.overridden_by}, which wins where it is set: take it away.")
    if done.missing:
        missing = f"{len(done.missing)} faces of open cases were not found by these models, as listed"
        if done.in_use:
            raise SomeRefused(f"{missing}: no search finds them until their photos are replaced.")
        raise SomeRefused(f"{missing}: the models were not changed. Replace the photos, or give --accept-missing.")


def _tell_comparison(view: ComparisonView) -> None:
    from matcher.evaluation.strata import FEWEST_PROBES, FEWEST_SUBJECTS

    say(f"In use:   {view.live}")
    say(f"Compared: {view.other}")
    click.echo(
        f"Among {view.cases} open cases: {view.confirmed} confirmed pairs of {view.children} children, "
        f"{view.excluded} excluded pairs; {view.waiting} more wait to be embedded."
    )
    rows = [
        (f"among the first {one.rank}", _counted(one.live, one.of, one.live_share),
         _counted(one.other, one.of, one.other_share), one.gained, one.lost)
        for one in view.ranks
    ]  # fmt: skip
    print_table(("CONFIRMED PAIRS", "IN USE", "COMPARED", "GAINED", "LOST"), rows, "")
    if view.insufficient:
        click.echo(f"Insufficient for rates: they need {FEWEST_PROBES} confirmed pairs of {FEWEST_SUBJECTS} children.")
    _tell_moved("Confirmed pairs with another rank", view.moved)
    _tell_moved(f"Excluded pairs that would rise into a list of {view.list_length}", view.rising)
    click.echo(f"Excluded pairs that would leave it: {view.leaving}")
    click.echo("Small numbers decide nothing. Whether to cut over is decided by a person, not by these.")


def _counted(count: int, of: int, share: Estimate | None) -> str:
    told = f"{count} of {of}"
    if share is None:
        return told
    interval = "" if share.low is None or share.high is None else f" ({share.low:.2f} … {share.high:.2f})"
    return f"{told} = {share.value:.2f}{interval}"


def _tell_moved(title: str, moved: Sequence[Moved]) -> None:
    click.echo(f"{title}: {len(moved)}")
    if moved:
        print_table(("PAIR", "IN USE", "COMPARED"), [(one.pair, one.live_rank, one.other_rank) for one in moved], "")
