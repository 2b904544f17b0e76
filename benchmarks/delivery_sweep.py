"""Measures a sweep over the API's list for what became of many messages: requests, seconds, memory; and the account of what is kept.

`make bench-delivery`, or `python -m benchmarks.delivery_sweep --messages 20000` for a look. The list comes from a server on this machine.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from sendspec.composing.identity import id_text, message_id, receiver_hash
from sendspec.ledger import access
from sendspec.ledger.delivery_access import open_deliveries
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.place import LedgerPlace
from sendspec.ledger.record import Claim, PlannedRecord, Route, RunOwner, SendIdentity, Settlement
from sendspec.operations.delivery_account import delivery_account
from sendspec.operations.delivery_lookup import sent_messages
from sendspec.operations.system import real_clock
from sendspec.operations.undecided_messages import UndecidedMessages
from sendspec.planning.message_state import State
from sendspec.provider.endpoint import Endpoint
from sendspec.reading.environment import LedgerFile
from sendspec.sending.connection import Connection
from sendspec.sending.delivery_sweep import DeliverySweep
from sendspec.sending.report_match import ReportMatch

SALT = bytes(32)
IDENTITY = LedgerIdentity("bench", SALT)
OWNER = RunOwner(pid=os.getpid(), host="bench", command="bench")
ROUTE = Route("w", "c")
DIGEST = bytes(24)
GROUP = 5_000
PAGE = 1_000
FAILED_OF = 20
"""One message in so many failed."""
SENDS = [("hello", 1)]


def identity(number: int) -> bytes:
    return message_id(SALT, "hello", 1, phone(number))


def phone(number: int) -> str:
    return f"+4477{number:08d}"


def make_ledger(place: LedgerFile, count: int) -> None:
    """A ledger in which so many messages were accepted."""
    access.make_unlisted(place, IDENTITY, OWNER, since="now", now=time.time())
    records = (
        PlannedRecord(identity(n), DIGEST, None, receiver_hash(SALT, phone(n)), "+44••••••00", n + 2, 2)
        for n in range(count)
    )
    with access.hold(place, IDENTITY, OWNER, since="now", ci=False) as ledger:
        ledger.begin(OWNER, now=time.time())
        ledger.put_planned(SendIdentity("hello", 1, "hello.yaml"), records, bytes(32), now=time.time(), route=ROUTE)
        numbers = iter(range(count))
        while group := list(islice(numbers, GROUP)):
            ids = {identity(n): n for n in group}
            won = ledger.exchange(settle=(), claim=[Claim(each, DIGEST, None) for each in ids], now=time.time()).won
            settled = [Settlement(i, a, State.ACCEPTED, f"api-{ids[i]}", None, 202) for i, a in won.items()]
            ledger.exchange(settle=settled, claim=(), now=time.time())
        ledger.end(now=time.time(), ending="finished", requests=count)


def entry(number: int) -> str:
    """A message as the list shows it, with the fields that the API documents."""
    failed = number % FAILED_OF == 0
    failure = (
        ',"failure":{"code":15005,"description":"x","source":{"name":"sms-messagebird","code":"1"}},"details":"unknown_subscriber",'
        '"reason":"details: no line; reason: unknown_subscriber; code: 1"'
    )
    return (
        f'{{"id":"api-{number}","channelId":"{ROUTE.channel}","sender":{{"connector":{{"id":"c","identifierValue":"Acme"}}}},'
        f'"receiver":{{"contacts":[{{"id":"k-{number}","identifierKey":"phonenumber","identifierValue":"{phone(number)}"}}]}},'
        f'"reference":"{id_text(identity(number))}","body":{{"type":"text","text":{{"text":"Hi Ada, your order {number} is on its way."}}}},'
        f'"parts":[{{"platformReference":"p{number}"}}],"status":"{"delivery_failed" if failed else "delivered"}","direction":"outgoing",'
        '"lastStatusAt":"2026-11-29T10:00:03.000Z","createdAt":"2026-11-29T10:00:00.000Z","updatedAt":"2026-11-29T10:00:03.000Z"'
        f"{failure if failed else ''}}}"
    )


def serve(count: int, found: Any) -> None:
    class Exchange(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            start = int(parse_qs(self.path.partition("?")[2]).get("pageToken", ["0"])[0])
            end = min(start + PAGE, count)
            token = json.dumps(str(end) if end < count else None)
            body = f'{{"results":[{",".join(map(entry, range(start, end)))}],"nextPageToken":{token}}}'.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
    found.put(server.server_address[1])
    server.serve_forever()


@contextmanager
def list_server(count: int) -> Iterator[int]:
    """The port of a server that lists so many messages, in a process of its own."""
    forks = multiprocessing.get_context("fork")
    found = forks.Queue()
    process = forks.Process(target=serve, args=(count, found))
    process.start()
    try:
        yield found.get()
    finally:
        process.terminate()
        process.join()


def line(what: str, value: float, unit: str) -> None:
    print(f"{what:<44}{value:>12,.1f} {unit}", flush=True)


def peak() -> float:
    """The most memory that this process has had, in MB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found is not None
    return int(found[1]) / 1_000


def sweep(place: LedgerPlace, count: int, port: int) -> None:
    endpoint = Endpoint(
        scheme="http", host="127.0.0.1", port=port, authority="x", path="/messages", authorization="AccessKey bench",
        peer_allowed=lambda peer: True,
    )  # fmt: skip
    clock = real_clock()
    line("memory before", peak(), "MB")
    with access.read(place, IDENTITY) as ledger, open_deliveries(place, IDENTITY, None) as store:
        undecided = UndecidedMessages(time.time(), clock.random)
        timed("account of unknown messages", lambda: delivery_account(ledger, store, *SENDS[0], undecided))
        match = ReportMatch(ledger, partial(receiver_hash, SALT), lambda: sent_messages(ledger, SENDS))
        connect = lambda route: Connection(endpoint, None, clock.monotonic)  # noqa: E731 - used once
        sweeper = DeliverySweep(match, connect, clock, seconds=7_200.0)
        cpu, start = time.process_time(), time.perf_counter()
        swept = sweeper.run(undecided.channels(), lambda route, found: store.observe(one for _, one in found))
        seconds = time.perf_counter() - start
        assert (swept.observed, swept.is_whole) == (count, True), swept
        line("requests of a sweep", swept.requests, "")
        line("seconds of a sweep", seconds, "s")
        line("  of them CPU of this process", time.process_time() - cpu, "s")
        timed("account of final messages", lambda: delivery_account(ledger, store, *SENDS[0]))
    line("memory at most", peak(), "MB")


def timed(what: str, work: Callable[[], object]) -> None:
    start = time.perf_counter()
    work()
    line(what, time.perf_counter() - start, "s")


def in_a_process(work: Callable[..., None], *arguments: Any) -> None:
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(process.exitcode)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000, help="how many the list shows")
    count = parser.parse_args().messages
    with tempfile.TemporaryDirectory() as folder, list_server(count) as port:
        place = LedgerFile(Path(folder) / "bench.db", durable=True)
        in_a_process(make_ledger, place, count)
        in_a_process(sweep, place, count, port)
        kept = sum(path.stat().st_size for path in Path(folder).glob("bench.db.delivery*"))
        line("bytes kept for each message", kept / count, "B")


if __name__ == "__main__":
    main()
