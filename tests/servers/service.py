"""`stemma serve` as a process of its own, as it is installed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

STEMMA = Path(sys.executable).with_name("stemma")
STOP_SECONDS = 30.0


class StemmaServer:
    """A service that can be killed and started again; its port changes with each start.

    Args:
        folder: Where it stands, and where its log lies.
        settings: Its `STEMMA_*` variables; nothing else of that kind reaches it.

    Attributes:
        address: Where it answers, such as `http://127.0.0.1:40123`.
        process: The running process.
    """

    address: str
    process: "subprocess.Popen[str]"

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.folder = folder
        self.log = folder / "serve.log"
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("STEMMA_")}
        self._environment |= {"STEMMA_PORT": "0", "STEMMA_LOG_FORMAT": "json", **settings}

    def start(self) -> None:
        """Start it; it answers when this returns.

        Raises:
            RuntimeError: it ended instead; the message holds its log.
        """
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(STEMMA), "serve", "--json"],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        said = ""
        while line := self.process.stdout.readline():
            said += line
            if line == "}\n":
                self.address = json.loads(said)["address"]
                return
        self.process.communicate()
        raise RuntimeError(
            f"the service did not start (exit code {self.process.returncode}):\n{self.log.read_text()[-3000:]}"
        )

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        self.process.kill()
        self.process.communicate()

    def stop(self) -> int:
        """End it as an operator would; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return self.process.returncode
