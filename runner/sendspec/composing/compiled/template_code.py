"""Code for the value of one template: an expression, or a call of Jinja where no expression covers it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial

from sendspec.composing.compiled.expression import ExpressionWriter, NotCompilable
from sendspec.composing.compiled.generated_code import GeneratedCode
from sendspec.composing.message_context import message_context
from sendspec.composing.render_budget import MAX_OUTPUT, MAX_WORK, RenderBudget
from sendspec.composing.template_tree import Constant, Node, Placeholder
from sendspec.reading.tables.row import named_cells

ID_TEXT_LINE = "id_text = 'm' + identity.hex()"


class TemplateCode:
    """Adds lines for templates. Those that make a Jinja context are added when a template first needs one."""

    def __init__(self, code: GeneratedCode, constants: Mapping[str, object], columns: tuple[str, ...] | None) -> None:
        self._code = code
        self._constants = constants
        self._columns = columns
        self._writer = ExpressionWriter(constants, columns, code)
        self._has_id = self._has_context = self._has_budget = False
        code.define(by_name=dict if columns is None else partial(named_cells, columns))

    def value(self, node: Node) -> str:
        """An expression for a node outside the payload: a constant, or the value of a template."""
        if isinstance(node, Constant):
            return self._code.constant(node.value)
        if not isinstance(node, Placeholder):
            raise NotCompilable
        return self._placeholder(node, None)

    def _placeholder(self, placeholder: Placeholder, first_bit: int | None) -> str:
        template = placeholder.template
        with suppress(NotCompilable):
            write = self._writer.value if template.is_expression else self._writer.text
            return write(template.source, html=template.is_html, first_bit=first_bit)
        self._writer.cells.clear()  # the cells that Jinja reads are not known
        if not self._has_context:
            self._add_context()
        return f"{self._code.constant(placeholder.render)}(context)"

    def slot_value(self, placeholder: Placeholder) -> tuple[str, int | None, bool]:
        """An expression for the value of a template in the payload.

        With the number of the only column that the value depends on, None if it depends on anything else; and whether the expression
        adds alternatives to `taken`.
        """
        writer = self._writer
        writer.cells.clear()
        had_used_id, writer.has_used_id = writer.has_used_id, False
        writer.has_alternatives = False
        value = self._placeholder(placeholder, placeholder.first_bit)
        [cell] = writer.cells if len(writer.cells) == 1 and not writer.has_used_id else [None]
        writer.has_used_id |= had_used_id
        return value, cell, writer.has_alternatives

    def add_error_check(self, names: frozenset[str]) -> None:
        """Adds the check that no cell of these columns has a spreadsheet's error value. Few cells have a `#` at all."""
        if self._columns is None:
            values = [f"cells.get({self._code.constant(name)})" for name in sorted(names)]
            tests = [f"(type(cell := {value}) is str and '#' in cell and is_error(cell))" for value in values]
        else:
            cells = [f"cells[{number}]" for number, name in enumerate(self._columns) if name in names]
            tests = [f"('#' in {cell} and is_error({cell}))" for cell in cells]
        if tests:
            self._code.lines.append(f"if {' or '.join(tests)}: raise NotSound")

    def add_id(self) -> None:
        """From here on, templates can use the message id. A context made before lacks it."""
        self._code.lines.append(ID_TEXT_LINE)
        self._has_id, self._has_context = True, False

    @property
    def needs_id(self) -> bool:
        """Whether a template uses the message id, or may use it in Jinja."""
        return self._writer.has_used_id or self._has_context

    @property
    def has_context(self) -> bool:
        """Whether Jinja renders a template of the payload, and notes its alternatives in the variable `context`."""
        return self._has_context

    @property
    def fits_repeatedly(self) -> bool:
        """Whether all templates can be filled three times within one message's budget, as `RowFaults` may do; never with Jinja."""
        work, output = self._writer.max_work, self._writer.max_output
        return not self._has_budget and 3 * work <= MAX_WORK and 3 * output <= MAX_OUTPUT

    def define_budget(self) -> None:
        """Charges contexts in advance for the most that the expressions can use. Raises `NotCompilable` if that is too much."""
        work, output = self._writer.max_work, self._writer.max_output
        if work > MAX_WORK or output > MAX_OUTPUT:
            raise NotCompilable
        self._code.define(new_budget=partial(RenderBudget, output, work))

    def _add_context(self) -> None:
        self._code.define(new_context=message_context, constants=self._constants)
        lines = ["named = by_name(cells)"]
        if not self._has_budget:
            lines.append("budget = new_budget()")
        values = "{**named, **constants, 'message_id': id_text}" if self._has_id else "{**named, **constants}"
        self._code.lines += [*lines, f"context = new_context({values}, named, budget)"]
        self._has_budget = self._has_context = True
