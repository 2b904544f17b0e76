"""Our decorator makes the classes that the library's makes."""

from __future__ import annotations

import copy
import dataclasses
import operator
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass as library
from dataclasses import field
from itertools import product
from typing import Any, ClassVar

import pytest
from sendspec.diagnostics.lazy_dataclass import dataclass as ours

Decorator = Callable[[type[Any]], type[Any]]
ARGUMENTS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}), ((1,), {}), ((1, 2), {}), ((1, 2, 3), {}), ((1, 2, 3, 4, 5), {}), ((), {"a": 1}), ((), {"a": 1, "b": [2]}), ((1,), {"a": 1}),
    ((), {"a": 1, "b": 2, "c": 3}), ((), {"zz": 1}), ((1,), {"b": "x"}), ((1,), {"c": 9}), ((), {"a": float("nan")}), ((), {"a": 1, "_set": 2}),
]  # fmt: skip


def plain(made: Decorator) -> type[Any]:
    @made
    class Value:
        """Two fields."""

        a: int
        b: object = 7
        word: ClassVar[str] = "value"

    return Value


def empty(made: Decorator) -> type[Any]:
    @made
    class Value:
        """No fields."""

    return Value


def single(made: Decorator) -> type[Any]:
    @made
    class Value:
        """A single field, which is compared as a tuple of one."""

        a: object

    return Value


def with_fields(made: Decorator) -> type[Any]:
    @made
    class Value:
        """Every kind of field."""

        a: int
        b: list[int] = field(default_factory=list)
        c: int = field(default=3, compare=False)
        d: int = field(default=4, repr=False, kw_only=True)
        e: list[int] = field(default_factory=list, init=False)
        f: str = field(default="f", kw_only=True, hash=None)

    return Value


def with_methods(made: Decorator) -> type[Any]:
    @made
    class Value:
        """Its own methods stay."""

        a: object

        def __repr__(self) -> str:
            return "own"

        def __eq__(self, other: object) -> bool:
            return True

        def __post_init__(self) -> None:
            object.__setattr__(self, "a", f"checked {self.a}")

    return Value


def with_hash(made: Decorator) -> type[Any]:
    @made
    class Value:
        """Its own hash stays."""

        a: int

        def __hash__(self) -> int:
            return 5

    return Value


def inheriting(made: Decorator) -> type[Any]:
    @made
    class Base:
        """What it inherits comes first."""

        a: int
        b: int = 2

    @made
    class Value(Base):
        """More fields, and another default."""

        b: int = 3
        c: int = 4

    return Value


SHAPES = [plain, empty, single, with_fields, with_methods, with_hash, inheriting]
OPTIONS = [
    {"frozen": frozen, "slots": slots, "kw_only": named, "eq": full, "repr": full}
    for frozen, slots, named, full in product((True, False), repeat=4)
]


def pairs() -> Iterator[tuple[type[Any], type[Any]]]:
    """Each class as we make it, and as the library does."""
    for shape, options in product(SHAPES, OPTIONS):
        yield shape(ours(**options)), shape(library(**options))


