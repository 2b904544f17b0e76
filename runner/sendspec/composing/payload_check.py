"""Checks a row's payload: its text, the request model, the rules, the spec's limits and the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.compose_settings import ComposeSettings
from sendspec.composing.payload_text import text_path
from sendspec.composing.platforms.sms_segments import Encoding, Measure, forcing, measure
from sendspec.composing.render_budget import RenderBudget
from sendspec.composing.row_problems import RowProblems, RowRejected
from sendspec.composing.rule import Rule
from sendspec.composing.template_tree import origin
from sendspec.diagnostics.redaction import printable
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.schema.validator import Schema
from sendspec.reading.tables.row import Row


class PayloadCheck:
    """Records the problems of a payload that must not go out, and raises `RowRejected`."""

    def __init__(
        self,
        compiled_spec: CompiledSpec,
        settings: ComposeSettings,
        schema: Schema,
        rules: tuple[Rule, ...],
        problems: RowProblems,
    ) -> None:
        self._compiled_spec = compiled_spec
        self._settings = settings
        self._schema = schema
        built = compiled_spec.receiver is None  # from an address that was checked as the spec says
        self._rules = tuple(rule for rule in rules if not (built and rule.depends_on(("receiver",))))
        self._problems = problems

    def check(self, row: Row, context: Any, payload: Mapping[str, Any], text: str | None) -> None:
        """Checks the text, the request model and the rules."""
        if text is not None and not text.strip():
            at = origin(self._compiled_spec.content, context, text_path(payload))
            fix = "write a text, or leave such rows out with `where`"
            self._problems.reject(row, at, "empty-text", "the text is empty", fix)
        found = [] if self._schema.accepts(payload) else self._schema.problems(payload)
        found = found or [problem for rule in self._rules for problem in rule.problems(payload)]
        context.budget = RenderBudget()  # tracing a problem to its origin fills some templates again
        for problem in found:
            self._problems.add_problem(row, self._origin(context, problem.at), problem)
        if found:
            raise RowRejected(("message",))

    def measure(self, row: Row, text: str | None, payload: Mapping[str, Any]) -> Measure | None:
        """The text's size, checked against the limits. None: there is no text, or the platform doesn't measure it."""
        if text is None or payload["body"]["type"] not in self._settings.platform.sms_measured:
            return None
        measured = measure(text)
        limits = self._settings.limits
        at: KeyPath = ("message", "body", "text", "text")
        if limits.encoding == "gsm7" and measured.encoding is not Encoding.GSM7:
            problem = f"the text isn't GSM-7 because of {_forced_by(text)}"
            self._problems.reject(row, at, "limit-encoding", problem, _plainer(text))
        if limits.segments is not None and measured.segments > limits.segments:
            why = f" (UCS-2 because of {_forced_by(text)})" if measured.encoding is Encoding.UCS2 else ""
            problem = f"the text takes {measured.segments} segments{why}; the limit is {limits.segments}"
            self._problems.reject(
                row, at, "limit-segments", problem, "shorten the text, or raise `limits: {segments: …}`"
            )
        return measured

    def check_reference(self, row: Row, reference: object, address: str) -> None:
        """The user's own reference must not contain the address."""
        digits = address.lstrip("+")
        if isinstance(reference, str) and len(digits) > 4 and digits in reference:
            self._problems.reject(
                row,
                ("message", "reference"),
                "reference-holds-number",
                "the reference holds the recipient's address, and references are kept in logs",
                'write "{{ message_id }}", or remove `reference`',
            )

    def _origin(self, context: Any, at: KeyPath) -> KeyPath:
        compiled_spec = self._compiled_spec
        if at[:1] == ("receiver",):
            receiver = compiled_spec.receiver
            return ("message",) if receiver is None else origin(receiver, context, at[1:])
        return origin(compiled_spec.content, context, at)


def _forced_by(text: str) -> str:
    first = forcing(text)[0]
    return f"{printable(first.character)} (U+{ord(first.character):04X})"


def _plainer(text: str) -> str:
    replacements = {f.character: f.replacement for f in forcing(text) if f.replacement is not None}
    if not replacements:
        return "write it with GSM-7 characters, or remove `encoding: gsm7` under limits"
    return "write " + ", ".join(f"'{new}' for '{old}'" for old, new in replacements.items())
