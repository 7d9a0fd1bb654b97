"""Curves of an evaluation as SVG pictures, drawn by matplotlib without its global state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Literal

import numpy as np

from matcher.errors import ExtraMissing
from matcher.evaluation.outcomes import Outcomes
from matcher.evaluation.report import Report
from matcher.evaluation.trials import COSINE, Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (6.4, 4.0)  # inches
_INK, _SOFT, _GRID = "#2b3640", "#5b6770", "#e3e8eb"
_COLOURS = ("#2a6f97", "#d1792b", "#4f8a5b", "#7d5ba6", "#9a6b4f")
_STYLES: tuple[Literal["-", "--", "-.", ":"], ...] = ("-", "--", "-.", ":")
_BINS = 50
# A curve with more points than the picture has columns is only larger.
_POINTS = 400


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture: `svg` is a whole document, `caption` says what it shows and how to read it."""

    title: str
    caption: str
    svg: str


def plots(outcomes: Outcomes, report: Report) -> list[Plot]:
    """All pictures for which there are data. `ExtraMissing` without matplotlib."""
    judged = dict.fromkeys((COSINE, outcomes.trials.about.promised_by))
    histograms = [_histogram(outcomes, method) for method in judged]
    every = [_misses_by_rank(outcomes), _misses_by_fpir(outcomes), _promises(report), *histograms]
    return [plot for plot in every if plot is not None]


