"""Warns where the API changes links in a text after it was measured."""

from __future__ import annotations

from collections.abc import Iterator

from sendspec.composing.payload_text import text_of
from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.reading.spec import Spec


def short_link_warnings(spec: Spec) -> Iterator[Diagnostic]:
    """At `shortLinks`, if the text has a link, or a template that may fill one in."""
    text = text_of(spec.message) or ""
    if spec.message.get("shortLinks") and ("://" in text or "www." in text or "{{" in text):
        yield spec.document.diagnostic(
            ("message", "shortLinks"),
            code="short-links",
            problem="the API shortens links after the text was measured, so a message may take fewer or more segments than shown",
            fix="remove `shortLinks` and write short links into the text yourself, if the number of segments must be exact",
            key=True,
            severity=Severity.WARNING,
        )
