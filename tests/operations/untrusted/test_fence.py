"""What a child that somebody took over can't do: each act is tried behind the walls alone, and behind the net."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from oracles import IN_CI

pytestmark = pytest.mark.process

FENCED = """
import ctypes, os, resource, signal, socket, sqlite3, subprocess, sys
from sendspec.operations.untrusted import fence
from sendspec.operations.untrusted.call_filter import refuse_calls
from sendspec.operations.untrusted.child import _python_folders
from sendspec.operations.untrusted.limits import LIMITS
inside, outside, port, parent, act, walls = sys.argv[1:]
folders = [inside, *_python_folders()]
libc = ctypes.CDLL(None, use_errno=True)
assert "files" not in walls or fence.leave_the_rest(folders)
assert "calls" not in walls or refuse_calls()
fence.limit_resources(LIMITS)
if walls == "files calls net":
    fence.watch(folders, lambda event: os._exit(72))
try:
    exec(act)
except OSError as error:
    print(type(error).__name__, flush=True)
    os._exit(3)
print("done", flush=True)
os._exit(0)
"""

WALLS = {
    "read outside": "os.open(outside, os.O_RDONLY)",
    "list outside": "os.open(os.path.dirname(outside), os.O_RDONLY | os.O_DIRECTORY); os.listdir(os.path.dirname(outside))",
    "read the environment of the parent": "open(f'/proc/{parent}/environ').read()",
    "read its own": "open('/proc/self/environ').read()",
    "read a device": "open('/dev/zero').read(1)",
    "write inside": "os.open(inside + '/new', os.O_CREAT | os.O_WRONLY)",
    "make a folder": "os.mkdir(inside + '/folder')",
    "remove a file": "os.unlink(inside + '/file')",
    "make a link": "os.symlink(outside, inside + '/link')",
    "write outside": "os.open(outside + '.new', os.O_CREAT | os.O_WRONLY)",
    "run a program": "os.execv('/bin/true', ['true'])",
    "connect": "socket.create_connection(('127.0.0.1', int(port)), 5)",
    "listen": "s = socket.socket(); s.bind(('127.0.0.1', 0))",
    "signal its parent": "os.kill(int(parent), 0)",
    "raise a limit": "resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1)) if os.geteuid() else os.open(outside, 0)",
}
CALLS = {
    "connect by another protocol": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', int(port)))",
    "connect to a file": "socket.socket(socket.AF_UNIX).connect(inside + '/file')",
    "connect": "socket.create_connection(('127.0.0.1', int(port)), 5)",
    "run a program": "os.execv('/bin/true', ['true'])",
    "watch another process": "raise OSError(ctypes.get_errno()) if libc.ptrace(16, int(parent), 0, 0) < 0 else ValueError",
    "make a world of its own": "raise OSError(ctypes.get_errno()) if libc.unshare(0x10000000) < 0 else ValueError",
    "start a process": "subprocess.run(['/bin/true'])",
    "start a shell": "os.system('true') and os.open('/nowhere', 0)",
    "fork": "os.fork() or os._exit(0)",
}
NET = {
    "open a database": "sqlite3.connect(':memory:')",
    "call a library": "ctypes.CDLL('libc.so.6')",
    "leave by ..": "open(inside + '/../outside.csv')",
}
ALL: dict[str, str] = WALLS | CALLS | NET
EASY = {
    "read inside": "assert open(inside + '/file').read() == 'x'",
    "list inside": "assert os.listdir(inside) == ['file']",
    "import late": "import colorsys",
}


def tried(tmp_path: Path, act: str, walls: str) -> tuple[int, str]:
    inside, outside = tmp_path / "inside", tmp_path / "outside.csv"
    inside.mkdir()
    (inside / "file").write_text("x")
    outside.write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-B", "-c", FENCED, str(inside), str(outside), port, str(_own_id()), act, walls],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert sorted(tmp_path.iterdir()) == [inside, outside]
    assert [path.name for path in inside.iterdir()] == ["file"]
    return done.returncode, done.stdout + done.stderr


def _own_id() -> int:
    import os

    return os.getpid()


@pytest.fixture(autouse=True)
def landlock() -> None:
    import ctypes

    version = (
        ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), ctypes.c_uint(1)) if sys.platform == "linux" else -1
    )
    if version < 6:
        (pytest.fail if IN_CI else pytest.skip)("this kernel has no Landlock, or an old one")


@pytest.mark.parametrize("name", WALLS)
def test_landlock_alone_refuses_it(tmp_path: Path, name: str) -> None:
    code, said = tried(tmp_path, WALLS[name], "files")
    assert code == 3, said


@pytest.mark.parametrize("name", CALLS)
def test_seccomp_alone_refuses_it(tmp_path: Path, name: str) -> None:
    code, said = tried(tmp_path, CALLS[name], "calls")
    assert code == 3, said


@pytest.mark.parametrize("name", ALL)
def test_the_net_refuses_it_or_ends_the_process(tmp_path: Path, name: str) -> None:
    code, said = tried(tmp_path, ALL[name], "files calls net")
    assert code in (3, 72), said


@pytest.mark.parametrize("name", EASY)
def test_what_a_check_needs_is_left(tmp_path: Path, name: str) -> None:
    code, said = tried(tmp_path, EASY[name], "files calls net")
    assert code == 0, said
