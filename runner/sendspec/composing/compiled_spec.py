"""A compiled spec: its templates, checked against the known names and ready to be filled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sendspec.composing.compared_cell import cells_are_text, cells_compared_with_others
from sendspec.composing.first_rows import FirstRows
from sendspec.composing.fixed_recipient import constant_recipients, fixed_recipient
from sendspec.composing.known_names import KnownNames, check_clashes, check_names
from sendspec.composing.lookalike import lookalikes, unfilled_constants
from sendspec.composing.payload_text import LANGUAGE_AT
from sendspec.composing.plain_template import PlainContext
from sendspec.composing.platforms.address_kind import EMAIL_ADDRESS
from sendspec.composing.platforms.platform import Platform
from sendspec.composing.printed_condition import printed_conditions
from sendspec.composing.render_budget import RenderBudget
from sendspec.composing.rounded_number import rounded_numbers
from sendspec.composing.shown_code import with_requoted_code
from sendspec.composing.template_problem import TemplateProblem
from sendspec.composing.template_tree import Branch, Constant, Node, Placeholder, build_tree, numbered, placeholders_of
from sendspec.composing.unlikely_content import unlikely_contents
from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask_in_place, printable
from sendspec.reading.contacts.phone_check import PhoneCheck
from sendspec.reading.documents.document import KeyPath, walk
from sendspec.reading.spec import NoRecipients, Spec
from sendspec.reading.tables.row import Row
from sendspec.reading.where_text import WHERE, is_expression

MAX_TEMPLATES = 500
MAX_CHARACTERS = 50_000
MAX_LISTED = 50
"""The most columns that a problem lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledSpec:
    """A spec's compiled templates.

    `receiver` is the spec's own `message.receiver`; None if it is built from the address. `content` is the rest of the message.
    `to` is None if only `receiver` names the recipient, `key` is None if the address is the key. `address_column` is the only
    column that `to` uses; None if it uses several or none. `width` is the number of bits of the content's alternatives; with
    `chooses_language`, a template writes the language of `message.template`.
    Without `warns_of_landlines`, a landline is as good as any other number. With `is_plain`, no template needs Jinja.
    """

    spec: Spec
    where: bool | Node
    to: Node | None
    key: Node | None
    receiver: Node | None
    content: Branch | Constant
    identifier_key: str
    normalise: Callable[[str], str | Problem]
    address_column: str | None
    warns_of_landlines: bool
    width: int = 0
    chooses_language: bool = False
    is_plain: bool = False

    @property
    def own_reference(self) -> bool:
        return "reference" in self.spec.message

    @property
    def key_column(self) -> str | None:
        """The only column that the key comes from; None if it uses several, or none."""
        return self.address_column if self.key is None else _single_column(self.key)

    @property
    def folds_case(self) -> bool:
        """Whether recipients are told apart by an e-mail address, whose capitals make nobody else of them."""
        is_address = self.key is None or (self.key_column is not None and self.key_column == self.address_column)
        return is_address and self.identifier_key == EMAIL_ADDRESS.identifier_key

    @property
    def placeholders(self) -> Iterator[Placeholder]:
        """Every template of the spec."""
        parts = (self.where, self.to, self.key, self.receiver, self.content)
        return (
            each for part in parts if part is not None and not isinstance(part, bool) for each in placeholders_of(part)
        )

    def context(
        self, values: Mapping[str, object], row: Mapping[str, object], budget: RenderBudget | None = None
    ) -> Any:
        """What the templates of one message share. `budget` is as in `message_context`."""
        if self.is_plain:
            return PlainContext(values, row, budget)
        from sendspec.composing.message_context import message_context  # imports Jinja

        return message_context(values, row, budget)

    def fixed_recipient(self, columns: Sequence[str]) -> Diagnostic | None:
        """Why rows with different messages have one recipient, if the spec is the reason."""
        return fixed_recipient(self.spec, self.to, self.key, self.receiver, columns)

    def receiver_of(self, address: object) -> dict[str, Any]:
        return {"contacts": [{"identifierKey": self.identifier_key, "identifierValue": address}]}


def compile_spec(
    spec: Spec, columns: tuple[str, ...] | None, platform: Platform, problems: Problems, rows: Iterable[Row] = ()
) -> CompiledSpec | None:
    """Compiles `spec`; None if it has errors, which are added to `problems`.

    `rows` are read only to find a column that the spec doesn't name, or a value that its `where` does. `columns` is None if the recipients' table has neither a header nor rows: then any name could be a column.
    """
    if not _compilable(spec, problems):
        return None
    first_rows = FirstRows(rows)
    faults: list[tuple[KeyPath, TemplateProblem]] = []
    compiled = _compiled(spec, platform, faults)
    known = KnownNames(columns or (), tuple(spec.variables))
    for at, problem in faults:
        problems.add(_in_words_of_the_table(spec, at, problem, known, first_rows, platform))
    for diagnostic in _doubts(compiled, known, first_rows, platform):
        problems.add(diagnostic)
    if columns is not None:
        _check(compiled, known, platform, first_rows, problems)
    return None if problems.has_errors else compiled


