"""A spec as the user wrote it, with nothing rendered: recipients, message, options."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from sendspec.diagnostics.diagnostic import Problems, Severity
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.contacts.country import country_meant
from sendspec.reading.contacts.phone_check import PhoneCheck
from sendspec.reading.delivery_terms import DeliveryTerms, read_delivery
from sendspec.reading.documents.document import Document, KeyPath
from sendspec.reading.documents.number_spelling import SpelledFloat, spelled_integer
from sendspec.reading.documents.yaml_reader import read_document
from sendspec.reading.files.key_file import NO_KEY_FILES, KeyFiles
from sendspec.reading.files.text_file import read_text_file
from sendspec.reading.limits import Limits, read_limits
from sendspec.reading.other_document import table_named_as_spec
from sendspec.reading.schema.formats import date_time
from sendspec.reading.spec_check import COUNTRY, spec_problems
from sendspec.reading.suppress_setting import NO_OPT_OUTS, OptOutSetting, read_suppress
from sendspec.reading.suppression_file import SuppressionFile
from sendspec.reading.undelivered import Undelivered, read_undelivered
from sendspec.reading.where_text import where_problems


class InDoubtPolicy(StrEnum):
    HOLD = "hold"
    RESEND_IF_ABSENT = "resend_if_absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineRecipients:
    """Rows in the spec itself; `at` is the path of the list."""

    rows: tuple[Mapping[str, object], ...]
    at: KeyPath


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecipients:
    """A table named by the spec. `file` is as written, relative to the spec's folder."""

    file: str
    delimiter: str | None
    allow_empty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardInput:
    """A table on standard input: CSV, or JSON lines if it begins with `{`."""

    delimiter: str | None
    allow_empty: bool


@dataclass(frozen=True, slots=True)
class NoRecipients:
    """The message itself names its receiver, so there is exactly one message."""


Recipients = InlineRecipients | FileRecipients | StandardInput | NoRecipients


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A row and the expected result. `at` is the example's path in the spec."""

    with_: Mapping[str, object]
    expect: Mapping[str, object]
    at: KeyPath


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`path` is as the user typed it. `to`, `key`, `where` and the strings in `message` are templates.

    `moved_from` is the spec's former name, whose recipients count as reached. None: the spec doesn't say, so a spec that looks
    renamed is refused. False: it says that it is new, even if it looks renamed. `limits` are the spec's own, without the
    environment's.

    `continue_with` is the text digest of the text that messages on hold go out with. `audience_frozen`: a send that has begun takes
    no new recipients. From `not_after` on, nothing is claimed. `delivery` is what deliveries are held against afterwards.
    `only` keeps those whom an earlier send did not reach.
    """

    path: str
    name: str
    generation: int
    moved_from: str | Literal[False] | None
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
    in_doubt: InDoubtPolicy
    examples: tuple[Example, ...]
    document: Document
    suppress: tuple[SuppressionFile, ...] = ()
    opt_outs: OptOutSetting = NO_OPT_OUTS
    check: PhoneCheck = PhoneCheck.LENGTH
    continue_with: str | None = None
    audience_frozen: bool = False
    not_after: datetime | None = None
    delivery: DeliveryTerms | None = None
    only: Undelivered | None = None


def read_spec(
    path: str, problems: Problems, key_files: KeyFiles = NO_KEY_FILES, *, as_meant: bool = False
) -> Spec | None:
    """The spec in the file at `path`; None if invalid, with the reasons added to `problems`.

    `key_files` hold access keys; naming one of them as input is an error. `as_meant`: a country that is only written wrong, such as
    UK, is an error as well, but the spec is returned with the country that was meant, so that its rows can be checked.
    """
    found = Problems()
    table = table_named_as_spec(path)
    if table is not None:
        problems.add(table.diagnostic(path))
        return None
    source = read_text_file(path, found, key_files=key_files)
    document = None if source is None else read_document(source, found, checked_later=(COUNTRY,))
    if document is not None:
        for diagnostic in spec_problems(document):
            found.add(diagnostic)
    for diagnostic in found:
        problems.add(diagnostic)
    if document is None:
        return None
    if found.has_errors and not (as_meant and _is_as_meant(document, found)):
        for diagnostic in where_problems(document):
            problems.add(diagnostic)
        return None
    return _spec(document)


def _is_as_meant(document: Document, found: Problems) -> bool:
    """Whether nothing is wrong but the spelling of the country."""
    if any(each.code != "unknown-country" for each in found if each.severity is Severity.ERROR):
        return False
    country = document.data["recipients"]["country"]
    return isinstance(country, str) and country_meant(country) is not None


def _spec(document: Document) -> Spec:
    data = document.data
    suppress, opt_outs = read_suppress(document, ("suppress",), data.get("suppress"), by_spec=True)
    recipients = data.get("recipients")
    options = recipients if isinstance(recipients, dict) else {}
    return Spec(
        path=document.path,
        name=data["name"],
        generation=data.get("generation", 1),
        moved_from=data.get("moved_from"),
        description=data.get("description"),
        channel=data["channel"],
        recipients=_recipients(document, recipients, options),
        to=options.get("to"),
        country=country_meant(options["country"]) if "country" in options else None,
        key=options.get("key"),
        where=options.get("where", True),
        variables=_with_spelled_floats(document, data.get("vars", {}), ("vars",)),
        message=data["message"],
        limits=read_limits(data.get("limits")),
        in_doubt=InDoubtPolicy(data.get("in_doubt", "hold")),
        examples=tuple(
            Example(
                with_=_with_spelled_floats(document, example["with"], ("examples", index, "with")),
                expect=example["expect"],
                at=("examples", index),
            )
            for index, example in enumerate(data.get("examples", ()))
        ),
        document=document,
        suppress=suppress,
        opt_outs=opt_outs,
        check=PhoneCheck(options.get("check", PhoneCheck.LENGTH)),
        continue_with=data.get("continue_with"),
        audience_frozen="audience" in data,
        not_after=date_time(data["not_after"]) if "not_after" in data else None,
        delivery=read_delivery(data.get("delivery")),
        only=read_undelivered(options),
    )


def _with_spelled_floats(document: Document, value: Any, at: KeyPath) -> Any:
    """`value` at the path `at`, with floats and -0 that keep the spelling in the file."""
    if isinstance(value, float):
        return SpelledFloat(document.written(at))
    if type(value) is int and value == 0:
        return spelled_integer(document.written(at))
    if isinstance(value, dict):
        return {name: _with_spelled_floats(document, each, (*at, name)) for name, each in value.items()}
    return (
        [_with_spelled_floats(document, each, (*at, n)) for n, each in enumerate(value)]
        if isinstance(value, list)
        else value
    )


def _recipients(document: Document, data: Any, options: Mapping[str, Any]) -> Recipients:
    if data is None:
        return NoRecipients()
    if isinstance(data, list):
        return _inline(document, data, ("recipients",))
    if "list" in options:
        return _inline(document, options["list"], ("recipients", "list"))
    table = {"delimiter": options.get("delimiter"), "allow_empty": options.get("allow_empty", False)}
    return StandardInput(**table) if options["file"] == "-" else FileRecipients(file=options["file"], **table)


def _inline(document: Document, rows: list[Any], at: KeyPath) -> InlineRecipients:
    return InlineRecipients(rows=tuple(_with_spelled_floats(document, rows, at)), at=at)
