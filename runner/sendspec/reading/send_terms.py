"""The keys that bind a send once it has begun, `continue_with` and `not_after`: their forms, and what they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import mask_in_place, printable
from sendspec.reading.documents.document import Document
from sendspec.reading.schema.formats import is_date_time
from sendspec.reading.schema.moment_words import MOMENT_FORM, moment_example, no_such_day

CONTINUE_WITH, NOT_AFTER = ("continue_with",), ("not_after",)
_DIGEST = lazy_pattern(r"[0-9a-f]{16}")
_FIND_DIGEST = "write the digest that `sendspec plan` shows"
_DATE = lazy_pattern(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CLOCK_TIME = lazy_pattern(r"\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?", re.ASCII)
_OFFSET = lazy_pattern(r" ?(?:[Zz]|[+-]\d{1,2}(?::?\d{2})?)", re.ASCII)
_WRITE_ONE = f"write one in this form: {MOMENT_FORM}"


def term_problems(document: Document) -> Iterator[Diagnostic]:
    """What is wrong with the two keys; the schema says only that something is."""
    digest: Any = document.data.get("continue_with")
    if isinstance(digest, int | float) and not isinstance(digest, bool):
        yield _unquoted_digest(document)
    elif isinstance(digest, str) and not _is_text_digest(digest):
        yield _wrong_digest(document, digest)
    moment: Any = document.data.get("not_after")
    if isinstance(moment, str) and not is_date_time(moment):
        problem, fix = moment_problem(moment)
        yield document.diagnostic(NOT_AFTER, code="wrong-format", problem=problem, fix=fix)


def _is_text_digest(text: str) -> bool:
    return _DIGEST.fullmatch(text) is not None


def _unquoted_digest(document: Document) -> Diagnostic:
    """A digest that YAML reads as a number: of digits only, or with a single e among them."""
    written = document.written(CONTINUE_WITH)
    shown, corrected = _shown_digest(written)
    return document.diagnostic(
        CONTINUE_WITH,
        code="unquoted-number",
        problem=f"YAML reads {shown} as a number, and a text digest is text",
        fix=_FIND_DIGEST if corrected is None else f'put it in quotes: "{corrected}"',
    )


def _wrong_digest(document: Document, written: str) -> Diagnostic:
    shown, corrected = _shown_digest(written)
    return document.diagnostic(
        CONTINUE_WITH,
        code="wrong-format",
        problem=f"'{shown}' is not a text digest: 16 digits from 0-9 and a-f, in lower case",
        fix=_FIND_DIGEST if corrected is None else f"write '{corrected}'",
    )


def _shown_digest(written: str) -> tuple[str, str | None]:
    """What was written as it may be shown, and in lower case if that makes it a digest."""
    lower = written.lower()
    # a digest is no personal data, and masked it could not be copied from the fix
    return (written, lower) if _is_text_digest(lower) else (mask_in_place(printable(written[:60])), None)


def _written_out(meant: str, own: str) -> str:
    return f"write {meant}, with your own {own}; Z is UTC itself" if is_date_time(meant) else _WRITE_ONE


def moment_problem(written: str) -> tuple[str, str]:
    """What is wrong with a text that is no date-time of RFC 3339, and the fix."""
    shown = mask_in_place(printable(written[:60]))
    what, existing = no_such_day(written), moment_example(written)
    if what is not None and existing is not None:
        return f"'{shown}' {what}", f"write {existing}"
    date, rest = written[:10], written[10:]
    clock = _CLOCK_TIME.match(rest[1:])
    if _DATE.fullmatch(date) is None and existing is not None:
        own = "offset from UTC" if ":" in written else "time and offset from UTC"
        meant = f"{existing[:19]}+01:00" if ":" in written else f"{existing[:10]}T23:59:59+01:00"
        return f"'{shown}' is not a date and time with an offset", _written_out(meant, own)
    if _DATE.fullmatch(date) is None or (rest and clock is None):
        return f"'{shown}' is not a date and time with an offset", _WRITE_ONE
    if clock is None:
        meant, own = f"{date}T23:59:59+01:00", "time and offset from UTC"
        return f"'{shown}' is a date without a time", _written_out(meant, own)
    offset = rest[1 + clock.end() :]
    if not offset:
        seconds = ":00" if clock[0].count(":") == 1 else ""
        meant, own = f"{date}T{clock[0]}{seconds}+01:00", "offset from UTC"
        return f"'{shown}' has no offset from UTC", _written_out(meant, own)
    if _OFFSET.fullmatch(offset) is None:
        return f"'{shown}' is not a date and time with an offset", _WRITE_ONE
    corrected = f"{date}T{clock[0]}{offset.strip()}"
    if is_date_time(corrected):
        return f"'{shown}' has no T between date and time", f"write {corrected}"
    if re.fullmatch(r"[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})", rest):
        return f"there is no such moment as '{shown}'", "write a day, a time and an offset that exist"
    return f"'{shown}' is not written as RFC 3339 wants it", f"write seconds and a whole offset: {MOMENT_FORM}"
