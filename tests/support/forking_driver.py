"""Runs commands in processes forked from one that has everything imported: starting one costs milliseconds.

Reads a line of JSON for each: `{"arguments": […], "out": path}` (errors go to `<path>.err`); writes the process's number, then how it ended. With a mutant's
name as its argument, it breaks the protocol in one place first.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from mutant_patches import any_text_will_do, changed, module_of
from mutants import Mutant
from sendspec.__main__ import GARBAGE_LOOKED_FOR
from sendspec.cli import reconcile, send, status  # noqa: F401  # imported here so that no child has to
from sendspec.cli.main import run
from sendspec.ledger.sqlite import exchange as exchange_module
from sendspec.provider.acceptance import SentMessage
from sendspec.provider.classification import classify
from sendspec.provider.http_response import HttpResponse, UnreadableResponse
from sendspec.provider.outcome import InDoubt, NotProcessed, Outcome
from sendspec.provider.strict_json import strict_json
from sendspec.sending import loop as loop_module
from sendspec.sending import sender as sender_module
from sendspec.sending.connection import Connection


def break_protocol(mutant: Mutant) -> None:
    """Replaces the one place that keeps this part of the promise."""
    if mutant is Mutant.SEND_BEFORE_CLAIM:
        loop_module._Loop._exchange = _exchange_after_sending  # type: ignore[method-assign]
    elif mutant is Mutant.RETRY_ON_LOST_ANSWER:
        _judge_otherwise(lambda outcome: isinstance(outcome, InDoubt) and outcome.http_status is None)
    elif mutant is Mutant.RETRY_ON_500:
        _judge_otherwise(lambda outcome: isinstance(outcome, InDoubt) and outcome.http_status == 500)
    elif mutant in (Mutant.REQUEUE_AT_RECOVERY, Mutant.ROWS_DELETED):
        setattr(module_of(mutant), *changed(mutant))
    elif mutant is Mutant.CLAIM_WITHOUT_DIGEST:
        setattr(module_of(mutant), *changed(mutant))
        exchange_module.why_lost = any_text_will_do
    elif mutant is Mutant.NO_REFERENCE_CHECK:
        sender_module.classify = _classify_without_reference  # type: ignore[attr-defined, assignment]
    elif mutant is Mutant.FLAG_TOO_LATE:
        _watch_connection(resend=False)
    elif mutant is Mutant.SILENT_RESEND:
        _watch_connection(resend=True)
    else:
        raise SystemExit(f"{mutant} can't be shown by killing processes")


def _exchange_after_sending(self: Any, results: Any, groups: Any) -> None:
    from sendspec.sending.sender import Delivery
    from sendspec.sending.settlement import settlement_of

    sent = []
    for messages, due in groups:
        ids = [message.id for message in messages]
        facts = self._ledger.facts(ids)
        attempts = [facts[identity].attempt + 1 for identity in ids]
        self._hand_out(Delivery(messages, attempts, due, due + self._settings.timeout))
        sent += [message.claim for message in messages]
    self._clock.sleep(0.005)
    self._ledger.exchange(settle=list(map(settlement_of, results)), claim=sent, now=self._clock.wall())
    self._tally.timed(self._clock.monotonic())
    self._state.count_stored(results)


def _judge_otherwise(retries: Any) -> None:
    real = sender_module.Sender._post

    def outcomes(self: Any, delivery: Any) -> Sequence[Outcome]:
        found = real(self, delivery)
        return [NotProcessed(429, 0.0) if retries(outcome) else outcome for outcome in found]

    sender_module.Sender._post = outcomes  # type: ignore[method-assign]


def _classify_without_reference(answer: HttpResponse, sent: SentMessage, **known: Any) -> Outcome:
    body = strict_json(answer.body)
    reference = body.get("reference", sent.reference) if isinstance(body, dict) else sent.reference
    return classify(answer, SentMessage(str(reference), sent.receiver), **known)


def _watch_connection(*, resend: bool) -> None:
    real = Connection.post

    def post(self: Connection, body: bytes, idempotency_key: str, deadline: float, *, max_body: int) -> HttpResponse:
        try:
            return real(self, body, idempotency_key, deadline, max_body=max_body)
        except UnreadableResponse:
            if not resend:
                self.wrote = False
                raise
            self.ensure()
            return real(self, body, idempotency_key, deadline, max_body=max_body)

    Connection.post = post  # type: ignore[method-assign]


def serve() -> None:
    gc.set_threshold(GARBAGE_LOOKED_FOR)  # as a command's process does
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(order["arguments"], order["out"])
        _tell(pid)
        _tell(os.waitpid(pid, 0)[1])


def _become(arguments: list[str], out: str) -> None:
    output = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(output, 1)
    os.dup2(os.open(out + ".err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code = 70
    try:
        code = run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:  # a second one, where Python itself would end the process
        code = 130
    finally:
        os._exit(code)


def _tell(number: int) -> None:
    os.write(1, f"{number}\n".encode())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        break_protocol(Mutant(sys.argv[1]))
    serve()
