"""The program that runs the embedded database: `python -m graph.store.embedded.child DATA_DIR …`.

It leaves its starter (own session, own parent), holds the data directory's lock, runs the server, and counts users on
a Unix socket: each connection is a user, and the kernel closes it however that user ends. After the last one it
stops. What goes wrong before it is ready is told on standard output as one line of JSON; afterwards there is the log.
"""

import argparse
import fcntl
import json
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path

from graph.store.embedded.directory import LOG_BYTES, DataDirectory
from graph.store.embedded.options import EmbeddedOptions
from graph.store.embedded.record import Record

LOCK_SECONDS = 0.5
FIRST_USER_SECONDS = 10.0
ORPHAN_SECONDS = 2.0
LOOK_SECONDS = 0.25


class Users:
    """The listening socket and its connections."""

    def __init__(self, directory: DataDirectory, greeting: bytes) -> None:
        self._directory = directory
        self._greeting = greeting
        self._selector = selectors.DefaultSelector()
        self._users: set[socket.socket] = set()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with directory.socket_path() as path:
            Path(path).unlink(missing_ok=True)
            self._listener.bind(path)  # mode 0600: the mask is set
        self._listener.listen(128)
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)

    def __len__(self) -> int:
        return len(self._users)

    def look(self, seconds: float) -> None:
        """Waits up to `seconds` for somebody to come or go."""
        for key, _ in self._selector.select(seconds):
            if key.fileobj is self._listener:
                self._welcome()
            elif isinstance(key.fileobj, socket.socket):
                self._hear(key.fileobj)

    def close(self) -> None:
        """Turns everybody away; those in the queue see their connection end without a greeting and try again."""
        self._selector.close()
        with suppress(OSError), self._directory.socket_path() as path:
            Path(path).unlink()
        for each in (self._listener, *self._users):
            each.close()

    def _welcome(self) -> None:
        try:
            user, _ = self._listener.accept()
        except BlockingIOError:
            return
        user.setblocking(False)
        try:
            user.sendall(self._greeting)
        except OSError:
            user.close()
            return
        self._users.add(user)
        self._selector.register(user, selectors.EVENT_READ)

    def _hear(self, user: socket.socket) -> None:
        with suppress(BlockingIOError):
            try:
                if user.recv(4096):
                    return
            except ConnectionError:
                pass
            self._selector.unregister(user)
            self._users.remove(user)
            user.close()


class Log:
    """Standard output and error, into a file of bounded size."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open()

    def bound(self) -> None:
        """Starts a new file when this one is full; one old file is kept."""
        with suppress(OSError):
            if self._path.stat().st_size > LOG_BYTES:
                self._path.replace(self._path.with_suffix(".log.1"))
                self._open()

    def _open(self) -> None:
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        # Java writes to the same two files, so they are exchanged below it.
        for stream in (1, 2):
            os.dup2(handle, stream)
        os.close(handle)


class Stop:
    """Whether somebody asked the program to end."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)
        for ignored in (signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)

    def _ask(self, *_: object) -> None:
        self.asked = True


def acquire(path: Path) -> bool:
    """Takes the lock for as long as this process lives; false when another one has it."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
        else:
            if path.exists() and os.fstat(handle).st_ino == path.stat().st_ino:
                return True
            os.close(handle)
        # Processes that only look hold it for an instant.
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)


class Starter:
    """Who started this program, as long as it listens; it hears one thing."""

    def __init__(self) -> None:
        self._pipe = os.fdopen(os.dup(1), "wb")

    def tell(self, **message: str) -> bool:
        """Says what came of the start; false when the starter is gone, or was told before."""
        try:
            with self._pipe:
                self._pipe.write(json.dumps(message).encode() + b"\n")
        except (OSError, ValueError):
            return False
        return True


def serve(directory: DataDirectory, options: EmbeddedOptions, starter: Starter) -> int:
    """Runs the database until its last user ends; returns the exit code."""
    if not acquire(directory.lock):
        starter.tell(state="busy")
        return 0
    stop = Stop()
    log = Log(directory.log)
    directory.record.unlink(missing_ok=True)
    from graph.store.embedded.server import DatabaseServer  # Java's bridge: too much to load before the lock is ours

    server = DatabaseServer(directory, options)
    try:
        server.start()
        record = Record(os.getpid(), server.bolt_port, server.password)
        draft = directory.record.with_suffix(".new")
        draft.unlink(missing_ok=True)
        draft.write_bytes(record.encode())
        draft.replace(directory.record)
        users = Users(directory, record.encode())
    except Exception as error:
        traceback.print_exc()
        starter.tell(state="failed", error=str(error))
        return 1
    # Others who wait for this database look for it many times a second.
    expected = FIRST_USER_SECONDS if starter.tell(state="ready") else ORPHAN_SECONDS
    first = time.monotonic() + expected
    came = False
    try:
        while not stop.asked and (users or not came) and (came or time.monotonic() < first):
            users.look(LOOK_SECONDS)
            came = came or bool(users)
            server.stop_abandoned()
            log.bound()
    finally:
        users.close()
        with suppress(OSError):
            directory.record.unlink()
        server.stop()
    return 0


def main() -> None:
    """Leaves the starter and runs the database."""
    parser = argparse.ArgumentParser(prog="graph.store.embedded.child")
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--heap-mb", type=int, required=True)
    parser.add_argument("--command-seconds", type=float, required=True)
    arguments = parser.parse_args()
    if os.fork():
        # Nobody's child: its starter needs not wait for it, and may end before it.
        os._exit(0)
    os.setsid()
    os.umask(0o077)
    starter = Starter()
    directory = DataDirectory(arguments.data_dir)
    code = 1
    try:
        code = serve(directory, EmbeddedOptions(arguments.heap_mb, arguments.command_seconds), starter)
    except Exception as error:
        traceback.print_exc()
        starter.tell(state="failed", error=str(error))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Java's remaining threads must not keep the lock.
        os._exit(code)


if __name__ == "__main__":
    main()
