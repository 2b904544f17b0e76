"""What would make a send cheaper: characters to replace, and texts to shorten. Each saving is by itself; they don't add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from itertools import accumulate

from sendspec.composing.payload_text import text_of
from sendspec.composing.platforms.sms_segments import Encoding
from sendspec.composing.taken_path import taken_path
from sendspec.composing.text_place import TextPlace, text_places
from sendspec.composing.text_placeholder import text_placeholder
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.forcing_cause import ForcingCause
from sendspec.operations.send_job import Job
from sendspec.planning.excess_count import ExcessCount
from sendspec.planning.forcing_count import UNKNOWN
from sendspec.planning.plan import Plan
from sendspec.planning.saved_cost import SavedCost, saved_cost
from sendspec.planning.shape import shape_id

MOST_SAVINGS = 40
"""Savings that are listed of one spec."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """To write something of GSM-7 for a character of one cause, or, if there is none, for each of `characters`.

    `messages` is how many messages then take fewer segments, `segments` what they save together. `cost` is None without prices.
    """

    characters: str
    messages: int
    segments: int
    cost: SavedCost | None
    cause: ForcingCause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortening:
    """To cut so many characters of the text, at `place`; characters that take two units count twice.

    `messages` is how many messages then take a segment fewer, and so what is saved. `shapes` are the ids of their shapes. `is_own`: the
    spec itself has so much text there; else some of it has to be cut from the data. `in_ucs2`: some of the messages are UCS-2, and are
    counted as such, although a cut that takes the last character which forces that may save more.
    """

    characters: int
    messages: int
    segments: int
    cost: SavedCost | None
    place: TextPlace
    is_own: bool
    in_ucs2: bool = False
    shapes: tuple[str, ...] = ()


Saving = Replacement | Shortening


def savings_of(job: Job, plan: Plan, causes: Sequence[ForcingCause]) -> tuple[Saving, ...]:
    """What would save segments, the most first: by money if all prices are known and in one currency, else by segments.

    `causes` are those of `plan_detail`.
    """
    found: list[Saving] = [*_replacements(plan, causes), *_shortenings(job, plan)]
    is_priced = all(_is_priced(saving, found[0]) for saving in found)
    return tuple(sorted(found, key=lambda saving: _order(saving, is_priced=is_priced))[:MOST_SAVINGS])


def _is_priced(saving: Saving, first: Saving) -> bool:
    if saving.cost is None or first.cost is None or saving.cost.unknown_segments:
        return False
    return [each.currency for each in saving.cost.amounts] == [each.currency for each in first.cost.amounts[:1]]


def _order(saving: Saving, *, is_priced: bool) -> tuple[Decimal, int, int, str]:
    """The dearest first; of the same, what changes the fewest messages, then the shortest cut."""
    worth = sum((each.low + each.high for each in saving.cost.amounts), Decimal()) if saving.cost and is_priced else 0
    if isinstance(saving, Replacement):
        return (Decimal(-worth), -saving.segments, 0, saving.characters)
    return (Decimal(-worth), -saving.segments, saving.characters, "")


def _replacements(plan: Plan, causes: Sequence[ForcingCause]) -> Iterator[Replacement]:
    for cause in causes:
        if cause.segments_saved > 0:
            yield Replacement(
                characters=cause.character,
                messages=cause.shorter,
                segments=cause.segments_saved,
                cost=_cost(plan, cause.saved_by_country),
                cause=cause,
            )
    if plan.plain is not None and plan.plain.segments_saved > 0:
        yield Replacement(
            characters=plan.plain.characters,
            messages=plan.plain.shorter,
            segments=plan.plain.segments_saved,
            cost=_cost(plan, plan.plain.saved_by_country),
        )


def _shortenings(job: Job, plan: Plan) -> Iterator[Shortening]:
    """The best cuts of each place. One that makes the same messages shorter as one of a branch would change more than need be."""
    shape_ids = _ShapeIds(job)
    found: dict[frozenset[int], Shortening] = {}
    for place, first_bit in _places(job):
        of_place = [at for at, count in enumerate(plan.excess) if _is_in(count, place, first_bit)]
        for characters in best_cuts([plan.excess[at] for at in of_place]):
            if place.bit is not None and place.length < characters:
                continue
            cut = frozenset(at for at in of_place if plan.excess[at].excess <= characters)
            counts = [plan.excess[at] for at in sorted(cut)]
            messages = sum(count.messages for count in counts)
            found[cut] = Shortening(
                characters=characters,
                messages=messages,
                segments=messages,
                cost=_cost(plan, _by_country(counts)),
                place=place,
                is_own=place.length >= characters,
                in_ucs2=any(count.is_ucs2 for count in counts),
                shapes=tuple(dict.fromkeys(shape_ids.of(count) for count in counts if count.alternatives != UNKNOWN)),
            )
    yield from found.values()


def best_cuts(counts: Sequence[ExcessCount]) -> tuple[int, ...]:
    """How many characters to cut: so many that each saves most, and the fewest that save all that cuts of `MOST_EXCESS` would."""
    saved: Counter[int] = Counter()
    for count in counts:
        saved[count.excess] += count.messages
    if not saved:
        return ()
    total = dict(zip(sorted(saved), accumulate(saved[excess] for excess in sorted(saved)), strict=True))
    best = max(total, key=lambda characters: (total[characters] / characters, characters))
    return tuple(dict.fromkeys((best, max(total))))


def _places(job: Job) -> tuple[tuple[TextPlace, int], ...]:
    """The places of the messages' text, and the first bit of the text among the messages' alternatives."""
    template = text_placeholder(job.program)
    if template is None:
        return ((TextPlace(bit=None, length=len(text_of(job.spec.message) or "")), 0),)
    return tuple((place, template.first_bit) for place in text_places(template.template.source))


def _is_in(count: ExcessCount, place: TextPlace, first_bit: int) -> bool:
    """Whether these messages have the text of the place."""
    if place.bit is None:
        return True
    return count.alternatives != UNKNOWN and bool(count.alternatives >> first_bit + place.bit & 1)


def _by_country(counts: Sequence[ExcessCount]) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for count in counts:
        found[count.country] += count.messages
    return found


def _cost(plan: Plan, segments_by_country: Mapping[str, int]) -> SavedCost | None:
    return None if plan.cost is None else saved_cost(segments_by_country, plan.cost.prices)


class _ShapeIds:
    """The ids of shapes; puts each way through the templates into words once."""

    def __init__(self, job: Job) -> None:
        self._path_of = cache(lambda alternatives: taken_path(job.program, alternatives))

    def of(self, count: ExcessCount) -> str:
        encoding = Encoding.UCS2 if count.is_ucs2 else Encoding.GSM7
        return shape_id(self._path_of(count.alternatives), encoding, count.segments)
