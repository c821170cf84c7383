from datetime import UTC, datetime
from uuid import UUID

import pytest

from cgraph.accounts import Actor, InvalidToken, SessionEnded
from cgraph.accounts.verified import RefusedPairs, VerifiedTokens


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def actor(user: int, session: int) -> Actor:
    return Actor(UUID(int=user), UUID(int=session), f"user{user}", None, None, user)


@pytest.fixture
def verified() -> VerifiedTokens:
    """Two people, one with two sessions."""
    verified = VerifiedTokens(size=3)
    for token, user, session in (("a", 1, 10), ("b", 1, 11), ("c", 2, 20)):
        verified.put(token, actor(user, session), expires=1000, now=at(0), drops=0)
    return verified


class TestGet:
    def test_answers_for_a_minute(self, verified: VerifiedTokens) -> None:
        assert verified.get("a", at(59)) == actor(1, 10)
        assert verified.get("a", at(60)) is None
        assert verified.get("a", at(0)) is None

    def test_never_past_the_token_s_own_time(self) -> None:
        verified = VerifiedTokens()
        verified.put("a", actor(1, 10), expires=5, now=at(0), drops=0)
        assert verified.get("a", at(5)) is None

    def test_the_least_recently_used_goes_first(self, verified: VerifiedTokens) -> None:
        verified.get("a", at(1))
        verified.put("d", actor(3, 30), expires=1000, now=at(1), drops=0)
        assert [verified.get(token, at(2)) is not None for token in "abcd"] == [
            True,
            False,
            True,
            True,
        ]
        assert len(verified) == 3


class TestDrop:
    def test_takes_back_some_sessions(self, verified: VerifiedTokens) -> None:
        verified.drop(UUID(int=1), [UUID(int=10)])
        assert [verified.get(token, at(1)) is not None for token in "abc"] == [False, True, True]

    def test_takes_back_all_of_a_person_s(self, verified: VerifiedTokens) -> None:
        verified.drop(UUID(int=1))
        assert [verified.get(token, at(1)) is not None for token in "abc"] == [False, False, True]

    def test_nobody_s_is_harmless(self, verified: VerifiedTokens) -> None:
        verified.drop(UUID(int=9))
        assert len(verified) == 3

    def test_what_was_read_before_is_not_kept_after(self, verified: VerifiedTokens) -> None:
        began = verified.drops
        verified.drop(UUID(int=2), [UUID(int=20)])
        verified.put("late", actor(2, 20), expires=1000, now=at(1), drops=began)
        assert verified.get("late", at(1)) is None

    def test_clear_takes_back_everything(self, verified: VerifiedTokens) -> None:
        began = verified.drops
        verified.clear()
        verified.put("late", actor(2, 20), expires=1000, now=at(1), drops=began)
        assert len(verified) == 0


class TestRefusedPairs:
    def test_refuses_for_ten_seconds_in_the_same_words(self) -> None:
        refused, pair = RefusedPairs(), UUID(int=1)
        refused.check(pair, at(0), 0)
        refused.put(pair, SessionEnded(), at(0), 0)
        with pytest.raises(SessionEnded):
            refused.check(pair, at(9), 0)
        refused.check(pair, at(9), 1)  # somebody has signed out
        refused.check(pair, at(10), 0)

    def test_the_oldest_goes_first(self) -> None:
        refused = RefusedPairs(size=2)
        for id in (1, 2, 1, 3):
            refused.put(UUID(int=id), InvalidToken(), at(0), 0)
        refused.check(UUID(int=2), at(0), 0)
        for id in (1, 3):
            with pytest.raises(InvalidToken):
                refused.check(UUID(int=id), at(0), 0)
