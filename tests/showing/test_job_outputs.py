"""What a plan hands to the next steps: one line each, whatever the values are, read as GitHub's runner reads them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from long_rows import holds_for
from plan_reports import PRICES, names, plan, reports
from sendspec.composing.taken_path import TakenPath
from sendspec.operations.absent_audience import AbsentAudience, AbsentText
from sendspec.operations.plan_report import PlanReport
from sendspec.operations.plan_sample import SampleSource
from sendspec.planning.base_change import BaseComparison, RemovedSpec, SpecChange, SpecChangeKind
from sendspec.planning.cost import cost_of
from sendspec.showing.job_outputs import is_plain_path, job_outputs, outputs_text


def read(text: str) -> dict[str, str]:
    """The outputs as the runner reads them: a name and a word, then lines until one is that word."""
    lines, found = iter(text.splitlines()), {}
    for line in lines:
        name, _, end = line.partition("<<")
        assert name.replace("-", "").isalpha(), line
        value = []
        while (part := next(lines)) != end:
            value.append(part)
        assert name not in found
        found[name] = "\n".join(value)
    return found


@holds_for(10, 50, reports(), names)
def test_no_value_makes_another_output(made: tuple[PlanReport, list[str]], path: str) -> None:
    report, _ = made
    outputs = job_outputs(replace(report, environment=f"x\nEND\nsend<<E\n0\nE\n{path}"), f"{path}\r\nevil=1")
    found = read(outputs_text(outputs, lambda: "END-5"))
    assert list(found) == list(outputs)
    assert found["send"] == str(report.send)
    assert all("\n" not in value for value in found.values())


def test_a_word_that_is_in_the_value_is_not_its_end() -> None:
    words = iter(["a", "b", "c"])
    assert outputs_text({"plan": "a-b"}, lambda: next(words)) == "plan<<c\na-b\nc\n"


PLAN = plan(send=1_200, segments=1_420)


def test_the_outputs_of_a_plan() -> None:
    prices = replace(
        PLAN, cost=cost_of({"NL": (5, 5)}, replace(PRICES, by_country={"NL": PRICES.by_country["GB"]}), unmeasured=0)
    )
    assert job_outputs(PlanReport(environment="production", plans=[PLAN]), "plan.json") == {
        "environment": "production", "recipients": "1200", "send": "1200", "skip": "0", "segments": "1420", "cost": "99.40",
        "currency": "EUR", "digest": "v1:" + "a0" * 32, "content-digest": "", "changed": "true", "stopped": "false",
        "title": "1,200 messages, 88.75 to 99.40 EUR", "plan": "plan.json",
    }  # fmt: skip
    assert job_outputs(PlanReport(environment="p", plans=[prices]), None)["cost"] == "0.35"


def test_a_cost_that_is_not_all_known_is_no_number() -> None:
    cost = cost_of({"GB": (10, 10), "US": (12, 12)}, PRICES, unmeasured=0)
    outputs = job_outputs(PlanReport(environment="p", plans=[replace(PLAN, cost=cost)]), None)
    assert (outputs["cost"], outputs["currency"]) == ("", "")
    assert outputs["title"] == "1,200 messages, 0.625 to 0.70 EUR + 12 messages of unknown price (US)"


@pytest.mark.parametrize(
    ("kind", "removed", "changed"),
    [(SpecChangeKind.SAME, (), "false"), (SpecChangeKind.RAISED, (), "true"), (SpecChangeKind.SAME, (RemovedSpec(name="a", path="a"),), "true")],
)  # fmt: skip
def test_with_a_base_it_is_what_differs_from_it_that_counts(
    kind: SpecChangeKind, removed: tuple[RemovedSpec, ...], changed: str
) -> None:
    base = BaseComparison(ref="main", commit="0" * 40, specs={"hello": SpecChange(kind=kind)}, removed=removed)
    assert job_outputs(PlanReport(environment="p", plans=[PLAN], base=base), None)["changed"] == changed


@pytest.mark.parametrize("path", ["a\nb.json", "a\r.json", "a\u202eb.json", "a\u2028.json", "a\udcff.json"])
def test_a_path_that_no_output_can_have_is_left_out(path: str) -> None:
    assert job_outputs(PlanReport(environment="p", plans=[]), path)["plan"] == ""
    assert not is_plain_path(path)
    assert job_outputs(PlanReport(environment="p", plans=[]), "pläne/a b.json")["plan"] == "pläne/a b.json"


@pytest.mark.parametrize(
    ("before", "changed"), [(None, "true"), (("Hi",), "false"), (("Hello",), "true"), (("Hi", "Bye"), "true")]
)
def test_what_a_spec_without_recipients_says_is_a_change_too(before: tuple[str, ...] | None, changed: str) -> None:
    text = AbsentText(text="Hi", source=SampleSource.COLUMNS, path=TakenPath())
    absent = AbsentAudience(name="a", path="a.yaml", channel="sms", file="a.csv", why="", texts=(text,), before=before)
    base = BaseComparison(ref="main", commit="0" * 40)
    report = PlanReport(environment="p", plans=[], base=base, absent=[absent])
    assert job_outputs(report, None)["changed"] == changed
