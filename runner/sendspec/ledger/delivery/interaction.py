"""What a recipient did with a message: a click, a request to unsubscribe, a consent."""

from __future__ import annotations

from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Interaction:
    """One interaction. `id` is the API's; `kind` is its `type`, such as `clicked`. `at` is in Unix seconds.

    `is_bot`: the API takes it for a machine's, such as a link check or a preview. `is_first`: it is the message's first of a person.
    """

    id: str
    message: bytes
    kind: str
    at: float
    is_first: bool = False
    is_bot: bool = False
