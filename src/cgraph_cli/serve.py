"""`cgraph serve`."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from cgraph import configuration
from cgraph.application import App
from cgraph.settings import Settings
from cgraph_kit import logging
from cgraph_web import server as web
from cgraph_web.plugs.rate_limit import check_overrides

from .node import running, started, where
from .output import Failure, complain, say
from .signals import finish_undisturbed, stopped_by_signals

BLOCK = """
  CGraph is listening on {address}

    API docs   {address}/api/docs
    realtime   {realtime}  (phoenix.js: new Socket("{realtime}"))
    data       {data}
    database   {database}
    mail       {mail}
    stop       Ctrl-C
"""


async def command(
    *,
    port: Annotated[int | None, Parameter(alias="-p")] = None,
    host: str | None = None,
    data_dir: Path | None = None,
) -> None:
    """Serve HTTP and realtime on one port until told to stop.

    Starts the embedded PostgreSQL unless DATABASE_URL is set, and brings the database up to date. Ctrl-C or SIGTERM
    lets clients go, finishes what is running and stops everything; being killed loses nothing.

    For example:

    - `cgraph serve`
    - `cgraph serve --port 5000 --data-dir /var/lib/cgraph`
    - `DATABASE_URL=postgresql://… VALKEY_URL=redis://… cgraph serve --host 0.0.0.0`

    Parameters
    ----------
    port
        Port of HTTP and WebSocket, instead of PORT; 0 takes a free one.
    host
        Address to listen on, instead of CGRAPH_HOST.
    data_dir
        Where everything is kept, instead of CGRAPH_DATA_DIR.
    """
    given: dict[str, Any] = {"port": port, "host": host, "data_dir": data_dir}
    settings = configuration.read(
        **{name: value for name, value in given.items() if value is not None}
    )
    check_overrides(settings)
    logging.configure(settings.log_level, settings.log_format)
    with _port(settings) as listener:
        async with started(settings, report=complain) as app:
            block = await _block(app)
            stopping = asyncio.Event()
            with stopped_by_signals(stopping):
                async with web.running(app, listener) as listening:
                    say(block(listening))
                    await stopping.wait()
            finish_undisturbed()


def _port(settings: Settings) -> socket.socket:
    """Before anything is started: that it is taken is known at once, and starting takes a while."""
    try:
        return web.bound(settings.host, settings.port)
    except web.PortTaken as error:
        if settings.database_url is None and running(settings):
            raise Failure(f"cgraph: {settings.data_dir} is being served already; {error}") from None
        raise Failure(f"cgraph: {error}: stop what listens there, or give --port") from None


async def _block(app: App) -> Callable[[web.Listening], str]:
    """What is printed once the address is known."""
    version = await app.db.value("SELECT current_setting('server_version')")
    url = app.settings.database_url
    database = f"PostgreSQL {version}, {where(url) if url else 'embedded'}"

    def block(listening: web.Listening) -> str:
        return BLOCK.format(
            address=listening.address,
            realtime=listening.address.replace("http", "ws", 1) + web.SOCKET,
            data=app.settings.data_dir.absolute(),
            database=database,
            mail=_mail(app.settings, listening.address),
        )

    return block


def _mail(settings: Settings, address: str) -> str:
    """Where mail goes."""
    if settings.smtp_url:
        return "sent by SMTP"
    return f"{address}/dev/mailbox" if settings.has_mailbox else f"written to {settings.mail_dir}"
