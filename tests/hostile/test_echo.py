"""An API that repeats what it was sent: neither the key nor a number nor a text of it is kept or shown anywhere."""

from __future__ import annotations

import base64
import json
import re
import threading
import unicodedata
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from long_rows import all_but
from project_dir import Answer, CountingServer, Done, ProjectDir, Request, listed
from sendspec.diagnostics.redaction import printable

KEY = "Zx9-canary/Kq7+Vt3~Lm5Pw8Rb2"
NUMBER = "+447700900817"
NATIONAL = "07700 900817"
NAME = "Wilhelmina-Quixotte"
MAIL = "wilhelmina.q@example.org"
SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv}
message:
  body: {type: text, text: {text: "Dear {{ first_name }}, your parcel for {{ mail }} waits at the counter."}}
"""
TEXT = f"Dear {NAME}, your parcel for {MAIL} waits at the counter."
SEND = ("send", "hello.yaml", "--env", "test", "--yes")


def spaced(text: str, separator: str) -> str:
    return separator.join(text)


DIGITS = NUMBER[1:]
CIRCLED = {chr(65 + n): chr(0x24B6 + n) for n in range(26)} | {chr(97 + n): chr(0x24D0 + n) for n in range(26)}
SPELLINGS: dict[str, str] = {
    "the key": KEY,
    "the header": f"AccessKey {KEY}",
    "a bearer of another": "Bearer abcdefghijklmnop",
    "the key in small letters": KEY.lower(),
    "the key as JSON": KEY.replace("/", "\\/").replace("+", "\\u002b"),
    "the key in a URL": quote(KEY, safe=""),
    "the key twice in a URL": quote(quote(KEY, safe=""), safe=""),
    "the key in base64": base64.b64encode(KEY.encode()).decode(),
    "the header in base64": base64.b64encode(f"AccessKey {KEY}".encode()).decode(),
    "the header shifted": base64.b64encode(f"!AccessKey {KEY}".encode()).decode(),
    "the key for URLs": base64.urlsafe_b64encode(KEY.encode()).decode().rstrip("="),
    "the key in hex": KEY.encode().hex(),
    "the key's beginning": KEY[:11] + "…",
    "the key's end": "…" + KEY[-9:],
    "the number": NUMBER,
    "its digits": DIGITS,
    "a nation's form": NATIONAL,
    "with hyphens": "+44-7700-900-817",
    "with underscores": spaced(DIGITS, "_"),
    "with letters": "44 x 7700 x 900817",
    "in full width": "".join(chr(ord(c) + 0xFEE0) for c in DIGITS),
    "the number in a URL": quote(NUMBER, safe=""),
    "digits in a URL": "".join(f"%{ord(c):02X}" for c in NUMBER),
    "digits as JSON": "".join(f"\\u{ord(c):04x}" for c in NUMBER),
    "digits as HTML": "".join(f"&#{ord(c)};" for c in NUMBER),
    "the number in base64": base64.b64encode(NUMBER.encode()).decode(),
    "the text": TEXT,
    "the text in a URL": quote(TEXT),
    "the text as JSON": json.dumps(TEXT).replace("W", "\\u0057"),
    "the text, cut": TEXT[:40] + "…",
    "the text in base64": base64.b64encode(TEXT.encode()).decode(),
    "an address": MAIL,
    "the key, spaced": spaced(KEY, " "),
    "the key, a line a letter": spaced(KEY, "\n"),
    "the key with invisible spaces": spaced(KEY, "\u200b"),
    "the key in groups": "-".join(re.findall(".{1,4}", KEY)),
    "the key in small pieces": ", ".join(re.findall(".{1,7}", KEY)),
    "the key in full width": "".join(chr(ord(c) + 0xFEE0) for c in KEY),
    "the key in circles": "".join(CIRCLED.get(c, c) for c in KEY),
    "the key in octal": "".join(f"\\{ord(c):03o}" for c in KEY),
    "digits in circles": "".join("⓿❶❷❸❹❺❻❼❽❾"[int(c)] for c in DIGITS),
    "digits in octal": "".join(f"\\{ord(c):03o}" for c in NUMBER),
    "digits of JavaScript": "".join(f"\\u{{{ord(c):x}}}" for c in NUMBER),
    "quoted-printable digits": "".join(f"={ord(c):02X}" for c in NUMBER),
    "digits as HTML without semicolons": "".join(f"&#{ord(c)}" for c in NUMBER),
    "digits as bytes": NUMBER.encode().hex(":"),
    "digits as a list of codes": str(list(NUMBER.encode())),
}
"""What an API could repeat, in the forms in which it could."""

TRACES = (
    KEY, KEY[:8], KEY[-8:], KEY[8:16], DIGITS, "7700900817", "7700 900817", "7700900", "900817", NAME, MAIL, "wilhelmina",
    "waits at the counter", "parcel for", "abcdefghijklmnop",
)  # fmt: skip


def unescaped(text: str) -> str:
    """`text` without the escapes and the separators behind which a number could hide."""
    for _ in range(2):
        text = re.sub(r"%([0-9A-Fa-f]{2})", lambda m: chr(int(m[1], 16)), text)
        text = re.sub(r"\\+u00([0-9A-Fa-f]{2})", lambda m: chr(int(m[1], 16)), text)
        text = re.sub(r"&#(\d{1,3});", lambda m: chr(int(m[1])), text)
    text = re.sub(r"[^\x00-\x7f\ufffd]", lambda m: str(unicodedata.digit(m[0], m[0])), text)
    return text.replace("\\/", "/")


LONG = 8


@cache
def middles() -> frozenset[str]:
    """Of each spelling a piece from its middle, if it is long: as it is, as a terminal shows it, and both in JSON."""
    pieces = {said[len(said) // 3 : -(len(said) // 3)] for said in SPELLINGS.values()}
    shown = {form for piece in pieces for form in (piece, printable(piece)) if len(piece) >= LONG}
    return frozenset(shown | {json.dumps(piece)[1:-1] for piece in shown})


def traces_in(raw: bytes) -> list[str]:
    """What of the key, the number and the text can be found in `raw`, however it is written there."""
    whole = raw.decode("utf-8", "replace")
    return _traces_in_text(raw) + [middle for middle in middles() if middle in whole]


def _traces_in_text(raw: bytes) -> list[str]:
    plain = unescaped(raw.decode("utf-8", "replace")).lower()
    views = [plain, re.sub(r"(?<=\d)[ _.x-]{1,3}(?=\d)", "", plain)]
    found = [trace for trace in TRACES if any(trace.lower() in view for view in views)]
    whole = raw.replace(b"\\/", b"/")
    coded = [KEY.encode(), NUMBER.encode(), TEXT.encode()]
    for secret in coded:
        inner = base64.b64encode(secret)[:-4]
        shifted = [base64.b64encode(b"x" * n + secret)[4:-4] for n in (1, 2)]
        forms = [inner, *shifted, secret.hex().encode()]
        found += [form.decode() for form in forms if form in whole or form.translate(URL_SAFE) in whole]
    return found


URL_SAFE = bytes.maketrans(b"+/", b"-_")


def test_the_search_finds_each_spelling() -> None:
    assert [what for what, said in SPELLINGS.items() if not traces_in(said.encode())] == []


@pytest.fixture
def ready(project: ProjectDir) -> ProjectDir:
    """A project with one person, whose key, number and text are looked for afterwards."""
    project.write("hello.yaml", SPEC)
    project.write("people.csv", f"phone,first_name,mail\n{NUMBER},{NAME},{MAIL}\n")
    project.environ["TEST_KEY"] = KEY
    return project


INPUTS = {"hello.yaml", "people.csv", "sendspec.yaml"}


def written(project_dir: ProjectDir, *done: Done) -> bytes:
    """All bytes that commands wrote: to their streams, and into every file of the project but the user's own."""
    files = [path for path in project_dir.folder.rglob("*") if path.is_file() and path.name not in INPUTS]
    assert any(path.suffix == ".db" for path in files)
    streams = [(one.out + one.err).encode() for one in done]
    return b"\n".join([*streams, *(path.read_bytes() for path in files)])


