"""Webhook requests as the API makes them, and as a function captures them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from project_dir import CHANNEL, MADE_LEDGER
from sendspec.ledger.delivery.interaction import Interaction
from sendspec.ledger.delivery.opt_out import OptOutSignal
from sendspec.ledger.delivery.protocol import PendingReport
from sendspec.ledger.delivery_access import read_deliveries
from sendspec.ledger.identity import read_identities
from sendspec.provider.timestamp import format_timestamp
from sendspec.provider.webhook_signature import sign
from sendspec.reading.environment import LedgerFile

KEY = "secureSigningKey"
URL = "https://example.com/bird?env=test"
BEGIN = 1_795_946_400.0
"""2026-11-29T10:00:00Z"""


def event(name: str, payload: Any, service: str = "channels") -> bytes:
    return json.dumps({"service": service, "event": name, "payload": payload}).encode()


def status_event(message: dict[str, Any], status: str, after: float = 1.0, **more: Any) -> bytes:
    """The event of a message as the API listed it, so many seconds after `BEGIN`."""
    moment = format_timestamp(BEGIN + after)
    payload = {
        **message,
        "channelId": CHANNEL,
        "direction": "outgoing",
        "status": status,
        "lastStatusAt": moment,
        **more,
    }
    return event("sms.outbound", payload)


def reply_event(
    sender: str, text: str, identity: str = "reply-1", after: float = 60.0, channel: str | None = CHANNEL
) -> bytes:
    payload = {
        "id": identity, "channelId": channel, "direction": "incoming", "status": "delivered",
        "sender": {"contact": {"id": "c1", "identifierKey": "phonenumber", "identifierValue": sender}},
        "receiver": {"connector": {"id": "k1"}}, "body": {"type": "text", "text": {"text": text}},
        "createdAt": format_timestamp(BEGIN + after),
    }  # fmt: skip
    return event("sms.inbound", payload)


def interaction_event(message: dict[str, Any], kind: str, identity: str = "interaction-1", **more: Any) -> bytes:
    payload = {
        "id": identity, "type": kind, "messageId": message["id"], "messageReference": message["reference"], "channelId": CHANNEL,
        "receiver": message["receiver"], "createdAt": format_timestamp(BEGIN + 90), **more,
    }  # fmt: skip
    return event("sms.interaction", payload)


def signature_headers(body: bytes, key: str = KEY, url: str = URL, timestamp: float = BEGIN) -> dict[str, str]:
    seconds = str(int(timestamp))
    return {"MessageBird-Signature": sign(key, seconds, url, body), "MessageBird-Request-Timestamp": seconds}


def captured(body: bytes, key: str = KEY, url: str = URL, **more: Any) -> str:
    """The line of a signed request."""
    encoded = base64.b64encode(body).decode()
    return json.dumps({"url": url, "headers": signature_headers(body, key, url), "body_base64": encoded, **more}) + "\n"


class Kept:
    """What is kept beside the ledger of a project."""

    def __init__(self, root: Path, environment: str = "test", file: str = MADE_LEDGER) -> None:
        identity = read_identities(root / "sendspec.lock")[environment]
        with read_deliveries(LedgerFile(root / file, durable=True), identity) as facts:
            self.is_there = facts is not None
            self.signals: list[OptOutSignal] = [] if facts is None else list(facts.signals())
            self.pending: list[PendingReport] = [] if facts is None else list(facts.pending())
        self._root, self._identity, self._file = root, identity, file

    def statuses(self, ids: list[bytes]) -> list[str | None]:
        """The status of each message that counts; None for one that was never seen."""
        with read_deliveries(LedgerFile(self._root / self._file, durable=True), self._identity) as facts:
            found = {} if facts is None else facts.deliveries(ids)
        return [found[one].report.status if one in found else None for one in ids]

    def interactions(self, ids: list[bytes]) -> list[Interaction]:
        with read_deliveries(LedgerFile(self._root / self._file, durable=True), self._identity) as facts:
            return [] if facts is None else list(facts.interactions(ids))
