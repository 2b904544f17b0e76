"""Reads the project file, `sendspec.yaml`, and checks it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import printable
from sendspec.reading.access_key import KeySource, key_source, odd_sources, odd_variable
from sendspec.reading.api_url import API_HOST, Api, parse_api_url
from sendspec.reading.approvals import Approvals, read_approvals
from sendspec.reading.channel_ids import UNQUOTED, id_problems, is_number_for_id, once_a_number
from sendspec.reading.contacts.email_address import normalise_email
from sendspec.reading.contacts.phone_number import normalise_phone
from sendspec.reading.documents.document import Document
from sendspec.reading.documents.yaml_reader import read_document
from sendspec.reading.environment import (
    DEFAULT_PLATFORM,
    LEDGER_FIX,
    LEDGER_SCHEMA,
    SANDBOX,
    Channel,
    Environment,
    LedgerFile,
    LedgerServer,
    LimitPlace,
    Rate,
    ledger_fault,
    parse_rate,
)
from sendspec.reading.files.confined_path import git_folder_problem, resolve_in_project
from sendspec.reading.files.text_file import read_text_file
from sendspec.reading.ledger_literal import PASSWORD_LITERAL, URL_LITERAL, credentials_elsewhere, ledgers_with_url
from sendspec.reading.ledger_schema import schema_fault
from sendspec.reading.limits import read_limits
from sendspec.reading.project import PROJECT_FILE_NAME, Project, find_project
from sendspec.reading.project_advice import advised
from sendspec.reading.schema.validator import load_schema
from sendspec.reading.suppress_setting import read_suppress
from sendspec.reading.unexpanded import meant_values, unexpanded_source, unexpanded_url

if TYPE_CHECKING:
    from sendspec.reading.price_file import PriceFile

_ALIAS = lazy_pattern(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def read_project(path: str, root: Path, problems: Problems, *, owners: Collection[int] | None = None) -> Project | None:
    """The project in the file at `path`; None if invalid, with the reasons added to `problems`.

    `owners` are the user ids that may own the file; None: any.
    """
    found = Problems()
    source = read_text_file(path, found, owners=owners)
    document = None if source is None else read_document(source, found, despite=(UNQUOTED,))
    project = None if document is None else _Reader(document, root, found).project()
    for diagnostic in once_a_number(found):
        problems.add(diagnostic)
    return None if found.has_errors else project


_KEY_LITERAL = Problem(
    "key-literal",
    "this file contains an access key, and many people can read files in git",
    "remove it, create a new key, and write `access_key: {env: NAME}`",
)
_SANDBOX_AT = ("environments", SANDBOX)
_BUILT_IN = Problem(
    "bad-name",
    "the environment 'sandbox' is built in: you can set only the platforms of its channels",
    "give yours another name, or write only `channels: {news: {platform: email}}` here",
)


class _Reader:
    """Reads one document, and checks it against the schema and the rules that a schema can't state."""

    def __init__(self, document: Document, root: Path, problems: Problems) -> None:
        self._document = document
        self._root = root
        self._problems = problems

    def project(self) -> Project | None:
        data = self._document.data
        for at in odd_sources(data):
            self._document.hide(at)
        if not isinstance(data, dict):
            self._add((), "not-a-mapping", "the file holds no mapping", "begin with `environments:`")
            return None
        shape = list(self._shape())
        for diagnostic in (*shape, *id_problems(self._document)):
            self._problems.add(diagnostic)
        if shape:
            return None
        listed = data.get("environments", {})
        named = [name for name in listed if name != SANDBOX]
        environments = {name: one for name in named if (one := self._environment(name)) is not None}
        default = data.get("default_environment", SANDBOX)
        if default != SANDBOX and default not in listed:
            known, near = ", ".join([*named, SANDBOX]), near_miss(default, [*named, SANDBOX])
            self._add(
                ("default_environment",),
                "unknown-environment",
                f"there is no environment '{printable(default[:60])}'",
                f"write '{near}'" if near else f"write one of: {known}",
            )
        channels = listed.get(SANDBOX, {}).get("channels", {})
        return Project(
            path=self._document.path,
            root=self._root,
            default_environment=default,
            environments=environments,
            sandbox_platforms={alias: channel["platform"] for alias, channel in channels.items()},
            prices=self._prices(data.get("prices")),
        )

    def _add(self, at: tuple[str | int, ...], code: str, problem: str, fix: str, *, key: bool = False) -> None:
        self._problems.add(self._document.diagnostic(at, code=code, problem=problem, fix=fix, key=key))

    def _shape(self) -> Iterator[Diagnostic]:
        schema = load_schema("project")
        faults = [] if schema.accepts(self._document.data) else schema.problems(self._document.data)
        own_sandbox = [fault for fault in faults if fault.at[:2] == _SANDBOX_AT and fault.code == "unknown-key"]
        if own_sandbox:  # an environment of the user's own that has the name: one error, not one a key
            yield self._document.place(_SANDBOX_AT, _BUILT_IN, key=True)
            faults = [fault for fault in faults if fault.at[:2] != _SANDBOX_AT]
        literals = list(ledgers_with_url(self._document.data))
        for at in literals:
            yield self._document.place(at, URL_LITERAL, key=True)
        elsewhere = list(credentials_elsewhere(self._document.data))
        for place in elsewhere:
            yield self._document.place(place, PASSWORD_LITERAL, key=True)
        known = {*literals, *elsewhere}
        faults = [
            fault for fault in faults if not any(fault.at[:length] in known for length in range(len(fault.at) + 1))
        ]
        faults = list(meant_values(faults, self._document.data))
        for fault in advised(faults, self._document.data, schema.document["properties"]):
            if is_number_for_id(self._document, fault):
                continue
            literal = len(fault.at) == 3 and fault.at[2] == "access_key" and fault.code == "wrong-type"
            yield self._document.place(fault.at, _KEY_LITERAL if literal else fault, key=fault.at_key or literal)

    def _environment(self, name: str) -> Environment | None:
        at = ("environments", name)
        data = self._document.data["environments"][name]
        if not _ALIAS.fullmatch(name):
            problem = f"'{printable(name[:60])}' can't be an environment's name"
            self._add(at, "bad-name", problem, "give it another name: letters, digits, . _ and -", key=True)
            return None
        api = self._api(at, data)
        key = self._source((*at, "access_key"), data["access_key"], "key")
        channels = {alias: self._channel(at, alias) for alias in data["channels"]}
        only_to = self._only_to(at, data)
        ledger = self._ledger(at, data["ledger"])
        suppress, opt_outs = read_suppress(self._document, (*at, "suppress"), data.get("suppress"), by_spec=False)
        if opt_outs.append is not None:
            self._check_inside((*at, "suppress", "opt_outs", "append"), opt_outs.append.written)
        if api is None or key is None or ledger is None:
            return None
        return Environment(
            name=name,
            api=api,
            key=key,
            scheme=data["access_key"].get("scheme", "AccessKey"),
            ledger=ledger,
            channels=channels,
            only_to=only_to,
            limits=read_limits(data.get("limits")),
            limit_places={limit: self._limit_place((*at, "limits", limit)) for limit in data.get("limits") or ()},
            key_span=self._document.span((*at, "access_key")),
            suppress=suppress,
            opt_outs=opt_outs,
            approvals=self._approvals(at, data.get("approvals")),
        )

    def _limit_place(self, at: tuple[str, ...]) -> LimitPlace:
        span = self._document.span(at)
        return LimitPlace(span, self._document.excerpt(span.start.line))

    def _prices(self, written: str | None) -> PriceFile | None:
        """The file is read when something is planned; here, its path must stay in the project."""
        if written is None:
            return None
        from sendspec.reading.price_file import price_file  # few projects have prices

        self._check_inside(("prices",), written)
        return price_file(self._document, ("prices",), written)

    def _check_inside(self, at: tuple[str, ...], written: str) -> None:
        place = resolve_in_project(self._root, str(self._root / PROJECT_FILE_NAME), written)
        if isinstance(place, Problem):
            fault = replace(place, fix="name a file inside the project, relative to sendspec.yaml")
            self._problems.add(self._document.place(at, fault))

    def _approvals(self, at: tuple[str, ...], written: Mapping[str, Any] | None) -> Approvals | None:
        """The files are read when they are needed; here, their paths must stay in the project."""
        for name in ("approvers", "revoked"):
            if written is not None and name in written:
                self._check_inside((*at, "approvals", name), written[name])
        return read_approvals(written)

    def _ledger(self, at: tuple[str, ...], written: Mapping[str, Any]) -> LedgerFile | LedgerServer | None:
        fault = ledger_fault(written)
        if fault is not None:
            self._problems.add(self._document.place((*at, "ledger"), fault))
            return None
        return self._ledger_server(at, written) if "url" in written else self._ledger_file(at, written)

    def _ledger_server(self, at: tuple[str, ...], written: Mapping[str, Any]) -> LedgerServer | None:
        source = self._source((*at, "ledger", "url"), written["url"], "ledger's URL")
        schema = written.get("schema", LEDGER_SCHEMA)
        fault = schema_fault(schema)
        if fault is not None:
            self._problems.add(self._document.place((*at, "ledger", "schema"), fault))
        return None if source is None or fault is not None else LedgerServer(source, schema)

    def _ledger_file(self, at: tuple[str, ...], written: Mapping[str, Any]) -> LedgerFile:
        place = (self._root / written["file"]).absolute()
        in_git = git_folder_problem(os.path.realpath(place), written["file"], LEDGER_FIX)
        if in_git is not None:
            self._problems.add(self._document.place((*at, "ledger", "file"), in_git))
        other = find_project(Path(os.path.realpath(place)).parent)
        if other is not None and other.parent != Path(os.path.realpath(self._root)):
            problem = f"'{printable(written['file'])}' is in another project, which has its own limits and approvals"
            fault = Problem("ledger-elsewhere", problem, LEDGER_FIX)
            self._problems.add(self._document.place((*at, "ledger", "file"), fault))
        return LedgerFile(place, written.get("durable", False))

    def _api(self, at: tuple[str, ...], data: Mapping[str, Any]) -> Api | None:
        top = self._document.data
        here: tuple[str, ...] = (*at, "api_url") if "api_url" in data else ("api_url",)
        text = data.get("api_url", top.get("api_url", f"https://{API_HOST}"))
        parsed = unexpanded_url(text) or parse_api_url(text, data.get("allow_host", top.get("allow_host")))
        if isinstance(parsed, Problem):
            self._problems.add(self._document.place(here, parsed))
            return None
        return parsed

    def _source(self, at: tuple[str, ...], written: Mapping[str, Any], what: str) -> KeySource | None:
        """Where a key or a URL comes from. `what` it is, is for errors."""
        odd = unexpanded_source(written) or odd_variable(written, what)
        if odd is not None:
            self._problems.add(self._document.place((*at, odd[0]), odd[1]))
            return None
        source = key_source(written, what)
        if isinstance(source, Problem):
            self._problems.add(self._document.place(at, source, key=what == "key"))
            return None
        return source

    def _channel(self, at: tuple[str, ...], alias: str) -> Channel:
        here = (*at, "channels", alias)
        data = self._document.data["environments"][at[1]]["channels"][alias]
        rate = self._rate(here, data.get("rate"))
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
        rate = None if text is None else parse_rate(text)
        if isinstance(rate, Problem):
            self._problems.add(self._document.place((*here, "rate"), rate))
            return None
        return rate

    def _only_to(self, at: tuple[str, ...], data: Mapping[str, Any]) -> frozenset[str] | None:
        if "only_to" not in data:
            return None
        normalised = []
        for index, written in enumerate(data["only_to"]):
            address = normalise_email(written) if "@" in written else normalise_phone(written, None)
            if isinstance(address, Problem):
                self._problems.add(self._document.place((*at, "only_to", index), address))
            else:
                normalised.append(address)
        return frozenset(normalised)
