"""When the sandbox's page has something else to show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sandbox_client import NOW, Clock, payload, payload_to
from sendspec.sandbox.change_watch import ChangeWatch
from sendspec.sandbox.fault import parse_fault
from sendspec.sandbox.fault_switch import Counted, FaultSwitch
from sendspec.sandbox.receive import NewText, receive
from sendspec.sandbox.store import KEPT_SECONDS, Store


def test_each_thing_that_shows_is_a_change_and_nothing_else_is() -> None:
    store, clock, faults, mark = Store(None), Clock(), FaultSwitch(), [0]
    watch = ChangeWatch(store, faults, clock, 1.0, lambda: mark[0])
    seen = watch.version()

    def changes(does: Callable[[], object]) -> bool:
        nonlocal seen
        before, _ = seen, does()
        seen = watch.version()
        return seen != before

    def to(moment: float) -> Callable[[], None]:
        return lambda: setattr(clock, "now", NOW + moment)

    assert not changes(lambda: None)
    assert changes(lambda: store.add("w", "c", [("a", payload(1))], clock.now))
    assert [changes(to(at)) for at in (0.3, 0.65, 1.4, 1.65, 3.2, 9.0)] == [False, True, False, True, True, False]
    assert changes(lambda: receive(store, NewText(sender="+447700900001", text="x", channel=None, workspace=None), NOW))
    assert changes(lambda: store.add("w", "c", [("b", payload_to("+447700000010"))], NOW + 9))
    assert [changes(to(at)) for at in (12.2, 13.2, 30.0)] == [True, True, False]  # delivered; the reply; no more
    assert changes(lambda: faults.add(parse_fault("429")))
    assert changes(lambda: faults.next(Counted.POSTS))
    assert changes(lambda: mark.__setitem__(0, 1))
    assert changes(lambda: store.forget(NOW + KEPT_SECONDS + 99))
    assert changes(lambda: store.add("w", "c", [("d", payload(1))], NOW + 30))
    assert changes(to(31.0))
    store.close()


def test_what_is_scheduled_changes_when_its_time_has_come() -> None:
    store, clock = Store(None), Clock()
    watch = ChangeWatch(store, FaultSwitch(), clock, 1.0, lambda: None)
    store.add("w", "c", [("a", payload(1, scheduledFor="2027-01-15T09:00:00Z"))], NOW)
    before = watch.version()
    clock.now += 599
    assert watch.version() == before
    clock.now += 3_002
    assert watch.version() != before
    store.close()


def test_another_file_is_a_change_even_if_it_has_as_many_messages(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "sandbox.db"
    store = Store(path, clock)
    watch = ChangeWatch(store, FaultSwitch(), clock, 1.0, lambda: None)
    store.add("w", "c", [("a", payload(1))], NOW)
    watch.version()
    clock.now += 60
    before = watch.version()
    path.unlink()
    store.add("w", "c", [("b", payload(1))], NOW + 60)
    assert (store.newest_numbers(), watch.version() != before) == ((1, 0), True)
    before = watch.version()
    clock.now += 61
    assert watch.version() != before  # what becomes of the new message
    store.close()
