"""What sends of a plan file should do, as a model of one spec and its ledger that shares no code with sendspec.

A plan file names a set P of messages. Let S be what would be sent now. S within P, under the same settings: S is sent. A message of S
that the plan declares unchanged and doesn't mark is left out (exit 3). One that it doesn't declare, or with another text or
reference: exit 8, and nothing is sent. With S empty, nothing is looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Person = str
DONE, INCOMPLETE, IN_DOUBT, API_REFUSED, GUARD, STALE, KILLED = 0, 3, 4, 5, 7, 8, -9


@dataclass(frozen=True, slots=True)
class Wording:
    """What a message says, and its reference; None: the message's id."""

    text: str
    reference: str | None


@dataclass(frozen=True, slots=True)
class Fact:
    """What became of a person's message. `taken`: the server accepted it, though it is in doubt.

    `texts` is what it said when it was last planned; `refused_at` is when it was last refused, in commands.
    """

    state: str
    text: str
    taken: bool = False
    refused_at: int = -1


@dataclass(frozen=True, slots=True)
class Settings:
    in_doubt: str = "hold"
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPlan:
    """A plan file: what it declares, what of that it marks to be sent, and when it was made, in commands."""

    declared: Mapping[Person, Wording]
    marked: frozenset[Person]
    settings: Settings
    retry: bool
    made_at: int
    expired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a send should do while nothing goes wrong. `skipped` counts people by reason; `code` is right unless something is sent."""

    code: int | None
    sent: Mapping[Person, Wording]
    skipped: Mapping[str, int]


@dataclass(slots=True)
class Books:
    """The files as they are, and what the ledger should hold."""

    table: dict[Person, str]
    greeting: str = "Hi"
    own_reference: bool = False
    suppressed: set[Person] = field(default_factory=set)
    settings: Settings = field(default_factory=Settings)
    facts: dict[Person, Fact] = field(default_factory=dict)
    started: bool = False
    commands: int = 0

    def wording(self, person: Person) -> Wording:
        reference = f"R-{person}" if self.own_reference else None
        return Wording(f"{self.greeting} {self.table[person]}", reference)

    def plan(self, *, retry: bool) -> ModelPlan:
        reasons = dict(self._reasons(frozenset({"refused"}) if retry else frozenset()))
        return ModelPlan(
            declared={person: self.wording(person) for person, why in reasons.items() if why != "suppressed"},
            marked=frozenset(person for person, why in reasons.items() if why is None),
            settings=self.settings,
            retry=retry,
            made_at=self.commands,
        )

    def forecast(self, plan: ModelPlan | None) -> Forecast:
        """What a send would do: of a plan file, or for None of all that is due. Doubts that the server knows are settled on the way."""
        reasons = self._reasons_under(plan)
        due = [person for person, why in reasons.items() if why is None]
        if plan is not None and due:
            if plan.expired or plan.settings != self.settings:
                return Forecast(code=STALE, sent={}, skipped={})
            if any(plan.declared.get(person) != self.wording(person) for person in due):
                return Forecast(code=STALE, sent={}, skipped={})
        self._look_up_doubts()
        reasons = self._reasons_under(plan)
        if plan is not None:
            left_out = [person for person, why in reasons.items() if why is None and person not in plan.marked]
            reasons |= dict.fromkeys(left_out, "not-in-plan")
        skipped = Counter(why for why in reasons.values() if why is not None)
        sent = {person: self.wording(person) for person, why in reasons.items() if why is None}
        if self.settings.limit is not None and len(sent) > self.settings.limit:
            return Forecast(code=GUARD, sent={}, skipped=skipped)
        return Forecast(code=None, sent=sent, skipped=skipped)

    def code_at_the_end(self, skipped: Mapping[str, int], left: int, *, refused: int, not_sent: int) -> int:
        """The exit code of a send that nothing stopped."""
        if any(fact.state == "in_doubt" for fact in self.facts.values()):
            return IN_DOUBT
        held = any(skipped.get(why) for why in ("refused-before", "on-hold", "not-chosen", "not-in-plan"))
        return INCOMPLETE if held or left or refused or not_sent else DONE

    def left(self) -> int:
        """People who were planned and not sent, and are no longer in the table."""
        return sum(fact.state == "planned" and person not in self.table for person, fact in self.facts.items())

    def totals(self) -> dict[str, int]:
        """As `status` has them."""
        counted = Counter(fact.state for fact in self.facts.values())
        return {
            "recipients": len(self.facts),
            "accepted": counted["accepted"],
            "refused": counted["refused"],
            "in_doubt": counted["in_doubt"],
            "not_sent": counted["planned"],
            "skipped": counted["skipped"],
        }

    def _look_up_doubts(self) -> None:
        for person, fact in self.facts.items():
            if fact.state == "in_doubt" and fact.taken:
                self.facts[person] = Fact("accepted", fact.text)

    def _reasons_under(self, plan: ModelPlan | None) -> dict[Person, str | None]:
        """Why each person gets nothing; None for those who do."""
        if plan is None or not plan.retry:
            return dict(self._reasons(frozenset()))
        reasons = dict(self._reasons(frozenset({"refused", "planned"})))
        for person, why in reasons.items():  # a plan doesn't try a refusal again that is younger than itself
            if why is None and person in self.facts and self.facts[person].refused_at >= plan.made_at:
                reasons[person] = "refused-before"
        return reasons

    def _reasons(self, retried: frozenset[str]) -> Iterator[tuple[Person, str | None]]:
        for person in self.table:
            yield person, self._reason(person, retried)

    def _reason(self, person: Person, retried: frozenset[str]) -> str | None:
        if person in self.suppressed:
            return "suppressed"
        fact = self.facts.get(person)
        if fact is not None and fact.state == "refused" and "refused" in retried:
            return None
        why = None if fact is None else self._reason_by(fact, self.wording(person).text)
        chosen = not retried or ("planned" in retried and fact is not None)
        return why if why is not None or chosen else "not-chosen"

    def _reason_by(self, fact: Fact, text: str) -> str | None:
        same = fact.text == text
        if fact.state == "planned":
            return None if same or not self.started else "on-hold"
        if fact.state in ("accepted", "refused"):
            return {"accepted": "already-accepted", "refused": "refused-before"}[fact.state] if same else "drift"
        return {"in_doubt": "in-doubt-before", "skipped": "settled-by-hand"}[fact.state]
