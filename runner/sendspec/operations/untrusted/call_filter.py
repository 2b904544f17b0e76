"""Has the kernel refuse system calls that reach anything besides open files: sockets, programs, processes, and ways around Landlock.

A seccomp filter can't be taken back. Landlock lets a process connect to sockets in the file system, such as that of Docker.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from contextlib import suppress

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
"""Of prctl(2)."""
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
"""Instructions of classic BPF."""
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
_FOREIGN_NUMBERS = 0x40000000
"""From here on, x86-64 has the numbers of another binary interface."""
_ALIKE = (425, 434, 435, 438)
"""io_uring_setup, pidfd_open, clone3, pidfd_getfd."""
_ARCHITECTURES = {
    "x86_64": (0xC000003E, (
        29, 41, 42, 49, 50, 53, 56, 57, 58, 59, 64, 68, 101, 155, 161, 165, 175, 240, 246, 248, 249, 250, 272, 298, 304, 308, 310,
        311, 313, 321, 322, 323,
    )),
    "aarch64": (0xC00000B7, (
        40, 41, 51, 97, 104, 105, 117, 180, 186, 190, 194, 198, 199, 200, 201, 203, 217, 218, 219, 220, 221, 241, 265, 268, 270,
        271, 273, 280, 281, 282,
    )),
}  # fmt: skip
"""socket, socketpair, bind, listen, connect; clone, fork, vfork, execve, execveat; ptrace, process_vm_readv, process_vm_writev; mount,
pivot_root, chroot, unshare, setns, open_by_handle_at; init_module, finit_module, kexec_load, bpf, perf_event_open, userfaultfd;
add_key, request_key, keyctl; shmget, semget, msgget, mq_open: the numbers of each.
"""


def refuse_calls() -> bool:
    """Whether the kernel refuses them from now on: on Linux, on processors whose numbers are known here."""
    known = _ARCHITECTURES.get(platform.machine()) if sys.platform == "linux" else None
    if known is None:
        return False
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        code = ctypes.create_string_buffer(_program(known[0], (*known[1], *_ALIKE)))
        program = struct.pack("@HP", (len(code) - 1) // 8, ctypes.addressof(code))
        return bool(
            libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0 and libc.prctl(_SET_SECCOMP, _FILTER, program, 0, 0) == 0
        )
    return False


def _program(architecture: int, numbers: tuple[int, ...]) -> bytes:
    """Ends in three instructions: allow, refuse, kill. The jumps are counted from the next instruction."""
    code = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_EQUAL, 0, len(numbers) + 4, architecture),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, len(numbers) + 1, 0, _FOREIGN_NUMBERS),
    ]
    code += [(_EQUAL, len(numbers) - at, 0, number) for at, number in enumerate(numbers)]
    code += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _KILL)]
    return b"".join(struct.pack("=HBBI", *each) for each in code)
