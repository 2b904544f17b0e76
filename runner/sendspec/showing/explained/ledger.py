"""Codes about the ledger, its entry in `sendspec.lock`, and the sandbox's messages."""

from sendspec.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "ledger-missing": Explanation(
        "there is no ledger",
        (
            "`send` never creates a ledger, because with a new one everybody would get everything again. If there was "
            "one, restore it from a backup. Otherwise, create it once."
        ),
        right="sendspec ledger init --env production",
    ),
    "ledger-foreign": Explanation(
        "the ledger is not the one that sendspec.lock names",
        (
            "It doesn't know what was sent, so everybody would get everything again. Restore the right ledger, or correct "
            "`ledger:` in sendspec.yaml. If this is the right one, sendspec.lock has changed: restore it from git. `git "
            "log -p -- sendspec.lock` shows the commit in which it named this ledger's id."
        ),
    ),
    "ledger-rolled-back": Explanation(
        "the ledger is older than its last run",
        (
            "It was restored from a backup, or lost its latest writes. People could get the missing messages twice, so "
            "nothing is sent. The ledger's mirror file, `<ledger>.epoch`, shows this, or the API's list of messages. A "
            "listed message with the reference and the receiver of one in the ledger is recorded as accepted. If you set "
            "references yourself, another message may have the same one, and nothing is recorded: put `{{ message_id }}` "
            "into the reference to tell them apart."
        ),
    ),
    "list-unread": Explanation(
        "the API's list of messages could not be read",
        (
            "Before a send, sendspec compares the list with the ledger, so that nobody gets a message twice. Nothing is "
            "sent until the list can be read. If you know that the ledger is complete, `--no-witness` skips the check. With "
            "`opt_outs: true`, it also reads the list of replies, as somebody may have said stop since; with `--no-witness`, "
            "a list of replies that can't be read is a warning."
        ),
        right="sendspec send specs/welcome.yaml --env production --no-witness",
    ),
    "list-refused": Explanation(
        "the API refuses the access key, the account or the channel",
        (
            "sendspec asks for the list of messages before it sends. Nothing was sent. Check the key and the balance, and "
            "the workspace and channel in sendspec.yaml."
        ),
    ),
    "ledger-damaged": Explanation(
        "the ledger is damaged, or is not a ledger",
        "sendspec reads no ledger that may have lost something: it could send a message twice. Restore the file from a backup, then run `sendspec ledger check`.",
        right="sendspec ledger check",
    ),
    "ledger-too-new": Explanation(
        "the ledger was made by a newer sendspec",
        "This version of sendspec can't use it safely. Update sendspec.",
    ),
    "ledger-too-old": Explanation(
        "the ledger on a server is of an older version, and has to be migrated",
        (
            "Others may be using it with the sendspec that they have, so no command but this one migrates it. It takes one transaction, "
            "and no run may be under way. A ledger in a file is migrated by the first command that writes to it."
        ),
        right="sendspec ledger migrate --env production",
    ),
    "ledger-moved": Explanation(
        "the ledger was copied to another place, and the copy is the one that sends",
        (
            "`sendspec ledger copy` marks a ledger once its copy is complete. With the old one, everything that was sent since would be "
            "sent again, so no command writes to it. It can still be read. Name the copy under `ledger:` in sendspec.yaml."
        ),
        right="ledger: {url: {env: SENDSPEC_LEDGER_URL}}",
    ),
    "opt-outs-lost": Explanation(
        "it is no longer known who has opted out",
        (
            "Beside a ledger in a file, `<ledger>.delivery` holds who has opted out. The file is gone, was restored from before the "
            "latest opt-outs, or lost its latest writes: the ledger, or `<ledger>.opt-outs`, counts more of them. Whoever is "
            "missing would get messages again, so nothing is sent. Restore the latest file. If there is none, import a list of "
            "everybody who has opted out, for example from your provider; the reason is kept."
        ),
        right="sendspec opt-outs import data/opted-out.csv --replace-lost --reason 'the disk failed' --env production",
    ),
    "spool-unread": Explanation(
        "somebody may have said stop in a request that can't be read",
        (
            "`webhook serve` keeps each request in `.sendspec/webhooks-ENV.jsonl` until it is stored. Opt-outs count from there too: "
            "before a send, and while it sends, the file is read. It is a link, others can write to it, or a request in it can't be "
            "understood. Start `webhook serve`: it stores what it can, and puts the rest aside, for you to look at."
        ),
        right="sendspec webhook serve --url https://hooks.example.com/bird --key-env BIRD_SIGNING_KEY --env production",
    ),
    "ledger-unwritable": Explanation(
        "the ledger can't be written",
        (
            "The disk is full, the file belongs to another user, or the server can't be reached. sendspec sends no message that it can't "
            "record first. A run waits a minute for a server that goes away. Answers that it then can't hand in are kept in "
            "`.sendspec/`, and the next run from there hands them in."
        ),
    ),
    "ledger-trouble": Explanation(
        "the ledger can't be trusted",
        (
            "It may be on a network file system, where locks don't work, or in a CI job's checkout, which is deleted "
            "after the job. Or `sendspec.lock` or the ledger's mirror file can't be read. Or its server could lose what it confirms, "
            "refuses the user, or is behind a connection pool in transaction mode; `sendspec doctor` shows which. Nothing is sent."
        ),
        right=(
            "ledger: {file: /var/lib/sendspec/production.db, durable: true}   # a volume that lasts\n"
            "ledger: {url: {env: SENDSPEC_LEDGER_URL}}   # a PostgreSQL server, for CI and for a team"
        ),
    ),
    "sandbox-unwritable": Explanation(
        "the sandbox's messages can't be stored",
        (
            "The sandbox keeps them in `.sendspec/sandbox-api.db`. Its folder can't be written, the disk is full, or "
            "another program made the file."
        ),
    ),
    "lock-lost": Explanation(
        "the ledger or its lock file was removed during a run",
        (
            "The run stopped, because another run could start at the same time, or the ledger could lose records. No "
            "further message is sent."
        ),
    ),
    "ledger-halted": Explanation(
        "somebody halted all sends of the ledger",
        (
            "The owner of a ledger on a server can halt it for everybody. Each run looks whenever it claims messages: the answers "
            "to what is on the way are still recorded, and nothing more goes out. What was not sent stays planned. Once the halt is "
            "over, run the command again. A halt is a note in the ledger's schema, with its reason: "
            "`INSERT INTO sendspec.meta VALUES ('halt', 'wrong price')`. Without the note it is over."
        ),
        right="psql -c \"DELETE FROM sendspec.meta WHERE name = 'halt'\"",
    ),
    "ledger-place": Explanation(
        "`ledger` must name a file, or where the URL of a PostgreSQL server comes from",
        (
            "A file is for one machine: `file`, and `durable: true` if it outlives a CI job. A server is for a team, and for CI: "
            "`url`, and `schema` if its tables are to be in another schema than `sendspec`. The URL holds a password, so only its "
            "source is written here: an environment variable (`env`), a file (`file`) or a command (`command`)."
        ),
        wrong="ledger: {file: .sendspec/production.db, url: {env: SENDSPEC_LEDGER_URL}}",
        right="ledger: {url: {env: SENDSPEC_LEDGER_URL}}",
    ),
    "ledger-linked": Explanation(
        "the ledger has a second hard link, or one of its files is a symbolic link",
        (
            "Under two names, two runs at once could send everything twice. Remove the second name. A symbolic link to "
            "the ledger is fine, except in `.sendspec/`. There, a link could come with a checkout and lead to any of your "
            "files."
        ),
        wrong="ln .sendspec/production.db backup.db",
        right="sqlite3 .sendspec/production.db '.backup backup.db'   # cp is not safe while the ledger is in use",
    ),
    "lock-entry-lost": Explanation(
        "the ledger exists, but its entry in sendspec.lock is gone",
        (
            "The entry has the salt of all message ids. With a new salt everybody would count as new, and get everything "
            "again. Restore the entry from git or a backup. If it is lost for good, the ledger is useless: move it away "
            "and run `sendspec ledger init --empty`. Then everybody gets everything again."
        ),
        right="git log --all -p -- sendspec.lock\ngit checkout COMMIT -- sendspec.lock",
    ),
    "environment-renamed": Explanation(
        "the environment seems to have another name in sendspec.lock",
        (
            "It uses the ledger or a channel of an environment that is gone from sendspec.yaml. With a new entry, "
            "everybody would get everything again. Rename the entry in sendspec.lock too, or undo the renaming. An entry "
            "written by an earlier release records neither ledger path nor channels, so it may be any removed "
            "environment."
        ),
        right="sendspec ledger init --env production --empty   # it is another environment",
    ),
    "channels-shared": Explanation(
        "the environment sends through another environment's channels",
        (
            "Each environment has its own ledger. The new one doesn't know what the other sent through these channels, so "
            "people could get messages twice. Confirm that you want this."
        ),
        right="sendspec ledger init --env staging --empty",
    ),
    "baseline-uncommitted": Explanation(
        "a committed spec or its table has changed since",
        (
            "`ledger init --baseline` counts the rows of the last commit as sent. Your files differ, so some people would "
            "be skipped or sent to by mistake. Commit the change, or put it aside with `git stash`."
        ),
    ),
    "init-needs-choice": Explanation(
        "messages may have been sent before, and a new ledger doesn't know who got them",
        (
            "Specs in the last commit may have been sent with another ledger or another tool. With `--empty`, everybody "
            "gets them again. With `--baseline`, they count as sent, and their recipients are skipped. If sendspec.lock "
            "names a ledger that is gone, look for a backup first. On a terminal, `ledger init` asks which you want."
        ),
        right="sendspec ledger init --env production --empty",
    ),
    "ledger-busy": Explanation(
        "another run is using the ledger",
        (
            "Wait until it ends, then run the command again: two runs at once could send a message twice. A suspended "
            "process keeps its lock; a killed one releases it. A ledger on a server takes many runs at once, but nobody settles "
            "what a run is sending, and nobody copies or migrates the ledger meanwhile."
        ),
    ),
    "receiver-busy": Explanation(
        "another process receives webhooks for the environment",
        (
            "One `webhook serve` works for an environment, and this one has ended without receiving anything. Sends, `wait` and "
            "`webhook ingest` work beside it. A killed receiver leaves nothing locked."
        ),
    ),
}
