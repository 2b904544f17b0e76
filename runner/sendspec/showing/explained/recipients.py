"""Codes about tables, addresses and suppression lists."""

from sendspec.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "recipients-source": Explanation(
        "recipients come from both a file and a list, or from neither",
        "A spec has one set of recipients: those of the file at `file`, or those written under `list`. Remove one of them, or add what is missing.",
        wrong="recipients: {to: …}",
        right="recipients: {file: people.csv}",
    ),
    "too-many-inline": Explanation(
        "a spec lists more than 1,000 recipients",
        "Put them into a table.",
        right="recipients: {file: people.csv}",
    ),
    "no-recipients": Explanation(
        "a spec has no recipients",
        "An empty list sends nothing, which is hardly meant. Write the recipients, or name a table with `file`. For a table that may be without rows, see `no-rows`.",
        wrong="recipients: []",
        right='recipients: [{phone: "+31612345678"}]',
    ),
    "no-rows": Explanation(
        "a table has no rows",
        "An empty export is usually a mistake. If it isn't, allow it.",
        right="recipients: {file: people.csv, allow_empty: true}",
    ),
    "recipient-unknown": Explanation(
        "no recipient has the key that was asked for",
        (
            "`render --key` and `preview --key` take the key of a recipient: what `recipients.key` gives for a row, or the address if the "
            "spec has no `key`."
        ),
        wrong="sendspec render specs/order-shipped.yaml --key 1001",
        right="sendspec render specs/order-shipped.yaml --key A1001",
    ),
    "recipient-excluded": Explanation(
        "the recipient that was asked for gets no message",
        (
            "`where` leaves its row out, its address is on a suppression list or not in `only_to`, or an earlier row has the "
            "same recipient."
        ),
    ),
    "row-unknown": Explanation(
        "no row of the table begins on the line that was asked for",
        (
            "`preview --row` takes the line of a row in its file, as spreadsheets number rows and as plans and errors name "
            "them: with a header, the first row is 2. Where a cell has several lines, the row is where it begins."
        ),
        wrong="sendspec preview specs/order-shipped.yaml --row 1",
        right="sendspec preview specs/order-shipped.yaml --row 2",
    ),
    "outside-project": Explanation(
        "a path leads out of the project, or is written so that it could",
        (
            "A spec can't read files outside its project or repository, also not through links, and no files of git's own "
            "folder. The ledger can't be in git's folder either. Absolute paths, `~`, web addresses and backslashes are "
            "refused as well: they mean other places on other machines."
        ),
        wrong="file: ../../etc/passwd",
        right="file: data/people.csv",
    ),
    "unknown-table-format": Explanation(
        "a table's file extension is unknown",
        "Tables are .csv, .tsv, .jsonl and .ndjson files.",
        wrong="file: people.xlsx",
        right="file: people.csv",
    ),
    "missing-column": Explanation(
        "the table has no column for the address",
        (
            "Messages go to the column `phone`, or to `email` on a channel for e-mail. If your table calls it otherwise, "
            "name the column with `to` under recipients, or rename it in the table's first line. A name with spaces or "
            "other signs is written as `row['E-Mail']`."
        ),
        wrong="recipients: {file: people.csv}  # its column is called `mobile`",
        right='recipients: {file: people.csv, to: "{{ mobile }}"}',
    ),
    "title-line": Explanation(
        "a table has a title above its header",
        "The first line that isn't blank must hold the names of the columns. Delete the lines above it.",
        wrong="Orders of December;\n;\nphone;first_name\n+31612345678;Robert",
        right="phone;first_name\n+31612345678;Robert",
    ),
    "header-missing": Explanation(
        "a table's first line is a recipient, not column names",
        (
            "sendspec would read it as column names, and that person would get nothing. Put a line with the names above "
            "it."
        ),
        wrong="+31612345678,Robert",
        right="phone,first_name\n+31612345678,Robert",
    ),
    "empty-column-name": Explanation(
        "a column has no name",
        "A warning: the column is read, and the spec can't use it. Columns at the end that are empty in every row need no name; one that "
        "holds something is an error, as the cells before it may be in the wrong columns.",
        wrong="phone,,city",
        right="phone,name,city",
    ),
    "column-spaces": Explanation(
        "a column's name has spaces around it",
        "A warning: sendspec drops them. No-break spaces and byte order marks count as spaces.",
        wrong="phone ; first_name",
        right="phone;first_name",
    ),
    "repeated-column": Explanation(
        "two columns have the same name",
        "A template could use only one of them. Rename the other.",
        wrong="name,name",
        right="first_name,last_name",
    ),
    "repeated-key": Explanation(
        "a JSON object has the same key twice",
        "Only one of the values would count. Remove or rename the other.",
    ),
    "table-delimiter": Explanation(
        "a table uses another delimiter between its cells",
        "Many spreadsheets write semicolons. `auto` finds a comma, a semicolon, a tab or a `|`.",
        wrong="phone;name",
        right='recipients: {file: people.csv, delimiter: ";"}',
    ),
    "ragged-row": Explanation(
        "a row has more or fewer cells than the header",
        "A cell with a comma in it needs quotes around it.",
        wrong="+31612345678,Acme, Inc",
        right='+31612345678,"Acme, Inc"',
    ),
    "unclosed-quote": Explanation(
        "a quote is not closed",
        "The rows after it become part of one cell: of three people, only one would get a message.",
        wrong='+31612345678,"Robert',
        right='+31612345678,"Robert"',
    ),
    "stray-quote": Explanation(
        "a quoted cell has text after its closing quote",
        "Write a quote inside a quoted cell twice.",
        wrong='+31612345678,"Rob"ert',
        right='+31612345678,"Rob""ert"',
    ),
    "cell-too-long": Explanation(
        "a cell is longer than 128 KB, or a line longer than 1 MB",
        "Usually a quote is not closed.",
    ),
    "json-syntax": Explanation(
        "a line is not JSON",
        "In a .jsonl file every line is one JSON object.",
    ),
    "json-too-deep": Explanation(
        "a line of JSON nests too deep",
        "Lists and objects may nest 40 levels deep, as in a spec.",
    ),
    "not-an-object": Explanation(
        "a line of JSON is not an object",
        "In a file of JSON lines, each line is one recipient: an object with the columns' names as its keys. Lists, texts and numbers alone have no names.",
        wrong="[1, 2]",
        right='{"phone": "+31612345678"}',
    ),
    "file-changed": Explanation(
        "a table changed while it was being read",
        (
            "sendspec could send something other than it planned. Run the command again when no program writes to the "
            "table."
        ),
    ),
    "duplicate-rows": Explanation(
        "two rows have the same recipient and the same message",
        (
            "The recipient gets one message, and the other rows are skipped. E-mail addresses that differ only in capitals "
            "are one recipient."
        ),
    ),
    "constant-recipient": Explanation(
        "`to` or `key` is a plain text, so it is the same for every row",
        "To use the value of a column, write its name between {{ and }}.",
        wrong="to: mobile",
        right='to: "{{ mobile }}"',
    ),
    "conflicting-rows": Explanation(
        "two rows have the same recipient and different messages",
        "sendspec can't tell which one to send. Remove one row; or, if both are meant, choose a `key` that differs.",
        right='recipients: {key: "{{ order_id }}"}',
    ),
    "phone-empty": Explanation(
        "a row has no phone number",
        (
            "The cell is empty, or has a filler such as `n/a`. Fill in a number. Or empty such cells, and leave their "
            "rows out with `where`."
        ),
        right='where: "{{ phone is defined }}"',
    ),
    "phone-country": Explanation(
        "a phone number has no country code, and no country is set",
        (
            "The first digits don't tell: 51 9… may be a number of Peru without its +, or one of the Brazilian area 51. "
            "For national numbers, name their country under recipients. For numbers that begin with a country code, "
            "write + in front. Then look at the countries that `sendspec plan` lists."
        ),
        wrong="phone: 0612345678",
        right="recipients: {file: people.csv, country: NL}",
    ),
    "unknown-country": Explanation(
        "a country code is unknown",
        "Countries are written as two capital letters (ISO 3166-1): GB and not UK, GR and not EL.",
        wrong="country: Netherlands",
        right="country: NL",
    ),
    "compared-with-boolean": Explanation(
        "a column of a table is compared with true, false or none, and its cells are texts",
        (
            "A text equals none of them: `==` would leave out every row, and `!=` keep every one. Compare the column with "
            "the text in its cells, or write `is defined` for a cell that holds something."
        ),
        wrong="{{ opt_in == true }}",
        right="{{ opt_in == 't' }}",
    ),
    "text-as-condition": Explanation(
        "a cell's text stands alone in a condition, and counts as true whatever it says",
        (
            "The cells of a table are texts, and any text counts as true: `f`, `no`, `0` and `NULL` too. Only an empty "
            "cell is none. Compare the column with the text that you mean."
        ),
        wrong="{% if paid %}Thank you!{% endif %}",
        right="{% if paid == 't' %}Thank you!{% endif %}",
    ),
    "landline-unknown": Explanation(
        "`landline` is asked about a country whose landlines can't be told from mobile numbers",
        (
            "That holds for the United States and Brazil, among others. Leave such rows out by a column of the table, "
            "such as the kind of the number."
        ),
        wrong="{{ phone is not landline('BR') }}",
        right="{{ phone_kind == 'mobile' }}",
    ),
    "psql-table": Explanation(
        "a table has what psql prints for people",
        (
            "psql draws a rule below the header and counts the rows at the end. Let it write a CSV instead: "
            "`psql --csv -c 'select …' > people.csv`. Of a CSV that only ends in `(2 rows)`, remove that line."
        ),
    ),
    "phone-letters": Explanation(
        "a phone number has a letter or another character that doesn't belong",
        (
            "This includes a + or a separator in the wrong place, a spreadsheet's apostrophe or formula around the "
            "number, and the letter O for the digit 0. A cell without any number counts too, such as one in a row with "
            "totals, and so does a date."
        ),
        wrong="+1-800-FLOWERS",
        right="+18003569377",
    ),
    "phone-digits": Explanation(
        "a phone number has digits of another script, or invisible characters",
        "Write the number again, with the digits 0-9 and plain spaces.",
    ),
    "phone-extension": Explanation(
        "a phone number has an extension",
        "The message would go to the main number instead.",
        wrong="+31201234567 ext 12",
        right="+31612345678",
    ),
    "phone-several": Explanation(
        "a cell has more than one phone number",
        "Each number needs a row of its own. The 9 in +31612345678/9 counts as a second number.",
        wrong="+31612345678 / +31687654321",
        right="two rows",
    ),
    "phone-length": Explanation(
        "a phone number is too short or too long",
        (
            "Numbers have 8 to 15 digits with their country code (ITU-T E.164), and each country has lengths of its own. If "
            "the number is right all the same, write `check: none` under `recipients`: then 8 to 15 digits are enough."
        ),
        wrong="+1 202 555 01",
        right="+12025550130",
    ),
    "phone-invalid": Explanation(
        "a number is in no range that its country has assigned, or costs extra to reach",
        (
            "With `check: valid` under `recipients`, this is an error. Without it, it is a warning about national numbers "
            "in the first 1,000 rows. The ranges come from the library `phonenumbers`; a newer version may know more."
        ),
        wrong="+31112345678",
        right="+31612345678",
    ),
    "phone-landline": Explanation(
        "a number on an SMS channel is a landline",
        (
            "A warning: the message is sent, but most landlines get no SMS. sendspec recognises landlines in countries "
            "where their first digits differ from those of mobile numbers. `check: none` under `recipients` turns the "
            "warning off."
        ),
        wrong="+31201234567",
        right="+31612345678",
    ),
    "phone-unassigned": Explanation(
        "a phone number begins with an unassigned country code",
        "No country has this code, so the number reaches nobody. Often a digit is missing or doubled, or a national number got a + in front of it.",
        wrong="+999123456789",
        right="+31612345678",
    ),
    "phone-number": Explanation(
        "a phone number doesn't exist in its country",
        "The country has not assigned numbers like this one. Usually a digit is missing or mistyped.",
        wrong='phone: "0112345678"   # country: NL',
        right='phone: "0612345678"',
    ),
    "phone-trunk-zero": Explanation(
        "a phone number has a 0 after its country code",
        (
            "People dial that 0, the trunk prefix, inside the country only. Leave it out after the country code. In "
            "countries whose numbers keep it, such as Italy, it is accepted."
        ),
        wrong="+310612345678",
        right="+31612345678",
    ),
    "phone-spelling": Explanation(
        "a phone number in the message is not in E.164 form",
        "The API expects + and digits, without spaces.",
        wrong='identifierValue: "+31 6 12345678"',
        right='identifierValue: "+31612345678"',
    ),
    "total-row": Explanation(
        "a row adds up the others",
        "It begins with a word such as Total or Totaal, and has no address. Delete it.",
        wrong="name,phone,amount\nAnn,+31612345678,10\nTotal,,10",
        right="name,phone,amount\nAnn,+31612345678,10",
    ),
    "near-value": Explanation(
        "`where` compares with a text, and cells hold nearly that text",
        (
            "Texts are equal letter by letter, spaces and capitals included, so such rows are left out, or kept where the condition is "
            "`!=`. Rows with another word for yes or no are named, too. Where the condition is `!=`, so are remarks, such as "
            "`no, thanks`, and texts that say neither: to write only to people who agreed, ask for what they said, as "
            "in `consent == 'yes'`."
        ),
        wrong="where: \"{{ opt_in == 'true' }}\"  # the table has TRUE",
        right="where: \"{{ (opt_in | trim | lower) == 'true' }}\"",
    ),
    "all-filtered": Explanation(
        "`where` leaves out every row",
        (
            "Nothing is sent. Often the table spells a value differently: capitals and spaces count. `plan --detail` "
            "lists the rows."
        ),
        wrong="where: \"{{ consent == 'yes' }}\"  # the table has Yes",
        right="where: \"{{ consent == 'Yes' }}\"",
    ),
    "spreadsheet-error": Explanation(
        "a cell holds an error value of a spreadsheet",
        (
            "A formula finds nothing or can't be computed, or a column is too narrow for its value. People would read the "
            "error. Correct the cell in the spreadsheet, and export the table again. sendspec checks every column that "
            "the spec uses. If you expect such a value, compare with it: `{{ 'you' if name == '#N/A' else name }}`."
        ),
        wrong="phone,first_name\n+31612345678,#N/A",
        right="phone,first_name\n+31612345678,Robert",
    ),
    "spreadsheet-number": Explanation(
        "a spreadsheet changed a phone number",
        (
            "The exported file no longer has all digits, but the workbook often has: begin with it, widen the column, format "
            "it as a number without decimals, and export it again. If a spreadsheet opened the export of another program and saved "
            "it, export it there again. To look at a .csv file in Excel without changing it, use Data, From Text/CSV, and set the "
            "column's type to Text."
        ),
        wrong="3.16123E+10",
        right="+31612345678",
    ),
    "email-address": Explanation(
        "a text is not an e-mail address",
        "An address is a name, an @, and a domain with a dot in it, such as `robert@example.com`. The problem says which part is missing or doubled.",
        wrong="robert at example.com",
        right="robert@example.com",
    ),
    "suppress-entry": Explanation(
        "an entry of a suppression list is not an address",
        (
            "If sendspec skipped it, somebody who opted out could get the message. Write entries like recipients: phone "
            "numbers with + and country code, or national ones if the spec sets `country`."
        ),
        wrong="0612345678",
        right="+31612345678",
    ),
    "suppress-column": Explanation(
        "a suppression list has no column for the addresses",
        (
            "The column is called `phone`, or `email` on an e-mail channel. A list with only one column may call it "
            "anything."
        ),
        wrong="number,since",
        right="phone,since",
    ),
    "opt-outs-unused": Explanation(
        "people have opted out, and a spec doesn't leave them out",
        (
            "A warning. Replies such as STOP, lists that were imported and what a person noted are kept beside the ledger. A spec leaves "
            "these people out where it, or its environment, says so. `opt_outs: false` says that it is meant so, such as for a notice that everybody has to get."
        ),
        wrong="suppress: [opt-outs.csv]",
        right="suppress: {files: [opt-outs.csv], opt_outs: true}",
    ),
    "opt-outs-waiting": Explanation(
        "a reply or a failed message may be an opt-out, and nobody has looked at it",
        (
            "A warning. Only a reply that is nothing but a keyword, such as STOP, counts by itself. Others, such as 'please remove me', wait for a "
            "person, and so do messages that failed because their recipient may have opted out. Read them at the API, by their ids, and say what each was."
        ),
        right="sendspec opt-outs list --maybe",
    ),
    "suppress-unreadable": Explanation(
        "a suppression list changed during a send, and can't be used",
        (
            "A send reads a changed list again before it sends more. Without the list it stops, because it can't know who "
            "must get nothing. Repair the list and run the command again: it continues where it stopped."
        ),
        right="mv new.csv opt-outs.csv   # write the new list beside the old one, then rename it",
    ),
    "undelivered-unsent": Explanation(
        "`only: undelivered` names a send that doesn't exist",
        (
            "It keeps those whom an earlier send did not reach. The environment's ledger has no such send: its spec or its generation is "
            "misspelled, or it went out from another environment."
        ),
        wrong="only: {undelivered: {spec: order-shiped}}",
        right="only: {undelivered: {spec: order-shipped, generation: 1}}",
    ),
    "undelivered-itself": Explanation(
        "`only: undelivered` names the send that it is part of",
        (
            "Whom a send has reached, or failed to reach, doesn't change what the same send does. Trying again is a send of its own: raise "
            "`generation`, or write another spec."
        ),
        wrong="generation: 1\nrecipients: {file: orders.csv, only: {undelivered: {generation: 1}}}",
        right="generation: 2\nrecipients: {file: orders.csv, only: {undelivered: {generation: 1}}}",
    ),
    "undelivered-unseen": Explanation(
        "nobody has looked at what became of the earlier send",
        (
            "Accepted messages are kept only if the API was seen to say that they failed. Without any status, everybody would be skipped. "
            "`status --delivery --refresh` asks the API and notes what it says. The API's list shows the last 7 days."
        ),
        right="sendspec status --delivery --refresh --env production",
    ),
    "undelivered-outdated": Explanation(
        "messages of the earlier send were under way when somebody last looked",
        (
            "A warning: what is under way, or was never seen, is not tried again, as it may still arrive. Some of these messages may have "
            "failed since the last look."
        ),
        right="sendspec status --delivery --refresh --env production",
    ),
    "undelivered-between": Explanation(
        "a try that came after the earlier send is passed over",
        (
            "A warning. `only: undelivered` looks at one send. If a second send has reached some of these people since, the first one doesn't "
            "know. Name the newest try, which has sent only to those who were left."
        ),
        wrong="generation: 3\nrecipients: {file: orders.csv, only: {undelivered: {generation: 1}}}",
        right="generation: 3\nrecipients: {file: orders.csv, only: {undelivered: {generation: 2}}}",
    ),
    "undelivered-unmatched": Explanation(
        "the earlier send has no message of any of these recipients",
        (
            "A warning. Recipients are compared by the text that `key` gives, which is the address unless the spec says otherwise. A send by "
            "order number and one by phone number have no recipient in common."
        ),
        wrong="recipients: {file: orders.csv, only: {undelivered: {spec: order-shipped}}}",
        right='recipients: {file: orders.csv, key: "{{ order_id }}", only: {undelivered: {spec: order-shipped}}}',
    ),
}
