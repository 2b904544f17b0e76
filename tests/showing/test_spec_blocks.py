"""Which specs a page shows with their messages: all that change while there is room, and the others by name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from plan_reports import plan
from sendspec.composing.platforms.sms_segments import Encoding
from sendspec.composing.taken_path import TakenPath
from sendspec.operations.absent_audience import AbsentAudience, AbsentText
from sendspec.operations.plan_detail import PlanDetail
from sendspec.operations.plan_report import PlanReport
from sendspec.operations.plan_sample import SampleSource, ShapeSample
from sendspec.planning.base_change import BaseComparison, SpecChange, SpecChangeKind, TextChange
from sendspec.planning.plan_digest import SpecSettings
from sendspec.planning.shape import Shape
from sendspec.planning.text_difference import text_pieces
from sendspec.showing.markdown.page import MOST_CHARACTERS
from sendspec.showing.markdown.plan import ReviewNotes, plan_markdown
from sendspec.showing.markdown.spec_blocks import FEW_SPECS

SAME = SpecChange(kind=SpecChangeKind.SAME, same=1)


def changed(after: str, before: str = "before") -> SpecChange:
    text = TextChange(
        messages=1, line=2, before=before, after=after, pieces=text_pieces(before, after), segments_before=1, segments_after=1
    )  # fmt: skip
    return SpecChange(kind=SpecChangeKind.CHANGED, changed=1, texts=(text,))


def detail(text: str, kinds: int = 1) -> PlanDetail:
    shapes = tuple(
        Shape(
            id=f"{number:012x}", messages=1, segments=1, segments_each=1, encoding=Encoding.GSM7, path=TakenPath(), line=2, alternatives=0
        )
        for number in range(kinds)
    )  # fmt: skip
    return PlanDetail(shapes, {each.id: ShapeSample(text, SampleSource.EXAMPLES) for each in shapes})


def page(report: PlanReport) -> str:
    text = plan_markdown(report, ReviewNotes(paths=[f"{each.target.name}.yaml" for each in report.plans]))
    assert len(text) <= MOST_CHARACTERS
    return text


def report(changes: dict[str, SpecChange], *, send: int = 9, kinds: int = 1) -> PlanReport:
    """Every spec sends `send` messages, but one called `evil` sends one, or none if it doesn't change."""
    plans = [plan(name, send=1 if name == "evil" else send) for name in changes]
    details = [detail(f"text of {name} " * 3, kinds) for name in changes]
    base = BaseComparison(ref="main", commit="0" * 40, specs=changes)
    return PlanReport(environment="production", plans=plans, details=details, base=base)


def specs_shown(text: str) -> int:
    """How many of more than a few specs a page shows: the first unfolded, the others to be unfolded."""
    return FEW_SPECS + text.count("<summary><code>")


@pytest.mark.parametrize("count", [4, 14, 40])
def test_the_smallest_of_many_changed_specs_is_shown(count: int) -> None:
    many = {f"a{number}": changed(f"after {number}") for number in range(count)}
    text = page(report({**many, "evil": changed("EVIL")}))
    assert "EVIL" in text
    assert specs_shown(text) == count + 1
    assert "not shown here" not in text


def test_long_texts_of_others_leave_a_spec_its_share() -> None:
    """Forty specs with the longest texts there are: each is shortened, none is left out, and a short one is whole."""
    many = {f"a{number}": changed("long " * 300, "old " * 300) for number in range(40)}
    text = page(report({**many, "evil": changed("EVIL")}, kinds=20))
    assert "<ins>`EVIL`</ins>" in text
    assert specs_shown(text) == 41
    assert len(text) > MOST_CHARACTERS * 0.6


def test_what_is_left_out_is_named_the_changed_before_the_unchanged() -> None:
    many = {f"a{number:03}": changed("long " * 300, "old " * 300) for number in range(300)}
    same = {f"same{number}": SAME for number in range(5)}
    text = page(report({**same, **many}))
    shown = specs_shown(text)
    assert 20 < shown < 300
    left = f"The messages of {305 - shown} other specs are not shown here; {300 - shown} of them are new or changed: `a"
    assert left in text
    assert "same0" not in text.partition("not shown here")[2]


def test_a_changed_spec_that_sends_nothing_now_is_shown() -> None:
    many = {f"a{number}": SAME for number in range(5)}
    found = report({**many, "evil": changed("EVIL")})
    found = replace(found, plans=[replace(each, send=0, recipients=0) for each in found.plans])
    assert "EVIL" in page(found)


def test_the_others_leave_room_for_specs_without_recipients() -> None:
    many = {f"a{number}": changed("long " * 300, "old " * 300) for number in range(300)}
    text = AbsentText(text="EVIL " * 250, source=SampleSource.COLUMNS, path=TakenPath())
    absent = AbsentAudience(name="evil", path="e.yaml", channel="sms", file="e.csv", why="not here", texts=(text,))
    assert "EVIL" in page(replace(report(many, kinds=20), absent=[absent]))


def test_a_page_says_where_messages_go_and_who_may_get_one_twice() -> None:
    target = {"api": "https://api.example", "workspace": "w-1", "channel": "c-1", "platform": "sms"}
    settings = SpecSettings(name="hello", generation=1, target=target, policy={"in_doubt": "resend_if_absent"})
    own = replace(plan(send=1), settings=settings)
    held = replace(settings, target={**target, "channel": "c`2"}, policy={"in_doubt": "hold"})
    other = replace(plan("other", send=1), settings=held)
    sandbox = replace(plan("third", send=1), settings=replace(held, target={"api": "sandbox", "platform": "sms"}))
    text = page(PlanReport(environment="production", plans=[own, replace(own), other, sandbox]))
    assert (
        "### Where to\n\n- `sms` (`sms`): `https://api.example`, workspace `w-1`, channel `c-1`\n"
        "- `sms` (`sms`): `https://api.example`, workspace `w-1`, channel ``c`2``\n"
        "- `sms` (`sms`): the sandbox, which reaches nobody\n"
    ) in text
    assert "- `hello`: **resend_if_absent**: a message in doubt that the API's list lacks is sent again;" in text
    assert "`other`: **resend" not in text
