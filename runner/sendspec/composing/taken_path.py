"""What a message's alternatives say in words: which conditions held, which defaults were used, what was left out."""

from __future__ import annotations

from enum import StrEnum

from sendspec.composing.alternative import AlternativeKind, language_in
from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.template_tree import placeholders_of
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.documents.document import dotted


class BranchOutcome(StrEnum):
    """How a condition or loop of a message went. The words are used in JSON."""

    TRUE = "true"
    FALSE = "false"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class TakenBranch:
    """A condition, or a loop, that was reached. `BOTH` is a condition in a loop. A loop without items is false.

    `at` is the place of the template in the spec, `condition` the condition or the loop's head. `compared` is the column that the
    condition compares with constants, if it does nothing else.
    """

    at: str
    condition: str
    outcome: BranchOutcome
    compared: str = ""


@dataclass(frozen=True, slots=True)
class UsedDefault:
    """A `default` that replaced a missing value. `replaced` is the expression before it, in most cases a column."""

    at: str
    replaced: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenPath:
    """The way that a message took through its templates. `omitted` are places in the spec; `language` is "" unless a template chose one."""

    branches: tuple[TakenBranch, ...] = ()
    defaults: tuple[UsedDefault, ...] = ()
    omitted: tuple[str, ...] = ()
    language: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether the templates decided nothing."""
        return not (self.branches or self.defaults or self.omitted or self.language)

    @property
    def unmatched(self) -> tuple[str, ...]:
        """The names that equal none of the constants that they were compared with, in the order of the spec."""
        compared = dict.fromkeys(each.compared for each in self.branches if each.compared)
        matched = {each.compared for each in self.branches if each.outcome is not BranchOutcome.FALSE}
        return tuple(name for name in compared if name not in matched)


def taken_path(compiled_spec: CompiledSpec, alternatives: int) -> TakenPath:
    """What `Message.alternatives` of a message of the spec says."""
    branches: list[TakenBranch] = []
    defaults: list[UsedDefault] = []
    omitted: list[str] = []
    for placeholder in placeholders_of(compiled_spec.content):
        at, bits = dotted(placeholder.at), alternatives >> placeholder.first_bit
        for each in placeholder.template.alternatives.listed:
            was_true, was_false = bits & each.yes, bits & each.no
            if each.kind is AlternativeKind.DEFAULT:
                defaults += [UsedDefault(at, each.text)] if was_true else []
            elif was_true or was_false:
                outcome = (
                    BranchOutcome.FALSE if not was_true else BranchOutcome.BOTH if was_false else BranchOutcome.TRUE
                )
                branches.append(TakenBranch(at, each.text, outcome, each.compared))
        if alternatives >> placeholder.omit_bit & 1:
            omitted.append(at)
    return TakenPath(
        branches=tuple(branches),
        defaults=tuple(defaults),
        omitted=tuple(omitted),
        language=language_in(alternatives, compiled_spec.width),
    )
