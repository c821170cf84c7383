"""Who may do what in forums: every route and every channel event, as each of the nine a forum knows.

Nobody has no token; strangers have never been here; subscribers have subscribed, and so has the author, who has written a
post. The banned one may only read. The moderator stands below the senior, and both below the creator, whose forum it is;
the administrator is the site's, and nobody in this forum. A third subscriber, `other`, is whom the others act on.

A route or event without a row here fails: a new one needs no more than its line in `TABLE`, and in `path_of` what its path
names. Cases that are refused or only look share a scene; what was changed is used by no other (`Scenes`). In a private forum whoever is let in may what
they may in a public one; to everybody else there is none.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from cgraph import accounts, forums
from cgraph.application import App
from cgraph.forums import NewComment, NewPoll
from cgraph_kit.channels.testing import JoinRefused, connect
from cgraph_web.action import Route
from cgraph_web.realtime import realtime
from cgraph_web.router import ROUTES
from cgraph_web.socket import UserSocket
from support.forums import ban, make_forum, make_post, slug, subscribe
from support.people import PASSWORD, Person, register
from support.scenes import Cast, Scenes, changes

from .conftest import Answer, Caller

ROLES = (
    *("nobody", "stranger", "subscriber", "banned", "author"),
    *("moderator", "senior", "creator", "administrator"),
)
A = "/api/v1"
PREFIXES = (
    *(f"{A}/forums", f"{A}/posts", f"{A}/comments"),
    *(f"{A}/me/drafts", f"{A}/me/saved-posts", f"{A}/me/hidden-posts", f"{A}/me/muted-words"),
)
"""Where forums are in the API. What lies there has its row here, and not in `test_authorisation`."""


class Scene(NamedTuple):
    """The people and the things a request may name."""

    people: dict[str, Person]
    forum_id: UUID
    post_id: UUID
    """The author's: a poll."""
    comment_id: UUID
    """The author's, on that."""
    into_id: UUID
    """Another post of the author's."""
    elsewhere_id: UUID
    """A forum of somebody else's, in which everybody may post."""
    act_id: UUID
    """A moderator has pinned the post."""

    @property
    def user_id(self) -> UUID:
        """A subscriber: on them the others act."""
        return self.people["other"].id

    @property
    def moderator_ids(self) -> list[str]:
        """All but the creator, the other way round."""
        return [str(self.people[name].id) for name in ("moderator", "senior")]


async def make_cast(app: App) -> Cast:
    people = {name: await register(app) for name in (*ROLES[1:], "other")}
    await accounts.grant_admin(app.db, people["administrator"].actor.username)
    return people


async def make_scene(app: App, people: Cast, *, private: bool = False) -> Scene:
    forum = await make_forum(app.db, people["creator"].actor)
    for name in ("subscriber", "author", "other"):
        await subscribe(app.db, people[name].actor, forum.id)
    for name in ("senior", "moderator"):
        await forums.add_moderator(app.db, people["creator"].actor, forum.id, people[name].id)
    await ban(app.db, forum.id, people["banned"].id)
    poll = NewPoll(["yes", "no"])
    author = people["author"].actor
    post = await make_post(app.db, author, forum.id, poll=poll)
    if private:
        change = forums.ForumChange(visibility="private")
        await forums.update_forum(app.db, people["creator"].actor, forum.id, change)
    said = await forums.create_comment(app.db, author, post.id, NewComment("I keep bees"))
    into = await make_post(app.db, author, forum.id)
    elsewhere = await make_forum(app.db, people["other"].actor)
    act = await forums.pin_post(app.db, people["moderator"].actor, post.id)
    return Scene(people, forum.id, post.id, said.id, into.id, elsewhere.id, act.id)


PUBLIC = Scenes(make_cast, make_scene, plays=25)
PRIVATE = Scenes(make_cast, partial(make_scene, private=True), plays=25)


Body = dict[str, Any] | Callable[[Scene], dict[str, Any]] | None


