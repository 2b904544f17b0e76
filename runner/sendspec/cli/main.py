"""The command `sendspec`: finds the subcommand, and turns every ending into an exit code."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

from sendspec import __version__
from sendspec.cli.common_flag import FlagGroup, flags_without_command
from sendspec.cli.interrupt import end_undisturbed, interruption, note_interrupts
from sendspec.cli.memory_shortage import OUT_OF_MEMORY, SHORTAGE_WORDS, is_memory_shortage
from sendspec.cli.stream import fill_standard_streams, refuse_lost_result, use_standard_streams, what_was_lost
from sendspec.diagnostics.exceptions import FolderGone, SendspecError
from sendspec.diagnostics.exit_code import ExitCode

COMMANDS = {
    "init": "Create a project: project file, one spec, data, CI example.",
    "validate": "Check specs, templates, every row and every message.",
    "preview": "Show what people will see, one message of each shape.",
    "render": "Print the exact request bodies, one JSON object per line.",
    "test": "Run the examples in specs.",
    "plan": "Show what would be sent and skipped, and why.",
    "show": "Show a plan file, and what became of it.",
    "approve": "Sign a plan with your SSH key.",
    "send": "Send the messages of specs or of a plan, each at most once.",
    "status": "Show what became of messages.",
    "report": "Show how a send went, all its runs together.",
    "wait": "Wait until it is decided whether messages were delivered.",
    "reconcile": "Ask the API what became of messages in doubt.",
    "resolve": "Record what became of messages in doubt, with your reason.",
    "opt-outs": "Show and change who has opted out.",
    "ledger": "Create, check, export, purge, migrate or move the ledger.",
    "schema": "Print a JSON Schema.",
    "webhook": "Verify, read or receive the events that the API reports.",
    "sandbox": "Run the sandbox, an API server on this machine.",
    "doctor": "Check settings, key, clock, ledger and connection.",
    "explain": "Explain an error code or a word.",
    "help": "Explain a topic, or a command.",
    "completion": "Print a script that completes commands in a shell.",
}

SENDING = ("send", "reconcile", "resolve", "opt-outs")
"""Commands that change something besides what they print. Of the others, a reader that goes away misses nothing."""

CHANGING = (
    "send", "reconcile", "resolve", "opt-outs add", "opt-outs remove", "opt-outs import", "init", "approve",
    "ledger init", "ledger purge", "ledger migrate", "ledger copy", "webhook ingest", "webhook serve",
    "sandbox", "sandbox event",
)  # fmt: skip
"""Commands whose work is done even if their result is lost. To the others, the result is the work."""

_memory_ran_out = False

WELCOME = f"""sendspec {__version__}: message sends as YAML in git, each message sent at most once.

  sendspec init            scaffold a project with one spec
  sendspec plan SPEC       show what would be sent, and why
  sendspec send SPEC       send it, after asking

