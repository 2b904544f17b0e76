"""Checks what must hold after every fault, once the send was resumed to its end and its doubts were looked up."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from project_dir import SECRET, Answer, CountingServer, Done, ProjectDir

WHOLE_NUMBER = re.compile(rb"\+?4477009\d{5}")
MAX_RESUMES = 5


class InvariantCheck:
    """Call it after a fault."""

    def __init__(self, project_dir: ProjectDir, server: CountingServer) -> None:
        self._project_dir = project_dir
        self._server = server

    def __call__(self, *, recipients: int = 40, env: str = "test") -> dict[str, int]:
        """The totals of the ledger at the end."""
        self._server.decide = lambda number, request: Answer()
        last = self._resumed(env)
        reconciled = self._project_dir.run("reconcile", "--env", env, "--format", "json")
        assert reconciled.code in (0, 4), reconciled.err
        listed = self._project_dir.run("status", "--env", env, "--messages", "--format", "json").json
        totals: dict[str, int] = listed["totals"]
        self._once(listed["messages"])
        assert totals["recipients"] == recipients == sum(totals.values()) - totals["recipients"]
        assert (reconciled.code == 4) == (totals["in_doubt"] > 0)
        assert last.code == 4 or totals["in_doubt"] == 0
        checked = self._project_dir.run("ledger", "check", "--env", env)
        assert checked.code == 0, checked.err
        self._no_canary(last, reconciled)
        return totals

    def _resumed(self, env: str) -> Done:
        for _ in range(MAX_RESUMES):
            done = self._project_dir.run("send", "hello.yaml", "--env", env, "--yes", "--format", "json")
            assert done.code in (0, 3, 4), done.err
            if done.json["totals"]["not_sent"] == 0:
                return done
        raise AssertionError(f"still not at its end: {done.out}")

    def _once(self, messages: list[dict[str, Any]]) -> None:
        """At most one acceptance for each reference, and the ledger's are the server's."""
        taken = Counter(message["reference"] for message in self._server.taken)
        assert [reference for reference, count in taken.items() if count > 1] == []
        by_reference = {message["reference"]: message["id"] for message in self._server.taken}
        accepted = {m["reference"]: m["remote_id"] for m in messages if m["state"] == "accepted"}
        assert accepted == by_reference

    def _no_canary(self, *outputs: Done) -> None:
        written = [done.out.encode() + done.err.encode() for done in outputs]
        folder = self._project_dir.folder / ".sendspec"
        written += [
            path.read_bytes() for path in folder.rglob("*") if path.is_file() and "sandbox-api" not in path.name
        ]
        for content in written:
            assert SECRET.encode() not in content
            assert WHOLE_NUMBER.search(content) is None


def totals_of(out: str) -> dict[str, int]:
    """The totals in the JSON that a command printed."""
    return dict(json.loads(out)["totals"])
