"""Measures every figure and its peers in one session; writes JSON and a page of Markdown to `benchmarks/results/`.

`make bench`, or `make bench QUICK=1` for a minute's look. Traffic stays on this machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.bench import HERE, Bench, full_bench, quick_bench
from benchmarks.figure import Findings
from benchmarks.material import SCHEMA, call
from benchmarks.planning import against_a_full_ledger, beside_peers, by_scale, on_two_jobs, with_errors
from benchmarks.recording import with_and_without_ledger
from benchmarks.report import document, machine, markdown
from benchmarks.sending import at_a_limit, at_full_speed
from benchmarks.starting import of_the_command

MEASURE_BY_NAME: dict[str, Callable[[Bench], Findings]] = {
    "P1": beside_peers,
    "P2": on_two_jobs,
    "P3": by_scale,
    "P4": at_full_speed,
    "P5": at_a_limit,
    "P6": with_and_without_ledger,
    "P7": of_the_command,
    "P8": with_errors,
    "P9": against_a_full_ledger,
}


def check_the_plain_script(bench: Bench) -> None:
    """The plain script makes the bodies that we make, but for the reference; else its time says nothing."""
    table = bench.project.table(50)
    folder = bench.project.folder
    plain = call(
        [sys.executable, bench.path("plain/script.py"), str(table), "--schema", str(SCHEMA), "--print"], folder
    )
    own = call([bench.sendspec, "render", "order.yaml", "--recipients", str(table)], folder)
    bodies = [[{**json.loads(line), "reference": ""} for line in text.splitlines()] for text in (plain, own)]
    if bodies[0] != bodies[1] or len(bodies[0]) != 50:
        raise SystemExit("benchmarks/plain/script.py no longer makes the messages of benchmarks/material.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds: about a minute")
    parser.add_argument("--only", nargs="+", choices=MEASURE_BY_NAME, default=list(MEASURE_BY_NAME), metavar="P")
    parser.add_argument("--results", type=Path, default=HERE / "results", help="where to write to")
    options = parser.parse_args()
    begun, about = time.monotonic(), machine()
    findings = []
    with tempfile.TemporaryDirectory(prefix="sendspec-bench-") as folder:
        bench = (quick_bench if options.quick else full_bench)(Path(folder))
        check_the_plain_script(bench)
        for name in options.only:
            print(f"{name} … ", end="", flush=True, file=sys.stderr)
            since = time.monotonic()
            findings.append(MEASURE_BY_NAME[name](bench))
            print(f"{time.monotonic() - since:.0f} s", file=sys.stderr)
    seconds = time.monotonic() - begun
    page = markdown(findings, about, quick=options.quick, seconds=seconds)
    data = document(findings, about, quick=options.quick, seconds=seconds)
    options.results.mkdir(exist_ok=True)
    stem = data["form"] if len(options.only) == len(MEASURE_BY_NAME) else f"{data['form']}-{'-'.join(options.only)}"
    (options.results / f"{stem}.json").write_text(
        json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (options.results / f"{stem}.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
