"""`sendspec opt-outs`: who said stop, by their own word, a list or a person's."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import click

from sendspec.cli.common_flag import FlagGroup
from sendspec.cli.console import Console, common_options, environment_option, optional_specs_argument, rejects
from sendspec.cli.moment import moment_of
from sendspec.cli.named_specs import paths_and_names
from sendspec.cli.project import open_context, open_jobs
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.wording import counted
from sendspec.ledger.export import csv_lines
from sendspec.operations.delivery_access import deliveries_to_read
from sendspec.operations.known_opt_outs import known_opt_outs
from sendspec.operations.ledger_access import ledger_to_read
from sendspec.operations.opt_out_lookup import look_words, refuse_unread
from sendspec.operations.opt_outs import (
    Changed,
    Person,
    add,
    import_receivers,
    lift,
    opt_outs_to_change,
    people_at,
    people_of_replies,
    refresh_opt_outs,
    replace_lost,
)
from sendspec.operations.project_context import ProjectContext
from sendspec.showing.opt_outs import (
    COLUMNS,
    change_document,
    change_text,
    opt_outs_document,
    opt_outs_rows,
    opt_outs_text,
    warning_of,
)

UNCHANGED = "nothing was changed"


@click.group("opt-outs", cls=FlagGroup)
def command() -> None:
    """Show and change who has opted out. Sends leave these people out where `suppress` has `opt_outs: true`.

    \b
    Examples:
      sendspec opt-outs list --env production
      sendspec opt-outs add +447700900001 --reason "wrote to support" --env production
      sendspec opt-outs import data/do-not-text.csv --env production
      sendspec opt-outs list --maybe --env production
    """


_country = click.option("--country", metavar="CC", help="The country of numbers without +, as two letters.")
_messages = click.option(
    "--message",
    "ids",
    multiple=True,
    metavar="ID",
    help="Whoever it is about: the id of a reply or message, from `opt-outs list --maybe`. May be given several times.",
)


@command.command("list")
@optional_specs_argument
@environment_option
@click.option(
    "--maybe",
    "lists_maybes",
    is_flag=True,
    help="List what may be an opt-out: replies, and messages that failed. A person decides.",
)
@click.option(
    "--refresh", is_flag=True, help="First read what people replied, from the API: one request a channel, usually."
)
@click.option(
    "--interactions",
    is_flag=True,
    help="Also ask for links that people followed, of the newest 500 messages: one request each.",
)
@common_options
def _list(
    console: Console, specs: tuple[str, ...], env: str | None, lists_maybes: bool, refresh: bool, interactions: bool
) -> int:
    """Show who has opted out: by a masked number if the ledger knows it, otherwise by a hash.

    SPEC is a file, or a spec's name: the list then has these people's rows in its table.

    Without `--refresh`, nothing is asked of the API. A list of replies that can't be read ends the command with 3, or with 5.
    """
    problems = Problems()
    paths, names = paths_and_names(specs)
    if names:
        paths += _paths_of(console, names, paths, env, problems)
    context, jobs = open_jobs(console, paths, env, None, problems)
    if rejects(console, problems, ending=UNCHANGED) or context is None:
        return ExitCode.REJECTED
    if refresh or interactions:
        looks = refresh_opt_outs(context, console.say, jobs, with_interactions=interactions)
        for line in chain.from_iterable(map(look_words, looks)):
            console.warn(line)
        for look in looks:
            refuse_unread(look, "run the command again: what was read is kept")
    with deliveries_to_read(context) as facts, ledger_to_read(context, console.warn) as ledger:
        shown = known_opt_outs(context, facts, jobs, ledger)
        if ledger is None:
            console.say(f"note: the environment '{context.environment.name}' has no ledger yet, so nothing can be kept")
    console.result(opt_outs_text(shown, lists_maybes=lists_maybes))
    console.document(opt_outs_document(shown, lists_maybes=lists_maybes))
    return ExitCode.DONE


@command.command("export")
@environment_option
@click.option(
    "--as",
    "form",
    type=click.Choice(["csv", "json"]),
    default="csv",
    show_default=True,
    help="CSV, or one JSON document.",
)
@common_options
def _export(console: Console, env: str | None, form: str) -> int:
    """Print who has opted out, by keyed hashes: what is kept has no numbers."""
    problems = Problems()
    context = open_context(console, (), env, problems)
    if rejects(console, problems, ending=UNCHANGED) or context is None:
        return ExitCode.REJECTED
    with deliveries_to_read(context) as facts:
        shown = known_opt_outs(context, facts)
    if form == "json" or console.is_json:
        replace(console, format="json").document(opt_outs_document(shown, lists_maybes=False))
    else:
        console.lines(csv_lines(opt_outs_rows(shown), COLUMNS))
    return ExitCode.DONE


@command.command("add")
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@environment_option
@_country
@_messages
@click.option("--reason", default="", metavar="TEXT", help="Why; it is kept, without numbers.")
@click.option("--at", "said_at", metavar="WHEN", help="When they said so: a date, time and offset; default: now.")
@common_options
def _add(
    console: Console,
    addresses: tuple[str, ...],
    env: str | None,
    country: str | None,
    ids: tuple[str, ...],
    reason: str,
    said_at: str | None,
) -> int:
    """Note that people have opted out. Only `opt-outs remove` lifts it again, not a reply."""
    problems = Problems()
    context = open_context(console, (), env, problems)
    if rejects(console, problems, ending=UNCHANGED) or context is None:
        return ExitCode.REJECTED
    now = context.system.clock.wall()
    at = now if said_at is None else _past(said_at, context)
    people = _people(context, addresses, ids, country)
    with opt_outs_to_change(context) as store:
        changed = add(context, store, people, reason=reason or "by hand", at=at, now=now)
    return _told(console, context, "add", changed)


@command.command("remove")
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@environment_option
@_country
@_messages
@click.option(
    "--reason", required=True, metavar="TEXT", help="How you know that they want messages; it is kept, without numbers."
)
@common_options
def _remove(
    console: Console,
    addresses: tuple[str, ...],
    env: str | None,
    country: str | None,
    ids: tuple[str, ...],
    reason: str,
) -> int:
    """Lift opt-outs, or say that what may be one is none."""
    if not reason.strip():
        raise click.UsageError("--reason says how you know: write it down")
    problems = Problems()
    context = open_context(console, (), env, problems)
    if rejects(console, problems, ending=UNCHANGED) or context is None:
        return ExitCode.REJECTED
    people = _people(context, addresses, ids, country)
    with opt_outs_to_change(context) as store:
        changed = lift(store, people, reason=reason, now=context.system.clock.wall())
    if warning := warning_of(changed.against):
        console.warn(warning)
    return _told(console, context, "remove", changed)


@command.command("import")
@click.argument("file", metavar="FILE")
@environment_option
@_country
@click.option(
    "--replace-lost",
    "replaces",
    is_flag=True,
    help="Go on with this list where opt-outs were lost for good; needs --reason.",
)
@click.option("--reason", default="", metavar="TEXT", help="Why opt-outs were lost; it is kept, without numbers.")
@common_options
def _import(console: Console, file: str, env: str | None, country: str | None, replaces: bool, reason: str) -> int:
    """Note that everybody on a list has opted out: a .csv or .tsv with a column `phone` or `email`, or a .txt.

    An entry that can't be read is an error, and nothing is imported. The same list again changes nothing.
    """
    if replaces != bool(reason.strip()):
        raise click.UsageError("--replace-lost and --reason go together: say why opt-outs were lost")
    from sendspec.operations.opt_out_import import receivers_in

    problems = Problems()
    context = open_context(console, (), env, problems)
    receivers = [] if context is None else receivers_in(context, file, country, problems)
    if rejects(console, problems, ending=UNCHANGED) or context is None:
        return ExitCode.REJECTED
    if replaces:
        changed, lost = replace_lost(context, receivers, source=f"import of {file}", reason=reason)
        console.warn(f"{counted(lost, 'opt-out')} {'was' if lost == 1 else 'were'} lost; this list takes their place")
        return _told(console, context, "import", changed)
    with opt_outs_to_change(context) as store:
        now = context.system.clock.wall()
        changed = import_receivers(store, receivers, source=f"import of {file}", now=now)
    return _told(console, context, "import", changed)


def _paths_of(
    console: Console, names: Sequence[str], paths: Sequence[str], env: str | None, problems: Problems
) -> list[str]:
    """The files of the specs with these names, as the ledger noted them. Raises `click.UsageError` for a name that it doesn't know."""
    context = open_context(console, paths, env, problems)
    if context is None:
        return []
    with ledger_to_read(context) as ledger:
        noted = {name: None if ledger is None else ledger.spec_path(name) for name in names}
    unknown = next((name for name, path in noted.items() if path is None), None)
    if unknown is not None:
        raise click.UsageError(f"no spec called '{unknown}' was ever sent here, and there is no such file")
    return [os.path.relpath(context.root / path) for path in noted.values() if path is not None]


def _people(context: ProjectContext, addresses: Sequence[str], ids: Sequence[str], country: str | None) -> list[Person]:
    if not addresses and not ids:
        raise click.UsageError("name the people: by address, or by --message ID")
    people = people_at(context, addresses, country)
    if not ids:
        return people
    with deliveries_to_read(context) as facts:
        return people + people_of_replies(facts, ids)


def _past(written: str, context: ProjectContext) -> float:
    moment = moment_of(written, context.system.now) if "T" in written else None
    if moment is None or moment > context.system.now:
        raise click.BadParameter(
            "it has to be a moment in the past with its offset from UTC, such as 2026-11-24T09:00:00+01:00",
            param_hint="--at",
        )
    return moment.timestamp()


def _told(console: Console, context: ProjectContext, action: str, changed: Changed) -> int:
    console.result(change_text(action, changed))
    console.document(change_document(context.environment.name, action, changed))
    return ExitCode.DONE
