"""`sendspec help`: a topic of the documentation, or a command's help."""

from __future__ import annotations

from collections.abc import Iterator

import click

from sendspec.cli.console import Console, common_options
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.near_miss import near_miss
from sendspec.showing.terminal_style import TerminalStyle
from sendspec.showing.topics import ALIASES, TOPICS, filters_text, topic_text, topics_named


@click.command("help")
@click.argument("words", metavar="[TOPIC|COMMAND]", nargs=-1)
@common_options
def command(console: Console, words: tuple[str, ...]) -> int:
    """Explain a topic, or show a command's help; without either, list them.

    \b
    Examples:
      sendspec help templates
      sendspec help plan
    """
    root = click.get_current_context().find_root()
    assert isinstance(root.command, click.Group)
    parts = list(_parts(root.command, root, words, console.out)) if words else [_contents(root.command, root)]
    if not parts and len(words) == 1:
        parts = _explained(words[0], console.out)
    if not parts:
        near = near_miss(words[0], [*TOPICS, *ALIASES, *root.command.list_commands(root)])
        hint = f"did you mean '{near}'?" if near else "`sendspec help` lists all topics"
        raise click.UsageError(f"there is no topic or command '{' '.join(words)}'; {hint}")
    console.lines([text.encode() for text in "\n".join(parts).splitlines(keepends=True)])
    return ExitCode.DONE


def _explained(word: str, style: TerminalStyle) -> list[str]:
    """What `explain` says about an error's code, an exit code or a word."""
    from sendspec.showing.explanations import EXPLANATIONS, explanation_text  # topics do without
    from sendspec.showing.glossary import entries_of, entries_text

    if word in EXPLANATIONS:
        return [explanation_text(word, style)]
    entries = entries_of(word)
    return [entries_text(entries, style)] if entries else []


def _contents(group: click.Group, context: click.Context) -> str:
    formatter = context.make_formatter()
    with formatter.section("Topics"):
        formatter.write_dl(list(TOPICS.items()))
    group.format_commands(context, formatter)
    formatter.write_paragraph()
    for words, what in (
        ("help TOPIC", "a topic"),
        ("help COMMAND", "a command"),
        ("explain CODE", "an error or a word"),
    ):
        formatter.write_text(f"sendspec {words:<12}  explains {what}")
    return formatter.getvalue()


def _parts(group: click.Group, context: click.Context, words: tuple[str, ...], style: TerminalStyle) -> Iterator[str]:
    """The topics and the command of that name; `ledger` is both."""
    topics = topics_named(words[0]) if len(words) == 1 else ()
    if "templates" in topics and words[0] != "templates":
        yield filters_text(style)
    yield from (topic_text(topic, style) for topic in topics)
    if words[0] in group.list_commands(context):
        yield _command_help(context, words)


def _command_help(context: click.Context, words: tuple[str, ...]) -> str:
    """What `--help` behind the command says. Raises `click.UsageError` for a command that isn't there."""
    for word in words:
        group = context.command
        found = group.get_command(context, word) if isinstance(group, click.Group) else None
        if found is None:
            raise click.UsageError(f"`{context.command_path}` has no command '{word}'; sendspec help {words[0]}")
        context = click.Context(found, info_name=word, parent=context)
    return context.get_help() + "\n"
