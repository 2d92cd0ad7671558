import os
import re
import secrets
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import arcadedb_embedded
import jpype  # type: ignore[import-untyped]
from arcadedb_embedded import jvm

from graph.store.embedded.directory import DataDirectory
from graph.store.embedded.options import DATABASE, EmbeddedOptions

# Doors and importers that nobody here uses; what is not on the class path can't be opened by a setting.
UNUSED_JARS = ("console", "graphql", "integration", "mcp", "postgresw", "redisw")
LOGGING = """\
handlers = java.util.logging.ConsoleHandler
.level = WARNING
com.arcadedb.level = INFO
java.util.logging.ConsoleHandler.level = INFO
java.util.logging.ConsoleHandler.formatter = com.arcadedb.log.LogFormatter
"""
ESTABLISHED = "01"
ABANDONED_AFTER_MS = 200


class DatabaseServer:
    """An ArcadeDB server inside this process, with one database, reachable by Bolt on loopback only."""

    def __init__(self, directory: DataDirectory, options: EmbeddedOptions) -> None:
        self.directory = directory
        self.options = options
        self.password = secrets.token_urlsafe(32)
        self.bolt_port = 0
        self._server: Any = None

    def start(self) -> None:
        """Starts Java, the server and, the first time, makes the database.

        Raises:
            Exception: Whatever Java or ArcadeDB raise; the caller words it for people.
        """
        self._start_java()
        # ArcadeDB takes a password only for a user it does not have yet. Without this file it makes the user again,
        # so every start has a password of its own and none has to be remembered.
        (self.directory.database / "config" / "server-users.jsonl").unlink(missing_ok=True)
        for events in (self.directory.database / "log").glob("server-event-log-*"):
            events.unlink()  # one a start, and nothing in it that our own log lacks
        self.bolt_port, http_port = _free_ports(2)
        self._server = arcadedb_embedded.create_server(
            str(self.directory.database),
            self.password,
            {
                "host": "127.0.0.1",
                "mode": "production",
                "server_plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
                "bolt_port": self.bolt_port,
                "http_port": http_port,
            },
        )
        self._server.start()
        # It can't be told to do without HTTP, but it works without.
        self._server._java_server.getHttpServer().stopService()
        self._server.create_database(DATABASE)

    def stop(self) -> None:
        """Closes the database and the server."""
        if self._server is not None:
            self._server.stop()

    def stop_abandoned(self) -> int:
        """Ends every statement whose caller's connection is gone, and returns how many that were.

        ArcadeDB looks at a connection only between statements: without this, a cancelled query would keep a core
        busy until the statements' time limit.
        """
        queries = self._server._java_server.getRunningQueries()
        if queries.size() == 0:
            return 0
        aged = [query for query in queries.getRunning() if query.getElapsedMillis() > ABANDONED_AFTER_MS]
        if not aged:
            return 0
        connected = _connected_ports(self.bolt_port)
        ended = 0
        for query in aged:
            port = re.search(r":(\d+)$", str(query.getClientAddress()))
            if port and int(port[1]) not in connected and query.terminate("Stemma: the caller went away"):
                ended += 1
        return ended

    def _start_java(self) -> None:
        jars = [
            str(jar)
            for jar in sorted(Path(jvm.get_jar_path()).glob("*.jar"))
            if not jar.name.startswith(tuple(f"arcadedb-{name}-" for name in UNUSED_JARS))
        ]
        logging = self.directory.run / "logging.properties"
        logging.write_text(LOGGING, encoding="utf-8")
        jpype.startJVM(
            jvm.get_bundled_jre_lib_path(),
            f"-Xmx{self.options.heap_mb}m",
            "-Xrs",  # signals are for this program
            "-XX:+ExitOnOutOfMemoryError",  # what is left would be half a database; the next attach recovers it
            "-XX:+UseCompactObjectHeaders",
            f"-XX:ErrorFile={self.directory.log.parent}/java-crash.log",
            "-Darcadedb.txWalFlush=2",
            f"-Darcadedb.command.timeout={int(self.options.command_seconds * 1000)}",
            "-Darcadedb.opencypher.loadCsv.allowFileUrls=false",
            "-Darcadedb.opencypher.loadCsv.allowRemoteUrls=false",
            "-Darcadedb.server.restoreImportAllowLocalUrls=false",
            f"-Djava.util.logging.config.file={logging}",
            "-Dpolyglot.engine.WarnInterpreterOnly=false",
            # These ArcadeDB needs; they are what its Python package passes.
            "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "--add-opens=java.base/java.util.concurrent.atomic=ALL-UNNAMED",
            "--add-opens=java.base/java.nio.channels.spi=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "-Djava.awt.headless=true",
            "-Dfile.encoding=UTF8",
            classpath=os.pathsep.join(jars),
            interrupt=False,
        )


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _connected_ports(local_port: int) -> set[int]:
    """The clients' ports of all connections to `local_port` that are open on both sides."""
    ports = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(FileNotFoundError), Path(table).open(encoding="ascii") as rows:
            next(rows)
            for row in rows:
                _, local, remote, state, *_ = row.split()
                if state == ESTABLISHED and int(local.rpartition(":")[2], 16) == local_port:
                    ports.add(int(remote.rpartition(":")[2], 16))
    return ports
