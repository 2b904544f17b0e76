"""Where a command's time went, as text and as JSON."""

from __future__ import annotations

from typing import Any

from sendspec.diagnostics.wording import counted
from sendspec.operations.stopwatch import Timings


def timings_text(timings: Timings) -> str:
    """A table of the stages: wall time, CPU time of all processes, and CPU a row where there are rows."""
    rows = [("stage", "wall", "CPU", "CPU a row" if timings.rows else "")]
    rows += [
        (each.stage, _seconds(each.seconds), _seconds(each.cpu_seconds), _each(each.cpu_seconds, timings.rows))
        for each in timings.stages
    ]
    wall = sum(each.seconds or 0 for each in timings.stages)
    rows.append(("together", _seconds(wall), _seconds(timings.cpu_seconds), _each(timings.cpu_seconds, timings.rows)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"  {name:<{widths[0]}}  {'  '.join(f'{cell:>{width}}' for cell, width in zip(cells, widths[1:], strict=True))}".rstrip()
        for name, *cells in rows
    ]
    memory = f"{timings.peak_bytes / 1e6:.0f} MB of memory in the largest process"
    return "\n".join([f"timings of {counted(timings.rows, 'row')}, {memory}:", *lines])


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f} s"


def _each(seconds: float, rows: int) -> str:
    return f"{seconds / rows * 1e6:.1f} µs" if rows else ""


def timings_json(timings: Timings) -> dict[str, Any]:
    return {
        "rows": timings.rows,
        "peak_bytes": timings.peak_bytes,
        "cpu_seconds": round(timings.cpu_seconds, 3),
        "stages": [
            {
                "stage": each.stage,
                "seconds": None if each.seconds is None else round(each.seconds, 3),
                "cpu_seconds": round(each.cpu_seconds, 3),
            }
            for each in timings.stages
        ],
    }
