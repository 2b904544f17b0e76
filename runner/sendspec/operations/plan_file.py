"""A plan on disk: what was looked at and approved, as a set of messages and the settings that they go out under.

The file is one JSON document. Its pairs come last, one a line, so that a long plan is read line by line. It holds no number, and no text
but the samples that were asked for. Its seal finds accidents and careless edits; it is no signature.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.project_context import ProjectContext
from sendspec.planning.choice import RetryTerm
from sendspec.planning.decision import Retry
from sendspec.planning.pair_set import PairSet
from sendspec.planning.plan_digest import canonical_json
from sendspec.reading.tables.opening import STANDARD_INPUT

FORMAT = 2
"""Files of another format are stale: they name what they approve in another way."""
PAIRS_LINE = b'  "pairs": [\n'
END = b"]\n}\n"
"""What comes before and after the pairs."""


NEW_PLAN_FILE = "run `sendspec plan --out` again"


class PlanUnreadable(Exception):
    """The file is not a plan, or was changed after it was written; or what it names can't be found."""

    def __init__(self, problem: str, fix: str = NEW_PLAN_FILE, code: str = "plan-unreadable") -> None:
        super().__init__(problem)
        self.fix = fix
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """A plan that was read from the file at `path`. `header` is all of it but its pairs, which carry marks (`plan_pairs_text`)."""

    path: str
    header: Mapping[str, Any]
    pairs: PairSet

    @property
    def environment(self) -> str:
        return str(self.header["environment"])

    @property
    def ledger(self) -> str | None:
        """The id of the ledger that it was made against; None if there was none yet."""
        ledger: str | None = self.header["ledger"]
        return ledger

    @property
    def digest(self) -> str:
        return str(self.header["digest"])

    @property
    def send(self) -> int:
        """How many messages it names to be sent."""
        return int(self.header["totals"]["send"])

    @property
    def created(self) -> str:
        return str(self.header["created"])

    @property
    def expires(self) -> str:
        return str(self.header["expires"])

    def has_expired(self, now: float) -> bool:
        """`now` is in Unix seconds."""
        return datetime.fromisoformat(self.expires).timestamp() <= now

    @property
    def retry(self) -> RetryTerm | None:
        """What it tries again, and nothing else; the same for all of its specs."""
        policy = self.specs[0]["policy"]
        return RetryTerm(Retry(policy["retry"]), policy.get("refused_until")) if "retry" in policy else None

    def recipients_in(self, context: ProjectContext) -> str | None:
        """The table that takes the place of the specs' own: a path relative to the working directory, or `-`.

        Raises `PlanUnreadable` for a path that leads out of the project.
        """
        recipients: str | None = self.header.get("recipients")
        if recipients is None or recipients == STANDARD_INPUT:
            return recipients
        place = context.root / recipients
        if not Path(os.path.realpath(place)).is_relative_to(context.root):
            raise PlanUnreadable("its table of recipients is outside the project")
        return os.path.relpath(place)

    @property
    def specs(self) -> Sequence[Mapping[str, Any]]:
        specs: Sequence[Mapping[str, Any]] = self.header["specs"]
        return specs


def seal_of(header: Mapping[str, Any]) -> str:
    """A digest over the header, and so over the whole file: the header holds the digests of the pairs."""
    return sha256(canonical_json(header)).hexdigest()
