"""`matcher review …` for reviewers: what waits, a task of one's own, and a sealed answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from matcher.cli.app import App, home_option, json_option, print_json, print_table, private, say
from matcher.cli.review_decisions import DECISIONS
from matcher.cli.session import signed_in
from matcher.domain.reviews import Feature, Likeness, Outcome, TaskKind

if TYPE_CHECKING:
    from matcher.services.desk_views import ClaimView, PairFacts, RevealView

_FILTERS = ("all", "mine", "urgent", "overdue", "lists", "pairs")


@click.group()
def review() -> None:
    """Lists and pairs that wait for people. Before an answer is sealed nothing shows a score, a rank or a name."""


@review.command("list")
@click.option("--filter", "wanted", type=click.Choice(_FILTERS), default="all", show_default=True, help="Which part.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="At most so many.")
@json_option
@home_option
@click.pass_obj
def review_list(app: App, wanted: str, limit: int, as_json: bool) -> None:
    """What you hold and what you may claim."""
    with app.open() as matcher:
        found = matcher.desk.queue(signed_in(matcher), wanted, limit)
    if as_json:
        print_json(found)
        return
    if found.mine:
        rows = [(one.claim, one.kind, "yes" if one.urgent else None, one.expires_at) for one in found.mine]
        print_table(("YOUR CLAIM", "KIND", "URGENT", "UNTIL"), rows, "")
    waiting = [(one.task, one.kind, "yes" if one.urgent else None, one.waiting_since) for one in found.waiting]
    print_table(("TASK", "KIND", "URGENT", "SINCE"), waiting, "Nothing waits for you.")


@review.command("next")
@click.option("--kind", type=click.Choice([kind.value for kind in TaskKind]), help="Lists only, or pairs only.")
@json_option
@home_option
@click.pass_obj
def review_next(app: App, kind: str | None, as_json: bool) -> None:
    """Claim what you do next, the urgent first; or get again what you hold."""
    with app.open() as matcher:
        found = matcher.desk.next(signed_in(matcher), kind)
    if as_json:
        print_json(found)
    elif found is None:
        click.echo("Nothing waits for you.")
    else:
        _say_claim(found)


@review.command("claim")
@click.argument("task")
@json_option
@home_option
@click.pass_obj
def review_claim(app: App, task: str, as_json: bool) -> None:
    """Claim a TASK of the list."""
    with app.open() as matcher:
        found = matcher.desk.claim(signed_in(matcher), task)
    if as_json:
        print_json(found)
    else:
        _say_claim(found)


@review.command("extend")
@click.argument("claim")
@home_option
@click.pass_obj
def review_extend(app: App, claim: str) -> None:
    """Begin the lease of a CLAIM anew, for whoever needs more time."""
    with app.open() as matcher:
        found = matcher.desk.extend(signed_in(matcher), claim)
    say(f"Claim {claim} is yours until {found.expires_at:%H:%M} UTC.")


@review.command("give-back")
@click.argument("claim")
@home_option
@click.pass_obj
def review_give_back(app: App, claim: str) -> None:
    """Return a CLAIM unanswered: somebody else may have the task."""
    with app.open() as matcher:
        matcher.desk.give_back(signed_in(matcher), claim)
    say(f"Claim {claim} was given back.")


@review.command("show")
@click.argument("claim")
@click.option(
    "--sheet", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The PNG to write the faces to."
)
@json_option
@home_option
@click.pass_obj
def review_show(app: App, claim: str, sheet: Path, as_json: bool) -> None:
    """Open a CLAIM: its faces as a picture, and what was told of the child's marks."""
    with app.open() as matcher:
        acting = signed_in(matcher)
        found = matcher.desk.sheet(acting, claim)
        picture = matcher.desk.picture(acting, claim)
        with private(sheet, "wb") as file:
            file.write(picture)
    if as_json:
        print_json(found)
        return
    marks = getattr(found, "marks", None)
    click.echo(f"One face of a sighting, and {found.places} beside it, numbered from 1.")
    for place, weak in enumerate(getattr(found, "weaknesses", ())):
        for one in weak:
            say(f"  {f'Face {place}' if place else 'The face of the sighting'} is {one.degree}: {one.problem}.")
    if marks:
        say(f"Marks of the child, as they were told: {marks}")
    click.echo(f"Written: {sheet}")


@review.command("pick")
@click.argument("claim")
@click.argument("places", nargs=-1, type=int, metavar="PLACE...")
@click.option("--none", "nobody", is_flag=True, help="Nobody on the list resembles the face.")
@home_option
@click.pass_obj
def review_pick(app: App, claim: str, places: tuple[int, ...], nobody: bool) -> None:
    """Seal a list: the PLACEs that resemble the face, or --none."""
    if nobody == bool(places):
        raise click.UsageError("Give the places that resemble the face, or --none.")
    with app.open() as matcher:
        matcher.desk.seal_list(signed_in(matcher), claim, places)
    say("Sealed.")


