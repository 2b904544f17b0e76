"""An API that repeats a text in another spelling, of another message, or in its list: no byte of it is kept or shown."""

from __future__ import annotations

import base64
import json
import quopri
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import pytest
from long_rows import all_but
from project_dir import Answer, CountingServer, Done, ProjectDir, Request, listed

WALRUS = "Dear Zebulon, the purple walrus dances at midnight."
HERON = "Hello Xanthippe, seventeen herons wait outside."
RUSSIAN = "Уважаемый Зебулон, пурпурный морж танцует в полночь"
GREEK = "Αγαπητέ Ζεβουλών, ο πορφυρός θαλάσσιος ίππος χορεύει"
KOREAN = "제불론님께 보라색 바다코끼리가 자정에 춤을 춥니다"
GERMAN = "Lieber Zebulon, das große Walross weiß, daß es süß heißt"
SEND = ("send", "a.yaml", "--env", "test", "--yes")
RECONCILE = ("reconcile", "--env", "test")
INPUTS = {"a.yaml", "b.yaml", "people.csv", "sendspec.yaml"}
RUN = 7
"""Letters: a run of this many from a text is a trace of it."""


def letters(text: str) -> str:
    """`text` without what a copy of it could change: case, accents, spaces and punctuation."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(c for c in plain if c.isalnum())


def traces_in(raw: bytes, *texts: str) -> list[str]:
    """The runs of letters that `raw` has in common with one of `texts`."""
    written = letters(raw.decode("utf-8", "replace"))
    escaped = raw.decode("ascii", "replace")
    escapes = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), escaped)
    views = written, letters(escapes), *map(letters, decoded_bytes(raw))
    runs = {run for text in map(letters, texts) for run in (text[n : n + RUN] for n in range(len(text) - RUN + 1))}
    return sorted(run for run in runs if any(run in view for view in views))


def decoded_bytes(raw: bytes) -> list[str]:
    """`raw` with its hexadecimal, octal and decimal numbers read as characters: bytes of UTF-8, or code points."""
    text = raw.decode("utf-8", "replace")
    forms = (
        (r"[\\x=]{1,4}([0-9a-f]{2})", 16),
        (r"\\{1,2}([0-3][0-7]{2})", 8),
        (r"\b([0-9a-f]{2}) ?", 16),
        (r"(\d+),? ?", 10),
    )
    found = [bytes(int(code, base) % 256 for code in re.findall(form, text, re.IGNORECASE)) for form, base in forms]
    points = [
        re.sub(rf"(?:%u|\\+)0?({width}) ?", lambda found: chr(int(found[1], 16)), text, flags=re.IGNORECASE)
        for width in ("[0-9a-f]{3}", "[0-9a-f]{4}")
    ]
    latin = text.encode("latin-1", "ignore")
    return [*points, *(one.decode("utf-8", "ignore") for one in (*found, latin))]


@pytest.mark.parametrize("text", [WALRUS, RUSSIAN, GREEK, KOREAN, GERMAN])
def test_the_search_finds_each_text_however_it_is_written(text: str) -> None:
    assert traces_in(text.upper().encode(), text)
    assert traces_in(unicodedata.normalize("NFD", text).encode(), text)
    assert traces_in(json.dumps(text.replace(" ", "_")).encode(), text)
    assert not traces_in(b"nothing of the kind is written here", text)


def people(project_dir: ProjectDir, *texts: str) -> None:
    """A project that sends these texts, one after the other."""
    path = project_dir.folder / "sendspec.yaml"
    path.write_text(path.read_text().replace("timeout: 2", "timeout: 2, concurrency: 1"))
    rows = "".join(f'+44770090{n:04d},"{text}"\n' for n, text in enumerate(texts))
    project_dir.write("people.csv", f"phone,text\n{rows}")
    project_dir.write(
        "a.yaml",
        "spec: 1\nname: a\nchannel: sms\nrecipients: {file: people.csv}\n"
        'message:\n  body: {type: text, text: {text: "{{ text }}"}}\n',
    )


def leaves_no_trace(project_dir: ProjectDir, texts: tuple[str, ...], *commands: tuple[str, ...]) -> list[Done]:
    """Runs these, shows what the ledger has in every way, and searches all bytes that were written."""
    shown = (
        ("status", "--messages", "--env", "test"),
        ("status", "--messages", "--format", "json", "--env", "test"),
        ("ledger", "export", "--env", "test"),
        RECONCILE,
    )
    done = [project_dir.run(*words) for words in (*commands, *shown)]
    files = [path for path in project_dir.folder.rglob("*") if path.is_file() and path.name not in INPUTS]
    assert any(path.suffix == ".db" for path in files)
    streams = [(one.out + one.err).encode() for one in done]
    assert traces_in(b"\n".join([*streams, *(path.read_bytes() for path in files)]), *texts) == []
    return done


def refusing(said: str) -> Answer:
    return Answer(422, json.dumps({"code": "Odd", "message": f"we got {said} here"}).encode())


def accepting(request: Request, identity: str) -> Answer:
    return Answer(202, json.dumps(listed(request) | {"id": identity}).encode())


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


SPELLINGS: dict[str, tuple[str, Callable[[str], str]]] = {
    "Russian capitals": (RUSSIAN, str.upper),
    "Russian capitals in a URL": (RUSSIAN, lambda text: quote(text.upper())),
    "Russian as JSON": (RUSSIAN, lambda text: json.dumps(text.swapcase())),
    "Russian in base64": (RUSSIAN, lambda text: base64.b64encode(text.encode()).decode()),
    "a part of Russian": (RUSSIAN, lambda text: text.title()[11:40]),
    "Greek capitals": (GREEK, str.upper),
    "Greek without accents": (GREEK, lambda text: letters(text).replace(" ", "")),
    "German capitals": (GERMAN, str.upper),
    "composed": (unicodedata.normalize("NFD", KOREAN), lambda text: unicodedata.normalize("NFC", text)),
    "decomposed": (KOREAN, lambda text: unicodedata.normalize("NFD", text)),
    "decomposed capitals": (GREEK, lambda text: unicodedata.normalize("NFD", text.upper())),
    "full width": (WALRUS, wide),
    "small letters": (WALRUS, str.lower),
    "two spaces": (WALRUS, lambda text: text.replace(" ", "  ")),
    "no spaces": (WALRUS, lambda text: text.replace(" ", "")),
    "underscores": (WALRUS, lambda text: text.replace(" ", "_")),
    "hyphens": (WALRUS, lambda text: re.sub(r"\W+", "-", text)),
    "a line a word": (WALRUS, lambda text: text.replace(" ", "\n")),
    "invisible spaces": (WALRUS, lambda text: text.replace(" ", "\u200b")),
    "soft hyphens": (WALRUS, lambda text: "\u00ad".join(text)),
    "Russian as Python bytes": (RUSSIAN, lambda text: repr(text.encode())),
    "Russian as Latin-1": (RUSSIAN, lambda text: text.encode().decode("latin-1")),
    "Russian in octal": (RUSSIAN, lambda text: "".join(f"\\{byte:03o}" for byte in text.encode())),
    "quoted-printable Greek": (GREEK, lambda text: quopri.encodestring(text.encode()).decode()),
    "Korean in style sheets": (KOREAN, lambda text: "".join(f"\\{ord(c):x} " for c in text)),
    "old JavaScript": (RUSSIAN, lambda text: "".join(f"%u{ord(c):04X}" for c in text)),
    "bytes with spaces": (RUSSIAN, lambda text: text.encode().hex(" ")),
    "byte values": (RUSSIAN, lambda text: str(list(text.encode()))),
}


FEW = (
    "Russian capitals in a URL",
    "Russian in base64",
    "decomposed capitals",
    "soft hyphens",
    "old JavaScript",
    "byte values",
)


@pytest.mark.parametrize("what", SPELLINGS)
def test_the_search_finds_each_spelling(what: str) -> None:
    text, spelt = SPELLINGS[what]
    said = json.dumps({"said": f"we got {spelt(text)} here"}, ensure_ascii=False).encode()
    assert traces_in(said, text) or what.endswith("base64")


@pytest.mark.parametrize("what", all_but(FEW, SPELLINGS))
def test_a_text_in_another_spelling_leaves_no_trace(project: ProjectDir, server: CountingServer, what: str) -> None:
    text, spelt = SPELLINGS[what]
    people(project, text)
    server.decide = lambda number, request: refusing(spelt(text))
    sent, *_ = leaves_no_trace(project, (text,), SEND)
    assert (sent.code, "422 Odd we got " in sent.out, "••••••" in sent.out) == (3, True, True)


def test_words_that_are_not_ours_stay(project: ProjectDir, server: CountingServer) -> None:
    people(project, WALRUS)
    server.decide = lambda number, request: refusing("a purple error, dear")
    assert "422 Odd we got a purple error, dear here" in project.run(*SEND).out


# Other messages of the same command


def test_the_text_of_another_message_leaves_no_trace(project: ProjectDir, server: CountingServer) -> None:
    people(project, WALRUS, HERON)
    server.decide = lambda number, request: Answer() if number == 1 else refusing(WALRUS.upper())
    sent, *_ = leaves_no_trace(project, (WALRUS, HERON), SEND)
    assert [len(server.posts), "422 Odd we got ••••••. here" in sent.out] == [2, True]


def test_the_text_of_another_message_is_no_id(project: ProjectDir, server: CountingServer) -> None:
    people(project, WALRUS, HERON)
    identity = re.sub(r"\W+", "-", WALRUS)[:40]
    server.decide = lambda number, request: Answer() if number == 1 else accepting(request, identity)
    sent, *_ = leaves_no_trace(project, (WALRUS, HERON), SEND)
    assert sent.code == 0
    found = project.run("status", "--env", "test", "--messages", "--format", "json").json["messages"]
    assert {message["remote_id"] for message in found} == {message["id"] for message in server.taken}


def test_the_text_of_another_spec_leaves_no_trace(project: ProjectDir, server: CountingServer) -> None:
    people(project, WALRUS)
    spec = (project.folder / "a.yaml").read_text()
    project.write("b.yaml", spec.replace("name: a", "name: b").replace("{{ text }}", HERON))
    server.decide = lambda number, request: Answer() if number == 1 else refusing(WALRUS)
    sent, *_ = leaves_no_trace(project, (WALRUS, HERON), ("send", "a.yaml", "b.yaml", "--env", "test", "--yes"))
    assert "422 Odd we got ••••••. here" in sent.out


def test_what_the_spec_said_in_an_earlier_run_leaves_no_trace(project: ProjectDir, server: CountingServer) -> None:
    """Its constants are known, also those that none of today's messages has."""
    people(project, "Al", "Bo")
    spec = (project.folder / "a.yaml").read_text()
    chosen = "{% if text == 'Zebulon' %}the purple walrus dances{% else %}Hi {{ text }}{% endif %}"
    project.write("a.yaml", spec.replace("{{ text }}", chosen))
    server.decide = lambda number, request: refusing("Zed: purple-walrus-dances")
    sent, *_ = leaves_no_trace(project, ("the purple walrus dances",), SEND)
    assert "422 Odd we got Zed: •••••• here" in sent.out


