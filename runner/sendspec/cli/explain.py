"""`sendspec explain`: what an error code means."""

from __future__ import annotations

import click

from sendspec.cli.console import Console, common_options
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.near_miss import near_miss
from sendspec.showing.explanations import EXPLANATIONS, explanation_text, explanations_document
from sendspec.showing.glossary import entries_document, entries_of, entries_text
from sendspec.showing.topics import topic_text, topics_document, topics_named


@click.command("explain")
@click.argument("code", required=False)
@common_options
def command(console: Console, code: str | None) -> int:
    """Say what an error code means, with an example, or a word such as drift, an exit code, a status or a failure's code; without a code, list all codes.

    \b
    Examples:
      sendspec explain unknown-name
      sendspec explain segment
      sendspec explain 4
      sendspec explain
    """
    if code is None:
        width = max(map(len, EXPLANATIONS))
        listed = [f"{code:<{width}}  {EXPLANATIONS[code].summary}" for code in sorted(EXPLANATIONS)]
        console.result("\n".join(listed))
        console.document(explanations_document(sorted(EXPLANATIONS)))
        return ExitCode.DONE
    entries = [] if code in EXPLANATIONS else entries_of(code)
    if entries:
        console.result(entries_text(entries, console.out))
        console.document(entries_document(entries))
        return ExitCode.DONE
    if code not in EXPLANATIONS and (topics := topics_named(code.lower())):
        console.result("\n".join(topic_text(topic, console.out) for topic in topics))
        console.document(topics_document(topics))
        return ExitCode.DONE
    if code not in EXPLANATIONS:
        raise click.BadParameter(
            f"no error has the code '{code}', and no page explains this word; {_hint(code)}", param_hint="CODE"
        )
    console.result(explanation_text(code, console.out))
    console.document(explanations_document([code]))
    return ExitCode.DONE


def _hint(word: str) -> str:
    root = click.get_current_context().find_root()
    if isinstance(root.command, click.Group) and word in root.command.list_commands(root):
        return f"`sendspec help {word}` shows what the command does"
    near = near_miss(word, EXPLANATIONS)
    if near:
        return f"did you mean '{near}'?"
    return "`sendspec explain` lists all codes, `sendspec help words` explains words"
