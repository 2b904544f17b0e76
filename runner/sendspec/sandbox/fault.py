"""Faults that the sandbox plays on request. The number of the POST, the list or the message decides, so that a run is repeatable."""

from __future__ import annotations

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.near_miss import near_miss

FAULT_STATUSES = frozenset({400, 401, 402, 403, 404, 409, 422, 429, 500, 502, 503, 504})
POST_KINDS = ("drop-before", "drop-after", "hang", "slow", "foreign-reference", "html")
LIST_KINDS = ("list-late", "list-5xx")
WEBHOOK_KINDS = ("webhook-twice", "webhook-late", "webhook-reversed", "webhook-unsigned", "webhook-before-answer")
LATE_KINDS = ("slow", "list-late", "webhook-late")
"""Those that `ms` belongs to."""
EARLY = "webhook-before-answer"
_FAULT = lazy_pattern(r"([a-z0-9-]+)(?::(.*))?")
_OPTION = lazy_pattern(r"(every|from|to|ms|retry-after)=([0-9]{1,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxFault:
    """What happens to every `every`th of the POSTs numbered `first` to `last`, from 1; for `LIST_KINDS` of the requests for the list.

    `WEBHOOK_KINDS` concern the events of every so manieth message, but `webhook-before-answer` a POST. `kind` is one of these, of
    `POST_KINDS`, or a status. `drop-after` accepts the message and closes without a response; `drop-before` accepts nothing.
    `milliseconds` belongs to `slow` and what is late, `retry_after` (seconds) to a status.
    """

    kind: str
    every: int = 1
    first: int = 1
    last: int | None = None
    milliseconds: int = 100
    retry_after: int | None = None

    def applies_to(self, number: int) -> bool:
        inside = self.first <= number and (self.last is None or number <= self.last)
        return inside and (number - self.first + 1) % self.every == 0

    @property
    def is_of_lists(self) -> bool:
        return self.kind in LIST_KINDS

    @property
    def is_of_webhooks(self) -> bool:
        return self.kind in WEBHOOK_KINDS

    @property
    def is_of_posts(self) -> bool:
        return self.kind == EARLY or not (self.is_of_lists or self.is_of_webhooks)

    @property
    def ends_exchange(self) -> bool:
        """Whether it decides the answer, so that no further fault strikes."""
        return self.kind == "list-5xx" or (self.is_of_posts and self.kind not in ("slow", EARLY))

    @property
    def status(self) -> int | None:
        return int(self.kind) if self.kind.isdigit() else None


def parse_fault(text: str) -> SandboxFault:
    """A fault from the command line, such as `429:every=10,retry-after=1`. Raises ValueError with what is wrong."""
    match = _FAULT.fullmatch(text)
    kinds = [*POST_KINDS, *LIST_KINDS, *WEBHOOK_KINDS, *map(str, sorted(FAULT_STATUSES))]
    if match is None or match[1] not in kinds:
        near = near_miss(match[1] if match else text, kinds)
        raise ValueError(
            f"'{text}' is no fault; " + (f"did you mean '{near}'?" if near else f"write one of {', '.join(kinds)}")
        )
    options: dict[str, int] = {}
    for part in match[2].split(",") if match[2] else ():
        option = _OPTION.fullmatch(part)
        if option is None:
            raise ValueError(
                f"'{part}' is not an option of a fault; write every=N, from=N, to=N, ms=N or retry-after=N"
            )
        if option[1] in options:
            raise ValueError(f"{option[1]} is there twice; write it once")
        options[option[1]] = int(option[2])
    if options.get("every") == 0:
        raise ValueError("every=0 strikes nothing; write every=1 or more")
    if "to" in options and options["to"] < options.get("from", 1):
        raise ValueError(f"nothing is from {options.get('from', 1)} to {options['to']}; write to=N with a larger N")
    if "ms" in options and match[1] not in LATE_KINDS:
        raise ValueError(f"{match[1]} takes no time: leave out ms, or write one of {', '.join(LATE_KINDS)}")
    if "retry-after" in options and not match[1].isdigit():
        raise ValueError(f"{match[1]} is no status that is answered with: leave out retry-after")
    return SandboxFault(
        kind=match[1],
        every=options.get("every", 1),
        first=options.get("from", 1),
        last=options.get("to"),
        milliseconds=options.get("ms", 100),
        retry_after=options.get("retry-after"),
    )


def fault_words(fault: SandboxFault) -> str:
    """The fault as `parse_fault` reads it, without what is so anyway."""
    usual = SandboxFault(kind=fault.kind)
    options = {
        "every": fault.every if fault.every != usual.every else None,
        "from": fault.first if fault.first != usual.first else None,
        "to": fault.last,
        "ms": fault.milliseconds if fault.kind in LATE_KINDS else None,
        "retry-after": fault.retry_after,
    }
    written = ",".join(f"{name}={value}" for name, value in options.items() if value is not None)
    return f"{fault.kind}:{written}" if written else fault.kind
