"""Makes the public functions of every row of the catalogue from the ufuncs of an instruction set.

An activation without parameters *is* its ufunc. One with parameters is a keyword function around it, whose source the
build writes (``tools/keyword_functions.py``) and whose ``.ufunc`` takes the parameters as further inputs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from . import _ufuncs, gated, resizing, rowwise, stochastic
from ._documentation import DOCUMENTATION
from ._domains import checker
from ._keyword_functions import MAKERS
from ._schema import Activation, Form
from .catalogue import ACTIVATIONS

PUBLIC_MODULE = "fastact"


def keyword_function(
    row: Activation,
    form: Form,
    ufunc: np.ufunc,
    plain: np.ufunc | None = None,
    replacement: Callable[..., Any] | None = None,
) -> Callable[..., Any]:
    """The keyword function of an activation with parameters: defaults, domains, then the ufunc with all it was given.

    ``plain`` takes the inputs alone and is called instead where all parameters are at their defaults, if there is one.
    A replacement is called instead, if the further keyword of a form that draws is given; it gets that first.
    """
    public = row.name + form.suffix
    domains = {parameter.name: parameter.domain_of(form) for parameter in row.parameters}
    checked = functools.partial(checker, public, ufunc, domains, row.order_of(form))
    defaults = tuple(row.defaults.values())
    function: Any = MAKERS[public](ufunc, plain or _with(ufunc, defaults), checked, replacement)
    function.__module__, function.__qualname__ = PUBLIC_MODULE, public
    function.ufunc = ufunc
    if plain is not None:
        function.at_defaults = plain
    return function


def _with(ufunc: np.ufunc, parameters: tuple[float, ...]) -> Callable[..., Any]:
    return lambda *inputs, **keywords: ufunc(*inputs, *parameters, **keywords)


def ufunc_names() -> dict[str, str]:
    """What the ufuncs are called, by the public name of the function that each is, or is inside of."""
    names = {
        row.name + form.suffix: row.name + form.suffix + (".ufunc" if row.parameters else "")
        for row in ACTIVATIONS.values()
        for form in row.forms
    }
    return names | gated.names() | rowwise.names()


def streaming() -> set[str]:
    """The names of the ufuncs whose large outputs go past the caches."""
    return _ufuncs.streaming()


def make(instruction_set: str) -> dict[str, Any]:
    """Every public function of the tables, by public name, running on the given instruction set."""
    defaults = {
        row.name + form.suffix: tuple(row.defaults.values())
        for row in ACTIVATIONS.values()
        for form in row.forms
        if row.parameters
    }
    return around(_ufuncs.make(_ufuncs.load(instruction_set), ufunc_names(), defaults))


def around(ufuncs: Mapping[str, Any]) -> dict[str, Any]:
    """Every public function of the tables, by public name, around these ufuncs, or what is called as they are."""
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
                plain = ufuncs.get(f"{name}.at_defaults")
                if plain is not None:
                    plain.__module__, plain.__doc__ = PUBLIC_MODULE, ufunc.__doc__
                forms[form.name] = keyword_function(row, form, ufunc, plain, replacements.get(form.kind))
                forms[form.name].__doc__ = ufunc.__doc__
            forms[form.name].spec = row
            public[name] = forms[form.name]
        for name, function in forms.items():
            if name != "value":
                setattr(forms["value"], name, function)
        public |= {alias + form.suffix: forms[form.name] for alias in row.aliases for form in row.forms}
    return public | gated.make(ufuncs) | rowwise.make(ufuncs) | resizing.make(ufuncs)
