import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import graph
from graph.errors import DatabaseUnavailableError
from graph.store.embedded.directory import DataDirectory
from graph.store.embedded.options import DATABASE, USER, EmbeddedOptions
from graph.store.embedded.record import Record

POLL_SECONDS = 0.02
GREETING_SECONDS = 5.0
# What the child may see of this process's environment: neither our settings and keys, nor what would change Java.
PASSED_ON = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "TZ", "VIRTUAL_ENV")


class Attachment:
    """A user's hold on the embedded database: it runs for as long as any attachment, in any process, is open.

    Attributes:
        address: Where the driver connects, such as `bolt://127.0.0.1:40123`. A database that was started again has
            another address and another password.
        user: The user's name.
        password: That user's password.
        database: The database's name.
        pid: The database's process.
    """

    def __init__(self, record: Record, connection: socket.socket) -> None:
        self.address = f"bolt://127.0.0.1:{record.bolt_port}"
        self.user = USER
        self.password = record.password
        self.database = DATABASE
        self.pid = record.pid
        self._connection = connection

    @property
    def alive(self) -> bool:
        """Whether the database still runs; once false, `close` this one and `attach` again."""
        try:
            return self._connection.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def close(self) -> None:
        """Lets go. The database stops when nobody else is attached. Closing twice is fine."""
        self._connection.close()

    def __enter__(self) -> "Attachment":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


async def attach(data_dir: Path | str, options: EmbeddedOptions | None = None, *, timeout: float = 60.0) -> Attachment:
    """Attaches to the embedded database of a data directory, starting it when none runs.

    Any number of processes may do this at once; one of them starts the database.

    Args:
        data_dir: The directory, made when missing, readable by its owner only.
        options: How to run the database, should this call be the one that starts it.
        timeout: Seconds after which to give up.

    Raises:
        SettingError: The data directory can't be used.
        DatabaseUnavailableError: The database did not start, or not in time; the message says why.

    Example:
        >>> attachment = await attach("data")
        >>> driver = AsyncGraphDatabase.driver(attachment.address, auth=(attachment.user, attachment.password))
    """
    abandoned = threading.Event()
    work = asyncio.ensure_future(asyncio.to_thread(attach_blocking, data_dir, options, timeout, abandoned))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        # The thread can't be stopped, only asked to; what it may still bring must not stay open.
        abandoned.set()
        work.add_done_callback(_let_go)
        raise


def attach_blocking(
    data_dir: Path | str,
    options: EmbeddedOptions | None = None,
    timeout: float = 60.0,
    abandoned: threading.Event | None = None,
) -> Attachment:
    """The same as `attach`, blocking the calling thread; ends early when `abandoned` is set."""
    directory = DataDirectory(Path(data_dir).absolute())
    directory.prepare()
    deadline = time.monotonic() + timeout
    abandoned = abandoned or threading.Event()
    start: _Start | None = None
    try:
        while True:
            if (attachment := _join(directory)) is not None:
                return attachment
            if start is not None and start.ended():
                start.close()
                start = None
            # Locked without an answer is one that starts, or stops: either passes.
            if start is None and not directory.is_locked():
                directory.check_space()
                start = _Start(directory, options or EmbeddedOptions())
            if time.monotonic() > deadline or abandoned.is_set():
                raise DatabaseUnavailableError(
                    f"The embedded database on {directory.root} did not answer within {timeout:g} seconds; "
                    f"its log is {directory.log}."
                )
            time.sleep(POLL_SECONDS)
    except OSError as error:
        raise DatabaseUnavailableError(
            f"The embedded database on {directory.root} can't be reached: {error.strerror or error}."
        ) from error
    finally:
        if start is not None:
            start.close()


def _join(directory: DataDirectory) -> Attachment | None:
    """Connects to a running database; None when there is none, or one that is just stopping."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(GREETING_SECONDS)
        with directory.socket_path() as path:
            connection.connect(path)
        greeting = b""
        while not greeting.endswith(b"\n"):
            if not (received := connection.recv(4096)):
                raise ConnectionResetError
            greeting += received
        connection.setblocking(False)
        attachment = Attachment(Record.decode(greeting), connection)
    except (FileNotFoundError, ConnectionError, TimeoutError, BlockingIOError):
        # No socket yet, a stale one, one that is being closed, or a full queue.
        connection.close()
        return None
    except ValueError as error:
        connection.close()
        raise DatabaseUnavailableError(f"{error}; stop every Stemma process on {directory.root} first.") from error
    except BaseException:
        connection.close()
        raise
    return attachment


class _Start:
    """An attempt to start the database, and what its process says about it."""

    def __init__(self, directory: DataDirectory, options: EmbeddedOptions) -> None:
        self._directory = directory
        self._said = b""
        source = str(Path(graph.__file__).parent.parent)
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        arguments = ["--heap-mb", str(options.heap_mb), "--command-seconds", str(options.command_seconds)]
        reading, writing = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(reading, False)
        self._pipe = reading
        try:
            # `-P` and this path: the working directory must not lend its modules to the database.
            subprocess.run(  # noqa: S603  # our own program
                [sys.executable, "-P", "-m", "graph.store.embedded.child", str(directory.root), *arguments],
                env={**environment, "PYTHONPATH": os.pathsep.join([source, *filter(None, sys.path)])},
                cwd=directory.run,
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                check=False,
            )
        except BaseException:
            self.close()
            raise
        finally:
            os.close(writing)

    def ended(self) -> bool:
        """Whether the start is over: the database answers, or another process's does.

        Raises:
            DatabaseUnavailableError: The start failed.
        """
        while True:
            try:
                received = os.read(self._pipe, 65536)
            except BlockingIOError:
                return False
            if not received:
                break
            self._said += received
        lines = self._said.decode(errors="replace").strip().splitlines()
        message: dict[str, str] = {}
        with suppress(ValueError, IndexError):
            message = json.loads(lines[-1])
        if message.get("state") in ("ready", "busy"):
            return True
        reason = message.get("error") or "\n".join(lines[-5:]) or f"it ended:\n{self._directory.log_tail()}"
        root, log = self._directory.root, self._directory.log
        raise DatabaseUnavailableError(f"The embedded database on {root} did not start: {reason}\nIts log is {log}.")

    def close(self) -> None:
        """Stops listening; the database, if it starts, runs on for its users."""
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1


def _let_go(work: "asyncio.Future[Attachment]") -> None:
    if not work.cancelled() and work.exception() is None:
        work.result().close()
