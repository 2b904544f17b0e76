"""Which settings of a spec are others than a base's: those that an approval is bound to, and `continue_with`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.identity import LedgerIdentity
from sendspec.operations.plan_settings import spec_settings
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.planning.base_change import SettingChange

REFERENCE = "reference"
_NAMES = {"channel": "channel_id"}
"""Names of a target's settings, where they would be mistaken for those of a spec."""


@dataclass(frozen=True, slots=True)
class BaseSettings:
    """The settings of one side by name, as texts, and the identity of its ledger, if it has one."""

    written: Mapping[str, str]
    identity: LedgerIdentity | None


def base_settings(job: Job, context: ProjectContext) -> BaseSettings:
    """The settings of a job under the project and the `sendspec.lock` of `context`."""
    settings = spec_settings(job, context, None)
    target = {_NAMES.get(name, name): value for name, value in settings.target.items()}
    named = {
        "channel": job.spec.channel,
        **target,
        **settings.policy,
        "continue_with": job.spec.continue_with,
        "ledger": None if context.identity is None else context.identity.ledger,
    }
    return BaseSettings(dict(_written(named)), context.identity)


def setting_changes(before: BaseSettings, after: BaseSettings) -> tuple[SettingChange, ...]:
    """The settings that differ, in the order of today's."""
    names = dict.fromkeys((*after.written, *before.written))
    changes = [
        SettingChange(name=name, before=before.written.get(name), after=after.written.get(name))
        for name in names
        if before.written.get(name) != after.written.get(name)
    ]
    if _has_other_salt(before.identity, after.identity):
        changes.append(
            SettingChange(name="salt", before="that of the base", after="another: everybody is somebody new")
        )
    return tuple(changes)


def _has_other_salt(before: LedgerIdentity | None, after: LedgerIdentity | None) -> bool:
    return before is not None and after is not None and before.salt != after.salt


def _written(settings: Mapping[str, object], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _written(value, f"{above}{name}.")
        elif value is not None:
            yield f"{above}{name}", str(value).lower() if isinstance(value, bool) else str(value)
