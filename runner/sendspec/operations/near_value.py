"""Warns of cells that `where` compares with a text that is nearly theirs: other capitals, spaces, or another word for yes or no.

Of a condition that keeps what differs, these are also cells such as `no, thanks`: whoever wrote them mustn't get the message.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from sendspec.composing.expression_text import expression_text
from sendspec.composing.parsed_template import parsed
from sendspec.composing.shown_code import with_requoted_code
from sendspec.composing.template_name import written_name
from sendspec.composing.template_tree import Placeholder
from sendspec.composing.text_compared import column_of
from sendspec.composing.tree_nodes import nodes
from sendspec.composing.yes_no import are_alike, folded, opposites, unclear
from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import mask_in_row, quoted
from sendspec.diagnostics.wording import grouped
from sendspec.operations.send_job import Job
from sendspec.reading.where_text import WHERE

MAX_ROWS = 100_000
"""Rows whose values are counted."""
MAX_KEPT = 1_000
"""Different values of a column that are counted."""
MAX_LISTED = 5
MAX_SHOWN = 30
_OUTCOMES = {"eq": "left out", "in": "left out", "ne": "kept", "notin": "kept"}
_SPELLING: dict[str, Callable[[str], str]] = {"trim": str.strip, "lower": str.lower, "upper": str.upper}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of a column with texts. `filters` change the column's value before; `written` is the column with them."""

    column: str
    filters: tuple[str, ...]
    written: str
    constants: tuple[str, ...]
    operator: str
    is_negated: bool

    @property
    def keeps(self) -> bool:
        """Whether rows with other texts are kept."""
        return (self.operator in ("ne", "notin")) != self.is_negated

    def value_of(self, cell: str) -> str:
        for name in self.filters:
            cell = _SPELLING[name](cell)
        return cell


def near_values(job: Job) -> Iterator[Diagnostic]:
    """A warning for each comparison of `where` that misses such cells, with the cells and how many rows have them."""
    where = job.program.where
    tree = parsed(where.template.source) if isinstance(where, Placeholder) else None
    comparisons = [] if tree is None else list(_comparisons(tree, frozenset(job.table.columns)))
    if tree is None or not comparisons:
        return
    counts = _counts(job, {each.column for each in comparisons})
    is_plain = next(tree.find_all((nodes.Not, nodes.Or, nodes.CondExpr)), None) is None
    for comparison in comparisons:
        constants = {text for each in comparisons if each.column == comparison.column for text in each.constants}
        others = {
            cell: count
            for cell, count in counts[comparison.column].most_common()
            if comparison.value_of(cell) not in constants
        }
        near = {cell for cell in others if any(_is_near(cell, text) for text in comparison.constants)}
        doubtful = unclear(comparison.constants, others) if comparison.keeps else []
        found = [(cell, count) for cell, count in others.items() if cell in near or cell in doubtful]
        meant = [(cell, others[cell]) for cell in opposites(comparison.constants, others)] if doubtful else []
        if found:
            yield _diagnostic(job, comparison, found, meant if is_plain else [], is_plain=is_plain)


def _diagnostic(
    job: Job,
    comparison: Comparison,
    found: Sequence[tuple[str, int]],
    opposite: Sequence[tuple[str, int]],
    *,
    is_plain: bool,
) -> Diagnostic:
    """`opposite` are the cells that a condition should rather ask for, if there are such."""
    assert isinstance(job.program.where, Placeholder)
    document, template = job.spec.document, job.program.where.template
    meant = " or ".join(map(_shown, comparison.constants[:MAX_LISTED]))
    outcome = f"; such rows are {_OUTCOMES[comparison.operator]}" if is_plain else ""
    outcome += f", like those with {_listed(opposite)}" if opposite else ""
    advice = f"write `{_meant(comparison, [cell for cell, _ in found])}` if they mean the same, or correct the table"
    if opposite:
        advice = (
            f"write `{_asked(comparison, [cell for cell, _ in opposite])}` to keep only these, or correct the table"
        )
    uses = sorted((use.start, use.end) for use in (*template.names, *template.columns) if use.name == comparison.column)
    return document.diagnostic(
        WHERE,
        code="near-value",
        problem=f"'{quoted(comparison.column)}' holds {_listed(found)}, which `where` doesn't take for {meant}{outcome}",
        fix=with_requoted_code(advice, document.written(WHERE)),
        within=uses[0] if uses else None,
        severity=Severity.WARNING,
    )


