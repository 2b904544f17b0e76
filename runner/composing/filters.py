"""The filters and tests that templates may use: small, repeatable, and bounded in what they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, cast

from jinja2 import Undefined
from jinja2 import filters as jinja_filters
from jinja2 import tests as jinja_tests

RESULT_MOST = 100_000
DECIMALS_MOST = 10
PLAIN_DIGITS_MOST = 18


class FilterFault(Exception):
    """A filter met a value that it can't work on."""

    def __init__(self, code: str, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Allowed:
    """A filter or test with what it does, for the documentation."""

    function: Callable[..., Any]
    summary: str


def _text(value: Any) -> str:
    if isinstance(value, Mapping | list | tuple):
        raise FilterFault("not-text", "a list or mapping stands where text is needed", "pick one of its items first")
    return str(value)


def _capped(text: str) -> str:
    if len(text) > RESULT_MOST:
        raise FilterFault("text-too-long", f"the text grows beyond {RESULT_MOST:,} characters", "make it shorter")
    return text


def default(value: Any, replacement: Any = "") -> Any:
    """An empty cell counts as missing, so '' is replaced as well as what isn't there."""
    return replacement if isinstance(value, Undefined) or value == "" else value


def replace(value: Any, old: str, new: str, count: int | None = None) -> str:
    text, old, new = _text(value), str(old), str(new)
    if not old:
        raise FilterFault("not-text", "`replace` looks for an empty text", "say what is to be replaced")
    if len(text) + text.count(old) * len(new) > 2 * RESULT_MOST:
        _capped("x" * (RESULT_MOST + 1))
    return _capped(text.replace(old, new, -1 if count is None else count))


def join(value: Any, between: str = "") -> str:
    items = [_text(item) for item in value]
    if sum(map(len, items)) + len(between) * len(items) > RESULT_MOST:
        _capped("x" * (RESULT_MOST + 1))
    return between.join(items)


def _number(value: Any) -> Decimal:
    text = _text(value).strip()
    plain = text.isascii() and len(text) <= 40 and not set(text) - set("0123456789.+-eE")
    try:
        if isinstance(value, bool) or not plain:
            raise InvalidOperation
        number = Decimal(text)
    except InvalidOperation:
        raise FilterFault("not-a-number", "the value is no number", "correct the row, or give a default") from None
    if abs(number.adjusted()) > 30:
        raise FilterFault("not-a-number", "the number has more than 30 digits", "correct the row")
    return number


def integer(value: Any) -> int:
    if type(value) is str and len(value) <= PLAIN_DIGITS_MOST and value.isascii() and value.isdigit():
        return int(value)  # as below, without the detour over a decimal number
    number = _number(value)
    if number != number.to_integral_value():
        raise FilterFault("not-a-number", "the value is no whole number", "round it first, with `round`")
    return int(number)


def decimal(value: Any) -> float:
    return float(_number(value))


def rounded(value: Any, places: int = 0) -> int | float:
    number = _quantized(value, places)
    return int(number) if places == 0 else float(number)


def decimals(value: Any, places: int = 2) -> str:
    return str(_quantized(value, places))


def _quantized(value: Any, places: int) -> Decimal:
    if not isinstance(places, int) or not 0 <= places <= DECIMALS_MOST:
        raise FilterFault("not-a-number", f"{DECIMALS_MOST} decimals are the most", "write 0 to 10")
    return _number(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def truncate(value: Any, length: int = 255, killwords: bool = False, end: str = "...") -> str:
    """As Jinja's, but `length` is the most there can be: theirs lets five more characters through."""
    text, end = _text(value), str(end)
    if not isinstance(length, int) or length < len(end):
        raise FilterFault("render-failed", "`truncate` has no room for its own ending", "give it a greater length")
    if len(text) <= length:
        return text
    cut = text[: length - len(end)]
    return (cut if killwords else cut.rsplit(" ", 1)[0]) + end


def sort(value: Any) -> list[Any]:
    return sorted(value, key=lambda item: str(item).lower())


def unique(value: Any) -> list[Any]:
    return list({str(item): item for item in value}.values())


FILTERS: dict[str, Allowed] = {
    "abs": Allowed(lambda value: abs(rounded(value, DECIMALS_MOST)), "the number without its sign"),
    "capitalize": Allowed(jinja_filters.do_capitalize, "first letter large, the others small"),
    "decimals": Allowed(decimals, "the number as text with this many decimals: `{{ total | decimals(2) }}`"),
    "default": Allowed(default, "another value where there is none, or an empty cell"),
    "first": Allowed(lambda value: next(iter(value), ""), "the first item"),
    "float": Allowed(decimal, "text as a number; what is no number is an error"),
    "int": Allowed(integer, "text as a whole number; what is none is an error"),
    "join": Allowed(join, "the items of a list as one text, with something between them"),
    "last": Allowed(lambda value: list(value)[-1] if value else "", "the last item"),
    "length": Allowed(len, "how many characters or items"),
    "lower": Allowed(jinja_filters.do_lower, "all letters small"),
    "replace": Allowed(replace, "one text put in place of another"),
    "round": Allowed(rounded, "the number rounded half up, to whole numbers or this many decimals"),
    "sort": Allowed(sort, "the items in order"),
    "string": Allowed(_text, "the value as text"),
    "title": Allowed(jinja_filters.do_title, "every word with a large first letter"),
    "trim": Allowed(jinja_filters.do_trim, "without spaces at both ends"),
    "truncate": Allowed(truncate, "cut to a length, with `...` at the end or what is given: `truncate(20, true, '…')`"),
    "unique": Allowed(unique, "each item once"),
    "upper": Allowed(jinja_filters.do_upper, "all letters large"),
}


def _jinja_test(name: str) -> Callable[..., Any]:
    return cast("Callable[..., Any]", jinja_tests.TESTS[name])


TESTS: dict[str, Allowed] = {
    name: Allowed(_jinja_test(name), summary)
    for name, summary in {
        "boolean": "true or false",
        "defined": "there is a value",
        "divisibleby": "divisible by a number",
        "eq": "equal",
        "even": "an even number",
        "ge": "greater or equal",
        "gt": "greater",
        "in": "one of a list, or part of a text",
        "le": "less or equal",
        "lower": "all letters small",
        "lt": "less",
        "mapping": "a mapping",
        "ne": "not equal",
        "none": "null",
        "number": "a number",
        "odd": "an odd number",
        "sequence": "a list or a text",
        "string": "a text",
        "undefined": "there is no value",
        "upper": "all letters large",
    }.items()
}
