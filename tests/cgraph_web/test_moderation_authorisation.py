"""Who may report, and who decides: every route of reports and the queue, as each of those who meet there.

A member of a group has reported what the author said in its channel, and a moderator of the group has decided it. A
stranger is in no group, members and the author are in this one; the reviewer manages its messages, the manager only its
channels; the administrator is the site's, and in no group. Cases that are refused or only look share a scene; what was
changed is used by no other (`Scenes`).
"""

from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from cgraph import accounts, groups, messaging, moderation
from cgraph.application import App
from cgraph.groups.permissions import Permission
from cgraph.messaging import NewMessage
from cgraph.moderation import NewDecision, NewReport
from cgraph_web.action import Route
from cgraph_web.router import ROUTES
from support import communities
from support.people import Person, register
from support.scenes import Cast, Scenes, changes

from .conftest import Answer, Caller

ROLES = ("nobody", "stranger", "member", "author", "manager", "reviewer", "administrator")
A = "/api/v1"
PREFIXES = (f"{A}/moderation", f"{A}/reports")


class Scene(NamedTuple):
    """The people and the things a request may name."""

    people: dict[str, Person]
    channel_id: UUID
    message_id: UUID
    """The author's; it was not reported."""
    case_id: UUID
    """Open."""
    action_id: UUID
    """A decision about another case."""


async def make_cast(app: App) -> Cast:
    people = {name: await register(app) for name in (*ROLES[1:], "owner", "other")}
    await accounts.grant_admin(app.db, people["administrator"].actor.username)
    return people


async def make_scene(app: App, people: Cast) -> Scene:
    group_id = await communities.found(app.db, people["owner"].actor)
    channel_id = await communities.first_channel(app.db, group_id)
    reviewing = await communities.make_role(app.db, group_id, int(Permission.MANAGE_MESSAGES))
    managing = await communities.make_role(app.db, group_id, int(Permission.MANAGE_CHANNELS))
    roles = {"member": [], "author": [], "other": []}
    roles |= {"manager": [managing], "reviewer": [reviewing]}
    for name, role_ids in roles.items():
        await communities.enter(app.db, group_id, people[name].actor, role_ids=role_ids)
    said = []
    for text in ("one", "two", "three"):
        sent = await messaging.send_message(
            app.db, people["author"].actor, channel_id, NewMessage(text), gate=groups.CHANNELS
        )
        said.append(sent.id)
    cases = []
    for message_id in said[:2]:
        new = NewReport("message", message_id, "spam", None, channel_id)
        await moderation.report_item(app.db, people["other"].actor, new)
        page = await moderation.list_cases(app.db, people["reviewer"].actor)
        cases.append(next(case for case in page.items if case.item_id == message_id))
    decided = await moderation.decide_case(
        app.db,
        people["reviewer"].actor,
        cases[0].id,
        NewDecision(cases[0].version, "reject"),
        grace=0,
    )
    return Scene(people, channel_id, said[2], cases[1].id, decided.decisions[0].id)


SCENES = Scenes(make_cast, make_scene)


Body = dict[str, Any] | Callable[[Scene], dict[str, Any]] | None


class Row(NamedTuple):
    """What each role is answered; `body` is sent as JSON."""

    nobody: int
    stranger: int
    member: int
    author: int
    manager: int
    reviewer: int
    administrator: int
    body: Body = None


def own(status: int, body: Body = None) -> Row:
    """Everybody who is signed in may: it concerns only themselves."""
    return Row(401, *[status] * 6, body)


def reviewing(status: int, body: Body = None) -> Row:
    """Those who decide may; to everybody else there is no such case."""
    return Row(401, 404, 404, 404, 404, status, status, body)


def report(scene: Scene) -> dict[str, Any]:
    return {
        "kind": "message",
        "id": str(scene.message_id),
        "conversation_id": str(scene.channel_id),
        "reason": "spam",
    }


Q = A + "/moderation/queue"

TABLE: dict[str, Row] = {
    f"GET {A}/reports": own(200),
    # Of one's own there is nothing to report; an administrator sees only the channels they are in.
    f"POST {A}/reports": Row(401, 404, 201, 422, 201, 201, 404, report),
    f"GET {Q}": own(200),
    f"GET {Q}/{{case_id}}": reviewing(200),
    f"POST {Q}/{{case_id}}/claim": reviewing(200),
    f"DELETE {Q}/{{case_id}}/claim": reviewing(200),
    f"POST {Q}/{{case_id}}/resolve": reviewing(
        200, {"version": 1, "decision": "approve", "measures": ["remove"]}
    ),
    f"POST {A}/moderation/actions/{{action_id}}/undo": reviewing(200),
    f"GET {A}/moderation/notices": own(200),
}
"""By method and path."""


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


def path_of(route: Route, scene: Scene) -> str:
    return route.path.format(case_id=scene.case_id, action_id=scene.action_id)


OURS = [route for route in ROUTES if route.path.startswith(PREFIXES)]


async def ask(site: Caller, route: Route, scene: Scene, role: str) -> Answer:
    row = TABLE[named(route)]
    token = None if role == "nobody" else scene.people[role].token
    body = row.body(scene) if callable(row.body) else row.body
    return await site.as_(token).send(route.method, path_of(route, scene), json=body)


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

    @pytest.mark.parametrize("role", ["stranger", "member", "author", "manager"])
    @pytest.mark.parametrize("route", [r for r in OURS if "_id}" in r.path], ids=named)
    async def test_tell_others_nothing(
        self, app: App, site: Caller, route: Route, role: str
    ) -> None:
        """The answer for a case that is there is, but for the request id, that for one that is not."""
        async with SCENES.lent(app, spoilt=False) as scene:
            nowhere = scene._replace(case_id=scene.message_id, action_id=scene.message_id)
            first, second = (
                {**answer.error, "request_id": None}
                for answer in [await ask(site, route, one, role) for one in (scene, nowhere)]
            )
            assert first == second

    @pytest.mark.parametrize("role", ROLES[1:])
    async def test_list_only_what_one_decides(self, app: App, site: Caller, role: str) -> None:
        async with SCENES.lent(app, spoilt=False) as scene:
            path = f"{A}/moderation/queue?author_id={scene.people['author'].id}"
            listed = (await site.as_(scene.people[role].token).get(path)).json["data"]
            decides = role in {"reviewer", "administrator"}
            assert [case["id"] for case in listed] == ([str(scene.case_id)] if decides else [])
