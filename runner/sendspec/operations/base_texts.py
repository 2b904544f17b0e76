"""What changes in the messages that today's files and a base's give the same recipients, word by word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field

import orjson

from sendspec.composing.composer import compose_rows
from sendspec.composing.message import Composed, Message
from sendspec.composing.readable_text import is_plain, other_fields, readable_text
from sendspec.composing.shape_payload import shape_payload, spelled_payload
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.base_settings import REFERENCE
from sendspec.operations.changed_values import ChangedValues
from sendspec.operations.message_pairs import ChangedIds, Side, message_pairs
from sendspec.operations.plan_detail import rows_at
from sendspec.operations.send_job import Job
from sendspec.planning.base_change import TextChange
from sendspec.planning.change_tally import ChangeGroup, ChangeTally, Sized
from sendspec.planning.text_difference import text_pieces

MOST_TEXTS = 40
"""Changes that are kept with a sample."""
MOST_CHARACTERS = 400_000
"""Characters of the samples of one spec."""
MOST_FIELDS = 20


@dataclass(frozen=True, slots=True)
class ChangedTexts:
    """See `SpecChange`."""

    texts: tuple[TextChange, ...] = ()
    other_texts: int = 0
    other_messages: int = 0
    fields: tuple[str, ...] = ()
    changed_values: int | None = None


def changed_texts(
    before: Job, after: Job, changed: ChangedIds, count: int, *, names_values: bool, repeats: bool
) -> ChangedTexts:
    """The changes of `count` messages. Both jobs give the same recipient the same id.

    Unless `names_values`, no text has a recipient's values: messages of one shape are one group then. `repeats`: some rows repeat
    a recipient.
    """
    words = None if names_values else (_Words(before), _Words(after))
    tally, fields, found = ChangeTally(), set[str](), 0
    values = None if names_values else ChangedValues(before, after)
    rows = _composed(before, repeats=repeats), _composed(after, repeats=repeats)
    plain = is_plain(before.spec.message) and is_plain(after.spec.message)
    for old, new in message_pairs(*rows, changed, count=count):
        found += 1
        if values is not None:
            values.add(old.line, new.line)
        texts = old.text or "", new.text or ""
        if not plain or not _differ_in_text_alone(old, new):
            payloads = orjson.loads(old.body), orjson.loads(new.body)
            fields |= other_fields(*payloads)
            texts = readable_text(payloads[0]) or "", readable_text(payloads[1]) or ""
        if texts[0] != texts[1]:
            if words is not None:
                texts = words[0].text(old.alternatives), words[1].text(new.alternatives)
            tally.add(_sized(old, texts[0]), _sized(new, texts[1]))
    groups = tally.groups()
    samples = _samples_of_recipients(before, after, groups[:MOST_TEXTS]) if words is None else _samples(*words, groups)
    kept = list(_kept(groups, samples))
    others = groups[len(kept) :]
    return ChangedTexts(
        texts=tuple(_text_change(group, *texts) for group, texts in kept),
        other_texts=sum(group.different for group in others),
        other_messages=sum(group.messages for group in others) + count - found,
        fields=tuple(sorted(fields, key=lambda each: (each != REFERENCE, each))[:MOST_FIELDS]),
        changed_values=None if values is None else values.count(),
    )


def _composed(job: Job, *, repeats: bool) -> Iterator[Composed]:
    """Every row; finding repeated ones takes memory."""
    if repeats:
        return job.composed(Problems())
    return compose_rows(job.composer(Problems()), job.table.rows(Problems()))


def _differ_in_text_alone(old: Side, new: Side) -> bool:
    """Whether the bodies are plainly the same but for the texts: without parsing them."""
    texts = orjson.dumps(old.text), orjson.dumps(new.text)
    if old.body.count(texts[0]) != 1 or new.body.count(texts[1]) != 1:
        return False
    return old.body.replace(texts[0], b"") == new.body.replace(texts[1], b"")


def _sized(side: Side, text: str) -> Sized:
    return Sized(side.line, side.alternatives, side.segments, text)


def _kept(
    groups: Sequence[ChangeGroup], samples: Sequence[tuple[str, str]]
) -> Iterator[tuple[ChangeGroup, tuple[str, str]]]:
    """The groups that there is room for, each with its texts."""
    room = MOST_CHARACTERS
    for group, texts in zip(groups[:MOST_TEXTS], samples, strict=False):
        room -= len(texts[0]) + len(texts[1])
        if room < 0 and group is not groups[0]:
            return
        yield group, texts


def _text_change(group: ChangeGroup, before: str, after: str) -> TextChange:
    return TextChange(
        messages=group.messages,
        line=group.after.line,
        before=before,
        after=after,
        pieces=text_pieces(before, after),
        segments_before=group.segments_before,
        segments_after=group.segments_after,
        different=group.different,
        is_more=group.is_more,
    )


def _samples_of_recipients(before: Job, after: Job, groups: Sequence[ChangeGroup]) -> list[tuple[str, str]]:
    """The texts of each group's first message, composed again."""
    olds = _messages_at(before, {group.before.line for group in groups})
    news = _messages_at(after, {group.after.line for group in groups})
    return [_texts_at(olds.get(group.before.line, []), news.get(group.after.line, [])) for group in groups]


def _messages_at(job: Job, lines: set[int]) -> dict[int, list[Message]]:
    """The messages of these lines. A list in a spec can have several recipients on one."""
    composer = job.composer(Problems())
    found: dict[int, list[Message]] = {}
    for row in rows_at(job, lines):
        composed = composer.compose(row)
        if isinstance(composed, Message):
            found.setdefault(row.line, []).append(composed)
    return found


def _texts_at(olds: Sequence[Message], news: Sequence[Message]) -> tuple[str, str]:
    texts = ("", "")
    for new in news:
        for old in olds:
            if old.id == new.id and old.digest != new.digest:
                texts = _spelled(old), _spelled(new)
                if texts[0] != texts[1]:
                    return texts
    return texts


def _spelled(message: Message) -> str:
    return readable_text(spelled_payload(orjson.loads(message.body))) or ""


def _samples(before: _Words, after: _Words, groups: Sequence[ChangeGroup]) -> list[tuple[str, str]]:
    """The texts of each group's shape with the names of columns: an example's values could hide what changes."""
    return [
        (before.text(group.before.alternatives), after.text(group.after.alternatives)) for group in groups[:MOST_TEXTS]
    ]


@dataclass(slots=True)
class _Words:
    """The texts of a job with the names of columns in the place of values."""

    job: Job
    _known: dict[int, str] = field(default_factory=dict)
    _room: int = 10 * MOST_CHARACTERS

    def text(self, alternatives: int) -> str:
        known = self._known.get(alternatives)
        if known is None:
            known = self._written(alternatives)
            self._room -= len(known) + 100
            if self._room > 0:
                self._known[alternatives] = known
        return known

    def _written(self, alternatives: int) -> str:
        return readable_text(shape_payload(self.job.program, alternatives)) or ""
