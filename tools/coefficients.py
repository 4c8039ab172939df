"""Compute every polynomial coefficient and split constant of ``include/fastact/precision.h``.

``python tools/coefficients.py --write`` writes them there; without it, prints them and the errors of the fits.
All in multiple precision (mpmath) and rounded to the target precision: minimax polynomials by the Remez exchange
algorithm under the weight that makes their *relative* contribution to the final result equi-oscillate; a rational
function by reweighted least squares; tables by least squares, one coefficient after the other. A test in
``tests/test_house.py`` compares the header with this script.
"""

from __future__ import annotations

import argparse
import itertools
import re
import struct
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import mpmath as mp

mp.mp.prec = 200

BITS = {"f32": 24, "f64": 53}
HEADER = Path(__file__).parents[1] / "src" / "fastact" / "include" / "fastact" / "precision.h"


def round_to(value: mp.mpf, bits: int) -> mp.mpf:
    """Round to ``bits`` significant bits, to nearest, ties to even."""
    if value == 0:
        return mp.mpf(0)
    mantissa, exponent = mp.frexp(value)
    return mp.ldexp(mp.nint(mp.ldexp(mantissa, bits)), int(exponent) - bits)


def remez(
    target: Callable[[mp.mpf], mp.mpf],
    weight: Callable[[mp.mpf], mp.mpf],
    powers: Sequence[int],
    lower: mp.mpf,
    upper: mp.mpf,
    rounds: int = 6,
) -> list[mp.mpf]:
    """Coefficients c of sum c_i x^p_i that minimise max of weight(x) * |target(x) - sum| over [lower, upper]."""
    unknowns = len(powers)
    middle, half = (lower + upper) / 2, (upper - lower) / 2
    points = [middle - half * mp.cos(mp.pi * i / unknowns) for i in range(unknowns + 1)]
    grid = [middle - half * mp.cos(mp.pi * i / 600) for i in range(601)]
    values = [target(x) for x in grid]
    weights = [weight(x) for x in grid]
    coefficients: list[mp.mpf] = []
    for _ in range(rounds):
        system = mp.matrix(unknowns + 1, unknowns + 1)
        right = mp.matrix(unknowns + 1, 1)
        for row, x in enumerate(points):
            for column, power in enumerate(powers):
                system[row, column] = x**power
            system[row, unknowns] = (-1) ** row / weight(x)
            right[row] = target(x)
        solution = mp.lu_solve(system, right)
        coefficients = [solution[i] for i in range(unknowns)]
        errors = [
            w * (v - mp.fsum(c * x**p for c, p in zip(coefficients, powers, strict=True)))
            for x, v, w in zip(grid, values, weights, strict=True)
        ]
        extrema: list[int] = []
        for i, error in enumerate(errors):
            if extrema and (errors[extrema[-1]] > 0) == (error > 0):
                if abs(error) > abs(errors[extrema[-1]]):
                    extrema[-1] = i
            else:
                extrema.append(i)
        while len(extrema) > unknowns + 1:
            extrema.pop(0 if abs(errors[extrema[0]]) < abs(errors[extrema[-1]]) else -1)
        if len(extrema) < unknowns + 1:
            break
        points = [grid[i] for i in extrema]
    return coefficients


@dataclass(frozen=True)
class Polynomial:
    """One polynomial of the header: what it approximates, on what interval, in which powers."""

    target: Callable[[mp.mpf], mp.mpf]
    weight: Callable[[mp.mpf], mp.mpf]
    powers: Sequence[int]
    lower: mp.mpf
    upper: mp.mpf
    precision: str

    def fit(self) -> list[mp.mpf]:
        """The coefficients before rounding."""
        return remez(self.target, self.weight, self.powers, self.lower, self.upper)

    def error(self) -> mp.mpf:
        """log2 of the largest weighted error before rounding."""
        fitted = list(zip(self.fit(), self.powers, strict=True))
        grid = [self.lower + (self.upper - self.lower) * i / 1000 for i in range(1001)]
        worst = max(self.weight(x) * abs(self.target(x) - mp.fsum(c * x**p for c, p in fitted)) for x in grid)
        return mp.log(worst, 2)


def _exp_tail(r: mp.mpf) -> mp.mpf:
    """(e^r - 1 - r) / r^2, by its series near 0."""
    if abs(r) < mp.mpf(2) ** -20:
        return mp.fsum(r**i / mp.factorial(i + 2) for i in range(6))
    return (mp.expm1(r) - r) / r**2


def _log1p_tail(f: mp.mpf) -> mp.mpf:
    """(log(1+f) - f + f^2/2) / f^3, by its series near 0."""
    if abs(f) < mp.mpf(2) ** -20:
        return mp.fsum((-f) ** i / (i + 3) for i in range(6))
    return (mp.log1p(f) - f + f**2 / 2) / f**3


def _tanh_shrink_tail(u: mp.mpf) -> mp.mpf:
    """T(u) of x - tanh x = x^3 (1/3 + u T(u)), u = x^2, by its series near 0."""
    if u < mp.mpf(2) ** -30:
        return -mp.mpf(2) / 15 + u * 17 / 315 - u**2 * 62 / 2835 + u**3 * 1382 / 155925
    x = mp.sqrt(u)
    return ((x - mp.tanh(x)) / x**3 - mp.mpf(1) / 3) / u


def _square_weight(x: mp.mpf) -> mp.mpf:
    """x^2, kept away from 0: both tails are multiplied by the square of their argument."""
    return x * x + mp.mpf(2) ** -12


def mills(a: mp.mpf) -> mp.mpf:
    """Phi(-a) e^(a^2/2): Mills' ratio over sqrt(2 pi)."""
    return mp.erfc(a / mp.sqrt(2)) * mp.exp(a * a / 2) / 2


ONE = mp.mpf(1)
SELU_SCALE = mp.mpf("1.0507009873554804934193349852946")
SELU_ALPHA = mp.mpf("1.6732632423543772848170429916717")
QUICK_GELU = mp.mpf("1.702")
# A little more, of few bits: arguments are held at an end over this.
QUICK_GELU_ABOVE = mp.mpf(109) / 64
GELU_TANH_SLOPE = 2 * mp.sqrt(2 / mp.pi)  # twice, for the logistic function
GELU_TANH_CUBE = mp.mpf("0.044715")
# Near these are those of f32's derivative: a line of few bits, and a float.
GELU_TANH_TAIL_LINE, GELU_TANH_TAIL_CUBE = mp.mpf(51) / 32, round_to(GELU_TANH_SLOPE * GELU_TANH_CUBE, 24)
# Where the derivatives of silu and gelu are 0, negated: 1 + e^-r = r, and Phi(-r) = r phi(r).
SILU_ROOT = mp.findroot(lambda r: 1 + mp.exp(-r) - r, mp.mpf("1.28"))
GELU_ROOT = mp.findroot(lambda a: mills(a) - a / mp.sqrt(2 * mp.pi), mp.mpf("0.75"))
HALF_LN2 = mp.log(2) / 2 * (1 + mp.mpf(2) ** -10)
ROOT2 = mp.sqrt(2)
GELU_TANH_ROOT = mp.findroot(
    lambda a: (
        1 + mp.exp(-GELU_TANH_SLOPE * (a + GELU_TANH_CUBE * a**3)) - GELU_TANH_SLOPE * (a + 3 * GELU_TANH_CUBE * a**3)
    ),
    mp.mpf("0.75"),
)


def tail_slope(a: mp.mpf) -> mp.mpf:
    """The factor R of m(a) - a phi(0) = (root - a) R(a), which has no root."""
    density = 1 / mp.sqrt(2 * mp.pi)
    if abs(a - GELU_ROOT) < mp.mpf(2) ** -40:
        return 2 * density - GELU_ROOT * mills(GELU_ROOT)
    return (mills(a) - density * a) / (GELU_ROOT - a)


