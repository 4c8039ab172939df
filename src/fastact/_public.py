"""Makes the public functions of every row of the catalogue from the ufuncs of an instruction set.

An activation without parameters *is* its ufunc. One with parameters is a keyword function around it, made by the one
factory below, whose ``.ufunc`` takes the parameters as further inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import _ufuncs
from .catalogue import ACTIVATIONS, Activation, Form, Interval, Parameter

PUBLIC_MODULE = "fastact"


def documentation(row: Activation, form: Form) -> str:
    """The docstring of one form of an activation."""
    names = (*form.inputs, *(parameter.name for parameter in row.parameters))
    call = ", ".join((*form.inputs, *(f"{p.name}={p.default:g}" for p in row.parameters)))
    public = row.name + form.suffix
    inputs = {
        "x": "x : array_like\n    Input; float16, float32 or float64 (integers and bools are taken as float64).",
        "grad": "grad : array_like\n    Gradient with respect to the output; broadcasts with the other inputs.",
        "y": "y : array_like\n    Output of the activation, ``y = f(x)``.",
    }
    lines = [f"{public}({call}, /, out=None, *, where=True, dtype=None, ...)" if not row.parameters else "", ""]
    lines += [f"{row.summary} {form.summary}", "", f"    {row.formula}", f"    {row.derivative_formula}"]
    if form.name == "backward_from_output":
        lines += [f"    f' from the output: {row.from_output}"]
    lines += ["", "Parameters", "----------", *(inputs[name] for name in form.inputs)]
    for p in row.parameters:
        domain = p.output_domain if form.name == "backward_from_output" and p.output_domain else p.domain
        lines += [
            f"{p.name} : array_like, default {p.default:g}",
            f"    {p.meaning[0].upper()}{p.meaning[1:]}, in {domain}; broadcasts. NaN gives NaN.",
        ]
    lines += [
        "**keywords",
        "    Those of every NumPy ufunc: ``out``, ``where``, ``dtype``, ``casting``, ``order``, ...",
        "",
        "Returns",
        "-------",
        f"{', '.join(form.outputs)} : ndarray or scalar",
        f"    Of the common dtype and broadcast shape of {', '.join(names)}.",
        "",
        "Raises",
        "------",
        "TypeError",
        "    For complex, longdouble, object and other dtypes that are not computed.",
    ]
    if row.parameters:
        lines += ["ValueError", "    For a parameter outside its domain (not checked on lazy operands such as Dask's)."]
    at_defaults = " (at the default parameters)" if row.parameters else ""
    lines += ["", "Notes", "-----"]
    if form.name in ("value", "with_derivative"):
        lines.append(f"Range {row.range}; limits {row.limits[0]:g} at -inf and {row.limits[1]:g} at inf{at_defaults}.")
    if form.name != "value":
        low, high = row.derivative_limits
        lines.append(
            f"f' has the limits {low:g} at -inf and {high:g} at inf, and |f'| is at most {row.sup_derivative:.6g}"
            f"{at_defaults}."
        )
        lines += [f"At the kink x = {at:g}, f' is {slope}." for at, slope in row.kinks.items()]
    if form.name.startswith("backward"):
        lines.append("The product is rounded once; 0 * inf is NaN, as everywhere in IEEE arithmetic.")
    bound = row.accuracy if form.name == "value" else row.derivative_accuracy
    if form.name == "backward_from_output":
        bound = row.accuracy_of(form.name)
    subject = "f" if form.name == "value" else "f'"
    lines.append(
        f"Maximum error of {subject}: {bound.float32:g} ULP in float32, {bound.float64:g} in float64, "
        f"{bound.float16:g} in float16."
    )
    lines += [f"Within 1/16 of the root {r:.6g} of f' the error is absolute." for r in row.derivative_roots]
    lines += ["", "References", "----------", row.reference]
    if form.name in ("value", "derivative"):
        at = row.example
        lines += [
            "",
            "Examples",
            "--------",
            ">>> import numpy as np, fastact",
            f">>> fastact.{public}(np.float32({at:g}))",
        ]
    return "\n".join(lines).strip()


def _outside(value: Any, domain: Interval) -> bool:
    """Whether any element lies outside the domain; NaN is let through, to give NaN."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"must be a real number or an array of them, got {value!r:.60}")
    array = array.astype(np.float64, copy=False)
    above = array >= domain.lower if domain.lower_closed else array > domain.lower
    below = array <= domain.upper if domain.upper_closed else array < domain.upper
    return not np.all((above & below) | np.isnan(array))


def checker(public: str, parameter: Parameter, domain: Interval) -> Callable[[Any], Any]:
    """A function that returns its argument if it lies in the domain, and raises ValueError naming it if not."""
    lower, upper = domain.lower, domain.upper

    def check(value: Any) -> Any:
        if type(value) is float and lower < value < upper:
            return value
        graph = getattr(value, "__dask_graph__", None)
        if graph is not None and graph() is not None:
            return value  # lazy: asking for its values would compute them
        try:
            outside = _outside(value, domain)
        except TypeError as error:
            raise TypeError(f"{public}: {parameter.name} {error}") from None
        if outside:
            raise ValueError(f"{public}: {parameter.name} must be in {domain}, got {value!r:.60}")
        return value

    return check


_TEMPLATE = """
def {name}({arguments}, **keywords):
    return ufunc({passed}, **keywords)
"""


def keyword_function(row: Activation, form: Form, ufunc: np.ufunc) -> Callable[..., Any]:
    """The keyword function of an activation with parameters: defaults, domains, then the ufunc with all it was given.

    Compiled from a template, as ``dataclasses`` does, so that the signature is real and the call costs one frame.
    """
    public = row.name + form.suffix
    namespace: dict[str, Any] = {"ufunc": ufunc}
    arguments, passed = list(form.inputs), list(form.inputs)
    for parameter in row.parameters:
        domain = parameter.domain
        if form.name == "backward_from_output" and parameter.output_domain is not None:
            domain = parameter.output_domain
        namespace[f"check_{parameter.name}"] = checker(public, parameter, domain)
        arguments.append(f"{parameter.name}={parameter.default!r}")
        passed.append(f"check_{parameter.name}({parameter.name})")
    source = _TEMPLATE.format(name=public, arguments=", ".join(arguments), passed=", ".join(passed))
    exec(compile(source, f"<fastact.{public}>", "exec"), namespace)
    function = namespace[public]
    function.__module__ = PUBLIC_MODULE
    function.ufunc = ufunc
    return function


def make(instruction_set: str) -> dict[str, Any]:
    """Every public function of the catalogue, by public name, running on the given instruction set."""
    names = {
        row.name + form.suffix: row.name + form.suffix + (".ufunc" if row.parameters else "")
        for row in ACTIVATIONS.values()
        for form in row.forms
    }
    ufuncs = _ufuncs.make(_ufuncs.load(instruction_set), names)
    public: dict[str, Any] = {}
    for row in ACTIVATIONS.values():
        forms = {}
        for form in row.forms:
            name = row.name + form.suffix
            ufunc = ufuncs[name]
            ufunc.__module__ = PUBLIC_MODULE
            ufunc.__doc__ = documentation(row, form)
            forms[form.name] = ufunc
            if row.parameters:
                forms[form.name] = keyword_function(row, form, ufunc)
                forms[form.name].__doc__ = ufunc.__doc__
            forms[form.name].spec = row
            public[name] = forms[form.name]
        for name, function in forms.items():
            if name != "value":
                setattr(forms["value"], name, function)
    return public
