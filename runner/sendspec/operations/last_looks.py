"""What the API is asked last before a send: whom an earlier send has reached meanwhile, who said stop, what the ledger lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

from sendspec.composing.message import Message
from sendspec.ledger.protocol import Ledger
from sendspec.operations.agreed_messages import AgreedMessages
from sendspec.operations.api_lookup import ApiLookup
from sendspec.operations.listener import Listener
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.operations.witness_check import query_witness, refuse_ledger_behind, witness_lines, witness_queries
from sendspec.planning.plan import Plan
from sendspec.reading.access_key import AccessKey
from sendspec.reading.environment import Environment
from sendspec.sending.reconciliation import Reconciled
from sendspec.sending.run import Stop, StopStage


class LastLooks:
    """The looks of one run. Without `asks_witness`, a person has asked not to look at lists.

    `witnessed` counts, by spec, the planned messages that the API has. `api_ahead` are the seconds that its clock is ahead of ours.
    """

    def __init__(
        self, context: ProjectContext, ledger: Ledger, listener: Listener, stop: Stop, *, asks_witness: bool
    ) -> None:
        self._context = context
        self._ledger = ledger
        self._listener = listener
        self._stop = stop
        self._asks_witness = asks_witness
        self.witnessed: Counter[str] = Counter()
        self.api_ahead = 0.0

    def look_at_earlier(
        self,
        jobs: Sequence[Job],
        agreed: AgreedMessages,
        key: AccessKey,
        asking: Callable[[], AbstractContextManager[Environment]],
    ) -> None:
        """Looks at whom `only: undelivered` keeps: usually one request. Who has the message by now is withheld, and never planned.

        `asking` gives the environment with an API that answers. Raises what `look_at_earlier` raises, unless a person has asked not
        to look at lists.
        """
        if not jobs:
            return
        if not self._asks_witness:
            self._listener.warn(
                "the API was not asked whom the earlier send has reached meanwhile (--no-witness): they get the message again"
            )
            return
        from sendspec.operations.delivery_lookup import DeliveryLookup  # few specs look back
        from sendspec.operations.earlier_look import look_at_earlier

        with asking() as reachable:
            lookup = DeliveryLookup(self._context, reachable, key)
            for job in jobs:
                found = look_at_earlier(self._context, lookup, self._ledger, job, self._is_stopped)
                if found is not None and found.warning:
                    self._listener.warn(found.warning)
                if found is not None:
                    agreed.still_kept[job.spec.name] = found.kept

    def look_for_opt_outs(self, jobs: Sequence[Job], key: AccessKey, reachable: Environment) -> None:
        """Reads what people replied since the last look, where it counts for one of the jobs: usually one request a channel.

        Who has said stop since the plan is withheld. Raises what `refuse_unread` raises, unless a person has asked not to look at lists.
        """
        asking = [job.channel for job in jobs if job.opted_out is not None]
        if not asking:
            return
        from sendspec.operations.delivery_access import deliveries_to_write  # few specs ask for it
        from sendspec.operations.opt_out_lookup import look_for_opt_outs, look_words, refuse_unread, reply_channels

        channels = reply_channels(self._context, asking, only_like_these=True)
        with deliveries_to_write(self._context) as store:
            look = look_for_opt_outs(self._context, reachable, key, store, channels, stopped=self._is_stopped)
        for line in look_words(look):
            self._listener.warn(line)
        if self._asks_witness:
            refuse_unread(look)
        for unread in look.unread:
            self._listener.warn(
                f"warning: replies were not read (--no-witness): {unread.reason}; who said stop since is not known"
            )

    def check_witness(self, lookup: ApiLookup, sending: Sequence[tuple[Job, Plan]], agreed: AgreedMessages) -> None:
        """Stops the run if the API's list shows that the ledger is behind: see `refuse_ledger_behind`."""
        if not self._asks_witness:
            self._listener.warn(
                "the ledger was not compared with the API's recent messages (--no-witness): if it lacks messages, people get them twice"
            )
            return

        def to_send(job: Job) -> Iterator[Message]:
            return (message for message, _ in agreed.to_send(job))

        findings = query_witness(lookup, list(witness_queries(sending, self._ledger, to_send)))
        self.witnessed += findings.behind
        if findings.skews:
            self._ledger.note_clock(findings.skews[0])
            self.api_ahead = max(findings.skews)
        for line in witness_lines(findings):
            self._listener.warn(line)
        self._listener.alarms(Reconciled(twice=list(findings.twice)))
        refuse_ledger_behind(findings, stopped=self._is_stopped())

    def _is_stopped(self) -> bool:
        return self._stop.stage is not StopStage.NO
