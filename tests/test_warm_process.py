"""A process runs a second command only where the first one left nothing behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sendspec import __version__
from warm_process import Order, run_warm, warm_process

pytestmark = pytest.mark.process
SUPPORT = Path(__file__).parent / "support"

LEFT_BEHIND = {
    "a file": "kept.append(open('/dev/null'))",
    "a socket": "import socket; kept.append(socket.socket())",
    "a database": "import sqlite3; kept.append(sqlite3.connect(':memory:'))",
    "a thread": "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()",
    "a child": "import subprocess; kept.append(subprocess.Popen(['true']))",
    "a value": "interrupt.end_undisturbed()",
    "an entry": "main.COMMANDS['more'] = ''",
    "no standard output": "import os; os.close(1)",
}
UNDONE = {
    "a handler": "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    "a descriptor": "import os; os.open('/dev/null', os.O_RDONLY)",
    "a file that nobody has any more": "a = [open('/dev/null')]; a.append(a); del a",
    "a stream": "sys.stdout = open('/dev/null', 'w')",
}
SCRIPT = """
import gc, sys
sys.path.insert(0, {support!r})
from process_state import ProcessState
from sendspec.cli import interrupt, main
state, kept = ProcessState(), []
gc.freeze()
assert state.is_restored()
{left}
sys.exit(10 + state.is_restored())
"""


@pytest.mark.parametrize("left", LEFT_BEHIND.values(), ids=LEFT_BEHIND)
def test_what_a_command_leaves_behind_is_noticed(left: str) -> None:
    assert exit_code(left) == 10


@pytest.mark.parametrize("left", UNDONE.values(), ids=UNDONE)
def test_what_the_end_of_a_process_undoes_is_undone(left: str) -> None:
    assert exit_code(left) == 11


def exit_code(left: str) -> int:
    script = SCRIPT.format(support=str(SUPPORT), left=left)
    return subprocess.run([sys.executable, "-c", script], stderr=subprocess.DEVNULL, check=False).returncode


def version(folder: Path, *, alone: bool = False) -> Order:
    return Order(["--version"], str(folder), {}, alone)


def test_commands_of_one_file_of_tests_share_a_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    numbers = []
    for test in ("test_one.py::first", "test_one.py::second", "test_two.py::first"):
        monkeypatch.setenv("PYTEST_CURRENT_TEST", f"{test} (call)")
        numbers.append(warm_process().shared_fork().pid)
        assert run_warm(version(tmp_path)) == (0, f"sendspec {__version__}\n", "")
    assert numbers[0] == numbers[1] != numbers[2]


def test_a_process_that_something_is_left_in_is_not_shared(tmp_path: Path) -> None:
    fork = warm_process().shared_fork()
    script = "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()"
    order = Order([], str(tmp_path), {}, script=script)
    assert run_warm(order)[0] == 0
    assert warm_process().shared_fork().pid != fork.pid


def test_a_command_alone_in_its_process_ends_it(tmp_path: Path) -> None:
    numbers: list[int] = []
    for _ in range(2):
        assert run_warm(version(tmp_path, alone=True), started=numbers.append)[0] == 0
    assert len(set(numbers)) == 2
    assert not [number for number in numbers if Path(f"/proc/{number}").exists()]


def test_a_command_that_does_not_end_is_killed_and_the_next_one_runs(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        run_warm(Order(["sandbox", "--port", "0"], str(tmp_path), {}), timeout=0.2)
    assert run_warm(version(tmp_path))[0] == 0


def test_limits_hold_for_one_command(tmp_path: Path) -> None:
    script = "import resource, sys; sys.exit(resource.getrlimit(resource.RLIMIT_CPU)[0])"
    order = Order([], str(tmp_path), {}, alone=True, script=script, limits={"RLIMIT_CPU": 7})
    assert run_warm(order)[0] == 7
    assert run_warm(version(tmp_path))[0] == 0
