"""Preferences and quiet hours over REST."""

from typing import Any
from uuid import UUID

import pytest

from cgraph_kit import clock
from cgraph_kit.ids import new_id
from support.phones import give_device

PREFERENCES = "/api/v1/me/notification-preferences"
QUIET = "/api/v1/me/quiet-hours"
ALL_WEEK = [{"day": day, "start": "00:00", "end": "23:59"} for day in range(1, 8)]
NULLS = {
    "level": None,
    "in_app": None,
    "push": None,
    "email": None,
    "muted": None,
    "muted_until": None,
    "ignore_everyone": None,
}


async def opened(ann: Any, bob: Any) -> str:
    """The id of the conversation of two people."""
    made = await ann.caller.post("/api/v1/conversations", {"participant_ids": [bob.id]})
    return str(made.json["data"]["id"])


class TestGlobal:
    async def test_is_null_until_it_is_set(self, person: Any) -> None:
        ann = await person()
        assert (await ann.caller.get(PREFERENCES)).json["data"] == {
            "scope": "global",
            "scope_id": ann.id,
            **NULLS,
            "push_privacy": "sender",
            "email_batch_minutes": 2,
        }

    async def test_put_replaces_and_patch_changes(self, person: Any) -> None:
        ann = await person()
        put = {"level": "replies", "push": False, "push_privacy": "nothing"}
        found = (await ann.caller.send("PUT", PREFERENCES, json=put)).json["data"]
        assert (found["level"], found["push"], found["push_privacy"]) == (
            "replies",
            False,
            "nothing",
        )
        patch = {"push": True, "email_batch_minutes": 60}
        found = (await ann.caller.send("PATCH", PREFERENCES, json=patch)).json["data"]
        assert (found["level"], found["push"], found["email_batch_minutes"]) == (
            "replies",
            True,
            60,
        )
        found = (await ann.caller.send("PUT", PREFERENCES, json={})).json["data"]
        assert (found["level"], found["push"], found["push_privacy"]) == (None, None, "sender")

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"level": "some"}, "level"),
            ({"push": "yes"}, "push"),
            ({"muted": False, "muted_until": "2099-01-01T00:00:00Z"}, "muted_until"),
            ({"muted_until": "2099-01-01T00:00:00"}, "muted_until"),
            ({"muted_until": "tomorrow"}, "muted_until"),
            ({"push_privacy": "secret"}, "push_privacy"),
            ({"email_batch_minutes": 0}, "email_batch_minutes"),
            ({"email_batch_minutes": 10081}, "email_batch_minutes"),
            ({"colour": "red"}, "colour"),
        ],
    )
    async def test_says_what_is_wrong(self, person: Any, change: Any, field: str) -> None:
        ann = await person()
        for method in ("PUT", "PATCH"):
            answer = await ann.caller.send(method, PREFERENCES, json=change)
            assert (answer.status, list(answer.error["fields"])) == (422, [field])


class TestPlaces:
    async def test_come_and_go(self, person: Any, app: Any) -> None:
        ann, bob = await person(), await person()
        id = await opened(ann, bob)
        path = f"{PREFERENCES}/conversation/{id}"
        nothing = {"scope": "conversation", "scope_id": id, **NULLS}
        assert (await ann.caller.get(path)).json["data"] == nothing
        app.events.clear()
        put = await ann.caller.send("PUT", path, json={"level": "mentions", "email": False})
        assert put.json["data"] == {**nothing, "level": "mentions", "email": False}
        patched = await ann.caller.send("PATCH", path, json={"email": None, "push": False})
        assert patched.json["data"] == {**nothing, "level": "mentions", "push": False}
        assert (await ann.caller.get(f"{PREFERENCES}/places")).json["data"] == [
            patched.json["data"]
        ]
        assert (await bob.caller.get(f"{PREFERENCES}/places")).json["data"] == []
        for _ in range(2):
            assert (await ann.caller.send("DELETE", path)).status == 204
        assert (await ann.caller.get(path)).json["data"] == nothing
        told = [(event.type, str(event.user_id)) for event in app.events]
        assert told == [("notification_preferences_updated", ann.id)] * 3

    async def test_mute_is_that_of_the_conversation(self, person: Any) -> None:
        ann, bob = await person(), await person()
        id = await opened(ann, bob)
        path, conversation = f"{PREFERENCES}/conversation/{id}", f"/api/v1/conversations/{id}"
        await ann.caller.send("PUT", path, json={"muted": True})
        assert (await ann.caller.get(conversation)).json["data"]["muted"] is True
        settings = {"muted_until": "2099-12-31T12:00:00Z"}
        await ann.caller.send("PATCH", f"{conversation}/settings", json=settings)
        found = (await ann.caller.get(path)).json["data"]
        assert (found["muted"], found["muted_until"]) == (True, "2099-12-31T12:00:00Z")
        await ann.caller.send("PATCH", f"{conversation}/settings", json={"muted": False})
        assert (await ann.caller.get(path)).json["data"]["muted"] is None

    async def test_one_cannot_see_are_not_there(self, person: Any) -> None:
        ann, bob, eve = await person(), await person(), await person()
        id = await opened(ann, bob)
        places = [
            (f"conversation/{id}", "conversation_not_found"),
            (f"conversation/{new_id()}", "conversation_not_found"),
            (f"channel/{id}", "channel_not_found"),
            (f"thread/{id}", "thread_not_found"),
            (f"group/{id}", "group_not_found"),
            (f"global/{eve.id}", "not_found"),
            (f"kitchen/{id}", "not_found"),
            ("conversation/x", "not_found"),
        ]
        for place, code in places:
            for method in ("GET", "PUT", "PATCH", "DELETE"):
                body = {} if method in {"PUT", "PATCH"} else None
                answer = await eve.caller.send(method, f"{PREFERENCES}/{place}", json=body)
                assert (answer.status, answer.code) == (404, code), (method, place)

    async def test_have_no_settings_of_the_whole(self, person: Any) -> None:
        ann, bob = await person(), await person()
        path = f"{PREFERENCES}/conversation/{await opened(ann, bob)}"
        answer = await ann.caller.send("PUT", path, json={"push_privacy": "full"})
        assert (answer.status, list(answer.error["fields"])) == (422, ["push_privacy"])


