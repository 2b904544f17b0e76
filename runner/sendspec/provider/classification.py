"""The outcome that a response proves: a pure function of the response and what was sent.

The table in `response_rules` decides, except for 200, 201 and 202: there `acceptance` looks for the proof in the body.
"""

from __future__ import annotations

from sendspec.provider.acceptance import SentMessage, doubt_about_acceptance, outcome_of_acceptance
from sendspec.provider.http_response import HttpResponse
from sendspec.provider.outcome import InDoubt, NotProcessed, Outcome, Refused, RunRefused
from sendspec.provider.refusal_text import names_the_channel, refusal_text
from sendspec.provider.response_redaction import NOTHING_SENT, Redaction
from sendspec.provider.response_rules import Condition, FollowUp, Meaning, Rule, rules_for, statuses_where
from sendspec.provider.time_headers import retry_after_seconds

ACCEPTING = statuses_where(lambda rule: rule.meaning is Meaning.ACCEPTED)
REFUSING_THE_RUN = statuses_where(
    lambda rule: rule.meaning is Meaning.RUN_REFUSED and rule.condition is Condition.ALWAYS
)


def classify(
    response: HttpResponse,
    sent: SentMessage,
    *,
    first: bool,
    trust_503: bool,
    extra: bool,
    redaction: Redaction = NOTHING_SENT,
) -> Outcome:
    """The outcome that `response` proves.

    `first`: it is the run's first response. `extra`: more bytes followed it, so it may answer another request.
    `redaction` knows what was sent, and keeps all of it out of the outcome's text.
    """
    if response.status in ACCEPTING:
        return outcome_of_acceptance(response, sent, redaction, extra=extra)
    rule = next(
        rule
        for rule in rules_for(response.status)
        if _is_met(rule.condition, response, first=first, trust_503=trust_503)
    )
    if extra and rule.meaning is not Meaning.IN_DOUBT:
        return InDoubt(f"HTTP {response.status} with more bytes behind it", response.status)
    return _outcome(rule, response, redaction)


def _is_met(condition: Condition, response: HttpResponse, *, first: bool, trust_503: bool) -> bool:
    if condition is Condition.CHANNEL_MISSING:
        return first or names_the_channel(response)
    if condition is Condition.TRUSTED:
        return trust_503 and "retry-after" in response.headers
    return condition is Condition.ALWAYS


def _outcome(rule: Rule, response: HttpResponse, redaction: Redaction) -> Outcome:
    status, headers = response.status, response.headers
    if rule.meaning is Meaning.NOT_PROCESSED:
        return NotProcessed(status, retry_after_seconds(headers.get("retry-after"), headers.get("date")))
    if rule.meaning is Meaning.RUN_REFUSED:
        return RunRefused(status, refusal_text(response, redaction))
    if rule.meaning is Meaning.REFUSED:
        return Refused(status, refusal_text(response, redaction))
    if rule.follow_up is FollowUp.STOP_UNDOCUMENTED:
        text = f"HTTP {refusal_text(response, redaction)}, which the API does not document"
        return InDoubt(text, status, stops_run=True)
    if rule.follow_up is FollowUp.STOP_REDIRECTED:
        return InDoubt(f"HTTP {status}, a redirect", status, stops_run=True)
    if rule.follow_up is FollowUp.PROBE:
        return doubt_about_acceptance(status, ", which is not an acceptance")
    return InDoubt(f"HTTP {status}", status)
