"""What a person sees when something is wrong: the exact text of `validate`, a folder for each case."""

from __future__ import annotations

from pathlib import Path

import pytest
from sendspec.cli.main import run

CASES = sorted(path for path in (Path(__file__).resolve().parent / "cases").iterdir() if path.is_dir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_reads_as_expected(
    case: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(case)
    code = run(["validate", "spec.yaml", "--color", "never"])
    captured = capsys.readouterr()
    shown = f"exit {code}\n{captured.out}{captured.err}"
    expected = case / "expected.txt"
    if request.config.getoption("--update-cases"):
        expected.write_text(shown, encoding="utf-8")
    assert shown == expected.read_text(encoding="utf-8")