class Row(NamedTuple):
    """What each role is answered; `body` is sent as JSON, `query` behind the path."""

    nobody: int
    stranger: int
    subscriber: int
    banned: int
    author: int
    moderator: int
    senior: int
    creator: int
    administrator: int
    body: Body = None
    query: str = ""


def anybody(status: int, body: Body = None, query: str = "") -> Row:
    """Everybody may, without a token too."""
    return Row(*[status] * 9, body, query)


def own(status: int, body: Body = None, query: str = "") -> Row:
    """Everybody who is signed in may: it concerns only themselves, or whoever may read may do it."""
    return Row(401, *[status] * 8, body, query)


def writing(status: int, body: Body = None, query: str = "") -> Row:
    """Everybody who may read may, but for the banned."""
    return Row(401, status, status, 403, *[status] * 5, body, query)


def authored(status: int, body: Body = None) -> Row:
    """Its author alone may."""
    return Row(401, 403, 403, 403, status, 403, 403, 403, 403, body)


def moderating(status: int, body: Body = None, query: str = "", *, moderator: int = 0) -> Row:
    """Moderators may; `moderator`: if that is not so for the last of them."""
    return Row(
        401, 403, 403, 403, 403, moderator or status, status, status, status, body, query
    )  # fmt: skip


def creating(status: int, body: Body = None) -> Row:
    """The creator may, and the site's administrators."""
    return Row(401, 403, 403, 403, 403, 403, 403, status, status, body)


F = A + "/forums/{forum}"
P = A + "/posts/{post_id}"
C = A + "/comments/{comment_id}"

