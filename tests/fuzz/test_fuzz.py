"""Whatever bytes a stranger writes, reading them ends: without an exception that nobody foresaw, and within a second."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz_targets import TARGETS
from hypothesis import given
from hypothesis import strategies as st
from long_rows import long

PIECES = {
    "spec": ["spec: 1\n", "name: hello\n", "channel: sms\n", "message: ", "recipients:\n", "  - {phone: ", '"+447700900001"}\n',
             "{body: {type: text, text: {text: ", '"Hi {{ name }}"', "}}}\n", "vars: {a: 1}\n", "limits: {messages: 1}\n",
             "&a ", "*a", "<<: ", "!!python/object:x ", "|\n  x\n", ">-\n", "---\n", "\t", ": ", "- ", "? ", "[", "]", "{", "}",
             "'", '"', "#", "\\u202e", "\x00", "9" * 30, "examples:\n  - with: {phone: x}\n    expect: {text: y}\n"],
    "table": ["phone,name\n", "+447700900001,Ann\n", '"', ",", "\n", "\r", "\r\n", ";", "\t", '{"phone": "1"}\n', "{", "}", "\x00",
              "\ufeff", "\u202e", "sep=;\n", "1e10", "=1+1", "NaN", "é"],
    "template": ["{{ ", " }}", "{% if ", "{% for a in rows ", "%}", "{% endif %}", "{% endfor %}", "name", "row[", "'x'", "]", "|",
                 "upper", "default(", ")", "join(", "replace('a', 'bb')", "~", " and ", " not ", "==", "(", "[", "omit", "n", "1", "."],
    "answer": ["HTTP/1.1 ", "202", "429", "500", " X\r\n", "Content-Length: ", "Transfer-Encoding: chunked\r\n", "\r\n", "5\r\n",
               "0\r\n\r\n", '{"id": "1", ', '"reference": "m1"', "}", '{"results": [', '"receiver": null', "]", "Retry-After: -5\r\n",
               "100 Continue", "\x00", "9" * 20, ": ", "{" * 50, "1.5", "Wed, 21 Oct 2015 07:28:00 GMT"],
    "project": ["environments:\n", "  live:\n", "    api_url: https://api.bird.com\n", "    access_key: {env: KEY}\n",
                "    ledger: {file: .sendspec/live.db}\n", "    channels:\n", "      sms: {workspace: ", "x", ", rate: 50/s}\n",
                "    only_to: [", '"+447700900001"', "]\n", "default_environment: live\n", "http://127.1", "[::1]", "@", "#",
                "limits: {messages: 1}\n", "&a ", "*a", "{", "}", "{file: ", "{command: [a]}"],
    "list": ['{"results": [', "]", "{", "}", '"id": "a"', '"id": 1', '"reference": "m1"', '"receiver": {"contacts": [', '"identifierValue": ',
             '"+447700900001"', '"createdAt": "2027-03-01T09:00:60Z"', '"nextPageToken": ', '"\\ud800"', "null", ",", "[", "NaN", "1e999",
             '"status": "rejected"', "{" * 50],
    "plan": ['{"format": 1', "}", ",", '"environment": ', '"test"', '"ledger": ', '"paths": [', "]", '"specs/a.yaml"', '"digest": ', "null", "1",
             '"\\u0000"', '"\\ud800"', '"../"', '"/etc/passwd"', '"seal": ""', "true", "{", "NaN", "9" * 30],
    "ledger": ["\x00", "\x01", "\x02", "\x03", "\x04", "\x05", "\x06", "\x07", "\x08", "\x0b", "\x7f", "d", "x", "\x10", "\x20"],
    "sandbox": ["limit=", "&", "pageToken=", "f", "reverse=", "true", "direction=", "incoming", "status[]=", "sent", "id=", "to[]=", "tag=", "%ff",
                "%00", "startAt=", "2027-01-15T08:00:00Z", "endAt=", "batchId=", "platform=", "?", "#", "[]", '{"receiver": {', "}", '"body": ',
                '{"type": "text"', '"\\ud800"', "[" * 50, "9" * 30, "/_sandbox/messages",
                '{"from": "+447700900001", "text": ', '"channel": ', '"STOP"', '"+447700000429"', '"+447700000500"', ","],
    "webhook": ['{"service": "channels", "event": "sms.outbound", "payload": {', '"inbound"', '"sms.interaction"', '"id": "a"', '"status": "sent"',
                '"type": "clicked"', '"messageId": "a"', '"createdAt": "2027-03-01T09:00:00Z"', '"receiver": {"contacts": [', '"sender": {"contact": {',
                '"identifierValue": "+447700900001"', '{"url": "https://a.example", "headers": {', '"body_base64": ', '"e30="', "]", "}", ",", "null",
                '"\\ud800"', "1e999", "[" * 50],
}  # fmt: skip


@pytest.mark.parametrize("name", list(TARGETS))
def test_pieces_in_any_order_are_read_to_an_end(name: str) -> None:
    @given(st.lists(st.one_of(st.sampled_from(PIECES[name]), st.text(max_size=4)), max_size=30))
    def reads(pieces: list[str]) -> None:
        TARGETS[name]("".join(pieces).encode("utf-8", "surrogatepass"))

    reads()


@long
def test_inputs_that_reach_new_code_are_read_to_an_end(tmp_path: Path) -> None:
    """Its start takes seconds. What the search for new code is made of, the pieces above try in every run."""
    runs = {name: 200 if name == "ledger" else 1_000 for name in TARGETS}  # each run of that one opens a ledger
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "fuzz.py"), ",".join(f"{name}:{n}" for name, n in runs.items()),
         "-seed=1", "-max_len=400"],
        cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3_000:]
    assert re.findall(r"^Done (\d+) runs", done.stderr, re.M) == [str(n) for n in runs.values()]