def require_matplotlib() -> None:
    """`ExtraMissing` if matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise ExtraMissing("Plots need matplotlib: pip install 'sighting-matcher[evaluate]'.") from error


def _drawn(draw: Callable[[Axes], None]) -> str:
    """An SVG picture with one set of axes. The same data give the same picture but for ids."""
    require_matplotlib()
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_SOFT)
    axes.tick_params(colors=_SOFT, which="both")
    axes.grid(visible=True, color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    draw(axes)
    axes.xaxis.label.set_color(_INK)
    axes.yaxis.label.set_color(_INK)
    target = BytesIO()
    figure.savefig(target, format="svg", metadata={"Date": None})
    return target.getvalue().decode("utf-8")


def _legend(axes: Axes) -> None:
    axes.legend(frameon=False, fontsize="small", labelcolor=_INK)


def _misses_by_rank(outcomes: Outcomes) -> Plot | None:
    if not outcomes.mated.any() or outcomes.enrolled < 2:
        return None
    ranks = np.arange(1, min(outcomes.enrolled, 100) + 1)
    ranked = np.sort(outcomes.rank[outcomes.mated])
    hits = np.searchsorted(ranked, ranks, side="right") / len(ranked)

    def draw(axes: Axes) -> None:
        axes.plot(ranks, hits, color=_COLOURS[0], linewidth=2, drawstyle="steps-post")
        axes.set_xscale("log")
        axes.set_xlabel("length of the list that people look through (rank)")
        axes.set_ylabel("share of mated probes found")
        axes.set_ylim(max(0.0, float(hits[0]) - 0.05), 1.005)
        _plain_ticks(axes, "x", [rank for rank in (1, 2, 5, 10, 20, 50, 100) if rank <= ranks[-1]])

    caption = (
        f"Cumulative match characteristic (CMC): how often the right one of {outcomes.enrolled} people stands in a "
        "list of that length, ordered by cosine. Mind where the vertical axis begins."
    )
    return Plot("How long a list has to be", caption, _drawn(draw))


def _misses_by_fpir(outcomes: Outcomes) -> Plot | None:
    strangers = int(outcomes.nonmated.sum())
    if strangers < 2 or not outcomes.mated.any():
        return None
    curves = [
        curve(outcomes.sought[outcomes.mated, i], outcomes.best[outcomes.nonmated, i]) for i in _columns(outcomes)
    ]
    smallest = min((float(misses[misses > 0].min()) for _, misses in curves if (misses > 0).any()), default=0.1)

    def draw(axes: Axes) -> None:
        for number, (method, (rates, misses)) in enumerate(zip(outcomes.methods, curves, strict=True)):
            (line,) = axes.plot(
                rates, np.maximum(misses, smallest), label=method, linewidth=1.8, drawstyle="steps-post"
            )
            line.set_color(_COLOURS[number % len(_COLOURS)])
            line.set_linestyle(_STYLES[number % len(_STYLES)])
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(1 / strangers, 1)
        axes.set_xlabel("false positive identification rate (FPIR)")
        axes.set_ylabel("false negative identification rate (FNIR)")
        _plain_ticks(axes, "x", [tick for tick in (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1) if tick >= 1 / strangers])
        low, high = axes.get_ylim()
        _plain_ticks(axes, "y", [tick for tick in _FRIENDLY if low <= tick <= high])
        _legend(axes)

    caption = (
        "Detection error trade-off (DET): misses against false positives, both axes logarithmic; lower is better. "
        f"{strangers} non-mated probes tell nothing to the left of the picture, and little near its left edge."
    )
    return Plot("Misses against false positives", caption, _drawn(draw))


_FRIENDLY = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1)


def _columns(outcomes: Outcomes) -> range:
    return range(len(outcomes.methods))


def curve(sought: Floats, best: Floats) -> tuple[Floats, Floats]:
    """FPIR, rising, and FNIR for every threshold at a best score: two arrays (k,). Scores may be −∞: no candidate."""
    limits = np.unique(best[np.isfinite(best)])[::-1]
    rates = (len(best) - np.searchsorted(np.sort(best), limits, side="left")) / len(best)
    misses = np.searchsorted(np.sort(sought), limits, side="left") / len(sought)
    kept = np.unique(np.round(np.geomspace(1, max(len(limits), 1), _POINTS)).astype(int) - 1)
    kept = kept[kept < len(limits)]
    return rates[kept], misses[kept]


def _histogram(outcomes: Outcomes, method: str) -> Plot | None:
    number = outcomes.methods.index(method)
    mates = outcomes.sought[outcomes.mated, number]
    strangers = outcomes.best[outcomes.nonmated, number]
    groups = [("mated: the right person", mates), ("non-mated: the best stranger", strangers)]
    finite = [(label, scores[np.isfinite(scores)]) for label, scores in groups]
    shown = [(label, scores) for label, scores in finite if len(scores)]
    if not shown:
        return None
    every = np.concatenate([scores for _, scores in shown])
    middle = float(every.mean())
    flat = float(np.ptp(every)) < 1e-6
    edges = np.linspace(middle - 0.01, middle + 0.01, _BINS) if flat else np.linspace(every.min(), every.max(), _BINS)

    def draw(axes: Axes) -> None:
        for (label, scores), colour in zip(shown, _COLOURS, strict=False):
            weights = np.full(len(scores), 1 / len(scores))
            axes.hist(scores, bins=list(edges), weights=weights, alpha=0.25, color=colour, histtype="stepfilled")
            axes.hist(
                scores, bins=list(edges), weights=weights, color=colour, histtype="step", linewidth=1.5, label=label
            )
        axes.set_xlabel(f"score: {method}")
        axes.set_ylabel("share of probes")
        _legend(axes)

    caption = (
        f"The {method} of the right person, and of the best candidate of searches with strangers. Where the two "
        "overlap a score alone tells nothing. Probes without a usable face are left out."
    )
    return Plot(f"Scores: {method}", caption, _drawn(draw))


def _promises(report: Report) -> Plot | None:
    if not report.promises:
        return None
    rates = [promise.promised for promise in report.promises]
    counted = [promise.realised.value for promise in report.promises if promise.realised.count]
    floor = min(*rates, *counted) / 2
    bands = list(dict.fromkeys(promise.band for promise in report.promises))

    def draw(axes: Axes) -> None:
        axes.plot((floor, 1), (floor, 1), color=_SOFT, linewidth=1, linestyle="--", label="kept exactly")
        for number, promise in enumerate(report.promises):
            place, colour = bands.index(promise.band), _COLOURS[bands.index(promise.band) % len(_COLOURS)]
            across = promise.promised * 1.04**place  # beside each other, not on top
            low, high = promise.realised.low or floor, promise.realised.high or floor
            axes.plot((across, across), (max(low, floor), max(high, floor)), color=colour, linewidth=2)
            seen = promise.realised.count > 0
            face, shape = (colour, "o") if seen else ("white", "v")
            (dot,) = axes.plot(across, max(promise.realised.value, floor), shape, color=colour, markersize=6)
            dot.set_markerfacecolor(face)
            if number % len(rates) == 0 or promise.band is not report.promises[number - 1].band:
                dot.set_label(f"age {promise.band.value}: measured, with its 95\u00a0% interval")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("promised false positive rate")
        axes.set_ylabel("realised false positive rate")
        _plain_ticks(axes, "x", [*sorted(set(rates)), 1])
        _plain_ticks(axes, "y", [tick for tick in _FRIENDLY if floor <= tick])
        _legend(axes)

    caption = (
        "What candidates were promised, against what searches with strangers gave. Above the line people are told "
        "too little chance, below it too much. A hollow triangle: no such candidate in any search."
    )
    return Plot("Promised and realised", caption, _drawn(draw))


def _plain_ticks(axes: Axes, which: str, ticks: list[float]) -> None:
    """Ticks at these places, written as plain numbers, and no others."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_ticks([], minor=True)
