"""A spec compiled into a function of a row, or of many: what is the same for all rows is judged, serialised and measured once.

It makes a message only where nothing at all is wrong with the row; every other row is `compose.py`'s, which says what is the
matter. So its own verdict is never final unless it is good, and then it is `compose.py`'s too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

import orjson

from sendspec.composing.block_result import FILTERED, BlockResult
from sendspec.composing.budget import MAX_FED, MAX_OUTPUT, Budget
from sendspec.composing.compiled.expression import NotCompilable, Writer
from sendspec.composing.compiled.json_pieces import segments
from sendspec.composing.compiled.partial_schema import Slot, Undecidable, has_slots, residue
from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.compose_context import ComposeContext
from sendspec.composing.filters import MAX_RESULT
from sendspec.composing.identity import id_hash, payload_hash, reference_mark
from sendspec.composing.message import Filtered, Message
from sendspec.composing.platforms.sms_segments import BASIC_ASCII, Encoding, basic_measure, first_forcing, measure
from sendspec.composing.reach import Barred, Reach
from sendspec.composing.rules import Rule
from sendspec.composing.template import message_context
from sendspec.composing.template_tree import Branch, Constant, Node, Placeholder
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.schema.validator import Schema
from sendspec.reading.tables.row import Row, named_cells

Compiled = Callable[[Row], Message | Filtered | None]
"""The row's message, or `Filtered`, or None where the row needs a closer look."""
CompiledPlan = Callable[[Iterable[Any]], BlockResult]
"""What rows come to, each given as `Row.content`."""

_PLACEHOLDERS = {"phonenumber": "+31612345678", "emailaddress": "ann@example.com"}
_ANYTHING = "x"
"""A slot's value, for rules that aren't concerned with it."""
_SCALARS = frozenset({int, float, bool, type(None)})
ID_TEXT = "m = 'm' + i.hex()"
_MAX_LEARNT = 2_000
"""Cells of a column whose outcome is kept: those of a column with few different ones."""


def compiled(
    program: CompiledSpec,
    setting: ComposeContext,
    schema: Schema,
    rules: tuple[Rule, ...],
    columns: tuple[str, ...] | None,
) -> Compiled | None:
    """The function of `program`; None where the spec is of a kind that is composed row by row. `columns` as the rows have them."""
    try:
        return _Maker(program, setting, schema, rules, columns).message()
    except (NotCompilable, Undecidable):
        return None


def compiled_plan(
    program: CompiledSpec,
    setting: ComposeContext,
    schema: Schema,
    rules: tuple[Rule, ...],
    columns: tuple[str, ...] | None,
    reach: Reach,
) -> CompiledPlan | None:
    """As `compiled`, but for what a plan needs of the messages."""
    try:
        return _Maker(program, setting, schema, rules, columns).plan(reach)
    except (NotCompilable, Undecidable):
        return None


@dataclass(frozen=True, slots=True)
class _Filled:
    """A slot: its place, an expression for its value, and the column that this hangs on, where it is on one only."""

    at: KeyPath
    value: str
    is_expression: bool
    cell: int | None


