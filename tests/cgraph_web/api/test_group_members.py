"""Members, roles and rules over HTTP."""

from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest

from cgraph.groups import Permission
from cgraph_kit import clock
from support.communities import give, make_role

from .conftest import Person

GROUPS = "/api/v1/groups"


class Place(NamedTuple):
    """A group of Ann's, in which Bob is a member."""

    id: UUID
    ann: Person
    bob: Person

    @property
    def path(self) -> str:
        return f"{GROUPS}/{self.id}"

    @property
    def of_bob(self) -> str:
        return f"{self.path}/members/{self.bob.id}"


@pytest.fixture
async def place(app: Any, person: Any) -> Place:
    ann, bob = await person(), await person()
    made = await ann.caller.post(GROUPS, {"name": "Allotments"})
    id = UUID(made.json["data"]["id"])
    invite = await ann.caller.post(f"{GROUPS}/{id}/invites", {})
    code = invite.json["data"]["code"]
    joined = await bob.caller.post(f"/api/v1/invites/{code}")
    assert joined.json["data"]["joined"]
    return Place(id, ann, bob)


class TestIndex:
    async def test_shows_members(self, place: Place) -> None:
        answer = await place.bob.caller.get(f"{place.path}/members?limit=1")
        (ann,) = answer.json["data"]
        assert ann["id"] == place.ann.id
        assert ann["owner"]
        rest = await place.bob.caller.get(
            f"{place.path}/members?limit=1&after={answer.json['page']['after']}"
        )
        (bob,) = rest.json["data"]
        assert (bob["username"], bob["owner"], bob["role_ids"]) == (place.bob.name, False, [])
        assert rest.json["page"]["after"] is None

    async def test_search(self, place: Place) -> None:
        await place.ann.caller.send("PATCH", place.of_bob, json={"nickname": "Éloise"})
        for text in ("elo", quote("ÉL"), place.bob.name[:8]):
            answer = await place.ann.caller.get(f"{place.path}/members/search?q={text}")
            assert [one["id"] for one in answer.json["data"]] == [place.bob.id]
        for query in ("", "?q=", f"?q={'x' * 33}", "?q=%00", "?q=a&after=x"):
            answer = await place.ann.caller.get(f"{place.path}/members/search{query}")
            assert answer.status == 422, query


class TestUpdate:
    async def test_changes_what_is_said(self, app: Any, place: Place) -> None:
        role = str(await make_role(app.db, place.id))
        until = (clock.now() + timedelta(hours=1)).isoformat()
        change = {"nickname": "B", "role_ids": [role], "timed_out_until": until}
        reason = {"x-audit-log-reason": quote("für Ruhe")}
        answer = await place.ann.caller.send("PATCH", place.of_bob, json=change, headers=reason)
        data = answer.json["data"]
        assert (data["nickname"], data["role_ids"]) == ("B", [role])
        assert data["timed_out_until"] is not None
        log = await place.ann.caller.get(f"{place.path}/audit-log?target_id={place.bob.id}")
        assert [entry["action"] for entry in log.json["data"]] == [
            "member_roles_updated",
            "member_updated",
        ]
        assert {entry["reason"] for entry in log.json["data"]} == {"für Ruhe"}
        assert log.json["data"][1]["changes"]["nickname"] == {"before": None, "after": "B"}

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"nickname": ""}, "nickname"),
            ({"nickname": "x" * 33}, "nickname"),
            ({"nickname": "a\u0000b"}, "nickname"),
            ({"role_ids": ["x"]}, "role_ids[0]"),
            ({"role_ids": [str(uuid4())]}, "role_ids"),
            ({"role_ids": None}, "role_ids"),
            ({"timed_out_until": "2999-01-01T00:00:00Z"}, "timed_out_until"),
            ({"timed_out_until": "2026-01-01T00:00:00"}, "timed_out_until"),
            ({"banned": True}, "banned"),
        ],
    )
    async def test_bad_input(self, place: Place, change: dict[str, Any], field: str) -> None:
        answer = await place.ann.caller.send("PATCH", place.of_bob, json=change)
        assert (answer.status, list(answer.error["fields"])) == (422, [field])

    async def test_names_what_is_missing(self, place: Place) -> None:
        answer = await place.bob.caller.send(
            "PATCH", f"{place.path}/members/{place.ann.id}", json={"nickname": "A"}
        )
        assert (answer.status, answer.code) == (403, "missing_permission")
        assert answer.error["permission"] == "MANAGE_NICKNAMES"
        answer = await place.ann.caller.send(
            "PATCH", f"{place.path}/members/{uuid4()}", json={"nickname": "A"}
        )
        assert (answer.status, answer.code) == (404, "member_not_found")

    async def test_named_write_is_done_once(self, place: Place) -> None:
        key = {"idempotency-key": "k"}
        first, again = [
            await place.ann.caller.send("PATCH", place.of_bob, json={"nickname": "B"}, headers=key)
            for _ in range(2)
        ]
        assert first.json == again.json
        assert again.headers["idempotent-replay"] == "true"


