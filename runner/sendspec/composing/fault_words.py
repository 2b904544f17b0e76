"""The words for what keeps a template from being filled, with the names and at the places of the template."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from jinja2.runtime import Context

from sendspec.composing.item_access import NoItems, read_of
from sendspec.composing.number_fault import NotANumber
from sendspec.composing.presence import presence_test
from sendspec.composing.render_budget import FilterError
from sendspec.composing.render_failure import RenderError
from sendspec.composing.template_name import NameUse, written_name
from sendspec.composing.text_compared import TextCompared, emptiness_meant
from sendspec.composing.value_missing import ValueMissing
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.redaction import printable

MAX_HELD = 5
"""Items of a mapping that are listed."""
_COMPARED = lazy_pattern(r"\s*[<>]=?\s*-?\d+(?:\.\d+)?")
_COMPARED_BEFORE = lazy_pattern(r"-?\d+(?:\.\d+)?\s*[<>]=?\s*\Z")
_IS_CHOSEN = lazy_pattern(r"(?:['\"]\])?\s+if\s")
_IS_TESTED = lazy_pattern(r"(?:['\"]\])?\s+is\s+(?:not\s+)?defined\b")


@dataclass(frozen=True, slots=True)
class FaultWords:
    """Writes the errors of one template, with its `names` and `columns` as in `Template`."""

    source: str
    names: tuple[NameUse, ...]
    columns: tuple[NameUse, ...]

    def missing(self, error: ValueMissing, context: Context) -> RenderError:
        name = error.name
        if isinstance(error.owner, Mapping | list | tuple) and error.owner is not context.get("row"):
            return self._item_missing(name, error.owner)
        return RenderError(*_missing_words(self, name))

    def missing_words(self, name: str) -> tuple[str, str, str, int, int, str]:
        """The arguments of the error for a name without a value."""
        compared = emptiness_meant(self.source, name)
        if compared is not None:
            problem = f"'{name}' has no value here, and a missing value can't be compared"
            return ("empty-compared", problem, f"write `{printable(compared)}`", *self._place_of(name), name)
        start, end, tested = self._tested(name)
        fix = f"fill it in, or write a default: {self._with_default(printable(written_name(name)), start)}"
        if tested is not None:
            fix = f"fill it in, or ask whether there is a value: write {printable(tested)}"
        return ("empty-value", f"'{name}' has no value", fix, start, end, name)

    def compared(self, found: TextCompared) -> RenderError:
        start, end = self._place_of(found.name)
        start, end = self._whole(start, end)
        number, before = _COMPARED.match(self.source, end), _COMPARED_BEFORE.search(self.source, 0, start)
        if number is not None:
            end = number.end()
        elif before is not None:
            start = before.start()
        return RenderError("text-compared", found.problem, f"write `{found.meant}`", start, end)

    def _tested(self, name: str) -> tuple[int, int, str | None]:
        """The place of a name that has no value, and what to write if a condition asks for it there."""
        start, end = self._place_of(name)
        places = [(start, end)]
        if _IS_CHOSEN.match(self.source, end):  # its condition comes later in the text, and is judged first
            places += [(use.start, use.end) for use in (*self.names, *self.columns) if use.name == name]
        tests = ((*place, presence_test(self.source, *self._whole(*place))) for place in places)
        return next((found for found in tests if found[2] is not None), (start, end, None))

    def _place_of(self, name: str) -> tuple[int, int]:
        """The place of a name; that of the whole template if it isn't found."""
        used = [use for use in (*self.names, *self.columns) if use.name == name]
        first = next((use for use in used if not use.defaulted and not _IS_TESTED.match(self.source, use.end)), None)
        first = first or (used[0] if used else None)
        return (0, len(self.source)) if first is None else (first.start, first.end)

    def _with_default(self, value: str, start: int) -> str:
        """The value with a default, as it is written at `start`: in a condition, without braces of its own."""
        in_tag = self.source.rfind("{%", 0, start) > max(
            self.source.rfind("%}", 0, start), self.source.rfind("{{", 0, start)
        )
        return f"`{value} | default('…')`" if in_tag else f"{{{{ {value} | default('…') }}}}"

    def _whole(self, start: int, end: int) -> tuple[int, int]:
        """The place of a name with `row[…]` or `row.` around it."""
        for opening, closing in (('row["', '"]'), ("row['", "']"), ("row.", "")):
            if self.source.endswith(opening, 0, start) and self.source.startswith(closing, end):
                return start - len(opening), end + len(closing)
        return start, end

    def _item_missing(self, item: str, container: object) -> RenderError:
        read = self._read_of(item)
        if read is None:
            problem, fix = f"'{item}' has no value", "fill it, or give it a `default`"
            return RenderError("empty-value", problem, fix, 0, len(self.source))
        use, owner, start, end = read
        instead = self._with_default(self.source[start:end], start)
        fix, problem = f"add '{item}' to '{owner}', or write a default: {instead}", f"'{owner}' has no '{item}'"
        held = [str(key) for key in container] if isinstance(container, Mapping) else []
        if held:
            listed = ", ".join(f"'{printable(key)}'" for key in held[:MAX_HELD])
            problem += f"; it holds {listed}" + (", …" if len(held) > MAX_HELD else "")
        near = near_miss(item, held)
        if near is not None and near.isidentifier():
            fix = f"write `{printable(owner)}.{near}`, if that is meant; or {fix}"
        return RenderError("empty-value", problem, fix, start, end, use.name, item)

    def refused(self, error: FilterError, context: Context, start: int, end: int) -> RenderError:
        """What a filter refuses, at this place, in the words of the template where the value at fault has a name there."""
        match error:
            case NoItems() if (read := self._read_of(error.item)) is not None:
                use, owner, start, end = read
                return RenderError(error.code, f"'{owner}' {error.verdict}", error.fix_for(owner), start, end, use.name)
            case NotANumber() if (name := self._name_of(error.text, context)) is not None:
                problem = f"'{name}' is '{error.shown}', which is {error.what}"
                return RenderError(error.code, problem, error.fix, start, end, name)
        return RenderError(error.code, error.problem, error.fix, start, end)

    def _read_of(self, item: str) -> tuple[NameUse, str, int, int] | None:
        """Where an item is read: the name that it starts from, its owner as text, and its place."""
        read = read_of(self.source, (*self.names, *self.columns), item)
        if read is None:
            return None
        use, owner_end, end = read
        start = self.source.rfind("row", 0, use.start) if use in self.columns else use.start
        return use, self.source[start:owner_end], start, end

    def _name_of(self, text: str, context: Context) -> str | None:
        """The name, or the column, that has this value; None if several have, or none: it may be the result of a filter."""
        row = context["row"]
        found = {use.name for use in self.names if context.get(use.name) == text}
        found |= {use.name for use in self.columns if row.get(use.name) == text}
        return found.pop() if len(found) == 1 else None


@lru_cache(maxsize=256)
def _missing_words(words: FaultWords, name: str) -> tuple[str, str, str, int, int, str]:
    """The same for every row: to find the words takes longer than to compose a message, and thousands of rows may lack one value."""
    return words.missing_words(name)
