"""The command line: `stemma`. Its modules import what is slow only when a command needs it."""

import sys


def main() -> int:
    """Run the command that the process was started with, and return its exit code."""
    try:
        from api.cli.program import run

        return run()
    except KeyboardInterrupt:
        # Before the program could take care of it.
        sys.stderr.write("stemma: interrupted\n")
        return 130
