"""The test kit must fail when it should."""

from collections.abc import AsyncIterator

import pytest

from cgraph_kit.channels import Endpoint
from cgraph_kit.channels import testing as kit
from cgraph_kit.channels.testing import ClientChannel, connect, includes
from support.rooms import running


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with running() as endpoint:
        yield endpoint


@pytest.fixture
async def channel(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> ClientChannel:
    """Joined, and impatient from then on."""
    channel = await (await connect(endpoint)).join("room:a")
    monkeypatch.setattr(kit, "_TIMEOUT", 0.2)
    return channel


class TestIncludes:
    @pytest.mark.parametrize(
        ("whole", "part", "expected"),
        [
            ({"a": 1, "b": 2}, {"a": 1}, True),
            ({"a": 1}, {"a": 1, "b": 2}, False),
            ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, True),
            ({"a": 1}, {"a": ...}, True),
            ({}, {"a": ...}, False),
            ([{"a": 1, "b": 2}, 3], [{"a": 1}, 3], True),
            ([1, 2], [1], False),
            ("text", ["t"], False),
            (1, {"a": 1}, False),
            (None, None, True),
        ],
    )
    def test_part_of_a_whole(self, whole: object, part: object, *, expected: bool) -> None:
        assert includes(whole, part) is expected


class TestAssertReply:
    async def test_fails_on_another_status_or_response(self, channel: ClientChannel) -> None:
        with pytest.raises(AssertionError, match="shouted"):
            await channel.assert_reply(channel.push("shout"), "error")
        with pytest.raises(AssertionError, match="shouted"):
            await channel.assert_reply(channel.push("shout"), "ok", {"shouted": False})

    async def test_fails_when_none_comes(self, channel: ClientChannel) -> None:
        with pytest.raises(AssertionError, match="waited for a reply to"):
            await channel.assert_reply(channel.push("quiet"), "ok")

    async def test_of_another_message_is_left_for_later(self, channel: ClientChannel) -> None:
        first, second = channel.push("fine"), channel.push("fine")

        await channel.assert_reply(second, "ok")
        await channel.assert_reply(first, "ok")


class TestAssertPush:
    async def test_fails_when_something_else_comes(
        self, endpoint: Endpoint, channel: ClientChannel
    ) -> None:
        endpoint.broadcast("room:a", "news", {"n": 1})

        with pytest.raises(AssertionError, match="waited for news"):
            await channel.assert_push("news", {"n": 2})
        await channel.assert_push("news", {"n": 1})

    async def test_a_push_is_no_broadcast(self, channel: ClientChannel) -> None:
        channel.push("pushed", {"n": 1})

        with pytest.raises(AssertionError, match="broadcast pushed"):
            await channel.assert_broadcast("pushed")
        await channel.assert_push("pushed")


class TestRefutePush:
    async def test_fails_when_it_comes(self, channel: ClientChannel) -> None:
        channel.push("shout")

        with pytest.raises(AssertionError, match="was said"):
            await channel.refute_push("shouted")

    async def test_sees_what_a_running_handler_will_say(
        self, endpoint: Endpoint, channel: ClientChannel
    ) -> None:
        gate = endpoint.app.gate("g")
        channel.push("wait", "g")
        channel.push("shout")
        endpoint.loop.call_soon(gate.set)

        with pytest.raises(AssertionError, match="was said"):
            await channel.refute_push("shouted")
