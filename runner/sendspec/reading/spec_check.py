"""Checks a spec's document against its schema, and against rules that a schema can't state."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.leaked_key import KEY_NAMES, is_key_literal
from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.redaction import mask_in_place, printable
from sendspec.reading.contacts.country import is_country, unknown_country
from sendspec.reading.documents.document import Document, KeyPath, walk
from sendspec.reading.documents.suspect_scalar import suspect_scalars
from sendspec.reading.other_document import other_document
from sendspec.reading.schema.schema_problem import SchemaProblem
from sendspec.reading.schema.validator import load_schema
from sendspec.reading.send_terms import CONTINUE_WITH, NOT_AFTER, term_problems
from sendspec.reading.spec_name import name_problems
from sendspec.reading.where_text import WHERE, is_number, number_problems

COUNTRY: KeyPath = ("recipients", "country")
_NAMES = (("name",), ("moved_from",))


def spec_problems(document: Document) -> Iterator[Diagnostic]:
    """Everything that keeps the document from being a spec."""
    data = document.data
    if not isinstance(data, dict):
        what = "a list" if isinstance(data, list) else "a single value"
        problem = f"the file holds {what}; a spec is a mapping"
        yield document.diagnostic((), code="not-a-mapping", problem=problem, fix="begin with `spec: 1`")
        return
    other = other_document(data, document.path)
    if other is not None:
        yield document.place((), other)
        return
    keys = [at for at, value in walk(data) if _is_key_literal(at, value)]
    for at in keys:
        yield document.diagnostic(
            at,
            code="key-literal",
            problem="this file contains an access key, and many people can read files in git",
            fix="remove it, create a new key, and name it in sendspec.yaml as `access_key: {env: …}`",
            key=True,
        )
    places: set[KeyPath] = set()
    if not load_schema("spec").accepts(data):
        yield from _faults_of_shape(document, data, keys, places)
    yield from name_problems(document)
    yield from _fraction_problems(document)
    yield from _recipient_problems(document, places)
    yield from _message_problems(document)
    yield from _number_problems(document)
    yield from term_problems(document)
    yield from suspect_scalars(document)


def _faults_of_shape(
    document: Document, data: dict[str, Any], reported: Collection[KeyPath], places: set[KeyPath]
) -> Iterator[Diagnostic]:
    """What the schema has against the spec, but for what is `reported`. Where misplaced keys belong goes to `places`."""
    # needed only after a mistake
    from sendspec.reading.misplaced_key import meant_keys, with_meant_keys
    from sendspec.reading.placed_fault import placed
    from sendspec.reading.spec_advice import advised

    meant = meant_keys(data, document.written)
    places.update(each.place for each in meant.values())
    for fault in advised(with_meant_keys(load_schema("spec").problems(data), meant, data), data):
        if fault.at not in reported and not _is_reported_below(document, fault):
            yield placed(document, fault)


def _is_reported_below(document: Document, fault: SchemaProblem) -> bool:
    """Whether one of our own rules has better words for what the schema has found."""
    if fault.at == COUNTRY:
        return isinstance(document.value(fault.at), str | int)
    if fault.at == WHERE:
        return is_number(document.value(fault.at))
    if fault.code == "wrong-format":
        return fault.at in (*_NAMES, CONTINUE_WITH, NOT_AFTER)
    value = document.data.get("continue_with")
    return fault.at == CONTINUE_WITH and isinstance(value, int | float) and not isinstance(value, bool)


def _fraction_problems(document: Document) -> Iterator[Diagnostic]:
    """JSON Schema accepts 1.0 and 1e3 as integers; in a request, or in a message's identity, they differ from 1 and 1000."""
    whole = [at for at, value in walk(document.data) if _is_whole(value)]
    schema = load_schema("spec")
    # Add 0.5 to each: the schema then rejects those where an integer is needed, beside what it rejects anyway.
    faults = schema.problems(_raised(document.data)) if whole else []
    rejected = {fault.at for fault in faults if fault.code == "wrong-type"}
    rejected -= {fault.at for fault in (schema.problems(document.data) if rejected else ())}
    for at in whole:
        if at in rejected:
            from sendspec.reading.limit_advice import whole_number_fix  # needed only after a mistake

            written = mask_in_place(printable(document.written(at)[:40]))
            yield document.diagnostic(
                at,
                code="wrong-type",
                problem=f"the number {written} has {_sign(written)} in it, and a whole number is needed",
                fix=mask_in_place(whole_number_fix(written, document.value(at)) or ""),
            )


