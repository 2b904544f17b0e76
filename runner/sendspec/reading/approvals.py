"""What `approvals:` of an environment asks for: who approves, how many of them, and which sends need it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, assert_never

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.limits import Amount, amount_of


@dataclass(frozen=True, slots=True)
class Always:
    """Every send needs approval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """Sends of more than `messages` need approval, and sends that cost more than `cost`. None: doesn't matter."""

    messages: int | None = None
    cost: Amount | None = None


@dataclass(frozen=True, slots=True)
class NewShape:
    """Sends need approval if they have a message of a shape that was never accepted before, under the same text of the same spec."""


When = Always | Over | NewShape


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """`need` different people from the file `approvers` have to sign; keys in the file `revoked` don't count.

    Both paths are relative to the project file, as it writes them.
    """

    approvers: str
    need: int = 1
    when: When = Always()
    revoked: str | None = None


def needs_approval(
    approvals: Approvals,
    messages: int,
    costs_more: Callable[[Amount], bool] = lambda amount: True,
    *,
    has_new_shape: bool = True,
) -> bool:
    """Whether a send of this many messages needs approval. What is not known counts against it.

    `costs_more` is whether the send costs more than an amount, or may do so.

    Nothing to send needs none, so that a plan that was sent to its end can be run again.
    """
    if messages == 0:
        return False
    match approvals.when:
        case Always():
            return True
        case Over(messages=most, cost=cost):
            return (cost is not None and costs_more(cost)) or (most is not None and messages > most)
        case NewShape():
            return has_new_shape
        case _:
            assert_never(approvals.when)


def read_approvals(written: Mapping[str, Any] | None) -> Approvals | None:
    """The value of a checked mapping; None without one."""
    if written is None:
        return None
    return Approvals(
        approvers=written["approvers"],
        need=written.get("need", 1),
        when=_when(written.get("when", "always")),
        revoked=written.get("revoked"),
    )


def _when(written: str | Mapping[str, Any]) -> When:
    if isinstance(written, str):
        return Always() if written == "always" else NewShape()
    over = written["over"]
    return Over(messages=over.get("messages"), cost=amount_of(over["cost"]) if "cost" in over else None)
