"""What counts as the change of a row, and that nothing else breaks anything."""

from __future__ import annotations

import pytest
from sendspec.operations.edit_request import EditRequest, edit_request

WRONG = [
    b"", b"{}", b"[]", b"null", b"\xff", b"[" * 50_000, b'{"spec":0,"row":4}', b'{"spec":true,"row":4,"values":{}}',
    b'{"spec":0,"row":false,"values":{}}', b'{"spec":0,"row":1.5,"values":{}}', b'{"spec":0,"row":1e400,"values":{}}',
    b'{"spec":0,"row":99999999999999999999999,"values":{}}', b'{"spec":0,"row":4,"values":[]}',
    b'{"spec":0,"row":4,"values":{"a":1}}', b'{"spec":0,"row":4,"values":{"a":null}}',
    b'{"spec":0,"row":4,"values":{"a":"\\ud800"}}',
]  # fmt: skip


@pytest.mark.parametrize("body", WRONG)
def test_anything_else_is_no_change_of_a_row(body: bytes) -> None:
    assert edit_request(body) is None


def test_values_are_texts_whatever_is_in_them() -> None:
    body = b'{"spec":1,"row":4,"values":{"a":"{{ 7*7 }}","":"\\u0000"},"more":1}'
    assert edit_request(body) == EditRequest(1, 4, {"a": "{{ 7*7 }}", "": "\0"})
