"""Codes about the project file, plans, and the names, generations and keys of specs."""

from sendspec.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "name-repeated": Explanation(
        "two specs on one command line have the same name",
        "The name is what prevents sending a message twice.",
    ),
    "name-taken": Explanation(
        "this name was used before, for another file",
        "If this file were sent under it too, the ledger could not tell the two apart.",
    ),
    "name-moved": Explanation(
        "the spec has a new name, and would send again what a removed spec has sent",
        (
            "The name is part of every message's identity: under a new one every recipient is new. `moved_from` says "
            "that it is the same send; recipients reached under the former name are then skipped. `moved_from: false` "
            "says that it is a new send. As a warning: the file used to hold a spec of another name."
        ),
        wrong="name: greeting   # was: hello",
        right="name: greeting\nmoved_from: hello",
    ),
    "same-as-sent": Explanation(
        "a spec that was never sent would send what another one has sent, to the same people",
        (
            "The name is part of every message's identity, so a copy of a spec reaches everybody again. A warning. "
            "`moved_from: false` says that it is meant."
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
        "Usually a late run of an older commit, or a revert. The older generation would go to everyone added since.",
        wrong="generation: 1   # 2 was sent",
        right="generation: 2",
    ),
    "generation-skipped": Explanation(
        "a generation number is skipped",
        (
            "The next generation is the highest one used, plus one. A typing error such as 11 for 2 would send at "
            "once what nobody expects. To skip a generation on purpose, give it up first: `sendspec resolve "
            "--generation`."
        ),
        wrong="generation: 5   # 1 was sent",
        right="generation: 2",
    ),
    "key-changed": Explanation(
        "`key` or `to` changed after messages were sent, and recipients would get them again",
        (
            "The key decides who counts as the same recipient. With another key, everyone is new within the same "
            'generation. White space, quotes, parentheses, and `row["a"]` for `a` make no difference.'
        ),
        wrong='key: "{{ phone }}"   # was: "{{ order_id }}"',
        right='key: "{{ order_id }}"',
    ),
    "audience-frozen": Explanation(
        "the audience is frozen, and recipients were added after the send began",
        (
            "With `audience: frozen`, a send that has begun reaches only those who were part of it from the start. "
            "Recipients who would be sent something and whom the ledger doesn't know are listed, and nothing is sent. "
            "Recipients whom `where`, `only_to` or a suppression list leaves out don't count."
        ),
        wrong="audience: frozen   # and a new row in the table",
        right="audience: frozen   # and a spec of their own for the new recipients",
    ),
    "continue-with-other": Explanation(
        "`continue_with` names another text than the present one",
        (
            "After a change in the middle of a send, messages planned with the former text are on hold. "
            "`continue_with` lets them go out with the present text, and only with that: after another change it has to "
            "name the new text. `plan` shows the digest of the present text next to what is on hold."
        ),
        wrong="continue_with: 3f9c2a7b51d08e46   # and the text changed once more",
        right="continue_with: 8be01d7f94c2a653   # the digest that plan shows",
    ),
    "not-after-past": Explanation(
        "the moment of `not_after` has passed",
        "A send would skip everything that it has not sent yet as `expired`.",
        wrong="not_after: 2020-03-01T18:00:00+01:00",
        right="not_after: 2030-03-01T18:00:00+01:00",
    ),
    "unknown-channel": Explanation(
        "the environment has no such channel",
        wrong="channel: smss",
        right="channel: sms",
    ),
    "unknown-environment": Explanation(
        "there is no such environment",
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
        "The access key would be sent unencrypted. http is only for addresses on this machine.",
        wrong="api_url: http://api.bird.com",
        right="api_url: https://api.bird.com",
    ),
    "url-host": Explanation(
        "requests would go to another host",
        "A host other than the API's must be confirmed with `allow_host`.",
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
        "a value of the project file would have to be expanded",
        (
            "The project file is read as it stands: `${NAME}`, `$NAME`, `{{ env.NAME }}` and `~` mean nothing in it. The access "
            "key is named by its variable, file or command; everything else is written out."
        ),
        wrong="access_key: ${BIRD_ACCESS_KEY}",
        right="access_key: {env: BIRD_ACCESS_KEY}",
    ),
    "key-source": Explanation(
        "an access key has several sources, or none",
        wrong="access_key: {}",
        right="access_key: {env: BIRD_ACCESS_KEY}",
    ),
    "key-file-as-input": Explanation(
        "a spec, table or list is the file of an access key",
        (
            "An excerpt of it would show the key. This covers the key files of all environments, and their other names, "
            "such as links."
        ),
    ),
    "key-unusable": Explanation(
        "the access key can't be used",
        (
            "It is missing, has a character that a header can't carry, or is in a file that others can read. A link inside "
            "the project is not followed to a key file: the author of a checkout could choose what is sent as the key."
        ),
        right="chmod 600 key.txt",
    ),
    "project-foreign": Explanation(
        "the project file belongs to another user",
        (
            "The project file is searched for from the spec's folder upwards, and can name a command to run for the "
            "access key. Where others may write, anyone could put one above your work. It is used only if it belongs "
            "to this user, to root, or to the owner of the spec's file (without a spec: of the working directory)."
        ),
        right='chown "$USER" sendspec.yaml',
    ),
    "key-list": Explanation(
        "a line of the approvers, or of the revoked keys, can't be read",
        (
            "Each line has a person and a public key, in OpenSSH's form for allowed signers. Nothing is skipped: a line "
            "that sendspec can't read might have been meant to exclude somebody. Patterns such as *@example.com and "
            "certificate authorities are refused, because nobody could count the people behind them."
        ),
        wrong="*@example.com ssh-ed25519 AAAA…",
        right="ada@example.com ssh-ed25519 AAAA…",
    ),
    "approval-missing": Explanation(
        "too few people have approved the plan",
        (
            "The environment's `approvals` asks for signatures of several different people. A person counts once. A "
            "signature doesn't count if it was made for another plan, with a revoked, expired or unlisted key, or with "
            "a certificate. A send without a plan file can't be approved. Nothing was sent."
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
            "It is next to the plan and is called like it, with .sig at the end. It must be a regular file of 1 MB and "
            "100 signatures at most. A link could lead to other signatures than those that were looked at."
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
        "the program ssh-keygen is not there",
        "Approvals are signed and verified with OpenSSH's own program. It is looked for in the folders of PATH.",
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
        "The file of that project says within which limits its ledger is used, and who has to approve a send. Several projects can share a "
        "ledger that is in none of them.",
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
        "Which of the prices counts would be a guess.",
    ),
    "price-amount": Explanation(
        "a price is not a number",
        "Write a point before the decimals. A range has the lower price first.",
        wrong='NL,"0,07",EUR',
        right="NL,0.07,EUR\nBE,0.09-0.11,EUR",
    ),
    "price-high": Explanation(
        "a price is hardly that of one segment",
        "A warning: a segment costs a few cents in most countries, and this price is 1 or more in euros, dollars or the like.",
        wrong="NL,7,EUR",
        right="NL,0.07,EUR",
    ),
    "price-currency": Explanation(
        "a price's currency is not a three-letter code",
        "The codes of ISO 4217 tell dollars from dollars.",
        wrong="NL,0.07,€",
        right="NL,0.07,EUR",
    ),
    "plan-unreadable": Explanation(
        "a file is not a plan, or was changed",
        "Something else than the approved plan might be sent.",
        right="sendspec plan … --out plan.json",
    ),
    "not-confirmed": Explanation(
        "the question whether to send, or to sign, was not answered with yes",
        "The answer was no, was empty, or was a different number from the one asked for.",
    ),
    "plan-stale": Explanation(
        "what would be sent, or how, is not what the plan file names",
        "Nothing was sent. The message says why: messages that are not in the plan, or have another text or reference; a setting "
        "that decides where messages go or under which promise; another environment or ledger; the expiry; another `--digest`; or "
        "the format of another release. What was sent since, opt-outs, comments and the order of rows make no plan stale.",
        right="sendspec show plan.json --against-now",
    ),
}
