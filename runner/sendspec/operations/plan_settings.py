"""The settings that an approval is bound to, besides the messages: where they go, and under which promise."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sendspec.diagnostics.wording import moment_text
from sendspec.ledger.protocol import Facts
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.planning.choice import RetryTerm
from sendspec.planning.decision import Retry
from sendspec.planning.plan_digest import SpecSettings
from sendspec.reading.environment import SANDBOX, Environment
from sendspec.reading.limits import Limits
from sendspec.reading.undelivered import Undelivered


def spec_settings(job: Job, context: ProjectContext, retry: RetryTerm | None) -> SpecSettings:
    """The settings of one spec. A setting with its default is left out, so that a new setting leaves old digests as they are."""
    spec, channel = job.spec, job.channel
    target = {
        "api": api_text(context.environment),
        "workspace": channel.workspace.lower(),
        "channel": channel.channel.lower(),
        "platform": channel.platform,
        "batch": channel.batch,
    }
    policy = {
        "in_doubt": spec.in_doubt.value,
        "trust_503": channel.trust_503 or None,
        "limits": _limits(job.limits) or None,
        "retry": None if retry is None else retry.kind.value,
        "refused_until": None if retry is None else retry.refused_until,
        "moved_from": spec.moved_from,
        "audience": "frozen" if spec.audience_frozen else None,
        "not_after": None if spec.not_after is None else moment_text(spec.not_after),
        "undelivered": None if spec.only is None else _undelivered(spec.only),
    }
    return SpecSettings(name=spec.name, generation=spec.generation, target=_set(target), policy=_set(policy))


def retry_term(retry: Retry | None, ledger: Facts | None) -> RetryTerm | None:
    """What is tried again by a plan that is made now."""
    if retry is None:
        return None
    moves = 0 if ledger is None else ledger.moves
    return RetryTerm(retry, moves if retry is Retry.REFUSED else None)


def api_text(environment: Environment) -> str:
    """Where an environment's requests go, as a URL. The sandbox's port differs from run to run, and it reaches nobody."""
    if environment.is_sandbox:
        return SANDBOX
    api = environment.api
    return f"{api.scheme}://{api.authority}{api.prefix}"


def _undelivered(only: Undelivered) -> dict[str, Any]:
    """As the spec writes it: the same words mean the same people, whatever was sent meanwhile."""
    return {**_set({"spec": only.spec, "generation": only.generation}), "statuses": sorted(only.statuses)}


def _limits(limits: Limits) -> dict[str, Any]:
    listed = {each.name: getattr(limits, each.name) for each in fields(limits)}
    return _set({**listed, "cost": " and ".join(map(str, limits.cost)) or None})


def _set(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}
