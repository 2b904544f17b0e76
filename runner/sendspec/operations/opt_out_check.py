"""What `doctor` says of opt-outs: how many there are, the latest, and how far replies were read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from sendspec.diagnostics.exceptions import SendspecError
from sendspec.diagnostics.wording import counted
from sendspec.operations.check import Check, CheckStatus
from sendspec.operations.delivery_access import deliveries_to_read
from sendspec.operations.known_opt_outs import known_opt_outs
from sendspec.operations.maybe_opt_outs import maybe_words
from sendspec.operations.project_context import ProjectContext
from sendspec.reading.environment import Environment

WEEK = 7 * 86_400.0
"""For how long the API lists a reply."""
WHAT = "opt-outs"
SMS = "sms"


def opt_out_checks(context: ProjectContext) -> Iterator[Check]:
    """A line where opt-outs are kept, or the environment asks for them."""
    try:
        with deliveries_to_read(context) as facts:
            known = known_opt_outs(context, facts)
    except SendspecError as error:
        yield Check(CheckStatus.PROBLEM, WHAT, error.problem, error.fix)
        return
    environment = context.environment
    if not known.signals and known.last_look is None and not environment.opt_outs.asked:
        if environment.opt_outs.asked is None and _takes_replies(environment):
            found = "nothing says whether replies such as STOP count"
            yield Check(
                CheckStatus.NOTE, WHAT, found, "add `suppress: {opt_outs: true}` to the environment, or `false`"
            )
        return
    found = f"{counted(len(known.standing), 'person has', 'people have')} opted out"
    if known.standing:
        found += f", the latest on {_day(known.standing[-1].at)}"
    if known.maybes:
        found += f"; {maybe_words(known.maybes)}: `opt-outs list --maybe`"
    if known.last_look is None:
        found += "; replies were never read from the API"
        fix = "read them now" if environment.opt_outs.asked else "read them now, and add `suppress: {opt_outs: true}`"
        yield Check(CheckStatus.NOTE, WHAT, found, f"{fix}: sendspec opt-outs list --refresh")
    elif known.last_look < context.system.clock.wall() - WEEK:
        found += f"; replies were last read on {_day(known.last_look)}, and the API lists them for 7 days"
        yield Check(CheckStatus.NOTE, WHAT, found, "read them at least once a week: sendspec opt-outs list --refresh")
    else:
        yield Check(CheckStatus.OK, WHAT, f"{found}; replies were read up to {_day(known.last_look)}")


def _takes_replies(environment: Environment) -> bool:
    return not environment.is_sandbox and any(each.platform == SMS for each in environment.channels.values())


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="minutes").replace("+00:00", "Z")
