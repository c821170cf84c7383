"""How urgent a case is."""

import pytest

from cgraph.moderation import scoring


class TestAccuracy:
    @pytest.mark.parametrize(
        ("right", "wrong", "expected"),
        [
            (0, 0, 0.0),
            (4, 0, 0.0),  # too little is known
            (5, 5, 0.0),
            (0, 5, -0.9),
            (100, 0, 5.0),
            (1000, 0, 5.0),
            (75, 25, 2.5),
        ],
    )
    def test_grows_with_being_right(self, right: int, wrong: int, expected: float) -> None:
        assert scoring.accuracy(right, wrong) == pytest.approx(expected)


class TestWeight:
    def test_is_never_nothing(self) -> None:
        assert scoring.weight("other", right=0, wrong=500, moderator=False) == pytest.approx(0.1)

    def test_of_what_may_do_harm_now_is_more(self) -> None:
        assert scoring.weight("spam", right=0, wrong=0, moderator=False) == 1.0
        assert scoring.weight("self_harm", right=0, wrong=0, moderator=False) == 3.0

    def test_of_a_moderator_is_most(self) -> None:
        assert scoring.weight("spam", right=0, wrong=0, moderator=True) == 6.0


class TestPriority:
    @pytest.mark.parametrize(("score", "expected"), [(0.1, 0), (2.9, 0), (3, 1), (7.9, 1), (8, 2)])
    def test_follows_the_score(self, score: float, expected: int) -> None:
        assert scoring.priority(score, medium=3, high=8) == expected