def _in_words_of_the_table(
    spec: Spec, at: KeyPath, problem: TemplateProblem, known: KnownNames, rows: FirstRows, platform: Platform
) -> Diagnostic:
    """A template's problem, with what the table's columns and values say of it."""
    # needed only after a mistake
    from sendspec.composing.column_advice import about_column
    from sendspec.composing.where_advice import about_condition

    document = spec.document
    found = about_column(
        problem, document.value(at), known, cells_are_text=cells_are_text(spec), is_condition=at == WHERE
    )
    condition = about_condition(found, spec.where, known, rows) if at == WHERE else found
    if condition is not found:  # written out whole, in quotes of its own
        return document.place(at, condition)
    address = platform.address_kind.default_column
    if at == ("recipients", "to") and found.fix.startswith("add the column") and address in known.columns:
        found = replace(found, fix=f"write `{address}`, the column that addresses are usually in")
    fix = with_requoted_code(found.fix, document.written(at))
    return document.place(at, replace(found, fix=fix), within=(found.start, found.end))


def _doubts(compiled: CompiledSpec, known: KnownNames, rows: FirstRows, platform: Platform) -> Iterator[Diagnostic]:
    """What Jinja or the API reads otherwise than its author, or not at all."""
    spec = compiled.spec
    yield from _trusted_html(compiled)
    if isinstance(spec.where, str):
        from sendspec.composing.where_advice import text_for_condition  # few specs have a condition

        text = text_for_condition(spec, known, rows)
        if text is not None:
            yield text
    used = {use.name for each in placeholders_of(compiled.content) for use in each.template.names}
    yield from lookalikes(spec, known)
    yield from unfilled_constants(spec, used, known)
    yield from cells_compared_with_others(spec, known, rows)
    yield from printed_conditions(spec)
    yield from rounded_numbers(spec, compiled.content)
    is_mail = compiled.identifier_key == EMAIL_ADDRESS.identifier_key
    yield from unlikely_contents(spec, compiled.content, rows, is_mail=is_mail, is_measured=bool(platform.sms_measured))


def compile_recipients(spec: Spec, columns: tuple[str, ...] | None, platform: Platform) -> CompiledSpec | None:
    """`spec` with an empty message, to read recipients only; None if these can't be read from rows with `columns` either."""
    message = {"receiver": spec.message["receiver"]} if "receiver" in spec.message else {}
    return compile_spec(replace(spec, message=message), columns, platform, Problems())


def _compiled(spec: Spec, platform: Platform, problems: list[tuple[KeyPath, TemplateProblem]]) -> CompiledSpec:
    message = dict(spec.message)
    own_receiver = message.pop("receiver", None)
    receiver = None if own_receiver is None else build_tree(own_receiver, ("message", "receiver"), problems)
    content, width = numbered(build_tree(message, ("message",), problems))
    assert not isinstance(content, Placeholder)
    to = _address(spec, platform, has_receiver=receiver is not None, problems=problems)
    compiled = CompiledSpec(
        spec=spec,
        to=to,
        key=None if spec.key is None else build_tree(spec.key, ("recipients", "key"), problems),
        where=_condition(spec, problems),
        receiver=receiver,
        content=content,
        identifier_key=platform.address_kind.identifier_key,
        normalise=platform.address_kind.normaliser_for(spec.country, spec.check),
        warns_of_landlines=platform.warns_of_landlines and spec.check is not PhoneCheck.NONE,
        address_column=_single_column(to),
        width=width,
        chooses_language=any(each.at == ("message", *LANGUAGE_AT) for each in placeholders_of(content)),
    )
    return replace(compiled, is_plain=all(each.template.is_plain for each in compiled.placeholders))


def _condition(spec: Spec, problems: list[tuple[KeyPath, TemplateProblem]]) -> bool | Node:
    """`where`; true for a text, which is an error of its own."""
    if isinstance(spec.where, bool) or not is_expression(spec.where):
        return spec.where is not False
    return build_tree(spec.where, WHERE, problems)


