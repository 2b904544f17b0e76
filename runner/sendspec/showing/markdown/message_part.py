"""What people read or click in a message, in Markdown: its text, and all other parts by their places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendspec.composing.message_part import MessagePart
from sendspec.showing.markdown.foreign_text import code, message, name, whole
from sendspec.showing.markdown.page import GAP
from sendspec.showing.markdown.words import many

MOST_PARTS, MOST_LINKS = 40, 40
SHORT = 200
"""Characters of a part that stands on one line."""


def sample_blocks(text: str, parts: Sequence[MessagePart]) -> str:
    """The text as a quotation, then each part."""
    short = [part for part in parts if _is_short(part)]
    long = [part for part in parts if not _is_short(part)]
    listed = [f"- {name(part.at)}: {code(part.text)}" for part in short[:MOST_PARTS]]
    blocks = [message(text)] if text or not parts else []
    blocks += ["\n".join(listed)] if listed else []
    for part in long[:MOST_PARTS]:
        blocks += _long(part)
    unseen = max(0, len(short) - MOST_PARTS) + max(0, len(long) - MOST_PARTS)
    blocks += [f"and {many(unseen, 'more part')} of the message"] if unseen else []
    return GAP.join(blocks)


def _is_short(part: MessagePart) -> bool:
    return len(part.text) <= SHORT and "\n" not in part.text


def _long(part: MessagePart) -> Iterator[str]:
    cut = (
        f", of which {many(part.cut, 'character')} at the end {'is' if part.cut == 1 else 'are'} not shown"
        if part.cut
        else ""
    )
    yield f"{name(part.at)}{cut}:"
    yield message(part.text)
    all_links = part.all_links
    if all_links or part.more_links:
        links = [f"- link: {_link(link)}" for link in all_links[:MOST_LINKS]]
        unseen = len(all_links) - len(links) + part.more_links
        yield "\n".join([*links, *([f"- and {many(unseen, 'more link')}"] if unseen else [])])


def _link(link: str) -> str:
    shown = whole(link, 1_000)
    return code(shown) + (f" and {many(len(link) - len(shown), 'more character')}" if shown != link else "")
