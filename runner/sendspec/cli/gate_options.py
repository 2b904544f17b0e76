"""The options that say what deliveries are held against, and for how long they are waited for."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import click

from sendspec.cli.common_flag import OnceOption
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.delivery_terms import DURATION_WORDS, SHARE_WORDS, seconds_of, share_of

UNTIL = ("decided", "final")


class Share(click.ParamType[Fraction]):
    """`95%` or `0.95`."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        if isinstance(value, Fraction):
            return value
        share = share_of(str(value))
        if share is None:
            raise click.BadParameter(f"'{quoted(str(value)[:40])}' is no share: write {SHARE_WORDS}", ctx, param)
        return share

    @staticmethod
    def typed(share: Fraction) -> str:
        return f"{float(100 * share):g}%"


class Duration(click.ParamType[int]):
    """`90s`, `15m`, `2h`, `1d`; 0 for a single look."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        seconds = 0 if value in ("0", "0s") else seconds_of(str(value))
        if seconds is None:
            raise click.BadParameter(
                f"'{quoted(str(value)[:40])}' is no duration: write {DURATION_WORDS}, 31d at most, or 0 for a single look",
                ctx,
                param,
            )
        return seconds

    @staticmethod
    def typed(seconds: int) -> str:
        return f"{seconds}s"


def gate_options(command: Callable[..., int]) -> Callable[..., int]:
    """`need`, `max_failed` and `until`."""
    for option in (
        click.option("--until", cls=OnceOption, type=click.Choice(UNTIL), default="decided", show_default=True,
                     help="Wait until as many are delivered as needed, or too many failed; or until every message is final."),
        click.option("--max-failed", cls=OnceOption, metavar="SHARE", type=Share(),
                     help="Fail once more than this share of the accepted messages is not delivered."),
        click.option("--need", cls=OnceOption, metavar="SHARE", type=Share(),
                     help="Succeed once this share of the accepted messages, such as 95%, is delivered."),
    ):  # fmt: skip
        command = option(command)
    return command
