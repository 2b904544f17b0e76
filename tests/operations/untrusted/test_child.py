"""The child of an untrusted check, with a library in it that somebody took over."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import sendspec
from long_rows import all_but
from sendspec.operations.untrusted.child_process import ENVIRONMENT, FORBIDDEN, PROGRAM
from sendspec.operations.untrusted.limits import LIMITS
from sendspec.operations.untrusted.report import UntrustedReport, UntrustedRequest, Wall
from sendspec.operations.untrusted.value_codec import decoded, encoded

pytestmark = pytest.mark.process

SPEC = """spec: 1
name: hello
channel: sms
recipients: {list: [{phone: "+447911123456"}], check: valid}
message: {body: {type: text, text: {text: Hi}}}
"""
ACTS = {
    "runs a program": "import os; os.system('true')",
    "starts a process": "import subprocess; subprocess.run(['true'])",
    "opens a socket": "import socket; socket.socket()",
    "opens a ledger": "import sqlite3; sqlite3.connect(':memory:')",
    "loads a library of the system": "import ctypes; ctypes.CDLL('libc.so.6')",
}


def run_with(library: str | None, folder: Path, spec: str = SPEC) -> subprocess.CompletedProcess[bytes]:
    """The child, with this module in place of `phonenumbers`, which is loaded for the first number that has to be valid."""
    taken, copy = folder / "taken", folder / "copy"
    taken.mkdir()
    copy.mkdir()
    if library is not None:
        (taken / "phonenumbers.py").write_text(library, encoding="utf-8")
    (copy / "hello.yaml").write_text(spec, encoding="utf-8")
    request = UntrustedRequest(
        specs=("hello.yaml",), env=None, plans=True, top=str(copy), left_out={}, limits=LIMITS, parent=os.getpid()
    )
    packages = [str(taken), sysconfig.get_path("purelib"), str(Path(sendspec.__file__).parents[1])]
    return subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", PROGRAM, *packages],
        cwd=copy, env=ENVIRONMENT, input=encoded(request), capture_output=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_library_as_it_should_be_leads_to_a_report(tmp_path: Path) -> None:
    done = run_with(None, tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    found = decoded(UntrustedReport, done.stdout)
    assert found.diagnostics == ()
    assert set(found.walls) <= set(Wall)


def test_a_fault_in_the_yaml_is_reported(tmp_path: Path) -> None:
    """The library that has the last word on it is imported behind the walls."""
    done = run_with(None, tmp_path, SPEC + "suppress: [a.txt\n")
    assert (done.returncode, done.stderr) == (0, b"")
    [found] = decoded(UntrustedReport, done.stdout).diagnostics
    assert (found.code, found.span.start.line) == ("yaml-syntax", 6)


def test_a_library_that_is_imported_later_is_found_as_well(tmp_path: Path) -> None:
    """The parent of a child that reads faulty YAML hasn't imported what that needs."""
    (tmp_path / "ruamel" / "yaml").mkdir(parents=True)
    (tmp_path / "ruamel" / "yaml" / "__init__.py").touch()
    program = "from sendspec.operations.untrusted import child_process; print(*child_process._library_folders())"
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)
    assert str(tmp_path) in done.stdout.split()


@pytest.mark.parametrize("act", all_but(["starts a process", "opens a ledger"], ACTS))
def test_a_library_that_was_taken_over_ends_the_child(tmp_path: Path, act: str) -> None:
    done = run_with(ACTS[act], tmp_path)
    assert done.returncode == FORBIDDEN, done.stderr
    assert done.stdout == b""
    assert done.stderr


def test_what_a_library_prints_is_no_report(tmp_path: Path) -> None:
    done = run_with("print('::error::x'); import os; os.write(1, b'{}'); raise ValueError", tmp_path)
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr == b"ValueError"
