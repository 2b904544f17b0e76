"""What became of accepted messages, as Markdown. It names no recipient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sendspec.ledger.delivery.observation import FailureReason
from sendspec.operations.delivery_account import DeliveryAccount, ReasonCount, sum_of_accounts
from sendspec.operations.status import SpecStatus
from sendspec.showing.delivery import NO_REASON, again_words, tally_line
from sendspec.showing.markdown.foreign_text import code, name
from sendspec.showing.markdown.page import GAP, Section, more_of, page, single
from sendspec.showing.markdown.words import many, number
from sendspec.showing.message_list import moment

HEADS = ("spec", "accepted", "delivered", "not delivered", "under way", "not known yet")


def delivery_markdown(
    environment: str, specs: Sequence[SpecStatus], accounts: Mapping[str, DeliveryAccount], commands: Sequence[str]
) -> str:
    """The account of all, the reasons, then a row for each spec. `commands` come next."""
    total = sum_of_accounts(accounts.values())
    as_of = "" if total.as_of is None else f"{GAP}As of {code(moment(total.as_of))}"
    lost, open_ = total.tally.undelivered, total.tally.undecided
    told = f"{many(lost, 'message was', 'messages were')} not delivered" if lost else "No failure is known"
    head = f"**{told}** in the environment {name(environment)}; the end of {number(open_)} isn't known{as_of}"
    rows = [_row(_cells(spec, accounts[spec.name])) for spec in specs]
    table = Section(
        head=f"### All specs\n\n{_row(HEADS)}\n{_row(['---', *['--:'] * (len(HEADS) - 1)])}\n" if rows else "",
        parts=rows,
        joint="\n",
        more=more_of("spec"),
    )
    return page(
        [
            single(head),
            _list("Next", [f"{at}. {name(command, 600)}" for at, command in enumerate(commands, start=1)], "step"),
            _list("Not delivered", [_reason(each) for each in total.reasons], "reason"),
            *([single(f"{again[:1].upper()}{again[1:]}.")] if (again := again_words(total)) else []),
            table,
        ],
        single(code(tally_line(total.tally))),
    )


def _list(title: str, items: Sequence[str], noun: str) -> Section:
    return Section(head=f"### {title}\n\n" if items else "", parts=items, joint="\n", more=more_of(noun), most=7_000)


def _reason(each: ReasonCount) -> str:
    reason = each.reason or FailureReason("")
    codes = "" if reason.code is None else f", {number(reason.code).replace(',', '')}"
    meaning = f": {each.words.meaning}; {each.words.advice}" if each.words.meaning else ""
    return f"- {number(each.count)} {name(reason.text or NO_REASON, 200)} ({code(each.status)}{codes}){meaning}"


def _cells(spec: SpecStatus, account: DeliveryAccount) -> list[str]:
    generation = f" (generation {spec.generation})" if spec.generation > 1 else ""
    tally = account.tally
    counts = (tally.accepted, tally.delivered, tally.undelivered, tally.under_way, tally.unknown)
    return [f"{code(spec.name)}{generation}", *map(number, counts)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
