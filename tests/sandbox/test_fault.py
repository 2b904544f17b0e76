"""Faults on request: which POSTs they strike, and what they leave behind."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import urllib3
from sandbox_client import payload, sandboxed
from sendspec.sandbox.fault import LATE_KINDS, LIST_KINDS, POST_KINDS, WEBHOOK_KINDS, SandboxFault, parse_fault


def outcomes(fault: str, count: int = 6) -> tuple[list[Any], int]:
    """What a client gets for each of `count` posts, and how many messages the sandbox accepted."""
    seen: list[Any] = []
    with sandboxed(faults=[parse_fault(fault)]) as client:
        for n in range(count):
            try:
                seen.append(client.post(payload(n)).status)
            except urllib3.exceptions.HTTPError as error:
                seen.append(type(error).__name__)
        return seen, len(client.sandbox.store.all())


def test_a_status_strikes_the_posts_it_is_asked_to() -> None:
    assert outcomes("429:every=3,retry-after=1") == ([202, 202, 429, 202, 202, 429], 4)
    assert outcomes("500:from=5") == ([202, 202, 202, 202, 500, 500], 4)
    assert outcomes("422:from=2,to=3") == ([202, 422, 422, 202, 202, 202], 4)


def test_a_dropped_connection_has_taken_the_message_or_not() -> None:
    assert outcomes("drop-after:from=2,to=2") == ([202, "ProtocolError", 202, 202, 202, 202], 6)
    assert outcomes("drop-before:from=2,to=2") == ([202, "ProtocolError", 202, 202, 202, 202], 5)


def test_a_foreign_reference_and_a_page_have_taken_the_message() -> None:
    with sandboxed(faults=[parse_fault("foreign-reference:to=1"), parse_fault("html:from=2,to=2")]) as client:
        assert client.post(payload(1)).json()["reference"] == "another"
        page = client.post(payload(2))
        assert page.headers["Content-Type"] == "text/html"
        assert len(client.sandbox.store.all()) == 2


def of_batches(fault: str) -> tuple[list[Any], int]:
    """What a client gets for each of three batches of two, and how many messages the sandbox accepted."""
    seen: list[Any] = []
    with sandboxed(faults=[parse_fault(fault)]) as client:
        for n in range(3):
            try:
                seen.append(client.post_batch([payload(2 * n), payload(2 * n + 1)]).status)
            except urllib3.exceptions.HTTPError as error:
                seen.append(type(error).__name__)
        return seen, len(client.sandbox.store.all())


@pytest.mark.parametrize(
    ("fault", "answer", "taken"),
    [("429", 429, 4), ("500", 500, 4), ("html", 200, 6), ("drop-before", "ProtocolError", 4), ("drop-after", "ProtocolError", 6)],
)  # fmt: skip
def test_a_fault_strikes_a_batch_as_a_whole(fault: str, answer: Any, taken: int) -> None:
    assert of_batches(f"{fault}:from=2,to=2") == ([202, answer, 202], taken)


def test_every_message_of_a_batch_has_a_foreign_reference() -> None:
    with sandboxed(faults=[parse_fault("foreign-reference")]) as client:
        answer = client.post_batch([payload(1), payload(2)])
        assert [message["reference"] for message in answer.json()["messages"]] == ["another"] * 2
        assert len(client.sandbox.store.all()) == 2


@pytest.mark.parametrize(
    "text",
    ["", "429x", "200", "429:every", "429:every=x", "429:often=3", "429:every=0", "dorp-after", "webhook-twice:from=5,to=2", "429:to=0",
     "webhook-twice:ms=5", "429:ms=5", "hang:ms=5", "429:every=1,every=2", "slow:ms=5,ms=5", "slow:retry-after=1"],
)  # fmt: skip
def test_a_fault_that_is_none_says_so(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_fault(text)


def test_a_fault_reads_as_written() -> None:
    assert parse_fault("429:every=10,retry-after=2") == SandboxFault(kind="429", every=10, retry_after=2)
    assert parse_fault("slow:ms=150") == SandboxFault(kind="slow", milliseconds=150)


@pytest.mark.parametrize("kind", [*POST_KINDS, *LIST_KINDS, *WEBHOOK_KINDS])
def test_every_fault_can_be_asked_for_and_is_documented(kind: str) -> None:
    is_late = kind in LATE_KINDS
    fault = parse_fault(f"{kind}:every=2" + ",ms=5" * is_late)
    assert (fault.kind, fault.every, fault.milliseconds) == (kind, 2, 5 if is_late else 100)
    page = (Path(__file__).parents[2] / "docs" / "parts" / "sandbox-events.md").read_text()
    assert re.search(rf"^\| .*`{kind}(:ms=N)?`", page, re.MULTILINE)


def test_a_fault_of_lists_or_events_strikes_no_post() -> None:
    assert outcomes("list-5xx") == ([202] * 6, 6)
    assert outcomes("webhook-twice") == ([202] * 6, 6)
    assert outcomes("webhook-before-answer") == ([202] * 6, 6)  # there is no webhook to wait for
