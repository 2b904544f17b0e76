"""What a word means that plans and messages use: a state, a reason to skip, an exit code, or one of the documentation's words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sendspec.showing.explained.entry import Explanation
from sendspec.showing.page_text import prose
from sendspec.showing.terminal_style import TerminalStyle
from sendspec.showing.topics import topic_source

_PAGES = ("words", "states", "exit-codes")
_ROW = re.compile(r"^\| `(?P<word>[^`]+)` \| (?P<means>[^|]+) \| (?P<more>[^|]+) \|$", re.MULTILINE)
_EXIT_CODE = re.compile(r"^\| (?P<numbers>\d[\d, ]*) \| (?P<means>[^|]+) \|$", re.MULTILINE)
_ITEM = re.compile(r"^- (?P<words>`[^`]+`(?:, `[^`]+`)*)(?::| )(?P<means>.+(?:\n  .+)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """What `words`, as the page `page` writes them, mean."""

    words: tuple[str, ...]
    meaning: str
    page: str


def entry_of(word: str) -> Entry | None:
    """The entry of a word, however it is written; None for a word that no page explains."""
    entries = (entry for page in _PAGES for entry in _entries(page))
    return next((entry for entry in entries if _letters(word) in map(_letters, entry.words)), None)


def entry_text(entry: Entry, style: TerminalStyle) -> str:
    """An entry for a terminal."""
    text = f"{', '.join(entry.words)}: {entry.meaning}"
    lines = [text] if style.columns is None else prose(text, style.width)
    return "\n".join([*lines, "", f"next: sendspec help {entry.page}"]) + "\n"


def entry_document(entry: Entry) -> dict[str, Any]:
    """The `sendspec.explain/1` document about a word."""
    explanation = asdict(Explanation(entry.meaning))
    return {"schema": "sendspec.explain/1", "codes": [{"code": word, **explanation} for word in entry.words]}


def _entries(page: str) -> Iterator[Entry]:
    source = topic_source(page)
    for row in _ROW.finditer(source):
        meaning = f"{row['means'].strip()}. What you can do: {row['more'].strip()}"
        yield Entry((row["word"],), meaning, page)
    for code in _EXIT_CODE.finditer(source):
        yield Entry(tuple(code["numbers"].strip().split(", ")), f"exit code: {code['means'].strip()}", page)
    for item in _ITEM.finditer(source):
        yield Entry(tuple(re.findall(r"`([^`]+)`", item["words"])), " ".join(item["means"].split()), page)


def _letters(word: str) -> str:
    """The word in whichever form it is written: `in-doubt` is `in_doubt`, `segments` is `segment`."""
    return re.sub(r"[\W_]+", "", word).casefold().removesuffix("s")
