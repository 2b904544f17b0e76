"""The project file: environments, their channels, where keys and ledgers are."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.position import FILE_START, Span
from sendspec.diagnostics.redaction import printable
from sendspec.reading.access_key import FromCommand, FromFile, FromVariable, KeySource, NoKey
from sendspec.reading.contacts.phone import PhoneFault, normalise_email, normalise_phone
from sendspec.reading.documents.document import Document
from sendspec.reading.files.source import read_source
from sendspec.reading.limits import Limits, read_limits
from sendspec.reading.schema.formats import is_uuid
from sendspec.reading.schema.validator import load_schema
from sendspec.reading.suppress_file import SuppressFile, suppress_files
from sendspec.reading.url import API_HOST, Api, UrlFault, parse_api_url

FILE_NAME = "sendspec.yaml"
SANDBOX = "sandbox"
DEFAULT_PLATFORM = "sms"
"""The platform of a channel that names none."""
MAX_RATE = 10_000
_RATE = re.compile(r"([0-9]{1,9})/([smh])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600}
_ALIAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` requests in any `seconds`."""

    count: int
    seconds: int

    @property
    def per_second(self) -> float:
        return self.count / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel that messages are sent through. `rate` None is no limit of ours.

    `batch` is how many messages one request carries at most, 2 or more; None sends each in a request of its own.
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
        """What `rate` comes to for messages; None is no limit of ours."""
        return None if self.rate is None else self.rate.per_second * (self.batch or 1)


@dataclass(frozen=True, slots=True)
class LedgerPlace:
    """The ledger's file, absolute. `durable` says that it outlives a CI job."""

    file: Path
    durable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where messages go, as whom, and where that is remembered. `only_to` holds normalised addresses, `suppress` names files.

    `key_span` is where the project file says where the key comes from.
    """

    name: str
    api: Api
    key: KeySource
    scheme: str
    ledger: LedgerPlace
    channels: Mapping[str, Channel]
    only_to: frozenset[str] | None
    limits: Limits
    key_span: Span = field(default=FILE_START, compare=False)
    suppress: tuple[SuppressFile, ...] = ()

    @property
    def is_sandbox(self) -> bool:
        return self.name == SANDBOX


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """`root` is the folder that specs and tables have to lie in; `path` is as shown, None without a project file."""

    path: str | None
    root: Path
    default_environment: str
    environments: Mapping[str, Environment]

    def environment(self, name: str) -> Environment | None:
        return sandbox_environment(self) if name == SANDBOX else self.environments.get(name)


def find_project(start: Path) -> Path | None:
    """The nearest project file at or above the folder `start`, looking no further than a repository's top."""
    for folder in (start, *start.parents):
        if os.path.lexists(folder / FILE_NAME) and not (folder / FILE_NAME).is_dir():
            return folder / FILE_NAME  # also a link or a pipe: reading it says what is wrong with it
        if os.path.lexists(folder / ".git"):
            return None
    return None


def project_without_file(root: Path) -> Project:
    return Project(path=None, root=root, default_environment=SANDBOX, environments={})


