"""A sandbox with its page, served, and a client that has the page's link or not."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
from sandbox_client import CHANNEL, NOW, WORKSPACE, Clock
from sendspec.diagnostics.redaction import mask
from sendspec.ledger.record import MessageRecord
from sendspec.planning.message_state import State
from sendspec.sandbox.api import Sandbox
from sendspec.sandbox.change_watch import ChangeWatch
from sendspec.sandbox.comparison import Fingerprint, Planned
from sendspec.sandbox.page import PAGE_PATH, SandboxPage
from sendspec.sandbox.page_access import page_token, secret_path
from sendspec.sandbox.page_server import ServedPage
from sendspec.sandbox.server import serving
from sendspec.sandbox.store import Store
from sendspec.showing.pages.sandbox_page import sandbox_page

MAIL: dict[str, Any] = {
    "receiver": {"contacts": [{"identifierKey": "emailaddress", "identifierValue": "zoe@example.com"}]},
    "body": {"type": "html", "html": {"text": "plain", "html": "<b>fat</b>", "metadata": {"subject": "Spring"}}},
}
ONE_GSM7, TWO_UCS2 = 2, 5
RECORD = MessageRecord(
    id=bytes(16), name="hello", generation=1, state=State.ACCEPTED, attempt=1, masked="+44••••••01", reference=None, remote_id=None,
    http_status=202, evidence=None, updated_at=NOW, resends=0, line=2, size=ONE_GSM7,
)  # fmt: skip


def record(number: int, **more: Any) -> MessageRecord:
    """The record of a message to the number that `payload` has for this `number`."""
    return replace(RECORD, **{"id": number.to_bytes(16), "masked": mask(f"+4477009{number:05d}"), **more})


SALT = b"salt of the tests"
NO_HEADERS: Mapping[str, str] = {}
TOKEN = page_token(b"a token of the tests, long enough")
SECRET = secret_path(b"a secret path")
BASE = f"/_sandbox{SECRET}"


@dataclass
class PlannedHere:
    """The ledger of the tests: `records`, or in `why_not` why there is none. `before_reading` happens right before it is read."""

    records: list[MessageRecord] = field(default_factory=list)
    why_not: str = ""
    fingerprints: dict[bytes, Fingerprint] = field(default_factory=dict)
    before_reading: Callable[[], object] = lambda: None

    def read(self) -> Planned | str:
        self.before_reading()
        return self.why_not or Planned(
            records=self.records, workspaces=frozenset({WORKSPACE}), salt=SALT, fingerprints=self.fingerprints
        )

    def mark(self) -> object:
        return len(self.records), self.why_not


class PageClient:
    """`page` answers without sockets. `get` and `post` go through the server, with the link's cookie unless it is to be left out."""

    def __init__(
        self, sandbox: Sandbox, clock: Clock, planned: PlannedHere, page: SandboxPage, url: str, link: str
    ) -> None:
        self.sandbox, self.clock, self.planned, self.page, self.url, self.link = (
            sandbox,
            clock,
            planned,
            page,
            url,
            link,
        )
        self._pool = urllib3.PoolManager(retries=False, timeout=10)
        self.cookie = f"sendspec-{url.rpartition(':')[2]}={TOKEN}"

    def put(self, *payloads: dict[str, Any]) -> None:
        """Messages that arrive now, with the ids `id-0`, `id-1` and so on."""
        start = len(self.sandbox.store.all())
        messages = [(f"id-{start + n}", payload) for n, payload in enumerate(payloads)]
        self.sandbox.store.add(WORKSPACE, CHANNEL, messages, self.clock.now)

    def html(self, place: str) -> str:
        """The page at a place such as `with/…`, without sockets."""
        reply = self.page.get(PAGE_PATH + place)
        assert reply.status == 200, reply
        return reply.body.decode()

    def get(
        self, place: str, *, cookie: bool = True, headers: Mapping[str, str] = NO_HEADERS, base: str | None = None
    ) -> Any:
        return self._ask("GET", place, None, cookie, headers, base)

    @contextmanager
    def listening(self) -> Iterator[socket.socket]:
        """A reader of the stream that tells of changes, once it has heard the first."""
        host, port = self.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as reader:
            reader.sendall(
                f"GET {BASE}events HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {self.cookie}\r\n\r\n".encode()
            )
            found = b""
            while b"event: " not in found:
                found += reader.recv(65_536)
            yield reader

    def post(
        self, place: str, fields: Mapping[str, str], *, cookie: bool = True, origin: str | None = "", headers: Mapping[str, str] = NO_HEADERS,
        base: str | None = None,
    ) -> Any:  # fmt: skip
        sent = {"Origin": origin or self.url} if origin is not None else {}
        return self._ask("POST", place, urlencode(fields).encode(), cookie, {**sent, **headers}, base)

    def _ask(
        self,
        method: str,
        place: str,
        body: bytes | None,
        cookie: bool,
        headers: Mapping[str, str],
        base: str | None = None,
    ) -> Any:
        sent = {**({"Cookie": self.cookie} if cookie else {}), **headers}
        return self._pool.request(
            method, self.url + (BASE if base is None else base) + place, body=body, headers=sent, redirect=False
        )


@contextmanager
def paged(
    records: Sequence[MessageRecord] = (),
    *,
    now: float | None = NOW,
    has_webhook: bool = False,
    path: Path | None = None,
    **options: Any,
) -> Iterator[PageClient]:
    """A sandbox with its page. Its clock stands still, unless `now` is None. Its messages are in the file at `path`, or in memory."""
    clock, planned = Clock(), PlannedHere(list(records))
    wall = time.time if now is None else clock
    store = Store(path, wall)
    clock.now = time.time() if now is None else now
    sandbox = Sandbox(store, wall, **options)
    page = SandboxPage(
        sandbox, wall, lambda view, frame: sandbox_page(view, frame, _utc), planned, has_webhook=has_webhook
    )
    watch = ChangeWatch(store, sandbox.faults, wall, sandbox.pace, planned.mark)
    served = ServedPage(page, TOKEN, SECRET, watch, time.monotonic, heartbeat_seconds=0.05)
    with serving(sandbox, page=served) as url:
        yield PageClient(sandbox, clock, planned, page, url, served.listens_at(url))
    store.close()


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
