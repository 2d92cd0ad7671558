"""The server process: `stemma serve`."""

import asyncio
import contextlib
import gc
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import structlog
import uvicorn
from starlette.types import ASGIApp

from api import auth, logs
from api.app import create_app, open_catalog
from api.protocol import Protocol
from api.settings import Settings
from graph.errors import SettingError

GRACE_SECONDS = 10
BACKLOG = 1024
SIGNALS = (signal.SIGINT, signal.SIGTERM)

log = structlog.get_logger("stemma.server")


class Server(uvicorn.Server):
    """uvicorn's server, which says when it has started, and which ends by returning after a signal, too."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer."""
        await super().startup(sockets=sockets)
        if self.started:
            self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on SIGINT and SIGTERM; a second SIGINT ends at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in SIGNALS:
                loop.remove_signal_handler(number)


def run_server(settings: Settings, ready: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM, then finish what runs and close the graph.

    Args:
        settings: What was set; port 0 takes a free one.
        ready: Told the address, such as `http://127.0.0.1:8440`, once requests are answered.

    Raises:
        SettingError: the settings can't be served: an address in use, no key beyond loopback.
        DatabaseUnavailableError: the database can't be reached.
    """
    logs.configure(settings.log_level, settings.log_format)
    listener = bind(settings.host, settings.port)
    with listener:
        asyncio.run(_serve(settings, listener, ready))


async def _serve(settings: Settings, listener: socket.socket, ready: Callable[[str], None] | None) -> None:
    catalog = await open_catalog(settings)
    try:
        await auth.check(settings, catalog)
        app = create_app(settings, catalog)
        # What is there by now stays: it need not be looked through each time that garbage is collected.
        gc.collect()
        gc.freeze()

        def announce() -> None:
            address = address_of(settings.host, listener)
            log.info("serving", address=address, database=catalog.store.provider.name)
            if ready is not None:
                ready(address)

        await Server(config(app), announce).serve(sockets=[listener])
    finally:
        await catalog.close()
        log.info("stopped")


def config(app: ASGIApp) -> uvicorn.Config:
    """How uvicorn serves an application."""
    return uvicorn.Config(
        app,
        http=Protocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=30,
    )


def bind(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        SettingError: the address is in use or is not one of this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        # Only a socket that names its protocol gets TCP_NODELAY from asyncio; without it each answer waits 40 ms.
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
            listener.setblocking(False)
        except BaseException:
            listener.close()
            raise
    except OSError as error:
        raise SettingError(
            f"can't listen on {host} port {port}: {error.strerror}; set another STEMMA_PORT (0 takes a free one) or STEMMA_HOST"
        ) from None
    return listener


def address_of(host: str, listener: socket.socket) -> str:
    """The address under which a listening socket is reached."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}"
