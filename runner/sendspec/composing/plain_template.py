"""Templates of names alone, such as `Hi {{ name | trim }}!`, which are filled without Jinja: importing it takes long.

What isn't surely plain is Jinja's: any other template, and any value that isn't a text. So are all mistakes and their words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sendspec.composing.render_budget import MAX_OUTPUT, MAX_WORK, RenderBudget
from sendspec.composing.template_name import KEYWORDS, NameUse
from sendspec.composing.text_value import MAX_RESULT
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from sendspec.composing.jinja_template import JinjaFilling
    from sendspec.composing.render_failure import RenderError

MAX_LENGTH = 5_000
MAX_USES = 40
"""Far fewer than Jinja's templates may have: no limit is met here."""
MAX_PLAIN_DIGITS = 18
NOT_PLAIN = object()
"""The result where a value isn't plain."""
_OPENING = lazy_pattern(r"\{[{%#]")
_USE = lazy_pattern(r"\{\{ *([A-Za-z][A-Za-z0-9_]*) *(?:\| *([a-z]+) *)?\}\}")
_OWN_MEANING = KEYWORDS | {"row", "omit", "self", "super", "loop", "caller", "varargs", "kwargs"}


def _integer(text: str) -> object:
    return int(text) if len(text) <= MAX_PLAIN_DIGITS and text.isascii() and text.isdigit() else NOT_PLAIN


FILTERS: dict[str, Callable[[str], Any]] = {
    "capitalize": str.capitalize,
    "int": _integer,
    "lower": str.lower,
    "trim": str.strip,
    "upper": str.upper,
}
"""The filters of `filters` that need nothing but a text. Each counts the text's characters once in the message's budget."""


@dataclass(frozen=True, slots=True)
class PlainUse:
    """One `{{ name }}` or `{{ name | filter }}`. `filter` is "" without one."""

    name: NameUse
    filter: str


PlainPart = str | PlainUse


@lru_cache(maxsize=256)
def plain_parts(source: str) -> tuple[PlainPart, ...] | None:
    """The texts and uses of a template, in order, no text empty; None if it isn't plain, or has no use of a name."""
    if len(source) > MAX_LENGTH or "\r" in source:  # Jinja changes line ends
        return None
    parts: list[PlainPart] = []
    at = uses = 0
    while opening := _OPENING.search(source, at):
        found = _USE.match(source, opening.start())
        if found is None or found[1] in _OWN_MEANING or (found[2] is not None and found[2] not in FILTERS):
            return None
        if opening.start() > at:
            parts.append(source[at : opening.start()])
        parts.append(PlainUse(NameUse(found[1], found.start(1), found.end(1), defaulted=False), found[2] or ""))
        uses += 1
        at = found.end()
    if at < len(source):
        parts.append(source[at:])
    return tuple(parts) if 0 < uses <= MAX_USES else None


class PlainContext:
    """What the templates of one message share, if all of them are plain. The names are those of Jinja's context."""

    __slots__ = ("_values", "alternatives", "budget", "first_bit", "row")

    def __init__(
        self, values: Mapping[str, object], row: Mapping[str, object], budget: RenderBudget | None = None
    ) -> None:
        self._values, self.row = values, row
        self.budget = RenderBudget() if budget is None else budget
        self.alternatives = self.first_bit = 0

    def get_all(self) -> Mapping[str, object]:
        return self._values


class PlainFilling:
    """Fills a plain template."""

    def __init__(self, source: str, parts: tuple[PlainPart, ...]) -> None:
        self._source, self._parts = source, parts

    @property
    def names(self) -> tuple[NameUse, ...]:
        return tuple(part.name for part in self._parts if isinstance(part, PlainUse))

    @property
    def is_expression(self) -> bool:
        return len(self._parts) == 1

    def fill(self, context: Any) -> Any:
        """The value for one recipient, as Jinja would make it. Raises `RenderError`."""
        filled = self._filled(context.get_all(), context.budget)
        return self._of_jinja.fill(_jinja_context(context)) if filled is NOT_PLAIN else filled

    def faults(self, context: Any) -> Iterator[RenderError]:
        return self._of_jinja.faults(_jinja_context(context))

    def _filled(self, values: Mapping[str, object], budget: RenderBudget) -> Any:
        texts, work, value = [], budget.work, None
        for part in self._parts:
            if isinstance(part, str):
                texts.append(part)
                continue
            value = values.get(part.name.name)
            if type(value) is not str:
                return NOT_PLAIN
            if part.filter:
                work += len(value)
                value = FILTERS[part.filter](value)
                if value is NOT_PLAIN:
                    return NOT_PLAIN
            texts.append(str(value))
        length = 0 if self.is_expression and type(value) is int else sum(map(len, texts))
        if length > MAX_RESULT or budget.output + length > MAX_OUTPUT or work > MAX_WORK:
            return NOT_PLAIN
        budget.work = work
        budget.output += length
        return value if self.is_expression else "".join(texts)

    @property
    def _of_jinja(self) -> JinjaFilling:
        from sendspec.composing.jinja_template import filling_of  # imports Jinja

        return filling_of(self._source)


def _jinja_context(context: Any) -> Any:
    """The context itself if it is Jinja's, or one with the same values and budget."""
    if not isinstance(context, PlainContext):
        return context
    from sendspec.composing.message_context import message_context  # imports Jinja

    return message_context(context.get_all(), context.row, context.budget)
