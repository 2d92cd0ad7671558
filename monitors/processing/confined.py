"""Becomes another program, within limits; it ends with the process that started it.

`python -m monitors.processing.confined MEGABYTES SECONDS FILE_BYTES PROGRAM …`
"""

import ctypes
import os
import resource
import signal
import sys

from monitors.processing.child import limit

PR_SET_PDEATHSIG = 1


def main(megabytes: str, seconds: str, file_bytes: str, *command: str) -> None:
    """Set the limits, and run the program instead of this one."""
    limit(int(megabytes), int(seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(file_bytes), int(file_bytes)))
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit("the process that started this one is gone")
    os.execvp(command[0], command)  # noqa: S606  # the program is the operator's


if __name__ == "__main__":
    main(*sys.argv[1:])
