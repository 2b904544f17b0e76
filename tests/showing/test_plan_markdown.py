"""A plan as Markdown: within its limits, inert, and with every message to the letter, whatever the plan is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from markdown_pages import RenderedPage, assert_in_code, assert_inert, rendered
from plan_reports import PRICES, diagnostics, many_specs, plan, reports, version
from sendspec.composing.platforms.sms_segments import Encoding
from sendspec.composing.taken_path import TakenPath
from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.position import FILE_START
from sendspec.operations.plan_detail import PlanDetail
from sendspec.operations.plan_report import PlanReport
from sendspec.operations.plan_sample import SampleSource, ShapeSample
from sendspec.planning.base_change import BaseComparison, Piece, PieceKind, SpecChange, SpecChangeKind, TextChange
from sendspec.planning.cost import cost_of
from sendspec.planning.decision import Skip
from sendspec.planning.plan import Plan
from sendspec.planning.shape import Shape
from sendspec.showing.markdown.base_change import CHANGES_SHOWN
from sendspec.showing.markdown.diagnostic import rejected_markdown
from sendspec.showing.markdown.foreign_text import MOST_CHARACTERS as MOST_OF_MESSAGE
from sendspec.showing.markdown.foreign_text import MOST_LINES, visible
from sendspec.showing.markdown.page import MOST_CHARACTERS
from sendspec.showing.markdown.plan import MOST_ROWS, ReviewNotes, headline, plan_markdown
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


@given(reports())
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
        for text in change.texts if change is not None else ():
            texts += [version(text.pieces, PieceKind.ADDED), version(text.pieces, PieceKind.REMOVED)]
        if sum(map(len, texts)) < 2_000:
            assert {as_message(text) for text in texts} <= messages


@settings(max_examples=15)
@given(reports())
def test_a_thousand_specs_are_a_table_and_the_most_telling_of_them(made: tuple[PlanReport, list[str]]) -> None:
    report, paths = many_specs(*made, 1_000)
    text = plan_markdown(report, notes(report, paths))
    read(text)
    assert "are not shown here" in text
    assert "more specs: " in text


@settings(max_examples=30)
@given(diagnostics())
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
        ", 22 segments, 0.625 to 0.70 EUR + 12 messages of unknown price"
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
    assert rows[0] == "| `s03` | `sms` | 4 | 0 | **changed**: 1 message |"
    assert rows[1] == "| `s79` | `sms` | 80 | 0 | same |"
    missing = sum(range(1, 22)) - 4
    assert f"and 20 more specs: {missing} messages" in text
    assert text.count("<summary>") == 1
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