# f64: a polynomial G about CENTRE in y = 1 / (a + SHIFT), for a up to END. At this shift a polynomial does best; about
# this centre nearly all its coefficients are positive and its terms add up to at most 1.11 times its value, so that
# rounding errors are not amplified.
MAPPED_SHIFT, MAPPED_CENTRE, MAPPED_END = mp.mpf(5), mp.mpf(1) / 32, mp.mpf(39)


def _mapped(function: Callable[[mp.mpf], mp.mpf], degree: int) -> Polynomial:
    def target(v: mp.mpf) -> mp.mpf:
        return function(1 / (v + MAPPED_CENTRE) - MAPPED_SHIFT)

    lower, upper = 1 / (MAPPED_END + MAPPED_SHIFT) - MAPPED_CENTRE, 1 / MAPPED_SHIFT - MAPPED_CENTRE
    return Polynomial(target, lambda v: 1 / target(v), range(degree + 1), lower, upper, "f64")


# f32: functions of a = |x| by a polynomial for each of 16 pieces, about a centre of its own. Bits of a sum with a
# select the piece, and so the column of the table.
# Sums of a base and any number up to 4 are exact in two floats, either way round.
BASE_BITS = 14


@dataclass(frozen=True)
class Table:
    """A function by pieces [low, high) of a, from 0 up: in each, a function of its own.

    Where there are ``zeros``, the first piece is ``leading`` a and a polynomial about 0 whose first ``zeros``
    coefficients are 0, so that the relative error stays bounded near 0. ``leading`` min(a, ``first_end``) is added in
    all pieces, and a constant that makes up for it in the others; ``first_end`` is the least number of the second
    piece. In the first ``near`` pieces the formula adds ``offset``, which the table leaves out. The piece that holds
    ``root`` is centred there. Constants of multiples of ``grid`` are as exact as others. ``last`` is the row of a
    further piece.

    A ``mirrored`` table is that of -f(-a), for arguments below 0.

    Where the first pieces, ``based`` many, are added to an argument, the leading bits of c0 stand apart as a base; in
    the others the base is 1 and not kept. ``leading`` counts in the first piece alone there.
    """

    pieces: Sequence[tuple[mp.mpf, mp.mpf, Callable[[mp.mpf], mp.mpf]]]
    first_column: int
    leading: mp.mpf = field(default_factory=mp.mpf)
    zeros: int = 0
    first_end: mp.mpf = field(default_factory=mp.mpf)
    near: int = 0
    offset: mp.mpf = field(default_factory=mp.mpf)
    root: mp.mpf | None = None
    grid: mp.mpf | None = None
    last: Sequence[mp.mpf] = ()
    based: int = 0
    degree: int = 6
    mirrored: bool = False

    def constant(self, value: mp.mpf) -> mp.mpf:
        """A constant as the table has it."""
        return mp.nint(value / self.grid) * self.grid if self.grid else round_to(value, 24)

    def rows(self) -> tuple[list[list[mp.mpf]], mp.mpf]:
        """Rows centre, c0 ... c6 and the base, c_i rounded one after the other, and the largest relative error."""
        rows, worst = [], mp.mpf(0)
        for index, (low, high, function) in enumerate(self.pieces):
            leading, base = mp.mpf(0) if index else self.leading, mp.mpf(0)
            if self.based:
                centre = round_to((low + high) / 2, 12) if index else mp.mpf(0)
                base = round_to(function(centre), BASE_BITS) if index < self.based else mp.mpf(1)
                known = [round_to(function(centre) - base, 24)]
            elif self.zeros and not index:
                centre, known = mp.mpf(0), [mp.mpf(0)] * self.zeros
            else:
                at_root = self.root is not None and low < self.root < high
                # A constant c0 that is nearly a float has no rounding error to speak of.
                middle = (low + high) / 2
                centre = round_to(self.root, 24) if at_root else _nearly_exact(function, middle, self.constant)
                known = [self.constant(function(centre))]
            count = 60
            nodes = [mp.cos(mp.pi * (i + mp.mpf(1) / 2) / count) for i in range(count)]
            xs = [(low + high) / 2 - (high - low) / 2 * node for node in nodes]
            weights = [1 / function(x) for x in xs]
            rests = [function(x) - leading * x - base for x in xs]

            def polynomial(x: mp.mpf, centre: mp.mpf = centre, known: list[mp.mpf] = known) -> mp.mpf:
                return mp.fsum(c * (x - centre) ** n for n, c in enumerate(known))

            while len(known) <= self.degree:
                free = range(len(known), self.degree + 1)
                system = mp.matrix(count, len(free))
                right = mp.matrix(count, 1)
                for i, (x, weight, rest) in enumerate(zip(xs, weights, rests, strict=True)):
                    for j, power in enumerate(free):
                        system[i, j] = weight * (x - centre) ** power
                    right[i] = weight * (rest - polynomial(x))
                known.append(round_to(mp.qr_solve(system, right)[0][0], 24))
            errors = [abs(w * (r - polynomial(x))) for x, w, r in zip(xs, weights, rests, strict=True)]
            worst = max([worst, *errors])
            rows.append([centre, *known, base if index < self.based else mp.mpf(0)])
        if self.last:
            rows.append([*self.last, *[mp.mpf(0)] * (self.degree + 3 - len(self.last))])
        return rows, worst

    def columns(self) -> str:
        """The table for C: centres, then each coefficient, of all pieces."""
        rows, _ = self.rows()
        for row in rows[1:]:
            row[1] = round_to(row[1] - self.leading * self.first_end, 24)
        for row in rows[: self.near]:
            row[1] = round_to(row[1] - self.offset, 24)
        if self.mirrored:
            signs = [-1, *((-1) ** (power + 1) for power in range(self.degree + 2))]
            rows = [[sign * number for sign, number in zip(signs, row, strict=True)] for row in rows]
        rows += [[mp.mpf(0)] * (self.degree + 3)] * (16 - len(rows))
        order = [(i - self.first_column) % 16 for i in range(16)]
        columns = [[hexfloat(rows[i][j], "f32") for i in order] for j in range(self.degree + 2 + bool(self.based))]
        return "{" + ", ".join("{" + ", ".join(column) + "}" for column in columns) + "}"


