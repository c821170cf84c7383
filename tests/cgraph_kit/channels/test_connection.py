"""Frames in, frames out, as recorded on a Phoenix 1.8.12 server."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from cgraph_kit.channels import Endpoint, Limits
from support.rooms import App, Wire, quiet, running


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with running() as endpoint:
        yield endpoint


@pytest.fixture
async def wire(endpoint: Endpoint) -> Wire:
    return await Wire.open(endpoint)


@pytest.fixture
async def v1(endpoint: Endpoint) -> Wire:
    return await Wire.open(endpoint, "1.0.0")


def ok(join_ref: Any, ref: Any, topic: str, response: Any = None) -> list[Any]:
    return [join_ref, ref, topic, "phx_reply", {"status": "ok", "response": response or {}}]


def error(join_ref: Any, ref: Any, topic: str, response: Any) -> list[Any]:
    return [join_ref, ref, topic, "phx_reply", {"status": "error", "response": response}]


def unmatched(ref: Any, topic: str) -> list[Any]:
    return error(None, ref, topic, {"reason": "unmatched topic"})


class TestHeartbeat:
    async def test_is_answered_without_join_ref(self, wire: Wire) -> None:
        assert await wire.ask('[null,"1","phoenix","heartbeat",{}]') == [ok(None, "1", "phoenix")]
        assert await wire.ask('["7",8,"phoenix","heartbeat",{}]') == [ok(None, 8, "phoenix")]

    async def test_other_events_on_phoenix_are_unmatched(self, wire: Wire) -> None:
        assert await wire.ask('[null,"1","phoenix","other",{}]') == [unmatched("1", "phoenix")]

    async def test_does_not_wait_for_a_slow_handler(self, endpoint: Endpoint, wire: Wire) -> None:
        gate = endpoint.app.gate("slow")
        await wire.ask('["1","1","room:a","phx_join",{}]')
        wire.send('["1","2","room:a","wait","slow"]', '[null,"3","phoenix","heartbeat",{}]')

        await wire.socket.expect(lambda frame: frame.ref == "3", "the heartbeat")
        gate.set()
        assert await wire.heard() == [ok("1", "2", "room:a", {"waited": "slow"})]

    async def test_version_1(self, v1: Wire) -> None:
        heard = await v1.ask('{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"1"}')

        payload = {"status": "ok", "response": {}}
        assert heard == [{"topic": "phoenix", "event": "phx_reply", "payload": payload, "ref": "1"}]


class TestJoin:
    async def test_is_answered_with_the_reply_of_the_channel(self, wire: Wire) -> None:
        assert await wire.ask('["1","2","room:a","phx_join",{}]') == [ok("1", "2", "room:a")]
        assert await wire.ask('["3","3","room:polite","phx_join",{}]') == [
            ok("3", "3", "room:polite", {"hello": "polite"})
        ]

    async def test_a_refusal_says_why(self, wire: Wire) -> None:
        reason = {"reason": "unauthorized", "message": "not for you"}

        heard = await wire.ask('["1","1","room:locked","phx_join",{}]')
        assert heard == [error("1", "1", "room:locked", reason)]
        assert await wire.ask('["1","2","room:locked","echo",{}]') == [
            unmatched("2", "room:locked")
        ]

    async def test_an_exception_is_a_crash(self, wire: Wire) -> None:
        heard = await wire.ask('["1","1","room:broken","phx_join",{}]')

        assert heard == [error("1", "1", "room:broken", {"reason": "join crashed"})]

    @pytest.mark.parametrize("topic", ["other:a", "room", "lobby:1", "", "room:" + "a" * 251])
    async def test_an_unknown_topic_is_unmatched_without_join_ref(
        self, wire: Wire, topic: str
    ) -> None:
        assert await wire.ask(f'["1","2","{topic}","phx_join",{{}}]') == [unmatched("2", topic)]

    @pytest.mark.parametrize("since", ['"x"', "-1"])
    async def test_params_that_do_not_fit_are_refused_with_the_field(
        self, wire: Wire, since: str
    ) -> None:
        (reply,) = await wire.ask(f'["1","1","room:a","phx_join",{{"since":{since}}}]')

        assert reply[4]["status"] == "error"
        assert reply[4]["response"]["reason"] == "invalid"
        assert list(reply[4]["response"]["fields"]) == ["since"]

    async def test_without_join_ref_the_ref_takes_its_place_in_later_pushes(
        self, wire: Wire
    ) -> None:
        assert await wire.ask('[null,"9","lobby","phx_join",{}]') == [ok(None, "9", "lobby")]
        assert await wire.ask('[null,"5","lobby","echo",{"a":1}]') == [
            ok("9", "5", "lobby", {"a": 1})
        ]
        assert await wire.ask('[null,"6","lobby","phx_leave",{}]') == [
            ok("9", "6", "lobby"),
            [None, None, "lobby", "phx_close", {}],
        ]

    async def test_refs_are_echoed_as_they_are(self, wire: Wire) -> None:
        assert await wire.ask('[1,{"a":[2]},"lobby","phx_join",{}]') == [ok(1, {"a": [2]}, "lobby")]
        assert await wire.ask('["1","3","lobby","echo",7]') == []  # "1" is not 1
        assert await wire.ask('[1,3.5,"lobby","echo",7]') == [ok(1, 3.5, "lobby", 7)]

    async def test_one_too_many_is_refused_but_a_rejoin_is_not(self) -> None:
        async with running(limits=Limits(max_channels=2)) as endpoint:
            wire = await Wire.open(endpoint)
            await wire.ask('["1","1","room:1","phx_join",{}]', '["2","2","room:2","phx_join",{}]')

            assert await wire.ask('["3","3","room:3","phx_join",{}]') == [
                error("3", "3", "room:3", {"reason": "too many channels joined"})
            ]
            assert await wire.ask('["4","4","room:2","phx_join",{}]') == [
                ok("4", "4", "room:2"),
                ["2", "2", "room:2", "phx_close", {}],
            ]

    async def test_refused_joins_do_not_count(self) -> None:
        async with running(limits=Limits(max_channels=1)) as endpoint:
            wire = await Wire.open(endpoint)
            await wire.ask('["1","1","room:locked","phx_join",{}]')

            assert await wire.ask('["2","2","room:a","phx_join",{}]') == [ok("2", "2", "room:a")]


class TestRejoin:
    async def test_answers_the_new_join_then_closes_the_old(
        self, endpoint: Endpoint, wire: Wire
    ) -> None:
        await wire.ask('["3","3","room:a","phx_join",{}]')

        assert await wire.ask('["40","40","room:a","phx_join",{}]') == [
            ok("40", "40", "room:a"),
            ["3", "3", "room:a", "phx_close", {}],
        ]
        assert endpoint.app.notes == [
            ("joined", "room:a"),
            ("left", "room:a", "rejoined"),
            ("joined", "room:a"),
        ]
        assert await wire.ask('["3","41","room:a","fine",{}]') == []
        assert await wire.ask('["40","42","room:a","fine",{}]') == [ok("40", "42", "room:a")]

    async def test_in_version_1_the_close_carries_the_old_join_ref(self, v1: Wire) -> None:
        join = '{"topic":"lobby","event":"phx_join","payload":{},"ref":"%s","join_ref":"%s"}'
        await v1.ask(join % (2, 2))

        assert await v1.ask(join % (3, 3)) == [
            {
                "topic": "lobby",
                "event": "phx_reply",
                "ref": "3",
                "payload": {"status": "ok", "response": {}},
            },
            {"topic": "lobby", "event": "phx_close", "ref": "2", "payload": {}},
        ]

    async def test_closes_the_old_even_if_the_new_join_is_refused(self, wire: Wire) -> None:
        await wire.ask('["1","1","room:a","phx_join",{}]')

        first, second = await wire.ask('["2","2","room:a","phx_join",{"since":"x"}]')
        assert (first[:2], first[4]["status"]) == (["2", "2"], "error")
        assert second == ["1", "1", "room:a", "phx_close", {}]
        assert await wire.ask('["2","3","room:a","fine",{}]') == [unmatched("3", "room:a")]

    async def test_broadcasts_come_once(self, endpoint: Endpoint, wire: Wire) -> None:
        await wire.ask('["1","1","room:a","phx_join",{}]', '["2","2","room:a","phx_join",{}]')

        endpoint.broadcast("room:a", "news", {})
        assert await wire.heard() == [[None, None, "room:a", "news", {}]]

    async def test_waits_for_the_running_handler(self, endpoint: Endpoint, wire: Wire) -> None:
        gate = endpoint.app.gate("g")
        await wire.ask('["1","1","room:a","phx_join",{}]')
        wire.send('["1","2","room:a","wait","g"]', '["3","3","room:a","phx_join",{}]')
        gate.set()

        assert await wire.heard() == [
            ok("1", "2", "room:a", {"waited": "g"}),
            ok("3", "3", "room:a"),
            ["1", "1", "room:a", "phx_close", {}],
        ]

    async def test_does_not_wait_forever(self) -> None:
        async with running(limits=Limits(shutdown_timeout=0.01)) as endpoint:
            wire = await Wire.open(endpoint)
            endpoint.app.gate("never")
            await wire.ask('["1","1","room:a","phx_join",{}]')

            heard = await wire.ask(
                '["1","2","room:a","wait","never"]', '["3","3","room:a","phx_join",{}]'
            )
            assert heard == [ok("3", "3", "room:a"), ["1", "1", "room:a", "phx_close", {}]]
            assert ("left", "room:a", "rejoined") in endpoint.app.notes


class TestLeave:
    async def test_is_answered_then_the_channel_closes(
        self, endpoint: Endpoint, wire: Wire
    ) -> None:
        await wire.ask('["40","40","room:a","phx_join",{}]')

        assert await wire.ask('["40","42","room:a","phx_leave",{}]') == [
            ok("40", "42", "room:a"),
            ["40", "40", "room:a", "phx_close", {}],
        ]
        assert endpoint.app.notes[1:] == [("left", "room:a", "left")]
        assert endpoint.hub.topics == {}

    async def test_in_version_1_the_close_has_no_ref_if_the_join_had_no_join_ref(
        self, v1: Wire
    ) -> None:
        await v1.ask('{"topic":"lobby","event":"phx_join","payload":{},"ref":"2"}')

        heard = await v1.ask('{"topic":"lobby","event":"phx_leave","payload":{},"ref":"3"}')
        assert [(frame["event"], frame["ref"]) for frame in heard] == [
            ("phx_reply", "3"),
            ("phx_close", None),
        ]

    async def test_of_a_topic_not_joined_is_fine(self, wire: Wire) -> None:
        assert await wire.ask('["1","2","room:a","phx_leave",{}]') == [ok("1", "2", "room:a")]
        assert await wire.ask('[null,"2","other","phx_leave",{}]') == [ok(None, "2", "other")]

    async def test_for_an_older_join_is_ignored(self, wire: Wire) -> None:
        await wire.ask('["2","2","room:a","phx_join",{}]')

        assert await wire.ask('["1","3","room:a","phx_leave",{}]') == []
        assert await wire.ask('[null,"4","room:a","phx_leave",{}]') == [
            ok("2", "4", "room:a"),
            ["2", "2", "room:a", "phx_close", {}],
        ]

    async def test_then_a_join_sent_at_once_waits_for_the_end(
        self, endpoint: Endpoint, wire: Wire
    ) -> None:
        await wire.ask('["1","1","room:a","phx_join",{}]')

        heard = await wire.ask(
            '["1","2","room:a","phx_leave",{}]', '["3","3","room:a","phx_join",{}]'
        )
        assert heard == [
            ok("1", "2", "room:a"),
            ["1", "1", "room:a", "phx_close", {}],
            ok("3", "3", "room:a"),
        ]
        assert [note[0] for note in endpoint.app.notes] == ["joined", "left", "joined"]


class TestEvents:
    async def test_on_a_topic_not_joined_is_unmatched(self, wire: Wire) -> None:
        assert await wire.ask('["1","2","room:a","echo",{}]') == [unmatched("2", "room:a")]
        assert await wire.ask('["1","2","other","echo",{}]') == [unmatched("2", "other")]

    async def test_a_reply_carries_the_join_ref_of_the_channel(self, wire: Wire) -> None:
        await wire.ask('["1","1","room:a","phx_join",{}]')

        for join_ref in ('"1"', "null"):
            heard = await wire.ask(f'[{join_ref},"2","room:a","echo",[1]]')
            assert heard == [ok("1", "2", "room:a", {"echo": [1]})]

    async def test_for_an_older_join_is_dropped(self, wire: Wire) -> None:
        await wire.ask('["1","1","room:a","phx_join",{}]')

        assert await wire.ask('["0","2","room:a","echo",{}]') == []

    async def test_kinds_of_reply(self, wire: Wire) -> None:
        await wire.ask('["1","1","room:a","phx_join",{}]')

        assert await wire.ask('["1","2","room:a","quiet",{}]') == []
        assert await wire.ask('["1","3","room:a","fine",{}]') == [ok("1", "3", "room:a")]
        assert await wire.ask('["1","4","room:a","odd",{}]') == [
            ["1", "4", "room:a", "phx_reply", {"status": "odd", "response": {"so": "odd"}}]
        ]
        assert await wire.ask('["1","5","room:a","refuse",{}]') == [
            error(
                "1",
                "5",
                "room:a",
                {"reason": "rate_limited", "message": "slow down", "retry_after": 2.5},
            )
        ]

    async def test_a_broadcast_comes_before_the_reply_to_its_cause(self, wire: Wire) -> None:
        await wire.ask('["1","1","room:a","phx_join",{}]')

        assert await wire.ask('["1","2","room:a","shout",{"a":1}]') == [
            [None, None, "room:a", "shouted", {"a": 1}],
            ok("1", "2", "room:a", {"shouted": True}),
        ]

    async def test_a_broadcast_from_leaves_out_its_sender(
        self, endpoint: Endpoint, wire: Wire
    ) -> None:
        other = await Wire.open(endpoint)
        for each in (wire, other):
            await each.ask('["1","1","room:a","phx_join",{}]')

        assert await wire.ask('["1","2","room:a","shout_from",{}]') == []
        assert await other.heard() == [[None, None, "room:a", "shouted", {}]]

    async def test_a_push_carries_the_join_ref_and_no_ref(self, wire: Wire) -> None:
        await wire.ask('["1","1","room:a","phx_join",{}]')

        assert await wire.ask('["1","2","room:a","pushed",{"a":1}]') == [
            ["1", None, "room:a", "pushed", {"a": 1}]
        ]

    async def test_both_versions_hear_the_same(
        self, endpoint: Endpoint, wire: Wire, v1: Wire
    ) -> None:
        await wire.ask('["1","1","room:a","phx_join",{}]')
        await v1.ask('{"topic":"room:a","event":"phx_join","payload":{},"ref":"1"}')

        endpoint.broadcast("room:a", "news", {"é": 1})
        assert await wire.heard() == [[None, None, "room:a", "news", {"é": 1}]]
        assert await v1.heard() == [
            {"topic": "room:a", "event": "news", "payload": {"é": 1}, "ref": None}
        ]

    @pytest.mark.parametrize(
        "event", ["unheard_of", "phx_reply", "phx_close", "crash", "crash_now"]
    )
    async def test_a_crash_ends_only_this_channel(
        self, endpoint: Endpoint, wire: Wire, event: str
    ) -> None:
        await wire.ask('["1","1","room:a","phx_join",{}]', '["2","2","lobby","phx_join",{}]')

        assert await wire.ask(f'["1","3","room:a","{event}",{{}}]') == [
            ["1", "1", "room:a", "phx_error", {"reason": "channel_crash"}]
        ]
        assert await wire.ask('["1","4","room:a","fine",{}]') == [unmatched("4", "room:a")]
        assert await wire.ask('["2","5","lobby","echo",1]') == [ok("2", "5", "lobby", 1)]
        assert endpoint.app.notes[-1] == ("left", "room:a", "crashed")
        assert await wire.ask('["6","6","room:a","phx_join",{}]') == [ok("6", "6", "room:a")]

    async def test_an_answer_that_is_no_json_is_a_crash(self, wire: Wire) -> None:
        await wire.ask('["1","1","room:a","phx_join",{}]')

        assert await wire.ask('["1","2","room:a","unsayable",{}]') == [
            ["1", "1", "room:a", "phx_error", {"reason": "channel_crash"}]
        ]

    async def test_a_server_that_stops_the_channel_closes_it_after_the_reply(
        self, wire: Wire
    ) -> None:
        await wire.ask('["1","1","room:a","phx_join",{}]')
        assert await wire.ask('["1","2","room:a","stop",{}]') == [
            ok("1", "2", "room:a"),
            ["1", "1", "room:a", "phx_close", {}],
        ]

        await wire.ask('["3","3","room:a","phx_join",{}]')
        assert await wire.ask('["3","4","room:a","stop_now",{}]') == [
            ok("3", "4", "room:a"),
            ["3", "3", "room:a", "phx_close", {"reason": "enough"}],
        ]


class TestPayloads:
    @pytest.mark.parametrize(
        ("payload", "field"),
        [
            ('{"content":1}', "content"),
            ('{"content":""}', "content"),
            ("{}", "content"),
            ('{"content":"a","colour":"red"}', "colour"),
            ('"text"', "body"),
        ],
    )
    async def test_one_that_does_not_fit_names_the_field(
        self, wire: Wire, payload: str, field: str
    ) -> None:
        await wire.ask('["1","1","room:a","phx_join",{}]')

        (reply,) = await wire.ask(f'["1","2","room:a","new_message",{payload}]')
        assert reply[:4] == ["1", "2", "room:a", "phx_reply"]
        assert reply[4]["status"] == "error"
        assert reply[4]["response"]["reason"] == "invalid"
        assert list(reply[4]["response"]["fields"]) == [field]

    @pytest.mark.parametrize("content", [b'"\xff"', b"[" * 900 + b"]" * 900], ids=["bytes", "deep"])
    async def test_unreadable_ones_are_refused_and_the_channel_lives(
        self, wire: Wire, content: bytes
    ) -> None:
        await wire.ask('["1","1","room:a","phx_join",{}]')

        frame = b'["1","2","room:a","new_message",{"content":%b}]' % content
        wire.socket.transport.receiver.receive_text(frame)
        (reply,) = await wire.heard()
        assert reply[4]["response"]["reason"] == "invalid"
        assert await wire.ask('["1","3","room:a","fine",{}]') == [ok("1", "3", "room:a")]


class TestBinary:
    JOINED = '["56","56","room:a","phx_join",{}]'

    async def test_a_push_is_answered_and_broadcast_in_bytes(self, wire: Wire) -> None:
        await wire.ask(self.JOINED)

        assert await wire.ask(b"\x00\x02\x02\x06\x055660room:abytes\x01\x02\xff") == [
            b"\x02\x06\x09room:abin_event\x01\x02\xff",
            b"\x01\x02\x02\x06\x025660room:aok\x01\x02\xff",
        ]

    async def test_the_server_pushes_bytes_with_the_join_ref(self, wire: Wire) -> None:
        await wire.ask(self.JOINED)

        assert await wire.ask(b"\x00\x02\x02\x06\x0a5660room:apush_bytes\xff") == [
            b"\x00\x02\x06\x0956room:abin_event\xff"
        ]

    async def test_without_join_ref_it_is_stale(self, wire: Wire) -> None:
        await wire.ask(self.JOINED)

        assert await wire.ask(b"\x00\x00\x02\x06\x0560room:abytes\x01") == []

    async def test_a_handler_of_text_does_not_take_bytes_nor_the_other_way(
        self, wire: Wire
    ) -> None:
        crashed = ["56", "56", "room:a", "phx_error", {"reason": "channel_crash"}]
        await wire.ask(self.JOINED)
        assert await wire.ask(b"\x00\x02\x02\x06\x045660room:aecho\x01") == [crashed]

        await wire.ask(self.JOINED)
        assert await wire.ask('["56","2","room:a","bytes",{}]') == [crashed]

    async def test_version_1_reads_json_in_either_kind_of_frame(self, v1: Wire) -> None:
        heard = await v1.ask(b'{"topic":"phoenix","event":"heartbeat","payload":{},"ref":1}')

        assert [frame["ref"] for frame in heard] == [1]


class TestMalformed:
    @pytest.mark.parametrize(
        "frame",
        [
            "hello",
            '{"topic":"t"}',
            '["1","2","t","e"]',
            b"\x01\x00\x00\x00\x00",
            b"",
        ],
    )
    async def test_closes_with_1011(self, wire: Wire, frame: str | bytes) -> None:
        wire.send(frame)

        assert wire.socket.closed == 1011

    async def test_in_version_1_too(self, v1: Wire) -> None:
        v1.send('["1","2","t","e",{}]')

        assert v1.socket.closed == 1011

    @pytest.mark.parametrize(
        ("payload", "complaint"),
        [
            ("[" * 5000 + "]" * 5000, {"message": "the payload is nested too deeply"}),
            ('{"a":' * 800 + "1" + "}" * 800, None),
            (
                '{"a":1,"b":{"c":1,"c":2}}',
                {
                    "message": "c is given more than once",
                    "fields": {"c": ["is given more than once"]},
                },
            ),
        ],
        ids=["too deep", "deep", "twice"],
    )
    async def test_a_payload_alone_at_fault_is_answered(
        self, wire: Wire, payload: str, complaint: dict[str, Any] | None
    ) -> None:
        await wire.ask('["1","1","room:a","phx_join",{}]')
        [answer] = await wire.ask(f'["1","2","room:a","echo",{payload}]')
        if complaint is None:
            assert answer[4]["status"] == "ok"
        else:
            assert answer == error("1", "2", "room:a", {"reason": "invalid", **complaint})
        assert await wire.ask('["1","3","room:a","fine",{}]') == [ok("1", "3", "room:a")]

    async def test_in_version_1_it_is_answered_too(self, v1: Wire) -> None:
        deep = "[" * 5000 + "]" * 5000
        await v1.ask('{"topic":"room:a","event":"phx_join","payload":{},"ref":"1"}')
        [answer] = await v1.ask(f'{{"topic":"room:a","event":"echo","payload":{deep},"ref":"2"}}')
        assert (answer["ref"], answer["payload"]["status"]) == ("2", "error")
        assert answer["payload"]["response"]["message"] == "the payload is nested too deeply"
        assert v1.socket.closed is None

    async def test_a_join_nested_too_deeply_is_refused(self, wire: Wire) -> None:
        deep = '{"a":' * 5000 + "1" + "}" * 5000
        [answer] = await wire.ask(f'["1","1","room:a","phx_join",{deep}]')
        assert answer[4]["status"] == "error"
        assert answer[4]["response"]["message"] == "the payload is nested too deeply"
        assert wire.socket.closed is None

    async def test_what_was_said_before_still_goes_out(self, wire: Wire) -> None:
        assert await wire.ask('[null,"1","phoenix","heartbeat",{}]', "nonsense") == [
            ok(None, "1", "phoenix")
        ]


class TestClosed:
    async def test_ends_every_channel_once(self, endpoint: Endpoint, wire: Wire) -> None:
        await wire.ask('["1","1","room:a","phx_join",{}]', '["2","2","room:b","phx_join",{}]')
        wire.socket.disconnect()
        await quiet(endpoint)

        assert sorted(endpoint.app.notes)[2:] == [
            ("left", "room:a", "closed"),
            ("left", "room:b", "closed"),
        ]
        assert endpoint.stats.sockets == endpoint.stats.channels == endpoint.stats.topics == 0
        assert endpoint.hub.topics == {}

    async def test_lets_what_runs_and_waits_finish_first(
        self, endpoint: Endpoint, wire: Wire
    ) -> None:
        gate = endpoint.app.gate("g")
        await wire.ask('["1","1","room:a","phx_join",{}]')
        wire.send('["1","2","room:a","wait","g"]', '["1","3","room:a","wait","g"]')
        wire.socket.disconnect()
        gate.set()
        await quiet(endpoint)

        assert endpoint.app.notes[1:] == [
            ("waited", "g"),
            ("waited", "g"),
            ("left", "room:a", "closed"),
        ]

    async def test_during_a_join_nobody_has_joined(self, endpoint: Endpoint, wire: Wire) -> None:
        gate = endpoint.app.gate("join a")
        wire.send('["1","1","room:a","phx_join",{}]')
        wire.socket.disconnect()
        gate.set()
        await quiet(endpoint)

        assert endpoint.app.notes == []
        assert endpoint.hub.topics == {}


class TestRate:
    async def test_a_burst_is_fine_and_more_closes_with_4008(self) -> None:
        limits = Limits(messages_per_second=1, message_burst=3)
        async with running(limits=limits) as endpoint:
            wire = await Wire.open(endpoint)
            wire.send(*['[null,"1","phoenix","heartbeat",{}]'] * 3)
            assert wire.socket.closed is None

            wire.send('[null,"1","phoenix","heartbeat",{}]')
            assert wire.socket.closed == 4008

    async def test_too_many_messages_waiting_for_one_topic_close_with_4008(self) -> None:
        app = App()
        gate = app.gate("g")
        async with running(app, limits=Limits(queued_messages=2)) as endpoint:
            wire = await Wire.open(endpoint)
            await wire.ask('["1","1","room:a","phx_join",{}]')
            wire.send(*['["1","2","room:a","wait","g"]'] * 3)
            assert wire.socket.closed is None

            wire.send('["1","2","room:a","wait","g"]')
            assert wire.socket.closed == 4008
            gate.set()
