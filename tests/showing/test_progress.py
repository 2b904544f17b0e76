"""The progress line: what it says, how it fits, and where it moves."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from sendspec.sending.run import Pause, RecentReason, RunProgress
from sendspec.showing.live_lines import REST_OF_SCREEN
from sendspec.showing.progress import ProgressLine, animates, progress_words, stopping_words

ERASED = f"\r{REST_OF_SCREEN}"


def drawn(line: str) -> str:
    return f"\r{line}{REST_OF_SCREEN}\r"


def progress(accepted: int = 0, **more: Any) -> RunProgress:
    values = {"refused": 0, "in_doubt": 0, "unclaimed": 0, "in_flight": 0, "pause": None, "stopping": False}
    return RunProgress(accepted=accepted, **{**values, **more})


@pytest.mark.parametrize(
    ("state", "speed", "per_second", "words"),
    [
        (progress(), 0.0, None, "0 accepted  100 left  0/s"),
        (progress(40), 48.0, 50.0, "40 accepted  60 left  48/s of 50/s  1 s to go"),
        (progress(40, refused=2, in_doubt=1), 0.1, 0.5, "40 accepted  2 refused  1 in doubt  57 left  0.1/s of 0.5/s  10 min to go"),
        (progress(40, unclaimed=10), 10.0, None, "40 accepted  50 left  10/s  5 s to go"),
        (progress(100), 10.0, None, "100 accepted  0 left  10/s"),
        (progress(40, pause=Pause("429", 11.2)), 48.0, 50.0, "40 accepted  60 left  429: waiting 12 s"),
        (progress(40, pause=Pause("429", 0.4)), 48.0, 50.0, "40 accepted  60 left  48/s of 50/s  1 s to go"),
        (progress(0, pause=Pause("connection\nrefused", 3)), 0.0, None, "0 accepted  100 left  connection\\nrefused: waiting 3 s"),
        (progress(0, in_doubt=5, pause=Pause("looking up", None)), 1.0, None, "0 accepted  5 in doubt  95 left  looking up"),
        (progress(40, in_flight=32, stopping=True, pause=Pause("429", 9)), 48.0, 50.0, "40 accepted  60 left  stopping: waiting for 32 answers"),
    ],
)  # fmt: skip
def test_the_line_counts_outcomes_and_says_how_fast_or_why_not(
    state: RunProgress, speed: float, per_second: float | None, words: str
) -> None:
    assert "  ".join(progress_words(state, 100, speed, per_second)) == words


def test_the_first_ctrl_c_says_what_a_second_one_costs() -> None:
    assert stopping_words(32) == "interrupted: waiting for 32 answers; Ctrl-C again leaves them in doubt"


@pytest.mark.parametrize(
    ("environ", "is_terminal", "is_ci", "moves"),
    [
        ({"TERM": "xterm"}, True, False, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False, True),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, False, False),
        ({"TERM": "xterm", "FORCE_COLOR": "1"}, False, False, False),
        ({"TERM": "xterm"}, True, True, False),
    ],
)
def test_a_line_moves_on_a_terminal_that_can_outside_ci(
    environ: dict[str, str], is_terminal: bool, is_ci: bool, moves: bool
) -> None:
    assert animates(environ, is_terminal=is_terminal, is_ci=is_ci) == moves


def lines_of(*, live: bool, columns: int = 80) -> tuple[ProgressLine, StringIO]:
    stream = StringIO()
    made = ProgressLine(stream, total=100, per_second=50, live=live, size=lambda: (columns, 24), now=0.0)
    return made, stream


def test_elsewhere_there_is_a_plain_line_every_five_seconds() -> None:
    line, stream = lines_of(live=False)
    for tenth in range(110):
        line.show(progress(tenth // 10), tenth / 10)
    line.clear()
    first, second = "5 accepted  95 left  1/s of 50/s", "10 accepted  90 left  1/s of 50/s"
    assert stream.getvalue() == f"{first}  2 min to go\n{second}  2 min to go\n"


def test_a_live_line_shows_at_once_rewrites_itself_and_is_erased() -> None:
    line, stream = lines_of(live=True)
    line.show(progress(), 0.0)
    line.show(progress(1), 0.05)
    line.show(progress(2), 0.1)
    line.clear()
    line.clear()
    first, second = "0 accepted  100 left  0/s of 50/s", "2 accepted  98 left  20/s of 50/s  5 s to go"
    assert stream.getvalue() == f"{drawn(first)}{drawn(second)}{ERASED}"


@pytest.mark.parametrize(
    ("columns", "shown"),
    [(80, "40 accepted  60 left  40/s of 50/s  2 s to go"), (40, "40 accepted  60 left  40/s of 50/s"), (30, "40 accepted  60 left"), (8, "40 acc…")],
)  # fmt: skip
def test_a_live_line_never_wraps(columns: int, shown: str) -> None:
    line, stream = lines_of(live=True, columns=columns)
    line.show(progress(40), 1.0)
    assert stream.getvalue() == drawn(shown)


def test_an_api_that_answers_nothing_is_mentioned() -> None:
    line, stream = lines_of(live=False)
    waiting = progress(3, in_flight=32)
    for second, state in enumerate(
        [progress(), waiting, *[waiting] * 5, progress(4, in_flight=1), *[progress(4, in_flight=1)] * 8]
    ):
        line.show(state, float(second))
    line.show(progress(4, in_flight=1, pause=Pause("429", 9)), 20.0)
    line.show(progress(4, in_flight=1), 26.0)
    line.show(progress(4), 40.0)
    told = [text.partition("left  ")[2] for text in stream.getvalue().splitlines()]
    assert told == [
        "0.6/s of 50/s  3 min to go",
        "0.4/s of 50/s  4 min to go",
        "no answer for 8 s; 1 message under way",
        "429: waiting 9 s",
        "no answer for 6 s; 1 message under way",
        "0/s of 50/s",
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [("news", "news: 40 accepted"), ("n" * 24, f"{'n' * 24}: 40 accepted"), ("n" * 25, f"{'n' * 23}…: 40 accepted")],
)
def test_of_several_specs_the_line_names_the_present_one(name: str, shown: str) -> None:
    stream = StringIO()
    line = ProgressLine(stream, name=name, total=40, per_second=None, live=True, size=lambda: (45, 24), now=0.0)
    line.show(progress(40), 1.0)
    assert stream.getvalue().startswith(f"\r{shown}")


def test_the_speed_is_the_present_one() -> None:
    line, stream = lines_of(live=True)
    for second in range(60):
        line.show(progress(min(second, 20)), float(second))
    assert stream.getvalue().endswith(drawn("20 accepted  80 left  0/s of 50/s"))


REASONS = (
    RecentReason("refused", "422: the number \x1b[2J isn't in service", 1_204),
    RecentReason("in doubt", "the connection was closed", 1),
)


def test_the_last_reasons_are_below_the_live_line_and_never_control_the_terminal() -> None:
    line, stream = lines_of(live=True, columns=48)
    line.show(progress(40, refused=1_204, in_doubt=1, reasons=REASONS), 1.0)
    line.clear()
    assert stream.getvalue() == (
        "\r40 accepted  1204 refused  1 in doubt  0 left\x1b[K\r\n"
        "  1 204 refused: 422: the number \\u001b[2J isn…\x1b[K\r\n"
        "  1 in doubt: the connection was closed\x1b[J\x1b[2A\r"
        "\r\x1b[J"
    )


def test_elsewhere_a_plain_line_stays_alone() -> None:
    line, stream = lines_of(live=False)
    line.show(progress(40, refused=1_204, in_doubt=1, reasons=REASONS), 6.0)
    assert stream.getvalue().count("\n") == 1
    assert "422" not in stream.getvalue()
