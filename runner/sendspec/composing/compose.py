"""One row becomes one message: filled, checked against the request model, measured, and made into bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NoReturn

import orjson

from sendspec.composing.budget import Budget
from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.compose_context import ComposeContext
from sendspec.composing.identity import id_text, message_id, payload_digest
from sendspec.composing.message import Composed, Filtered, Message
from sendspec.composing.platforms.sms_segments import Encoding, Measure, forcing, measure
from sendspec.composing.reach import Reach
from sendspec.composing.row_diagnostic import row_diagnostic
from sendspec.composing.rules import Rule
from sendspec.composing.template import OMIT, message_context
from sendspec.composing.template_tree import PlaceholderFault, fill, origin
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask, printable, quoted
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.schema.schema_problem import SchemaProblem
from sendspec.reading.schema.validator import Schema
from sendspec.reading.spec import Spec
from sendspec.reading.tables.row import Row
from sendspec.reading.tables.table import Table

if TYPE_CHECKING:
    from sendspec.composing.compiled.composer import Compiled, CompiledPlan

COMPILED_FROM = 250
"""Rows that cost less as they are than compiling their spec does."""


class RowRejected(Exception):
    """The row can't become a message; why is already among the problems."""


class Composer:
    """Composes the rows of one spec. Every fault goes to `problems`, placed on the spec's line or the row's cell."""

    def __init__(
        self,
        program: CompiledSpec,
        table: Table,
        setting: ComposeContext,
        schema: Schema,
        rules: tuple[Rule, ...],
        problems: Problems,
    ) -> None:
        self._program = program
        self._spec: Spec = program.spec
        self._table = table
        self._setting = setting
        self._schema = schema
        self._rules = rules
        self._problems = problems
        self._constants = {**self._spec.variables, "generation": self._spec.generation}

    def compiled(self, columns: tuple[str, ...] | None) -> Compiled | None:
        """A function that composes most rows, and much faster; `columns` as the rows have them."""
        from sendspec.composing.compiled.composer import compiled

        return compiled(self._program, self._setting, self._schema, self._rules, columns)

    def compiled_plan(self, columns: tuple[str, ...] | None, reach: Reach) -> CompiledPlan | None:
        """As `compiled`, for what a plan needs of many rows."""
        from sendspec.composing.compiled.composer import compiled_plan

        return compiled_plan(self._program, self._setting, self._schema, self._rules, columns, reach)

    def compose(self, row: Row) -> Composed | None:
        """The row's message, `Filtered`, or None where the row was rejected."""
        try:
            return self._compose(row)
        except PlaceholderFault as fault:
            self._blame_hole(row, fault)
        except RowRejected:
            pass
        return None

    def _compose(self, row: Row) -> Composed:
        written = row.values
        values = {**written, **self._constants}
        context = message_context(values, written)
        if not self._kept(row, context):
            return Filtered(row.line)
        program = self._program
        address = self._address(row, context)
        receiver = program.receiver_of(address) if program.receiver is None else fill(program.receiver, context)
        address = address or self._address_of(row, receiver)
        key = self._key(row, context, address)
        identity = message_id(self._setting.salt, self._spec.name, self._spec.generation, key)
        values["message_id"] = id_text(identity)
        context = message_context(values, written, context.budget)
        content = fill(program.content, context)
        payload = {"receiver": receiver, **({} if content is OMIT else content)}
        if receiver is OMIT:
            del payload["receiver"]
        text = text_of(payload)
        self._check_payload(row, context, payload, text)
        measured = self._measure(row, text, payload)
        reference = payload.pop("reference", None)
        canonical = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)
        digest = payload_digest(self._setting.salt, sha256(canonical).digest())
        payload["reference"] = reference = values["message_id"] if reference is None else reference
        if program.own_reference:
            self._check_reference(row, reference, address)
        return Message(
            id=identity,
            receiver=address,
            reference=str(reference),
            body=orjson.dumps(payload),
            digest=digest,
            text=text,
            measure=measured,
            line=row.line,
        )

    def identity_of(self, row: Row) -> bytes | None:
        """The id of a row's message, whatever `where` says of it; None where the row gives none."""
        context = message_context({**row.values, **self._constants}, row.values)
        try:
            address = self._address(row, context)
            if self._program.receiver is not None:
                address = address or self._address_of(row, fill(self._program.receiver, context))
            key = self._key(row, context, address or "")
        except (PlaceholderFault, RowRejected):
            return None
        return message_id(self._setting.salt, self._spec.name, self._spec.generation, key)

    # ── who ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _kept(self, row: Row, context: Any) -> bool:
        if isinstance(self._program.where, bool):
            return self._program.where
        kept = fill(self._program.where, context)
        if not isinstance(kept, bool):
            self._blame_spec(
                row,
                ("recipients", "where"),
                "where-not-boolean",
                f"`where` gives {_named(kept)}, not true or false",
                "write a comparison, such as \"{{ country == 'NL' }}\"",
            )
        return bool(kept)

    def _address(self, row: Row, context: Any) -> str | None:
        program = self._program
        if program.to is None:
            return None
        written = fill(program.to, context)
        if not isinstance(written, str):
            self._blame_address(
                row,
                Problem(
                    "unquoted-number",
                    f"the address is {_named(written)}; text is needed",
                    "put quotes around it, so that + and leading zeros stay",
                ),
            )
        address = program.normalise(written)
        if isinstance(address, Problem):
            self._blame_address(row, address)
        return str(address)

    def _key(self, row: Row, context: Any, address: str) -> str:
        if self._program.key is None:
            return address
        key = fill(self._program.key, context)
        if isinstance(key, int) and not isinstance(key, bool):
            key = str(key)
        if not isinstance(key, str) or not key.strip():
            self._blame_spec(
                row,
                ("recipients", "key"),
                "key-not-text",
                f"the key is {_named(key)}; it tells recipients apart, so it must be text",
                "name a column that every row fills",
            )
        return str(key)

    def _address_of(self, row: Row, receiver: Any) -> str:
        """The address of the first contact that the message itself names."""
        contacts = receiver.get("contacts") if isinstance(receiver, Mapping) else None
        contact = contacts[0] if isinstance(contacts, list) and contacts else None
        if isinstance(contact, Mapping):
            for name in ("identifierValue", "id"):
                value = contact.get(name)
                if isinstance(value, str) and value:
                    normal = self._program.normalise(value)
                    return value if isinstance(normal, Problem) else normal
        return self._blame_spec(
            row,
            ("message", "receiver"),
            "receiver-unnamed",
            "the receiver has neither `identifierValue` nor `id`, so nobody can say who gets the message",
            "give its first contact an `identifierValue`",
        )

    # ── what ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _check_payload(self, row: Row, context: Any, payload: Mapping[str, Any], text: str | None) -> None:
        if text is not None and not text.strip():
            at = origin(self._program.content, context, _text_path(payload))
            self._blame_spec(
                row, at, "empty-text", "the text is empty", "write a text, or leave such rows out with `where`"
            )
        faults = [] if self._schema.accepts(payload) else self._schema.problems(payload)
        faults = faults or [fault for rule in self._rules for fault in rule.judge(payload)]
        context.budget = Budget()  # finding out where a fault comes from fills some templates again
        for fault in faults:
            self._note_fault(row, self._origin(context, fault.at), fault)
        if faults:
            raise RowRejected

    def _origin(self, context: Any, at: KeyPath) -> KeyPath:
        program = self._program
        if at[:1] == ("receiver",):
            return ("message",) if program.receiver is None else origin(program.receiver, context, at[1:])
        return origin(program.content, context, at)

    def _note_fault(self, row: Row, at: KeyPath, fault: SchemaProblem) -> None:
        self._problems.add_row(
            (fault.code, self._spec.path, at),
            row.line,
            lambda: self._spec.document.place(at, fault, key=fault.at_key),
        )

    def _measure(self, row: Row, text: str | None, payload: Mapping[str, Any]) -> Measure | None:
        if text is None or self._setting.platform != "sms" or payload["body"]["type"] != "text":
            return None
        measured = measure(text)
        limits = self._setting.limits
        at: KeyPath = ("message", "body", "text", "text")
        if limits.encoding == "gsm7" and measured.encoding is not Encoding.GSM7:
            self._blame_spec(
                row, at, "limit-encoding", f"the text isn't GSM-7 because of {_forced_by(text)}", _plainer(text)
            )
        if limits.segments is not None and measured.segments > limits.segments:
            why = f" (UCS-2 because of {_forced_by(text)})" if measured.encoding is Encoding.UCS2 else ""
            self._blame_spec(
                row,
                at,
                "limit-segments",
                f"the text takes {measured.segments} segments{why}; the limit is {limits.segments}",
                "shorten the text, or raise `limits: {segments: …}`",
            )
        return measured

    def _check_reference(self, row: Row, reference: object, address: str) -> None:
        digits = address.lstrip("+")
        if isinstance(reference, str) and len(digits) > 4 and digits in reference:
            self._blame_spec(
                row,
                ("message", "reference"),
                "reference-holds-number",
                "the reference holds the recipient's address, and references are kept in logs",
                'write "{{ message_id }}", or remove `reference`',
            )

    # ── blame ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _blame_spec(self, row: Row, at: KeyPath, code: str, problem: str, fix: str) -> NoReturn:
        self._problems.add_row(
            (code, self._spec.path, at),
            row.line,
            lambda: self._spec.document.diagnostic(at, code=code, problem=problem, fix=fix),
        )
        raise RowRejected

    def _blame_hole(self, row: Row, hole: PlaceholderFault) -> None:
        fault = hole.fault
        self._problems.add_row(
            (fault.code, self._spec.path, hole.at, fault.start),
            row.line,
            lambda: self._spec.document.diagnostic(
                hole.at, code=fault.code, problem=fault.problem, fix=fault.fix, within=(fault.start, fault.end)
            ),
        )

    def _blame_address(self, row: Row, fault: Problem) -> NoReturn:
        column = self._program.address_column
        self._problems.add_row(
            (fault.code, self._table.path, column),
            row.line,
            lambda: row_diagnostic(
                self._table, row.line, column, code=fault.code, problem=fault.problem, fix=fault.fix
            ),
        )
        raise RowRejected


