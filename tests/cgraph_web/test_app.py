"""The whole HTTP side, called as a server calls it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from cgraph_kit.ids import new_id
from cgraph_web.action import action, get
from cgraph_web.app import create_app
from cgraph_web.router import ROUTES
from support.things import THINGS

ID = "01933e5c-7a10-7c3e-9d52-5b0a4f6e2c11"


@pytest.fixture
def caller(web: Callable[..., Any]) -> Any:
    return web(*THINGS)


class TestAnswers:
    async def test_one_in_its_envelope(self, caller: Any) -> None:
        shown = await caller.get(f"/things/{ID}")
        assert shown.status == 200
        assert shown.headers["content-type"] == "application/json"
        assert shown.headers["content-length"] == str(len(shown.body))
        assert shown.json["data"]["id"] == ID

    async def test_many_in_theirs(self, caller: Any) -> None:
        listed = (await caller.get("/things?limit=3&name=a&name=b%20c")).json
        assert [thing["name"] for thing in listed["data"]] == ["a", "b c"]
        assert listed["page"] == {"before": None, "after": "next"}

    async def test_created(self, caller: Any) -> None:
        id = str(new_id())
        made = await caller.post("/things", {"id": id, "name": "lamp"})
        assert (made.status, made.json["data"]["name"]) == (201, "lamp")

    async def test_nothing_to_say(self, caller: Any) -> None:
        gone = await caller.send("DELETE", f"/things/{ID}")
        assert (gone.status, gone.body) == (204, b"")
        assert "content-length" not in gone.headers

    async def test_a_status_and_headers_of_its_own(self, caller: Any) -> None:
        put = await caller.send("PUT", f"/things/{ID}", json={"id": ID})
        assert (put.status, put.headers["location"]) == (200, f"/things/{ID}")

    async def test_a_path_in_any_script(self, caller: Any) -> None:
        assert (await caller.get("/greetings/żółw")).json == {"data": "hello żółw"}

    async def test_head_as_get_without_the_body(self, caller: Any) -> None:
        got = await caller.get(f"/things/{ID}")
        head = await caller.send("HEAD", f"/things/{ID}")
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-length"] == got.headers["content-length"]

    async def test_options_with_what_is_allowed(self, caller: Any) -> None:
        options = await caller.send("OPTIONS", f"/things/{ID}")
        assert (options.status, options.headers["allow"]) == (
            204,
            "DELETE, GET, HEAD, OPTIONS, PUT",
        )


class TestRefusals:
    """Every refusal is in the envelope."""

    @pytest.mark.parametrize(
        ("method", "path", "status", "code"),
        [
            ("GET", "/nowhere", 404, "no_route"),
            ("OPTIONS", "/nowhere", 404, "no_route"),
            ("PATCH", "/things", 405, "method_not_allowed"),
            ("BREW", "/things", 405, "method_not_allowed"),
            ("GET", "/things/7", 404, "not_found"),
            ("GET", f"/things/{ID.replace('-', '')}", 404, "not_found"),
            ("GET", f"/things/{ID}0", 404, "not_found"),
            ("GET", "/greetings/a\x00b", 404, "not_found"),
        ],
    )
    async def test_addresses(
        self, caller: Any, method: str, path: str, status: int, code: str
    ) -> None:
        refused = await caller.send(method, path)
        assert (refused.status, refused.code) == (status, code)
        assert set(refused.error) >= {"code", "message", "fields", "request_id"}
        assert refused.error["request_id"] == refused.headers["x-request-id"]

    async def test_names_the_methods_it_knows(self, caller: Any) -> None:
        refused = await caller.send("PATCH", "/things")
        assert refused.headers["allow"] == "GET, HEAD, OPTIONS, POST"

    @pytest.mark.parametrize(
        ("query", "fields"),
        [
            ("limit=0", {"limit": ["must be at least 1"]}),
            ("limit=ten", {"limit": ["must be a whole number"]}),
            ("limit=1e1", {"limit": ["must be a whole number"]}),
            ("limit=1.0", {"limit": ["must be a whole number"]}),
            ("limit=", {"limit": ["must be a whole number"]}),
            ("limit=1&limit=2", {"limit": ["is given more than once"]}),
            ("limut=1", {"limut": ["is not a known field"]}),
            ("after=%00", {"after": ["contains characters that are not allowed"]}),
            ("name=%00", {"name[0]": ["contains characters that are not allowed"]}),
        ],
    )
    async def test_query_parameters(
        self, caller: Any, query: str, fields: dict[str, list[str]]
    ) -> None:
        refused = await caller.get(f"/things?{query}")
        assert (refused.status, refused.code) == (422, "invalid")
        assert refused.error["fields"] == fields

    @pytest.mark.parametrize(
        ("query", "reason"),
        [
            ("after=%FF", "is not percent-encoded UTF-8"),
            ("after=ü", "is not percent-encoded UTF-8"),
            ("&".join(["a=%20"] * 101), "has too many parameters"),
            ("a&" * 101, "has too many parameters"),
        ],
    )
    async def test_query_strings(self, caller: Any, query: str, reason: str) -> None:
        refused = await caller.get(f"/things?{query}")
        assert (refused.status, refused.error["fields"]) == (422, {"query": [reason]})

    async def test_names_given_twice(self, caller: Any) -> None:
        body = b'{"id": "%b", "name": "a", "name": "b"}' % ID.encode()
        refused = await caller.send("POST", "/things", body=body)
        assert refused.status == 422
        assert refused.error["fields"] == {"name": ["is given more than once"]}

    async def test_parameters_where_none_are_known(self, caller: Any) -> None:
        refused = await caller.get(f"/things/{ID}?a=1&b=%20")
        assert refused.status == 422
        assert set(refused.error["fields"]) == {"a", "b"}

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            (b"{", None),
            (b"[]", "body"),
            (b'{"id": 7}', "id"),
            (b"", "id"),
            (b'{"name": "x"}', "id"),
            (f'{{"id": "{ID}", "name": ""}}'.encode(), "name"),
            (f'{{"id": "{ID}", "name": "{"x" * 21}"}}'.encode(), "name"),
            (f'{{"id": "{ID}", "name": "a\\u0000b"}}'.encode(), "name"),
            (f'{{"id": "{ID}", "colour": "red"}}'.encode(), "colour"),
            (f'{{"id": "{ID}", "name": "'.encode() + b'\xff"}', None),
            (b'{"id": ' + b"[" * 100_000, "id"),
            (b'\xef\xbb\xbf{"id": 7}', None),
        ],
    )
    async def test_bodies(self, caller: Any, body: bytes, field: str | None) -> None:
        refused = await caller.send("POST", "/things", body=body)
        assert (refused.status, refused.code) == (422, "invalid")
        assert list(refused.error["fields"]) == ([field] if field else [])

    async def test_a_body_that_is_too_large(self, web: Callable[..., Any]) -> None:
        refused = await web(*THINGS, body_max=10).post("/things", {"id": ID})
        assert (refused.status, refused.code, refused.error["limit"]) == (413, "body_too_large", 10)

    async def test_a_body_that_grows_too_large(self, web: Callable[..., Any]) -> None:
        refused = await web(*THINGS, body_max=10).send("POST", "/things", chunks=[b"x" * 8] * 2)
        assert refused.status == 413

    async def test_a_body_that_is_not_json(self, caller: Any) -> None:
        refused = await caller.send(
            "POST",
            "/things",
            body=b"id=7",
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        assert (refused.status, refused.code) == (415, "unsupported_media_type")

    async def test_says_nothing_to_who_has_gone(self, caller: Any) -> None:
        assert (await caller.send("POST", "/things", chunks=[b"{", None])).status == 0


class TestSecureByDefault:
    """Whoever adds a route gets a closed one."""

    @pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
    async def test_every_route_but_the_public_ones_wants_a_token(
        self, web: Callable[..., Any], route: Any
    ) -> None:
        path = route.path.replace("{", "").replace("}", "")
        answer = await web(*ROUTES).as_(None).send(route.method, path)
        assert (answer.status == 401) is not route.action.public

    async def test_an_action_is_closed_unless_it_says_otherwise(
        self, web: Callable[..., Any]
    ) -> None:
        @action()
        async def handler() -> None: ...

        assert (await web(get("/x", handler)).as_(None).get("/x")).status == 401

    @pytest.mark.parametrize("value", ["", "Bearer", "Bearer  ", "Basic YTpi", "Bearer ü", "token"])
    async def test_anything_but_a_bearer_token_is_none(self, caller: Any, value: str) -> None:
        answer = await caller.as_(None).get(f"/things/{ID}", headers={"authorization": value})
        assert (answer.status, answer.code) == (401, "unauthorized")
        assert answer.headers["www-authenticate"].startswith('Bearer realm="cgraph"')

    async def test_says_that_a_token_is_wrong_only_to_who_sent_one(self, caller: Any) -> None:
        wrong = await caller.as_("nonsense").get(f"/things/{ID}")
        none = await caller.as_(None).get(f"/things/{ID}")
        assert wrong.code == "test_unknown_token"
        assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
        assert "error" not in none.headers["www-authenticate"]

    async def test_asks_who_before_what(self, caller: Any) -> None:
        assert (await caller.as_(None).get("/things/7?x=1")).status == 401
        assert (await caller.as_(None).send("POST", "/things", body=b"{")).status == 401


class TestMounts:
    async def test_stand_beside_the_api(self, web: Callable[..., Any]) -> None:
        async def echo(scope: Any, _receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 418, "headers": []})
            await send({"type": "http.response.body", "body": scope["path"].encode()})

        caller = web(*THINGS)
        caller.asgi = create_app(caller.app, mounts={"/socket/longpoll": echo}, routes=THINGS)
        assert (await caller.get("/socket/longpoll")).body == b"/socket/longpoll"
        assert (await caller.get("/socket/longpoll/x")).status == 418
        assert (await caller.get("/socket/longpolling")).code == "no_route"
        assert (await caller.get(f"/things/{ID}")).status == 200


class TestServer:
    async def test_starts_and_stops_with_a_server_that_says_so(self, caller: Any) -> None:
        said: list[str] = []

        async def receive() -> Any:
            return {"type": "lifespan.startup"}

        async def send(message: Any) -> None:
            said.append(message["type"])

        await caller.asgi({"type": "lifespan"}, receive, send)
        assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

    async def test_closes_websockets_that_are_nobodys(self, caller: Any) -> None:
        said: list[Any] = []

        async def send(message: Any) -> None:
            said.append(message)

        await caller.asgi({"type": "websocket", "path": "/nowhere"}, None, send)
        assert said[0]["type"] == "websocket.close"


class TestBinding:
    async def test_refuses_handlers_no_request_could_satisfy(self, web: Callable[..., Any]) -> None:
        @action()
        async def wants_the_moon(moon: int) -> None: ...

        @action()
        async def forgets(thing_id: UUID) -> None: ...

        with pytest.raises(TypeError, match="nothing provides the parameter 'moon'"):
            web(get("/x", wants_the_moon))
        with pytest.raises(TypeError, match="does not take other"):
            web(get("/x/{thing_id}/{other}", forgets))
