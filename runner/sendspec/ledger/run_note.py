"""What a run carries out, and what the ledger knows of the runs that planned a send."""

from __future__ import annotations

from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RunNote:
    """What a run carries out, and who approved it.

    `plan_digest` is the digest of the plan (32 bytes), `commit` the commit that the specs were read at. `claimed` says who approved it as
    somebody said, such as a CI system; `verified` names those whose signatures were verified.
    """

    plan_digest: bytes
    commit: str | None = None
    claimed: str | None = None
    verified: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """A run that planned messages of a send. Times are in Unix seconds by this machine's clock; `ending` is None until it has ended.

    `pid` is the number of its process. `messages` counts those that it planned. `note` is None for a run of an earlier version.
    `requests` counts its POSTs, for all the `specs` sends that it planned; None until it has ended.
    """

    run: int
    pid: int
    started_at: float
    ended_at: float | None
    ending: str | None
    messages: int
    note: RunNote | None
    requests: int | None = None
    specs: int = 1
