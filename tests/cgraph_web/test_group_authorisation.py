"""Who may do what in groups: every route and every channel event, as each of the nine a group knows.

Nobody has no token; strangers are in no group of anybody here; members have @everyone alone. The timed-out one is a
member for whom only looking is left, the banned one was shown out for good. The holder has a role that allows what
concerns many a little (`HOLDING`), the moderator one that manages people and what they say (`MODERATING`), the
administrator ADMINISTRATOR; the owner owns it. A third member, `other`, has no role: on them the others act.

A route or event without a row here fails: a new one needs no more than its line in `TABLE` or `EVENTS`, and in `path_of`
what its path names. Cases that are refused or only look share a scene; what was changed is used by no other (`Scenes`).
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from cgraph import groups
from cgraph.application import App
from cgraph.groups import Permission
from cgraph_kit import clock
from cgraph_kit.channels.testing import JoinRefused, connect
from cgraph_web.action import Route
from cgraph_web.realtime import realtime
from cgraph_web.router import ROUTES
from cgraph_web.socket import UserSocket
from support.channels import say
from support.communities import enter, first_channel, found, make_role, overwrite
from support.people import PASSWORD, Person, register
from support.scenes import Cast, Scenes, changes

from .conftest import Answer, Caller

ROLES = (
    *("nobody", "stranger", "member", "timed_out", "banned"),
    *("holder", "moderator", "administrator", "owner"),
)
PREFIXES = ("/api/v1/groups", "/api/v1/channels", "/api/v1/threads", "/api/v1/invites")
"""Where groups are in the API. What lies there has its row here, and not in `test_authorisation`."""
TOPICS = ("group:*", "channel:*", "thread:*")

P = Permission
HOLDING = P.MENTION_EVERYONE | P.CREATE_INVITE | P.MANAGE_THREADS | P.BYPASS_SLOWMODE
MODERATING = (
    P.KICK_MEMBERS
    | P.BAN_MEMBERS
    | P.VIEW_AUDIT_LOG
    | P.MANAGE_MESSAGES
    | P.PIN_MESSAGES
    | P.MANAGE_NICKNAMES
    | P.MODERATE_MEMBERS
    | P.MANAGE_THREADS
)


class Scene(NamedTuple):
    """The people and the things a request may name."""

    people: dict[str, Person]
    group_id: UUID
    channel_id: UUID
    """Its first channel, in the category, with an overwrite for the lowest role."""
    category_id: UUID
    role_id: UUID
    """The lowest role, which nobody has."""
    code: str
    """An invite of the owner's."""
    message_id: UUID
    """Said in the channel by `other`."""
    thread_id: UUID
    """In the channel, begun by `other`."""
    reply_id: UUID
    """Said in the thread by `other`."""

    @property
    def exile_id(self) -> UUID:
        """Somebody who is banned, and nobody else here."""
        return self.people["exile"].id

    @property
    def user_id(self) -> UUID:
        """A member without a role: on them the others act."""
        return self.people["other"].id


async def make_cast(app: App) -> Cast:
    return {name: await register(app) for name in (*ROLES[1:], "other", "exile")}


async def make_scene(app: App, people: Cast) -> Scene:
    group_id = await found(app.db, people["owner"].actor)
    low = await make_role(app.db, group_id, name="low")
    for name, bits in (
        *(("member", None), ("timed_out", None), ("other", None)),
        *(("holder", HOLDING), ("moderator", MODERATING), ("administrator", P.ADMINISTRATOR)),
    ):
        roles = [] if bits is None else [await make_role(app.db, group_id, int(bits), name=name)]
        await enter(app.db, group_id, people[name].actor, role_ids=roles)
    until = clock.now() + timedelta(days=1)
    await app.db.value(_TIME_OUT, group_id, people["timed_out"].id, until)
    for name in ("banned", "exile"):
        await app.db.value(_BAN, group_id, people[name].id, people["owner"].id)
    channel_id = await first_channel(app.db, group_id)
    category_id: UUID = await app.db.value(_CATEGORY, group_id)
    sql = "UPDATE group_channels SET category_id = $2 WHERE id = $1"
    await app.db.value(sql, channel_id, category_id)
    await overwrite(app.db, channel_id, low, deny=int(P.ADD_REACTIONS))
    made = await groups.create_invite(app.db, people["owner"].actor, group_id, groups.NewInvite())
    other = people["other"].actor
    sent = await say(app.db, other, channel_id)
    thread = await groups.create_thread(app.db, other, channel_id, groups.NewThread("compost"))
    reply = await say(app.db, other, thread.id)
    return Scene(
        people,
        group_id,
        channel_id,
        category_id,
        low,
        made.invite.code,
        sent.id,
        thread.id,
        reply.id,
    )


