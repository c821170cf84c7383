from typing import Any

import pytest

from cgraph.accounts import Limits
from cgraph_kit.limiter import Limit

from .conftest import PASSWORD, TOKEN

NEW = "staple paper clip 7"


class TestRegister:
    async def test_answers_as_the_seed_did(self, person: Any) -> None:
        ann = await person()
        assert set(ann.answer) == {
            "user",
            "session",
            "access_token",
            "refresh_token",
            "expires_in",
        }
        assert ann.answer["expires_in"] == 900
        assert ann.user["email"] == ann.email
        assert ann.user["username"] == ann.name
        assert ann.user["user_id"] >= 1001
        assert ann.user["status"] == "online"
        assert ann.user["inserted_at"].endswith("Z")
        assert "password_hash" not in ann.user

    async def test_the_token_works(self, person: Any) -> None:
        ann = await person()
        assert (await ann.caller.get("/api/v1/me")).json["data"] == ann.user

    async def test_says_what_is_wrong_by_field(self, nobody: Any) -> None:
        refused = await nobody.post(
            "/api/v1/auth/register", {"email": "x", "username": "A!", "password": "short"}
        )
        assert (refused.status, refused.code) == (422, "invalid")
        assert set(refused.error["fields"]) == {"email", "username", "password"}

    async def test_says_what_is_taken(self, nobody: Any, person: Any) -> None:
        ann = await person()
        refused = await nobody.post(
            "/api/v1/auth/register",
            {"email": ann.email.upper(), "username": ann.name, "password": PASSWORD},
        )
        assert refused.status == 422
        assert set(refused.error["fields"]) == {"email", "username"}

    async def test_unknown_fields_are_refused_by_name(self, nobody: Any) -> None:
        refused = await nobody.post(
            "/api/v1/auth/register",
            {"email": "a@b.de", "username": "ann", "password": PASSWORD, "is_admin": True},
        )
        assert refused.status == 422
        assert list(refused.error["fields"]) == ["is_admin"]

    async def test_may_be_closed(self, app: Any, nobody: Any) -> None:
        app.auth.limits = Limits(registration="closed")
        refused = await nobody.post(
            "/api/v1/auth/register",
            {"email": "a@b.de", "username": "ann", "password": PASSWORD},
        )
        assert (refused.status, refused.code) == (403, "registration_closed")

    async def test_too_often_says_when_again(self, app: Any, nobody: Any) -> None:
        app.auth.limits = Limits(register=Limit("register", 1, 3600))
        body = {"email": "x@example.org", "username": "admin", "password": PASSWORD}
        for _ in range(3):
            refused = await nobody.post("/api/v1/auth/register", body)
            assert refused.status == 422, "what is refused at a glance costs nothing"
        body["username"] = "zz" + "x" * 30
        await nobody.post("/api/v1/auth/register", body)
        refused = await nobody.post("/api/v1/auth/register", body)
        assert (refused.status, refused.code) == (429, "too_many_attempts")
        assert int(refused.headers["retry-after"]) > 3000


class TestLogin:
    @pytest.mark.parametrize("field", ["login", "email", "username"])
    async def test_by_address_or_name(self, nobody: Any, person: Any, field: str) -> None:
        ann = await person()
        account = ann.email if field == "email" else ann.name
        answer = await nobody.post("/api/v1/auth/login", {field: account, "password": PASSWORD})
        assert answer.status == 200
        assert answer.json["data"]["user"] == ann.user
        me = await nobody.as_(answer.json["data"]["access_token"]).get("/api/v1/me")
        assert me.status == 200

    async def test_who_is_refused_learns_nothing(self, nobody: Any, person: Any) -> None:
        ann = await person()
        answers = [
            await nobody.post("/api/v1/auth/login", {"login": account, "password": "wrong"})
            for account in (ann.name, ann.email, "nobody", "nobody@example.org")
        ]
        for answer in answers:
            assert (answer.status, answer.code) == (401, "invalid_credentials")
            assert answer.error["message"] == answers[0].error["message"]
            assert answer.headers["www-authenticate"].startswith("Bearer")

    async def test_too_many_failures_say_when_again(self, nobody: Any, person: Any) -> None:
        ann = await person()
        body = {"login": ann.name, "password": "wrong"}
        for _ in range(5):
            assert (await nobody.post("/api/v1/auth/login", body)).status == 401
        refused = await nobody.post("/api/v1/auth/login", body | {"password": PASSWORD})
        assert (refused.status, refused.code) == (429, "too_many_attempts")
        assert 0 < int(refused.headers["retry-after"]) <= 60

    async def test_remembers_where_from(self, nobody: Any, person: Any) -> None:
        ann = await person()
        answer = await nobody.post(
            "/api/v1/auth/login",
            {"login": ann.name, "password": PASSWORD},
            headers={"user-agent": "Phone/2"},
            client=("198.51.100.77", 1),
        )
        session = answer.json["data"]["session"]
        assert (session["network"], session["agent"]) == ("198.51.100.0/24", "Phone/2")


