"""Codes about files, and about YAML: what can't be read or written, syntax, and keys and values of any document."""

from sendspec.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "file-missing": Explanation(
        "a file doesn't exist",
        (
            "A path in a spec is relative to the spec's folder; one on the command line is relative to the working "
            "directory."
        ),
    ),
    "no-standard-input": Explanation(
        "two specs would read their recipients from standard input",
        "It can be read only once; the second spec would find it empty.",
    ),
    "not-a-file": Explanation(
        "a path leads to a folder or a device, and a file is needed",
        "Only regular files are read.",
    ),
    "file-unwritable": Explanation(
        "a command's output file can't be written",
        (
            "Its folder is missing, is a file or can't be written, or the disk is full. Files are written whole or "
            "not at all: an existing file is unchanged."
        ),
    ),
    "path-not-utf8": Explanation(
        "a spec's path is not UTF-8",
        (
            "The ledger keeps the spec's path as text, to distinguish a renamed spec from a second one with its name. "
            "Rename the file."
        ),
    ),
    "unreadable-file": Explanation(
        "a file can't be read",
        "This user may not read it, or its disk fails.",
    ),
    "no-room-for-copy": Explanation(
        "the disk has no room for a copy of the input",
        (
            "A send reads its tables and standard input once, into a private copy under `.sendspec/tmp`. What you "
            "confirm and what is sent both come from that copy. Nothing was sent."
        ),
    ),
    "copy-unreadable": Explanation(
        "the private copy of the input can't be read",
        (
            "The disk returns an error, or bytes that differ from those written. Nothing more is sent. Everything "
            "sent so far is in the ledger; the next send continues from there."
        ),
    ),
    "copy-differs": Explanation(
        "a row has an error that it didn't have when it was checked",
        (
            "The rows come from a private copy that nobody else can write to, so the fault is in this machine's disk "
            "or memory. Nothing more is sent."
        ),
    ),
    "private-folder": Explanation(
        "the folder for a run's private files can't be used",
        (
            "`.sendspec` and `.sendspec/tmp` must be folders in the project that belong to this user. A link in their "
            "place is refused: private files could end up where others can read them."
        ),
        wrong="ln -s /tmp/shared .sendspec/tmp",
        right="rm .sendspec/tmp",
    ),
    "file-too-large": Explanation(
        "a spec or project file is larger than 1 MB",
        "Put recipients into a table.",
        wrong="recipients:\n  - {phone: …}   # 50,000 of them",
        right="recipients: {file: people.csv}",
    ),
    "not-utf8": Explanation(
        "a file is not UTF-8",
        (
            "Reading another encoding as UTF-8 would change names. In Excel: File, Save As, file type 'CSV UTF-8 (comma delimited)'; the "
            "plain 'CSV' next to it is Windows-1252. In LibreOffice: File, Save As, Text CSV, 'Edit filter settings', character set "
            "'Unicode (UTF-8)'. Google Sheets: File, Download, 'Comma Separated Values' is always UTF-8."
        ),
        right="save the file as UTF-8; a byte order mark is fine",
    ),
    "forbidden-character": Explanation(
        "a text has an invisible character",
        (
            "Control characters and characters that change the direction of text can make a message differ from what "
            "the file shows. Escapes in YAML and in the strings of templates can't bring them in either."
        ),
    ),
    "empty-spec": Explanation(
        "a file is empty",
        right="sendspec init",
    ),
    "not-a-mapping": Explanation(
        "a file holds a list or a single value",
        "A spec and a project file are mappings of keys and values.",
        wrong="- spec: 1",
        right="spec: 1",
    ),
    "several-documents": Explanation(
        "a second document begins after ---",
        "One file is one spec.",
    ),
    "yaml-syntax": Explanation(
        "YAML can't parse a place",
        "Usually the indentation or a quote is wrong, on this line or the one before.",
        wrong="text: it's: here",
        right='text: "it\'s: here"',
    ),
    "yaml-tab": Explanation(
        "a tab indents a line",
        "YAML allows only spaces.",
    ),
    "yaml-indentation": Explanation(
        "a line is indented with a character that looks like a space",
        "Text copied from a web page or a chat often has no-break spaces. YAML takes them for letters, so the line isn't indented.",
    ),
    "yaml-tag": Explanation(
        "a value has a tag, such as !!python/object",
        "Tags can make a parser create objects; a spec needs none.",
    ),
    "duplicate-key": Explanation(
        "a mapping has the same key twice",
        "Most YAML parsers silently keep the last one.",
        wrong="name: a\nname: b",
        right="name: a",
    ),
    "merge-key": Explanation(
        "<< merges mappings",
        "Merged keys have no place in the file that an error could point to, and nested merges can exhaust memory.",
        wrong="<<: *common",
        right="write the keys out",
    ),
    "unknown-alias": Explanation(
        "an alias names no anchor",
        "The anchor must come before the alias.",
        wrong="a: *x",
        right="b: &x 1\na: *x",
    ),
    "alias-loop": Explanation(
        "an alias is inside the value it names",
        "Such a value has no end.",
        wrong="a: &x [*x]",
    ),
    "alias-expansion": Explanation(
        "aliases expand to more than 10,000 nodes",
        "A few lines of nested aliases can fill a machine's memory.",
    ),
    "nesting-depth": Explanation(
        "the nesting is deeper than 40",
        "No message needs more.",
    ),
    "too-many-values": Explanation(
        "a file has more than about 20,000 keys with values",
        "Reading stops there, so that any file takes a second at most.",
        wrong="recipients:\n  - {phone: …}   # thousands of them",
        right="recipients: {file: people.csv}",
    ),
    "key-not-text": Explanation(
        "a key is not plain text",
        "Every key is a word. To tell recipients apart, set `key` under `recipients`.",
        wrong="? [a, b]\n: 1",
        right='a: 1\nrecipients: {file: people.csv, key: "{{ order_id }}"}',
    ),
    "unquoted-template": Explanation(
        "a template has no quotes around it",
        "YAML reads { as the start of a mapping.",
        wrong="tags: {{ tags }}",
        right='tags: "{{ tags }}"',
    ),
    "unquoted-number": Explanation(
        "a number is not in quotes, and text is needed",
        "As a number it would lose leading zeros, its + or its spelling.",
        wrong="phone: 0612345678",
        right='phone: "0612345678"',
    ),
    "number-too-long": Explanation(
        "a number has more than 18 digits",
        "A longer one would lose digits.",
        wrong="id: 12345678901234567890",
        right='id: "12345678901234567890"',
    ),
    "spec-version": Explanation(
        "the version of the spec format is unknown",
        wrong="spec: 2",
        right="spec: 1",
    ),
    "bad-name": Explanation(
        "a name is not allowed",
        "A spec's name is its identity: small letters, digits and -, at most 63.",
        wrong="name: Order shipped!",
        right="name: order-shipped",
    ),
    "unknown-key": Explanation(
        "a key is unknown here",
        (
            "Only the keys of the request model and of the spec format are allowed. Ignoring an unknown one would "
            "hide a typing error."
        ),
        wrong="recipents: […]",
        right="recipients: […]",
    ),
    "missing-key": Explanation(
        "a key is missing",
        wrong="body: {type: text}",
        right="body: {type: text, text: {text: Hi}}",
    ),
    "wrong-type": Explanation(
        "a value has the wrong type",
        wrong="validity: soon",
        right="validity: 3600",
    ),
    "wrong-value": Explanation(
        "a value is not among the allowed ones",
        wrong="type: vidoe",
        right="type: file",
    ),
    "out-of-range": Explanation(
        "a number is too small or too large",
        wrong="validity: -1",
        right="validity: 0",
    ),
    "too-few": Explanation(
        "a list has too few entries",
        wrong="images: []",
        right="images: [{mediaUrl: …}]",
    ),
    "too-many": Explanation(
        "a list has too many entries",
        wrong="tags: [eleven, of, them, …]",
        right="tags: [ten, at, most, …]",
    ),
    "too-short": Explanation(
        "a text is too short",
        wrong='text: ""',
        right="text: Hi",
    ),
    "too-long": Explanation(
        "a text is longer than its key allows",
        (
            "The limits are the API's own, and count after templates are filled in. A template that makes more than "
            "100,000 characters is `text-too-long`; an SMS with too many segments is `limit-segments`."
        ),
    ),
    "wrong-format": Explanation(
        "a text has the wrong format",
        "URLs are absolute URIs, times are RFC 3339 with a time zone, and identifiers are UUIDs.",
        wrong="scheduledFor: tomorrow",
        right='scheduledFor: "2027-03-01T09:00:00Z"',
    ),
    "key-literal": Explanation(
        "a file contains an access key",
        "Many people read files in git, and its history keeps them. Create a new key: this one is compromised.",
        wrong="access_key: abc123…",
        right="access_key: {env: BIRD_ACCESS_KEY}",
    ),
    "not-a-spec": Explanation(
        "a file is a plan, a project file, a command's output or a request body, not a spec",
        "A plan is sent with `send --plan FILE`, and shown with `show FILE`. A request body belongs under a spec's `message`.",
    ),
    "cut-by-comment": Explanation(
        "a ` #` ends a text that has no quotes",
        "A warning: YAML takes the rest of the line for a comment. A comment with a space after its `#` is left alone, unless "
        "a template is in it, which is an error.",
        wrong="text: Hi, you are #1",
        right='text: "Hi, you are #1"',
    ),
    "literal-escape": Explanation(
        "a text holds a backslash and an n where a line break is meant",
        "A warning: YAML reads `\\n` as a line break only inside of double quotes, and with one backslash.",
        wrong="text: 'Hi,\\nyour order has shipped.'",
        right='text: "Hi,\\nyour order has shipped."',
    ),
    "curly-quotes": Explanation(
        "a whole value is in typographic quotes",
        "A warning: word processors write them, and YAML reads only straight ones, so these would be sent.",
        wrong="text: “Hi”",
        right='text: "Hi"',
    ),
}
