"""`sendspec init`: a project to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from os.path import lexists
from pathlib import Path
from shlex import quote

import click

from sendspec.cli.console import Console, common_options
from sendspec.diagnostics.exceptions import FileUnwritable, PrivateFolderUnusable
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.redaction import printable
from sendspec.operations.output_file import make_folder, refuse_place, write_new
from sendspec.reading.files.nofollow_open import read_beneath
from sendspec.reading.files.private_folder import make_private_folder
from sendspec.reading.schema.location import schema_directory

PROJECT = """\
# The project file: where messages go, and as whom. Without --env, everything goes to a sandbox on this machine.
# environments:
#   production:
#     access_key: {env: BIRD_ACCESS_KEY}
#     ledger: {file: .sendspec/production.db}
#     channels:
#       sms: {workspace: <the workspace's UUID>, channel: <the channel's UUID>, platform: sms, rate: 50/s}
#     limits: {messages: 10000, segments: 2}
environments: {}
"""
SPEC = """\
# yaml-language-server: $schema=../.sendspec/spec.schema.json
spec: 1
name: hello
channel: sms
recipients:
  file: ../data/people.csv
message:
  body:
    type: text
    text:
      text: "Hi {{ first_name }}, this is a first message."
limits: {messages: 100, segments: 1}
examples:
  - with: {phone: "+447700900001", first_name: Ada}
    expect: {text: "Hi Ada, this is a first message.", segments: 1}
"""
PEOPLE = """\
phone,first_name
+447700900101,Ada
+447700900102,Grace
+447700900103,Linus
"""
IGNORE = ".sendspec/\n"
WORKFLOW = """\
# Checks every spec on a pull request. Sending on a merge needs a ledger that outlives the job, and the access key.
#
# It fails until you say what it may install, in .github/sendspec-requirements.txt: sendspec and all that it needs, each by its hash.
# Whoever holds a name in a package index decides what is installed under it, so name a file that you built or checked.
#   1. Build the wheel from a commit that you trust, and put it where this workflow can read it.
#   2. Write one line to a file sendspec.in:   sendspec @ <the address of the wheel>
#   3. Run:   pip-compile --generate-hashes --output-file .github/sendspec-requirements.txt sendspec.in
# Look at the difference whenever that file changes.
name: messages
on: [pull_request]
permissions: {contents: read}
jobs:
  validate:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with: {persist-credentials: false}
      - uses: actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0
        with: {python-version: "3.12"}
      - name: Install what .github/sendspec-requirements.txt names, and nothing else
        run: |
          if ! grep -qs '^sendspec @ ' .github/sendspec-requirements.txt; then
            echo "say what may be installed in .github/sendspec-requirements.txt: this workflow's first lines say how" >&2
            exit 1
          fi
          python -m pip install --require-hashes --only-binary :all: --requirement .github/sendspec-requirements.txt
      - run: sendspec validate specs/*.yaml
      - run: sendspec test specs/*.yaml
"""
SCHEMA, IGNORE_BELOW = ".sendspec/spec.schema.json", ".sendspec/.gitignore"
FILES = {
    "sendspec.yaml": PROJECT,
    "specs/hello.yaml": SPEC,
    "data/people.csv": PEOPLE,
    ".gitignore": IGNORE,
    ".github/workflows/messages.yml": WORKFLOW,
}


@click.command("init")
@click.argument("folder", metavar="[DIR]", required=False, default=".", type=click.Path(file_okay=False))
@common_options
def command(console: Console, folder: str) -> int:
    """Scaffold a project in DIR: project file, one spec, its data, a CI example.

    Never overwrites a file.

    \b
    Examples:
      sendspec init hello
      sendspec send hello/specs/hello.yaml
    """
    top = Path(folder)
    refuse_place(top)
    there = [name for name in FILES if name != ".gitignore" and lexists(top / name)]
    if there and not _is_half_made(top, there):
        raise click.UsageError(f"{printable(str(top / there[0]))} is there already; name another folder")
    written = [top / name for name in FILES if not lexists(top / name)]
    _make(top, written)
    spec = quote(str(top / "specs" / "hello.yaml"))
    console.result("\n".join(f"wrote {printable(str(path))}" for path in written))
    console.document({"schema": "sendspec.init/1", "files": [str(path) for path in written]})
    if not console.quiet:
        console.tell(f"\nnext: sendspec plan {printable(spec)}\n      sendspec send {printable(spec)}")
    return ExitCode.DONE


def _is_half_made(top: Path, there: Sequence[str]) -> bool:
    """Whether an `init` was killed here before its last file. Each file is whole and unchanged since."""
    try:
        same = all(read_beneath(top, name, len(FILES[name].encode())) == FILES[name].encode() for name in there)
    except OSError:
        return False
    return same and not lexists(top / SCHEMA)


def _make(top: Path, files: Sequence[Path]) -> None:
    """Writes the files, the schema for editors last. If one can't be written, the earlier ones are removed."""
    made: list[Path] = []
    try:
        make_folder(top)
        for path in files:
            made.append(path)
            name = path.relative_to(top).as_posix()
            write_new(top, name, FILES[name])
        try:
            make_private_folder(top)
        except PrivateFolderUnusable as trouble:
            raise FileUnwritable(str(top / SCHEMA), trouble.problem, trouble.fix) from trouble
        if not lexists(top / IGNORE_BELOW):  # an `init` that was killed just here left the folder without it
            write_new(top, IGNORE_BELOW, "*\n")
        schema = (schema_directory() / "spec.schema.json").read_text(encoding="utf-8")
        write_new(top, SCHEMA, schema, instead=True)
    except BaseException as error:
        if isinstance(error, FileUnwritable) and made and error.path == str(made[-1]):
            made.pop()
        for path in made:
            with suppress(OSError):
                path.unlink()
        raise