class TestRefresh:
    async def test_gives_a_new_pair_until_the_old_is_used_twice(
        self, nobody: Any, person: Any, app: Any
    ) -> None:
        ann = await person()
        old = {"refresh_token": ann.answer["refresh_token"]}
        lost = await nobody.post("/api/v1/auth/refresh", old)
        fresh = await nobody.post("/api/v1/auth/refresh", old)
        assert (lost.status, fresh.status) == (200, 200)
        caller = nobody.as_(fresh.json["data"]["access_token"])
        assert (await caller.get("/api/v1/me")).status == 200
        dead = await nobody.as_(lost.json["data"]["access_token"]).get("/api/v1/me")
        assert (dead.status, dead.code) == (401, "invalid_token")
        reused = await nobody.post("/api/v1/auth/refresh", old)
        assert (reused.status, reused.code) == (401, "token_reused")
        over = await caller.get("/api/v1/me")
        assert (over.status, over.code) == (401, "session_revoked")
        assert app.events[-1].payload.reason == "token_reused"

    async def test_refuses_what_is_no_token(self, nobody: Any) -> None:
        refused = await nobody.post("/api/v1/auth/refresh", {"refresh_token": "x"})
        assert (refused.status, refused.code) == (401, "invalid_token")


class TestLogout:
    async def test_voids_the_tokens_at_once(self, nobody: Any, person: Any, app: Any) -> None:
        ann = await person()
        assert (await ann.caller.post("/api/v1/auth/logout")).status == 204
        over = await ann.caller.get("/api/v1/me")
        assert (over.status, over.code) == (401, "session_revoked")
        refused = await nobody.post(
            "/api/v1/auth/refresh", {"refresh_token": ann.answer["refresh_token"]}
        )
        assert (refused.status, refused.code) == (401, "session_revoked")
        assert [str(id) for id in app.events[-1].payload.session_ids] == [
            ann.answer["session"]["id"]
        ]


class TestForgottenPassword:
    async def test_the_whole_way(self, nobody: Any, person: Any, app: Any) -> None:
        ann = await person()
        asked = await nobody.post("/api/v1/auth/password/forgot", {"email": ann.email})
        assert (asked.status, asked.body) == (204, b"")
        (mail,) = await app.mailed()
        token = TOKEN.search(mail.text)
        assert token is not None
        reset = {"token": token[1], "password": NEW}
        assert (await nobody.post("/api/v1/auth/password/reset", reset)).status == 204
        assert (await ann.caller.get("/api/v1/me")).code == "session_revoked"
        again = await nobody.post("/api/v1/auth/password/reset", reset)
        assert (again.status, again.code) == (422, "invalid_reset_token")
        login = {"login": ann.name, "password": NEW}
        assert (await nobody.post("/api/v1/auth/login", login)).status == 200
        assert [mail.subject for mail in await app.mailed()] == [
            "Reset your password",
            "Your password was changed",
        ]

    async def test_strangers_are_answered_alike(self, nobody: Any, app: Any) -> None:
        asked = await nobody.post("/api/v1/auth/password/forgot", {"email": "no@example.org"})
        assert (asked.status, asked.body) == (204, b"")
        assert await app.mailed() == []

    async def test_not_too_often(self, nobody: Any) -> None:
        body = {"email": "no@example.org"}
        for _ in range(5):
            assert (await nobody.post("/api/v1/auth/password/forgot", body)).status == 204
        refused = await nobody.post("/api/v1/auth/password/forgot", body)
        assert (refused.status, refused.code) == (429, "too_many_attempts")


class TestTokens:
    @pytest.mark.parametrize("token", [None, "x", "a.b.c", "é"])
    async def test_who_has_none_is_refused(self, nobody: Any, token: str | None) -> None:
        refused = await nobody.as_(token).get("/api/v1/me")
        assert refused.status == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")

    async def test_nothing_secret_is_logged(
        self, nobody: Any, person: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        ann = await person()
        await nobody.post("/api/v1/auth/login", {"login": ann.name, "password": "wrong pass"})
        await nobody.post("/api/v1/auth/refresh", {"refresh_token": ann.answer["refresh_token"]})
        await ann.caller.get("/api/v1/me")
        secrets = (PASSWORD, "wrong pass", ann.answer["refresh_token"], ann.answer["access_token"])
        assert not any(secret in caplog.text for secret in secrets)
