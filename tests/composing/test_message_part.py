"""What people read or click in a message besides its text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sendspec.composing.html_link import addresses_in, links_in
from sendspec.composing.message_part import MOST_CHARACTERS, MOST_LINKS, MessagePart, parts_in, parts_json, parts_of
from sendspec.composing.payload_text import text_path
from sendspec.reading.documents.document import dotted
from sendspec.reading.schema.validator import load_schema

ACTION = {"type": "link", "link": {"text": "Open", "url": "https://a.example"}}
HTML = {
    "text": "Hi",
    "html": "<p>Hi</p>",
    "metadata": {"subject": "News", "headers": {"id": "x"}, "clickTracking": True},
}


@pytest.mark.parametrize(
    ("payload", "parts"),
    [
        (
            {"body": {"type": "html", "html": HTML}},
            {"body.html.html": "<p>Hi</p>", "body.html.metadata.subject": "News", "body.html.metadata.headers.id": "x"},
        ),
        (
            {"body": {"type": "image", "image": {"text": "Hi", "images": [{"mediaUrl": "https://a.example/1.png", "altText": "A"}]}}},
            {"body.image.images.0.mediaUrl": "https://a.example/1.png", "body.image.images.0.altText": "A"},
        ),
        (
            {"body": {"type": "carousel", "carousel": {"items": [{"title": "One", "mediaUrl": None, "actions": [ACTION]}]}}},
            {
                "body.carousel.items.0.title": "One",
                "body.carousel.items.0.actions.0.link.text": "Open",
                "body.carousel.items.0.actions.0.link.url": "https://a.example",
            },
        ),
        (
            {"body": {"type": "location", "location": {"coordinates": {"latitude": 1.5, "longitude": 2}, "location": {"label": "Shop"}}}},
            {
                "body.location.coordinates.latitude": "1.5",
                "body.location.coordinates.longitude": "2",
                "body.location.location.label": "Shop",
            },
        ),
        (
            {"body": {"type": "section", "section": {"items": [{"type": "text", "text": {"text": "Hi", "attachments": [{"contentId": "c"}]}}]}}},
            {"body.section.items.0.text.text": "Hi"},
        ),
        (
            {"template": {"projectId": "p", "version": "7", "name": "n", "parameters": [{"type": "object", "key": "k", "value": {"type": "t", "orderId": 3}}]}},
            {
                "template.projectId": "p",
                "template.version": "7",
                "template.name": "n",
                "template.parameters.0.key": "k",
                "template.parameters.0.value.type": "t",
                "template.parameters.0.value.orderId": "3",
            },
        ),
        ({"body": {"type": "file", "file": {"files": [{"contentType": "image/png"}]}}, "receiver": {"a": "b"}, "tags": ["t"]}, {}),
    ],
)  # fmt: skip
def test_every_part_but_ids_and_media_types_is_told(payload: dict[str, Any], parts: dict[str, str]) -> None:
    found = parts_of(payload)
    assert {part.at: part.text for part in found} == parts
    assert parts_in(parts_json(found).get("parts", ())) == found


def _instances(schema: dict[str, Any], known: dict[str, Any], depth: int = 0) -> Iterator[Any]:
    """Values with every property that the request model has below `schema`, one for each alternative."""
    if "$ref" in schema:
        yield from _instances(known[schema["$ref"].rpartition("/")[2]], known, depth)
        return
    alternatives = [each for key in ("oneOf", "anyOf", "allOf") for each in schema.get(key, ())]
    alternatives += [schema[key] for key in ("then", "else") if key in schema]
    for each in alternatives if depth < 12 else ():
        yield from _instances(each, known, depth + 1)
    if "properties" in schema and depth < 12:
        for key, each in schema["properties"].items():
            yield from ({key: value} for value in _instances(each, known, depth + 1))
    elif "items" in schema and depth < 12:
        yield from ([value] for value in _instances(schema["items"], known, depth + 1))
    elif "string" in str(schema.get("type", "")):
        yield "TEXT"


def _leaf(value: Any, at: tuple[str | int, ...] = ()) -> tuple[tuple[str | int, ...], Any]:
    if isinstance(value, dict | list):
        [(key, each)] = value.items() if isinstance(value, dict) else enumerate(value)
        return _leaf(each, (*at, key))
    return at, value


def test_no_string_of_the_request_model_is_forgotten() -> None:
    """Each is the text, a part, an id, a media type, or the word that says of which type something is."""
    schema = load_schema("message").document
    told = 0
    for value in _instances(schema["properties"]["body"], schema["$defs"]):
        at, _ = _leaf(value, ("body",))
        kind = at[1]
        payload = {"body": {**value, "type": kind} if at[-1] != "type" or len(at) > 2 else value}
        key = str(at[-1])
        if at == text_path(payload) or key in ("contentType", "id", "type") or key.endswith("Id"):
            continue
        assert [part.at for part in parts_of(payload)] == [dotted(at)]
        told += 1
    assert told > 100


def test_what_is_cut_is_counted_and_its_links_are_listed_whole() -> None:
    links = [f"https://a.example/{n}" for n in range(MOST_LINKS + 3)]
    html = "<p>" * 1_000 + "".join(f"<a href={link}>x</a>" for link in links)
    [part] = parts_of({"body": {"type": "html", "html": {"html": html}}})
    assert part == MessagePart(
        "body.html.html", html[:MOST_CHARACTERS], len(html) - MOST_CHARACTERS, tuple(links[:MOST_LINKS]), 3, part.digest
    )
    [other] = parts_of({"body": {"type": "html", "html": {"html": html.replace("x</a>", "y</a>")}}})
    assert part.digest != other.digest
    assert (other.text, other.cut) == (part.text, part.cut)
    assert parts_in(parts_json([part])["parts"]) == (part,)


@pytest.mark.parametrize(
    ("html", "links"),
    [
        ("<a href='http://a.example' title='b'>x</a><img src=c.png alt=d>", ("http://a.example", "c.png")),
        ("<p style=\"background: url('x.png')\">", ("background: url('x.png')",)),
        ("<a href=\"&#104;ttps://evil.example\">", ("https://evil.example",)),
        ("see www.evil.example, or mailto:a@b.example", ("www.evil.example,", "mailto:a@b.example")),
        ("<a title=\"⟨x | replace(\"'\", '\"')⟩' href=https://evil.example>", ("https://evil.example",)),
        ("<!-- <a href='https://hidden.example'> --><style>@import '//evil.example/x'</style>", ("https://hidden.example", "//evil.example/x")),
        ("<a href='https://a.example'>x</a><![x <img src=https://b.example/x.png>", ("https://a.example", "https://b.example/x.png")),
        ("<p>1 // 2</p>", ()),
        ("<p style='display:none; color: #fff!important' title='Note: this'>x</p>", ()),
        ("<p style='background:u\\72l(x.png)'>x</p><p style='b: //x.png'>", ("background:u\\72l(x.png)", "b: //x.png")),
        ("see javascript:alert(1) (or https://a.example/x(y) and https://b.example/x)", ("javascript:alert(1)", "https://a.example/x(y)", "https://b.example/x")),
        ("<p>https://a.example/(x<p>tel:(1", ("https://a.example/(x", "tel:(1")),
    ],
)  # fmt: skip
def test_links_are_found_as_readers_find_them_and_where_those_are_confused(html: str, links: tuple[str, ...]) -> None:
    found = links_in(html)
    assert all(any(link in each for each in found) for link in links), found
    assert bool(found) == bool(links)


def test_addresses_of_plain_text_are_whole() -> None:
    text = "javascript:alert(1), (https://a.example/x(y)) sms:1; https://b.example/(("
    assert addresses_in(text) == ("javascript:alert(1),", "https://a.example/x(y)", "sms:1;", "https://b.example/((")
