"""Who gains access, and who loses it."""

from uuid import uuid4

from cgraph.conversions.audience import difference

ANN, BOB, EVE = uuid4(), uuid4(), uuid4()


class TestDifference:
    def test_of_two_sets(self) -> None:
        found = difference({ANN, BOB}, {BOB, EVE})
        assert (found.gains, found.loses) == ({EVE}, {ANN})

    def test_towards_everybody_gives_it_to_everybody(self) -> None:
        found = difference({ANN}, None)
        assert found.gains is None
        assert found.loses == set()

    def test_away_from_everybody_takes_it_from_everybody(self) -> None:
        found = difference(None, {ANN})
        assert found.gains == set()
        assert found.loses is None

    def test_between_public_places_is_none(self) -> None:
        found = difference(None, None)
        assert (found.gains, found.loses) == (set(), set())

    def test_has_one_token_for_each_change_of_each_thing(self) -> None:
        one = difference({ANN}, {BOB})
        assert one.token(EVE) == difference({ANN}, {BOB}).token(EVE)
        assert one.token(EVE) != one.token(ANN)
        assert one.token(EVE) != difference({ANN}, {BOB, EVE}).token(EVE)
        assert difference({ANN}, None).token() != difference({ANN}, {ANN}).token()