def looked_at(project_dir: ProjectDir) -> list[Done]:
    """Every way to see what the ledger has; a plan shows a message of the files, so only what it writes is kept."""
    planned = project_dir.run("plan", "hello.yaml", "--out", "plan.json", "--env", "test")
    return [replace(planned, out="")] + [
        project_dir.run(*words, "--env", "test")
        for words in (
            ("status", "--messages"),
            ("status", "--messages", "--format", "json"),
            ("status", "--messages", "--format", "csv"),
            ("ledger", "export"),
            ("ledger", "export", "--as", "csv"),
        )
    ]


def error(said: str) -> bytes:
    details = {".receiver.contacts[0].identifierValue": [f"refused {said}"], f"a path of {said}": ["no"]}
    return json.dumps({"code": f"Odd {said}", "message": f"we got {said} here", "details": details}).encode()


def rejected(said: str, request: Request) -> bytes:
    message = listed(request) | {"status": "rejected", "reason": f"no {said}", "details": f"not {said}"}
    return json.dumps(message | {"failure": {"description": f"was {said}"}}).encode()


def checked(project_dir: ProjectDir, *sends: tuple[str, ...]) -> list[Done]:
    """Runs these, looks at what the ledger has, and finds nothing."""
    done = [project_dir.run(*words) for words in sends]
    done += looked_at(project_dir)
    assert traces_in(written(project_dir, *done)) == []
    return done


