"""What the HTTP figures are compared with: two Starlette handlers on raw asyncpg with the same SQL and the same JSON."""

import base64
import gc
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cgraph.accounts import Actor, Person
from cgraph.messaging import MessagePayload, NewMessage, reading, saying
from cgraph.messaging.message_row import MessageRow
from cgraph_kit import streams
from cgraph_kit.db import prepare_connection
from cgraph_kit.ids import new_id

ACTORS: dict[str, Actor] = {}
"""A bearer token to whom it stands for, filled by the first use: the verified-token cache every server would have."""

encode = msgspec.json.encode
new_message = msgspec.json.Decoder(NewMessage).decode


async def actor_of(request: Request) -> Actor:
    """Who asks."""
    token = request.headers["authorization"].removeprefix("Bearer ")
    actor = ACTORS.get(token)
    if actor is None:
        payload = token.split(".")[1]
        claims = msgspec.json.decode(_unpadded(payload))
        row = await request.app.state.pool.fetchrow(
            "SELECT id, id, username, display_name, avatar_url, user_id FROM users WHERE id = $1",
            UUID(claims["sub"]),
        )
        actor = ACTORS[token] = Actor(*row)
    return actor


def _unpadded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


async def page(request: Request) -> Response:
    """The latest 50 messages."""
    actor = await actor_of(request)
    conversation_id = UUID(request.path_params["id"])
    limit = int(request.query_params.get("limit", 50))
    pool: Any = request.app.state.pool
    rows = await pool.fetch(reading._OPEN.latest, conversation_id, actor.id, limit + 1)  # noqa: SLF001
    messages = [MessageRow(*row).message() for row in rows[-limit:]]
    return Response(encode({"data": messages, "page": {}}), media_type="application/json")


async def say(request: Request) -> Response:
    """One message, as one statement."""
    actor = await actor_of(request)
    conversation_id = UUID(request.path_params["id"])
    new = new_message(await request.body())
    at = datetime.now(UTC)
    payload = MessagePayload(
        new_id(),
        conversation_id,
        "text",
        new.content,
        actor.id,
        Person(actor.id, actor.user_id, actor.username, actor.display_name, actor.avatar_url),
        None,
        (),
        None,
        at,
    )
    body = encode(payload)
    pool: Any = request.app.state.pool
    draft = saying.Draft(
        conversation_id,
        actor.id,
        payload.id,
        new.content,
        at,
        None,
        body.decode(),
        None,
        None,
        (),
    )
    sql, args = saying._statement([draft])  # noqa: SLF001
    row = await pool.fetchrow(sql, *args)
    answer = b'{"data":%b}' % streams.splice(body, row[1])
    return Response(answer, status_code=201, media_type="application/json")


async def _no_reset(_connection: Any) -> None:
    return None


def create(dsn: str) -> Starlette:
    """The application; its pool opens with the server."""
    path = "/api/v1/conversations/{id}/messages"
    app = Starlette(
        routes=[
            Route(path, page, methods=["GET"]),
            Route(path, say, methods=["POST"]),
        ]
    )
    app.state.dsn = dsn
    return app


async def main(dsn: str, port: int) -> None:
    """Serve until told to stop."""
    app = create(dsn)
    app.state.pool = await asyncpg.create_pool(
        dsn,
        min_size=2,
        max_size=10,
        init=prepare_connection,
        reset=_no_reset,
        server_settings={"plan_cache_mode": "force_generic_plan"},
    )
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, access_log=False, log_level="warning", lifespan="off"
    )
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
