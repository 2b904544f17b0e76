"""What a `wait` is about: the sends whose deliveries are waited for, each with its gate. Pinned when it begins."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import duration_text
from sendspec.ledger.protocol import Facts
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.renamed_spec import names_of, other_names
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.planning.delivery_gate import Gate
from sendspec.reading.spec import Spec, read_spec

DEFAULT_SECONDS = 900
SMS, SMS_VALIDITY = "sms", 36 * 3_600
"""Seconds after which an SMS that says no `validity` expires (`reference/api.md`)."""


@dataclass(frozen=True, slots=True)
class GatedSend:
    """A send, and what its deliveries are held against."""

    name: str
    generation: int
    gate: Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class GateWords:
    """What the command line says of the gate; None is what it doesn't say."""

    need: Fraction | None = None
    max_failed: Fraction | None = None
    timeout_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitScope:
    """`reads_replies`: who said stop counts for these sends, so replies are looked at too. `notes` are what a person should know."""

    sends: tuple[GatedSend, ...]
    timeout_seconds: int
    reads_replies: bool = False
    notes: tuple[str, ...] = ()


def wait_scope(
    context: ProjectContext, ledger: Facts | None, specs: Sequence[Spec], names: Sequence[str], words: GateWords
) -> WaitScope:
    """The newest generation of each spec; without any, the sends of the last run. Raises `WrongUsage` for a name that was never sent.

    The spec of a name is read where the ledger noted it, since it says what its deliveries are held against.
    """
    newest = {} if ledger is None else _newest(ledger)
    unknown = [name for name in names if name not in newest]
    if unknown:
        near = near_miss(unknown[0], newest)
        meant = "" if near is None else f"; did you mean '{near}'?"
        raise WrongUsage(
            f"no spec called '{printable(unknown[0])}' was ever sent here, and there is no such file{meant}",
            "name a spec's file, or a name that `sendspec status` shows",
        )
    sends: dict[str, GatedSend] = {}
    used = list(specs)
    notes: list[str] = []
    for spec in specs:
        for name in _names_of(spec, ledger, newest):
            sends[name] = GatedSend(name, newest.get(name, spec.generation), _gate(words, spec))
    if ledger is not None:
        last_run = () if specs or names else sorted(_sends_of_last_run(ledger, newest))
        for name in (*names, *last_run):
            found = _noted_spec(context, ledger, name)
            if found is None and words.need is None and words.max_failed is None:
                notes.append(f"note: the spec of {name} is not at hand, so what it says of deliveries is not known")
            used += [] if found is None else [found]
            sends.setdefault(name, GatedSend(name, newest[name], _gate(words, found)))
    for spec in used:
        notes += _notes(context, spec, newest, words)
    return WaitScope(
        sends=tuple(sends.values()),
        timeout_seconds=timeout_of(words, used),
        reads_replies=reads_replies(context, used),
        notes=tuple(notes),
    )


def reads_replies(context: ProjectContext, specs: Sequence[Spec]) -> bool:
    """Whether who said stop counts for any of these specs."""
    return context.environment.opt_outs.asked or any(spec.opt_outs.asked for spec in specs)


def _noted_spec(context: ProjectContext, ledger: Facts, name: str) -> Spec | None:
    """The spec that the ledger noted under a name; None where its file is gone, can't be read, or holds another spec."""
    noted = ledger.spec_path(name)
    path = None if noted is None else context.root / noted
    if path is None or not path.is_file():
        return None
    spec = read_spec(os.path.relpath(path), Problems(), context.key_files)
    return spec if spec is not None and name in (spec.name, *other_names(spec, ledger)) else None


def timeout_of(words: GateWords, specs: Sequence[Spec]) -> int:
    """The option's, else the longest that a spec says, else 15 minutes."""
    if words.timeout_seconds is not None:
        return words.timeout_seconds
    said = [spec.delivery.within_seconds for spec in specs if spec.delivery is not None]
    return max((seconds for seconds in said if seconds is not None), default=DEFAULT_SECONDS)


def _gate(words: GateWords, spec: Spec | None) -> Gate:
    terms = None if spec is None else spec.delivery
    need = words.need if words.need is not None or terms is None else terms.need
    most = words.max_failed if words.max_failed is not None or terms is None else terms.max_failed
    return Gate(need=need, max_failed=most)


def _newest(ledger: Facts) -> dict[str, int]:
    return {send.name: send.generation for send in ledger.sends() if send.messages or send.given_up is None}


def _names_of(spec: Spec, ledger: Facts | None, newest: Mapping[str, int]) -> list[str]:
    """The spec's names that were sent under; its own if none was."""
    known = [] if ledger is None else sorted(name for name in names_of([spec], ledger) if name in newest)
    return known or [spec.name]


def _sends_of_last_run(ledger: Facts, newest: Mapping[str, int]) -> list[str]:
    latest = {name: runs[0].run for name, generation in newest.items() if (runs := ledger.runs_of(name, generation, 1))}
    last = max(latest.values(), default=None)
    return [name for name, run in latest.items() if run == last]


def _notes(context: ProjectContext, spec: Spec, newest: Mapping[str, int], words: GateWords) -> Iterator[str]:
    known = newest.get(spec.name)
    if known is not None and spec.generation > known:
        yield (
            f"note: generation {spec.generation} of {spec.name} was not sent yet: this is about generation {known}, the newest in"
            " the ledger"
        )
    validity, seconds = _validity(context, spec), timeout_of(words, [spec])
    if validity is not None and seconds > validity:
        yield (
            f"note: messages of {spec.name} expire after {duration_text(validity)}: waiting for {duration_text(seconds)} is longer"
            " than anything can change by itself"
        )


def _validity(context: ProjectContext, spec: Spec) -> int | None:
    """The seconds that a message stays valid; None where a template says it, or nobody knows."""
    written = spec.message.get("validity")
    if written is None:
        channel = context.environment.channels.get(spec.channel)
        return SMS_VALIDITY if channel is not None and channel.platform == SMS else None
    return written if isinstance(written, int) else None


def refuse_late_schedule(late: float, timeout: float) -> None:
    """Raises `WrongUsage`: the API sends some messages only so many seconds after the time-out."""
    minutes = -(-(late + timeout) // 60)
    raise WrongUsage(
        f"some messages are scheduled for later than the time-out: nothing can be decided by then; wait at least {minutes:.0f}m",
        f"write --timeout {minutes:.0f}m or more, or wait when they have gone out",
    )
