"""What people read of a payload, and the rest of it."""

from __future__ import annotations

from typing import Any

import pytest
from sendspec.composing.readable_text import is_plain, other_fields, readable_text

SMS = {"body": {"type": "text", "text": {"text": "Hi"}}, "tags": ["a"], "reference": "r"}
MAIL = {
    "body": {
        "type": "html",
        "html": {"text": "Hi", "html": "<p>Hi</p>", "metadata": {"subject": "News", "headers": {"a": "b"}}},
    }
}
TEMPLATE = {
    "template": {
        "projectId": "p",
        "version": "1",
        "parameters": [{"type": "string", "key": "name", "value": "Ada"}, {"type": "number", "key": "n", "value": 3}],
    }
}
IMAGE = {"body": {"type": "image", "image": {"text": "See", "images": [{"mediaUrl": "https://a.example/1.png"}]}}}


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (SMS, "Hi"),
        (IMAGE, "See"),
        (MAIL, "subject: News\ntext: Hi\nhtml: <p>Hi</p>"),
        (TEMPLATE, "name: Ada\nn: 3"),
        ({"template": {"projectId": "p"}}, None),
        ({"body": {"type": "image", "image": {"images": []}}}, None),
    ],
)
def test_the_text_is_all_that_people_read(payload: dict[str, Any], text: str | None) -> None:
    assert readable_text(payload) == text
    assert is_plain(payload) is (payload not in (MAIL, TEMPLATE) and "template" not in payload)


@pytest.mark.parametrize(
    ("before", "after", "fields"),
    [
        (SMS, SMS, set()),
        (SMS, {**SMS, "reference": "s"}, {"reference"}),
        (SMS, {**SMS, "body": {"type": "text", "text": {"text": "Bye"}}}, set()),
        (SMS, {**SMS, "tags": ["b"]}, {"tags"}),
        (SMS, {**SMS, "validity": 60}, {"validity"}),
        ({**SMS, "validity": None}, SMS, {"validity"}),
        (SMS, {**IMAGE, "reference": "r"}, {"tags", "body.type", "body.image"}),
        (IMAGE, {"body": {"type": "image", "image": {"text": "Look", "images": []}}}, {"body.image.images"}),
        (MAIL, {"body": {"type": "html", "html": {"text": "Bye", "html": "", "metadata": {"subject": "", "headers": {"a": "c"}}}}}, {"body.html.metadata.headers.a"}),
        (TEMPLATE, {"template": {"projectId": "p", "version": "2", "parameters": []}}, {"template.version"}),
    ],
)  # fmt: skip
def test_the_other_fields_are_named_by_their_place(
    before: dict[str, Any], after: dict[str, Any], fields: set[str]
) -> None:
    assert other_fields(before, after) == fields
    assert other_fields(after, before) == fields
