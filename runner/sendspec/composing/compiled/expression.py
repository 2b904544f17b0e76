"""Template expressions as Python: the plain ones, which most templates consist of, without Jinja's detour over a context.

What is said here of an expression is said only for values that are there and of the expected kind: in any other case the
Python raises, or the caller turns to Jinja. What isn't covered raises `NotCompilable`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from jinja2 import nodes
from jinja2.runtime import Undefined

from sendspec.composing.filters import FILTERS, MAX_RESULT, as_html, as_text
from sendspec.composing.render_budget import character_count
from sendspec.composing.template import parsed
from sendspec.composing.template_bounds import TemplateBounds
from sendspec.reading.tables.csv_record import MAX_CELL

OPERATORS = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">=", "in": "in", "notin": "not in"}

_OF_LISTS = frozenset({"join", "sort", "unique"})


class NotCompilable(Exception):
    """This expression is for Jinja."""


def whole_html(value: Any) -> Any:
    """The value of an expression that is all of an HTML body."""
    return as_html(value) if isinstance(value, str) else value


def small(value: Any) -> Any:
    """A value that is no longer than a cell of a CSV; a longer list or mapping is for Jinja, which counts."""
    if isinstance(value, list | dict) and character_count(value) > MAX_CELL:
        raise LookupError
    return value


def gone() -> NoReturn:
    """What is asked for isn't there: the row is for Jinja, which says so."""
    raise LookupError


class Writer:
    """Writes Python expressions, in which `v` is what the row holds and `m` the message id's text.

    No text of a user's is in what it writes: constants and names of columns stand in `namespace`.
    """

    def __init__(
        self, constants: Mapping[str, object], columns: tuple[str, ...] | None, namespace: dict[str, Any]
    ) -> None:
        self._constants = constants
        self._columns = columns
        self._namespace = namespace
        self.cells: set[int] = set()
        """The columns that were asked for, by number, since this was last emptied."""
        self.has_used_id = False
        self.fed = self.output = 0
        """The most that what was written can take of a message's budget."""
        self._html = False
        self._bounds = TemplateBounds(constants)
        self._number_by_column = {name: number for number, name in reversed(list(enumerate(columns or ())))}
        self._namespace.update(
            said=as_text, absent=Undefined(), gone=gone, small=small, as_html=as_html, whole_html=whole_html
        )

    def constant(self, value: object) -> str:
        """The name that `value` is given."""
        name = f"k{len(self._namespace)}"
        self._namespace[name] = value
        return name

    def text(self, source: str, *, html: bool) -> str:
        """An expression for the text that the template `source` makes. Raises `NotCompilable`."""
        tree = parsed(source)
        self._html = html
        parts = [part for node in tree.body for part in self._parts(node)]
        self._count(tree)
        return f'f"{"".join(f"{{{part}}}" for part in parts)}"'

    def value(self, source: str, *, html: bool) -> str:
        """An expression for the value of a template that is one expression. Raises `NotCompilable`."""
        tree = parsed(source)
        output = tree.body[0]
        assert isinstance(output, nodes.Output)
        written = self._of(output.nodes[0])
        self._count(tree)
        return f"whole_html({written})" if html else written

    def _count(self, tree: nodes.Template) -> None:
        self.fed += self._bounds.fed(tree)
        self.output += MAX_RESULT  # a longer text is for Jinja, which refuses it

    # ── texts ────────────────────────────────────────────────────────────────────────────────────────────────────

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
            return self.constant(node.data)
        written = self._of(node)
        if self._html:
            return f"as_html({written})"
        is_cell = self._columns is not None and isinstance(node, nodes.Name | nodes.Getitem | nodes.Getattr)
        return written if is_cell and written.startswith("(v[") else f"(t if type(t := {written}) is str else said(t))"

    def _if(self, node: nodes.If) -> str:
        branches = "".join(f"{self._body(each.body)} if {self._of(each.test)} else " for each in (node, *node.elif_))
        return f"({branches}{self._body(node.else_)})"

    # ── values ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _of(self, node: nodes.Node) -> str:
        match node:
            case nodes.Const():
                return self.constant(node.value)
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
                return f"({self._of(node.expr1)} if {self._of(node.test)} else {self._of(other)})"
            case nodes.Test(name=("defined" | "undefined") as name):
                return f"({'' if name == 'defined' else 'not '}{self._is_there(node.node)})"
            case nodes.List() | nodes.Tuple():
                return f"[{', '.join(map(self._of, node.items))}]"
        raise NotCompilable

    def _compared(self, node: nodes.Expr) -> str:
        """A row of JSON can have lists of any length, which nobody has counted."""
        is_known = self._columns is not None or isinstance(node, nodes.Const | nodes.List | nodes.Tuple)
        return self._of(node) if is_known else f"small({self._of(node)})"

    def _name(self, name: str) -> str:
        if name == "message_id":
            self.has_used_id = True
            return "m"
        if name in ("row", "omit"):
            raise NotCompilable
        return self.constant(self._constants[name]) if name in self._constants else self._cell(nodes.Name(name, "load"))

    def _filter(self, node: nodes.Filter) -> str:
        function = FILTERS[node.name].function
        if node.node is None or node.dyn_args is not None or node.dyn_kwargs is not None:
            raise NotCompilable
        arguments = [self._of(each) for each in node.args]
        arguments += [f"**{{{self.constant(each.key)}: {self._of(each.value)}}}" for each in node.kwargs]
        filtered = self._filtered(node)
        if self._columns is None and node.name in _OF_LISTS:
            filtered = f"small({filtered})"
        return f"{self.constant(function)}({', '.join([filtered, *arguments])})"

    def _filtered(self, node: nodes.Filter) -> str:
        """What a filter works on: for `default`, a column may be absent."""
        assert node.node is not None
        if node.name != "default":
            return self._of(node.node)
        try:
            name = self._column(node.node)
        except NotCompilable:
            return self._of(node.node)
        return (
            f"v.get({self.constant(name)}, absent)" if self._columns is None else f"(v[{self._index(name)}] or absent)"
        )

    # ── columns ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _cell(self, node: nodes.Node) -> str:
        """What the row has there; raises when the row is filled where it has nothing."""
        name = self._column(node)
        return f"v[{self.constant(name)}]" if self._columns is None else f"(v[{self._index(name)}] or gone())"

    def _is_there(self, node: nodes.Node) -> str:
        name = self._column(node)
        return f"{self.constant(name)} in v" if self._columns is None else f"bool(v[{self._index(name)}])"

    def _index(self, name: str) -> int:
        assert self._columns is not None
        if name not in self._number_by_column:
            raise NotCompilable
        number = self._number_by_column[name]
        self.cells.add(number)
        return number

    def _column(self, node: nodes.Node) -> str:
        """The name of the column which `node` is; raises `NotCompilable` where it is anything else."""
        if isinstance(node, nodes.Name) and node.name not in (*self._constants, "message_id", "row", "omit"):
            return node.name
        if isinstance(node, nodes.Getitem | nodes.Getattr) and isinstance(node.node, nodes.Name):
            name = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
            if node.node.name == "row" and isinstance(name, str):
                return name
        raise NotCompilable
