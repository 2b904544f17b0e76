"""What to write instead of what templates may not hold."""

from __future__ import annotations

from sendspec.composing.filters import FILTERS
from sendspec.composing.operand_text import Operand
from sendspec.composing.tree_nodes import nodes
from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.redaction import quoted

MAX_SHOWN = 60
"""The longest piece of a template that a fix repeats."""
A_COLUMN = "write a column's name"
USUAL_FIX = "use columns, vars, filters and {% if %} only"
_IN_THE_TABLE = "compute it in the table, as a column of its own"
_WRITTEN_OUT = "write the text out here, or put what is shared under `vars`"
_OTHER_DATE = ": the date would change from plan to send"
_NUMBERS = ("length", "int", "float", "abs", "round")
_TIMES = frozenset({"now", "today", "utcnow", "date", "datetime", "time", "timestamp", "strftime"})
_FILTERS_BY_WORD = {
    "capitalise": "capitalize", "count": "length", "currency": "decimals", "d": "default", "downcase": "lower",
    "fallback": "default", "fixed": "decimals", "len": "length", "lowercase": "lower", "number_format": "decimals",
    "size": "length", "str": "string", "strip": "trim", "substr": "truncate", "titlecase": "title",
    "toLowerCase": "lower", "toUpperCase": "upper", "tolower": "lower", "toupper": "upper", "ucfirst": "capitalize",
    "upcase": "upper", "uppercase": "upper",
}  # fmt: skip
"""Our filters, by their names in Python, JavaScript, PHP and Liquid."""
_AS_JSON = "remove it: what a text holds is written into the request as JSON without it"
_NOT_NEEDED = {
    **dict.fromkeys(("tojson", "to_json", "json", "jsonify", "json_encode"), _AS_JSON),
    "e": "remove it: values are escaped in HTML without it, and texts need none",
    "escape": "remove it: values are escaped in HTML without it, and texts need none",
}
_FROM_THE_TABLE = frozenset(
    {"date", "strftime", "format", "split", "format_date", "datetimeformat", "dateformat", "time_ago", "slice", "map"}
)
_ENDS = {"0": "first", "-1": "last"}
_TESTS_BY_WORD = {"null": "undefined", "equalto": "eq"}
_TRUTHS = frozenset({"bool", "boolean", "true", "false"})
_WITH_TEXT = "compare with the text that the cells hold, such as `== 't'`"
_EMPTY, _FILLED = ("empty", "blank"), ("present", "filled")


def filter_fix(name: str) -> tuple[str, bool]:
    """What to do about a filter that doesn't exist, and whether that is to remove it."""
    ours = _FILTERS_BY_WORD.get(name)
    if ours is not None:
        return f"write '{ours}'", False
    if name in _NOT_NEEDED:
        return _NOT_NEEDED[name], True
    if name in _TRUTHS:
        return f"remove it, and {_WITH_TEXT}", True
    if name in _FROM_THE_TABLE:
        return "remove it, and write the value into the table as it should read", True
    return _near_or_all(name, sorted(FILTERS)), False


def test_fix(name: str, names: list[str]) -> str:
    """What to do about a test that doesn't exist."""
    ours = _TESTS_BY_WORD.get(name)
    if name in (*_EMPTY, *_FILLED):
        return "write `is not defined` for an empty cell, or `is defined` for any other"
    if name in _TRUTHS:
        return _WITH_TEXT
    return f"write '{ours}'" if ours is not None else _near_or_all(name, names)


def emptiness_fix(name: str, operand: str, *, is_negated: bool) -> str | None:
    """What to write for `operand is empty`; None for other tests. JSON has empty texts and lists beside missing values."""
    if name not in (*_EMPTY, *_FILLED) or len(operand) > MAX_SHOWN:
        return None
    value = quoted(operand)
    if (name in _EMPTY) == is_negated:
        return f"write `({value} is defined and {value})`"
    return f"write `({value} is not defined or not {value})`"


def _near_or_all(name: str, names: list[str]) -> str:
    near = near_miss(name, names)
    return f"write '{near}'" if near else f"use one of: {', '.join(names)}"


