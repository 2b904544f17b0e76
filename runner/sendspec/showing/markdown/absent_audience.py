"""Specs whose recipients aren't in the repository, in Markdown: what their messages would say, and not to whom."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.operations.absent_audience import AbsentAudience, AbsentText
from sendspec.operations.plan_sample import SampleSource
from sendspec.showing.markdown.foreign_text import code, message, name
from sendspec.showing.markdown.message_part import sample_blocks
from sendspec.showing.markdown.page import GAP, Section, fitted, more_of
from sendspec.showing.markdown.words import many
from sendspec.showing.plan_shape import path_words

MOST_SPECS, ROOM = 20, 6_000
"""Specs that are shown, and the characters of each."""
_SOURCES = {
    SampleSource.COLUMNS: "with the columns' names",
    SampleSource.EXAMPLES: "from the spec's examples",
    SampleSource.RECIPIENTS: "a recipient's own text",
}


def absent_section(absent: Sequence[AbsentAudience]) -> Section:
    """All of them, as far as there is room."""
    unseen = len(absent) - MOST_SPECS

    def more(left: Sequence[int]) -> str:
        return f"and {many(len(left) + max(0, unseen), 'more spec')} without recipients here"

    return Section(parts=[_block(each) for each in absent[:MOST_SPECS]], more=more, is_cut=unseen > 0)


def _block(absent: AbsentAudience) -> str:
    head = f"### {code(absent.name)} → {name(absent.channel)}{GAP}{name(absent.path)}{GAP}**audience: {absent_words(absent)}**"
    told = [
        *(_text(each, is_new=True) for each in absent.texts if absent.is_new(each)),
        *(f"no longer said:{GAP}{message(text)}" for text in absent.gone),
        *(_text(each, is_new=False) for each in absent.texts if not absent.is_new(each)),
    ]
    texts = Section(head=f"{head}{GAP}", parts=told, more=more_of("text"))
    if absent.more:
        texts = Section(head=texts.head, parts=texts.parts, more=lambda left: "and more texts", is_cut=True)
    return fitted(texts, ROOM) if told else head


def absent_words(absent: AbsentAudience) -> str:
    return f"{code(absent.why)}: {name(absent.file)}"


def _text(text: AbsentText, *, is_new: bool) -> str:
    size = "" if text.measure is None else f", {many(text.measure.segments, 'segment')} {text.measure.encoding.value}"
    words = path_words(text.path)
    way = [f"- {name(words, 400)}"] if words else []
    return GAP.join(
        [f"{'**new**, ' if is_new else ''}{_SOURCES[text.source]}{size}", sample_blocks(text.text, text.parts), *way]
    )
