import random

from hypothesis import given
from hypothesis import strategies as st

from cgraph_kit.channels.sequence import Sequence


class TestOffer:
    def test_in_order_goes_straight_through(self) -> None:
        sequence = started(0)

        assert [sequence.offer(seq, seq) for seq in (1, 2, 3)] == [[1], [2], [3]]
        assert not sequence.incomplete

    def test_an_early_one_waits_for_the_one_before(self) -> None:
        sequence = started(4)

        assert sequence.offer(7, 7) == []
        assert sequence.offer(6, 6) == []
        assert sequence.incomplete
        assert sequence.offer(5, 5) == [5, 6, 7]
        assert not sequence.incomplete

    def test_what_has_been_is_dropped(self) -> None:
        sequence = started(4)
        sequence.offer(5, 5)

        assert sequence.offer(5, 5) == sequence.offer(4, 4) == []
        assert not sequence.incomplete

    def test_keeps_only_so_many_and_misses_the_others(self) -> None:
        sequence = started(0, keep=2)
        for seq in (2, 3, 4):
            sequence.offer(seq, seq)

        assert sequence.offer(1, 1) == [1, 2, 3]
        assert sequence.incomplete
        assert sequence.target == 4


class TestStart:
    def test_before_it_everything_waits(self) -> None:
        sequence: Sequence[int] = Sequence(10)
        for seq in (6, 5, 9):
            assert sequence.offer(seq, seq) == []
        assert not sequence.incomplete

        assert sequence.start(5) == [6]
        assert sequence.incomplete

    def test_further_on_shows_what_is_missing(self) -> None:
        sequence = started(3)

        assert sequence.start(5) == []
        assert sequence.cursor == 3
        assert sequence.incomplete


class TestAdopt:
    def test_begins_with_the_lowest_that_came(self) -> None:
        sequence: Sequence[int] = Sequence(10)
        for seq in (8, 7):
            sequence.offer(seq, seq)

        assert sequence.adopt() == [7, 8]

    def test_does_nothing_when_it_knows_or_nothing_came(self) -> None:
        sequence: Sequence[int] = Sequence(10)

        assert sequence.adopt() == []
        assert sequence.cursor is None
        assert started(3).adopt() == []


@given(
    last=st.integers(0, 30),
    start=st.integers(0, 30),
    lost=st.sets(st.integers(1, 30)),
    seed=st.randoms(use_true_random=False),
    twice=st.booleans(),
)
def test_lets_each_through_once_in_order_however_they_come(
    last: int, start: int, lost: set[int], seed: random.Random, *, twice: bool
) -> None:
    sequence: Sequence[int] = Sequence(50)
    coming = [seq for seq in range(1, last + 1) if seq not in lost] * (2 if twice else 1)
    seed.shuffle(coming)
    through: list[int] = []
    at = seed.randrange(len(coming) + 1)
    for seq in coming[:at]:
        through += sequence.offer(seq, seq)
    through += sequence.start(start)
    for seq in coming[at:]:
        through += sequence.offer(seq, seq)

    whole = next((seq - 1 for seq in range(start + 1, last + 1) if seq in lost), max(start, last))
    assert through == list(range(start + 1, whole + 1))
    assert sequence.incomplete == any(seq > whole for seq in coming)


def started(at: int, keep: int = 10) -> Sequence[int]:
    sequence: Sequence[int] = Sequence(keep)
    sequence.start(at)
    return sequence
