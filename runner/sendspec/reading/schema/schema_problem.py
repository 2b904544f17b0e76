"""Explains schema errors in words a user can act on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.leaked_key import holds_credentials
from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import DOTS, mask_in_place, printable, quoted
from sendspec.reading.schema.formats import FORMAT_EXAMPLES
from sendspec.reading.schema.moment_words import MOMENT_FORM, moment_example, no_such_day

MAX_LISTED = 12
UNSATISFIABLE_BODIES = frozenset({"action", "template"})
TYPE_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}


BOOLEANS = {
    "yes": "true", "on": "true", "y": "true", "1": "true", "true": "true",
    "no": "false", "off": "false", "n": "false", "0": "false", "false": "false",
}  # fmt: skip
"""Text to YAML 1.2, and what its author meant."""

MAX_QUOTED = 60
MAX_DIGITS = 9
MAX_PROBLEMS = 1_000
"""Nobody reads more, and explaining each takes 0.1 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaProblem(Problem):
    """A schema violation at the path `at` of a document. `at_key`: the key is to blame, not its value; `with_value`: its value
    goes with it, to be written otherwise. `beside` is the key beside a key to blame that decides with it; None if any may.
    """

    at: tuple[str | int, ...]
    at_key: bool
    with_value: bool = False
    beside: str | None = None


def schema_problems(errors: Iterable[Any]) -> list[SchemaProblem]:
    """The distinct problems behind `jsonschema` errors, ordered by path.

    Examines the first `MAX_PROBLEMS` errors, and as many keys of one mapping.
    """
    listed = list(islice(errors, MAX_PROBLEMS))
    near_misses = {(tuple(e.absolute_path), near) for e in listed for near in _near_misses(e)}
    found = dict.fromkeys(fault for error in listed for fault in _explain(error, near_misses))
    return sorted(found, key=lambda fault: [str(part) for part in fault.at])


def _explain(error: Any, near_misses: set[tuple[Any, str]]) -> Iterator[SchemaProblem]:
    keyword = error.validator
    if keyword == "additionalProperties":
        yield from _unknown_keys(error)
    elif keyword == "required":
        yield from _missing_key(error, near_misses)
    elif keyword in ("enum", "const", "anyOf"):
        yield _wrong_value(error)
    elif keyword == "type":
        yield _wrong_type(error)
    else:
        yield _limit(error)


def _at_instance(error: Any, code: str, problem: str, fix: str, *, at_key: bool = False) -> SchemaProblem:
    return SchemaProblem(at=tuple(error.absolute_path), code=code, problem=problem, fix=fix, at_key=at_key)


def _extras(error: Any) -> list[str]:
    known = error.schema.get("properties", {})
    return list(islice((key for key in error.instance if key not in known), MAX_PROBLEMS))


def _near_key(error: Any, key: str) -> str | None:
    absent = [name for name in error.schema.get("properties", {}) if name not in error.instance]
    return near_miss(key, absent)


def _near_misses(error: Any) -> Iterator[str]:
    if error.validator == "additionalProperties":
        yield from (near for key in _extras(error) if (near := _near_key(error, key)) is not None)


def _unknown_keys(error: Any) -> Iterator[SchemaProblem]:
    allowed = [name for name in error.schema.get("properties", {}) if name not in error.instance]
    for key in _extras(error):
        near = _near_key(error, key)
        fix = f"write '{near}'" if near else f"remove it; keys allowed here: {_listed(allowed)}"
        yield SchemaProblem(
            at=(*error.absolute_path, key),
            code="unknown-key",
            problem=f"{_place(error)} has no key '{quoted(str(key)[:60])}'",
            fix=fix,
            at_key=True,
        )


def _missing_key(error: Any, near_misses: set[tuple[Any, str]]) -> Iterator[SchemaProblem]:
    # jsonschema reports one error per missing key, and names the key only in the message.
    for key in error.validator_value:
        if key not in error.instance and repr(key) in error.message:
            if (tuple(error.absolute_path), key) not in near_misses:
                yield _at_instance(
                    error,
                    "missing-key",
                    f"{_place(error)} has no '{key}'" if error.absolute_path else f"'{key}' is missing",
                    f"add `{key}: {_only_value(error, key)}`",
                    at_key=True,
                )


def _only_value(error: Any, key: str) -> Any:
    return error.schema.get("properties", {}).get(key, {}).get("const", "…")


_WHOLE_BY_TITLE = {"sendspec spec": "a spec", "sendspec project file": "a project file", "Channel message": "a message"}
"""What a whole document is, by the title of its schema."""


def _place(error: Any) -> str:
    path = [part for part in error.absolute_path if isinstance(part, str)]
    return f"`{path[-1]}`" if path else _WHOLE_BY_TITLE.get(error.schema.get("title", ""), "the document")


def _wrong_value(error: Any) -> SchemaProblem:
    allowed = _allowed(error)
    value = error.instance
    is_tag = bool(error.absolute_path) and error.absolute_path[-1] == "type"
    if is_tag and isinstance(value, str) and value in UNSATISFIABLE_BODIES:
        why = (
            "a template belongs in `message.template`, beside `receiver`"
            if value == "template"
            else "its documented form contradicts itself"
        )
        return _at_instance(
            error,
            "body-type-unsupported",
            f"no request with a body of type '{value}' can pass the API's own schema: {why}",
            f"write one of: {_listed(allowed)}",
        )
    near = near_miss(value, map(str, allowed)) if isinstance(value, str) else None
    fix = f"write '{near}'" if near else f"write one of: {_listed(allowed)}"
    return _at_instance(error, "wrong-value", f"{shown(value)} is not one of the values of {_place(error)}", fix)


