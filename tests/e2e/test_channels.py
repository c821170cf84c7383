"""What every Phoenix client relies on, with both releases of the official one, over both transports."""

from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest

from support.lounge import Place, opened
from support.phoenix import Client, Joined, Phoenix, phoenix
from support.websocket import until

_numbers = count(1)


@pytest.fixture(scope="module")
async def place() -> AsyncIterator[Place]:
    async with opened() as place:
        yield place


@pytest.fixture(scope="module", params=["phoenix", "phoenix16"])
async def node(request: pytest.FixtureRequest) -> AsyncIterator[Phoenix]:
    async with phoenix(request.param) as node:
        yield node


class People:
    """Connects people to the place by one transport; every test has its own people and topics."""

    def __init__(self, node: Phoenix, place: Place, transport: str) -> None:
        self.transport = transport
        self._node = node
        self._place = place
        self._test = next(_numbers)
        self._clients: list[Client] = []
        self._bytes_before = place.endpoint.stats.bytes_out

    def name(self, name: str) -> str:
        return f"{name}-{self._test}"

    def topic(self) -> str:
        return f"lounge:{self._test}"

    async def connect(self, name: str) -> Client:
        client = await self._node.open(
            self.name(name),
            self._place.url,
            params={"name": self.name(name)},
            transport=self.transport,
        )
        self._clients.append(client)
        return client

    @property
    def bytes_out(self) -> int:
        """To these people and all others, since this test began."""
        return self._place.endpoint.stats.bytes_out - self._bytes_before

    def skip_without_rejoin(self) -> None:
        """phoenix.js 1.6 begins a new poll by itself where the old one has ended, and forgets to join again."""
        if (self._node.release, self.transport) == ("phoenix16", "longpoll"):
            pytest.skip("this release does not rejoin")

    def leave(self) -> None:
        for client in self._clients:
            client.close()


@pytest.fixture(params=["websocket", "longpoll"])
def people(request: pytest.FixtureRequest, node: Phoenix, place: Place) -> Iterator[People]:
    people = People(node, place, request.param)
    yield people
    people.leave()


class TestConnect:
    async def test_refuses_who_gives_no_name(self, node: Phoenix, place: Place) -> None:
        name = f"nobody-{next(_numbers)}"
        refused = node.start(name, place.url, retry=60_000)
        await refused.seen("closed")
        assert refused.lines("open") == []
        refused.close()

    async def test_refuses_who_gives_no_name_to_a_poll(self, node: Phoenix, place: Place) -> None:
        name = f"nobody-{next(_numbers)}"
        refused = node.start(name, place.url, transport="longpoll", retry=60_000)
        assert (await refused.seen("closed"))["code"] == 1008
        refused.close()

    @pytest.mark.parametrize("transport", ["websocket", "longpoll"])
    async def test_takes_the_auth_token(self, place: Place, transport: str) -> None:
        """Only the current release sends one."""
        async with phoenix() as node:
            ada = await node.open("ada", place.url, authToken="ada-token", transport=transport)
            lounge = await ada.join(f"lounge:token-{transport}")
            await lounge.present("ada-token")


class TestJoin:
    async def test_is_answered(self, people: People) -> None:
        ada = await people.connect("ada")
        lounge = await ada.join(people.topic())
        assert lounge.answer["is"] == "joined"
        assert lounge.answer["response"] == {"seq": 0}

    async def test_is_refused_with_the_reason(self, people: People) -> None:
        ada = await people.connect("ada")
        locked = await ada.join("lounge:locked")
        assert locked.answer["is"] == "refused"
        assert locked.answer["response"]["reason"] == "unauthorized"

    async def test_is_refused_where_there_is_no_such_topic(self, people: People) -> None:
        ada = await people.connect("ada")
        nowhere = await ada.join("nowhere:1")
        assert nowhere.answer["response"] == {"reason": "unmatched topic"}

    async def test_leaves_when_asked(self, people: People) -> None:
        ada, bob = await people.connect("ada"), await people.connect("bob")
        hers = await ada.join(people.topic())
        his = await bob.join(people.topic())
        await hers.present(ada.name, bob.name)
        his.leave()
        await his.seen("left")
        await hers.present(ada.name)


