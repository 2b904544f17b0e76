"""What may be an opt-out, and waits for a person: texts that only contain a keyword, and messages that failed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sendspec.diagnostics.wording import counted
from sendspec.ledger.delivery.masked_text import masked_text
from sendspec.ledger.delivery.opt_out import RULED, Ground, OptOutSignal, SignalKind, opted_out
from sendspec.ledger.delivery.protocol import DeliveryFacts


def maybes(facts: DeliveryFacts | None) -> list[OptOutSignal]:
    """What may be an opt-out, and nobody has settled, the oldest first: replies, and failures of people who have said nothing since."""
    open_: dict[tuple[str, bytes], OptOutSignal] = {}
    settled = set()
    for signal in () if facts is None else facts.signals():
        if signal.ground in RULED:
            settled.add((signal.evidence, signal.receiver))
        elif signal.kind is SignalKind.MAYBE:
            open_.setdefault((signal.evidence, signal.receiver), signal)
    # what a person wrote is kept masked, and so is an id in it
    left = [one for (identity, receiver), one in open_.items() if (masked_text(identity), receiver) not in settled]
    return sorted(_unanswered(facts, left), key=lambda one: (one.at, one.evidence))


def _unanswered(facts: DeliveryFacts | None, maybes: Collection[OptOutSignal]) -> Iterator[OptOutSignal]:
    """Without the failures of people who have opted out anyway, or have said something since."""
    failed = {one.receiver for one in maybes if one.ground is Ground.FAILURE}
    signals = () if facts is None or not failed else facts.signals()
    said = [one for one in signals if one.receiver in failed and one.kind is not SignalKind.MAYBE]
    standing = opted_out(said)
    last: dict[bytes, float] = {}
    for one in said:
        last[one.receiver] = max(one.at, last.get(one.receiver, one.at))
    for one in maybes:
        is_moot = one.receiver in standing or one.at <= last.get(one.receiver, float("-inf"))
        if one.ground is not Ground.FAILURE or not is_moot:
            yield one


def maybe_words(maybes: Sequence[OptOutSignal]) -> str:
    """How many replies and failed messages may be opt-outs."""
    failed = sum(one.ground is Ground.FAILURE for one in maybes)
    found = [counted(len(maybes) - failed, "reply", "replies")] if len(maybes) > failed else []
    found += [counted(failed, "failed message")] if failed else []
    return f"{' and '.join(found)} may be {'an opt-out' if len(maybes) == 1 else 'opt-outs'}"
