"""The sandbox's page of faults: those that are on, what each has struck, and those that can be switched on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sendspec.diagnostics.wording import grouped
from sendspec.sandbox.fault import LIST_KINDS, POST_KINDS, WEBHOOK_KINDS, fault_words
from sendspec.sandbox.fault_switch import Counted, SwitchedFault
from sendspec.sandbox.page_view import FaultsView

MEANINGS = {
    "drop-before": "closes the connection and takes nothing",
    "drop-after": "takes the message and closes the connection without an answer",
    "hang": "takes the message and never answers",
    "slow": "answers after ms milliseconds",
    "foreign-reference": "takes the message and answers with the reference of another",
    "html": "takes the message and answers 200 with a page",
    "list-late": "a list as it was ms milliseconds ago",
    "list-5xx": "answers a list with 502",
    "webhook-twice": "posts each event twice",
    "webhook-late": "posts each event ms milliseconds late",
    "webhook-reversed": "posts a message's events in reverse",
    "webhook-unsigned": "posts events without a signature",
    "webhook-before-answer": "posts the first event before the POST is answered",
}
QUICK = (
    ("429 for the next POST", {"kind": "429", "to": "1", "retry-after": "1"}),
    ("500 for the next POST", {"kind": "500", "to": "1"}),
    ("Take the next message and don't answer", {"kind": "drop-after", "to": "1"}),
    ("429 for every third POST", {"kind": "429", "every": "3", "retry-after": "1"}),
)
FIELDS = (
    ("every", "every", "each Nth one; empty: each one"),
    ("from", "from", "the first one that it strikes, counted from when it is switched on"),
    ("to", "to", "the last one"),
    ("ms", "ms", "milliseconds, of what is slow or late"),
    ("retry-after", "retry-after", "seconds, of a status"),
)


def faults_context(view: FaultsView) -> Mapping[str, Any]:
    faults = view.state.faults
    has_webhook = any(kind in view.kinds for kind in WEBHOOK_KINDS)
    posted = [counted for counted in Counted if has_webhook or counted is not Counted.MESSAGES]
    return {
        "faults": [{"id": each.id, "words": fault_words(each.fault), "struck": _struck(each, view), "command": command_of([each], view)} for each in faults],
        "command": command_of(faults, view),
        "groups": _groups(view),
        "quick": QUICK,
        "fields": FIELDS,
        "counts": [(counted.value, grouped(number)) for counted, number in view.state.counts.items() if counted in posted],
        "problem": view.problem,
        "typed": view.typed or {"kind": "429"},
    }  # fmt: skip


def command_of(faults: Sequence[SwitchedFault], view: FaultsView) -> str:
    """The command line of a sandbox that does the same from its start. Events need somewhere to go."""
    webhook = ["--webhook URL"] if any(each.fault.is_of_webhooks for each in faults) else []
    named = [f"--fault {fault_words(each.fault)}" for each in faults]
    return " ".join(["sendspec sandbox", *webhook, *named, *view.options])


def _struck(each: SwitchedFault, view: FaultsView) -> str:
    passed = view.state.counts[each.counted] - each.since
    return f"{grouped(each.struck)} of {grouped(passed)} {each.counted.value} since it is on"


def _groups(view: FaultsView) -> list[tuple[str, list[tuple[str, str]]]]:
    def meaning(kind: str) -> str:
        return MEANINGS.get(kind, f"answers a POST with {kind}, and takes nothing")

    of_posts = [kind for kind in view.kinds if kind.isdigit() or kind in POST_KINDS]
    groups = (("POSTs", of_posts), ("Lists", LIST_KINDS), ("Webhooks", WEBHOOK_KINDS))
    return [
        (name, [(kind, meaning(kind)) for kind in kinds if kind in view.kinds])
        for name, kinds in groups
        if any(kind in view.kinds for kind in kinds)
    ]
