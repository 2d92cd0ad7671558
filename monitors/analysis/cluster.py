"""Parts of a data set worked on by a dask.distributed cluster: the same code and the same bytes as here."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from monitors.analysis.errors import WorkersError
from monitors.analysis.parts import Progress, R, Work
from monitors.analysis.reading import Dataset
from monitors.analysis.workers import parts_of

RETRIES = 3
"""How often a part is computed again after its worker was lost, or its file could not be read."""

_SECONDS = 30


@dataclass(frozen=True)
class Cluster:
    """A cluster by the address of its scheduler. Its workers need this package and must see the files as we do.

    The protocol runs code that it is sent, so whoever reaches the port owns the workers and whoever answers for the
    scheduler owns us: beyond this machine both sides must show certificates.

    Attributes:
        address: `tcp://127.0.0.1:8786`, or `tls://host:8786` with the three files.
        ca: The certificate that signed both sides', in PEM.
        certificate: Ours.
        key: Ours.
    """

    address: str
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.address)
        if parts.scheme not in ("tcp", "tls") or not parts.hostname or not parts.port:
            raise WorkersError(
                f"{self.address!r} is no address of a dask scheduler: tcp://host:port or tls://host:port."
            )
        if parts.scheme == "tcp" and not _is_loopback(parts.hostname):
            raise WorkersError(
                f"{self.address} leaves this machine without TLS, and dask runs whatever code it is sent. Use a tls:// "
                "address with a CA, a certificate and a key."
            )
        if parts.scheme == "tls" and not (self.ca and self.certificate and self.key):
            raise WorkersError(f"{self.address} needs a CA, a certificate and a key.")

    def work_on(self, dataset: Dataset, work: Work[R], on_progress: Progress | None = None) -> Iterator[R]:
        """What became of the parts as they are done, in any order; what a lost worker had is computed again.

        Raises:
            WorkersError: The scheduler does not answer, there is no worker, or a part was lost too often.
            AnalysisError: As `work` raises them.
        """
        try:
            from distributed import Client, as_completed
            from distributed.scheduler import KilledWorker
        except ImportError as error:
            raise WorkersError("A cluster needs dask.distributed: pip install 'stemma[dask]'.") from error
        try:
            client = Client(self.address, security=self._security(), timeout=_SECONDS, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise WorkersError(f"No dask scheduler answers at {self.address}: {error}.") from error
        with client:
            try:
                client.wait_for_workers(1, timeout=_SECONDS)
            except TimeoutError as error:
                raise WorkersError(f"The dask cluster at {self.address} has no worker.") from error
            rows = done = 0
            parts = parts_of(dataset, sum(client.ncores().values()))
            submit = partial(client.submit, work, pure=False, retries=RETRIES)
            # A part's file is the last of those that are sent.
            futures = {
                submit(_alone(dataset, part.file), replace(part, at=-1), None, threads=1): part for part in parts
            }
            for future in as_completed(futures, loop=client.loop):
                try:
                    result = future.result()
                except KilledWorker as error:
                    file = dataset.files[futures[future].file]
                    raise WorkersError(f"Every worker that was given a part of {file} was lost: {error}.") from error
                except ImportError as error:
                    raise WorkersError(f"The workers at {self.address} lack this package: {error}.") from error
                rows, done = rows + result.rows, done + result.bytes_read
                if on_progress:
                    on_progress(rows, done)
                yield result
                # The cluster may forget it.
                future.release()

    def _security(self) -> Any:
        from distributed.security import Security

        if self.ca is None:
            return None
        return Security(
            require_encryption=True,
            tls_ca_file=str(self.ca),
            tls_client_cert=str(self.certificate),
            tls_client_key=str(self.key),
        )


def _alone(dataset: Dataset, file: int) -> Dataset:
    """The data set with one file, and the first, by which columns are checked: all of them would be sent every time."""
    files = dataset.files[:1] if file == 0 else (dataset.files[0], dataset.files[file])
    return replace(dataset, files=files)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
