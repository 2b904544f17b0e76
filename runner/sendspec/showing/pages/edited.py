"""What a live page gets for a row that was edited in it: the message that it makes, or why it makes none."""

from __future__ import annotations

from typing import Any, assert_never

from sendspec.operations.edited_message import Edited, EditResult, NotEditable, Rejected, RowLeftOut
from sendspec.operations.preview import SpecPreview
from sendspec.showing.account import skip_words
from sendspec.showing.diagnostics import diagnostics_text
from sendspec.showing.pages.message_view import message_view
from sendspec.showing.pages.page import environment
from sendspec.showing.preview_document import shown_json
from sendspec.showing.terminal_style import PLAIN

OTHER_ROWS = "Whether another row has the same recipient is not looked up here."
EDITED = "These are not the values of the table: they are here alone."


def edited_json(spec: SpecPreview, number: int, found: EditResult, *, is_changed: bool) -> dict[str, Any]:
    """`seen` and `note` are HTML. Without `seen`, the message that was seen before stays, marked as outdated."""
    match found:
        case Edited(message, skip, is_other):
            view = message_view(spec, number, message, 0, {})
            words = [EDITED] if is_changed else []
            words += [f"Nobody would get it: {skip_words(skip.value)}."] if skip is not None else []
            words += [OTHER_ROWS] if is_other else []
            note = _made("edited", words=" ".join(words), errors="")
            return {"seen": _made("seen", view=view), "note": note, "state": view.state, "message": shown_json(message)}
        case Rejected(diagnostics):
            return {"note": _made("edited", errors=diagnostics_text(diagnostics, PLAIN, ending=""), words="")}
        case RowLeftOut():
            return {
                "note": _made("edited", errors="", words="Nobody would get it: the spec’s `where` leaves this row out.")
            }
        case NotEditable(reason):
            return {"problem": f"Not composed: {reason}."}
    assert_never(found)


def _made(template: str, **context: Any) -> str:
    return environment().get_template(f"{template}.html").render(context).strip()
