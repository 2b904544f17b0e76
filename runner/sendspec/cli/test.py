"""`sendspec test`: the examples that specs carry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from sendspec.cli.check_report import CI_FORMS, print_report
from sendspec.cli.console import Console, environment_option, options_with_forms, specs_argument
from sendspec.cli.project import open_context
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.operations.example import examples_apart, run_examples
from sendspec.operations.project_context import ProjectContext
from sendspec.reading.spec import Spec, read_spec

if TYPE_CHECKING:
    from sendspec.showing.reports.check_report import CheckCase


@click.command("test")
@specs_argument
@environment_option
@options_with_forms("text", "json", *CI_FORMS)
def command(console: Console, specs: tuple[str, ...], env: str | None) -> int:
    """Run the examples of specs: compose each `with` and compare the result with its `expect`.

    Reads files only, and not the recipients' table.

    \b
    Examples:
      sendspec test specs/*.yaml
      sendspec test specs/*.yaml --format junit > report.xml
    """
    problems = Problems()
    context = open_context(console, specs, env, problems)
    passed: list[str] = []
    read: list[Spec] = []
    for path in specs:
        spec = None if context is None else read_spec(path, problems, context.key_files)
        if spec is None or context is None:
            continue
        read.append(spec)
        if run_examples(spec, context, problems):
            passed.append(
                f"{path}: {counted(len(spec.examples), 'example')} ok" if spec.examples else f"{path}: no examples"
            )
    found = list(problems)
    console.diagnostics(found, ending="nothing was sent", as_result=True)
    print_report(console, "test", found, lambda: _cases(specs, read, context, found))
    for line in passed:
        console.result(printable(line))
    return ExitCode.REJECTED if problems.has_errors else ExitCode.DONE


def _cases(
    paths: Sequence[str], specs: Sequence[Spec], context: ProjectContext | None, found: Sequence[Diagnostic]
) -> Iterator[CheckCase]:
    """A case for each example; where a spec as a whole is at fault, or has no examples, one for the spec."""
    from sendspec.showing.reports.check_cases import example_cases, spec_cases  # for one form alone
    from sendspec.showing.reports.check_report import CheckCase

    ready = {}
    for spec in specs:
        assert context is not None  # without a project, no spec is read
        shared, each = examples_apart(spec, context)
        if each and not shared.has_errors:
            ready[spec.path] = spec
            yield from example_cases(spec.path, [list(own) for own in each])
    at_fault = {diagnostic.path for diagnostic in found}
    bare = [spec.path for spec in specs if not spec.examples and spec.path not in at_fault]
    others = [path for path in paths if path not in ready and path not in bare]
    unread = [diagnostic for diagnostic in found if diagnostic.path not in ready]
    yield from spec_cases(others, {spec.path: spec.path for spec in specs}, unread)
    yield from (CheckCase(path, path, not_checked="it has no examples") for path in bare)
