"""Warns of contents that the API accepts, and that hardly arrive as they are meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sendspec.composing.first_rows import FirstRows
from sendspec.composing.public_shortener import public_shorteners
from sendspec.composing.short_link import changed_links
from sendspec.composing.template_tree import Node, placeholders_of
from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.redaction import printable, quoted
from sendspec.reading.documents.document import KeyPath, walk
from sendspec.reading.media_url import MediaPage, media_page
from sendspec.reading.spec import Spec

_SUBJECTS = (("body", "html", "metadata", "subject"), ("meta", "email", "subject"))
_SENDERS = (
    ("body", "html", "metadata", "emailFrom", "username"),
    ("meta", "email", "from", "username"),
)


def unlikely_contents(
    spec: Spec, content: Node, rows: FirstRows, *, is_mail: bool, is_measured: bool
) -> Iterator[Diagnostic]:
    """`rows` are looked at if a column is the address of media, or may have links. `is_measured`: the platform counts segments of SMS."""
    yield from changed_links(spec, is_measured=is_measured)
    if is_measured:
        yield from public_shorteners(spec, content, rows)
    if is_mail:
        yield from _mail_doubts(spec)
    for at, value in walk(spec.message.get("body"), ("message", "body")):
        if at[-1] == "mediaUrl" and isinstance(value, str) and "{" not in value:
            found = media_page(value)
            if found is not None:
                yield _page(spec, at, found, value, "")
    yield from _pages_in_rows(spec, content, rows)


def _mail_doubts(spec: Spec) -> Iterator[Diagnostic]:
    message = spec.message
    if _at(message, "body", "type") == "html" and not any(_is_text(_at(message, *at)) for at in _SUBJECTS):
        yield spec.document.diagnostic(
            ("message", "body", "html"),
            code="mail-subject",
            problem="the e-mail has no subject",
            fix='write `metadata: {subject: "…"}` under `html`',
            key=True,
            severity=Severity.WARNING,
        )
    for at in _SENDERS:
        name = _at(message, *at)
        if isinstance(name, str) and "@" in name and "{" not in name:
            yield spec.document.diagnostic(
                ("message", *at),
                code="mail-sender",
                problem="`username` is the part before the @, and the channel has the domain",
                fix=f"write {quoted(name.partition('@')[0]) or 'that part'}",
                severity=Severity.WARNING,
            )


def _at(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _pages_in_rows(spec: Spec, content: Node, rows: FirstRows) -> Iterator[Diagnostic]:
    """A warning for each column of links, at the first row with one that leads to a page."""
    for placeholder in placeholders_of(content):
        template = placeholder.template
        used = {use.name for use in (*template.names, *template.columns)} - {"row"}
        if placeholder.at[-1] != "mediaUrl" or not template.is_expression or len(used) != 1:
            continue
        column = used.pop()
        for row in rows:
            value = row.values.get(column)
            found = media_page(value) if isinstance(value, str) else None
            if found is not None:
                yield _page(spec, placeholder.at, found, str(value), f" of line {row.line}")
                break


def _page(spec: Spec, at: KeyPath, found: MediaPage, url: str, where: str) -> Diagnostic:
    shown = printable(url[:80]) + "…" * (len(url) > 80)
    return spec.document.diagnostic(
        at,
        code="media-page",
        problem=f"'{quoted(shown)}'{where} {found.value}; media is the file itself",
        fix="write the address of the file: in a browser it shows the picture or document and nothing else",
        severity=Severity.WARNING,
    )
