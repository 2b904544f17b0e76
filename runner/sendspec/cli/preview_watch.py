"""`sendspec preview --watch`: a page on this machine that follows the files, until it is stopped."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from threading import Event, Thread

import click
import orjson

from sendspec.cli.console import Console
from sendspec.cli.interrupt import EndRequest, end_on_signals
from sendspec.cli.stream import SanitizedText
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.wording import counted
from sendspec.operations.edit_request import edit_request
from sendspec.operations.file_watch import POLL_SECONDS
from sendspec.operations.live_page import LivePage, serving_page
from sendspec.operations.preview import Preview, preview_of
from sendspec.operations.preview_asked import asked_preview
from sendspec.operations.preview_watch import MakePreview, PreviewWatch, Watched
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.planning.plan import Plan
from sendspec.sandbox.page_access import PATH_BYTES, TOKEN_BYTES, PageAccess, page_token, secret_path
from sendspec.sandbox.page_feed import PageFeed
from sendspec.showing.diagnostics import diagnostics_text
from sendspec.showing.pages.edited import edited_json
from sendspec.showing.pages.preview import live_page, live_policy
from sendspec.showing.preview import preview_text
from sendspec.showing.sanitized_text import ControlText
from sendspec.showing.terminal_style import TerminalStyle

LEAVING_SECONDS = 0.5
"""How long the end waits for a reading that is under way. It holds nothing that could be left half done."""
CLEARED = ControlText("\x1b[H\x1b[2J")
ENDING = "nothing was sent"


def watch(
    console: Console,
    specs: Sequence[str],
    env: str | None,
    recipients: str | None,
    *,
    asked: tuple[int | None, str | None],
    port: int,
) -> int:
    """Shows the preview, on the page and on the terminal, whenever it changes. `asked` are the row and the key to show."""
    system = replace(console.system, stdin=None)
    watched = PreviewWatch(specs, env, recipients, system, _maker(*asked))
    watched.begin()
    if any(each.code == "no-standard-input" for each in watched.present.errors):
        raise click.UsageError(
            "--watch reads the recipients again and again, and standard input can be read once: name a file"
        )
    feed = PageFeed()
    feed.changed()
    page = LivePage(
        html=lambda: live_page(watched.present, is_public=system.is_ci),
        edited=lambda body: _edited(watched.present, body),
        policy=live_policy(),
        feed=feed,
    )
    with end_on_signals() as end, _listening(page, system.clock.monotonic, port) as access:
        screen = _Screen(console, access.link)
        screen.show(watched.present)

        def changed() -> None:
            feed.changed()
            screen.show(watched.present)

        with _following(watched, end, changed):
            end.wait()
    return ExitCode.DONE


def _maker(row: int | None, key: str | None) -> MakePreview:
    def make(jobs: Sequence[Job], plans: Sequence[Plan], context: ProjectContext, problems: Problems) -> Preview | None:
        preview = preview_of(jobs, plans, context)
        if row is None and key is None:
            return preview
        found, missed = asked_preview(jobs, preview, row, key, context)
        for diagnostic in missed if found is None else ():
            problems.add(diagnostic)
        return found

    return make


def _edited(watched: Watched, body: bytes) -> tuple[int, bytes]:
    request, picture = edit_request(body), watched.picture
    if request is None:
        return 400, b'{"problem": "this is no change of a row"}'
    if picture is None or not 0 <= request.spec < len(picture.preview.specs):
        return 409, b'{"problem": "there is no such message any more"}'
    found = picture.edited(request.spec, request.row, request.values)
    shown = picture.preview.specs[request.spec]
    return 200, orjson.dumps(edited_json(shown, request.spec, found, is_changed=bool(request.values)))


@contextmanager
def _listening(page: LivePage, monotonic: Callable[[], float], port: int) -> Iterator[PageAccess]:
    def access_at(found: int) -> PageAccess:
        token, path = page_token(secrets.token_bytes(TOKEN_BYTES)), secret_path(secrets.token_bytes(PATH_BYTES))
        return PageAccess(token=token, port=found, path=path)

    with ExitStack() as stack:
        try:
            access = stack.enter_context(serving_page(page, access_at, monotonic, port=port))
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise click.UsageError(f"port {port} can't be used: {reason}; --port 0 takes a free one") from None
        yield access


@contextmanager
def _following(watched: PreviewWatch, end: EndRequest, changed: Callable[[], object]) -> Iterator[None]:
    """Looks at the files from a thread, so that Ctrl-C ends a long reading too. What goes wrong in it is raised here."""
    is_over, failures = Event(), list[BaseException]()

    def follow() -> None:
        try:
            while not is_over.wait(POLL_SECONDS):
                if watched.look() and not is_over.is_set():
                    changed()
        except BaseException as error:
            failures.append(error)
            end.set()

    thread = Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join(LEAVING_SECONDS)
    if failures:
        raise failures[0]


class _Screen:
    """On a terminal, the preview, drawn again with each change; the link is last, so that it is always in sight. Elsewhere, a line a change."""

    def __init__(self, console: Console, link: str) -> None:
        self._console = console
        self._link = link
        self._draws = sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and not console.system.is_ci
        if not self._draws:
            console.result(link)
            console.say("this link shows the preview, to nobody but you; Ctrl-C ends it")

    def show(self, watched: Watched) -> None:
        if self._draws:
            self._draw(watched)
        elif watched.errors:
            self._console.tell(self._errors(watched, self._console.err))
        elif watched.picture is not None:
            preview = watched.picture.preview
            told = f"{watched.picture.moment:%H:%M:%S} {counted(preview.send, 'message')}"
            self._console.say(f"{told}, {counted(preview.segments, 'segment')}" if preview.segments else told)

    def _draw(self, watched: Watched) -> None:
        style = self._style()
        sys.stdout.write(CLEARED)
        blocks = []
        if watched.picture is not None:
            blocks.append(preview_text(watched.picture.preview, style))
        shown = watched.errors or (() if watched.picture is None else watched.picture.warnings)
        blocks.append(diagnostics_text(shown, style, ending=ENDING))
        if watched.errors and watched.picture is not None:
            blocks.append(style.dim(f"above is the last good picture, of {watched.picture.moment:%H:%M:%S}"))
        blocks.append(f"{self._link}\n{style.dim('shows this in a browser, to nobody but you; Ctrl-C ends it')}")
        self._console.result("\n\n".join(filter(None, blocks)))

    def _errors(self, watched: Watched, style: TerminalStyle) -> str:
        return diagnostics_text(watched.errors, style, ending=ENDING, for_many=self._console.system.is_ci)

    def _style(self) -> TerminalStyle:
        """The terminal may have another width by now."""
        try:
            columns = os.get_terminal_size(sys.stdout.fileno()).columns or None
        except OSError:
            columns = self._console.out.columns
        if isinstance(sys.stdout, SanitizedText):
            sys.stdout.columns = columns
        return TerminalStyle(self._console.out.colour, columns)
