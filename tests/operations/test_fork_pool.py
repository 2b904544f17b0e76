"""A long list on several processes: the plan, and what is told of wrong rows, are those of one process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from long_rows import all_but, long
from processes import until
from project_dir import ProjectDir

LONG = 30_000
"""Rows, in ten blocks: after the first of them other processes are started, and each gives back several."""
SPEC = """spec: 1
name: hello
channel: sms
recipients: {{file: people.csv{more}}}
message:
  body: {{type: text, text: {{text: "Hi {{{{ name }}}}"}}}}
"""


def write(project: ProjectDir, rows: Iterator[str] | list[str], more: str = "") -> None:
    (project.folder / "hello.yaml").write_text(SPEC.format(more=more), encoding="utf-8")
    (project.folder / "people.csv").write_text("phone,name,kind\n" + "".join(rows), encoding="utf-8")


def sound(count: int) -> list[str]:
    return [f"+4477{n:08d},{'Zoë 😀' if n % 9 == 0 else 'Ann'},{n % 5}\n" for n in range(count)]


def planned(project: ProjectDir, processes: int, *more: str) -> tuple[int, Any, str]:
    done = project.run("plan", "hello.yaml", "--env", "test", "--format", "json", "-j", str(processes), *more)
    return done.code, json.loads(done.out), done.err


@pytest.mark.parametrize("processes", all_but([3], [2, 3, 7]))
def test_the_plan_is_the_same_on_any_number_of_processes(project: ProjectDir, processes: int) -> None:
    rows = sound(LONG)
    rows[12_500:12_500] = [
        rows[3],
        rows[12_000],
        rows[12_498],
    ]  # said before: here, by another process, in the same block
    write(project, rows, ", where: \"{{ kind != '4' }}\"")
    code, document, told = planned(project, 1)
    assert code == 0
    assert document["specs"][0]["skipped"] == {"duplicate": 3, "filtered": LONG // 5}
    assert planned(project, processes) == (code, document, told)


@pytest.mark.parametrize("processes", all_but([3], [2, 3]))
def test_what_is_wrong_is_told_the_same_on_any_number_of_processes(project: ProjectDir, processes: int) -> None:
    rows = sound(LONG)
    for n in range(0, LONG, 97):
        rows[n] = f"+4477{n:08d},,1\n"
    for n in range(50, LONG, 801):
        rows[n] = f"0612,Bob {n},1\n"
    rows[13_000] = rows[12_001].replace("Ann", "Eve")
    rows[13_500] = "+447700900001,too,many,cells\n"
    for n in (5_003, 5_004, 9_001, 11_111):
        rows[n] = rows[n].replace("Ann", "A\x07n")
    write(project, rows)
    code, document, told = planned(project, 1)
    assert code == 1
    assert {"empty-value", "conflicting-rows", "ragged-row", "forbidden-character"} <= {
        each["code"] for each in document["diagnostics"]
    }
    assert planned(project, processes) == (code, document, told)


@long
def test_json_lines_are_planned_on_several_as_well(project: ProjectDir) -> None:
    write(project, [])
    spec = project.folder / "hello.yaml"
    spec.write_text(spec.read_text().replace("people.csv", "people.jsonl"))
    rows = [
        json.dumps({"phone": f"+4477{n:08d}", "name": "Zoë" if n % 9 else "Ann", "n": n}) + "\n" for n in range(LONG)
    ]
    rows[12_500:12_500] = ["\n", rows[3], '{"phone": "+447700000001", "name": null}\n']
    (project.folder / "people.jsonl").write_text("".join(rows), encoding="utf-8")
    alone = planned(project, 1)
    assert alone[0] == 1
    assert {each["code"] for each in alone[1]["diagnostics"]} >= {"duplicate-rows", "empty-value"}
    assert planned(project, 3) == alone


@long
def test_a_spec_that_can_not_be_compiled_is_planned_on_several_as_well(project: ProjectDir) -> None:
    write(project, sound(LONG))
    spec = project.folder / "hello.yaml"
    receiver = 'receiver: {contacts: [{identifierKey: phonenumber, identifierValue: "{{ phone }}"}]}'
    spec.write_text(spec.read_text().replace("message:\n", f"message:\n  {receiver}\n"))
    assert planned(project, 1) == planned(project, 2)


def test_repeated_references_are_found_across_processes(project: ProjectDir) -> None:
    rows = sound(LONG)
    rows[13_900] = rows[13_900].replace(",4\n", ",a\n").replace(",0\n", ",a\n")
    rows[200] = rows[200].replace(",0\n", ",a\n")
    write(project, rows)
    spec = project.folder / "hello.yaml"
    spec.write_text(
        spec.read_text() + "  reference: \"{{ phone if kind != 'a' else kind }}\"\n".replace("phone", "name")
    )
    assert planned(project, 1) == planned(project, 2)


SCRIPT = """
import os, signal, sys
from sendspec.operations import fork_pool as workers

real = workers._run_child
def give(writing, others, work):
    def dying():
        for number, block in enumerate(work()):
            if number == 1:
                os.write(2, b"struck")
                {what}
            yield block
    real(writing, others, dying)
workers._run_child = give
from sendspec.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


STRUCK = (
    "os.kill(os.getpid(), signal.SIGKILL)", "block[0].pop()", "raise MemoryError", "block[4].append((0, None))", "return",
)  # fmt: skip


@pytest.mark.parametrize("what", all_but(STRUCK[1:2], STRUCK))
def test_what_a_process_does_not_give_back_is_composed_here(project: ProjectDir, what: str) -> None:
    write(project, sound(LONG))
    alone = planned(project, 1)
    arguments = ["plan", "hello.yaml", "--env", "test", "--format", "json", "-j", "2"]
    done = project.run(*arguments, script=SCRIPT.format(what=what))
    assert "struck" in done.err
    assert (done.code, done.json) == alone[:2]


def test_an_interrupt_ends_them_all(project: ProjectDir) -> None:
    write(project, sound(200_000))
    run = subprocess.Popen(
        [*project.command("plan", "hello.yaml", "--env", "test", "-j", "2")], cwd=project.folder,
        env={**os.environ, **project.environ}, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
    until(lambda: bool(children.read_text().split()))
    [child] = children.read_text().split()
    os.killpg(run.pid, signal.SIGINT)
    _, told = run.communicate(timeout=60)
    assert run.returncode == 130
    assert b"Traceback" not in told
    assert not Path(f"/proc/{child}").exists()
