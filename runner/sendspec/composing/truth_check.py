"""Reports columns that stand alone in a condition and hold words for no: any text counts as true, `f`, `no` and `0` as well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.expression_text import expression_text
from sendspec.composing.odd_values import NO_VALUE
from sendspec.composing.parsed_template import parsed
from sendspec.composing.shown_code import with_requoted_code
from sendspec.composing.template_name import written_name
from sendspec.composing.template_tree import Placeholder
from sendspec.composing.text_compared import column_of
from sendspec.composing.tree_nodes import nodes
from sendspec.composing.yes_no import falsy, truthy
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.tables.block import Block
from sendspec.reading.tables.table import Table

MAX_KEPT = 1_000
"""Different texts of a column that are counted."""
MAX_LISTED = 5
_CHANGES: Mapping[str, Callable[[str], str]] = {"trim": str.strip, "lower": str.lower, "upper": str.upper}
_DEFAULTS = frozenset({"default", "d"})


@dataclass(frozen=True, slots=True)
class Bare:
    """A column that stands where a condition is asked for, and `filters` after it, with their arguments, that leave it a text."""

    placeholder: Placeholder
    column: str
    filters: tuple[tuple[str, str], ...]

    @property
    def written(self) -> str:
        return written_name(self.column) + "".join(f" | {written}" for _, written in self.filters)

    @property
    def or_empty(self) -> str:
        """The same, with a text for a row that has none."""
        if any(name in _DEFAULTS for name, _ in self.filters):
            return self.written
        name = written_name(self.column)
        return f"{name} | default(''){self.written.removeprefix(name)}"

    def changed(self, cell: str) -> str:
        for name, _ in self.filters:
            cell = _CHANGES[name](cell) if name in _CHANGES else cell
        return cell


def check_truth(compiled: CompiledSpec, table: Table, problems: Problems) -> None:
    """Adds an error for each such place, with the rows. Reads the table only if there is one."""
    found = [each for each in _all_bare(compiled) if each.column in table.columns]
    counts = _counted({each.column for each in found}, table) if found else {}
    wrong_by_number = {}
    for number, bare in enumerate(found):
        texts = {cell: count for cell, count in counts[bare.column].items() if cell}
        valueless = [cell for cell in texts if cell.strip() in NO_VALUE]
        known = {cell: count for cell, count in texts.items() if cell not in valueless}
        if wrong := falsy(known):
            fix = f"write `{_comparison(bare, known, wrong, may_be_empty='' in counts[bare.column])}`"
            wrong_by_number[number] = (frozenset(wrong), _diagnostic(compiled, bare, wrong, fix))
        elif valueless:
            fix = "empty such cells in the table, so that the value is missing"
            wrong_by_number[number] = (frozenset(valueless), _diagnostic(compiled, bare, valueless, fix))
    for block in table.blocks(Problems()) if wrong_by_number else ():
        for number, (wrong_cells, diagnostic) in wrong_by_number.items():
            group = ("text-as-condition", compiled.spec.path, found[number].placeholder.at, number)
            pairs = zip(block.read[0], _cells(block, found[number].column), strict=True)
            _add_rows([line for line, cell in pairs if cell in wrong_cells], group, diagnostic, problems)


def _add_rows(lines: Sequence[int], group: Hashable, diagnostic: Diagnostic, problems: Problems) -> None:
    for line in lines:
        problems.add_row(group, line, lambda: diagnostic)


def _counted(columns: set[str], table: Table) -> Mapping[str, Counter[str]]:
    """How many rows have each text, by column; a missing one is "". Values of JSON lines that are no texts aren't counted."""
    counts = {column: Counter[str]() for column in columns}
    for block in table.blocks(Problems()):
        for column, counted in counts.items():
            for cell, count in Counter(_cells(block, column)).items():
                if isinstance(cell, str) and (cell in counted or len(counted) < MAX_KEPT):
                    counted[cell] += count
    return counts


def _cells(block: Block, column: str) -> Sequence[object]:
    contents = block.read[1]
    if block.columns is not None:
        at = block.columns.index(column)
        return [cells[at] for cells in contents]
    values = [content.get(column, "") for content in contents]
    return [value if isinstance(value, str) else None for value in values]


def _diagnostic(compiled: CompiledSpec, bare: Bare, wrong: Sequence[str], fix: str) -> Diagnostic:
    document, placeholder = compiled.spec.document, bare.placeholder
    shown = ", ".join(f"'{quoted(cell)}'" for cell in wrong[:MAX_LISTED]) + ", …" * (len(wrong) > MAX_LISTED)
    verb = "is text, and counts as true" if len(wrong) == 1 else "are texts, and count as true"
    template = placeholder.template
    uses = sorted((use.start, use.end) for use in (*template.names, *template.columns) if use.name == bare.column)
    return document.diagnostic(
        placeholder.at,
        code="text-as-condition",
        problem=f"{shown} {verb} where `{quoted(bare.written)}` alone is a condition",
        fix=with_requoted_code(fix, document.written(placeholder.at)),
        within=uses[0] if len(uses) == 1 else None,
    )


def _comparison(bare: Bare, known: Mapping[str, int], wrong: Sequence[str], *, may_be_empty: bool) -> str:
    """What to write in place of the column: a comparison with the words for yes if all others say no, else with those for no."""
    yes = truthy(known)
    is_either = bool(yes) and len(yes) + len(wrong) == len(known)
    texts = [f"'{quoted(text)}'" for text in dict.fromkeys(map(bare.changed, yes if is_either else wrong))]
    signs = ("==", "in") if is_either else ("!=", "not in")
    written = quoted(bare.or_empty if may_be_empty else bare.written)
    return f"{written} {signs[0]} {texts[0]}" if len(texts) == 1 else f"{written} {signs[1]} [{', '.join(texts)}]"


def _all_bare(compiled: CompiledSpec) -> Iterator[Bare]:
    for placeholder in compiled.placeholders:
        found = []
        for node in _conditions(parsed(placeholder.template.source)):
            bare = _bare(placeholder, node)
            if bare is not None and bare.column not in compiled.spec.variables and bare not in found:
                found.append(bare)
        yield from found


def _conditions(tree: nodes.Template) -> Iterator[nodes.Node]:
    """What is looked at for its truth alone."""
    for node in tree.find_all((nodes.And, nodes.Or, nodes.Not, nodes.CondExpr, nodes.If)):
        match node:
            case nodes.And() | nodes.Or():
                yield from (node.left, node.right)
            case nodes.Not():
                yield node.node
            case nodes.CondExpr() | nodes.If():
                yield node.test


def _bare(placeholder: Placeholder, node: nodes.Node) -> Bare | None:
    filters: list[tuple[str, str]] = []
    while isinstance(node, nodes.Filter) and node.node is not None:
        if node.name not in (*_CHANGES, *_DEFAULTS, "string"):
            return None
        written = expression_text(node).removeprefix(f"{expression_text(node.node)} | ")
        filters.insert(0, (node.name, written))
        node = node.node
    column = column_of(node)
    return None if column is None else Bare(placeholder, column, tuple(filters))
