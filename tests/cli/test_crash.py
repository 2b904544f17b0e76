"""What a bug leaves behind: where it happened, and nobody's data."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from sendspec.cli.crash import report_crash
from sendspec.diagnostics.exit_code import ExitCode

NUMBER = "+31612345678"


def _bug() -> Exception:
    try:
        raise LookupError(f"no row for {NUMBER}")
    except LookupError as error:
        return error


def test_the_crash_file_says_where_and_holds_no_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert report_crash(_bug(), "send") == ExitCode.BUG
    said = capsys.readouterr().err
    [file] = tmp_path.iterdir()
    assert str(file) in said
    assert "LookupError" in file.read_text()
    assert "in _bug" in file.read_text()
    assert NUMBER not in said + file.read_text()


def test_where_no_file_can_be_written_the_lines_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    assert report_crash(_bug(), "send") == ExitCode.BUG
    said = capsys.readouterr().err
    assert "in _bug" in said
    assert "the lines above" in said
    assert NUMBER not in said
