import pytest

from cgraph_kit.limiter import Away, Limit, parse_rate


class TestParseRate:
    @pytest.mark.parametrize(
        ("text", "count", "seconds"),
        [
            ("60/min", 60, 60),
            ("5/5 min", 5, 300),
            ("5/5min", 5, 300),
            (" 5 / 5 Minutes ", 5, 300),
            ("1000/hour", 1000, 3600),
            ("1000/h", 1000, 3600),
            ("10/s", 10, 1),
            ("1/0.5s", 1, 0.5),
            ("3/14 days", 3, 14 * 86_400),
            ("1000000/second", 1_000_000, 1),
        ],
    )
    def test_reads_what_people_write(self, text: str, count: int, seconds: float) -> None:
        assert parse_rate(text) == (count, seconds)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "60",
            "60/",
            "/min",
            "60 per min",
            "-1/min",
            "1.5/min",
            "60/fortnight",
            "1e3/min",
            "٣/min",
        ],
    )
    def test_says_what_a_rate_looks_like(self, text: str) -> None:
        with pytest.raises(ValueError, match='not a rate, such as "60/min"'):
            parse_rate(text)

    @pytest.mark.parametrize("text", ["0/min", "1/0 min", "1000001/s", "1/400 days"])
    def test_has_bounds(self, text: str) -> None:
        with pytest.raises(ValueError, match="one a year to a million a second"):
            parse_rate(text)


class TestLimit:
    def test_of_a_rate(self) -> None:
        limit = Limit.parse("message", "60/min", Away.LOCAL)
        assert limit == Limit("message", 60, 60, Away.LOCAL)
        assert limit.interval == 1