SCENES = Scenes(make_cast, make_scene, plays=25)

_TIME_OUT = "UPDATE group_members SET timed_out_until = $3 WHERE group_id = $1 AND user_id = $2"
_BAN = "INSERT INTO group_bans (group_id, user_id, banned_by) VALUES ($1, $2, $3)"
_CATEGORY = """
INSERT INTO group_channels (id, group_id, kind, name) VALUES (gen_random_uuid(), $1, 'category', 'category') RETURNING id
"""

Body = dict[str, Any] | Callable[[Scene], dict[str, Any]] | None


class Row(NamedTuple):
    """What each role is answered; `body` is sent as JSON, `query` behind the path."""

    nobody: int
    stranger: int
    member: int
    timed_out: int
    banned: int
    holder: int
    moderator: int
    administrator: int
    owner: int
    body: Body = None
    query: str = ""


def own(status: int, body: Body = None, query: str = "") -> Row:
    """Everybody who is signed in may: it concerns only themselves."""
    return Row(401, *[status] * 8, body, query)


def inside(status: int, body: Body = None, query: str = "", *, timed_out: int | None = None) -> Row:
    """Members may; to everybody else there is no such thing. `timed_out`: if that is not so for those."""
    silenced = status if timed_out is None else timed_out
    return Row(401, 404, status, silenced, 404, *[status] * 4, body, query)


def ranked(
    status: int,
    body: Body = None,
    query: str = "",
    *,
    holder: int = 403,
    moderator: int = 403,
    administrator: int | None = None,
) -> Row:
    """Not all members may: plain ones are refused, administrators and the owner do it, unless something else is said."""
    high = status if administrator is None else administrator
    return Row(401, 404, 403, 403, 404, holder, moderator, high, status, body, query)


A = "/api/v1"
G = A + "/groups/{group_id}"
C = A + "/channels/{channel_id}"
M = C + "/messages/{message_id}"
T = A + "/threads/{thread_id}"