def _listed(found: Sequence[tuple[str, int]]) -> str:
    cells = ", ".join(f"{_shown(cell)} ({grouped(count)})" for cell, count in found[:MAX_LISTED])
    return cells + ", …" * (len(found) > MAX_LISTED)


def _meant(comparison: Comparison, cells: Sequence[str]) -> str:
    """The comparison that takes these cells for its constants."""
    return _compared(comparison, [*comparison.constants, *cells], is_not=comparison.operator in ("ne", "notin"))


def _asked(comparison: Comparison, cells: Sequence[str]) -> str:
    """The comparison that keeps these cells alone."""
    if len(cells) == 1 and not comparison.filters and quoted(cells[0]) == cells[0].strip() == cells[0]:
        return f"{quoted(comparison.written)} == '{cells[0]}'"
    return _compared(comparison, cells, is_not=False)


def _compared(comparison: Comparison, cells: Sequence[str], *, is_not: bool) -> str:
    texts = [f"'{quoted(word)}'" for word in dict.fromkeys(text.strip().lower() for text in cells)]
    is_one = len(texts) == 1
    sign = ("!=" if is_not else "==") if is_one else ("not in" if is_not else "in")
    filters = "".join(f" | {name}" for name in ("trim", "lower") if name not in comparison.filters)
    listed = texts[0] if is_one else f"[{', '.join(texts)}]"
    return f"({quoted(comparison.written)}{filters}) {sign} {listed}"


def _shown(cell: str) -> str:
    cut = cell[:MAX_SHOWN] + "…" * (len(cell) > MAX_SHOWN)
    return f"'{mask_in_row(quoted(cut))}'"


def _is_near(cell: str, constant: str) -> bool:
    one, other = folded(cell), folded(constant)
    if one == other:
        return bool(one)
    # a single letter may be a size or a sign: only a word says that the column is about yes and no
    return max(len(one), len(other)) > 1 and are_alike(one, other)


def _counts(job: Job, columns: set[str]) -> dict[str, Counter[str]]:
    """How many rows have each text, by column; empty cells aside."""
    counts: dict[str, Counter[str]] = {column: Counter() for column in columns}
    rows = 0
    for block in job.table.blocks(Problems()):
        contents = block.read[1]
        for column, counted in counts.items():
            if block.columns is None:
                cells = [content.get(column) for content in contents]
            else:
                at = block.columns.index(column)
                cells = [content[at] for content in contents]
            for cell, count in Counter(cell for cell in cells if cell and isinstance(cell, str)).items():
                if cell in counted or len(counted) < MAX_KEPT:
                    counted[cell] += count
        rows += len(contents)
        if rows >= MAX_ROWS:
            break
    return counts


def _comparisons(tree: nodes.Template, columns: frozenset[str]) -> Iterator[Comparison]:
    negated = {id(each.node) for each in tree.find_all(nodes.Not)}
    for compare in tree.find_all(nodes.Compare):
        if len(compare.ops) != 1 or compare.ops[0].op not in _OUTCOMES:
            continue
        sides = (compare.expr, compare.ops[0].expr)
        # `'x' in column` looks for a part of a text
        for side, other in (sides, sides[::-1]) if compare.ops[0].op in ("eq", "ne") else (sides,):
            column, filters = _cell(side)
            constants = _texts(other)
            if column in columns and column is not None and filters is not None and constants:
                written = written_name(column) if column_of(side) else expression_text(side)
                is_negated = id(compare) in negated
                yield Comparison(column, filters, written, constants, compare.ops[0].op, is_negated)


def _cell(node: nodes.Node) -> tuple[str | None, tuple[str, ...] | None]:
    """The column whose text this is, and the filters that change its spelling, the first first; None if others change it."""
    filters: list[str] = []
    while isinstance(node, nodes.Filter) and node.node is not None:
        if node.name in _SPELLING:
            filters.insert(0, node.name)
        elif node.name not in ("default", "d", "string"):
            return None, None
        node = node.node
    return column_of(node), tuple(filters)


def _texts(node: nodes.Node) -> tuple[str, ...]:
    """The texts that a side of a comparison lists; empty if it is anything else."""
    items = node.items if isinstance(node, nodes.List | nodes.Tuple) else [node]
    values = [item.value for item in items if isinstance(item, nodes.Const)]
    return tuple(values) if len(values) == len(items) and all(isinstance(value, str) for value in values) else ()
