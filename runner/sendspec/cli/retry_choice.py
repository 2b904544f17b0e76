"""The values of `--retry`, and what to write instead of another."""

from __future__ import annotations

from typing import Any

import click

from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.redaction import printable
from sendspec.planning.decision import Retry

_ELSEWHERE = {
    "in doubt": "messages in doubt are never sent again by a retry: `sendspec reconcile SPEC` looks them up, "
    "`sendspec resolve SPEC --as not-sent --reason …` frees those that nobody got",
    "on hold": "what is on hold goes out once the spec has `continue_with`: `sendspec plan SPEC` prints it",
    "drift": "who got another text gets the present one once `generation` is raised",
    "undelivered": "a retry is for what was never accepted: to write again to people whom an earlier send did not reach, put "
    "`only: {undelivered: {}}` under `recipients`, and raise `generation`",
    "failed": f"what the API refused is `--retry {Retry.REFUSED}`",
    "all": f"write `--retry {Retry.REFUSED}` or `--retry {Retry.NOT_SENT}`; without it, all that is planned is sent",
}
"""What people take for a value, and what does it."""


class RetryChoice(click.Choice[str]):
    """The kinds of messages that `--retry` tries again."""

    def __init__(self) -> None:
        super().__init__([retry.value for retry in Retry])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        word = str(value).lower().replace("_", "-").replace(" ", "-")
        if word in self.choices:
            return word
        known = near_miss(word, [*self.choices, *_ELSEWHERE])
        if known in _ELSEWHERE:
            raise click.BadParameter(_ELSEWHERE[known], ctx, param)
        meant = f"did you mean '{known}'? there are" if known else "there are"
        choices = " and ".join(f"'{choice}'" for choice in self.choices)
        raise click.BadParameter(f"nothing is retried as '{printable(word[:60])}'; {meant} {choices}", ctx, param)
