"""Whether a spec is still the send that the ledger knows: its generation, its name, its key, its references.

A change of one of these makes new messages of people who have theirs already. What can be a slip is refused, before anything is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from hashlib import blake2b

from sendspec.composing.canonical_template import key_tree, to_tree
from sendspec.composing.identity import ID_BYTES, id_text, receiver_hash
from sendspec.composing.message import Message
from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.diagnostics.wording import counted
from sendspec.ledger.lineage import PURGED
from sendspec.ledger.record import Route, SendRecord
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.operations.hash_prefix_set import HashPrefixSet
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.renamed_spec import name_in, other_names
from sendspec.operations.send_job import Job
from sendspec.planning.message_state import State
from sendspec.planning.plan import Decision, Plan
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.spec import Spec

Decided = Callable[[Job], Iterator[Decision]]
"""Every row of a job with what is to be done with it; asked only where a check needs the rows."""
REMEMBERED_SECONDS = 90 * 86_400.0
"""How long ago a spec that is gone may have sent what a new name would send again."""
MAX_CONFIRMED = 1_000
"""Hits of a compact set that are looked up exactly: one that is confirmed is enough."""
_REACHED = (State.ACCEPTED, State.REFUSED, State.IN_DOUBT, State.SENDING)


def check_identity(
    jobs: Sequence[Job], context: ProjectContext, ledger: SqliteLedger | None, problems: Problems
) -> None:
    """A name belongs to one file: another file that still has it, and was sent under it, is a second spec, not a renamed one."""
    if ledger is None:
        return
    names = {job.spec.name for job in jobs}
    for job in jobs:
        spec, own = job.spec, context.relative(job.spec.path)
        path = ledger.spec_path(spec.name)
        if path is not None and path != own and name_in(context.root / path) in (spec.name, ""):
            problems.add(
                spec.document.diagnostic(
                    ("name",),
                    code="name-taken",
                    problem=f"'{spec.name}' is the name of {path}, which was sent before",
                    fix="give this spec a name of its own, or remove the other file if this one takes its place",
                )
            )
        former = spec.moved_from
        path = ledger.spec_path(former) if former else None
        if former in names or (path is not None and path != own and name_in(context.root / path) in (former, "")):
            problems.add(
                spec.document.diagnostic(
                    ("moved_from",),
                    code="name-taken",
                    problem=f"'{former}' is still the name of {path or 'another spec of this run'}",
                    fix="remove that spec if this one takes its place, or write `moved_from: false` for a new send",
                )
            )


def check_generations(
    jobs: Sequence[Job], context: ProjectContext, ledger: SqliteLedger | None, problems: Problems
) -> None:
    """A generation is the highest one that was used, or the next; the sandbox only warns, as nobody is reached."""
    for job in jobs if ledger is not None else ():
        assert ledger is not None
        found = _generation_fault(job.spec, ledger)
        if found is not None:
            code, problem, fix = found
            at: KeyPath = ("generation",) if "generation" in job.spec.document.data else ("name",)
            severity = Severity.WARNING if context.environment.is_sandbox else Severity.ERROR
            problems.add(job.spec.document.diagnostic(at, code=code, problem=problem, fix=fix, severity=severity))


def _generation_fault(spec: Spec, ledger: SqliteLedger) -> tuple[str, str, str] | None:
    generation = spec.generation
    sends = [send for name in (spec.name, *other_names(spec, ledger)) for send in ledger.sends(name)]
    highest = highest_used(sends, ledger)
    if highest is None:
        return None
    if generation < highest:
        return (
            "generation-old",
            f"generation {generation} of '{spec.name}' is older than {highest}, which was used before",
            f"write `generation: {highest}`, or `generation: {highest + 1}` to send it again",
        )
    if any(send.generation == generation and send.given_up is not None for send in sends):
        return (
            "generation-old",
            f"generation {generation} of '{spec.name}' was given up",
            f"write `generation: {highest + 1}`",
        )
    if generation > highest + 1:
        return (
            "generation-skipped",
            f"generation {generation} of '{spec.name}' skips {highest + 1}: the highest that was used is {highest}",
            f"write `generation: {highest + 1}`, or give that one up:"
            f" sendspec resolve SPEC --generation {highest + 1} --as skipped --reason …",
        )
    return None


def highest_used(sends: Sequence[SendRecord], ledger: SqliteLedger) -> int | None:
    """The highest generation that people have messages of, or that was given up; None where there is none.

    A send that a restored ledger calls unclaimed counts too, where the API's list has shown that it was not.
    """
    used = [
        send.generation
        for send in sends
        if send.is_used or any(state in _REACHED for state in ledger.states(send.name, send.generation))
    ]
    return max(used, default=None)


def check_continuity(
    planned: Sequence[tuple[Job, Plan]],
    context: ProjectContext,
    ledger: SqliteLedger | None,
    problems: Problems,
    decided: Decided,
) -> None:
    """Name, key and references of what would be sent. Where nothing would be, nothing can be sent twice."""
    sending = [job for job, plan in planned if plan.send]
    plan_by_name = {plan.target.name: plan for _, plan in planned}
    live = {job.spec.name for job, _ in planned}
    for job in sending if ledger is not None else ():
        assert ledger is not None
        found = [
            *_moved(job, plan_by_name[job.spec.name].send, live, context, ledger, decided),
            *_key_changed(job, context, ledger, decided),
        ]
        for diagnostic in found:
            problems.add(diagnostic)
    for diagnostic in _references_taken(sending, context, ledger, decided):
        problems.add(diagnostic)


# ── the name ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _moved(
    job: Job, to_send: int, live: set[str], context: ProjectContext, ledger: SqliteLedger, decided: Decided
) -> Iterator[Diagnostic]:
    """A name on a channel where a spec that is gone sent much the same. `live` are the names of this command line."""
    spec = job.spec
    if spec.moved_from is False or other_names(spec, ledger):
        return
    is_new = highest_used(ledger.sends(spec.name), ledger) is None
    if is_new and spec.moved_from is not None and ledger.sends():
        yield spec.document.diagnostic(
            ("moved_from",),
            code="moved-from-unknown",
            problem=f"the ledger knows no spec that was called '{spec.moved_from}'",
            fix="write the name as the ledger has it: sendspec status",
            severity=Severity.WARNING,
        )
    route = Route(job.channel.workspace, job.channel.channel)
    since = job.now.timestamp() - REMEMBERED_SECONDS
    own = context.relative(spec.path)
    path_by_name = {
        name: path
        for name in sorted(ledger.names_on(route) - {spec.name})
        if _is_gone(name, path := ledger.spec_path(name) or "", own, context, is_new=is_new)
    }
    sent_by_name = HashPrefixSet.by_name(ledger.digests_sent(path_by_name, since)) if path_by_name else {}
    if not sent_by_name:
        return
    same = dict.fromkeys(sent_by_name, 0)
    for message in _to_send(job, decided):
        for name, sent in sent_by_name.items():
            same[name] += message.digest in sent
    former = max(sorted(same), key=lambda name: same[name])
    if 2 * same[former] >= to_send:
        yield spec.document.diagnostic(
            ("name",),
            code="name-moved",
            problem=f"{same[former]} of {counted(to_send, 'message')} were sent before, to the same people, by '{former}',"
            f" which is gone ({path_by_name[former]})",
            fix=f"write `moved_from: {former}`, or `moved_from: false` to send them again",
        )
        return
    here = next((name for name in sorted(sent_by_name.keys() - live) if path_by_name[name] == own), None)
    if is_new and here is not None:
        yield spec.document.diagnostic(
            ("name",),
            code="name-moved",
            problem=f"this file held '{here}' before, which sent other texts or to other people",
            fix=f"write `moved_from: {here}` if this is the same send under another name",
            severity=Severity.WARNING,
        )


def _is_gone(name: str, path: str, own: str, context: ProjectContext, *, is_new: bool) -> bool:
    """Whether a spec is no longer where the ledger noted it: its file is gone, or holds another name.

    For a spec whose own name is known, files of others are not read: then a spec is gone whose file is, or is this spec's.
    """
    if path == own:
        return True
    return name_in(context.root / path) != name if is_new else not (context.root / path).is_file()


def _to_send(job: Job, decided: Decided) -> Iterator[Message]:
    for decision in decided(job):
        if decision.skip is None and isinstance(decision.item, Message):
            yield decision.item


# ── the key ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _key_changed(job: Job, context: ProjectContext, ledger: SqliteLedger, decided: Decided) -> Iterator[Diagnostic]:
    """Another `key` or `to` than the ledger noted, in a generation of which messages were claimed.

    A ledger of an earlier version noted neither. Then a second message to a receiver can be meant, as where two orders of one
    person are in the table; it is refused where an earlier message of the send is no longer there.
    """
    spec = job.spec
    trees = (key_tree(spec), to_tree(spec, job.channel.platform))
    sends = [
        send
        for name in (spec.name, *other_names(spec, ledger))
        for send in ledger.sends(name)
        if send.generation == spec.generation and (send.claimed or send.baselined)
    ]
    noted = [send for send in sends if send.key_tree is not None]
    changes = any((send.key_tree, send.to_tree) != trees for send in noted)
    before = _Before(sends, trees, ledger)
    changed = changes or before.has_changed
    if not sends or (not changed and len(noted) == len(sends)):
        return
    in_table = unknown = again = 0
    again_line = 0
    hits: set[bytes] = set()
    for item, _, fact in decided(job):
        if not isinstance(item, Message):
            continue
        if fact is not None and (fact.state is not State.PLANNED or fact.attempt > 0):
            in_table += 1
            continue
        unknown += 1
        receiver = receiver_hash(context.salt, item.receiver)
        if receiver in before.receivers:
            again += 1
            again_line = again_line or item.line
            if len(hits) < MAX_CONFIRMED:
                hits.add(receiver)
    is_missing = in_table < len(before.receivers)
    at: KeyPath = next((("recipients", word) for word in ("key", "to") if getattr(spec, word)), ("recipients",))
    if again and (changed or is_missing) and before.has_one_of(hits):
        fix = "bring back `key` and `to` as they were, or raise `generation` to send to everybody again"
        if not changed:
            fix = "raise `generation`, or bring back the rows that were sent: the next send notes the key"
        yield spec.document.diagnostic(
            at,
            code="key-changed",
            problem=f"{counted(again, 'recipient')} who {'was' if again == 1 else 'were'} sent this before would get it again"
            f" under another key (the first is on line {again_line})",
            fix=fix,
        )
    elif changed and before.is_purged and is_missing and unknown:
        yield spec.document.diagnostic(
            at,
            code="key-changed",
            problem="`key` or `to` differs from when this was sent, and the ledger no longer knows to whom (it was purged)",
            fix="bring back `key` and `to` as they were, or raise `generation` to send to everybody again",
        )
    elif changes and not in_table:
        yield spec.document.diagnostic(
            at,
            code="key-changed",
            problem="`key` or `to` differs from when this was sent, and nobody of those who got it is in the table",
            fix="raise `generation` if this is another send",
            severity=Severity.WARNING,
        )


class _Before:
    """The receivers of messages that were claimed before: of those under other trees than `trees`, where any are known."""

    def __init__(self, sends: Sequence[SendRecord], trees: tuple[str, str], ledger: SqliteLedger) -> None:
        self._ledger = ledger
        self._parts: list[tuple[str, int, int, int | None]] = []
        self.has_changed = False
        for send in sends:
            after, parts = 0, list[tuple[int, int | None]]()
            for key, to, until in ledger.former_trees(send.name, send.generation):
                parts += [(after, until)] if (key, to) != trees else []
                after = until
            self.has_changed |= bool(parts)
            if (send.key_tree, send.to_tree) != trees:
                parts.append((after, None))
            self._parts += [(send.name, send.generation, *part) for part in parts]

    @cached_property
    def receivers(self) -> HashPrefixSet:
        return HashPrefixSet(self._all())

    @property
    def is_purged(self) -> bool:
        return PURGED in self.receivers

    def _all(self) -> Iterator[bytes]:
        for part in self._parts:
            yield from self._ledger.receivers_claimed(*part)

    def has_one_of(self, receivers: set[bytes]) -> bool:
        """Whether one of these is really among them."""
        return any(receiver in receivers for receiver in self._all())


# ── references ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _references_taken(
    jobs: Sequence[Job], context: ProjectContext, ledger: SqliteLedger | None, decided: Decided
) -> Iterator[Diagnostic]:
    """References of the user's own that another spec's message to the same receiver has: in the ledger, or in this run."""
    before: list[Job] = []
    for job in jobs:
        if not job.program.own_reference:
            continue
        others: list[Callable[[], Iterator[_Referred]]] = [
            lambda other=other: _referred(other, context, decided)  # type: ignore[misc]
            for other in before
        ]
        name, generation = job.spec.name, job.spec.generation
        if ledger is not None and ledger.has_other_references(name, generation):
            others.append(lambda name=name, generation=generation: ledger.other_references(name, generation))  # type: ignore[misc]
        before.append(job)
        taken = _first_taken(lambda job=job: _referred(job, context, decided), others) if others else None  # type: ignore[misc]
        if taken is not None:
            yield job.spec.document.diagnostic(
                ("message", "reference"),
                code="reference-taken",
                problem=f"another spec's message to the same receiver has the reference '{taken}'",
                fix=f"write a reference that no other spec has, such as '{{{{ order_id }}}}-{name}'",
            )


_Referred = tuple[bytes, str]
"""Whom a message goes to, as the receiver's hash, and the reference of the user's own that it has."""


def _referred(job: Job, context: ProjectContext, decided: Decided) -> Iterator[_Referred]:
    for message in _to_send(job, decided):
        if message.reference != id_text(message.id):
            yield receiver_hash(context.salt, message.receiver), message.reference


def _first_taken(
    own: Callable[[], Iterator[_Referred]], others: Sequence[Callable[[], Iterator[_Referred]]]
) -> str | None:
    """A reference that `own` and one of `others` have for one receiver; each may be read more than once."""
    marks = HashPrefixSet(map(_mark, own()))
    hits: set[_Referred] = set()
    for other in others:
        for referred in other():
            if _mark(referred) in marks:
                hits.add(referred)
                if len(hits) >= MAX_CONFIRMED:
                    break
    return next((referred[1] for referred in own() if referred in hits), None) if hits else None


def _mark(referred: _Referred) -> bytes:
    return blake2b(referred[0] + referred[1].encode(), digest_size=ID_BYTES).digest()
