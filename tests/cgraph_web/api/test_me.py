from typing import Any
from uuid import UUID

from .conftest import PASSWORD

NEW = "staple paper clip 7"


class TestUpdate:
    async def test_changes_what_is_given(self, person: Any, app: Any) -> None:
        ann = await person()
        answer = await ann.caller.send(
            "PATCH", "/api/v1/me", json={"display_name": "Ann", "status": "dnd", "status_text": "…"}
        )
        assert answer.status == 200
        changed = {"display_name": "Ann", "status": "dnd", "status_text": "…"}
        shown = (await ann.caller.get("/api/v1/me")).json["data"]
        assert shown == answer.json["data"]
        assert shown == ann.user | changed | {"updated_at": shown["updated_at"]}
        assert app.events[-1].type == "profile_updated"

    async def test_names_the_field(self, person: Any) -> None:
        ann = await person()
        for field, value in (
            ("display_name", "  "),
            ("avatar_url", "http://example.org/a.png"),
            ("status", "away"),
            ("status_text", "x" * 101),
            ("email", "new@example.org"),
        ):
            refused = await ann.caller.send("PATCH", "/api/v1/me", json={field: value})
            assert refused.status == 422
            assert list(refused.error["fields"]) == [field]
        assert (await ann.caller.get("/api/v1/me")).json["data"] == ann.user

    async def test_a_name_that_is_taken(self, person: Any) -> None:
        ann, bob = await person(), await person()
        refused = await ann.caller.send("PATCH", "/api/v1/me", json={"username": bob.name})
        assert (refused.status, refused.error["fields"]) == (
            422,
            {"username": ["is already taken"]},
        )

    async def test_names_change_twice_in_two_weeks(self, person: Any) -> None:
        ann = await person()
        for ending in ("x", "y"):
            changed = await ann.caller.send(
                "PATCH", "/api/v1/me", json={"username": ann.name + ending}
            )
            assert changed.status == 200
        refused = await ann.caller.send("PATCH", "/api/v1/me", json={"username": ann.name})
        assert (refused.status, refused.code) == (429, "username_changed_too_often")

    async def test_is_done_once_when_named(self, person: Any, app: Any) -> None:
        ann = await person()
        app.events.clear()
        answers = [
            await ann.caller.send(
                "PATCH",
                "/api/v1/me",
                json={"display_name": "Ann"},
                headers={"idempotency-key": "one"},
            )
            for _ in range(2)
        ]
        assert answers[0].body == answers[1].body
        assert answers[1].headers["idempotent-replay"] == "true"
        assert len(app.events) == 1


class TestPassword:
    async def test_changes_and_ends_other_sessions(
        self, nobody: Any, person: Any, app: Any
    ) -> None:
        ann = await person()
        login = {"login": ann.name, "password": PASSWORD}
        other = await nobody.post("/api/v1/auth/login", login)
        body = {"current_password": PASSWORD, "new_password": NEW}
        for _ in range(2):
            changed = await ann.caller.send("PUT", "/api/v1/me/password", json=body)
            assert changed.status == 204
        elsewhere = nobody.as_(other.json["data"]["access_token"])
        assert (await elsewhere.get("/api/v1/me")).code == "session_revoked"
        assert (await ann.caller.get("/api/v1/me")).status == 200
        assert (await nobody.post("/api/v1/auth/login", login)).status == 401
        login["password"] = NEW
        assert (await nobody.post("/api/v1/auth/login", login)).status == 200
        (mail,) = await app.mailed()
        assert mail.to == ann.email

    async def test_nothing_of_it_is_kept_by_name(self, person: Any, app: Any) -> None:
        ann = await person()
        await ann.caller.send(
            "PUT",
            "/api/v1/me/password",
            json={"current_password": PASSWORD, "new_password": NEW},
            headers={"idempotency-key": "one"},
        )
        kept = await app.db.value(
            "SELECT count(*) FROM idempotency_keys WHERE user_id = $1", UUID(ann.id)
        )
        assert kept == 0

    async def test_needs_the_current_one(self, person: Any) -> None:
        ann = await person()
        body = {"current_password": "wrong", "new_password": NEW}
        for _ in range(5):
            refused = await ann.caller.send("PUT", "/api/v1/me/password", json=body)
            assert (refused.status, refused.code) == (422, "wrong_password")
            assert list(refused.error["fields"]) == ["current_password"]
        refused = await ann.caller.send("PUT", "/api/v1/me/password", json=body)
        assert refused.status == 429


class TestDeactivate:
    async def test_sleeps_until_the_next_login(self, nobody: Any, person: Any) -> None:
        ann, bob = await person(display_name="Ann"), await person()
        wrong = await ann.caller.post("/api/v1/me/deactivate", {"password": "wrong"})
        assert (wrong.status, wrong.code) == (422, "wrong_password")
        gone = await ann.caller.post("/api/v1/me/deactivate", {"password": PASSWORD})
        assert gone.status == 204
        assert (await ann.caller.get("/api/v1/me")).code == "session_revoked"
        shown = (await bob.caller.get(f"/api/v1/users/{ann.id}")).json["data"]
        assert (shown["state"], shown["display_name"]) == ("deactivated", None)
        back = await nobody.post("/api/v1/auth/login", {"login": ann.name, "password": PASSWORD})
        assert back.json["data"]["user"]["state"] == "active"
        shown = (await bob.caller.get(f"/api/v1/users/{ann.id}")).json["data"]
        assert (shown["state"], shown["display_name"]) == ("active", "Ann")