def _judgement(function: Any) -> Any:
    features = ", ".join(feature.value for feature in Feature)
    likeness = ", ".join(one.value for one in Likeness)
    outcome = click.option(
        "--as", "outcome", required=True, type=click.Choice([one.value for one in Outcome]), help="Your verdict."
    )
    feature = click.option(
        "--feature",
        "features",
        multiple=True,
        metavar="FEATURE=LIKENESS[:NOTE]",
        help=f"What you saw of one feature ({features}): {likeness}.",
    )
    return outcome(feature(click.option("--note", help="In your own words.")(function)))


@review.command("seal")
@click.argument("claim")
@_judgement
@home_option
@click.pass_obj
def review_seal(app: App, claim: str, outcome: str, features: tuple[str, ...], note: str | None) -> None:
    """Seal your verdict on a pair. It cannot be taken back, only followed by another after the reveal."""
    with app.open() as matcher:
        matcher.desk.seal_pair(signed_in(matcher), claim, outcome, _observed(features), note)
    say(f"Sealed. `matcher review reveal {claim}` shows what it was about.")


@review.command("reveal")
@click.argument("claim")
@json_option
@home_option
@click.pass_obj
def review_reveal(app: App, claim: str, as_json: bool) -> None:
    """Show what a sealed pair was about. You are then no blind judge of what else is near it, and not asked for it."""
    with app.open() as matcher:
        found = matcher.desk.reveal(signed_in(matcher), claim)
    if as_json:
        print_json(found)
        return
    print_facts(found.facts)
    _say_verdicts(found)


@review.command("revise")
@click.argument("claim")
@_judgement
@home_option
@click.pass_obj
def review_revise(app: App, claim: str, outcome: str, features: tuple[str, ...], note: str | None) -> None:
    """Follow your verdict by another one; both stay on record, and the new one counts as not blind."""
    with app.open() as matcher:
        matcher.desk.revise(signed_in(matcher), claim, outcome, _observed(features), note)
    say("Sealed, as a revision.")


@review.command("print")
@click.argument("claim")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The file: .pdf or .html.")
@click.option("--place", type=click.IntRange(min=1), default=1, show_default=True, help="Which case photo.")
@click.option("--whole", is_flag=True, help="With names, number, place and time, after the reveal.")
@home_option
@click.pass_obj
def review_print(app: App, claim: str, out: Path, place: int, whole: bool) -> None:
    """Write your comparison as a PDF or an HTML page; redacted, unless --whole."""
    if out.suffix not in {".pdf", ".html"}:
        raise click.UsageError(f"--out {out}: give a name that ends in .pdf or .html.")
    with app.open() as matcher:
        data = matcher.desk.printed(signed_in(matcher), claim, pdf=out.suffix == ".pdf", place=place, whole=whole)
        with private(out, "wb") as file:
            file.write(data)
    say(f"Written: {out}")


for _command in DECISIONS:
    review.add_command(_command)


def print_facts(facts: PairFacts) -> None:
    """What a pair is about, for those who have sealed or decide."""
    from matcher.services.views import NOTICE

    say(f"Case {facts.case_id} ({facts.status.value}), {facts.name or 'name unknown'}; sighting {facts.sighting}")
    rows = [
        ("seen", facts.seen_at),
        ("place", facts.place),
        ("told", facts.note),
        ("similarity", f"{facts.similarity:.3f}"),
        ("place in the list", facts.rank),
        ("flags", facts.flags or None),
    ]
    for name, value in rows:
        if value is not None:
            from matcher.cli.app import shown

            say(f"  {name}: {shown(value)}")
    if facts.sentence:
        say(f"  {facts.sentence}")
    click.echo(f"({NOTICE})")


def _say_verdicts(found: RevealView) -> None:
    say(f"Your verdict: {found.mine.outcome.value}{', revised' if found.mine.revised else ''}")
    for other in found.others:
        say(f"Another's verdict: {other.outcome.value}{', revised' if other.revised else ''}")
    if found.truth is not None:
        say(f"This was a control pair: it is known to be {found.truth.value}.")


def _say_claim(claim: ClaimView) -> None:
    urgent = ", urgent" if claim.urgent else ""
    say(f"Claim {claim.claim}: a {claim.kind.value}{urgent}, yours until {claim.expires_at:%H:%M} UTC.")
    click.echo(f"  matcher review show {claim.claim} --sheet faces.png")


def _observed(features: tuple[str, ...]) -> dict[str, tuple[str, str | None]]:
    found: dict[str, tuple[str, str | None]] = {}
    for one in features:
        name, equals, rest = one.partition("=")
        if not equals or name in found:
            raise click.UsageError(f"--feature {one}: write FEATURE=LIKENESS or FEATURE=LIKENESS:NOTE, each once.")
        likeness, _, note = rest.partition(":")
        found[name] = (likeness, note or None)
    return found