def _nearly_exact(function: Callable[[mp.mpf], mp.mpf], middle: mp.mpf, constant: Callable[[mp.mpf], mp.mpf]) -> mp.mpf:
    """A float near ``middle`` at which rounding to a ``constant`` changes the function by 2^-31; the best if none."""
    unit = mp.ldexp(1, int(mp.floor(mp.log(middle, 2))) - 14)
    best, least = middle, mp.inf
    for step in range(1000):
        centre = round_to(middle + unit * (step // 2) * (-1) ** step, 24)
        value = function(centre)
        error = abs(constant(value) / value - 1)
        if error < least:
            best, least = centre, error
        if least < mp.mpf(2) ** -31:
            break
    return best


Pieces = list[tuple[mp.mpf, mp.mpf, Callable[[mp.mpf], mp.mpf]]]


def _octaves(
    function: Callable[[mp.mpf], mp.mpf],
    end: mp.mpf,
    scale: mp.mpf = ONE,
    near: tuple[int, Callable[[mp.mpf], mp.mpf]] | None = None,
) -> Pieces:
    """Pieces up to ``end``: those of b = 1 + scale a, four to an octave; the first few may be of another function.

    Bits 21 to 24 of b select one; those of 1 are 12.
    """
    lows = [(_octave(index) - 1) / scale for index in range(17)]
    return [
        (low, min(high, end), near[1] if near and index < near[0] else function)
        for index, (low, high) in enumerate(itertools.pairwise(lows))
        if low < end
    ]


def _octave(index: int) -> mp.mpf:
    """The least b of a piece."""
    return mp.ldexp(1 + mp.mpf(index % 4) / 4, index // 4)


# The least float that the addition of 1 rounds into the second octave piece.
OCTAVES_FIRST_END = mp.mpf(1) / 4 - mp.mpf(2) ** -24
# Pieces of 1/4 from the second on, which begins here: as a multiple of 1/32 it is 8 by rounding to even.
QUARTERS_FIRST_END = mp.mpf(15) / 64


def _quarters(function: Callable[[mp.mpf], mp.mpf], end: mp.mpf) -> Pieces:
    """16 pieces up to ``end``; of a as a multiple of 1/32, all bits but the last three select one."""
    lows = [mp.mpf(0), *(QUARTERS_FIRST_END + mp.mpf(index) / 4 for index in range(15)), end]
    return [(low, high, function) for low, high in itertools.pairwise(lows)]


def _sixteenths(function: Callable[[mp.mpf], mp.mpf]) -> Pieces:
    """16 pieces of [0, 1]; those of b = 1 + a: bits 19 to 22 select one."""
    return [(mp.mpf(index) / 16, mp.mpf(index + 1) / 16, function) for index in range(16)]


def _cubic(a: mp.mpf) -> mp.mpf:
    """(a - tanh a) / a^3."""
    return mp.mpf(1) / 3 + a * a * _tanh_shrink_tail(a * a)


def _silu_tail(a: mp.mpf) -> mp.mpf:
    """silu'(-a) e^a."""
    return (1 + mp.exp(-a) - a) / (1 + mp.exp(-a)) ** 2


def _gelu_tail(a: mp.mpf) -> mp.mpf:
    """gelu'(-a) e^(a^2/2)."""
    return mills(a) - a / mp.sqrt(2 * mp.pi)


def _gelu_tanh_slope(a: mp.mpf) -> mp.mpf:
    """gelu_tanh'(-a)."""
    e = mp.exp(-GELU_TANH_SLOPE * (a + GELU_TANH_CUBE * a**3))
    return e * (1 + e - GELU_TANH_SLOPE * (a + 3 * GELU_TANH_CUBE * a**3)) / (1 + e) ** 2


def _gelu_tanh_tail(a: mp.mpf) -> mp.mpf:
    """gelu_tanh'(-a) e^z, z = a (line + cube a^2)."""
    return _gelu_tanh_slope(a) * mp.exp(a * (GELU_TANH_TAIL_LINE + GELU_TANH_TAIL_CUBE * a * a))


def _softplus_tail(a: mp.mpf) -> mp.mpf:
    """softplus(-a) e^a."""
    return mp.log1p(mp.exp(-a)) * mp.exp(a)


# gelu: H(a) = a m(a) = a Phi(-a) e^(a^2/2). tanh, erf, 1 - e^-a and selu(-a): themselves, up to where they round to a
# constant. softplus and the derivatives, at -a: themselves in the first pieces, which are scaled so that a root lies
# well inside of one; beyond, times e^a or e^(a^2/2). For a > 18, where e^-a is nothing beside 1, silu'(-a) e^a is
# 1 - a. quick_gelu' is silu' of 1.702 a.
TABLE_END = {
    "gelu": mp.mpf("14.5"),
    "tanh": mp.mpf("9.125"),
    "erf": mp.mpf("3.9375") - mp.mpf(2) ** -8,
    "gelu_derivative": mp.mpf("14.75"),
    "gelu_tanh_derivative": mp.mpf(11),
    "exp_complement": mp.mpf(18),
    "expm1": mp.mpf("17.5"),
    "softcap": mp.mpf(290),
    "tanh_shrink": mp.mpf("9.25"),
}
TABLE_SCALE = {
    "silu_derivative": mp.mpf("0.6875"),
    "quick_gelu_derivative": mp.mpf("1.171875"),
    "gelu_derivative": mp.mpf("0.8125"),
    "gelu_tanh_derivative": mp.mpf("0.84375"),
    "softplus_tail": mp.mpf("0.6875"),
    "exp_complement": mp.mpf("0.8125"),
    "tanh_shrink": mp.mpf("1.59375"),
}
NEAR_PIECES = {
    "silu_derivative": 5,
    "quick_gelu_derivative": 5,
    "gelu_derivative": 3,
    "gelu_tanh_derivative": 4,
    "softplus_tail": 4,
    "tanh_shrink": 5,
}


def _below_zero(factor: mp.mpf, leading: int, zeros: int) -> Table:
    """factor (e^x - 1) for x <= 0."""
    pieces = _octaves(lambda a: -factor * mp.expm1(-a), TABLE_END["expm1"], ONE / 2)
    return Table(pieces, 12, mp.mpf(leading), zeros=zeros, first_end=2 * OCTAVES_FIRST_END, mirrored=True)


TABLES: dict[str, Table] = {
    "gelu": Table(
        _octaves(lambda a: a * mills(a), TABLE_END["gelu"]), 12, mp.mpf("0.5"), zeros=2, first_end=OCTAVES_FIRST_END
    ),
    # From 9 on it is 1 to half a unit in the last place.
    "tanh": Table(
        _octaves(mp.tanh, mp.mpf(9)), 12, ONE, zeros=2, first_end=OCTAVES_FIRST_END, last=(mp.mpf(9), mp.mpf(1))
    ),
    # 30 tanh(a / 30), by pieces of b = 1 + a / 32.
    "softcap": Table(
        _octaves(lambda a: 30 * mp.tanh(a / 30), mp.mpf(288), mp.mpf(1) / 32),
        12,
        ONE,
        zeros=2,
        first_end=32 * OCTAVES_FIRST_END,
        last=(mp.mpf(288), mp.mpf(30)),
    ),
    # a - tanh a: in the near pieces over a^3, less 1/3; beyond, tanh alone, at last 1.
    "tanh_shrink": Table(
        _octaves(
            mp.tanh,
            (_octave(15) - 1) / TABLE_SCALE["tanh_shrink"],
            TABLE_SCALE["tanh_shrink"],
            (NEAR_PIECES["tanh_shrink"], _cubic),
        ),
        12,
        near=NEAR_PIECES["tanh_shrink"],
        offset=round_to(mp.mpf(1) / 3, 24),
        last=(mp.mpf(9), mp.mpf(1)),
    ),
    # pi / 2 less a multiple of 2^-23 is exact.
    "arctan": Table(_sixteenths(mp.atan), 0, zeros=1, grid=mp.mpf(2) ** -23, degree=5),
    "erf": Table(_quarters(mp.erf, TABLE_END["erf"]), 0, ONE, zeros=1, first_end=QUARTERS_FIRST_END),
    "silu_derivative": Table(
        _octaves(
            _silu_tail,
            (_octave(15) - 1) / TABLE_SCALE["silu_derivative"],
            TABLE_SCALE["silu_derivative"],
            (NEAR_PIECES["silu_derivative"], lambda a: _silu_tail(a) * mp.exp(-a)),
        ),
        12,
        root=SILU_ROOT,
        last=(mp.mpf(0), mp.mpf(1), mp.mpf(-1)),
    ),
    "quick_gelu_derivative": Table(
        _octaves(
            lambda a: _silu_tail(QUICK_GELU * a),
            (_octave(15) - 1) / TABLE_SCALE["quick_gelu_derivative"],
            TABLE_SCALE["quick_gelu_derivative"],
            (
                NEAR_PIECES["quick_gelu_derivative"],
                lambda a: _silu_tail(QUICK_GELU * a) * mp.exp(-QUICK_GELU * a),
            ),
        ),
        12,
        root=SILU_ROOT / QUICK_GELU,
        last=(mp.mpf(0), mp.mpf(1), round_to(-QUICK_GELU, 24)),
    ),
    "gelu_derivative": Table(
        _octaves(
            _gelu_tail,
            TABLE_END["gelu_derivative"],
            TABLE_SCALE["gelu_derivative"],
            (NEAR_PIECES["gelu_derivative"], lambda a: _gelu_tail(a) * mp.exp(-a * a / 2)),
        ),
        12,
        root=GELU_ROOT,
    ),
    "gelu_tanh_derivative": Table(
        _octaves(
            _gelu_tanh_tail,
            TABLE_END["gelu_tanh_derivative"],
            TABLE_SCALE["gelu_tanh_derivative"],
            (NEAR_PIECES["gelu_tanh_derivative"], _gelu_tanh_slope),
        ),
        12,
        root=GELU_TANH_ROOT,
    ),
    "softplus_tail": Table(
        _octaves(
            _softplus_tail,
            (_octave(15) - 1) / TABLE_SCALE["softplus_tail"],
            TABLE_SCALE["softplus_tail"],
            (NEAR_PIECES["softplus_tail"], lambda a: _softplus_tail(a) * mp.exp(-a)),
        ),
        12,
        leading=-mp.mpf(1) / 2,
        based=NEAR_PIECES["softplus_tail"],
    ),
    # By pieces of b = 1 + a / 2. For selu twice the argument is near 1.758 times it, and exact.
    "expm1": _below_zero(ONE, 1, 2),
    "selu": _below_zero(SELU_SCALE * SELU_ALPHA, 2, 1),
    # The first piece is a times a polynomial.
    "exp_complement": Table(
        _octaves(lambda a: -mp.expm1(-a), TABLE_END["exp_complement"], TABLE_SCALE["exp_complement"]), 12, zeros=1
    ),
}


# gelu' f32 without a look-up, evaluated in double: a rational function of a, for a up to END. All its coefficients are
# positive.
RATIONAL_END = mp.mpf(15)


def rational(function: Callable[[mp.mpf], mp.mpf], top: int, bottom: int) -> tuple[list[mp.mpf], list[mp.mpf], mp.mpf]:
    """P and Q, Q(0) = 1 and P(0) = f(0), with P/Q nearest to f in relative error on [0, RATIONAL_END], and the error.

    Linear least squares on P - Q f, reweighted by Q (Sanathanan-Koerner) and by the error (Lawson) until it is level.
    """
    count, scale = 6 * (top + bottom + 2), mp.mpf(3)
    end = (RATIONAL_END - scale) / (RATIONAL_END + scale)
    nodes = [(end - 1) / 2 - (end + 1) / 2 * mp.cos(mp.pi * (i + mp.mpf(1) / 2) / count) for i in range(count)]
    xs = [scale * (1 + s) / (1 - s) for s in nodes]
    values = [function(x) for x in xs]
    start = function(mp.mpf(0))
    weights, bottoms = [mp.mpf(1)] * count, [mp.mpf(1)] * count
    best: tuple[list[mp.mpf], list[mp.mpf], mp.mpf] = ([], [], mp.inf)
    for _ in range(30):
        system, right = mp.matrix(count, top + bottom), mp.matrix(count, 1)
        for row, (x, value) in enumerate(zip(xs, values, strict=True)):
            factor = mp.sqrt(weights[row]) / (bottoms[row] * value)
            for power in range(1, top + 1):
                system[row, power - 1] = factor * (x / RATIONAL_END) ** power
            for power in range(1, bottom + 1):
                system[row, top + power - 1] = -factor * value * (x / RATIONAL_END) ** power
            right[row] = factor * (value - start)
        solution = mp.qr_solve(system, right)[0]
        p = [start, *(solution[i - 1] / RATIONAL_END**i for i in range(1, top + 1))]
        q = [mp.mpf(1), *(solution[top + i - 1] / RATIONAL_END**i for i in range(1, bottom + 1))]
        bottoms = [mp.fsum(c * x**i for i, c in enumerate(q)) for x in xs]
        errors = [
            abs(mp.fsum(c * x**i for i, c in enumerate(p)) / below / value - 1)
            for x, value, below in zip(xs, values, bottoms, strict=True)
        ]
        if max(errors) < best[2]:
            best = (p, q, max(errors))
        total = mp.fsum(w * e for w, e in zip(weights, errors, strict=True))
        weights = [max(w * e / total * count, mp.mpf(2) ** -40) for w, e in zip(weights, errors, strict=True)]
    return best


RATIONALS: dict[str, Callable[[], tuple[list[mp.mpf], list[mp.mpf], mp.mpf]]] = {
    "tail_slope_f32": lambda: rational(tail_slope, 4, 4),
}

# Sines, arc tangents and error functions: in w, the square of the argument. What is left of an odd function after its
# first term is multiplied by the argument's third power, so that its relative error counts little near 0.
TINY = mp.mpf(2) ** -60


def _odd_tail(function: Callable[[mp.mpf], mp.mpf], limit: mp.mpf) -> Callable[[mp.mpf], mp.mpf]:
    """(f(r) - r) / r^3 as a function of w = r^2; the limit at 0 is given."""

    def target(w: mp.mpf) -> mp.mpf:
        r = mp.sqrt(w)
        return limit if w < TINY else (function(r) - r) / (r * w)

    return target


def _odd(
    function: Callable[[mp.mpf], mp.mpf],
    limit: mp.mpf,
    degree: int,
    end: mp.mpf,
    precision: str = "f64",
    near: int = -10,
) -> Polynomial:
    """By the error of f, relative, and of the coefficients themselves below 2^near."""

    def weight(w: mp.mpf) -> mp.mpf:
        r = mp.sqrt(w)
        return mp.mpf(2) ** near if w < TINY else (w + mp.mpf(2) ** near) * r / function(r)

    return Polynomial(_odd_tail(function, limit), weight, range(degree + 1), mp.mpf(0), end**2, precision)


def _cosine_tail(w: mp.mpf) -> mp.mpf:
    """(cos(r) - 1 + r^2 / 2) / r^4."""
    r = mp.sqrt(w)
    return mp.mpf(1) / 24 - w / 720 if w < TINY else (w / 2 - 2 * mp.sin(r / 2) ** 2) / w**2


def _cosine(degree: int) -> Polynomial:
    return Polynomial(_cosine_tail, lambda w: w * w + mp.mpf(2) ** -8, range(degree + 1), mp.mpf(0), QUARTER**2, "f64")


# Reduced arguments may be beyond by what rounding did to the quotient.
WIDER = 1 + mp.mpf(2) ** -10
HALF, QUARTER = mp.pi / 2 * WIDER, mp.pi / 4 * WIDER
SIXTH, THIRD = -mp.mpf(1) / 6, -mp.mpf(1) / 3

# erf f64: a P(a^2) up to SMALL, 1 - e^(-a^2) y G(y) beyond, with y = 1 / (a + SHIFT).
ERF_SMALL, ERF_END, ERFC_SHIFT = mp.mpf(1), mp.mpf(6), mp.mpf("2.5")


def _erf_over(w: mp.mpf) -> mp.mpf:
    return 2 / mp.sqrt(mp.pi) if w < TINY else mp.erf(mp.sqrt(w)) / mp.sqrt(w)


def _erfc_mapped(degree: int) -> Polynomial:
    def target(v: mp.mpf) -> mp.mpf:
        y = v + ERFC_CENTRE
        a = 1 / y - ERFC_SHIFT
        return mp.erfc(a) * mp.exp(a * a) / y

    lower, upper = (1 / (a + ERFC_SHIFT) for a in (ERF_END, ERF_SMALL))
    return Polynomial(
        target, lambda v: 1 / target(v), range(degree + 1), lower - ERFC_CENTRE, upper - ERFC_CENTRE, "f64"
    )


ERFC_CENTRE = mp.mpf(1) / 8

# With a table of eight, erf by pieces about the multiples of STEP, the last to the END; about 0 it is a plus the
# polynomial. The step is one of 2^22 to 1 for which the constants are nearly doubles: all but 2^-53 times the error.
ERF_STEP, ERF_STEP_ERROR = mp.mpf(2873175) / 2**22, 0.1095
ERF_PIECES, ERF_TABLE_END, ERF_DEGREE = 8, mp.mpf("5.9375"), 15


def erf_table() -> str:
    """The coefficients of the pieces, a row for each power; they are rounded one after the other."""
    pieces = []
    for k in range(ERF_PIECES):
        middle, count = k * ERF_STEP, 50
        low = max(mp.mpf(0), middle - ERF_STEP / 2)
        high = middle + ERF_STEP / 2 if k < ERF_PIECES - 1 else ERF_TABLE_END
        xs = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (i + mp.mpf(1) / 2) / count) for i in range(count)]
        rests = [mp.erf(x) - (0 if k else x) for x in xs]
        known = [round_to(mp.erf(middle), 53)]
        while len(known) <= ERF_DEGREE:
            free = range(len(known), ERF_DEGREE + 1)
            system, right = mp.matrix(count, len(free)), mp.matrix(count, 1)
            for i, (x, rest) in enumerate(zip(xs, rests, strict=True)):
                for j, power in enumerate(free):
                    system[i, j] = (x - middle) ** power / mp.erf(x)
                right[i] = (rest - mp.fsum(c * (x - middle) ** n for n, c in enumerate(known))) / mp.erf(x)
            known.append(round_to(mp.qr_solve(system, right)[0][0], 53))
        pieces.append([hexfloat(c, "f64") for c in known])
    return "{" + ", ".join("{" + ", ".join(row) + "}" for row in zip(*pieces, strict=True)) + "}"


# x - tanh x is the polynomial up to here, and by exponentials beyond.
TANH_SHRINK_END = mp.mpf(5) / 8


def _tanh_shrink(degree: int) -> Polynomial:
    end = TANH_SHRINK_END**2
    return Polynomial(_tanh_shrink_tail, lambda u: u + mp.mpf(2) ** -12, range(degree + 1), mp.mpf(0), end, "f64")


# With a look-up, in f64: up to there x^3 (1/3 + u N(u) / B(u)), B = 1 + u / (pi/2)^2 for the nearest pole of tanh, so
# that N's coefficients fall fast; beyond, by e^2a. The same degree for both: one chain takes either's coefficients.
TANH_POLE = (mp.pi / 2) ** 2


def _tanh_shrink_above(u: mp.mpf) -> mp.mpf:
    return _tanh_shrink_tail(u) * (1 + u / TANH_POLE)


def _tanh_shrink_above_weight(u: mp.mpf) -> mp.mpf:
    """Relative to the sum."""
    return (u + mp.mpf(2) ** -10) / ((mp.mpf(1) / 3 + u * _tanh_shrink_tail(u)) * (1 + u / TANH_POLE))


# Beyond, tanh is c + (1 - c) (E - e) / (E + 1), E = e^2a, with a centre c and its e; the second from here on.
TANH_SHRINK_CENTRES = {"FIRST": mp.mpf(3) / 5, "SECOND": mp.mpf(3) / 4}
TANH_SHRINK_SECOND = mp.mpf(27) / 32


# The derivative, tanh(a)^2, in the same two ways: u + u^2 N(u) / B(u)^2, and about one centre by e^-2a.
TANH_SQUARE_CENTRE = mp.mpf(3) / 8


def _tanh_square_above(u: mp.mpf) -> mp.mpf:
    x, pole = mp.sqrt(u), (1 + u / TANH_POLE) ** 2
    if u < mp.mpf(2) ** -30:
        return (-mp.mpf(2) / 3 + u * 17 / 45 - u**2 * 62 / 315) * pole
    return (mp.tanh(x) ** 2 - u) / u**2 * pole


def _tanh_square_above_weight(u: mp.mpf) -> mp.mpf:
    """Relative to the sum."""
    pole = (1 + u / TANH_POLE) ** 2
    return (u + mp.mpf(2) ** -10) / (pole + u * _tanh_square_above(u))


# softplus f64: ln 2 + x/2 + x^2 N(x^2), N from log cosh(x/2), up to |x| = END; beyond, log(1 + e) = e - e^2 F(e),
# e = e^-|x|. There a change of k = rint(x / ln 2) is, and both are about as long.
SOFTPLUS_END = round_to(mp.mpf("1.5") * mp.log(2), 53)


def _softplus_near(w: mp.mpf) -> mp.mpf:
    return mp.mpf(1) / 8 - w / 192 if w < TINY else mp.log(mp.cosh(mp.sqrt(w) / 2)) / w


def _softplus_near_weight(w: mp.mpf) -> mp.mpf:
    return (w + mp.mpf(2) ** -12) / mp.log1p(mp.exp(-mp.sqrt(w)))


def _softplus_far(e: mp.mpf) -> mp.mpf:
    return mp.mpf(1) / 2 - e / 3 if e < TINY else (e - mp.log1p(e)) / e**2


def _softplus_far_weight(e: mp.mpf) -> mp.mpf:
    return e + mp.mpf(2) ** -12


def _sine_square_tail(w: mp.mpf) -> mp.mpf:
    """(sin(r)^2 - w) / w^2 for w = r^2, by its series near 0."""
    if w < mp.mpf(2) ** -30:
        return SIXTH * 2 + w * 2 / 45 - w**2 / 315
    return (mp.sin(mp.sqrt(w)) ** 2 - w) / w**2


def _sine_square(degree: int) -> Polynomial:
    return Polynomial(
        _sine_square_tail, lambda w: w * w + mp.mpf(2) ** -8, range(degree + 1), mp.mpf(0), QUARTER**2, "f64"
    )


def sine_square_bend() -> mp.mpf:
    """c such that the slope of sin(r)^2 over w = r^2 is 1 + 2 v + c v^2, v = sin(r)^2 / w - 1, at r = pi / 4."""
    v = 8 / mp.pi**2 - 1
    return (2 / mp.pi - 1 - 2 * v) / v**2


# Constants of definitions, as sums of two doubles in both precisions: wide arithmetic takes them.
WIDE_CONSTANTS = {
    "THIRD": mp.mpf(1) / 3,
    "LN2": mp.log(2),
    "SELU_SCALE": SELU_SCALE,
    "SELU_SCALE_ALPHA": SELU_SCALE * SELU_ALPHA,
    "SILU_ROOT": SILU_ROOT,
    "QUICK_GELU": QUICK_GELU,
    "GELU_TANH_SLOPE": GELU_TANH_SLOPE,
    "GELU_TANH_CUBE": GELU_TANH_SLOPE * GELU_TANH_CUBE,
}

POLYNOMIALS: dict[str, Callable[[], Polynomial]] = {
    "exp_f32": lambda: Polynomial(_exp_tail, _square_weight, range(5), -HALF_LN2, HALF_LN2, "f32"),
    "exp_f64": lambda: Polynomial(_exp_tail, _square_weight, range(10), -HALF_LN2, HALF_LN2, "f64"),
    "log1p_f32": lambda: Polynomial(_log1p_tail, _square_weight, range(8), 1 / ROOT2 - 1, ROOT2 - 1, "f32"),
    "log1p_f64": lambda: Polynomial(_log1p_tail, _square_weight, range(19), 1 / ROOT2 - 1, ROOT2 - 1, "f64"),
    "softplus_near_f64": lambda: Polynomial(
        _softplus_near, _softplus_near_weight, range(10), mp.mpf(0), SOFTPLUS_END**2, "f64"
    ),
    "softplus_far_f64": lambda: Polynomial(
        _softplus_far, _softplus_far_weight, range(14), mp.mpf(0), mp.exp(-SOFTPLUS_END) * WIDER, "f64"
    ),
    "wide_exp_f32": lambda: Polynomial(_exp_tail, _square_weight, range(7), -HALF_LN2, HALF_LN2, "f64"),
    "wide_log1p_f32": lambda: Polynomial(_log1p_tail, _square_weight, range(13), 1 / ROOT2 - 1, ROOT2 - 1, "f64"),
    "wide_sine_f32": lambda: _odd(mp.sin, SIXTH, 4, HALF),
    "wide_short_sine_f32": lambda: _odd(mp.sin, SIXTH, 3, HALF),
    "sine_of_half_f32": lambda: _odd(mp.sin, SIXTH, 3, HALF, "f32", -4),
    "wide_sine_f64": lambda: _odd(mp.sin, SIXTH, 8, HALF),
    "wide_quarter_sine_f32": lambda: _odd(mp.sin, SIXTH, 5, QUARTER),
    "wide_quarter_sine_f64": lambda: _odd(mp.sin, SIXTH, 6, QUARTER),
    "wide_quarter_cosine_f32": lambda: _cosine(4),
    "wide_quarter_cosine_f64": lambda: _cosine(6),
    "wide_arctan_f64": lambda: _odd(mp.atan, THIRD, 11, mp.mpf(1) / 2),
    "wide_erf_f64": lambda: Polynomial(
        _erf_over, lambda w: 1 / _erf_over(w), range(13), mp.mpf(0), ERF_SMALL**2, "f64"
    ),
    "wide_erfc_f64": lambda: _erfc_mapped(16),
    "wide_tanh_shrink_f64": lambda: _tanh_shrink(10),
    "tanh_f64": lambda: _odd(mp.tanh, THIRD, 5, HALF_LN2 / 2),
    "sine_square_f64": lambda: _sine_square(7),
    "mills_f64": lambda: _mapped(lambda a: mills(a) * (a + MAPPED_SHIFT), 21),
    "tail_slope_f64": lambda: _mapped(tail_slope, 21),
}


# Of how many last steps the coefficients are sums of two.
IN_DOUBLE_LENGTH = {
    "mills_f64": 3,
    "tail_slope_f64": 1,
    "wide_sine_f64": 3,
    "wide_quarter_sine_f64": 2,
    "wide_quarter_cosine_f64": 1,
    "wide_erf_f64": 2,
    "sine_square_f64": 3,
}

# Which stand there as two polynomials in the square of their argument, of the even powers and of the odd ones.
IN_TWO = {"exp_f64", "wide_arctan_f64", "wide_tanh_shrink_f64"}


def hexfloat(value: mp.mpf, precision: str) -> str:
    """A C hexadecimal floating literal of a value that is exact in the precision."""
    return re.sub(r"0+p", "p", float(value).hex()).replace(".p", "p") + ("f" if precision == "f32" else "")


def split(value: mp.mpf, precision: str, high_bits: int) -> tuple[str, str]:
    """``value`` as an unevaluated sum of two floats, the first of at most ``high_bits`` bits."""
    high = round_to(value, high_bits)
    return hexfloat(high, precision), hexfloat(round_to(value - high, BITS[precision]), precision)


def steps(coefficients: Sequence[mp.mpf], precision: str) -> str:
    """Horner's scheme as a list for the preprocessor, from the highest power down."""
    first, *others = (hexfloat(round_to(c, BITS[precision]), precision) for c in reversed(coefficients))
    return " ".join([f"FIRST({first})", *(f"STEP({c})" for c in others)])


# e^(slope z) = 2^(n / 16) e^(slope r), r = z - n STEP, by a table of 2^(i / 16) for the last four bits i of n and a
# cubic; in f64 by eighths and a polynomial of degree 7. All powers are off by one factor, which the polynomial makes
# good: random ones were tried for one that leaves the table nearly exact; its relative errors are at most `error` eps.
@dataclass(frozen=True)
class Exponential:
    """How the exponential of a precision is reduced."""

    parts: int
    factor: mp.mpf
    error: float
    degree: int
    step_bits: int
    slopes: dict[str, mp.mpf]


EXPONENTIALS = {
    "f32": Exponential(
        16,
        mp.mpf(2) ** (mp.mpf(-0.0128165638938839) / 16),
        0.142,
        3,
        11,
        {
            "exponential": ONE,
            "growth": ONE,
            "decay": -ONE,
            "quick_gelu": -QUICK_GELU,
            "gelu_tanh": -GELU_TANH_SLOPE,
            "softcap": -ONE / 15,
            "erf_slope": -ONE,
        },
    ),
    "f64": Exponential(
        8,
        1 + mp.ldexp(157253372, -52),
        0.0202,
        7,
        39,
        {"quick_gelu": -QUICK_GELU, "gelu_tanh": -GELU_TANH_SLOPE, "softcap": -ONE / 15},
    ),
}
# Pieces end at odd multiples of STEP / 2 times this. So small a change moves the ends by a few floats near 0, to where
# the pieces that meet leave the floats of e^x in order.
EXP_ENDS = {("exponential", "f32"): 1 - mp.mpf(2) ** -20}
# What the polynomial makes good besides: 2 / sqrt(pi) over the float of it.
EXP_GAINS = {("erf_slope", "f32"): 2 / mp.sqrt(mp.pi) / round_to(2 / mp.sqrt(mp.pi), 24)}
FLOAT_OF_INTEGER = {"f32": ("<f", "<i", 23), "f64": ("<d", "<q", 52)}


def exp_table(precision: str, factor: mp.mpf) -> str:
    """The table for C: of each power the bits, as those of a number, less what i adds to the exponent's bits."""
    scheme, (real, integer, mantissa) = EXPONENTIALS[precision], FLOAT_OF_INTEGER[precision]
    entries = []
    for i in range(scheme.parts):
        power = round_to(2 ** (mp.mpf(i) / scheme.parts) * factor, BITS[precision])
        (bits,) = struct.unpack(integer, struct.pack(real, float(power)))
        (entry,) = struct.unpack(real, struct.pack(integer, bits - (i << mantissa) // scheme.parts))
        entries.append(hexfloat(mp.mpf(entry), precision))
    return "{{" + ", ".join(entries) + "}}"


def exp_constants(name: str, precision: str) -> str:
    """1 / STEP for the pieces' ends, STEP in two parts, n times the first exact, and the polynomial, highest first."""
    scheme = EXPONENTIALS[precision]
    slope = scheme.slopes[name]
    step = mp.log(2) / scheme.parts / slope
    end = abs(step) / 2 * WIDER
    powers = range(scheme.degree + 1)
    gain = EXP_GAINS.get((name, precision), ONE) / scheme.factor
    fitted = remez(lambda r: mp.exp(slope * r) * gain - 1, lambda _: ONE, powers, -end, end)
    inverse = 1 / step / EXP_ENDS.get((name, precision), ONE)
    numbers = [hexfloat(round_to(number, BITS[precision]), precision) for number in (inverse, *reversed(fitted))]
    return ", ".join([numbers[0], *split(step, precision, scheme.step_bits), *numbers[1:]])


def ordered_exp_constants() -> str:
    """For e^z in f64: 1 / STEP, STEP in two parts, the factor's logarithm, which r is less of, and P of r + r^2 P(r).

    r is added as it is: what rounding takes from P then does not put consecutive numbers out of order.
    """
    scheme = EXPONENTIALS["f64"]
    step = mp.log(2) / scheme.parts
    end = step / 2 * WIDER
    fitted = remez(_exp_tail, lambda r: r * r + end**2 / 64, range(scheme.degree - 1), -end, end)
    numbers = (mp.log(scheme.factor), *reversed(fitted))
    rounded = [hexfloat(round_to(number, 53), "f64") for number in (1 / step, *numbers)]
    return ", ".join([rounded[0], *split(step, "f64", scheme.step_bits), *rounded[1:]])


def expm1_table() -> str:
    """For e^z - 1 in f64: the powers without a factor as in ``exp_table``, and what rounding took of each, over it."""
    powers = [2 ** (mp.mpf(i) / 8) for i in range(8)]
    lows = [hexfloat(round_to(power / round_to(power, 53) - 1, 53), "f64") for power in powers]
    return exp_table("f64", ONE)[:-1] + ", {" + ", ".join(lows) + "}}"


def expm1_constants() -> str:
    """The same with P of a degree more, so that r + r^2 P(r) is as exact as its last digits however small r is."""
    scheme = EXPONENTIALS["f64"]
    step = mp.log(2) / scheme.parts
    end = step / 2 * WIDER
    fitted = remez(_exp_tail, lambda r: abs(r) + end / 64, range(scheme.degree), -end, end)
    numbers = [hexfloat(round_to(number, 53), "f64") for number in (1 / step, *reversed(fitted))]
    return ", ".join([numbers[0], *split(step, "f64", scheme.step_bits), *numbers[1:]])


def mills_slope() -> tuple[mp.mpf, mp.mpf]:
    """Coefficients b, c of 1 + b y + c y^2, the relative change of m over that of y, by least squares."""
    mapped = POLYNOMIALS["mills_f64"]().target
    low, high = 1 / (MAPPED_END + MAPPED_SHIFT), 1 / MAPPED_SHIFT
    ys = [low + (high - low) * i / 40 for i in range(41)]
    system, right = mp.matrix(len(ys), 2), mp.matrix(len(ys), 1)
    for row, y in enumerate(ys):
        v = y - MAPPED_CENTRE
        system[row, 0], system[row, 1], right[row] = y, y * y, y * mp.diff(mapped, v) / mapped(v)
    solution = mp.qr_solve(system, right)[0]
    return solution[0], solution[1]


def tanh_shrink_constants() -> dict[str, str]:
    """For tanh_shrink and its derivative in f64 by a table: e^2a with a step in one part, centres and chains."""
    scheme = EXPONENTIALS["f64"]
    step = mp.log(2) / scheme.parts / 2
    end, powers = step / 2 * WIDER, range(scheme.degree + 1)

    def chains(slope: int, target: Callable[[mp.mpf], mp.mpf], weight: Callable[[mp.mpf], mp.mpf]) -> str:
        far = remez(lambda r: mp.exp(slope * r) / scheme.factor - 1, lambda _: ONE, powers, -end, end)
        # What the step's rounding makes of e^2a or e^-2a at its 20th multiple, amid those where it counts.
        far[0] -= slope * 20 * (step - round_to(step, 53))
        near = remez(target, weight, powers, mp.mpf(0), TANH_SHRINK_END**2)
        pairs = [[hexfloat(round_to(c, 53), "f64") for c in both] for both in zip(near, far, strict=True)]
        first, *others = (", ".join(pair) for pair in reversed(pairs))
        return " ".join([f"FIRST({first})", *(f"STEP({pair})" for pair in others)])

    out = {
        "STEP": step,
        "INVERSE": 1 / step,
        "POLE": 1 / TANH_POLE,
        "SECOND": TANH_SHRINK_SECOND,
        # What the first centre's rounding took from it, over the factor: the second is exact.
        "FIRST_LO": (TANH_SHRINK_CENTRES["FIRST"] - round_to(TANH_SHRINK_CENTRES["FIRST"], 53))
        / (1 - TANH_SHRINK_CENTRES["FIRST"]),
    }
    for name, centre in TANH_SHRINK_CENTRES.items():
        out[f"{name}_CENTRE"], out[f"{name}_FACTOR"] = centre, centre - 1
        out[f"{name}_ROOT"] = (1 + centre) / (1 - centre)
    return {
        **{f"TANH_SHRINK_{name}": hexfloat(round_to(value, 53), "f64") for name, value in out.items()},
        "TANH_SHRINK_CHAINS(FIRST, STEP)": chains(2, _tanh_shrink_above, _tanh_shrink_above_weight),
        "TANH_SQUARE_CENTRE": hexfloat(TANH_SQUARE_CENTRE, "f64"),
        "TANH_SQUARE_CHAINS(FIRST, STEP)": chains(-2, _tanh_square_above, _tanh_square_above_weight),
    }


def inverse_pi() -> str:
    """128 zeros and the bits of 1 / pi after the point, as many as a product of two doubles needs, in words of 64."""
    words = 35
    with mp.workprec(64 * words + 20):
        integer = int(mp.floor(mp.ldexp(1 / mp.pi, 64 * words)))
    mask = (1 << 64) - 1
    bits = [0, 0, *(integer >> 64 * (words - 1 - i) & mask for i in range(words))]
    return "{" + ", ".join(f"0x{word:x}u" for word in bits) + "}"


def circle(precision: str) -> dict[str, str]:
    """What trigonometry.h and the error function take: pi in parts, and other constants as sums of two."""
    # Times n and times 4 n, |n pi| <= NEAR_END, all parts but the last are exact in double.
    out = {"NEAR_END": hexfloat(mp.mpf(2) ** {"f32": 22, "f64": 14}[precision], precision)}
    # In f32 the first part is not above pi: the second times n then has the sign of n, and -0 stays -0.
    rest = +mp.pi
    for part, part_bits in enumerate({"f32": (29, 53), "f64": (38, 38, 53)}[precision], 1):
        out[f"PI_{part}"] = hexfloat(round_to(rest, part_bits), "f64")
        rest -= round_to(rest, part_bits)
    if precision == "f32":
        out["HALF_PI_HI"], out["HALF_PI_LO"] = split(mp.pi / 2, precision, BITS[precision])
        out["PI_OF_HALF_1"], out["PI_OF_HALF_2"] = split(mp.pi, precision, BITS[precision] - 1)  # nor is this one
    out["ONE_OVER_PI"] = hexfloat(round_to(1 / mp.pi, 53), "f64")
    for name, angle in (("PI", mp.pi), ("QUARTER_PI", mp.pi / 4), ("TWO_OVER_ROOT_PI", 2 / mp.sqrt(mp.pi))):
        out[f"{name}_HI"], out[f"{name}_LO"] = split(angle, "f64", 53)
    out["ONE_OVER_ROOT_TWO_PI_HI"], out["ONE_OVER_ROOT_TWO_PI_LO"] = split(1 / mp.sqrt(2 * mp.pi), "f64", 53)
    return out


def polynomial_macros(name: str) -> dict[str, str]:
    """The macros of one polynomial."""
    kind, _, precision = name.rpartition("_")
    fitted, out = POLYNOMIALS[name]().fit(), {}
    for power in range(IN_DOUBLE_LENGTH.get(name, 0)):
        high, low = split(fitted.pop(0), precision, BITS[precision])
        out[f"{kind.upper()}_C{power}"], out[f"{kind.upper()}_C{power}_LO"] = high, low
    parts = {"EVEN_": fitted[::2], "ODD_": fitted[1::2]} if name in IN_TWO else {"": fitted}
    for part, powers in parts.items():
        # What a float's formula computes in double has coefficients in double.
        macro = f"{kind.upper()}_{part}POLYNOMIAL(FIRST, STEP)"
        out[macro] = steps(powers, "f64" if "wide" in kind else precision)
    return out


def tables() -> dict[str, str]:
    """The tables of f32, where they end and how they are divided."""
    out = {f"{name.upper()}_TABLE": table.columns() for name, table in TABLES.items()}
    out["GELU_TANH_TAIL_LINE"] = hexfloat(GELU_TANH_TAIL_LINE, "f32")
    out["GELU_TANH_TAIL_CUBE"] = hexfloat(GELU_TANH_TAIL_CUBE, "f32")
    # The powers stand in a row of theirs behind.
    out["SOFTPLUS_TAIL_TABLE"] = (
        out["SOFTPLUS_TAIL_TABLE"][:-1] + ", " + exp_table("f32", EXPONENTIALS["f32"].factor)[1:]
    )
    out |= {f"{name.upper()}_END": hexfloat(end, "f32") for name, end in TABLE_END.items()}
    out |= {f"{name.upper()}_SCALE": hexfloat(scale, "f32") for name, scale in TABLE_SCALE.items()}
    return out | {f"{name.upper()}_FAR": hexfloat(_octave(pieces), "f32") for name, pieces in NEAR_PIECES.items()}


def definitions_of_f64() -> dict[str, str]:
    """The macros that are of double alone."""
    out = {}
    out["GROWTH_EXP"] = ordered_exp_constants()
    out["EXPM1_TABLE"] = expm1_table()
    out["EXPM1_EXP"] = expm1_constants()
    out["TANH_SHRINK_END"] = hexfloat(TANH_SHRINK_END, "f64")
    out |= tanh_shrink_constants()
    out["ERF_END"] = hexfloat(ERF_END, "f64")
    out["ERF_SMALL"] = hexfloat(ERF_SMALL, "f64")
    out["ERF_STEP"] = hexfloat(ERF_STEP, "f64")
    out["ERF_TABLE"] = erf_table()
    out["ERF_TABLE_END"] = hexfloat(ERF_TABLE_END, "f64")
    out["SOFTPLUS_END"] = hexfloat(SOFTPLUS_END, "f64")
    out["ERFC_SHIFT"] = hexfloat(ERFC_SHIFT, "f64")
    out["ERFC_CENTRE"] = hexfloat(ERFC_CENTRE, "f64")
    out["SINE_SQUARE_BEND"] = hexfloat(round_to(sine_square_bend(), BITS["f64"]), "f64")
    out["MAPPED_SHIFT"] = hexfloat(MAPPED_SHIFT, "f64")
    out["MAPPED_CENTRE"] = hexfloat(MAPPED_CENTRE, "f64")
    out["MAPPED_END"] = hexfloat(MAPPED_END, "f64")
    # The relative change of m(a) over that of y, 1 + y G'(y) / G(y), by a parabola that is 1 at 0: to 0.04.
    out["MILLS_SLOPE"], out["MILLS_BEND"] = (hexfloat(round_to(c, 12), "f64") for c in mills_slope())
    # The mean change of R with y, for the same correction.
    width = 1 / MAPPED_SHIFT - 1 / (MAPPED_END + MAPPED_SHIFT)
    steepness = (tail_slope(mp.mpf(0)) - tail_slope(MAPPED_END)) / width
    out["TAIL_SLOPE_SLOPE"] = hexfloat(round_to(steepness, 8), "f64")
    return out


def definitions_of_f32() -> dict[str, str]:
    """The macros that are of float alone."""
    out = {}
    out["INVERSE_PI"] = inverse_pi()
    out["RATIONAL_END"] = hexfloat(RATIONAL_END, "f32")
    # e^(-s/2) - 1 = s (s P - 1/2) by exp's coefficients, times powers of two.
    fitted = [round_to(c, BITS["f32"]) for c in POLYNOMIALS["exp_f32"]().fit()]
    scaled = [c * (-mp.mpf(1) / 2) ** power / 4 for power, c in enumerate(fitted)]
    out["GAUSS_POLYNOMIAL(FIRST, STEP)"] = steps(scaled, "f32")
    # e^(1.702 r) - 1 = 1.702 r + r^2 P(r), |1.702 r| <= ln(2) / 2, by the same.
    out["QUICK_GELU_LOG2E"] = hexfloat(round_to(QUICK_GELU / mp.log(2), BITS["f32"]), "f32")
    out["QUICK_GELU_LN2_HI"], out["QUICK_GELU_LN2_LO"] = split(mp.log(2) / QUICK_GELU, "f32", 16)
    scaled = [c * QUICK_GELU ** (power + 2) for power, c in enumerate(fitted)]
    out["QUICK_GELU_POLYNOMIAL(FIRST, STEP)"] = steps(scaled, "f32")
    out |= tables()
    out["OCTAVES_FIRST_END"] = hexfloat(OCTAVES_FIRST_END, "f32")
    out["QUARTERS_FIRST_END"] = hexfloat(QUARTERS_FIRST_END, "f32")
    return out


def definitions(precision: str) -> dict[str, str]:
    """Every computed macro of one precision: its name in the header and its replacement text."""
    bits = BITS[precision]
    out = {"LOG2E": hexfloat(round_to(1 / mp.log(2), bits), precision)}
    # k * LN2_HI is exact for every exponent k.
    out["LN2_HI"], out["LN2_LO"] = split(mp.log(2), precision, {"f32": 16, "f64": 42}[precision])
    for name, constant in WIDE_CONSTANTS.items():
        out[f"WIDE_{name}_HI"], out[f"WIDE_{name}_LO"] = split(constant, "f64", BITS["f64"])
    out["GELU_ROOT_HI"], out["GELU_ROOT_LO"] = split(GELU_ROOT, precision, bits)
    out["QUICK_GELU_ABOVE"] = hexfloat(QUICK_GELU_ABOVE, precision)
    out |= circle(precision)
    out["EXP_TABLE"] = exp_table(precision, EXPONENTIALS[precision].factor)
    out |= {f"{name.upper()}_EXP": exp_constants(name, precision) for name in EXPONENTIALS[precision].slopes}
    out["GELU_TANH_CUBE"], out["GELU_TANH_CUBE_LO"] = split(GELU_TANH_CUBE, precision, bits)
    out |= {"f32": definitions_of_f32, "f64": definitions_of_f64}[precision]()
    for name in POLYNOMIALS:
        if name.endswith(precision):
            out |= polynomial_macros(name)
    for name, fit in RATIONALS.items():
        kind, _, of = name.rpartition("_")
        if of == precision:
            above, below, _ = fit()
            out[f"{kind.upper()}_ABOVE(FIRST, STEP)"] = steps(above, "f64")
            out[f"{kind.upper()}_BELOW(FIRST, STEP)"] = steps(below, "f64")
    return {f"FASTACT_{name}": text for name, text in out.items()}


def header(precision: str) -> str:
    """The generated block of ``precision.h`` for one precision."""
    out = []
    for name, text in definitions(precision).items():
        wrapped = textwrap.wrap(f"#define {name} {text}", 114, subsequent_indent="    ", break_long_words=False)
        out.append(" \\\n".join(wrapped))
    return "\n".join(out)


def undefinitions() -> str:
    """The generated block of ``precision.h`` that takes back what a previous inclusion defined."""
    names = {name.split("(")[0] for precision in BITS for name in definitions(precision)}
    return "\n".join(f"#undef {name}" for name in sorted(names))


BLOCK = re.compile(r"(?<=/\* coefficients: begin \*/\n).*?(?=\n/\* coefficients: end \*/)", re.DOTALL)


def updated(text: str) -> str:
    """``precision.h`` with its generated blocks made anew: the names, then the definitions of each precision."""
    blocks = iter([undefinitions(), *map(header, BITS)])
    return BLOCK.sub(lambda _: next(blocks), text)


def main() -> None:
    """Print the block of each precision named on the command line (default: both), and the fits' errors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("precisions", nargs="*", default=list(BITS), help="f32, f64 (default: both)")
    parser.add_argument("--write", action="store_true", help="write them into precision.h instead")
    options = parser.parse_args()
    if options.write:
        HEADER.write_text(updated(HEADER.read_text()))
        return
    for precision in options.precisions:
        print(f"/* {precision} */\n{header(precision)}")
        for name, polynomial in POLYNOMIALS.items():
            if name.endswith(precision):
                print(f"/* {name}: relative error 2^{mp.nstr(polynomial().error(), 4)} */")
        for name, fit in RATIONALS.items():
            if name.endswith(precision):
                print(f"/* {name}: relative error 2^{mp.nstr(mp.log(fit()[2], 2), 4)} */")
    for name, table in TABLES.items():
        if "f32" in options.precisions:
            print(f"/* {name}, by pieces: relative error 2^{mp.nstr(mp.log(table.rows()[1], 2), 4)} */")


if __name__ == "__main__":
    main()
