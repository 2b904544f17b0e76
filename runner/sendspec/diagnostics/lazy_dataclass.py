"""`dataclasses.dataclass`, with methods that are made when they are first used, or shared by all classes.

The library writes source for six methods of each class and compiles it, which took a third of a short command. A type checker sees
the library's decorator.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

_ORDER = (operator.lt, operator.le, operator.gt, operator.ge)

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, repr=True, eq=True, order=False, frozen=False, slots=False, kw_only=False):
        """The class that the library makes, except that it knows neither `InitVar` nor a field with a `hash` of its own."""
        collect = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)

        def decorated(cls):
            own = set(vars(cls))
            if cls.__doc__ is None:
                cls.__doc__ = cls.__name__  # the library would write the signature, which takes long
            made = collect(cls)
            methods = {"__init__": _first_init(made, frozen)}
            if repr:
                methods["__repr__"] = _repr
            if eq:
                values = _values_of([field.name for field in dataclasses.fields(made) if field.compare])
                methods |= {"__eq__": _comparison(operator.eq, values), "__hash__": _hash(values) if frozen else None}
                if order:
                    methods |= {f"__{each.__name__}__": _comparison(each, values) for each in _ORDER}
            if frozen:
                methods |= {"__setattr__": _refuse_setting, "__delattr__": _refuse_deletion}
                if slots:
                    methods |= {"__getstate__": _state, "__setstate__": _restore}
            if "__eq__" in own and vars(cls)["__hash__"] is None:
                own.discard("__hash__")  # Python's, not the author's
            for name in methods.keys() - own:
                setattr(made, name, methods[name])
            return made

        return decorated


def _first_init(cls: type[Any], frozen: bool) -> Callable[..., None]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        cls.__init__ = init = _init(cls, frozen)
        init(self, *args, **kwargs)

    return __init__


def _init(cls: type[Any], frozen: bool) -> Callable[..., None]:
    """The method as the library writes it: positional parameters first, then those that are named."""
    names: dict[str, Any] = {"_set": object.__setattr__, "_MISSING": dataclasses.MISSING}
    parameters: dict[bool, list[str]] = {False: ["self"], True: []}
    body = ["pass"]
    for field in dataclasses.fields(cls):
        name, has_factory = field.name, field.default_factory is not dataclasses.MISSING
        names[f"_d_{name}"] = field.default_factory if has_factory else field.default
        has_default = has_factory or field.default is not dataclasses.MISSING
        if field.init:
            default = "" if not has_default else "=_MISSING" if has_factory else f"=_d_{name}"
            parameters[field.kw_only is True].append(name + default)
        elif not has_factory:
            continue
        value = name if field.init else f"_d_{name}()"
        if has_factory and field.init:
            value = f"_d_{name}() if {name} is _MISSING else {name}"
        body.append(f"_set(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    named = ["*", *parameters[True]] if parameters[True] else []
    exec(f"def __init__({', '.join(parameters[False] + named)}):\n " + "\n ".join(body), names)
    init: Callable[..., None] = names["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _values_of(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return operator.attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)


def _comparison(
    compare: Callable[[Any, Any], Any], values: Callable[[Any], tuple[Any, ...]]
) -> Callable[[Any, Any], Any]:
    """A method that compares the values of two of a class: their equality, or their order."""
    return lambda self, other: (
        compare(values(self), values(other)) if other.__class__ is self.__class__ else NotImplemented
    )


def _hash(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any], int]:
    return lambda self: hash(values(self))


@recursive_repr()
def _repr(self: Any) -> str:
    shown = [f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr]
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse_setting(self: Any, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deletion(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
