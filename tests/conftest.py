"""What holds for every test: loopback traffic only, nobody's environment, an empty home, and no process without its mark."""

from __future__ import annotations

import gc
import ipaddress
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sendspec.__main__ import GARBAGE_LOOKED_FOR

settings.register_profile(
    "suite", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("fast", settings.get_profile("suite"), max_examples=20)
settings.register_profile("long", settings.get_profile("suite"), max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


TESTS = Path(__file__).resolve().parent
if sys.dont_write_bytecode:  # nothing goes beside the sources, but no process compiles every module again
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(TESTS.parent / "build" / "bytecode")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix

MEMORY = Path("/dev/shm")
"""A file system in memory: a sync there takes no time, and half of what a send in a test costs is its syncs."""
ROOM_BYTES = 1 << 30
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

PROCESS_FOLDERS = {
    "bad_input",
    "browser",
    "cli",
    "faults",
    "fuzz",
    "gitops",
    "hostile",
    "promise",
    "protocol",
    "sandbox",
}
"""Folders whose tests run commands, or servers, in processes of their own."""
PROCESS_FIXTURES = {"browser_page", "project_dir", "project", "shared"}
"""Fixtures that run commands in processes of their own."""


LONGEST = (
    "fuzz/", "performance/", "protocol/", "promise/test_storm.py", "promise/test_plan_property.py", "hostile/test_template_bombs.py",
    "hostile/test_bounded_reading.py", "test_packaging.py", "test_readme.py", "gitops/test_hooks.py", "gitops/test_hosted",
)  # fmt: skip
"""Where tests take seconds each: a worker that comes to one of them last keeps the others waiting."""


ROWS_OF_A_LARGE_TABLE = 6
"""A test with as many rows that starts processes runs a third of them in `make test`, and the rest in `make test-long`."""


class TrafficElsewhere(RuntimeError):
    """A test tried to reach an address that isn't on this machine."""


class UnmarkedProcess(RuntimeError):
    """A test without the mark `process` starts a process."""


_process_allowed = True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that start processes, which `make test-fast` leaves out, and puts the longest tests first."""
    place = {path: path.relative_to(TESTS) for path in {item.path for item in items}}
    for item in items:
        if place[item.path].parts[0] in PROCESS_FOLDERS or PROCESS_FIXTURES.intersection(
            getattr(item, "fixturenames", ())
        ):
            item.add_marker(pytest.mark.process)
    _mark_most_rows_long(items)
    is_late = {path: not name.as_posix().startswith(LONGEST) for path, name in place.items()}
    items.sort(key=lambda item: is_late[item.path])


def _mark_most_rows_long(items: list[pytest.Item]) -> None:
    """Of the rows of large tables, every third stays. It is another one in each three: so all values of a second parameter take turns."""
    tables: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("process") and not item.get_closest_marker("long"):
            tables.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for rows in tables.values():
        for number, item in enumerate(rows):
            if len(rows) >= ROWS_OF_A_LARGE_TABLE and number % 3 != number // 3 % 3:
                item.add_marker(pytest.mark.long)


def pytest_collection_finish() -> None:
    """The tests stay to the end, and need no looking through for garbage; what they leave can wait, as in the product."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_LOOKED_FOR)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    global _process_allowed
    _process_allowed = item.get_closest_marker("process") is not None


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and not _is_loopback(str(address[0])):
            raise TrafficElsewhere(f"a test connects to {address[0]}")
    elif event in ("subprocess.Popen", "os.fork", "os.posix_spawn") and not _process_allowed:
        raise UnmarkedProcess("mark the test with @pytest.mark.process: it starts a process")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


sys.addaudithook(_watch)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a job in a shell's background: commands would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """New folders below one of their own: pytest's would look at all earlier ones for the next number."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, homes: Iterator[Path]) -> None:
    """No setting of the machine reaches a test, in this process or in one that it starts."""
    for name in list(os.environ):
        if name.startswith("SENDSPEC_") or name in ("CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
            monkeypatch.delenv(name)
    home = next(homes)
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture
def checkout() -> Path:
    """The folder of the project's own files."""
    return Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--sweep", type=int, default=0, help="kill at every system call up to this one")
    parser.addoption("--model-every", type=int, default=25, help="hold every so many requests against jsonschema too")
    parser.addoption("--update-cases", action="store_true", help="rewrite the expected text of tests/cases")
