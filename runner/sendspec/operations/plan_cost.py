"""What plans cost, by the project's price table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.redaction import printable
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.planning.cost import cost_of, sum_of_costs
from sendspec.planning.plan import Plan
from sendspec.reading.limits import Amount
from sendspec.reading.prices import PriceTable


def project_prices(context: ProjectContext, problems: Problems) -> PriceTable | None:
    """The project's prices; None without any, or with faults, which are added to `problems`."""
    file = context.project.prices
    if file is None:
        return None
    from sendspec.reading.price_file import read_prices  # few projects have prices

    return read_prices(file, context.root, problems, context.key_files)


def prices_or_note(context: ProjectContext) -> tuple[PriceTable | None, str]:
    """The project's prices. None without any; where they can't be used, the note says why."""
    problems = Problems()
    prices = project_prices(context, problems)
    fault = problems.first_error
    if fault is None:
        return prices, ""
    place = printable(fault.path)
    line = f":{fault.span.start.line}" if fault.path != context.project_path else ""
    return None, f"{place}{line}: {fault.problem}"


def costed(job: Job, prices: PriceTable | None, planned: Callable[[Job], Plan]) -> Plan:
    """What `planned` makes of the job, with its cost if there are prices, and the countries if it has one of its own."""
    if prices is None and job.spec.country is None:
        return planned(job)
    plan = replace(planned(job.counting_countries()), country=job.spec.country)
    if prices is None:
        return plan
    counts = {country: (n, plan.segments_by_country.get(country, 0)) for country, n in plan.messages_by_country.items()}
    unmeasured = plan.send - plan.segments.gsm7 - plan.segments.ucs2
    return replace(plan, cost=cost_of(counts, prices, unmeasured=unmeasured))


def may_cost_more(plans: Sequence[Plan], amount: Amount) -> bool:
    """Whether the plans cost more than `amount` together, or may do so."""
    cost = sum_of_costs(plan.cost for plan in plans)
    return cost is None or cost.may_exceed(amount)
