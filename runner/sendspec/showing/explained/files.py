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
        "Standard input can be read only once. Send one spec at a time, or put the recipients in a file.",
    ),
    "not-a-file": Explanation(
        "a path leads to a folder or a device, not to a file",
        "Name a regular file.",
    ),
    "file-unwritable": Explanation(
        "a command's output file can't be written",
        (
            "Its folder is missing, is a file or can't be written, or the disk is full. If the file existed before, it is "
            "unchanged."
        ),
    ),
    "path-not-utf8": Explanation(
        "a spec's path is not UTF-8",
        "The ledger records the path of each spec as text. Rename the file.",
    ),
    "unreadable-file": Explanation(
        "a file can't be read",
        "You have no permission to read it, or the disk has an error.",
    ),
    "no-room-for-copy": Explanation(
        "the disk has no room for a copy of the input",
        (
            "A send first copies its tables and standard input to `.sendspec/tmp`, so that what you confirm is what is "
            "sent. Nothing was sent. Free some space, then send again."
        ),
    ),
    "copy-unreadable": Explanation(
        "the private copy of the input can't be read",
        (
            "The disk has an error, or returns other bytes than were written. Nothing more is sent. The ledger has "
            "everything that was sent; the next send continues from there."
        ),
    ),
    "copy-differs": Explanation(
        "a row has an error that it didn't have when it was checked",
        (
            "sendspec reads the rows from a private copy that nobody else can write to, so this machine's disk or memory "
            "has a fault. Nothing more is sent. The ledger has everything that was sent."
        ),
    ),
    "private-folder": Explanation(
        "the folder for a run's private files can't be used",
        (
            "`.sendspec` and `.sendspec/tmp` must be folders in the project that belong to you. sendspec refuses a link "
            "in their place, because private files could end up where others can read them."
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
            "Reading another encoding as UTF-8 would change names. Begin with the workbook (.xlsx) if there is one: a .csv file that "
            "Excel opens can lose zeros and digits of phone numbers, unless it is imported with Data, From Text/CSV, with the "
            "type Text for such columns. In Excel: File, Save As, file type 'CSV UTF-8 (comma delimited)'; the "
            "plain 'CSV' next to it is Windows-1252. In LibreOffice: File, Save As, Text CSV, 'Edit filter settings', character set "
            "'Unicode (UTF-8)'. Google Sheets: File, Download, 'Comma Separated Values' is always UTF-8."
        ),
        right="save the file as UTF-8; a byte order mark is fine",
    ),
    "forbidden-character": Explanation(
        "a text has an invisible character",
        (
            "Control characters, and characters that change the direction of text, can make a message differ from what "
            "you see in the file. Delete the character, or type the text again. Escapes in YAML and in templates can't "
            "produce such characters either."
        ),
    ),
    "empty-spec": Explanation(
        "a file is empty",
        "The file has nothing in it but spaces and comments. If it was saved in another place, name that file; `init` writes a spec to begin with.",
        right="sendspec init",
    ),
    "not-a-mapping": Explanation(
        "a file holds a list or a single value",
        "A spec or a project file consists of keys and values.",
        wrong="- spec: 1",
        right="spec: 1",
    ),
    "several-documents": Explanation(
        "a second document begins after ---",
        "A file holds one spec. Put the second one into a file of its own.",
    ),
    "yaml-syntax": Explanation(
        "a place in the file is not valid YAML",
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
        "Tags can make a parser create objects. Remove it: a spec needs no tags.",
    ),
    "duplicate-key": Explanation(
        "a mapping has the same key twice",
        "Most YAML parsers silently keep the last one. Remove one of the two.",
        wrong="name: a\nname: b",
        right="name: a",
    ),
    "merge-key": Explanation(
        "<< merges mappings",
        "Merge keys are not supported: an error in a merged key would have no line of its own. Write the keys out.",
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
        "The value would contain itself without end. Write it out instead.",
        wrong="a: &x [*x]",
    ),
    "alias-expansion": Explanation(
        "aliases expand to more than 10,000 nodes",
        "A few lines of nested aliases can fill a machine's memory. Write the values out.",
    ),
    "nesting-depth": Explanation(
        "lists and mappings are nested more than 40 levels deep",
        "No message needs more.",
    ),
    "too-many-values": Explanation(
        "a file has more than about 20,000 keys with values",
        "sendspec reads no further. Put recipients into a table.",
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
        "YAML reads { as the start of a mapping. Put quotes around the whole value.",
        wrong="tags: {{ tags }}",
        right='tags: "{{ tags }}"',
    ),
    "unquoted-number": Explanation(
        "a number is not in quotes, and text is needed",
        "As a number, it would lose its leading zeros, its + or the way it is written. Put quotes around it.",
        wrong="phone: 0612345678",
        right='phone: "0612345678"',
    ),
    "number-too-long": Explanation(
        "a number has more than 18 digits",
        "As a number, it would lose digits. Put quotes around it.",
        wrong="id: 12345678901234567890",
        right='id: "12345678901234567890"',
    ),
    "spec-version": Explanation(
        "the version of the spec format is unknown",
        "`spec:` names the version of the format, so that later versions can mean something else by a key. There is only 1.",
        wrong="spec: 2",
        right="spec: 1",
    ),
    "bad-name": Explanation(
        "a name is not allowed",
        (
            "The name of a spec has lowercase letters, digits and -, 63 characters at most. The name of an environment variable, as in "
            "`{env: BIRD_ACCESS_KEY}`, has letters, digits and _, and begins with no digit."
        ),
        wrong="name: Order shipped!",
        right="name: order-shipped",
    ),
    "unknown-key": Explanation(
        "a key is unknown here",
        (
            "sendspec knows the keys of the spec format, the project file and the API's request. It refuses any other "
            "key, because a typo would otherwise go unnoticed."
        ),
        wrong="recipient: {file: people.csv}",
        right="recipients: {file: people.csv}",
    ),
    "missing-key": Explanation(
        "a key is missing",
        "The underlined mapping needs the key, and has no default for it. The fix names the key; `sendspec schema spec` describes its values.",
        wrong="body: {type: text}",
        right="body: {type: text, text: {text: Hi}}",
    ),
    "wrong-type": Explanation(
        "a value has the wrong type",
        "Each key takes one kind of value: a text, a number, true or false, a list, or a mapping. A template that is all of a value gives what its column holds, or what its last filter gives: `| string` makes a text of it.",
        wrong="validity: soon",
        right="validity: 3600",
    ),
    "wrong-value": Explanation(
        "a value is not among the allowed ones",
        "The key takes one of a few words, written exactly so. The fix offers the nearest one, or lists them all.",
        wrong="type: vidoe",
        right="type: file",
    ),
    "out-of-range": Explanation(
        "a number is too small or too large",
        "The key has a least and a greatest value, by the API's documentation or by the spec format. The problem says which of them is passed.",
        wrong="validity: -1",
        right="validity: 0",
    ),
    "too-few": Explanation(
        "a list has too few entries",
        "The API needs at least one entry here. Add one, or remove the key if it is optional.",
        wrong="images: []",
        right="images: [{mediaUrl: …}]",
    ),
    "too-many": Explanation(
        "a list has too many entries",
        "The API takes no more entries than the problem says. Remove some, or send two messages.",
        wrong="tags: [eleven, of, them, …]",
        right="tags: [ten, at, most, …]",
    ),
    "too-short": Explanation(
        "a text is too short",
        "The API needs more characters here than the text has, mostly one. If a template gives the text, a cell of its column is empty.",
        wrong='text: ""',
        right="text: Hi",
    ),
    "too-long": Explanation(
        "a text is longer than its key allows",
        (
            "The API sets this limit. It applies to the text after its templates are filled in. See also `text-too-long` "
            "for a template's result, and `limit-segments` for an SMS."
        ),
    ),
    "wrong-format": Explanation(
        "a text has the wrong format",
        "Write URLs with their scheme, times with their offset from UTC (RFC 3339), and identifiers as UUIDs.",
        wrong="scheduledFor: tomorrow",
        right='scheduledFor: "2027-03-01T09:00:00Z"',
    ),
    "key-literal": Explanation(
        "a file contains an access key, or the URL of a ledger",
        (
            "Everybody who can read the repository can read it, and git keeps it even if you delete the line. Create a new key, or "
            "change the database user's password: this one is compromised."
        ),
        wrong="access_key: abc123…",
        right="access_key: {env: BIRD_ACCESS_KEY}",
    ),
    "not-a-spec": Explanation(
        "a file is a plan, a project file, a command's output or a request body, not a spec",
        (
            "Send a plan with `send --plan FILE`, or look at it with `show FILE`. Put a request body below `message` in a "
            "spec."
        ),
    ),
    "cut-by-comment": Explanation(
        "a ` #` ends a text that has no quotes",
        (
            "A warning: YAML reads the rest of the line as a comment, so people would get only a part of the text. What "
            "looks like a remark, with a space on both sides of the `#`, is left alone. It is an error if the comment holds a template."
        ),
        wrong="text: Hi, you are #1",
        right='text: "Hi, you are #1"',
    ),
    "literal-escape": Explanation(
        "a text holds a backslash and an n where a line break is meant",
        (
            "A warning: YAML reads `\\n` as a line break only in double quotes, and with one backslash. Anywhere else, "
            "people would read the two characters."
        ),
        wrong="text: 'Hi,\\nyour order has shipped.'",
        right='text: "Hi,\\nyour order has shipped."',
    ),
    "curly-quotes": Explanation(
        "a whole value is in typographic quotes",
        "A warning: YAML knows only straight quotes, so people would read these. Word processors often insert them.",
        wrong="text: “Hi”",
        right='text: "Hi"',
    ),
}