def test_a_batch_is_refused_with_the_text_of_an_earlier_one(project: ProjectDir, server: CountingServer) -> None:
    people(project, WALRUS, "Short one", HERON)
    path = project.folder / "sendspec.yaml"
    path.write_text(path.read_text().replace("timeout: 2", "timeout: 2, batch: 2"))

    def decide(number: int, request: Request) -> Answer:
        if number > 1:
            return refusing(WALRUS)
        entries = [{"id": f"id-{n}"} for n, _ in enumerate(request.json["messageRequests"])]
        return Answer(202, json.dumps({"messages": entries}).encode(), taken=False)

    server.decide = decide
    sent, *_ = leaves_no_trace(project, (WALRUS, HERON), (*SEND, "--no-witness"))
    assert [len(server.posts), "422 Odd we got ••••••. here" in sent.out] == [2, True]


# The list


def list_error(status: int, text: str, code: str) -> Answer:
    details = {f".{text}": [text]}
    return Answer(status, json.dumps({"code": code, "message": f"last was {text}", "details": details}).encode())


@pytest.mark.parametrize("status", all_but([404], [400, 401, 403, 404, 422, 429, 500, 302]))
def test_a_list_error_that_repeats_a_text_leaves_no_trace(
    project: ProjectDir, server: CountingServer, status: int
) -> None:
    people(project, WALRUS)
    server.listing = lambda request: list_error(status, WALRUS, WALRUS)
    server.decide = lambda number, request: Answer(500)
    leaves_no_trace(project, (WALRUS,), SEND, (*SEND, "--format", "json"), (*SEND, "--no-witness"))
    assert len(server.posts) == 1


