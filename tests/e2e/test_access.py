"""Losing the right to listen: it ends at once, on every transport."""

import time

import httpx
import pytest

from support.chat import Chat
from support.phoenix import Phoenix
from support.served import Person, Served

TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "longpoll"])


@pytest.fixture
async def chat(http: httpx.AsyncClient, served: Served, node: Phoenix) -> Chat:
    """A group of three."""
    return await Chat.begin(http, served, node, "ada", "bob", "eve")


class TestSession:
    async def test_revoked_drops_its_sockets_and_no_others(self, chat: Chat) -> None:
        ada = chat.members[0]
        await ada.join(retry=60_000)
        other = chat.device(await ada.person.login())
        await other.join()
        sessions = await other.person.get("/me/sessions")
        [hers] = [one for one in sessions if not one["current"]]
        start = time.monotonic()
        await other.person.delete(f"/me/sessions/{hers['id']}")
        assert (await ada.socket.seen("closed"))["code"] == 4001
        assert time.monotonic() - start < 1
        assert (await other.topic.push("read", {}))["status"] == "ok"

    @TRANSPORTS
    async def test_revoked_cannot_return(self, chat: Chat, transport: str) -> None:
        ada = chat.members[0]
        await ada.join(transport=transport)
        await ada.person.post("/auth/logout")
        await ada.socket.seen("closed", 3)
        assert len(ada.socket.lines("open")) == 1


class TestConversation:
    @TRANSPORTS
    async def test_closes_for_who_is_removed(self, chat: Chat, transport: str) -> None:
        ada, bob, eve = chat.members
        for member in chat.members:
            await member.join(transport=transport)
        await ada.topic.present(*(member.person.id for member in chat.members))
        start = time.monotonic()
        await ada.person.delete(f"{chat.path}/participants/{eve.person.id}")
        await eve.topic.seen("left")
        assert time.monotonic() - start < 1
        await ada.say("without her")
        await bob.heard("without her")
        assert eve.texts().count("without her") == 0
        await ada.topic.present(ada.person.id, bob.person.id)

    async def test_is_not_for_strangers(self, chat: Chat, http: httpx.AsyncClient) -> None:
        stranger = chat.device(await Person.register(http, "mallory"))
        joined = await stranger.join()
        assert joined.answer["is"] == "refused"
        assert joined.answer["response"]["reason"] == "unauthorized"
