"""The program `ssh-keygen`, which signs and verifies. Only its exit code counts: its texts are for people."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sendspec.diagnostics.exceptions import SigningFailed, SshKeygenFailed, SshKeygenMissing
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import os_reason
from sendspec.operations.signature_block import MAX_BYTES, NoSignature, SignatureBlock, signature_blocks
from sendspec.reading.approvers import Approver
from sendspec.reading.files.text_file import file_problem, open_regular
from sendspec.reading.public_key import PublicKey, is_certificate

PROGRAM = "ssh-keygen"
NAMESPACE = "sendspec-plan"
VERIFY_SECONDS = 20
_ALWAYS = ("PATH", "HOME")
_TO_SIGN = (
    "SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "SSH_SK_PROVIDER", "SSH_SK_HELPER", "DISPLAY", "XAUTHORITY",
    "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "TERM",
)  # fmt: skip
"""What an agent, a security key or a window that asks for a passphrase needs."""
_NAME = "approver"
"""The only name in what ssh-keygen is given: sendspec itself looks up whose key it is."""


class SshKeygen:
    """Each file that the program reads or writes is a new one, in a private folder, with the bytes that sendspec has read."""

    def __init__(self, program: str, environ: Mapping[str, str], folder: Path) -> None:
        self._program = program
        self._environ = environ
        self._folder = folder
        self._files = 0

    def fits(self, text: bytes, block: SignatureBlock) -> bool:
        """Whether the key in `block` made it for this text in sendspec's namespace, whosever it is."""
        signature = self._file(block.armoured.encode())
        return self._accepts("-Y", "check-novalidate", "-n", NAMESPACE, "-s", signature, text=text)

    def verifies(
        self, text: bytes, block: SignatureBlock, approver: Approver, revoked: bytes | None, now: datetime
    ) -> bool:
        """Whether `block` is a signature of this text by the approver, whose key counts now and is not `revoked`."""
        allowed = self._file(_allowed_line(approver).encode())
        words = ["-Y", "verify", "-n", NAMESPACE, "-I", _NAME, "-f", allowed, "-s", self._file(block.armoured.encode())]
        if approver.valid_after is not None or approver.valid_before is not None:
            words.append(f"-Overify-time={_time(now)}")
        if revoked is not None:
            words += ["-r", self._file(revoked)]
        return self._accepts(*words, text=text)

    def check_works(self, key: PublicKey) -> None:
        """Raises `SshKeygenFailed` if the program refuses everything, such as for a user without a name."""
        if not self._accepts("-l", "-f", self._file(f"{key.line}\n".encode())):
            raise SshKeygenFailed(f"{PROGRAM} can't be used here: it refuses every key", f"run {PROGRAM} -l by hand")

    def can_read_revocations(self, revoked: bytes) -> bool:
        """Whether a binary list of revoked keys is whole."""
        return self._accepts("-Q", "-l", "-f", self._file(revoked))

    def sign(self, text: bytes, key: Path, *, asks: bool) -> SignatureBlock:
        """A signature of this text. `asks`: a person at the terminal may type a passphrase or touch a key.

        Raises `SigningFailed`.
        """
        _check_key_file(key)
        message = self._file(text)
        words = [self._program, "-q", "-Y", "sign", "-n", NAMESPACE, "-f", str(key.absolute()), message]
        environ = self._environ_with(*_TO_SIGN)
        said = "" if asks else "; it can't ask for a passphrase without a terminal"
        try:
            done = subprocess.run(
                words, env=environ if asks else {**environ, "SSH_ASKPASS_REQUIRE": "never"}, check=False,
                timeout=None if asks else VERIFY_SECONDS, stdin=None if asks else subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=None if asks else subprocess.DEVNULL, start_new_session=not asks,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _failed(error) from None
        if done.returncode:
            raise SigningFailed(
                f"{PROGRAM} can't sign with {printable(str(key))}{said}",
                "name a private key, or a public one whose private key the agent has",
            )
        block = _made(Path(f"{message}.sig"))
        if is_certificate(block.key.kind):
            problem = f"{printable(str(key))} signs with a certificate, which can't approve"
            raise SigningFailed(problem, "name the key itself")
        if not self.fits(text, block):
            raise SshKeygenFailed(f"{PROGRAM} made a signature that it doesn't accept", "look at the agent and the key")
        return block

    def _accepts(self, *words: str, text: bytes = b"") -> bool:
        """Whether the program ends with 0. In a session of its own: Ctrl-C would end it, and that is no verdict."""
        try:
            with subprocess.Popen(
                [self._program, *words], env=self._environ_with(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True,
            ) as process:  # fmt: skip
                try:
                    process.communicate(text, VERIFY_SECONDS)
                finally:
                    if process.returncode is None:  # once it has been waited for, its number may be another group's
                        with suppress(ProcessLookupError):
                            os.killpg(process.pid, signal.SIGKILL)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _failed(error) from None
        return process.returncode == 0

    def _environ_with(self, *names: str) -> dict[str, str]:
        """Little of the environment. Times without a zone are UTC, so that every machine decides alike."""
        passed = {name: self._environ[name] for name in (*_ALWAYS, *names) if name in self._environ}
        return {**passed, "LC_ALL": "C", "TZ": "UTC"}

    def _file(self, content: bytes) -> str:
        self._files += 1
        path = self._folder / str(self._files)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(content)
        return str(path)


def find_program(environ: Mapping[str, str]) -> str:
    """The program's path, never in a checkout that is the working directory. Raises `SshKeygenMissing`."""
    folders = [folder for folder in environ.get("PATH", os.defpath).split(os.pathsep) if folder.startswith("/")]
    program = shutil.which(PROGRAM, path=os.pathsep.join(folders))
    if program is None:
        raise SshKeygenMissing(f"the program {PROGRAM} is not there", "install OpenSSH's client, 8.2 or newer")
    return program


@contextmanager
def ssh_keygen(environ: Mapping[str, str]) -> Iterator[SshKeygen]:
    """The program, with a private folder for as long as it is used. Raises `SshKeygenMissing`."""
    program = find_program(environ)
    with tempfile.TemporaryDirectory(prefix="sendspec-") as folder:  # mode 0700
        yield SshKeygen(program, environ, Path(folder))


def _allowed_line(approver: Approver) -> str:
    """The approver's line as sendspec understood it: what it takes for a limit, ssh-keygen is held to."""
    limits = {
        "namespaces": approver.namespaces,
        "valid-after": None if approver.valid_after is None else _time(approver.valid_after),
        "valid-before": None if approver.valid_before is None else _time(approver.valid_before),
    }
    options = ",".join(f'{name}="{value}"' for name, value in limits.items() if value is not None)
    return " ".join(filter(None, [_NAME, options, approver.key.line])) + "\n"


def _time(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y%m%d%H%M%S")


def _check_key_file(key: Path) -> None:
    try:
        os.close(open_regular(str(key)))
    except (OSError, ValueError) as error:
        found = file_problem(str(key), error if isinstance(error, OSError) else FileNotFoundError())
        raise SigningFailed(f"the key can't be used: {found.problem}", "name the file of an SSH key") from None


def _made(path: Path) -> SignatureBlock:
    with path.open("rb") as file:
        blocks = signature_blocks(file.read(MAX_BYTES))
    if len(blocks) != 1 or isinstance(blocks[0], NoSignature):
        raise SshKeygenFailed(f"{PROGRAM} made something other than a signature", f"run {PROGRAM} -Y sign by hand")
    return blocks[0]


def _failed(error: OSError | subprocess.TimeoutExpired) -> SshKeygenFailed:
    if isinstance(error, OSError):
        return SshKeygenFailed(f"{PROGRAM} can't be started: {os_reason(error)}", f"run {PROGRAM} -l by hand")
    return SshKeygenFailed(f"{PROGRAM} takes longer than {VERIFY_SECONDS} s", f"run {PROGRAM} -l by hand")
