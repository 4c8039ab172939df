"""``fastact.custom``: an activation from a function or a text, with its derivatives, as ufuncs of compiled code."""

from __future__ import annotations

import contextlib
import copyreg
import inspect
import json
import keyword
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from types import MappingProxyType
from typing import Any

import numpy as np

import fastact
from fastact import _ufuncs
from fastact.catalogue import Activation

from . import cache, code, expression, facts, functions, library, parsing, tracing
from .expression import Node


@dataclass(frozen=True, eq=False)
class Definition:
    """What an activation is made from, and all that travels when it is pickled."""

    name: str
    value: Node
    defaults: Mapping[str, float]
    reference: str = ""
    registered: bool = False

    def to_text(self) -> str:
        """As JSON."""
        return json.dumps(
            [self.name, expression.to_data([self.value]), dict(self.defaults), self.reference, self.registered]
        )

    @classmethod
    def from_text(cls, text: str) -> Definition:
        """What `to_text` wrote; ValueError for any other text, so that it may come from a file."""
        try:
            name, value, defaults, reference, registered = json.loads(text)
            (node,) = expression.from_data(value)
            expression.check_size(node)
            defaults = _checked_parameters(defaults)
            if registered:
                _check_name(name)
            known = not node.boolean and set(expression.parameters(node)) <= set(defaults)
            if not known or not isinstance(name, str) or not isinstance(reference, str):
                raise ValueError(f"the expression must be a number of x and {list(defaults)}")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ValueError(f"{text!r:.60} defines no activation: {error}") from None
        return cls(name, node, defaults, reference, bool(registered))

    def same(self, other: Definition) -> bool:
        """Whether another one computes the same."""
        return self.value is other.value and list(self.defaults.items()) == list(other.defaults.items())

    @property
    def formula(self) -> str:
        """f(x) as text that `fastact.custom` reads."""
        return expression.text(self.value)

    def applied(self, argument: Node, *values: Node) -> Node:
        """The definition with its input and parameters replaced: within another one."""
        given = {expression.X: functions.real(argument)}
        for name, value in zip(self.defaults, values, strict=True):
            given[expression.parameter(name)] = functions.real(value)
        for at in expression.topological([self.value]):
            if at not in given:
                args = [given[arg] for arg in at.args]
                if at.op == "power":  # whose exponent may be a number now, of which there is a largest
                    given[at] = functions.power(*args)
                else:
                    given[at] = expression.node(at.op, *args, value=at.value)
        return given[self.value]


# Making --------------------------------------------------------------------------------------------------------------


def _kernels(definition: Definition, value: Node, slopes: Mapping[str, Node]) -> list[code.Kernel]:
    """The forms of expressions: value, derivative, both, backward, and those of the parameters."""
    parameters = tuple(definition.defaults)

    def output(node: Node) -> code.Output:
        # Of parameters the limits are not known when the code is made.
        return code.Output(node, (None, None) if parameters else facts.missing_limits(facts.evaluator(node, {})))

    def form(name: str, with_gradient: bool, *outputs: code.Output) -> code.Kernel:
        return code.Kernel(name, with_gradient, parameters, outputs)

    def backward(slope: code.Output) -> code.Output:
        # At the ends the slope takes its limit before it is multiplied.
        node = expression.node("ends", slope.node, value=slope.limits) if slope.limits != (None, None) else slope.node
        return code.Output(expression.node("multiply", code.GRAD, node))

    f, slope = output(value), output(slopes["x"])
    made = [
        form("value", False, f),
        form("derivative", False, slope),
        form("with_derivative", False, f, slope),
        form("backward", True, backward(slope)),
    ]
    for name, node in slopes.items():
        if name != "x":
            made.append(form(f"derivative_{name}", False, output(node)))
            made.append(form(f"backward_{name}", True, backward(output(node))))
    return made


def _sympy() -> str | None:
    """The version of SymPy, which is not imported for that; None where it is not installed."""
    from importlib import metadata

    try:
        return metadata.version("sympy")
    except metadata.PackageNotFoundError:
        return None


def _compiler_state() -> list[Any]:
    """What compiled code depends on besides the definition."""
    import llvmlite
    import numba

    return [numba.__version__, llvmlite.__version__, *library.compiler().magic_tuple()]


def _slopes(definition: Definition) -> tuple[Node, dict[str, Node]]:
    """The stable value, and the derivatives that exist; one by a parameter may be missing, one by x not."""
    from . import differentiation

    value, slope = differentiation.differentiate(definition.value, ["x"])
    slopes = {"x": slope}
    for name in definition.defaults:
        with contextlib.suppress(TypeError):
            slopes[name] = differentiation.differentiate(definition.value, [name])[1]
    return value, slopes


