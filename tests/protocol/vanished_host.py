"""A host that vanishes from the network in the middle of a send: how long its run's lock on a shared ledger outlives it.

Needs root and Debian's iproute2: it makes a network namespace with one link to this machine, and takes the link down. `make vanish`
runs it; it takes about half a minute, and sends nothing beyond that link.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from ledger_samples import IDS, OWNER, SEND, claim, record
from postgres_server import PostgresServer, new_server, server_folder
from sendspec.ledger import access
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.place import Secret, ServerPlace
from sendspec.planning.message_state import State

NAMESPACE = f"sendspec-{os.getpid()}"
HERE, THERE = "10.213.7.1", "10.213.7.2"
LINK, FAR_END = "sendspec0", "sendspec1"
LIMIT_SECONDS = 60
IDENTITY = LedgerIdentity("one", bytes(32))


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def make_host() -> None:
    """A host of its own, behind one link."""
    ip("netns", "add", NAMESPACE)
    ip("link", "add", LINK, "type", "veth", "peer", "name", FAR_END, "netns", NAMESPACE)
    ip("addr", "add", f"{HERE}/30", "dev", LINK)
    ip("link", "set", LINK, "up")
    ip("-n", NAMESPACE, "addr", "add", f"{THERE}/30", "dev", FAR_END)
    ip("-n", NAMESPACE, "link", "set", FAR_END, "up")


def remove_host() -> None:
    with suppress(subprocess.CalledProcessError):
        ip("netns", "delete", NAMESPACE)
    with suppress(subprocess.CalledProcessError):
        ip("link", "delete", LINK)


def send_from_there(url: str, folder: str) -> None:
    """What runs on the host that vanishes: claims two messages, says so, and waits."""
    place = ServerPlace(Secret(url), "sendspec", "the server", Path(folder))
    with access.hold(place, IDENTITY, OWNER, since="now", ci=False) as ledger:
        ledger.begin(OWNER, now=time.time())
        ledger.put_planned(SEND, map(record, IDS), b"p" * 32, now=time.time())
        claim(ledger, *IDS[:2])
        print("claimed", flush=True)
        time.sleep(10 * LIMIT_SECONDS)


def seconds_until_recovered(server: PostgresServer, folder: str) -> float:
    """From the moment when the link is cut until a new run here puts the two messages in doubt."""
    place = ServerPlace(Secret(server.url), "sendspec", "the server", Path(folder))
    access.make(place, Path(folder) / "sendspec.lock", "test", IDENTITY, OWNER, since="now", now=time.time())
    far = f"postgresql://tester@{HERE}:{server.port}/postgres?sslmode=disable"
    command = ["ip", "netns", "exec", NAMESPACE, sys.executable, __file__, "--send", far, folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "claimed\n"
        assert recovered(place) == 0, "a living run was taken for dead"
        ip("link", "set", LINK, "down")
        start = time.monotonic()
        while recovered(place) != 2:
            assert time.monotonic() - start < LIMIT_SECONDS, "the lock is not back"
            time.sleep(0.5)
        taken = time.monotonic() - start
        process.kill()
    with access.read(place, IDENTITY) as facts:
        assert facts.states("hello", 1) == {State.IN_DOUBT: 2, State.PLANNED: 6}
    return taken


def recovered(place: ServerPlace) -> int:
    with access.hold(place, IDENTITY, OWNER, since="now", ci=False) as ledger:
        return ledger.begin(OWNER, now=time.time()).recovered


def main() -> None:
    make_host()
    try:
        with server_folder() as base, tempfile.TemporaryDirectory() as folder:
            server = new_server(base / "server", f"listen_addresses = '127.0.0.1,{HERE}'\n")
            with (server.folder / "data" / "pg_hba.conf").open("a") as file:
                file.write(f"host all all {THERE}/32 trust\n")
            server.start()
            try:
                print(
                    f"the lock of a run on a host that vanished was back after {seconds_until_recovered(server, folder):.1f} s"
                )
            finally:
                server.stop("immediate")
    finally:
        remove_host()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--send"]:
        send_from_there(*sys.argv[2:])
    else:
        main()
