"""Who may make a post of a thread and a thread of a post: every route, by the rights one has on either side.

The member may look on both sides, the manager manages threads but moderates nothing, the moderator moderates the forum but
manages nothing, and the host may do both. Cases that are refused share a scene; what was changed is used by no other.
"""

from typing import NamedTuple
from uuid import UUID

import pytest

from cgraph import conversions, forums, groups, messaging
from cgraph.application import App
from cgraph.groups import CHANNELS, NewThread
from cgraph.groups.permissions import Permission
from cgraph.messaging import NewMessage
from cgraph_web.action import Route
from cgraph_web.router import ROUTES
from support import communities
from support.forums import make_forum, make_post
from support.people import Person, register
from support.scenes import Cast, Scenes, changes

from .conftest import Answer, Caller

ROLES = ("nobody", "stranger", "member", "manager", "moderator", "host")
C = "/api/v1/conversions"


class Scene(NamedTuple):
    """The people and the things a request may name, and the tokens the host was shown."""

    people: dict[str, Person]
    channel_id: UUID
    thread_id: UUID
    forum_id: UUID
    post_id: UUID
    tokens: dict[str, str]


async def make_cast(app: App) -> Cast:
    return {name: await register(app) for name in ROLES[1:]}


async def make_scene(app: App, people: Cast) -> Scene:
    db = app.db
    host = people["host"].actor
    group_id = await communities.found(db, host)
    role = await communities.make_role(db, group_id, int(Permission.MANAGE_THREADS))
    for name in ("member", "moderator"):
        await communities.enter(db, group_id, people[name].actor)
    await communities.enter(db, group_id, people["manager"].actor, role_ids=[role])
    channel_id = await communities.first_channel(db, group_id)
    thread = await groups.create_thread(
        db, people["member"].actor, channel_id, NewThread("Winter bees")
    )
    new = NewMessage("What do they eat?")
    await messaging.send_message(db, people["member"].actor, thread.id, new, gate=CHANNELS)
    forum = await make_forum(db, host)
    await forums.add_moderator(db, host, forum.id, people["moderator"].id)
    post = await make_post(db, people["member"].actor, forum.id)
    tokens = {
        f"{C}/thread-to-post": await conversions.preview_post(db, host, thread.id, forum.id),
        f"{C}/post-to-thread": await conversions.preview_thread(db, host, post.id, channel_id),
    }
    shown = {path: seen.token for path, seen in tokens.items()}
    return Scene(people, channel_id, thread.id, forum.id, post.id, shown)


SCENES = Scenes(make_cast, make_scene)


class Row(NamedTuple):
    """What each role is answered."""

    nobody: int
    stranger: int
    member: int
    manager: int
    moderator: int
    host: int


TABLE = {
    f"POST {C}/thread-to-post/preview": Row(401, 404, 403, 403, 403, 200),
    f"POST {C}/thread-to-post": Row(401, 404, 403, 403, 403, 201),
    # A post of a public forum is there for everybody; what they lack is the right to touch it.
    f"POST {C}/post-to-thread/preview": Row(401, 403, 403, 403, 403, 200),
    f"POST {C}/post-to-thread": Row(401, 403, 403, 403, 403, 201),
}


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


OURS = [route for route in ROUTES if route.path.startswith(C)]


def body_of(route: Route, scene: Scene) -> dict[str, str]:
    if "thread-to-post" in route.path:
        body = {"thread_id": str(scene.thread_id), "forum": str(scene.forum_id)}
    else:
        body = {"post_id": str(scene.post_id), "channel_id": str(scene.channel_id)}
    token = scene.tokens.get(route.path)
    return body | ({"token": token} if token else {})


async def ask(site: Caller, route: Route, scene: Scene, role: str) -> Answer:
    token = None if role == "nobody" else scene.people[role].token
    return await site.as_(token).send(route.method, route.path, json=body_of(route, scene))


class TestRoutes:
    def test_all_have_a_row(self) -> None:
        assert {named(route) for route in OURS} == set(TABLE)

    @pytest.mark.parametrize("role", ROLES)
    @pytest.mark.parametrize("route", OURS, ids=named)
    async def test_answer_each_role(self, app: App, site: Caller, route: Route, role: str) -> None:
        expected = getattr(TABLE[named(route)], role)
        async with SCENES.lent(app, spoilt=changes(route, expected)) as scene:
            answer = await ask(site, route, scene, role)
            assert answer.status == expected, answer.body


class TestOldAddresses:
    @pytest.mark.parametrize("path", ["thread-to-post", "post-to-thread"])
    async def test_lead_to_what_it_is_now(self, app: App, site: Caller, path: str) -> None:
        scene = await make_scene(app, await make_cast(app))
        route = next(route for route in OURS if route.path == f"{C}/{path}")
        made = (await ask(site, route, scene, "host")).json["data"]
        there = f"/api/v1/{made['kind']}s/{made['id']}"
        old = (
            [f"threads/{scene.thread_id}", f"channels/{scene.thread_id}/messages"]
            if made["kind"] == "post"
            else [f"posts/{scene.post_id}"]
        )
        member = site.as_(scene.people["member"].token)
        stranger = member.as_(scene.people["stranger"].token)
        for address in old:
            answer = await member.get(f"/api/v1/{address}")
            assert (answer.status, answer.headers["location"]) == (301, there)
            assert answer.error["moved_to"] == {"kind": made["kind"], "id": made["id"]}
            assert (await member.get(there)).status == 200
            # Everybody may read a public forum, but only members the channel.
            expected = 301 if made["kind"] == "post" else 404
            assert (await stranger.get(f"/api/v1/{address}")).status == expected
