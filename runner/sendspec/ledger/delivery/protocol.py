"""What keeps deliveries and opt-outs beside a ledger offers, whatever stores it.

It has a lock of its own and never the run's, so that `wait` and webhooks work while a run sends. Rules for each implementation,
which the conformance tests check:

- What a method that writes has returned for is durable (fsync).
- Writing the same again changes nothing, also from two processes at once.
- Rows name no number and no text. Times are kept to the millisecond.
- Signals are never deleted; their count only grows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.delivery.interaction import Interaction
from sendspec.ledger.delivery.observation import Delivery, Observation, Source, StatusReport
from sendspec.ledger.delivery.opt_out import OptOutSignal


@dataclass(frozen=True, slots=True)
class Written:
    """What writing rows did: `added` were new, `changed` replaced what counted before, `known` changed nothing."""

    added: int = 0
    changed: int = 0
    known: int = 0

    def __add__(self, other: Written) -> Written:
        return Written(self.added + other.added, self.changed + other.changed, self.known + other.known)


@dataclass(frozen=True, slots=True)
class ReplacedSignals:
    """`lost` signals are gone for good; `written` says what became of those in their place."""

    lost: int
    written: Written


@dataclass(frozen=True, slots=True)
class PendingReport:
    """A report of a message that the ledger doesn't know by this API id yet: an event can be faster than the API's answer.

    `receivers` are the keyed hashes of its recipients.
    """

    remote_id: str
    receivers: tuple[bytes, ...]
    report: StatusReport
    source: Source
    seen_at: float


class DeliveryCounts(NamedTuple):
    """How many rows there are of each kind."""

    deliveries: int
    interactions: int
    signals: int
    pending: int


NOTHING_KEPT = DeliveryCounts(0, 0, 0, 0)


class DeliveryFacts(Protocol):
    """What is known of deliveries and opt-outs, opened to read. Raises `LedgerDamaged` for a damaged row; never shows it."""

    def deliveries(self, ids: Sequence[bytes]) -> Mapping[bytes, Delivery]:
        """What is known of each of `ids`; messages that were never seen are left out."""

    def all_deliveries(self) -> Iterator[tuple[bytes, Delivery]]:
        """Everything that is known, by message id."""

    def all_interactions(self) -> Iterator[Interaction]: ...

    def interactions(self, ids: Sequence[bytes]) -> Iterator[Interaction]:
        """The interactions with these messages, in any order."""

    def signals(self, after: int = 0) -> Iterator[OptOutSignal]:
        """Every opt-out signal but the first `after`, in the order in which they were written."""

    @property
    def signal_count(self) -> int:
        """How many signals there are. It only grows."""

    def pending(self) -> Iterator[PendingReport]:
        """The reports that wait for a message."""

    def mark(self, name: str) -> float | None:
        """How far something was read, in Unix seconds; None if it never was."""

    def marks(self) -> Mapping[str, float]:
        """Every mark, by name."""

    def counts(self) -> DeliveryCounts: ...

    def find_damage(self) -> list[str]:
        """The damages found by checking everything; empty if there is none."""

    def close(self) -> None: ...


class DeliveryStore(DeliveryFacts, Protocol):
    """The same, opened to write. Several processes may have it open; each write waits for the others."""

    def observe(self, observations: Iterable[Observation]) -> Written:
        """Writes what was observed, as `observation.merged` decides."""

    def put_deliveries(self, deliveries: Iterable[tuple[bytes, Delivery]]) -> Written:
        """Writes what another store knows, as if this one had seen the same."""

    def put_interactions(self, interactions: Iterable[Interaction]) -> Written:
        """Writes interactions; one of a known id changes nothing."""

    def put_signals(self, signals: Iterable[OptOutSignal]) -> Written:
        """Writes opt-out signals; an equal one (but for `noted_at`) changes nothing."""

    def replace_lost(self, signals: Iterable[OptOutSignal], *, noted: int, reason: str, now: float) -> ReplacedSignals:
        """Writes these signals, all or nothing, although others were lost: the ledger has noted `noted`.

        From then on the lost ones count as signals that nobody knows, for the reason that a person gives.
        """

    def put_pending(self, reports: Iterable[PendingReport]) -> None:
        """Keeps reports that wait for their message."""

    def drop_pending(self, remote_ids: Iterable[str], *, before: float) -> None:
        """Drops the pending reports of these API ids, and all that were seen before then (Unix seconds)."""

    def set_mark(self, name: str, at: float) -> None:
        """Notes that something was read up to `at` (Unix seconds). A mark never goes back."""

    def purge(self, *, before: float) -> int:
        """Removes deliveries and interactions seen before then (Unix seconds), never opt-outs; returns the deliveries' count."""
