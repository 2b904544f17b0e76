"""Tests for timing the stages of a command."""

from __future__ import annotations

from sendspec.operations.stopwatch import StageTime, Stopwatch, Timings, cpu_seconds
from sendspec.showing.timings import timings_text


def test_a_stage_lasts_from_the_one_before_to_its_lap() -> None:
    moments = iter([10.0, 12.5, 13.0])
    watch = Stopwatch(lambda: next(moments))
    watch.lap("read")
    watch.lap("compose")
    stages = watch.timings(rows=4).stages
    assert [(each.stage, each.seconds) for each in stages] == [
        ("start the program", None), ("read", 2.5), ("compose", 0.5),
    ]  # fmt: skip


def test_the_cpu_of_all_stages_is_the_cpu_of_the_process() -> None:
    watch = Stopwatch(lambda: 0.0)
    sum(range(1_000_000))
    watch.lap("count")
    assert 0 < watch.timings(rows=1).cpu_seconds <= cpu_seconds()


def test_text_gives_each_stage_and_the_cost_of_a_row() -> None:
    stages = (
        StageTime(stage="start the program", seconds=None, cpu_seconds=0.25),
        StageTime(stage="compose", seconds=1.5, cpu_seconds=2.75),
    )
    shown = timings_text(Timings(stages=stages, rows=1_000_000, peak_bytes=62_000_000))
    assert shown.splitlines() == [
        "timings of 1 000 000 rows, 62 MB of memory in the largest process:",
        "  stage                wall     CPU  CPU a row",
        "  start the program          0.25 s     0.2 µs",
        "  compose            1.50 s  2.75 s     2.8 µs",
        "  together           1.50 s  3.00 s     3.0 µs",
    ]
