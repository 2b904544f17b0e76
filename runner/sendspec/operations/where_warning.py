"""Warns of a `where` that compares with another spelling than the table has: often it leaves out every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from sendspec.composing.parsed_template import parsed
from sendspec.composing.template_tree import Placeholder
from sendspec.composing.tree_nodes import nodes
from sendspec.composing.yes_no import are_alike, folded, opposites
from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.diagnostics.redaction import mask_in_place, quoted
from sendspec.diagnostics.wording import counted, grouped
from sendspec.operations.near_value import near_values
from sendspec.operations.send_job import Job
from sendspec.planning.decision import Skip
from sendspec.planning.plan import Plan

MAX_ROWS = 100_000
"""Rows whose values are counted."""
MAX_COLUMNS = 3
"""Columns that are told of."""
MAX_VALUES = 3
"""Values that are told of."""
MAX_KEPT = 1_000
"""Different values that are counted."""
MAX_SHOWN = 30
_FIX = "correct `where`, or the table; `plan --detail` lists the rows"


def where_warnings(job: Job, plan: Plan) -> Iterator[Diagnostic]:
    """What `where` does to rows, and was hardly meant to."""
    if isinstance(job.program.where, Placeholder):
        told = list(_all_filtered(job, plan))
        yield from told
        if not told or not list(_comparisons(job.program.where)):
            yield from near_values(job)


def _all_filtered(job: Job, plan: Plan) -> Iterator[Diagnostic]:
    filtered = plan.skipped.get(Skip.FILTERED, 0)
    where = job.program.where
    if not filtered or filtered != plan.recipients or not isinstance(where, Placeholder):
        return
    problem = f"`where` leaves out {_all_of(filtered)}"
    failing: dict[str, tuple[Counter[str], list[str]]] = {}
    for column, constants in _comparisons(where):
        counts = _values_of(job, column)
        problem += f"; '{quoted(column)}' holds {_listed(counts)}"
        if counts.keys().isdisjoint(constants):
            failing[column] = counts, constants
    if len(failing) > 1:
        fixes = [found for each in failing.values() if (found := _fix(*each))]
        fix = " and ".join(fixes) if len(fixes) == len(failing) else _together(job, list(failing))
    else:
        fix = next(
            (_fix(*each) or _instead(column, each[0], opposites(each[1], each[0])) for column, each in failing.items()),
            "",
        )
    yield job.spec.document.diagnostic(
        ("recipients", "where"), code="all-filtered", problem=problem, fix=fix or _FIX, severity=Severity.WARNING
    )


def _all_of(count: int) -> str:
    return "the only row" if count == 1 else f"all {counted(count, 'row')}"


def _comparisons(where: Placeholder) -> Iterator[tuple[str, list[str]]]:
    """The columns that `where` compares with constants, each with these, if it is such a comparison or several that must all be true."""
    tree = parsed(where.template.source)
    output = tree.body[0] if len(tree.body) == 1 else None
    parts: list[nodes.Node] = list(output.nodes) if isinstance(output, nodes.Output) and len(output.nodes) == 1 else []
    names = {use.name for use in (*where.template.names, *where.template.columns)} - {"row"}
    found: dict[str, list[str]] = {}
    while parts:
        part = parts.pop(0)
        if isinstance(part, nodes.And):
            parts[:0] = [part.left, part.right]
        elif isinstance(part, nodes.Compare) and len(part.ops) == 1 and part.ops[0].op in ("eq", "in"):
            used = names & {*_names_in(part.expr)}
            constants = [each.value for each in part.ops[0].find_all(nodes.Const) if isinstance(each.value, str)]
            if len(used) == 1 and constants:
                found.setdefault(used.pop(), constants)
    yield from islice(found.items(), MAX_COLUMNS)


def _names_in(expression: nodes.Expr) -> Iterator[str]:
    """The names of an expression, and the texts in it, such as that of `row["name"]`."""
    if isinstance(expression, nodes.Name):
        yield expression.name
    yield from (each.name for each in expression.find_all(nodes.Name))
    yield from (each.value for each in expression.find_all(nodes.Const) if isinstance(each.value, str))
    yield from (each.attr for each in expression.find_all(nodes.Getattr))


def _values_of(job: Job, column: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for row in islice(job.table.rows(Problems()), MAX_ROWS):
        value = str(row.values.get(column, ""))
        if value in counts or len(counts) < MAX_KEPT:
            counts[value] += 1
    return counts


def _listed(counts: Counter[str]) -> str:
    shown = [f"{_shown(value)} ({grouped(count)})" for value, count in counts.most_common(MAX_VALUES)]
    return ", ".join(shown) + (", …" if len(counts) > MAX_VALUES else "")


def _shown(value: str) -> str:
    cut = value[:MAX_SHOWN] + "…" * (len(value) > MAX_SHOWN)
    return f"'{mask_in_place(quoted(cut))}'" if value else "empty"


def _instead(column: str, counts: Counter[str], opposite: Collection[str]) -> str:
    """What to write where no value is one that `where` wants, nor says the same in other words; `opposite` says the contrary."""
    common = next((value for value, _ in counts.most_common() if value and value not in opposite), None)
    such = f", such as {_shown(common)}" if common is not None and quoted(common) == common else ""
    return f"write a value that '{quoted(column)}' holds{such}, or correct the table"


def _together(job: Job, columns: list[str]) -> str:
    """What to write where several columns hold none of the values that `where` wants of them."""
    rows = (
        [str(row.values.get(column, "")) for column in columns] for row in islice(job.table.rows(Problems()), MAX_ROWS)
    )
    values = next((found for found in rows if all(value and quoted(value) == value for value in found)), [])
    such = f", such as {_joined(map(_shown, values))}" if values else ""
    names = _joined(f"'{quoted(column)}'" for column in columns)
    return f"write values that {names} hold in one row{such}, or `or` in place of `and`, or correct the table"


def _joined(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}"


def _fix(counts: Counter[str], constants: list[str]) -> str | None:
    """What to write where a value and a constant differ only in capitals, or in spaces around them, or both say yes, or no."""
    for constant in constants:
        for value in counts:
            if value != constant and value.strip().casefold() == constant.strip().casefold() != "":
                return f"write {_shown(value)} instead of {_shown(constant)}"
    for constant in constants:
        alike = [value for value in counts if value and are_alike(folded(value), folded(constant))]
        if len(alike) == 1 and len(constants) == 1:
            return f"write {_shown(alike[0])} instead of {_shown(constant)} if they mean the same, or correct the table"
    return None
