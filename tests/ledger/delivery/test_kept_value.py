"""No number of a person is kept, whichever field of the API repeats one."""

from __future__ import annotations

import pytest
from sendspec.ledger.delivery.interaction import Interaction
from sendspec.ledger.delivery.kept_value import kept_interaction, kept_report, kept_signal
from sendspec.ledger.delivery.observation import FailureReason, StatusReport
from sendspec.ledger.delivery.opt_out import Ground, OptOutSignal, SignalKind

NUMBER = "447700900101"
UUID = "5d9a1c0e-3f55-4c39-8b1e-6a0c2f9e7b02"


def test_a_report_repeats_no_number() -> None:
    reason = FailureReason(f"no {NUMBER}", int(NUMBER), f"sms-{NUMBER}", NUMBER)
    kept = kept_report(StatusReport(f"tel_{NUMBER}", 1.0, reason, 2))
    assert kept == StatusReport("unreadable", 1.0, FailureReason("no ••••••", None, "sms-••••••", "••••••"), 2)
    assert not kept.is_final


@pytest.mark.parametrize(
    "reason", [FailureReason("unknown subscriber", 15005, "sms-messagebird", "1"), FailureReason("x", -1, "whatsapp", "131026"), None]
)  # fmt: skip
def test_codes_and_words_of_the_api_stay(reason: FailureReason | None) -> None:
    report = StatusReport("delivery_failed", 1.0, reason)
    assert kept_report(report) == report
    assert kept_report(StatusReport("queued_2")) == StatusReport("queued_2")


def test_interactions_and_signals_repeat_none() -> None:
    kept = kept_interaction(Interaction("i1", b"m" * 16, f"tel{NUMBER}", 1.0))
    assert kept.kind == "unreadable"
    signal = OptOutSignal(b"r" * 16, SignalKind.OUT, Ground.KEYWORD, 1.0, NUMBER, "reply-1", 2.0)
    assert kept_signal(signal).channel == "••••••"
    named = OptOutSignal(b"r" * 16, SignalKind.OUT, Ground.KEYWORD, 1.0, UUID, "reply-1", 2.0)
    assert kept_signal(named) == named
