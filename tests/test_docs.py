"""The generated pages are what their sources say today, and every link in the documentation leads somewhere."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from sendspec.cli.main import COMMANDS
from sendspec.composing.filters import FILTERS, TESTS
from sendspec.reading.schema.validator import load_schema
from sendspec.showing.explanations import EXPLANATIONS

CHECKOUT = Path(__file__).resolve().parent.parent
PAGES = ("spec.md", "cli.md", "errors.md", "delivery.md")
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def written() -> list[Path]:
    return [
        CHECKOUT / "README.md",
        CHECKOUT / "CHANGELOG.md",
        *sorted(p for p in (CHECKOUT / "docs").rglob("*.md") if p.parent.name != "parts"),
    ]


@pytest.fixture(scope="module")
def generator() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("docs_generate", CHECKOUT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize("page", PAGES)
def test_a_generated_page_is_current(page: str, generator: ModuleType) -> None:
    generated = generator.pages()
    assert set(generated) == set(PAGES)
    assert (CHECKOUT / "docs" / page).read_text(encoding="utf-8") == generated[page], "run `make docs`"


def test_the_pages_have_every_key_filter_command_and_code(generator: ModuleType) -> None:
    pages = generator.pages()
    definitions = load_schema("message").document["$defs"]
    keys = [*load_schema("spec").document["properties"], *load_schema("project").document["properties"]]
    assert [name for name in definitions if f"\n### {name}\n" not in pages["spec.md"]] == []
    assert [key for key in [*keys, *FILTERS, *TESTS] if f"| `{key}` |" not in pages["spec.md"]] == []
    assert [name for name in COMMANDS if f"\n## sendspec {name}\n" not in pages["cli.md"]] == []
    assert [code for code in EXPLANATIONS if f"\n### {code}\n" not in pages["errors.md"]] == []


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as they are made where Markdown is shown."""
    text = FENCED.sub("", path.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", written(), ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    broken = []
    for target in LINK.findall(FENCED.sub("", path.read_text(encoding="utf-8"))):
        file, _, anchor = target.partition("#")
        there = path.parent / file if file else path
        found = target.startswith("https://") or (there.exists() and (not anchor or anchor in anchors(there)))
        broken += [] if found else [target]
    assert broken == []


def test_every_make_target_that_is_named_is_there() -> None:
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == targets
    command = re.compile(r"(?:^|`)make ([a-z-]+)", re.MULTILINE)
    named = {name for page in written() for name in command.findall(page.read_text(encoding="utf-8"))}
    assert {"demo", "test", "torture", "bench"} <= named
    assert named <= targets