TABLE: dict[str, Row] = {
    # -- groups
    f"GET {A}/groups": own(200),
    f"POST {A}/groups": own(201, {"name": "Allotments"}),
    f"GET {G}": inside(200),
    f"PATCH {G}": ranked(200, {"name": "Orchards"}),
    f"PUT {G}/icon": ranked(404, {"file_id": str(UUID(int=1))}),
    f"DELETE {G}/icon": ranked(204),
    f"POST {G}/delete": ranked(204, {"password": PASSWORD}, administrator=403),
    f"POST {G}/transfer": ranked(
        200,
        lambda scene: {"user_id": str(scene.user_id), "password": PASSWORD},
        administrator=403,
    ),
    f"POST {G}/leave": Row(401, 404, 204, 204, 404, 204, 204, 204, 409),
    # -- permissions
    f"GET {G}/permissions/explain": inside(200),
    f"POST {G}/permissions/simulate": ranked(200, {"role_ids": []}),
    # -- channels and categories
    f"GET {G}/channels": inside(200),
    f"POST {G}/channels": ranked(201, {"name": "compost"}),
    f"PUT {G}/channels/order": ranked(
        200, lambda scene: {"channels": [{"id": str(scene.channel_id), "position": 7}]}
    ),
    f"GET {C}": inside(200),
    f"PATCH {C}": ranked(200, {"name": "compost"}),
    f"DELETE {C}": ranked(204),
    f"GET {C}/overwrites": ranked(200),
    f"PUT {C}/overwrites/{{target_id}}": ranked(200, {"deny": "2048"}),
    f"DELETE {C}/overwrites/{{target_id}}": ranked(204),
    f"POST {C}/sync": ranked(200),
    # -- what is said in channels
    f"GET {C}/messages": inside(200),
    f"POST {C}/messages": inside(201, {"content": "Slugs!"}, timed_out=403),
    f"POST {C}/messages/delete": ranked(
        200, lambda scene: {"message_ids": [str(scene.message_id), str(UUID(int=1))]}, moderator=200
    ),
    f"GET {M}": inside(200),
    f"PATCH {M}": Row(401, 404, 403, 403, 404, 403, 403, 403, 403, {"content": "Snails!"}),
    f"DELETE {M}": ranked(200, moderator=200),
    f"GET {M}/edits": ranked(200, moderator=200),
    f"PUT {M}/reactions/{{emoji}}": inside(200, timed_out=403),
    f"DELETE {M}/reactions/{{emoji}}": inside(200, timed_out=403),
    f"PUT {M}/previews": ranked(200, moderator=200),
    f"DELETE {M}/previews": ranked(200, moderator=200),
    f"POST {C}/scheduled-messages": inside(
        201,
        lambda _: {"content": "later", "send_at": (clock.now() + timedelta(days=1)).isoformat()},
        timed_out=403,
    ),
    f"GET {C}/pins": inside(200),
    f"PUT {C}/pins/{{message_id}}": ranked(200, moderator=200),
    f"DELETE {C}/pins/{{message_id}}": ranked(200, moderator=200),
    f"GET {C}/unread": inside(200),
    f"POST {C}/unread": inside(200, {}),
    f"POST {C}/read": inside(200, {}),
    f"POST {C}/delivered": inside(204, {"seq": 1}),
    f"GET {C}/events": inside(200, query="?since=0"),
    f"GET {G}/unread": inside(200),
    f"POST {G}/read": inside(200),
    # -- threads
    f"GET {C}/threads": inside(200),
    f"POST {C}/threads": inside(201, {"name": "slugs"}, timed_out=403),
    f"POST {M}/threads": inside(201, {"name": "slugs"}, timed_out=403),
    f"GET {T}": inside(200),
    f"PATCH {T}": ranked(200, {"name": "slugs"}, holder=200, moderator=200),
    f"DELETE {T}": ranked(204, holder=204, moderator=204),
    f"GET {T}/members": inside(200),
    f"PUT {T}/members/{{user_id}}": inside(204, timed_out=403),
    f"DELETE {T}/members/{{user_id}}": ranked(204, holder=204, moderator=204),
    f"POST {T}/follow": inside(204),
    f"POST {T}/unfollow": inside(204),
    # -- members
    f"GET {G}/members": inside(200),
    f"GET {G}/members/search": inside(200, query="?q=p"),
    f"GET {G}/members/{{user_id}}": inside(200),
    f"PATCH {G}/members/{{user_id}}": ranked(200, {"nickname": "Weed"}, moderator=200),
    f"DELETE {G}/members/{{user_id}}": ranked(204, moderator=204),
    f"PUT {G}/members/{{user_id}}/roles/{{role_id}}": ranked(200),
    f"DELETE {G}/members/{{user_id}}/roles/{{role_id}}": ranked(200),
    f"PUT {G}/rules": ranked(200, {"rules": ["Be kind."]}),
    f"POST {G}/rules/accept": inside(200),
    f"GET {G}/prune": ranked(200, moderator=200),
    f"POST {G}/prune": ranked(202, {}, moderator=202),
    f"GET {G}/bans": ranked(200, moderator=200),
    f"POST {G}/bans": ranked(200, lambda scene: {"user_ids": [str(scene.user_id)]}, moderator=200),
    f"GET {G}/bans/{{user_id}}": ranked(200, moderator=200),
    f"PUT {G}/bans/{{user_id}}": ranked(200, {}, moderator=200),
    f"DELETE {G}/bans/{{user_id}}": ranked(204, moderator=204),
    f"GET {G}/audit-log": ranked(200, moderator=200),
    # -- invites
    f"GET {G}/invites": inside(200),
    f"POST {G}/invites": inside(201, {"unique": True}, timed_out=403),
    f"GET {A}/invites/{{code}}": own(200),
    f"POST {A}/invites/{{code}}": Row(401, 200, 200, 200, 403, 200, 200, 200, 200),
    f"DELETE {A}/invites/{{code}}": Row(401, 403, 403, 403, 403, 403, 403, 204, 204),
    # -- roles
    f"GET {G}/roles": inside(200),
    f"POST {G}/roles": ranked(201, {"name": "gardeners"}),
    f"PUT {G}/roles/order": Row(
        401, 404, 403, 403, 404, 403, 403, 409, 409, {"role_ids": [str(UUID(int=1))]}
    ),
    f"PATCH {G}/roles/{{role_id}}": ranked(200, {"name": "gardeners"}),
    f"DELETE {G}/roles/{{role_id}}": ranked(204),
}
"""By method and path."""


