"""Finding names in texts."""

import pytest

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.messaging import AllowedMentions, NewMessage
from cgraph.messaging.mentions import names_in
from cgraph_kit.db import Transaction
from support.talk import open_between


class TestNamesIn:
    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("@ann", [["ann"]]),
            ("hi @Ann, @bob!", [["ann"], ["bob"]]),
            ("(@ann)", [["ann"]]),
            ("see @ann.", [["ann"]]),
            ("@ann.lee", [["ann.lee", "ann"]]),
            ("@ann @ann", [["ann"]]),
            ("ann@example.org", []),
            ("first.last@example.org", []),
            ("a+b@example.org a-@example.org", []),
            ("@ann@social.example", []),
            ("https://example.org/@ann", []),
            ("/@ann", []),
            ("`@ann` and ```\n@bob\n``` but @eve", [["eve"]]),
            ("``` @ann never closed", []),
            ("@änn", []),
            ("@annä", []),
            ("@", []),
            ("@ ann", []),
        ],
    )
    def test_finds(self, text: str, names: list[list[str]]) -> None:
        assert names_in(text) == names

    def test_is_bounded(self) -> None:
        assert len(names_in(" ".join(f"@user{n}" for n in range(1000)))) == 100

    @pytest.mark.parametrize("text", ["@" + "a." * 2000 + "a", "@a" + "." * 3000 + "a"])
    def test_reads_no_name_in_too_many_ways(self, text: str) -> None:
        (readings,) = names_in(text)
        assert len(readings) <= 16
        assert readings[-1] == "a"
        assert all(len(one) <= 100 for one in readings)

    def test_leaves_out_what_is_too_long_for_a_name(self) -> None:
        assert names_in("@ann." + "x" * 200) == [["ann"]]
        assert names_in("@" + "x" * 101 + " @" + "y" * 100) == [[], ["y" * 100]]

    @pytest.mark.parametrize("text", ["@" * 4000, "@a." * 1300, "`" * 4000, "a.@" * 1300])
    def test_is_quick_on_nonsense(self, text: str) -> None:
        names_in(text)


class TestAllowedMentions:
    async def test_take_away_in_conversations_too(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        id = await open_between(db, ann, bob, eve)
        text = f"@{bob.username} @{eve.username} @everyone"
        for allowed, expected in (
            (None, [bob.id, eve.id]),
            (AllowedMentions(), []),
            (AllowedMentions(users=[eve.id]), [eve.id]),
        ):
            new = NewMessage(text, allowed_mentions=allowed)
            sent = await messaging.send_message(db, ann, id, new)
            message = await messaging.get_message(db, ann, id, sent.id)
            assert message.mentions == expected
            assert message.mention_roles == []
