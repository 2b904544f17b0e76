"""Recognises keys of a spec that are written in the wrong place, or as other programs call them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.schema.schema_problem import SchemaProblem
from sendspec.reading.schema.validator import load_schema
from sendspec.reading.spec_advice import BODY, a_table, a_text

_MAX_SHOWN = 100
_RECIPIENT_KEYS = ("file", "list", "to", "country", "key", "where", "check", "delimiter", "allow_empty", "only")
_SYNONYMS: Mapping[KeyPath, Mapping[str, str]] = {
    (): dict.fromkeys(("version", "format", "apiversion"), "spec")
    | dict.fromkeys(("csv", "table", "contacts", "people", "users", "receivers", "source", "data"), "recipients")
    | dict.fromkeys(("kanal", "kanaal", "canal", "canale"), "channel")
    | dict.fromkeys(
        ("empfänger", "empfaenger", "ontvangers", "destinataires", "destinatarios", "destinatari"), "recipients"
    )
    | dict.fromkeys(("nachricht", "bericht", "mensaje", "mensagem", "messaggio"), "message"),
    ("recipients",): dict.fromkeys(("csv", "path", "filename", "source", "table", "url"), "file")
    | dict.fromkeys(("datei", "bestand", "fichier", "archivo", "arquivo"), "file")
    | dict.fromkeys(("land", "pays", "pais", "país", "paese"), "country")
    | dict.fromkeys(("trennzeichen", "scheidingsteken", "séparateur", "separador"), "delimiter")
    | dict.fromkeys(("rows", "items", "contacts"), "list")
    | dict.fromkeys(("filter", "if", "when", "condition"), "where")
    | dict.fromkeys(("phone", "number", "address", "email", "column"), "to")
    | dict.fromkeys(("id", "unique"), "key")
    | dict.fromkeys(("separator", "sep"), "delimiter"),
    ("message",): dict.fromkeys(("text", "content", "html", "message", "type"), "body"),
    ("message", "body", "text"): dict.fromkeys(("body", "content", "message", "value"), "text"),
    ("suppress",): dict.fromkeys(("list", "lists", "path", "paths", "csv", "filename"), "files")
    | dict.fromkeys(("optout", "replies", "unsubscribed", "unsubscribes", "stop", "stops"), "opt_outs"),
    ("limits",): dict.fromkeys(("max", "count", "recipients", "total"), "messages")
    | dict.fromkeys(("budget", "price"), "cost"),
}
_NOT_OF_A_SPEC = {
    "env": "remove it, and write `--env {value}` on the command line",
    "environment": "remove it, and write `--env {value}` on the command line",
    "environments": "move it to sendspec.yaml",
    "channels": "move it to sendspec.yaml, and name one of them: `channel: …`",
    "access_key": "move it to sendspec.yaml",
    "opt_outs": "remove it, and write `suppress: {opt_outs: true}`",
    "schedule": "write `scheduledFor` under `message`",
    "send_at": "write `scheduledFor` under `message`",
}
_FIRST_LINE = "remove it; the first line of the table has to hold the names of its columns"
_ONE_EACH = "remove it: each number gets one message; if another column tells recipients apart, name it with `key`"
_NOT_OF_RECIPIENTS = {
    "header": _FIRST_LINE,
    "headers": _FIRST_LINE,
    "skiprows": "remove it, and delete the lines above the names of the columns from the table",
    "skip": "remove it, and delete the lines above the names of the columns from the table",
    "encoding": "remove it, and save the table as UTF-8",
    "charset": "remove it, and save the table as UTF-8",
    "sheet": "remove it, and save the sheet as a .csv file of its own",
    "sheetname": "remove it, and save the sheet as a .csv file of its own",
    "quotechar": 'remove it: a cell with a delimiter or a line break in it has " around it',
    "quote": 'remove it: a cell with a delimiter or a line break in it has " around it',
    "columns": "remove it: the table's first line names them, and templates use those that they need",
    "suppress": "move it out of `recipients`, to the beginning of a line: `suppress: […]`",
    "dedupe": _ONE_EACH,
    "deduplicate": _ONE_EACH,
    "distinct": _ONE_EACH,
}
"""What other programs can be told of a table."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What the key at `at` was meant for: the value that is missing at `place`. `with_value`: the fix replaces the value, too."""

    at: KeyPath
    place: KeyPath
    fix: str
    with_value: bool = False