def sandbox_environment(project: Project) -> Environment:
    """The built-in environment: any alias works, with the platform that another environment gives it, else SMS."""
    platforms = {
        alias: channel.platform
        for environment in project.environments.values()
        for alias, channel in environment.channels.items()
    }
    return Environment(
        name=SANDBOX,
        api=Api(scheme="http", host="127.0.0.1", port=0, prefix="", loopback=True, named=False),
        key=NoKey(),
        scheme="AccessKey",
        ledger=LedgerPlace(project.root / ".sendspec" / "sandbox.db", durable=True),
        channels={alias: _sandbox_channel(alias, platform) for alias, platform in platforms.items()},
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


def channel_of(environment: Environment, alias: str) -> Channel | None:
    """The channel behind an alias; in the sandbox there is one for every alias."""
    found = environment.channels.get(alias)
    return _sandbox_channel(alias, DEFAULT_PLATFORM) if found is None and environment.is_sandbox else found


def read_project(path: str, root: Path, problems: Problems, *, owners: Collection[int] | None = None) -> Project | None:
    """The project in the file at `path`; None when it is not one, and why is among `problems`.

    `owners` are the users whose file counts, as numbers; None: whoever's.
    """
    from sendspec.reading.documents.document import read_document

    own = Problems()
    source = read_source(path, own, owners=owners)
    document = None if source is None else read_document(source, own)
    project = None if document is None else _Reader(document, root, own).project()
    for diagnostic in own:
        problems.add(diagnostic)
    return None if own.has_errors else project


class _Reader:
    """Reads one checked document; what the schema can't say is checked here."""

    def __init__(self, document: Document, root: Path, problems: Problems) -> None:
        self._document = document
        self._root = root
        self._problems = problems

    def project(self) -> Project | None:
        data = self._document.data
        if not isinstance(data, dict):
            self._add((), "not-a-mapping", "the file holds no mapping", "begin with `environments:`")
            return None
        for diagnostic in self._shape():
            self._problems.add(diagnostic)
        if self._problems.has_errors:
            return None
        written = data.get("environments", {})
        environments = {name: made for name in written if (made := self._environment(name)) is not None}
        default = data.get("default_environment", SANDBOX)
        if default != SANDBOX and default not in written:
            known = ", ".join([*written, SANDBOX])
            self._add(
                ("default_environment",),
                "unknown-environment",
                f"there is no environment '{printable(default[:60])}'",
                f"write one of: {known}",
            )
        return Project(
            path=self._document.path, root=self._root, default_environment=default, environments=environments
        )

    def _add(self, at: tuple[str | int, ...], code: str, problem: str, fix: str, *, key: bool = False) -> None:
        self._problems.add(self._document.diagnostic(at, code=code, problem=problem, fix=fix, key=key))

    def _shape(self) -> Iterator[Diagnostic]:
        schema = load_schema("project")
        faults = [] if schema.accepts(self._document.data) else schema.faults(self._document.data)
        for fault in faults:
            literal = len(fault.at) == 3 and fault.at[2] == "access_key" and fault.code == "wrong-type"
            yield self._document.diagnostic(
                fault.at,
                code="key-literal" if literal else fault.code,
                problem="an access key stands in this file, and files in git are read by many"
                if literal
                else fault.problem,
                fix="take it out, make a new key, and write `access_key: {env: NAME}`" if literal else fault.fix,
                key=fault.at_key or literal,
            )

    def _environment(self, name: str) -> Environment | None:
        at = ("environments", name)
        data = self._document.data["environments"][name]
        if name == SANDBOX or not _ALIAS.fullmatch(name):
            problem = (
                "the environment 'sandbox' is built in"
                if name == SANDBOX
                else f"'{printable(name[:60])}' can't be an environment's name"
            )
            self._add(at, "bad-name", problem, "give it another name: letters, digits, . _ and -", key=True)
            return None
        api = self._api(at, data)
        key = self._key(at, data["access_key"])
        channels = {alias: channel for alias in data["channels"] if (channel := self._channel(at, alias)) is not None}
        only_to = self._only_to(at, data)
        if api is None or key is None:
            return None
        return Environment(
            name=name,
            api=api,
            key=key,
            scheme=data["access_key"].get("scheme", "AccessKey"),
            ledger=LedgerPlace((self._root / data["ledger"]["file"]).absolute(), data["ledger"].get("durable", False)),
            channels=channels,
            only_to=only_to,
            limits=read_limits(data.get("limits")),
            key_span=self._document.span((*at, "access_key")),
            suppress=suppress_files(self._document, (*at, "suppress"), data.get("suppress", ()), is_specs=False),
        )

    def _api(self, at: tuple[str, ...], data: Mapping[str, Any]) -> Api | None:
        top = self._document.data
        here: tuple[str, ...] = (*at, "api_url") if "api_url" in data else ("api_url",)
        text = data.get("api_url", top.get("api_url", f"https://{API_HOST}"))
        parsed = parse_api_url(text, data.get("allow_host", top.get("allow_host")))
        if isinstance(parsed, UrlFault):
            self._add(here, parsed.code, parsed.problem, parsed.fix)
            return None
        return parsed

    def _key(self, at: tuple[str, ...], written: Mapping[str, Any]) -> KeySource | None:
        named = [word for word in ("env", "file", "command") if word in written]
        if len(named) != 1:
            self._add(
                (*at, "access_key"),
                "key-source",
                f"the key comes from {len(named)} places; it comes from one",
                "write one of env, file and command",
                key=True,
            )
            return None
        if "env" in written:
            return FromVariable(written["env"])
        return FromFile(written["file"]) if "file" in written else FromCommand(tuple(written["command"]))

    def _channel(self, at: tuple[str, ...], alias: str) -> Channel | None:
        here = (*at, "channels", alias)
        data = self._document.data["environments"][at[1]]["channels"][alias]
        sound = True
        for what in ("workspace", "channel"):
            if not is_uuid(data[what]):
                self._add(
                    (*here, what),
                    "not-a-uuid",
                    f"'{printable(data[what][:60])}' is not a UUID",
                    "copy it from the dashboard: 36 characters such as 123e4567-e89b-12d3-a456-426614174000",
                )
                sound = False
        rate = self._rate(here, data.get("rate"))
        if not sound:
            return None
        return Channel(
            alias=alias,
            workspace=data["workspace"],
            channel=data["channel"],
            platform=data.get("platform", DEFAULT_PLATFORM),
            rate=rate,
            concurrency=data.get("concurrency", 32),
            batch=data.get("batch"),
            timeout_seconds=float(data.get("timeout", 30)),
            trust_503=data.get("trust_503", False),
        )

    def _rate(self, here: tuple[str, ...], text: str | None) -> Rate | None:
        if text is None:
            return None
        match = _RATE.fullmatch(text)
        rate = Rate(int(match[1]), _SECONDS[match[2]]) if match else None
        if rate is None:
            self._add(
                (*here, "rate"),
                "wrong-format",
                f"'{printable(text[:40])}' is not a rate",
                "write a rate like 50/s, 600/m or 10000/h",
            )
        elif not 0 < rate.per_second <= MAX_RATE:
            self._add(
                (*here, "rate"),
                "out-of-range",
                f"'{text}' is not between 1/h and {MAX_RATE}/s",
                "write a rate like 50/s",
            )
            return None
        return rate

    def _only_to(self, at: tuple[str, ...], data: Mapping[str, Any]) -> frozenset[str] | None:
        if "only_to" not in data:
            return None
        normal = []
        for index, written in enumerate(data["only_to"]):
            address = normalise_email(written) if "@" in written else normalise_phone(written, None)
            if isinstance(address, PhoneFault):
                self._add((*at, "only_to", index), address.code, address.problem, address.fix)
            else:
                normal.append(address)
        return frozenset(normal)
