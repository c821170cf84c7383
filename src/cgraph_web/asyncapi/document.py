"""The whole document."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from cgraph_kit.channels import Channel
from cgraph_web.openapi.schemas import Schemas
from cgraph_web.response import encode

from .messages import Messages, kinds
from .operations import Topic

DESCRIPTION = """\
What happens, as it happens: the channels of a community platform, over the Phoenix channel protocol. Any Phoenix client \
will do; how to write one is in the guide `docs/guides/channels.md`.

- A frame is a JSON array, `[join_ref, ref, topic, event, payload]`. The messages below are named by `event` and describe \
`payload`; `topic` is the channel's address.
- A client joins a topic by `phx_join` and leaves it by `phx_leave`. Each push with a `ref` is answered by `phx_reply`, \
whose payload is `{"status": "ok" | "error", "response": …}`; the replies below describe `response`.
- Pushes with `x-durable` carry `seq`, their number in the topic: 1, 2, 3 … without holes. Whoever joins with \
`{"since": n}` is first told all that came after n.
- `phx_error` ends a channel that the client joins again by itself, `phx_close` one that it does not.
- What clients say is limited by scope (`x-rate-limit-scope`), together with what they ask over REST.
- Ids are strings, times ISO 8601 in UTC. New events and new fields will come: ignore those you do not know.
"""
SERVER = {
    "host": "{host}",
    "pathname": "/socket/websocket",
    "protocol": "wss",
    "description": "Versions 1.0.0 and 2.0.0 of the protocol (`?vsn=`); `/socket/longpoll` speaks it by HTTP. "
    "Without TLS, in development, it is `ws`.",
    "variables": {"host": {"default": "localhost:4000", "description": "Where CGraph is."}},
    "security": [
        {"$ref": "#/components/securitySchemes/authToken"},
        {"$ref": "#/components/securitySchemes/token"},
    ],
}
SECURITY = {
    "authToken": {
        "type": "httpApiKey",
        "in": "header",
        "name": "Sec-WebSocket-Protocol",
        "description": "`phoenix, base64url.bearer.phx.<access token in base64url>`: what phoenix.js 1.8 does with `authToken`.",
    },
    "token": {
        "type": "httpApiKey",
        "in": "query",
        "name": "token",
        "description": "The access token as a parameter: `params: {token}` of every other client.",
    },
}
BEAT = "phoenix.heartbeat"
PHOENIX: dict[str, Any] = {
    "address": "phoenix",
    "title": "phoenix",
    "summary": "The connection itself",
    "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in (BEAT, f"{BEAT}.ok")},
}
HEARTBEAT: dict[str, Any] = {
    "action": "receive",
    "channel": {"$ref": "#/channels/phoenix"},
    "summary": "Still here: a socket that says nothing for a minute is closed",
    "messages": [{"$ref": f"#/channels/phoenix/messages/{BEAT}"}],
    "reply": {
        "channel": {"$ref": "#/channels/phoenix"},
        "messages": [{"$ref": f"#/channels/phoenix/messages/{BEAT}.ok"}],
    },
}
_EMPTY = {"type": "object", "maxProperties": 0}
HEARTBEAT_MESSAGES = {
    BEAT: {"name": "heartbeat", "title": "heartbeat", "summary": "Still here", "payload": _EMPTY},
    f"{BEAT}.ok": {
        "name": "phx_reply",
        "title": "phx_reply",
        "summary": "So is the server",
        "payload": _EMPTY,
    },
}


def document(channels: Sequence[type[Channel]]) -> bytes:
    """The AsyncAPI document of these channels, as JSON."""
    schemas = Schemas(kinds(channels))
    messages = Messages(schemas)
    topics = [Topic(channel, messages) for channel in channels]
    return encode(
        {
            "asyncapi": "3.1.0",
            "info": {
                "title": "CGraph channels",
                "version": version("cgraph"),
                "description": DESCRIPTION,
            },
            "defaultContentType": "application/json",
            "servers": {"socket": SERVER},
            "channels": {"phoenix": PHOENIX} | {topic.name: topic.described for topic in topics},
            "operations": {BEAT: HEARTBEAT}
            | {name: found for topic in topics for name, found in topic.operations.items()},
            "components": {
                "schemas": schemas.components,
                "messages": HEARTBEAT_MESSAGES | messages.components,
                "securitySchemes": SECURITY,
            },
        }
    )
