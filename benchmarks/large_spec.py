"""Specs as large as they may be: rows written in the spec itself, and forms that are hard to read and mean nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from benchmarks.bench import Bench
from benchmarks.figure import Figure, Findings, at_most
from benchmarks.material import SPEC, TEXT
from benchmarks.measure import Usage, in_turn, measured, spread

MAX_BYTES = 1_000_000
KEYS = 74
"""Keys of a row: with short names and values, a row of 1 kB."""
HEAD = SPEC.partition("recipients:")[0]
BODY = f'message:\n  body: {{type: text, text: {{text: "{TEXT}"}}}}\n'


def at_the_cap(bench: Bench) -> Findings:
    """N7: CPU from the start of `validate` to its verdict."""
    forms = {"rows": _with_rows(), **hostile()}
    runs = {}
    for name, text in forms.items():
        path = bench.project.folder / f"large-{name}.yaml"
        path.write_text(text, encoding="utf-8")
        if not 0 < MAX_BYTES - path.stat().st_size < MAX_BYTES // 10:
            raise ValueError(f"the spec '{name}' has {path.stat().st_size} bytes")
        runs[name] = partial(_validate, bench, path.name, 0 if name == "rows" else 1)
    found = in_turn(runs, bench.few_rounds)
    hardest = max(hostile(), key=lambda name: spread([usage.cpu for usage in found[name]]).middle)
    cpu = {name: spread([usage.cpu for usage in usages]) for name, usages in found.items()}
    peak = max(usage.memory for usages in found.values() for usage in usages) / 2**20
    return Findings(
        [
            Figure(name="N7", what=f"CPU of `validate`, a spec of 1 MB: rows of {KEYS} keys", found=cpu["rows"], unit="s", reach=at_most(0.5)),
            Figure(name="N7", what=f"CPU of `validate`, the hardest of {len(forms) - 1} hostile megabytes: {hardest}", found=cpu[hardest], unit="s", reach=at_most(1)),
            Figure(name="N7", what="peak memory of all of them", found=spread([peak]), unit="MB", reach=at_most(300)),
        ]
    )  # fmt: skip


def _validate(bench: Bench, spec: str, expect: int) -> Usage:
    return measured([bench.sendspec, "validate", spec], bench.project.folder, expect=expect)


def _with_rows() -> str:
    columns = ["first_name", "order_id", "day", *(f"k{number}" for number in range(4, KEYS))]
    rows: list[str] = []
    size = len(HEAD) + len(BODY) + 100
    while size < MAX_BYTES:
        values = ", ".join(f"{column}: v{len(rows)}" for column in columns)
        row = f'  - {{phone: "+316{10_000_000 + len(rows)}", {values}}}\n'
        size += len(row)
        rows.append(row)
    return f"{HEAD}recipients:\n{''.join(rows[:-1])}{BODY}"


def hostile() -> Mapping[str, str]:
    """By what they repeat. None of them is a spec."""

    def filled(part: str, end: str = "") -> str:
        return part * ((MAX_BYTES - 10 - len(end)) // len(part.encode())) + end

    def counted(form: str) -> str:
        number, parts, size = 0, [], 0
        while size < MAX_BYTES - 100:
            parts.append(form.format(number))
            size += len(parts[-1])
            number += 1
        return "".join(parts)

    return {
        "question marks": filled("? "),
        "dashes": filled("- "),
        "open brackets": filled("["),
        "open braces": filled("{"),
        "nested keys": "a: " * ((MAX_BYTES - 10) // 3),
        "a flow list": "[" + filled("a,", "]"),
        "a flow mapping": "{" + filled("a,", "}"),
        "short keys": counted("k{}:\n"),
        "short keys of a flow mapping": "{" + counted("k{}: 1,") + "}",
        "short entries": filled("- a\n"),
        "anchors": counted("- &a{} x\n"),
        "aliases": "- &a x\n" + filled("- *a\n")[:-100],
        "tags": filled("- !a x\n"),
        "comments": filled("# a\n"),
        "blank lines": filled("\n"),
        "quotes": filled('- ""\n'),
        "one long text": "a: " + filled("x"),
        "one long quoted text": 'a: "' + filled("x", '"'),
        "escapes": 'a: "' + filled("\\x41", '"'),
        "folded lines": "a:\n" + filled(" b\n"),
        "a literal block": "a: |\n" + filled(" b\n"),
        "directives": filled("%A\n", "---\n"),
        "documents": filled("---\n"),
        "tabs": filled("\t"),
        "colons": filled(":"),
        "emoji": "a: " + filled("😀"),
    }
