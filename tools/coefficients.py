"""Compute every polynomial coefficient and split constant of ``include/fastact/precision.h``.

``python tools/coefficients.py [f32] [f64]`` prints the ``#define`` lines as they stand in the header.
Each is a minimax polynomial found by the Remez exchange algorithm in multiple precision (mpmath) under the weight
that makes its *relative* contribution to the final result equi-oscillate, rounded to the target
precision. ``tests/test_coefficients.py`` compares the header with this script.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mpmath as mp

mp.mp.prec = 200

BITS = {"f32": 24, "f64": 53}


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


def _square_weight(x: mp.mpf) -> mp.mpf:
    """x^2, kept away from 0: both tails are multiplied by the square of their argument."""
    return x * x + mp.mpf(2) ** -12


def mills(a: mp.mpf) -> mp.mpf:
    """Phi(-a) e^(a^2/2): Mills' ratio over sqrt(2 pi)."""
    return mp.erfc(a / mp.sqrt(2)) * mp.exp(a * a / 2) / 2


HALF_LN2 = mp.log(2) / 2 * (1 + mp.mpf(2) ** -10)
ROOT2 = mp.sqrt(2)


@dataclass(frozen=True)
class MillsFit:
    """Phi(-a) e^(a^2/2) = y G(y - CENTRE) with y = 1/(a + SHIFT), for a up to END."""

    shift: mp.mpf
    centre: mp.mpf
    end: mp.mpf
    degree: int


# The shifts are those at which a polynomial of the degree does best; about the centres nearly all its coefficients are
# positive and its terms add up to at most 1.11 times its value, so that rounding errors are not amplified.
MILLS = {
    "f32": MillsFit(mp.mpf(4), mp.mpf(1) / 16, mp.mpf(15), 9),
    "f64": MillsFit(mp.mpf(5), mp.mpf(1) / 32, mp.mpf(39), 21),
}


def _mills(precision: str) -> Polynomial:
    fit = MILLS[precision]

    def target(v: mp.mpf) -> mp.mpf:
        y = v + fit.centre
        return mills(1 / y - fit.shift) / y

    return Polynomial(
        target,
        lambda v: 1 / target(v),
        range(fit.degree + 1),
        1 / (fit.end + fit.shift) - fit.centre,
        1 / fit.shift - fit.centre,
        precision,
    )


POLYNOMIALS: dict[str, Callable[[], Polynomial]] = {
    "exp_f32": lambda: Polynomial(_exp_tail, _square_weight, range(5), -HALF_LN2, HALF_LN2, "f32"),
    "exp_f64": lambda: Polynomial(_exp_tail, _square_weight, range(10), -HALF_LN2, HALF_LN2, "f64"),
    "log1p_f32": lambda: Polynomial(_log1p_tail, _square_weight, range(8), 1 / ROOT2 - 1, ROOT2 - 1, "f32"),
    "log1p_f64": lambda: Polynomial(_log1p_tail, _square_weight, range(19), 1 / ROOT2 - 1, ROOT2 - 1, "f64"),
    "mills_f32": lambda: _mills("f32"),
    "mills_f64": lambda: _mills("f64"),
}


def hexfloat(value: mp.mpf, precision: str) -> str:
    """A C hexadecimal floating literal of a value that is exact in the precision."""
    return re.sub(r"0+p", "p", float(value).hex()).replace(".p", "p") + ("f" if precision == "f32" else "")


def split(value: mp.mpf, precision: str, high_bits: int) -> tuple[str, str]:
    """``value`` as an unevaluated sum of two floats, the first of at most ``high_bits`` bits."""
    high = round_to(value, high_bits)
    return hexfloat(high, precision), hexfloat(round_to(value - high, BITS[precision]), precision)


def definitions(precision: str) -> dict[str, str]:
    """Every computed macro of one precision: its name in the header and its replacement text."""
    bits = BITS[precision]
    out = {"LOG2E": hexfloat(round_to(1 / mp.log(2), bits), precision)}
    # k * LN2_HI is exact for every exponent k.
    out["LN2_HI"], out["LN2_LO"] = split(mp.log(2), precision, {"f32": 16, "f64": 42}[precision])
    out["DENSITY_HI"], out["DENSITY_LO"] = split(1 / mp.sqrt(2 * mp.pi), precision, bits)
    fit = MILLS[precision]
    out["MILLS_SHIFT"] = hexfloat(fit.shift, precision)
    out["MILLS_CENTRE"] = hexfloat(fit.centre, precision)
    out["MILLS_END"] = hexfloat(fit.end, precision)
    # The relative change of m(a) over that of y, 1 + y G'(y) / G(y), is 1 for y -> 0 and about linear.
    steepness = (fit.shift * mp.sqrt(2 / mp.pi) - 1) * fit.shift
    out["MILLS_SLOPE"] = hexfloat(round_to(steepness, 8), precision)
    for name, polynomial in POLYNOMIALS.items():
        kind, _, of = name.rpartition("_")
        if of == precision:
            fitted = polynomial().fit()
            if kind == "mills":  # its last two steps are done in double length
                out["MILLS_C0"], out["MILLS_C0_LO"] = split(fitted.pop(0), precision, bits)
                out["MILLS_C1"], out["MILLS_C1_LO"] = split(fitted.pop(0), precision, bits)
            rounded = [hexfloat(round_to(c, bits), precision) for c in reversed(fitted)]
            steps = " ".join(f"STEP({c})" for c in rounded[1:])
            out[f"{kind.upper()}_POLYNOMIAL(FIRST, STEP)"] = f"FIRST({rounded[0]}) {steps}"
    return {f"FASTACT_{name}": text for name, text in out.items()}


def header(precision: str) -> str:
    """The generated block of ``precision.h`` for one precision."""
    out = []
    for name, text in definitions(precision).items():
        wrapped = textwrap.wrap(f"#define {name} {text}", 114, subsequent_indent="    ", break_long_words=False)
        out.append(" \\\n".join(wrapped))
    return "\n".join(out)


def main() -> None:
    """Print the block of each precision named on the command line (default: both), and the fits' errors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("precisions", nargs="*", default=list(BITS), help="f32, f64 (default: both)")
    for precision in parser.parse_args().precisions:
        print(f"/* {precision} */\n{header(precision)}")
        for name, polynomial in POLYNOMIALS.items():
            if name.endswith(precision):
                print(f"/* {name}: relative error 2^{mp.nstr(polynomial().error(), 4)} */")


if __name__ == "__main__":
    main()
