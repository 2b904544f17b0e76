"""Opt-outs as a person looks after them: listed, added, lifted, imported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager

from sendspec.composing.identity import suppression_hash
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask, printable
from sendspec.ledger.delivery.opt_out import RULED, SAID, Ground, OptOutSignal, SignalKind, opted_out
from sendspec.ledger.delivery.protocol import DeliveryFacts, DeliveryStore
from sendspec.operations.delivery_access import deliveries_to_write
from sendspec.operations.ledger_access import ledger_to_read
from sendspec.operations.ledger_creation import make_sandbox_ledger
from sendspec.operations.lost_opt_outs import replace_lost_opt_outs
from sendspec.operations.maybe_opt_outs import maybes
from sendspec.operations.opt_out_keeping import keep_signals
from sendspec.operations.opt_out_lookup import OptOutLook, look_for_opt_outs, reply_channels
from sendspec.operations.opt_out_signal import NOBODY, SignalReading
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.reachable_api import connecting_words, reachable_api
from sendspec.operations.send_job import Job
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.reading.access_key import read_access_key
from sendspec.reading.contacts.email_address import normalise_email
from sendspec.reading.contacts.phone_number import normalise_phone

SOON = 0.001
"""Seconds by which a person's word is later than what it answers, also where the API's clock is ahead."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What a person's word did, in people: `known` were so already. `against` are those who had said the contrary themselves.

    `settled` of the `added` are replies, or failed messages, that were no opt-outs. `masked` are the addresses that were named.
    """

    added: int = 0
    known: int = 0
    against: tuple[OptOutSignal, ...] = ()
    settled: int = 0
    masked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a command is about. `address` is empty where a reply names them: what is kept has no address."""

    receiver: bytes
    address: str
    evidence: str = ""
    channel: str | None = None


def people_at(context: ProjectContext, written: Sequence[str], country: str | None) -> list[Person]:
    """The people with these addresses. Raises `WrongUsage` for the first that can't be read: nothing is changed then."""
    found = []
    for each in dict.fromkeys(written):
        address = normalise_email(each) if "@" in each else normalise_phone(each, country)
        if isinstance(address, Problem):
            fix = address.fix
            if address.code == "phone-country":
                fix = "write it with + and its country code, or name the country of such numbers, as in --country GB"
            raise WrongUsage(f"{address.problem}: {fix}; nothing was changed", fix)
        found.append(Person(suppression_hash(context.salt, address), address))
    return found


def people_of_replies(facts: DeliveryFacts | None, ids: Sequence[str]) -> list[Person]:
    """Those who sent the replies with these ids of the API, or for whom such a message failed.

    Raises `WrongUsage` for an id that no signal has.
    """
    wanted, found = set(ids), dict[str, list[Person]]()
    for signal in () if facts is None else facts.signals():
        if signal.ground not in RULED and signal.evidence in wanted:
            found.setdefault(signal.evidence, []).append(Person(signal.receiver, "", signal.evidence, signal.channel))
    missing = next((each for each in ids if each not in found), None)
    if missing is not None:
        raise WrongUsage(
            f"no reply or failed message with the id '{printable(missing[:60])}' is known; nothing was changed",
            "copy the id from `sendspec opt-outs list --maybe`",
        )
    return list(dict.fromkeys(person for each in ids for person in found[each]))


def opt_outs_to_change(context: ProjectContext) -> AbstractContextManager[DeliveryStore]:
    """What is kept, to write, also while a run sends. The sandbox's ledger is made where it is missing, as by a send."""
    if context.environment.is_sandbox:
        make_sandbox_ledger(context)
    return deliveries_to_write(context)


def refresh_opt_outs(
    context: ProjectContext, say: Callable[[str], None], jobs: Iterable[Job] = (), *, with_interactions: bool = False
) -> list[OptOutLook]:
    """Reads the replies to every channel, and to those of `jobs`, since the last look, and keeps who said stop. `say` hears what is connected to.

    `with_interactions`: asks for those with the newest messages too, one by one.
    """
    key = read_access_key(context.environment.key, context.system.environ, context.root)
    with opt_outs_to_change(context) as store:
        say(connecting_words(context))
        with reachable_api(context) as reachable:
            looks = [
                look_for_opt_outs(
                    context, reachable, key, store, reply_channels(context, [job.channel for job in jobs])
                )
            ]
            if with_interactions and not looks[0].unread:
                from sendspec.operations.interaction_lookup import look_at_interactions  # few ask for it

                with ledger_to_read(context) as ledger:
                    looks += [] if ledger is None else [look_at_interactions(context, reachable, key, ledger, store)]
    return looks


