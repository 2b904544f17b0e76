"""A template's expression as text, in one spelling whatever the white space, quotes and parentheses of the spec."""

from __future__ import annotations

from sendspec.composing.tree_nodes import nodes

SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">=", "in": "in", "notin": "not in"}
_CONSTANTS = {None: "none", True: "true", False: "false"}


def expression_text(node: nodes.Node) -> str:
    """The text of an expression that templates may contain. Expressions of several words are in parentheses where they are a part."""
    match node:
        case nodes.Compare():
            rest = "".join(f" {SIGNS[operand.op]} {_part(operand.expr)}" for operand in node.ops)
            return f"{_part(node.expr)}{rest}"
        case nodes.And() | nodes.Or():
            return f"{_part(node.left)} {'and' if isinstance(node, nodes.And) else 'or'} {_part(node.right)}"
        case nodes.Not(node=nodes.Test() as test):
            return _test(test, "is not")
        case nodes.Not():
            return f"not {_part(node.node)}"
        case nodes.Test():
            return _test(node, "is")
        case nodes.Concat():
            return " ~ ".join(map(_part, node.nodes))
        case nodes.CondExpr():
            otherwise = "" if node.expr2 is None else f" else {_part(node.expr2)}"
            return f"{_part(node.expr1)} if {_part(node.test)}{otherwise}"
        case nodes.Filter():
            return f"{_part(node.node)} | {node.name}{_arguments(node)}"
    return _part(node)


def _part(node: nodes.Node | None) -> str:
    match node:
        case None:
            return ""
        case nodes.Name():
            return node.name
        case nodes.Const():
            return (
                repr(node.value)
                if isinstance(node.value, str | int | float) and not isinstance(node.value, bool)
                else _CONSTANTS[node.value]
            )
        case nodes.Getattr():
            return f"{_part(node.node)}.{node.attr}"
        case nodes.Getitem(arg=nodes.Const(value=str(name))) if name.isidentifier():
            return f"{_part(node.node)}.{name}"
        case nodes.Getitem():
            return f"{_part(node.node)}[{_part(node.arg)}]"
        case nodes.List() | nodes.Tuple():
            return f"[{', '.join(map(_part, node.items))}]"
        case nodes.Filter():
            return expression_text(node)
    return f"({expression_text(node)})"


def _test(node: nodes.Test, verb: str) -> str:
    return f"{_part(node.node)} {verb} {node.name}{_arguments(node)}"


def _arguments(node: nodes.Filter | nodes.Test) -> str:
    written = [*map(_part, node.args), *(f"{each.key}={_part(each.value)}" for each in node.kwargs)]
    return f"({', '.join(written)})" if written else ""