def text_of(payload: Mapping[str, Any]) -> str | None:
    """The text that a person will read, where the payload itself holds one."""
    value: Any = payload
    for key in _text_path(payload):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else None


def _text_path(payload: Mapping[str, Any]) -> KeyPath:
    body = payload.get("body")
    kind = body.get("type") if isinstance(body, Mapping) else None
    return ("body", kind, "text") if isinstance(kind, str) else ("body", "text", "text")


def _named(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or value is OMIT:
        return "nothing"
    if isinstance(value, int | float):
        return f"the number {mask(str(value))}"
    if isinstance(value, str):
        return f"the text '{quoted(value[:40])}'" if value.strip() else "an empty text"
    return "a list" if isinstance(value, list | tuple) else "a mapping"


def _forced_by(text: str) -> str:
    first = forcing(text)[0]
    return f"{printable(first.character)} (U+{ord(first.character):04X})"


def _plainer(text: str) -> str:
    replacements = {f.character: f.replacement for f in forcing(text) if f.replacement is not None}
    if not replacements:
        return "write it with GSM-7 characters, or remove `encoding: gsm7` under limits"
    return "write " + ", ".join(f"'{new}' for '{old}'" for old, new in replacements.items())


def compose_rows(composer: Composer, rows: Iterator[Row]) -> Iterator[Composed]:
    """The rows' messages, in order, without the rejected ones. Duplicates are judged by `duplicates.marked`.

    A list that is long enough has its spec compiled: what that function doesn't make goes the usual way.
    """
    for row in islice(rows, COMPILED_FROM):
        composed = composer.compose(row)
        if composed is not None:
            yield composed
    first = next(rows, None)
    if first is None:
        return
    quick = composer.compiled(first.columns)
    for row in chain((first,), rows):
        composed = (quick(row) if quick is not None else None) or composer.compose(row)
        if composed is not None:
            yield composed
