"""The tables of what is not elementwise in one number: functions of rows, and gated units of two numbers.

As in ``catalogue.py`` a row states independent facts, and the kernels, public functions, stubs, docstrings and tests
follow from it: of row functions with the kernels of the same name in ``include/fastact/rowwise.h``, of gated units with
the formulas of their activation in ``activations.h``. Functions that change the length of an axis are plain functions,
of which the table has the names. Standard library only: the build reads this file first.
"""

from __future__ import annotations

from ._record import Record
from ._schema import Accuracy

_OUT = "*, out: NDArray[Any] | None = None"


class RowForm(Record):
    """One way to evaluate a function of rows: the suffix of its public name, its inputs and its gufunc signature."""

    kind: str
    suffix: str
    inputs: tuple[str, ...]
    signature: str

    @property
    def name(self) -> str:
        """Its name among the forms of a function."""
        return self.suffix.removeprefix("_") or "value"


class PlainForm(Record):
    """A function that is no ufunc and wraps none: its public name, and its signature as Python source."""

    name: str
    signature: str


class RowFunction(Record, kw_only=True):
    """A function of whole rows, n numbers to n or, where it ``reduces``, to one.

    ``accuracy`` bounds the error of f in ULP; below ``absolute`` (in float32, float64), where it is not 0, an error is
    allowed to be that instead. ``backward_error`` bounds that of the gradients in units of the dtype's eps times
    ``backward_error_of``, the largest that their formula can add; where they form a softmax, it may count as 0 below
    an eighth of the smallest subnormal number. ``overflows`` are the forms that can make an infinity of finite
    numbers. ``example`` is a call and what it prints.
    """

    name: str
    summary: str
    formula: str
    backward_formula: str
    range: str
    infinities: str
    accuracy: Accuracy
    example: tuple[str, str]
    reference: str
    backward_from_output_formula: str = ""
    absolute: tuple[float, float] = (0.0, 0.0)
    absolute_of: str = ""
    backward_error: float = 4.0
    backward_error_of: str
    reduces: bool = False
    overflows: tuple[str, ...] = ()

    @property
    def forms(self) -> tuple[RowForm, ...]:
        """The forms that exist."""
        result = "()" if self.reduces else "(n)"
        out = [
            RowForm("value", "", ("x",), f"(n)->{result}"),
            RowForm("backward", "_backward", ("grad", "x"), f"{result},(n)->(n)"),
        ]
        if self.backward_from_output_formula:
            out.append(RowForm("backward_from_output", "_backward_from_output", ("grad", "y"), "(n),(n)->(n)"))
        return tuple(out)


class GatedUnit(Record, kw_only=True):
    """A gated linear unit, a * act(b), act being an activation without parameters.

    ``accuracy`` bounds the error of the value in ULP, ``backward_accuracy`` that of both gradients. ``example`` is a
    call and what it prints.
    """

    name: str
    activation: str
    summary: str
    accuracy: Accuracy
    backward_accuracy: Accuracy
    example: tuple[str, str]
    reference: str = "Shazeer, GLU variants improve transformer, arXiv:2002.05202"

    @property
    def split_forms(self) -> tuple[PlainForm, PlainForm]:
        """The functions of the two halves of one array."""
        return (
            PlainForm(f"{self.name}_split", "x: ArrayLike, axis: int = -1, **keywords: Any"),
            PlainForm(f"{self.name}_split_backward", f"grad: ArrayLike, x: ArrayLike, axis: int = -1, {_OUT}"),
        )

    @property
    def formula(self) -> str:
        """What it computes."""
        return f"f(a, b) = a * {self.activation}(b)"

    @property
    def backward_formula(self) -> str:
        """The gradients, with respect to a and to b."""
        return f"grad * {self.activation}(b),  grad * a * {self.activation}'(b)"


class ResizingUnit(Record):
    """A function that changes the length of an axis, with the arguments that it has besides x and the axis."""

    name: str
    arguments: str = ""

    @property
    def forms(self) -> tuple[PlainForm, PlainForm]:
        """The value and the backward form."""
        rest = f"x: ArrayLike, {self.arguments}axis: int = -1, {_OUT}"
        return PlainForm(self.name, rest), PlainForm(f"{self.name}_backward", f"grad: ArrayLike, {rest}")


_SOFTMAX_INFINITIES = "A single inf takes all: it gives 1, the others 0. Several give NaN, and so does a row of -inf."

