"""Codes about the project file, plans, and the names, generations and keys of specs."""

from sendspec.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "name-repeated": Explanation(
        "two specs on one command line have the same name",
        "The ledger finds messages by their spec's name. Give each spec a name of its own.",
    ),
    "name-taken": Explanation(
        "this name was used before, for another file",
        (
            "Under one name, the ledger could not tell the two specs apart. Give this one a name of its own, or remove "
            "the other file if this one replaces it."
        ),
    ),
    "name-moved": Explanation(
        "the spec has a new name, and would send what a removed spec has sent",
        (
            "Under a new name, everybody would get the message again. With `moved_from: hello`, recipients who got it as "
            "`hello` are skipped. With `moved_from: false`, this is a new send, and everybody gets it. It is only a "
            "warning if the texts or the people differ from what the file sent under its old name."
        ),
        wrong="name: greeting   # was: hello",
        right="name: greeting\nmoved_from: hello",
    ),
    "same-as-sent": Explanation(
        "a new spec would send what another spec has sent, to the same people",
        (
            "A warning: people would get the same text a second time, because a copy with a new name is a new send. If "
            "you want that, write `moved_from: false`."
        ),
        wrong="name: greeting-copy   # beside `greeting`, which was sent: same list, same text",
        right="name: greeting-copy\nmoved_from: false",
    ),
    "moved-from-unknown": Explanation(
        "`moved_from` names a spec that the ledger doesn't know",
        "So nobody is skipped as reached under that name. Check the spelling.",
        wrong="moved_from: helo",
        right="moved_from: hello",
    ),
    "generation-old": Explanation(
        "the generation is lower than one that was used or abandoned",
        (
            "Usually an older commit ran late, or somebody reverted a change. People who were added since would get the "
            "older message."
        ),
        wrong="generation: 1   # 2 was sent",
        right="generation: 2",
    ),
    "generation-skipped": Explanation(
        "a generation number is skipped",
        (
            "The next generation is the highest one used, plus one. This stops typos such as 11 for 2, which would send "
            "to everybody again. To skip a generation on purpose, give it up first: `sendspec resolve --generation`."
        ),
        wrong="generation: 5   # 1 was sent",
        right="generation: 2",
    ),
    "key-changed": Explanation(
        "`key` or `to` changed after messages were sent, and recipients would get them again",
        (
            "The ledger finds a recipient by the key. With another key, people who have the message would get it again. "
            "Bring `key` and `to` back, or raise `generation` to send to everybody again. White space, quotes, "
            'parentheses, and `row["a"]` for `a` make no difference.'
        ),
        wrong='key: "{{ phone }}"   # was: "{{ order_id }}"',
        right='key: "{{ order_id }}"',
    ),
    "audience-frozen": Explanation(
        "the audience is frozen, and recipients were added after the send began",
        (
            "With `audience: frozen`, a send that has begun reaches only those who were part of it from the start. "
            "sendspec lists the added recipients, and nothing is sent. Recipients whom `where`, `only_to` or a "
            "suppression list leaves out don't count."
        ),
        wrong="audience: frozen   # and a new row in the table",
        right="audience: frozen   # and a spec of their own for the new recipients",
    ),
    "continue-with-other": Explanation(
        "`continue_with` names a text that is not the present one",
        (
            "After a change in the middle of a send, messages planned with the former text are on hold. `continue_with` "
            "lets them go out with the text of this digest only. If you have changed the text again, write the new "
            "digest: `plan` shows it beside what is on hold."
        ),
        wrong="continue_with: 3f9c2a7b51d08e46   # and the text changed once more",
        right="continue_with: 8be01d7f94c2a653   # the digest that plan shows",
    ),
    "not-after-past": Explanation(
        "the moment of `not_after` has passed",
        (
            "A send would skip everybody who has no message yet, as `expired`. Write a later moment, or remove "
            "`not_after`."
        ),
        wrong="not_after: 2020-03-01T18:00:00+01:00",
        right="not_after: 2030-03-01T18:00:00+01:00",
    ),
    "unknown-channel": Explanation(
        "the environment has no such channel",
        "Channels are named in sendspec.yaml, each environment has its own. Write the name of one of them, or add this one with the ids of its workspace and channel.",
        wrong="channel: smss",
        right="channel: sms",
    ),
    "unknown-environment": Explanation(
        "there is no such environment",
        "Environments are named under `environments` in sendspec.yaml; the sandbox is always there. Write one of these names.",
        wrong="default_environment: prod",
        right="default_environment: production",
    ),
    "not-a-uuid": Explanation(
        "a workspace or channel is not a UUID",
        "Use the UUID from the dashboard, not the identifier that begins with ws_.",
        wrong="workspace: ws_123",
        right="workspace: 123e4567-e89b-12d3-a456-426614174000",
    ),
    "url-scheme": Explanation(
        "a URL is not https",
        "The access key would be sent unencrypted. Use http only for addresses on this machine.",
        wrong="api_url: http://api.bird.com",
        right="api_url: https://api.bird.com",
    ),
    "url-host": Explanation(
        "requests would go to another host",
        "Each request carries the access key. Correct the host, or confirm it with `allow_host`.",
        wrong="api_url: https://api.bird.com.evil.example",
        right="api_url: https://proxy.example\nallow_host: proxy.example",
    ),
    "url-part": Explanation(
        "a URL has a part that is not allowed",
        "A user, a query or a fragment can hide where requests really go.",
        wrong="api_url: https://api.bird.com@evil.example",
        right="api_url: https://api.bird.com",
    ),
    "not-expanded": Explanation(
        "a value of the project file has a variable or `~` in it",
        (
            "sendspec replaces no `${NAME}`, `$NAME`, `{{ env.NAME }}` or `~` in the project file. Name the access key's "
            "variable, file or command, and write out everything else."
        ),
        wrong="access_key: ${BIRD_ACCESS_KEY}",
        right="access_key: {env: BIRD_ACCESS_KEY}",
    ),
    "key-source": Explanation(
        "an access key has several sources, or none",
        "An access key comes from one place: an environment variable (`env`), a file (`file`) or a program that prints it (`command`). Name one of them, and remove the others.",
        wrong="access_key: {}",
        right="access_key: {env: BIRD_ACCESS_KEY}",
    ),
    "key-file-as-input": Explanation(
        "a spec, table or list is the file of an access key or of a ledger's URL",
        (
            "An error message could show a part of the key. So sendspec reads no environment's key file as input, and no "
            "link to one."
        ),
    ),
    "key-unusable": Explanation(
        "the access key can't be used",
        (
            "The key is missing, has a character that no key can have, or is in a file that others can read. A key file "
            "in the project must not be a link: the author of a checkout could choose what is sent as the key."
        ),
        right="chmod 600 key.txt",
    ),
    "project-foreign": Explanation(
        "the project file belongs to another user",
        (
            "sendspec looks for the project file from the spec's folder upwards. The file can name a command to run for "
            "the access key, so another user's file could run commands as you. It must belong to you, to root, or to the "
            "owner of the spec's file (without a spec: of the working directory)."
        ),
        right='chown "$USER" sendspec.yaml',
    ),
    "key-list": Explanation(
        "a line of the approvers, or of the revoked keys, can't be read",
        (
            "Each line has a person and a public key, in OpenSSH's form for allowed signers. sendspec skips no line that "
            "it can't read: somebody may have meant it to exclude a person. Patterns such as *@example.com and "
            "certificate authorities are refused, because nobody could count the people behind them."
        ),
        wrong="*@example.com ssh-ed25519 AAAA…",
        right="ada@example.com ssh-ed25519 AAAA…",
    ),
    "approval-missing": Explanation(
        "too few people have approved the plan",
        (
            "The environment's `approvals` asks for signatures of several people. Each person counts once. A signature "
            "doesn't count if it was made for another plan, with a revoked, expired or unlisted key, or with a "
            "certificate. A send without a plan file can't be approved. Nothing was sent."
        ),
        right=(
            "sendspec plan … --env production --out plan.json\n"
            "sendspec approve plan.json --key ~/.ssh/id_ed25519\n"
            "sendspec send --plan plan.json"
        ),
    ),
    "approvers-unusable": Explanation(
        "the file of the approvers, or of the revoked keys, can't be used",
        "It is missing, is outside the project, is too large, or has a line that can't be read. Nobody's signature counts.",
        wrong="*@example.com ssh-ed25519 AAAA…",
        right="ada@example.com ssh-ed25519 AAAA…",
    ),
    "signatures-unusable": Explanation(
        "the file with a plan's signatures can't be used",
        (
            "The file is next to the plan, with .sig added to the plan's name. It must be a regular file, not a link, "
            "with 1 MB and 100 signatures at most."
        ),
        right="rm plan.json.sig",
    ),
    "signing-failed": Explanation(
        "the key can't be used to sign",
        (
            "The file is missing or is no SSH key, the passphrase was wrong, or the agent doesn't have the private key. "
            "Certificates can't approve. Nothing was written."
        ),
        wrong="sendspec approve plan.json --key ~/.ssh/id_ed25519-cert.pub",
        right="sendspec approve plan.json --key ~/.ssh/id_ed25519",
    ),
    "ssh-keygen-missing": Explanation(
        "the program ssh-keygen is not installed",
        "sendspec signs and verifies approvals with OpenSSH's ssh-keygen, and looks for it in the folders of PATH.",
        right="apt install openssh-client",
    ),
    "ssh-keygen-failed": Explanation(
        "the program ssh-keygen can't be used",
        (
            "It can't be started, takes too long, or refuses every key. OpenSSH's programs refuse to work for a user "
            "without a name, as in some containers."
        ),
        right="ssh-keygen -l -f ~/.ssh/id_ed25519.pub",
    ),
    "ledger-elsewhere": Explanation(
        "a ledger is in another project",
        (
            "That project's sendspec.yaml sets the limits for its ledger, and who has to approve a send. Name a ledger in "
            "your own project. If several projects share a ledger, put it outside all of them."
        ),
        wrong="ledger: {file: ../.sendspec/production.db}   # of the project around this one",
        right="ledger: {file: .sendspec/production.db}",
    ),
    "other-project": Explanation(
        "the specs of one command belong to different projects",
        (
            "Each project file says who may be reached, within which limits, and who has to approve a send. Run the "
            "command once for each project."
        ),
        wrong="sendspec send a/specs/x.yaml b/specs/y.yaml   # a/ and b/ each have a sendspec.yaml",
        right="sendspec send a/specs/x.yaml",
    ),
    "price-columns": Explanation(
        "the price table lacks a column, or has no prices",
        "It needs `country`, `segment` and `currency`; for ranges, `segment_low` and `segment_high` instead of `segment`.",
        right="country,segment,currency\nNL,0.07,EUR\n*,0.12,EUR",
    ),
    "price-repeated": Explanation(
        "a country has two rows in the price table",
        "sendspec can't tell which price counts. Remove one of the rows.",
    ),
    "price-amount": Explanation(
        "a price is not a number",
        "Write a point before the decimals. A range has the lower price first.",
        wrong='NL,"0,07",EUR',
        right="NL,0.07,EUR\nBE,0.09-0.11,EUR",
    ),
    "price-high": Explanation(
        "a price is very high for one segment",
        (
            "A warning: in most countries, a segment costs a few cents. This price is 1 or more, in euros, dollars or a "
            "similar currency."
        ),
        wrong="NL,7,EUR",
        right="NL,0.07,EUR",
    ),
    "price-currency": Explanation(
        "a price's currency is not a three-letter code",
        "Write the code of ISO 4217: a sign such as $ stands for several currencies.",
        wrong="NL,0.07,€",
        right="NL,0.07,EUR",
    ),
    "base-unknown": Explanation(
        "git has no commit of the name that `--base` gives",
        (
            "Name a branch, a tag or a commit that this clone has. CI services often clone only the commit that they work "
            "on: fetch the whole history."
        ),
        right="sendspec plan specs/welcome.yaml --base origin/main",
    ),
    "base-shallow": Explanation(
        "the clone doesn't go back to the commit that `--base` compares with",
        (
            "`--base` compares with the commit that HEAD and the named one both come from, as a pull request does. Fetch the "
            "whole history: `fetch-depth: 0` for actions/checkout, `GIT_DEPTH: 0` in GitLab."
        ),
        right="git fetch --unshallow",
    ),
    "base-unusable": Explanation(
        "git can't say what the commit of `--base` holds",
        (
            "There is no repository here, git isn't installed or refuses to work in this folder, or the clone lacks a part "
            "of the commit. A partial clone is not completed: sendspec fetches nothing."
        ),
        right="git fetch --refetch --no-filter",
    ),
    "plan-unreadable": Explanation(
        "a file is not a plan, or was changed",
        (
            "sendspec could otherwise send something that nobody approved. Make the plan again, and have it approved "
            "again."
        ),
        right="sendspec plan … --out plan.json",
    ),
    "not-confirmed": Explanation(
        "nobody agreed to send, or to sign",
        "The answer was no, was empty, or was not the number that sendspec asked for. Nothing was sent or signed.",
    ),
    "plan-stale": Explanation(
        "the plan file no longer matches what would be sent",
        (
            "Nothing was sent. The error says what differs: messages, their texts or references, a setting, the "
            "environment, the ledger, the digest given with `--digest`, or the release of sendspec. A plan also becomes "
            "stale when it expires. Messages sent since, opt-outs, comments and the order of rows don't make it stale. "
            "Make a new plan, and have it approved."
        ),
        right="sendspec show plan.json --against-now",
    ),
}
