"""What people read or click in a message besides its text, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendspec.composing.message_part import MessagePart
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted

PARTS_SHOWN, LINKS_SHOWN = 8, 5
TEXT_SHOWN = 160
"""Characters of a text that plain `plan` shows."""


def shown_text(text: str, *, full: bool) -> str:
    """A `spelled` text on one line."""
    cut = text if full or len(text) <= TEXT_SHOWN else text[: TEXT_SHOWN - 1] + "…"
    return printable(cut)


def sample_lines(text: str, parts: Sequence[MessagePart], *, full: bool) -> Iterator[str]:
    """The text, and each part with its place; all of them, and whole, if `full`."""
    if text or not parts:
        yield shown_text(text, full=full)
    shown = parts if full else parts[:PARTS_SHOWN]
    for part in shown:
        kept = part.text if full else part.text[:TEXT_SHOWN]
        left = len(part.text) - len(kept) + part.cut
        more = f"… and {counted(left, 'more character')}" if left else ""
        yield f"{printable(part.at)}: {printable(kept)}{more}"
        yield from _link_lines(part, full=full) if left else ()
    if len(shown) < len(parts):
        yield f"and {counted(len(parts) - len(shown), 'more part')}: `--detail`"


def _link_lines(part: MessagePart, *, full: bool) -> Iterator[str]:
    links = part.all_links if full else part.all_links[:LINKS_SHOWN]
    yield from (f"  link: {printable(link)}" for link in links)
    left = len(part.all_links) - len(links) + part.more_links
    if left:
        yield f"  and {counted(left, 'more link')}{'' if full else ': `--detail`'}"
