"""The records that the tables' rows are."""

from __future__ import annotations

import copy
import pickle

import pytest

from fastact._record import Record


class Point(Record):
    """A point, perhaps with a name."""

    x: float
    y: float = 2.0
    name: str = ""

    @property
    def sum(self) -> float:
        return self.x + self.y


class Named(Record, kw_only=True):
    """Given by name alone."""

    x: float


def test_fields_by_position_by_name_and_by_default() -> None:
    assert Point(1.0) == Point(1.0, 2.0, "") == Point(x=1.0, y=2.0)
    assert (Point(3.0, name="p").x, Point(3.0, name="p").y, Point(3.0, name="p").name) == (3.0, 2.0, "p")
    assert Point(1.0, 5.0).sum == 6.0
    assert repr(Point(1.0, name="p")) == "Point(x=1.0, y=2.0, name='p')"


def test_equality_is_of_class_and_fields() -> None:
    assert Point(1.0) != Point(1.5)
    assert Point(1.0) != Named(x=1.0)
    assert Point(1.0) != (1.0, 2.0, "")
    assert len({Point(1.0), Point(1.0, 2.0), Point(2.0)}) == 2


@pytest.mark.parametrize(
    ("record", "values", "named"),
    [
        (Point, (), {}),
        (Point, (1.0, 2.0, "", 4.0), {}),
        (Point, (1.0,), {"z": 1.0}),
        (Point, (1.0,), {"x": 1.0}),
        (Named, (1.0,), {}),
        (Named, (), {"x": 1.0, "y": 2.0}),
    ],
    ids=["missing", "too many", "unknown", "twice", "by position", "unknown too"],
)
def test_wrong_fields_are_refused(record: type[Record], values: tuple[object, ...], named: dict[str, object]) -> None:
    with pytest.raises(TypeError, match=f"{record.__name__} takes x"):
        record(*values, **named)


def test_nothing_is_assigned_to() -> None:
    point = Point(1.0)
    with pytest.raises(AttributeError, match="cannot assign to 'x'"):
        point.x = 2.0  # type: ignore[misc]
    with pytest.raises(AttributeError, match="cannot delete 'x'"):
        del point.x
    assert point == Point(1.0)


def test_copies() -> None:
    point = Point(1.0, name="p")
    assert point.replaced(x=3.0) == Point(3.0, name="p")
    assert point == Point(1.0, name="p")
    assert copy.deepcopy(point) == pickle.loads(pickle.dumps(point)) == point
    with pytest.raises(TypeError, match="Point takes"):
        point.replaced(z=1.0)
