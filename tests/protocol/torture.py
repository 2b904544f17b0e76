"""The long form of the harnesses: kills, power cuts, and every way to break the protocol with the harnesses that find it.

    python tests/protocol/torture.py --kills 20000 --cuts 10000 --seed 1
    python tests/protocol/torture.py --kills 2000 --seed 1 --ledger postgres --server-kills

With `--ledger postgres`, two senders at once share a ledger; `--server-kills` kills its server, too, or stops it, and starts it again.
Prints what it found, and exits with 1 when the promise broke, or a control or a mutant did not break it. A campaign that fails
names its seed, to be run alone; though no two runs of processes are alike to the millisecond.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, redirect_stdout
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent.parent / "runner")]

import list_model  # noqa: E402  # after the path is set
from kill_disturbances import SecondSender, ServerKiller  # noqa: E402
from kill_trials import Campaign, kill_campaign  # noqa: E402
from list_state_machine import run_list_machine  # noqa: E402
from mutants import ABOUT_THE_LIST, CAUGHT_BY, DONE_WRONG, Mutant, SharedMutant  # noqa: E402
from postgres_mutants import CUTS as SHARED_CUTS  # noqa: E402
from postgres_server import own_server  # noqa: E402
from power_cut_trials import CutResult, cut_power  # noqa: E402
from protocol_model import explore  # noqa: E402
from protocol_state_machine import BROKEN, run_machine  # noqa: E402
from sendspec.diagnostics.exceptions import LedgerDamaged  # noqa: E402
from shared_state_machine import BROKEN as BROKEN_SHARED  # noqa: E402
from shared_state_machine import run_shared_machine  # noqa: E402
from trial_ledgers import PostgresTrial  # noqa: E402

KILLS_A_CAMPAIGN, CUTS_A_DISK = 500, 500
APART = 1_000_003
"""Between the seeds of campaigns; the first has the seed of the command, so that one that failed can be run alone."""
HARNESSES = ("model", "machine", "shared", "processes")


def main() -> int:
    arguments = _arguments()
    begun = time.monotonic()
    path = _models()
    shared = arguments.ledger == "postgres"
    machine = (_shared_machine if shared else _machine)(arguments.seed, arguments.examples)
    with ExitStack() as servers:
        campaign = _kills(arguments.seed, arguments.kills, _campaign(arguments, servers))
    cuts_kept = shared or _cuts(arguments.seed, arguments.cuts)
    missed = [] if arguments.no_mutants else _mutants(arguments.seed)
    broken = bool(path) or machine or campaign.broken or not cuts_kept or bool(missed)
    print(f"{'BROKEN' if broken else 'kept'}, after {time.monotonic() - begun:.0f} s")
    return int(broken)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Tries to break the promise.")
    parser.add_argument("--kills", type=int, default=20_000)
    parser.add_argument("--messages", type=int, default=150, help="of each send that is killed until it is done")
    parser.add_argument("--cuts", type=int, default=10_000)
    parser.add_argument("--examples", type=int, default=500, help="searches of the state machine")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ledger", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--server-kills", action="store_true", help="kill the ledger's server, too")
    parser.add_argument("--no-mutants", action="store_true", help="leave the table of mutants out")
    arguments = parser.parse_args()
    if arguments.server_kills and arguments.ledger != "postgres":
        parser.error("--server-kills needs --ledger postgres: a file has no server")
    return arguments


def _campaign(arguments: argparse.Namespace, servers: ExitStack) -> Callable[[int, int], Campaign]:
    """How a campaign is run, given its seed and its kills. A server that it needs is gone with `servers`."""
    run = partial(kill_campaign, messages=arguments.messages)
    if arguments.ledger == "sqlite":
        return run
    server = servers.enter_context(own_server())
    disturbances: list[Any] = [SecondSender]
    if arguments.server_kills:
        disturbances.append(partial(ServerKiller, server=server))
    return partial(run, ledger=lambda folder: PostgresTrial(server.url), disturbances=disturbances)


def _models() -> list[str]:
    """The steps to a broken promise, of the protocol or of what the list proves."""
    broken = []
    for name, explored in (("model", explore), ("model of the list", list_model.explore)):
        states, path = explored()
        print(f"{name}: {states} states, promise {'broken: ' + '; '.join(path) if path else 'kept in all'}")
        broken += path
    return broken


def _machine(seed: int, examples: int) -> bool:
    """Whether it broke the promise; Hypothesis prints the steps."""
    try:
        for fence in (False, True):
            run_machine(number=seed, fence=fence, examples=examples)
        run_list_machine(number=seed, examples=examples)
    except AssertionError as error:
        print(f"state machine over the real ledger (seed {seed}): {error}")
        return True
    print(
        f"state machine over the real ledger (seed {seed}): three times {examples} searches of 40 steps, promise kept"
    )
    return False


def _shared_machine(seed: int, examples: int) -> bool:
    """Whether it broke the promise; Hypothesis prints the steps."""
    try:
        for fence in (False, True):
            run_shared_machine(number=seed, fence=fence, examples=examples)
    except AssertionError as error:
        print(f"state machine over a shared ledger (seed {seed}): {error}")
        return True
    print(f"state machine over a shared ledger (seed {seed}): twice {examples} searches of 40 steps, promise kept")
    return False


def _kills(seed: int, kills: int, run: Callable[[int, int], Campaign]) -> Campaign:
    """Campaigns of some hundred kills, each with a ledger and a seed of its own, added up."""
    total = Campaign()
    left, number = kills, 0
    while left > 0 and not total.broken:
        own = seed + number * APART
        campaign = run(own, min(left, KILLS_A_CAMPAIGN))
        campaign.notes = [f"seed {own}: {note}" for note in campaign.notes]
        for name in fields(Campaign):
            setattr(total, name.name, getattr(total, name.name) + getattr(campaign, name.name))
        left, number = left - KILLS_A_CAMPAIGN, number + 1
        print(f"  … {total.kills} kills, {total.messages} messages", file=sys.stderr)
    print(
        f"kills (seed {seed}): {total.kills} in {total.runs} runs over {total.messages} messages, the ledger's server"
        f" stopped {total.restarts} times; duplicates {total.duplicates},"
        f" lost {total.lost}, false accepts {total.false_accepts}, sent without a claim {total.unclaimed}\n"
        f"besides: damaged ledgers {total.damaged}, more doubts than open requests {total.too_many_doubts}, of living runs"
        f" {total.living_doubted}, wrong totals"
        f" {total.misreported}, secrets or numbers written {total.leaked}, other failures {total.broke}\n"
        f"doubts: {total.doubts}, of which the server had accepted {total.doubts_accepted};"
        f" after reconciling {total.doubts_left} are left, of which accepted {total.doubts_left_accepted}"
    )
    for note in total.notes[:5]:
        print(f"  {note}")
    return total


def _cuts(seed: int, cuts: int) -> bool:
    """Whether nothing was lost, and the control lost something."""
    result = CutResult()
    for number in range(-(-cuts // CUTS_A_DISK)):
        result += cut_power(seed + number * APART, min(CUTS_A_DISK, cuts - number * CUTS_A_DISK))
    print(f"power cuts (seed {seed}): {result.cuts}, lost {result.lost}, no way on {result.stuck}")
    control = cut_power(seed, 300, synchronous="NORMAL")
    print(
        f"control, synchronous=NORMAL: {control.cuts}, lost {control.lost} (has to lose some), of which the next run refused"
        f" {control.noticed}"
    )
    return result.lost == result.stuck == 0 < control.lost


def _mutants(seed: int) -> list[Mutant | SharedMutant]:
    """The table of who finds what; returns those that a harness missed that has to find them."""
    print(f"\n{'way to break it':<26}" + "".join(f"{harness:<12}" for harness in HARNESSES))
    missed: list[Mutant | SharedMutant] = []
    ways: tuple[Mutant | SharedMutant, ...] = (*Mutant, *SharedMutant)
    for mutant in ways:
        held = (CAUGHT_BY[mutant] if isinstance(mutant, Mutant) else frozenset()) | (
            {"shared"} if mutant in SHARED_CUTS else set()
        )
        finds = {harness: _finds(harness, mutant, seed) for harness in HARNESSES if harness in held}
        words = {True: "found", False: "MISSED"}
        told = "".join(f"{words[finds[h]] if h in finds else '-':<12}" for h in HARNESSES)
        print(f"{mutant:<26}{told}{DONE_WRONG[mutant]}", flush=True)
        if not all(finds.values()):
            missed.append(mutant)
    print()
    return missed


def _finds(harness: str, mutant: Mutant | SharedMutant, seed: int) -> bool:
    if harness == "shared":
        return any(_shared_machine_finds(mutant, seed + n) for n in range(8))
    assert isinstance(mutant, Mutant)
    if harness == "model":
        return bool(explore(mutant)[1])
    if harness == "machine":
        return any(_machine_finds(mutant, seed + n) for n in range(8))
    if mutant is Mutant.SYNCHRONOUS_NORMAL:
        return cut_power(seed, 100, synchronous="NORMAL").lost > 0
    return any(kill_campaign(seed + n, 60, mutant=mutant).promise_broken for n in range(8))


def _machine_finds(mutant: Mutant, number: int) -> bool:
    try:
        with redirect_stdout(io.StringIO()):  # Hypothesis prints the steps
            run = run_list_machine if mutant in ABOUT_THE_LIST else run_machine
            run(mutant, number=number, examples=600)
    except AssertionError as error:
        return re.match(BROKEN, str(error)) is not None
    except LedgerDamaged:  # the ledger itself refuses to go on: it counts its rows
        return mutant is Mutant.ROWS_DELETED
    return False


def _shared_machine_finds(mutant: Mutant | SharedMutant, number: int) -> bool:
    try:
        with redirect_stdout(io.StringIO()):
            run_shared_machine(mutant, number=number, fence=isinstance(mutant, SharedMutant), examples=200)
    except AssertionError as error:
        return re.match(BROKEN_SHARED, str(error)) is not None
    return False


if __name__ == "__main__":
    sys.exit(main())
