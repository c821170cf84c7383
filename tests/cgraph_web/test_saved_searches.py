"""Searches people keep, over HTTP; and what they are offered while they type."""

from typing import Any

import pytest

from cgraph.application import App
from support.people import register

SAVED = "/api/v1/search/saved"
SUGGESTIONS = "/api/v1/search/suggestions"
RECENT = f"{SUGGESTIONS}/recent"


@pytest.fixture
async def caller(app: App, site: Any) -> Any:
    """Of somebody new."""
    return site.as_((await register(app)).token)


class TestSaved:
    async def test_are_made_changed_and_removed(self, caller: Any) -> None:
        made = await caller.post(SAVED, {"name": "Bees", "q": "bees has:link"})
        assert made.status == 201, made.body
        saved = made.json["data"]
        assert (saved["name"], saved["q"]) == ("Bees", "bees has:link")
        path = f"{SAVED}/{saved['id']}"
        changed = await caller.send("PATCH", path, json={"q": "wasps"})
        assert (changed.status, changed.json["data"]["q"]) == (200, "wasps")
        assert (await caller.get(SAVED)).json["data"] == [changed.json["data"]]
        assert (await caller.send("DELETE", path)).status == 204
        assert (await caller.get(path)).code == "saved_search_not_found"

    async def test_say_where_a_search_cannot_be_read(self, caller: Any) -> None:
        answer = await caller.post(SAVED, {"name": "Bees", "q": "bees colour:red"})
        assert (answer.status, answer.code) == (422, "invalid_search")
        error = answer.error
        assert (error["position"], error["length"], error["word"]) == (5, 7, "colour:")
        assert error["reason"] == "unknown_operator"
        assert "from" in error["allowed"]

    async def test_have_names_of_their_own(self, caller: Any) -> None:
        await caller.post(SAVED, {"name": "Mine", "q": "bees"})
        answer = await caller.post(SAVED, {"name": "mine", "q": "wasps"})
        assert (answer.status, answer.code) == (409, "saved_search_name_taken")


class TestSuggestions:
    async def test_say_what_they_take_the_place_of(self, caller: Any) -> None:
        answer = await caller.get(f"{SUGGESTIONS}?q=bees%20has%3Ali")
        (suggestion,) = answer.json["data"]
        assert suggestion == {
            "kind": "value",
            "text": "link",
            "label": "link",
            "start": 9,
            "length": 2,
        }

    async def test_have_the_latest_searches(self, caller: Any) -> None:
        await caller.get("/api/v1/search?q=swarms%20in%20may")
        assert (await caller.get(RECENT)).json["data"] == {
            "keep": True,
            "searches": ["swarms in may"],
        }
        offered = (await caller.get(f"{SUGGESTIONS}?q=sw")).json["data"]
        assert [one["text"] for one in offered] == ["swarms in may"]
        assert (await caller.send("DELETE", RECENT)).status == 204
        assert (await caller.get(RECENT)).json["data"]["searches"] == []

    async def test_keep_nothing_for_who_does_not_want_it(self, caller: Any) -> None:
        off = await caller.send("PUT", RECENT, json={"keep": False})
        assert off.json["data"] == {"keep": False, "searches": []}
        await caller.get("/api/v1/search?q=swarms")
        assert (await caller.get(RECENT)).json["data"]["searches"] == []

    async def test_refuse_a_cursor_that_is_nowhere(self, caller: Any) -> None:
        answer = await caller.get(f"{SUGGESTIONS}?q=ab&cursor=3")
        assert answer.status == 422
        assert "cursor" in answer.error["fields"]

    async def test_days_are_those_of_a_zone_that_exists(self, caller: Any) -> None:
        ok = await caller.get("/api/v1/search?q=on%3Atoday&time_zone=Asia/Tokyo")
        assert ok.status == 200, ok.body
        bad = await caller.get("/api/v1/search?q=bees&time_zone=Mars/Phobos")
        assert (bad.status, list(bad.error["fields"])) == (422, ["time_zone"])
