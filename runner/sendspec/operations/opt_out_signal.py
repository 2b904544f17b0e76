"""The opt-out signals that a reply, an interaction or a failed message is: who opted out or in again, and on what grounds."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import field

from sendspec.composing.identity import ID_BYTES, suppression_hash
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
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

NOBODY = b"\xff" * ID_BYTES
"""In the place of a receiver whose address can't be read."""
NEVER = 0.0
"""When somebody opted in who doesn't say when: before everything that lifts it."""
MIN_NUMBER = 6
"""Digits that could be a part of a number."""
MAX_SENDER = 500
_SCHEME = lazy_pattern(r"(?:tel|sms|whatsapp|mailto):", re.IGNORECASE)
MAX_UNSURE_DIGITS = 10
"""A number without + of up to so many digits may lack its country code."""


@dataclass(frozen=True, slots=True)
class SignalReading:
    """The signals of one entry of the API, and the address of each, which is not kept with it; empty where it isn't known.

    `unaddressed` is 1 for an opt-out, or opt-in, of nobody whose address can be read. `is_undated`: the API doesn't say when, so the same
    entry, read again, has another time.
    """

    signals: tuple[OptOutSignal, ...] = ()
    addresses: tuple[str, ...] = field(default=(), repr=False)
    unaddressed: int = 0
    is_undated: bool = False


NO_SIGNAL = SignalReading()


def signals_of(
    entry: IncomingMessage | InteractionEntry, salt: bytes, noted_at: float, channel: str | None = None
) -> SignalReading:
    """What `entry` says of further messages to those it is from. `channel` is where it arrived, if it doesn't name one itself.

    The API's own decision, an `unsubscribe-request`, counts as much as a reply that is a keyword. A reply that only contains one is for
    a person to read, and so is one whose sender can't be read. `salt` is the environment's; `noted_at` is the time now, in Unix seconds.
    """
    if isinstance(entry, IncomingMessage):
        return _of_message(entry, salt, noted_at, entry.channel or channel)
    if entry.type not in OPT_OUT_TYPES | OPT_IN_TYPES:
        return NO_SIGNAL
    kind = SignalKind.OUT if entry.type in OPT_OUT_TYPES else SignalKind.IN
    ground = Ground.KEYWORD if entry.by_keyword else Ground.LINK
    addresses = sorted(_addresses(entry.receivers))
    evidence, named = kept_id(entry.id, addresses, salt), entry.channel or channel
    hashes = [suppression_hash(salt, address) for address in addresses]
    signals = [OptOutSignal(receiver, kind, ground, entry.at, named, evidence, noted_at) for receiver in hashes]
    return SignalReading(tuple(signals), tuple(addresses), 0 if addresses else 1)


def _of_message(message: IncomingMessage, salt: bytes, noted_at: float, channel: str | None) -> SignalReading:
    kind = _kind(message.texts)
    if kind is None:
        return NO_SIGNAL
    at = message.at
    if at is None:
        at = NEVER if kind is SignalKind.IN else noted_at
    read = {sender: _address_of_sender(sender) for sender in message.senders}
    addresses = sorted({address for address in read.values() if address is not None})
    written = [sender for sender in message.senders if len(sender) >= MIN_NUMBER]
    evidence = kept_id(message.id or _made_id(message, salt), [*addresses, *written], salt)
    signals = [
        OptOutSignal(suppression_hash(salt, address), kind, Ground.KEYWORD, at, channel, evidence, noted_at)
        for address in addresses
    ]
    sure = [sender for sender, address in read.items() if address is not None and not _may_lack_country(sender)]
    if not sure and kind is not SignalKind.IN:
        signals.append(OptOutSignal(NOBODY, SignalKind.MAYBE, Ground.KEYWORD, at, channel, evidence, noted_at))
        addresses.append("")
    return SignalReading(tuple(signals), tuple(addresses), 0 if sure else 1, message.at is None)


def _made_id(message: IncomingMessage, salt: bytes) -> str:
    """An id for a message without one: the same each time that it is read."""
    content = json.dumps([message.channel, sorted(message.senders), message.at])
    return f"unnamed:{suppression_hash(salt, content).hex()}"


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
        number = "" if "@" in address else re.sub(r"[^0-9]", "", address)
        if (len(number) >= MIN_NUMBER and number in digits) or address.lower() in lowered:
            return f"hidden:{suppression_hash(salt, identity).hex()}"
    return identity


def _kind(texts: Iterable[str]) -> SignalKind | None:
    """What a person says by some texts of one message: an opt-out counts most."""
    senses = {keyword_sense(text) for text in texts}
    if KeywordSense.OUT in senses:
        return SignalKind.OUT
    if KeywordSense.IN in senses:
        return SignalKind.IN
    return SignalKind.MAYBE if KeywordSense.CONTAINS in senses else None


def _address_of_sender(written: str) -> str | None:
    """The address, normalised as composing does. Networks write numbers in more ways than people do; None for one that can't be read."""
    plain = _plain_sender(written)
    if "@" in plain:
        address = normalise_email(plain)
        return None if isinstance(address, Problem) else address
    if plain.startswith("00"):
        plain = f"+{plain[2:]}"
    elif plain[:1].isdigit() and plain[0] != "0":
        plain = f"+{plain}"
    number = normalise_phone(plain, None, True) if plain.startswith("+") else None
    return None if isinstance(number, Problem) else number


def _may_lack_country(written: str) -> bool:
    plain = _plain_sender(written)
    return plain.isdigit() and len(plain) <= MAX_UNSURE_DIGITS


def _plain_sender(written: str) -> str:
    """Without a scheme and an extension, in plain digits, and without characters that show nothing."""
    folded = unicodedata.normalize("NFKC", written[:MAX_SENDER])
    shown = "".join(character for character in folded if unicodedata.category(character) != "Cf").strip()
    return _SCHEME.sub("", shown).partition(";")[0].strip()


def _addresses(written: Iterable[str]) -> set[str]:
    """The addresses, normalised as composing does; numbers of any length, since the API has reached them."""
    read = (normalise_email(one) if "@" in one else normalise_phone(one, None, True) for one in written)
    return {address for address in read if not isinstance(address, Problem)}
