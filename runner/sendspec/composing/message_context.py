"""What the templates of one message share while they are rendered by Jinja."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2.runtime import Context

from sendspec.composing.omit_sentinel import OMIT
from sendspec.composing.render_budget import RenderBudget
from sendspec.composing.template_environment import jinja_environment


class MessageContext(Context):
    """Jinja's context with the message's budget, and the bits of the alternatives that its templates took.

    `first_bit` is that of the template that is being rendered. `place` is only for `filled_text`: the expression that is being
    written, from 1, or 0 for the template's own words.
    """

    budget: RenderBudget
    alternatives: int
    first_bit: int
    place: int = 0

    def note(self, bit: int) -> None:
        self.alternatives |= 1 << self.first_bit + bit


def message_context(
    values: Mapping[str, object], row: Mapping[str, object], budget: RenderBudget | None = None
) -> MessageContext:
    """The context that one message's templates share, which is safe because none of them can set anything.

    `budget` is the message's, where some of its templates were rendered in another context.
    """
    context = MessageContext(jinja_environment(typed=False), {**values, "row": row, "omit": OMIT}, None, {})
    context.budget = RenderBudget() if budget is None else budget
    context.alternatives = context.first_bit = 0
    return context
