"""Templates that Jinja fills: checked on the parsed tree before compiling, rendered in a context that all strings of a message share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2 import Template as JinjaTemplate

from sendspec.composing.alternative import AlternativeFinder
from sendspec.composing.filters import Trusted
from sendspec.composing.message_context import MessageContext, message_context
from sendspec.composing.name_finder import uses_of
from sendspec.composing.omit_sentinel import OMIT, OmitInText
from sendspec.composing.parsed_template import parsed
from sendspec.composing.render_budget import FilterError, RenderBudget
from sendspec.composing.render_failure import OMITTED_IN_TEXT, RenderError, not_filled
from sendspec.composing.template import Template
from sendspec.composing.template_environment import jinja_environment
from sendspec.composing.template_name import NameUse
from sendspec.composing.template_policy import TOO_MANY_DIGITS, check_tree, forbidden, trust_of
from sendspec.composing.template_problem import TemplateProblem
from sendspec.composing.template_scan import Tag, tags_of
from sendspec.composing.text_value import MAX_RESULT, too_long
from sendspec.composing.tree_instrumentation import instrument
from sendspec.composing.value_missing import ValueMissing
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.documents.number_spelling import unspelled

if TYPE_CHECKING:
    from sendspec.composing.fault_words import FaultWords

MAX_EXPRESSION = 10_000
MAX_TAGS = 20
"""Most tags of a template that are filled alone to find the one that fails."""
_RESULT = "__result"


@dataclass(frozen=True, slots=True)
class JinjaFilling:
    """A template as Jinja compiled it. `is_expression` and `is_html` are `Template`'s."""

    source: str
    names: tuple[NameUse, ...]
    columns: tuple[NameUse, ...]
    is_expression: bool
    is_html: bool
    compiled: JinjaTemplate

    def fill(self, context: MessageContext) -> Any:
        """The value for one recipient: text, or the value of the only expression. Raises `RenderError`."""
        try:
            if not self.is_expression:
                return _joined(self.compiled.root_render_func(context), context.budget)
            for _ in self.compiled.root_render_func(context):
                pass
            return self._checked(context.vars.pop(_RESULT), context.budget)
        except RenderError:
            raise
        except ValueMissing as error:
            raise self._words.missing(error, context) from None
        except FilterError as error:
            raise self._refused(error, context) from None
        except OmitInText:
            raise self._refused(OMITTED_IN_TEXT, context) from None
        except Exception as error:  # a filter may raise anything: truncate raises AssertionError
            raise self._unfilled(error, context) from None

    def _checked(self, value: Any, budget: RenderBudget) -> Any:
        if isinstance(value, StrictUndefined):
            str(value)
        if value is OMIT or value is None or isinstance(value, bool | int | float | list | tuple | dict):
            return unspelled(value)
        text = escape(str(value)) if self.is_html and not isinstance(value, Trusted) else str(value)
        return _joined((text,), budget)

    @property
    def _words(self) -> FaultWords:
        from sendspec.composing.fault_words import FaultWords  # needed only after a mistake

        return FaultWords(self.source, self.names, self.columns)

    def _refused(self, error: FilterError, context: MessageContext) -> RenderError:
        """What a filter refuses, at the only `{{ … }}` or at the one that is at fault; at the whole text where that can't be told."""
        tags = [tag for tag in _tags(self.source) if tag.opening != "{#"]
        if self.is_expression:
            return self._words.refused(error, context, 0, len(self.source))
        if len(tags) == 1:
            return self._words.refused(error, context, tags[0].start, tags[0].end)
        if error.code not in ("template-too-costly", "text-too-long"):
            found = [each for each in self.faults(context) if each.code == error.code]
            if len(found) == 1 or (found and "{%" not in self.source):
                return found[0]
        return RenderError(error.code, error.problem, error.fix, 0, len(self.source))

    def _unfilled(self, error: Exception, context: MessageContext) -> RenderError:
        from sendspec.composing.text_compared import text_compared  # needed only after a mistake

        found = text_compared(_read_tree(self.source), context.get_all()) if isinstance(error, TypeError) else None
        return self._refused(not_filled(error), context) if found is None else self._words.compared(found)

    def faults(self, context: MessageContext) -> Iterator[RenderError]:
        """The problems of each `{{ … }}` and each condition, checked separately; at most `MAX_TAGS` are checked. Places are in this template."""
        tags = [tag for tag in _tags(self.source) if tag.opening == "{{" or tag.word in ("if", "elif")][:MAX_TAGS]
        charged = context.budget
        for tag in tags:
            context.budget = RenderBudget()
            try:
                error = _fault_alone(tag.expression_in(self.source), context, self.is_html)
            finally:
                context.budget = charged
            if error is not None:
                yield error.at(tag.start, tag.end) if tag.word else error.shifted(tag.start - len(_BEFORE))