_ROW_FUNCTIONS = (
    RowFunction(
        name="softmax",
        summary="Exponentials that sum to 1.",
        formula="f(x)_i = exp(x_i) / sum_j exp(x_j)",
        backward_formula="y_i * (grad_i - sum_j grad_j * y_j), y = softmax(x)",
        backward_error_of="y_i * max_j abs(grad_j)",
        backward_from_output_formula="y_i * (grad_i - sum_j grad_j * y_j)",
        range="[0, 1]",
        infinities=_SOFTMAX_INFINITIES,
        example=("softmax(np.float32([1000, 0, -1000]))", "array([1., 0., 0.], dtype=float32)"),
        accuracy=Accuracy(2.5, 2.5, 0.502),
        overflows=("backward", "backward_from_output"),
        reference="Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990",
    ),
    RowFunction(
        name="log_softmax",
        summary="The logarithm of softmax, which never underflows.",
        formula="f(x)_i = x_i - log(sum_j exp(x_j))",
        backward_formula="grad_i - softmax(x)_i * sum_j grad_j",
        backward_error_of="the larger of abs(grad_i) and softmax(x)_i * sum_j abs(grad_j)",
        backward_from_output_formula="grad_i - exp(y_i) * sum_j grad_j",
        range="[-inf, 0]",
        infinities="A single inf gives 0, and the others then -inf. Several give NaN, and so does a row of -inf.",
        example=("log_softmax(np.float32([1000, 0, -1000]))", "array([    0., -1000., -2000.], dtype=float32)"),
        accuracy=Accuracy(2.0, 2.0, 0.502),
        overflows=("value", "backward", "backward_from_output"),
        reference="Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990",
    ),
    RowFunction(
        name="softmin",
        summary="softmax of -x: the smallest number gets most.",
        formula="f(x)_i = exp(-x_i) / sum_j exp(-x_j)",
        backward_formula="-y_i * (grad_i - sum_j grad_j * y_j), y = softmin(x)",
        backward_error_of="y_i * max_j abs(grad_j)",
        backward_from_output_formula="-y_i * (grad_i - sum_j grad_j * y_j)",
        range="[0, 1]",
        infinities=_SOFTMAX_INFINITIES.replace("inf takes", "-inf takes").replace("row of -inf", "row of inf"),
        example=("softmin(np.float32([1000, 0, -1000]))", "array([0., 0., 1.], dtype=float32)"),
        accuracy=Accuracy(2.5, 2.5, 0.502),
        overflows=("backward", "backward_from_output"),
        reference="Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990",
    ),
    RowFunction(
        name="logsumexp",
        summary="The logarithm of a sum of exponentials: a smooth maximum.",
        formula="f(x) = log(sum_j exp(x_j))",
        backward_formula="grad * softmax(x)_i",
        backward_error_of="the result",
        range="[-inf, inf]",
        infinities="An inf gives inf, a row of -inf gives -inf (and NaN as its gradient).",
        example=("logsumexp(np.float32([1000, 0, -1000]))", "np.float32(1000.0)"),
        # The maximum and the logarithm of what exceeds it may cancel.
        accuracy=Accuracy(1.5, 1.5, 0.502),
        absolute=(2.0**-23, 2.0**-52),
        absolute_of="log(sum_j exp(x_j - max x))",
        reduces=True,
        reference="Blanchard, Higham & Higham, Accurately computing the log-sum-exp and softmax functions, "
        "IMA J. Numer. Anal. 41, 2021",
    ),
    RowFunction(
        name="sparsemax",
        summary="The point of the probability simplex that is nearest to x: like softmax, but with zeros.",
        formula="f(x)_i = max(0, x_i - tau), tau such that they sum to 1",
        backward_formula="grad_i - mean of grad over y > 0, where y_i > 0, else 0; y = sparsemax(x)",
        backward_error_of="max_j abs(grad_j)",
        backward_from_output_formula="grad_i - mean of grad over y > 0, where y_i > 0, else 0",
        range="[0, 1]",
        infinities=_SOFTMAX_INFINITIES,
        example=("sparsemax([0.5, 0.0, -2.0])", "array([0.75, 0.25, 0.  ])"),
        accuracy=Accuracy(1.0, 1.0, 0.502),
        absolute=(2.0**-48, 2.0**-53),
        absolute_of="1",
        overflows=("backward", "backward_from_output"),
        reference="Martins & Astudillo, From softmax to sparsemax, ICML 2016, arXiv:1602.02068",
    ),
)

_GATED_UNITS = (
    GatedUnit(
        name="glu",
        activation="sigmoid",
        summary="Gated linear unit.",
        example=("glu(np.float32([3, 3]), np.float32([1000, -1000]))", "array([3., 0.], dtype=float32)"),
        accuracy=Accuracy(2.0, 3.0, 0.502),
        backward_accuracy=Accuracy(3.0, 5.0, 0.502),
        reference="Dauphin, Fan, Auli & Grangier, Language modeling with gated convolutional networks, ICML 2017",
    ),
    GatedUnit(
        name="swiglu",
        activation="silu",
        summary="Gated linear unit whose gate is the sigmoid linear unit.",
        example=("swiglu(np.float32([3, 3]), np.float32([1000, -1000]))", "array([3000.,   -0.], dtype=float32)"),
        accuracy=Accuracy(2.0, 3.0, 0.502),
        backward_accuracy=Accuracy(3.0, 5.0, 0.502),
    ),
    GatedUnit(
        name="reglu",
        activation="relu",
        summary="Gated linear unit whose gate is a rectifier.",
        example=("reglu(np.float32([3, 3]), np.float32([1000, -1000]))", "array([3000.,    0.], dtype=float32)"),
        accuracy=Accuracy(0.5, 0.5, 0.502),
        backward_accuracy=Accuracy(1.0, 1.0, 0.502),
    ),
    GatedUnit(
        name="geglu",
        activation="gelu",
        summary="Gated linear unit whose gate is the Gaussian error linear unit.",
        example=("geglu(np.float32([3, 3]), np.float32([1000, -1000]))", "array([3000.,   -0.], dtype=float32)"),
        accuracy=Accuracy(3.0, 3.0, 0.502),
        backward_accuracy=Accuracy(3.0, 5.0, 0.502),
    ),
)

ROW_FUNCTIONS: dict[str, RowFunction] = {row.name: row for row in _ROW_FUNCTIONS}
GATED_UNITS: dict[str, GatedUnit] = {row.name: row for row in _GATED_UNITS}
RESIZING_UNITS: dict[str, ResizingUnit] = {
    unit.name: unit for unit in (ResizingUnit("maxout", "num_pieces: int, "), ResizingUnit("crelu"))
}
