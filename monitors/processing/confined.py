"""Becomes another program, within limits; it ends with the process that started it.

`python -m monitors.processing.confined [--offline] MEGABYTES SECONDS FILE_BYTES PROGRAM …`
"""

import ctypes
import os
import resource
import signal
import sys

from monitors.processing.child import limit, lower

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


def main(*words: str) -> None:
    """Set the limits, and run the program instead of this one."""
    if words[0] == "--offline":
        words = words[1:]
        leave_network()
    megabytes, seconds, file_bytes, *command = words
    limit(int(megabytes), int(seconds))
    lower(resource.RLIMIT_FSIZE, int(file_bytes))
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit("the process that started this one is gone")
    os.execvp(command[0], command)  # noqa: S606  # the program is the operator's


def leave_network() -> None:
    """Go where there is no network: Linux lets an ordinary process do that where user namespaces are not switched off."""
    if sys.platform == "linux":
        ctypes.CDLL(None).unshare(CLONE_NEWUSER | CLONE_NEWNET)


if __name__ == "__main__":
    main(*sys.argv[1:])
