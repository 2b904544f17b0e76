"""Words and figures that the sandbox's pages share: moments, statuses, excerpts, command lines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from shlex import quote

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import is_all_visible
from sendspec.diagnostics.wording import counted
from sendspec.sandbox.inbox import ArrivedMessage, Entry, Inbox

EXCERPT = 90
TITLES = {
    "inbox": "Sandbox", "planned": "Planned beside arrived", "faults": "Faults", "numbers": "Numbers that answer in set ways",
    "absent": "Not here",
}  # fmt: skip
TONES = {
    "delivered": "good", "sent": "soft", "accepted": "soft", "processing": "soft", "scheduled": "soft",
    "delivery_failed": "bad", "sending_failed": "bad", "rejected": "bad", "skipped": "warn",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments in Unix seconds as a reader here reads them."""

    local: Callable[[float], datetime]
    now: float

    def short(self, at: float) -> str:
        """The time of today, or the day before it."""
        moment, today = self.local(at), self.local(self.now)
        return f"{moment:%H:%M:%S}" if moment.date() == today.date() else f"{moment:%d %b %H:%M}"

    def iso(self, at: float) -> str:
        return self.local(at).isoformat(timespec="milliseconds")


def title_of(section: str) -> str:
    return TITLES[section]


def status_tone(status: str) -> str:
    return TONES.get(status, "doubt")


def excerpt(entry: Entry) -> str:
    """The beginning of what was written, on one line; a person's words are marked as such."""
    text = entry.beginning if isinstance(entry, ArrivedMessage) else entry.text.text
    line = " ".join(text.split()) or "no text"
    short = line if len(line) <= EXCERPT else line[: EXCERPT - 1].rstrip() + "…"
    return short if isinstance(entry, ArrivedMessage) else f"wrote: {short}"


def headline(inbox: Inbox) -> str:
    """`4 messages in 3 conversations · 1 text from people`."""
    if not inbox.messages and not inbox.texts:
        return "nothing has arrived yet"
    texts = f" · {counted(inbox.texts, 'text')} from people" if inbox.texts else ""
    return f"{counted(inbox.messages, 'message')} in {counted(len(inbox.addresses), 'conversation')}{texts}"


def shell_word(text: str) -> str:
    """The text as one word of a command line. What can't be seen is written as an escape, which bash and zsh read."""
    if is_all_visible(text):
        return quote(text)
    written = (
        character if is_all_visible(character) and character not in "'\\" else _escape(character) for character in text
    )
    return f"$'{''.join(written)}'"


def _escape(character: str) -> str:
    code = ord(character)
    named = {"\n": "\\n", "\t": "\\t", "'": "\\'", "\\": "\\\\"}
    return named.get(character) or (f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}")
