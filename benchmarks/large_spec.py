"""Specs as large as they may be: rows written in the spec itself, and forms that are hard to read and mean nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from benchmarks.bench import Bench
from benchmarks.figure import Figure, Findings, at_most
from benchmarks.material import SPEC, TEXT
from benchmarks.measure import Usage, in_turn, measured, spread

MAX_BYTES = 1_000_000
MAX_TOKENS = 84_000
"""Of a YAML text (`reading/documents/yaml_token.py`). The benchmark fails if a spec with one row more isn't refused."""
KEYS = 74
COLUMNS = ("first_name", "order_id", "day", *(f"k{number}" for number in range(4, KEYS)))
HEAD = SPEC.partition("recipients:")[0] + "recipients:\n"
BODY = f'message:\n  body: {{type: text, text: {{text: "{TEXT}"}}}}\n'
OTHER_TOKENS = 60
"""More than `HEAD` and `BODY` have, and fewer than they have with a row."""
NOTE = "leave it with the neighbours or at the door of the shop, then ring twice "

Pairs = Iterable[tuple[str, str]]


def at_the_cap(bench: Bench) -> Findings:
    """N7: CPU from the start of `validate` to its verdict."""
    forms = {**largest(bench), **hostile()}
    runs = {}
    for name, text in forms.items():
        path = bench.project.folder / f"large-{name}.yaml"
        path.write_text(text, encoding="utf-8")
        if not 0 < MAX_BYTES - path.stat().st_size < MAX_BYTES // 10:
            raise ValueError(f"the spec '{name}' has {path.stat().st_size} bytes")
        runs[name] = partial(_validate, bench, path.name, 1 if name in hostile() else 0)
    found = in_turn(runs, bench.few_rounds)
    hardest = max(hostile(), key=lambda name: spread([usage.cpu for usage in found[name]]).middle)
    cpu = {name: spread([usage.cpu for usage in usages]) for name, usages in found.items()}
    peak = max(usage.memory for usages in found.values() for usage in usages) / 2**20
    return Findings(
        [
            *(
                Figure(name="N7", what=f"CPU of `validate`, a spec of 1 MB with as many keys as it may have: {form}", found=cpu[form], unit="s", reach=at_most(0.5))
                for form in FORMS
            ),
            Figure(name="N7", what=f"CPU of `validate`, the hardest of {len(hostile())} hostile megabytes: {hardest}", found=cpu[hardest], unit="s", reach=at_most(1)),
            Figure(name="N7", what="peak memory of all of them", found=spread([peak]), unit="MB", reach=at_most(300)),
        ]
    )  # fmt: skip


def _validate(bench: Bench, spec: str, expect: int, *options: str) -> Usage:
    return measured([bench.sendspec, "validate", spec, *options], bench.project.folder, expect=expect)


def _in_braces(pairs: Pairs) -> str:
    return "  - {" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}\n"


def _by_line(pairs: Pairs) -> str:
    return "  - " + "    ".join(f"{key}: {value}\n" for key, value in pairs)


FORMS: Mapping[str, tuple[Callable[[Pairs], str], int]] = {
    f"rows of {KEYS} keys in braces": (_in_braces, 5 * KEYS + 2),
    f"rows of {KEYS} keys, one a line": (_by_line, 4 * KEYS + 3),
}
"""How a row is written, and its tokens."""


def largest(bench: Bench) -> Mapping[str, str]:
    """Specs with as many rows as they may have, and values so long that they have 1 MB. Raises where a row more is allowed."""
    specs = {}
    for name, (form, tokens) in FORMS.items():
        rows = (MAX_TOKENS - OTHER_TOKENS) // tokens
        too_large = bench.project.folder / "too-large.yaml"
        too_large.write_text(_with_rows(form, rows + 1), encoding="utf-8")
        if "too-many-values" not in _validate(bench, too_large.name, 1, "--format", "json").out:
            raise ValueError(f"a spec may have more than {rows} {name}")
        specs[name] = _with_rows(form, rows)
    return specs


def _with_rows(form: Callable[[Pairs], str], rows: int) -> str:
    bare = len(_spec(form, rows, 0))
    return _spec(form, rows, (MAX_BYTES - bare) // (rows * len(COLUMNS)))


def _spec(form: Callable[[Pairs], str], rows: int, more: int) -> str:
    """`more` is by how many characters each value is longer than its least."""
    note = (NOTE * (more // len(NOTE) + 1))[: more - 1] + "." if more else ""
    written = (
        form([("phone", f'"+316{10_000_000 + row}"'), *((column, f"v{row:03}{note}") for column in COLUMNS)])
        for row in range(rows)
    )
    return f"{HEAD}{''.join(written)}{BODY}"


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
