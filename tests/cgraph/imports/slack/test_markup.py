"""Slack's text as people saw it."""

import pytest

from cgraph.imports.slack.markup import Text


class TestText:
    @pytest.mark.parametrize(
        ("raw", "plain"),
        [
            ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
            ("<#C1|general> <#C2> <#C9|>", "#general #random #C9"),
            ("<!here> <!channel|channel> <!everyone>", "@here @channel @everyone"),
            ("<!subteam^S1|@devs> <!subteam^S2>", "@devs @S2"),
            ("<!date^1392734382^{date}|18 Feb 2014>", "18 Feb 2014"),
            ("<https://a.example/x?a=1&amp;b=2>", "https://a.example/x?a=1&b=2"),
            ("<https://a.example|the site>", "the site (https://a.example)"),
            ("<http://a.example|a.example>", "a.example"),
            ("<mailto:a@b.example|a@b.example>", "a@b.example"),
            ("1 < 2 and <> and < >", "1 < 2 and <> and < >"),
            ("<unclosed", "<unclosed"),
        ],
    )
    def test_brackets_and_entities(self, raw: str, plain: str) -> None:
        assert Text(raw, {"C2": "random"}).plain == plain

    def test_people_are_remembered_by_id(self) -> None:
        text = Text("<@U1> met <@U2|bob>", {})
        assert text.plain == "@U1 met @U2"
        assert text.mentions == {"@U1": "U1", "@U2": "U2"}
