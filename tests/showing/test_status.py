"""What a person reads of the ledger, to the letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sendspec.ledger.record import MessageRecord
from sendspec.ledger.run_note import PlannedRun
from sendspec.ledger.seen_run import SeenRun
from sendspec.operations.status import NeverSent, SpecStatus
from sendspec.planning.message_state import State
from sendspec.planning.totals import Totals
from sendspec.showing.message_list import message_lines
from sendspec.showing.status import next_commands, status_document, status_text
from sendspec.showing.terminal_style import PLAIN

MESSAGE = MessageRecord(
    id=bytes.fromhex("0123456789abcdef" * 2), name="hello", generation=1, state=State.ACCEPTED, attempt=1, masked="+31••••••78",
    reference=None, remote_id="123e4567-e89b-12d3-a456-426614174000", http_status=202, evidence=None, updated_at=1_767_225_599.9,
    resends=0,
)  # fmt: skip
ID = "m" + "0123456789abcdef" * 2


def test_an_empty_ledger() -> None:
    assert status_text([], "production", PLAIN) == "the ledger of 'production' holds no messages"
    assert list(message_lines([], PLAIN)) == []


def test_each_send_with_its_account() -> None:
    specs = [
        SpecStatus(name="hello", generation=1, account=Totals(accepted=1_204, skipped={})),
        SpecStatus(
            name="order-shipped",
            generation=3,
            account=Totals(accepted=1, refused=2, in_doubt=3, not_sent=4, skipped={"settled-by-hand": 5}),
        ),
    ]
    assert status_text(specs, "production", PLAIN) == (
        "hello (production)\n"
        "  1204 recipients = 1204 accepted + 0 refused + 0 in doubt + 0 not sent + 0 skipped\n"
        "order-shipped (production, generation 3)\n"
        "  15 recipients = 1 accepted + 2 refused + 3 in doubt + 4 not sent + 5 skipped"
    )
    document = status_document(specs, "production", None)
    assert document["totals"] == {
        "recipients": 1_219, "accepted": 1_205, "refused": 2, "in_doubt": 3, "not_sent": 4, "skipped": 5,
    }  # fmt: skip
    assert document["skipped"] == {"settled-by-hand": 5}
    assert [(spec["name"], spec["generation"]) for spec in document["specs"]] == [("hello", 1), ("order-shipped", 3)]
    assert "messages" not in document


def test_messages_are_a_table_with_what_the_api_or_we_know_of_each() -> None:
    shown = [
        MESSAGE,
        replace(MESSAGE, state=State.PLANNED, attempt=0, remote_id=None, masked="ro••••@ex…"),
        replace(MESSAGE, state=State.REFUSED, attempt=12, evidence="422: a\x1b]0;x\x07\nb", updated_at=0.0),
        replace(MESSAGE, state=State.IN_DOUBT, remote_id=None, evidence="no answer in 30 s"),
        replace(MESSAGE, state=State.SENDING, remote_id=None, is_under_way=True),
    ]
    assert list(message_lines(shown, PLAIN)) == [
        f"{ID}  +31••••••78   accepted   hello  attempt 1  2025-12-31T23:59:59Z  123e4567-e89b-12d3-a456-426614174000",
        f"{ID}  ro••••@ex…    planned    hello  attempt 0  2025-12-31T23:59:59Z",
        f"{ID}  +31••••••78   refused    hello  attempt 12  1970-01-01T00:00:00Z  422: a\\u001b]0;x\\u0007\\u000ab",
        f"{ID}  +31••••••78   in_doubt   hello  attempt 1  2025-12-31T23:59:59Z  no answer in 30 s",
        f"{ID}  +31••••••78   under way  hello  attempt 1  2025-12-31T23:59:59Z",
    ]


def test_a_message_in_json_has_the_reference_it_went_out_with() -> None:
    [plain, own, again] = status_document(
        [], "production", [MESSAGE, replace(MESSAGE, reference="r-1"), replace(MESSAGE, resends=2)]
    )["messages"]
    assert plain == {
        "id": ID, "spec": "hello", "generation": 1, "state": "accepted", "receiver": "+31••••••78", "reference": ID,
        "attempt": 1, "remote_id": "123e4567-e89b-12d3-a456-426614174000", "http_status": 202, "evidence": None,
        "updated_at": "2025-12-31T23:59:59Z", "under_way": False, "in_table": None, "row": None,
    }  # fmt: skip
    assert own["reference"] == "r-1"
    assert again["reference"] == f"{ID}-3"


@pytest.mark.parametrize(
    ("approved", "commands"),
    [
        (False, ["reconcile 'a b.yaml'", "send 'a b.yaml' --retry refused", "send SPEC new.yaml", "status"]),
        (True, ["reconcile 'a b.yaml'", "plan 'a b.yaml' --retry refused --env live --out plan.json", "plan SPEC new.yaml --env live --out plan.json", "status"]),
    ],
)  # fmt: skip
def test_the_next_commands_are_the_most_urgent_first(approved: bool, commands: list[str]) -> None:
    specs = [
        SpecStatus(name="a", generation=1, account=Totals(refused=1, in_doubt=1, skipped={})),
        SpecStatus(name="b", generation=1, account=Totals(not_sent=1, skipped={})),
    ]
    unsent = [NeverSent(name="new", path="new.yaml"), NeverSent(name="x", path=None)]
    paths = {"a": "a b.yaml", "new": "new.yaml"}
    found = next_commands(specs, unsent, paths, " --env live", listed=True, approved=approved)
    assert [each.removeprefix("sendspec ").removesuffix(" --env live") for each in found] == commands


SEEN = SeenRun(number=3, started_at=0.0, host="a\nb", command="sendspec send", on_the_way=8, is_living=True)


def after(
    ending: str | None, *, in_doubt: int = 0, under_way: int | None = None, at_work: Sequence[SeenRun] = ()
) -> SpecStatus:
    """A spec with messages that its latest run did not send."""
    latest = PlannedRun(
        run=3, pid=1, started_at=0.0, ended_at=None if ending is None else 1.0, ending=ending, messages=9, note=None
    )
    account = Totals(accepted=1, in_doubt=in_doubt, not_sent=2, skipped={})
    return SpecStatus(name="a", generation=1, account=account, runs=[latest], under_way=under_way, at_work=at_work)


@pytest.mark.parametrize(
    ("status", "words", "command"),
    [
        (after("the API refuses the run: 401\x1b[2J"), "not sent: run 3 stopped: the API refuses the run: 401\\u001b[2J", "send"),
        (after(None), "not sent: run 3 has no end: it was killed, or goes on elsewhere", "send"),
        (after("finished"), "not sent: run 3 left them out; `sendspec plan` says what the next one does", "plan"),
        (after(None, under_way=0), "under way: a run is sending", "status"),
        (after(None, in_doubt=1, under_way=1), "under way: a run is sending; 1 message waits for an answer", "status"),
        (after(None, in_doubt=9, under_way=8, at_work=[SEEN]), "under way: run 3 (`sendspec send` on a\\u000ab, since 1970-01-01 00:00:00+00:00) is sending; 8 messages wait for an answer", "status"),
        (after(None, under_way=0, at_work=[SEEN, SEEN]), "under way: run 3 (`sendspec send` on a\\u000ab, since 1970-01-01 00:00:00+00:00) and run 3 (`sendspec send` on a\\u000ab, since 1970-01-01 00:00:00+00:00) are sending", "status"),
    ],
)  # fmt: skip
def test_it_says_why_messages_were_not_sent(status: SpecStatus, words: str, command: str) -> None:
    assert status_text([status], "production", PLAIN).splitlines()[2:] == [f"  {words}"]
    assert next_commands([status], [], {"a": "a.yaml"}, "", listed=False) == [f"sendspec {command} a.yaml"]
