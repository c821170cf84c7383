"""Who may do what: every route and every channel event, as a nobody, a stranger, a participant and the owner.

A route or event without a row here fails: a new one needs no more than its line in `TABLE` or `EVENTS`, and in `path_of`
what its path names. The scene is a group that `owner` made with `participant` (and a third), in which both have said
something. Cases that are refused or only look share one; what was changed is used by no other (`Scenes`).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from cgraph import messaging, notifications, search
from cgraph.accounts import grant_admin, revoke_admin
from cgraph.application import App
from cgraph_kit import clock
from cgraph_kit.channels.testing import JoinRefused, connect
from cgraph_web.action import Route
from cgraph_web.realtime import realtime
from cgraph_web.router import ROUTES
from cgraph_web.socket import UserSocket
from support.devices import subscribe, subscription
from support.people import PASSWORD, Person, converse, register, say
from support.scenes import Cast, Scenes, changes

from .conftest import Answer, Caller

ROLES = ("nobody", "stranger", "participant", "owner")
ELSEWHERE = tuple(
    f"/api/v1{prefix}"
    for prefix in (
        *("/groups", "/channels", "/threads", "/invites", "/forums", "/posts", "/comments"),
        *("/moderation", "/reports", "/conversions"),
        *("/me/drafts", "/me/saved-posts", "/me/hidden-posts", "/me/muted-words"),
        *("/files", "/uploads", "/me/files", "/me/storage"),
    )
)
"""Groups, forums, moderation and files know other roles: see `test_group_authorisation` and its like."""
ELSEWHERE_TOPICS = ("group:*", "channel:*", "thread:*", "forum:*", "post:*")


class Scene(NamedTuple):
    """The people and the things a request may name."""

    people: dict[str, Person]
    conversation_id: UUID
    message_id: UUID
    """The owner's."""
    his_message_id: UUID
    """The participant's."""
    device_id: UUID
    """The owner's."""
    scheduled_message_id: UUID
    """The owner's."""
    notification_id: UUID
    """The owner's: the participant mentions them."""
    job_id: int
    """Any job."""
    saved_search_id: UUID
    """The owner's."""

    @property
    def session_id(self) -> UUID:
        return self.people["owner"].actor.session_id

    @property
    def user_id(self) -> UUID:
        """A third participant."""
        return self.people["third"].id


async def make_cast(app: App) -> Cast:
    return {name: await register(app) for name in (*ROLES[1:], "third")}


async def make_scene(app: App, people: Cast) -> Scene:
    conversation = await converse(app, people["owner"], people["participant"], people["third"])
    hers = await say(app, people["owner"], conversation, "hers")
    mention = f"his @{people['owner'].actor.username}"
    his = await say(app, people["participant"], conversation, mention)
    later = await messaging.schedule_message(
        app.db,
        people["owner"].actor,
        conversation,
        messaging.NewScheduledMessage("later", tomorrow()),
    )
    device = await subscribe(app, people["owner"])
    entry_id = await tell(app, conversation, people["owner"])
    job_id = await app.db.value("SELECT max(id) FROM jobs")
    saved = await search.save_search(
        app.db, people["owner"].actor, search.SaveSearch("pins", "is:pinned")
    )
    ids = (hers.id, his.id, device.id, later.id, entry_id, job_id, saved.id)
    return Scene(people, conversation, *ids)


SCENES = Scenes(make_cast, make_scene)


async def tell(app: App, conversation_id: UUID, person: Person) -> UUID:
    """Have the job done that tells people of what was said; the newest entry of somebody's inbox."""
    worker = messaging.notify_participants
    await worker.handler(app, worker.args(conversation_id))
    inbox = await notifications.list_notifications(app.db, app.sources, person.actor)
    return inbox.items[0].id


def tomorrow() -> datetime:
    return clock.now() + timedelta(days=1)


Body = dict[str, Any] | Callable[[Scene], dict[str, Any]] | None


class Row(NamedTuple):
    """What each role is answered; `body` is sent as JSON, `query` behind the path."""

    nobody: int
    stranger: int
    participant: int
    owner: int
    body: Body = None
    query: str = ""


