"""Warns of a `where` that compares with another spelling than the table has: often it leaves out every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from jinja2 import nodes

from sendspec.composing.template import parsed
from sendspec.composing.template_tree import Placeholder
from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.diagnostics.redaction import mask_in_place, quoted
from sendspec.diagnostics.wording import counted, grouped
from sendspec.operations.near_value import near_values
from sendspec.operations.send_job import Job
from sendspec.planning.decision import Skip
from sendspec.planning.plan import Plan

MAX_ROWS = 100_000
"""Rows whose values are counted."""
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
        if not told or _comparison(job.program.where) is None:
            yield from near_values(job)


def _all_filtered(job: Job, plan: Plan) -> Iterator[Diagnostic]:
    filtered = plan.skipped.get(Skip.FILTERED, 0)
    where = job.program.where
    if not filtered or filtered != plan.recipients or not isinstance(where, Placeholder):
        return
    problem, fix = f"`where` leaves out {_all_of(filtered)}", _FIX
    compared = _comparison(where)
    if compared is not None:
        column, constants = compared
        counts = _values_of(job, column)
        problem += f"; '{quoted(column)}' holds {_listed(counts)}"
        fix = _fix(counts, constants) or fix
    yield job.spec.document.diagnostic(
        ("recipients", "where"), code="all-filtered", problem=problem, fix=fix, severity=Severity.WARNING
    )


def _all_of(count: int) -> str:
    return "the only row" if count == 1 else f"all {counted(count, 'row')}"


def _comparison(where: Placeholder) -> tuple[str, list[str]] | None:
    """The column that the whole `where` compares with constants, and these; None if it is anything else."""
    tree = parsed(where.template.source)
    output = tree.body[0] if len(tree.body) == 1 else None
    node = output.nodes[0] if isinstance(output, nodes.Output) and len(output.nodes) == 1 else None
    if not isinstance(node, nodes.Compare) or len(node.ops) != 1 or node.ops[0].op not in ("eq", "in"):
        return None
    used = {use.name for use in (*where.template.names, *where.template.columns)} - {"row"}
    constants = [each.value for each in node.ops[0].find_all(nodes.Const) if isinstance(each.value, str)]
    return (used.pop(), constants) if len(used) == 1 and constants else None


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


def _fix(counts: Counter[str], constants: list[str]) -> str | None:
    """What to write where a value and a constant differ only in capitals, or in spaces around them."""
    for constant in constants:
        for value in counts:
            if value != constant and value.strip().casefold() == constant.strip().casefold() != "":
                return f"write {_shown(value)} instead of {_shown(constant)}"
    return None
