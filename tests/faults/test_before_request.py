"""What goes wrong before a byte of a message has left: nothing is in doubt, and all of it is sent later."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from invariants import InvariantCheck
from long_rows import all_but
from project_dir import CountingServer, ProjectDir

SEND = ("send", "hello.yaml", "--env", "test", "--yes", "--format", "json")


def pointed_at(project_dir: ProjectDir, url: str) -> str:
    """Writes another address into the project file; returns the text that it had."""
    path = project_dir.folder / "sendspec.yaml"
    before = path.read_text()
    address = before.partition("api_url: ")[2].partition("\n")[0]
    path.write_text(before.replace(address, url))
    return before


PATIENCE = """
import sys
from sendspec.sending import run
real = run.Settings
class Impatient(real):
    def __init__(self, **given):
        super().__init__(**{**given, "patience": 0.4})
run.Settings = Impatient
from sendspec.sending import connection as wire
wire.CONNECT_SECONDS = 0.2
from sendspec.cli.main import main
main(sys.argv[1:])
"""


def impatient(project_dir: ProjectDir) -> Any:
    """A send that gives a server less than half a second to turn up."""
    import os
    import subprocess
    import sys

    return subprocess.run(
        [sys.executable, "-c", PATIENCE, *SEND], cwd=project_dir.folder, env={**os.environ, **project_dir.environ},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_name_that_leads_nowhere_is_not_sent(
    ready: ProjectDir, server: CountingServer, invariants: InvariantCheck
) -> None:
    before = pointed_at(ready, "https://nothing.invalid\n    allow_host: nothing.invalid")
    done = impatient(ready)
    assert done.returncode == 3, done.stderr
    assert "can't be reached" in done.stderr
    (ready.folder / "sendspec.yaml").write_text(before)
    totals = invariants()
    assert (totals["accepted"], totals["in_doubt"]) == (40, 0)


def test_a_connection_that_is_never_accepted_is_not_sent(
    ready: ProjectDir, server: CountingServer, invariants: InvariantCheck
) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = []
        for _ in range(4):  # the backlog takes these, and no more
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
            fillers.append(filler)
        before = pointed_at(ready, f"http://127.0.0.1:{full.getsockname()[1]}")
        done = impatient(ready)
        for filler in fillers:
            filler.close()
    assert done.returncode == 3, done.stderr
    (ready.folder / "sendspec.yaml").write_text(before)
    totals = invariants()
    assert (totals["accepted"], totals["in_doubt"]) == (40, 0)


@pytest.mark.parametrize(
    "name", all_but(["http_proxy", "ALL_PROXY"], ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"])
)
def test_a_proxy_in_the_environment_is_not_used(ready: ProjectDir, server: CountingServer, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.setblocking(False)
        ready.environ = {**ready.environ, name: f"http://127.0.0.1:{proxy.getsockname()[1]}"}
        assert ready.run(*SEND).code == 0
        with pytest.raises(BlockingIOError):
            proxy.accept()
    assert len(server.posts) == 40


def test_a_netrc_with_credentials_is_not_used(ready: ProjectDir, server: CountingServer, tmp_path_factory: Any) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / ".netrc").write_text("machine 127.0.0.1 login somebody password something\n")
    (home / ".netrc").chmod(0o600)
    ready.environ = {**ready.environ, "HOME": str(home), "NETRC": str(home / ".netrc")}
    assert ready.run(*SEND).code == 0
    assert {request.headers["Authorization"].split()[0] for request in server.requests} == {"AccessKey"}
