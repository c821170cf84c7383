import asyncio

import pytest

from cgraph_kit.channels import Limits, Outgoing
from cgraph_kit.channels.testing import ConnectRefused, JoinRefused, connect
from cgraph_kit.channels.transport import Accepted, Handshake, Refused
from cgraph_kit.pubsub import LocalBus
from support.rooms import App, Said, Wire, quiet, running


class TestAccept:
    @pytest.mark.parametrize(
        ("who", "status"),
        [("nobody", 403), ("stranger", 403), ("hasty", 429), ("early", 503), ("bug", 500)],
    )
    async def test_a_refusal_has_its_status(self, who: str, status: int) -> None:
        async with running() as endpoint:
            with pytest.raises(ConnectRefused) as refused:
                await connect(endpoint, {"as": who})

            assert refused.value.status == status
            assert endpoint.stats.refused == 1

    @pytest.mark.parametrize("vsn", ["2.1.0", "3.0.0", "abc"])
    async def test_a_version_that_is_not_spoken_is_refused(self, vsn: str) -> None:
        async with running() as endpoint:
            assert await endpoint.accept(Handshake("/", params={"vsn": vsn})) == Refused(403)

    async def test_no_version_is_version_1(self) -> None:
        async with running() as endpoint:
            assert isinstance(await endpoint.accept(Handshake("/")), Accepted)

    async def test_one_client_has_only_so_many_sockets(self) -> None:
        async with running(limits=Limits(max_sockets=2)) as endpoint:
            first = await connect(endpoint, {"as": "ann"})
            await connect(endpoint, {"as": "ann"})
            with pytest.raises(ConnectRefused) as refused:
                await connect(endpoint, {"as": "ann"})
            assert refused.value.status == 429

            await connect(endpoint, {"as": "bob"})
            first.disconnect()
            await connect(endpoint, {"as": "ann"})
            assert endpoint.stats.sockets == 3


class TestDisconnect:
    async def test_closes_every_socket_of_that_id_and_no_other(self) -> None:
        async with running() as endpoint:
            ann = [await connect(endpoint, {"as": "ann"}) for _ in range(2)]
            bob = await connect(endpoint, {"as": "bob"})
            endpoint.disconnect("guest:ann")

            assert [socket.closed for socket in ann] == [1001, 1001]
            assert bob.closed is None
            assert [socket.transport.texts() for socket in ann] == [[], []]

    async def test_reaches_a_socket_by_its_keys(self) -> None:
        async with running() as endpoint:
            phone = await connect(endpoint, {"as": "ann", "session": "1"})
            desk = await connect(endpoint, {"as": "ann", "session": "2"})
            endpoint.disconnect("session:1", 4001)

            assert (phone.closed, desk.closed) == (4001, None)

    async def test_reaches_other_nodes(self) -> None:
        bus = LocalBus()
        async with running(bus=bus) as one, running(bus=bus) as two:
            socket = await connect(two, {"as": "ann"})
            one.disconnect("guest:ann")

            assert await socket.wait_closed() == 1001

    async def test_nobody_there_is_fine(self) -> None:
        async with running() as endpoint:
            endpoint.disconnect("guest:nobody")


