"""Why a webhook's request, a captured line or an event was refused, in words."""

from __future__ import annotations

from sendspec.operations.captured_request import LineFault
from sendspec.operations.event_intake import NO_ADDRESS
from sendspec.operations.webhook_receiver import AgeFault
from sendspec.provider.webhook_event import EventFault
from sendspec.provider.webhook_signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, SignatureFault

FAULT_TEXT = {
    SignatureFault.SIGNATURE_MISSING: f"there is no header {SIGNATURE_HEADER}",
    SignatureFault.SIGNATURE_REPEATED: f"the header {SIGNATURE_HEADER} is there more than once",
    SignatureFault.SIGNATURE_EMPTY: f"the header {SIGNATURE_HEADER} is empty",
    SignatureFault.TIMESTAMP_MISSING: f"there is no header {TIMESTAMP_HEADER}",
    SignatureFault.TIMESTAMP_REPEATED: f"the header {TIMESTAMP_HEADER} is there more than once",
    SignatureFault.TIMESTAMP_EMPTY: f"the header {TIMESTAMP_HEADER} is empty",
    SignatureFault.TIMESTAMP_FORMAT: f"the header {TIMESTAMP_HEADER} is no whole number of seconds",
    SignatureFault.SIGNATURE_WRONG: "none of the named keys signed this URL and this body",
}
"""Each rule of `SignatureFault`, as it is broken."""
_OTHER_TEXT = {
    LineFault.LINE_LENGTH: "the line is longer than a request can be",
    LineFault.LINE_JSON: "it is no JSON",
    LineFault.LINE_SHAPE: "it is no object with `url`, `headers` and `body_base64`",
    LineFault.LINE_BASE64: "`body_base64` is no base64",
    LineFault.BODY_LENGTH: "its body is longer than a request's can be",
    EventFault.BODY: "it is signed, but its body isn't the documented JSON",
    EventFault.PAYLOAD: "it is signed, but its payload lacks an id, a status or a time",
    NO_ADDRESS: "somebody opted out or in, and the address can't be read: look it up with the API",
    AgeFault.TIMESTAMP_OLD: "it was first sent more than 8 days ago, or this machine's clock is wrong",
    AgeFault.TIMESTAMP_AHEAD: "it is dated more than a day ahead: set this machine's clock",
}


def reason_text(reason: str) -> str:
    """The words of any fault, by its name."""
    return _TEXT_BY_REASON[reason]


_TEXT_BY_REASON = {str(reason): text for texts in (FAULT_TEXT, _OTHER_TEXT) for reason, text in texts.items()}
