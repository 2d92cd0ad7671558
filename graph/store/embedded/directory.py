import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from graph.errors import DatabaseUnavailableError, SettingError

SCARCE_BYTES = 64 << 20
LOG_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """The layout of a data directory's database part, and the checks it must pass."""

    root: Path

    @property
    def database(self) -> Path:
        """Where ArcadeDB keeps its databases and its own configuration."""
        return self.root / "database"

    @property
    def run(self) -> Path:
        """What describes the running database."""
        return self.root / "run"

    @property
    def lock(self) -> Path:
        """The file whose flock the running database holds."""
        return self.run / "lock"

    @property
    def record(self) -> Path:
        """The running database's record, for people and scripts."""
        return self.run / "db.json"

    @property
    def log(self) -> Path:
        """The database's log."""
        return self.root / "log" / "database.log"

    def prepare(self) -> None:
        """Makes the folders, readable by their owner only.

        Raises:
            SettingError: The directory can't be used: another user's, not writable, or not a directory.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            owner = self.root.stat().st_uid
            if owner != os.geteuid():
                raise SettingError(
                    f"The data directory {self.root} belongs to user {owner}, and this process runs as user "
                    f"{os.geteuid()}. Run as its owner, or set STEMMA_DATA_DIR to a directory of your own."
                )
            for folder in (self.root, self.run, self.log.parent, self.database):
                folder.mkdir(exist_ok=True)
                folder.chmod(0o700)
            if not os.access(self.run, os.W_OK | os.X_OK):
                raise SettingError(f"The data directory {self.root} can't be written to.")
        except OSError as error:
            raise SettingError(
                f"The data directory {self.root} can't be used: {error.strerror}. "
                "Set STEMMA_DATA_DIR to a directory this user may write to."
            ) from error

    def check_space(self) -> None:
        """Refuses to start a database on a full disk.

        Raises:
            DatabaseUnavailableError: Less than `SCARCE_BYTES` are free.
        """
        free = shutil.disk_usage(self.root).free
        if free < SCARCE_BYTES:
            raise DatabaseUnavailableError(
                f"The disk of the data directory {self.root} is full: {free >> 20} MiB are free, "
                f"the database needs {SCARCE_BYTES >> 20} MiB to start."
            )

    def is_locked(self) -> bool:
        """Whether a database runs, starts or stops here."""
        handle = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # Shared, so that two processes looking at once don't take each other for a database.
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            return False
        finally:
            os.close(handle)

    @contextmanager
    def socket_path(self) -> Iterator[str]:
        """A path of the users' socket that fits into an address.

        A socket's address holds 107 bytes and data directories can be deeper, so the path leads through this
        process's own table of open files. It is valid inside the `with` only.
        """
        handle = os.open(self.run, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield f"/proc/self/fd/{handle}/users.sock"
        finally:
            os.close(handle)

    def log_tail(self, lines: int = 5) -> str:
        """The log's last lines, for an error message."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - 8192))
                return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""
