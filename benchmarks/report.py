"""The report of a session: a JSON document, and a page of Markdown tables."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure, Findings, Line
from benchmarks.measure import Spread

PACKAGES = (
    "sendspec", "jinja2", "jsonschema", "jsonschema-rs", "orjson", "urllib3", "mailmerge", "requests", "httpx", "aiohttp",
)  # fmt: skip


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "packages": {name: _version(name) for name in PACKAGES},
        "commit": _commit(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def document(findings: Sequence[Findings], about: Mapping[str, Any], *, form: str, seconds: float) -> dict[str, Any]:
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "form": form,
        "seconds": round(seconds, 1),
        "machine": {**about, "load_after": round(os.getloadavg()[0], 2)},
        "figures": [
            {**asdict(figure), "reach": None if figure.reach is None else str(figure.reach), "met": met(figure)}
            for found in findings
            for figure in found.figures
        ],
        "lines": [asdict(line) for found in findings for line in found.lines],
    }


def met(figure: Figure) -> bool | None:
    """Whether the middle of the runs reaches what it should; None where nothing is asked or nothing was found."""
    return None if figure.found is None or figure.reach is None else figure.reach.is_met(figure.found.middle)


def markdown(findings: Sequence[Findings], about: Mapping[str, Any], *, form: str, seconds: float) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in about["packages"].items())
    parts = [
        "# Figures\n",
        f"{'Quick form: rough. ' if form == 'quick' else ''}Medians of runs taken in turn, with the lowest and the highest; ratios are taken"
        f" round by round. {seconds:.0f} s in all.\n",
        f"{about['processor']}, {about['cores']} cores, {about['memory_mb']} MB; {about['system']}; Python {about['python']},"
        f" SQLite {about['sqlite']}; {packages}; commit {about['commit']}; load before {about['load_before']}.\n",
        "| | figure | found | lowest to highest | runs | to reach | met | |",
        "|---|---|---:|---:|---:|---:|---|---|",
        *(_figure_row(figure) for found in findings for figure in found.figures),
        "\nCPU and memory are those of the whole process and of all that it started. A peer that is slow gets fewer messages.\n",
        "| | who | messages | a second | lowest to highest | CPU µs a message | peak MB | |",
        "|---|---|---:|---:|---:|---:|---:|---|",
        *(_line_row(line) for found in findings for line in found.lines),
    ]
    return "\n".join(parts) + "\n"


def _figure_row(figure: Figure) -> str:
    verdict = {True: "yes", False: "no", None: ""}[met(figure)]
    reach = "" if figure.reach is None else str(figure.reach)
    if figure.found is None:
        return f"| {figure.name} | {figure.what} | – | | | {reach} | | {figure.note} |"
    found = f"{_number(figure.found.middle)} {figure.unit}".strip()
    return (
        f"| {figure.name} | {figure.what} | {found} | {_range(figure.found)} | {figure.found.runs} | {reach} | {verdict}"
        f" | {figure.note} |"
    )


def _line_row(line: Line) -> str:
    rate = _number(line.per_second.middle)
    return (
        f"| {line.name} | {line.who} | {line.messages} | {rate} | {_range(line.per_second)} | {_number(line.cpu.middle)}"
        f" | {line.memory / 2**20:.0f} | {line.note} |"
    )


def _range(found: Spread) -> str:
    return f"{_number(found.low)} – {_number(found.high)}"


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    command = [
        "git",
        "-C",
        str(Path(sys.modules[__name__].__file__ or ".").resolve().parent),
        "describe",
        "--always",
        "--dirty",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