class TestRoles:
    async def test_are_given_and_taken(self, app: Any, place: Place) -> None:
        role = await make_role(app.db, place.id)
        path = f"{place.of_bob}/roles/{role}"
        given = await place.ann.caller.send("PUT", path)
        assert given.json["data"]["role_ids"] == [str(role)]
        taken = await place.ann.caller.send("DELETE", path)
        assert taken.json["data"]["role_ids"] == []
        answer = await place.ann.caller.send("PUT", f"{place.of_bob}/roles/{uuid4()}")
        assert (answer.status, answer.code) == (404, "role_not_found")
        answer = await place.ann.caller.send("PUT", f"{place.of_bob}/roles/{place.id}")
        assert (answer.status, answer.code) == (409, "everyone_role")

    async def test_not_above_ones_own(self, app: Any, place: Place) -> None:
        own = await make_role(app.db, place.id, Permission.MANAGE_ROLES)
        high = await make_role(app.db, place.id)
        async with app.db.transaction() as tx:
            await give(tx, place.id, await _actor(app, place.bob), own)
        answer = await place.bob.caller.send("PUT", f"{place.of_bob}/roles/{high}")
        assert (answer.status, answer.code) == (403, "outranked")


async def _actor(app: Any, person: Person) -> Any:
    return await app.auth.authenticate(app.db, person.answer["access_token"])


class TestKick:
    async def test_shows_out(self, place: Place) -> None:
        answer = await place.ann.caller.send("DELETE", place.of_bob)
        assert answer.status == 204
        assert (await place.bob.caller.get(place.path)).code == "group_not_found"
        again = await place.ann.caller.send("DELETE", place.of_bob)
        assert (again.status, again.code) == (404, "member_not_found")
        answer = await place.ann.caller.send("DELETE", f"{place.path}/members/{place.ann.id}")
        assert (answer.status, answer.code) == (403, "outranked")


class TestRules:
    async def test_newcomers_look_until_they_accept(self, place: Place, person: Any) -> None:
        ann, eve = place.ann.caller, await person()
        said = await ann.send("PUT", f"{place.path}/rules", json={"rules": ["Be kind."]})
        assert said.json["data"]["rules"] == ["Be kind."]
        code = (await ann.post(f"{place.path}/invites", {})).json["data"]["code"]
        joined = await eve.caller.post(f"/api/v1/invites/{code}")
        assert joined.json["data"]["member"]["pending"]
        named = {"nickname": "Eve"}
        own = f"{place.path}/members/{eve.id}"
        assert (await eve.caller.send("PATCH", own, json=named)).code == "missing_permission"
        for _ in range(2):
            accepted = await eve.caller.post(f"{place.path}/rules/accept")
            assert not accepted.json["data"]["pending"]
        assert (await eve.caller.send("PATCH", own, json=named)).status == 200

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "rules"),
            ({"rules": [" "]}, "rules[0]"),
            ({"rules": ["x" * 301]}, "rules[0]"),
            ({"rules": ["x"] * 17}, "rules"),
        ],
    )
    async def test_bad_input(self, place: Place, body: dict[str, Any], field: str) -> None:
        answer = await place.ann.caller.send("PUT", f"{place.path}/rules", json=body)
        assert (answer.status, list(answer.error["fields"])) == (422, [field])


class TestPrune:
    async def test_counts_first(self, app: Any, place: Place) -> None:
        await app.db.value(
            "UPDATE group_members SET joined_at = now() - interval '9 days' WHERE group_id = $1",
            place.id,
        )
        counted = await place.ann.caller.get(f"{place.path}/prune?days=7")
        assert counted.json["data"] == {"count": 0}  # Bob has just signed in
        asked = await place.ann.caller.post(f"{place.path}/prune", {"days": 7})
        assert (asked.status, asked.json["data"]) == (202, {"count": 0})
        for days in (0, 31):
            assert (await place.ann.caller.get(f"{place.path}/prune?days={days}")).status == 422


