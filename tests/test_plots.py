"""The pictures: curves against the oracle, no line through a jump, marks where the row says, no words that collide."""

from __future__ import annotations

import functools
import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import fastact
from fastact import figures, plots
from fastact.catalogue import Activation, Interval
from fastact.properties import activation_threshold, saturation_edges

from . import oracle

ROWS = list(fastact.activations.values())
EVERY_ROW = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
FORMS = {"f": "value", "f'": "derivative", "f''": "second_derivative"}


def drawn(rows: list[Activation], parameters: dict[str, float] | None = None, **keywords: Any) -> Any:
    """The figure of activations in the house's style, laid out."""
    with figures.style():
        figure = plots.draw(plots.subjects(rows, parameters), **keywords)
        FigureCanvasAgg(figure).draw()
    return figure


@functools.cache
def alone(name: str) -> Any:
    """The figure of one activation as it is by default."""
    return drawn([fastact.activations[name]])


def panels(row: Activation, **keywords: Any) -> tuple[Any, Any]:
    """The two axes of the picture of one activation."""
    figure = drawn([row], keywords.pop("parameters", None), **keywords) if keywords else alone(row.name)
    left, right = figure.axes
    return left, right


def curves(*axes: Any) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The points of f, f' and f'' by name."""
    lines = [line for ax in axes for line in ax.get_lines() if line.get_label() in FORMS]
    return {line.get_label(): (line.get_xdata(), line.get_ydata()) for line in lines}


@EVERY_ROW
def test_the_curves_are_those_of_the_oracle(row: Activation):
    found = curves(*panels(row))
    assert set(found) == {"f", "f'"} | ({"f''"} if row.second_derivative_formula else set())
    for name, (x, y) in found.items():
        truth = oracle.fast(row.name, FORMS[name], x, *row.defaults.values())
        shown = ~np.isnan(y)
        np.testing.assert_allclose(y[shown], truth[shown], rtol=1e-9, atol=1e-9)


@EVERY_ROW
def test_no_line_goes_through_a_jump(row: Activation):
    for x, y in curves(*panels(row)).values():
        height, width = np.ptp(y[~np.isnan(y)]), np.ptp(x)
        with np.errstate(invalid="ignore"):
            steep = np.abs(np.diff(y)) > 0.02 * height
        # A line may be steep, but not between neighbouring floats.
        assert (np.diff(x)[steep] > 1e-6 * width).all()
        assert np.isnan(y).sum() <= len(row.kinks) + 2


@EVERY_ROW
def test_what_happens_is_seen_and_marked(row: Activation):
    left, right = panels(row)
    low, high = left.get_xlim()
    assert low == -high
    threshold, edges = activation_threshold(row), saturation_edges(row)
    marked = [line.get_xdata()[0] for line in left.get_lines() if line.get_label() == "threshold"]
    assert marked == ([] if threshold is None else [threshold])
    spans = [(p.get_x(), p.get_x() + p.get_width()) for p in left.patches]
    wanted = [] if edges[0] is None else [(low, edges[0])]
    wanted += [] if edges[1] is None else [(edges[1], high)]
    np.testing.assert_allclose(spans, wanted)
    assert sum(line.get_label().startswith("asymptote") for line in left.get_lines()) == row.saturation.count("soft")
    for points in (row.kinks_at(), [*filter(None, edges)], [threshold or 0.0]):
        assert all(low < at < high for at in points)
    found = curves(left, right)
    for axes, name in ((left, "f"), (right, "f'")):
        bottom, top = axes.get_ylim()
        if math.isfinite(row.sup_derivative):
            assert bottom < np.nanmin(found[name][1])
            assert np.nanmax(found[name][1]) < top
    dots = {line.get_xdata()[0] for line in right.get_lines() if line.get_marker() == "o"}
    assert dots <= set(row.kinks_at())
    if row.smoothness == 0:
        assert dots


@EVERY_ROW
def test_no_words_collide(row: Activation):
    figure = alone(row.name)
    width, height = figure.bbox.size
    boxes = []
    for axes in figure.axes:
        low, high = axes.get_xlim()
        words = [axes.title, axes._left_title, *axes.texts]
        words += [tick.label1 for tick in axes.xaxis.get_major_ticks() if low <= tick.get_loc() <= high]
        low, high = axes.get_ylim()
        words += [tick.label1 for tick in axes.yaxis.get_major_ticks() if low <= tick.get_loc() <= high]
        boxes += [(word.get_text(), word.get_window_extent()) for word in words if word.get_text().strip()]
    boxes += [(word.get_text(), word.get_window_extent()) for word in figure.legends[0].get_texts()]
    for text, box in boxes:
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= width, text
        assert box.y1 <= height, text
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        assert not a.overlaps(b), (one, other)


