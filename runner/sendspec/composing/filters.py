"""The filters and tests that templates may use: small, deterministic, and bounded in their output."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from html import escape
from typing import Any, cast

from jinja2 import Undefined, pass_context
from jinja2 import filters as jinja_filters
from jinja2 import tests as jinja_tests

from sendspec.composing.landline_test import landline
from sendspec.composing.number_fault import NotANumber
from sendspec.composing.render_budget import IN_COST, FilterError, RenderBudget
from sendspec.composing.text_value import MAX_RESULT, as_text, too_long
from sendspec.diagnostics.lazy_dataclass import dataclass

MAX_DECIMALS = 10
MAX_PLAIN_DIGITS = 18
_PLAIN_LIMIT = 10**MAX_PLAIN_DIGITS
MAX_TRIMMED = 100
SLOW = 10
"""The cost of each character that Python handles one by one, in the units of `render_budget.MAX_WORK`."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """A filter or test, with a summary for the documentation.

    `cost` is what each character of its input counts in the message's budget; 0 where the input's length doesn't matter.
    """

    function: Callable[..., Any]
    summary: str
    cost: int = 1

    def charged(self) -> Callable[..., Any]:
        """The function for Jinja, which charges the budget. Taking the context keeps Jinja from calling it at compile time."""
        function, cost = self.function, self.cost

        @pass_context
        def charging(context: Any, value: Any, *arguments: Any, **named: Any) -> Any:
            if cost:
                budget: RenderBudget = context.budget
                for each in (value, *arguments, *named.values()):
                    budget.charge_work(each, cost)
            return function(value, *arguments, **named)

        return charging


class Trusted(str):
    """HTML that is not escaped again. Any text derived from it is plain text."""

    __slots__ = ()


def trusted(value: Any) -> Trusted:
    return Trusted(as_text(value))


def escaped(value: Any) -> Trusted:
    """A value's text as HTML, which isn't escaped a second time."""
    return Trusted(escape(as_text(value)))


def as_html(value: Any) -> str:
    """A value as part of HTML: its text, escaped unless it is `Trusted`."""
    text = as_text(value)
    return text if isinstance(value, Trusted) else escape(text)


def _capped(text: str) -> str:
    if len(text) > MAX_RESULT:
        raise too_long()
    return text


def default(value: Any, replacement: Any = "") -> Any:
    """Replaces a missing value."""
    return replacement if is_missing(value) else value


def is_missing(value: Any) -> bool:
    """Whether `default` replaces the value: '' too, as an empty cell counts as missing."""
    return isinstance(value, Undefined) or value == ""


def replace(value: Any, old: str, new: str, count: int | None = None) -> str:
    text, old, new = as_text(value), as_text(old), as_text(new)
    if not old:
        raise FilterError("not-text", "`replace` looks for an empty text", "say what is to be replaced")
    if len(text) + text.count(old) * len(new) > 2 * MAX_RESULT:
        raise too_long()
    return _capped(text.replace(old, new, -1 if count is None else count))


def join(value: Any, between: str = "") -> str:
    items, between = [as_text(item) for item in value], as_text(between)
    if sum(map(len, items)) + len(between) * len(items) > MAX_RESULT:
        raise too_long()
    return between.join(items)


def _number(value: Any) -> Decimal:
    text = as_text(value).strip()
    plain = text.isascii() and len(text) <= 40 and not set(text) - set("0123456789.+-eE")
    try:
        if isinstance(value, bool) or not plain:
            raise InvalidOperation
        number = Decimal(text)
    except InvalidOperation:
        raise NotANumber(text) from None
    if abs(number.adjusted()) > 30:
        raise FilterError("not-a-number", "the number has more than 30 digits", "correct the row")
    return number


def integer(value: Any) -> int:
    if type(value) is str and len(value) <= MAX_PLAIN_DIGITS and value.isascii() and value.isdigit():
        return int(value)  # the same result, without the decimal number
    if type(value) is int and abs(value) < _PLAIN_LIMIT:
        return value
    number = _number(value)
    if number != number.to_integral_value():
        raise NotANumber(as_text(value), "no whole number", "round it first, with `round`")
    return int(number)


def decimal(value: Any) -> float:
    return float(_number(value))


def rounded(value: Any, places: int = 0) -> int | float:
    number = _quantized(value, places)
    return int(number) if places == 0 else float(number)


def decimals(value: Any, places: int = 2) -> str:
    return str(_quantized(value, places))


def _quantized(value: Any, places: int) -> Decimal:
    if not isinstance(places, int) or not 0 <= places <= MAX_DECIMALS:
        raise FilterError("not-a-number", f"{MAX_DECIMALS} decimals are the most", "write 0 to 10")
    number = _number(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return number or number.copy_abs()  # nobody means -0.00


def truncate(value: Any, length: int = 255, killwords: bool = False, end: str = "...") -> str:
    """As Jinja's, but `length` is a hard limit: Jinja's lets five more characters through."""
    text, end = as_text(value), as_text(end)
    if not isinstance(length, int) or length < len(end):
        raise FilterError("render-failed", "`truncate` has no room for its own ending", "give it a greater length")
    if len(text) <= length:
        return text
    cut = text[: length - len(end)]
    return (cut if killwords else cut.rsplit(" ", 1)[0]) + end


def sort(value: Any) -> list[Any]:
    return sorted(value, key=lambda item: as_text(item).lower())


def unique(value: Any) -> list[Any]:
    return list({as_text(item): item for item in value}.values())


def trim(value: Any, characters: str | None = None) -> str:
    text = as_text(value)
    if characters is None:
        return text.strip()
    characters = as_text(characters)
    if len(characters) > MAX_TRIMMED:
        raise FilterError("not-text", f"`trim` has more than {MAX_TRIMMED} characters to remove", "name fewer")
    return text.strip(characters)


def concatenated(budget: RenderBudget, values: tuple[Any, ...]) -> str:
    """The result of `~`, refused before it is built where it would be too long."""
    texts = []
    length = 0
    for value in values:
        texts.append(text := as_text(value))
        length += len(text)
        if length > MAX_RESULT:
            raise too_long()
    budget.charge_work(text := "".join(texts))
    return text


def last(value: Any) -> Any:
    if isinstance(value, dict):
        return next(reversed(value), "")
    return value[-1] if value else ""


FILTERS: dict[str, Allowed] = {
    "abs": Allowed(lambda value: abs(rounded(value, MAX_DECIMALS)), "the number without its sign", cost=0),
    "capitalize": Allowed(lambda value: as_text(value).capitalize(), "first letter uppercase, the others lowercase"),
    "decimals": Allowed(decimals, "the number as text with this many decimals: `{{ total | decimals(2) }}`", cost=0),
    "default": Allowed(default, "a replacement for a missing value or an empty cell", cost=0),
    "escape": Allowed(
        escaped,
        "text for HTML: `<` becomes `&lt;`; in an HTML body, every value is escaped without it",
        cost=SLOW,
    ),
    "first": Allowed(lambda value: next(iter(value), ""), "the first item", cost=0),
    "float": Allowed(decimal, "text as a number; an error if it isn't one"),
    "int": Allowed(integer, "text as a whole number; an error if it isn't one"),
    "join": Allowed(join, "the items of a list as one text, with a separator between them", cost=SLOW),
    "last": Allowed(last, "the last item", cost=0),
    "length": Allowed(len, "the number of characters or items", cost=0),
    "lower": Allowed(lambda value: as_text(value).lower(), "all letters lowercase"),
    "replace": Allowed(replace, "the text with one part replaced by another", cost=IN_COST),
    "round": Allowed(rounded, "the number rounded half up, to whole numbers or this many decimals"),
    "safe": Allowed(trusted, "trusted HTML, inserted into an HTML body unchanged; must come last", cost=0),
    "sort": Allowed(sort, "the items in order", cost=SLOW),
    "string": Allowed(as_text, "the value as text", cost=0),
    "title": Allowed(
        lambda value: jinja_filters.do_title(as_text(value)), "every word with an uppercase first letter", cost=SLOW
    ),
    "trim": Allowed(trim, "without spaces at both ends"),
    "truncate": Allowed(truncate, "cut to a length, with `...` or your own ending: `truncate(20, true, '…')`"),
    "unique": Allowed(unique, "each item once", cost=SLOW),
    "upper": Allowed(lambda value: as_text(value).upper(), "all letters uppercase"),
}


def _jinja_test(name: str) -> Callable[..., Any]:
    return cast("Callable[..., Any]", jinja_tests.TESTS[name])


_TYPE_TESTS = frozenset(
    {"boolean", "defined", "divisibleby", "even", "mapping", "none", "number", "odd", "sequence", "string", "undefined"}
)
TESTS: dict[str, Allowed] = {
    name: Allowed(_jinja_test(name), summary, cost=0 if name in _TYPE_TESTS else IN_COST if name == "in" else 1)
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
        "lower": "all letters lowercase",
        "lt": "less",
        "mapping": "a mapping",
        "ne": "not equal",
        "none": "null",
        "number": "a number",
        "odd": "an odd number",
        "sequence": "a list or a text",
        "string": "a text",
        "undefined": "there is no value",
        "upper": "all letters uppercase",
    }.items()
}
TESTS["landline"] = Allowed(
    landline,
    "a landline's number, as far as its country's plan tells: `phone is landline('NL')`; the country reads national numbers",
    cost=SLOW,
)
TESTS = dict(sorted(TESTS.items()))
