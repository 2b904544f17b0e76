"""Templates: checked on the parsed tree before compiling, rendered in a context that all strings of a message share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from html import escape
from typing import Any

from jinja2 import StrictUndefined, TemplateError, UndefinedError, nodes
from jinja2 import Template as JinjaTemplate
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sendspec.composing.alternative import NO_ALTERNATIVES, AlternativeFinder, Alternatives
from sendspec.composing.filters import FILTERS, MAX_RESULT, TESTS, Trusted, as_html, as_text, too_long
from sendspec.composing.omit_sentinel import OMIT, OmitInText
from sendspec.composing.render_budget import FilterError, RenderBudget
from sendspec.composing.render_failure import RenderError, ValueMissing, item_of_text, why_not_filled
from sendspec.composing.template_policy import (
    TOO_MANY_DIGITS,
    NameUse,
    TemplateProblem,
    check_tree,
    forbidden,
    trust_of,
    uses_of,
    written_name,
)
from sendspec.composing.template_scan import tags_of
from sendspec.composing.template_syntax import syntax_problem
from sendspec.composing.text_compared import text_compared
from sendspec.composing.tree_instrumentation import INSTRUMENT_FILTERS, instrument
from sendspec.diagnostics.redaction import printable
from sendspec.reading.documents.number_spelling import unspelled
from sendspec.reading.documents.scalar import joined_surrogates

MAX_EXPRESSION = 10_000
MAX_TAGS = 20
"""Most tags of a template that are filled alone to find the one that fails."""
_RESULT = "__result"


class _Missing(StrictUndefined):
    """A missing value, which raises `ValueMissing` with its name when used."""

    __slots__ = ()

    def __init__(self, hint: Any = None, obj: Any = None, name: Any = None, exc: Any = UndefinedError) -> None:
        raised = partial(ValueMissing, str(name)) if obj is None else partial(item_of_text, name)
        super().__init__(hint=hint or "", name=name, exc=raised)  # type: ignore[arg-type]


class _Environment(ImmutableSandboxedEnvironment):
    """`a.b` and `a["b"]` are items of mappings and lists, never attributes, which Jinja would fall back to."""

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping) and argument in obj:
            return obj[argument]
        if isinstance(obj, list | tuple) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        if isinstance(obj, StrictUndefined):
            str(obj)
        return self.undefined(obj=obj if isinstance(obj, str) else None, name=argument)

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)


@cache
def _environment(*, typed: bool, html: bool = False) -> _Environment:
    environment = _Environment(
        undefined=_Missing,
        optimized=False,
        keep_trailing_newline=True,
        autoescape=False,
        finalize=None if typed else as_html if html else as_text,
    )
    environment.globals = {}
    environment.filters = {name: allowed.charged() for name, allowed in FILTERS.items()} | INSTRUMENT_FILTERS
    environment.tests = {name: allowed.charged() for name, allowed in TESTS.items()}
    environment.tests.update({sign: environment.tests[name] for sign, name in _SIGNS.items()})
    return environment


_SIGNS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


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
            raise self._missing(error.name) from None
        except FilterError as error:
            raise self._error(error.code, error.problem, error.fix, self._tag_at_fault(context, error)) from None
        except OmitInText:
            raise self._error(
                "omit-in-text",
                "`omit` stands in a text; only a whole value can be left out",
                'write "{{ omit }}" alone, or in an inline if',
            ) from None
        except Exception as error:  # a filter may raise anything: truncate raises AssertionError
            raise self._unfilled(error, context) from None

    def _checked(self, value: Any, budget: RenderBudget) -> Any:
        if isinstance(value, StrictUndefined):
            str(value)
        if value is OMIT or value is None or isinstance(value, bool | int | float | list | tuple | dict):
            return unspelled(value)
        text = escape(str(value)) if self.is_html and not isinstance(value, Trusted) else str(value)
        return _joined((text,), budget)

    def _unfilled(self, error: Exception, context: MessageContext) -> RenderError:
        if isinstance(error, TypeError) and (found := text_compared(parsed(self.source), context.get_all())):
            return self._error("text-compared", found.problem, f"write `{found.meant}`", self._place_of(found.name))
        return self._error("render-failed", why_not_filled(error), "look at its filters' arguments")

    def _place_of(self, name: str) -> tuple[int, int]:
        """The place of a name; that of the whole template if it isn't found."""
        used = (*self.names, *self.columns)
        return next(((use.start, use.end) for use in used if use.name == name), (0, len(self.source)))

    def _missing(self, name: str) -> RenderError:
        fix = f"fill it, or write what stands in for it: {{{{ {printable(written_name(name))} | default('…') }}}}"
        return RenderError("empty-value", f"'{name}' has no value", fix, *self._place_of(name), name)

    def _error(self, code: str, problem: str, fix: str, place: tuple[int, int] | None = None) -> RenderError:
        return RenderError(code, problem, fix, *(place or (0, len(self.source))))

    def _tag_at_fault(self, context: MessageContext, error: FilterError) -> tuple[int, int] | None:
        """The only `{{ … }}` or condition that fails alone as the whole text did; None if several do, or none, as in a loop."""
        if self.is_expression or error.code in ("template-too-costly", "text-too-long"):
            return None
        tags = [tag for tag in tags_of(self.source) if tag.opening != "{#"][:MAX_TAGS]
        if len(tags) == 1:
            return tags[0].start, tags[0].end
        tags = [tag for tag in tags if tag.opening == "{{" or tag.word in ("if", "elif")]
        charged, context.budget = context.budget, RenderBudget()
        found = [
            tag for tag in tags if _code_alone(tag.expression_in(self.source), context, self.is_html) == error.code
        ]
        context.budget = charged
        return (found[0].start, found[0].end) if len(found) == 1 else None


