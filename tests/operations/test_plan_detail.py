"""What a plan's detail is made from: single rows of a table, and texts without anyone's values."""

from __future__ import annotations

from dataclasses import replace

import pytest
from project_dir import ProjectDir
from sendspec.composing.shape_text import shape_text
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.offline_plan import open_jobs, plan_without_ledger
from sendspec.operations.plan_detail import plan_detail, rows_at
from sendspec.operations.system import real_system
from sendspec.planning.decision import Skip

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv}
message:
  body: {type: text, text: {text: "Hi {{ name }}"}}
"""


@pytest.mark.parametrize("quoted", ["Ann", '"An\nn"'])
def test_single_rows_are_found_by_their_first_lines(project_dir: ProjectDir, quoted: str) -> None:
    rows = [f"+4477{n:08d},{quoted}\n" for n in range(9_000)]
    project_dir.write("people.csv", "phone,name\n" + "".join(rows))
    project_dir.write("hello.yaml", SPEC)
    _, [job] = open_jobs((str(project_dir.folder / "hello.yaml"),), None, None, Problems(), real_system("test"))
    by_line = {row.line: row.values["phone"] for row in job.table.rows(Problems())}
    lines = sorted(by_line)
    wanted = {lines[0], lines[1], lines[4_000], lines[-1]}
    assert {row.line: row.values["phone"] for row in rows_at(job, wanted)} == {line: by_line[line] for line in wanted}
    assert list(rows_at(job, ())) == []
    assert list(rows_at(job, {10**6})) == []


@pytest.mark.parametrize(
    ("source", "alternatives", "text"),
    [
        ("Hi {{ name }}!", 0, "Hi ⟨name⟩!"),
        ("{{ row['first name'] | upper }} {{ row.b }} {{ shop }}", 0, "⟨first name⟩ ⟨b⟩ Acme"),
        ("{{ name | default('you') }}", 0, "⟨name⟩"),
        ("{{ name | default('you') }}", 1, "you"),
        ("{{ name | default(other) }}.{{ a | default }}", 3, "⟨other⟩."),
        ("{% if a %}1{% elif b %}2{% else %}3{% endif %}", 1, "1"),
        ("{% if a %}1{% elif b %}2{% else %}3{% endif %}", 2, "2"),
        ("{% if a %}1{% elif b %}2{% else %}3{% endif %}", 4, "3"),
        ("{{ 'a' if x else b }}", 2, "⟨b⟩"),
        ("{% for x in l %}{{ x }},{% else %}none{% endfor %}", 1, "⟨for x in l: ⟨x⟩,⟩"),
        ("{% for x in l %}{{ x }},{% else %}none{% endfor %}", 2, "none"),
        ("{{ a ~ 'b' }}{{ a == b }}{{ 1.5 }}{{ list }}", 0, "⟨a⟩b⟨a == b⟩1.5⟨list⟩"),
    ],
)
def test_a_text_without_values_goes_the_way_of_its_shape(source: str, alternatives: int, text: str) -> None:
    assert shape_text(source, alternatives, {"shop": "Acme", "list": [1]}) == text


def test_without_decisions_values_are_those_of_the_messages_to_send_or_none(project_dir: ProjectDir) -> None:
    project_dir.write("people.csv", "phone,name\n+447700900001,Ann\n+447700900001,Ann\n+447700900002,Bob\n")
    project_dir.write("hello.yaml", SPEC.replace("Hi {{ name }}", "Hi{% if name == 'Eve' %} you{% endif %}"))
    context, [job] = open_jobs((str(project_dir.folder / "hello.yaml"),), None, None, Problems(), real_system("test"))
    assert context is not None
    plan = plan_without_ledger(job, Problems())
    [values] = plan_detail(job, plan, context).values.values()
    assert [each.counts for each in values] == [(("Ann", 1), ("Bob", 1))]
    with_drift = replace(plan, skipped={Skip.DRIFT: 1})
    assert plan_detail(job, with_drift, context).values == {}
