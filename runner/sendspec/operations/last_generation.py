"""Looks up the generation that was sent before a planned one, so that people see how the new one compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sendspec.composing.identity import message_id
from sendspec.composing.platforms.sms_segments import segments_in
from sendspec.diagnostics.diagnostic import Problems
from sendspec.ledger.protocol import Facts
from sendspec.ledger.send_record import SizeCount
from sendspec.operations.send_job import Job
from sendspec.planning.cost import Cost
from sendspec.planning.last_generation import LastGeneration
from sendspec.planning.message_state import State
from sendspec.planning.plan import Plan
from sendspec.reading.prices import PriceTable

MOST_PRICED = 100_000
"""Recipients of a table that are read once more for the countries of the generation before."""


def with_last_generations(jobs: Sequence[Job], plans: Sequence[Plan], ledger: Facts | None) -> list[Plan]:
    """The plans with the generations before them, where one was sent. Only a plan of a whole generation can be compared with one."""
    if ledger is None:
        return list(plans)
    return [_with_last_generation(job, plan, ledger) for job, plan in zip(jobs, plans, strict=True)]


def _with_last_generation(job: Job, plan: Plan, ledger: Facts) -> Plan:
    name, generation = job.spec.name, job.spec.generation
    if generation == 1 or ledger.claimed_before(name, generation):
        return plan
    for send in reversed(ledger.sends(name)):
        if send.generation < generation:
            sizes = [each for each in ledger.sizes(name, send.generation) if each.state is State.ACCEPTED]
            if sizes:
                return replace(plan, last=_found(job, plan, ledger, send.generation, sizes))
    return plan


def _found(job: Job, plan: Plan, ledger: Facts, generation: int, sizes: Sequence[SizeCount]) -> LastGeneration:
    is_measured = all(each.size for each in sizes)
    is_priced = plan.cost is not None and plan.recipients <= MOST_PRICED
    return LastGeneration(
        generation=generation,
        messages=sum(each.count for each in sizes),
        segments=sum(segments_in(each.size or 0) * each.count for each in sizes) if is_measured else None,
        cost=_cost(job, ledger, generation, sizes, plan.cost.prices) if plan.cost is not None and is_priced else None,
    )


def _cost(job: Job, ledger: Facts, generation: int, sizes: Sequence[SizeCount], prices: PriceTable) -> Cost:
    """The cost of what was accepted. Nobody who has left the table has a known country."""
    from sendspec.operations.report_countries import (  # loads much, and few plans need it
        CountryTally,
        cost_by_country,
        segment_counts,
    )

    countries, composer = CountryTally(ledger.measured), job.composer(Problems())
    for row in job.table.rows(Problems()):
        found = composer.recipient_of(row)
        if found is not None:
            address, key = found
            countries.add(message_id(job.setting.salt, job.spec.name, generation, key), address)
    return cost_by_country(countries.counts(sizes), segment_counts(sizes), prices)
