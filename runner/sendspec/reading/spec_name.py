"""The names that specs may have, and what to write instead of others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import mask_in_place, printable
from sendspec.reading.documents.document import Document

MAX_LENGTH = 63
NAME = lazy_pattern(r"[a-z0-9][a-z0-9-]{0,62}")
_SPELLED_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "ø": "oe", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d",
     "þ": "th", "ı": "i"}
)  # fmt: skip
"""Letters that decomposing leaves as they are, or makes another word of."""


def name_problems(document: Document) -> Iterator[Diagnostic]:
    """What is wrong with `name` and `moved_from`."""
    yield from _bad_name(document)
    yield from _bad_former_name(document)


def _proposed(name: str) -> str:
    """A name like this one; empty if nothing of it is left."""
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", name.lower()).translate(_SPELLED_OUT))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_LENGTH].strip("-")


def _bad_name(document: Document) -> Iterator[Diagnostic]:
    name = document.data.get("name")
    if not isinstance(name, str) or NAME.fullmatch(name):
        return
    proposed = _proposed(name)
    rule = "lowercase letters, digits and -, 63 at most, beginning with a letter or a digit"
    what = "the empty text" if not name else f"'{mask_in_place(printable(name[:60]))}'"
    yield document.diagnostic(
        ("name",),
        code="bad-name",
        problem=f"{what} can't be a spec's name",
        fix=f"write '{mask_in_place(proposed)}': {rule}" if proposed else f"write {rule}",
    )


def _bad_former_name(document: Document) -> Iterator[Diagnostic]:
    data = document.data
    former: Any = data.get("moved_from", False)
    if former is False or not isinstance(former, str | bool):
        return
    if former is True:
        problem, fix = (
            "`moved_from: true` names no spec",
            "write the name that the spec had before, or false for a new one",
        )
    elif not NAME.fullmatch(str(former)):
        problem = f"'{mask_in_place(printable(str(former)[:60]))}' can't be a spec's name"
        fix = "write the name that the spec had before"
    elif former == data.get("name"):
        problem, fix = "`moved_from` is the name that the spec has now", "remove `moved_from`"
    else:
        return
    yield document.diagnostic(("moved_from",), code="bad-name", problem=problem, fix=fix)
