from dataclasses import dataclass

DATABASE = "stemma"
USER = "root"


@dataclass(frozen=True, slots=True)
class EmbeddedOptions:
    """How the embedded database runs; the process that starts it decides for all.

    Attributes:
        heap_mb: The Java heap's limit in mebibytes; resident memory stays within about 100 MiB of it.
        command_seconds: The longest that one statement may run. Statements whose caller went away are stopped at
            once, so this only bounds those somebody still waits for.
    """

    heap_mb: int = 512
    command_seconds: float = 120.0
