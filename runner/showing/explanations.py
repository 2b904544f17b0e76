"""What each error code means, with an example: `sendspec explain` and the documentation show these."""

from __future__ import annotations

from runner.showing.explained import files, ledger, messages, project, recipients, templates
from runner.showing.explained.entry import Explanation
from runner.showing.ink import Ink

__all__ = ["EXPLANATIONS", "Explanation", "explanation_text"]

EXPLANATIONS: dict[str, Explanation] = {
    **files.EXPLAINED,
    **templates.EXPLAINED,
    **recipients.EXPLAINED,
    **messages.EXPLAINED,
    **project.EXPLAINED,
    **ledger.EXPLAINED,
}


def explanation_text(code: str, ink: Ink) -> str:
    """The explanation of a known code, for a terminal."""
    explanation = EXPLANATIONS[code]
    lines = [f"{ink.bold(code)}: {explanation.summary}", "", explanation.text]
    for title, example in (("wrong", explanation.wrong), ("right", explanation.right)):
        if example:
            lines += ["", f"{ink.cyan(title)}:", *(f"    {line}" for line in example.splitlines())]
    return "\n".join(lines) + "\n"