def _build(definition: Definition) -> tuple[dict[str, Any], Callable[[str, int, bool], int]]:
    """What is kept of a definition, and the addresses of its kernels: from the cache, or made now."""
    data = [expression.to_data([definition.value]), dict(definition.defaults)]
    name = cache.key(data, _compiler_state())
    prefix = f"fastact_{name}"
    kept = cache.read(name)
    # Formulas are those of one SymPy; without any, what another made will do.
    if kept is not None and _sympy() in (kept["sympy"], None):
        loaded = library.from_cache(prefix, kept["object"], kept["bitcode"])
        symbols = [tuple(key) if isinstance(key, list) else key for key in kept["symbols"]]
        return kept, library.load(loaded, prefix, symbols)
    value, slopes = _slopes(definition)
    kernels = _kernels(definition, value, slopes)
    compiled, symbols = library.compile_kernels(prefix, kernels)
    address = library.load(compiled, prefix, symbols)
    made: dict[str, Any] = {
        "formulas": {by: expression.text(slope) for by, slope in slopes.items()},
        "facts": facts.facts(value, slopes["x"], definition.defaults),
        "forms": [[kernel.name, kernel.with_gradient, len(kernel.outputs)] for kernel in kernels],
        "symbols": symbols,
        "sympy": _sympy(),
    }
    object_code, bitcode = library.to_cache(compiled)
    cache.write(name, {**made, "object": object_code, "bitcode": bitcode})
    return made, address


def make(definition: Definition) -> Any:
    """The public object of a definition: a ufunc, or a function with keywords for one with parameters."""
    kept, address = _build(definition)
    count = len(definition.defaults)
    formulas = {key: text for key, text in kept["formulas"].items() if key != "x"}
    spec = facts.row(
        definition.name,
        definition.formula,
        kept["formulas"]["x"],
        definition.defaults,
        formulas,
        kept["facts"],
        definition.reference,
    )
    made: dict[str, Any] = {}
    # Where nothing is called but the status of the processor, there is little arithmetic.
    light = all(isinstance(symbol, str) for symbol in kept["symbols"])
    for name, with_gradient, outputs in kept["forms"]:
        public = definition.name if name == "value" else f"{definition.name}_{name}"
        compiled = {
            (bits, varying): address(name, bits, varying and count > 0)
            for bits in (32, 64)
            for varying in (False, True)
        }
        ufunc = _ufuncs.define(public + ".ufunc" * (count > 0), 1 + with_gradient, count, outputs, light, compiled)
        ufunc.__module__ = "fastact"
        ufunc.__doc__ = f"{public}: a form of the activation {spec.formula}\n\n{spec.derivative_formula}"
        ufunc.definition, ufunc.form = definition, name
        if count:
            made[name] = Function(public, ufunc, with_gradient, definition, name, spec)
        else:
            ufunc.spec = spec
            ufunc.parallel = Parallel(ufunc)
            made[name] = ufunc
    value = made["value"]
    for name, function in made.items():
        if name != "value":
            setattr(value, name, function)
    return value


