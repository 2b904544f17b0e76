"""SMS and MMS: one receiver, a text, images or files, or a template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sendspec.composing.platforms.address_kind import PHONE_NUMBER
from sendspec.composing.platforms.platform import Platform, body_type_rule
from sendspec.composing.rule import Rule
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask
from sendspec.reading.contacts.phone_number import normalise_phone
from sendspec.reading.schema.schema_problem import SchemaProblem

SENDER_NUMBER = lazy_pattern(r"\+?[0-9]{3,15}")
SENDER_NAME = lazy_pattern(r"[A-Za-z0-9 ._&-]{1,11}")
"""An alphanumeric sender has at most 11 characters (3GPP TS 23.040: the address field holds 11 septets)."""


def one_phone_number(payload: Mapping[str, Any]) -> Iterator[SchemaProblem]:
    contacts: list[Mapping[str, Any]] = payload["receiver"].get("contacts", ())
    at: tuple[str | int, ...] = ("receiver", "contacts")
    if len(contacts) != 1:
        yield SchemaProblem(
            at=at if contacts else ("receiver",),
            code="one-receiver",
            problem=f"the message has {len(contacts)} receivers; an SMS goes to exactly one",
            fix="make each of them a row under recipients",
            at_key=True,
        )
        return
    yield from _phone_number(contacts[0], (*at, 0))


def _phone_number(contact: Mapping[str, Any], at: tuple[str | int, ...]) -> Iterator[SchemaProblem]:
    key = contact.get("identifierKey", "phonenumber")
    if key != "phonenumber":
        yield SchemaProblem(
            at=(*at, "identifierKey"),
            code="receiver-kind",
            problem=f"'{key}' is not how an SMS finds its receiver",
            fix="write phonenumber",
            at_key=False,
        )
        return
    yield from _spelling(contact.get("identifierValue"), (*at, "identifierValue"))
    yield from _spelling(contact.get("platformAddress"), (*at, "platformAddress"))
    for index, further in enumerate(contact.get("identifiers", ())):
        if further["identifierKey"] == "phonenumber":
            yield from _spelling(further["identifierValue"], (*at, "identifiers", index, "identifierValue"))


def _spelling(number: str | None, at: tuple[str | int, ...]) -> Iterator[SchemaProblem]:
    """A number that is spelled in another way could be one that has opted out, and nobody would see it."""
    if number is None:
        return
    normal = normalise_phone(number, None)
    if isinstance(normal, Problem):
        yield SchemaProblem(at=at, code=normal.code, problem=normal.problem, fix=normal.fix, at_key=False)
    elif normal != number:
        yield SchemaProblem(
            at=at,
            code="phone-spelling",
            problem=f"'{mask(number)}' is not written as the API reads numbers",
            fix="write + and digits only, without spaces or signs between them",
            at_key=False,
        )


def sender_name(payload: Mapping[str, Any]) -> Iterator[SchemaProblem]:
    sender = payload.get("sender")
    if sender is None:
        return
    name = sender["connector"]["identifierValue"]
    if not SENDER_NUMBER.fullmatch(name) and not SENDER_NAME.fullmatch(name):
        yield SchemaProblem(
            at=("sender", "connector", "identifierValue"),
            code="sender-name",
            problem=f"'{name[:40]}' can't be the sender of an SMS"
            + (f": it has {len(name)} characters" if len(name) > 11 else ""),
            fix="write a number, or a name of at most 11 letters, digits, spaces or . _ & -",
            at_key=False,
        )


SMS = Platform(
    name="sms",
    address_kind=PHONE_NUMBER,
    own_rules=(
        Rule(one_phone_number, lambda at: at[0] == "receiver"),
        body_type_rule("an SMS channel", ("text", "image", "file")),
        Rule(sender_name, lambda at: at[0] == "sender"),
    ),
    sms_measured=frozenset({"text"}),
    warns_of_landlines=True,
)
