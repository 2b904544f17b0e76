"""A platform: one record of everything particular to SMS, e-mail or another kind of channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sendspec.composing.common_rules import COMMON_RULES
from sendspec.composing.platforms.address_kind import AddressKind
from sendspec.composing.rule import Rule
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.schema.schema_problem import SchemaProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """`name` is the platform's name in the project file. `own_rules` apply in addition to the common ones.

    A body's text is measured in SMS segments if its type is in `sms_measured`.
    """

    name: str
    address_kind: AddressKind
    own_rules: tuple[Rule, ...] = ()
    sms_measured: frozenset[str] = frozenset()
    warns_of_landlines: bool = False

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (*COMMON_RULES, *self.own_rules)


def body_type_rule(channel: str, body_types: tuple[str, ...]) -> Rule:
    """Allows these body types only. `channel` begins the sentence that the user reads, such as "an SMS channel"."""

    def problems(payload: Mapping[str, Any]) -> Iterator[SchemaProblem]:
        body = payload.get("body")
        if body is not None and body["type"] not in body_types:
            yield SchemaProblem(
                at=("body", "type"),
                code="body-type-platform",
                problem=f"{channel} can't send a body of type '{body['type']}'",
                fix=f"write one of {', '.join(body_types)}, or send a template",
                at_key=False,
            )

    return Rule(problems, lambda at: at == ("body", "type"))
