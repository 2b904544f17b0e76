"""One bubble of the sandbox's page: a message with its segments, its life and what was planned, or a text from a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import unquote, urlsplit

from sendspec.composing.message_part import parts_of
from sendspec.composing.payload_text import text_of
from sendspec.composing.platforms.sms_segments import (
    MAX_FORCING,
    Encoding,
    Measure,
    encoding_in,
    forcing,
    segments_in,
    size_of,
    split,
)
from sendspec.diagnostics.redaction import escaped
from sendspec.diagnostics.wording import counted
from sendspec.ledger.record import MessageRecord
from sendspec.provider.opt_out_keyword import KeywordSense
from sendspec.sandbox.comparison import Comparison, Difference
from sendspec.sandbox.inbox import ArrivedMessage, ArrivedText, Entry
from sendspec.sandbox.life import Reached
from sendspec.showing.pages.parts import Piece
from sendspec.showing.pages.sandbox_words import Moments, shell_word, status_tone

MAX_PARTS = 60
MAX_MARKS = 40
MAX_SHOWN = 20_000
"""Characters of one text. A message may have a million, and a page shows many."""
KEYWORDS = {
    KeywordSense.OUT: "opts out", KeywordSense.IN: "opts in", KeywordSense.CONTAINS: "contains a keyword, which decides nothing",
}  # fmt: skip
DONE = {"unsubscribe-request": "opted out", "subscribe-consent": "opted in", "clicked": "clicked a link"}
_MAIL = ("body.html.metadata.subject", "body.html.html", "body.html.text")


def entry_context(entry: Entry, comparison: Comparison | None, moments: Moments, url: str) -> Mapping[str, Any]:
    shared = {"time": moments.short(entry.at), "iso": moments.iso(entry.at)}
    if isinstance(entry, ArrivedText):
        return {**shared, **_text(entry, url)}
    return {**shared, **_message(entry, comparison, moments)}


def _text(entry: ArrivedText, url: str) -> Mapping[str, Any]:
    text = entry.text
    words = f"--from {shell_word(text.sender)} --text {shell_word(text.text)} --channel {shell_word(text.channel)}"
    return {
        "id": text.id, "side": "out", "pieces": [Piece(text.text)], "is_source": False, "label": "a text from this person",
        "keyword": "" if entry.keyword is None else KEYWORDS[entry.keyword],
        "command": f"SENDSPEC_SANDBOX_URL={url} sendspec sandbox event {words}",
    }  # fmt: skip


def _message(entry: ArrivedMessage, comparison: Comparison | None, moments: Moments) -> Mapping[str, Any]:
    payload, measured, step = entry.stored.payload, entry.measure, entry.reached.step
    html = (payload.get("body") or {}).get("html") or {}
    text, source = text_of(payload) or "", _cut(str(html.get("html") or ""))
    is_source = not text and bool(source)
    return {
        "id": entry.stored.id, "side": "in", "label": "a message to this person",
        "subject": str((html.get("metadata") or {}).get("subject") or ""), "html": "" if is_source else source,
        "pieces": [Piece(source)] if is_source else list(_pieces(text, measured)), "is_source": is_source,
        "size": "" if measured is None else size_words(measured),
        "status": step.status, "tone": status_tone(step.status),
        "failure": "" if step.failure is None else f"{step.failure.text} ({step.failure.code} {step.failure.name})",
        "life": [_step(reached, moments) for reached in entry.passed],
        "done": [f"{'a program' if it.bot else 'the person'} {DONE.get(it.kind, it.kind)}" for it in entry.interactions],
        "parts": list(_parts(payload)), "more_receivers": entry.stored.receivers[1:],
        "facts": [(name, text) for name, text in _facts(entry) if text],
        **_planned(entry, comparison),
    }  # fmt: skip


def _step(reached: Reached, moments: Moments) -> tuple[str, str, str]:
    return reached.step.status, moments.short(reached.at), moments.iso(reached.at)


def size_words(measured: Measure) -> str:
    return (
        f"{measured.encoding} · {counted(measured.characters, 'character')} · {counted(measured.segments, 'segment')}"
    )


def planned_size(size: int) -> str:
    return f"{counted(segments_in(size), 'segment')} {encoding_in(size)}"


def _planned(entry: ArrivedMessage, comparison: Comparison | None) -> Mapping[str, Any]:
    """What was planned, and whether it differs."""
    if comparison is None:
        return {"planned": "", "differs": False}
    record = comparison.record_of.get(entry.stored.id)
    if record is None:
        return {"planned": "" if comparison.is_cut else "not planned in this project", "differs": False}
    name = spec_words(record)
    unlike = comparison.unlike.get(entry.stored.id)
    if unlike is Difference.ELSEWHERE:
        return {"planned": f"{name} planned it for {record.masked}", "differs": True}
    if record.size is None or entry.measure is None or record.size == size_of(entry.measure):
        if unlike is not None:
            return {"planned": f"{name} planned other content", "differs": True}
        return {"planned": f"as planned by {name}", "differs": False}
    return {"planned": f"{name} planned {planned_size(record.size)}", "differs": True}


def spec_words(record: MessageRecord) -> str:
    """`order-shipped, row 3`."""
    row = "" if record.line is None else f", row {record.line}"
    return f"{record.name}{'' if record.generation == 1 else f' generation {record.generation}'}{row}"


def _pieces(text: str, measured: Measure | None) -> Iterator[Piece]:
    """The text, with a mark where a segment ends, and one on each run of characters that force UCS-2."""
    if measured is None:
        if text:
            yield Piece(_cut(text))
        return
    marked = {found.index: found.replacement for found in forcing(text)} if measured.encoding is Encoding.UCS2 else {}
    if len({text[index] for index in marked}) > MAX_FORCING:
        marked = {}  # another script: all of it forces UCS-2
    segments, start, told = split(text), 0, _Told()
    for number, segment in enumerate(segments, 1):
        yield from _marked(segment, start, marked, told)
        start += len(segment)
        if start > MAX_SHOWN:
            yield Piece(_left_out(len(text) - start))
            return
        if number < len(segments):
            yield Piece(f"{number}/{len(segments)}", "cut", f"segment {number} of {len(segments)} ends here")


class _Told:
    """What was marked in a text so far: each character is explained once."""

    def __init__(self) -> None:
        self.characters: set[str] = set()
        self.marks = 0


def _marked(segment: str, start: int, marked: Mapping[int, str | None], told: _Told) -> Iterator[Piece]:
    for is_forcing, run in groupby(enumerate(segment, start), lambda each: each[0] in marked):
        found = list(run)
        text = "".join(character for _, character in found)
        if not is_forcing:
            yield Piece(text)
            continue
        told.marks += 1
        if told.marks == MAX_MARKS + 1:
            yield Piece("no marks from here", "cut", f"only the first {MAX_MARKS} places that force UCS-2 are marked")
        yield Piece(text, "forcing", _explained(found, marked, told)) if told.marks <= MAX_MARKS else Piece(text)


def _explained(found: Sequence[tuple[int, str]], marked: Mapping[int, str | None], told: _Told) -> str:
    words = []
    for index, character in found:
        if character not in told.characters:
            told.characters.add(character)
            instead = "" if marked[index] is None else f"; {marked[index]} would not"
            words.append(f"{escaped(character)} forces UCS-2{instead}")
    return ", ".join(words)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + _left_out(len(text) - MAX_SHOWN)


def _left_out(characters: int) -> str:
    return f" … {counted(characters, 'more character')}" if characters else ""


def _parts(payload: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What else can be read, clicked or seen: its place, its name, and the whole of it. Nothing of it is fetched."""
    found = [part for part in parts_of(payload) if part.at not in _MAIL]
    for part in found[:MAX_PARTS]:
        yield part.at, _file_name(part.text), part.text + (f" … {part.cut} more characters" if part.cut else "")
    if len(found) > MAX_PARTS:
        yield "", "", f"and {len(found) - MAX_PARTS} more"


def _file_name(text: str) -> str:
    """The last part of an address's path; empty for what is no address."""
    if not text.lower().startswith(("http://", "https://")):
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.netloc


def _facts(entry: ArrivedMessage) -> Sequence[tuple[str, str]]:
    payload = entry.stored.payload
    return (
        ("id", entry.stored.id), ("reference", entry.reference), ("batch", entry.stored.batch or ""),
        ("platform", entry.platform), ("channel", entry.stored.channel), ("workspace", entry.stored.workspace),
        ("tags", ", ".join(map(str, payload.get("tags", ())))), ("scheduled for", str(payload.get("scheduledFor") or "")),
        ("validity", str(payload.get("validity") or "")),
    )  # fmt: skip
