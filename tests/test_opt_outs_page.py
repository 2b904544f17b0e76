"""The page on opt-outs: the words that it lists are those that count."""

from __future__ import annotations

import re
from pathlib import Path

from sendspec.provider.opt_out_keyword import OPT_IN_KEYWORDS, OPT_OUT_KEYWORDS, KeywordSense, keyword_sense

PAGE = (Path(__file__).resolve().parent.parent / "docs/how-to/opt-outs.md").read_text(encoding="utf-8")


def test_the_table_of_words_has_all_that_count_and_no_other() -> None:
    table = re.search(r"^\| language \|.*\n\| ---.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert table is not None
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table[1].splitlines()]
    out, into = ({word for row in rows for word in row[column].split(", ") if word} for column in (1, 2))
    assert {word.casefold() for word in out} == OPT_OUT_KEYWORDS
    assert {word.casefold() for word in into} == OPT_IN_KEYWORDS
    assert {keyword_sense(word) for word in out} == {KeywordSense.OUT}
    assert {keyword_sense(word) for word in into} == {KeywordSense.IN}
    assert keyword_sense("Arrêt !") is KeywordSense.OUT


def test_its_examples_wait_for_a_person() -> None:
    [line] = [line for line in PAGE.splitlines() if line.startswith("- other words")]
    examples = [*re.findall(r"`([^`]+)`", line), line.split()[-1]]
    assert len(examples) >= 7
    assert {keyword_sense(example) for example in examples} == {KeywordSense.CONTAINS}
    assert keyword_sense("please don't stop") is KeywordSense.CONTAINS
