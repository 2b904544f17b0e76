"""Frozen values as JSON and back, by their type hints: how a report comes from a process that isn't trusted.

Reading makes only values of the classes that a type names. No text in the bytes chooses a class, so there is nothing to run.
"""

from __future__ import annotations

import json
import math
import sys
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.planning.plan import DeclaredPairs

_T = TypeVar("_T")
_LOCAL = (DeclaredPairs,)
"""Parts of a value that stay where they are; the copy has their defaults."""
_WORDS = frozenset(
    {
        "code",
        "country",
        "currency",
        "digest",
        "content_digest",
        "text_digest",
        "messages_by_country",
        "segments_by_country",
        "saved_by_country",
    }
)
"""Fields that are shown as they are, because they only ever have plain words in them."""
_WORD = lazy_pattern(r"[A-Za-z0-9*_.-]{0,100}(:[A-Za-z0-9]{1,100})?")
MAX_DIGITS = 100
"""Of a decimal number, on either side of its point."""


class NotOfType(ValueError):
    """The bytes are no value of the type."""


def encoded(value: object) -> bytes:
    return json.dumps(_plain(value), ensure_ascii=True, separators=(",", ":")).encode()


def decoded(wanted: type[_T], data: bytes) -> _T:
    """The value of this type in `data`. Raises `NotOfType`."""
    try:
        return cast(_T, _value(wanted, json.loads(data)))
    except (ValueError, RecursionError, OverflowError, InvalidOperation, UnicodeError) as error:
        raise NotOfType(type(error).__name__) from None


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        named = _fields_of(type(value))
        return {name: _plain(getattr(value, name)) for name in named}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return [value.days, value.seconds, value.microseconds]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return value


@cache
def _fields_of(wanted: type) -> Mapping[str, Any]:
    """The fields that are told, with their types. The types are looked up in the class's own module."""
    hints = get_type_hints(wanted, vars(sys.modules[wanted.__module__]))
    return {each.name: hints[each.name] for each in fields(wanted) if each.init and hints[each.name] not in _LOCAL}


def _value(wanted: Any, found: Any) -> Any:
    origin, arguments = get_origin(wanted), get_args(wanted)
    if wanted is Any:
        return found
    if origin in (Union, types.UnionType):
        return _one_of(arguments, found)
    if origin is Literal:
        return _checked(any(found is each for each in arguments), found)
    if origin is tuple and arguments[-1:] != (...,):
        items = _checked(isinstance(found, list) and len(found) == len(arguments), found)
        return tuple(map(_value, arguments, items))
    if origin is not None and issubclass(origin, Mapping):
        pairs = _checked(isinstance(found, dict), found).items()
        return {_value(arguments[0], key): _value(arguments[1], each) for key, each in pairs}
    if origin is not None and issubclass(origin, Sequence):
        return tuple(_value(arguments[0], each) for each in _checked(isinstance(found, list), found))
    if is_dataclass(wanted):
        return _record(cast(type, wanted), found)
    return _scalar(wanted, found)


def _record(wanted: type, found: Any) -> Any:
    hints = _fields_of(wanted)
    if not isinstance(found, dict) or found.keys() != hints.keys():
        raise NotOfType(wanted.__name__)
    values = {name: _value(hint, found[name]) for name, hint in hints.items()}
    for name in _WORDS & values.keys():
        if isinstance(values[name], str) and not _WORD.fullmatch(values[name]):
            raise NotOfType(name)
        if isinstance(values[name], dict) and not all(map(_WORD.fullmatch, values[name])):
            raise NotOfType(name)
    return wanted(**values)


def _scalar(wanted: Any, found: Any) -> Any:
    match wanted:
        case _ if wanted is None or wanted is type(None):
            return _checked(found is None, found)
        case _ if wanted in (str, int, bool):
            return _checked(type(found) is wanted, found)
        case _ if wanted is float:
            number = float(_checked(type(found) in (int, float), found))
            return _checked(math.isfinite(number), number)
        case _ if wanted is bytes:
            return bytes.fromhex(_checked(isinstance(found, str), found))
        case _ if wanted is Decimal:
            amount = Decimal(_checked(isinstance(found, str) and len(found) <= MAX_DIGITS, found))
            return _checked(amount.is_finite() and abs(amount.adjusted()) <= MAX_DIGITS, amount)
        case _ if wanted is timedelta:
            return timedelta(*_value(tuple[int, int, int], found))
        case _ if wanted in (datetime, date):
            return wanted.fromisoformat(_checked(isinstance(found, str), found))
        case _ if isinstance(wanted, type) and issubclass(wanted, Enum):
            return wanted(_checked(isinstance(found, str | int), found))
    raise NotOfType(str(wanted))


def _one_of(wanted: Sequence[Any], found: Any) -> Any:
    """The value of the first type that fits. None, true and false are not tried as anything else."""
    for each in wanted:
        try:
            return _value(each, found)
        except (ValueError, OverflowError, InvalidOperation):
            continue
    raise NotOfType("none of them")


def _checked(fits: bool, found: Any) -> Any:
    if not fits:
        raise NotOfType(type(found).__name__)
    return found
