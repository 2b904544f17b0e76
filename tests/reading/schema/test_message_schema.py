"""The strict schema of the request: the vendor's samples pass, and every way of spoiling one is refused at its place."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import islice
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from long_rows import all_but
from sendspec.reading.schema.validator import load_schema

Path = tuple[str | int, ...]
RECEIVER = {"contacts": [{"identifierKey": "phonenumber", "identifierValue": "+31612345678"}]}
URL = "https://media.example.com/a.png?alt=media"
UUID = "123e4567-e89b-12d3-a456-426614174000"
ACTIONS = [
    {"type": "link", "link": {"text": "Read", "url": "https://example.com"}},
    {"type": "reply", "reply": {"text": "Yes", "imageUrl": "i", "metadata": {"description": {"label": "Short"}}}},
    {"type": "locationRequest", "locationRequest": {"text": "Where?"}},
    {"type": "buy", "buy": {"text": "Buy", "amountCents": 450, "currency": "EUR"}},
    {"type": "postback", "postback": {"text": "Stop", "payload": "stop"}},
]
ATTACHMENT = {"mediaUrl": URL, "filename": "a.pdf", "inline": True}
MEDIA = {"subject": "S", "fallbackText": "F", "storyType": "T", "telegram": {"parseMode": "Markdown"}}
TEXT = {
    "text": "Single text message",
    "attachments": [{**ATTACHMENT, "contentId": "c"}],
    "actions": ACTIONS,
    "metadata": {
        "subject": "S",
        "headers": {"X-A": "b"},
        "whatsapp": {"previewUrl": True},
        "line": {"emoji": {"items": [{"index": 1, "productId": "p", "emojiId": "e", "length": 1}]}},
        "telegram": {"parseMode": "MarkdownV2"},
        "apple": {"summaryText": "S"},
    },
}
ITEMS = [{"title": "T", "mediaUrl": URL, "description": "D", "altText": "A", "actions": ACTIONS[:1]}]
NESTED = {
    "type": "section",
    "section": {"items": [{"type": "text", "text": {"text": "deep"}}], "configurations": {"default": "d"}},
}
BODIES: dict[str, dict[str, Any]] = {
    "text": TEXT,
    "html": {
        "text": "T",
        "html": "<p>T</p>",
        "attachments": [{"content": "aGk=", "contentType": "text/plain", "filename": "a.txt"}, ATTACHMENT],
        "actions": ACTIONS[:1],
        "metadata": {
            "subject": "S",
            "emailFrom": {"username": "news", "displayName": "News"},
            "headers": {"X-A": "b"},
            "initialOpenTracking": True,
            "clickTracking": True,
            "openTracking": False,
        },
    },
    "image": {"images": [{"mediaUrl": URL, "altText": "A"}], "text": "T", "metadata": MEDIA, "actions": ACTIONS[:1]},
    "file": {
        "files": [
            {
                "mediaUrl": URL,
                "contentType": "video/mp4",
                "filename": "v.mp4",
                "altText": "A",
                "metadata": {"isAnimated": True},
            }
        ],
        "text": "T",
        "metadata": MEDIA,
        "actions": ACTIONS[:1],
    },
    "gif": {
        "mediaUrl": URL,
        "text": "T",
        "altText": "A",
        "actions": ACTIONS[:1],
        "metadata": {"telegram": {"parseMode": "Markdown"}},
    },
    "location": {"coordinates": {"latitude": 52.4, "longitude": 4.9}, "location": {"address": "A", "label": "L"}},
    "carousel": {"text": "T", "items": ITEMS},
    "list": {
        "title": "T",
        "text": "T",
        "altText": "A",
        "items": ITEMS,
        "actions": ACTIONS[:1],
        "metadata": {"button": {"label": "Open"}, "replyMessage": {"title": "T", "text": "T"}},
    },
    "section": {"items": [{"type": "gif", "gif": {"mediaUrl": URL}}, NESTED], "configurations": {"a": "b"}},
    "authentication": {"otp": {"disclaimer": True, "expirationTime": 10, "actions": ACTIONS[:1]}},
}
PARAMETERS: list[dict[str, Any]] = [
    {"type": "string", "key": "k", "value": "v"},
    {"type": "number", "key": "k", "value": 1.5},
    {"type": "boolean", "key": "k", "value": False},
    {"type": "object", "key": "k", "value": {"any": [1]}},
    {
        "type": "sectionList",
        "key": "k",
        "value": {
            "sections": [
                {
                    "id": None,
                    "multipleSelection": True,
                    "title": "T",
                    "items": [
                        {"type": "reply-action", "id": "i", "role": "r", "replyAction": {"text": "T", "subTitle": "S"}}
                    ],
                }
            ]
        },
    },
    {
        "type": "timeslotList",
        "key": "k",
        "value": {"timeslots": [{"id": "i", "startTime": "2027-03-01T09:00:00Z", "duration": 1.5}]},
    },
    {
        "type": "productSections",
        "key": "k",
        "value": {
            "productSections": [{"title": "T", "products": [{"externalProductId": "p", "amount": "1", "text": "T"}]}]
        },
    },
    {
        "type": "productList",
        "key": "k",
        "value": {"products": [{"type": "product", "product": {"externalProductId": "p"}}]},
    },
    {
        "type": "shippingMethodList",
        "key": "k",
        "value": {"shippingMethods": [{"amount": "1", "label": "L", "identifier": "i", "detail": "D"}]},
    },
    {"type": "lineItemList", "key": "k", "value": {"lineItems": [{"amount": "1", "text": "T", "type": "final"}]}},
    {
        "type": "whatsappProductSections",
        "key": "k",
        "value": {
            "sections": [
                {
                    "type": "whatsapp-product-section",
                    "whatsappProductSection": {
                        "title": "T",
                        "products": [
                            {"type": "whatsapp-product-item", "whatsappProductItem": {"externalProductId": "p"}}
                        ],
                    },
                }
            ]
        },
    },
    {
        "type": "whatsappProductItems",
        "key": "k",
        "value": {"products": [{"type": "whatsapp-product-item", "whatsappProductItem": {"externalProductId": "p"}}]},
    },
]
TEMPLATE = {
    "name": "n",
    "projectId": UUID,
    "version": "latest",
    "locale": "en",
    "attachments": [ATTACHMENT],
    "shortLinks": {"enabled": True, "domain": "default"},
    "variables": {"default": "d", "other": "o"},
    "utmParameters": [{"key": "k", "value": "v"}, {"key": "k", "reference": "platform_name"}],
    "parameters": PARAMETERS,
    "settings": {"useMmLite": True, "disallowMmLite": None},
}
FULL: dict[str, Any] = {
    "sender": {"connector": {"identifierValue": "a@example.com", "annotations": {"name": "A"}}},
    "receiver": {
        "contacts": [
            {
                "id": UUID,
                "identifierKey": "emailaddress",
                "identifierValue": "b@example.com",
                "type": "cc",
                "identifiers": [{"identifierKey": "emailaddress", "identifierValue": "b@example.com"}],
                "platformAddress": "b@example.com",
                "platformAddressSelector": "identifiers.emailaddress",
            }
        ]
    },
    "reference": "my-own-identifier",
    "meta": {
        "extraInformation": {"any": "thing"},
        "referral": {
            "source": "s",
            "title": "t",
            "text": "t",
            "group": "g",
            "metadata": {"source_id": "s", "source_url": None, "media_url": "m", "tracking_id": "t"},
        },
        "order": {
            "products": [
                {
                    "externalCatalogId": "c",
                    "externalProductId": "p",
                    "quantity": 1,
                    "price": {"amount": 1, "exponent": 1, "currencyCode": "EUR"},
                }
            ]
        },
        "referredProduct": {"externalCatalogId": "c", "externalProductId": "p"},
        "email": {"subject": "s", "headers": {"X-A": "b"}, "from": {"username": "a.b/c+d-e_f", "displayName": "A"}},
        "pushNotifications": {"gatewayTypeOverride": "apns"},
        "navigatorId": UUID,
        "navigatorMessageId": UUID,
        "flow": {"id": UUID, "name": "n", "stepId": "s", "runId": None},
        "journey": {"id": UUID, "name": "n", "stepId": None, "runId": UUID},
        "campaign": {"id": UUID, "name": None},
    },
    "replyTo": {"id": "m", "order": 1, "type": "message"},
    "notification": {"url": "https://example.com/hook"},
    "capFrequency": True,
    "enableLinkTracking": True,
    "ignoreQuietHours": True,
    "ignoreGlobalHoldout": True,
    "tags": ["text", "A-b_c 1"],
    "shortLinks": {"domain": "default"},
    "scheduledFor": "2025-07-10T02:12:14.957Z",
    "validity": 1,
}
GOOD: dict[str, dict[str, Any]] = {
    **{f"body-{kind}": {"receiver": RECEIVER, "body": {"type": kind, kind: body}} for kind, body in BODIES.items()},
    **{f"parameter-{p['type']}": {"receiver": RECEIVER, "template": {"parameters": [p]}} for p in PARAMETERS},
    "full-body": {**FULL, "body": {"type": "text", "text": {"text": "text"}}},
    "full-template": {**FULL, "template": TEMPLATE},
}


def mutated(payload: dict[str, Any], at: Path, change: Any) -> dict[str, Any]:
    """A copy of `payload` in which `change` was done to the container of `at`, with its last key."""
    spoiled = copy.deepcopy(payload)
    holder: Any = spoiled
    for key in at[:-1]:
        holder = holder[key]
    change(holder, at[-1])
    return spoiled


# What the schema says, followed by hand: neither of the two libraries has a part in what is expected.
SCHEMA = load_schema("message").document


def resolved(schema: dict[str, Any], value: Any) -> dict[str, Any]:
    """The schema that holds for `value`: references followed, the branch that its `type` names taken."""
    while True:
        if "$ref" in schema:
            schema = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]]
        elif isinstance(value, dict) and any("then" in part for part in schema.get("allOf", ())):
            tag = value["type"]
            schema = next(p["then"] for p in schema["allOf"] if p["if"]["properties"]["type"]["const"] == tag)
        elif isinstance(value, dict) and "$ref" in schema.get("then", {}):
            condition = schema["if"]["required"][0]
            schema = schema["then"] if condition in value else schema["else"]
        elif schema.get("if") == {"type": "null"}:
            schema = schema["else"]
        else:
            return schema


def walk(value: Any, schema: dict[str, Any], at: Path = ()) -> Iterator[tuple[Path, Any, dict[str, Any]]]:
    schema = resolved(schema, value)
    yield at, value, schema
    if isinstance(value, dict):
        for key, child in value.items():
            if key in schema.get("properties", {}):
                yield from walk(child, schema["properties"][key], (*at, key))
    elif isinstance(value, list) and "items" in schema:
        for index, child in enumerate(value):
            yield from walk(child, schema["items"], (*at, index))


def put(value: Any) -> Any:
    def change(holder: Any, key: Any) -> None:
        holder[key] = value

    return change


def drop(holder: Any, key: Any) -> None:
    del holder[key]


WRONG_TYPES = {"string": 17, "integer": "x", "number": "x", "boolean": "x", "object": "x", "array": "x"}


def mutants_at(at: Path, value: Any, schema: dict[str, Any]) -> Iterator[tuple[str, Path, Any, str, Path]]:
    """What can be done wrong at one place: how, where, the change, the code and the place that must come back."""
    if isinstance(value, dict):
        if schema.get("additionalProperties") is False:
            yield "unknown key", (*at, "zzz"), put(1), "unknown-key", (*at, "zzz")
        for key in schema.get("required", ()):
            yield f"without {key}", (*at, key), drop, "missing-key", at
    if not at:
        return
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"]
    for kind in kinds:
        yield f"not {kind}", at, put(WRONG_TYPES[kind]), "wrong-type", at
    if "enum" in schema:
        yield "not in the list", at, put("zzz"), "wrong-value", at
    if "minItems" in schema:
        yield "empty list", at, put([]), "too-few", at
    if "maxItems" in schema:
        yield "long list", at, put([value[0]] * (schema["maxItems"] + 1)), "too-many", at
    if "minLength" in schema:
        yield "empty text", at, put(""), "too-short", at
    if "maxLength" in schema:
        yield "long text", at, put("a" * (schema["maxLength"] + 1)), "too-long", at
    if "minimum" in schema:
        yield "below", at, put(schema["minimum"] - 1), "out-of-range", at
    if "maximum" in schema:
        yield "above", at, put(schema["maximum"] + 1), "out-of-range", at
    if "pattern" in schema:
        yield "wrong characters", at, put("!"), "wrong-format", at
        if schema["pattern"].startswith("^"):
            yield "a wrong character behind", at, put("a!"), "wrong-format", at
            yield "a line end behind", at, put("a\n"), "wrong-format", at
    if "format" in schema:
        yield "wrong form", at, put("no form"), "wrong-format", at


def mutants_of(name: str) -> Iterator[tuple[str, Path, Any, str, Path]]:
    """All that can be done wrong in a good request."""
    for at, value, schema in walk(GOOD[name], SCHEMA):
        if name.startswith(("body-", "parameter-")) and at[:1] == ("receiver",):
            continue  # the same in all of them: the full samples have it
        yield from mutants_at(at, value, schema)


@pytest.mark.parametrize("name", GOOD)
def test_a_good_request_passes_both_libraries(name: str) -> None:
    schema = load_schema("message")
    assert schema.accepts(GOOD[name])
    assert schema.problems(GOOD[name]) == []


def test_there_are_several_hundred_mutants_of_every_object() -> None:
    assert sum(1 for name in GOOD for _ in mutants_of(name)) > 700
    reached = {id(schema) for payload in GOOD.values() for _, _, schema in walk(payload, SCHEMA)}
    objects = {name for name, schema in SCHEMA["$defs"].items() if schema.get("additionalProperties") is False}
    missed = {name for name in objects if id(SCHEMA["$defs"][name]) not in reached}
    assert missed == set()


@pytest.mark.parametrize("nth", all_but([4], [1, 4]), ids="every {}".format)
@pytest.mark.parametrize("name", GOOD)
def test_a_spoiled_request_is_refused_by_both_libraries_at_its_place(name: str, nth: int) -> None:
    schema = load_schema("message")
    for how, where, change, code, place in islice(mutants_of(name), 0, None, nth):
        spoiled = mutated(GOOD[name], where, change)
        assert not schema.accepts(spoiled), (how, where)
        faults = schema.problems(spoiled)
        assert (code, place) in {(fault.code, fault.at) for fault in faults}, (how, where, faults)
        for fault in faults:
            assert fault.fix[0].islower() or fault.fix[0] in "`'"
            assert not any(
                word in fault.problem for word in ("invalid", "failed", "please", "is not of type", "required property")
            )


@pytest.mark.parametrize("kind", ["action", "template"])
def test_body_types_that_can_not_pass_the_source_are_refused_with_a_reason(kind: str) -> None:
    [fault] = load_schema("message").problems({"receiver": RECEIVER, "body": {"type": kind}})
    assert fault.code == "body-type-unsupported"
    assert fault.at == ("body", "type")


def test_a_wrong_body_is_explained_against_the_branch_that_its_type_names() -> None:
    faults = load_schema("message").problems({"receiver": RECEIVER, "body": {"type": "text", "image": {"images": []}}})
    assert {(fault.code, fault.at) for fault in faults} == {
        ("unknown-key", ("body", "image")),
        ("missing-key", ("body",)),
    }


def test_an_unknown_key_that_is_nearly_the_missing_one_is_one_fault() -> None:
    [fault] = load_schema("message").problems({"receiver": RECEIVER, "body": {"type": "text", "txet": {"text": "Hi"}}})
    assert (fault.code, fault.at, fault.fix) == ("unknown-key", ("body", "txet"), "write 'text'")


@pytest.mark.parametrize("spelling", ["useMmLite", "disallowMmLite"])
def test_both_spellings_of_a_setting_pass(spelling: str) -> None:
    payload = {"receiver": RECEIVER, "template": {"settings": {spelling: True}}}
    assert load_schema("message").accepts(payload)


@pytest.mark.parametrize(
    "name", ["message", "batch", "response", "error", "project", "spec", "plan", "run", "status", "diagnostics"]
)
def test_a_schema_is_one(name: str) -> None:
    document = load_schema(name).document
    jsonschema.validators.validator_for(document).check_schema(document)


def test_a_batch_has_one_to_a_hundred_messages() -> None:
    message, schema = GOOD["body-text"], load_schema("batch")
    assert schema.accepts({"messageRequests": [message] * 100})
    assert not schema.accepts({"messageRequests": [message] * 101})
    assert not schema.accepts({"messageRequests": []})
    assert not schema.accepts({"messageRequests": [{"receiver": RECEIVER}]})


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 200),
    st.floats(-5, 200),
    st.sampled_from(["", "a", "a\n", "é", "{{x}}", URL, UUID, "x" * 200, "link", "text"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "text", "key", "value", "zzz"]), inner, max_size=3)
    ),
    max_leaves=4,
)


@given(st.sampled_from(sorted(GOOD)), st.data())
def test_both_libraries_agree_whatever_stands_where(name: str, data: st.DataObject) -> None:
    """The law: one library accepts exactly when the other has nothing to say."""
    payload = copy.deepcopy(GOOD[name])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.sampled_from(list(_paths(payload))))
        payload = mutated(payload, at, put(data.draw(VALUES)))
    schema = load_schema("message")
    assert schema.accepts(payload) == (schema.problems(payload) == [])


def _paths(value: Any, at: Path = ()) -> Iterator[Path]:
    if at:
        yield at
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _paths(child, (*at, key))
