"""E-mail: a text or HTML body, or a template, to e-mail addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sendspec.composing.rules import Rule
from sendspec.reading.schema.schema_problem import SchemaProblem

BODY_TYPES = ("text", "html")


def judge(payload: Mapping[str, Any]) -> Iterator[SchemaProblem]:
    body = payload.get("body")
    if body is not None and body["type"] not in BODY_TYPES:
        yield SchemaProblem(
            at=("body", "type"),
            code="body-type-platform",
            problem=f"an e-mail channel can't send a body of type '{body['type']}'",
            fix=f"write one of {', '.join(BODY_TYPES)}, or send a template",
            at_key=False,
        )
    for index, contact in enumerate(payload["receiver"].get("contacts", ())):
        if contact.get("identifierKey", "emailaddress") != "emailaddress":
            yield SchemaProblem(
                at=("receiver", "contacts", index, "identifierKey"),
                code="receiver-kind",
                problem=f"'{contact['identifierKey']}' is not how an e-mail finds its receiver",
                fix="write emailaddress",
                at_key=False,
            )


RULE = Rule(judge, lambda at: at[0] == "receiver" or at == ("body", "type"))
