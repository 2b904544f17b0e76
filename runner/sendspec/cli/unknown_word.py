"""What somebody means by an option or a command that isn't there: what other tools call the same, or a word spelled alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module

import click

from sendspec.diagnostics.near_miss import near_miss

_FORMATS: Sequence[str] = ("text", "json", "csv", "github", "junit", "rdjson", "gitlab", "sarif", "markdown")
_OPTIONS = """\
json = --format json | --as jsonl
csv = --format csv | --as csv | --recipients FILE
jsonl = --as jsonl
text = --format text
github = --format github
junit = --format junit
rdjson = --format rdjson
gitlab = --format gitlab
sarif = --format sarif
f output-format type = --format FORMAT
output o = --out FILE | --format FORMAT
outfile out-file output-file save save-plan = --out FILE
environment environ stage target profile = --env E
n = --dry-run | --limit N
dry check simulate preview whatif plan-only test noop = --dry-run
silent s = --quiet
debug trace d = --verbose
force auto-approve confirm assume-yes non-interactive batch = --yes | --no-input
colour = --color WHEN
no-color no-colour = --color never
data input list contacts table to i r = --recipients FILE
threads workers processes parallel concurrency p = --jobs N
rows max first head count = --limit N
message m why = --reason TEXT
state = --as STATE
plan-file planfile = --plan FILE
approver = --approved-by NAME
refused = --failed
doubts = --in-doubt
all = --messages
expiry = --expires WHEN
identity = --key FILE
version = sendspec --version
usage ? = --help
"""
"""Options by what other tools call them. The first that the command has is the one that is meant."""
_ELSEWHERE = {
    ("plan", "--dry-run"): "leave it out, as `plan` sends nothing",
    ("plan", "--yes"): "leave it out, as `plan` asks nothing",
    ("validate", "--dry-run"): "leave it out, as `validate` sends nothing",
    ("show", "--env"): "leave it out, as the plan names its environment",
    ("approve", "--env"): "leave it out, as the plan names its environment",
    ("approve", "--recipients"): "leave it out, as the plan names its recipients",
}
_TO_FEWER = frozenset(
    {
        "count", "e-mail", "email", "filter", "first", "head", "key", "limit", "max", "number", "only", "phone",
        "receiver", "recipient", "rows", "sample", "test", "to", "where",
    }
)  # fmt: skip
"""Options with which other tools send to fewer people: leaving them out of a send would reach everybody."""
_HOW_TO_FEWER = (
    "to send to one person, write `--recipients FILE` with that row alone, or `only_to` in an environment for tests; "
    "without it, everybody in the list gets the message"
)
_COMMANDS = """\
lint check verify valid = validate
dry-run dryrun diff simulate = plan
apply run push deliver deploy submit = send
retry resend repeat = send SPEC --retry refused
log logs history list ls report state = status
new create scaffold start = init
sign = approve
settle fix = resolve
sync refresh = reconcile
compile print template = render
examples = test
server serve mock = sandbox
diagnose health config = doctor
error errors why = explain
schemas = schema
export = ledger export
purge = ledger purge
move copy = ledger copy
migrate upgrade = ledger migrate
database db = ledger
version = --version
completions = completion
man = help
"""
"""Commands by what other tools call them."""


def _table(text: str) -> dict[str, list[str]]:
    lines = (line.partition(" = ") for line in text.splitlines())
    return {word: meant.split(" | ") for words, _, meant in lines for word in words.split()}


def unknown_option(error: click.NoSuchOption, arguments: Sequence[str], commands: Iterable[str]) -> str:
    """Says which option the command doesn't have, and what to write instead."""
    context = error.ctx
    assert context is not None
    own = {name for parameter in context.command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    word, value = _written(error.option_name, arguments)
    path = context.command_path.partition(" ")[2]
    hint = _HOW_TO_FEWER if path == "send" and _bare(word) in _TO_FEWER else None
    hint = hint or next(_meant(word, value, own, _formats(context.command)), None)
    is_for_spec = word.lstrip("-") in ("f", "file", "spec", "specs", "filename")
    if (
        is_for_spec
        and value.endswith((".yaml", ".yml"))
        and any(parameter.name == "specs" for parameter in context.command.params)
    ):
        hint = f"name the spec without an option: `{context.command_path} {value}`"
    if hint is None:
        hint = _elsewhere(word, path, commands, arguments) or f"`{context.command_path} --help` lists its options"
    return f"`{context.command_path}` has no option '{word}': {hint}"


def with_one_dash(words: Sequence[str], command: click.Command) -> str | None:
    """What to write instead of the first word such as `-out=plan.json`, which click reads as `-o` with the value `ut=plan.json`."""
    options = {name: parameter for parameter in command.params for name in parameter.opts}
    for before, word in zip(("", *words), words, strict=False):
        if word == "--":
            return None
        name, _, value = word[1:].partition("=")
        if (
            not word.startswith("-")
            or len(name) < 2
            or not name.replace("-", "").isalpha()
            or _takes_value(options.get(before))
        ):
            continue
        if name in _formats(command) and "--format" in options:
            return f"`{word}` is not an option: write `--format {name}`"
        if f"--{name}" in options:
            shown = f"--{name} {value}" if value else f"--{name}"
            return f"`-{name}` needs two dashes: write `{shown}`"
    return None


def _takes_value(parameter: click.Parameter | None) -> bool:
    return isinstance(parameter, click.Option) and not parameter.is_flag and not parameter.count


def format_elsewhere(arguments: Sequence[str], commands: Iterable[str]) -> str:
    """Which commands have the format that is asked for; empty if none has."""
    _, value = _written("--format", arguments)
    having = [f"sendspec {name}" for name in commands if name != "help" and value in _own_formats(name)]
    if not having:
        return ""
    return f" It is a format of `{'`, `'.join(having)}`: `{having[0]} SPEC --format {value}`"


def _own_formats(command: str) -> Sequence[str]:
    found = import_module(f"sendspec.cli.{command.replace('-', '_')}").command
    return () if isinstance(found, click.Group) else _formats(found)


def unknown_command(word: str, commands: Iterable[str]) -> str:
    """Says that there is no such command, and which one may be meant."""
    known = list(commands)
    if word.endswith((".yaml", ".yml")):
        return f"there is no command '{word}'; to see what it would send, write `sendspec plan {word}`"
    meant: str | None = next(iter(_table(_COMMANDS).get(word.lower().replace("_", "-"), ())), None)
    if meant is None or (not meant.startswith("-") and meant.split()[0] not in known):
        meant = near_miss(word, known)
    hint = f"did you mean '{meant}'?" if meant else "sendspec --help lists them"
    return f"there is no command '{word}'; {hint}"


def _bare(word: str) -> str:
    return word.lower().lstrip("-").replace("_", "-")


def _written(name: str, arguments: Sequence[str]) -> tuple[str, str]:
    """The option as the user wrote it, and what follows it. Click takes `-json` for four options of a letter."""
    for index, word in enumerate(arguments):
        option, _, joined = word.partition("=")
        if option == name or (len(name) == 2 and option.startswith(name) and len(option) > 2):
            return option, joined or next(iter(arguments[index + 1 : index + 2]), "")
    return name, ""


def _formats(command: click.Command) -> Sequence[str]:
    """The formats that a command prints. A group passes any on."""
    types = (parameter.type for parameter in command.params if "--format" in parameter.opts)
    return next((type_.choices for type_ in types if isinstance(type_, click.Choice)), _FORMATS)


def _meant(word: str, value: str, own: set[str], formats: Sequence[str]) -> Iterator[str]:
    bare = _bare(word)
    if same := _standard(word, own):
        yield f"write `{same}`"
    if bare in ("output", "o") and value in formats:
        yield f"write `--format {value}`"
    for option in _table(_OPTIONS).get(bare, ()):
        name, _, argument = option.partition(" ")
        if name in own | {"sendspec", "--help"} and (
            argument not in _FORMATS or name != "--format" or argument in formats
        ):
            yield f"write `{option}`"
    if near := near_miss("--" + bare, (name for name in own if name.startswith("--")), cutoff=0.75):
        yield f"did you mean '{near}'?"


def _standard(word: str, known: Iterable[str]) -> str | None:
    """The option that `word` is but for hyphens and capitals: `--dry_run`, `--dryrun`, `-E`."""
    letters = word.lower().replace("-", "").replace("_", "")
    return next((name for name in sorted(known) if name != word and name.replace("-", "") == letters), None)


def _elsewhere(word: str, path: str, commands: Iterable[str], arguments: Sequence[str]) -> str | None:
    """What to do about an option that other commands have."""
    others = [name for name in commands if _has(name, word)]
    if not others:
        return None
    if not path:
        called = next((name for name in arguments if name in others), others[0])
        return f"write it behind the command: `sendspec {called} {word}`"
    reason = _ELSEWHERE.get((path, word))
    return reason or f"leave it out; it is an option of {', '.join(f'`{name}`' for name in others)}"


def _has(command: str, option: str) -> bool:
    module = import_module(f"sendspec.cli.{command.replace('-', '_')}")
    return any(
        option in parameter.opts for parameter in module.command.params if not getattr(parameter, "hidden", False)
    )