class TestCloseTopicFor:
    async def test_ends_that_topic_for_that_client_on_every_node(self) -> None:
        bus = LocalBus()
        async with running(bus=bus) as one, running(bus=bus) as two:
            ann = await Wire.open(two, params={"as": "ann"})
            bob = await Wire.open(two, params={"as": "bob"})
            for wire in (ann, bob):
                await wire.ask(
                    '["1","1","room:a","phx_join",{}]', '["2","2","lobby","phx_join",{}]'
                )
            one.close_topic_for("guest:ann", "room:a", "removed")
            await quiet(one, two)

            assert await ann.heard() == [["1", "1", "room:a", "phx_close", {"reason": "removed"}]]
            two.broadcast("room:a", "hi", {})
            assert await ann.heard() == []
            assert await bob.heard() == [[None, None, "room:a", "hi", {}]]
            assert two.app.notes[-1] == ("left", "room:a", "removed")

    async def test_hears_nothing_more_even_while_a_handler_runs(self) -> None:
        async with running() as endpoint:
            gate = endpoint.app.gate("g")
            ann = await Wire.open(endpoint, params={"as": "ann"})
            await ann.ask('["1","1","room:a","phx_join",{}]')
            ann.send('["1","2","room:a","wait","g"]')
            await asyncio.sleep(0)
            endpoint.close_topic_for("guest:ann", "room:a")
            endpoint.broadcast("room:a", "secret", {})
            gate.set()

            assert [frame[3] for frame in await ann.heard()] == ["phx_reply", "phx_close"]

    async def test_refuses_a_join_under_way(self) -> None:
        async with running() as endpoint:
            gate = endpoint.app.gate("join a")
            ann = await connect(endpoint, {"as": "ann"})
            joining = asyncio.ensure_future(ann.join("room:a"))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            endpoint.close_topic_for("guest:ann", "room:a", "removed")
            gate.set()

            with pytest.raises(JoinRefused) as refused:
                await joining
            assert refused.value.response == {"reason": "removed"}
            assert endpoint.app.notes == []
            assert endpoint.hub.topics == {}

    async def test_during_the_end_of_a_channel_does_not_harm_the_next(self) -> None:
        async with running() as endpoint:
            gate = endpoint.app.gate("left")
            ann = await Wire.open(endpoint, params={"as": "ann"})
            await ann.ask('["1","1","room:a","phx_join",{}]')
            ann.send('["1","2","room:a","phx_leave",{}]', '["3","3","room:a","phx_join",{}]')
            await asyncio.sleep(0)
            endpoint.close_topic_for("guest:ann", "room:a", "removed")
            gate.set()

            replies = [frame[4].get("status") for frame in await ann.heard()]
            assert replies == ["ok", None, "ok"]

    async def test_of_a_topic_not_joined_is_fine(self) -> None:
        async with running() as endpoint:
            ann = await connect(endpoint, {"as": "ann"})
            endpoint.close_topic_for("guest:ann", "room:a")

            assert ann.closed is None


class TestSocketsOn:
    async def test_knows_who_is_on_a_topic_and_who_is_joining(self) -> None:
        async with running() as endpoint:
            gate = endpoint.app.gate("join a")
            ann = await connect(endpoint, {"as": "ann"})
            joining = asyncio.ensure_future(ann.join("room:a"))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert [one.name for one in endpoint.sockets_on("room:a")] == ["ann"]
            gate.set()
            await joining
            bob = await connect(endpoint, {"as": "bob"})
            await bob.join("room:a")
            await bob.join("lobby")

            assert {one.name for one in endpoint.sockets_on("room:a")} == {"ann", "bob"}
            assert endpoint.topics("room:") == ["room:a"]
            assert set(endpoint.topics("room:", "lob")) == {"room:a", "lobby"}

    async def test_is_nobody_where_nobody_is(self) -> None:
        async with running() as endpoint:
            ann = await connect(endpoint, {"as": "ann"})
            topic = await ann.join("room:a")
            await topic.leave()
            await quiet(endpoint)

            assert endpoint.sockets_on("room:a") == []
            assert endpoint.topics("room:") == []