OF_OTHERS = {
    f"GET {G}/permissions/explain": ranked(200),
}
"""The same where `?user_id=` names another member."""


def path_of(route: Route, scene: Scene) -> str:
    of_ban = route.path.endswith("/bans/{user_id}") and route.method != "PUT"
    return route.path.format(
        group_id=scene.group_id,
        channel_id=scene.channel_id,
        role_id=scene.role_id,
        target_id=scene.role_id,
        user_id=scene.exile_id if of_ban else scene.user_id,
        code=scene.code,
        message_id=scene.message_id,
        thread_id=scene.thread_id,
        emoji="👍",
    )


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


OURS = [route for route in ROUTES if route.path.startswith(PREFIXES)]


async def ask(site: Caller, route: Route, row: Row, scene: Scene, role: str) -> Answer:
    token = None if role == "nobody" else scene.people[role].token
    body = row.body(scene) if callable(row.body) else row.body
    path = path_of(route, scene) + row.query
    return await site.as_(token).send(route.method, path, json=body)


class TestRoutes:
    def test_all_have_a_row(self) -> None:
        assert {named(route) for route in OURS} == set(TABLE)

    @pytest.mark.parametrize("role", ROLES)
    @pytest.mark.parametrize("route", OURS, ids=named)
    async def test_answer_each_role(self, app: App, site: Caller, route: Route, role: str) -> None:
        row = TABLE[named(route)]
        expected = getattr(row, role)
        spoilt, retired = changes(route, expected), "{" not in route.path
        async with SCENES.lent(app, spoilt=spoilt, retired=retired) as scene:
            answer = await ask(site, route, row, scene, role)
            assert answer.status == expected, answer.body

    @pytest.mark.parametrize("role", ROLES)
    @pytest.mark.parametrize("route", [r for r in OURS if named(r) in OF_OTHERS], ids=named)
    async def test_tell_others_from_oneself(
        self, app: App, site: Caller, route: Route, role: str
    ) -> None:
        row = OF_OTHERS[named(route)]
        expected = getattr(row, role)
        async with SCENES.lent(app, spoilt=changes(route, expected)) as scene:
            row = row._replace(query=f"?user_id={scene.user_id}")
            answer = await ask(site, route, row, scene, role)
            assert answer.status == expected, answer.body

    @pytest.mark.parametrize("role", ["stranger", "banned"])
    @pytest.mark.parametrize("route", [r for r in OURS if "_id}" in r.path], ids=named)
    async def test_tell_outsiders_nothing(
        self, app: App, site: Caller, route: Route, role: str
    ) -> None:
        """The answer for what is there is, but for the request id, that for what is not."""
        row = TABLE[named(route)]
        async with SCENES.lent(app, spoilt=changes(route, getattr(row, role))) as scene:
            body = row.body(scene) if callable(row.body) else row.body
            caller = site.as_(scene.people[role].token)
            there = path_of(route, scene) + row.query
            nowhere = there.replace(str(scene.group_id), str(scene.user_id))
            nowhere = nowhere.replace(str(scene.channel_id), str(scene.user_id))
            nowhere = nowhere.replace(str(scene.thread_id), str(scene.user_id))
            answers = [
                await caller.send(route.method, path, json=body) for path in (there, nowhere)
            ]
            first, second = ({**answer.error, "request_id": None} for answer in answers)
            assert first == second


OUTSIDE = ("stranger", "banned")
"""They join no topic of a group."""


