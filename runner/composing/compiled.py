"""A spec compiled into one function of a row: what is the same for all rows is judged, serialised and measured once.

The function makes a message only where nothing at all is wrong with the row; every other row is `compose.py`'s, which says
what is the matter. So its own verdict is never final unless it is good, and then it is `compose.py`'s too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from hashlib import blake2b, sha256
from typing import Any

import orjson

from runner.composing.expression import Unfit, Writer
from runner.composing.filters import RESULT_MOST
from runner.composing.identity import ID_BYTES, id_prefix
from runner.composing.message import Filtered, Message
from runner.composing.outline import Branch, Constant, Hole, Node
from runner.composing.program import Program
from runner.composing.residue import Hangs, Slot, has_slots, residue
from runner.composing.rules import Rule
from runner.composing.setting import Setting
from runner.composing.sms import Encoding, measure
from runner.composing.template import message_context
from runner.reading.document import Path
from runner.reading.row import Row
from runner.reading.schema import Schema

Compiled = Callable[[Row], Message | Filtered | None]
"""The row's message, or `Filtered`, or None where the row needs a closer look."""

_PLACEHOLDERS = {"phonenumber": "+31612345678", "emailaddress": "ann@example.com"}
_SORTED = orjson.OPT_SORT_KEYS
_SCALARS = frozenset({int, float, bool, type(None)})


def compiled(
    program: Program, setting: Setting, schema: Schema, rules: tuple[Rule, ...], columns: tuple[str, ...] | None
) -> Compiled | None:
    """The function of `program`; None where the spec is of a kind that is composed row by row. `columns` as the rows have them."""
    try:
        return _Maker(program, setting, schema, rules, columns).made()
    except (Unfit, Hangs):
        return None