class TestPush:
    async def test_is_answered_and_heard_by_all(self, people: People) -> None:
        ada, bob = await people.connect("ada"), await people.connect("bob")
        hers = await ada.join(people.topic())
        his = await bob.join(people.topic())
        reply = await hers.push("say", {"content": "Grüße 🎉"})
        assert (reply["status"], reply["response"]) == ("ok", {"seq": 1})
        said = {"content": "Grüße 🎉", "by": ada.name, "seq": 1}
        assert await hers.heard("said") == said
        assert await his.heard("said") == said

    async def test_says_which_field_is_wrong(self, people: People) -> None:
        ada = await people.connect("ada")
        lounge = await ada.join(people.topic())
        reply = await lounge.push("say", {"content": ""})
        assert reply["status"] == "error"
        assert list(reply["response"]["fields"]) == ["content"]

    async def test_may_have_any_status(self, people: People) -> None:
        ada = await people.connect("ada")
        lounge = await ada.join(people.topic())
        reply = await lounge.push("odd")
        assert (reply["status"], reply["response"]) == ("odd", {"so": "odd"})

    async def test_keeps_its_order(self, people: People) -> None:
        ada, bob = await people.connect("ada"), await people.connect("bob")
        hers = await ada.join(people.topic())
        his = await bob.join(people.topic())
        ids = [hers.send("say", {"content": str(number)}) for number in range(60)]
        replies = [await hers.answer_to(id) for id in ids]
        assert [reply["response"]["seq"] for reply in replies] == list(range(1, 61))
        await his.heard("said", 60)
        assert [said["content"] for said in his.events("said")] == [str(n) for n in range(60)]

    async def test_from_one_is_not_heard_by_that_one(self, people: People) -> None:
        ada, bob = await people.connect("ada"), await people.connect("bob")
        hers = await ada.join(people.topic())
        his = await bob.join(people.topic())
        hers.send("typing", {})
        assert await his.heard("user_typing") == {"user_id": ada.name}
        await hers.push("say", {"content": "what she typed"})
        assert hers.events("user_typing") == []

    async def test_carries_bytes(self, people: People) -> None:
        """Long polling has bytes on the way up only."""
        if people.transport == "longpoll":
            return
        ada = await people.connect("ada")
        lounge = await ada.join(people.topic())
        reply = await lounge.push("bytes", bytes=[0, 1, 255])
        assert reply["response"] == {"bytes": [0, 1, 255]}
        assert await lounge.heard("bytes") == {"bytes": [0, 1, 255]}


class TestCompression:
    async def test_is_agreed_to_and_carries_long_messages_both_ways(self, people: People) -> None:
        """`ws` offers it as browsers do, and compresses from 1,024 bytes on."""
        if people.transport == "longpoll":
            return
        ada, bob = await people.connect("ada"), await people.connect("bob")
        assert (await ada.seen("open"))["extensions"] == "permessage-deflate"
        hers = await ada.join(people.topic())
        his = await bob.join(people.topic())
        numbers = [n % 7 for n in range(20_000)]
        assert (await hers.push("bytes", bytes=numbers))["response"] == {"bytes": numbers}
        assert await his.heard("bytes") == {"bytes": numbers}
        assert people.bytes_out < len(numbers)

    async def test_of_people_is_read_by_all(self, people: People) -> None:
        """A `presence_state` long enough to be compressed, under the ref of each one's join."""
        clients = [await people.connect(f"somebody-with-a-name-{n}") for n in range(20)]
        joined = [await client.join(people.topic()) for client in clients]
        names = [client.name for client in clients]
        for one in joined:
            await one.present(*names)


class TestPresence:
    async def test_is_the_same_for_all(self, people: People) -> None:
        ada, bob = await people.connect("ada"), await people.connect("bob")
        hers = await ada.join(people.topic())
        his = await bob.join(people.topic())
        assert await hers.present(ada.name, bob.name) == await his.present(ada.name, bob.name)

    async def test_follows_an_update(self, people: People) -> None:
        ada, bob = await people.connect("ada"), await people.connect("bob")
        hers = await ada.join(people.topic())
        his = await bob.join(people.topic())
        await hers.present(ada.name, bob.name)
        await his.push("status", "away")
        metas = await hers._owner.until(
            lambda _lines: [
                line["people"][bob.name]
                for line in hers.lines("present")[-1:]
                if line["people"][bob.name][0].get("status") == "away"
            ]
        )
        assert len(metas[0]) == 1

    async def test_lists_each_device(self, people: People) -> None:
        ada = await people.connect("ada")
        hers = await ada.join(people.topic())
        phone = await people._node.open(
            f"{ada.name}-phone", people._place.url, params={"name": ada.name}
        )
        await phone.join(people.topic())
        await people._node.until(
            lambda _lines: len(hers.lines("present")[-1]["people"][ada.name]) == 2
        )
        phone.drop()
        await people._node.until(
            lambda _lines: (
                len(hers.lines("present")[-1]["people"][ada.name]) == 2
                and len(phone.lines("open")) == 2
            )
        )
        phone.close()
        await people._node.until(
            lambda _lines: len(hers.lines("present")[-1]["people"][ada.name]) == 1
        )


