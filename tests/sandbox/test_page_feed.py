"""What open pages are told: the present at once, each change, the end; and how many may listen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread

import pytest
from sendspec.sandbox.page_feed import MAX_STREAMS, PageFeed

ENDED = b"event: ended\ndata: ended\n\n"


@contextmanager
def listening(feed: PageFeed, written: list[bytes]) -> Iterator[None]:
    """Each write of the first versions is followed by the next change, so that no test waits."""

    def write(event: bytes) -> None:
        written.append(event)
        if feed.version < 3:
            feed.changed()
        else:
            feed.end()

    thread = Thread(target=feed.write_to, args=(write,))
    thread.start()
    try:
        yield
    finally:
        thread.join(20)
        assert not thread.is_alive()


def test_a_page_is_told_the_present_each_change_and_the_end() -> None:
    feed, written = PageFeed(), list[bytes]()
    feed.changed()
    feed.changed()
    with listening(feed, written):
        pass
    assert written == [b"event: changed\ndata: 2\n\n", b"event: changed\ndata: 3\n\n", ENDED]


def test_a_quiet_stream_is_kept_alive_until_its_reader_is_gone() -> None:
    written: list[bytes] = []

    def write(event: bytes) -> None:
        written.append(event)
        if len(written) == 3:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        PageFeed().write_to(write, heartbeat_seconds=0)
    assert written == [b"event: changed\ndata: 0\n\n", b": still here\n\n", b": still here\n\n"]


def test_so_many_may_listen_and_no_more_until_one_leaves() -> None:
    feed = PageFeed()
    with ExitStack() as open_streams:
        assert all(open_streams.enter_context(feed.stream()) for _ in range(MAX_STREAMS))
        with feed.stream() as has_room:
            assert not has_room
    with feed.stream() as has_room:
        assert has_room
