"""`sendspec init`: a project to begin with, or an example for one."""

from __future__ import annotations

import os
from os.path import lexists
from pathlib import Path
from shlex import quote

import click

from sendspec.cli.console import Console, common_options
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.redaction import printable
from sendspec.operations.install_source import FromThisMachine, InstallSource, install_source
from sendspec.operations.output_file import refuse_place
from sendspec.operations.scaffold import Scaffold, is_ours, plan_scaffold, write_scaffold
from sendspec.operations.scaffold_example import EXAMPLES, PLAIN, ScaffoldExample
from sendspec.operations.scaffold_workflow import WORKFLOW_PATH
from sendspec.reading.project import PROJECT_FILE_NAME, find_project
from sendspec.showing.next_step import next_text


@click.command("init")
@click.argument("folder", metavar="[DIR]", required=False, default=".", type=click.Path(file_okay=False))
@click.option("--example", type=click.Choice([name for name in EXAMPLES if name != PLAIN]), metavar="NAME",
              help="Write this example instead of the first one, or add it to a project: orders, mms, email, reminder or multilingual.")  # fmt: skip
@common_options
def command(console: Console, folder: str, example: str | None) -> int:
    """Create a project in DIR: project file, one spec, its data, schemas for editors, a CI example.

    Asks nothing and never overwrites a file. Creates DIR if it is missing. Everything works at once, with the sandbox.

    \b
    Examples:
      sendspec init hello
      sendspec send hello/specs/hello.yaml
      sendspec init --example orders
    """
    top = Path(folder)
    refuse_place(top)
    chosen = EXAMPLES[example or PLAIN]
    has_project = lexists(top / PROJECT_FILE_NAME)
    _refuse_project(top, adds=example is not None)
    source = install_source()
    scaffold = plan_scaffold(top, chosen, source, console.system.now, only_example=example is not None and has_project)
    if scaffold.written:
        write_scaffold(scaffold)
    _show(console, scaffold, chosen, source)
    return ExitCode.DONE


def _refuse_project(top: Path, *, adds: bool) -> None:
    """Raises `click.UsageError` where a project of the user's own would get a first spec that nobody asked for."""
    if adds or not lexists(top / PROJECT_FILE_NAME) or is_ours(top):
        return
    raise click.UsageError(
        f"{printable(str(top / PROJECT_FILE_NAME))} is there already; name another folder, or add an example with --example"
    )


def _show(console: Console, scaffold: Scaffold, example: ScaffoldExample, source: InstallSource) -> None:
    spec = quote(str(scaffold.top / example.spec_path))
    commands = [f"sendspec {word} {spec}" for word in ("preview", "plan", "send")]
    lines = [f"wrote {printable(str(path))}" for path in scaffold.written] or ["nothing to do: everything is there"]
    lines += [f"left alone {printable(str(path))}" for path in scaffold.left]
    console.result("\n".join(lines))
    console.document(
        {
            "schema": "sendspec.init/1",
            "files": [str(path) for path in scaffold.written],
            "left_alone": [str(path) for path in scaffold.left],
            "next": commands,
        }
    )
    if not console.quiet:
        console.tell(next_text(commands))
    for note in _notes(scaffold, example, source):
        console.say(f"note: {note}")


def _notes(scaffold: Scaffold, example: ScaffoldExample, source: InstallSource) -> list[str]:
    notes = []
    around = find_project(Path(os.path.realpath(scaffold.top)).parent)
    if around is not None and any(path.name == PROJECT_FILE_NAME for path in scaffold.texts):
        notes.append(
            f"this project is inside another one ({os.path.relpath(around)}), which doesn't include it; to add to that one:"
            f" sendspec init {quote(os.path.relpath(around.parent))} --example {example.name if example.name != PLAIN else 'orders'}"
        )
    workflow = scaffold.repository / WORKFLOW_PATH
    if workflow in scaffold.texts and isinstance(source, FromThisMachine):
        notes.append(
            f"on this machine, nothing is missing. To have GitHub send for you, read the first lines of {workflow} first:"
            f" GitHub can't install this sendspec from {source.place}"
        )
    return notes
