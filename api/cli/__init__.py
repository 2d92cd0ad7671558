"""The command line: `stemma`. Its modules import what is slow only when a command needs it."""


def main() -> int:
    """Run the command that the process was started with, and return its exit code."""
    from api.cli.program import run

    return run()
