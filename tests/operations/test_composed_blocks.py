"""Blocks of a table, composed: every row once and in order, whoever composes it and however."""

from __future__ import annotations

from contextlib import closing
from itertools import product

import pytest
from long_rows import all_but
from project_dir import ProjectDir
from sendspec.composing.block_result import FILTERED
from sendspec.composing.eligibility import Eligibility, Exclusion
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.operations.composed_blocks import Thresholds, composed_blocks
from sendspec.operations.offline_plan import open_jobs
from sendspec.operations.send_job import Job
from sendspec.operations.system import real_system

ROWS = 9_000
"""Three blocks or more, so that another process gets some."""
SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv, where: "{{ kind != 'b' }}"}
message:
  body: {type: text, text: {text: "Hi {{ name }}{% if name == 'Zoë' %}!{% endif %}"}}
  tags: ["{{ kind | default('x') }}"]
"""
EXCLUDED = frozenset({"+447700000004", "+447700008996"})


@pytest.fixture
def job(project: ProjectDir, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Rows of every kind: to send, left out by `where`, rejected, excluded."""
    kinds = ["Ann,a", "Bob,b", ",a", "Zoë,a"]
    rows = [f"+4477{n:08d},{kinds[n % 4]}\n" for n in range(ROWS)]
    project.write("people.csv", "phone,name,kind\n" + "".join(rows))
    project.write("hello.yaml", SPEC)
    for name, value in project.environ.items():
        monkeypatch.setenv(name, value)
    _, jobs = open_jobs((str(project.folder / "hello.yaml"),), "test", None, Problems(), real_system("test"))
    return jobs[0]


def composed(
    job: Job, processes: int, thresholds: Thresholds, *, has_more_to_do: bool = False
) -> tuple[list[tuple[object, ...]], list[Diagnostic]]:
    """The rows in order, as line and result; and the faults."""

    class Suppressed:
        def __contains__(self, address: str, /) -> bool:
            return address in EXCLUDED

    problems = Problems()
    rows: list[tuple[object, ...]] = []
    eligibility = Eligibility(None, Suppressed())
    with closing(
        composed_blocks(job, eligibility, problems, processes, thresholds, has_more_to_do=has_more_to_do)
    ) as blocks:
        for block in blocks:
            to_send = ((entry, b"", Exclusion.NONE.value, b"", None) for entry in zip(*block.result[:5], strict=True))
            rows += [
                (line, block.others[index] if index in block.others else next(to_send))
                for index, line in enumerate(block.lines)
            ]
            assert next(to_send, None) is None
    return rows, list(problems)


@pytest.mark.parametrize(
    ("generate", "processes", "has_more_to_do"),
    all_but([(1, 3, False), (1, 2, True)], list(product((1, 10**9), (1, 2, 3), (False, True)))),
)
def test_every_row_comes_once_and_in_order_whoever_composes_it(
    job: Job, generate: int, processes: int, has_more_to_do: bool
) -> None:
    rows, faults = composed(job, processes, Thresholds(generate=generate, fork=1), has_more_to_do=has_more_to_do)
    assert [row[0] for row in rows] == list(range(2, ROWS + 2))
    assert (rows, faults) == composed(job, 1, Thresholds(generate=10**9, fork=10**9))
    kinds = [row[1] for row in rows]
    assert kinds.count(FILTERED) == ROWS // 4
    assert kinds.count(None) == ROWS // 4
    assert {kind[0][3] for kind in kinds if isinstance(kind, tuple)} == {1, 2}
    assert [each.code for each in faults] == ["empty-value"]
    assert sum(isinstance(kind, tuple) and kind[2] == Exclusion.SUPPRESSED for kind in kinds) == len(EXCLUDED)
