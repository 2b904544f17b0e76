"""Generates the code that makes one row's message, in the order of `Composer.compose`: `where`, address, key, id, payload, text, digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

import orjson

from sendspec.composing.alternative import with_language
from sendspec.composing.block_result import FILTERED
from sendspec.composing.compiled.expression import NotCompilable
from sendspec.composing.compiled.generated_code import GeneratedCode
from sendspec.composing.compiled.json_template import json_parts
from sendspec.composing.compiled.payload_code import ADDRESS, SCALARS, PayloadCode
from sendspec.composing.compiled.slot import Slot
from sendspec.composing.compiled.template_code import TemplateCode
from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.compose_settings import ComposeSettings
from sendspec.composing.error_cells import ErrorCells
from sendspec.composing.identity import id_hash, payload_hash, receiver_hasher, reference_hash
from sendspec.composing.message import Filtered, Message
from sendspec.composing.payload_text import language_of
from sendspec.composing.platforms.sms_excess import sized
from sendspec.composing.platforms.sms_segments import (
    BASIC_ASCII,
    NOT_FORCED,
    Encoding,
    basic_measure,
    measure,
    why_ucs2,
)
from sendspec.composing.record_part import moment_of, packed_records
from sendspec.composing.rule import Rule
from sendspec.composing.template_tree import Node, Placeholder
from sendspec.diagnostics.redaction import mask
from sendspec.reading.contacts.landline import landline_starts
from sendspec.reading.contacts.number_country import country_of_number
from sendspec.reading.error_value import is_error_value
from sendspec.reading.schema.validator import Schema

_NAMESPACE: Mapping[str, object] = {
    "FILTERED": FILTERED, "Filtered": Filtered, "Message": Message, "NotSound": LookupError, "basic_ascii": BASIC_ASCII,
    "basic_measure": basic_measure, "dumps": orjson.dumps, "loads": orjson.loads, "mask": mask, "measure": measure,
    "moment_of": moment_of, "not_forced": NOT_FORCED, "new": tuple.__new__, "packed_records": packed_records, "reference_hash": reference_hash, "scalars": SCALARS, "sha256": sha256, "sized": sized,
    "why_ucs2": why_ucs2,
}  # fmt: skip


class MessageCode:
    """The lines that the row composer and the block composer share. They set variables, and raise `NotSound` for a row that they
    can't compose.
    """

    def __init__(
        self,
        compiled_spec: CompiledSpec,
        settings: ComposeSettings,
        schema: Schema,
        rules: tuple[Rule, ...],
        columns: tuple[str, ...] | None,
    ) -> None:
        spec = compiled_spec.spec
        landlines = landline_starts() if compiled_spec.warns_of_landlines else None
        own = {"landlines": landlines, "normalise": compiled_spec.normalise}
        self.code = GeneratedCode(spec.name, {**_NAMESPACE, **own})
        self.templates = TemplateCode(self.code, {"generation": spec.generation, **spec.variables}, columns)
        self.is_measured = False
        self._compiled_spec = compiled_spec
        self._settings = settings
        self._payload = PayloadCode(self.code, self.templates, schema, rules)
        self.reference = "id_text"
        """An expression for the message's reference."""
        self.alternatives = "0"
        """An expression for the alternatives that the message's templates took."""
        self.country = "''"
        """An expression for the receiver's country, if it is counted."""
        self._frame: dict[str, Any] = {}

    def add_message(self, if_filtered: str) -> str:
        """Adds the lines up to the digest; returns an expression for the message's text.

        `if_filtered` is the statement for a row that `where` leaves out. Raises `NotCompilable` and `Undecidable`.
        """
        compiled = self._compiled_spec
        if compiled.to is None or compiled.receiver is not None or compiled.where is False:
            raise NotCompilable
        error_cells = ErrorCells(compiled)
        self.code.define(is_error=is_error_value)
        self.templates.add_error_check(error_cells.of_where)
        self._add_where(if_filtered)
        self.templates.add_error_check(error_cells.of_message - _addresses(compiled.to))
        self._add_address(compiled.to)
        self._add_id()
        frame = {"receiver": compiled.receiver_of(ADDRESS), **self._payload.frame(compiled.content)}
        text_slot = _text_of(frame)
        language = language_of(frame)
        used = {each.name for each in (text_slot, frame.get("reference"), language) if isinstance(each, Slot)}
        if self._payload.has_alternatives:
            self.code.lines.append("taken = 0")
        self._payload.fill(frame, used, self._settings.platform.address_kind.sample)
        self._add_alternatives(language)
        text = self._add_text(frame, text_slot)
        reference = frame.pop("reference", None)
        if reference is not None:
            self.reference = reference.name if isinstance(reference, Slot) else self.code.constant(reference)
        self._frame = frame
        self._add_digest()
        return text

    def add_body(self) -> None:
        """Adds the request's body. The digest leaves out the reference; the body has it last."""
        parts = list(json_parts(self._frame, sort_keys=False))
        assert parts[-1] == b"}"
        self.code.lines.append(f"json_reference = dumps({self.reference})")
        parts[-1:] = [b',"reference":', Slot("reference"), b"}"]
        self.code.lines.append(f"body = {self._joined(parts)}")

    def add_country(self) -> None:
        """Adds the country of the receiver's number, if the settings ask for it."""
        if self._settings.count_countries:
            self.code.define(country_of_number=country_of_number)
            self.code.lines.append(f"country = country_of_number({ADDRESS.name})")
            self.country = "country"

    def add_folded_fingerprint(self) -> None:
        """Adds the fingerprint with the address in lower case: see `folded_fingerprint`. Uses the variables of the message no more."""
        address = ADDRESS.name
        self.code.lines += [
            f"folded_fingerprint = b''; lowered = {address}.lower()",
            f"if {'key' if self._compiled_spec.key is not None else address} != lowered:",
            f" json_{address} = dumps(lowered); {self._identity(f'json_{address}')}; folded_fingerprint = hashed.digest()",
            f" {self._digest()}; folded_fingerprint += hashed.digest()",
        ]

    def add_record_part(self) -> None:
        """Adds the message's `RecordPart`. Raises `NotCompilable` where the payload's moment is not a text of its own."""
        hashed = self.code.constant(receiver_hasher(self._settings.salt).copy)
        own = "None"
        if self._compiled_spec.own_reference:
            own = f"None if {self.reference} == id_text else {self.reference}"
        self.code.lines += [
            f"hashed = {hashed}(); hashed.update({ADDRESS.name}.encode())",
            f"part = (hashed.digest(), mask({ADDRESS.name}), {own}, {self._moment()})",
        ]

    def _moment(self) -> str:
        """An expression for when the API is to send the message."""
        written = self._frame.get("scheduledFor")
        if isinstance(written, Slot):
            return f"moment_of(loads(json_{written.name}))"
        if written is None or isinstance(written, str):
            return self.code.constant(moment_of(written))
        raise NotCompilable

    def add_reference_check(self) -> None:
        """Adds the check that the user's own reference is text and doesn't contain the address."""
        digits = f"{ADDRESS.name}.lstrip('+')"
        self.code.lines.append(
            f"if type({self.reference}) is not str or (len({digits}) > 4 and {digits} in {self.reference}): raise NotSound"
        )

    def _add_where(self, if_filtered: str) -> None:
        where = self._compiled_spec.where
        if where is True:
            return
        assert not isinstance(where, bool)
        self.code.lines += [
            f"kept = {self.templates.value(where)}",
            f"if kept is False: {if_filtered}",
            "if kept is not True: raise NotSound",
        ]

    def _add_address(self, to: Node) -> None:
        self.code.lines += [
            f"raw_address = {self.templates.value(to)}",
            "address = normalise(raw_address)",
            "if type(address) is not str: raise NotSound",
        ]
        if self._compiled_spec.warns_of_landlines:
            self.code.lines.append("if address[:5] in landlines or address[:6] in landlines: raise NotSound")

    def _add_id(self) -> None:
        key = self._compiled_spec.key
        self.code.lines.append("json_key = json_address = dumps(address)")
        if key is not None:
            self.code.lines += [
                f"key = {self.templates.value(key)}",
                "if type(key) is int: key = str(key)",
                "if type(key) is not str or not (key := key.strip()): raise NotSound",
                "json_key = dumps(key)",
            ]
        self.code.lines.append(f"{self._identity('json_key')}; identity = hashed.digest()")
        self.templates.add_id()

    def _identity(self, json_key: str) -> str:
        """Hashes the JSON list of which the key is the last item."""
        spec = self._compiled_spec.spec
        hashed = self.code.constant(id_hash(self._settings.salt, spec.name, spec.generation).copy)
        return f"hashed = {hashed}(); hashed.update({json_key} + b']')"

    def _add_text(self, frame: Mapping[str, Any], text_slot: Slot | str | None) -> str:
        """Adds the text's check and, where the platform measures it, its measure; returns an expression for the text."""
        lines = self.code.lines
        lines.append("measured = None")
        if text_slot is None:
            return "None"
        text = text_slot.name if isinstance(text_slot, Slot) else self.code.constant(text_slot)
        is_text = isinstance(text_slot, Slot) and self._payload.is_text(text_slot)
        lines.append(f"if {'' if is_text else f'type({text}) is not str or '}not {text}.strip(): raise NotSound")
        if frame["body"]["type"] in self._settings.platform.sms_measured:
            self.is_measured = True
            self._add_measure(text, f"json_{text}" if isinstance(text_slot, Slot) else self._constant_json(text_slot))
        return text

    def _add_alternatives(self, language: object) -> None:
        """Adds up the alternatives that expressions and Jinja's templates took, and the language that a template chose."""
        parts = ["taken"] if self._payload.has_alternatives else []
        parts += ["context.alternatives"] if self.templates.has_context else []
        self.alternatives = " | ".join(parts) or "0"
        if isinstance(language, Slot):
            self.code.define(with_language=with_language)
            width = self._compiled_spec.width
            self.code.lines.append(f"taken = with_language({self.alternatives}, {width}, {language.name})")
            self.alternatives = "taken"

    def _constant_json(self, text: str) -> str:
        return self.code.constant(orjson.dumps(text))

    def _add_measure(self, text: str, json_text: str) -> None:
        limits, lines = self._settings.limits, self.code.lines
        lines.append(
            f"measured = measure({text}) if {json_text}.translate(None, basic_ascii) else basic_measure(len({text}))"
        )
        if limits.encoding == "gsm7":
            lines.append(f"if measured.encoding is not {self.code.constant(Encoding.GSM7)}: raise NotSound")
        if limits.segments is not None:
            lines.append(f"if measured.segments > {limits.segments:d}: raise NotSound")

    def _add_digest(self) -> None:
        self.code.lines.append(f"{self._digest()}; digest = hashed.digest()")

    def _digest(self) -> str:
        """Hashes the payload."""
        hashed = self.code.constant(payload_hash(self._settings.salt).copy)
        canonical = self._joined(json_parts(self._frame, sort_keys=True))
        return f"hashed = {hashed}(); hashed.update(sha256({canonical}).digest())"

    def _joined(self, parts: Iterable[bytes | Slot]) -> str:
        """An expression for the bytes, with each slot's JSON in its place."""
        template, slots = bytearray(), []
        for part in parts:
            if isinstance(part, Slot):
                template += b"%b"
                slots.append(f"json_{part.name}")
            else:
                template += part.replace(b"%", b"%%")
        return f"{self.code.constant(bytes(template))} % ({', '.join(slots)},)"


def _addresses(to: Node) -> frozenset[str]:
    """The column that is nothing but the address: no spreadsheet's error is one, so it needs no check of its own."""
    source = to.template.source if isinstance(to, Placeholder) else ""
    return frozenset({source.removeprefix("{{").removesuffix("}}").strip()})


def _text_of(frame: Mapping[str, Any]) -> Slot | str | None:
    """The text that the recipient reads: its slot, or the text itself if it is constant; None if there is none."""
    body = frame.get("body")
    kind = body.get("type") if isinstance(body, Mapping) else None
    part = body.get(kind) if isinstance(body, Mapping) and isinstance(kind, str) else None
    found = part.get("text") if isinstance(part, Mapping) else None
    return found if isinstance(found, Slot | str) else None
