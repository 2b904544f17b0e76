"""Template expressions as Python expressions, which run without Jinja's lookups in a context.

They hold only for values that exist and have the expected type. For any other value the expression raises, and
`Composer.compose` composes the row. A template without a Python expression raises `NotCompilable` here: Jinja renders it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from jinja2 import nodes
from jinja2.runtime import Undefined

from sendspec.composing.alternative import AlternativeFinder
from sendspec.composing.compiled.generated_code import GeneratedCode
from sendspec.composing.filters import FILTERS, as_html, is_missing
from sendspec.composing.parsed_template import parsed
from sendspec.composing.render_budget import character_count
from sendspec.composing.template_bounds import TemplateBounds
from sendspec.composing.text_value import MAX_RESULT, as_text
from sendspec.reading.tables.csv_record import MAX_CELL

OPERATORS = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">=", "in": "in", "notin": "not in"}

_OR_ABSENT = " or absent)"
_LIST_FILTERS = frozenset({"join", "sort", "unique"})


class NotCompilable(Exception):
    """Jinja has to render this expression."""


def html_value(value: Any) -> Any:
    """The value of an expression that is the whole HTML body."""
    return as_html(value) if isinstance(value, str) else value


def small(value: Any) -> Any:
    """Returns `value`. Raises for a list or mapping longer than a CSV cell: Jinja has to render it, and count its work."""
    if isinstance(value, list | dict) and character_count(value) > MAX_CELL:
        raise LookupError
    return value


def _both(first: str | None, second: str | None) -> str:
    """`first and second`, with what is None left out. Where an expression notes something, it is true: the value is the other's."""
    return " and ".join(each for each in (first, second) if each is not None)


def missing() -> NoReturn:
    """The row has no such value. `Composer.compose` reports that."""
    raise LookupError