FEW = (
    "the key twice in a URL", "the header in base64", "the key in circles", "the key in small pieces", "in full width", "digits in a URL",
    "the text in a URL", "the text, cut",
)  # fmt: skip
"""One of each way to hide it; what is found in which spelling, tests/diagnostics and tests/provider hold."""
SOME = ("the header", "the key twice in a URL", "a nation's form", "the text, cut")
"""The way to the ledger differs with the status, what is found in a text does not."""


@pytest.mark.parametrize(
    ("status", "what"),
    all_but(
        [*((422, what) for what in FEW), *((status, "the text, cut") for status in (400, 401, 418))],
        [*((422, what) for what in SPELLINGS), *((status, what) for status in (400, 401, 418) for what in SOME)],
    ),
)
def test_an_error_that_repeats_what_was_sent_leaves_no_trace(
    ready: ProjectDir, server: CountingServer, status: int, what: str
) -> None:
    server.decide = lambda number, request: Answer(status, error(SPELLINGS[what]))
    sent, *_ = checked(ready, (*SEND, "--format", "json"))
    assert sent.code in (3, 4, 5)
    assert server.posts[0].headers["Authorization"] == f"AccessKey {KEY}"


@pytest.mark.parametrize("what", SOME)
def test_a_rejection_that_repeats_what_was_sent_leaves_no_trace(
    ready: ProjectDir, server: CountingServer, what: str
) -> None:
    server.decide = lambda number, request: Answer(202, rejected(SPELLINGS[what], request), taken=False)
    sent, *_ = checked(ready, SEND)
    assert (sent.code, "rejected" in sent.out) == (3, True)


def test_the_words_and_the_paths_of_the_api_stay(ready: ProjectDir, server: CountingServer) -> None:
    """What is not ours is the API's reason, and the only help that the user gets."""
    server.decide = lambda number, request: Answer(422, error(NUMBER))
    done = ready.run(*SEND)
    assert "422 Odd •••••• we got •••••• here; .receiver.contacts[0].identifierValue: refused ••••••" in done.out


@pytest.mark.parametrize("status", all_but([302, 202], [500, 502, 302, 202]))
def test_an_answer_that_is_the_request_itself_leaves_no_trace(
    ready: ProjectDir, server: CountingServer, status: int
) -> None:
    def decide(number: int, request: Request) -> Answer:
        head = "\r\n".join(f"{name}: {value}" for name, value in request.headers.items())
        return Answer(status, head.encode() + request.body, {"Location": f"/{KEY}/{NUMBER}", "Retry-After": KEY})

    server.decide = decide
    checked(ready, SEND, (*SEND, "--format", "json"), ("reconcile", "--env", "test"))


