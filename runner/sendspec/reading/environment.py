"""An environment: where messages go, through which channels, and which ledger remembers them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.position import FILE_START, Span
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import printable
from sendspec.reading.access_key import KeySource, NoKey, origin_of
from sendspec.reading.api_url import Api
from sendspec.reading.approvals import Approvals
from sendspec.reading.limits import Limits
from sendspec.reading.suppress_setting import NO_OPT_OUTS, OptOutSetting
from sendspec.reading.suppression_file import SuppressionFile

SANDBOX = "sandbox"
DEFAULT_PLATFORM = "sms"
"""The platform of a channel that names none."""

MAX_RATE = 10_000
_RATE = lazy_pattern(r"([0-9]{1,9})/([smh])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600}
LEDGER_SCHEMA = "sendspec"
"""The database schema of a ledger that names none."""
LEDGER_FIX = "keep the ledger elsewhere, such as at .sendspec/production.db"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` requests in any period of `seconds`."""

    count: int
    seconds: int

    @property
    def per_second(self) -> float:
        return self.count / self.seconds


def parse_rate(text: str) -> Rate | Problem:
    match = _RATE.fullmatch(text)
    if match is None:
        return Problem(
            "wrong-format", f"'{printable(text[:40])}' is not a rate", "write a rate like 50/s, 600/m or 10000/h"
        )
    rate = Rate(int(match[1]), _SECONDS[match[2]])
    if not 0 < rate.per_second <= MAX_RATE:
        return Problem("out-of-range", f"'{text}' is not between 1/h and {MAX_RATE}/s", "write a rate like 50/s")
    return rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel that messages are sent through. `alias` is its name in specs.

    `rate` limits requests, not messages; None: sendspec sets no limit. `concurrency` is the most requests in flight. `batch`
    is the most messages in one request, at least 2; None: one message a request. `trust_503`: a 503 with Retry-After means
    that nothing was processed.
    """

    alias: str
    workspace: str
    channel: str
    platform: str
    rate: Rate | None = None
    concurrency: int = 32
    batch: int | None = None
    timeout_seconds: float = 30.0
    trust_503: bool = False

    @property
    def messages_per_second(self) -> float | None:
        """`rate` as messages, not requests; None: sendspec sets no limit."""
        return None if self.rate is None else self.rate.per_second * (self.batch or 1)


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """A ledger in a file, by its absolute path. `durable`: the file outlives a CI job."""

    file: Path
    durable: bool

    @property
    def shown(self) -> str:
        return str(self.file)

    @property
    def named(self) -> str:
        return f"the ledger {self.file}"


@dataclass(frozen=True, slots=True)
class LedgerServer:
    """A ledger on a PostgreSQL server. `url` says where its URL comes from; `schema` holds the ledger's tables."""

    url: KeySource
    schema: str

    @property
    def shown(self) -> str:
        """The ledger without its URL."""
        return f"the ledger at {origin_of(self.url)}"

    @property
    def named(self) -> str:
        return self.shown

    @property
    def server(self) -> str:
        return f"the server at {origin_of(self.url)}"


def ledger_fault(written: Mapping[str, object]) -> Problem | None:
    """What is wrong with the combination of keys under `ledger`."""
    if len(written.keys() & {"file", "url"}) != 1:
        both = "both a file and a URL" if "file" in written else "neither a file nor a URL"
        return Problem("ledger-place", f"the ledger has {both}", "write `file`, or `url` for a PostgreSQL server")
    strange, of = ("schema", "on a PostgreSQL server") if "file" in written else ("durable", "in a file")
    if strange in written:
        return Problem("ledger-place", f"`{strange}` is for a ledger {of}", f"remove `{strange}`")
    return None


@dataclass(frozen=True, slots=True)
class LimitPlace:
    """Where the project file writes a limit of an environment: its value, and that line, masked."""

    span: Span
    excerpt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where messages go, who may get them, and which ledger keeps the record.

    `only_to` holds normalised addresses; None allows everyone. `key_span` is the place of `access_key` in the project file.
    `approvals`: who has to approve sends; None: nobody. `workspace` takes the place of the channels' own in requests, where it is given.
    """

    name: str
    api: Api
    key: KeySource
    scheme: str
    ledger: LedgerFile | LedgerServer
    channels: Mapping[str, Channel]
    only_to: frozenset[str] | None
    limits: Limits
    limit_places: Mapping[str, LimitPlace] = field(default_factory=dict, compare=False)
    key_span: Span = field(default=FILE_START, compare=False)
    suppress: tuple[SuppressionFile, ...] = ()
    opt_outs: OptOutSetting = NO_OPT_OUTS
    approvals: Approvals | None = None
    workspace: str | None = None

    @property
    def is_sandbox(self) -> bool:
        return self.name == SANDBOX


def sandbox_environment(root: Path, platform_by_alias: Mapping[str, str]) -> Environment:
    """The built-in environment of the project at `root`, with a channel for each alias; others come from `channel_of`."""
    return Environment(
        name=SANDBOX,
        api=Api(scheme="http", host="127.0.0.1", port=0, prefix="", loopback=True, named=False),
        key=NoKey(),
        scheme="AccessKey",
        ledger=LedgerFile(root / ".sendspec" / "sandbox.db", durable=True),
        channels={alias: _sandbox_channel(alias, platform) for alias, platform in platform_by_alias.items()},
        only_to=None,
        limits=Limits(),
    )


def _sandbox_channel(alias: str, platform: str) -> Channel:
    return Channel(
        alias=alias,
        workspace="00000000-0000-4000-8000-000000000001",
        channel="00000000-0000-4000-8000-000000000002",
        platform=platform,
    )


def channel_of(
    environment: Environment, alias: str, platform: Callable[[], str] = lambda: DEFAULT_PLATFORM
) -> Channel | None:
    """The channel behind `alias`. The sandbox has one for every alias, of `platform` if the project file has none."""
    found = environment.channels.get(alias)
    return _sandbox_channel(alias, platform()) if found is None and environment.is_sandbox else found
