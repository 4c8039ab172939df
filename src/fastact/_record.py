"""Immutable records whose fields are annotations: what the tables' rows are made of.

Like ``dataclasses``, which would write and compile methods for each class: 8 ms at every import of fastact, a tenth of
what NumPy takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from typing_extensions import Self, dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Any:
        """What type checkers read."""
        return lambda cls: cls


@dataclass_transform(frozen_default=True)
class Record:
    """A record of the fields that a subclass annotates; those that it gives a value may be left out.

    With ``kw_only`` they are given by name alone. Records are equal if their class and fields are.

    Raises
    ------
    TypeError
        If a field is missing, unknown or given twice.
    AttributeError
        If one is assigned to.
    """

    _fields: ClassVar[tuple[str, ...]] = ()
    _required: ClassVar[frozenset[str]] = frozenset()
    _positional: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, *, kw_only: bool = False) -> None:
        cls._fields = tuple(cls.__annotations__)
        cls._required = frozenset(name for name in cls._fields if not hasattr(cls, name))
        cls._positional = () if kw_only else cls._fields

    def __init__(self, *values: Any, **named: Any) -> None:
        positional = dict(zip(self._positional, values, strict=False))
        given = positional | named
        known = given.keys() <= set(self._fields)
        if not known or not self._required <= given.keys() or len(given) != len(values) + len(named):
            raise TypeError(
                f"{type(self).__name__} takes {', '.join(self._fields)}, of which {', '.join(sorted(self._required))} "
                f"are required; got {', '.join([f'{len(values)} by position', *named])}"
            )
        self.__dict__.update(given)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"cannot assign to {name!r}: a {type(self).__name__} is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"cannot delete {name!r}: a {type(self).__name__} is immutable")

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self._fields)

    def __eq__(self, other: object) -> bool:
        return self._values() == other._values() if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self._values(), strict=True))
        return f"{type(self).__name__}({fields})"

    def replaced(self, **changes: Any) -> Self:
        """A copy with other values of some fields."""
        return type(self)(**dict(zip(self._fields, self._values(), strict=True)) | changes)
