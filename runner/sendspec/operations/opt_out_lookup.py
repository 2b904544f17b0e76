"""Reads what people replied, from the API's list: who said stop since the last look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sendspec.diagnostics.clock import Clock
from sendspec.diagnostics.exceptions import ListRefused, ListUnreadable
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.wording import counted
from sendspec.ledger.delivery.protocol import DeliveryStore, Written
from sendspec.ledger.record import Route
from sendspec.operations.opt_out_keeping import keep_signals
from sendspec.operations.opt_out_signal import signals_of
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.reachable_api import channel_endpoint
from sendspec.operations.run_ending import fix_of_refusal
from sendspec.provider.incoming_message import IncomingMessage
from sendspec.reading.access_key import AccessKey
from sendspec.reading.environment import Channel, Environment, channel_of
from sendspec.sending.connection import Connection, verifying_context
from sendspec.sending.incoming_sweep import INCOMING_BOUNDS, sweep_incoming
from sendspec.sending.list_reader import ListAbandoned, ListBounds, ListReader, ListUnread

PAGE_SECONDS = 15.0
"""Deadline of one page."""
SMS = "sms"
WITHOUT_REPLIES = frozenset({"push"})
"""Platforms on which nobody can answer."""
DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOutLook:
    """What a look found. `lacking` are the seconds that can't be read any more, by channel; `unread` says why lists broke off.

    `unaddressed` counts opt-outs of nobody whose address can be read, `skipped` entries that can't be read at all.
    """

    written: Written
    unaddressed: int = 0
    skipped: int = 0
    lacking: tuple[tuple[str, float], ...] = ()
    unread: tuple[ListUnread, ...] = ()


def reply_channels(
    context: ProjectContext, asking: Iterable[Channel] = (), *, only_like_these: bool = False
) -> list[Channel]:
    """The channels on which people can say stop, each once: the environment's, those that are `asking`, and the sandbox's for SMS.

    `only_like_these`: those of the platforms that ask; what is said on another platform doesn't count for them.
    """
    environment, asked = context.environment, list(asking)
    built_in = channel_of(environment, SMS) if environment.is_sandbox else None
    channels = [*environment.channels.values(), *asked, *([] if built_in is None else [built_in])]
    platforms = {channel.platform for channel in (asked if only_like_these else channels)} - WITHOUT_REPLIES
    return list({each.channel.lower(): each for each in reversed(channels) if each.platform in platforms}.values())


def look_for_opt_outs(
    context: ProjectContext,
    reachable: Environment,
    key: AccessKey,
    store: DeliveryStore,
    channels: Sequence[Channel],
    *,
    stopped: Callable[[], bool] = lambda: False,
    bounds: ListBounds = INCOMING_BOUNDS,
) -> OptOutLook:
    """Reads the replies to each channel since the last look, and keeps what they say of further messages: usually one request each.

    A list that can't be read doesn't keep the others from being read. Raises `LedgerTrouble`, and `FileUnwritable` for the file of the
    user's own.
    """
    written, unaddressed, skipped = Written(), 0, 0
    lacking: list[tuple[str, float]] = []
    unread: list[ListUnread] = []
    clock = context.system.clock
    for channel in channels:
        own, name = channel.channel.lower(), mark_of(channel)

        def keep(messages: Sequence[IncomingMessage], own: str = own) -> None:
            nonlocal written, unaddressed
            readings = [signals_of(each, context.salt, clock.wall(), own) for each in messages]
            unaddressed += sum(each.unaddressed for each in readings)
            written += keep_signals(context, store, readings)

        reader = _reader(reachable, key, channel, clock, stopped, bounds)
        found = sweep_incoming(reader, store.mark(name), clock.wall(), keep)
        skipped += found.skipped
        if found.until is not None:
            store.set_mark(name, found.until)
        if found.gap:
            lacking.append((channel.alias, found.gap))
        if found.unread is not None:
            unread.append(found.unread)
    return OptOutLook(
        written=written, unaddressed=unaddressed, skipped=skipped, lacking=tuple(lacking), unread=tuple(unread)
    )


def mark_of(channel: Channel) -> str:
    """The name under which it is kept how far a channel's replies were read."""
    return f"incoming:{channel.channel.lower()}"


def look_words(look: OptOutLook) -> Iterable[str]:
    """What a person should know of a look, apart from lists that weren't read."""
    if look.unaddressed:
        replies = counted(look.unaddressed, "reply that may be an opt-out names", "replies that may be opt-outs name")
        yield f"warning: {replies} nobody whose address can be read for sure: sendspec opt-outs list --maybe"
    if look.skipped:
        yield f"warning: {counted(look.skipped, 'reply', 'replies')} in the API's list can't be read"
    for alias, seconds in look.lacking:
        yield (
            f"warning: replies to {alias} of {seconds / DAY:.1f} days were never read, and the API doesn't list them any more;"
            " look at them in its inbox, and add who opted out: sendspec opt-outs add"
        )


def refuse_unread(look: OptOutLook, fix: str = "run the command again") -> None:
    """Raises `ListUnreadable` or `ListRefused` if replies were not read: somebody may have said stop in them."""
    for unread in look.unread:
        if isinstance(unread, ListAbandoned):
            continue
        if unread.refusal is not None:
            raise ListRefused(f"the API refuses to list replies: {unread.refusal.text}", fix_of_refusal(unread.refusal))
        raise ListUnreadable(f"{unread.reason}, so it does not show who opted out since the last look", fix)


def _reader(
    reachable: Environment,
    key: AccessKey,
    channel: Channel,
    clock: Clock,
    stopped: Callable[[], bool],
    bounds: ListBounds,
) -> ListReader:
    endpoint = channel_endpoint(reachable, key, Route(channel.workspace, channel.channel))
    context = verifying_context() if endpoint.scheme == "https" else None
    return ListReader(Connection(endpoint, context, clock.monotonic), clock, PAGE_SECONDS, stopped, bounds)