class _Maker:
    """Writes the function's source, a line at a time, and the namespace that it runs in."""

    def __init__(
        self,
        program: Program,
        setting: Setting,
        schema: Schema,
        rules: tuple[Rule, ...],
        columns: tuple[str, ...] | None,
    ) -> None:
        self._program = program
        self._setting = setting
        self._schema = schema
        self._rules = rules
        spec = program.spec
        self._constants = {**spec.variables, "generation": spec.generation}
        self._names: dict[str, Any] = {
            "Filtered": Filtered, "Message": Message, "blake2b": partial(blake2b, digest_size=ID_BYTES, key=setting.salt),
            "dumps": orjson.dumps, "measure": measure, "new": tuple.__new__, "normalise": program.normalise, "scalars": _SCALARS,
            "sha256": sha256,
        }  # fmt: skip
        self._writer = Writer(self._constants, columns, self._names)
        self._lines: list[str] = []
        self._slots: dict[str, Path] = {}
        self._has_id = self._has_context = False

    def made(self) -> Compiled:
        program, spec = self._program, self._program.spec
        if program.to is None or program.receiver is not None or program.where is False:
            raise Unfit
        self._keep()
        self._address(program.to)
        self._identity()
        shape = {"receiver": program.receiver_of(Slot("a")), **self._shape(program.content, ())}
        self._check(shape)
        text = self._text(shape)
        reference = shape.pop("reference", None)
        self._digest(shape)
        self._body(shape, reference)
        self._lines.append(f"return new(Message, (i, a, {self._reference(reference)}, b, d, {text}, n, row[0]))")
        return self._executed(f"<{spec.name}>")

    def _executed(self, file: str) -> Compiled:
        lines = ["def compose(row):", " v = row[1]", " try:", *(f"  {line}" for line in self._lines)]
        lines += [" except Exception:", "  return None"]  # whatever it is, the row needs a closer look
        exec(compile("\n".join(lines), file, "exec"), self._names)  # no text of a user's is in it
        function: Compiled = self._names["compose"]
        return function

    # ── who ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _keep(self) -> None:
        where = self._program.where
        if where is True:
            return
        assert not isinstance(where, bool)
        self._lines += [
            f"w = {self._value(where)}",
            "if w is False: return Filtered(row[0])",
            "if w is not True: return None",
        ]

    def _address(self, to: Node) -> None:
        self._lines += [f"w = {self._value(to)}", "a = normalise(w)", "if type(a) is not str: return None"]

    def _identity(self) -> None:
        key = self._program.key
        self._lines.append("jq = ja = dumps(a)")
        if key is not None:
            self._lines += [f"q = {self._value(key)}", "if type(q) is int: q = str(q)"]
            self._lines += ["if type(q) is not str or not q.strip(): return None", "jq = dumps(q)"]
        spec = self._program.spec
        prefix = self._writer.constant(id_prefix(spec.name, spec.generation))
        self._lines += [f"i = blake2b(b'%b%b]' % ({prefix}, jq)).digest()", "m = 'm' + i.hex()"]
        self._has_id, self._has_context = True, False  # the one before lacks the id

    # ── what ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _value(self, node: Node) -> str:
        """An expression for a node outside of the payload: a constant, or the value of a template."""
        if isinstance(node, Constant):
            return self._writer.constant(node.value)
        if not isinstance(node, Hole):
            raise Unfit
        return self._filled(node)

    def _filled(self, hole: Hole) -> str:
        template = hole.template
        with suppress(Unfit):
            return (self._writer.value if template.is_expression else self._writer.text)(template.source)
        if not self._has_context:
            self._names.update(context=message_context, constants=self._constants)
            known = "{**r, **constants, 'message_id': m}" if self._has_id else "{**r, **constants}"
            self._lines += ["r = row.values", f"c = context({known}, r)"]
            self._has_context = True
        return f"{self._writer.constant(template.render)}(c)"

    def _shape(self, node: Node, at: Path) -> Any:
        """The payload's part at `at`, with a slot for each hole; a slot's value is in the variable of its name."""
        if isinstance(node, Constant):
            return node.value
        if isinstance(node, Branch):
            children = [self._shape(child, (*at, key)) for key, child in zip(node.keys, node.children, strict=True)]
            return children if node.is_list else dict(zip(node.keys, children, strict=True))
        name = f"x{len(self._slots)}"
        self._slots[name] = at
        self._lines.append(f"{name} = {self._filled(node)}")
        unfit = f"len({name}) > {RESULT_MOST}"
        if node.template.is_expression:
            unfit += f" if type({name}) is str else type({name}) not in scalars"
        self._lines.append(f"if {unfit}: return None")
        return Slot(name)

    def _check(self, shape: dict[str, Any]) -> None:
        """The schema and the rules: what asks nothing of the slots is judged here and now."""
        accepts = residue(self._schema, shape)
        for name, accept in accepts.items():
            self._lines.append(f"if not {self._writer.constant(accept)}({name}): return None")
        hanging = [rule for rule in self._rules if any(map(rule.concerns, self._slots.values()))]
        sample = _sampled(shape, self._program.identifier_key)
        if any(True for rule in self._rules if rule not in hanging for _ in rule.judge(sample)):
            raise Hangs
        if hanging:
            self._lines.append(f"p = {self._literal(shape)}")
            for rule in hanging:
                self._lines.append(f"for _ in {self._writer.constant(rule.judge)}(p): return None")

    def _literal(self, shape: Any) -> str:
        if isinstance(shape, Slot):
            return shape.name
        if not has_slots(shape):
            return self._writer.constant(shape)
        if isinstance(shape, list):
            return f"[{', '.join(map(self._literal, shape))}]"
        return (
            f"{{{', '.join(f'{self._writer.constant(key)}: {self._literal(value)}' for key, value in shape.items())}}}"
        )

    def _text(self, content: Mapping[str, Any]) -> str:
        """The expression for the message's text; measures it where it is one of an SMS."""
        body = content.get("body")
        kind = body.get("type") if isinstance(body, Mapping) else None
        part = body.get(kind) if isinstance(body, Mapping) and isinstance(kind, str) else None
        found = part.get("text") if isinstance(part, Mapping) else None
        self._lines.append("n = None")
        if not isinstance(found, Slot | str):
            return "None"
        text = found.name if isinstance(found, Slot) else self._writer.constant(found)
        self._lines.append(f"if type({text}) is not str or not {text}.strip(): return None")
        if self._setting.platform == "sms" and kind == "text":
            self._measure(text)
        return text

    def _measure(self, text: str) -> None:
        limits = self._setting.limits
        self._lines.append(f"n = measure({text})")
        if limits.encoding == "gsm7":
            self._lines.append(f"if n.encoding is not {self._writer.constant(Encoding.GSM7)}: return None")
        if limits.segments is not None:
            self._lines.append(f"if n.segments > {limits.segments:d}: return None")

    def _reference(self, reference: Any) -> str:
        if reference is None:
            return "m"
        return reference.name if isinstance(reference, Slot) else self._writer.constant(reference)

    # ── bytes ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _digest(self, shape: Mapping[str, Any]) -> None:
        for name in self._slots:
            self._lines.append(f"j{name} = dumps({name})")
        self._lines.append(f"d = sha256({self._joined(_segments(shape, ordered=True))}).digest()")

    def _body(self, shape: Mapping[str, Any], reference: Any) -> None:
        written = list(_segments(shape, ordered=False))
        assert written[-1] == b"}"
        own = self._reference(reference)
        if self._program.own_reference:
            self._lines.append(
                f"if type({own}) is not str or (len(a.lstrip('+')) > 4 and a.lstrip('+') in {own}): return None"
            )
        self._lines.append(f"jr = dumps({own})")
        written[-1:] = [b',"reference":', Slot("r"), b"}"]
        self._lines.append(f"b = {self._joined(written)}")

    def _joined(self, segments: Iterable[bytes | Slot]) -> str:
        template, slots = bytearray(), []
        for segment in segments:
            if isinstance(segment, Slot):
                template += b"%b"
                slots.append(f"j{segment.name}")
            else:
                template += segment.replace(b"%", b"%%")
        return f"{self._writer.constant(bytes(template))} % ({', '.join(slots)},)"


def _segments(shape: Any, *, ordered: bool) -> Iterator[bytes | Slot]:
    """The JSON of `shape`, with its slots in place; `ordered` as `OPT_SORT_KEYS` orders it."""
    if isinstance(shape, Slot):
        yield shape
    elif not has_slots(shape):
        yield orjson.dumps(shape, option=_SORTED if ordered else None)
    elif isinstance(shape, list):
        yield from _enclosed(b"[", ((b"", item) for item in shape), b"]", ordered=ordered)
    else:
        names = sorted(shape) if ordered else shape
        yield from _enclosed(b"{", ((orjson.dumps(name) + b":", shape[name]) for name in names), b"}", ordered=ordered)


def _enclosed(
    before: bytes, items: Iterable[tuple[bytes, Any]], after: bytes, *, ordered: bool
) -> Iterator[bytes | Slot]:
    for name, value in items:
        yield before + name
        yield from _segments(value, ordered=ordered)
        before = b","
    yield after


def _sampled(shape: Any, identifier_key: str) -> Any:
    """`shape` with something in its slots that no rule minds which isn't concerned with them."""
    if isinstance(shape, Slot):
        return _PLACEHOLDERS[identifier_key] if shape.name == "a" else "x"
    if isinstance(shape, Mapping):
        return {name: _sampled(value, identifier_key) for name, value in shape.items()}
    return [_sampled(item, identifier_key) for item in shape] if isinstance(shape, list) else shape
