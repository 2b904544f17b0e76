"""The topics of `sendspec help`: parts of the documentation, which the reference pages are made of too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sendspec.showing.explained.entry import Explanation
from sendspec.showing.page_text import page_text
from sendspec.showing.terminal_style import TerminalStyle

TOPICS = {
    "spec": "What a spec may say, and how a send uses it.",
    "message": "How the message in a spec is written.",
    "templates": "What you may write between {{ and }}.",
    "project": "The project file: access keys, channels, approvals.",
    "environments": "Which environment a command works in.",
    "ledger": "What the ledger records, and how to keep it.",
    "states": "What a message's state means, and why people are skipped.",
    "delivery": "What statuses, verdicts, failures and webhooks' words mean.",
    "words": "What segment, shape, drift and other words mean.",
    "formats": "JSON, CSV, and the reports of CI services.",
    "exit-codes": "What a command's exit code means.",
    "cli": "Where settings come from, and where to write options.",
}
"""What each topic is about, by its name, which is that of its file but for those in `FILES`."""
FILES = {"delivery": "deliveries"}
ALIASES = {
    "filters": ("templates",), "tests": ("templates",), "jinja": ("templates",), "placeholders": ("templates",),
    "csv": ("formats", "spec"), "json": ("formats",), "recipients": ("spec",), "columns": ("spec", "templates"),
    "key": ("project",), "channels": ("project",), "approvals": ("project",), "env": ("environments",),
    "lock": ("ledger",), "where": ("spec", "templates"), "exit": ("exit-codes",), "skipped": ("states",), "deliveries": ("delivery",), "statuses": ("delivery", "states"), "webhooks": ("delivery",), "verdicts": ("delivery",), "options": ("cli",), "variables": ("cli",),
}  # fmt: skip
"""Topics by other words that people look for."""
_TITLES = {"exit-codes": "Exit codes"}
"""Titles that the file leaves to the pages which it is part of."""


def topics_named(word: str) -> tuple[str, ...]:
    """The topics that a word names; none if it names none."""
    return (word,) if word in TOPICS else ALIASES.get(word.lower(), ())


def filters_text(style: TerminalStyle) -> str:
    """The filters and tests that templates may use."""
    from sendspec.composing.filters import FILTERS, TESTS  # loads Jinja, which the other topics do without

    parts = []
    for title, allowed in (("Filters", FILTERS), ("Tests", TESTS)):
        rows = "".join(f"| `{name}` | {each.summary.replace('|', chr(92) + '|')} |\n" for name, each in allowed.items())
        parts.append(
            f"## {title}\n\n| name | {'gives' if title == 'Filters' else 'is true for'} |\n| --- | --- |\n{rows}"
        )
    return page_text("\n".join(parts), style)


def topic_text(name: str, style: TerminalStyle) -> str:
    """A topic for a terminal."""
    text = topic_source(name)
    return page_text(f"# {_TITLES[name]}\n\n{text}" if name in _TITLES else text, style)


def topics_document(names: Sequence[str]) -> dict[str, Any]:
    """The `sendspec.explain/1` document about topics."""
    entries = [{"code": name, **asdict(Explanation(TOPICS[name].rstrip("."), topic_source(name)))} for name in names]
    return {"schema": "sendspec.explain/1", "codes": entries}


def topic_source(name: str) -> str:
    """A topic as the file writes it."""
    return (_directory() / f"{FILES.get(name, name)}.md").read_text(encoding="utf-8")


def _directory() -> Path:
    """The folder of the topics. A wheel carries them as `sendspec/topics`."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "topics"
    return inside if inside.is_dir() else package.parents[1] / "docs" / "parts"
