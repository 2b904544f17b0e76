"""The canonical form of a spec's templates, which tells a change of meaning from a change of spelling."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from sendspec.composing.known_names import BUILT_IN
from sendspec.composing.parsed_template import parsed
from sendspec.composing.plain_template import PlainPart, plain_parts
from sendspec.composing.platforms.platform import Platform
from sendspec.composing.tree_nodes import nodes
from sendspec.reading.documents.number_spelling import MinusZero, SpelledFloat
from sendspec.reading.spec import Spec

TEXT_DIGEST_DIGITS = 16
_KEY_IS_ADDRESS = ["address"]
"""The key of a spec that writes none."""


def key_tree(spec: Spec) -> str:
    """The canonical text of `recipients.key`. Constants under `vars` count by their value."""
    return _written(_KEY_IS_ADDRESS if spec.key is None else _Reader(spec.variables).tree(spec.key))


def to_tree(spec: Spec, platform: Platform) -> str:
    """The canonical text of the address's source: `recipients.to` and `country`, or the message's own receiver."""
    reader = _Reader(spec.variables)
    if spec.to is None and "receiver" in spec.message:
        return _written(["receiver", reader.structure(spec.message["receiver"]), spec.country])
    to = "{{ " + platform.address_kind.default_column + " }}" if spec.to is None else spec.to
    return _written(["to", reader.tree(to), spec.country])


def text_digest(spec: Spec) -> str:
    """16 hex digits over the parsed `message`, `vars` and `to`. No recipient's data is part of it."""
    reader = _Reader({})
    digested = {
        "message": reader.structure(spec.message),
        "vars": reader.structure(spec.variables, templates=False),
        "to": None if spec.to is None else reader.tree(spec.to),
    }
    return sha256(_written(digested).encode()).hexdigest()[:TEXT_DIGEST_DIGITS]


def _written(tree: object) -> str:
    return json.dumps(tree, ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=str)


class _Reader:
    """Turns templates into lists of plain values, without white space, quotes, parentheses or the spelling `a.b` of `a["b"]`."""

    def __init__(self, constants: Mapping[str, object]) -> None:
        """`constants` are values by name; a template that uses such a name has the value in its tree."""
        self._constants = constants

    def structure(self, value: object, *, templates: bool = True) -> Any:
        """A part of a spec, with a tree for each string. With `templates` False, strings are plain text."""
        if isinstance(value, str):
            return self.tree(value) if templates else ["text", value]
        if isinstance(value, Mapping):
            return {name: self.structure(child, templates=templates) for name, child in value.items()}
        if isinstance(value, list | tuple):
            return ["items", *(self.structure(child, templates=templates) for child in value)]
        return _with_spelling(value)

    def tree(self, source: str) -> list[Any]:
        """The tree of one template, which must compile."""
        if "{" not in source:
            return ["text", source]
        parts = plain_parts(source)
        return [
            "template",
            *(self._body(parsed(source).body, frozenset()) if parts is None else map(self._plain, parts)),
        ]

    def _plain(self, part: PlainPart) -> list[Any]:
        """What `_of` makes of the same part."""
        if isinstance(part, str):
            return ["text", part]
        name = self._name(part.name.name, frozenset())
        return ["filter", part.filter, name, [], []] if part.filter else name

    def _body(self, body: Sequence[nodes.Node], loops: frozenset[str]) -> list[Any]:
        parts: list[Any] = []
        for node in body:
            for each in node.nodes if isinstance(node, nodes.Output) else (node,):
                part = self._of(each, loops)
                if part[0] == "text" and parts and parts[-1][0] == "text":
                    parts[-1] = ["text", parts[-1][1] + part[1]]
                else:
                    parts.append(part)
        return parts

    def _of(self, node: nodes.Node | None, loops: frozenset[str]) -> list[Any]:  # long: one case for each kind of node
        """`loops` are the variables of the loops around the node."""

        def of(child: nodes.Node | None) -> list[Any]:
            return self._of(child, loops)

        match node:
            case None:
                return ["nothing"]
            case nodes.TemplateData():
                return ["text", node.data]
            case nodes.Const():
                return ["constant", node.value]
            case nodes.Name():
                return self._name(node.name, loops)
            case nodes.Getitem() | nodes.Getattr():
                return self._item(node, loops)
            case nodes.Filter():
                named = sorted((each.key, of(each.value)) for each in node.kwargs)
                return ["filter", node.name, of(node.node), [of(each) for each in node.args], named]
            case nodes.Test():
                return ["test", node.name, of(node.node), [of(each) for each in node.args]]
            case nodes.Compare():
                return ["compare", of(node.expr), *([operand.op, of(operand.expr)] for operand in node.ops)]
            case nodes.And() | nodes.Or():
                return _flattened(type(node).__name__.lower(), [of(node.left), of(node.right)])
            case nodes.Not():
                return ["not", of(node.node)]
            case nodes.Concat():
                return _flattened("concat", [of(each) for each in node.nodes])
            case nodes.List() | nodes.Tuple():
                return ["list", *map(of, node.items)]
            case nodes.CondExpr():
                return ["choice", of(node.test), of(node.expr1), of(node.expr2)]
            case nodes.If():
                others = [[of(each.test), self._body(each.body, loops)] for each in node.elif_]
                return ["if", of(node.test), self._body(node.body, loops), others, self._body(node.else_, loops)]
            case nodes.For(target=nodes.Name(name=name)):
                inner = loops | {name}
                return ["for", name, of(node.iter), self._body(node.body, inner), self._body(node.else_, loops)]
        raise AssertionError(f"a template that compiled holds {type(node).__name__}")

    def _name(self, name: str, loops: frozenset[str]) -> list[Any]:
        if name in self._constants and name not in loops:
            return ["constant", _with_spelling(self._constants[name])]
        return ["name", name]

    def _item(self, node: nodes.Getitem | nodes.Getattr, loops: frozenset[str]) -> list[Any]:
        if isinstance(node, nodes.Getattr):
            item: object = node.attr
        else:
            assert isinstance(node.arg, nodes.Const)
            item = node.arg.value
        is_column = isinstance(node.node, nodes.Name) and node.node.name == "row" and isinstance(item, str)
        if is_column and item not in loops | BUILT_IN | set(self._constants):
            return ["name", item]
        return ["item", self._of(node.node, loops), item]


def _with_spelling(value: object) -> object:
    """A number spelled otherwise than Python would spell it keeps its spelling: it renders as another text."""
    if isinstance(value, MinusZero) or (isinstance(value, SpelledFloat) and str(value) != repr(float(value))):
        return ["number", str(value)]
    return value


def _flattened(word: str, parts: Sequence[list[Any]]) -> list[Any]:
    """The operands of an associative operator, without the nesting that parentheses make."""
    return [word, *(inner for part in parts for inner in (part[1:] if part[0] == word else [part]))]
