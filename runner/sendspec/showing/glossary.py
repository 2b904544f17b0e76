"""What a word means that plans and messages use: a state, a reason to skip, an exit code, a status, or the code of a failure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.showing.explained.entry import Explanation
from sendspec.showing.page_text import prose
from sendspec.showing.terminal_style import TerminalStyle
from sendspec.showing.topics import topic_source

_PAGES = ("words", "states", "exit-codes", "delivery")
_ROW = lazy_pattern(r"^\| `(?P<word>[^`]+)` \| (?P<means>[^|]+) \| (?P<more>[^|]+) \|$", re.MULTILINE)
_EXIT_CODE = lazy_pattern(r"^\| (?P<numbers>\d[\d, ]*) \| (?P<means>[^|]+) \|$", re.MULTILINE)
_ITEM = lazy_pattern(r"^- (?P<words>`[^`]+`(?:, `[^`]+`)*)(?::| )(?P<means>.+(?:\n  .+)*)", re.MULTILINE)

_GROUPS = {
    "11": "the API found the message wrong", "12": "the API failed", "14": "the customer's own doing",
    "15": "a network or another platform reported it, and the reason beside it says more",
}  # fmt: skip
"""What the first digits of the API's codes say."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What `words`, as the page `page` writes them, mean. `part` is the heading that they are under, where the page has parts."""

    words: tuple[str, ...]
    meaning: str
    page: str
    part: str = ""


def entries_of(word: str) -> list[Entry]:
    """What pages say of a word, however it is written; none for a word that no page explains."""
    entries = [entry for page in _PAGES for entry in _entries(page) if _letters(word) in map(_letters, entry.words)]
    return entries or ([] if (code := _failure_code(word)) is None else [code])


def entries_text(entries: Sequence[Entry], style: TerminalStyle) -> str:
    """Entries for a terminal."""
    lines: list[str] = []
    for entry in entries:
        part = f" ({entry.part[:1].lower()}{entry.part[1:]})" if entry.part else ""
        text = f"{', '.join(entry.words)}{part}: {entry.meaning}"
        lines += [*([text] if style.columns is None else prose(text, style.width)), ""]
    pages = dict.fromkeys(f"sendspec help {entry.page}" for entry in entries)
    return "\n".join([*lines, "next: " + "\n      ".join(pages)]) + "\n"


def entries_document(entries: Sequence[Entry]) -> dict[str, Any]:
    """The `sendspec.explain/1` document about a word."""
    codes = [{"code": word, **asdict(Explanation(entry.meaning))} for entry in entries for word in entry.words]
    return {"schema": "sendspec.explain/1", "codes": codes}


def _failure_code(word: str) -> Entry | None:
    """What a code means that the API gives for a failure; None for what is none."""
    from sendspec.provider.failure_words import NOT_KNOWN, code_words  # words do without

    if not word.isascii() or not word.isdigit() or len(word) not in (3, 5):
        return None
    found = code_words(int(word))
    if found == NOT_KNOWN:
        group = _GROUPS.get(word[:2]) if len(word) == 5 else None
        return None if group is None else Entry((word,), f"the code of a failure: {group}; {found.advice}", "delivery")
    return Entry((word,), f"the code of a failure: {found.meaning}; {found.advice}", "delivery")


def _entries(page: str) -> Iterator[Entry]:
    source = topic_source(page)
    for row in _ROW.finditer(source):
        meaning = f"{row['means'].strip()}. What you can do: {row['more'].strip()}"
        yield Entry((row["word"],), meaning, page)
    for code in _EXIT_CODE.finditer(source):
        yield Entry(tuple(code["numbers"].strip().split(", ")), f"exit code: {code['means'].strip()}", page)
    for item in _ITEM.finditer(source):
        part = source[: item.start()].rpartition("\n### ")
        yield Entry(
            tuple(re.findall(r"`([^`]+)`", item["words"])),
            " ".join(item["means"].split()),
            page,
            part[2].partition("\n")[0].replace("`", "") if part[1] else "",
        )


def _letters(word: str) -> str:
    """The word in whichever form it is written: `in-doubt` is `in_doubt`, `segments` is `segment`."""
    return re.sub(r"[\W_]+", "", word).casefold().removesuffix("s")
