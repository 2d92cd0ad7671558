"""The shadow of a model: served on a loopback port just for one run, by a process of its own with limits and no credentials.

Which loader it is, or which command: what the container's `MODEL_LOADER` says, else the command that the operator has
configured for its image, else what the names of its files say.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from graph.errors import ForbiddenError, InvalidError
from monitors.predictors.loading import MLMODEL, SETTING, SUFFIXES, UNSAFE
from monitors.processing.processes import Limits, environment

log = structlog.get_logger("stemma.processing")

LOADER = "MODEL_LOADER"
LOADERS_SETTING, COMMANDS_SETTING = "STEMMA_MODEL_LOADERS", "STEMMA_MODEL_COMMANDS"
LOADERS = ("onnx", "xgboost", "lightgbm", "catboost", "skops")
XGBOOST_FILE = "xgboost-model"
"""What SageMaker's own XGBoost container calls its model."""
READY_SECONDS = 120.0
UNPACKED_BYTES = 1 << 34
SAID = 1_000


@dataclass(frozen=True, slots=True)
class Serving:
    """What the operator lets serve models.

    Attributes:
        loaders: those of `monitors.predictors` that may be used.
        unsafe: which of those that run a file's code or trust it.
        commands: programs by the image whose models they serve, as `registry/name` or `name`, whatever its tag; in their words
            `{model}` stands for the folder of the unpacked archive and `{port}` for the port.
    """

    loaders: tuple[str, ...] = LOADERS
    unsafe: frozenset[str] = frozenset()
    commands: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def allowed(self) -> tuple[str, ...]:
        """Every loader that may be used."""
        return tuple(dict.fromkeys((*self.loaders, *sorted(self.unsafe))))


@dataclass(frozen=True, slots=True)
class Hosted:
    """A model as its record has it.

    Attributes:
        name: what it is called, for people.
        image: of its container.
        environment: of its container; only `MODEL_LOADER` is looked at.
        archive: its model data, on this host.
        columns: what its features are called.
    """

    name: str
    image: str
    environment: Mapping[str, str]
    archive: Path
    columns: tuple[str, ...] = ()


@contextlib.asynccontextmanager
async def shadow(model: Hosted, serving: Serving, limits: Limits, folder: Path) -> AsyncIterator[str]:
    """Serve a model; its URL. It is gone with the context, whatever happened.

    Args:
        model: What is served.
        serving: What may serve it.
        limits: What it may take.
        folder: Where its files may lie.

    Raises:
        InvalidError: nothing that may serve it fits, or it can't be unpacked or served.
        ForbiddenError: its loader is not allowed.
    """
    home = folder / "shadow"
    home.mkdir()
    files = home / "model"
    unpacking = [sys.executable, "-m", "monitors.predictors.archives", str(model.archive), str(files)]
    async with _running(unpacking, limits, home) as process:
        code = await process.wait()
    if code:
        raise InvalidError(f"the model data of {model.name} can't be unpacked: {_said(home)}", path="ModelDataUrl")
    port = _free()
    async with _running(_command(model, serving, files, port), limits, home) as process:
        await _ready(process, port, model, home)
        yield f"http://127.0.0.1:{port}"


def _command(model: Hosted, serving: Serving, files: Path, port: int) -> list[str]:
    told = model.environment.get(LOADER)
    repository = model.image.partition("@")[0]
    if ":" in repository.rpartition("/")[2]:
        repository = repository.rpartition(":")[0]
    configured = serving.commands.get(repository, serving.commands.get(repository.rpartition("/")[2]))
    if told is None and configured is not None:
        return [word.replace("{model}", str(files)).replace("{port}", str(port)) for word in configured]
    path, loader = _loaded(model, serving, files, told)
    if loader not in serving.allowed:
        why = f": {UNSAFE[loader]}" if loader in UNSAFE else ""
        setting = SETTING if loader in UNSAFE else LOADERS_SETTING
        raise ForbiddenError(
            f"the model {model.name} needs the loader {loader}, which is not allowed{why}; whoever runs Stemma allows it with "
            f"{setting}. Allowed are {', '.join(serving.allowed) or 'none'}"
        )
    unsafe = [word for name in sorted(serving.unsafe) for word in ("--unsafe", name)]
    columns = ["--columns", json.dumps(list(model.columns))]
    return [sys.executable, "-m", "monitors.predictors.serving", str(path), loader, str(port), *unsafe, *columns]


def _loaded(model: Hosted, serving: Serving, files: Path, told: str | None) -> tuple[Path, str]:
    """The file or folder that is loaded, and by which loader."""
    held = sorted(path for path in files.rglob("*") if path.is_file() and not path.name.startswith("."))
    known = {path.parent: "pyfunc" for path in held if path.name == MLMODEL} or {
        path: kind for path in held if (kind := _kind(path)) is not None
    }
    if told is not None:
        fitting = [path for path, kind in known.items() if kind == told]
        # A file may be called whatever it likes where the loader is said.
        fitting = fitting or (list(held) if len(held) == 1 else [])
    else:
        fitting = list(known)
        if len(fitting) > 1:
            fitting = [path for path in fitting if path.stem == "model"] or fitting
    if len(fitting) == 1:
        return fitting[0], told or known[fitting[0]]
    names = ", ".join(str(path.relative_to(files)) for path in held[:20]) or "no file"
    problem = "more than one of them could be the model" if fitting else "none of them says what kind of model it is"
    raise InvalidError(
        f"the model {model.name} (image {model.image or 'none'}) can't be served: its model data holds {names}, and {problem}. "
        f"Say {LOADER} in the container's Environment ({', '.join(serving.allowed)}), name one file after its kind "
        f"({', '.join(sorted(SUFFIXES))}, {XGBOOST_FILE}, {MLMODEL}), or let whoever runs Stemma configure a command for the "
        f"image with {COMMANDS_SETTING} ({', '.join(serving.commands) or 'there is none'})",
        path="ModelDataUrl",
        constraint="a model that can be served",
    )


def _kind(path: Path) -> str | None:
    return "xgboost" if path.name == XGBOOST_FILE else SUFFIXES.get(path.suffix.lower())


@contextlib.asynccontextmanager
async def _running(command: Sequence[str], limits: Limits, home: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    confined = [sys.executable, "-m", "monitors.processing.confined", str(limits.megabytes)]
    confined += [str(limits.seconds * (os.cpu_count() or 1)), str(UNPACKED_BYTES), *command]
    with (home / "said").open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            *confined,
            cwd=home,
            env=environment(home),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        # Whatever it started is of its session, and ends with it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _ready(process: asyncio.subprocess.Process, port: int, model: Hosted, home: Path) -> None:
    """Wait until a model answers its ping."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            while process.returncode is None:
                if await _pinged(port):
                    return
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise InvalidError(
            f"the model {model.name} does not answer /ping after {READY_SECONDS:g} s: {_said(home)}", path="ModelName"
        ) from None
    raise InvalidError(f"the model {model.name} can't be served: {_said(home)}", path="ModelName")


async def _pinged(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(b"GET /ping HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        async with asyncio.timeout(10):
            status = await reader.readline()
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()
    return status.split()[1:2] == [b"200"]


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _said(home: Path) -> str:
    """The last line that a process said; all of the end of it goes to the worker's log."""
    with (home / "said").open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - 4 * SAID))
        text = file.read().decode("utf-8", "replace").replace(str(home), "").strip()
    if not text:
        return "it ended without a word"
    log.warning("a served model ended", said=text)
    return text.splitlines()[-1][:SAID]
