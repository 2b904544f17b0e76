"""A project with an e-mail channel, and specs for it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from desk import CHANNEL, WORKSPACE, Desk

_PROJECT = f"""environments:
  production:
    access_key: {{env: NO_SUCH_KEY}}
    ledger: {{file: .sendspec/production.db}}
    channels:
      mail: {{workspace: {WORKSPACE}, channel: {CHANNEL}, platform: email}}
"""


def write_mail(desk: Desk, html: str, row: Mapping[str, object], *, text: str = "Hi", **more: object) -> None:
    """Writes `mail.yaml` for one row, and the project that says that its channel is one for e-mail. `more` are keys of the spec."""
    body = {"type": "html", "html": {"text": text, "html": html}}
    spec = {"spec": 1, "name": "mail", "channel": "mail", "recipients": {"file": "people.jsonl", "to": "{{ email }}"}}
    desk.write("sendspec.yaml", _PROJECT)
    desk.write("people.jsonl", json.dumps({"email": "ann@example.com", **row}) + "\n")
    desk.write("mail.yaml", json.dumps({**spec, "message": {"body": body}, **more}))
