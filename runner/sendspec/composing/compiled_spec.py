"""A spec compiled: its templates checked against the names they can see, ready to be filled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sendspec.composing.known_names import KnownNames, check_clashes, check_names
from sendspec.composing.platforms.platform import Platform
from sendspec.composing.template_policy import TemplateProblem
from sendspec.composing.template_tree import Branch, Constant, Node, Placeholder, build_tree, placeholders_of
from sendspec.diagnostics.diagnostic import Problems, Severity
from sendspec.diagnostics.redaction import mask_in_place, printable
from sendspec.reading.contacts.phone import PhoneFault
from sendspec.reading.documents.document import KeyPath, walk
from sendspec.reading.spec import NoRecipients, Spec

MAX_TEMPLATES = 500
MAX_CHARACTERS = 50_000
MAX_LISTED = 50
"""Columns that a message names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledSpec:
    """A spec's templates, compiled. `receiver` is None where it is built from the address; `content` is the rest."""

    spec: Spec
    where: bool | Node
    to: Node | None
    key: Node | None
    receiver: Node | None
    content: Branch | Constant
    identifier_key: str
    normalise: Callable[[str], str | PhoneFault]
    address_column: str | None

    @property
    def own_reference(self) -> bool:
        return "reference" in self.spec.message

    def receiver_of(self, address: object) -> dict[str, Any]:
        return {"contacts": [{"identifierKey": self.identifier_key, "identifierValue": address}]}


def compile_spec(
    spec: Spec, columns: tuple[str, ...] | None, platform: Platform, problems: Problems
) -> CompiledSpec | None:
    """Compiles `spec`; None when it has errors, which are then in `problems`.

    `columns` None: the recipients' table has neither a header nor rows, so any name could be one of its columns.
    """
    if not _compilable(spec, problems):
        return None
    faults: list[tuple[KeyPath, TemplateProblem]] = []
    message = dict(spec.message)
    own_receiver = message.pop("receiver", None)
    receiver = None if own_receiver is None else build_tree(own_receiver, ("message", "receiver"), faults)
    content = build_tree(message, ("message",), faults)
    to = _address(spec, platform, has_receiver=receiver is not None, faults=faults)
    key = None if spec.key is None else build_tree(spec.key, ("recipients", "key"), faults)
    where = spec.where if isinstance(spec.where, bool) else build_tree(spec.where, ("recipients", "where"), faults)
    for at, fault in faults:
        problems.add(
            spec.document.diagnostic(
                at, code=fault.code, problem=fault.problem, fix=fault.fix, within=(fault.start, fault.end)
            )
        )
    _note_trust(spec, content, problems)
    early = [node for node in (to, key, receiver) if node is not None]
    if not isinstance(where, bool):
        early.append(where)
    if columns is not None:
        _check(spec, columns, platform, early, content, problems)
    if problems.has_errors:
        return None
    assert not isinstance(content, Placeholder)
    return CompiledSpec(
        spec=spec,
        where=where,
        to=to,
        key=key,
        receiver=receiver,
        content=content,
        identifier_key=platform.address_kind.identifier_key,
        normalise=platform.address_kind.normaliser_for(spec.country),
        address_column=_single_column(to),
    )


def _compilable(spec: Spec, problems: Problems) -> bool:
    """Whether the message's templates are few and short enough, taken together: compiling one takes up to 25 µs a character."""
    characters = 0
    templates = ((at, text) for at, text in walk(spec.message, ("message",)) if isinstance(text, str) and "{" in text)
    for count, (at, text) in enumerate(templates, 1):
        characters += len(text)
        if count > MAX_TEMPLATES or characters > MAX_CHARACTERS:
            problem = f"the message has more than {MAX_TEMPLATES} templates, or {MAX_CHARACTERS:,} characters of them"
            fix = "make it simpler; a long text without { is no template"
            problems.add(
                spec.document.diagnostic(
                    at, code="template-too-complex", problem=problem, fix=fix, within=(0, len(text))
                )
            )
            return False
    return True


def _note_trust(spec: Spec, content: Node, problems: Problems) -> None:
    """Says where values go into HTML as they stand."""
    for hole in placeholders_of(content):
        if hole.template.trust is not None:
            problems.add(
                spec.document.diagnostic(
                    hole.at,
                    code="trusted-html",
                    problem="the value before `safe` is put into the HTML without escaping, tags and scripts included",
                    fix="keep `safe` for HTML of your own, and remove it from what others can write",
                    within=hole.template.trust,
                    severity=Severity.WARNING,
                )
            )


def _address(
    spec: Spec, platform: Platform, *, has_receiver: bool, faults: list[tuple[KeyPath, TemplateProblem]]
) -> Node | None:
    if spec.to is not None:
        return build_tree(spec.to, ("recipients", "to"), faults)
    if has_receiver:
        return None
    return build_tree("{{ " + platform.address_kind.default_column + " }}", ("recipients",), faults)


def _check(
    spec: Spec, columns: tuple[str, ...], platform: Platform, early: list[Node], content: Node, problems: Problems
) -> None:
    known = KnownNames(columns, tuple(spec.variables))
    check_clashes(known, spec.document, problems)
    missing = platform.address_kind.default_column
    needs_default = spec.to is None and "receiver" not in spec.message
    if needs_default and missing not in columns and missing not in spec.variables:
        _missing_column(spec, missing, columns, problems)
        early = [node for node in early if not (isinstance(node, Placeholder) and node.at == ("recipients",))]
    for node in early:
        for hole in placeholders_of(node):
            check_names(hole.template, hole.at, known, spec.document, problems, early=True)
    for hole in placeholders_of(content):
        check_names(hole.template, hole.at, known, spec.document, problems)
    _check_reference(spec, content, problems)


def _missing_column(spec: Spec, missing: str, columns: tuple[str, ...], problems: Problems) -> None:
    more = f" and {len(columns) - MAX_LISTED} more" if len(columns) > MAX_LISTED else ""
    found = mask_in_place(printable(", ".join(columns[:MAX_LISTED]) + more)) or "none"
    if isinstance(spec.recipients, NoRecipients):
        return
    problems.add(
        spec.document.diagnostic(
            ("recipients",),
            code="missing-column",
            problem=f"the recipients have no column '{missing}'; columns found are: {found}",
            fix=f'rename the column, or say which one holds the address, as in `to: "{{{{ {columns[0] if columns else missing} }}}}"`',
            key=True,
        )
    )


def _check_reference(spec: Spec, content: Node, problems: Problems) -> None:
    """From generation 2 on, a reference of the user's own must differ from the one that generation 1 used."""
    if "reference" not in spec.message or spec.generation == 1:
        return
    names = {
        use.name
        for hole in placeholders_of(content)
        if hole.at == ("message", "reference")
        for use in hole.template.names
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
    """The one column that an address comes from, so that a bad address can be shown in its cell."""
    if not isinstance(node, Placeholder):
        return None
    used = [use.name for use in (*node.template.names, *node.template.columns) if use.name != "row"]
    return used[0] if len(used) == 1 else None
