"""`sendspec test`: the examples that specs carry."""

from __future__ import annotations

import click

from sendspec.cli.console import Console, common_options, environment_option, specs_argument
from sendspec.cli.project import open_context
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.operations.example import run_examples
from sendspec.reading.spec import read_spec


@click.command("test")
@specs_argument
@environment_option
@common_options
def command(console: Console, specs: tuple[str, ...], env: str | None) -> int:
    """Run the examples of specs: compose each `with` and compare the result with its `expect`.

    Reads files only, and does without the recipients' file.

    \b
    Examples:
      sendspec test specs/*.yaml
    """
    problems = Problems()
    context = open_context(console, specs, env, problems)
    passed: list[str] = []
    for path in specs:
        spec = None if context is None else read_spec(path, problems, context.key_files)
        if spec is not None and context is not None and run_examples(spec, context, problems):
            passed.append(
                f"{path}: {counted(len(spec.examples), 'example')} ok" if spec.examples else f"{path}: no examples"
            )
    console.diagnostics(list(problems), ending="nothing was sent", as_result=True)
    for line in passed:
        console.result(printable(line))
    return ExitCode.REJECTED if problems.has_errors else ExitCode.DONE