def public(status: int, body: Body = None) -> Row:
    """Everybody may."""
    return Row(status, status, status, status, body)


def own(status: int, body: Body = None, query: str = "") -> Row:
    """Everybody who is signed in may: it concerns only themselves."""
    return Row(401, status, status, status, body, query)


def inside(status: int, body: Body = None, query: str = "") -> Row:
    """People of the conversation may; strangers cannot tell that there is one."""
    return Row(401, 404, status, status, body, query)


def admin(body: Body = None, query: str = "") -> Row:
    """Administrators may; to everybody else there is nothing at this address."""
    return Row(401, 404, 404, 404, body, query)


def owned(participant: int, owner: int, body: Body = None) -> Row:
    """Of the people of the conversation not all may."""
    return Row(401, 404, participant, owner, body)


HERE = [route for route in ROUTES if not route.path.startswith(ELSEWHERE)]

A = "/api/v1"
C = A + "/conversations/{conversation_id}"
M = C + "/messages/{message_id}"
P = A + "/me/notification-preferences"

TABLE: dict[str, Row] = {
    "GET /health": public(200),
    "GET /ready": public(200),
    "GET /metrics": public(200),
    "GET /": public(302),
    "GET /reset": public(200),
    "POST /reset": public(422),
    "GET /reset/{token}": public(422),
    "POST /reset/{token}": public(422),
    "GET /unsubscribe/{token}": public(404),
    "POST /unsubscribe/{token}": public(404),
    "GET /dev/mailbox": public(
        404
    ),  # these call from elsewhere: it is for callers on its own machine
    "GET /dev/mailbox/{mail_id}": public(404),
    "GET /dev/mailbox/{mail_id}/html": public(404),
    "GET /api/openapi.json": public(200),
    "GET /api/asyncapi.json": public(200),
    "GET /api/docs": public(200),
    "GET /api/docs/channels": public(200),
    "GET /api/docs/start.js": public(200),
    "GET /api/docs/scalar.js": public(200),
    f"POST {A}/auth/register": public(422, {}),
    f"POST {A}/auth/login": public(401, {"login": "nobody.at.all", "password": "wrong pass"}),
    f"POST {A}/auth/refresh": public(401, {"refresh_token": "x"}),
    f"POST {A}/auth/password/forgot": public(204, {"email": "nobody@example.com"}),
    f"POST {A}/auth/password/reset": public(422, {"token": "x", "password": "correct horse 2"}),
    f"POST {A}/auth/logout": own(204),
    f"GET {A}/me": own(200),
    f"PATCH {A}/me": own(200, {"display_name": "X"}),
    f"PUT {A}/me/avatar": own(404, {"file_id": str(UUID(int=1))}),
    f"DELETE {A}/me/avatar": own(204),
    f"PUT {A}/me/password": own(
        204, {"current_password": PASSWORD, "new_password": "correct horse 2"}
    ),
    f"POST {A}/me/deactivate": own(204, {"password": PASSWORD}),
    f"GET {A}/me/sessions": own(200),
    f"DELETE {A}/me/sessions": own(200),
    f"PATCH {A}/me/sessions/{{session_id}}": Row(401, 404, 404, 200, {"name": "desk"}),
    f"DELETE {A}/me/sessions/{{session_id}}": Row(401, 404, 404, 204),
    f"GET {A}/me/blocks": own(200),
    f"PUT {A}/me/blocks/{{user_id}}": own(200),
    f"DELETE {A}/me/blocks/{{user_id}}": own(204),
    f"GET {A}/me/devices": own(200),
    f"POST {A}/me/devices": own(201, lambda _scene: subscription()),
    f"DELETE {A}/me/devices/{{device_id}}": Row(401, 404, 404, 204),
    f"POST {A}/me/devices/{{device_id}}/test": Row(401, 404, 404, 202),
    f"GET {A}/push/vapid-key": public(200),
    f"GET {A}/me/events": own(200, query="?since=0"),
    f"GET {A}/me/unread": own(200, query="?verify=true"),
    f"GET {A}/me/notifications": own(200),
    f"GET {A}/me/notifications/count": own(200),
    f"POST {A}/me/notifications/read": own(200, {}),
    f"POST {A}/me/notifications/seen": own(200),
    f"DELETE {A}/me/notifications/{{notification_id}}": Row(401, 404, 404, 204),
    f"GET {A}/me/notification-outcomes": own(200),
    f"GET {P}": own(200),
    f"PUT {P}": own(200, {"level": "mentions"}),
    f"PATCH {P}": own(200, {"email": False}),
    f"GET {P}/places": own(200),
    f"GET {P}/resolve": own(200, query="?kind=mention"),
    f"GET {P}/{{scope}}/{{scope_id}}": inside(200),
    f"PUT {P}/{{scope}}/{{scope_id}}": inside(200, {"level": "mentions"}),
    f"PATCH {P}/{{scope}}/{{scope_id}}": inside(200, {"email": False}),
    f"DELETE {P}/{{scope}}/{{scope_id}}": inside(204),
    f"GET {A}/me/quiet-hours": own(200),
    f"PUT {A}/me/quiet-hours": own(200, {"time_zone": "Europe/Paris", "windows": []}),
    f"GET {A}/me/scheduled-messages": own(200),
    f"GET {A}/me/scheduled-messages/{{scheduled_message_id}}": Row(401, 404, 404, 200),
    f"PATCH {A}/me/scheduled-messages/{{scheduled_message_id}}": Row(
        401, 404, 404, 200, {"content": "other"}
    ),
    f"DELETE {A}/me/scheduled-messages/{{scheduled_message_id}}": Row(401, 404, 404, 204),
    f"POST {A}/me/scheduled-messages/{{scheduled_message_id}}/send": Row(401, 404, 404, 201),
    f"GET {A}/admin/notification-outcomes": admin(query=f"?user_id={UUID(int=1)}"),
    f"GET {A}/admin/jobs": admin(),
    f"GET {A}/admin/jobs/{{job_id}}": admin(),
    f"POST {A}/admin/jobs/cancel": admin({"ids": [1]}),
    f"POST {A}/admin/jobs/retry": admin({"ids": [1]}),
    f"POST {A}/admin/jobs/delete": admin({"ids": [1]}),
    f"GET {A}/admin/queues": admin(),
    f"PATCH {A}/admin/queues/{{queue}}": admin({}),
    f"GET {A}/search": Row(200, 200, 200, 200, query="?q=hello"),
    f"GET {A}/search/counts": Row(200, 200, 200, 200, query="?q=hello"),
    f"GET {A}/search/saved": own(200),
    f"POST {A}/search/saved": own(201, {"name": "Bees", "q": "bees"}),
    f"GET {A}/search/saved/{{saved_search_id}}": Row(401, 404, 404, 200),
    f"PATCH {A}/search/saved/{{saved_search_id}}": Row(401, 404, 404, 200, {"q": "wasps"}),
    f"DELETE {A}/search/saved/{{saved_search_id}}": own(204),
    f"GET {A}/search/suggestions": own(200, query="?q=fr"),
    f"GET {A}/search/suggestions/recent": own(200),
    f"PUT {A}/search/suggestions/recent": own(200, {"keep": False}),
    f"DELETE {A}/search/suggestions/recent": own(204),
    f"GET {A}/users": own(200, query="?username=nobody"),
    f"GET {A}/users/{{user_id}}": own(200),
    f"GET {A}/users/{{user_id}}/karma": own(200),
    f"GET {A}/conversations": own(200),
    f"POST {A}/conversations": own(201, {"participant_ids": []}),
    f"GET {C}": inside(200),
    f"PATCH {C}": inside(200, {"name": "renamed"}),
    f"POST {C}/leave": inside(204),
    f"PATCH {C}/settings": inside(200, {"muted": True}),
    f"GET {C}/participants": inside(200),
    f"POST {C}/participants": inside(
        200, lambda scene: {"participant_ids": [str(scene.people["stranger"].id)]}
    ),
    f"DELETE {C}/participants/{{user_id}}": owned(403, 204),
    f"GET {C}/messages": inside(200),
    f"POST {C}/messages": inside(201, {"content": "hi"}),
    f"GET {M}": inside(200),
    f"PATCH {M}": owned(403, 200, {"content": "changed"}),
    f"DELETE {M}": owned(403, 200),
    f"GET {M}/edits": owned(403, 200),
    f"PUT {M}/reactions/{{emoji}}": inside(200),
    f"DELETE {M}/reactions/{{emoji}}": inside(200),
    f"PUT {M}/previews": owned(403, 200),
    f"DELETE {M}/previews": owned(403, 200),
    f"GET {A}/previews/{{image_id}}/image": Row(404, 404, 404, 404),
    f"POST {C}/scheduled-messages": inside(
        201, lambda _scene: {"content": "later", "send_at": tomorrow().isoformat()}
    ),
    f"GET {C}/pins": inside(200),
    f"PUT {C}/pins/{{message_id}}": inside(200),
    f"DELETE {C}/pins/{{message_id}}": inside(200),
    f"GET {C}/unread": inside(200),
    f"POST {C}/unread": inside(200, {}),
    f"POST {C}/read": inside(200, {}),
    f"POST {C}/delivered": inside(204, {"seq": 1}),
    f"GET {C}/events": inside(200, query="?since=0"),
}
"""By method and path. `{message_id}`, `{session_id}` and `{device_id}` are the owner's."""

