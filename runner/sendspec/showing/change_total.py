"""What a comparison with a base comes to, over all specs: the first thing that a reviewer reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from sendspec.diagnostics.wording import counted, grouped
from sendspec.planning.base_change import BaseComparison, SpecChange, SpecChangeKind


def change_total(base: BaseComparison, shown: Callable[[int], str] = grouped) -> str:
    """`2 messages change, 1 recipient added, −3 dropped`: of our own words, for a line or a title. `shown` writes a number."""
    return ", ".join(_parts(base, shown)) or "no message changes"


def _parts(base: BaseComparison, shown: Callable[[int], str]) -> Iterator[str]:
    changes = base.specs.values()
    kinds = Counter(change.kind for change in changes)
    new = [change.added for change in changes if change.kind is SpecChangeKind.ADDED]
    changed, dropped = sum(change.changed for change in changes), sum(change.dropped for change in changes)
    added = sum(change.added for change in changes) - sum(new)
    if changed:
        yield counted(changed, "message changes", "messages change", shown)
    if new:
        yield f"{counted(len(new), 'new spec', shown=shown)} for {counted(sum(new), 'recipient', shown=shown)}"
    if added:
        yield f"{counted(added, 'recipient', shown=shown)} added"
    if dropped:
        yield f"−{shown(dropped) if added else counted(dropped, 'recipient', shown=shown)} dropped"
    if raised := kinds[SpecChangeKind.RAISED]:
        yield f"{counted(raised, 'spec', shown=shown)} in another generation"
    if renamed := kinds[SpecChangeKind.RENAMED]:
        yield f"{counted(renamed, 'spec', shown=shown)} renamed"
    if settings := sum(bool(change.settings) for change in changes):
        yield f"settings of {counted(settings, 'spec', shown=shown)} changed"
    if others := sum(_changes_otherwise(change) for change in changes):
        yield f"{counted(others, 'spec', shown=shown)} changed otherwise"
    if base.removed:
        yield f"{counted(len(base.removed), 'spec', shown=shown)} gone"
    if unknown := kinds[SpecChangeKind.NOT_COMPARED]:
        yield f"{counted(unknown, 'spec', shown=shown)} not compared"


def _changes_otherwise(change: SpecChange) -> bool:
    """Whether it is changed in nothing that is counted, such as in references, or in prices."""
    is_counted = change.changed or change.added or change.dropped or change.settings
    return change.kind is SpecChangeKind.CHANGED and not is_counted
