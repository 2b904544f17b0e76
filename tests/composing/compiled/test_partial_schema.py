"""Which messages the fast path can judge by their filled values alone."""

from __future__ import annotations

from typing import Any

import pytest
from sendspec.composing.compiled.partial_schema import slot_checks
from sendspec.composing.compiled.slot import Slot
from sendspec.reading.schema.validator import load_schema

FILLED = Slot("filled")
ATTACHMENT = {"mediaUrl": "https://example.com/a.pdf", "filename": FILLED}
MESSAGES: dict[str, dict[str, Any]] = {
    "a text": {"body": {"type": "text", "text": {"text": FILLED}}},
    "an e-mail as HTML": {"body": {"type": "html", "html": {"html": FILLED}}},
    "an e-mail as text": {"body": {"type": "html", "html": {"text": FILLED}}},
    "an attachment": {"body": {"type": "html", "html": {"text": "Hi", "attachments": [ATTACHMENT]}}},
    "a template": {"template": {"parameters": [{"type": "string", "key": "k", "value": FILLED}]}},
    "a tracking parameter": {"template": {"utmParameters": [{"key": "k", "value": FILLED}]}},
}


@pytest.mark.parametrize("what", MESSAGES)
def test_a_value_that_each_row_fills_does_not_need_the_whole_message_checked(what: str) -> None:
    """`slot_checks` raises `Undecidable` where it does: such a spec is planned many times slower."""
    asked = slot_checks(load_schema("message"), {"receiver": {}, **MESSAGES[what]}, ["filled"])
    assert set(asked) <= {"filled"}