OF_HIS: dict[str, Row] = {
    f"PATCH {M}": owned(200, 403, {"content": "changed"}),
    f"DELETE {M}": owned(200, 200),
    f"GET {M}/edits": owned(200, 200),
    f"PUT {M}/previews": owned(200, 200),
    f"DELETE {M}/previews": owned(200, 200),
}
"""The same for the participant's message: owners delete what others said, but put no words into their mouths."""


def path_of(route: Route, scene: Scene, message_id: UUID) -> str:
    return route.path.format(
        conversation_id=scene.conversation_id,
        message_id=message_id,
        scheduled_message_id=scene.scheduled_message_id,
        session_id=scene.session_id,
        device_id=scene.device_id,
        user_id=scene.user_id,
        emoji="👍",
        token="x",
        mail_id=scene.message_id,
        scope="conversation",
        scope_id=scene.conversation_id,
        job_id=scene.job_id,
        notification_id=scene.notification_id,
        queue="default",
        saved_search_id=scene.saved_search_id,
        image_id=scene.message_id,
    )


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


async def ask(
    site: Caller, route: Route, row: Row, scene: Scene, role: str, *, his: bool = False
) -> Answer:
    token = None if role == "nobody" else scene.people[role].token
    body = row.body(scene) if callable(row.body) else row.body
    path = path_of(route, scene, scene.his_message_id if his else scene.message_id)
    return await site.as_(token).send(route.method, path + row.query, json=body)


