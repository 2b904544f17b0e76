"""Better fixes for values of a spec that are of the wrong kind: what its author meant, written out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.delivery_terms import term_fix
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.documents.unquoted_template import quoted_template
from sendspec.reading.limit_advice import limit_advice
from sendspec.reading.schema.schema_problem import SchemaProblem
from sendspec.reading.send_terms import moment_problem
from sendspec.reading.spec_name import NAME
from sendspec.reading.undelivered import OUTCOMES

FORMAT = 1
BODY: KeyPath = ("message", "body")
ONLY: KeyPath = ("recipients", "only", "undelivered")
_BODY_TYPES = ("text", "html", "image", "file", "gif", "location", "carousel", "list", "section", "authentication")
_TYPES_BY_WORD = {
    "sms": "text", "txt": "text", "plain": "text", "string": "text", "message": "text", "whatsapp": "text",
    "mms": "image", "picture": "image", "photo": "image", "media": "image", "email": "html", "mail": "html",
    "document": "file", "attachment": "file",
}  # fmt: skip
_DURATION = lazy_pattern(r"([0-9]{1,6}) ?([smhdw])[a-z]*", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_MAX_SHOWN = 60
_MAX_NAMED = 5
_WORDS = lazy_pattern(r"""[^'"\\{}%#\n]+""")
_PLAIN = lazy_pattern(r"[^\W\d][\w./-]*|[./][\w./-]+")
_ISO_DATE = lazy_pattern(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DELIMITERS = {
    "tab": '"\\t"', "tabs": '"\\t"', "comma": '","', "semicolon": '";"', "pipe": '"|"', "bar": '"|"', "colon": '":"',
    "\\t": '"\\t"',
}  # fmt: skip
"""By their names."""


def advised(faults: Iterable[SchemaProblem], data: Mapping[str, Any]) -> Iterator[SchemaProblem]:
    """`faults` with better words; several that have one cause become one."""
    faults = list(faults)
    several = _several_texts(data)
    if several is not None:
        place = several.at[:-1] if several.at_key else several.at
        faults = [fault for fault in faults if fault.at[: len(place)] != place]
        yield several
    mixed = _mixed_body(faults, data)
    if mixed is not None:
        faults = [fault for fault in faults if not _is_of_body(fault)]
        yield mixed
    for fault in faults:
        value = value_at(data, fault.at)
        yield _reworded(fault, value) or _with_fix(fault, value, data)


def _with_fix(fault: SchemaProblem, value: Any, data: Mapping[str, Any]) -> SchemaProblem:
    advice = limit_advice(fault, data["limits"]) if fault.at[:1] == ("limits",) and len(fault.at) == 2 else None
    if advice is not None:
        return advice
    fix = _fix(fault, value)
    return (
        fault if fix is None else replace(fault, fix=fix, with_value=fault.code == "missing-key" and fix[:5] == "write")
    )


def _reworded(fault: SchemaProblem, value: Any) -> SchemaProblem | None:
    """Faults whose problem has better words, too."""
    if not isinstance(value, str):
        return None
    if fault.code == "wrong-format" and fault.at == ("message", "scheduledFor") and _ISO_DATE.match(value):
        problem, fix = moment_problem(value)
        return replace(fault, problem=problem, fix=fix)
    if fault.at == ("recipients", "delimiter") and len(value) > 1:
        meant = _DELIMITERS.get(value.strip().lower())
        fix = f"write {meant}" if meant else 'write one character, such as ";", or "\\t" for a tab'
        return replace(fault, problem=f"'{quoted(value[:40])}' is not one character", fix=fix)
    return None


def _fix(fault: SchemaProblem, value: Any) -> str | None:
    if fault.at[:1] == ("delivery",) and len(fault.at) == 2 and fault.code != "unknown-key":
        return term_fix(str(fault.at[-1]), value)
    if fault.at == ("spec",):
        is_quoted = isinstance(value, str) and value.strip() == str(FORMAT)
        return f"write {FORMAT}, without quotes" if is_quoted else f"write {FORMAT}, the version this sendspec reads"
    if fault.at == (*BODY, "type") and isinstance(value, str) and value.lower() in _TYPES_BY_WORD:
        return f"write '{_TYPES_BY_WORD[value.lower()]}'"
    if fault.at == BODY and fault.code == "missing-key":
        return _missing_type(fault, value)
    if fault.at[:4] == (*ONLY, "statuses") and len(fault.at) == 5 and fault.code == "wrong-value":
        return f"write any of: {', '.join(OUTCOMES)}"
    if fault.code != "wrong-type":
        return None
    return next((fix(value) for at, kind, fix in _MEANT if fault.at == at and isinstance(value, kind)), None)


def _missing_type(fault: SchemaProblem, body: Any) -> str | None:
    kind = next((name for name in _BODY_TYPES if isinstance(body, Mapping) and name in body), None)
    if kind is None or not fault.problem.endswith("'type'"):
        return None
    if kind == "text" and isinstance(body[kind], str) and len(body) == 1:
        return f"write {a_text(body[kind])}"
    more = (
        f", and write `{kind}: {{{kind}: {_shown(body[kind])}}}` in place of its {kind}"
        if isinstance(body[kind], str)
        else ""
    )
    return f"add `type: {kind}`{more}"


def a_text(value: object) -> str:
    """A body that is a text, in a fix."""
    return f"`body: {{type: text, text: {{text: {_shown(value) if isinstance(value, str) else '…'}}}}}`"


def a_table(value: object) -> str:
    """The recipients' table in a fix: the file `value`, if it is the name of one."""
    is_name = isinstance(value, str) and 0 < len(value) <= _MAX_SHOWN
    return f"`recipients: {{file: {plain_or_quoted(str(value)) if is_name else '…'}}}`"


def plain_or_quoted(text: str) -> str:
    """A short text as a YAML file may hold it."""
    return quoted(text) if _PLAIN.fullmatch(text) else quoted(quoted_template(text))


def _shown(text: str) -> str:
    return f'"{quoted(text)}"' if len(text) <= _MAX_SHOWN and '"' not in text else '"…"'


def _in_seconds(text: str) -> str:
    found = _DURATION.fullmatch(text.strip().lower())
    seconds = f": {int(found[1]) * _SECONDS[found[2]]}" if found else ", such as 3600"
    return f"write the seconds, without a unit{seconds}"


def _only(key: str, names: list[Any]) -> str | None:
    """What to write instead of a list of one name."""
    is_one = len(names) == 1 and isinstance(names[0], str) and 0 < len(names[0]) <= _MAX_SHOWN
    return f"write `{key}: {plain_or_quoted(names[0])}`" if is_one else None


_A_SEND = "write `only: {undelivered: {spec: NAME}}` for an earlier send of another spec, or `only: {undelivered: {}}` of this one"


def _a_send(name: str) -> str:
    """What to write instead of a spec's name alone."""
    return f"write `only: {{undelivered: {{spec: {name}}}}}`" if NAME.fullmatch(name) else _A_SEND


_MEANT: tuple[tuple[KeyPath, type, Callable[[Any], str | None]], ...] = (
    (BODY, str, lambda text: f"write {a_text(text)}"),
    (("message",), str, lambda text: f"write `message: {{body: {{type: text, text: {{text: {_shown(text)}}}}}}}`"),
    ((*BODY, "text"), str, lambda text: f"write `text: {{text: {_shown(text)}}}`"),
    ((*BODY, "html"), str, lambda text: "write `html: {html: …, text: …}`"),
    ((*BODY, "image"), str, lambda text: "write `image: {images: [{mediaUrl: …}]}`"),
    (("message", "sender"), str, lambda text: f"write `sender: {{connector: {{identifierValue: {_shown(text)}}}}}`"),
    (("message", "receiver"), str, lambda text: "remove it, and name people under `recipients`"),
    (("limits",), int, lambda number: f"write `limits: {{messages: {number}}}`"),
    (
        ("recipients", "file"),
        list,
        lambda names: _only("file", names) or "name one table: put all rows into one file, or make a spec for each",
    ),
    (("message", "validity"), str, _in_seconds),
    (ONLY[:2], str, lambda word: _A_SEND),
    (ONLY[:2], list, lambda words: _A_SEND),
    (ONLY, str, lambda name: _a_send(name)),
    (ONLY, list, lambda names: _A_SEND),
    (ONLY, int, lambda number: _A_SEND),
    ((*ONLY, "statuses"), str, lambda word: f"write a list: [{quoted(word)}]" if word in OUTCOMES else None),
    (("vars",), list, lambda values: "write a name for each: `vars: {name: value}`"),
    (("channel",), list, lambda names: _only("channel", names) or "name one channel: make a spec for each"),
)
"""By place and kind of the value: what to write."""


def _mixed_body(faults: Iterable[SchemaProblem], data: Mapping[str, Any]) -> SchemaProblem | None:
    """The body's type is one, its content another's."""
    body = value_at(data, BODY)
    kind = body.get("type") if isinstance(body, Mapping) else None
    if kind not in _BODY_TYPES or kind in body or not any(_is_of_body(fault) for fault in faults):
        return None
    other = next((name for name in _BODY_TYPES if name in body), None)
    if other is None:
        return None
    return SchemaProblem(
        at=(*BODY, "type"),
        code="wrong-value",
        problem=f"the type is '{kind}', and the body has `{other}`",
        fix=f"write `type: {other}`, or `{kind}: …` instead of `{other}`",
        at_key=False,
    )


def _several_texts(data: Mapping[str, Any]) -> SchemaProblem | None:
    """A text for each language, where one text is needed."""
    for at in ((*BODY, "text", "text"), (*BODY, "text")):
        texts = value_at(data, at)
        if not isinstance(texts, Mapping) or "text" in texts or len(texts) < 2:
            continue
        if all(isinstance(text, str) for text in texts.values()):
            return _one_text(at, texts)
    return None


def _one_text(at: KeyPath, texts: Mapping[str, str]) -> SchemaProblem:
    """`texts` are at `at`, where the message has one text, or the key for it."""
    names = [quoted(str(name)[:_MAX_SHOWN]) for name in texts]
    first, second = (
        quoted(text) if len(text) <= _MAX_SHOWN and _WORDS.fullmatch(text) else "…"
        for text in islice(texts.values(), 2)
    )
    condition = f"{{% if … == '{names[0]}' %}}{first}{{% elif … == '{names[1]}' %}}{second}{{% endif %}}"
    listed = f"{', '.join(names[:_MAX_NAMED])}{', …' * (len(names) > _MAX_NAMED)}"
    if at == (*BODY, "text"):
        problem = f"`text` has the keys {listed}, and needs one key `text`, with one text for all people"
        fix = f'write one that chooses by a column in their place: `text: "{condition}"`'
        return SchemaProblem(at=(*at, next(iter(texts))), code="unknown-key", problem=problem, fix=fix, at_key=True)
    problem = f"`text` is one text for all people, and here are {len(names)}: {listed}"
    fix = f'write one that chooses by a column: "{condition}"'
    return SchemaProblem(at=at, code="wrong-type", problem=problem, fix=fix, at_key=False)


def _is_of_body(fault: SchemaProblem) -> bool:
    is_missing = fault.at == BODY and fault.code == "missing-key"
    return is_missing or (fault.at[:-1] == BODY and fault.code == "unknown-key" and fault.at[-1] in _BODY_TYPES)


def value_at(data: Any, at: KeyPath) -> Any:
    """What is at a path; None if there is nothing."""
    for key in at:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data
