"""Code that fills a payload's slots and checks their values.

The schema and the rules are applied to the constant parts once, while the code is generated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sendspec.composing.compiled.generated_code import FUNCTION, GeneratedCode
from sendspec.composing.compiled.partial_schema import Undecidable, slot_checks
from sendspec.composing.compiled.slot import Slot, has_slots
from sendspec.composing.compiled.template_code import TemplateCode
from sendspec.composing.rule import Rule
from sendspec.composing.template_tree import Branch, Constant, Node
from sendspec.composing.text_value import MAX_RESULT
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.schema.validator import Schema

ADDRESS = Slot("address")
"""The slot of the recipient's address. Its value is set before the payload is filled."""
SCALARS = frozenset({int, float, bool, type(None)})
MAX_CACHED = 2_000
"""The most cells of a column whose result is cached: enough for a column with few different values."""

_ANY_TEXT = "x"
"""A slot's value for rules that don't depend on it."""


@dataclass(frozen=True, slots=True)
class _SlotValue:
    """`at` is a path in the payload, `value` an expression, `cell` the number of the only column that it depends on, or None.

    `has_alternatives`: the expression adds to `taken`.
    """

    at: KeyPath
    value: str
    is_expression: bool
    cell: int | None
    has_alternatives: bool


class PayloadCode:
    def __init__(self, code: GeneratedCode, templates: TemplateCode, schema: Schema, rules: tuple[Rule, ...]) -> None:
        self._code = code
        self._templates = templates
        self._schema = schema
        self._rules = rules
        self._values: dict[str, _SlotValue] = {}
        self._cached: set[str] = set()

    def frame(self, node: Node, at: KeyPath = ()) -> Any:
        """The payload's part at `at`, with a slot for each placeholder."""
        if isinstance(node, Constant):
            return node.value
        if isinstance(node, Branch):
            children = [self.frame(child, (*at, key)) for key, child in zip(node.keys, node.children, strict=True)]
            return children if node.is_list else dict(zip(node.keys, children, strict=True))
        name = f"x{len(self._values)}"
        value, cell, has_alternatives = self._templates.slot_value(node)
        self._values[name] = _SlotValue(at, value, node.template.is_expression, cell, has_alternatives)
        return Slot(name)

    def is_text(self, slot: Slot) -> bool:
        """Whether the slot's value is text in every row."""
        return not self._values[slot.name].is_expression

    @property
    def has_alternatives(self) -> bool:
        return any(value.has_alternatives for value in self._values.values())

    def fill(self, frame: dict[str, Any], used: set[str], sample_address: str) -> None:
        """Adds lines that set and check every slot, and its JSON. Later lines need the values of the slots in `used`.

        Raises `Undecidable` where a constant part breaks the schema or a rule, or the verdict on it depends on a row.
        """
        rules = [rule for rule in self._rules if any(rule.depends_on(value.at) for value in self._values.values())]
        checks = slot_checks(self._schema, frame, {ADDRESS.name, *(n for n in self._values if self.is_text(Slot(n)))})
        sample = _sample(frame, sample_address)
        if any(True for rule in self._rules if rule not in rules for _ in rule.problems(sample)):
            raise Undecidable
        if ADDRESS.name in checks:
            self._code.lines.append(
                f"if not {self._code.constant(checks[ADDRESS.name])}({ADDRESS.name}): raise NotSound"
            )
        for name, value in self._values.items():
            lines = self._slot_lines(name, value, checks.get(name))
            if value.cell is None or name in used or any(rule.depends_on(value.at) for rule in rules):
                self._code.lines += lines
            else:
                self._cache(name, value, lines)
        if rules:
            self._code.lines.append(f"payload = {self._literal(frame)}")
            for rule in rules:
                self._code.lines.append(f"for _ in {self._code.constant(rule.problems)}(payload): raise NotSound")

    def _slot_lines(self, name: str, value: _SlotValue, check: Any) -> list[str]:
        unfit = f"len({name}) > {MAX_RESULT}"
        if value.is_expression:
            unfit = f"{unfit} if type({name}) is str else type({name}) not in scalars"
        lines = [f"{name} = {value.value}", f"if {unfit}: raise NotSound"]
        if check is bool:
            lines[1] = f"if {unfit} or not {name}: raise NotSound"
        elif check is not None:
            lines.append(f"if not {self._code.constant(check)}({name}): raise NotSound")
        return [*lines, f"json_{name} = dumps({name})"]

    def _cache(self, name: str, value: _SlotValue, lines: Sequence[str]) -> None:
        """Adds a slot that depends on one cell. Its JSON is computed once for each of the first `MAX_CACHED` different cells.

        The alternatives that it took are kept with it.
        """
        self._cached.add(name)
        found_by_cell: dict[str, Any] = {}
        cache, cell = self._code.constant(found_by_cell), f"cells[{value.cell}]"
        found, before, after = f"json_{name}", [], []
        if value.has_alternatives:
            found, before, after = f"(json_{name}, taken)", ["taken = 0"], [f"taken |= taken_{name}"]
        keep = f"if len({cache}) < {MAX_CACHED}: {cache}[{cell}] = {found}"
        source = [f"def {FUNCTION}(cells):", *(f" {line}" for line in (*before, *lines, keep, f"return {found}"))]
        compute, get = self._code.constant(self._code.function(source)), self._code.constant(found_by_cell.get)
        target = f"json_{name}, taken_{name}" if value.has_alternatives else f"json_{name}"
        self._code.lines += [f"{target} = {get}({cell}) or {compute}(cells)", *after]

    def _literal(self, frame: Any) -> str:
        """An expression for the filled payload."""
        constant = self._code.constant
        if isinstance(frame, Slot):
            return constant(_ANY_TEXT) if frame.name in self._cached else frame.name
        if not has_slots(frame):
            return constant(frame)
        if isinstance(frame, list):
            return f"[{', '.join(map(self._literal, frame))}]"
        return f"{{{', '.join(f'{constant(key)}: {self._literal(value)}' for key, value in frame.items())}}}"


def _sample(frame: Any, address: str) -> Any:
    """`frame` with values in its slots, for rules that depend on none of them."""
    if isinstance(frame, Slot):
        return address if frame == ADDRESS else _ANY_TEXT
    if isinstance(frame, Mapping):
        return {name: _sample(value, address) for name, value in frame.items()}
    return [_sample(item, address) for item in frame] if isinstance(frame, list) else frame
