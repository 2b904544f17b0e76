"""The receiver of what a person should know while an operation runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from sendspec.sending.reconciliation import Reconciled
    from sendspec.sending.run import RunProgress


@dataclass(frozen=True, slots=True)
class Preparation:
    """A spec's rows that are composed, or its messages that are in the ledger. `total` is None where it is not known yet."""

    name: str
    done: int
    total: int | None = None


Watch = Callable[[Preparation], None]


def ignore(preparation: Preparation) -> None:
    """A `Watch` that shows nothing."""


class Listener(Protocol):
    """The command line writes all of it to stderr; the Python API logs it."""

    def say(self, text: str) -> None:
        """A line that says what goes on."""

    def warn(self, text: str) -> None:
        """A line that a person must read. It may quote foreign text, unescaped."""

    def detail(self, text: str) -> None:
        """A line for verbose output."""

    def diagnostics(self, found: Sequence[Diagnostic]) -> None:
        """Warnings about the input; the operation goes on."""

    def reconciled(self, outcome: Reconciled, environment: str) -> None:
        """What the API's list says about doubts that earlier runs left."""

    def alarms(self, outcome: Reconciled) -> None:
        """What a person must not miss in a list that was read during a run."""

    def preparing(self) -> AbstractContextManager[Watch]:
        """While the block runs, its function is called with how far the work before the first message has got."""

    def progress(
        self, name: str, total: int, per_second: float | None
    ) -> AbstractContextManager[Callable[[RunProgress], None]]:
        """While the block runs, its function is called with the outcomes so far of `total` messages.

        `name` is that of the spec, empty where no other is sent. `per_second` is the channel's limit; None without one.
        """
