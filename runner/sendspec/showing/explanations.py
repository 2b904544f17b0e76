"""What each error code means, with an example, as `sendspec explain` and the documentation show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sendspec.showing.explained import command, files, ledger, messages, project, recipients, templates, untrusted
from sendspec.showing.explained.entry import Explanation
from sendspec.showing.page_text import prose
from sendspec.showing.terminal_style import TerminalStyle

__all__ = ["EXPLANATIONS", "Explanation", "explanation_text", "explanations_document"]

EXPLANATIONS: dict[str, Explanation] = {
    **files.EXPLAINED,
    **templates.EXPLAINED,
    **recipients.EXPLAINED,
    **messages.EXPLAINED,
    **project.EXPLAINED,
    **ledger.EXPLAINED,
    **untrusted.EXPLAINED,
    **command.EXPLAINED,
}


def explanation_text(code: str, style: TerminalStyle) -> str:
    """The explanation of a known code, for a terminal."""
    explanation = EXPLANATIONS[code]
    first, *more = _paragraph(f"{code}: {explanation.summary}", style)
    lines = [first.replace(code, style.bold(code), 1), *more]
    if explanation.text:
        lines += ["", *_paragraph(explanation.text, style)]
    for title, example in (("wrong", explanation.wrong), ("right", explanation.right)):
        if example:
            lines += ["", f"{style.cyan(title)}:", *(f"    {line}" for line in example.splitlines())]
    return "\n".join(lines) + "\n"


def _paragraph(text: str, style: TerminalStyle) -> list[str]:
    return [text] if style.columns is None else prose(text, style.width)


def explanations_document(codes: Sequence[str]) -> dict[str, Any]:
    """The `sendspec.explain/1` document about known codes."""
    return {"schema": "sendspec.explain/1", "codes": [{"code": code, **asdict(EXPLANATIONS[code])} for code in codes]}
