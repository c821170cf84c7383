"""One line per request: what was asked, by whom, how it ended and how long it took.

The route's template stands for the path, so neither ids nor tokens in a query string are written; bodies and headers
never are.
"""

from cgraph_kit import logging
from cgraph_web.exchange import Exchange


def log_access(exchange: Exchange, method: str, seconds: float, *, slow: float) -> None:
    """Write the line, as a warning from `slow` seconds on. Request and user ids are in the logging context already."""
    logging.write(
        *(("warning", "slow request") if seconds >= slow else ("info", "request")),
        {
            "method": method,
            "route": exchange.route,
            "status": exchange.status,
            "ms": round(seconds * 1000, 2),
        },
    )