class TestRoutes:
    def test_all_have_a_row(self) -> None:
        assert {named(route) for route in HERE} == set(TABLE)

    @pytest.mark.parametrize("role", ROLES)
    @pytest.mark.parametrize("route", HERE, ids=named)
    async def test_answer_each_role(self, app: App, site: Caller, route: Route, role: str) -> None:
        row = TABLE[named(route)]
        expected = getattr(row, role)
        async with SCENES.lent(app, spoilt=changes(route, expected)) as scene:
            answer = await ask(site, route, row, scene, role)
            assert answer.status == expected, answer.body

    @pytest.mark.parametrize("role", ROLES)
    @pytest.mark.parametrize("route", [r for r in HERE if named(r) in OF_HIS], ids=named)
    async def test_tell_authors_from_owners(
        self, app: App, site: Caller, route: Route, role: str
    ) -> None:
        row = OF_HIS[named(route)]
        expected = getattr(row, role)
        async with SCENES.lent(app, spoilt=changes(route, expected)) as scene:
            answer = await ask(site, route, row, scene, role, his=True)
            assert answer.status == expected, answer.body

    @pytest.mark.parametrize("route", [r for r in HERE if r.action.admin], ids=named)
    async def test_for_administrators_let_them_in(
        self, app: App, site: Caller, route: Route
    ) -> None:
        row = TABLE[named(route)]
        async with SCENES.lent(app, spoilt=True) as scene:
            owner = scene.people["owner"].actor.username
            await grant_admin(app.db, owner)
            assert (await ask(site, route, row, scene, "owner")).status == 200
            await revoke_admin(app.db, owner)
            assert (await ask(site, route, row, scene, "owner")).status == 404

    @pytest.mark.parametrize(
        "route",
        [r for r in HERE if "{conversation_id}" in r.path or "{scope_id}" in r.path],
        ids=named,
    )
    async def test_tell_strangers_nothing(self, app: App, site: Caller, route: Route) -> None:
        """The answer for a conversation that is there is, but for the request id, that for one that is not."""
        row = TABLE[named(route)]
        async with SCENES.lent(app, spoilt=changes(route, row.stranger)) as scene:
            there = await ask(site, route, row, scene, "stranger")
            nowhere = scene._replace(conversation_id=scene.message_id)
            answers = (there, await ask(site, route, row, nowhere, "stranger"))
            first, second = ({**answer.error, "request_id": None} for answer in answers)
            assert first == second