_BEFORE = " "
"""Put before a tag that is checked separately, so that its value becomes part of a text."""


def _fault_alone(tag: str, context: MessageContext, html: bool) -> RenderError | None:
    """What is wrong with a text that is nothing but this tag."""
    alone = _text_with(tag, html)
    if not isinstance(alone, Template):
        return RenderError(alone[0].code, alone[0].problem, alone[0].fix, alone[0].start, alone[0].end)
    try:
        if not alone.is_static:
            alone.render(context)
    except RenderError as error:
        return error
    return None


@lru_cache(maxsize=64)
def _read_tree(source: str) -> nodes.Template:
    """The tree of a template that compiled, to look at and not to change."""
    return parsed(source)


@lru_cache(maxsize=256)
def _tags(source: str) -> tuple[Tag, ...]:
    return tuple(tags_of(source))


@lru_cache(maxsize=256)
def _text_with(tag: str, html: bool) -> Template | list[TemplateProblem]:
    return compile_with_jinja(_BEFORE + tag, html=html)


def _joined(parts: Iterable[str], budget: RenderBudget) -> str:
    """The parts as one text, refused as soon as it grows too long."""
    taken = []
    length = 0
    for part in parts:
        length += len(part)
        if length > MAX_RESULT:
            raise too_long()
        taken.append(part)
    budget.charge_output(length)
    return "".join(taken)


@lru_cache(maxsize=256)
def filling_of(source: str) -> JinjaFilling:
    """Jinja's way to fill a template that is no HTML, is known to compile, and uses names."""
    template = compile_with_jinja(source, html=False)
    assert isinstance(template, Template)
    assert isinstance(template._filling, JinjaFilling)
    return template._filling


def compile_with_jinja(source: str, *, html: bool) -> Template | list[TemplateProblem]:
    """As `compile_template`, for any template that has a tag."""
    if len(source) > MAX_EXPRESSION:
        return [_too_complex(source, f"the template has more than {MAX_EXPRESSION:,} characters", "make it shorter")]
    environment = jinja_environment(typed=False)
    try:
        tree = parsed(source)
    except ValueError:  # of int() in Jinja's lexer, which is given a decimal number of more than 4,300 digits
        return [forbidden(TOO_MANY_DIGITS, 0, len(source))]
    except RecursionError:
        return [_too_complex(source, "the template is nested too deep", "make it simpler")]
    except TemplateError as error:
        from sendspec.composing.template_syntax import syntax_problem  # needed only after a mistake

        return [syntax_problem(source, error)]
    problems = check_tree(tree, source, environment)
    trust = trust_of(source, environment)
    if trust is not None and not html:
        why, fix = "`safe` is not allowed outside of HTML: nothing is escaped here", "remove it"
        problems.append(TemplateProblem("template-forbidden", why, fix, *trust))
    if problems:
        return problems
    try:
        return _compiled(source, tree, html, trust)
    except RenderError as error:  # a template of constants only is rendered here, once
        return [TemplateProblem(error.code, error.problem, error.fix, error.start, error.end)]
    except (RecursionError, SyntaxError):  # Jinja compiles recursively, to Python, which has its own limits
        return [_too_complex(source, "the template is nested too deep", "make it simpler")]


def _too_complex(source: str, problem: str, fix: str) -> TemplateProblem:
    return TemplateProblem("template-too-complex", problem, fix, 0, len(source))


def _compiled(source: str, tree: nodes.Template, html: bool, trust: tuple[int, int] | None) -> Template:
    names, columns = uses_of(tree, source, jinja_environment(typed=False))
    finder = AlternativeFinder(tree)
    alternatives = finder.found
    tree = instrument(tree, finder.bit_by_node)
    expression = _only_expression(tree)
    if expression is not None:
        target = nodes.Name(_RESULT, "store", lineno=1)
        tree = nodes.Template([nodes.Assign(target, expression, lineno=1)], lineno=1)
    compiled = jinja_environment(typed=expression is not None, html=html).from_string(tree)
    filling = JinjaFilling(source, names, columns, expression is not None, html, compiled)
    template = Template(source, names, columns, filling.is_expression, False, None, filling, html, trust, alternatives)
    if names or columns:
        return template
    return replace(template, is_static=True, static=template.render(message_context({}, {})), _filling=None)


def _only_expression(tree: nodes.Template) -> nodes.Expr | None:
    if len(tree.body) == 1 and isinstance(tree.body[0], nodes.Output):
        parts = tree.body[0].nodes
        if len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData):
            return parts[0]
    return None