TABLE: dict[str, Row] = {
    # -- forums
    f"GET {A}/forums": anybody(200, query="?scope=subscribed"),
    f"POST {A}/forums": own(201, lambda _scene: {"slug": slug(), "title": "Bees"}),
    f"GET {F}": anybody(200),
    f"PATCH {F}": moderating(200, {"title": "Wasps"}),
    f"PUT {F}/icon": moderating(404, {"file_id": str(UUID(int=1))}),
    f"DELETE {F}/icon": moderating(204),
    f"POST {F}/delete": creating(204, {"password": PASSWORD}),
    f"POST {F}/transfer": creating(
        200,
        lambda scene: {
            "user_id": str(scene.people["senior"].id),
            "password": PASSWORD,
        },
    ),
    f"GET {F}/children": anybody(200),
    # -- people
    f"GET {F}/moderators": anybody(200),
    f"PUT {F}/moderators": Row(
        *(401, 403, 403, 403, 403, 403, 403, 200, 200),
        lambda scene: {"user_ids": scene.moderator_ids},
    ),
    f"PUT {F}/moderators/{{user_id}}": moderating(200),
    f"DELETE {F}/moderators/{{user_id}}": moderating(404),
    f"PUT {F}/subscription": own(200, {"level": "tracking"})._replace(banned=403),
    f"DELETE {F}/subscription": own(204),
    f"GET {F}/subscribers": moderating(200, query="?state=pending"),
    f"PUT {F}/subscribers/{{user_id}}": moderating(200),
    f"DELETE {F}/subscribers/{{user_id}}": moderating(204),
    # -- posts
    f"GET {A}/posts": anybody(200, query="?scope=subscribed&sort=new"),
    f"GET {F}/posts": anybody(200),
    f"POST {F}/posts": writing(201, {"title": "Honey"}),
    f"GET {P}": anybody(200),
    f"PATCH {P}": authored(200, {"title": "Wax"}),
    f"DELETE {P}": authored(204),
    f"GET {P}/revisions": anybody(200),
    f"GET {P}/revisions/{{revision}}": anybody(200),
    f"GET {P}/crossposts": anybody(200),
    f"GET {F}/feed/{{format}}": anybody(200),
    f"GET {P}/feed/{{format}}": anybody(200),
    f"PUT {P}/poll/vote": writing(200, {"answers": [1]}),
    # -- comments and votes
    f"GET {P}/comments": anybody(200),
    f"POST {P}/comments": writing(201, {"content": "So do I"}),
    f"GET {C}": anybody(200),
    f"PATCH {C}": authored(200, {"content": "I kept bees"}),
    f"DELETE {C}": authored(204),
    f"GET {C}/revisions": anybody(200),
    f"PUT {P}/vote": writing(200, {"value": 1}),
    f"GET {P}/votes": moderating(200),
    f"PUT {C}/vote": writing(200, {"value": 1}),
    f"GET {C}/votes": moderating(200),
    f"GET {F}/vote-signals": moderating(200),
    # -- moderation
    f"GET {F}/log": anybody(200, query="?action=post_pinned"),
    f"POST {F}/log/{{act_id}}/undo": moderating(200, {}),
    f"GET {F}/bans": moderating(200),
    f"PUT {F}/bans/{{user_id}}": moderating(200, {"reason": "rude"}),
    f"DELETE {F}/bans/{{user_id}}": moderating(404),
    f"POST {P}/remove": moderating(200, {"reason": "spam"}),
    f"POST {P}/restore": moderating(409, {}),
    f"POST {P}/lock": moderating(200, {}),
    f"POST {P}/unlock": moderating(409, {}),
    f"POST {P}/archive": moderating(200, {}),
    f"POST {P}/unarchive": moderating(409, {}),
    f"POST {P}/pin": moderating(200, {"until": "2099-12-31T12:00:00Z"}),
    f"POST {P}/unpin": moderating(200, {}),
    f"POST {P}/distinguish": moderating(404, {}),
    f"POST {P}/undistinguish": moderating(404, {}),
    f"POST {P}/move": moderating(200, lambda scene: {"forum": str(scene.elsewhere_id)}),
    f"POST {P}/merge": moderating(200, lambda scene: {"into_id": str(scene.into_id)}),
    f"POST {C}/remove": moderating(200, {}),
    f"POST {C}/restore": moderating(409, {}),
    f"POST {C}/lock": moderating(200, {}),
    f"POST {C}/unlock": moderating(409, {}),
    f"POST {C}/distinguish": moderating(404, {}),
    f"POST {C}/undistinguish": moderating(404, {}),
    f"POST {C}/split": moderating(200, {"title": "Of its own"}),
    # -- for oneself
    f"PUT {P}/saved": own(200),
    f"DELETE {P}/saved": own(200),
    f"PUT {P}/hidden": own(200),
    f"DELETE {P}/hidden": own(200),
    f"PUT {P}/follow": own(200),
    f"DELETE {P}/follow": own(200),
    f"POST {P}/read": own(200, {}),
    f"GET {A}/me/saved-posts": own(200),
    f"GET {A}/me/hidden-posts": own(200),
    f"GET {A}/me/muted-words": own(200),
    f"PUT {A}/me/muted-words": own(200, {"words": ["wasps"]}),
    f"GET {A}/me/drafts": own(200),
    f"GET {A}/me/drafts/{{key}}": own(404),
    f"PUT {A}/me/drafts/{{key}}": own(200, {"content": {"title": "Ho"}}),
    f"DELETE {A}/me/drafts/{{key}}": own(204),
}
"""By method and path."""

ASKING = f"PUT {F}/subscription"
"""The one door of a private forum: whoever knows its name may ask to be let in."""
OUTSIDE = ("nobody", "stranger", "banned")


def path_of(route: Route, scene: Scene) -> str:
    return route.path.format(
        forum=scene.forum_id,
        post_id=scene.post_id,
        comment_id=scene.comment_id,
        act_id=scene.act_id,
        user_id=scene.user_id,
        revision=1,
        key="post:bees",
        format="atom",
    )


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


