"""The storm's server: answers in every odd way, lists with lies, and knows what it took and what it was told for each key."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, urlsplit

from json_server import JsonServer, http_response

PAGE = 25
TAKEN = (
    "echoless",
    "twice",
    "twice echoless",
    "500 taken",
    "drop taken",
    "half taken",
    "slow",
    "stale 429",
    "stale 422",
)
NOT_TAKEN = ("rejected", "422", "429", "500", "drop", "foreign")
ODD = ("418", "299", "302", "odd taken")
ODD_SHARE = 0.01
"""A status that nobody documents stops the run, and so is rare."""
LIES = ("newest missing", "oldest missing", "foreign", "unreadable", "shuffled", "repeated", "late", "500", "endless")
LATE_SECONDS = 0.5
OLD_SECONDS = 3_600.0

Message = dict[str, Any]
Seen = Callable[[Message], None]


@dataclass
class Books:
    """What the server took, by the message key that the text names, and every message that arrived."""

    taken: dict[str, list[str]] = field(default_factory=dict)
    arrived: int = 0


class StormApi(JsonServer):
    """`share` of the POSTs and `lies` of the lists go wrong, in ways drawn from `seed`. `seen` looks at each message as it arrives.

    A text begins with its message key, up to the first `:`.
    """

    def __init__(self, seed: int, seen: Seen) -> None:
        self.share = 0.0
        self.lies = 0.0
        self.books = Books()
        self.ways: dict[str, int] = {}
        self._seen = seen
        self._listed: list[Message] = []
        self._last = "none"
        self._count = 0
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        super().__init__()

    def forget(self) -> None:
        with self._lock:
            self.books, self._listed = Books(), []

    def answer_post(self, body: dict[str, Any]) -> bytes | None:
        batch = "messageRequests" in body
        payloads = body["messageRequests"] if batch else [body]
        with self._lock:
            for payload in payloads:
                self.books.arrived += 1
                self._seen(payload)
            way = self._way()
            self.ways[way or "202"] = self.ways.get(way or "202", 0) + 1
            messages = [self._message(payload) for payload in payloads]
            if not way or way in TAKEN or way == "odd taken":
                for payload, message in zip(payloads, messages, strict=True):
                    key = payload["body"]["text"]["text"].split(":")[0]
                    self.books.taken.setdefault(key, []).append(message["id"])
                    self._listed.append(message)
            foreign, self._last = self._last, messages[-1]["reference"]
        if way == "slow":
            time.sleep(0.05)
        return _answer(way, messages, batch, foreign if foreign != messages[-1]["reference"] else "none")

    def _way(self) -> str:
        if self._chance.random() >= self.share:
            return ""
        return self._chance.choice(ODD if self._chance.random() < ODD_SHARE else TAKEN + NOT_TAKEN)

    def _message(self, payload: Message) -> Message:
        self._count += 1
        return {
            "id": f"id-{self._count}", "reference": payload["reference"], "receiver": payload["receiver"],
            "status": "accepted", "createdAt": _moment(time.time()),
        }  # fmt: skip

    def answer_get(self, target: str) -> bytes:
        query = parse_qs(urlsplit(target).query)
        token = query.get("pageToken", ["0"])[0]
        with self._lock:
            lie = self._chance.choice(LIES) if self._chance.random() < self.lies else ""
            name, start = (token.split("-")[0], int(token.split("-")[1])) if "-" in token else (lie, 0)
            since, until = (datetime.fromisoformat(query[word][0]).timestamp() for word in ("startAt", "endAt"))
            shown = [m for m in self._listed if since <= datetime.fromisoformat(m["createdAt"]).timestamp() <= until]
            if to := query.get("to"):
                shown = [m for m in shown if m["receiver"]["contacts"][0]["identifierValue"] in to]
            shown = _lied(name, sorted(shown, key=lambda m: str(m["createdAt"]), reverse=True), self._chance)
        if name == "500" and self._chance.random() < 0.5:
            return _response(500, {"code": "x", "message": "y"})
        page: dict[str, Any] = {"results": shown[start : start + PAGE]}
        if len(shown) > start + PAGE or name == "endless":
            page["nextPageToken"] = f"{name}-{start + PAGE}"
        return _response(200, page)


def _lied(lie: str, shown: list[Message], chance: random.Random) -> list[Message]:
    """The list with one lie in it. What is foreign is older than any claim, or is somebody else's."""
    if lie == "newest missing":
        return shown[PAGE // 2 :]
    if lie == "oldest missing":
        return shown[: max(0, len(shown) - PAGE // 2)]
    if lie == "late":
        return [m for m in shown if m["createdAt"] < _moment(time.time() - LATE_SECONDS)]
    if lie == "foreign":
        old = [{**m, "id": "old-" + m["id"], "createdAt": _moment(time.time() - OLD_SECONDS)} for m in shown[:5]
               if not _is_default(m["reference"])]  # fmt: skip
        others = [{**m, "id": f"x-{n}", "reference": f"theirs-{n}"} for n, m in enumerate(shown[:5])]
        return [*shown, *old, *others]
    if lie == "unreadable":
        odd: Sequence[Any] = (
            {"id": None},
            {"id": "x", "reference": "\ud83d"},
            {"id": "y", "reference": "z", "receiver": {"contacts": [None]}},
            7,
        )
        return [*odd, *shown]
    if lie == "shuffled":
        return chance.sample(shown, len(shown))
    return shown + shown[:7] if lie == "repeated" else shown


def _is_default(reference: str) -> bool:
    return len(reference) >= 33 and reference.startswith("m")


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _answer(way: str, messages: Sequence[Message], batch: bool, foreign: str) -> bytes | None:
    """None drops the connection."""
    if way.startswith("drop"):
        return None
    if way in ("500", "500 taken", "422", "429", "418", "299", "302", "odd taken"):
        status = 418 if way == "odd taken" else int(way.split()[0])
        return _response(status, {"code": "x", "message": "y"}, *(["Retry-After: 0"] if status == 429 else []))
    shown = [dict(message) for message in messages]
    for message in shown:
        if way == "rejected":
            message["status"] = "rejected"
        elif way == "foreign":
            message["reference"] = foreign
        elif way.endswith("echoless"):
            del message["reference"]
    accepted = _response(202, {"messages": shown} if batch else shown[0])
    if way.startswith("twice"):
        return accepted * 2
    if way.startswith("stale"):
        return _response(int(way.split()[1]), {"code": "x", "message": "y"}) + accepted
    return accepted[: len(accepted) // 2] if way.startswith("half") else accepted


def _response(status: int, body: dict[str, Any], *more_headers: str) -> bytes:
    return http_response(status, body, f"Date: {formatdate(usegmt=True)}", *more_headers)