class ExpressionWriter:
    """Writes Python expressions that read the variables `cells` and `id_text`, and add the alternatives they take to `taken`."""

    def __init__(self, constants: Mapping[str, object], columns: tuple[str, ...] | None, code: GeneratedCode) -> None:
        self._constants = constants
        self._columns = columns
        self._constant = code.constant
        self.cells: set[int] = set()
        """The numbers of the columns that expressions read since this was last cleared."""
        self.has_used_id = False
        self.max_work = self.max_output = 0
        """The most that the expressions can use of a message's budget."""
        self.has_alternatives = False
        """Whether an expression used `taken` since this was last cleared."""
        self._html = False
        self._first_bit: int | None = None
        self._bit_by_node: Mapping[int, int] = {}
        self._variables = 0
        self._bounds = TemplateBounds(constants)
        self._number_by_column = {name: number for number, name in reversed(list(enumerate(columns or ())))}
        code.define(
            as_text=as_text,
            absent=Undefined(),
            missing=missing,
            small=small,
            as_html=as_html,
            html_value=html_value,
            is_missing=is_missing,
        )

    def text(self, source: str, *, html: bool, first_bit: int | None) -> str:
        """An expression for the text that the template `source` renders. Raises `NotCompilable`.

        `first_bit` is the place of its alternatives in `taken`; None: they are not noted.
        """
        tree = self._parsed(source, first_bit)
        self._html = html
        parts = [part for node in tree.body for part in self._parts(node)]
        self._count(tree)
        return f'f"{"".join(f"{{{part}}}" for part in parts)}"'

    def value(self, source: str, *, html: bool, first_bit: int | None) -> str:
        """An expression for the value of a template that is one expression. Otherwise as `text`."""
        tree = self._parsed(source, first_bit)
        output = tree.body[0]
        assert isinstance(output, nodes.Output)
        written = self._of(output.nodes[0])
        self._count(tree)
        return f"html_value({written})" if html else written

    def _parsed(self, source: str, first_bit: int | None) -> nodes.Template:
        tree = parsed(source)
        self._first_bit = first_bit
        self._bit_by_node = {} if first_bit is None else AlternativeFinder(tree).bit_by_node
        return tree

    def _noted(self, node: nodes.Node, number: int = 0) -> str | None:
        """An expression that notes one way of an alternative, and is true; None if none are noted."""
        if self._first_bit is None:
            return None
        self.has_alternatives = True
        return f"(taken := taken | {1 << self._first_bit + self._bit_by_node[id(node)] + number:#x})"

    def _count(self, tree: nodes.Template) -> None:
        self.max_work += self._bounds.max_work(tree)
        self.max_output += MAX_RESULT  # Jinja refuses a longer text

    def _body(self, body: Sequence[nodes.Node]) -> str:
        parts = [part for node in body for part in self._parts(node)]
        return parts[0] if len(parts) == 1 else f"''.join(({', '.join(parts)}))"

    def _parts(self, node: nodes.Node) -> list[str]:
        if isinstance(node, nodes.Output):
            return [self._part(each) for each in node.nodes]
        if isinstance(node, nodes.If):
            return [self._if(node)]
        raise NotCompilable

    def _part(self, node: nodes.Node) -> str:
        if isinstance(node, nodes.TemplateData):
            return self._constant(node.data)
        written = self._of(node)
        if self._html:
            return f"as_html({written})"
        is_cell = self._columns is not None and isinstance(node, nodes.Name | nodes.Getitem | nodes.Getattr)
        return (
            written
            if is_cell and written.startswith("(cells[")
            else f"(value if type(value := {written}) is str else as_text(value))"
        )

    def _if(self, node: nodes.If) -> str:
        tests = (node, *node.elif_)
        bodies = [(self._body(each.body), self._of(each.test)) for each in tests]
        notes = [self._noted(node, number) for number in range(len(tests) + 1)]
        branches = "".join(
            f"{body} if {_both(test, noted)} else " for (body, test), noted in zip(bodies, notes, strict=False)
        )
        return f"({branches}{_both(notes[-1], self._body(node.else_))})"

    def _of(self, node: nodes.Node) -> str:
        match node:
            case nodes.Const():
                return self._constant(node.value)
            case nodes.Name():
                return self._name(node.name)
            case nodes.Getitem() | nodes.Getattr():
                return self._cell(node)
            case nodes.Filter():
                return self._filter(node)
            case nodes.Compare():
                rest = "".join(f" {OPERATORS[operand.op]} {self._compared(operand.expr)}" for operand in node.ops)
                return f"({self._compared(node.expr)}{rest})"
            case nodes.And() | nodes.Or():
                word = "and" if isinstance(node, nodes.And) else "or"
                return f"({self._of(node.left)} {word} {self._of(node.right)})"
            case nodes.Not():
                return f"(not {self._of(node.node)})"
            case nodes.CondExpr(expr2=other) if other is not None:
                test = _both(self._of(node.test), self._noted(node))
                return f"({self._of(node.expr1)} if {test} else {_both(self._noted(node, 1), self._of(other))})"
            case nodes.Test(name=("defined" | "undefined") as name):
                return f"({'' if name == 'defined' else 'not '}{self._is_present(node.node)})"
            case nodes.List() | nodes.Tuple():
                return f"[{', '.join(map(self._of, node.items))}]"
        raise NotCompilable

    def _compared(self, node: nodes.Expr) -> str:
        """A JSON row can have lists of any length, and nothing counts them here."""
        is_known = self._columns is not None or isinstance(node, nodes.Const | nodes.List | nodes.Tuple)
        return self._of(node) if is_known else f"small({self._of(node)})"

    def _name(self, name: str) -> str:
        if name == "message_id":
            self.has_used_id = True
            return "id_text"
        if name in ("row", "omit"):
            raise NotCompilable
        return (
            self._constant(self._constants[name]) if name in self._constants else self._cell(nodes.Name(name, "load"))
        )

    def _filter(self, node: nodes.Filter) -> str:
        function = FILTERS[node.name].function
        if node.name == "default" and self._first_bit is not None:
            return self._default(node)
        if node.node is None or node.dyn_args is not None or node.dyn_kwargs is not None:
            raise NotCompilable
        arguments = [self._of(each) for each in node.args]
        arguments += [f"**{{{self._constant(each.key)}: {self._of(each.value)}}}" for each in node.kwargs]
        filtered = self._filtered(node)
        if self._columns is None and node.name in _LIST_FILTERS:
            filtered = f"small({filtered})"
        return f"{self._constant(function)}({', '.join([filtered, *arguments])})"

    def _default(self, node: nodes.Filter) -> str:
        """A `default` that notes whether it replaces its input. Both are evaluated in any case, as in Jinja."""
        replacements = [*node.args, *(each.value for each in node.kwargs if each.key == "replacement")]
        if (
            len(replacements) > 1
            or len(node.args) + len(node.kwargs) > len(replacements)
            or node.dyn_args
            or node.dyn_kwargs
        ):
            raise NotCompilable
        noted = self._noted(node)
        replacement = self._of(replacements[0]) if replacements else self._constant("")
        value = self._filtered(node)
        if value.endswith(_OR_ABSENT) and all(isinstance(each, nodes.Const) for each in replacements):
            return f"{value.removesuffix(_OR_ABSENT)} or {_both(noted, replacement)})"
        self._variables += 2
        first, second = f"v{self._variables}", f"v{self._variables + 1}"
        chosen = f"{first} if not is_missing({first}) else {_both(noted, second)}"
        return f"(({first} := {value}), ({second} := {replacement}), {chosen})[-1]"

    def _filtered(self, node: nodes.Filter) -> str:
        """A filter's input. For `default`, a column may be absent."""
        assert node.node is not None
        if node.name != "default":
            return self._of(node.node)
        try:
            name = self._column(node.node)
        except NotCompilable:
            return self._of(node.node)
        return (
            f"cells.get({self._constant(name)}, absent)"
            if self._columns is None
            else f"(cells[{self._index(name)}]{_OR_ABSENT}"
        )

    def _cell(self, node: nodes.Node) -> str:
        """The row's value in that column; the expression raises where there is none."""
        name = self._column(node)
        return (
            f"cells[{self._constant(name)}]" if self._columns is None else f"(cells[{self._index(name)}] or missing())"
        )

    def _is_present(self, node: nodes.Node) -> str:
        name = self._column(node)
        return f"{self._constant(name)} in cells" if self._columns is None else f"bool(cells[{self._index(name)}])"

    def _index(self, name: str) -> int:
        assert self._columns is not None
        if name not in self._number_by_column:
            raise NotCompilable
        number = self._number_by_column[name]
        self.cells.add(number)
        return number

    def _column(self, node: nodes.Node) -> str:
        """The name of the column that `node` reads. Raises `NotCompilable` where it is anything else."""
        if isinstance(node, nodes.Name) and node.name not in (*self._constants, "message_id", "row", "omit"):
            return node.name
        if isinstance(node, nodes.Getitem | nodes.Getattr) and isinstance(node.node, nodes.Name):
            name = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
            if node.node.name == "row" and isinstance(name, str):
                return name
        raise NotCompilable