def _compilable(spec: Spec, problems: Problems) -> bool:
    """Whether all templates together are few and short enough: compiling takes up to 25 µs a character."""
    characters = 0
    templates = ((at, text) for at, text in walk(spec.message, ("message",)) if isinstance(text, str) and "{" in text)
    for count, (at, text) in enumerate(templates, 1):
        characters += len(text)
        if count > MAX_TEMPLATES or characters > MAX_CHARACTERS:
            problem = f"the message has more than {MAX_TEMPLATES} templates, or {MAX_CHARACTERS:,} characters of them"
            fix = "simplify it; a text without { may be longer"
            problems.add(
                spec.document.diagnostic(
                    at, code="template-too-complex", problem=problem, fix=fix, within=(0, len(text))
                )
            )
            return False
    return True


def _trusted_html(compiled: CompiledSpec) -> Iterator[Diagnostic]:
    """A warning of each value that goes into HTML unescaped."""
    for placeholder in placeholders_of(compiled.content):
        if placeholder.template.trust is not None:
            yield compiled.spec.document.diagnostic(
                placeholder.at,
                code="trusted-html",
                problem="the value before `safe` is put into the HTML without escaping, tags and scripts included",
                fix="keep `safe` for HTML of your own, and remove it from what others can write",
                within=placeholder.template.trust,
                severity=Severity.WARNING,
            )


def _address(
    spec: Spec, platform: Platform, *, has_receiver: bool, problems: list[tuple[KeyPath, TemplateProblem]]
) -> Node | None:
    if spec.to is not None:
        return build_tree(spec.to, ("recipients", "to"), problems)
    if has_receiver:
        return None
    return build_tree("{{ " + platform.address_kind.default_column + " }}", ("recipients",), problems)


def _check(compiled: CompiledSpec, known: KnownNames, platform: Platform, rows: FirstRows, problems: Problems) -> None:
    """Checks the names that every template uses, and the reference. `rows` are looked at if the address has no column."""
    spec, document, columns = compiled.spec, compiled.spec.document, known.listed_columns
    for diagnostic in constant_recipients(
        spec, compiled.to, compiled.key, known, compiled.normalise, platform.address_kind.default_column
    ):
        problems.add(diagnostic)
    check_clashes(known, document, problems)
    early = [node for node in (compiled.to, compiled.key, compiled.receiver) if node is not None]
    if not isinstance(compiled.where, bool):
        early.append(compiled.where)
    missing = platform.address_kind.default_column
    needs_default = spec.to is None and "receiver" not in spec.message
    if needs_default and missing not in columns and missing not in spec.variables:
        _missing_column(compiled, missing, columns, rows, problems)
        early = [node for node in early if not (isinstance(node, Placeholder) and node.at == ("recipients",))]
    for node in early:
        for placeholder in placeholders_of(node):
            check_names(placeholder.template, placeholder.at, known, document, problems, early=True)
    for placeholder in placeholders_of(compiled.content):
        check_names(placeholder.template, placeholder.at, known, document, problems)
    _check_reference(spec, compiled.content, problems)


def _missing_column(
    compiled: CompiledSpec, missing: str, columns: tuple[str, ...], rows: FirstRows, problems: Problems
) -> None:
    more = f" and {len(columns) - MAX_LISTED} more" if len(columns) > MAX_LISTED else ""
    found = mask_in_place(printable(", ".join(columns[:MAX_LISTED]) + more)) or "none"
    spec = compiled.spec
    if isinstance(spec.recipients, NoRecipients):
        return
    from sendspec.composing.address_column import address_column, to_fix  # needed only after a mistake

    problems.add(
        spec.document.diagnostic(
            ("recipients",),
            code="missing-column",
            problem=f"the recipients have no column '{missing}'; columns found are: {found}",
            fix=to_fix(missing, address_column(missing, columns, rows, compiled.normalise)),
            key=True,
        )
    )


def _check_reference(spec: Spec, content: Node, problems: Problems) -> None:
    """From generation 2 on, the user's own reference must differ from that of generation 1."""
    if "reference" not in spec.message or spec.generation == 1:
        return
    names = {
        use.name
        for placeholder in placeholders_of(content)
        if placeholder.at == ("message", "reference")
        for use in placeholder.template.names
    }
    if not names & {"message_id", "generation"}:
        problems.add(
            spec.document.diagnostic(
                ("message", "reference"),
                code="reference-generation",
                problem=f"the reference is the same in generation {spec.generation} as in the ones before",
                fix='add {{ generation }} to it, write "{{ message_id }}", or remove `reference`',
            )
        )


def _single_column(node: Node | None) -> str | None:
    """The only column that the address comes from, so that a bad address is reported at its cell."""
    if not isinstance(node, Placeholder):
        return None
    used = [use.name for use in (*node.template.names, *node.template.columns) if use.name != "row"]
    return used[0] if len(used) == 1 else None
