"""The long form of the harnesses: kills, power cuts, and every way to break the protocol with the harnesses that find it.

    python tests/protocol/torture.py --kills 20000 --cuts 10000 --seed 1

Prints what it found, and exits with 1 when the promise broke or a control did not.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import fields
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent.parent)]

from kills import Campaign, kill_campaign  # noqa: E402  # after the path is set
from machine import run_machine  # noqa: E402
from model import explore  # noqa: E402
from mutants import CAUGHT_BY, Mutant  # noqa: E402
from powercut import CutResult, cut_power  # noqa: E402

KILLS_A_CAMPAIGN, CUTS_A_DISK = 500, 500
HARNESSES = ("model", "machine", "processes")


def main() -> int:
    arguments = _arguments()
    begun = time.monotonic()
    states, path = explore()
    print(f"model: {states} states, promise {'broken: ' + '; '.join(path) if path else 'kept in all'}")
    run_machine(examples=arguments.examples)
    print(f"state machine over the real ledger: {arguments.examples} searches of 40 steps, promise kept")
    campaign = _kills(arguments.seed, arguments.kills)
    full, normal = _cuts(arguments.seed, arguments.cuts, "FULL"), _cuts(arguments.seed, 300, "NORMAL")
    print(
        f"power cuts, synchronous=FULL (seed {arguments.seed}): {full.cuts}, lost {full.lost}, unopened {full.unopened}"
    )
    print(f"control, synchronous=NORMAL: {normal.cuts} cuts, lost {normal.lost} (has to lose some)")
    missed = [] if arguments.no_mutants else _mutants(arguments.seed)
    broken = bool(path) or campaign.broken or full.lost > 0 or full.unopened > 0 or normal.lost == 0 or bool(missed)
    print(f"{'BROKEN' if broken else 'kept'}, after {time.monotonic() - begun:.0f} s")
    return int(broken)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Tries to break the promise.")
    parser.add_argument("--kills", type=int, default=20_000)
    parser.add_argument("--cuts", type=int, default=10_000)
    parser.add_argument("--examples", type=int, default=500, help="searches of the state machine")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-mutants", action="store_true", help="leave the table of mutants out")
    return parser.parse_args()


def _kills(seed: int, kills: int) -> Campaign:
    """Campaigns of some hundred kills, each with a ledger and a seed of its own, added up."""
    total = Campaign()
    left, number = kills, 0
    while left > 0 and not total.broken:
        campaign = kill_campaign(seed * 1_000_003 + number, min(left, KILLS_A_CAMPAIGN))
        for name in fields(Campaign):
            setattr(total, name.name, getattr(total, name.name) + getattr(campaign, name.name))
        left, number = left - KILLS_A_CAMPAIGN, number + 1
        print(f"  … {total.kills} kills, {total.messages} messages", file=sys.stderr)
    print(
        f"kills (seed {seed}): {total.kills} in {total.runs} runs over {total.messages} messages; duplicates {total.duplicates},"
        f" lost {total.lost}, false accepts {total.false_accepts}, damaged ledgers {total.damaged}, more doubts than open"
        f" requests {total.too_many_doubts}, other failures {total.broke}\n"
        f"doubts: {total.doubts}, of which the server had accepted {total.doubts_accepted};"
        f" after reconciling {total.doubts_left} are left, of which accepted {total.doubts_left_accepted}"
    )
    for note in total.notes[:5]:
        print(f"  {note}")
    return total


def _cuts(seed: int, cuts: int, synchronous: str) -> CutResult:
    results = [
        cut_power(seed * 1_000_003 + number, min(CUTS_A_DISK, cuts - number * CUTS_A_DISK), synchronous=synchronous)
        for number in range(-(-cuts // CUTS_A_DISK))
    ]
    return CutResult(sum(r.cuts for r in results), sum(r.lost for r in results), sum(r.unopened for r in results))


def _mutants(seed: int) -> list[Mutant]:
    """The table of who finds what; returns those that fewer than two found."""
    print(f"\n{'way to break it':<26}" + "".join(f"{harness:<12}" for harness in HARNESSES))
    missed = []
    for mutant in Mutant:
        finds = {harness: _finds(harness, mutant, seed) for harness in HARNESSES if harness in CAUGHT_BY[mutant]}
        words = {True: "found", False: "missed"}
        print(f"{mutant:<26}" + "".join(f"{words[finds[h]] if h in finds else '-':<12}" for h in HARNESSES))
        if sum(finds.values()) < 2:
            missed.append(mutant)
    print()
    return missed


def _finds(harness: str, mutant: Mutant, seed: int) -> bool:
    if harness == "model":
        return bool(explore(mutant)[1])
    if harness == "machine":
        try:
            run_machine(mutant, examples=2_000)
        except AssertionError:
            return True
        return False
    if mutant is Mutant.SYNCHRONOUS_NORMAL:
        return cut_power(seed, 100, synchronous="NORMAL").lost > 0
    return any(kill_campaign(seed + n, 60, mutant=mutant).broken for n in range(5))


if __name__ == "__main__":
    sys.exit(main())
