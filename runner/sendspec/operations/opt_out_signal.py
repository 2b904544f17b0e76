"""The opt-out signals that a reply, an interaction or a failed message is: who opted out or in again, and on what grounds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import assert_never

from sendspec.composing.identity import suppression_hash
from sendspec.diagnostics.problem import Problem
from sendspec.ledger.delivery.observation import Fate, StatusReport
from sendspec.ledger.delivery.opt_out import Ground, OptOutSignal, SignalKind
from sendspec.provider.failure_words import FailureKind, failure_words
from sendspec.provider.incoming_message import IncomingMessage
from sendspec.provider.interaction_entry import OPT_IN_TYPES, OPT_OUT_TYPES, InteractionEntry
from sendspec.provider.message_list import Sighting
from sendspec.provider.opt_out_keyword import KeywordSense, keyword_sense
from sendspec.reading.contacts.email_address import normalise_email
from sendspec.reading.contacts.phone_number import normalise_phone


@dataclass(frozen=True, slots=True)
class SignalReading:
    """The signals of one entry of the API, and the address of each, which is not kept with it; empty where it isn't known.

    `unaddressed` is 1 for an opt-out, or opt-in, of nobody whose address can be read.
    """

    signals: tuple[OptOutSignal, ...] = ()
    addresses: tuple[str, ...] = field(default=(), repr=False)
    unaddressed: int = 0


NO_SIGNAL = SignalReading()


def signals_of(
    entry: IncomingMessage | InteractionEntry, salt: bytes, noted_at: float, channel: str | None = None
) -> SignalReading:
    """What `entry` says of further messages to those it is from. `channel` is where it arrived, if it doesn't name one itself.

    The API's own decision, an `unsubscribe-request`, counts as much as a reply that is a keyword. A reply that only contains one is for
    a person to read. `salt` is the environment's; `noted_at` is the time now, in Unix seconds.
    """
    meaning = _meaning(entry)
    if meaning is None:
        return NO_SIGNAL
    kind, ground = meaning
    written = entry.receivers if isinstance(entry, InteractionEntry) else (entry.sender,)
    addresses = sorted(_addresses(written))
    evidence = kept_id(entry.id, addresses, salt)
    named = entry.channel or channel
    hashes = [suppression_hash(salt, address) for address in addresses]
    signals = [OptOutSignal(receiver, kind, ground, entry.at, named, evidence, noted_at) for receiver in hashes]
    return SignalReading(tuple(signals), tuple(addresses), 0 if addresses else 1)


def failure_signals(sighting: Sighting, salt: bytes, noted_at: float, channel: str | None) -> SignalReading:
    """What a message's failure says of further messages to its recipients: maybe they have opted out. A person decides.

    How the API says it is a guess, so nobody is suppressed for it.
    """
    report = sighting.report
    if report is None or not may_be_opt_out(report):
        return NO_SIGNAL
    created_at = noted_at if sighting.created_at is None else sighting.created_at
    at = created_at if report.at is None else report.at
    addresses = sorted(_addresses(sighting.receivers))
    hashes = [suppression_hash(salt, address) for address in addresses]
    evidence = kept_id(sighting.remote_id, addresses, salt)
    signals = [
        OptOutSignal(receiver, SignalKind.MAYBE, Ground.FAILURE, at, channel, evidence, noted_at) for receiver in hashes
    ]
    return SignalReading(tuple(signals), tuple(addresses))


def may_be_opt_out(report: StatusReport) -> bool:
    """Whether a message failed because its recipient may have opted out."""
    return report.fate is Fate.UNDELIVERED and failure_words(report.status, report.reason).kind is FailureKind.OPTED_OUT


def kept_id(identity: str, addresses: Iterable[str], salt: bytes) -> str:
    """The API's id, or a hash of one that repeats an address: what is kept names nobody."""
    digits, lowered = re.sub(r"[^0-9]", "", identity), identity.lower()
    for address in addresses:
        if address[1:] in digits or address.lower() in lowered:
            return f"hidden:{suppression_hash(salt, identity).hex()}"
    return identity


def _meaning(entry: IncomingMessage | InteractionEntry) -> tuple[SignalKind, Ground] | None:
    if isinstance(entry, InteractionEntry):
        ground = Ground.KEYWORD if entry.by_keyword else Ground.LINK
        if entry.type in OPT_OUT_TYPES:
            return SignalKind.OUT, ground
        return (SignalKind.IN, ground) if entry.type in OPT_IN_TYPES else None
    sense = keyword_sense(entry.text)
    match sense:
        case None:
            return None
        case KeywordSense.OUT:
            return SignalKind.OUT, Ground.KEYWORD
        case KeywordSense.IN:
            return SignalKind.IN, Ground.KEYWORD
        case KeywordSense.CONTAINS:
            return SignalKind.MAYBE, Ground.KEYWORD
        case _:
            assert_never(sense)


def _addresses(written: Iterable[str]) -> set[str]:
    """The addresses, normalised as composing does; numbers of any length, since the API has reached them."""
    read = (normalise_email(one) if "@" in one else normalise_phone(one, None, True) for one in written)
    return {address for address in read if not isinstance(address, Problem)}