@pytest.mark.parametrize("status", all_but([400, 202], [400, 401, 418, 202]))
def test_a_batch_answer_that_repeats_what_was_sent_leaves_no_trace(
    ready: ProjectDir, server: CountingServer, status: int
) -> None:
    """Of any of its messages, not only of the first."""
    path = ready.folder / "sendspec.yaml"
    path.write_text(path.read_text().replace("timeout: 2", "timeout: 2, batch: 10"))
    ready.write("people.csv", f"phone,first_name,mail\n+447700900001,Al,a@b.co\n{NUMBER},{NAME},{MAIL}\n")

    def decide(number: int, request: Request) -> Answer:
        if status != 202:
            return Answer(status, error(f"{KEY} {NUMBER} {TEXT}"), taken=False)
        reasons = {"status": "rejected", "reason": f"{KEY} {NUMBER} {TEXT}"}
        entries = [{"id": str(uuid.uuid4()), **reasons} for _ in request.json["messageRequests"]]
        return Answer(202, json.dumps({"messages": entries}).encode(), taken=False)

    server.decide = decide
    sent, *_ = checked(ready, SEND)
    assert ("rejected" if status == 202 else f"{status} Odd") in sent.out + sent.err


IDS: dict[str, Callable[[str], str]] = {
    "key": lambda _: KEY,
    "header": lambda _: f"AccessKey {KEY}",
    "part of the key": lambda _: f"msg-{KEY[3:15]}",
    "number": lambda _: NUMBER,
    "digits": lambda _: DIGITS,
    "digits in a UUID": lambda _: f"00000000-0000-4000-8000-{DIGITS}",
    "digits across a UUID": lambda _: f"{DIGITS[:8]}-{DIGITS[8:]}-4000-8000-000000000000",
    "national": lambda _: "07700900817",
    "text": lambda _: f"id {TEXT}",
    "another's number": lambda _: "+31612345678",
    "base64": lambda _: base64.b64encode(NUMBER.encode()).decode(),
    "the key with dots": lambda _: spaced(re.sub(r"\W", "", KEY), "."),
    "the key in pieces": lambda _: "_".join(re.findall(".{1,7}", re.sub(r"\W", "", KEY))),
    "bytes with hyphens": lambda _: NUMBER.encode().hex("-"),
}


@pytest.mark.parametrize("what", all_but(["header", "digits across a UUID", "text", "the key in pieces"], IDS))
def test_an_id_that_repeats_what_was_sent_is_no_id(ready: ProjectDir, server: CountingServer, what: str) -> None:
    """Its message is in doubt, and the list, which shows the same id, proves that it was accepted: once, by a stand-in."""

    def decide(number: int, request: Request) -> Answer:
        message = listed(request) | {"id": IDS[what](request.path)}
        server.taken.append(message)
        return Answer(202, json.dumps(message).encode(), taken=False)

    server.decide = decide
    done = checked(ready, SEND, ("reconcile", "--env", "test"), SEND)
    assert len(server.posts) == 1
    assert "31612345678" not in written(ready, *done).decode("utf-8", "replace")
    (message,) = ready.run("status", "--env", "test", "--messages", "--format", "json").json["messages"]
    assert message["state"] == "accepted"
    assert re.fullmatch("hidden:[0-9a-f]{32}", message["remote_id"])


def test_two_messages_are_not_credited_with_one_hidden_id(ready: ProjectDir, server: CountingServer) -> None:
    ready.write("people.csv", f"phone,first_name,mail\n+447700900001,Al,a@b.co\n{NUMBER},{NAME},{MAIL}\n")

    both = threading.Barrier(2)

    def decide(number: int, request: Request) -> Answer:
        message = listed(request) | {"id": NUMBER}
        server.taken.append(message)
        both.wait(60)  # the list shows both before it is asked about one of them
        return Answer(202, json.dumps(message).encode(), taken=False)

    server.decide = decide
    checked(ready, SEND, ("reconcile", "--env", "test"))
    found = ready.run("status", "--env", "test", "--messages", "--format", "json").json["messages"]
    assert [(message["state"], message["remote_id"]) for message in found] == [("in_doubt", None)] * 2


