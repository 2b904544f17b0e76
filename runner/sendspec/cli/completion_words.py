"""Writes `shells/words.json`: the commands, options and words that shells complete. `make docs` runs it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import click

from sendspec.cli.complete import ENVIRONMENTS, SHELLS
from sendspec.cli.main import COMMANDS, cli
from sendspec.showing.explanations import EXPLANATIONS
from sendspec.showing.topics import TOPICS

MAX_HELP = 70
_FILES = {
    "specs": "yaml yml", "spec": "yaml yml", "which": "yaml yml", "recipients": "csv tsv jsonl ndjson", "out": "json", "plan_file": "json", "plan": "json",
    "key": "", "rejects": "csv", "html": "html", "rows": "jsonl",
}  # fmt: skip
"""The endings of the files that options and arguments take, by name; empty for any."""
_LISTS = {"code": "codes", "words": "topics"}


def words() -> dict[str, Any]:
    # As for a command line: else the names of the option for help depend on what click has looked up before.
    context = click.Context(cli, info_name="sendspec", **cli.context_settings)
    topics = {**TOPICS, **{name: _short(command) for name, command in _commands(cli, context)}}
    codes = {code: EXPLANATIONS[code].summary for code in sorted(EXPLANATIONS)}
    return {"lists": {"codes": codes, "topics": topics}, **_described(cli, context)}


def _commands(group: click.Group, context: click.Context) -> Iterable[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield name, command


def _described(command: click.Command, parent: click.Context) -> dict[str, Any]:
    context = click.Context(command, info_name=command.name, parent=parent)
    found: dict[str, Any] = {"help": _short(command), "options": {}}
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option):
            for name in parameter.opts:
                found["options"][name] = {"help": _cut(parameter.help or ""), **_value(parameter)}
        else:
            found["argument"] = {**_value(parameter), **({"many": True} if parameter.nargs == -1 else {})}
    if isinstance(command, click.Group):
        found["commands"] = {name: _described(inner, context) for name, inner in _commands(command, context)}
    return found


def _value(parameter: click.Parameter) -> dict[str, Any]:
    """What the parameter's values are; nothing for a switch."""
    if isinstance(parameter, click.Option) and (parameter.is_flag or parameter.count):
        return {}
    name = str(parameter.name)
    if isinstance(parameter.type, click.Choice):
        return {"value": {"choices": list(parameter.type.choices)}}
    if name == "env":
        return {"value": ENVIRONMENTS}
    if name == "folder":
        return {"value": "folders"}
    if name in _LISTS:
        return {"value": {"list": _LISTS[name]}}
    if name in _FILES and not (name == "key" and "KEY" in str(parameter.metavar)):
        return {"value": {"files": _FILES[name]}}
    return {"value": _LEADING.get(parameter.opts[-1])}


_LEADING = {
    "--format": {"choices": ["text", "json", "csv", "github", "junit", "rdjson", "gitlab", "sarif"]},
    "--color": {"choices": ["auto", "always", "never"]},
}
"""The values of options before a command, which takes any there."""


def _short(command: click.Command) -> str:
    return COMMANDS.get(str(command.name)) or _cut(command.get_short_help_str(1_000))


def _cut(text: str) -> str:
    """The first clause, in one line that is short enough for the space beside a word."""
    line = re.split(r"[;.] |[;:.]$", " ".join(text.split()))[0]
    return line if len(line) <= MAX_HELP else line[: line.rfind(" ", 0, MAX_HELP)].rstrip(" ,;:") + " …"


def text() -> str:
    return json.dumps(words(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    (SHELLS / "words.json").write_text(text(), encoding="utf-8")
