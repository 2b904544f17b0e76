"""A spec whose recipients aren't in the repository, as text and as JSON."""

from __future__ import annotations

from typing import Any

from sendspec.composing.message_part import parts_json
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.operations.absent_audience import AbsentAudience, AbsentText
from sendspec.showing.message_part import sample_lines, shown_text
from sendspec.showing.plan_shape import path_words
from sendspec.showing.terminal_style import TerminalStyle

TEXTS_SHOWN = 5


def absent_text(absent: AbsentAudience, style: TerminalStyle, *, full: bool = False) -> str:
    """What nobody can count, and what the messages would say; `full` shows all texts, whole."""
    lines = [style.bold(printable(f"{absent.name} → {absent.channel}")), printable(f"  audience: {absent.why}")]
    shown = absent.texts if full else absent.texts[:TEXTS_SHOWN]
    for text in shown:
        lines.append(f"    {_head(text)}{', new against the base' if absent.is_new(text) else ''}")
        lines += [f"      {line}" for line in sample_lines(text.text, text.parts, full=full)]
        if words := path_words(text.path):
            lines.append(style.dim(f"      {printable(words)}"))
    left = len(absent.texts) - len(shown)
    if left or absent.more:
        lines.append(f"    and {'more' if absent.more else f'{left} more'}{'' if full else ': `--detail`'}")
    gone = absent.gone if full else absent.gone[:TEXTS_SHOWN]
    lines += ["    no longer said:"] if gone else []
    lines += [f"      {shown_text(text, full=full)}" for text in gone]
    if len(gone) < len(absent.gone):
        lines.append(f"    and {len(absent.gone) - len(gone)} more: `--detail`")
    return "\n".join(lines)


def _head(text: AbsentText) -> str:
    where = f"from {text.source.value}"
    if text.measure is None:
        return where
    return f"{where}, {counted(text.measure.segments, 'segment')} {text.measure.encoding.value}"


def absent_json(absent: AbsentAudience) -> dict[str, Any]:
    return {
        "name": absent.name,
        "path": absent.path,
        "channel": absent.channel,
        "file": absent.file,
        "audience": absent.why,
        "texts": [_text_json(text) for text in absent.texts],
        "more": absent.more,
        **({} if absent.before is None else {"before": list(absent.before)}),
    }


def _text_json(text: AbsentText) -> dict[str, Any]:
    branches = [
        {"at": each.at, "condition": each.condition, "outcome": each.outcome.value} for each in text.path.branches
    ]
    size = {} if text.measure is None else {"segments": text.measure.segments, "encoding": text.measure.encoding.value}
    return {"text": text.text, "from": text.source.value, "branches": branches, **size, **parts_json(text.parts)}
