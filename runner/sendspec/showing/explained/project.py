"""Codes about the project file, names and keys."""

from sendspec.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "name-repeated": Explanation("two specs on one command line have one name", "The name is what keeps a message from being sent twice."),
    "name-taken": Explanation("another file was sent under this name before", "Were this one sent under it as well, the ledger could not tell them apart."),
    "name-moved": Explanation("a new name would send again what a spec that is gone has sent", "The name is part of every message's identity: under another one, everybody is somebody new. `moved_from` says that it is the same send, and whom the first name reached is then skipped; `moved_from: false` says that it is another one. As a warning: the file held a spec of another name before.", "name: greeting   # was: hello", "name: greeting\nmoved_from: hello"),
    "moved-from-unknown": Explanation("`moved_from` names a spec that the ledger doesn't know", "Nobody is skipped because of it. Look for a typing error.", "moved_from: helo", "moved_from: hello"),
    "generation-old": Explanation("a generation is older than one that was used, or was given up", "Most often a late run of an older commit, or a revert. Going back would send the older generation to everybody who joined since.", "generation: 1   # 2 was sent", "generation: 2"),
    "generation-skipped": Explanation("a generation skips others", "The next one is the highest that was used, and one more; a slip such as 11 for 2 would send at once what nobody expects. A generation that is not wanted is given up on a person's word.", "generation: 5   # 1 was sent", "generation: 2"),
    "key-changed": Explanation("`key` or `to` changed after messages were sent, and people would get them again", "The key says who counts as the same recipient. With another one, everybody is somebody new within the same generation. White space, quotes, parentheses and `row[\"a\"]` for `a` make no difference.", 'key: "{{ phone }}"   # was: "{{ order_id }}"', 'key: "{{ order_id }}"'),
    "unknown-channel": Explanation("an environment lacks a channel", "", "channel: smss", "channel: sms"),
    "unknown-environment": Explanation("an environment isn't there", "", "default_environment: prod", "default_environment: production"),
    "not-a-uuid": Explanation("a workspace or channel is no UUID", "The identifiers that begin with ws_ are not meant.", "workspace: ws_123", "workspace: 123e4567-e89b-12d3-a456-426614174000"),
    "url-scheme": Explanation("an address is not https", "The key would go in clear. http is for addresses on this machine.", "api_url: http://api.bird.com", "api_url: https://api.bird.com"),
    "url-host": Explanation("requests would go to another host", "A host other than the API's has to be named a second time.", "api_url: https://api.bird.com.evil.example", "api_url: https://proxy.example\nallow_host: proxy.example"),
    "url-part": Explanation("an address has a part that can't be", "A user, a query or a fragment can hide where requests go.", "api_url: https://api.bird.com@evil.example", "api_url: https://api.bird.com"),
    "key-source": Explanation("a key comes from several places, or from none", "", "access_key: {}", "access_key: {env: BIRD_ACCESS_KEY}"),
    "key-unusable": Explanation("the access key can't be used", "It is missing, has a character that a header can't carry, or its file can be read by others. A link inside the project is not followed to a key file: whoever made the checkout could choose what is sent as the key.", "", "chmod 600 key.txt"),
    "key-file-as-input": Explanation("a spec, table or list is the file of an access key", "An excerpt of it would show the key. This holds for the key files of all environments, and for other names of them, such as links."),
    "project-foreign": Explanation("the project file belongs to another user", "It is found at or above the spec's folder, and can name commands that are run for a key: in a folder where others may write, anybody can put one above your work. It counts when this user, root, or the owner of the spec's own file (without a spec, of the working directory) owns it.", "", "chown \"$USER\" sendspec.yaml"),
    "plan-unreadable": Explanation("a plan file is none, or was changed", "What was approved and what would be sent could differ.", "", "sendspec plan … --out plan.json"),
    "not-confirmed": Explanation("asked whether to send, somebody did not say yes", "A no, an empty answer, or another number than the one asked for."),
    "plan-stale": Explanation("things have moved since the plan was made", "Another ledger, other recipients, another text, or messages that were sent in between."),
}  # fmt: skip
