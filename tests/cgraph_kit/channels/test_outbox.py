from cgraph_kit.channels.outbox import Entry, Outbox
from cgraph_kit.channels.topic import Event


class TestAdd:
    def test_keeps_the_order(self) -> None:
        outbox = Outbox(100, 10)
        for order in (3, 5, 9):
            assert outbox.add(reply(order))

        assert outbox.take() == (b"r3r5r9", 3)
        assert not outbox
        assert outbox.size == 0

    def test_of_a_coalesced_key_only_the_newest_stays_at_its_own_place(self) -> None:
        outbox = Outbox(100, 10)
        for entry in (count(1, "a"), reply(2), count(3, "b"), count(4, "a")):
            outbox.add(entry)

        assert outbox.take() == (b"r2c3c4", 3)
        assert outbox.dropped == 1
        assert outbox.lost == set()

    def test_throws_ephemeral_ones_away_first(self) -> None:
        outbox = Outbox(8, 10)
        for entry in (typing(1), reply(2), typing(3), count(4, "a")):
            assert outbox.add(entry)
        assert outbox.add(message(5))

        assert outbox.take() == (b"r2c4m5", 3)
        assert outbox.dropped == 2
        assert outbox.lost == {b'"t"'}

    def test_does_not_take_an_ephemeral_one_when_full(self) -> None:
        outbox = Outbox(4, 10)
        for entry in (reply(1), reply(2)):
            outbox.add(entry)

        assert outbox.add(typing(3))
        assert outbox.take() == (b"r1r2", 2)
        assert outbox.lost == {b'"t"'}

    def test_says_when_what_must_arrive_does_not_fit(self) -> None:
        outbox = Outbox(4, 10)
        for entry in (reply(1), message(2)):
            assert outbox.add(entry)

        assert not outbox.add(reply(3))

    def test_counts_frames_too(self) -> None:
        outbox = Outbox(1000, 2)
        assert outbox.add(reply(1))
        assert outbox.add(reply(2))

        assert not outbox.add(reply(3))

    def test_one_frame_of_any_size_fits_alone(self) -> None:
        outbox = Outbox(4, 10)

        assert outbox.add((1, b"a long frame", None))
        assert not outbox.add(reply(2))


class TestTake:
    def test_hands_out_portions(self) -> None:
        outbox = Outbox(1_000_000, 100)
        for order in range(10):
            outbox.add((order, b"x" * 20_000, None))

        portions = []
        while outbox:
            portions.append(outbox.take()[1])
        assert portions == [4, 4, 2]

    def test_forgets_the_key_of_what_was_taken(self) -> None:
        outbox = Outbox(100, 10)
        outbox.add(count(1, "a"))
        outbox.take()
        outbox.add(count(2, "a"))

        assert outbox.take() == (b"c2", 1)
        assert outbox.dropped == 0


def reply(order: int) -> Entry:
    return (order, b"r%d" % order, None)


def typing(order: int) -> Entry:
    return (order, b"t%d" % order, Event(b'"t"', b'"typing"', b"{}"))


def count(order: int, key: str) -> Entry:
    return (order, b"c%d" % order, Event(b'"t"', b'"count"', b"{}", key=key))


def message(order: int) -> Entry:
    return (order, b"m%d" % order, Event(b'"t"', b'"message"', b"{}", seq=order))
