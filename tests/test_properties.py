"""The properties of activations: where the unit switches on against mpmath, and the table as data."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import fastact
from fastact.catalogue import Activation
from fastact.properties import activation_threshold, properties, rows, saturation_edges

from . import oracle
from .cases import Case, parameter_grid

mp = oracle.mp
EVERY_ROW = pytest.mark.parametrize("row", fastact.activations.values(), ids=lambda row: row.name)
EPS = 2.0**-52
GRID = np.linspace(-60, 60, 240_001)


def slope(row: Activation, x: np.ndarray) -> np.ndarray:
    return oracle.fast(row.name, "derivative", x, *row.defaults.values())


# Solved by hand for f' = sup f' / 2.
CLOSED_FORMS = {
    ("sigmoid", ()): -mp.log(3 + 2 * mp.sqrt(2)),
    ("tanh", ()): -mp.atanh(mp.sqrt(mp.mpf(1) / 2)),
    ("softplus", ()): mp.mpf(0),
    ("softplus", (("beta", 1e-30),)): mp.mpf(0),
    ("softplus", (("beta", 1e30),)): mp.mpf(0),
    ("gelu", ()): mp.findroot(lambda x: oracle.TRUTHS["gelu"].derivative(x) - (mp.ncdf(mp.sqrt(2)) + mp.sqrt(2) *
                              mp.npdf(mp.sqrt(2))) / 2, 0.1),
}  # fmt: skip


@pytest.mark.parametrize(("name", "parameters"), CLOSED_FORMS, ids=str)
def test_the_threshold_is_that_of_the_mathematics(name: str, parameters: tuple[tuple[str, float], ...]):
    found = activation_threshold(fastact.activations[name], **dict(parameters))
    assert found is not None
    truth = CLOSED_FORMS[name, parameters]
    # An error of 3 ULP in f' moves the point by some units in the last place, more where f' is flat.
    assert abs(found - truth) <= 16 * EPS * abs(truth)


@EVERY_ROW
def test_the_threshold_is_where_the_derivative_first_reaches_half_of_its_supremum(row: Activation):
    found, defaults = activation_threshold(row), row.defaults.values()
    far, beyond = row.derivative_limits
    slopes = slope(row, GRID)
    if row.constant_below is not None:
        assert found == saturation_edges(row)[0]
        assert (slopes[found > GRID] == 0).all()
        return
    if far != 0 or math.isinf(row.sup_derivative):
        assert found is None
        return
    assert found is not None
    # The supremum that the row states, which a test of its own holds against mpmath, if it is not that of -f'.
    supremum = max(slopes.max(), beyond)
    if math.isclose(supremum, row.sup_derivative, rel_tol=1e-6):
        supremum, tolerance = row.sup_derivative, 8 * EPS
    else:
        tolerance = 1e-6
    reached = [oracle.exact(row.name, "derivative", at, *defaults) / (supremum / 2) for at in (found, found + 1e-9)]
    if found in row.kinks_at():
        assert reached[0] < 1 <= reached[1] + tolerance
    else:
        assert abs(reached[0] - 1) <= tolerance
    assert (slopes[found - 1e-6 > GRID] < supremum / 2).all()


@EVERY_ROW
def test_the_threshold_exists_or_not_at_any_parameter(row: Activation):
    for parameters in parameter_grid(Case(row, row.forms[0]), np.float64):
        found = activation_threshold(row, **dict(zip(row.defaults, parameters, strict=True)))
        assert found is None or math.isfinite(found)


def test_parameters_move_the_threshold():
    for row in fastact.activations.values():
        for parameter in row.parameters:
            with pytest.raises(TypeError, match=f"{row.name} has no parameter 'nonsense'; it has .*{parameter.name}"):
                activation_threshold(row, nonsense=1.0)
            if math.isfinite(parameter.domain.lower):
                outside = {parameter.name: parameter.domain.lower - 1}
                with pytest.raises(ValueError, match=f"{parameter.name} must be in"):
                    activation_threshold(row, **outside)
    with pytest.raises(TypeError, match="it has none"):
        activation_threshold(fastact.activations["tanh"], alpha=1.0)


@EVERY_ROW
def test_properties_are_plain_data_and_agree_with_each_other(row: Activation):
    table = properties(row)
    assert json.loads(json.dumps(table, allow_nan=True))["name"] == row.name
    assert table["bounded"] == (math.isfinite(table["infimum"]) and math.isfinite(table["supremum"]))
    assert table["zero_centred"] == (table["infimum"] == -table["supremum"])
    assert table["differentiable"] == (table["smoothness"] not in ("C0", "discontinuous"))
    assert table["differentiable"] or table["kinks"]
    for side, edge in (("left", "constant_below"), ("right", "constant_above")):
        assert (table[f"saturation_{side}"] == "hard") == (table[edge] is not None)  # type: ignore[literal-required]
    if table["odd"]:
        assert table["zero_centred"]
        assert table["limits"][0] == -table["limits"][1] or math.isnan(table["limits"][0])
    assert set(table["error_bounds"]) == {form.name for form in row.forms if form.own}


def test_the_words_for_smoothness():
    stated = {name: properties(fastact.activations[name])["smoothness"] for name in ("relu", "gelu")}
    assert stated == {"relu": "C0", "gelu": "smooth"}


def test_rows_by_name():
    assert [row.name for row in rows(["tanh", "relu"])] == ["tanh", "relu"]
    for row in fastact.activations.values():
        assert rows(row.aliases) == [row] * len(row.aliases)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("sigmod", "there is no activation 'sigmod': did you mean .*sigmoid"),
        ("Leaky-ReLU", "there is no activation 'Leaky-ReLU': did you mean .*leaky_relu"),
        ("????", r"there is no activation '\?\?\?\?': there are identity, relu"),
    ],
)
def test_an_unknown_name_names_the_closest(wrong: str, message: str):
    with pytest.raises(ValueError, match=message):
        rows(["tanh", wrong])