OURS = [route for route in ROUTES if route.path.startswith(PREFIXES)]
KNOWN = [route for route in OURS if named(route) in TABLE]
INSIDE = [route for route in KNOWN if "{forum}" in route.path or "_id}" in route.path]


async def ask(site: Caller, route: Route, scene: Scene, role: str) -> Answer:
    row = TABLE[named(route)]
    token = None if role == "nobody" else scene.people[role].token
    body = row.body(scene) if callable(row.body) else row.body
    path = path_of(route, scene) + row.query
    return await site.as_(token).send(route.method, path, json=body)


class TestRoutes:
    def test_all_have_a_row(self) -> None:
        assert {named(route) for route in OURS} == set(TABLE)

    @pytest.mark.parametrize("role", ROLES)
    @pytest.mark.parametrize("route", KNOWN, ids=named)
    async def test_answer_each_role(self, app: App, site: Caller, route: Route, role: str) -> None:
        expected = getattr(TABLE[named(route)], role)
        spoilt, retired = changes(route, expected), route not in INSIDE
        async with PUBLIC.lent(app, spoilt=spoilt, retired=retired) as scene:
            answer = await ask(site, route, scene, role)
            assert answer.status == expected, answer.body

    @pytest.mark.parametrize("route", INSIDE, ids=named)
    async def test_of_private_forums_are_for_those_inside(
        self, app: App, site: Caller, route: Route
    ) -> None:
        expected = TABLE[named(route)].subscriber
        async with PRIVATE.lent(app, spoilt=changes(route, expected)) as scene:
            answer = await ask(site, route, scene, "subscriber")
            assert answer.status == expected, answer.body

    @pytest.mark.parametrize("role", OUTSIDE)
    @pytest.mark.parametrize("route", INSIDE, ids=named)
    async def test_of_private_forums_tell_others_nothing(
        self, app: App, site: Caller, route: Route, role: str
    ) -> None:
        """The answer for what is there is, but for the request id, that for what is not."""
        if named(route) == ASKING and role == "stranger":
            return
        async with PRIVATE.lent(app, spoilt=False) as scene:
            there = await ask(site, route, scene, role)
            nowhere = scene._replace(
                forum_id=scene.user_id, post_id=scene.user_id, comment_id=scene.user_id
            )
            first, second = (
                {**answer.error, "request_id": None}
                for answer in (there, await ask(site, route, nowhere, role))
            )
            assert first == second
            assert there.status in ({401, 404} if role == "nobody" else {404})

    async def test_private_forums_tell_who_asks_nothing_but_that(
        self, app: App, site: Caller
    ) -> None:
        route = next(route for route in OURS if named(route) == ASKING)
        async with PRIVATE.lent(app, spoilt=True) as scene:
            answer = await ask(site, route, scene, "stranger")
            assert answer.json == {"data": {"state": "pending", "level": "tracking"}}


TOPICS = ("forum:*", "post:*")
"""Where forums are in the socket. Clients say nothing there but that they join and leave."""
LISTENERS = [role for role in ROLES if role != "nobody"]


class TestEvents:
    def test_there_are_none_of_clients(self) -> None:
        ours = {one.topic: one.handlers for one in UserSocket.channels if one.topic in TOPICS}
        assert sorted(ours) == sorted(TOPICS)
        assert not any(ours.values())

    @pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
    @pytest.mark.parametrize("role", LISTENERS)
    async def test_are_heard_by_whoever_may_read(self, app: App, role: str, private: bool) -> None:
        async with (
            (PRIVATE if private else PUBLIC).lent(app, spoilt=False) as scene,
            realtime(app) as endpoint,
        ):
            socket = await connect(endpoint, {"token": scene.people[role].token})
            for topic in (f"forum:{scene.forum_id}", f"post:{scene.post_id}"):
                if private and role in OUTSIDE:
                    with pytest.raises(JoinRefused) as refused:
                        await socket.join(topic)
                    assert refused.value.response["reason"] == "unauthorized"
                else:
                    await socket.join(topic)
