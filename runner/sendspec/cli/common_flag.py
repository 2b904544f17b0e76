"""Flags that are accepted before a command as well as after it: `sendspec --env staging plan` is `sendspec plan --env staging`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

ENVIRONMENT, RECIPIENTS, FORMAT, COLOUR = ("-e", "--env"), ("--recipients",), ("--format",), ("--color",)
QUIET, VERBOSE, NO_INPUT = ("-q", "--quiet"), ("-v", "--verbose"), ("--no-input",)
_WITH_VALUE = {
    ENVIRONMENT: ("E", "Environment to use."),
    RECIPIENTS: ("FILE", "Read the recipients from FILE instead of the spec's."),
    FORMAT: ("FORMAT", "Output format, such as text or json."),
    COLOUR: ("WHEN", "Colour of the output: auto, always or never."),
}
_SWITCHES = {
    QUIET: "Print only the result, warnings and errors.",
    VERBOSE: "Print more about what happens.",
    NO_INPUT: "Never ask a question; stop instead.",
}
_GIVEN = "sendspec.cli.common_flag"


class OnceOption(click.Option):
    """An option with one value. A second, different one on the same command line is wrong usage: neither is ignored."""

    def __init__(self, declarations: Sequence[str], *, default: str | None = None, **settings: Any) -> None:
        super().__init__(
            declarations, multiple=True, callback=_only, default=None if default is None else (default,), **settings
        )

    def value_from_envvar(self, ctx: click.Context) -> tuple[str] | None:
        """The variable's whole value. Click would split it at spaces, as several."""
        value = self.resolve_envvar_value(ctx)
        return None if value is None else (value,)


def _only(context: click.Context, parameter: click.Parameter, values: tuple[Any, ...] | None) -> Any:
    different = list(dict.fromkeys(values or ()))
    if len(different) > 1 and not context.resilient_parsing:
        name = parameter.opts[-1]
        first, second = map(getattr(parameter.type, "typed", str), different[:2])
        raise click.UsageError(f"{name} is given twice, as '{first}' and as '{second}': give it once", context)
    return different[0] if different else None


class FlagGroup(click.Group):
    """A group of commands that hands the common flags before a command's name to that command, as if they were behind it."""

    flags_are_shown = False
    """Whether the group's help lists the flags."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        hidden = not self.flags_are_shown
        for names, (metavar, text) in _WITH_VALUE.items():
            option = OnceOption(names, metavar=metavar, help=text, hidden=hidden, expose_value=False)
            option.callback = _note_value
            self.params.append(option)
        for names, text in _SWITCHES.items():
            self.params.append(
                click.Option(names, is_flag=True, help=text, hidden=hidden, expose_value=False, callback=_note_switch)
            )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and any(word[:1] == "-" != word[1:2] and len(word) > 2 for word in rest):
            from sendspec.cli.unknown_word import with_one_dash  # for short options with something behind them alone

            if (hint := with_one_dash(rest, command)) is not None:
                raise click.UsageError(hint, click.Context(command, info_name=name, parent=ctx))
        return name, command, [*ctx.meta.pop(_GIVEN, ()), *rest]


def flags_without_command(context: click.Context) -> bool:
    """Whether flags were given to a group, and no command."""
    return bool(context.meta.get(_GIVEN))


def _note_value(context: click.Context, parameter: click.Parameter, values: tuple[str, ...] | None) -> None:
    value = _only(context, parameter, values)
    if value is not None:
        context.meta.setdefault(_GIVEN, []).append(f"{parameter.opts[-1]}={value}")


def _note_switch(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        context.meta.setdefault(_GIVEN, []).append(parameter.opts[-1])
