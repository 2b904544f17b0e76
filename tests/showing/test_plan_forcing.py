"""Why messages are UCS-2, to the letter."""

from __future__ import annotations

import pytest
from sendspec.operations.forcing_cause import ForcingCause, ForcingSource
from sendspec.operations.plan_detail import PlanDetail
from sendspec.planning.plan import Plan, Segments, Target
from sendspec.showing.plan_forcing import forcing_lines
from sendspec.showing.terminal_style import PLAIN

TARGET = Target(environment="e", alias="a", name="n", generation=1, workspace="w", channel="c")
TEMPLATE, DATA, BOTH = ForcingSource.TEMPLATE, ForcingSource.DATA, ForcingSource.BOTH


def lines_of(total: int, *causes: ForcingCause, full: bool = False) -> list[str]:
    plan = Plan(
        target=TARGET,
        recipients=total,
        send=total,
        skipped={},
        segments=Segments(total=total, gsm7=0, ucs2=total),
        sent_digest=b"",
        composed_digest=b"",
    )
    return list(forcing_lines(plan, PlanDetail(forcing=causes), PLAIN, full=full))


def cause(
    character: str, messages: int, source: ForcingSource = TEMPLATE, saved: int = 0, columns: tuple[str, ...] = ()
) -> ForcingCause:
    return ForcingCause(
        character=character,
        source=source,
        messages=messages,
        segments_saved=saved,
        lines=(4, 5, 7, 9)[:messages],
        columns=columns,
    )


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (cause("Ł", 1), "1 message is UCS-2 because of Ł (U+0141) in the spec's own text"),
        (cause("😀", 2, DATA), "2 messages are UCS-2 because of 😀 (U+1F600) (rows 4, 5)"),
        (cause("\u200b", 1, DATA), "1 message is UCS-2 because of \\u200b (U+200B) (row 4)"),
        (cause("\x1b", 1), "1 message is UCS-2 because of \\u001b (U+001B) in the spec's own text"),
        (cause("", 9, DATA, columns=("a",)), "9 messages are UCS-2 because of non-Latin text in column a (rows 4, 5, 7, …)"),
        (
            cause("’", 2, DATA, 2, ("a", "b")),
            "2 messages are UCS-2 because of ’ (U+2019) in column a and in column b (rows 4, 5): replacing it in both saves 2 segments",
        ),
        (
            cause("’", 1, BOTH, 1, ("a", "b")),
            "1 message is UCS-2 because of ’ (U+2019) in the spec's own text and in column a and in column b (row 4):"
            " replacing it in all of these saves 1 segment",
        ),
        (
            cause("’", 1, BOTH, 1),
            "1 message is UCS-2 because of ’ (U+2019) in the spec's own text and in the data (row 4): replacing it in both saves 1 segment",
        ),
        (cause("’", 1, DATA, 0, tuple("abcde")), "1 message is UCS-2 because of ’ (U+2019) in 5 columns (row 4)"),
    ],
)  # fmt: skip
def test_a_single_cause_is_said_in_one_sentence(found: ForcingCause, words: str) -> None:
    assert lines_of(found.messages, found) == [f"  ⚠ {words}"]


def test_of_several_causes_the_total_is_said_once() -> None:
    causes = [cause("ı", 1_000, DATA, 13, ("name",)), cause("ı", 90), cause("ş", 5), cause("ğ", 2)]
    assert lines_of(1_097, *causes) == [
        "  ⚠ 1 097 messages are UCS-2:",
        "    1 000 because of ı (U+0131) in column name (rows 4, 5, 7, …): replacing it saves 13 segments",
        "    and 3 more causes: `--detail`",
    ]
    assert lines_of(1_097, *causes, full=True)[2:] == [
        "       90 because of ı (U+0131) in the spec's own text",
        "        5 because of ş (U+015F) in the spec's own text",
        "        2 because of ğ (U+011F) in the spec's own text",
    ]
    assert lines_of(97, *causes[1:3]) == [
        "  ⚠ 97 messages are UCS-2:",
        "    90 because of ı (U+0131) in the spec's own text",
        "    and 1 more cause: `--detail`",
    ]
    assert lines_of(0) == []


def test_causes_that_messages_share_are_said_to_overlap() -> None:
    """Else people would add them, and find another total."""
    shared = [cause("“", 3, DATA, 0, ("eta",)), cause("”", 3, DATA, 0, ("eta",))]
    assert lines_of(4, *shared)[0] == "  ⚠ 4 messages are UCS-2, some for several reasons:"
    assert lines_of(6, *shared)[0] == "  ⚠ 6 messages are UCS-2:"
