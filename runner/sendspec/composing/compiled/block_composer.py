"""The function that composes a block of rows for a plan, which needs ids, digests and sizes but no request bodies."""

from __future__ import annotations

from sendspec.composing.block_result import BlockComposer
from sendspec.composing.compiled.expression import NotCompilable
from sendspec.composing.compiled.generated_code import FUNCTION
from sendspec.composing.compiled.message_code import MessageCode
from sendspec.composing.compiled.partial_schema import Undecidable
from sendspec.composing.compiled.template_code import ID_TEXT_LINE
from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.compose_settings import ComposeSettings
from sendspec.composing.eligibility import Eligibility, Exclusion
from sendspec.composing.platforms.sms_segments import Encoding
from sendspec.composing.rule import Rule
from sendspec.reading.schema.validator import Schema

_INDEX = "len(fingerprints) + len(others)"
"""The index of the current row in its block."""
_LISTS = ("fingerprints", "sizes", "forcing", "alternatives", "countries", "references", "folded")
_RECORDS = "packed_records(fingerprints, sizes, forcing, alternatives, parts)"
_SAME_FOR_ALL = {
    "alternatives": "[0] * len(fingerprints)",
    "countries": "[''] * len(fingerprints)",
    "references": "[]",
    "folded": "[]",
}
"""Lists that no row adds to."""


def compile_block_composer(
    compiled_spec: CompiledSpec,
    settings: ComposeSettings,
    schema: Schema,
    rules: tuple[Rule, ...],
    columns: tuple[str, ...] | None,
    eligibility: Eligibility,
    *,
    repeatedly: bool = False,
) -> BlockComposer | None:
    """The function for rows with these columns; None if the spec can't be compiled.

    `repeatedly`: None also if a message's templates can't be filled several times within one budget.
    """
    try:
        message = MessageCode(compiled_spec, settings, schema, rules, columns)
        function: BlockComposer = message.code.function(
            block_composer_source(message, compiled_spec, settings, eligibility)
        )
    except (NotCompilable, Undecidable):
        return None
    return None if repeatedly and not message.templates.fits_repeatedly else function


def block_composer_source(
    message: MessageCode, compiled_spec: CompiledSpec, settings: ComposeSettings, eligibility: Eligibility
) -> list[str]:
    """The function's source, line by line."""
    text = message.add_message(if_filtered=f"other(({_INDEX}, FILTERED)); continue")
    code, own_reference = message.code, compiled_spec.own_reference
    if own_reference:
        message.add_reference_check()
        code.lines.append(f"hashed_reference = reference_hash({message.reference})")
    elif not message.templates.needs_id:
        code.lines.remove(ID_TEXT_LINE)
    _add_size(message, text)
    message.add_country()
    if compiled_spec.folds_case:
        message.add_folded_fingerprint()
    _add_eligibility(
        message,
        eligibility,
        hashed_reference="hashed_reference" if own_reference else "b''",
        folded="folded_fingerprint" if compiled_spec.folds_case else "b''",
    )
    values = {"fingerprints": "identity + digest", "sizes": "size", "forcing": "forced_by"}
    values |= {"alternatives": message.alternatives} if message.alternatives != "0" else {}
    values |= {"countries": message.country} if message.country != "''" else {}
    values |= {"references": "hashed_reference"} if own_reference else {}
    if settings.keeps_records:
        message.add_record_part()
        values["parts"] = "part"
    code.lines.append("; ".join(f"add_{name}({value})" for name, value in values.items()))
    if compiled_spec.folds_case:
        code.lines.append("if folded_fingerprint: add_folded((len(fingerprints) - 1, folded_fingerprint))")
        values["folded"] = ""
    records = _RECORDS if settings.keeps_records else "b''"
    message.templates.define_budget()
    return [
        f"def {FUNCTION}(rows):",
        " others = []; other = others.append",
        *(f" {name} = []; add_{name} = {name}.append" for name in values),
        " for cells in rows:",
        "  try:",
        *(f"   {line}" for line in code.lines),
        "  except MemoryError: raise",
        f"  except Exception: other(({_INDEX}, None))",
        *(f" {name} = {same}" for name, same in _SAME_FOR_ALL.items() if name not in values),
        f" return {', '.join(_LISTS)}, {records}, others",
    ]


def _add_size(message: MessageCode, text: str) -> None:
    if not message.is_measured:
        message.code.lines.append("forced_by = not_forced; size = 0")
        return
    gsm7 = message.code.constant(Encoding.GSM7)
    message.code.lines.append(
        f"size = measured.segments; forced_by = not_forced if measured.encoding is {gsm7} else why_ucs2({text}, size)"
    )
    message.code.lines.append(f"if size > 1: size = sized({text}, measured)")


def _add_eligibility(message: MessageCode, eligibility: Eligibility, hashed_reference: str, folded: str) -> None:
    """Puts excluded rows among the others, in the order of `Eligibility.exclusion_of`."""
    lists = (
        ("not in", eligibility.only_to, Exclusion.ONLY_TO),
        ("in", eligibility.suppressed, Exclusion.SUPPRESSED),
        ("in", eligibility.opted_out, Exclusion.OPTED_OUT),
    )
    for test, addresses, exclusion in lists:
        if addresses is not None:
            entry = f"(identity + digest, size, forced_by, {message.alternatives}, {message.country})"
            excluded = f"other(({_INDEX}, ({entry}, {hashed_reference}, {exclusion.value}, {folded}, None))); continue"
            message.code.lines.append(f"if address {test} {message.code.constant(addresses)}: {excluded}")
