"""Codes about templates and filters."""

from sendspec.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "unknown-name": Explanation(
        "a template uses a name that is neither a column nor a constant",
        "This is checked before anything is rendered, so that no message goes out with a gap.",
        wrong="Hi {{ nmae }}",
        right="Hi {{ name }}",
    ),
    "empty-value": Explanation(
        "a template uses a value that some rows lack",
        "An empty cell counts as missing.",
        wrong="Hi {{ first_name }}",
        right="Hi {{ first_name | default('there') }}",
    ),
    "no-items": Explanation(
        "a template reads an item of a text or a number",
        (
            "`meta.plan` is the item `plan` of an object. A cell of a CSV table is text, whatever is in it: JSON in a cell is "
            "not read. Export what you need as columns of its own, for example `meta->>'plan'` in PostgreSQL, or export the "
            "rows as JSON lines. This is an error under `default(…)` too, which would fill in the same text for everybody."
        ),
        wrong="{{ meta.plan }}",
        right="{{ plan }}",
    ),
    "name-clash": Explanation(
        "a name has two meanings",
        (
            "A constant under `vars` has the name of a column, or a column has the name of a built-in: one would hide "
            "the other."
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
        "a column of a table is compared with a number, which no cell equals",
        (
            "A cell of a table is text, and text equals no number. A warning: `==` is never true so, and `!=` always. "
            "Values of JSON lines and of a list in the spec have types, and aren't looked at."
        ),
        wrong='text: "{% if points == 1 %}one point{% endif %}"',
        right="text: \"{% if points == '1' %}one point{% endif %}\"",
    ),
    "unfilled-placeholder": Explanation(
        "a text has a placeholder of another program, which nothing fills",
        (
            "`{name}`, `${name}`, `%name%`, `<%= name %>`, `[[name]]`, `*|NAME|*` and a word processor's `«name»` or "
            "`<<name>>` are text here, as is `{contact.name}`, and people would read them. A warning; an error if the name is, or nearly is, a "
            "column or a constant, whatever its case; `[name]`, `@name@` and `<name>` only then. In web addresses without a column, "
            "they are left alone. Values and what is below `template:` aren't looked at. The values of constants under `vars` are no "
            "templates either: in one that the message uses, the same is reported, and {{ … }} and {% … %} are an error."
        ),
        wrong="Hi {first_name}",
        right="Hi {{ first_name }}",
    ),
    "template-syntax": Explanation(
        "a template is not valid Jinja",
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
            "It could take too much time or memory. A template may have 10,000 characters and 200 parts; the "
            "templates of a message together 50,000 characters."
        ),
    ),
    "unknown-filter": Explanation(
        "a filter is unknown",
        "`docs/spec.md` lists them.",
        wrong="{{ name | uper }}",
        right="{{ name | upper }}",
    ),
    "unknown-test": Explanation(
        "a test is unknown",
        "`docs/spec.md` lists them.",
        wrong="{% if x is emtpy %}",
        right="{% if x is defined %}",
    ),
    "none-in-text": Explanation(
        "a null would become part of a text",
        wrong="Hi {{ nickname }}",
        right="Hi {{ nickname | default('there') }}",
    ),
    "not-text": Explanation(
        "a list or mapping would become part of a text, or a file is not text",
        "A compressed file is not text, nor is a spreadsheet that was renamed to .csv.",
        wrong="Hi {{ names }}",
        right="Hi {{ names | join(', ') }}",
    ),
    "not-a-number": Explanation(
        "a filter needs a number",
        (
            "`int`, `float` and `decimals` reject text that isn't a number, instead of making it 0. A currency's sign, a "
            "separator between thousands and a decimal comma are no part of a number: `£1,138.84` is written `1138.84`."
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
            "No message is that long. Usually a loop or a `replace` multiplies something. The API's own limits are "
            "`too-long`; the one that you set for an SMS is `limit-segments`."
        ),
    ),
    "template-too-costly": Explanation(
        "rendering a message's templates takes too much work",
        (
            "The limits for all texts of a message together: 5,000,000 characters of output, 10,000 loop iterations, "
            "and 20,000,000 characters processed by filters and comparisons. Usually a loop runs over the characters "
            "of a long cell."
        ),
        wrong="{% for c in notes %}{{ c ~ notes }}{% endfor %}",
        right="{{ notes }}",
    ),
    "rows-unchecked": Explanation(
        "rows were not checked because a template is too costly",
        (
            "Each row that goes over a template's limit takes up to half a second to refuse. After five such rows, the rest of "
            "the table is not looked at: see `template-too-costly`."
        ),
    ),
    "trusted-html": Explanation(
        "`safe` puts a value into HTML unescaped",
        (
            "All other values are escaped. A warning: whoever can write that value can put links, tags and scripts "
            "into your mail."
        ),
        wrong="{{ comment | safe }}",
        right="{{ comment }}",
    ),
    "text-compared": Explanation(
        "a column's text is compared with a number",
        "Cells of a table are text. The filters `float` and `int` make numbers of them.",
        wrong="{% if amount > 100 %}",
        right="{% if (amount | float) > 100 %}",
    ),
    "text-order": Explanation(
        "dates, times or numbers are compared as texts",
        "Cells of a table are text, and `<` and `>` compare texts character by character: '9' comes after '10', and "
        "'03/14/2026' before '2025-01-01'. Dates sort as year-month-day (ISO 8601); the filters `float` and `int` make "
        "numbers of cells.",
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
        wrong='where: "{{ country }}"',
        right="where: \"{{ country == 'NL' }}\"",
    ),
}
