"""Makes the public functions of every row of the catalogue from the ufuncs of an instruction set.

An activation without parameters *is* its ufunc. One with parameters is a keyword function around it, made by the one
factory below, whose ``.ufunc`` takes the parameters as further inputs.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from . import _ufuncs, gated, rowwise, stochastic
from ._documentation import DOCUMENTATION
from ._domains import checker, ordinary, ordinary_order
from ._schema import Activation, Form
from .catalogue import ACTIVATIONS

PUBLIC_MODULE = "fastact"

_TEMPLATE = """
def {name}({arguments}, **keywords):
    if not ({ordinary}):
        check(({inputs},), ({parameters},), keywords)
    {instead}return ufunc({call}, **keywords)
"""


def keyword_function(
    row: Activation, form: Form, ufunc: np.ufunc, replacement: Callable[..., Any] | None = None
) -> Callable[..., Any]:
    """The keyword function of an activation with parameters: defaults, domains, then the ufunc with all it was given.

    A replacement is called instead, if its keyword (`stochastic.KEYWORDS`) is given, with that before all the rest.
    Compiled from a template, as ``dataclasses`` does, so that the signature is real and the call costs one frame.
    """
    public = row.name + form.suffix
    names = [parameter.name for parameter in row.parameters]
    domains = {parameter.name: parameter.domain_of(form) for parameter in row.parameters}
    relations = row.order_of(form)
    namespace: dict[str, Any] = {"ufunc": ufunc, "check": checker(public, ufunc, domains, relations)}
    ordinaries = [*itertools.starmap(ordinary, domains.items()), *itertools.starmap(ordinary_order, relations)]
    arguments = [*form.inputs, *(f"{parameter.name}={parameter.default!r}" for parameter in row.parameters)]
    call, instead = ", ".join([*form.inputs, *names]), ""
    if replacement is not None:
        keyword = stochastic.KEYWORDS[form.kind]
        namespace["replacement"] = replacement
        arguments += ["*", f"{keyword}=None"]
        instead = f"if {keyword} is not None:\n        return replacement({keyword}, {call}, **keywords)\n    "
    source = _TEMPLATE.format(
        name=public,
        arguments=", ".join(arguments),
        ordinary=" and ".join(ordinaries),
        inputs=", ".join(form.inputs),
        parameters=", ".join(names),
        instead=instead,
        call=call,
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
    return public | gated.make(ufuncs) | rowwise.make(ufuncs)
