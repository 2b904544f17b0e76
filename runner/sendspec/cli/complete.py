"""Answers a shell that completes a command line.

Click could do it, but has to import a command to know its options, which takes a third of a second. So what commands have is in
`shells/words.json`, which `completion_words` writes, and this module imports little.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sendspec.cli.environment_names import environment_names

VARIABLE = "_SENDSPEC_COMPLETE"
"""The scripts set it: then the command line is one to complete, and its last word is the one under the cursor."""
ENVIRONMENTS = "environments"
SHELLS = Path(__file__).parent / "shells"


def answer(arguments: Sequence[str]) -> None:
    """Prints what can complete the command line: a line each with `word`, `files` or `folders`, and tabs between.

    `word` is followed by the word and its description, `files` by the endings of files. Never fails: a shell would show it.
    """
    words = json.loads((SHELLS / "words.json").read_text(encoding="utf-8"))
    *given, current = arguments or [""]
    for line in completions(words, given, current, Path.cwd()):
        sys.stdout.write("\t".join(line) + "\n")


class _Place(NamedTuple):
    """How far a command line has come: the command's words, the option that waits for its value, and what may still follow."""

    at: Mapping[str, Any]
    waiting: Mapping[str, Any] | None
    only_arguments: bool
    has_argument: bool


def completions(
    words: Mapping[str, Any], given: Sequence[str], current: str, folder: Path
) -> Iterator[tuple[str, ...]]:
    """What can follow the words in `given`. Bash gives `=` as a word of its own."""
    place = _reached(words, [word for word in given if word != "="])
    if place is None:
        return
    current = "" if current == "=" else current
    at, options = place.at, place.at["options"]
    if place.waiting is not None:
        yield from _values(words, place.waiting, current, folder)
    elif current.startswith("-") and not place.only_arguments:
        name, joined, value = current.partition("=")
        if not joined:
            shown = ((name, it["help"]) for name, it in options.items() if name.startswith("--") or name == current)
            yield from _matching(shown, current)
        elif name in options:
            yield from _values(words, options[name], value, folder)
    elif "commands" in at:
        yield from _matching(((name, it["help"]) for name, it in at["commands"].items()), current)
    elif "argument" in at and (at["argument"].get("many") or not place.has_argument):
        yield from _values(words, at["argument"], current, folder)


def _reached(words: Mapping[str, Any], given: Sequence[str]) -> _Place | None:
    """None behind a command that isn't there."""
    place = _Place(words, None, only_arguments=False, has_argument=False)
    for word in given:
        if place.waiting is not None:
            place = place._replace(waiting=None)
        elif word == "--":
            place = place._replace(only_arguments=True)
        elif word.startswith("-") and not place.only_arguments:
            place = place._replace(waiting=_waiting(place.at, word))
        elif "commands" not in place.at:
            place = place._replace(has_argument=True)
        elif word in place.at["commands"]:
            place = place._replace(at=place.at["commands"][word])
        else:
            return None
    return place


def _waiting(at: Mapping[str, Any], word: str) -> Mapping[str, Any] | None:
    """The option that the next word is the value of."""
    option: Mapping[str, Any] | None = at["options"].get(word)
    return option if option is not None and "value" in option else None


def _values(words: Mapping[str, Any], of: Mapping[str, Any], current: str, folder: Path) -> Iterator[tuple[str, ...]]:
    match of.get("value"):
        case {"choices": choices}:
            yield from _matching(((choice, "") for choice in choices), current)
        case {"files": endings}:
            yield "files", endings
        case {"list": name}:
            yield from _matching(words["lists"][name].items(), current)
        case "folders":
            yield ("folders",)
        case "environments":
            yield from _matching(((name, "") for name in environment_names(folder)), current)


def _matching(found: Iterable[tuple[str, str]], current: str) -> Iterator[tuple[str, ...]]:
    yield from (("word", name, text) for name, text in found if name.startswith(current))