class TestResolve:
    async def test_explains_each_way(self, person: Any, app: Any) -> None:
        ann, bob = await person(), await person()
        await give_device(app.db, UUID(ann.id))
        id = await opened(ann, bob)
        path = f"{PREFERENCES}/conversation/{id}"
        await ann.caller.send("PUT", path, json={"muted": True})
        query = f"?kind=mention&scope=conversation&scope_id={id}&sender_id={bob.id}"
        found = (await ann.caller.get(f"{PREFERENCES}/resolve{query}")).json["data"]
        assert (found["kind"], found["level"], found["level_scope"]) == ("mention", "all", None)
        assert [one["scope"]["kind"] for one in found["scopes"]] == ["conversation", "global"]
        assert found["decision"]["push"] == {
            "action": "suppress",
            "rule": "muted",
            "text": "You have muted it.",
            "until": None,
            "scope": {"kind": "conversation", "id": id},
        }
        assert found["decision"]["in_app"]["rule"] == "muted_counted"

    async def test_knows_quiet_hours_and_devices(self, person: Any, app: Any) -> None:
        ann = await person()
        answer = await ann.caller.get(f"{PREFERENCES}/resolve?kind=friend_request")
        assert answer.json["data"]["decision"]["push"]["rule"] == "no_device"
        await give_device(app.db, UUID(ann.id))
        await ann.caller.send("PUT", QUIET, json={"time_zone": "UTC", "windows": ALL_WEEK})
        noon = f"{clock.now():%Y-%m-%d}T12:00:00Z"
        answer = await ann.caller.get(f"{PREFERENCES}/resolve?kind=friend_request&at={noon}")
        push = answer.json["data"]["decision"]["push"]
        assert (push["action"], push["rule"]) == ("hold", "quiet_hours")
        assert push["until"] == answer.json["data"]["quiet_until"]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("", "kind"),
            ("?kind=gossip", "kind"),
            ("?kind=dm&scope=conversation", "scope_id"),
            (f"?kind=dm&scope_id={UUID(int=1)}", "scope_id"),
            ("?kind=dm&at=1999-01-01T00:00:00Z", "at"),
            ("?kind=dm&at=9999-12-31T23:59:59-14:00", "at"),
            ("?kind=dm&at=0001-01-01T00:00:00%2B14:00", "at"),
            ("?kind=dm&at=noon", "at"),
        ],
    )
    async def test_says_what_is_wrong(self, person: Any, query: str, field: str) -> None:
        ann = await person()
        answer = await ann.caller.get(f"{PREFERENCES}/resolve{query}")
        assert (answer.status, list(answer.error["fields"])) == (422, [field])

    async def test_tells_strangers_nothing(self, person: Any) -> None:
        ann, bob, eve = await person(), await person(), await person()
        id = await opened(ann, bob)
        for scope, code in (
            ("conversation", "conversation_not_found"),
            ("post", "scope_not_found"),
        ):
            query = f"?kind=dm&scope={scope}&scope_id={id}"
            answer = await eve.caller.get(f"{PREFERENCES}/resolve{query}")
            assert (answer.status, answer.code) == (404, code)


class TestQuietHours:
    async def test_are_off_until_they_are_set(self, person: Any) -> None:
        ann = await person()
        assert (await ann.caller.get(QUIET)).json["data"] == {
            "enabled": False,
            "time_zone": "UTC",
            "windows": [],
            "exceptions": [],
            "quiet_until": None,
        }

    async def test_are_replaced(self, person: Any, app: Any) -> None:
        ann, bob = await person(), await person()
        app.events.clear()
        new = {"time_zone": "Europe/Paris", "windows": ALL_WEEK, "exceptions": [bob.id]}
        answer = await ann.caller.send("PUT", QUIET, json=new)
        found = answer.json["data"]
        assert (answer.status, found["enabled"], found["windows"]) == (200, True, ALL_WEEK)
        assert [one["id"] for one in found["exceptions"]] == [bob.id]
        again = (await ann.caller.get(QUIET)).json["data"]
        assert {**again, "quiet_until": None} == {**found, "quiet_until": None}
        assert [event.type for event in app.events] == ["quiet_hours_updated"]

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"time_zone": "Mars/Olympus"}, "time_zone"),
            ({"windows": [{"day": 1, "start": "25:00", "end": "07:00"}]}, "windows[0].start"),
            (
                {
                    "windows": [
                        {"day": day, "start": "08:00", "end": "08:00"} for day in range(1, 8)
                    ]
                },
                "windows",
            ),
            ({"exceptions": [str(UUID(int=1))]}, "exceptions"),
        ],
    )
    async def test_say_what_is_wrong(self, person: Any, change: Any, field: str) -> None:
        ann = await person()
        new = {"time_zone": "UTC", "windows": [], **change}
        answer = await ann.caller.send("PUT", QUIET, json=new)
        assert (answer.status, list(answer.error["fields"])) == (422, [field])
