"""Measures every figure and its peers in one session; writes JSON and a page of Markdown to `benchmarks/results/`.

`make bench`, or `make bench QUICK=1` for a minute's look. Traffic stays on this machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.bench import HERE, Bench, full_bench, quick_bench
from benchmarks.figure import Figure, Findings
from benchmarks.first_message import until_the_first_message
from benchmarks.large_spec import at_the_cap
from benchmarks.listing import all_messages
from benchmarks.material import SCHEMA, call
from benchmarks.opening import small_sends
from benchmarks.planning import against_a_full_ledger, as_a_file, beside_peers, by_scale, on_two_jobs, with_errors
from benchmarks.recording import alone, with_and_without_ledger
from benchmarks.report import document, machine, markdown
from benchmarks.sending import at_a_limit, at_full_speed
from benchmarks.starting import of_the_command
from benchmarks.worst_case import beside_the_tuned_case

FAILED = "failed:"
MEASURE_BY_NAME: dict[str, Callable[[Bench], Findings]] = {
    "N1": small_sends,
    "N2": all_messages,
    "N3": until_the_first_message,
    "N4": alone,
    "N6": beside_the_tuned_case,
    "N7": at_the_cap,
    "P1": beside_peers,
    "P2": on_two_jobs,
    "P3": by_scale,
    "P4": at_full_speed,
    "P5": at_a_limit,
    "P6": with_and_without_ledger,
    "P7": of_the_command,
    "P8": with_errors,
    "P9": against_a_full_ledger,
    "PF": as_a_file,
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


def tried(name: str, bench: Bench) -> Findings:
    """A figure that can't be measured is said to be missing; the others are measured all the same."""
    try:
        return MEASURE_BY_NAME[name](bench)
    except (RuntimeError, OSError, ValueError, KeyError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        said = " ".join(str(error).split())[:200]
        return Findings([Figure(name=name, what="not measured", found=None, note=f"{FAILED} {said}")])


def write(results: Path, name: str, findings: Sequence[Findings], about: Mapping[str, Any], seconds: float) -> str:
    """Writes what there is so far, and returns the page."""
    form = name.partition("-")[0]
    page = markdown(findings, about, form=form, seconds=seconds)
    data = json.dumps(document(findings, about, form=form, seconds=seconds), indent=2, ensure_ascii=False)
    results.mkdir(exist_ok=True)
    (results / f"{name}.json").write_text(data + "\n", encoding="utf-8")
    (results / f"{name}.md").write_text(page, encoding="utf-8")
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds: about a minute")
    parser.add_argument(
        "--only", nargs="+", choices=MEASURE_BY_NAME, metavar="NAME", help="some of N1 to N7, P1 to P9 and PF"
    )
    parser.add_argument("--results", type=Path, default=HERE / "results", help="where to write to")
    options = parser.parse_args()
    name = "-".join(["quick" if options.quick else "full", *(options.only or [])])
    begun, about, page = time.monotonic(), machine(), ""
    findings: list[Findings] = []
    with tempfile.TemporaryDirectory(prefix="sendspec-bench-") as folder:
        bench = (quick_bench if options.quick else full_bench)(Path(folder))
        check_the_plain_script(bench)
        for one in options.only or MEASURE_BY_NAME:
            print(f"{one} … ", end="", flush=True, file=sys.stderr)
            since = time.monotonic()
            findings.append(tried(one, bench))
            print(f"{time.monotonic() - since:.0f} s", file=sys.stderr)
            page = write(options.results, name, findings, about, time.monotonic() - begun)
    print(page)
    if any(figure.note.startswith(FAILED) for found in findings for figure in found.figures):
        sys.exit(1)


if __name__ == "__main__":
    main()
