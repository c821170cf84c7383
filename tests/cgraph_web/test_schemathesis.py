"""Every operation of the OpenAPI document, fed what it promises to take and what it promises to refuse.

The same examples on every run. The application lives on the tests' event loop; Hypothesis, which does not know loops, runs
in a thread and sends its requests across.
"""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.python.asgi import get_client
from schemathesis.specs.openapi.checks import positive_data_acceptance

from cgraph import forums, groups
from cgraph.accounts import grant_admin
from cgraph.application import App
from cgraph_web.app import create_app
from cgraph_web.binding import PARAMETER, bind
from cgraph_web.openapi import document
from cgraph_web.router import ROUTES
from support.channels import say as say_in_channel
from support.communities import enter, first_channel, found, make_role
from support.devices import subscribe
from support.forums import make_forum, make_post
from support.people import converse, register, say
from support.scenes import Cast, Scenes

from .conftest import call

EXAMPLES = 10
FEW = 2
"""Where the answer is 401 whatever is sent."""
SECONDS = 60
"""For one operation, and only because a bug could hang."""

UNCHECKED = [positive_data_acceptance]
"""What fits the schema may still break a rule no schema can state (a cursor of another list, a name that is taken)."""


def cases() -> Iterator[Any]:
    """Each operation with good input, and with bad input where it takes any."""
    for route in ROUTES:
        if route.action.hidden:
            continue
        yield pytest.param(route, GenerationMode.POSITIVE, id=f"{route.action.name}-positive")
        binding = bind(route)
        if binding.path or binding.query or binding.body:
            yield pytest.param(route, GenerationMode.NEGATIVE, id=f"{route.action.name}-negative")


class Bridge:
    """An ASGI application on another loop that passes each request on to ours."""

    def __init__(self, asgi: Any) -> None:
        self._asgi = asgi
        self._loop = asyncio.get_running_loop()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        if scope["type"] == "lifespan":
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        answering = asyncio.run_coroutine_threadsafe(
            call(self._asgi, scope, [message.get("body", b"")]), self._loop
        )
        answer = await asyncio.wrap_future(answering)
        headers = [
            (name.encode(), value.encode("latin-1")) for name, value in answer.headers.items()
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})


@pytest.fixture(scope="module")
def asgi(app: App) -> Any:
    return create_app(app)


@pytest.fixture(scope="module")
async def schema(asgi: Any) -> Any:
    found = schemathesis.openapi.from_dict(msgspec.json.decode(document(ROUTES)))
    found.app = Bridge(asgi)
    return found


# Making up requests is most of the work, and half as fast while lines are counted; each of them has a test of its own.
@pytest.mark.no_cover
# Hypothesis takes every use of the global `random` for a strategy's own, and the application, which writes mail (a random
# Message-ID) meanwhile, shares the process with it.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@pytest.mark.parametrize("caller", ["nobody", "somebody"])
@pytest.mark.parametrize(("route", "mode"), list(cases()))
async def test_answers_as_documented(
    app: App, schema: Any, route: Any, caller: str, mode: GenerationMode
) -> None:
    operation = schema[route.path][route.method]
    async with AsyncExitStack() as stack:
        headers: dict[str, str] = {}
        places: dict[str, str] = {}
        examples = EXAMPLES if route.action.public else FEW
        if caller == "somebody":
            scenes = ADMIN if route.action.admin else SOMEBODY
            lent = scenes.lent(app, spoilt=route.method != "GET")
            token, places = await stack.enter_async_context(lent)
            headers["Authorization"] = f"Bearer {token}"
            examples = EXAMPLES
        await stack.enter_async_context(asyncio.timeout(SECONDS))
        await asyncio.to_thread(_explore, operation, mode, headers, places, examples)


async def _cast(app: App) -> Cast:
    return {name: await register(app) for name in ("somebody", "friend", "third")}


async def _admin_cast(app: App) -> Cast:
    cast = await _cast(app)
    await grant_admin(app.db, cast["somebody"].actor.username)
    return cast


async def _make_scene(app: App, cast: Cast) -> tuple[str, dict[str, str]]:
    """A token, and the ids of what its person has: most of what goes wrong does so past a 404."""
    person, third = cast["somebody"], cast["third"]
    conversation = await converse(app, person, cast["friend"], third)
    message = await say(app, person, conversation, "hello")
    group = await found(app.db, person.actor)
    await enter(app.db, group, third.actor)
    role = await make_role(app.db, group)
    forum = await make_forum(app.db, person.actor)
    post = await make_post(app.db, third.actor, forum.id)
    comment = await forums.create_comment(app.db, third.actor, post.id, forums.NewComment("hello"))
    channel = await first_channel(app.db, group)
    said = await say_in_channel(app.db, person.actor, channel)
    thread = await groups.create_thread(app.db, person.actor, channel, groups.NewThread("plans"))
    return person.token, {
        "group_id": str(group),
        "channel_id": str(channel),
        "channel_message_id": str(said.id),
        "thread_id": str(thread.id),
        "role_id": str(role),
        "forum": str(forum.id),
        "post_id": str(post.id),
        "comment_id": str(comment.id),
        "target_id": str(role),
        "conversation_id": str(conversation),
        "message_id": str(message.id),
        "session_id": str(person.actor.session_id),
        "device_id": str((await subscribe(app, person)).id),
        "user_id": str(third.id),
        "scope": "conversation",
        "scope_id": str(conversation),
    }


SOMEBODY = Scenes(_cast, _make_scene)
ADMIN = Scenes(_admin_cast, _make_scene)


def _explore(
    operation: Any,
    mode: GenerationMode,
    headers: dict[str, str],
    places: dict[str, str],
    examples: int,
) -> None:
    named = {name: places[name] for name in PARAMETER.findall(operation.path) if name in places}
    if {"channel_id", "message_id"} <= named.keys():
        named["message_id"] = places["channel_message_id"]
    if mode is GenerationMode.NEGATIVE and not operation.query and not operation.body:
        named = {}  # there is nothing else to get wrong

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, path_parameters=named or None))
    def explore(case: Case) -> None:
        case.call_and_validate(session=client, headers=headers, excluded_checks=UNCHECKED)

    with get_client(
        operation.app
    ) as client:  # one for all examples: each starts a loop and a thread
        explore()
