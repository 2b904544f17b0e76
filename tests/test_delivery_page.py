"""The page on deliveries: what its snippets for pipelines make of each exit code of `wait`."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.reading.documents.yaml_reader import read_document
from sendspec.reading.files.text_file import read_text_file

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "delivery.md").read_text(encoding="utf-8")


def snippets(folder: Path) -> list[Any]:
    """The page's parts of workflows, as YAML."""
    found = []
    for text in re.findall(r"^```yml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        path = folder / "part.yml"
        path.write_text(text, encoding="utf-8")
        source = read_text_file(str(path), Problems())
        assert source is not None
        document = read_document(source, Problems())
        assert document is not None
        found.append(document.data)
    return found


@pytest.mark.process
@pytest.mark.parametrize(("code", "expected"), [(0, 0), (9, 9), (11, 0), (4, 4), (5, 5), (6, 6), (130, 130)])
def test_a_step_fails_on_all_but_success_and_no_verdict(tmp_path: Path, code: int, expected: int) -> None:
    [[step], _] = snippets(tmp_path)
    program = tmp_path / "sendspec"
    program.write_text(f"#!/bin/sh\nexit {code}\n")
    program.chmod(0o755)
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == expected
    assert ("::warning::" in done.stdout) is (code == 11)


def test_a_gitlab_job_only_warns_without_a_verdict(tmp_path: Path) -> None:
    _, pipeline = snippets(tmp_path)
    assert pipeline["wait"]["allow_failure"] == {"exit_codes": [11]}


def test_the_table_of_exit_codes_names_those_that_there_are() -> None:
    rows = re.findall(r"^\| ([\d, ]+) \|", PAGE, re.MULTILINE)
    named = {int(code) for row in rows for code in row.split(",")}
    assert named == {0, 9, 11, 4, 5, 6}
    assert named <= set(ExitCode)
