"""Who opted out: the signals that are kept, and what they add up to.

A signal is never deleted, so that a lost file is noticed by its count, and a late or repeated event changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from enum import StrEnum

from sendspec.diagnostics.lazy_dataclass import dataclass


class SignalKind(StrEnum):
    """`MAYBE`: it may be an opt-out. A person decides; it suppresses nothing."""

    OUT = "out"
    IN = "in"
    MAYBE = "maybe"


class Ground(StrEnum):
    """What a signal rests on: a reply, a link that was followed, a message that failed, a file, or a person's word.

    `FAILURE` is of a `MAYBE` only: the API's words for a failed message leave it open.
    """

    KEYWORD = "keyword"
    LINK = "link"
    FAILURE = "failure"
    IMPORT = "import"
    HAND = "hand"


SAID = frozenset({Ground.KEYWORD, Ground.LINK})
"""Grounds that the recipient gave. An opt-in of this kind lifts only an opt-out of this kind."""
RULED = frozenset({Ground.IMPORT, Ground.HAND})
"""Grounds that a file or a person gave. Only a person lifts an opt-out of this kind."""


@dataclass(frozen=True, slots=True)
class OptOutSignal:
    """One signal. `receiver` is the keyed hash of an address.

    `at` is when it was given, in Unix seconds (the API's `createdAt`); `noted_at` is when it was written down. `channel` is the
    channel that it arrived on, None if it is about all. `evidence` is the API's id of the reply, the interaction or the failed message,
    or a person's reason; never a text that somebody sent.
    """

    receiver: bytes
    kind: SignalKind
    ground: Ground
    at: float
    channel: str | None
    evidence: str
    noted_at: float


def opted_out(
    signals: Iterable[OptOutSignal], applies: Callable[[str | None], bool] = lambda channel: True
) -> dict[bytes, OptOutSignal]:
    """The receivers that have opted out, each with the signal that counts. `applies` says which channels' signals count.

    What recipients said counts by channel: the latest counts, of two at one moment the opt-out. An opt-in that claims a moment after it
    was noted lifts nothing that is noted later: a wrong clock must not lift the opt-outs of years. A file or a person sets an opt-out that
    only a person lifts; a person's opt-in also lifts what was said before then.
    """
    by_receiver: dict[bytes, list[OptOutSignal]] = defaultdict(list)
    for signal in signals:
        if signal.kind is not SignalKind.MAYBE and applies(signal.channel):
            by_receiver[signal.receiver].append(signal)
    found = {receiver: _standing(given) for receiver, given in by_receiver.items()}
    return {receiver: signal for receiver, signal in found.items() if signal is not None}


def _standing(signals: list[OptOutSignal]) -> OptOutSignal | None:
    """The opt-out that stands; None if none does."""
    ruled = [signal for signal in signals if signal.ground in RULED]
    ruling = max(ruled, key=_latest, default=None)
    if ruling is not None and ruling.kind is SignalKind.OUT:
        return ruling
    lifted_at = float("-inf") if ruling is None else ruling.at
    said = [signal for signal in signals if signal.ground in SAID]
    opt_ins = [signal for signal in said if signal.kind is SignalKind.IN]
    lifted: dict[str | None, float] = {}
    for signal in opt_ins:
        if signal.at <= signal.noted_at:
            lifted[signal.channel] = max(signal.at, lifted.get(signal.channel, signal.at))
    ahead = [signal for signal in opt_ins if signal.at > signal.noted_at]
    standing = (
        signal
        for signal in said
        if signal.kind is SignalKind.OUT
        and signal.at >= max(lifted_at, lifted.get(signal.channel, lifted_at))
        and not any(_lifts(opt_in, signal) for opt_in in ahead)
    )
    return max(standing, key=_latest, default=None)


def _lifts(ahead: OptOutSignal, opt_out: OptOutSignal) -> bool:
    """Whether an opt-in that claims a moment after it was noted lifts an opt-out."""
    is_later = ahead.channel == opt_out.channel and ahead.at > opt_out.at
    return is_later and opt_out.noted_at <= ahead.noted_at


def _latest(signal: OptOutSignal) -> tuple[float, bool, str, str, str, float]:
    """By time, then the opt-out first; the rest only makes the order total."""
    return (
        signal.at,
        signal.kind is SignalKind.OUT,
        signal.evidence,
        signal.ground.value,
        signal.channel or "",
        -signal.noted_at,
    )