class Event(NamedTuple):
    """A push of a channel, and what participant and owner are answered; None: no reply."""

    payload: Callable[[Scene], Any]
    participant: str | None
    owner: str | None


EVENTS: dict[str, dict[str, Event]] = {
    "conversation:*": {
        "new_message": Event(lambda _scene: {"content": "hi"}, "ok", "ok"),
        "edit_message": Event(
            lambda scene: {"id": str(scene.message_id), "content": "x"}, "not_author", "ok"
        ),
        "delete_message": Event(lambda scene: {"id": str(scene.message_id)}, "not_author", "ok"),
        "react": Event(
            lambda scene: {"message_id": str(scene.message_id), "emoji": "👍"}, "ok", "ok"
        ),
        "unreact": Event(
            lambda scene: {"message_id": str(scene.message_id), "emoji": "👍"}, "ok", "ok"
        ),
        "read": Event(lambda _scene: {}, "ok", "ok"),
        "delivered": Event(lambda _scene: {"seq": 1}, None, None),
        "typing": Event(lambda _scene: {}, None, None),
    },
    "user:*": {},
}

CASES = [(topic, event) for topic, events in EVENTS.items() for event in events]


class TestEvents:
    def test_all_have_a_row(self) -> None:
        assert {
            channel.topic: set(channel.handlers)
            for channel in UserSocket.channels
            if channel.topic not in ELSEWHERE_TOPICS
        } == {topic: set(events) for topic, events in EVENTS.items()}

    async def test_are_for_the_signed_in(self, app: App) -> None:
        async with realtime(app) as endpoint:
            for params in ({}, {"token": ""}, {"token": "x.y.z"}):
                with pytest.raises(Exception, match="403"):
                    await connect(endpoint, params)

    @pytest.mark.parametrize("role", ROLES[1:])
    @pytest.mark.parametrize(("topic", "event"), CASES)
    async def test_answer_each_role(self, app: App, topic: str, event: str, role: str) -> None:
        row = EVENTS[topic][event]
        expected = "unauthorized" if role == "stranger" else getattr(row, role)
        async with (
            SCENES.lent(app, spoilt=expected in {"ok", None}) as scene,
            realtime(app) as endpoint,
        ):
            socket = await connect(endpoint, {"token": scene.people[role].token})
            name = topic.replace("*", str(scene.conversation_id))
            if role == "stranger":
                with pytest.raises(JoinRefused) as refused:
                    await socket.join(name)
                assert refused.value.response["reason"] == expected
                return
            channel = await socket.join(name)
            ref = channel.push(event, row.payload(scene))
            if expected is None:
                await channel.refute_push("phx_reply")
            elif expected == "ok":
                await channel.assert_reply(ref, "ok")
            else:
                await channel.assert_reply(ref, "error", {"reason": expected})
