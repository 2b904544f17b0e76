"""What to do about a preview's spec, in the order of doing it: what makes it cheaper, then what its cost lacks, then the plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote

from markupsafe import Markup

from sendspec.composing.platforms.gsm7 import REPLACEMENTS
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.operations.preview import SpecPreview
from sendspec.operations.saving import Replacement, Saving
from sendspec.showing.cost import unknown_words
from sendspec.showing.pages.coded import coded
from sendspec.showing.plan_forcing import why
from sendspec.showing.saving import saved_words, saving_words

SAVINGS_SHOWN, MORE_SHOWN = 3, 20
"""On the first screen, and below it."""


@dataclass(frozen=True, slots=True)
class Advice:
    """`further` is more of the same in other messages: what it saves comes on top."""

    text: Markup
    further: Sequence[Markup] = ()


def saving_advice(spec: SpecPreview) -> list[Advice]:
    """What saves segments, the most first. A character is there once, with all the places that it comes from."""
    by_advice: dict[str, list[Saving]] = {}
    for saving in spec.detail.savings:
        own = isinstance(saving, Replacement) and saving.cause is not None
        by_advice.setdefault(f"replace {saving.characters}" if own else str(len(by_advice)), []).append(saving)
    return [_advice(savings, spec) for savings in by_advice.values()]


def next_steps(spec: SpecPreview) -> Iterator[Markup]:
    """What is left once the texts are as they are to be."""
    cost = spec.plan.cost
    if cost is not None and cost.unpriced:
        table = printable(cost.prices.written)
        yield coded(f"Add the missing price to {table}, to know the whole cost: {unknown_words(cost)}")
    if spec.plan.send:
        yield coded(
            f"Run `sendspec plan {printable(quote(spec.path))}`: it leaves out whoever has it already or has opted out, and shows what there is to approve"
        )


def written_instead(character: str) -> str:
    """``writing `'` instead``: what a replacement does, said as what saves something."""
    replacement = REPLACEMENTS.get(character)
    if replacement is None:
        return "replacing it" if character else "rewriting them"
    if not replacement.strip():
        return "a space instead" if replacement else "leaving it out"
    return f"writing `{replacement}` instead"


def _advice(savings: Sequence[Saving], spec: SpecPreview) -> Advice:
    first = savings[0]
    if not isinstance(first, Replacement) or first.cause is None:
        words = saving_words(first)
        return Advice(coded(f"{words[0].upper()}{words[1:]} saves {saved_words(first.segments, first.cost)}"))
    causes = [saving.cause for saving in savings if isinstance(saving, Replacement) and saving.cause is not None]
    doing, cost = written_instead(first.characters), spec.plan.cost
    further = [
        coded(f"in {counted(cause.messages, 'further message')}: {why(cause, cost, replacing=doing)}")
        for cause in causes[1:]
    ]
    return Advice(coded(why(causes[0], cost, replacing=doing)), further)
