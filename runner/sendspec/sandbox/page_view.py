"""What the sandbox's page shows, as values. How it looks is not decided here: `Render` is handed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.sandbox.comparison import Comparison
from sendspec.sandbox.fault_switch import FaultState
from sendspec.sandbox.inbox import Conversation, Inbox


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxView:
    """The conversations, one of them `opened`. `comparison` is None, and `why_not` says why, where nothing is known of what was planned.

    `problem` is why a text was not taken, and `typed` what was to be sent, by the form's field.
    """

    inbox: Inbox
    opened: Conversation | None
    comparison: Comparison | None
    why_not: str = ""
    problem: str = ""
    typed: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonView:
    """What was planned beside what arrived; `why_not` as in `InboxView`."""

    comparison: Comparison | None
    why_not: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultsView:
    """The faults that are on. `kinds` are those that can be switched on. `options` are those of the sandbox's own command line. `problem` and `typed` as in `InboxView`."""

    state: FaultState
    kinds: Sequence[str]
    options: Sequence[str] = ()
    problem: str = ""
    typed: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class NumbersView:
    """What the sandbox does with certain numbers."""


@dataclass(frozen=True, slots=True)
class AbsentView:
    """Nothing is at the address. `what` says what isn't there."""

    what: str


View: TypeAlias = InboxView | ComparisonView | FaultsView | NumbersView | AbsentView


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every page says: the moment, in Unix seconds, the sandbox's `url`, and how many faults are on. `base` is the path of all pages.

    `lost_at` is as in `Store`. `here` is the address of a page that a form was answered with: that of the form shows nothing.
    """

    now: float
    url: str
    base: str
    here: str
    faults: int
    lost_at: float | None


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """A page, and the content security policy that it is sent with."""

    html: str
    policy: str


Render: TypeAlias = Callable[[View, Frame], RenderedPage]
