"""A plan as Markdown: within its limits, inert, and with every message to the letter, whatever the plan is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from long_rows import holds_for
from markdown_pages import RenderedPage, assert_in_code, assert_inert, rendered
from plan_reports import PRICES, diagnostics, many_specs, plan, reports, version
from sendspec.composing.platforms.sms_segments import Encoding
from sendspec.composing.taken_path import TakenPath
from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.position import FILE_START
from sendspec.operations.plan_detail import PlanDetail
from sendspec.operations.plan_report import PlanReport
from sendspec.operations.plan_sample import SampleSource, ShapeSample
from sendspec.planning.base_change import (
    BaseComparison,
    Piece,
    PieceKind,
    RemovedSpec,
    SpecChange,
    SpecChangeKind,
    TextChange,
)
from sendspec.planning.cost import cost_of
from sendspec.planning.decision import Skip
from sendspec.planning.plan import Plan
from sendspec.planning.schedule import Schedule
from sendspec.planning.send_size import SendSize
from sendspec.planning.shape import Shape
from sendspec.showing.change_total import change_total
from sendspec.showing.job_outputs import job_outputs
from sendspec.showing.markdown.base_change import CHANGES_SHOWN
from sendspec.showing.markdown.diagnostic import rejected_markdown
from sendspec.showing.markdown.foreign_text import MOST_CHARACTERS as MOST_OF_MESSAGE
from sendspec.showing.markdown.foreign_text import MOST_LINES, visible
from sendspec.showing.markdown.page import MOST_CHARACTERS
from sendspec.showing.markdown.plan import ReviewNotes, headline, plan_markdown
from sendspec.showing.markdown.plan_table import MOST_ROWS
from sendspec.showing.markdown.spec_blocks import FEW_SPECS as MOST_OPEN
from sendspec.showing.markdown.words import number
from sendspec.showing.plan import plan_text
from sendspec.showing.terminal_style import PLAIN

MIB = 1024 * 1024


def read(text: str) -> RenderedPage:
    assert len(text) <= MOST_CHARACTERS
    assert len(text.encode()) < MIB / 4
    page = rendered(text)
    assert_inert(page)
    return page


def as_message(text: str) -> str:
    return "\n".join(visible(line) for line in text.split("\n"))


def notes(report: PlanReport, paths: list[str]) -> ReviewNotes:
    return ReviewNotes(paths=paths, warnings=report.warnings, commands=["sendspec send --plan plan.json"])


@holds_for(6, 25, reports())
def test_whatever_a_plan_is_its_page_is_inert_and_has_its_texts(made: tuple[PlanReport, list[str]]) -> None:
    report, paths = made
    page = read(plan_markdown(report, notes(report, paths)))
    assert_in_code(page, [plan.target.name for plan in report.plans])
    assert ("are not shown here" in page.text) <= (len(report.plans) > 3)
    messages = set(page.messages)
    if len(report.plans) > 3:
        return  # then only some of them are shown
    for its_plan, detail in zip(report.plans, report.details, strict=True):
        texts = [sample.text for sample in detail.samples.values()] if len(detail.shapes) <= 3 else []
        change = None if report.base is None else report.base.specs[its_plan.target.name]
        for text in change.texts if change is not None and change.kind is not SpecChangeKind.SAME else ():
            texts += [version(text.pieces, PieceKind.ADDED), version(text.pieces, PieceKind.REMOVED)]
        if sum(map(len, texts)) < 2_000:
            assert {as_message(text) for text in texts if text} <= messages


@holds_for(2, 8, reports())
def test_a_thousand_specs_are_a_table_and_the_most_telling_of_them(made: tuple[PlanReport, list[str]]) -> None:
    report, paths = many_specs(*made, 1_000)
    text = plan_markdown(report, notes(report, paths))
    read(text)
    changes = () if report.base is None else report.base.specs.values()
    has_messages = report.send > 0 or any(change.kind is not SpecChangeKind.SAME for change in changes)
    assert ("are not shown here" in text) == has_messages
    assert "more specs: " in text


@holds_for(4, 15, diagnostics())
def test_rejected_specs_are_told_by_place_within_the_same_limits(found: Diagnostic) -> None:
    for count in (1, 1_000):
        page = read(rejected_markdown([replace(found, path=f"{n % 100}{found.path}") for n in range(count)]))
        assert "Rejected" in page.text
        assert found.code in page.codes


LIMIT = Diagnostic(code="limit-messages", path="a.yaml", span=FILE_START, problem="more than 5", fix="raise it")


@pytest.mark.parametrize(
    ("plans", "exceeded", "line"),
    [
        (
            [plan(send=1_200, segments=1_420)],
            (),
            "**1,200 messages would be sent** to 1,200 recipients, 1,420 segments, 88.75 to 99.40 EUR",
        ),
        ([plan(send=1, skipped={Skip.FILTERED: 1})], (), "**1 message would be sent** to 1 of 2 recipients"),
        ([plan(send=2), plan("other", send=3)], (), "**5 messages would be sent** to 5 recipients"),
        ([plan(send=9)], (LIMIT,), "**Stopped by a limit**: 9 messages to 9 recipients"),
        (
            [plan(skipped={Skip.DRIFT: 3, Skip.ALREADY_ACCEPTED: 1_500})],
            (),
            "**Nothing would be sent**: 1,503 recipients, 3 drift · 1,500 already accepted",
        ),
    ],
)
def test_the_first_line_says_it_all(plans: list[Plan], exceeded: tuple[Diagnostic, ...], line: str) -> None:
    report = PlanReport(environment="production", plans=plans, exceeded=exceeded)
    assert headline(report) == line
    assert plan_markdown(report, notes(report, ["a.yaml"] * len(plans))).startswith(f"{line}\n\n")


def test_an_unknown_price_is_said_and_never_counted_as_nothing() -> None:
    cost = cost_of({"GB": (10, 10), "US": (12, 12)}, PRICES, unmeasured=0)
    shown = replace(plan(send=22, segments=22), cost=cost)
    assert headline(PlanReport(environment="production", plans=[shown])).endswith(
        ", 22 segments, 0.625 to 0.70 EUR + 12 messages of unknown price (US)"
    )
    assert Decimal("0.625") == cost.totals[0].low


def shape(number: int, messages: int = 1) -> Shape:
    return Shape(
        id=f"{number:012x}", messages=messages, segments=messages, segments_each=1, encoding=Encoding.GSM7, path=TakenPath(), line=number + 2,
        alternatives=0,
    )  # fmt: skip


def one(text: str, *, count: int = 1) -> str:
    shapes = tuple(shape(number, count - number) for number in range(count))
    samples = {each.id: ShapeSample(text, SampleSource.RECIPIENTS) for each in shapes}
    report = PlanReport(environment="production", plans=[plan(send=count)], details=[PlanDetail(shapes, samples)])
    return plan_markdown(report, notes(report, ["specs/hello.yaml"]))


@pytest.mark.parametrize(
    "text", ["x" * 10_000, "`" * 10_000, "\n" * 10_000, "שלום " * 2_000, "👩‍👩‍👧" * 2_000, "|" * 10_000]
)
@pytest.mark.parametrize("count", [1, 40])
def test_a_text_of_ten_thousand_characters_is_shown_as_far_as_there_is_room(text: str, count: int) -> None:
    page = read(one(text, count=count))
    shown = page.messages[0]
    assert as_message(text).startswith(shown.rstrip("\n"))
    assert len(shown) in range(MOST_LINES - 1, MOST_OF_MESSAGE + 2)
    assert "more characters" in page.text


def changed(count: int) -> PlanReport:
    texts = tuple(
        TextChange(
            messages=2_000 - number, line=number + 2, before=f"Hi Ada, code {number}", after=f"Hello Ada, code {number}",
            pieces=(Piece(PieceKind.REMOVED, "Hi"), Piece(PieceKind.ADDED, "Hello"), Piece(PieceKind.SAME, f" Ada, code {number}")),
            segments_before=1, segments_after=1,
        )
        for number in range(count)
    )  # fmt: skip
    change = SpecChange(kind=SpecChangeKind.CHANGED, changed=sum(each.messages for each in texts), texts=texts)
    base = BaseComparison(ref="main", commit="0" * 40, specs={"hello": change})
    return PlanReport(environment="production", plans=[plan(send=9)], base=base)


def test_a_thousand_changed_texts_are_the_first_of_them_and_a_count_of_the_rest() -> None:
    report = changed(1_000)
    text = plan_markdown(report, notes(report, ["hello.yaml"]))
    page = read(text)
    shown = text.count("before:")
    assert shown == CHANGES_SHOWN
    assert text.index("<summary>55 more changes of texts</summary>") < text.index("code 5`")
    assert page.messages[:4] == ["Hi Ada, code 0", "Hello Ada, code 0", "Hi Ada, code 1", "Hello Ada, code 1"]
    assert (page.removed[:2], page.added[:2]) == (["Hi", "Hi"], ["Hello", "Hello"])
    left = sum(2_000 - number for number in range(shown, 1_000))
    assert f"and {1_000 - shown} more changes of texts, in {left:,} messages" in page.text


def test_few_specs_are_open_and_many_unfold_the_changed_ones_first() -> None:
    change = SpecChange(kind=SpecChangeKind.CHANGED, changed=1)
    same = SpecChange(kind=SpecChangeKind.SAME, same=1)
    plans = [plan(f"s{number:02}", send=number + 1) for number in range(80)]
    specs = {each.target.name: change if each.target.name == "s03" else same for each in plans}
    report = PlanReport(
        environment="production", plans=plans, base=BaseComparison(ref="main", commit="0" * 40, specs=specs)
    )
    text = plan_markdown(report, notes(report, ["a.yaml"] * 80))
    rows = [line for line in text.splitlines() if line.startswith("| `s")]
    assert len(rows) == MOST_ROWS
    assert rows[0] == "| `s03` | `sms` | **changed**: 1 message | 4 |"
    assert rows[1] == "| `s79` | `sms` | same | 80 |"
    missing = sum(range(1, 22)) - 4
    assert f"and 20 more specs: {missing} messages" in text
    assert text.count("### `s03` → `sms`") == 1
    assert "<summary>" not in text
    assert "The messages of 79 other specs are not shown here." in text


def test_a_file_with_its_own_mistakes_has_a_heading_and_errors_come_first() -> None:
    found = [
        replace(LIMIT, path="a.csv", excerpt="+31612•••78,Ann"),
        replace(LIMIT, path="b.yaml", problem="`x` | @you"),
    ]
    text = rejected_markdown(found)
    assert text.startswith(
        "**Rejected: 2 errors in 2 files**; nothing was sent\n\n### `a.csv`\n\n- line 1: `more than 5` ("
    )
    assert "<br>in: `+31612•••78,Ann`<br>fix: `raise it`" in text
    assert "### `b.yaml`" in text
    read(text)


def test_a_plan_in_the_terminal_says_the_same_counts() -> None:
    shown = plan(send=7, skipped={Skip.FILTERED: 2})
    assert "9 recipients" in plan_text([shown], PLAIN)
    assert "**7 of 9 recipients**" in plan_markdown(
        PlanReport(environment="production", plans=[shown]), ReviewNotes(paths=["a.yaml"])
    )


CHANGED = SpecChange(
    kind=SpecChangeKind.CHANGED, changed=2, added=1, dropped=3, new=SendSize(messages=1, segments=1, cost=None)
)
SAME = SpecChange(kind=SpecChangeKind.SAME, same=1_500, new=SendSize(messages=0, segments=0, cost=None))


def against(*changes: SpecChange, removed: int = 0) -> BaseComparison:
    gone = tuple(RemovedSpec(name=f"gone{n}", path=f"gone{n}.yaml") for n in range(removed))
    return BaseComparison(
        ref="HEAD^1", commit="0" * 40, specs={f"s{n}": each for n, each in enumerate(changes)}, removed=gone
    )


@pytest.mark.parametrize(
    ("base", "words"),
    [
        (against(CHANGED, SAME), "2 messages change, 1 recipient added, −3 dropped"),
        (against(SAME), "no message changes"),
        (against(replace(CHANGED, changed=1, added=0, dropped=1_200)), "1 message changes, −1,200 recipients dropped"),
        (against(SpecChange(kind=SpecChangeKind.ADDED, added=60)), "1 new spec for 60 recipients"),
        (against(SpecChange(kind=SpecChangeKind.RAISED), removed=2), "1 spec in another generation, 2 specs gone"),
        (against(SpecChange(kind=SpecChangeKind.NOT_COMPARED, problem="x")), "1 spec not compared"),
        (against(SpecChange(kind=SpecChangeKind.RENAMED, same=3)), "1 spec renamed"),
    ],
)
def test_what_changes_comes_first(base: BaseComparison, words: str) -> None:
    plans = [plan(f"s{n}", send=1_500 * n + 2) for n in range(len(base.specs))]
    report = PlanReport(environment="production", plans=plans, base=base, untrusted=True)
    total = "1 message" if report.send == 1 else f"{report.send:,} messages"
    assert headline(report) == f"**{words[0].upper()}{words[1:]}**; all specs together: {total}, sent before or not"
    assert job_outputs(report, None)["title"] == words
    assert change_total(base, number) == words
    first = plan_text(plans, PLAIN, base=base, untrusted=True).splitlines()[0]
    assert first.replace(" ", ",") == f"{words}; all specs together: {total}, sent before or not".replace(" ", ",")


def test_a_plan_without_a_ledger_says_at_its_top_what_it_cannot_tell_and_what_limits_count() -> None:
    plans = [plan("s0", send=3), plan("s1", send=1_500)]
    report = PlanReport(environment="production", plans=plans, base=against(CHANGED, SAME), untrusted=True)
    text = plan_markdown(report, ReviewNotes(paths=["a.yaml", "b.yaml"]))
    second = text.split("\n\n")[1]
    assert second.startswith("Planned without a ledger, so it can't tell what was sent before: ")
    assert second.endswith("Limits on the whole send count what is new against `HEAD^1`: 1 message, 1 segment.")
    assert "1 spec doesn't change, 1,500 messages: `s1`." in text
    assert [line for line in text.splitlines() if line.startswith("| `s")] == [
        "| `s0` | `sms` | **changed**: 2 messages, +1 −3 recipients | 3 |"
    ]
    assert "people approve" not in text


DOUBTFUL = {Skip.IN_DOUBT_BEFORE: 2, Skip.ALREADY_ACCEPTED: 1_498}


def test_who_approves_reads_the_digest_and_the_doubts_before_the_texts_to_be_sent() -> None:
    """Open are the messages to be sent; what was sent before takes one line."""
    per_second = [replace(plan(f"new{n}", send=60 + n), schedule=Schedule(per_second=2)) for n in range(MOST_OPEN + 1)]
    sent = [plan(f"old{n}", skipped={Skip.ALREADY_ACCEPTED: 3, Skip.FILTERED: 1}) for n in range(6)]
    plans = [*sent, plan("sale", skipped=DOUBTFUL), *per_second]
    report = PlanReport(environment="production", plans=plans)
    text = plan_markdown(report, ReviewNotes(paths=["a.yaml"] * len(plans), commit="c0ffee" * 8))
    read(text)
    paragraphs = text.split("\n\n")
    assert paragraphs[0] == "**246 messages would be sent** to 246 of 1,770 recipients, in about 2 min"
    assert paragraphs[1] == f"Plan digest, which people approve: `{report.digest}`"
    assert paragraphs[2] == "11 specs in the environment `production`, commit `c0ffeec0ffee`."
    assert "`sale`: **in doubt**: 2 messages may have been accepted" in text
    assert "| `sale` | `sms` | 0 | **2 in doubt before** · 1,498 already accepted |" in text
    assert "6 specs: everything sent before: `old0`, `old1`, `old2`, `old3`, `old4`, `old5`." in text
    order = [
        "Plan digest",
        "**in doubt**",
        "| `sale`",
        "everything sent before",
        "### `new3` → `sms`",
        "<details><summary><code>new0</code>",
    ]
    assert sorted(order, key=text.index) == order
    assert text.count("### `new") == MOST_OPEN


def test_the_time_of_a_send_is_told_only_where_all_its_channels_have_a_rate() -> None:
    timed = replace(plan(send=100), schedule=Schedule(per_second=2))
    assert headline(PlanReport(environment="test", plans=[timed])).endswith(", in about 50 s")
    assert "about" not in headline(PlanReport(environment="test", plans=[timed, plan("other", send=1)]))


def test_a_plan_that_sends_nothing_has_no_digest_to_approve_and_a_halt_is_said() -> None:
    nothing = PlanReport(environment="test", plans=[plan(skipped={Skip.ALREADY_ACCEPTED: 3})])
    assert "approve" not in plan_markdown(nothing, ReviewNotes(paths=["a.yaml"]))
    halted = PlanReport(environment="test", plans=[plan(send=3)])
    text = plan_markdown(halted, ReviewNotes(paths=["a.yaml"], halt="`wrong` @price"))
    read(text)
    assert text.split("\n\n")[1].startswith("**All sends of this ledger are halted**: `` `wrong` @price ``.")


def test_one_kind_of_messages_that_all_were_changed_to_is_shown_once() -> None:
    texts = (
        TextChange(
            messages=1, line=2, before="Hi", after="Hello", pieces=(Piece(PieceKind.REMOVED, "Hi"), Piece(PieceKind.ADDED, "Hello")),
            segments_before=1, segments_after=1,
        ),
    )  # fmt: skip
    change = SpecChange(kind=SpecChangeKind.CHANGED, changed=1, texts=texts)
    for messages, count in ((1, 1), (2, 2)):
        only_shape = shape(1, messages)
        detail = PlanDetail((only_shape,), {only_shape.id: ShapeSample("Hello", SampleSource.EXAMPLES)})
        report = PlanReport(
            environment="test", plans=[plan("s0", send=messages)], details=[detail], base=against(change)
        )
        page = read(plan_markdown(report, notes(report, ["a.yaml"])))
        assert page.messages.count("Hello") == count
