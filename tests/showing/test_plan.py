"""What a person reads of a plan, to the letter."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.position import FILE_START
from sendspec.operations.forcing_cause import ForcingCause, ForcingSource
from sendspec.operations.plan_detail import PlanDetail
from sendspec.operations.plan_report import PlanReport
from sendspec.planning.decision import Skip
from sendspec.planning.plan import Plan, Segments, Suppression, Target
from sendspec.reading.schema.validator import load_schema
from sendspec.showing.plan import plan_document, plan_text
from sendspec.showing.terminal_style import PLAIN, WIDE, TerminalStyle, cells


def plan(
    *, name: str = "order-shipped", alias: str = "sms-nl", generation: int = 1, send: int = 0,
    skipped: dict[Skip, int] | None = None, segments: tuple[int, int, int] = (0, 0, 0),
    batch: int | None = None, left: int = 0,
) -> Plan:  # fmt: skip
    skips = skipped or {}
    return Plan(
        target=Target(
            environment="production",
            alias=alias,
            name=name,
            generation=generation,
            workspace="w",
            channel="c",
            batch=batch,
        ),
        recipients=send + sum(skips.values()),
        send=send,
        skipped=skips,
        segments=Segments(total=segments[0], gsm7=segments[1], ucs2=segments[2]),
        digest="v1:7f3a" + "0" * 58 + "c1",
        sent_digest=bytes(32),
        composed_digest=bytes(32),
        left=left,
    )


def test_a_plan_with_everything_in_it() -> None:
    shown = plan(
        send=1_162,
        skipped={Skip.ALREADY_ACCEPTED: 28, Skip.DUPLICATE: 12, Skip.FILTERED: 2},
        segments=(1_240, 1_121, 41),
    )
    cause = ForcingCause(
        character="’",
        source=ForcingSource.DATA,
        messages=41,
        segments_saved=41,
        lines=(18, 44, 71, 72, 80),
        columns=("first_name",),
    )
    assert plan_text([shown], PLAIN, [PlanDetail(forcing=(cause,))]) == (
        "order-shipped → sms-nl (production)                                   plan 7f3a0000…00c1\n"
        "  1 204 recipients\n"
        "    1 162 send   1 240 segments   GSM-7 1 121 · UCS-2 41\n"
        "       42 skip   28 already accepted · 12 duplicate · 2 filtered\n"
        "  ⚠ 41 messages are UCS-2 because of ’ (U+2019) in column first_name (rows 18, 44, 71, …): replacing it saves 41 segments"
    )


@pytest.mark.parametrize(
    ("suppressed", "line"),
    [
        (2, "  suppress: 2 of 3 recipients are listed in stop.csv, lists/out.txt (1 204 addresses)"),
        (1, "  suppress: 1 of 2 recipients is listed in stop.csv, lists/out.txt (1 204 addresses)"),
        (0, "  suppress: none of 1 recipient is listed in stop.csv, lists/out.txt (1 204 addresses)"),
    ],
)
def test_a_plan_says_which_suppression_lists_were_looked_at(suppressed: int, line: str) -> None:
    shown = plan(send=1, skipped={Skip.SUPPRESSED: suppressed} if suppressed else {})
    lists = Suppression(files=("stop.csv", "lists/out.txt"), addresses=1_204)
    assert line in plan_text([replace(shown, suppression=lists)], PLAIN).splitlines()
    document = plan_document(PlanReport(environment="production", plans=[replace(shown, suppression=lists), shown]))
    assert document["specs"][0]["suppress"] == {
        "recipients": suppressed,
        "files": ["stop.csv", "lists/out.txt"],
        "addresses": 1_204,
    }
    assert "suppress" not in document["specs"][1]
    assert load_schema("plan").problems(document) == []


def test_the_limits_that_would_stop_a_send_are_in_the_document() -> None:
    limit = Diagnostic(code="limit-messages", path="a.yaml", span=FILE_START, problem="2 of 1", fix="raise it")
    document = plan_document(PlanReport(environment="production", plans=[plan(send=2)], exceeded=[limit]))
    assert document["exceeded"] == [
        {"code": "limit-messages", "path": "a.yaml", "problem": "2 of 1", "fix": "raise it"}
    ]
    assert load_schema("plan").problems(document) == []
    assert "exceeded" not in plan_document(PlanReport(environment="production", plans=[plan(send=2)]))


def test_the_smallest_plan() -> None:
    assert plan_text([plan(send=1, segments=(1, 1, 0))], PLAIN).splitlines()[1:] == [
        "  1 recipient",
        "    1 send   1 segment   GSM-7 1",
    ]


@pytest.mark.parametrize(("send", "together"), [(1_162, 100), (100, 100), (4, 4)])
def test_what_goes_out_in_batches_says_what_that_means(send: int, together: int) -> None:
    shown = plan(send=send, segments=(send, 0, send), batch=100)
    assert plan_text([shown], PLAIN).splitlines()[3] == (
        f"  up to {together} messages a request: refused together, and in doubt together if the answer is lost"
    )
    assert plan_document(PlanReport(environment="production", plans=[shown]))["specs"][0]["batch"] == 100


@pytest.mark.parametrize(("send", "batch"), [(0, 100), (1, 100), (2, None)])
def test_where_each_message_has_its_own_request_nothing_is_said_of_batches(send: int, batch: int | None) -> None:
    assert "a request" not in plan_text([plan(send=send, batch=batch)], PLAIN)


@pytest.mark.parametrize("width", [60, 80])
def test_the_first_line_fills_the_width_there_is(width: int) -> None:
    line = plan_text([plan(send=1)], TerminalStyle(colour=False, columns=width)).splitlines()[0]
    assert len(line) == width
    assert len(plan_text([plan(send=1)], TerminalStyle(colour=False, columns=10)).splitlines()[0]) < 60


def test_a_plan_with_nothing_to_send() -> None:
    assert plan_text([plan(skipped={Skip.ALREADY_ACCEPTED: 120})], PLAIN).splitlines()[1:] == [
        "  120 recipients",
        "      0 send",
        "    120 skip   120 already accepted",
    ]
    assert plan_text([plan(skipped={Skip.ALREADY_ACCEPTED: 120_000})], PLAIN).splitlines()[3] == (
        "    120 000 skip   120 000 already accepted"
    )
    assert plan_text([plan()], PLAIN).splitlines()[1:] == ["  0 recipients", "    0 send"]


@pytest.mark.parametrize(
    ("skipped", "line"),
    [
        (2, "  opt-outs: 2 of 3 recipients have opted out (1 204 known)"),
        (1, "  opt-outs: 1 of 2 recipients has opted out (1 204 known)"),
        (0, "  opt-outs: none of 1 recipient has opted out (1 204 known)"),
    ],
)
def test_a_plan_says_that_opt_outs_were_looked_at(skipped: int, line: str) -> None:
    shown = replace(plan(send=1, skipped={Skip.OPTED_OUT: skipped} if skipped else {}), opted_out=1_204)
    assert line in plan_text([shown], PLAIN).splitlines()
    document = plan_document(PlanReport(environment="production", plans=[shown, plan(send=1)]))
    assert document["specs"][0]["opt_outs"] == {"recipients": skipped, "known": 1_204}
    assert "opt_outs" not in document["specs"][1]
    assert load_schema("plan").problems(document) == []


def test_several_plans_have_a_total_and_a_generation_that_was_raised_is_named() -> None:
    one = plan(name="a", send=1, segments=(1, 1, 0))
    two = plan(name="b", alias="news", generation=2, send=1_000, skipped={Skip.DRIFT: 3, Skip.IN_DOUBT_BEFORE: 1})
    assert plan_text([one, two], PLAIN) == (
        "a → sms-nl (production)\n"
        "  1 recipient\n"
        "    1 send   1 segment   GSM-7 1\n"
        "\n"
        "b → news (production), generation 2\n"
        "  1 004 recipients\n"
        "    1 000 send\n"
        "        4 skip   3 drift · 1 in doubt before\n"
        "\n"
        "2 specs: 1 001 of 1 005 recipients to send"
    )


def test_every_reason_has_words_of_its_own() -> None:
    skipped = {skip: n for n, skip in enumerate(Skip, start=1)}
    assert plan_text([plan(skipped=skipped)], PLAIN).splitlines()[-2] == (
        "    153 skip   1 already accepted · 2 drift · 3 duplicate · 4 filtered · 5 only to · 6 suppressed · 7 opted out"
        " · 8 in doubt before · 9 refused before · 10 on hold · 11 settled by hand · 12 not chosen · 13 not in plan"
        " · 14 taken elsewhere · 15 baseline · 16 expired · 17 reached, or not known to have failed"
    )


@pytest.mark.parametrize("name", ["a", "a" * 40, "order-shipped", "a" * 63])
def test_the_digest_stands_at_the_right_edge_or_after_a_gap(name: str) -> None:
    first = plan_text([plan(name=name, alias="新着")], PLAIN).splitlines()[0]
    assert first.endswith("  plan 7f3a0000…00c1")
    assert cells(first) == max(WIDE, cells(f"{name} → 新着 (production)") + 2 + 18)


def test_colour_marks_and_changes_no_word() -> None:
    shown = [plan(send=2, segments=(2, 0, 2))]
    details = [PlanDetail(forcing=(ForcingCause(character="Ł", source=ForcingSource.TEMPLATE, messages=2, segments_saved=0, lines=()),))]  # fmt: skip
    coloured = plan_text(shown, TerminalStyle(colour=True), details)
    assert "\x1b[1;33m  ⚠ \x1b[0m" in coloured
    plain = coloured
    for code in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[1;33m"):
        plain = plain.replace(code, "")
    assert plain == plan_text(shown, PLAIN, details)


def test_the_document_sums_and_lists() -> None:
    one = plan(name="a", send=2, skipped={Skip.DRIFT: 1}, segments=(3, 1, 1))
    two = plan(name="b", generation=2, left=5, send=1, skipped={Skip.DRIFT: 2, Skip.FILTERED: 4}, segments=(1, 1, 0))
    document = plan_document(PlanReport(environment="production", plans=[one, two]))
    assert document.pop("digest") != one.digest
    assert document == {
        "schema": "sendspec.plan/1",
        "environment": "production",
        "totals": {"recipients": 10, "send": 3, "skip": 7},
        "skipped": {"drift": 3, "filtered": 4},
        "left": 5,
        "segments": {"total": 4, "gsm7": 2, "ucs2": 1},
        "specs": [
            {
                "name": "a", "generation": 1, "totals": {"recipients": 3, "send": 2, "skip": 1},
                "skipped": {"drift": 1}, "segments": {"total": 3, "gsm7": 1, "ucs2": 1}, "left": 0, "digest": one.digest,
                    "channel": "sms-nl",
            },
            {
                "name": "b", "generation": 2, "totals": {"recipients": 7, "send": 1, "skip": 6},
                "skipped": {"drift": 2, "filtered": 4}, "segments": {"total": 1, "gsm7": 1, "ucs2": 0}, "left": 5,
                    "digest": two.digest, "channel": "sms-nl",
            },
        ],
    }  # fmt: skip
    assert plan_document(PlanReport(environment="production", plans=[one]))["digest"] == one.digest