def _sign(number: str) -> str:
    return "a point" if "." in number else "an exponent"


def _is_whole(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer()


def _raised(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _raised(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_raised(child) for child in value]
    return value + 0.5 if _is_whole(value) else value


def _recipient_problems(document: Document, meant: Collection[KeyPath]) -> Iterator[Diagnostic]:
    """`meant` are the places of values that are there, under a wrong key."""
    data = document.data
    if "recipients" not in data:
        message = data.get("message")
        has_receiver = isinstance(message, dict) and "receiver" in message
        if not has_receiver and ("recipients",) not in meant and not near_miss("recipients", data):
            yield document.diagnostic(
                (),
                code="no-recipients",
                problem="nothing says who gets the message",
                fix="add `recipients:` with a list, or with `file:` and a table",
                key=True,
            )
        return
    written = data["recipients"]
    if not isinstance(written, dict):
        return
    if ("file" in written) == ("list" in written):
        is_meant = (
            ("recipients", name) in meant or near_miss(name, written.keys() - {"to"}) for name in ("file", "list")
        )
        both = "file" in written
        if both or not any(is_meant):
            problem = "has a file and a list; it can have one of them" if both else "has neither a file nor a list"
            yield document.diagnostic(
                ("recipients",),
                code="recipients-source",
                problem=f"`recipients` {problem}",
                fix="remove one of them" if both else "add `file: …` or `list: […]`",
                key=True,
            )
    yield from _country_problems(document, written.get("country"))
    yield from number_problems(document, written.get("where"))


def _country_problems(document: Document, country: Any) -> Iterator[Diagnostic]:
    is_number = isinstance(country, int) and not isinstance(country, bool)
    if (isinstance(country, str) and not is_country(country)) or is_number:
        yield document.place(COUNTRY, unknown_country(str(country)))


def _message_problems(document: Document) -> Iterator[Diagnostic]:
    message = document.data.get("message")
    if isinstance(message, dict) and "body" in message and "template" in message:
        second = max("body", "template", key=lambda key: document.key_span(("message", key)))
        yield document.diagnostic(
            ("message", second),
            code="body-and-template",
            problem="the message has a body and a template; it can have one of them",
            fix="remove `body` to send the template, or `template` to send the body",
            key=True,
        )


def _is_key_literal(at: KeyPath, value: Any) -> bool:
    """Whether a value is an access key, by its name or its form. The columns of rows may have any name."""
    if not isinstance(value, str) or not at:
        return False
    named = isinstance(at[-1], str) and at[-1].lower() in KEY_NAMES and at[0] not in ("recipients", "examples")
    return (named and bool(value) and "{{" not in value) or is_key_literal(value)


def _number_problems(document: Document) -> Iterator[Diagnostic]:
    """Integers that templates would print differently from how they are written: 0x10 as 16. Floats and -0 keep their spelling."""
    for root in _template_data(document.data):
        for below, value in walk(document.value(root)):
            if not isinstance(value, int) or isinstance(value, bool):
                continue
            written = document.written((*root, *below))
            if written not in (str(value), "-0"):
                shown = mask_in_place(printable(written[:40]))
                yield document.diagnostic(
                    (*root, *below),
                    code="unquoted-number",
                    problem=f"the number {shown} would be printed as {mask_in_place(str(value))}",
                    fix=f'put it in quotes: "{shown}"',
                )


def _template_data(data: dict[str, Any]) -> Iterator[KeyPath]:
    yield ("vars",)
    recipients = data.get("recipients")
    yield ("recipients", "list") if isinstance(recipients, dict) else ("recipients",)
    examples = data.get("examples")
    for index in range(len(examples) if isinstance(examples, list) else 0):
        yield ("examples", index, "with")
