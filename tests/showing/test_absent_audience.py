"""A spec whose recipients aren't in the repository, as text, JSON and Markdown."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from markdown_pages import assert_in_code, assert_inert, rendered
from plan_reports import absents, plan
from sendspec.composing.platforms.sms_segments import measure
from sendspec.composing.taken_path import BranchOutcome, TakenBranch, TakenPath
from sendspec.operations.absent_audience import AbsentAudience, AbsentText
from sendspec.operations.plan_report import PlanReport
from sendspec.operations.plan_sample import SampleSource
from sendspec.showing.absent_audience import absent_text
from sendspec.showing.job_outputs import job_outputs
from sendspec.showing.markdown.page import MOST_CHARACTERS
from sendspec.showing.markdown.plan import ReviewNotes, plan_markdown
from sendspec.showing.plan import plan_document
from sendspec.showing.terminal_style import PLAIN

PATH = TakenPath(branches=(TakenBranch("message.body.text.text", "vip == 'yes'", BranchOutcome.TRUE),))
ABSENT = AbsentAudience(
    name="hello", path="specs/hello.yaml", channel="sms", file="data/people.csv", why="not in this repository",
    texts=(
        AbsentText(text="Hi Ada", source=SampleSource.EXAMPLES, path=TakenPath(), measure=measure("Hi Ada")),
        AbsentText(text="Dear ⟨first_name⟩", source=SampleSource.COLUMNS, path=PATH),
    ),
)  # fmt: skip
REPORT = PlanReport(environment="production", plans=(), untrusted=True, absent=(ABSENT,), told_digests=("v1:a", "v1:b"))


def test_it_says_what_would_be_said_and_that_nobody_is_counted() -> None:
    assert absent_text(ABSENT, PLAIN).splitlines() == [
        "hello → sms",
        "  audience: not in this repository",
        "    from examples, 1 segment GSM-7",
        "      Hi Ada",
        "    from columns",
        "      Dear ⟨first_name⟩",
        "      vip == 'yes': yes",
    ]


def test_further_texts_are_counted() -> None:
    many = replace(ABSENT, texts=ABSENT.texts[:1] * 8)
    assert absent_text(many, PLAIN).splitlines()[-1] == "    and 3 more: `--detail`"
    assert "more" not in absent_text(many, PLAIN, full=True)
    assert absent_text(replace(many, more=True), PLAIN, full=True).splitlines()[-1] == "    and more"


def test_its_document_has_all_texts() -> None:
    document = plan_document(REPORT)
    (absent,) = document["untrusted"]["absent"]
    assert absent["audience"] == "not in this repository"
    assert absent["texts"][0] == {
        "text": "Hi Ada",
        "from": "examples",
        "branches": [],
        "segments": 1,
        "encoding": "GSM-7",
    }
    assert absent["texts"][1]["branches"][0]["outcome"] == "true"
    assert "untrusted" not in plan_document(PlanReport(environment="production", plans=()))


def test_what_the_base_says_otherwise_is_told() -> None:
    compared = replace(ABSENT, before=("Hi Ada", "Hello ⟨first_name⟩"))
    lines = absent_text(compared, PLAIN).splitlines()
    assert lines[4] == "    from columns, new against the base"
    assert lines[-2:] == ["    no longer said:", "      Hello ⟨first_name⟩"]
    assert "new" not in lines[2]
    many = replace(ABSENT, before=tuple(map(str, range(7))))
    assert absent_text(many, PLAIN).splitlines()[-1] == "    and 2 more: `--detail`"
    page = plan_markdown(replace(REPORT, absent=(compared,)), ReviewNotes(paths=[]))
    new, gone, same = (page.index(f"`{text}`") for text in ("Dear ⟨first_name⟩", "Hello ⟨first_name⟩", "Hi Ada"))
    assert new < gone < same
    assert plan_document(replace(REPORT, absent=(compared,)))["untrusted"]["absent"][0]["before"] == list(
        compared.before or ()
    )


def test_nobody_approves_an_untrusted_plan() -> None:
    report = replace(REPORT, plans=(plan(send=2),))
    assert job_outputs(report, None)["digest"] == ""
    assert job_outputs(report, None)["content-digest"] == "v1:b"
    page = plan_markdown(report, ReviewNotes(paths=["a.yaml"]))
    assert "people approve" not in page
    assert "v1:b" in page


def test_a_page_with_nobody_to_count_says_so_first() -> None:
    page = plan_markdown(REPORT, ReviewNotes(paths=[]))
    assert page.startswith("**1 spec without recipients in this repository**: nobody can be counted here")
    assert "| spec |" not in page


@given(absents())
def test_whatever_it_says_its_page_is_inert_and_within_the_limit(absent: AbsentAudience) -> None:
    text = plan_markdown(replace(REPORT, absent=(absent,) * 30), ReviewNotes(paths=[]))
    assert len(text) <= MOST_CHARACTERS
    page = rendered(text)
    assert_inert(page)
    assert_in_code(page, [absent.name])
    assert "without recipients here" in text
