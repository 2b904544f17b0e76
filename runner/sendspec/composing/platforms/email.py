"""E-mail: a text or HTML body, or a template, to e-mail addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sendspec.composing.platforms.address_kind import EMAIL_ADDRESS
from sendspec.composing.platforms.platform import Platform, body_type_rule
from sendspec.composing.rule import Rule
from sendspec.reading.schema.schema_problem import SchemaProblem


def email_receivers(payload: Mapping[str, Any]) -> Iterator[SchemaProblem]:
    for index, contact in enumerate(payload["receiver"].get("contacts", ())):
        if contact.get("identifierKey", "emailaddress") != "emailaddress":
            yield SchemaProblem(
                at=("receiver", "contacts", index, "identifierKey"),
                code="receiver-kind",
                problem=f"'{contact['identifierKey']}' is not how an e-mail finds its receiver",
                fix="write emailaddress",
                at_key=False,
            )


EMAIL = Platform(
    name="email",
    address_kind=EMAIL_ADDRESS,
    own_rules=(
        body_type_rule("an e-mail channel", ("text", "html")),
        Rule(email_receivers, lambda at: at[0] == "receiver"),
    ),
)
