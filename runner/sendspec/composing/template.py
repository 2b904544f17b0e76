"""Templates: checked on the parsed tree before compiling, rendered in a context that all strings of a message share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2 import Template as JinjaTemplate
from jinja2.runtime import Context

from sendspec.composing.alternative import NO_ALTERNATIVES, AlternativeFinder, Alternatives
from sendspec.composing.filters import MAX_RESULT, Trusted, too_long
from sendspec.composing.omit_sentinel import OMIT, OmitInText
from sendspec.composing.render_budget import FilterError, RenderBudget
from sendspec.composing.render_failure import OMITTED_IN_TEXT, RenderError, ValueMissing, not_filled
from sendspec.composing.template_environment import jinja_environment
from sendspec.composing.template_name import NameUse, uses_of
from sendspec.composing.template_policy import TOO_MANY_DIGITS, TemplateProblem, check_tree, forbidden, trust_of
from sendspec.composing.template_scan import Tag, tags_of
from sendspec.composing.tree_instrumentation import instrument
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.documents.number_spelling import unspelled
from sendspec.reading.documents.scalar import joined_surrogates

if TYPE_CHECKING:
    from sendspec.composing.fault_words import FaultWords

MAX_EXPRESSION = 10_000
MAX_TAGS = 20
"""Most tags of a template that are filled alone to find the one that fails."""
_RESULT = "__result"


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template. `static` is its value where it uses no names. With `is_expression` it keeps its expression's type.

    With `is_html`, values are escaped unless `| safe` is applied; `trust` is the place of the first `safe`.
    """

    source: str
    names: tuple[NameUse, ...]
    columns: tuple[NameUse, ...]
    is_expression: bool
    is_static: bool
    static: object
    _compiled: JinjaTemplate | None
    is_html: bool = False
    trust: tuple[int, int] | None = None
    alternatives: Alternatives = NO_ALTERNATIVES

    def render(self, context: MessageContext) -> Any:
        """The value for one recipient: text, or the value of the only expression. Raises `RenderError`."""
        assert self._compiled is not None
        try:
            if not self.is_expression:
                return _joined(self._compiled.root_render_func(context), context.budget)
            for _ in self._compiled.root_render_func(context):
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
    return compile_template(_BEFORE + tag, html=html)


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


def compile_template(source: str, *, html: bool = False) -> Template | list[TemplateProblem]:
    """The compiled template, or its problems. Nothing is compiled before the whole tree is allowed.

    `html`: the template is HTML, so values in it are escaped.
    """
    if not any(mark in source for mark in ("{{", "{%", "{#")):
        return Template(source, (), (), is_expression=False, is_static=True, static=source, _compiled=None)
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


def parsed(source: str) -> nodes.Template:
    """The tree of a template. For one that is not known to compile, raises what Jinja raises."""
    tree = jinja_environment(typed=False).parse(source)
    for constant in tree.find_all(nodes.Const):
        if isinstance(constant.value, str) and not constant.value.isascii():
            constant.value = joined_surrogates(constant.value)
    return tree


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
    template = Template(
        source, names, columns, expression is not None, False, None, compiled, html, trust, alternatives
    )
    if names or columns:
        return template
    return replace(template, is_static=True, static=template.render(message_context({}, {})), _compiled=None)


def _only_expression(tree: nodes.Template) -> nodes.Expr | None:
    if len(tree.body) == 1 and isinstance(tree.body[0], nodes.Output):
        parts = tree.body[0].nodes
        if len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData):
            return parts[0]
    return None


class MessageContext(Context):
    """Jinja's context with the message's budget, and the bits of the alternatives that its templates took.

    `first_bit` is that of the template that is being rendered. `place` is only for `filled_text`: the expression that is being
    written, from 1, or 0 for the template's own words.
    """

    budget: RenderBudget
    alternatives: int
    first_bit: int
    place: int = 0

    def note(self, bit: int) -> None:
        self.alternatives |= 1 << self.first_bit + bit


def message_context(
    values: Mapping[str, object], row: Mapping[str, object], budget: RenderBudget | None = None
) -> MessageContext:
    """The context that one message's templates share, which is safe because none of them can set anything.

    `budget` is the message's, where some of its templates were rendered in another context.
    """
    context = MessageContext(jinja_environment(typed=False), {**values, "row": row, "omit": OMIT}, None, {})
    context.budget = RenderBudget() if budget is None else budget
    context.alternatives = context.first_bit = 0
    return context