class TestPublishEvents:
    async def test_tells_the_topics_what_their_push_functions_say(self) -> None:
        async with running() as endpoint:
            channel = await (await connect(endpoint)).join("room:a")
            endpoint.publish_events([Said("a", "hi"), object(), Said("b", "elsewhere")])

            assert await channel.assert_broadcast("said") == {"content": "hi"}
            await channel.refute_push("said")

    async def test_a_payload_with_seq_is_durable(self) -> None:
        async with running(limits=Limits(hole_wait=60)) as endpoint:
            channel = await (await connect(endpoint)).join("room:a", {"as_of": 1})
            endpoint.publish_events([Said("a", "3", 3)])
            await channel.refute_push("said")

            endpoint.publish_events([Said("a", "2", 2), Said("a", "3", 3)])
            await channel.assert_push("said", {"seq": 2})
            await channel.assert_push("said", {"seq": 3})
            await channel.refute_push("said")

    async def test_an_outgoing_says_for_itself_what_it_is(self) -> None:
        async with running(limits=Limits(hole_wait=60)) as endpoint:
            channel = await (await connect(endpoint)).join("room:a", {"as_of": 1})
            endpoint.publish_events([Said("a", "explicit")])
            endpoint.publish(Outgoing("room:a", "unread", {"n": 1}, coalesce_key="unread"))
            endpoint.publish(Outgoing("room:a", "unread", {"n": 2}, coalesce_key="unread"))

            await channel.assert_broadcast("explicit", {"seq": 99})
            await channel.assert_broadcast("unread", {"n": 2})
            await channel.refute_push("unread")

    async def test_a_failing_push_function_is_logged_and_the_others_go_on(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with running() as endpoint:
            channel = await (await connect(endpoint)).join("room:a")
            endpoint.publish_events([Said("a", "crash"), Said("a", "hi")])

            await channel.assert_broadcast("said", {"content": "hi"})
            assert [record.message for record in caplog.records] == ["a push failed"]


class TestBroadcast:
    async def test_refuses_bytes_that_no_frame_could_say(self) -> None:
        async with running() as endpoint:
            channel = await (await connect(endpoint)).join("room:a")
            with pytest.raises(ValueError, match="255"):
                endpoint.broadcast("room:a", "e" * 256, b"")

            endpoint.broadcast("room:a", "e" * 256, {})
            await channel.assert_broadcast("e" * 256)

    async def test_is_hidden_from_the_named_on_every_node(self) -> None:
        bus = LocalBus()
        async with running(bus=bus) as one, running(bus=bus) as two:
            channels = {
                (node, who): await (await connect(node, {"as": who})).join("room:a")
                for node in (one, two)
                for who in ("ann", "bob")
            }
            one.broadcast("room:a", "secret", {}, hidden_from=["guest:ann", "guest:nobody"])
            one.broadcast("room:a", "open", {})

            for (_, who), channel in channels.items():
                await channel.assert_broadcast("open")
                if who == "bob":
                    await channel.assert_broadcast("secret")
                await channel.refute_push("secret")


class TestDrain:
    async def test_refuses_new_ones_and_asks_those_there_to_reconnect(self) -> None:
        async with running() as endpoint:
            wire = await Wire.open(endpoint)
            await wire.ask('["1","1","room:a","phx_join",{}]')
            await endpoint.drain(1)

            assert wire.socket.closed == 1012
            assert wire.socket.transport.texts() == []
            with pytest.raises(ConnectRefused) as refused:
                await connect(endpoint)
            assert refused.value.status == 503

    async def test_waits_for_what_runs(self) -> None:
        async with running() as endpoint:
            gate = endpoint.app.gate("g")
            wire = await Wire.open(endpoint)
            await wire.ask('["1","1","room:a","phx_join",{}]')
            wire.send('["1","2","room:a","wait","g"]')
            await asyncio.sleep(0)
            draining = asyncio.ensure_future(endpoint.drain(5))
            await asyncio.sleep(0)
            assert not draining.done()

            gate.set()
            await draining
            assert endpoint.app.notes[1:] == [("waited", "g"), ("left", "room:a", "closed")]

    async def test_does_not_wait_longer_than_told(self) -> None:
        async with running() as endpoint:
            endpoint.app.gate("never")
            wire = await Wire.open(endpoint)
            await wire.ask('["1","1","room:a","phx_join",{}]')
            wire.send('["1","2","room:a","wait","never"]')
            async with asyncio.timeout(2):
                await endpoint.drain(0.02)

            assert wire.socket.closed == 1012

    async def test_spreads_a_crowd(self) -> None:
        async with running() as endpoint:
            crowd = [await connect(endpoint) for _ in range(250)]
            draining = asyncio.ensure_future(endpoint.drain(0.2))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert sum(socket.closed is not None for socket in crowd) == 100

            await draining
            assert {socket.closed for socket in crowd} == {1012}


class TestClose:
    async def test_ends_everything_there_is(self) -> None:
        app = App()
        async with running(app) as endpoint:
            app.gate("never")
            wire = await Wire.open(endpoint)
            await wire.ask('["1","1","room:a","phx_join",{}]')
            wire.send('["1","2","room:a","wait","never"]', '["1","3","room:a","wait","never"]')

        assert wire.socket.closed == 1012
        assert endpoint.tasks == set()
        assert ("left", "room:a", "closed") in app.notes
