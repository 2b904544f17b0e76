"""SSH keys and signatures made by the real ssh-keygen, in folders of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from oracles import IN_CI

NAMESPACE = "sendspec-plan"


def run(*words: str, given: bytes = b"", environ: dict[str, str] | None = None) -> bytes:
    """What a program prints. It has no terminal, no agent and no home."""
    bare = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C"}
    done = subprocess.run(
        words, input=given, env={**bare, **(environ or {})}, capture_output=True, check=True, start_new_session=True
    )
    return done.stdout


@dataclass(frozen=True, slots=True)
class Key:
    """A private key at `path`, with its public key beside it."""

    path: Path

    @property
    def public(self) -> Path:
        return self.path.with_suffix(".pub")

    @property
    def line(self) -> str:
        """Kind and key, without the comment."""
        return " ".join(self.public.read_text().split()[:2])

    @property
    def fingerprint(self) -> str:
        return run("ssh-keygen", "-l", "-f", str(self.public)).split()[1].decode()

    def sign(self, text: bytes, namespace: str = NAMESPACE) -> bytes:
        return run("ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(self.path), given=text)


class KeyRing:
    """Makes keys by name, each once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def key(self, name: str, *kind: str, passphrase: str = "") -> Key:
        path = self.folder / name
        if not path.exists():
            words = ("ssh-keygen", "-q", "-t", *(kind or ("ed25519",)), "-N", passphrase, "-C", name, "-f", str(path))
            run(*words)
        return Key(path)

    def certificate(self, name: str, authority: str) -> Key:
        """A key with this person's, which signs with a certificate of this authority."""
        key, other = self.key(name), self.key(authority)
        run("ssh-keygen", "-q", "-s", str(other.path), "-I", name, "-n", name, str(key.public))
        private = key.path.with_name(f"{name}-cert")  # where ssh-keygen looks for the key of {name}-cert.pub
        private.write_bytes(key.path.read_bytes())
        private.chmod(0o600)
        return Key(private)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    need_ssh_keygen()
    return KeyRing(tmp_path_factory.mktemp("keys"))


def need_ssh_keygen() -> None:
    if shutil.which("ssh-keygen") is None:
        (pytest.fail if IN_CI else pytest.skip)("ssh-keygen is not installed")
