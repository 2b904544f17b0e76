"""The page on deliveries: what its snippets for pipelines make of each exit code of `wait`."""

from __future__ import annotations

import json
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


def step(folder: Path, script: str, code: int, failed_polls: int) -> subprocess.CompletedProcess[str]:
    """A script of the page, run with a `sendspec` that ends with `code` after two looks at the API."""
    program = folder / "sendspec"
    document = json.dumps({"polls": 2, "failed_polls": failed_polls})
    program.write_text(f"#!/bin/sh\necho '{document}'\nexit {code}\n")
    program.chmod(0o755)
    return subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env={"PATH": f"{folder}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.process
@pytest.mark.parametrize(("code", "failed_polls"), [(0, 0), (9, 0), (11, 1), (11, 2), (4, 0), (5, 2), (130, 0)])
def test_a_step_fails_on_all_but_success_and_a_verdict_that_is_late(
    tmp_path: Path, code: int, failed_polls: int
) -> None:
    [plain], job, [warning], warning_job = snippets(tmp_path)
    assert plain["run"] == job["wait"]["script"][0]
    assert step(tmp_path, plain["run"], code, failed_polls).returncode == code
    is_late = code == 11 and failed_polls < 2
    done = step(tmp_path, warning["run"], code, failed_polls)
    assert (done.returncode, "::warning::" in done.stdout) == (0 if is_late else code, is_late)
    done = step(tmp_path, warning_job["wait"]["script"][0], code, failed_polls)
    is_allowed = done.returncode in warning_job["wait"]["allow_failure"]["exit_codes"]
    assert is_allowed is is_late
    assert (done.returncode == 0) is (code == 0)


def test_the_table_of_exit_codes_names_those_that_there_are() -> None:
    rows = re.findall(r"^\| ([\d, ]+) \|", PAGE, re.MULTILINE)
    named = {int(code) for row in rows for code in row.split(",")}
    assert named == {0, 3, 9, 11, 4, 5, 6}
    assert named <= set(ExitCode)
