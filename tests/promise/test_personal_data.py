"""Who has the ledger alone, and knows the text, can't find a number in it."""

from __future__ import annotations

import sqlite3
from hashlib import sha256

import orjson
from project_dir import CountingServer, ProjectDir

SPEC = """spec: 1
name: hello
channel: sms
recipients: [{phone: "+447700900123"}]
message:
  body: {type: text, text: {text: "The same for everybody."}}
"""


def found_in(project_dir: ProjectDir, digest_of: bytes) -> list[int]:
    """Which of a thousand numbers the ledger gives away to somebody who hashes the payload that each would get."""
    path = project_dir.folder / ".sendspec" / "test.db"
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT * FROM message").fetchall()
    kept = {value for row in rows for value in row if isinstance(value, bytes)}
    found = []
    for number in range(1_000):
        payload = orjson.loads(digest_of.replace(b"+447700900123", b"+447700900%03d" % number))
        payload.pop("reference")
        digest = sha256(orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)).digest()
        if any(digest.startswith(value) or value.startswith(digest) for value in kept if len(value) > 8):
            found.append(number)
    return found


def test_a_known_text_and_a_masked_number_do_not_give_the_number_away(
    project: ProjectDir, server: CountingServer
) -> None:
    project.write("hello.yaml", SPEC)
    assert project.run("send", "hello.yaml", "--env", "test", "--yes").code == 0
    assert found_in(project, server.posts[0].body) == []
    with sqlite3.connect(project.folder / ".sendspec" / "test.db") as connection:
        [(digest,)] = connection.execute("SELECT digest FROM message").fetchall()
    assert len(digest) == 24
