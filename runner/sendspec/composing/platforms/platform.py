"""A platform: everything that is particular to SMS, e-mail or another, as one record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sendspec.composing.common_rules import COMMON_RULES
from sendspec.composing.platforms.address_kind import AddressKind
from sendspec.composing.rule import Rule
from sendspec.reading.schema.schema_problem import SchemaProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """`name` is the word in the project file; `own_rules` hold beside the common ones.

    The text of a body whose type is in `sms_measured` is measured in SMS segments.
    """

    name: str
    address_kind: AddressKind
    own_rules: tuple[Rule, ...] = ()
    sms_measured: frozenset[str] = frozenset()
    warns_of_landlines: bool = False

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (*COMMON_RULES, *self.own_rules)


def body_type_rule(platform_title: str, body_types: tuple[str, ...]) -> Rule:
    """Allows these body types only. `platform_title` is the platform's name in a sentence, after "an"."""

    def judge(payload: Mapping[str, Any]) -> Iterator[SchemaProblem]:
        body = payload.get("body")
        if body is not None and body["type"] not in body_types:
            yield SchemaProblem(
                at=("body", "type"),
                code="body-type-platform",
                problem=f"an {platform_title} channel can't send a body of type '{body['type']}'",
                fix=f"write one of {', '.join(body_types)}, or send a template",
                at_key=False,
            )

    return Rule(judge, lambda at: at == ("body", "type"))
