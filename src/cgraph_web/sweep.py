"""The net under revocation: sockets whose session has ended are found even if no message said so."""

import asyncio
import logging
from uuid import UUID

from cgraph.accounts import list_live_ids
from cgraph_kit import clock
from cgraph_kit.channels import CloseCode
from cgraph_kit.channels.endpoint import Endpoint
from cgraph_kit.db import Repo
from cgraph_kit.errors import Unavailable

from .channels.keys import SESSION, session_key

log = logging.getLogger(__name__)

PAUSE = 60.0
"""Seconds between looks. A revocation usually takes effect at once; this is for when the bus was away."""
AT_ONCE = 1_000


async def sweep_for_ever(endpoint: Endpoint, db: Repo) -> None:
    """Look now and then, until cancelled."""
    while True:
        await asyncio.sleep(PAUSE)
        try:
            await sweep(endpoint, db)
        except Unavailable:
            log.warning("sessions of open sockets were not checked: the database is away")
        except Exception:
            log.exception("sessions of open sockets could not be checked")


async def sweep(endpoint: Endpoint, db: Repo) -> None:
    """Close this node's sockets whose session has been revoked or has expired."""
    ids = [UUID(key.removeprefix(SESSION)) for key in endpoint.names(SESSION)]
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        for ended in set(some) - await list_live_ids(db, some, clock.now()):
            endpoint.disconnect(session_key(ended), CloseCode.SESSION_REVOKED)