class _Maker:
    """Writes the function's source, a line at a time, and the namespace that it runs in."""

    def __init__(
        self,
        program: CompiledSpec,
        setting: ComposeContext,
        schema: Schema,
        rules: tuple[Rule, ...],
        columns: tuple[str, ...] | None,
    ) -> None:
        self._program = program
        self._setting = setting
        self._schema = schema
        self._rules = rules
        spec = program.spec
        self._columns = columns
        self._constants = {**spec.variables, "generation": spec.generation}
        self._names: dict[str, Any] = {
            "Closer": LookupError, "FILTERED": FILTERED, "Filtered": Filtered, "Message": Message, "basic_ascii": BASIC_ASCII,
            "basic_measure": basic_measure, "dumps": orjson.dumps, "forcing": first_forcing, "measure": measure,
            "new": tuple.__new__, "normalise": program.normalise, "reference_mark": reference_mark,
            "scalars": _SCALARS, "sha256": sha256, "values": dict if columns is None else partial(named_cells, columns),
        }  # fmt: skip
        self._writer = Writer(self._constants, columns, self._names)
        self._lines: list[str] = []
        self._slots: dict[str, _Filled] = {}
        self._learnt: set[str] = set()
        self._has_id = self._has_context = self._has_budget = self._measures = False

    def message(self) -> Compiled:
        shape, text, reference = self._made("return Filtered(row[0])")
        self._body(shape, reference)
        result = f"return new(Message, (i, a, {self._reference(reference)}, b, d, {text}, n, row[0]))"
        lines = ["def made(row):", " v = row[1]", " try:", *(f"  {line}" for line in (*self._lines, result))]
        lines += [" except Exception:", "  return None"]  # whatever it is, the row needs a closer look
        function: Compiled = self._executed(lines)
        return function

    def plan(self, reach: Reach) -> CompiledPlan:
        _, text, reference = self._made("odd((len(sealed) + len(odds), FILTERED)); continue")
        own = self._program.own_reference
        if own:
            self._check_reference(reference)
            self._lines.append(f"o = reference_mark({self._reference(reference)})")
        else:
            needs_id = self._writer.has_used_id or self._has_context
            self._lines = [line for line in self._lines if line != ID_TEXT or needs_id]
        if self._measures:
            gsm7 = self._writer.constant(Encoding.GSM7)
            self._lines.append(f"f = '' if n.encoding is {gsm7} else forcing({text}); n = n.segments")
        else:
            self._lines.append("f = ''; n = 0")
        self._bar(reach, "o" if own else "b''")
        self._lines.append("seal(i + d); size(n); force(f)" + ("; refer(o)" if own else ""))
        lines = [
            "def made(rows):",
            " sealed, segments, forced, references, odds = [], [], [], [], []",
            " seal, size, force, refer, odd = sealed.append, segments.append, forced.append, references.append, odds.append",
            " for v in rows:",
            "  try:",
            *(f"   {line}" for line in self._lines),
            "  except MemoryError: raise",
            "  except Exception: odd((len(sealed) + len(odds), None))",
            " return sealed, segments, forced, references, odds",
        ]
        function: CompiledPlan = self._executed(lines)
        return function

    def _bar(self, reach: Reach, mark: str) -> None:
        """Sets apart who may not be reached, in the order of `Reach.barred`."""
        lists = ("not in", reach.only_to, Barred.BY_ONLY_TO), ("in", reach.suppressed, Barred.BY_SUPPRESS)
        for test, addresses, why in lists:
            if addresses is not None:
                barred = f"odd((len(sealed) + len(odds), ((i + d, n, f), {mark}, {why.value}))); continue"
                self._lines.append(f"if a {test} {self._writer.constant(addresses)}: {barred}")

    def _made(self, filtered: str) -> tuple[dict[str, Any], str, Any]:
        """Writes what makes the id and the digest of a row's message; gives its shape, its text and its reference."""
        program = self._program
        if program.to is None or program.receiver is not None or program.where is False:
            raise NotCompilable
        self._keep(filtered)
        self._address(program.to)
        self._identity()
        shape = {"receiver": program.receiver_of(Slot("a")), **self._shape(program.content, ())}
        read = _text_of(shape)
        self._fill(shape, {each.name for each in (read, shape.get("reference")) if isinstance(each, Slot)})
        text = self._text(shape, read)
        reference = shape.pop("reference", None)
        self._digest(shape)
        return shape, text, reference

    def _executed(self, lines: Sequence[str]) -> Any:
        writer = self._writer
        if writer.fed > MAX_FED or writer.output > MAX_OUTPUT:
            raise NotCompilable  # what a row takes has to be counted
        self._names["budget"] = partial(Budget, writer.output, writer.fed)
        code = compile("\n".join(lines), f"<{self._program.spec.name}>", "exec")
        exec(code, self._names)  # no text of a user's is in it
        return self._names["made"]

    # ── who ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _keep(self, filtered: str) -> None:
        where = self._program.where
        if where is True:
            return
        assert not isinstance(where, bool)
        self._lines += [
            f"w = {self._value(where)}",
            f"if w is False: {filtered}",
            "if w is not True: raise Closer",
        ]

    def _address(self, to: Node) -> None:
        self._lines += [f"w = {self._value(to)}", "a = normalise(w)", "if type(a) is not str: raise Closer"]

    def _identity(self) -> None:
        key = self._program.key
        self._lines.append("jq = ja = dumps(a)")
        if key is not None:
            self._lines += [f"q = {self._value(key)}", "if type(q) is int: q = str(q)"]
            self._lines += ["if type(q) is not str or not q.strip(): raise Closer", "jq = dumps(q)"]
        spec = self._program.spec
        begun = self._writer.constant(id_hash(self._setting.salt, spec.name, spec.generation).copy)
        self._lines += [f"i = {begun}(); i.update(jq + b']'); i = i.digest()", ID_TEXT]
        self._has_id, self._has_context = True, False  # a context from before lacks the id

    # ── what ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _value(self, node: Node) -> str:
        """An expression for a node outside of the payload: a constant, or the value of a template."""
        if isinstance(node, Constant):
            return self._writer.constant(node.value)
        if not isinstance(node, Placeholder):
            raise NotCompilable
        return self._filled(node)

    def _filled(self, hole: Placeholder) -> str:
        template = hole.template
        with suppress(NotCompilable):
            write = self._writer.value if template.is_expression else self._writer.text
            return write(template.source, html=template.is_html)
        self._writer.cells.clear()  # what it hangs on is not known
        if not self._has_context:
            self._names.update(context=message_context, constants=self._constants)
            known = "{**r, **constants, 'message_id': m}" if self._has_id else "{**r, **constants}"
            budget = [] if self._has_budget else ["g = budget()"]
            self._has_budget = True
            self._lines += ["r = values(v)", *budget, f"c = context({known}, r, g)"]
            self._has_context = True
        return f"{self._writer.constant(template.render)}(c)"

    def _shape(self, node: Node, at: KeyPath) -> Any:
        """The payload's part at `at`, with a slot for each hole; a slot's value is in the variable of its name."""
        if isinstance(node, Constant):
            return node.value
        if isinstance(node, Branch):
            children = [self._shape(child, (*at, key)) for key, child in zip(node.keys, node.children, strict=True)]
            return children if node.is_list else dict(zip(node.keys, children, strict=True))
        name = f"x{len(self._slots)}"
        self._writer.cells.clear()
        had_used_id, self._writer.has_used_id = self._writer.has_used_id, False
        value = self._filled(node)
        [cell] = self._writer.cells if len(self._writer.cells) == 1 and not self._writer.has_used_id else [None]
        self._writer.has_used_id |= had_used_id
        self._slots[name] = _Filled(at, value, node.template.is_expression, cell)
        return Slot(name)

    def _fill(self, shape: dict[str, Any], needed: set[str]) -> None:
        """The schema and the rules: what asks nothing of the slots is judged here and now. `needed`: slots whose value is used."""
        texts = {"a", *(name for name, slot in self._slots.items() if not slot.is_expression)}
        accepts = residue(self._schema, shape, texts)
        hanging = [rule for rule in self._rules if any(rule.concerns(slot.at) for slot in self._slots.values())]
        sample = _sampled(shape, self._program.identifier_key)
        if any(True for rule in self._rules if rule not in hanging for _ in rule.judge(sample)):
            raise Undecidable
        if "a" in accepts:
            self._lines.append(f"if not {self._writer.constant(accepts['a'])}(a): raise Closer")
        for name, slot in self._slots.items():
            lines = [f"{name} = {slot.value}", f"if {_unfit(name, slot)}: raise Closer"]
            if accepts.get(name) is bool:
                lines[1] = f"if {_unfit(name, slot)} or not {name}: raise Closer"
            elif name in accepts:
                lines.append(f"if not {self._writer.constant(accepts[name])}({name}): raise Closer")
            lines.append(f"j{name} = dumps({name})")
            if slot.cell is None or name in needed or any(rule.concerns(slot.at) for rule in hanging):
                self._lines += lines
            else:
                self._learn(name, slot.cell, lines)
        if hanging:
            self._lines.append(f"p = {self._literal(shape)}")
            for rule in hanging:
                self._lines.append(f"for _ in {self._writer.constant(rule.judge)}(p): raise Closer")

    def _learn(self, name: str, cell: int, lines: Sequence[str]) -> None:
        """A slot that hangs on one cell: what it comes to is worked out once for each of the first different cells."""
        self._learnt.add(name)
        learnt: dict[str, bytes] = {}
        known = self._writer.constant(learnt)
        keep = f"if len({known}) < {_MAX_LEARNT}: {known}[v[{cell}]] = j{name}"
        self._executed(["def made(v):", *(f" {line}" for line in (*lines, keep, f"return j{name}"))])
        learn, get = self._writer.constant(self._names.pop("made")), self._writer.constant(learnt.get)
        self._lines.append(f"j{name} = {get}(v[{cell}]) or {learn}(v)")

    def _literal(self, shape: Any) -> str:
        if isinstance(shape, Slot):
            return self._writer.constant(_ANYTHING) if shape.name in self._learnt else shape.name
        if not has_slots(shape):
            return self._writer.constant(shape)
        if isinstance(shape, list):
            return f"[{', '.join(map(self._literal, shape))}]"
        return (
            f"{{{', '.join(f'{self._writer.constant(key)}: {self._literal(value)}' for key, value in shape.items())}}}"
        )

    def _text(self, shape: Mapping[str, Any], found: Any) -> str:
        """The expression for the message's text; measures it where it is one of an SMS."""
        self._lines.append("n = None")
        if found is None:
            return "None"
        text = found.name if isinstance(found, Slot) else self._writer.constant(found)
        is_text = isinstance(found, Slot) and not self._slots[found.name].is_expression
        self._lines.append(f"if {'' if is_text else f'type({text}) is not str or '}not {text}.strip(): raise Closer")
        if self._setting.platform == "sms" and shape["body"]["type"] == "text":
            self._measures = True
            written = f"j{text}" if isinstance(found, Slot) else self._writer.constant(orjson.dumps(found))
            self._measure(text, written)
        return text

    def _measure(self, text: str, written: str) -> None:
        """Measures a text that JSON writes as `written`."""
        limits = self._setting.limits
        self._lines.append(
            f"n = measure({text}) if {written}.translate(None, basic_ascii) else basic_measure(len({text}))"
        )
        if limits.encoding == "gsm7":
            self._lines.append(f"if n.encoding is not {self._writer.constant(Encoding.GSM7)}: raise Closer")
        if limits.segments is not None:
            self._lines.append(f"if n.segments > {limits.segments:d}: raise Closer")

    def _reference(self, reference: Any) -> str:
        if reference is None:
            return "m"
        return reference.name if isinstance(reference, Slot) else self._writer.constant(reference)

    # ── bytes ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _digest(self, shape: Mapping[str, Any]) -> None:
        begun = self._writer.constant(payload_hash(self._setting.salt).copy)
        canonical = self._joined(segments(shape, ordered=True))
        self._lines.append(f"d = {begun}(); d.update(sha256({canonical}).digest()); d = d.digest()")

    def _body(self, shape: Mapping[str, Any], reference: Any) -> None:
        written = list(segments(shape, ordered=False))
        assert written[-1] == b"}"
        if self._program.own_reference:
            self._check_reference(reference)
        self._lines.append(f"jr = dumps({self._reference(reference)})")
        written[-1:] = [b',"reference":', Slot("r"), b"}"]
        self._lines.append(f"b = {self._joined(written)}")

    def _check_reference(self, reference: Any) -> None:
        own = self._reference(reference)
        self._lines.append(
            f"if type({own}) is not str or (len(a.lstrip('+')) > 4 and a.lstrip('+') in {own}): raise Closer"
        )

    def _joined(self, written: Iterable[bytes | Slot]) -> str:
        template, slots = bytearray(), []
        for segment in written:
            if isinstance(segment, Slot):
                template += b"%b"
                slots.append(f"j{segment.name}")
            else:
                template += segment.replace(b"%", b"%%")
        return f"{self._writer.constant(bytes(template))} % ({', '.join(slots)},)"


def _text_of(shape: Mapping[str, Any]) -> Slot | str | None:
    """What a person reads: its slot, or the text itself."""
    body = shape.get("body")
    kind = body.get("type") if isinstance(body, Mapping) else None
    part = body.get(kind) if isinstance(body, Mapping) and isinstance(kind, str) else None
    found = part.get("text") if isinstance(part, Mapping) else None
    return found if isinstance(found, Slot | str) else None


def _unfit(name: str, slot: _Filled) -> str:
    too_long = f"len({name}) > {MAX_RESULT}"
    return f"{too_long} if type({name}) is str else type({name}) not in scalars" if slot.is_expression else too_long


def _sampled(shape: Any, identifier_key: str) -> Any:
    """`shape` with something in its slots that no rule minds which isn't concerned with them."""
    if isinstance(shape, Slot):
        return _PLACEHOLDERS[identifier_key] if shape.name == "a" else _ANYTHING
    if isinstance(shape, Mapping):
        return {name: _sampled(value, identifier_key) for name, value in shape.items()}
    return [_sampled(item, identifier_key) for item in shape] if isinstance(shape, list) else shape