class TestInvites:
    async def test_from_beginning_to_end(self, place: Place, person: Any) -> None:
        bob, eve = place.bob.caller, await person()
        path = f"{place.path}/invites"
        made = await bob.post(path, {"max_uses": 2, "max_age": 3600})
        assert made.status == 201
        invite = made.json["data"]
        assert (invite["inviter"]["id"], invite["uses"]) == (place.bob.id, 0)
        again = await bob.post(path, {"max_uses": 2, "max_age": 3600})
        assert (again.status, again.json["data"]["code"]) == (200, invite["code"])
        at = f"/api/v1/invites/{invite['code']}"
        shown = (await eve.caller.get(at)).json["data"]
        assert (shown["name"], shown["member_count"]) == ("Allotments", 2)
        assert (await eve.caller.post(at)).json["data"]["joined"]
        assert not (await eve.caller.post(at)).json["data"]["joined"]
        (listed,) = (await bob.get(path)).json["data"]
        assert listed["uses"] == 1
        refused = await eve.caller.send("DELETE", at)
        assert (refused.status, refused.error["permission"]) == (403, "MANAGE_GROUP")
        assert (await bob.send("DELETE", at)).status == 204
        gone = await eve.caller.get(at)
        assert (gone.status, gone.code) == (404, "invite_not_found")
        unknown = await eve.caller.get("/api/v1/invites/none")
        assert {**unknown.error, "request_id": ""} == {**gone.error, "request_id": ""}

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"max_age": -1}, "max_age"),
            ({"max_age": 604_801}, "max_age"),
            ({"max_uses": 101}, "max_uses"),
            ({"role_ids": [str(uuid4())]}, "role_ids"),
            ({"code": "mine"}, "code"),
        ],
    )
    async def test_bad_input(self, place: Place, body: dict[str, Any], field: str) -> None:
        answer = await place.ann.caller.post(f"{place.path}/invites", body)
        assert (answer.status, list(answer.error["fields"])) == (422, [field])

    async def test_codes_of_any_shape_are_none(self, place: Place) -> None:
        for code in ("x" * 65, "%00", "..", "%F0%9F%90%9D", "a%2Fb"):
            answer = await place.ann.caller.get(f"/api/v1/invites/{code}")
            assert answer.status == 404, code


class TestBans:
    async def test_from_beginning_to_end(self, place: Place) -> None:
        ann, bob = place.ann.caller, place.bob.caller
        code = (await ann.post(f"{place.path}/invites", {})).json["data"]["code"]
        path = f"{place.path}/bans/{place.bob.id}"
        banned = await ann.send("PUT", path, json={"reason": "spam"})
        assert banned.json["data"]["user"]["id"] == place.bob.id
        assert (await bob.get(place.path)).status == 404
        refused = await bob.post(f"/api/v1/invites/{code}")
        assert (refused.status, refused.code) == (403, "banned")
        (listed,) = (await ann.get(f"{place.path}/bans")).json["data"]
        assert (listed["reason"], listed["banned_by"]) == ("spam", place.ann.id)
        assert (await ann.get(path)).json["data"] == listed
        assert (await ann.send("DELETE", path)).status == 204
        assert (await ann.get(path)).code == "ban_not_found"
        assert (await bob.post(f"/api/v1/invites/{code}")).json["data"]["joined"]

    async def test_several_at_once(self, place: Place) -> None:
        nobody = str(uuid4())
        wanted = {"user_ids": [place.bob.id, nobody, place.ann.id]}
        answer = await place.ann.caller.post(f"{place.path}/bans", wanted)
        assert answer.json["data"]["banned"] == [place.bob.id]
        assert sorted(answer.json["data"]["refused"]) == sorted([nobody, place.ann.id])

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"reason": ""}, "reason"),
            ({"reason": "x" * 513}, "reason"),
            ({"delete_message_seconds": 604_801}, "delete_message_seconds"),
            ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
            ({"expires_at": "2027-01-01T00:00:00"}, "expires_at"),
            ({"expires_at": "9999-12-31T23:59:59-12:00"}, "expires_at"),
            ({"days": 1}, "days"),
        ],
    )
    async def test_bad_input(self, place: Place, body: dict[str, Any], field: str) -> None:
        path = f"{place.path}/bans/{place.bob.id}"
        answer = await place.ann.caller.send("PUT", path, json=body)
        assert (answer.status, list(answer.error["fields"])) == (422, [field])
        assert (await place.bob.caller.get(place.path)).status == 200

    async def test_nobody_is_banned_who_is_nobody(self, place: Place) -> None:
        answer = await place.ann.caller.send("PUT", f"{place.path}/bans/{uuid4()}", json={})
        assert (answer.status, answer.code) == (404, "user_not_found")


class TestAuditLog:
    async def test_is_filtered_and_goes_page_by_page(self, place: Place) -> None:
        ann, path = place.ann.caller, f"{place.path}/audit-log"
        for name in ("A", "B", "C"):
            await ann.send("PATCH", place.of_bob, json={"nickname": name})
        only = f"?action=member_updated&actor_id={place.ann.id}&limit=2"
        first = await ann.get(path + only)
        rest = await ann.get(f"{path}{only}&after={first.json['page']['after']}")
        entries = [*first.json["data"], *rest.json["data"]]
        assert [entry["changes"]["nickname"]["after"] for entry in entries] == ["C", "B", "A"]
        assert rest.json["page"]["after"] is None
        assert (await ann.get(f"{path}?actor_id={place.bob.id}")).json["data"] == []
        for query in ("?actor_id=x", "?action=", "?after=x", "?who=x"):
            assert (await ann.get(path + query)).status == 422, query
