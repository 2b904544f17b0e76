"""Writes the reference pages: the spec format from its schemas, the command line from its commands, the errors from their explanations.

`make docs` runs it; a test holds the pages to what it would write.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from sendspec.cli.console import common_options
from sendspec.cli.main import COMMANDS, cli
from sendspec.composing.filters import FILTERS, TESTS
from sendspec.provider.failure_words import ADVICE, table_rows
from sendspec.provider.failure_words import ROWS as FAILURES
from sendspec.reading.schema.validator import load_schema
from sendspec.sandbox.ending import ENDINGS
from sendspec.showing.explained import command, files, ledger, messages, project, recipients, templates, untrusted
from sendspec.showing.explained.entry import Explanation

HERE = Path(__file__).resolve().parent
NOTICE = "<!-- Written by docs/generate.py: change that, or docs/parts, and run `make docs`. -->"
GROUPS = {
    "Files and YAML": files.EXPLAINED,
    "Project, names and keys": project.EXPLAINED,
    "Recipients": recipients.EXPLAINED,
    "Templates": templates.EXPLAINED,
    "Messages": messages.EXPLAINED,
    "The ledger": ledger.EXPLAINED,
    "Pull requests from strangers": untrusted.EXPLAINED,
    "Any command": command.EXPLAINED,
}
LINKS = {
    "Rows": "list of mappings",
    "Message": "[message](#the-message)",
    "Limits": "[limits](#limits)",
    "SuppressionFiles": "list of text, not empty, 100 entries at most",
    "suppressionFiles": "list of text, not empty, 100 entries at most",
    "Suppress": "[mapping](#suppress)",
    "suppress": "[mapping](#suppress)",
    "ownOptOuts": "mapping with `append`",
}
Schema = Mapping[str, Any]


def pages() -> dict[str, str]:
    """The text of every generated page, by its name in docs/."""
    return {"spec.md": spec_page(), "cli.md": cli_page(), "errors.md": errors_page(), "delivery.md": delivery_page()}


def part(name: str) -> str:
    """A hand-written part of a page."""
    return (HERE / "parts" / name).read_text(encoding="utf-8").rstrip("\n")


def joined(blocks: Iterable[str]) -> str:
    return "\n\n".join([NOTICE, *blocks]) + "\n"


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


# What becomes of a message


def delivery_page() -> str:
    page = part("delivery.md")
    for mark, shown in (
        ("kinds", table(("kind", "what happened", "what to do"), kind_rows())),
        ("words", table(("the API says", "it means", "kind", "known by"), table_rows())),
    ):
        page = page.replace(f"<!-- failure {mark} -->", shown)
    return joined([page])


def kind_rows() -> Iterator[tuple[str, ...]]:
    """Every kind of failure with all that it can mean."""
    for kind, advice in ADVICE.items():
        meanings = dict.fromkeys(row.means.meaning for row in FAILURES if row.means.kind is kind)
        yield code(kind.value), "; ".join(meanings), advice


# The spec format


def spec_page() -> str:
    spec, project_file = load_schema("spec").document, load_schema("project").document
    message = load_schema("message").document
    return joined(
        [
            part("spec.md"),
            "## Keys of a spec",
            fields(spec),
            "### Recipients",
            "`recipients` is a list of mappings, 1,000 at most, or a mapping of these keys:",
            fields(spec["definitions"]["Recipients"]),
            "### Suppress",
            "`suppress` is a list of files, or a mapping of these keys, in a spec and in an environment. What either leaves out gets nothing.",
            fields(project_file["$defs"]["suppress"]),
            "### Limits",
            "Where a spec and its environment both set a limit, the smaller one applies.",
            fields(project_file["$defs"]["limits"]),
            part("templates.md"),
            "### Filters",
            table(("filter", "gives"), ((code(name), it.summary) for name, it in FILTERS.items())),
            "### Tests",
            "After `is`, as in `{% if carrier is defined %}`.",
            table(("test", "is true of"), ((code(name), it.summary) for name, it in TESTS.items())),
            part("project.md"),
            fields(project_file),
            *sections(
                project_file, ("environment", "access_key", "ledger", "ledger_url", "channel", "approvals", "when")
            ),
            part("message.md"),
            fields({**message, "required": ()}),  # a spec may leave the receiver to its recipients
            *sections(message, message["$defs"]),
        ]
    )


def sections(document: Schema, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        definition = document["$defs"][name]
        yield f"### {name}"
        if "description" in definition:
            yield definition["description"]
        yield fields(definition) if rows(definition) else f"A value: {kind(definition)}."


def fields(schema: Schema) -> str:
    return table(("key", "type", "default", "meaning"), rows(schema))


def rows(schema: Schema, prefix: str = "") -> list[tuple[str, ...]]:
    """A row for every key, nested ones under a dotted path; `[]` stands for the items of a list."""
    found: list[tuple[str, ...]] = []
    if "items" in schema:
        found += rows(schema["items"], f"{prefix}[]")
    required = schema.get("required", ())
    for key, child in schema.get("properties", {}).items():
        path = f"{prefix}.{key}" if prefix else key
        default = "required" if key in required else code(json.dumps(child["default"])) if "default" in child else ""
        found.append((code(path), kind(child), default, child.get("description", "")))
        found += rows(child, path)
    for branch in schema.get("allOf", ()):
        tag, value = next(iter(branch["if"]["properties"].items()))
        path = f"{prefix}.{tag}" if prefix else tag
        found.append((f"`{path}: {value['const']}`", kind(branch["then"]), "", ""))
    return found


def kind(schema: Schema) -> str:
    """The type of a value and what bounds it, in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return LINKS.get(name, f"[{name}](#{name.lower()})")
    if "const" in schema:
        return code(json.dumps(schema["const"]))
    if "enum" in schema:
        return "one of " + ", ".join(code(str(value)) for value in schema["enum"])
    if "type" in schema.get("if", {}) and "else" in schema and "$ref" not in schema.get("then", {}):
        return f"{kind(schema['if'])} or {kind(schema['else'])}"
    if "$ref" in schema.get("then", {}):
        return f"{kind(schema['then'])} or {kind(schema['else'])}"
    words = schema.get("type", "anything")
    return " or ".join(_typed(word, schema) for word in ([words] if isinstance(words, str) else words))