def _allowed(error: Any) -> list[Any]:
    if error.validator == "enum":
        return [value for value in error.validator_value if value is not None]
    if error.validator == "const":
        return [error.validator_value]
    return [value for branch in error.validator_value for value in branch.get("enum", ())]


_USUAL = {"name": "hello", "channel": "sms", "file": "people.csv", "type": "text"}
"""Values that a missing one may be like, by their keys."""


def _wrong_type(error: Any) -> SchemaProblem:
    wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    wanted = [word for word in wanted if word != "null"]
    words = " or ".join(TYPE_WORDS[word] for word in wanted)
    if error.instance is None and error.absolute_path:
        problem = f"{_place(error)} has no value; {words} is needed"
        usual = _USUAL.get(str(error.absolute_path[-1]))
        fix = "write one after the colon" + (f", such as `{error.absolute_path[-1]}: {usual}`" if usual else "")
        return _at_instance(error, "wrong-type", problem, fix)
    problem = f"expected {words}, found {shown(error.instance)}"
    return _at_instance(error, "wrong-type", problem, _as_wanted(error.instance, wanted) or f"write {words}")


def _as_wanted(value: Any, wanted: Sequence[str]) -> str | None:
    """What to write instead of a value that is nearly right."""
    if wanted == ["array"] and isinstance(value, str) and len(value) <= MAX_QUOTED and "," not in value:
        return f"write a list: [{quoted(value)}]"
    if not isinstance(value, str):
        return None
    word = value.strip().lower()
    if wanted == ["boolean"] and word in BOOLEANS:
        return f"write {BOOLEANS[word]}" + ("" if word not in ("true", "false") else ", without quotes")
    if wanted[0] not in ("integer", "number"):
        return None
    digits = re.sub(r"[_, .](?=\d{3}(?!\d))", "", word)
    if digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS:
        return f"write {digits}" + (", without quotes" if digits == word else "")
    percent = re.fullmatch(r"(\d{1,3}) ?%", word, re.ASCII)
    return f"write {int(percent[1]) / 100:g}" if percent and wanted == ["number"] else None


def shown(value: object) -> str:
    """A value as quoted in a problem: short, masked, without control characters."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {mask_in_place(str(value)[:40])}"
    if isinstance(value, str):
        if holds_credentials(value):
            return f"'{DOTS}'"
        cut = value if len(value) <= 60 else value[:57] + "…"
        return f"'{mask_in_place(printable(cut))}'"
    return "a mapping" if isinstance(value, Mapping) else "a list"


def _limit(error: Any) -> SchemaProblem:
    return _size(error) or _range_or_form(error)


def _size(error: Any) -> SchemaProblem | None:
    limit = error.validator_value
    value = error.instance
    match error.validator:
        case "minItems":
            return _at_instance(
                error, "too-few", f"{_place(error)} has {len(value)} entries; {limit} is the least", "add one"
            )
        case "maxItems":
            fix = f"remove {len(value) - limit} of them"
            return _at_instance(
                error, "too-many", f"{_place(error)} has {len(value)} entries; {limit} is the most", fix
            )
        case "minLength":
            what = "is empty" if not value else f"has {len(value)} characters; {limit} is the least"
            return _at_instance(error, "too-short", f"{_place(error)} {what}", "write a longer text, or remove the key")
        case "maxLength":
            fix = f"shorten it by {len(value) - limit}"
            return _at_instance(
                error, "too-long", f"{_place(error)} has {len(value)} characters; {limit} is the most", fix
            )
        case "uniqueItems":
            twice = next((each for at, each in enumerate(value) if each in value[:at]), None)
            return _at_instance(error, "wrong-value", f"{_place(error)} has {shown(twice)} twice", "remove one of them")
        case "minProperties":
            return _at_instance(error, "too-few", f"{_place(error)} is empty", "add an entry, or remove the key")
        case _:
            return None


def _range_or_form(error: Any) -> SchemaProblem:
    limit = error.validator_value
    value = error.instance
    match error.validator:
        case "minimum" | "exclusiveMinimum":
            return _at_instance(
                error,
                "out-of-range",
                f"{shown(value)} is below {limit}, the least for {_place(error)}",
                f"write {limit} or more",
            )
        case "maximum":
            return _at_instance(
                error,
                "out-of-range",
                f"{shown(value)} is above {limit}, the most for {_place(error)}",
                f"write {limit} or less",
            )
        case "format":
            what, example = FORMAT_EXAMPLES[limit]
            if limit == "date-time":
                what = (
                    f"{shown(value)} {no_such}" if (no_such := no_such_day(value)) else f"{shown(value)} is not {what}"
                )
                fix = (
                    f"write {written}"
                    if (written := moment_example(value))
                    else f"write one in this form: {MOMENT_FORM}"
                )
                return _at_instance(error, "wrong-format", what, fix)
            return _at_instance(error, "wrong-format", f"{shown(value)} is not {what}", f"write one, such as {example}")
        case "pattern":
            hint = error.schema.get("examples", ())
            such = f", such as {', '.join(map(str, hint))}" if hint else ""
            what = error.schema.get("description", "see the documentation").rstrip(".")
            return _at_instance(
                error,
                "wrong-format",
                f"{shown(value)} has characters that {_place(error)} can't have",
                f"follow the form{such}: {what}",
            )
        case _:
            return _at_instance(
                error,
                "wrong-value",
                f"{shown(value)} is not allowed here",
                f"look at `{error.validator}` of {_place(error)} in `sendspec schema`",
            )


def _listed(values: Sequence[object]) -> str:
    listed = ", ".join(str(value) for value in values[:MAX_LISTED])
    return (
        listed + (f" and {len(values) - MAX_LISTED} more" if len(values) > MAX_LISTED else "") if values else "nothing"
    )