def meant_keys(data: Mapping[str, Any], written: Callable[[KeyPath], str]) -> dict[KeyPath, Meant]:
    """Every key that is known to be wrong, by its path. `written` gives a value as the file writes it."""
    found = [*_outside(data, written)]
    for parent, names in _SYNONYMS.items():
        below = _mapping(data, parent)
        for key in below:
            name = names.get(key.lower().replace("_", ""))
            if name is not None and name not in below and key not in _known(parent):
                place = (*parent, name)
                found.append(_renamed((*parent, key), place, below[key]))
    for key in _mapping(data, ("recipients",)):
        fix = _NOT_OF_RECIPIENTS.get(key.lower().replace("_", ""))
        if fix is not None:
            found.append(Meant(("recipients", key), ("recipients", key), fix, with_value=True))
    taken = {each.at for each in found}
    found += [
        Meant((key,), (key,), fix.replace("{value}", _shown(data[key])), with_value=fix.startswith("remove it"))
        for key, fix in _NOT_OF_A_SPEC.items()
        if key in data and (key,) not in taken and not (key == "channels" and isinstance(data[key], str))
    ]
    return {each.at: each for each in found}


def _renamed(at: KeyPath, place: KeyPath, value: Any) -> Meant:
    """A key that is called otherwise here, and whose value has another form."""
    if place == ("spec",):
        return Meant(at, place, "write `spec: 1`", with_value=not isinstance(value, dict | list))
    if place == ("recipients",) and isinstance(value, str):
        return Meant(at, place, f"write {a_table(value)}", with_value=True)
    if place == BODY and isinstance(value, str) and at[-1] not in ("type", "html"):
        return Meant(at, place, f"write {a_text(value)}", with_value=True)
    if place == BODY:
        return Meant(at, place, f"write {a_text(None)}")
    return Meant(at, place, f"write '{place[-1]}'")


def _outside(data: Mapping[str, Any], written: Callable[[KeyPath], str]) -> Iterator[Meant]:
    """Keys at the top that belong under `message`, `recipients` or `limits`."""
    homes = {
        "recipients": _RECIPIENT_KEYS,
        "message": tuple(_known(("message",))),
        "limits": tuple(_known(("limits",))),
    }
    top = _known(())
    for key in data:
        home = next((name for name, keys in homes.items() if key in keys), None)
        if home is None or key in top:
            continue
        if home == "recipients" and key in ("file", "list") and home not in data:
            is_name = key == "file" and isinstance(data[key], str)
            fix = f"write {a_table(data[key])}" if is_name else f"write `recipients: {{{key}: …}}`"
            yield Meant((key,), (home,), fix, with_value=is_name)
        else:
            fix = _moved(key, home, written)
            yield Meant((key,), (home,), fix, with_value=fix.startswith("remove it"))


def _shown(name: object) -> str:
    """A name as a fix repeats it."""
    return quoted(name) if isinstance(name, str) and re.fullmatch(r"[\w-]{1,60}", name) else "NAME"


def _moved(key: str, home: str, written: Callable[[KeyPath], str]) -> str:
    """How a key gets into the mapping where it belongs; one in braces is written out with it."""
    mapping, value = written((home,)), written((key,))
    if not mapping.startswith("{"):
        return f"indent it, and what is below it, under `{home}`"
    inner = mapping[1:-1].strip().removesuffix(",")
    whole = f"{inner}, {key}: {value}" if inner else f"{key}: {value}"
    if len(whole) > _MAX_SHOWN or "\n" in whole:
        return f"move it into the braces of `{home}`"
    return quoted(f"remove it here, and write `{home}: {{{whole}}}`")


def _known(parent: KeyPath) -> frozenset[str]:
    document = load_schema("spec").document
    if parent == ():
        return frozenset(document["properties"])
    if parent == ("message",):
        return frozenset(load_schema("message").document["properties"])
    names: Mapping[KeyPath, str] = {
        ("recipients",): "Recipients",
        ("suppress",): "Suppress",
        ("limits",): "Limits",
    }
    found = document["definitions"].get(names.get(parent, ""), {}).get("properties", {})
    return frozenset(found)


def _mapping(data: Any, at: KeyPath) -> Mapping[str, Any]:
    for key in at:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data if isinstance(data, Mapping) else {}


def with_meant_keys(
    faults: Iterable[SchemaProblem], meant: Mapping[KeyPath, Meant], data: Any
) -> Iterator[SchemaProblem]:
    """`faults` with better fixes, and without what only follows from a key that is in the wrong place."""
    faults = list(faults)
    unknown = {fault.at for fault in faults if fault.code == "unknown-key"}
    explained = {each.place for at, each in meant.items() if at in unknown and each.place != at}
    for fault in faults:
        if fault.code == "missing-key" and any(_is_missing(fault, place) for place in explained):
            continue
        if fault.code == "wrong-type" and fault.at in explained and _value(data, fault.at) is None:
            continue
        found = meant.get(fault.at) if fault.code == "unknown-key" else None
        yield fault if found is None else replace(fault, fix=found.fix, with_value=found.with_value)


def _is_missing(fault: SchemaProblem, place: KeyPath) -> bool:
    name = quoted(str(place[-1]))
    return fault.at == place[:-1] and fault.problem.endswith((f"has no '{name}'", f"'{name}' is missing"))


def _value(data: Any, at: KeyPath) -> Any:
    for key in at:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data
