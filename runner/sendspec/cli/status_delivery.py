"""`status --delivery`: what became of messages after they were accepted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from sendspec.cli.console import Console
from sendspec.cli.named_specs import spec_paths
from sendspec.cli.status_columns import refuse_unknown
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.delivery.observation import Fate
from sendspec.ledger.export import csv_lines
from sendspec.ledger.protocol import Facts
from sendspec.operations.delivery_access import deliveries_to_inspect
from sendspec.operations.delivery_account import DeliveryAccount, delivery_account, sum_of_accounts
from sendspec.operations.delivery_status import accepted_with_fate, refreshed
from sendspec.operations.ledger_access import process_holding
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.recipient_row import NO_ROWS, find_rows
from sendspec.operations.renamed_spec import names_of
from sendspec.operations.run_ending import refused_look
from sendspec.operations.status import SpecStatus, never_sent, spec_statuses, statuses_within
from sendspec.operations.wait_scope import reads_replies
from sendspec.reading.spec import Spec
from sendspec.showing.delivery import account_json, spec_lines
from sendspec.showing.delivery_list import delivery_cells, delivery_header, delivery_lines, delivery_list_json
from sendspec.showing.json_text import json_document_pieces
from sendspec.showing.markdown.delivery import delivery_markdown
from sendspec.showing.message_list import moment
from sendspec.showing.next_step import next_text
from sendspec.showing.status import status_document, status_text

if TYPE_CHECKING:
    from sendspec.provider.outcome import RunRefused
    from sendspec.sending.delivery_sweep import Swept

UNDECIDED = (Fate.UNDER_WAY, Fate.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryQuestion:
    """What the command line asks for. `fates` are those of the messages to list, empty for no list. `options` end the next commands."""

    refresh: bool
    fates: Sequence[Fate]
    recipients: str | None
    options: str


def asked_deliveries(
    console: Console,
    *,
    everything: bool,
    undelivered: bool,
    undecided: bool,
    others: bool,
    refresh: bool,
    recipients: str | None,
    options: str,
) -> DeliveryQuestion:
    """The question in the flags. Raises `click.UsageError` beside lists of messages that were not accepted (`others`)."""
    if others:
        raise click.UsageError(
            "--delivery is about accepted messages, and --failed, --in-doubt and --not-sent list others: run `status` twice"
        )
    chosen = (*((Fate.UNDELIVERED,) if undelivered else ()), *(UNDECIDED if undecided else ()))
    fates = tuple(Fate) if everything or (console.format == "csv" and not chosen) else chosen
    return DeliveryQuestion(refresh=refresh, fates=fates, recipients=recipients, options=options)


def show_deliveries(
    console: Console,
    context: ProjectContext,
    ledger: Facts,
    specs: Sequence[Spec],
    path_by_name: Mapping[str, str | None],
    columns_asked: Sequence[str] | None,
    question: DeliveryQuestion,
) -> int:
    """Prints what is kept of the deliveries of these specs, or of all, refreshed if that is asked for.

    `path_by_name` are the specs that were named, None where only the name was given. `columns_asked` as in `status`.
    """
    names = {*names_of(specs, ledger), *path_by_name}
    given = {name: path for name, path in path_by_name.items() if path is not None}
    swept: Swept | None = None
    if question.refresh:
        sends = spec_statuses(ledger, names)
        swept = refreshed(context, ledger, sends, replies=reads_replies(context, specs), warn=console.warn)
    with deliveries_to_inspect(context) as facts, ledger.one_moment():  # the counts are those of the list
        statuses = statuses_within(ledger, names, held_by=process_holding(context))
        paths = {**spec_paths(context, ledger, statuses), **given}
        unsent = never_sent(path_by_name, {each.name for each in statuses}, {send.name for send in ledger.sends()})
        accounts = {each.name: delivery_account(ledger, facts, each.name, each.generation) for each in statuses}
        rows = NO_ROWS
        if question.fates:
            listed = (message for message, _ in accepted_with_fate(ledger, facts, statuses, question.fates))
            paths_given = list(given.values())
            rows = find_rows(listed, context, ledger, paths_given, question.recipients, columns=columns_asked)
            for note in rows.notes:
                console.warn(note)
        columns = () if columns_asked is None else columns_asked or rows.columns
        refuse_unknown(columns, rows)
        messages = accepted_with_fate(ledger, facts, statuses, question.fates)
        environment = context.environment.name
        match console.format:
            case "csv":
                console.lines(csv_lines(delivery_cells(messages, rows, columns), delivery_header(columns)))
            case "json":
                document = status_document(statuses, environment, None, never_sent=unsent)
                document |= _parts(statuses, accounts, document["specs"], swept)
                if swept is not None and swept.refusal is not None:
                    document |= error_parts(swept.refusal)
                if question.fates:
                    listed_json = delivery_list_json(messages, rows, columns)
                    console.document_pieces(json_document_pieces(document, "messages", listed_json))
                else:
                    console.document(document)
            case "markdown":
                commands = _commands(statuses, accounts, paths, question)
                console.lines([delivery_markdown(environment, statuses, accounts, commands)])
            case _:
                blocks = [
                    line
                    for each in statuses
                    for line in spec_lines(each, accounts[each.name], environment, console.out)
                ]
                console.result("\n".join(blocks) or status_text([], environment, console.out, unsent))
                console.result_lines(delivery_lines(messages, rows))
    return _tell(console, statuses, accounts, paths, question, swept)


def _parts(
    statuses: Sequence[SpecStatus],
    accounts: Mapping[str, DeliveryAccount],
    specs: Sequence[dict[str, Any]],
    swept: Swept | None,
) -> dict[str, Any]:
    """What deliveries add to the `sendspec.status/1` document, to each of its `specs` too."""
    for status, spec in zip(statuses, specs, strict=True):
        spec.update(account_json(accounts[status.name]))
    total = sum_of_accounts(accounts.values())
    found = {**account_json(total), "as_of": None if total.as_of is None else moment(total.as_of)}
    if swept is not None:
        found["refreshed"] = {"whole": swept.is_whole, "requests": swept.requests, "reason": swept.unread or None}
    return found


def error_parts(refusal: RunRefused) -> dict[str, Any]:
    """What a document says where the API refused to tell."""
    words = refused_look(refusal)
    return {"error": {"code": words.code, "problem": words.problem, "fix": words.fix}, "sent": False}


def _tell(
    console: Console,
    statuses: Sequence[SpecStatus],
    accounts: Mapping[str, DeliveryAccount],
    path_by_name: Mapping[str, str],
    question: DeliveryQuestion,
    swept: Swept | None,
) -> int:
    """Says how old this is, what went wrong, and what comes next."""
    if swept is not None and swept.unread:
        console.warn(f"the API was not read to its end, so this may be older than now: {swept.unread}")
    if swept is not None and swept.refusal is not None:
        console.warn(f"    = fix: {refused_look(swept.refusal).fix}")
    if console.format == "text" and not console.quiet:
        as_of = sum_of_accounts(accounts.values()).as_of
        age = "no delivery is known yet" if as_of is None else f"as of {moment(as_of)}"
        hint = "" if swept is not None else "; --refresh asks the API"
        console.tell(f"{age}{hint}" if any(each.tally.accepted for each in accounts.values()) else "")
        console.tell(next_text(_commands(statuses, accounts, path_by_name, question)))
    return ExitCode.DONE if swept is None or swept.refusal is None else ExitCode.API_REFUSED


def _commands(
    statuses: Sequence[SpecStatus],
    accounts: Mapping[str, DeliveryAccount],
    path_by_name: Mapping[str, str],
    question: DeliveryQuestion,
) -> list[str]:
    def named(which: Collection[str]) -> str:
        return " ".join(quote(path_by_name.get(name, name)) for name in which)

    failed = [each.name for each in statuses if accounts[each.name].tally.undelivered]
    waiting = [each.name for each in statuses if accounts[each.name].tally.undecided]
    commands = (
        [f"sendspec status {named(failed)} --undelivered{question.options}"] if failed and not question.fates else []
    )
    return commands + ([f"sendspec wait {named(waiting)}{question.options}"] if waiting else [])