def test_of_a_list_error_the_documented_words_stay(project: ProjectDir, server: CountingServer) -> None:
    people(project, WALRUS)
    body = {"code": "BadRequest", "message": "Bad request: Invalid time range to filter."}
    server.listing = lambda request: Answer(400, json.dumps(body).encode())
    assert "the API answers 400 BadRequest Invalid time range to filter, so" in project.run(*SEND).err
    server.listing = lambda request: list_error(404, "The requested resource does not exist: channel not found", "N")
    done = project.run(*SEND)
    assert "404 N channel not found" in done.out + done.err


IDENTITIES = [WALRUS[:30], WALRUS[5:12] + " " + WALRUS[14:20], KOREAN, "é" * 20, "a/b", "x" * 201]


@pytest.mark.parametrize("identity", all_but([KOREAN, "a/b", "x" * 201], IDENTITIES))
def test_an_id_of_the_list_that_could_be_a_text_is_not_kept(
    project: ProjectDir, server: CountingServer, identity: str
) -> None:
    """The message was accepted all the same, under a stand-in; an id that is too long to be one proves nothing."""
    people(project, WALRUS)

    def decide(number: int, request: Request) -> Answer:
        server.taken.append(listed(request) | {"id": identity})
        return Answer(500, taken=False)

    server.decide = decide
    leaves_no_trace(project, (WALRUS, KOREAN, identity * 7), SEND, RECONCILE, SEND)
    (message,) = project.run("status", "--env", "test", "--messages", "--format", "json").json["messages"]
    assert len(server.posts) == 1
    kept = message["remote_id"] or ""
    assert re.fullmatch("hidden:[0-9a-f]{32}", kept) is not None or (len(identity) > 200 and kept == "")


def test_an_id_of_odd_characters_is_told_as_one(project: ProjectDir, server: CountingServer) -> None:
    people(project, WALRUS)
    server.decide = lambda number, request: replace(accepting(request, "seventeen herons"), taken=False)
    sent = project.run(*SEND, "--no-witness")
    assert "HTTP 202 with an id of other characters than letters, digits and ._:-" in sent.out
