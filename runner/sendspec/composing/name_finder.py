"""The names that a template uses, found among its tokens."""

from __future__ import annotations

from jinja2 import Environment, nodes

from sendspec.composing.template_name import KEYWORDS, NameUse
from sendspec.composing.template_token import Token, tokens_of


def uses_of(
    tree: nodes.Template, source: str, environment: Environment
) -> tuple[tuple[NameUse, ...], tuple[NameUse, ...]]:
    """The names that the template reads, and the columns it reads as `row["…"]` or `row.…`. Loop variables are excluded."""
    targets = {node.target.name for node in tree.find_all(nodes.For) if isinstance(node.target, nodes.Name)}
    wanted = {node.name for node in tree.find_all(nodes.Name)} - targets
    tokens = tokens_of(source, environment)
    names, columns = [], []
    for index, token in enumerate(tokens):
        if token.kind != "name" or token.text not in wanted or not _is_name(tokens, index):
            continue
        column = _column(tokens, index) if token.text == "row" else None
        if column is not None:
            columns.append(column)
        else:
            names.append(
                NameUse(token.text, token.start, token.start + len(token.text), _is_defaulted(tokens, index + 1))
            )
    return tuple(names), tuple(columns)


def _is_name(tokens: list[Token], index: int) -> bool:
    before = tokens[index - 1].text if index else ""
    after = tokens[index + 1].text if index + 1 < len(tokens) else ""
    is_test = before == "is" or (before == "not" and index > 1 and tokens[index - 2].text == "is")
    return before not in (".", "|") and not is_test and after != "=" and tokens[index].text not in KEYWORDS


def _column(tokens: list[Token], index: int) -> NameUse | None:
    after = [token.text for token in tokens[index + 1 : index + 4]]
    if len(after) >= 2 and after[0] == ".":
        token, length, quote = tokens[index + 2], 2, 0
    elif len(after) == 3 and after[0] == "[" and after[2] == "]" and after[1][:1] in "'\"":
        token, length, quote = tokens[index + 2], 3, 1
    else:
        return None
    start, end = token.start + quote, token.end - quote
    name = token.text[quote : len(token.text) - quote]
    return NameUse(name, start, max(end, start + 1), _is_defaulted(tokens, index + 1 + length))


def _is_defaulted(tokens: list[Token], index: int) -> bool:
    """Whether `| default` comes next, after any `.item` or `[item]`."""
    while index < len(tokens) and tokens[index].text in (".", "["):
        index += 2 if tokens[index].text == "." else 3
    return [token.text for token in tokens[index : index + 2]] == ["|", "default"]
