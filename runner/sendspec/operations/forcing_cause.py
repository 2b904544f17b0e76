"""Where the characters that force messages into UCS-2 come from: the spec's own text, columns, or both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from enum import StrEnum
from functools import cache

from sendspec.composing.payload_text import text_of
from sendspec.composing.platforms.sms_segments import ANOTHER_SCRIPT, is_gsm7, why_ucs2
from sendspec.composing.shape_text import output_names, own_text
from sendspec.composing.text_placeholder import text_placeholder
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.send_job import Job
from sendspec.planning.forcing_count import UNKNOWN, ForcingCount
from sendspec.reading.tables.row import Row

MOST_CAUSES = 20
"""Causes of one spec whose columns are looked for."""


class ForcingSource(StrEnum):
    """The words are used in JSON."""

    TEMPLATE = "template"
    DATA = "data"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForcingCause:
    """Messages that have a character from the same source; "" stands for texts in another script.

    To replace it there saves `segments_saved`, where `columns` are all that it comes from; empty: the columns are not known. `shorter`
    messages then take fewer segments; `saved_by_country` is as in `ForcingCount`. `BOTH`: these messages have it from the spec's own
    text, from data, or twice from either. `lines` are the rows of the first messages.
    """

    character: str
    source: ForcingSource
    messages: int
    segments_saved: int
    lines: tuple[int, ...]
    columns: tuple[str, ...] = ()
    shorter: int = 0
    saved_by_country: Mapping[str, int] = field(default_factory=dict)


def forcing_causes(job: Job, counts: Sequence[ForcingCount]) -> tuple[ForcingCause, ...]:
    """The causes by character and source, those that save most first. Their columns are not known yet."""
    text_by_way = cache(lambda alternatives: _own_text(job, alternatives))
    causes = [
        ForcingCause(
            character=count.character,
            source=_source(count, text_by_way),
            messages=count.messages,
            segments_saved=count.segments_saved,
            lines=count.lines,
            shorter=count.shorter,
            saved_by_country=count.saved_by_country,
        )
        for count in counts
    ]
    return _merged(causes)


def with_columns(job: Job, causes: Sequence[ForcingCause], row_by_line: Mapping[int, Row]) -> tuple[ForcingCause, ...]:
    """The causes with the columns that the rows of their lines have the characters in, for the first `MOST_CAUSES`."""
    found = [_with_columns(job, cause, row_by_line) for cause in causes[:MOST_CAUSES]]
    return _merged([*found, *causes[MOST_CAUSES:]])


def _own_text(job: Job, alternatives: int) -> str:
    """What the spec itself says in the text of a message."""
    template = text_placeholder(job.program)
    if template is None:
        return text_of(job.spec.message) or ""
    if alternatives == UNKNOWN:
        return "".join(job.constant_texts())
    constants = {**job.spec.variables, "generation": job.spec.generation}
    return own_text(template.template.source, alternatives >> template.first_bit, constants)


def _source(count: ForcingCount, text_by_way: Callable[[int], str]) -> ForcingSource:
    """Whether the spec has the character there, and no less often than the message."""
    text = text_by_way(count.alternatives)
    own = text.count(count.character) or text.casefold().count(count.character.casefold())
    if not count.character:
        return ForcingSource.TEMPLATE if _is_in_another_script(text) else ForcingSource.DATA
    if not own:
        return ForcingSource.DATA
    is_in_data = count.occurrences > own or count.alternatives == UNKNOWN
    return ForcingSource.BOTH if is_in_data else ForcingSource.TEMPLATE


def _with_columns(job: Job, cause: ForcingCause, row_by_line: Mapping[int, Row]) -> ForcingCause:
    if cause.source is ForcingSource.TEMPLATE:
        return cause
    names = _names(job)
    rows = [row_by_line[line].values for line in cause.lines if line in row_by_line]
    by_row = [[name for name in names if _has(cause.character, str(row.get(name, "")))] for row in rows]
    if not any(by_row) and (cause.source is ForcingSource.BOTH or _is_constant(job, cause.character)):
        return replace(cause, source=ForcingSource.TEMPLATE)  # in a loop, or made by a filter
    is_known = (
        all(by_row) or cause.source is ForcingSource.BOTH
    )  # then a row without has it from the spec's own text alone
    columns = tuple(name for name in names if any(name in some for some in by_row)) if is_known else ()
    return replace(cause, columns=columns)


def _names(job: Job) -> tuple[str, ...]:
    """The names whose values the text can have, in the order of the template."""
    template = text_placeholder(job.program)
    if template is None:
        return ()
    used, shown = (*template.template.names, *template.template.columns), output_names(template.template.source)
    return tuple(dict.fromkeys(use.name for use in used if use.name in shown and use.name not in job.spec.variables))


def _is_constant(job: Job, character: str) -> bool:
    return any(_has(character, text) for text in job.constant_texts())


def _has(character: str, text: str) -> bool:
    """Whether the text has the character, large or small; with "", whether it has any that GSM-7 lacks."""
    return character.casefold() in text.casefold() if character else not is_gsm7(text)


def _is_in_another_script(text: str) -> bool:
    return not is_gsm7(text) and why_ucs2(text, 1) == ANOTHER_SCRIPT


def _merged(causes: Iterable[ForcingCause]) -> tuple[ForcingCause, ...]:
    """One cause for each character, source and columns, those that save most first."""
    by_key: dict[tuple[str, ForcingSource, tuple[str, ...]], ForcingCause] = {}
    for cause in causes:
        key = (cause.character, cause.source, cause.columns)
        same = by_key.get(key)
        by_key[key] = (
            cause
            if same is None
            else replace(
                same,
                messages=same.messages + cause.messages,
                segments_saved=same.segments_saved + cause.segments_saved,
                lines=tuple(sorted((*same.lines, *cause.lines))),
                shorter=same.shorter + cause.shorter,
                saved_by_country=_added(same.saved_by_country, cause.saved_by_country),
            )
        )
    return tuple(
        sorted(by_key.values(), key=lambda each: (-each.segments_saved, -each.messages, each.character, each.source))
    )


def _added(first: Mapping[str, int], second: Mapping[str, int]) -> Mapping[str, int]:
    return {country: first.get(country, 0) + second.get(country, 0) for country in {**first, **second}}
