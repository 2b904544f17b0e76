"""The signature file is taken apart within bounds, and put together again byte for byte."""

from __future__ import annotations

import base64
import struct

import pytest
from sendspec.diagnostics.exceptions import SignaturesUnusable
from sendspec.operations.signature_block import (
    MAX_BLOCKS,
    MAX_BYTES,
    NoSignature,
    SignatureBlock,
    signature_blocks,
)

BEGIN, END = b"-----BEGIN SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----\n"


def fields(*values: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(value)) + value for value in values)


KEY = fields(b"ssh-ed25519", b"k" * 32)
CONTENT = b"SSHSIG\0\0\0\1" + fields(KEY, b"sendspec-plan", b"", b"sha512", b"s" * 83)


def armoured(content: bytes) -> bytes:
    return BEGIN + base64.b64encode(content) + b"\n" + END


def test_a_block_has_its_key_and_namespace() -> None:
    (block,) = signature_blocks(armoured(CONTENT))
    assert isinstance(block, SignatureBlock)
    assert (block.key.kind, block.key.blob, block.namespace) == ("ssh-ed25519", KEY, "sendspec-plan")


def test_a_block_is_written_as_it_was_read() -> None:
    (block,) = signature_blocks(armoured(CONTENT))
    assert isinstance(block, SignatureBlock)
    assert max(map(len, block.armoured.splitlines())) == 70
    assert signature_blocks(block.armoured.encode()) == [block]


def test_blocks_follow_one_another() -> None:
    raw = armoured(CONTENT)
    assert len(signature_blocks(raw + raw.replace(b"\n", b"\r\n") + b"\n \n" + raw)) == 3
    assert signature_blocks(b" \n") == []


TEXT, CUT = NoSignature("there is text that is not a signature"), NoSignature("a block is cut or was altered")
OTHER = NoSignature("a block is not a signature of a version that can be read")


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"garbage", [TEXT]),
        (b"garbage\n" + BEGIN + END, [TEXT, OTHER]),
        (BEGIN + b"not base64\n" + END, [CUT]),
        (BEGIN + b"AAAA", [TEXT]),
        (BEGIN + b"AA\xff\n" + END, [TEXT]),
        (armoured(CONTENT.replace(b"\0\0\0\1", b"\0\0\0\2", 1)), [OTHER]),
        (armoured(CONTENT[:-1]), [CUT]),
        (armoured(CONTENT + b"\0"), [CUT]),
        (armoured(CONTENT + fields(b"more")), [CUT]),
        (armoured(CONTENT.replace(fields(KEY), fields(b""))), [CUT]),
        (armoured(CONTENT.replace(b"sendspec-plan", b"sendspec-pl\xffn")), [CUT]),
        (armoured(CONTENT + b"x" * 20_000), [NoSignature("a block is too long for a signature")]),
    ],
)
def test_garbage_is_told_from_signatures(raw: bytes, found: list[NoSignature]) -> None:
    assert signature_blocks(raw) == found


def test_text_between_blocks_does_not_take_a_signature_away() -> None:
    raw = armoured(CONTENT)
    assert [type(one) for one in signature_blocks(b"a\n" + raw + b"b\n" + raw + b"c")] == [
        NoSignature, SignatureBlock, NoSignature, SignatureBlock, NoSignature,
    ]  # fmt: skip


def test_the_number_of_blocks_is_bounded() -> None:
    assert len(signature_blocks(armoured(CONTENT) * MAX_BLOCKS)) == MAX_BLOCKS
    with pytest.raises(SignaturesUnusable, match="more than 100"):
        signature_blocks(armoured(CONTENT) * (MAX_BLOCKS + 1))


def test_the_size_is_bounded() -> None:
    assert signature_blocks(b" " * MAX_BYTES) == []
    with pytest.raises(SignaturesUnusable, match="larger than 1 MB"):
        signature_blocks(b" " * (MAX_BYTES + 1))


@pytest.mark.parametrize("part", [BEGIN, b" ", b"A", b"-----BEGIN ", BEGIN + b" \n"])
def test_a_file_of_the_greatest_size_is_read_at_once(part: bytes) -> None:
    """A pattern that goes back would take hours."""
    signature_blocks((BEGIN + part * MAX_BYTES)[:MAX_BYTES])
