"""What all commands share: common flags and output streams."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TextIO

import click

from sendspec.cli.common_flag import COLOUR, ENVIRONMENT, FORMAT, NO_INPUT, QUIET, RECIPIENTS, VERBOSE, OnceOption
from sendspec.cli.stream import SanitizedText, StandardStream, refuse_lost_result
from sendspec.diagnostics.characters import without_surrogates
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import printable
from sendspec.operations.system import System, real_system
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.showing.diagnostics import diagnostics_document, diagnostics_text
from sendspec.showing.sanitized_text import sanitized
from sendspec.showing.terminal_style import ColourChoice, TerminalStyle, wants_colour

MAX_PROCESSES = 64
LINES_AT_ONCE = 500


@dataclass(slots=True)
class DocumentState:
    """What is known of a command's one JSON document: its `command`, such as `ledger check`, and whether it was printed.

    `environment` is empty until it is known. `has_account` is whether the text said already what was sent.
    """

    command: str
    environment: str = ""
    is_printed: bool = False
    has_account: bool = False

    def note_environment(self, name: str) -> None:
        self.environment = name


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """A command's terminal: results go to stdout, everything else to stderr. `asks` is whether a person can be asked."""

    format: str
    quiet: bool
    verbose: bool
    asks: bool
    out: TerminalStyle
    err: TerminalStyle
    state: DocumentState
    system: System

    @property
    def is_json(self) -> bool:
        return self.format == "json"

    def result(self, text: str) -> None:
        """The command's result, if the format is text. Quotations in it must be printable already."""
        if text and self.format == "text":
            _write(sys.stdout, text)

    def result_lines(self, lines: Iterator[str]) -> None:
        """As `result`, of many lines that are written as they are made. Ends early if standard output is lost."""
        while self.format == "text" and not _is_lost() and (block := list(islice(lines, LINES_AT_ONCE))):
            _write(sys.stdout, "\n".join(block))
        _close(lines)

    def lines(self, lines: Iterable[str | bytes]) -> None:
        """The command's result as lines of UTF-8 with their line ends, one after another, in any format.

        Ends early if the reader goes away. Raises `ResultUnwritable` if there is no room for the rest: a cut result is none.
        """
        buffer = sys.stdout.buffer
        stream = getattr(buffer, "raw", None)
        for line in lines:
            buffer.write(
                sanitized(without_surrogates(line), coloured=False).encode() if isinstance(line, str) else line
            )
            if isinstance(stream, StandardStream) and stream.lost is not None:
                break
        _close(lines)
        buffer.flush()
        refuse_lost_result()
        if isinstance(stream, StandardStream) and stream.lost is not None:
            stream.is_missed = False

    def document(self, document: Mapping[str, Any]) -> None:
        """The command's result as one JSON document, if the format is JSON. A second document is not printed."""
        if self.is_json and not self.state.is_printed:
            from sendspec.showing.json_text import json_document  # loads orjson, which text does without

            self.state.is_printed = True
            sys.stdout.flush()
            sys.stdout.buffer.write(json_document(document))
            sys.stdout.buffer.flush()

    def document_pieces(self, pieces: Iterator[bytes]) -> None:
        """As `document`, written as it is made. Prints nothing if the first piece raises; without the last one it is no JSON.

        Ends early if standard output is lost.
        """
        for piece in pieces if self.is_json and not self.state.is_printed else ():
            if not self.state.is_printed:
                self.state.is_printed = True
                sys.stdout.flush()
            sys.stdout.buffer.write(piece)
            if _is_lost():
                break
        _close(pieces)
        sys.stdout.buffer.flush()

    def say(self, text: str) -> None:
        """A progress line; not shown with `-q`."""
        if not self.quiet:
            self.warn(text)

    def detail(self, text: str) -> None:
        """A line that only `-v` shows."""
        if self.verbose:
            self.warn(text)

    def warn(self, text: str) -> None:
        """A line that must be read, shown even with `-q`. It may quote foreign text, unescaped."""
        self.tell(printable(text))

    def tell(self, text: str) -> None:
        """Lines that must be read, with styles and line ends of ours. Quotations in them must be printable already."""
        if text:
            _write(sys.stderr, text)

    def diagnostics(
        self,
        diagnostics: Sequence[Diagnostic],
        *,
        ending: str,
        as_result: bool,
        todo: str = "",
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Diagnostics as text on stderr, or as the JSON document if they are the result, with what is in `more`."""
        if as_result:
            self.document({**diagnostics_document(diagnostics), **(more or {})})
        if not (self.is_json and as_result):
            self.tell(diagnostics_text(diagnostics, self.err, ending=ending, todo=todo, for_many=self.system.is_ci))


def _is_lost() -> bool:
    """Whether writing to standard output has failed."""
    stream = getattr(sys.stdout.buffer, "raw", None)
    return isinstance(stream, StandardStream) and stream.lost is not None


def _close(lines: Iterable[str | bytes]) -> None:
    """Ends what is read as it is written: the caller may close its source next."""
    if isinstance(lines, Generator):
        lines.close()


def _tell(quiet: bool, words: str) -> None:
    """Tells what is waited for."""
    if not quiet:
        _write(sys.stderr, printable(words))


def _write(stream: TextIO, text: str) -> None:
    """Writes whole lines at once."""
    stream.write(text if text.endswith("\n") else text + "\n")
    stream.flush()


def options_with_forms(*forms: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Adds the flags that every command has, with these formats, and passes them to the command as `console`."""

    def decorated(command: Callable[..., int]) -> Callable[..., int]:
        @click.option(*FORMAT, "format_", cls=OnceOption, type=click.Choice(forms), default="text", envvar="SENDSPEC_FORMAT",
                      show_default=True, help="Output format.")  # fmt: skip
        @click.option(*QUIET, is_flag=True, help="Print only the result, warnings and errors.")
        @click.option(*VERBOSE, is_flag=True, help="Print more about what happens.")
        @click.option(*COLOUR, cls=OnceOption, type=click.Choice([choice.value for choice in ColourChoice]), default="auto",
                      envvar="SENDSPEC_COLOR", show_default=True, help="Colour of the output.")  # fmt: skip
        @click.option(*NO_INPUT, is_flag=True, envvar="SENDSPEC_NO_INPUT", help="Never ask a question; stop instead.")
        @functools.wraps(command)
        def wrapped(*, format_: str, quiet: bool, verbose: bool, color: str, no_input: bool, **options: Any) -> int:
            choice = ColourChoice(color)
            click_context = click.get_current_context()
            console = Console(
                format=format_,
                quiet=quiet,
                verbose=verbose,
                asks=not no_input and sys.stdin.isatty() and sys.stderr.isatty(),
                out=_style_for(sys.stdout, choice),
                err=_style_for(sys.stderr, choice),
                state=DocumentState(click_context.command_path.partition(" ")[2]),
                system=real_system(
                    click_context.command_path,
                    stdin=getattr(sys.stdin, "buffer", None),
                    tell=functools.partial(_tell, quiet),
                ),
            )
            click_context.find_root().obj = console  # for the document of a command that fails
            try:
                return command(console=console, **options)
            except WrongUsage as error:
                if error.option:
                    raise click.BadParameter(error.problem, param_hint=error.option) from None
                if not error.is_typed:
                    raise _NotThere(error.problem) from None
                raise click.UsageError(error.problem) from None

        return wrapped

    return decorated


class _NotThere(click.ClickException):
    """Something outside of the command line isn't as it names it."""

    exit_code = ExitCode.USAGE


def _style_for(stream: TextIO, choice: ColourChoice) -> TerminalStyle:
    colour = wants_colour(choice, os.environ, is_terminal=stream.isatty())
    if not isinstance(stream, SanitizedText):
        return TerminalStyle(colour)
    stream.coloured = colour
    return TerminalStyle(colour, stream.columns)


common_options = options_with_forms("text", "json")


def environment_option(command: Callable[..., int]) -> Callable[..., int]:
    return click.option(*ENVIRONMENT, "env", cls=OnceOption, metavar="E", envvar="SENDSPEC_ENV",
                        help="Environment to use; default: the project file's, or the built-in sandbox.")(command)  # fmt: skip


def recipients_option(command: Callable[..., int]) -> Callable[..., int]:
    return click.option(*RECIPIENTS, "recipients", cls=OnceOption, metavar="FILE", envvar="SENDSPEC_RECIPIENTS",
                        help="Read the recipients from FILE (- is standard input) instead of the spec's.")(command)  # fmt: skip


def jobs_option(command: Callable[..., int]) -> Callable[..., int]:
    """`processes` is how many processes may compose the rows of a long list."""
    return click.option("-j", "--jobs", "processes", metavar="N", type=click.IntRange(1, MAX_PROCESSES), default=_cores,
                        envvar="SENDSPEC_JOBS", help="Use N processes for long lists; default: the number of cores.")(command)  # fmt: skip


def untrusted_option(command: Callable[..., int]) -> Callable[..., int]:
    return click.option("--untrusted", is_flag=True,
                        help="Check a pull request from a stranger: read only what git tracks, in a limited process without secrets.")(command)  # fmt: skip


def _cores() -> int:
    """The cores that this process may use."""
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(found or 1, MAX_PROCESSES)


def specs_argument(command: Callable[..., int]) -> Callable[..., int]:
    return click.argument("specs", metavar="SPEC...", nargs=-1, required=True, callback=_not_piped)(command)


def optional_specs_argument(command: Callable[..., int]) -> Callable[..., int]:
    return click.argument("specs", metavar="[SPEC]...", nargs=-1, callback=_not_piped)(command)


def _not_piped(context: click.Context, parameter: click.Parameter, specs: tuple[str, ...]) -> tuple[str, ...]:
    if "-" in specs:
        raise click.UsageError(
            "a spec can't come from standard input: write it to a file, and name that; recipients can, with --recipients -",
            context,
        )
    return specs


def rejected(console: Console, diagnostics: Sequence[Diagnostic], *, ending: str = "nothing was sent") -> int:
    """Prints the errors of rejected input, and its warnings, as the command's result. Returns the exit code."""
    console.diagnostics(list(diagnostics), ending=ending, as_result=True)
    return ExitCode.REJECTED


def rejects(console: Console, problems: Problems, *, ending: str = "nothing was sent") -> bool:
    """Whether the input has errors; then they, and the warnings, are the command's result."""
    if problems.has_errors:
        rejected(console, list(problems), ending=ending)
    return problems.has_errors
