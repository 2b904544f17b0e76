"""A private PostgreSQL server for the tests, run by an ordinary user from Debian's binaries, gone when the tests are."""

from __future__ import annotations

import fcntl
import os
import pwd
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from oracles import IN_CI

SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = '{folder}'
max_connections = 200
shared_buffers = 64MB
max_wal_size = 256MB
log_min_messages = warning
logging_collector = off
"""


def binaries() -> Path:
    """The folder with the server's programs. Fails the test in CI where there is none, and skips it elsewhere."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        (pytest.fail if IN_CI else pytest.skip)("there is no PostgreSQL server: install Debian's package postgresql")
    return found[-1].parent


def as_ordinary_user() -> dict[str, int]:
    """How a process must start so that PostgreSQL doesn't refuse to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = next((pwd.getpwnam(name) for name in ("postgres", "nobody") if _is_user(name)), None)
    assert nobody is not None
    return {"user": nobody.pw_uid, "group": nobody.pw_gid}


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


@dataclass
class PostgresServer:
    """A server with a folder of its own, listening on `port` of the loopback address."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://tester@127.0.0.1:{self.port}/postgres"

    def start(self, tries: int = 100) -> None:
        """Returns once it takes connections. After `kill`, what is left of the server before may hold its memory for a moment."""
        for left in reversed(range(tries)):
            try:
                self._control("start", "-w", "-t", "60", "-l", str(self.folder / "log"), "-o", f"-p {self.port}")
                return
            except subprocess.CalledProcessError:
                if not left:
                    raise
                time.sleep(0.1)

    def stop(self, mode: str = "fast") -> None:
        self._control("stop", "-m", mode, "-w", "-t", "60")

    def kill(self) -> None:
        """Kills the server's first process, as the kernel does when memory runs out; the others end by themselves."""
        os.kill(int((self.folder / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def standby(self, folder: Path) -> PostgresServer:
        """A standby that follows this server, not yet started."""
        other = PostgresServer(folder, free_port())
        _owned_folder(folder)
        subprocess.run(
            [binaries() / "pg_basebackup", "-d", self.url, "-D", folder / "data", "-R", "-X", "stream", "-c", "fast"],
            check=True,
            cwd=folder,
            **as_ordinary_user(),  # type: ignore[call-overload]
        )
        return other

    def promote(self) -> None:
        self._control("promote", "-w", "-t", "60")

    def _control(self, *words: str) -> None:
        subprocess.run(
            [binaries() / "pg_ctl", "-D", self.folder / "data", *words],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            **as_ordinary_user(),  # type: ignore[call-overload]
        )


def new_server(folder: Path, settings: str = "") -> PostgresServer:
    """A server that was never started, in `folder`, which is made."""
    _owned_folder(folder)
    owner = as_ordinary_user()
    subprocess.run(
        [binaries() / "initdb", "-D", folder / "data", "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=folder,
        **owner,  # type: ignore[call-overload]
    )
    with (folder / "data" / "postgresql.conf").open("a") as file:
        file.write(SETTINGS.format(folder=folder) + settings)
    return PostgresServer(folder, free_port())


def _owned_folder(folder: Path) -> None:
    """Makes a folder for the user that servers run as."""
    folder.mkdir(parents=True)
    owner = as_ordinary_user()
    if owner:
        os.chown(folder, owner["user"], owner["group"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def memory_folder() -> Path:
    """Where files are in memory, if the system has such a place: there a sync costs nothing."""
    return next((place for place in (Path("/dev/shm"),) if os.access(place, os.W_OK)), Path(tempfile.gettempdir()))


@contextmanager
def server_folder() -> Iterator[Path]:
    """A folder for servers of a test's own, which other users may enter; removed afterwards."""
    with tempfile.TemporaryDirectory(dir=memory_folder(), ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def own_server() -> Iterator[PostgresServer]:
    """A server that no other test uses, which has been started. It is gone afterwards."""
    with server_folder() as folder:
        server = new_server(folder / "server")
        try:
            server.start()
            yield server
        finally:
            server.stop("immediate")


@cache
def server_url() -> str:
    """The URL of the server that all tests of this run share. The first to ask starts it; it ends with the run's first process."""
    binaries()
    run = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    folder = memory_folder() / f"sendspec-postgres-{run}"
    with Path(f"{folder}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            server = new_server(folder)
            server.start()
            (folder / "port").write_text(str(server.port))
            subprocess.run([sys.executable, __file__, str(folder), str(run)], check=True)
        return PostgresServer(folder, int((folder / "port").read_text())).url


def stop_after(folder: Path, run: int) -> None:
    """Waits for a process to end, then stops the server in `folder` and removes all of it."""
    try:
        watched = os.pidfd_open(run)
    except ProcessLookupError:
        pass
    else:
        select.select([watched], [], [])
    server = PostgresServer(folder, int((folder / "port").read_text()))
    server.stop("immediate")
    shutil.rmtree(folder, ignore_errors=True)
    Path(f"{folder}.lock").unlink(missing_ok=True)


if __name__ == "__main__":
    if os.fork():
        os._exit(0)
    os.setsid()
    stop_after(Path(sys.argv[1]), int(sys.argv[2]))
