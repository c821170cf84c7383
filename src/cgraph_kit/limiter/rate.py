"""Rates as people write them: a count, a slash, a period."""

import re

_RATE = re.compile(
    r"(?P<count>[0-9]{1,9}) ?/ ?(?P<periods>[0-9]{1,6}(?:\.[0-9]{1,3})?)? ?(?P<unit>[a-z]+)"
)
_SECONDS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
}
FASTEST = 1_000_000
"""Units a second; the stores count in microseconds."""
LONGEST = 366 * 86_400


def parse_rate(text: str) -> tuple[int, float]:
    """ "60/min" or "5 / 5 min" as count and seconds. Raises `ValueError` saying what a rate looks like."""
    found = _RATE.fullmatch(text.strip().lower())
    unit = _SECONDS.get(found["unit"]) if found else None
    if found is None or unit is None:
        raise ValueError(f'{text!r} is not a rate, such as "60/min", "5/5 min" or "1000/hour"')
    count, seconds = int(found["count"]), float(found["periods"] or 1) * unit
    if not 0 < count <= seconds * FASTEST or seconds > LONGEST:
        raise ValueError(f"{text!r} is no rate from one a year to a million a second")
    return count, seconds
