"""Pictures of activations: f beside f' and f'', with kinks, saturation and threshold."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import fastact

from ._schema import Activation
from .figures import COLOURS, GREY, render
from .properties import activation_threshold, sample_points, saturation_edges

VALUE, SLOPE, CURVATURE = COLOURS[:3]
POINTS = 600
MINUS = "\N{MINUS SIGN}"  # as on the axes
MARGIN = 0.07
GROWTH = 5.0  # what lies further out than this, in widths of the middle nine tenths, is cut off
SAME = 1e-9  # a smaller difference, as a share of the height, is none
NICE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0)
UNREMARKABLE = 3.0  # half of the range of x for a function without any feature, as the identity
STILL = 0.03  # f' has come to its limit when it is nearer than this share of its size
FLAT: dict[str, Any] = {"facecolor": "#ECECEC", "edgecolor": "none", "zorder": 0}
ASYMPTOTE: dict[str, Any] = {"color": GREY, "linestyle": (0, (1.0, 1.6)), "linewidth": 1.3, "zorder": 1.6}
THRESHOLD: dict[str, Any] = {"color": "#9A6FB0", "linestyle": (0, (5, 2.5)), "linewidth": 1.2, "zorder": 1.5}
NOTE: dict[str, Any] = {"fontsize": 8.8, "color": GREY, "va": "bottom"}


@dataclass(frozen=True)
class Subject:
    """An activation at given parameters, as functions of x alone in float64."""

    row: Activation
    parameters: dict[str, float]

    def form(self, suffix: str) -> Callable[[Any], np.ndarray]:
        """f for "", or f' or f'' by the suffix of the public name."""
        function = getattr(fastact, self.row.name + suffix)

        def at(x: Any) -> np.ndarray:
            with np.errstate(over="ignore"):
                return np.asarray(function(np.asarray(x, np.float64), **self.parameters))

        return at

    @property
    def title(self) -> str:
        """The name with all parameters."""
        listed = ", ".join(f"{name}={value:g}" for name, value in (self.row.defaults | self.parameters).items())
        return f"{self.row.name}({listed})" if listed else self.row.name

    @property
    def kinks(self) -> list[float]:
        """Where f or f' jumps."""
        return sorted(at for at in self.row.kinks_at(**self.parameters) if math.isfinite(at))

    @property
    def edges(self) -> list[float]:
        """Where f becomes constant."""
        return [at for at in saturation_edges(self.row, **self.parameters) if at is not None and math.isfinite(at)]

    @property
    def threshold(self) -> float | None:
        """Where the unit switches on."""
        return activation_threshold(self.row, **self.parameters)


def subjects(rows: Iterable[Activation], parameters: Mapping[str, float] | None = None) -> list[Subject]:
    """Activations with those of the parameters that they have.

    Raises
    ------
    ValueError
        For a parameter that none of them has, or one outside its domain.
    """
    given, out = dict(parameters or {}), []
    rows = list(rows)
    for name in given:
        if not any(name in row.defaults for row in rows):
            known = sorted({known for row in rows for known in row.defaults})
            raise ValueError(f"no activation here has a parameter {name!r}; known are {', '.join(known) or 'none'}")
    for row in rows:
        mine = {name: float(value) for name, value in given.items() if name in row.defaults}
        subject = Subject(row, mine)
        subject.form("")(0.0)  # raises for a parameter outside its domain
        out.append(subject)
    return out


def save(
    rows: Sequence[Activation],
    folder: str | Path,
    *,
    span: tuple[float, float] | None = None,
    parameters: Mapping[str, float] | None = None,
    stem: str | None = None,
    formats: tuple[str, ...] = ("png", "svg"),
) -> list[Path]:
    """Draw activations and write the figure.

    Parameters
    ----------
    rows : sequence of Activation
        One or more; several become small multiples of one figure.
    folder : path
        Made if it does not exist; files of the same name are replaced.
    span : pair of float, optional
        The range of x. By default each has its own, in which all that happens to it is seen.
    parameters : mapping of str to float, optional
        Parameter values; each activation takes those that it has.
    stem : str, optional
        Name of the files, without the suffix: by default that of the activation, "activations" for several.
    formats : tuple of {"png", "svg"}

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    ModuleNotFoundError
        If matplotlib is not installed.
    ValueError
        For no activation, an empty range, or a parameter that none has or that lies outside its domain.
    """
    chosen = subjects(rows, parameters)
    files = render(lambda: draw(chosen, span), formats)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for suffix, content in files.items():
        path = folder / f"{stem or (chosen[0].row.name if len(chosen) == 1 else 'activations')}.{suffix}"
        path.write_bytes(content)
        written.append(path)
    return written


