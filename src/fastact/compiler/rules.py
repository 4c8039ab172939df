"""Formulas that lose digits, and those that are a function of the catalogue, replaced by what is accurate.

SymPy has put every expression into a form of its own before, so that few patterns are enough: the order of terms, x / y
or x * y^-1, e^a e^b or e^(a + b) make no difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

from .algebra import Algebra, algebra

_PASSES = 4  # what one rule makes another may take up


@cache
def rules() -> Rules:
    """The one of this process."""
    return Rules(algebra())


class Rules:
    """The rules, for SymPy's expressions."""

    def __init__(self, own: Algebra) -> None:
        self.sympy, self.operation, self.x = own.sympy, own.operation, own.symbol("x")
        self.one, self.exp, self.log = own.sympy.S.One, own.sympy.exp, own.sympy.log

    def stable(self, given: Any) -> Any:
        """The expression with formulas replaced, from the inside out."""
        for _ in range(_PASSES):
            before, given = given, self._everywhere(given)
            if given == before:
                break
        return given

    def without_overflow(self, given: Any) -> Any:
        """log(e^a + e^b) by the larger of both: not before it is differentiated, where it has no kink."""

        def larger_first(whole: Any) -> Any:
            a, b = (term.args[0] for term in whole.args[0].args)
            maximum, softplus = self.operation("maximum"), self.operation("softplus")
            return maximum(a, b) + softplus(-self.sympy.Abs(a - b), self.one)

        def is_log_sum(at: Any) -> bool:
            return (
                isinstance(at, self.log)
                and at.args[0].is_Add
                and len(at.args[0].args) == 2
                and all(isinstance(term, self.exp) for term in at.args[0].args)
            )

        return given.replace(is_log_sum, larger_first)

    def _everywhere(self, given: Any) -> Any:
        done: dict[Any, Any] = {}

        def visit(at: Any) -> Any:
            if not at.args:
                return at
            if at not in done:
                args = [visit(arg) for arg in at.args]
                same = all(a is b for a, b in zip(args, at.args, strict=True))
                done[at] = self._rewritten(at if same else at.func(*args))
            return done[at]

        return visit(given)

    def _is(self, at: Any, name: str) -> bool:
        return at.func is self.operation(name)

    def _rewritten(self, at: Any) -> Any:
        """One operation whose arguments have been looked at."""
        if isinstance(at, self.exp):
            return self._of_exp(at)
        for kind, rule in (("is_Add", self._of_sum), ("is_Mul", self._of_product), ("is_Pow", self._of_power)):
            if getattr(at, kind):
                return rule(at)
        return self._of_log(at)

    def _of_exp(self, at: Any) -> Any:
        """e^(-x^2), where rounding x^2 would be magnified."""
        if not at.args[0].is_Mul:
            return at
        base = self.sympy.sqrt(-at.args[0])
        if isinstance(base, self.sympy.Abs):
            base = base.args[0]
        return self.operation("gaussian")(base) if base.is_Symbol else at

    def _of_log(self, at: Any) -> Any:
        softplus, u = self.operation("softplus"), at.args[0]
        if self._is(at, "log1p") and isinstance(u, self.exp):
            return softplus(u.args[0], self.one)
        if not isinstance(at, self.log):
            return at
        if self._is(u, "sigmoid"):
            return -softplus(-u.args[0], self.one)
        if u.is_Add and self.one in u.args:
            rest = u - 1
            return softplus(rest.args[0], self.one) if isinstance(rest, self.exp) else self.operation("log1p")(rest)
        return at

    def _of_power(self, at: Any) -> Any:
        """1 / (1 + e^u), also to a power."""
        base, exponent = at.as_base_exp()
        if exponent.is_number and exponent.is_negative and base.is_Add and len(base.args) == 2:
            rest = base - 1
            if self.one in base.args and isinstance(rest, self.exp):
                return self.operation("sigmoid")(-rest.args[0]) ** -exponent
        return at

    # Sums

    def _of_sum(self, at: Any) -> Any:
        """Two terms that nearly cancel, times a common factor."""
        terms = list(at.args)
        for i, term in enumerate(terms):
            factor, function = term.as_coeff_Mul()
            for beside, together in self._cancelling(function):
                partner = factor * beside
                if partner in terms and terms.index(partner) != i:
                    rest = [other for j, other in enumerate(terms) if j not in (i, terms.index(partner))]
                    new = self.sympy.Add(factor * together, *rest)
                    return self._of_sum(new) if new.is_Add else new
        return at

    def _cancelling(self, function: Any) -> list[tuple[Any, Any]]:
        """What nearly cancels with a function, and what the sum of both is."""
        f, one = self.operation, self.one
        if isinstance(function, self.exp):
            return [(-one, f("expm1")(function.args[0]))]
        square = function.is_Pow and function.args[1] == 2
        inner = function.args[0] if square else function
        u: Any = inner.args[0] if inner.args else None
        known = {
            ("sigmoid", False): lambda: [(-one, -f("sigmoid")(-u)), (-one / 2, f("tanh")(u / 2) / 2)],
            ("tanh", False): lambda: [
                (-one, -2 * f("sigmoid")(-2 * u)),
                (one, 2 * f("sigmoid")(2 * u)),
                (-u, -f("tanh_shrink")(u)),
            ],
            ("cos", False): lambda: [(-one, -2 * f("sin")(u / 2) ** 2)],
            ("tanh", True): lambda: [(-one, -f("tanh_derivative")(u))],
            ("sin", True): lambda: [(-one, -(f("cos")(u) ** 2))],
            ("cos", True): lambda: [(-one, -(f("sin")(u) ** 2))],
        }
        make = known.get((inner.func.__name__, bool(square)))
        return make() if make else []

    # Products: each rule gives the factors that it takes and what replaces them, or None.

    def _of_product(self, at: Any) -> Any:
        factors = list(at.args)
        for rule in (self._logistic, self._mish, self._sign, self._softsign, self._share, self._normal, self._quotient):
            found = rule(factors)
            if found is None:
                continue
            old, new = found
            for factor in old:
                factors.remove(factor)
            product = self.sympy.Mul(new, *factors)
            return self._of_product(product) if product.is_Mul else self._rewritten(product)
        return at

    def _logistic(self, factors: Sequence[Any]) -> tuple[list[Any], Any] | None:
        sigmoid = self.operation("sigmoid")
        for s in factors:
            if not self._is(s, "sigmoid"):
                continue
            u = s.args[0]
            if self.exp(-u) in factors:  # e^-u / (1 + e^-u)
                return [s, self.exp(-u)], sigmoid(-u)
            if sigmoid(-u) in factors:
                return [s, sigmoid(-u)], self.operation("sigmoid_derivative")(u)
            if u in factors:
                return [s, u], self.operation("silu")(u)
            for factor in factors:
                # u / (1 + e^(-b u)): rounding b u would be magnified.
                beta = u / factor
                fixed = beta.is_number or (beta.is_Symbol and beta is not self.x)
                if fixed and factor not in (beta, s) and not factor.is_number:
                    return [s, factor], self.operation("swish")(factor, beta)
        return None

    def _mish(self, factors: Sequence[Any]) -> tuple[list[Any], Any] | None:
        for t in factors:
            u = t.args[0] if self._is(t, "tanh") else t
            if t is not u and self._is(u, "softplus") and u.args[1] == 1 and u.args[0] in factors:
                return [t, u.args[0]], self.operation("mish")(u.args[0])
        return None

    def _sign(self, factors: Sequence[Any]) -> tuple[list[Any], Any] | None:
        """sign(u) u^n and sign(u) |u|^n."""
        for sign in factors:
            if not (self._is(sign, "sign") or isinstance(sign, self.sympy.sign)):
                continue
            u = sign.args[0]
            for factor in factors:
                base, exponent = factor.as_base_exp()
                if not (exponent.is_Integer and exponent > 0):
                    continue
                if base == u:
                    return [sign, factor], self.sympy.Abs(u) * u ** (exponent - 1)
                if base == self.sympy.Abs(u):
                    return [sign, factor], u * base ** (exponent - 1)
        return None

    def _divisors(self, factors: Sequence[Any]) -> list[tuple[Any, Any]]:
        """Factors 1 / (a + b), each with its sum."""
        pairs = [(factor, 1 / factor) for factor in factors if factor.is_Pow and factor.as_base_exp()[1] == -1]
        return [(factor, total) for factor, total in pairs if total.is_Add and len(total.args) == 2]

    def _softsign(self, factors: Sequence[Any]) -> tuple[list[Any], Any] | None:
        for factor, total in self._divisors(factors):
            size = total - 1
            if isinstance(size, self.sympy.Abs) and size.args[0] in factors:
                return [factor, size.args[0]], self.operation("softsign")(size.args[0])
        return None

    def _share(self, factors: Sequence[Any]) -> tuple[list[Any], Any] | None:
        """e^u / (e^u + e^v)."""
        for factor, total in self._divisors(factors):
            for term in total.args:
                other = total - term
                if term in factors and isinstance(term, self.exp) and isinstance(other, self.exp):
                    return [factor, term], self.operation("sigmoid")(term.args[0] - other.args[0])
        return None

    def _normal(self, factors: Sequence[Any]) -> tuple[list[Any], Any] | None:
        """u (1 + erf(u / sqrt(2)))."""
        for total in factors:
            found = [term for term in total.args if self._is(term, "erf")]
            if not (total.is_Add and len(total.args) == 2 and self.one in total.args and found):
                continue
            for factor in factors:
                ratio = self.sympy.N(found[0].args[0] / factor)
                if ratio.is_number and abs(ratio - math.sqrt(0.5)) < 1e-15:
                    return [total, factor], 2 * self.operation("gelu")(factor)
        return None

    def _quotient(self, factors: Sequence[Any]) -> tuple[list[Any], Any] | None:
        """(e^u - e^-u) / (e^u + e^-u)."""
        for factor, total in self._divisors(factors):
            if not all(isinstance(term, self.exp) for term in total.args):
                continue
            a, b = total.args
            if a.args[0] != -b.args[0]:
                continue
            up = b if a.args[0].could_extract_minus_sign() else a
            for sign in (1, -1):
                difference = sign * (up - (total - up))
                if difference in factors:
                    return [factor, difference], sign * self.operation("tanh")(up.args[0])
        return None