def test_an_ordinary_id_is_kept_as_it_is(ready: ProjectDir, server: CountingServer) -> None:
    ids = [str(uuid.uuid4()), "1234567", "msg_01HZX9Q8", "abc"]
    ready.write("people.csv", "phone,first_name,mail\n" + "".join(f"+44770090000{n},P{n},a@b.co\n" for n in range(4)))

    def decide(number: int, request: Request) -> Answer:
        return Answer(202, json.dumps(listed(request) | {"id": ids[number - 1]}).encode())

    server.decide = decide
    assert ready.run(*SEND).code == 0
    found = ready.run("status", "--env", "test", "--messages", "--format", "json").json["messages"]
    assert {message["remote_id"] for message in found} == set(ids)


@pytest.mark.parametrize("status", all_but([401], [401, 403, 404, 400, 503, 200]))
def test_a_list_that_repeats_the_key_leaves_no_trace(ready: ProjectDir, server: CountingServer, status: int) -> None:
    server.listing = lambda request: Answer(status, error(f"{KEY} {NUMBER}"), {"Retry-After": "0"})
    server.decide = lambda number, request: Answer(drop=True)
    checked(ready, SEND, (*SEND, "--no-witness"), ("reconcile", "--env", "test"), ("doctor", "--env", "test"))


def test_a_list_of_messages_that_the_ledger_lacks_is_noted_by_stand_ins(
    ready: ProjectDir, server: CountingServer
) -> None:
    """The ledger is behind: what the list shows counts as accepted, though its id must not be kept."""

    def decide(number: int, request: Request) -> Answer:
        return Answer(202, json.dumps(listed(request)).encode())

    server.decide = decide
    ledger = ready.folder / ".sendspec" / "test.db"
    before = ledger.read_bytes()
    assert ready.run(*SEND).code == 0
    server.taken[0]["id"] = f"{KEY}-{DIGITS}"
    for name in ("test.db", "test.db-wal", "test.db-shm", "test.db.epoch"):
        (ledger.parent / name).unlink(missing_ok=True)
    ledger.write_bytes(before)
    checked(ready, SEND)
    assert len(server.posts) == 1


ODD_LINES = [
    f"HTTP/1.1 {KEY} {NUMBER}\r\n\r\n",
    f"{KEY} {NUMBER}\r\n\r\n",
    f"HTTP/1.1 401 {KEY} {NUMBER}\r\nContent-Length: 0\r\nDate: {KEY} {NUMBER}\r\n\r\n",
    f"HTTP/1.1 200 OK\r\n{KEY}\r\nContent-Length: {KEY}\r\n\r\n",
    f"HTTP/1.1 302 {KEY}\r\nLocation: {KEY}\r\nContent-Length: 0\r\n\r\n",
]


def raw(line: bytes) -> Callable[[Any, Answer, Request], None]:
    def reply(exchange: Any, answer: Answer, request: Request) -> None:
        exchange.wfile.write(line)
        exchange.close_connection = True

    return reply


@pytest.mark.parametrize("line", all_but(ODD_LINES[1:3], ODD_LINES))
def test_an_answer_that_is_no_http_leaves_no_trace(ready: ProjectDir, server: CountingServer, line: str) -> None:
    server._write = lambda exchange, *_: raw(line.encode())(exchange, None, None)  # type: ignore[method-assign, arg-type]
    checked(ready, SEND, (*SEND, "--no-witness"), ("doctor", "--env", "test"))


def test_what_is_spilled_has_no_trace(ready: ProjectDir, server: CountingServer, small: Path) -> None:
    """The disk is full when the answer comes: it goes to the spill file, as it would have gone to the ledger."""

    rows = "".join(f"+447700{n:06d},{NAME},{MAIL}\n" for n in range(900_400, 900_817 + 1))
    ready.write("people.csv", f"phone,first_name,mail\n{rows}")

    def decide(number: int, request: Request) -> Answer:
        if number == 20:
            with suppress(OSError), (small / "filler").open("wb") as filler:
                filler.write(bytes(16 * 1024 * 1024))
        said = json.dumps(request.json["receiver"])
        return Answer(422, error(f"{KEY} {NUMBER} {TEXT} {said}")) if number % 2 else Answer()

    server.decide = decide
    done = ready.run(*SEND)
    assert done.code == 6, done.err
    assert b"we got" in (small / "test.db.spill").read_bytes()
    assert traces_in(written(ready, done)) == []
    (small / "filler").unlink()
    server.decide = lambda number, request: Answer()
    checked(ready, SEND)