def _typed(word: str, schema: Schema) -> str:
    match word:
        case "string":
            return ", ".join(["text", *_bounds(schema, "Length", "characters")]) + _form(schema)
        case "integer":
            return " ".join(["whole number", *_range(schema)])
        case "number":
            return " ".join(["number", *_range(schema)])
        case "boolean":
            return "true or false"
        case "array":
            items = f"list of {_several(schema['items'])}" if "items" in schema else "list"
            return ", ".join([items, *_bounds(schema, "Items", "entries")])
        case "object":
            values = schema.get("additionalProperties")
            return f"mapping to {kind(values)}" if isinstance(values, Mapping) and values else "mapping"
        case _:
            return word


def _several(items: Schema) -> str:
    return kind(items).replace("mapping", "mappings", 1) if items.get("type") == "object" else kind(items)


def _form(schema: Schema) -> str:
    return f" ({schema['format']})" if "format" in schema else ""


def _range(schema: Schema) -> Iterator[str]:
    if "minimum" in schema:
        yield f"from {schema['minimum']:,}"
    if "exclusiveMinimum" in schema:
        yield f"above {schema['exclusiveMinimum']:,}"
    if "maximum" in schema:
        yield f"to {schema['maximum']:,}"


def _bounds(schema: Schema, what: str, unit: str) -> Iterator[str]:
    least, most = schema.get(f"min{what}"), schema.get(f"max{what}")
    if least is not None and most is not None:
        yield f"{least} to {most} {unit}" if least != most else f"{most} {unit if most > 1 else unit[:-1]}"
    elif most is not None:
        yield f"{most:,} {unit} at most"
    elif least is not None:
        yield "not empty" if least == 1 else f"{least} {unit} or more"


def code(text: str) -> str:
    return f"`{text}`"


# The command line


def cli_page() -> str:
    commands = list(_commands())
    common: set[str | None] = {option.name for option in _common()}
    return joined(
        [
            part("cli.md"),
            "## Exit codes",
            part("exit-codes.md"),
            *(part(f"{name}.md") for name in ("formats", "environments", "ledger", "states", "words", "sandbox")),
            table(("ends in", "what becomes of it"), ((code(f"0000{it.digits}"), it.does) for it in ENDINGS)),
            part("sandbox-events.md"),
            "## Common options",
            options(_common()),
            *(block for name, command in commands for block in command_section(name, command, common)),
        ]
    )


def _commands() -> Iterator[tuple[str, click.Command]]:
    for name in COMMANDS:
        command: click.Command = import_module(f"sendspec.cli.{name.replace('-', '_')}").command
        yield f"sendspec {name}", command
        if isinstance(command, click.Group):
            yield from ((f"sendspec {name} {inner}", it) for inner, it in sorted(command.commands.items()))


def _common() -> list[click.Parameter]:
    @click.command("any")
    @common_options
    def command(**_: object) -> int:
        """Carries the options that every command has."""
        return 0

    return [*command.params]


def command_section(name: str, command: click.Command, common: set[str | None]) -> Iterator[str]:
    context = click.Context(
        command, info_name=name, **cli.context_settings
    )  # click keeps the names of the option for help
    yield f"## {name}"
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"```text\n{name} {usage}\n```"
    yield from help_blocks(command.help or "")
    own = [it for it in command.params if isinstance(it, click.Option) and it.name not in common]
    if own:
        yield options(own, context)


def help_blocks(text: str) -> Iterator[str]:
    """The paragraphs of a command's help; its examples as a block."""
    for paragraph in text.strip().split("\n\n"):
        lines = paragraph.replace("\b\n", "").splitlines()
        if lines[0].strip() == "Examples:":
            yield "```sh\n" + "\n".join(line.strip() for line in lines[1:]) + "\n```"
        else:
            yield " ".join(line.strip() for line in lines)


def options(parameters: Iterable[click.Parameter], context: click.Context | None = None) -> str:
    at = context or click.Context(click.Command("any"))
    records = (parameter.get_help_record(at) for parameter in parameters)
    return table(("option", "meaning"), ((code(record[0]), record[1]) for record in records if record))


# The errors


def errors_page() -> str:
    return joined(
        [part("errors.md"), *(block for title, group in GROUPS.items() for block in error_group(title, group))]
    )


def error_group(title: str, group: Mapping[str, Explanation]) -> Iterator[str]:
    yield f"## {title}"
    for name in sorted(group):
        it = group[name]
        yield f"### {name}"
        yield f"{it.summary[0].upper()}{it.summary[1:]}. {it.text}".strip()
        for word, example in (("Wrong", it.wrong), ("Right", it.right)):
            if example:
                yield f"{word}:\n\n```text\n{example}\n```"


if __name__ == "__main__":
    for page, text in pages().items():
        (HERE / page).write_text(text, encoding="utf-8")