class TestRejoin:
    async def test_happens_after_a_crash(self, people: People) -> None:
        ada = await people.connect("ada")
        lounge = await ada.join(people.topic())
        lounge.send("crash", {})
        await lounge.seen("failed")
        await lounge.seen("joined", 2)
        assert (await lounge.push("say", {"content": "again"}))["status"] == "ok"

    async def test_does_not_happen_when_the_server_closes_the_topic(self, people: People) -> None:
        ada = await people.connect("ada")
        lounge = await ada.join(people.topic())
        assert (await lounge.push("stop", {}))["status"] == "ok"
        await lounge.seen("left")
        other = await ada.join(people.topic() + "-other")
        assert other.answer["is"] == "joined"
        assert len(lounge.lines("joined")) == 1

    async def test_happens_when_the_server_disconnects(self, people: People, place: Place) -> None:
        people.skip_without_rejoin()
        ada = await people.connect("ada")
        lounge = await ada.join(people.topic())
        await place.hang_up(ada.name)
        await lounge.seen("joined", 2)
        await lounge.present(ada.name)


class TestFollow:
    """The guide's own code: everything once, in order, through interruptions."""

    @pytest.fixture(autouse=True)
    def _loads(self, place: Place) -> None:
        place.loading.set()

    async def follow(
        self, people: People, place: Place, name: str = "bob"
    ) -> tuple[Client, Joined]:
        client = await people.connect(name)
        return client, await client.follow(people.topic(), place.state_of(people.topic()), "")

    async def test_gets_what_was_missed(self, people: People, place: Place) -> None:
        people.skip_without_rejoin()
        ada = await people.connect("ada")
        hers = await ada.join(people.topic())
        bob, his = await self.follow(people, place)
        await hers.push("say", {"content": "1"})
        await his.heard("said")
        await place.hang_up(bob.name)
        await hers.push("say", {"content": "2"})
        await bob.seen("open", 2)
        await hers.push("say", {"content": "3"})
        await his.heard("said", 3)
        assert [said["content"] for said in his.events("said")] == ["1", "2", "3"]
        assert len(his.lines("loaded")) == 1

    async def test_keeps_what_comes_while_it_loads(self, people: People, place: Place) -> None:
        ada = await people.connect("ada")
        hers = await ada.join(people.topic())
        await hers.push("say", {"content": "before"})
        place.loading.clear()
        before = place.loads
        bob = await people.connect("bob")
        his = bob.begin_to_follow(people.topic(), place.state_of(people.topic()), "")
        await until(lambda: place.loads > before)
        await hers.push("say", {"content": "meanwhile"})
        await hers.heard("said", 2)
        place.loading.set()
        await his.heard("said")
        assert (await his.seen("loaded"))["state"] == {"said": ["before"]}
        assert [said["content"] for said in his.events("said")] == ["meanwhile"]

    async def test_begins_anew_when_it_is_interrupted_while_it_loads(
        self, people: People, place: Place
    ) -> None:
        people.skip_without_rejoin()
        ada = await people.connect("ada")
        hers = await ada.join(people.topic())
        place.loading.clear()
        before = place.loads
        bob = await people.connect("bob")
        his = bob.begin_to_follow(people.topic(), place.state_of(people.topic()), "")
        await until(lambda: place.loads == before + 1)
        await hers.push("say", {"content": "1"})
        await place.hang_up(bob.name)
        await until(lambda: place.loads == before + 2)
        place.loading.set()
        await hers.push("say", {"content": "2"})
        await his.heard("said")
        assert [line["state"] for line in his.lines("loaded")] == [{"said": ["1"]}]
        assert [said["content"] for said in his.events("said")] == ["2"]

    async def test_loads_anew_what_cannot_be_replayed(self, people: People, place: Place) -> None:
        people.skip_without_rejoin()
        ada = await people.connect("ada")
        hers = await ada.join(people.topic())
        bob, his = await self.follow(people, place)
        await hers.push("say", {"content": "1"})
        await his.heard("said")
        place.log.expired.add(people.topic())
        await place.hang_up(bob.name)
        assert (await his.seen("loaded", 2))["state"] == {"said": ["1"]}
        await hers.push("say", {"content": "2"})
        await his.heard("said", 2)
        assert [said["content"] for said in his.events("said")] == ["1", "2"]
