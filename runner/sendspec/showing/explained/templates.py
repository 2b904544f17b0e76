"""Codes about templates and filters."""

from sendspec.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "unknown-name": Explanation(
        "a template uses a name that is neither a column nor a constant",
        "sendspec checks this before it fills any template, so that no message goes out with a gap.",
        wrong="Hi {{ nmae }}",
        right="Hi {{ name }}",
    ),
    "empty-value": Explanation(
        "a template uses a value that some rows lack",
        "An empty cell counts as missing. Fill it in, or write a default.",
        wrong="Hi {{ first_name }}",
        right="Hi {{ first_name | default('there') }}",
    ),
    "no-items": Explanation(
        "a template reads an item of a text or a number",
        (
            "`meta.plan` means the item `plan` of `meta`. But a cell of a CSV table is always text, even if it holds "
            "JSON. Export each value as a column of its own, for example `meta->>'plan'` in PostgreSQL, or export the "
            "rows as JSON lines. `default(…)` doesn't help here: everybody would get the default."
        ),
        wrong="{{ meta.plan }}",
        right="{{ plan }}",
    ),
    "name-clash": Explanation(
        "a name has two meanings",
        (
            "A constant under `vars` has the name of a column, or a column has a built-in name. Rename one of them, or "
            'write `row["…"]` for the column.'
        ),
        wrong="vars: {phone: …}",
        right='row["generation"]',
    ),
    "printed-condition": Explanation(
        "a text has a condition between {{ and }}, which prints `true` or `false`",
        (
            "`{{ … }}` writes the value of what is in it into the text; the value of a comparison is `true` or `false`. A warning, in "
            "texts that have more than this template: alone, it may be a value that has to be true or false."
        ),
        wrong="text: \"Hi {{ city == 'Oss' }}\"",
        right="text: \"Hi {% if city == 'Oss' %}neighbour{% else %}there{% endif %}\"",
    ),
    "compared-with-number": Explanation(
        "a column is compared with a number, but its cells are text",
        (
            "A warning: a cell of a table is text, and a text never equals a number. So `==` is never true, and `!=` "
            "always is. Put quotes around the number. JSON lines and recipients listed in the spec keep their types, so "
            "sendspec doesn't warn about them."
        ),
        wrong='text: "{% if points == 1 %}one point{% endif %}"',
        right="text: \"{% if points == '1' %}one point{% endif %}\"",
    ),
    "unfilled-placeholder": Explanation(
        "a text has another program's placeholder, which sendspec doesn't fill",
        (
            "sendspec fills only `{{ name }}`. People would read `{name}`, `${name}`, `%name%`, `<%= name %>`, "
            "`[[name]]`, `*|NAME|*`, `{contact.name}`, and a word processor's `«name»` or `<<name>>`. This is a warning; it is an "
            "error if the name is, or nearly is, that of a column or constant, in any case. `[name]`, `@name@` and `<name>` are "
            "reported only in that case, and so is anything in a web address without a column. Values, and what is below "
            "`template:`, are not checked. Constants under `vars` are not templates: {{ … }} or {% … %} in one that the message uses "
            "is an error, and a placeholder there is reported in the same way."
        ),
        wrong="Hi {first_name}",
        right="Hi {{ first_name }}",
    ),
    "template-syntax": Explanation(
        "a template is not valid Jinja",
        "Templates are Jinja: `{{ name }}` for a value, `{% if … %}…{% endif %}` for a condition. The problem points to where reading stops, and recognises what other languages write, such as `&&`, `? :` or `{{#if}}`.",
        wrong="Hi {{ name",
        right="Hi {{ name }}",
    ),
    "template-forbidden": Explanation(
        "a template uses something that messages don't need",
        (
            "Names, filters, tests, comparisons, `if` and `for` are allowed. Calls, arithmetic, `set`, `include` and "
            "attributes are not: a template can't run code, and the same input always gives the same message."
        ),
        wrong="{{ now() }}",
        right="{{ date }}",
    ),
    "template-too-complex": Explanation(
        "a template is too long or nested too deep",
        (
            "It could take too much time or memory. A template may have 10,000 characters and 200 parts. All templates of "
            "a message together may have 50,000 characters."
        ),
    ),
    "unknown-filter": Explanation(
        "a filter is unknown",
        "`sendspec help filters` lists all filters.",
        wrong="{{ name | uper }}",
        right="{{ name | upper }}",
    ),
    "rounded-number": Explanation(
        "a number that was rounded loses the zeros at its end",
        "`round(2)` gives a number, which is written as 12.5. `decimals(2)` gives the text 12.50.",
        wrong="{{ amount | float | round(2) }}",
        right="{{ amount | decimals(2) }}",
    ),
    "unknown-test": Explanation(
        "a test is unknown",
        "`sendspec help filters` lists all tests.",
        wrong="{% if x is emtpy %}",
        right="{% if x is defined %}",
    ),
    "none-in-text": Explanation(
        "a null would become part of a text",
        "Write a default for it.",
        wrong="Hi {{ nickname }}",
        right="Hi {{ nickname | default('there') }}",
    ),
    "not-text": Explanation(
        "a list or mapping would become part of a text, or a file is not text",
        (
            "Pick one of its items, or `join` them. A compressed file is not text, nor is a spreadsheet that was renamed "
            "to .csv."
        ),
        wrong="Hi {{ names }}",
        right="Hi {{ names | join(', ') }}",
    ),
    "not-a-number": Explanation(
        "a filter needs a number",
        (
            "`int`, `float` and `decimals` reject text that isn't a number, instead of making it 0. Write numbers without "
            "currency signs or thousands separators, and with a decimal point: `1138.84`, not `£1,138.84`."
        ),
        wrong="{{ 'abc' | int }}",
        right="{{ '12' | int }}",
    ),
    "omit-in-text": Explanation(
        "`omit` is used inside a text",
        "Only a whole value can be left out.",
        wrong='text: "Hi {{ omit }}"',
        right='validity: "{{ ttl | default(omit) }}"',
    ),
    "text-too-long": Explanation(
        "a template makes a text longer than 100,000 characters",
        (
            "No message is that long. Usually a loop or a `replace` multiplies something. See also `too-long` for the "
            "API's own limits, and `limit-segments` for an SMS."
        ),
    ),
    "template-too-costly": Explanation(
        "rendering a message's templates takes too much work",
        (
            "The texts of a message together may have 5,000,000 characters of output and 10,000 loop iterations. Their "
            "filters and comparisons may process 20,000,000 characters. Usually a loop runs over the characters of a long "
            "cell."
        ),
        wrong="{% for c in notes %}{{ c ~ notes }}{% endfor %}",
        right="{{ notes }}",
    ),
    "rows-unchecked": Explanation(
        "rows were not checked because a template is too costly",
        (
            "A row that exceeds a template's limit takes up to half a second. After five such rows, sendspec checks no "
            "more of the table: see `template-too-costly`."
        ),
    ),
    "trusted-html": Explanation(
        "`safe` puts a value into HTML unescaped",
        (
            "A warning: whoever can write that value can put links, tags and scripts into your mail. All other values are "
            "escaped."
        ),
        wrong="{{ comment | safe }}",
        right="{{ comment }}",
    ),
    "empty-compared": Explanation(
        "a missing value is compared with an empty text",
        "An empty cell counts as missing, and a missing value can't be compared: ask whether it is there.",
        wrong="where: \"{{ phone != '' }}\"",
        right='where: "{{ phone is defined }}"',
    ),
    "text-compared": Explanation(
        "a column's text is compared with a number",
        "Cells of a table are text. Turn them into numbers with the filter `float` or `int`.",
        wrong="{% if amount > 100 %}",
        right="{% if (amount | float) > 100 %}",
    ),
    "text-order": Explanation(
        "dates, times or numbers are compared as texts",
        "Cells of a table are text, and `<` and `>` compare texts character by character: '9' comes after '10', and "
        "'03/14/2026' before '2025-01-01'. Dates sort as year-month-day (ISO 8601): in Excel, select the column, Format Cells, "
        "Number, Custom, type yyyy-mm-dd (in German, JJJJ-MM-TT), and export the table again. The filters `float` and `int` "
        "make numbers of cells.",
        wrong="where: \"{{ signed_up > '03/14/2026' }}\"",
        right="where: \"{{ signed_up > '2026-03-14' }}\"",
    ),
    "render-failed": Explanation(
        "a template can't be rendered with a row's values",
        "A filter got an argument that it can't use.",
        wrong="{{ name | truncate(1, true, '.....') }}",
        right="{{ name | truncate(10) }}",
    ),
    "where-not-boolean": Explanation(
        "`where` gives something other than true or false",
        "Write a comparison.",
        wrong='where: "{{ country }}"',
        right="where: \"{{ country == 'NL' }}\"",
    ),
}
