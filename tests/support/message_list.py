"""The counting server's message list, with the windows, pages and filters that the API documents, and ways to lie."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from project_dir import Answer, CountingServer, ProjectDir, Request
from sendspec.ledger.sqlite.tables import row_checksum

Messages = list[dict[str, Any]]


class DatedList:
    """Answers the server's GETs. `clock` is by how many seconds the API's clock is ahead of this machine's.

    `lie` changes what is listed, after the filters; `broken` answers a request in another way, where it wants to.
    """

    def __init__(self, server: CountingServer, *, page: int = 1_000) -> None:
        self.page = page
        self.clock = 0.0
        self.tells_time = True
        self.lie: Callable[[Messages], Messages] = lambda messages: messages
        self.broken: Callable[[Request, dict[str, list[str]]], Answer | None] = lambda request, query: None
        self.queries: list[dict[str, list[str]]] = []
        self._server = server
        server.listing = self

    def __call__(self, request: Request) -> Answer:
        query = parse_qs(urlsplit(request.path).query)
        self.queries.append(query)
        answer = self.broken(request, query)
        if answer is not None:
            return answer
        since, until = (instant(query[name][0]) for name in ("startAt", "endAt"))
        assert until - since <= 7 * 86_400
        shown = [m for m in map(self._by_its_clock, self._server.taken) if since <= instant(m["createdAt"]) <= until]
        if receivers := query.get("to"):
            shown = [m for m in shown if m["receiver"]["contacts"][0]["identifierValue"] in receivers]
        shown = self.lie(sorted(shown, key=lambda message: str(message["createdAt"]), reverse=True))
        start, size = int(query.get("pageToken", ["0"])[0]), min(self.page, int(query["limit"][0]))
        page: dict[str, Any] = {"results": shown[start : start + size]}
        if len(shown) > start + size:
            page["nextPageToken"] = str(start + size)
        date = formatdate(time.time() + self.clock, usegmt=True) if self.tells_time else ""
        return Answer(200, json.dumps(page).encode(), {"Date": date})

    def _by_its_clock(self, message: dict[str, Any]) -> dict[str, Any]:
        return {**message, "createdAt": moment(instant(message["createdAt"]) + self.clock)}


def instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def age(project_dir: ProjectDir, server: CountingServer, hours: float) -> None:
    """Lets that much time pass since all that was done: in the ledger, and at the API."""
    for message in server.taken:
        message["createdAt"] = moment(instant(message["createdAt"]) - hours * 3_600)
    age_ledger(project_dir.folder / ".sendspec" / "test.db", hours * 3_600)


def age_ledger(path: Path, seconds: float) -> None:
    by = {"s": seconds}
    with sqlite3.connect(path) as ledger:
        ledger.create_function("row_checksum", 9, row_checksum, deterministic=True)
        ledger.execute("UPDATE event SET at = at - :s", by)
        ledger.execute("UPDATE absence SET at = at - :s", by)
        ledger.execute("UPDATE spec SET claimed_at = claimed_at - :s", by)
        ledger.execute("UPDATE run SET started_at = started_at - :s, ended_at = ended_at - :s", by)
        ledger.execute(
            "UPDATE message SET updated_at = updated_at - :s, first_claimed_at = first_claimed_at - CAST(:s AS INTEGER), checksum ="
            " row_checksum(id, spec, state, digest, reference, receiver, attempt + (resend << 32), remote_id,"
            " first_claimed_at - CAST(:s AS INTEGER))",
            by,
        )
    ledger.close()


def saved(project_dir: ProjectDir) -> dict[str, bytes]:
    """The ledger as it is now, with the mirror of its epoch, which a run may move on meanwhile: it is read first."""
    folder = project_dir.folder / ".sendspec"
    mirror = folder / "test.db.epoch"
    files = {mirror.name: mirror.read_bytes()} if mirror.exists() else {}
    source = sqlite3.connect(folder / "test.db")
    copy = sqlite3.connect(":memory:")
    source.backup(copy)
    source.close()
    files["test.db"] = bytes(copy.serialize())
    copy.close()
    return files


def restore(project_dir: ProjectDir, files: dict[str, bytes]) -> None:
    """Puts the ledger back as it was, its mirror too."""
    folder = project_dir.folder / ".sendspec"
    for name in ("test.db-wal", "test.db-shm", "test.db.epoch"):
        (folder / name).unlink(missing_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