def result(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except (TypeError, AttributeError) as error:
        return type(error), str(error)


def instances(cls: type[Any]) -> list[Any]:
    made = [result(lambda: cls(*args, **named)) for args, named in ARGUMENTS]  # noqa: B023
    return [each for each in made if isinstance(each, cls)]


def test_arguments_are_taken_or_refused_alike() -> None:
    for mine, other in pairs():
        for args, named in ARGUMENTS:
            made, expected = result(lambda: mine(*args, **named)), result(lambda: other(*args, **named))  # noqa: B023
            if not isinstance(made, mine):
                assert made == expected
                continue
            for name in [each.name for each in dataclasses.fields(other)]:
                assert str(getattr(made, name)) == str(getattr(expected, name))


def test_they_are_described_alike() -> None:
    for mine, other in pairs():
        for value, expected in zip(instances(mine), instances(other), strict=True):
            if vars(mine).get("__repr__"):
                assert repr(value) == repr(expected)
            assert dataclasses.asdict(value).__repr__() == dataclasses.asdict(expected).__repr__()
        assert str(dataclasses.fields(mine)) == str(dataclasses.fields(other))
        assert [mine.__match_args__, mine.__doc__, mine.__name__] == [
            other.__match_args__, other.__doc__, other.__name__,
        ]  # fmt: skip
        assert getattr(mine, "__slots__", None) == getattr(other, "__slots__", None)


def test_equality_and_hashes_are_alike() -> None:
    for mine, other in pairs():
        values, expected = instances(mine), instances(other)
        assert [[a == b for a in values] for b in values] == [[a == b for a in expected] for b in expected]
        assert all(value != 5 and value != other for value in values if mine.__doc__ != "Its own methods stay.")
        assert (mine.__hash__ is None) == (other.__hash__ is None)
        if vars(mine).get("__hash__"):
            for value, like in zip(values, expected, strict=True):
                assert result(lambda: hash(value)) == result(lambda: hash(like))  # noqa: B023


def test_frozen_values_refuse_changes_alike() -> None:
    for mine, other in pairs():
        for value, like in zip(instances(mine), instances(other), strict=True):
            if dataclasses.fields(mine):
                assert result(lambda: setattr(value, "a", 9)) == result(lambda: setattr(like, "a", 9))  # noqa: B023
                assert result(lambda: delattr(value, "a")) == result(lambda: delattr(like, "a"))  # noqa: B023
            assert str(getattr(value, "a", None)) == str(getattr(like, "a", None))


def test_values_are_replaced_and_copied_alike() -> None:
    for mine, other in pairs():
        for value, like in zip(instances(mine), instances(other), strict=True):
            made, expected = result(lambda: dataclasses.replace(value, a=11)), result(lambda: dataclasses.replace(like, a=11))  # noqa: B023  # fmt: skip
            assert str(getattr(made, "a", made)) == str(getattr(expected, "a", expected))
            copied = copy.copy(value)
            assert [str(getattr(copied, each.name)) for each in dataclasses.fields(mine)] == [
                str(getattr(value, each.name)) for each in dataclasses.fields(mine)
            ]


@ours(frozen=True, slots=True)
class Kept:
    """It is pickled, so it needs a place in a module."""

    name: str
    inner: Kept | None = None


def test_values_are_pickled() -> None:
    value = Kept("outer", Kept("inner"))
    assert pickle.loads(pickle.dumps(value)) == value
    with pytest.raises(dataclasses.FrozenInstanceError):
        pickle.loads(pickle.dumps(value)).name = "other"


def test_a_factory_is_called_for_each_value() -> None:
    made = with_fields(ours(frozen=True, slots=True))
    first, second = made(1), made(1)
    assert first.b is not second.b
    assert first.e is not second.e


def test_a_subclass_without_fields_is_made_by_the_same_method() -> None:
    class Sub(Kept):
        """Made before any value of its base."""

    assert Sub("x").name == "x"


def test_a_class_without_text_is_named_by_it() -> None:
    @ours(frozen=True)
    class Bare:
        a: int

    assert Bare.__doc__ == "Bare"


def ordered(made: Decorator) -> type[Any]:
    @made
    class Value:
        """By its first field, then by its second; the third has no say."""

        a: object
        b: int
        c: int = field(default=0, compare=False)

    return Value


def test_order_is_alike() -> None:
    mine, other = (
        ordered(ours(frozen=True, slots=True, order=True)),
        ordered(library(frozen=True, slots=True, order=True)),
    )
    arguments = [(1, 2), (1, 3), (2, 1), (1, 2, 9), (2, 1, 5), ("x", 1)]
    values, expected = [mine(*each) for each in arguments], [other(*each) for each in arguments]
    for compare in (operator.lt, operator.le, operator.gt, operator.ge):
        for (a, like), (b, as_well) in product(zip(values, expected, strict=True), repeat=2):
            assert result(lambda: compare(a, b)) == result(lambda: compare(like, as_well))  # noqa: B023
        assert compare(values[0], values[0]) == compare(expected[0], expected[0])
        with pytest.raises(TypeError, match="not supported between instances of"):
            compare(values[0], expected[0])
    assert [each.a for each in sorted(values[:5])] == [1, 1, 1, 2, 2]


def test_a_value_that_holds_itself_is_described() -> None:
    @ours()
    class Ring:
        """A cycle."""

        a: object

    ring = Ring(None)
    ring.a = ring
    assert repr(ring).endswith("Ring(a=...)")
