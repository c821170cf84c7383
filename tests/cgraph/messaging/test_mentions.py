"""Finding names in texts."""

import pytest

from cgraph.messaging.mentions import names_in


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

    @pytest.mark.parametrize("text", ["@" * 4000, "@a." * 1300, "`" * 4000, "a.@" * 1300])
    def test_is_quick_on_nonsense(self, text: str) -> None:
        names_in(text)
