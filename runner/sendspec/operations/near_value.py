"""Warns of cells that `where` compares with a text that is nearly theirs: other capitals, spaces, or another word for yes or no."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from jinja2 import nodes

from sendspec.composing.expression_text import expression_text
from sendspec.composing.shown_code import with_requoted_code
from sendspec.composing.template import parsed
from sendspec.composing.template_name import written_name
from sendspec.composing.template_tree import Placeholder
from sendspec.composing.text_compared import column_of
from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
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
_YES = frozenset(
    [
        "true",
        "yes",
        "y",
        "1",
        "x",
        "on",
        "v",
        "✓",
        "✔",
        "checked",
        "ja",
        "j",
        "waar",
        "aan",
        "wahr",
        "oui",
        "o",
        "vrai",
        "si",
        "sí",
        "verdadero",
        "sim",
        "s",
        "verdadeiro",
        "vero",
        "tak",
        "prawda",
    ]
)
_NO = frozenset(
    [
        "false",
        "no",
        "n",
        "0",
        "off",
        "nee",
        "onwaar",
        "uit",
        "nein",
        "falsch",
        "non",
        "faux",
        "falso",
        "não",
        "nao",
        "nie",
    ]
)
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
        others = {text for each in comparisons if each.column == comparison.column for text in each.constants}
        found = [
            (cell, count)
            for cell, count in counts[comparison.column].most_common()
            if comparison.value_of(cell) not in others and any(_is_near(cell, text) for text in comparison.constants)
        ]
        if found:
            yield _diagnostic(job, comparison, found, is_plain=is_plain)


def _diagnostic(job: Job, comparison: Comparison, found: Sequence[tuple[str, int]], *, is_plain: bool) -> Diagnostic:
    assert isinstance(job.program.where, Placeholder)
    document, template = job.spec.document, job.program.where.template
    cells = ", ".join(f"{_shown(cell)} ({grouped(count)})" for cell, count in found[:MAX_LISTED])
    meant = " or ".join(map(_shown, comparison.constants[:MAX_LISTED]))
    outcome = f"; such rows are {_OUTCOMES[comparison.operator]}" if is_plain else ""
    uses = sorted((use.start, use.end) for use in (*template.names, *template.columns) if use.name == comparison.column)
    return document.diagnostic(
        WHERE,
        code="near-value",
        problem=f"'{quoted(comparison.column)}' holds {cells}{', …' * (len(found) > MAX_LISTED)}"
        f", which `where` doesn't take for {meant}{outcome}",
        fix=with_requoted_code(
            f"write `{_meant(comparison, [cell for cell, _ in found])}` if they mean the same, or correct the table",
            document.written(WHERE),
        ),
        within=uses[0] if uses else None,
        severity=Severity.WARNING,
    )


def _meant(comparison: Comparison, cells: Sequence[str]) -> str:
    """The comparison that takes these cells for its constants."""
    words = dict.fromkeys(text.strip().lower() for text in (*comparison.constants, *cells))
    texts = [f"'{quoted(word)}'" for word in words]
    is_one, is_not = len(texts) == 1, comparison.operator in ("ne", "notin")
    sign = ("!=" if is_not else "==") if is_one else ("not in" if is_not else "in")
    filters = "".join(f" | {name}" for name in ("trim", "lower") if name not in comparison.filters)
    listed = texts[0] if is_one else f"[{', '.join(texts)}]"
    return f"({quoted(comparison.written)}{filters}) {sign} {listed}"


def _shown(cell: str) -> str:
    cut = cell[:MAX_SHOWN] + "…" * (len(cell) > MAX_SHOWN)
    return f"'{mask_in_row(quoted(cut))}'"


def _is_near(cell: str, constant: str) -> bool:
    one, other = cell.strip().casefold(), constant.strip().casefold()
    if one == other:
        return bool(one)
    # a single letter may be a size or a sign: only a word says that the column is about yes and no
    return len(other) > 1 and any(one in words and other in words for words in (_YES, _NO))


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
    for compare in tree.find_all(nodes.Compare):
        if len(compare.ops) != 1 or compare.ops[0].op not in _OUTCOMES:
            continue
        sides = (compare.expr, compare.ops[0].expr)
        for side, other in (sides, sides[::-1]):
            column, filters = _cell(side)
            constants = _texts(other)
            if column in columns and column is not None and filters is not None and constants:
                written = written_name(column) if column_of(side) else expression_text(side)
                yield Comparison(column, filters, written, constants, compare.ops[0].op)


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
