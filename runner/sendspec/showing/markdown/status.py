"""What the ledger knows, as Markdown for a living issue: what needs somebody first, and no recipient."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import mask_in_place
from sendspec.ledger.run_note import PlannedRun
from sendspec.operations.changed_since import ChangedSince
from sendspec.operations.reason_count import ReasonCount
from sendspec.operations.status import SpecStatus
from sendspec.planning.plan_digest import digest_text
from sendspec.planning.totals import sum_of_totals
from sendspec.showing.account import accounting_line, left_words
from sendspec.showing.markdown.foreign_text import code, name
from sendspec.showing.markdown.page import GAP, Section, more_of, page, single
from sendspec.showing.markdown.words import many, number, unfolding
from sendspec.showing.message_list import moment
from sendspec.showing.status import not_sent_words

MOST_ROWS, MOST_RUNS, REASON_LENGTH, REASONS_SHOWN = 200, 3, 300, 3
SETTLING = (
    "`sendspec reconcile` asks the API once more. What it leaves in doubt, a person settles: `sendspec status SPEC --in-doubt` lists who it is, and "
    "`sendspec resolve SPEC --as accepted`, or `--as not-sent`, records what the person found out."
)
ROOM_OF_LIST, ROOM_OF_TABLE = 7_000, 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPage:
    """`refusals` are the reasons of refused messages, `doubts` those of messages in doubt that no run is sending.

    `changed` is what today's files change, by spec. `steps` and then `commands` come next: sentences of ours, and what to type.
    `ledger` is where the ledger is, if it is a file; `note` is a remark of ours.
    """

    environment: str
    specs: Sequence[SpecStatus]
    refusals: Sequence[ReasonCount] = ()
    doubts: Sequence[ReasonCount] = ()
    changed: Mapping[str, ChangedSince] = field(default_factory=dict)
    steps: Sequence[str] = ()
    commands: Sequence[str] = ()
    ledger: str = ""
    note: str = ""


def status_markdown(status: StatusPage) -> str:
    """What needs somebody comes first; then every spec, and its runs."""
    specs = sorted(status.specs, key=lambda spec: -_needs(spec, status.changed))
    steps = [f"{at}. {step}" for at, step in enumerate([*status.steps, *_typed(status.commands)], start=1)]
    if status.commands and status.ledger:
        steps.append(f"\nThey need the ledger {name(status.ledger, 200)}, a file of the machine that made this page.")
    note = f"{GAP}{code(status.note)}" if status.note else ""
    doubts = list(_doubts(specs, status.doubts))
    return page(
        [
            single(f"{_headline(status)}{note}"),
            _list("Next", steps if _needy(status) else [], more_of("step")),
            replace(_list("In doubt", doubts, more_of("spec")), tail=f"\n\n{SETTLING}" if doubts else ""),
            _list("Refused", list(_refusals(status.refusals)), more_of("reason")),
            _list("Not sent", list(_not_sent(specs)), more_of("spec")),
            _list("Changed since", list(_changed(specs, status.changed)), more_of("spec")),
            _list("Left", list(_left(specs)), more_of("spec")),
            _list("Under way", list(_under_way(specs)), more_of("spec")),
            *([_table(specs), _runs(specs)] if specs else []),
        ],
        single(_account(status)),
    )


def _typed(commands: Sequence[str]) -> Iterator[str]:
    return (name(command, 600) for command in commands)


def _needs(spec: SpecStatus, changed: Mapping[str, ChangedSince]) -> int:
    """The messages of a spec that somebody has to decide about; those on their way are none."""
    waiting = 0 if spec.under_way is None else spec.under_way + spec.account.not_sent
    since = changed.get(spec.name, ChangedSince())
    account = spec.account
    uncertain = account.in_doubt + account.not_sent + spec.earlier_doubts - waiting
    return max(0, uncertain) + account.refused + account.left + since.drift + since.held


def _needy(status: StatusPage) -> list[SpecStatus]:
    return [spec for spec in status.specs if _needs(spec, status.changed)]


def _headline(status: StatusPage) -> str:
    where = f"in the environment {name(status.environment)}"
    needy = _needy(status)
    if not status.specs:
        return f"**Nothing needs you** {where}: its ledger holds no messages"
    if not needy:
        return f"**Nothing needs you** {where}: {many(len(status.specs), 'spec')}"
    counts = [
        (sum(spec.account.in_doubt + spec.earlier_doubts - (spec.under_way or 0) for spec in needy), "in doubt"),
        (sum(spec.account.refused for spec in needy), "refused"),
        (sum(spec.account.not_sent for spec in needy if spec.under_way is None), "not sent"),
        (sum(spec.account.left for spec in needy), "left"),
        (sum(each.held for each in status.changed.values()), "on hold"),
        (sum(each.drift for each in status.changed.values()), "drift"),
    ]
    told = ", ".join(f"{number(count)} {what}" for count, what in counts if count > 0)
    return f"**{many(len(needy), 'spec needs', 'specs need')} you** {where}: {told}"


def _list(title: str, items: Sequence[str], more: Callable[[Sequence[int]], str]) -> Section:
    return Section(head=f"### {title}\n\n" if items else "", parts=items, joint="\n", more=more, most=ROOM_OF_LIST)


def _doubts(specs: Sequence[SpecStatus], reasons: Sequence[ReasonCount]) -> Iterator[str]:
    for spec in specs:
        count = spec.account.in_doubt + spec.earlier_doubts - (spec.under_way or 0)
        if count > 0:
            earlier = f", {number(spec.earlier_doubts)} of them of earlier generations" if spec.earlier_doubts else ""
            yield f"- {code(spec.name)}: {many(count, 'message')} may have been accepted{earlier}{_whys(spec, reasons)}"


def _whys(spec: SpecStatus, reasons: Sequence[ReasonCount]) -> str:
    """What is known of the doubts, and in which rows the first of them are."""
    own = [each for each in reasons if each.name == spec.name][:REASONS_SHOWN]
    return "".join(f"<br>{_why(each)}" for each in own)


def _why(each: ReasonCount) -> str:
    rows = (
        f", first in {'row' if len(each.lines) == 1 else 'rows'} {', '.join(map(str, each.lines))}"
        if each.lines
        else ""
    )
    reason = name(mask_in_place(each.reason), REASON_LENGTH) if each.reason else "other reasons"
    return f"{number(each.messages)}: {reason}{rows}"


def _refusals(refusals: Sequence[ReasonCount]) -> Iterator[str]:
    for each in refusals:
        reason = name(mask_in_place(each.reason), REASON_LENGTH) if each.reason else "other reasons"
        yield f"- {code(each.name)}: {number(each.messages)} because of {reason}"


def _not_sent(specs: Sequence[SpecStatus]) -> Iterator[str]:
    for spec in specs:
        if spec.under_way is None and spec.account.not_sent:
            why = f": {name(not_sent_words(spec), REASON_LENGTH)}" if spec.runs else ""
            yield f"- {code(spec.name)}: {many(spec.account.not_sent, 'message')}{why}"


def _changed(specs: Sequence[SpecStatus], changed: Mapping[str, ChangedSince]) -> Iterator[str]:
    for spec in specs:
        since = changed.get(spec.name, ChangedSince())
        if since.drift:
            yield (
                f"- {code(spec.name)}: **drift**: {many(since.drift, 'message')} changed after being sent; these people get nothing "
                "more, unless you raise `generation`: then everybody gets it again"
            )
        if since.held:
            yield (
                f"- {code(spec.name)}: **on hold**: {many(since.held, 'message')} changed in the middle of the send, and nobody gets "
                "them; `sendspec plan` says how to go on"
            )
        if since.is_gone:
            yield f"- {code(spec.name)}: {name(since.problem, REASON_LENGTH)}; nothing of it can be sent until it is back"
        elif since.problem:
            yield f"- {code(spec.name)}: not compared with its file: {since.problem}"


def _left(specs: Sequence[SpecStatus]) -> Iterator[str]:
    return (f"- {code(spec.name)}: {left_words(spec.account.left)}" for spec in specs if spec.account.left)


def _under_way(specs: Sequence[SpecStatus]) -> Iterator[str]:
    for spec in specs:
        if spec.under_way is not None:
            yield f"- {code(spec.name)}: a run is sending, {many(spec.account.not_sent, 'message')} to go"


def _table(specs: Sequence[SpecStatus]) -> Section:
    heads = ("spec", "recipients", "accepted", "refused", "in doubt", "not sent", "skipped", "left")
    rows = [_row(_cells(spec)) for spec in specs[:MOST_ROWS]]
    unseen = len(specs) - len(rows)

    def more(left: Sequence[int]) -> str:
        return more_of("spec")([*left, *range(unseen)])

    head = f"### All specs\n\n{_row(heads)}\n{_row(['---', *['--:'] * (len(heads) - 1)])}\n"
    return Section(head=head, parts=rows, joint="\n", more=more, is_cut=unseen > 0, most=ROOM_OF_TABLE)


def _cells(spec: SpecStatus) -> list[str]:
    account = spec.account
    generation = f" (generation {spec.generation})" if spec.generation > 1 else ""
    counts = (
        account.recipients, account.accepted, account.refused, account.in_doubt, account.not_sent, account.skipped_total, account.left,
    )  # fmt: skip
    return [f"{code(spec.name)}{generation}", *map(number, counts)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _runs(specs: Sequence[SpecStatus]) -> Section:
    items = [f"- {code(spec.name)}: {_run(run)}" for spec in specs[:MOST_ROWS] for run in spec.runs[:MOST_RUNS]]
    head, tail = unfolding("Latest runs")
    return Section(
        head=head if items else "",
        parts=items,
        joint="\n",
        more=more_of("run"),
        tail=tail if items else "",
        most=ROOM_OF_TABLE,
    )


def _run(run: PlannedRun) -> str:
    """`run 3: 120 messages, 2026-11-29T10:00:00Z, finished; plan 6bd0…, commit 4e1f…, approved by ann`."""
    parts = [
        f"run {run.run}: {many(run.messages, 'message')}",
        code(moment(run.started_at)),
        name(run.ending or "has no end"),
    ]
    note = run.note
    if note is not None:
        parts.append(f"plan {code(digest_text(note.plan_digest)[:11])}")
        parts += [f"commit {code(note.commit[:12])}"] if note.commit else []
        parts += [f"approved by {', '.join(map(name, note.verified[:5]))}"] if note.verified else []
        parts += [f"said to have started or approved it, not verified: {name(note.claimed)}"] if note.claimed else []
    return ", ".join(parts)


def _account(status: StatusPage) -> str:
    return code(accounting_line(sum_of_totals(spec.account for spec in status.specs)))
