"""What people read or click in a message besides its text: subjects, HTML as text, links, media as names. Nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import unquote, urlsplit

from sendspec.composing.message_part import MessagePart
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted

PARTS_SHOWN, LINKS_SHOWN, CHARACTERS_SHOWN = 8, 5, 400
_MEDIA = lazy_pattern(r"(?:^|\.)(?:imageUrl|mediaUrl|previewUrl)$")


def part_lines(parts: Sequence[MessagePart], *, whole: bool) -> Iterator[str]:
    """Each part with its place in the message; all of them if `whole`."""
    shown = parts if whole else parts[:PARTS_SHOWN]
    for part in shown:
        kept = part.text if whole else part.text[:CHARACTERS_SHOWN]
        left = len(part.text) - len(kept) + part.cut
        name = media_name(part)
        more = f"… and {counted(left, 'more character')}" if left else ""
        yield f"{printable(part.at)}: {f'{printable(name)}, ' if name else ''}{printable(kept)}{more}"
        for link in part.all_links[:LINKS_SHOWN] if left else ():
            yield f"  link: {printable(link)}"
    if len(shown) < len(parts):
        yield f"and {counted(len(parts) - len(shown), 'more part')}"


def media_name(part: MessagePart) -> str:
    """The file's name in the URL of a picture or file; "" for any other part."""
    if not _MEDIA.search(part.at):
        return ""
    try:
        path = urlsplit(part.text).path
    except ValueError:  # brackets that are no IPv6 address
        return ""
    return unquote(path.rsplit("/", 1)[-1])
