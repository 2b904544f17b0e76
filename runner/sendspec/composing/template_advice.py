"""What to write instead of what templates may not hold."""

from __future__ import annotations

from jinja2 import nodes

from sendspec.composing.filters import FILTERS
from sendspec.diagnostics.near_miss import near_miss

USUAL_FIX = "use columns, vars, filters and {% if %} only"
_IN_THE_TABLE = "compute it in the table, as a column of its own"
_WRITTEN_OUT = "write the text out here, or put what is shared under `vars`"
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
_TESTS_BY_WORD = {"empty": "not", "blank": "not", "null": "none", "equalto": "eq", "present": "defined"}


def filter_fix(name: str) -> str:
    """What to do about a filter that doesn't exist."""
    ours = _FILTERS_BY_WORD.get(name)
    if ours is not None:
        return f"write '{ours}'"
    if name in _NOT_NEEDED:
        return _NOT_NEEDED[name]
    if name in _FROM_THE_TABLE:
        return f"write the value into the table as it should read: filters are {', '.join(sorted(FILTERS))}"
    return _near_or_all(name, sorted(FILTERS))


def test_fix(name: str, names: list[str]) -> str:
    """What to do about a test that doesn't exist."""
    ours = _TESTS_BY_WORD.get(name)
    if ours == "not":
        return "write `not x`, which is true for an empty cell, or `x`, which is true for any other"
    return f"write '{ours}'" if ours is not None else _near_or_all(name, names)


def _near_or_all(name: str, names: list[str]) -> str:
    near = near_miss(name, names)
    return f"write '{near}'" if near else f"use one of: {', '.join(names)}"


def fix_of(node: nodes.Node) -> str:
    """What to write instead of a node that no template may hold."""
    match node:
        case nodes.Call():
            return _instead_of_call(node)
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
        case nodes.Getitem():
            return _instead_of_choice(node)
        case nodes.Slice():
            return "cut the text in the table, or with `truncate`, `first` or `last`"
        case _:
            return USUAL_FIX


def _instead_of_choice(item: nodes.Getitem) -> str:
    """`texts[language]`, which other languages use to choose one of several."""
    if isinstance(item.node, nodes.Name) and item.node.name == "row":
        return 'name the column: row["…"]'
    by = item.arg.name if isinstance(item.arg, nodes.Name) else "…"
    return f"choose with conditions: {{% if {by} == '…' %}}…{{% elif {by} == '…' %}}…{{% endif %}}"


def filter_for_item(item: str) -> str | None:
    """The filter that `name[0]` or `name.length` means where the name's value is a text."""
    return _ENDS.get(item) or _filter_called(item)


def _instead_of_call(call: nodes.Call) -> str:
    """`now()`, `len(name)` and `name.upper()`."""
    called = call.node
    if isinstance(called, nodes.Getattr):
        owner = called.node.name if isinstance(called.node, nodes.Name) else "…"
        if owner in _TIMES:
            return _no_clock()
        if called.attr == "get":
            return f'write `{owner}["…"] | default(…)`'
        ours = _filter_called(called.attr)
        return f"write `{owner} | {_with_arguments(ours, call)}`" if ours else _IN_THE_TABLE
    name = called.name if isinstance(called, nodes.Name) else ""
    if name in _TIMES:
        return _no_clock()
    ours = _filter_called(name)
    given = call.args[0].name if call.args and isinstance(call.args[0], nodes.Name) else "…"
    return f"write `{given} | {ours}`" if ours else USUAL_FIX


def _no_clock() -> str:
    return (
        "write the date into the table or under `vars`; when it is sent is up to `scheduledFor`, "
        "and until when up to `validity`"
    )


def _filter_called(name: str) -> str | None:
    return name if name in FILTERS else _FILTERS_BY_WORD.get(name)


def _with_arguments(name: str, call: nodes.Call) -> str:
    return f"{name}(…)" if call.args else name