class Function:
    """A form of an activation with parameters, which are keywords with their defaults.

    Called with the input (a backward form: the gradient and the input), the parameters by position or by name, and the
    keywords of ufuncs. ``ufunc`` takes the parameters as further inputs.

    Raises
    ------
    TypeError
        For a parameter that is no real number or array of them.
    """

    def __init__(
        self, name: str, ufunc: np.ufunc, with_gradient: bool, definition: Definition, form: str, spec: Activation
    ) -> None:
        self.__name__ = self.__qualname__ = name
        self.__module__ = "fastact"
        self.__doc__ = ufunc.__doc__
        self.ufunc, self.definition, self.form, self.spec = ufunc, definition, form, spec
        self.parallel = Parallel(ufunc, self)
        self._inputs = ("grad", "x") if with_gradient else ("x",)
        kinds = inspect.Parameter
        self.__signature__ = inspect.Signature(
            [kinds(name, kinds.POSITIONAL_ONLY) for name in self._inputs]
            + [kinds(key, kinds.POSITIONAL_OR_KEYWORD, default=v) for key, v in definition.defaults.items()]
            + [kinds("keywords", kinds.VAR_KEYWORD)]
        )

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """The form of the input and parameters."""
        return self.call(self.ufunc, args, keywords)

    def call(self, ufunc: Callable[..., Any], args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call a function that takes what the ufunc takes."""
        bound = self.__signature__.bind(*args, **keywords)
        bound.apply_defaults()
        *operands, further = bound.arguments.values()
        for name, value in zip(self.definition.defaults, operands[len(self._inputs) :], strict=True):
            _check_parameter(f"{self.__name__}: {name}", value)
        return ufunc(*operands, **further)

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild, (self.definition.to_text(), self.form)

    def __repr__(self) -> str:
        return f"<function {self.__name__}{self.__signature__}>"


def _check_parameter(subject: str, value: Any) -> None:
    """Raise TypeError unless it is a real number or an array of them."""
    if isinstance(value, Real) or hasattr(value, "__array_ufunc__"):
        dtype = getattr(value, "dtype", None)
        if dtype is None or getattr(dtype, "kind", "f") in "fiub":
            return
    elif np.asarray(value).dtype.kind in "fiub":
        return
    raise TypeError(f"{subject} must be a real number or an array of them, got {value!r:.60}")


class Parallel:
    """Runs a ufunc on all cores: made by ``fastact.parallel`` at the first call."""

    def __init__(self, ufunc: np.ufunc, function: Function | None = None) -> None:
        self._ufunc, self._function = ufunc, function
        self._made: Callable[..., Any] | None = None

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """What the ufunc or function gives for the same arguments."""
        if self._made is None:
            self._made = fastact.parallel.of(self._ufunc)
        if self._function is None:
            return self._made(*args, **keywords)
        return self._function.call(self._made, args, keywords)


# Pickling: by definition ---------------------------------------------------------------------------------------------

# A ufunc lives as long as the process, and so does the compiled code: the same definition gives the same object.
_made: dict[str, Any] = {}
_lock = threading.RLock()


def _object(definition: Definition) -> Any:
    """The one object of a definition in this process."""
    text = definition.to_text()
    with _lock:
        found = _made.get(text)
        if found is None:
            found = _made[text] = make(definition)
        return found


def register(made: Any) -> None:
    """Give an activation that has a name this name, whatever had it before."""
    if made.definition.registered:
        with _lock:
            _registry[made.definition.name] = made


def restore(text: str) -> Any:
    """The activation that a text of `Definition.to_text` defines, which has its name if that is free."""
    definition = Definition.from_text(text)
    made = _object(definition)
    if definition.registered:
        with _lock:
            _registry.setdefault(definition.name, made)
    return made


def rebuild(text: str, form: str) -> Any:
    """A form of the activation that a text of `Definition.to_text` defines."""
    return _form(restore(text), form)


def _form(value: Any, form: str) -> Any:
    return value if form == "value" else getattr(value, form)


def require(text: str) -> None:
    """Make sure that a name means what a text of `Definition.to_text` says; ValueError if it means something else."""
    definition = Definition.from_text(text)
    with _lock:
        found = _registry.get(definition.name)
        if found is None:
            restore(text)
        elif not found.definition.same(definition):
            raise ValueError(
                f"the activation {definition.name!r} must be {definition.formula}, as it was; in this process the name "
                f"was given to {found.definition.formula}"
            )


_reduce_by_name = copyreg.dispatch_table[np.ufunc]


def _reduce(ufunc: np.ufunc) -> Any:
    """How a ufunc is pickled: one made here by its definition, all others as NumPy does, by name."""
    definition = getattr(ufunc, "definition", None)
    if isinstance(definition, Definition):
        name = ufunc.form  # type: ignore[attr-defined]
        if _form(_object(definition), name) is ufunc:
            return rebuild, (definition.to_text(), name)
        return _ufunc_of, (definition.to_text(), name)
    return _reduce_by_name(ufunc)


def _ufunc_of(text: str, form: str) -> np.ufunc:
    return rebuild(text, form).ufunc


copyreg.pickle(np.ufunc, _reduce)


# The public face -----------------------------------------------------------------------------------------------------

_registry: dict[str, Any] = {}
registry = MappingProxyType(_registry)


def custom(
    function: Callable[..., Any] | str,
    *,
    name: str | None = None,
    parameters: Mapping[str, float] | None = None,
    reference: str = "",
) -> Any:
    """An activation of your own: value, derivatives and backward form, compiled.

    Parameters
    ----------
    function : callable or str
        A function of one array, made of arithmetic, comparisons, NumPy's elementwise functions, ``np.where``, and
        fastact's activations: ``lambda x: x * np.tanh(fastact.gelu(x))``. It is called once, with an object that
        stands for the array. Further arguments are parameters, each with its default: ``lambda x, a=0.5: ...``. Or
        such an expression as text: ``"x * tanh(gelu(x))"``, which is parsed and never evaluated as code.
    name : str, optional
        An identifier that no activation of fastact has. With it the activation is registered: the trainer, `fastact
        vanish` and `fastact.registered` know it by this name; another definition of that name replaces it. By default
        that of the function, or "custom", and it is not registered.
    parameters : mapping of str to float, optional
        The parameters of a text, with their defaults.
    reference : str, optional
        Where it was published, for its row.

    Returns
    -------
    np.ufunc or callable
        The ufunc of float16, float32 and float64, which takes integers as float64; with parameters, a function with
        keywords whose ``.ufunc`` takes them as further inputs. Its attributes are ``derivative``, ``with_derivative``,
        ``backward`` (grad, x), ``derivative_p`` and ``backward_p`` for a parameter p, ``parallel``, which runs it on
        all cores, and ``spec``, its row: what `fastact.activations` says of others, found numerically.

    Raises
    ------
    TypeError
        For a function that branches on a value of the array, calls what is not known, or does not return one number for
        each element; and for what has no derivative. The message names it.
    ValueError
        For text that is no such expression, constants that are not finite, powers and expressions that are too large,
        and names that are taken.
    ModuleNotFoundError
        Without SymPy, where the definition is not in the cache: ``pip install 'fastact[custom]'``.

    Examples
    --------
    >>> import fastact
    >>> phish = fastact.custom("x * tanh(gelu(x))", name="phish")
    >>> float(phish(1.0)), float(phish.derivative(1.0))
    (0.6865206717033414, 1.259258042460639)
    """
    if isinstance(function, str):
        defaults = _checked_parameters(parameters or {})
        value = parsing.parse(function, tuple(defaults))
        own = "custom"
    elif callable(function):
        if parameters is not None:
            raise TypeError("parameters belong to text: those of a function are its arguments with their defaults")
        value, defaults = tracing.trace(function)
        own = getattr(function, "__name__", "custom")
        own = own if re.fullmatch(r"[A-Za-z]\w*", own) and own not in fastact.activations else "custom"
        _check_names(defaults)
    else:
        raise TypeError(f"function must be a function of an array or a text, got {function!r:.60}")
    expression.check_size(value)
    if name is not None:
        _check_name(name)
    if not isinstance(reference, str):
        raise TypeError(f"reference must be a str, got {reference!r:.60}")
    made = _object(Definition(name or own, value, defaults, reference, registered=name is not None))
    register(made)
    return made


def registered(activation: Any) -> Any:
    """An activation by name, of the catalogue or of one's own; or one's own itself, if it has a name.

    Parameters
    ----------
    activation : str or what `custom` made
        A name in ``fastact.activations``, a name that was given to `custom`, or what that returned.

    Returns
    -------
    callable
        With the attributes ``spec``, ``derivative``, ``with_derivative`` and ``backward``.

    Raises
    ------
    ValueError
        If no activation has the name, or it is no activation, or one without a name.
    """
    if isinstance(activation, str):
        if activation in fastact.activations:
            return getattr(fastact, activation)
        if activation in _registry:
            return _registry[activation]
    elif isinstance(getattr(activation, "definition", None), Definition) and activation.form == "value":
        name = activation.definition.name
        if _registry.get(name) is activation:
            return activation
        taken = "is the name of another by now" if activation.definition.registered else "was not given as its name"
        raise ValueError(f"activation: {name!r} {taken}; give it one: fastact.custom(..., name=...)")
    own = f"; of one's own: {', '.join(_registry)}" if _registry else ""
    allowed = ", ".join(fastact.activations)
    raise ValueError(f"activation must be one of {allowed}{own}; or what fastact.custom made; got {activation!r:.60}")


def _check_name(name: str) -> None:
    if not isinstance(name, str):
        raise TypeError(f"name must be a str, got {name!r:.60}")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or keyword.iskeyword(name) or len(name) > 60:
        raise ValueError(f"name must be an identifier of at most 60 ASCII characters, got {name!r:.80}")
    if name in dir(fastact):
        raise ValueError(f"name must not be one of fastact's own, got {name!r}")


def _check_names(parameters: Mapping[str, float]) -> None:
    if len(parameters) > expression.MAX_PARAMETERS:
        raise ValueError(f"parameters must be at most {expression.MAX_PARAMETERS}, got {len(parameters)}")
    for name, value in parameters.items():
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or keyword.iskeyword(name):
            raise ValueError(f"parameters: names must be identifiers of ASCII characters, got {name!r:.60}")
        if name in _TAKEN or name in functions.NAMES or name in expression.callables():
            raise ValueError(f"parameters: the name {name!r} is taken")
        if not np.isfinite(value):
            raise ValueError(f"parameters: the default of {name} must be finite, got {value!r}")


def _checked_parameters(parameters: Mapping[str, float]) -> dict[str, float]:
    if not isinstance(parameters, Mapping):
        raise TypeError(f"parameters must map names to their defaults, got {parameters!r:.60}")
    for name, value in parameters.items():
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
            raise TypeError(f"parameters: the default of {name} must be a real number, got {value!r:.60}")
    defaults = {name: float(value) for name, value in parameters.items()}
    _check_names(defaults)
    return defaults


# Keywords of ufuncs, and the names of inputs.
_TAKEN = {"x", "grad", "out", "where", "dtype", "casting", "order", "subok", "signature", "sig", "keywords"}
