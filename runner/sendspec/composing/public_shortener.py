"""Warns of links of public shorteners in an SMS: networks filter them, as senders of spam use them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sendspec.composing.first_rows import FirstRows
from sendspec.composing.literal_text import literal_texts
from sendspec.composing.template_tree import Node, placeholders_of
from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.spec import Spec

SHORTENERS = (
    "bit.ly", "bitly.com", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "j.mp", "ow.ly", "rb.gy", "rebrand.ly", "s.id", "shorturl.at", "t.co",
    "t.ly", "tiny.cc", "tinyurl.com", "tr.im", "v.gd",
)  # fmt: skip
"""Domains that anybody can make links under. A shortener's link under a domain of one's own isn't one of them."""
_LINK = lazy_pattern(
    rf"(?<![\w.@/-])(?:https?://)?(?:www\.)?({'|'.join(map(re.escape, SHORTENERS))})/[\w-]", re.IGNORECASE | re.ASCII
)


def public_shorteners(spec: Spec, content: Node, rows: FirstRows) -> Iterator[Diagnostic]:
    """One warning at most: at the first such link in the spec's texts and constants, else in a column that a text uses."""
    for at, text in _written(spec, content):
        if found := _link_in(text):
            yield _warning(spec, at, found[1], "")
            return
    for placeholder in placeholders_of(content):
        names = {use.name for use in (*placeholder.template.names, *placeholder.template.columns)}
        for row in rows if _is_text(placeholder.at) else ():
            for name in sorted(names & row.values.keys()):
                value = row.values[name]
                if isinstance(value, str) and (found := _link_in(value)):
                    yield _warning(spec, placeholder.at, found[1], f", from line {row.line} of the table,")
                    return


def _link_in(text: str) -> re.Match[str] | None:
    """Looks for the domains first: few texts have one, and compiling the expression takes 5 ms."""
    lowered = text.lower()
    return _LINK.search(text) if any(domain in lowered for domain in SHORTENERS) else None


def _written(spec: Spec, content: Node) -> Iterator[tuple[KeyPath, str]]:
    yield from ((at, text) for at, text in literal_texts(content) if _is_text(at))
    yield from ((("vars", name), value) for name, value in spec.variables.items() if isinstance(value, str))


def _is_text(at: KeyPath) -> bool:
    """Whether people read it: the addresses of media are no text."""
    return at[:1] == ("message",) and at[-1] != "mediaUrl" and at[1:2] in (("body",), ("template",))


def _warning(spec: Spec, at: KeyPath, domain: str, where: str) -> Diagnostic:
    return spec.document.diagnostic(
        at,
        code="public-shortener",
        problem=f"a link of {domain.lower()}{where} may keep the message from arriving: networks, above all in the US, filter public shorteners",
        fix="write the whole link, or a short one under a domain of your own",
        severity=Severity.WARNING,
    )
