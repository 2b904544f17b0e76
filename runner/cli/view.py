"""What every command shares: its flags, and where its words go."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TextIO

import click

from runner.reading.diagnostic import Diagnostic, Problems
from runner.showing.ink import WIDE, ColourChoice, Ink, wants_colour

PROCESSES_MOST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Results go to stdout, talk to stderr."""

    format: str
    quiet: bool
    verbose: bool
    asks: bool
    out: Ink
    err: Ink

    @property
    def is_json(self) -> bool:
        return self.format == "json"

    def result(self, text: str) -> None:
        """The command's result, where text was asked for."""
        if text and self.format == "text":
            _write(sys.stdout, text)

    def lines(self, lines: Iterable[str]) -> None:
        """The command's result as lines that have their ends, one after another, whatever form was asked for."""
        for line in lines:
            _write(sys.stdout, line)

    def document(self, document: Mapping[str, Any]) -> None:
        """The command's result as one JSON document, when JSON was asked for."""
        if self.is_json:
            import orjson

            _write(sys.stdout, orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())

    def say(self, text: str) -> None:
        """Talk: what is going on, unless `-q`."""
        if text and not self.quiet:
            self.warn(text)

    def detail(self, text: str) -> None:
        """Talk that only `-v` asks for."""
        if self.verbose:
            self.warn(text)

    def warn(self, text: str) -> None:
        """What must be read, even with `-q`."""
        if text:
            _write(sys.stderr, text)

    def diagnostics(self, diagnostics: Sequence[Diagnostic], *, ending: str, as_result: bool) -> None:
        """Problems, as text on stderr; as the JSON document where they are the result."""
        from runner.showing.diagnostics import diagnostics_document, diagnostics_text

        if as_result:
            self.document(diagnostics_document(diagnostics))
        if not (self.is_json and as_result):
            self.warn(diagnostics_text(diagnostics, self.err, ending=ending))


def _write(stream: TextIO, text: str) -> None:
    """Writes whole lines at once. A reader that went away, or a full disk, doesn't change how a command ends."""
    try:
        stream.write(text if text.endswith("\n") else text + "\n")
        stream.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # what is still in the buffer goes there
        if stream is sys.stdout and not isinstance(error, BrokenPipeError):
            reason = os.strerror(error.errno or 0).lower()
            _write(sys.stderr, f"warning: the result could not be written: {reason}; what was sent is in the ledger")


def options_with_forms(*forms: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Adds the flags that every command has, with these forms of its result, and hands them to it as `view`."""

    def decorated(command: Callable[..., int]) -> Callable[..., int]:
        @click.option("--format", "format_", type=click.Choice(forms), default="text", envvar="SENDSPEC_FORMAT",
                      show_default=True, help="Form of the result.")  # fmt: skip
        @click.option("-q", "--quiet", is_flag=True, help="Say nothing but the result and what must be read.")
        @click.option("-v", "--verbose", is_flag=True, help="Say more about what is going on.")
        @click.option("--color", "color", type=click.Choice([choice.value for choice in ColourChoice]), default="auto",
                      envvar="SENDSPEC_COLOR", show_default=True, help="Colour of the output.")  # fmt: skip
        @click.option("--no-input", is_flag=True, envvar="SENDSPEC_NO_INPUT", help="Never ask; refuse instead.")
        @functools.wraps(command)
        def wrapped(*, format_: str, quiet: bool, verbose: bool, color: str, no_input: bool, **options: Any) -> int:
            choice = ColourChoice(color)
            view = View(
                format=format_,
                quiet=quiet,
                verbose=verbose,
                asks=not no_input and sys.stdin.isatty() and sys.stderr.isatty(),
                out=_ink_for(sys.stdout, choice),
                err=_ink_for(sys.stderr, choice),
            )
            return command(view=view, **options)

        return wrapped

    return decorated


def _ink_for(stream: TextIO, choice: ColourChoice) -> Ink:
    is_terminal = stream.isatty()
    columns = 0
    if is_terminal:
        with suppress(OSError):
            columns = os.get_terminal_size(stream.fileno()).columns  # 0 where it doesn't know
    return Ink(wants_colour(choice, os.environ, is_terminal=is_terminal), min(columns or WIDE, WIDE))


common_options = options_with_forms("text", "json")


def environment_option(command: Callable[..., int]) -> Callable[..., int]:
    return click.option("--env", "env", metavar="E", envvar="SENDSPEC_ENV",
                        help="Environment of the project file; the built-in sandbox where none is named.")(command)  # fmt: skip


def recipients_option(command: Callable[..., int]) -> Callable[..., int]:
    return click.option("--recipients", "recipients", metavar="FILE", envvar="SENDSPEC_RECIPIENTS",
                        help="Read the recipients from FILE (- is standard input) instead of the spec's.")(command)  # fmt: skip


def jobs_option(command: Callable[..., int]) -> Callable[..., int]:
    """`processes` is how many processes may compose the rows of a long list."""
    return click.option("-j", "--jobs", "processes", metavar="N", type=click.IntRange(1, PROCESSES_MOST), default=_cores,
                        envvar="SENDSPEC_JOBS", help="Compose long lists on N processes; as many as there are cores, if not said.")(command)  # fmt: skip


def _cores() -> int:
    """The cores that this process may use."""
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(found or 1, PROCESSES_MOST)


def specs_argument(command: Callable[..., int], *, required: bool = True) -> Callable[..., int]:
    return click.argument("specs", metavar="SPEC..." if required else "[SPEC]...", nargs=-1, required=required)(command)


def rejects(view: View, problems: Problems, *, ending: str = "nothing was sent") -> bool:
    """Whether the input has errors; then they, and the warnings, are the command's result."""
    if problems.has_errors:
        view.diagnostics(list(problems), ending=ending, as_result=True)
        return True
    return False
