"""A project with an e-mail channel, and specs for it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from project_dir import CHANNEL, WORKSPACE, ProjectDir

_PROJECT = f"""environments:
  production:
    access_key: {{env: NO_SUCH_KEY}}
    ledger: {{file: .sendspec/production.db}}
    channels:
      mail: {{workspace: {WORKSPACE}, channel: {CHANNEL}, platform: email}}
"""


def write_mail(
    project_dir: ProjectDir, html: str, row: Mapping[str, object], *, text: str = "Hi", **more: object
) -> None:
    """Writes `mail.yaml` for one row, and the project that says that its channel is one for e-mail. `more` are keys of the spec."""
    body = {"type": "html", "html": {"text": text, "html": html, "metadata": {"subject": "Hi"}}}
    spec = {"spec": 1, "name": "mail", "channel": "mail", "recipients": {"file": "people.jsonl", "to": "{{ email }}"}}
    project_dir.write("sendspec.yaml", _PROJECT)
    project_dir.write("people.jsonl", json.dumps({"email": "ann@example.com", **row}) + "\n")
    project_dir.write("mail.yaml", json.dumps({**spec, "message": {"body": body}, **more}))