def add(
    context: ProjectContext, store: DeliveryStore, people: Iterable[Person], *, reason: str, at: float, now: float
) -> Changed:
    """A person says that these people have opted out. Only a person can lift it again.

    Raises `WrongUsage` if it is about a reply whose sender can't be read, and no address is named with it.
    """
    named = list(people)
    unread = next((person.evidence for person in named if person.receiver == NOBODY), None)
    if unread is not None and not any(person.address for person in named):
        fix = f"look it up in its inbox, then add the address with it: sendspec opt-outs add ADDRESS --message {printable(unread)}"
        raise WrongUsage(
            f"who sent the reply '{printable(unread)}' can't be read from the API: {fix}; nothing was changed", fix
        )
    known = _Known(store)
    fresh: list[SignalReading] = []
    already = 0
    for person in named:
        if person.receiver == NOBODY:
            fresh.append(SignalReading((_settled(person, now),), ("",)))
            continue
        if known.is_ruled_out(person.receiver):
            already += 1
            if person.evidence:
                fresh.append(SignalReading((_settled(person, now),), ("",)))
            continue
        moment = known.after_lifted(person.receiver, at)
        evidence = person.evidence or reason
        signal = OptOutSignal(person.receiver, SignalKind.OUT, Ground.HAND, moment, None, evidence, now)
        fresh.append(SignalReading((signal,), (person.address,)))
    keep_signals(context, store, fresh)
    added = [each for each in fresh if each.signals[0].kind is SignalKind.OUT]
    return Changed(len(added), already, masked=tuple(mask(one) for each in added for one in each.addresses if one))


def lift(store: DeliveryStore, people: Iterable[Person], *, reason: str, now: float) -> Changed:
    """A person lifts opt-outs. What may have been one is settled: it was none.

    People who aren't opted out are counted as known.
    """
    known = _Known(store)
    open_ = {(one.evidence, one.receiver) for one in maybes(store)}
    signals, already, against, settled, masked = [], 0, [], 0, []
    for person in people:
        present = known.standing.get(person.receiver)
        if (person.evidence, person.receiver) in open_:
            signals.append(_settled(person, now))
            settled += 1
        elif present is None:
            already += 1
        else:
            moment = max(now, present.at + SOON)
            signals.append(OptOutSignal(person.receiver, SignalKind.IN, Ground.HAND, moment, None, reason, now))
            masked += [mask(person.address)] if person.address else []
            if present.ground in SAID:
                against.append(present)
    store.put_signals(signals)
    return Changed(len(signals), already, tuple(against), settled, tuple(masked))


def import_receivers(store: DeliveryStore, receivers: Sequence[bytes], *, source: str, now: float) -> Changed:
    """Everybody on a list has opted out. Who stands so already by a list or a person's word is known: the same list changes nothing."""
    known = _Known(store)
    fresh = [receiver for receiver in dict.fromkeys(receivers) if not known.is_ruled_out(receiver)]
    store.put_signals(
        OptOutSignal(receiver, SignalKind.OUT, Ground.IMPORT, known.after_lifted(receiver, now), None, source, now)
        for receiver in fresh
    )
    return Changed(len(fresh), len(set(receivers)) - len(fresh))


def replace_lost(
    context: ProjectContext, receivers: Sequence[bytes], *, source: str, reason: str
) -> tuple[Changed, int]:
    """Everybody on a list has opted out, in the place of the opt-outs that were lost; with the count of those."""
    now = context.system.clock.wall()
    signals = [
        OptOutSignal(receiver, SignalKind.OUT, Ground.IMPORT, now, None, source, now)
        for receiver in dict.fromkeys(receivers)
    ]
    replaced = replace_lost_opt_outs(context, signals, reason)
    return Changed(replaced.written.added, replaced.written.known), replaced.lost


def _settled(person: Person, now: float) -> OptOutSignal:
    """Somebody has looked at what may be an opt-out."""
    return OptOutSignal(person.receiver, SignalKind.MAYBE, Ground.HAND, now, person.channel, person.evidence, now)


class _Known:
    """What is known of opt-outs before a change: who stands opted out, and when a person last lifted somebody's."""

    def __init__(self, facts: DeliveryFacts) -> None:
        self._lifted_at: dict[bytes, float] = {}
        self.standing = opted_out(self._noted(facts.signals()))

    def _noted(self, signals: Iterable[OptOutSignal]) -> Iterator[OptOutSignal]:
        for signal in signals:
            if signal.ground in RULED and signal.kind is SignalKind.IN:
                self._lifted_at[signal.receiver] = max(signal.at, self._lifted_at.get(signal.receiver, signal.at))
            yield signal

    def is_ruled_out(self, receiver: bytes) -> bool:
        """Whether a list or a person has opted them out, which only a person lifts."""
        present = self.standing.get(receiver)
        return present is not None and present.ground in RULED

    def after_lifted(self, receiver: bytes, at: float) -> float:
        """`at`, or a moment after a person last lifted it: a new word counts more than an old one."""
        lifted_at = self._lifted_at.get(receiver)
        return at if lifted_at is None else max(at, lifted_at + SOON)
