"""The source of the keyword functions of activations with parameters, which the build writes into the package.

Compiled at import they would cost 5 ms of it. Standard library only: see ``generate.py``.
"""

from __future__ import annotations

import itertools
import math
import struct

# The least normal float16 and the largest one: between them none rounds to zero or infinity, in any dtype.
_LEAST, _LARGEST = 2.0**-14, 65504.0

# A maker for each, so that every instruction set has its own; one frame a call, and a signature that is real.
# Most calls leave all parameters at their defaults, which is told by identity, and have no keyword but `out`.
_TEMPLATE = """
def {name}(ufunc, plain, checker, replacement):
    {defaults}

    def ordinary({parameters}):
        return {ordinary}

    check = checker(ordinary)

    def {name}({arguments}, out=None, **keywords):
        if {at_defaults} and not keywords:
            {plain}
        if not ({ordinary}):
            check(({inputs},), ({parameters},), keywords)
        if out is not None:
            keywords["out"] = out
        {instead}return ufunc({call}, **keywords)

    return {name}
"""


def maker(row, form, keyword: str = "") -> str:
    """The source of the function that makes the keyword function of a form: defaults, domains, then the ufunc with all
    it was given; or a replacement, if the keyword is given, with that before all the rest. ``plain`` is the ufunc of
    the inputs alone, with the parameters at their defaults."""
    names = [parameter.name for parameter in row.parameters]
    domains = [(parameter.name, parameter.domain_of(form)) for parameter in row.parameters]
    ordinaries = [*itertools.starmap(ordinary, domains), *itertools.starmap(ordinary_order, row.order_of(form))]
    arguments = [*form.inputs, *(f"{name}=default_{name}" for name in names), "*"]
    at_defaults = [f"{name} is default_{name}" for name in names]
    inputs = ", ".join(form.inputs)
    if len(form.outputs) == 1:
        plain = f"return plain({inputs}, out=out)"
    else:
        plain = f"if out is None:\n                return plain({inputs})"
    call, instead = ", ".join([*form.inputs, *names]), ""
    if keyword:
        arguments.append(f"{keyword}=None")
        at_defaults.append(f"{keyword} is None")
        instead = f"if {keyword} is not None:\n            return replacement({keyword}, {call}, **keywords)\n        "
    return _TEMPLATE.format(
        name=row.name + form.suffix,
        defaults="\n    ".join(f"default_{parameter.name} = {parameter.default!r}" for parameter in row.parameters),
        arguments=", ".join(arguments),
        at_defaults=" and ".join(at_defaults),
        ordinary=" and ".join(ordinaries),
        inputs=inputs,
        plain=plain,
        parameters=", ".join(names),
        instead=instead,
        call=call,
    )


def ordinary(name, domain) -> str:
    """Python source, cheap, that is true for a Python float in a domain that no rounding takes out of it: what most
    calls are given."""

    def bound(end, closed, inwards):
        if math.isinf(end):
            return -inwards * _LARGEST
        return end if closed and _in_float16(end) else end + inwards * _margin(end)

    lower, upper = bound(domain.lower, domain.lower_closed, 1), bound(domain.upper, domain.upper_closed, -1)
    source = f"type({name}) is float and {lower!r} <= {name} <= {upper!r}"
    if domain.without is not None:
        margin = _margin(domain.without)
        source += f" and not {domain.without - margin!r} < {name} < {domain.without + margin!r}"
    return source


def _in_float16(value: float) -> bool:
    try:
        return struct.unpack("<e", struct.pack("<e", value))[0] == value
    except OverflowError:
        return False


def _margin(point: float) -> float:
    """Farther than this from a point, none rounds to it in float16."""
    return _LEAST + abs(point) / 512


def ordinary_order(left: str, relation: str, right: str) -> str:
    """Python source, cheap, that is true for two Python floats in a relation that no rounding breaks."""
    return f"{left} <= {right}" if relation == "<=" else f"{left} <= 0.0 and {right} >= {_LEAST!r}"