Try it: sendspec init hello && sendspec send hello/specs/hello.yaml
It goes to a sandbox on this machine until you name another environment. More: sendspec --help
"""

NARROW = 52
"""Click wraps help texts to the terminal, but not below 50 characters."""

INTERRUPTION = {"code": "command-interrupted", "problem": "the command was interrupted", "fix": "run it again"}
ENDED_BY_OTHERS = (
    ExitCode.INCOMPLETE, ExitCode.API_REFUSED, ExitCode.LEDGER, ExitCode.GUARD, ExitCode.STALE, ExitCode.BUSY,
)  # fmt: skip
"""Ends of commands that were stopped by the ledger, the API or a guard."""


class LazyGroup(FlagGroup):
    """Imports a subcommand's module only when it is called: `--help` must answer at once."""

    flags_are_shown = True

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"sendspec.cli.{cmd_name.replace('-', '_')}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            from sendspec.cli.unknown_word import unknown_command  # for a mistake alone

            raise click.UsageError(unknown_command(args[0], COMMANDS), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 input rejected, 2 usage, 3 refused or not sent, 4 in doubt, 5 refused by the API, "
    "6 ledger, 7 guard, 8 stale plan, 9 delivery failed, 11 delivery undecided, 75 busy. `sendspec explain CODE` explains an error code.",
)
@click.version_option(__version__, prog_name="sendspec", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> int:
    """Message sends as YAML in git: rendered, validated, planned, and sent at most once.

    \b
    Examples:
      sendspec validate specs/*.yaml
      sendspec plan specs/welcome.yaml --env production
      sendspec send specs/welcome.yaml --env production --yes
    """
    if ctx.invoked_subcommand is None:
        if flags_without_command(ctx):
            raise click.UsageError("name a command to go with the options; sendspec --help lists them")
        sys.stdout.write(WELCOME)
    return 0


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the command line and exits the process with its code."""
    use_standard_streams(fill_standard_streams())
    words = sys.argv[1:] if arguments is None else list(arguments)
    code = run(words)
    sys.stdout.flush()
    if code == ExitCode.LEDGER and _memory_ran_out:
        sys.stderr.flush()
        os._exit(code)  # without memory, Python may fail to leave in the usual way, and then ends with another code
    sends = any(word in SENDING for word in words)
    if lost := what_was_lost(even_if_left=sends):
        account = "; what was sent is in the ledger" if sends else ""
        sys.stderr.write(f"warning: the result could not be written: {lost}{account}\n")
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """The exit code of one command line. Never raises for a foreseen failure, nor shows a traceback for a bug."""
    context: click.Context | None = None
    note_interrupts()
    try:
        try:
            context = cli.make_context("sendspec", arguments, terminal_width=_help_width())
            with context:
                code = cli.invoke(context) or 0
        except click.exceptions.Exit as ended:  # it showed a help text
            code = ended.exit_code
        sys.stdout.flush()
        if code in (ExitCode.DONE, ExitCode.CHANGES) and _command_of(context) not in CHANGING:
            refuse_lost_result()
        return int(code)
    except click.ClickException as error:
        _show(error, arguments)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _interrupted(context)
    except SendspecError as error:
        return _foreseen(context, error)
    except Exception as error:
        return _out_of_memory(context) if is_memory_shortage(error) else _unforeseen(context, error)


def _command_of(context: click.Context | None) -> str:
    """The whole name of the command that ran, such as `ledger check`; empty if none did."""
    return str(context.obj.state.command) if context is not None and context.obj else ""


def _interrupted(context: click.Context | None) -> int:
    end_undisturbed()
    words, number = interruption()
    sys.stderr.write(f"{words}\n")
    _fail(context, INTERRUPTION)
    return ExitCode.INTERRUPTED if number in (None, signal.SIGINT) else ExitCode.TERMINATED


def _help_width() -> int | None:
    """The width of help texts where click would write wider lines than the terminal has; None: click decides."""
    columns = getattr(sys.stdout, "columns", None)
    return columns - 2 if columns is not None and columns < NARROW else None


def _show(error: click.ClickException, arguments: Sequence[str]) -> None:
    """Shows the error as click does, but quotes what the user wrote on one line."""
    from sendspec.diagnostics.redaction import printable  # for errors alone: `--help` must answer at once

    message = error.format_message()
    if isinstance(error, click.NoSuchOption) and error.ctx is not None:
        from sendspec.cli.unknown_word import unknown_option

        message = unknown_option(error, arguments, COMMANDS)
    if isinstance(error, click.MissingParameter):  # it quotes nothing, and lists the choices in lines
        if error.ctx is not None and error.param is not None and error.param.name == "specs":
            message += f" Name one or more: {error.ctx.command_path} specs/*.yaml"
    else:
        message = printable(message)
    if isinstance(error, click.BadParameter) and error.param is not None and "--format" in error.param.opts:
        from sendspec.cli.unknown_word import format_elsewhere

        message += format_elsewhere(arguments, COMMANDS)
    if isinstance(error, click.UsageError) and error.ctx is not None:
        hint = f"Try '{error.ctx.command_path} {error.ctx.help_option_names[0]}' for help."
        sys.stderr.write(f"{error.ctx.get_usage()}\n{hint}\n\n")
    sys.stderr.write(f"Error: {message.expandtabs(4)}\n")


def _foreseen(context: click.Context | None, error: SendspecError) -> int:
    from sendspec.showing.failure import error_text  # the same

    sys.stderr.write(f"sendspec: {error_text(error)}\n{_what_was_sent(context, error)}")
    if error.exit_code != ExitCode.BUSY:
        _fail(context, error)
    return error.exit_code


def _unforeseen(context: click.Context | None, error: Exception) -> int:
    """Reports a bug, unless the working directory is gone, or memory runs out meanwhile."""
    try:
        if isinstance(error, FileNotFoundError) and _folder_is_gone():
            return _foreseen(
                context, FolderGone("the working directory was removed", "change to a folder that is there")
            )
        from sendspec.cli.crash import report_crash  # for bugs alone

        code = report_crash(error, (context and context.invoked_subcommand) or "-")
        _fail(context, error)
        return code
    except Exception as another:
        if not is_memory_shortage(another):
            raise
        return _out_of_memory(context)


def _what_was_sent(context: click.Context | None, error: SendspecError) -> str:
    """The last line of a failure that could leave somebody in doubt: whether messages went out."""
    if error.exit_code not in ENDED_BY_OTHERS or (
        context is not None and context.obj and context.obj.state.has_account
    ):
        return ""
    if context is not None and context.invoked_subcommand == "opt-outs":
        return ""  # nobody expects it to send
    return "\nthis command sent nothing\n" if error.exit_code == ExitCode.BUSY else "\nnothing was sent\n"


def _fail(context: click.Context | None, error: Exception | Mapping[str, str]) -> None:
    """Prints the document of a command that failed, if the format is one of JSON or of a CI service and none was printed yet."""
    if context is None or context.obj is None or context.obj.format == "text":
        return
    from sendspec.cli.failure import failure_diagnostic, failure_document  # loads every document

    console = context.obj
    if not console.is_json:
        from sendspec.cli.check_report import print_failure
        from sendspec.cli.review import show_rejected

        if console.format == "markdown" or console.state.command == "plan":
            show_rejected(console, [failure_diagnostic(error)], "Failed")
        else:
            print_failure(console, failure_diagnostic(error))
        return
    document = failure_document(console.state.command, console.state.environment, error)
    if document is not None:
        console.document(document)


def _folder_is_gone() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def _out_of_memory(context: click.Context | None) -> int:
    global _memory_ran_out
    _memory_ran_out = True
    sys.stderr.write(SHORTAGE_WORDS)
    with suppress(Exception):
        _fail(context, OUT_OF_MEMORY)
    return ExitCode.LEDGER
