"""Warns where the API changes links in a text after it was measured."""

from __future__ import annotations

from collections.abc import Iterator

from sendspec.composing.payload_text import text_of
from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.reading.spec import Spec


def changed_links(spec: Spec, *, is_measured: bool) -> Iterator[Diagnostic]:
    """At `shortLinks`, else at `enableLinkTracking`, if the text has a link, or a template that may fill one in.

    `is_measured`: the platform counts segments. Elsewhere, tracking changes no number that anybody was shown.
    """
    text = text_of(spec.message) or ""
    if not ("://" in text or "www." in text or "{{" in text):
        return
    if spec.message.get("shortLinks"):
        yield spec.document.diagnostic(
            ("message", "shortLinks"),
            code="short-links",
            problem="the API shortens links after the text was measured, so a message may take fewer or more segments than shown",
            fix="remove `shortLinks` and write short links into the text yourself, if the number of segments must be exact",
            key=True,
            severity=Severity.WARNING,
        )
    elif is_measured and spec.message.get("enableLinkTracking") is True:
        yield spec.document.diagnostic(
            ("message", "enableLinkTracking"),
            code="tracked-links",
            problem="the API may add to links after the text was measured, so a message may take more segments than shown",
            fix="remove `enableLinkTracking`, if the number of segments must be exact",
            key=True,
            severity=Severity.WARNING,
        )
