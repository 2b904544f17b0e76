"""Shapes of messages that property tests fill: every TEXT in them becomes whatever a test draws."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

BODIES = [
    {"type": "text", "text": {"text": "TEXT"}},
    {"type": "text", "text": {"text": "TEXT", "attachments": [{"mediaUrl": "TEXT"}]}},
    {"type": "text", "text": {"text": "Your order is on its way."}},
    {"type": "image", "image": {"images": [{"mediaUrl": "TEXT", "altText": "TEXT"}, {"mediaUrl": "https://example.com/%b.png"}]}},
    {"type": "file", "file": {"files": [{"mediaUrl": "https://example.com/{{ n }}.pdf", "contentType": "TEXT"}]}},
    {"type": "html", "html": {"html": "TEXT", "text": "TEXT"}},
    {"type": "html", "html": {"html": "<p>{{ name | safe }}, {{ n }}</p>"}},
    {"type": "TEXT", "text": {"text": "TEXT"}},
]  # fmt: skip
FIELDS: dict[str, list[Any]] = {
    "tags": [["TEXT"], ["TEXT", "a", "TEXT"], ["promo"]],
    "validity": ["TEXT", 3600, "{{ n | int }}"],
    "reference": ["TEXT", "order-{{ n }}", "{{ message_id }}-{{ generation }}"],
    "meta": [{"extraInformation": {"useCase": "TEXT"}}, {"extraInformation": {"useCase": "marketing"}}],
    "capFrequency": [True, False, "{{ flag }}"],
    "sender": [{"connector": {"identifierValue": "TEXT"}}],
    "scheduledFor": ["TEXT", "2031-01-01T00:00:00Z"],
}


def with_leaves(shape: Any, leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """`shape` with a leaf drawn for each TEXT in it."""
    if shape == "TEXT":
        return leaves
    if isinstance(shape, dict):
        return st.fixed_dictionaries({key: with_leaves(value, leaves) for key, value in shape.items()})
    return (
        st.tuples(*(with_leaves(item, leaves) for item in shape)).map(list)
        if isinstance(shape, list)
        else st.just(shape)
    )