def id_on(topic: str, scene: Scene) -> UUID:
    """Of what a topic is about."""
    ids = (scene.group_id, scene.channel_id, scene.thread_id)
    return dict(zip(TOPICS, ids, strict=True))[topic]


class TestTopics:
    @pytest.mark.parametrize("role", ROLES[1:])
    @pytest.mark.parametrize("topic", TOPICS)
    async def test_are_for_those_who_see(self, app: App, topic: str, role: str) -> None:
        async with (
            SCENES.lent(app, spoilt=False) as scene,
            realtime(app) as endpoint,
        ):
            id = id_on(topic, scene)
            socket = await connect(endpoint, {"token": scene.people[role].token})
            if role in OUTSIDE:
                with pytest.raises(JoinRefused) as refused:
                    await socket.join(topic.replace("*", str(id)))
                assert refused.value.response["reason"] == "unauthorized"
            else:
                joined = await socket.join(topic.replace("*", str(id)))
                assert "seq" in joined.response


class Event(NamedTuple):
    """A push of a channel, and what each role that can join is answered: "ok", a reason, or None for no reply."""

    payload: Callable[[Scene], Any]
    member: str | None
    timed_out: str | None
    holder: str | None
    moderator: str | None
    administrator: str | None
    owner: str | None


def all_alike(payload: Callable[[Scene], Any], answer: str | None) -> Event:
    """Whoever is on the topic may, or nobody may."""
    return Event(payload, *[answer] * 6)


def speaking(payload: Callable[[Scene], Any]) -> Event:
    """All may but who is timed out."""
    return Event(payload, "ok", "missing_permission", "ok", "ok", "ok", "ok")


def tidying(payload: Callable[[Scene], Any]) -> Event:
    """For its author, and for who manages messages."""
    no = "not_author"
    return Event(payload, no, no, no, "ok", "ok", "ok")


def said_in(message: Callable[[Scene], UUID]) -> dict[str, Event]:
    """What can be said of a message of somebody else's, and beside it."""
    return {
        "new_message": speaking(lambda _: {"content": "Slugs!"}),
        "edit_message": all_alike(
            lambda scene: {"id": str(message(scene)), "content": "Snails!"}, "not_author"
        )._replace(timed_out="missing_permission"),
        "delete_message": tidying(lambda scene: {"id": str(message(scene))}),
        "react": speaking(lambda scene: {"message_id": str(message(scene)), "emoji": "👍"}),
        "unreact": speaking(lambda scene: {"message_id": str(message(scene)), "emoji": "👍"}),
        "read": all_alike(lambda _: {}, "ok"),
        "delivered": all_alike(lambda _: {"seq": 1}, None),
        "typing": all_alike(lambda _: {}, None),
    }


EVENTS: dict[str, dict[str, Event]] = {
    "group:*": {
        "presence_range": all_alike(lambda scene: {"user_ids": [str(scene.user_id)]}, "ok"),
    },
    "channel:*": said_in(lambda scene: scene.message_id),
    "thread:*": said_in(lambda scene: scene.reply_id),
}
CASES = [(topic, event) for topic, events in EVENTS.items() for event in events]


class TestEvents:
    def test_all_have_a_row(self) -> None:
        assert {
            channel.topic: set(channel.handlers)
            for channel in UserSocket.channels
            if channel.topic in TOPICS
        } == {topic: set(events) for topic, events in EVENTS.items()}

    @pytest.mark.parametrize("role", [role for role in ROLES[1:] if role not in OUTSIDE])
    @pytest.mark.parametrize(("topic", "event"), CASES)
    async def test_answer_each_role(self, app: App, topic: str, event: str, role: str) -> None:
        row = EVENTS[topic][event]
        expected = getattr(row, role)
        async with (
            SCENES.lent(app, spoilt=expected in {"ok", None}) as scene,
            realtime(app) as endpoint,
        ):
            socket = await connect(endpoint, {"token": scene.people[role].token})
            channel = await socket.join(topic.replace("*", str(id_on(topic, scene))))
            ref = channel.push(event, row.payload(scene))
            if expected is None:
                await channel.refute_push("phx_reply")
            elif expected == "ok":
                await channel.assert_reply(ref, "ok")
            else:
                await channel.assert_reply(ref, "error", {"reason": expected})