def _code_alone(tag: str, context: MessageContext, html: bool) -> str | None:
    """The code of the fault of a text with nothing but this `{{ … }}`; None if it has none."""
    alone = _text_with(tag, html)
    if not isinstance(alone, Template):
        return alone[0].code
    try:
        if not alone.is_static:
            alone.render(context)
    except RenderError as error:
        return error.code
    return None


@lru_cache(maxsize=256)
def _text_with(tag: str, html: bool) -> Template | list[TemplateProblem]:
    return compile_template(f" {tag}", html=html)


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
    environment = _environment(typed=False)
    try:
        tree = parsed(source)
    except ValueError:  # of int() in Jinja's lexer, which is given a decimal number of more than 4,300 digits
        return [forbidden(TOO_MANY_DIGITS, 0, len(source))]
    except RecursionError:
        return [_too_complex(source, "the template is nested too deep", "make it simpler")]
    except TemplateError as error:
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
    tree = _environment(typed=False).parse(source)
    for constant in tree.find_all(nodes.Const):
        if isinstance(constant.value, str) and not constant.value.isascii():
            constant.value = joined_surrogates(constant.value)
    return tree


def _compiled(source: str, tree: nodes.Template, html: bool, trust: tuple[int, int] | None) -> Template:
    names, columns = uses_of(tree, source, _environment(typed=False))
    finder = AlternativeFinder(tree)
    alternatives = finder.found
    tree = instrument(tree, finder.bit_by_node)
    expression = _only_expression(tree)
    if expression is not None:
        target = nodes.Name(_RESULT, "store", lineno=1)
        tree = nodes.Template([nodes.Assign(target, expression, lineno=1)], lineno=1)
    compiled = _environment(typed=expression is not None, html=html).from_string(tree)
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

    `first_bit` is that of the template that is being rendered.
    """

    budget: RenderBudget
    alternatives: int
    first_bit: int

    def note(self, bit: int) -> None:
        self.alternatives |= 1 << self.first_bit + bit


def message_context(
    values: Mapping[str, object], row: Mapping[str, object], budget: RenderBudget | None = None
) -> MessageContext:
    """The context that one message's templates share, which is safe because none of them can set anything.

    `budget` is the message's, where some of its templates were rendered in another context.
    """
    context = MessageContext(_environment(typed=False), {**values, "row": row, "omit": OMIT}, None, {})
    context.budget = RenderBudget() if budget is None else budget
    context.alternatives = context.first_bit = 0
    return context
