"""Makes the public functions of every row of the catalogue from the ufuncs of an instruction set.

An activation without parameters *is* its ufunc. One with parameters is a keyword function around it, made by the one
factory below, whose ``.ufunc`` takes the parameters as further inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import _ufuncs, gated, resizing, rowwise, stochastic
from ._documentation import DOCUMENTATION
from ._schema import Activation, Form, Interval, Parameter
from .catalogue import ACTIVATIONS

PUBLIC_MODULE = "fastact"


def _outside(value: Any, domain: Interval) -> bool:
    """Whether any element lies outside the domain; NaN is let through, to give NaN."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"must be a real number or an array of them, got {value!r:.60}")
    array = array.astype(np.float64, copy=False)
    above = array >= domain.lower if domain.lower_closed else array > domain.lower
    below = array <= domain.upper if domain.upper_closed else array < domain.upper
    inside = above & below
    if domain.without is not None:
        inside &= array != domain.without
    return not np.all(inside | np.isnan(array))


def _lazy(value: Any) -> bool:
    """Whether asking for values would compute them: a Dask collection."""
    graph = getattr(value, "__dask_graph__", None)
    return graph is not None and graph() is not None


def checker(public: str, parameter: Parameter, domain: Interval) -> Callable[[Any], None]:
    """A function that raises ValueError, naming the parameter, unless its argument lies in the domain."""

    def check(value: Any) -> None:
        if _lazy(value):
            return
        try:
            outside = _outside(value, domain)
        except TypeError as error:
            raise TypeError(f"{public}: {parameter.name} {error}") from None
        if outside:
            raise ValueError(f"{public}: {parameter.name} must be in {domain}, got {value!r:.60}")

    return check


def order_checker(public: str, relations: tuple[tuple[str, str, str], ...]) -> Callable[..., None]:
    """A function of all parameters by name that raises ValueError unless the relations between them hold."""
    holds = {"<": np.less, "<=": np.less_equal}

    def check(**parameters: Any) -> None:
        for left, relation, right in relations:
            low, high = parameters[left], parameters[right]
            if _lazy(low) or _lazy(high):
                continue
            low, high = np.asarray(low), np.asarray(high)
            if not np.all(holds[relation](low, high) | np.isnan(low) | np.isnan(high)):
                raise ValueError(f"{public}: {left} must be {relation} {right}, got {low!s:.60} and {high!s:.60}")

    return check


_TEMPLATE = """
def {name}({arguments}, **keywords):
    if not ({ordinary}):
        {checks}
    {instead}return ufunc({passed}, **keywords)
"""


def ordinary(name: str, domain: Interval) -> str:
    """Python source, cheap, that is true for a Python float well inside a domain: what most calls are given."""
    without = "" if domain.without is None else f" and {name} != {domain.without!r}"
    return f"type({name}) is float and {domain.lower!r} < {name} < {domain.upper!r}{without}"


def keyword_function(
    row: Activation, form: Form, ufunc: np.ufunc, replacement: Callable[..., Any] | None = None
) -> Callable[..., Any]:
    """The keyword function of an activation with parameters: defaults, domains, then the ufunc with all it was given.

    A replacement is called instead, if its keyword (`stochastic.KEYWORDS`) is given, with that before all the rest.
    Compiled from a template, as ``dataclasses`` does, so that the signature is real and the call costs one frame.
    """
    public = row.name + form.suffix
    namespace: dict[str, Any] = {"ufunc": ufunc, "inf": np.inf}
    names = [parameter.name for parameter in row.parameters]
    relations = row.order_of(form)
    checks, ordinaries = [], []
    for parameter in row.parameters:
        domain = parameter.domain_of(form)
        namespace[f"check_{parameter.name}"] = checker(public, parameter, domain)
        checks.append(f"check_{parameter.name}({parameter.name})")
        ordinaries.append(ordinary(parameter.name, domain))
    if relations:
        # The domains first: what is no number at all cannot be compared.
        namespace["check_order"] = order_checker(public, relations)
        checks.append(f"check_order({', '.join(f'{name}={name}' for name in names)})")
        ordinaries += [f"{left} {relation} {right}" for left, relation, right in relations]
    arguments = [*form.inputs, *(f"{parameter.name}={parameter.default!r}" for parameter in row.parameters)]
    call = ", ".join([*form.inputs, *names])
    instead = ""
    if replacement is not None:
        keyword = stochastic.KEYWORDS[form.kind]
        namespace["replacement"] = replacement
        arguments += ["*", f"{keyword}=None"]
        instead = f"if {keyword} is not None:\n        return replacement({keyword}, {call}, **keywords)\n    "
    source = _TEMPLATE.format(
        name=public,
        arguments=", ".join(arguments),
        ordinary=" and ".join(ordinaries),
        checks="; ".join(checks),
        instead=instead,
        passed=call,
    )
    exec(compile(source, f"<fastact.{public}>", "exec"), namespace)
    function = namespace[public]
    function.__module__ = PUBLIC_MODULE
    function.ufunc = ufunc
    return function


def make(instruction_set: str) -> dict[str, Any]:
    """Every public function of the tables, by public name, running on the given instruction set."""
    names = {
        row.name + form.suffix: row.name + form.suffix + (".ufunc" if row.parameters else "")
        for row in ACTIVATIONS.values()
        for form in row.forms
    }
    names |= gated.names() | rowwise.names()
    ufuncs = _ufuncs.make(_ufuncs.load(instruction_set), names)
    public: dict[str, Any] = {}
    for row in ACTIVATIONS.values():
        forms = {}
        replacements = stochastic.replacements(row.name, ufuncs) if row.drawn else {}
        for form in row.forms:
            name = row.name + form.suffix
            ufunc = ufuncs[name]
            ufunc.__module__ = PUBLIC_MODULE
            ufunc.__doc__ = DOCUMENTATION[name]
            forms[form.name] = ufunc
            if row.parameters:
                forms[form.name] = keyword_function(row, form, ufunc, replacements.get(form.kind))
                forms[form.name].__doc__ = ufunc.__doc__
            forms[form.name].spec = row
            public[name] = forms[form.name]
        for name, function in forms.items():
            if name != "value":
                setattr(forms["value"], name, function)
        public |= {alias + form.suffix: forms[form.name] for alias in row.aliases for form in row.forms}
    return public | gated.make(ufuncs) | rowwise.make(ufuncs) | resizing.make(ufuncs)