def draw(chosen: Sequence[Subject], span: tuple[float, float] | None = None) -> Any:
    """The figure, as a ``matplotlib.figure.Figure``: for each activation f on the left, f' and f'' on the right."""
    from matplotlib.figure import Figure

    if not chosen:
        raise ValueError("name at least one activation")
    if span is not None and not -math.inf < span[0] < span[1] < math.inf:
        raise ValueError(f"the range of x must be two finite numbers, the first one smaller, got {span}")
    across = 1 if len(chosen) <= 3 else 2
    down = -(-len(chosen) // across)
    figure = Figure(figsize=(7.6 * across, 2.75 * down + 0.35), layout="constrained")
    axes = figure.subplots(down, 2 * across, squeeze=False)
    used: dict[str, Any] = {}
    for at, subject in enumerate(chosen):
        left, right = axes[at // across][2 * (at % across) : 2 * (at % across) + 2]
        _panels(left, right, subject, span or span_of(subject), used)
    for spare in axes.ravel()[2 * len(chosen) :]:
        spare.set_axis_off()
    order = ("f", "f'", "f''", "kink", "threshold", "constant", "asymptote")
    handles = [used[name] for name in order if name in used]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=9, columnspacing=1.4)
    return figure


def span_of(subject: Subject) -> tuple[float, float]:
    """A range of x, symmetric about 0, that shows all that happens to an activation."""
    row = subject.row
    if row.period is not None:
        # Stated for the defaults; a parameter of a periodic function is a frequency.
        frequency = math.prod(value / row.defaults[name] for name, value in subject.parameters.items())
        return (-1.5 * row.period / frequency, 1.5 * row.period / frequency)
    threshold = subject.threshold
    points = [*subject.kinks, *subject.edges, *([] if threshold is None else [threshold])]
    # What it is beyond a kink should be seen too.
    reach = [2 * abs(at) for at in points]
    x = sample_points(row, **subject.parameters)
    slope = subject.form("_derivative")(x)
    size = np.abs(slope).max()
    if math.isfinite(size) and size > 0:
        for limit, side in ((slope[0], x < 0), (slope[-1], x > 0)):
            moving = np.abs(x[side & (np.abs(slope - limit) > STILL * size) & np.isfinite(x)])
            reach.append(1.3 * float(moving.max(initial=0.0)))
    far = max(reach, default=0.0)
    if not 0 < far < 1e300:
        return (-UNREMARKABLE, UNREMARKABLE)
    power = 10.0 ** math.floor(math.log10(far))
    end = power * next(step for step in NICE if far <= step * power * (1 + 1e-9))
    return (-end, end)


def pieces(
    form: Callable[[Any], np.ndarray], span: tuple[float, float], breaks: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Points of a curve, with a NaN between where it jumps, so that no line is drawn through the jump."""
    low, high = span
    ends = [low, *(at for at in sorted(set(breaks)) if low < at < high), high]
    width = high - low
    xs: list[np.ndarray] = []
    for left, right in itertools.pairwise(ends):
        inside = np.linspace(left, right, max(2, round(POINTS * (right - left) / width)))
        # A kink itself belongs to one side only: the pieces end at its neighbours.
        inside[0] = left if left == low else np.nextafter(left, right)
        inside[-1] = right if right == high else np.nextafter(right, left)
        xs.append(inside)
    ys = [form(x) for x in xs]
    finite = np.concatenate(ys)[np.isfinite(np.concatenate(ys))]
    height = float(np.ptp(finite)) if finite.size else 0.0
    x, y = xs[0], ys[0]
    for next_x, next_y in zip(xs[1:], ys[1:], strict=True):
        if not abs(next_y[0] - y[-1]) <= SAME * height:
            x, y = np.append(x, next_x[0]), np.append(y, math.nan)
        x, y = np.concatenate([x, next_x]), np.concatenate([y, next_y])
    return x, y


def _panels(left: Any, right: Any, subject: Subject, span: tuple[float, float], used: dict[str, Any]) -> None:
    row = subject.row
    # f'' of an odd function may jump at 0, which is no kink of f.
    breaks = [*subject.kinks, *subject.edges, 0.0]
    curves: list[tuple[Any, str, str, str, float, Any]] = [
        (left, "f", "", VALUE, 2.0, "-"),
        (right, "f'", "_derivative", SLOPE, 2.0, "-"),
    ]
    if row.second_derivative_formula:
        curves.append((right, "f''", "_second_derivative", CURVATURE, 1.5, (0, (4.5, 1.5))))
    for axes in (left, right):
        axes.axhline(0, color="#A6A6A6", linewidth=0.8, zorder=1)
        axes.axvline(0, color="#A6A6A6", linewidth=0.8, zorder=1)
    for axes, label, suffix, colour, width, style in curves:
        x, y = pieces(subject.form(suffix), span, breaks)
        (used[label],) = axes.plot(
            x, y, color=colour, linewidth=width, linestyle=style, label=label, solid_capstyle="butt"
        )
    for axes in (left, right):
        _limits(axes, span)
    _saturation(left, right, subject, span, used)
    _kinks(left, right, subject, span, used)
    threshold = subject.threshold
    if threshold is not None and span[0] <= threshold <= span[1]:
        for axes in (left, right):
            used["threshold"] = axes.axvline(threshold, label="threshold", **THRESHOLD)
    left.set_title(subject.title, fontsize=10.5, pad=18)
    note = f"threshold {_number(threshold)}" if threshold is not None else "no threshold"
    if not subject.parameters:
        note = f"range {row.range} · {note}".replace("-", MINUS)
        right.text(0, 1.015, f"sup|f'| {_number(row.sup_derivative)}", transform=right.transAxes, **NOTE)
    left.text(0, 1.015, note, transform=left.transAxes, **NOTE)


def _limits(axes: Any, span: tuple[float, float]) -> None:
    """Show all of a curve, unless it grows so fast that nothing but the growth would be seen."""
    drawn = np.concatenate([line.get_ydata() for line in axes.get_lines() if len(line.get_ydata()) > 2])
    drawn = drawn[np.isfinite(drawn)]
    low, high = (float(drawn.min()), float(drawn.max())) if drawn.size else (-1.0, 1.0)
    quarters = np.percentile(drawn, (5, 95)) if drawn.size else (low, high)
    room = GROWTH * max(float(quarters[1] - quarters[0]), 1e-300)
    low, high = max(low, float(quarters[0]) - room), min(high, float(quarters[1]) + room)
    low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        low, high = -1.0, 1.0
    margin = MARGIN * (high - low)
    axes.set_ylim(low - margin, high + margin)
    axes.set_xlim(*span)
    axes.margins(0)


def _saturation(left: Any, right: Any, subject: Subject, span: tuple[float, float], used: dict[str, Any]) -> None:
    below, above = saturation_edges(subject.row, **subject.parameters)
    low, high = span
    ends = subject.form("")(np.array([-math.inf, math.inf]))
    slopes = subject.form("_derivative")(np.array([-math.inf, math.inf]))
    middle = min(max(0.0, low), high)
    hard = ((low, below), (above, high))
    soft = ((low, middle), (middle, high))
    for (start, stop), half, end, slope in zip(hard, soft, ends, slopes, strict=True):
        if start is not None and stop is not None:
            if start < stop:
                for axes in (left, right):
                    used["constant"] = axes.axvspan(start, stop, label="f is constant (hard saturation)", **FLAT)
        elif math.isfinite(end) and slope == 0 and half[0] < half[1]:
            (used["asymptote"],) = left.plot(half, [end, end], label="asymptote (soft saturation)", **ASYMPTOTE)
            bottom, top = left.get_ylim()
            margin = MARGIN * (top - bottom)
            left.set_ylim(min(bottom, end - margin), max(top, end + margin))


def _kinks(left: Any, right: Any, subject: Subject, span: tuple[float, float], used: dict[str, Any]) -> None:
    """A dot where f or f' jumps: full for the value there, open for a limit that is not taken."""
    from matplotlib.lines import Line2D

    dot: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 5.0, "zorder": 4, "clip_on": False}
    panels = ((left, subject.form(""), VALUE), (right, subject.form("_derivative"), SLOPE))
    for at in subject.kinks:
        if not span[0] <= at <= span[1]:
            continue
        around = np.array([np.nextafter(at, -math.inf), at, np.nextafter(at, math.inf)])
        heights = [np.ptp(axes.get_ylim()) for axes, _, _ in panels]
        drawn = [form(around) for _, form, _ in panels]
        if not any(np.ptp(y) > SAME * height for y, height in zip(drawn, heights, strict=True)):
            continue  # the pieces meet smoothly at these parameters
        for (axes, _, colour), height, (before, there, after) in zip(panels, heights, drawn, strict=True):
            for side in (before, after):
                if abs(side - there) > SAME * height:
                    axes.plot(at, side, color=colour, markerfacecolor="white", **dot)
            axes.plot(at, there, color=colour, **dot)
        used["kink"] = Line2D([], [], color=GREY, label="kink", **dot)


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", MINUS)