@pytest.fixture
def step(monkeypatch: pytest.MonkeyPatch) -> Activation:
    """An activation that jumps at a kink that moves, has no limit of f' and an infinite end."""

    def f(x: Any, at: float = 1.0) -> np.ndarray:
        return np.where(x > at, x, -1.0)

    def slope(x: Any, at: float = 1.0) -> np.ndarray:
        return np.where(np.isinf(x), np.nan, np.where(np.asarray(x) > at, 1.0, 0.0))

    relu = fastact.activations["softplus"]
    for name, function in (("step", f), ("step_derivative", slope)):
        monkeypatch.setattr(fastact, name, function, raising=False)
    return relu.replaced(
        name="step",
        parameters=(relu.parameters[0].replaced(name="at", domain=Interval(-math.inf, math.inf)),),
        limits=(math.nan, math.inf),
        derivative_limits=(math.nan, math.nan),
        second_derivative_formula="",
        second_derivative_accuracy=None,
        smoothness=-1,
        kinks={"at": 0.0},
    )


@pytest.mark.parametrize("at", [0.0, 1.0, -2.5])
def test_a_jump_is_left_open_and_has_its_dots(step: Activation, at: float):
    left, right = panels(step, span=(-4, 4), parameters={"at": at})
    x, y = curves(left, right)["f"]
    assert np.isnan(y).sum() == 1
    assert x[np.flatnonzero(np.isnan(y))[0]] == pytest.approx(at)
    dots = [(line.get_xdata()[0], line.get_ydata()[0], line.get_markerfacecolor()) for line in left.get_lines()]
    dots = [dot for dot in dots if dot[0] == at and len(dot) == 3 and dot[2] in ("white", plots.VALUE)]
    assert (at, -1.0, plots.VALUE) in dots
    assert ("white" in {dot[2] for dot in dots}) == (at != -1.0)
    assert activation_threshold(step, at=at) is None


def test_several_activations_are_small_multiples():
    figure = drawn(ROWS[:5])
    assert [axes.get_title(loc="left").split("(")[0] for axes in figure.axes[::2]][:5] == [row.name for row in ROWS[:5]]
    assert len(figure.axes) == 12
    assert not any(axes.axison for axes in figure.axes[10:])


def test_parameters_reach_those_that_have_them():
    alone = plots.subjects(ROWS, {"beta": 4.0})
    assert {subject.row.name for subject in alone if subject.parameters} == {
        row.name for row in ROWS if "beta" in row.defaults
    }
    softplus = fastact.activations["softplus"]
    x, y = curves(*panels(softplus, parameters={"beta": 4.0}, span=(-1, 2)))["f"]
    assert (x[0], x[-1]) == (-1, 2)
    np.testing.assert_allclose(y, oracle.fast("softplus", "value", x, 4.0), rtol=1e-9)


def test_the_range_follows_the_parameters():
    softplus = fastact.activations["softplus"]
    ends = [plots.span_of(plots.Subject(softplus, {"beta": beta}))[1] for beta in (1e-3, 1.0, 1e3)]
    assert ends[0] == pytest.approx(1e3 * ends[1])
    assert ends[2] == pytest.approx(1e-3 * ends[1])


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path):
    rows = [fastact.activations["gelu"]]
    first, again = (plots.save(rows, tmp_path / name) for name in ("a", "b"))
    assert [path.name for path in first] == ["gelu.png", "gelu.svg"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    assert b"Matplotlib v" not in first[1].read_bytes()
    small, large = (figures.render(lambda: plots.draw(plots.subjects(rows)), ("svg",), text=text) for text in (1, 0))
    assert len(small["svg"]) < len(large["svg"])


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"span": (1.0, 1.0)}, "the range of x must be two finite numbers, the first one smaller"),
        ({"span": (0.0, math.inf)}, "the range of x must be two finite numbers"),
        ({"parameters": {"nonsense": 1.0}}, "no activation here has a parameter 'nonsense'"),
        ({"parameters": {"beta": -1.0}}, "softplus: beta must be in"),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_nothing_is_written(tmp_path: Path, keywords: Any, message: str):
    with pytest.raises(ValueError, match=message):
        plots.save([fastact.activations["softplus"]], tmp_path / "out", **keywords)
    with pytest.raises(ValueError, match="at least one activation"):
        plots.save([], tmp_path / "out")
    assert not (tmp_path / "out").exists()
