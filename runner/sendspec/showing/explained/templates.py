"""Codes about templates."""

from sendspec.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "unknown-name": Explanation("a template uses a name that is neither a column nor a constant", "Found before the first render, so that no message goes out with a hole.", "Hi {{ nmae }}", "Hi {{ name }}"),
    "empty-value": Explanation("a template uses a value that some rows don't have", "An empty cell counts as missing.", "Hi {{ first_name }}", "Hi {{ first_name | default('there') }}"),
    "name-clash": Explanation("one name means two things", "A constant under vars that is also a column, or a column called like a built-in name, would hide the other.", "vars: {phone: …}", 'row["generation"]'),
    "template-syntax": Explanation("Jinja can't read a template", "", "Hi {{ name", "Hi {{ name }}"),
    "template-forbidden": Explanation("a template does what a message doesn't need", "Allowed are names, filters, tests, comparisons, if and for. Calls, arithmetic, set, include and attributes are not: a template can't run code, and the same input gives the same message.", "{{ now() }}", "{{ date }}"),
    "template-too-complex": Explanation("a template is too long or too deep", "It would take more time or memory than a message may. One template has 10,000 characters and 200 parts at most, those of a message 50,000 characters together."),
    "unknown-filter": Explanation("a filter isn't known", "`docs/spec.md` lists them.", "{{ name | uper }}", "{{ name | upper }}"),
    "unknown-test": Explanation("a test isn't known", "`docs/spec.md` lists them.", "{% if x is emtpy %}", "{% if x is defined %}"),
    "none-in-text": Explanation("null would become part of a text", "", "Hi {{ nickname }}", "Hi {{ nickname | default('there') }}"),
    "not-text": Explanation("a list or mapping would become part of a text, or a file is no text", "A compressed file or a spreadsheet renamed .csv is no text either.", "Hi {{ names }}", "Hi {{ names | join(', ') }}"),
    "not-a-number": Explanation("a filter needs a number", "`int` and `float` refuse text that is none, instead of making it 0.", "{{ 'abc' | int }}", "{{ '12' | int }}"),
    "omit-in-text": Explanation("`omit` stands inside a text", "Only a whole value can be left out.", 'text: "Hi {{ omit }}"', 'validity: "{{ ttl | default(omit) }}"'),
    "text-too-long": Explanation("a text grows beyond 100,000 characters", "No message is that long. Most often a loop or a `replace` multiplies something."),
    "template-too-costly": Explanation("filling a message's templates takes too much", "Counted over all texts of one message, while they are filled: 5,000,000 characters of output, 10,000 turns of loops, 20,000,000 characters that filters and comparisons work on. Most often a loop runs over the characters of a long cell.", "{% for c in notes %}{{ c ~ notes }}{% endfor %}", "{{ notes }}"),
    "trusted-html": Explanation("`safe` puts a value into HTML as it is", "Everything else is escaped there. A warning: whoever can write that value can put links, tags and scripts into your mail.", "{{ comment | safe }}", "{{ comment }}"),
    "render-failed": Explanation("a template can't be filled with a row's values", "A filter was given an argument that it can't work with.", "{{ name | truncate(1, true, '.....') }}", "{{ name | truncate(10) }}"),
    "where-not-boolean": Explanation("`where` gives something else than true or false", "", 'where: "{{ country }}"', "where: \"{{ country == 'NL' }}\""),
}  # fmt: skip
