"""A spec: who gets a message, and what it says, as a user wrote it and as nothing has been rendered yet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from runner.reading.diagnostic import Problems
from runner.reading.document import Document, Path, read_document, walk
from runner.reading.fault import Fault
from runner.reading.limits import Limits, read_limits
from runner.reading.mask import mask_in_place, printable
from runner.reading.schema import load_schema
from runner.reading.source import read_source

FORMAT = 1
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_KEY_WORDS = re.compile(r"(?:AccessKey|Bearer)\s+\S{8,}")
_KEY_NAMES = frozenset({"access_key", "accesskey", "authorization", "api_key", "apikey"})


class InDoubtPolicy(StrEnum):
    HOLD = "hold"
    RESEND_IF_ABSENT = "resend_if_absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineRecipients:
    """Rows in the spec itself; `at` is the path of their list."""

    rows: tuple[Mapping[str, object], ...]
    at: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecipients:
    """A table named by the spec. `file` is as written, relative to the spec's folder."""

    file: str
    delimiter: str | None
    allow_empty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardInput:
    delimiter: str | None
    allow_empty: bool


@dataclass(frozen=True, slots=True)
class NoRecipients:
    """The message names its receiver itself: one message."""


Recipients = InlineRecipients | FileRecipients | StandardInput | NoRecipients


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A row and what it must give. `at` is the example's path in the spec."""

    with_: Mapping[str, object]
    expect: Mapping[str, object]
    at: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`path` is as the user typed it. `to`, `key`, `where` and the texts of `message` are templates."""

    path: str
    name: str
    generation: int
    description: str | None
    channel: str
    recipients: Recipients
    to: str | None
    country: str | None
    key: str | None
    where: str | bool
    variables: Mapping[str, object]
    message: Mapping[str, Any]
    limits: Limits
    limits_written: frozenset[str]
    in_doubt: InDoubtPolicy
    examples: tuple[Example, ...]
    document: Document


def read_spec(path: str, problems: Problems) -> Spec | None:
    """The spec in the file at `path`; None when it is not one, and why is among `problems`."""
    own = Problems()
    source = read_source(path, own)
    document = None if source is None else read_document(source, own)
    if document is not None:
        for problem in _problems_of(document):
            own.add(problem)
    for diagnostic in own:
        problems.add(diagnostic)
    return None if document is None or own.has_errors else _spec(document)


def _problems_of(document: Document) -> Iterator[Any]:
    if not isinstance(document.data, dict):
        what = "a list" if isinstance(document.data, list) else "a single value"
        yield document.diagnostic(
            (), code="not-a-mapping", problem=f"the file holds {what}; a spec is a mapping", fix="begin with `spec: 1`"
        )
        return
    schema = load_schema("spec")
    for fault in [] if schema.accepts(document.data) else schema.faults(document.data):
        yield _placed(document, fault)
    yield from _name_problems(document)
    yield from _recipient_problems(document)
    yield from _content_problems(document)


def _placed(document: Document, fault: Fault) -> Any:
    """A fault on its line. A number where text is needed is shown in the quotes that it lacks."""
    written = document.written(fault.at)
    value = _value_at(document.data, fault.at)
    code, fix = fault.code, fault.fix
    if fault.code == "wrong-type" and "text is needed" in fault.problem and isinstance(value, int | float | bool):
        code, fix = "unquoted-number", f'write "{mask_in_place(written)}"'
    if fault.at == ("spec",):
        code, fix = "spec-version", f"write {FORMAT}, the version this sendspec reads"
    return document.diagnostic(fault.at, code=code, problem=fault.problem, fix=fix, key=fault.at_key)


def _value_at(data: Any, at: Path) -> Any:
    for key in at:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _name_problems(document: Document) -> Iterator[Any]:
    name = document.data.get("name")
    if isinstance(name, str) and not NAME.fullmatch(name):
        yield document.diagnostic(
            ("name",),
            code="bad-name",
            problem=f"'{printable(name[:60])}' can't be a spec's name",
            fix="write small letters, digits and -, 63 at most, beginning with a letter or digit",
        )


def _recipient_problems(document: Document) -> Iterator[Any]:
    written = document.data.get("recipients")
    message = document.data.get("message")
    has_receiver = isinstance(message, dict) and "receiver" in message
    if "recipients" not in document.data:
        if not has_receiver:
            yield document.diagnostic(
                (),
                code="missing-key",
                problem="the document has no 'recipients'",
                fix="add `recipients:` with a list or a file",
                key=True,
            )
    elif isinstance(written, dict):
        named = [key for key in ("file", "list") if key in written]
        if len(named) != 1:
            problem = (
                "`recipients` has a file and a list; it can have one of them"
                if named
                else "`recipients` has neither a file nor a list"
            )
            fix = "remove one of them" if named else "add `file: …` or `list: […]`"
            yield document.diagnostic(("recipients",), code="recipients-source", problem=problem, fix=fix, key=True)
        country = written.get("country")
        if isinstance(country, str):
            yield from _country_problems(document, country)


def _country_problems(document: Document, country: str) -> Iterator[Any]:
    from runner.reading.phone import is_country, unknown_country

    if not is_country(country):
        fault = unknown_country(country)
        yield document.diagnostic(("recipients", "country"), code=fault.code, problem=fault.problem, fix=fault.fix)


def _content_problems(document: Document) -> Iterator[Any]:
    message = document.data.get("message")
    if isinstance(message, dict) and "body" in message and "template" in message:
        yield document.diagnostic(
            ("message", "template"),
            code="body-and-template",
            problem="the message has a body and a template; it can have one of them",
            fix="remove `body` to send the template, or `template` to send the body",
            key=True,
        )
    for at, value in walk(document.data):
        last = at[-1] if at else ""
        is_key_name = isinstance(last, str) and last.lower() in _KEY_NAMES and at[0] != "recipients"
        if (is_key_name and isinstance(value, str)) or (isinstance(value, str) and _KEY_WORDS.search(value)):
            yield document.diagnostic(
                at,
                code="key-literal",
                problem="an access key stands in this file, and files in git are read by many",
                fix="take it out, make a new key, and name it in sendspec.yaml as `access_key: {env: …}`",
                key=True,
            )


def _spec(document: Document) -> Spec:
    data = document.data
    recipients = data.get("recipients")
    options = recipients if isinstance(recipients, dict) else {}
    return Spec(
        path=document.path,
        name=data["name"],
        generation=data.get("generation", 1),
        description=data.get("description"),
        channel=data["channel"],
        recipients=_recipients(recipients, options),
        to=options.get("to"),
        country=options.get("country"),
        key=options.get("key"),
        where=options.get("where", True),
        variables=data.get("vars", {}),
        message=data["message"],
        limits=read_limits(data.get("limits")),
        limits_written=frozenset(data.get("limits", ())),
        in_doubt=InDoubtPolicy(data.get("in_doubt", "hold")),
        examples=tuple(
            Example(with_=example["with"], expect=example["expect"], at=("examples", index))
            for index, example in enumerate(data.get("examples", ()))
        ),
        document=document,
    )


def _recipients(written: Any, options: Mapping[str, Any]) -> Recipients:
    if written is None:
        return NoRecipients()
    if isinstance(written, list):
        return InlineRecipients(rows=tuple(written), at=("recipients",))
    if "list" in options:
        return InlineRecipients(rows=tuple(options["list"]), at=("recipients", "list"))
    table = {"delimiter": options.get("delimiter"), "allow_empty": options.get("allow_empty", False)}
    return StandardInput(**table) if options["file"] == "-" else FileRecipients(file=options["file"], **table)