def fix_of(node: nodes.Node) -> str:
    """What to write instead of a node that no template may hold."""
    match node:
        case nodes.Add():
            return f"{_IN_THE_TABLE}; two texts are joined by ~"
        case nodes.BinExpr() | nodes.UnaryExpr():
            return _IN_THE_TABLE
        case nodes.Assign() | nodes.AssignBlock():
            return "put the value under `vars`, or into a column of the table"
        case nodes.Include() | nodes.Import() | nodes.FromImport() | nodes.Extends() | nodes.Block() | nodes.Macro():
            return _WRITTEN_OUT
        case nodes.FilterBlock():
            return "apply the filter to each value: {{ name | upper }}"
        case _:
            return USUAL_FIX


def instead_of_choice(item: nodes.Getitem, found: Operand | None) -> tuple[str, str]:
    """What is wrong with `texts[language]`, which other languages use to choose one of several, and what to write instead."""
    shown = "an item such as `texts[language]`" if found is None else f"`{found.shown}`"
    by = item.arg.name if isinstance(item.arg, nodes.Name) else "…"
    if isinstance(item.node, nodes.Name) and item.node.name == "row":
        problem = f"{shown} takes the column's name from a value, which a message can't do"
        return problem, A_COLUMN if by == "…" else f"write `row['{by}']`, in quotes, for the column '{by}'"
    problem = f"{shown} chooses an item by a value, which a message can't do"
    return problem, f"choose with conditions: {{% if {by} == '…' %}}…{{% elif {by} == '…' %}}…{{% endif %}}"


def filter_for_item(item: str) -> str | None:
    """The filter that `name[0]` or `name.length` means where the name's value is a text."""
    return _ENDS.get(item) or _filter_called(item)


def instead_of_call(call: nodes.Call, found: Operand, *, is_alone: bool) -> tuple[str, str]:
    """What to write instead of `now()`, `len(name)` or `name.upper()`, and why it is refused. `is_alone`: it is the whole text."""
    name = str(getattr(call.node, "attr", None) or getattr(call.node, "name", ""))
    if name == "strftime" and found.operand and found.operand.partition("(")[0].rpartition(".")[2] not in _TIMES:
        return "write the date into the table as people should read it", ": templates can't format dates"
    if name in _TIMES or found.operand in _TIMES:
        return "write the date under `vars`, or into a column of the table", _OTHER_DATE
    if name == "get" and found.operand:
        return _item(call, found.operand), ""
    ours = _filter_called(name)
    given, arguments = (found.operand, found.arguments) if found.operand else (found.arguments, "")
    if ours is None or not given or len(found.text) > MAX_SHOWN:
        return (_IN_THE_TABLE if found.operand else USUAL_FIX), ""
    if not found.operand and not isinstance(call.args[0], nodes.Name):
        return f"use the filter `{ours}` on the value", ""
    in_brackets = f"({arguments})" if arguments else ""
    as_text = " | string" if is_alone and ours in _NUMBERS else ""
    return f"write `{quoted(given)} | {ours}{quoted(in_brackets)}{as_text}`", ""


def _item(call: nodes.Call, owner: str) -> str:
    """What to write instead of `row.get("name", "else")`."""
    names = [arg.value for arg in call.args if isinstance(arg, nodes.Const) and isinstance(arg.value, str)]
    if not names or len(names) != len(call.args) or {'"', "'", "\\"} & set("".join(names)):
        return A_COLUMN
    otherwise = f' | default("{names[1]}")' if len(names) > 1 else ""
    return quoted(f'write `{owner}["{names[0]}"]{otherwise}`')


def instead_of_slice(node: nodes.Slice, found: Operand | None) -> str:
    """What to write instead of `name[:1]`."""
    start, stop, step = (getattr(each, "value", None) for each in (node.start, node.stop, node.step))
    if found is None or len(found.text) > MAX_SHOWN:
        return "add a column that holds this part of the text, and write its name"
    by_hand = f"add a column that holds this part of `{quoted(found.operand)}`, and write its name"
    if step is not None:
        return by_hand
    if start in (None, 0) and stop == 1:
        return f"write `{quoted(found.operand)} | first`"
    if start in (None, 0) and isinstance(stop, int) and stop > 1:
        return f'write `{quoted(found.operand)} | truncate({stop}, true, "")`'
    is_last = isinstance(node.start, nodes.Neg) and getattr(node.start.node, "value", None) == 1 and node.stop is None
    return f"write `{quoted(found.operand)} | last`" if is_last else by_hand


def _filter_called(name: str) -> str | None:
    return name if name in FILTERS else _FILTERS_BY_WORD.get(name)
